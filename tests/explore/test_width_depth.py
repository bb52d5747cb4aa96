"""Width against depth."""

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch.course.explore.bench import parameters_of

width_for = program_of("width_depth").width_for


@pytest.mark.parametrize("parameters", [1, 5_000, 269_322, 407_050])
def test_the_less_wide_network_comes_as_near_as_one_can(parameters: int) -> None:
    distances = [abs(parameters_of([784, width, 10]) - parameters) for width in range(1, 700)]
    assert distances[width_for(parameters) - 1] == min(distances)


def test_networks_are_compared_seed_by_seed_and_seeds_make_it_repeatable() -> None:
    values, again = (quickly("width-depth", seeds=3).values for _ in range(2))
    errors = values["test_errors"]
    assert all(len(found) == 3 for found in errors.values())
    for value, other in (("deep_minus_wide", "wide"), ("deep_minus_narrow", "less wide")):
        assert values[value] == pytest.approx(np.mean(errors["deep"] - errors[other]))
    np.testing.assert_equal(errors, again["test_errors"])
