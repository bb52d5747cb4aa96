"""Width against depth."""

import numpy as np
import pytest
from quick import answer_of, program_of

from tinytorch.course.explore.bench import parameters_of

width_for = program_of("width_depth").width_for

QUICK = {"images": 300, "test_images": 200, "epochs": 2, "seeds": 3}


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    assert parameters_of([784, 512, 10]) == 407_050
    assert parameters_of([784, 256, 256, 10]) == 269_322


@pytest.mark.parametrize("parameters", [1, 5_000, 269_322, 407_050])
def test_the_less_wide_network_comes_as_near_as_one_can(parameters: int) -> None:
    distances = {
        width: abs(parameters_of([784, width, 10]) - parameters) for width in range(1, 700)
    }
    assert distances[width_for(parameters)] == min(distances.values())


def test_networks_are_compared_seed_by_seed_and_seeds_make_it_repeatable() -> None:
    values, again = (answer_of("width-depth", **QUICK).values for _ in range(2))
    errors = {name: np.array(found) for name, found in values["test_errors"].items()}
    assert all(len(found) == 3 for found in errors.values())
    for value, other in (("deep_minus_wide", "wide"), ("deep_minus_narrow", "less wide")):
        assert values[value] == pytest.approx(np.mean(errors["deep"] - errors[other]))
    assert {k: list(v) for k, v in errors.items()} == {
        k: list(v) for k, v in again["test_errors"].items()
    }
