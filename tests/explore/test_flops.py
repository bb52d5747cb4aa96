"""FLOPs, counted and timed."""

from __future__ import annotations

import numpy as np
import pytest
from quick import answer_of

from tinytorch.course.explore.experiment import experiment_file

flops = experiment_file("layers", "flops")


class Counted:
    """A number that counts what is done with it."""

    done = 0

    def __mul__(self, other: Counted) -> Counted:
        Counted.done += 1
        return self

    __add__ = __mul__


def counted(*shape: int) -> np.ndarray:
    """An array of numbers that count."""
    return np.array([Counted() for _ in range(int(np.prod(shape)))]).reshape(shape)


@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(1, 1, 1), (3, 4, 5), (2, 7, 1)])
def test_layers_do_as_many_operations_as_numbers_that_count_them_and_move_their_arrays(
    batch: int, inputs: int, outputs: int
) -> None:
    x, weight, bias = counted(batch, inputs), counted(inputs, outputs), counted(outputs)
    Counted.done = 0
    y = x @ weight + bias
    moved = sum(array.size for array in (x, weight, bias, y))
    assert flops.linear_count(batch, inputs, outputs) == (Counted.done, 4 * moved)
    Counted.done = 0
    _ = y * counted(batch, outputs)
    assert flops.dropout_count(batch, outputs) == (Counted.done, 4 * 2 * y.size)


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    values = answer_of("flops", seconds=0.01).values
    assert values["flops"] == {"Linear": 268_435_456, "Dropout": 131_072}
    assert values["flops_ratio"] == 2048
    assert values["time_ratio"] == values["seconds"]["Linear"] / values["seconds"]["Dropout"]
