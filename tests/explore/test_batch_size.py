"""Samples a second, and their limits."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.explore.catalogue import find_question
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run

batch_size = experiment_file("layers", "batch_size")
INFERENCE = batch_size.INFERENCE
TRAINING = batch_size.TRAINING
Limits = batch_size.Limits
Network = batch_size.Network
flops_of = batch_size.flops_of
has_fallen = batch_size.has_fallen
products = batch_size.products

QUESTION = find_question("batch-size")
SIZES = [784, 20, 10]


def counted_flops(sizes: list[int], batch: int, doing: str) -> int:
    """Multiplications and additions in the products that are timed, from their shapes."""
    total = 0
    for call in products(sizes, batch, doing):
        a, b = call.args  # type: ignore[attr-defined]
        total += 2 * a.shape[0] * a.shape[1] * b.shape[1]
    return total


@pytest.mark.parametrize("doing", [TRAINING, INFERENCE])
@pytest.mark.parametrize("sizes", [SIZES, [784, 256, 128, 10], [7, 5]])
def test_the_flops_are_those_of_the_matrix_products(sizes: list[int], doing: str) -> None:
    assert counted_flops(sizes, 6, doing) == 6 * flops_of(sizes, doing)


def test_the_limits_are_what_they_say() -> None:
    limits = Limits(overhead=2e-3, peak=1e9, flops=1000)
    assert limits.by_overhead(10) == 5000
    assert limits.by_arithmetic == 1e6
    # 2 ms, and 1 µs for each of 2000 samples.
    assert limits.together(2000) == pytest.approx(2000 / 4e-3)


@pytest.mark.parametrize(
    ("rates", "fallen"),
    [
        ([1, 2], False),
        ([1, 2, 4, 4, 3.9], False),
        ([1, 4, 2, 4], False),
        ([1, 4, 3.5, 3.4], True),
        ([1, 4, 3.4], False),
    ],
)
def test_a_rate_has_fallen_when_it_is_down_twice(rates: list[float], fallen: bool) -> None:
    assert has_fallen(rates) == fallen


@pytest.mark.parametrize("doing", [TRAINING, INFERENCE])
def test_the_answer_hangs_together(doing: str) -> None:
    given = {"hidden": (4,), "most": 4, "seconds": 0.01, "doing": doing}
    values = run(QUESTION, given).answer.values
    assert values["batches"] == [1, 2, 4]
    rates = np.divide(values["batches"], values["seconds"])
    assert values["samples_per_second"] == pytest.approx(rates)
    assert values["best"] == values["batches"][int(np.argmax(rates))]
    assert values["gain"] == pytest.approx(rates.max() / rates[0])
    assert values["plateau"] <= values["best"]


def test_steps_leave_the_weights_where_they_are() -> None:
    network = Network(SIZES)
    before = [p.data.copy() for layer in network.layers for p in layer.parameters()]
    network.train(Tensor(np.ones((3, 784))), np.zeros(3, np.int64))
    after = [p.data for layer in network.layers for p in layer.parameters()]
    assert all(np.allclose(a, b, atol=1e-9) for a, b in zip(before, after, strict=True))
    assert all(p.grad is not None for layer in network.layers for p in layer.parameters())
