"""FLOPs, counted and timed."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.experiment import experiment_file
from tinytorch.course.explore.running import run

flops = experiment_file("layers", "flops")
dropout_count = flops.dropout_count
linear_count = flops.linear_count


class Counted:
    """A number that counts what is done with it."""

    done = 0

    def __mul__(self, other: Counted) -> Counted:
        Counted.done += 1
        return self

    def __add__(self, other: Counted) -> Counted:
        Counted.done += 1
        return self


def counted(*shape: int) -> np.ndarray:
    """An array of numbers that count."""
    return np.array([Counted() for _ in range(int(np.prod(shape)))]).reshape(shape)


@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(1, 1, 1), (3, 4, 5), (2, 7, 1)])
def test_linear_does_as_many_operations_as_numbers_that_count_them(
    batch: int, inputs: int, outputs: int
) -> None:
    Counted.done = 0
    _ = counted(batch, inputs) @ counted(inputs, outputs) + counted(outputs)
    assert linear_count(batch, inputs, outputs).flops == Counted.done


def test_dropout_multiplies_each_element_once() -> None:
    Counted.done = 0
    _ = counted(3, 5) * counted(3, 5)
    assert dropout_count(3, 5).flops == Counted.done


def test_the_bytes_are_those_of_the_arrays() -> None:
    arrays = [np.zeros(shape, np.float32) for shape in ((3, 4), (4, 5), (5,), (3, 5))]
    assert linear_count(3, 4, 5).bytes == sum(array.nbytes for array in arrays)
    assert dropout_count(3, 5).bytes == 2 * arrays[-1].nbytes


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    values = run(find_question("flops"), {"seconds": 0.01}).answer.values
    assert values["flops"] == {"Linear": 268_435_456, "Dropout": 131_072}
    assert values["flops_ratio"] == 2048
    assert values["time_ratio"] == values["seconds"]["Linear"] / values["seconds"]["Dropout"]
