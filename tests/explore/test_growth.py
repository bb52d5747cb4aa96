"""How parameters grow with the width."""

from itertools import pairwise

import pytest
from quick import answer_of

from tinytorch.course.explore.bench import parameters_of


def by_hand(sizes: list[int]) -> int:
    """Every parameter counted one by one."""
    return sum(n + 1 for n, m in pairwise(sizes) for _unit in range(m))


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    values = answer_of("growth").values
    assert (values["parameters"], values["parameters_wider"]) == (203_530, 407_050)
    assert values["ratio"] == 407_050 / 203_530
    assert values["ratios"]["without biases"] == 2


@pytest.mark.parametrize("sizes", [[1, 1], [3, 5, 2], [7, 4, 4, 4, 1], [784, 256, 10]])
def test_the_formula_counts_every_weight_and_bias(sizes: list[int]) -> None:
    assert parameters_of(sizes) == by_hand(sizes)


def test_deep_and_wide_networks_come_near_the_square_of_the_factor() -> None:
    answer = answer_of("growth", inputs=1, outputs=1, hidden=200, factor=3, hidden_layers=4)
    ratio = answer.values["ratios"]["4 hidden layers"]
    assert ratio == by_hand([1, 600, 600, 600, 600, 1]) / by_hand([1, 200, 200, 200, 200, 1])
    assert 8.9 < ratio < 9
