"""What dropout costs, taken apart."""

import math

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch import manual_seed
from tinytorch.course.explore.timing import Times

dropout_overhead = program_of("dropout_overhead")
Settings = dropout_overhead.Settings
WAYS = dropout_overhead.WAYS


@pytest.mark.parametrize("p", [0.5, 0.25, 0.3, 0.9])
def test_the_parts_drop_with_the_probability_they_should(p: float) -> None:
    manual_seed(1)
    parts = dropout_overhead.parts_of((500, 400), Settings(p=p))
    for way in WAYS:
        keep = parts[f"comparison, {way}"]()
        # Seven deviations of a share of 200,000: never by chance.
        assert keep.mean() == pytest.approx(1 - p, abs=7 * math.sqrt(p * (1 - p) / 200_000))
        assert keep.shape == (500, 400)
    mask = parts["scaling the mask"]()
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / (1 - p))}
    assert mask.dtype == parts["product"]().dtype == np.float32


@pytest.mark.parametrize(("p", "bits"), [(0.5, 1), (0.25, 8), (0.3, 16), (0.99, 16)])
def test_one_bit_is_enough_for_a_half_and_eight_for_multiples_of_a_256th(
    p: float, bits: int
) -> None:
    assert Settings(p=p).bits == bits
    drawn = dropout_overhead.draw_bits((3, 5), bits)
    assert np.iinfo(drawn.dtype).bits == max(8, bits)
    assert drawn.max() < 2**bits
    assert drawn.shape == (3, 5)


# A copy that was slower by chance makes nothing negative.
@pytest.mark.parametrize(("copy", "multiplying"), [(3.0, 1), (5.0, 0)])
def test_the_parts_of_a_call_add_up_to_what_was_timed(copy: float, multiplying: float) -> None:
    times = {f"{name}, {way}": 1.0 for name in ("random numbers", "comparison") for way in WAYS}
    times |= {"scaling the mask": 2.0, "product": 4.0, "copy": copy}
    for apart in dropout_overhead.taken_apart({k: Times((t,)) for k, t in times.items()}).values():
        assert sum(apart.values()) == 1 + 1 + 2 + 4
        assert apart["multiplying"] == multiplying
        assert apart["moving x in memory"] == 4 - multiplying


def test_overhead_is_taken_round_by_round() -> None:
    with_, without = Times((2.2, 11.0, 1.1)), Times((2.0, 10.0, 1.0))
    assert dropout_overhead.overhead_of(with_, without).value == pytest.approx(0.1)


def test_the_guess_is_held_against_the_overhead_that_was_measured() -> None:
    answer = quickly("dropout-overhead")
    assert answer.truth == 100 * answer.values["overheads"]["4"]
    assert answer.values["drops"]
