"""What dropout costs, taken apart."""

import math

import numpy as np
import pytest

import tinytorch
from tinytorch.explore.catalogue import find_question
from tinytorch.explore.confidence import median_of
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run
from tinytorch.explore.timing import Times

dropout_overhead = experiment_file("layers", "dropout_overhead")
FEW_BITS = dropout_overhead.FEW_BITS
FLOATS = dropout_overhead.FLOATS
Parts = dropout_overhead.Parts
overhead_of = dropout_overhead.overhead_of
taken_apart = dropout_overhead.taken_apart

QUESTION = find_question("dropout-overhead")


@pytest.mark.parametrize("p", [0.5, 0.25, 0.3, 0.9])
def test_the_parts_drop_with_the_probability_they_should(p: float) -> None:
    tinytorch.manual_seed(1)
    calls = Parts((500, 400), p).calls()
    for way in (FEW_BITS, FLOATS):
        keep = np.asarray(calls[f"comparison, {way}"]())
        # Seven deviations of a share of 200,000: never by chance.
        assert keep.mean() == pytest.approx(1 - p, abs=7 * math.sqrt(p * (1 - p) / 200_000))
        assert keep.shape == (500, 400)
    mask = np.asarray(calls["scaling the mask"]())
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / (1 - p))}
    assert mask.dtype == np.asarray(calls["product"]()).dtype == np.float32


@pytest.mark.parametrize(("p", "bits"), [(0.5, 1), (0.25, 8), (0.3, 16), (0.99, 16)])
def test_one_bit_is_enough_for_a_half_and_eight_for_multiples_of_a_256th(
    p: float, bits: int
) -> None:
    parts = Parts((3, 5), p)
    assert parts.bits == bits
    assert np.iinfo(parts.draw_bits().dtype).bits == max(8, bits)
    assert parts.draw_bits().max() < 2**bits
    assert parts.draw_bits().shape == (3, 5)


def test_the_parts_of_a_call_add_up_to_what_was_timed() -> None:
    names = ["random numbers", "comparison"]
    times = {f"{name}, {way}": Times((1.0,)) for name in names for way in (FEW_BITS, FLOATS)}
    times |= {"scaling the mask": Times((2.0,)), "product": Times((4.0,)), "copy": Times((3.0,))}
    apart = taken_apart(times)[FEW_BITS]
    assert sum(apart.values()) == 1 + 1 + 2 + 4
    assert (apart["multiplying"], apart["moving x in memory"]) == (1, 3)
    times["copy"] = Times((5.0,))  # a copy that was slower by chance makes nothing negative
    assert taken_apart(times)[FEW_BITS]["multiplying"] == 0
    assert sum(taken_apart(times)[FEW_BITS].values()) == 1 + 1 + 2 + 4


def test_overhead_is_taken_round_by_round() -> None:
    with_, without = Times((2.2, 11.0, 1.1)), Times((2.0, 10.0, 1.0))
    assert overhead_of(with_, without).value == pytest.approx(0.1)


def test_the_interval_of_a_median_holds_it_95_times_in_a_hundred() -> None:
    random = np.random.default_rng(0)
    draws = random.exponential(size=(2000, 101))
    found = [median_of(row.tolist()) for row in draws]
    held = np.mean([one.low <= math.log(2) <= one.high for one in found])
    # Four deviations of a share of 2000.
    assert held == pytest.approx(0.95, abs=0.02)
    assert median_of([3, 1, 2]) == (2, 1, 3)


def test_the_guess_is_held_against_the_overhead_that_was_measured() -> None:
    answer = run(QUESTION, {"first": 8, "second": 4, "batch": 4, "seconds": 0.01}).answer
    assert answer.truth == 100 * answer.values["overheads"]["4"]
    assert answer.values["drops"]
