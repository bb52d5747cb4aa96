"""The one generator behind everything random."""

import subprocess
import sys

import numpy as np
import pytest

import tinytorch
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import batches


def draws() -> list[np.ndarray]:
    """Something random from each part of the framework that draws."""
    order = np.concatenate([y for _, y in batches(np.zeros(50), np.arange(50), 7, shuffle=True)])
    return [
        Linear(5, 4).weight.data,
        Dropout(0.5)(Tensor(np.ones(64))).data,
        Dropout(0.3)(Tensor(np.ones(64))).data,
        order,
    ]


def test_the_same_seed_gives_the_same_numbers_to_the_bit() -> None:
    tinytorch.manual_seed(3)
    first = draws()
    tinytorch.manual_seed(3)
    for one, other in zip(first, draws(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_and_a_second_draw_give_other_numbers() -> None:
    tinytorch.manual_seed(3)
    first, second = draws(), draws()
    tinytorch.manual_seed(4)
    third = draws()
    for one, two, three in zip(first, second, third, strict=True):
        assert not np.array_equal(one, two)
        assert not np.array_equal(one, three)


@pytest.mark.needs("processes")
def test_the_same_seed_gives_the_same_numbers_in_another_process() -> None:
    program = (
        "import tinytorch; from tinytorch.core.layers import Linear; tinytorch.manual_seed(11); "
        "print(Linear(3, 2).weight.data.tobytes().hex())"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    tinytorch.manual_seed(11)
    assert finished.stdout.strip() == Linear(3, 2).weight.data.tobytes().hex(), finished.stderr


@pytest.mark.needs("processes")
def test_without_a_seed_each_process_draws_other_numbers() -> None:
    program = "import tinytorch; print(tinytorch.generator().integers(2**62))"
    seen = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert len(seen) == 2


def test_numpys_global_state_is_neither_read_nor_changed() -> None:
    np.random.seed(1)
    np.random.random(5)
    before = np.random.get_state()
    tinytorch.manual_seed(3)
    first = draws()
    after = np.random.get_state()
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    np.random.seed(2)
    tinytorch.manual_seed(3)
    for one, other in zip(first, draws(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_manual_seed_returns_the_generator_in_use() -> None:
    generator = tinytorch.manual_seed(5)
    assert isinstance(generator, np.random.Generator)
    assert tinytorch.generator() is generator
    assert tinytorch.generator() is generator


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64, 2**200, np.int64(7), np.uint8(7)])
def test_any_whole_number_of_0_or_more_is_a_seed(seed: int) -> None:
    first = tinytorch.manual_seed(seed).integers(2**62)
    assert tinytorch.manual_seed(seed).integers(2**62) == first


def test_every_bit_of_a_seed_counts() -> None:
    seeds = [1, 2**31 + 1, 2**32 + 1, 2**63 + 1, 2**64 + 1, 2**200 + 1]
    assert len({int(tinytorch.manual_seed(seed).integers(2**62)) for seed in seeds}) == len(seeds)


def test_close_seeds_give_unrelated_numbers() -> None:
    rows = [tinytorch.manual_seed(seed).standard_normal(1000) for seed in range(10)]
    # Correlations of 1000 unrelated pairs stay below 0.25 but for 1 in 10**15.
    correlations = np.corrcoef(rows) - np.eye(10)
    assert np.abs(correlations).max() < 0.25
