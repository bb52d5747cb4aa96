"""How parameters grow with the width."""

from itertools import pairwise

import pytest

from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.experiment import experiment_file
from tinytorch.course.explore.running import run

growth = experiment_file("layers", "growth")
parameters_of = growth.parameters_of

GROWTH = find_question("growth")


def by_hand(sizes: list[int]) -> int:
    """Every parameter counted one by one."""
    total = 0
    for inputs, outputs in pairwise(sizes):
        for _unit in range(outputs):
            total += inputs + 1
    return total


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    values = run(GROWTH).answer.values
    assert (values["parameters"], values["parameters_wider"]) == (203_530, 407_050)
    assert values["ratio"] == 407_050 / 203_530
    assert values["ratios"]["without biases"] == 2


@pytest.mark.parametrize("sizes", [[1, 1], [3, 5, 2], [7, 4, 4, 4, 1], [784, 256, 10]])
def test_the_formula_counts_every_weight_and_bias(sizes: list[int]) -> None:
    assert parameters_of(sizes) == by_hand(sizes)


def test_deep_and_wide_networks_come_near_the_square_of_the_factor() -> None:
    given = {"inputs": 1, "outputs": 1, "hidden": 200, "factor": 3, "hidden_layers": 4}
    ratio = run(GROWTH, given).answer.values["ratios"]["4 hidden layers"]
    assert ratio == by_hand([1, 600, 600, 600, 600, 1]) / by_hand([1, 200, 200, 200, 200, 1])
    assert 8.9 < ratio < 9
