"""Parameters, activations and checkpoints."""

import numpy as np
import pytest
from quick import answer_of, program_of

from tinytorch import Linear, Tensor, manual_seed

checkpointing = program_of("checkpointing")
arrays_by_formula, step = checkpointing.arrays_by_formula, checkpointing.step_with_checkpoints


def simulated(layers: int, every: int) -> int:
    """The most arrays that are held, followed step by step through a backward with checkpoints."""
    starts = range(0, layers, every)
    inputs = len(starts) - 1  # the first segment's input is the data
    most = inputs
    for first in reversed(starts):
        most = max(most, inputs + min(every, layers - first))
        inputs = max(0, inputs - 1)
    return most


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7, 100])
def test_gradients_are_the_same_to_the_bit(every: int) -> None:
    manual_seed(0)
    layers = [Linear(5, 5) for _ in range(7)]
    x = Tensor(np.random.default_rng(0).standard_normal((6, 5), np.float32))
    whole = checkpointing.through(layers, x).sum()
    expected = checkpointing.gradients_of(layers, whole.backward)
    found = checkpointing.gradients_of(layers, lambda: step(layers, x, every))
    assert any(gradient.any() for gradient in expected)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("layers", [1, 9, 10, 100, 144])
def test_the_formula_is_never_below_what_a_simulation_holds(layers: int) -> None:
    for every in range(1, layers + 1):
        formula, most = arrays_by_formula(layers, every), simulated(layers, every)
        # A last segment that is cut short holds less.
        assert formula == most if layers % every == 0 else most <= formula < most + every


@pytest.mark.parametrize(("layers", "root"), [(16, 4), (100, 10), (144, 12), (400, 20)])
def test_the_best_is_the_root(layers: int, root: int) -> None:
    assert root in checkpointing.best_every(layers)


@pytest.mark.parametrize("every", [1, 2, 3, 5, 6, 12])
def test_the_time_is_that_of_the_layers_gone_through(every: int) -> None:
    gone_through = []

    class Counting(Linear):
        def forward(self, x: Tensor) -> Tensor:
            gone_through.append(self)
            return super().forward(x)

    step([Counting(4, 4) for _ in range(12)], Tensor(np.ones((2, 4))), every)
    # Forward is one product a layer, backward two.
    products = len(gone_through) + 2 * 12
    assert checkpointing.time_by_formula(12, every) == pytest.approx(products / (3 * 12))


def test_memory_is_what_the_arrays_take() -> None:
    values = answer_of("checkpointing", layers=16, width=32, batch=512, seconds=0.01).values
    parameters, array = 16 * (32 * 32 + 32) * 4, 512 * 32 * 4
    assert parameters <= values["parameters"] < 1.5 * parameters
    assert 2 * parameters <= values["optimizer"] < 2.5 * 2 * parameters
    assert 16 * array <= values["activations"] < 1.1 * 16 * array
    for every, peak in values["peaks"].items():
        assert 0 <= peak / array - arrays_by_formula(16, every) < 7
    assert values["gradients_equal"]


def test_checkpoints_hold_least_near_the_root() -> None:
    values = answer_of("checkpointing", layers=36, width=8, batch=1024, seconds=0.01).values
    assert values["best_every"] in (4, 6, 8)
    assert values["peaks"][values["best_every"]] < 0.5 * values["peak_without"]
