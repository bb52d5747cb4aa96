"""FLOPs, counted and timed."""

import numpy as np
import pytest
from quick import program_of, quickly


class Counting:
    """A number that counts what is done with it."""

    done = 0

    def __mul__(self, other: "Counting") -> "Counting":
        Counting.done += 1
        return self

    __add__ = __mul__


@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(1, 1, 1), (3, 4, 5), (2, 7, 1)])
def test_layers_do_as_many_operations_as_numbers_that_count_them_and_move_their_arrays(
    batch: int, inputs: int, outputs: int
) -> None:
    shapes = (batch, inputs), (inputs, outputs), (outputs,), (batch, outputs)
    x, weight, bias, mask = (np.full(shape, Counting()) for shape in shapes)
    Counting.done = 0
    y = x @ weight + bias
    linear = Counting.done, 4 * sum(array.size for array in (x, weight, bias, y))
    Counting.done = 0
    dropped = y * mask
    dropout = Counting.done, 4 * (y.size + dropped.size)
    counted = program_of("flops").counted(batch, inputs, outputs)
    assert counted == {"Linear": linear, "Dropout": dropout}


def test_the_ratio_of_times_is_that_of_the_seconds() -> None:
    values = quickly("flops").values
    assert values["time_ratio"] == values["seconds"]["Linear"] / values["seconds"]["Dropout"]
