"""What a tensor says of itself and of what went wrong, to the figure."""

from collections.abc import Callable

import numpy as np
import pytest

from tinytorch.core.layers import linear
from tinytorch.core.tensor import Tensor, apply, brief


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises((TypeError, ValueError, IndexError)) as caught:
        call()
    return str(caught.value)


# ---- Errors --------------------------------------------------------------------------------------


def test_an_error_counts_the_axes_that_there_are() -> None:
    matrix, cube = Tensor(np.ones((2, 3))), Tensor(np.ones((2, 3, 4)))
    assert error_of(lambda: matrix.sum(axis=2)) == (
        "sum got shape (2, 3) and axis=2; axes run from -2 to 1"
    )
    assert error_of(lambda: cube.mean(axis=-4)) == (
        "mean got shape (2, 3, 4) and axis=-4; axes run from -3 to 2"
    )
    assert error_of(lambda: matrix.transpose(0, 2)) == (
        "transpose got shape (2, 3) and axes (0, 2); axes run from -2 to 1"
    )
    assert error_of(lambda: cube.transpose(0, 3)) == (
        "transpose got shape (2, 3, 4) and axes (0, 3); axes run from -3 to 2"
    )


def test_an_error_counts_the_axes_of_the_first_input() -> None:
    def add_along(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return np.sum(x * y, axis=axis)

    assert error_of(lambda: apply(add_along, Tensor(np.ones((2, 3))), Tensor([1.0]), axis=4)) == (
        "add_along got shapes (2, 3) and (1,) and axis=4; axes run from -2 to 1"
    )


def test_an_error_speaks_of_one_shape_or_of_several() -> None:
    matrix = Tensor(np.ones((2, 3)))
    assert error_of(lambda: matrix.reshape(4)).startswith("reshape got shape (2, 3) and shape=(4,)")
    assert error_of(lambda: matrix + np.ones(2)).startswith("add got shapes (2, 3) and (2,), which")
    assert error_of(lambda: apply(np.where, matrix, matrix, np.ones(2))).startswith(
        "where got shapes (2, 3) and (2, 3) and (2,)"
    )


def test_an_operation_that_was_carried_out_already_is_told_from_a_function() -> None:
    x = Tensor([1.0, 2.0])
    message = error_of(lambda: apply(np.add(x, x)))
    assert message.startswith("apply takes a function first")
    assert "got Tensor([2., 4.])" in message


def test_a_result_too_large_for_the_array_it_is_written_to_is_not_called_a_broadcast() -> None:
    def add_in_place(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x += y
        return x

    assert error_of(lambda: apply(add_in_place, Tensor([1.0]), np.ones((2, 1)))) == (
        "add_in_place got shapes (1,) and (2, 1): "
        "a result does not fit the array that it should be written to"
    )


def test_a_matrix_product_within_an_operation_is_told_as_one() -> None:
    inputs = np.ones((4, 3)), np.ones((2, 3)), np.ones(2)
    assert error_of(lambda: apply(linear, *inputs)) == (
        "linear got shapes (4, 3) and (2, 3) and (2,): a matrix product has 3 columns on its left "
        "and 2 rows on its right, which must be equal; transpose one of them (x.T), or reshape"
    )


def test_an_error_without_inputs_speaks_of_no_shapes() -> None:
    def refuse() -> None:
        raise ValueError("not today")

    message = error_of(lambda: apply(refuse))
    assert message.endswith("not today")
    assert "shapes" not in message


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2,)])
def test_item_says_which_shape_has_not_one_number(shape: tuple[int, ...]) -> None:
    message = error_of(Tensor(np.ones(shape)).item)
    assert message.startswith(f"item() takes a tensor with one element, got shape {shape}; ")


@pytest.mark.parametrize(
    ("first", "second", "columns", "rows"),
    [
        ((2, 3), (2, 3), 3, 2),
        ((2, 3), (1, 4), 3, 1),
        ((2, 3), (4, 5), 3, 4),
        ((2, 3), (6, 4, 5), 3, 4),
        ((4, 2, 5), (3,), 5, 3),
        ((7,), (6, 5), 7, 6),
    ],
)
def test_an_error_of_a_matrix_product_names_the_two_sizes(
    first: tuple[int, ...], second: tuple[int, ...], columns: int, rows: int
) -> None:
    assert error_of(lambda: Tensor(np.ones(first)) @ Tensor(np.ones(second))) == (
        f"matmul got shapes {first} and {second}: the last size of the first is {columns}, the "
        f"number of rows in the second is {rows}, and they must be equal; transpose one of them "
        "(x.T), or reshape"
    )


@pytest.mark.parametrize("size", [3, 300])
def test_an_error_of_a_matrix_product_tells_of_batches_that_do_not_fit(size: int) -> None:
    first, second = Tensor(np.ones((2, 1, size))), Tensor(np.ones((3, size, 1)))
    assert error_of(lambda: first @ second) == (
        f"matmul got shapes {first.shape} and {second.shape}: "
        "the dimensions before the last two do not broadcast"
    )


@pytest.mark.parametrize("dtype", ["U1", "S1", "datetime64[s]", "complex64"])
def test_an_array_of_no_numbers_is_an_error_even_when_it_is_empty(dtype: str) -> None:
    assert "Tensor holds numbers" in error_of(lambda: Tensor(np.array([], dtype)))


def test_values_of_up_to_sixty_letters_are_shown_whole() -> None:
    assert brief(1.5) == "1.5"
    assert brief("a" * 58) == "'" + "a" * 58 + "'"  # with the quotes it has sixty


def test_longer_values_are_cut_to_sixty_letters() -> None:
    assert brief("a" * 59) == "'" + "a" * 56 + "..."
    assert len(brief(list(range(100)))) == 60


# ---- Tensors as text -----------------------------------------------------------------------------


def test_a_hundred_numbers_are_all_shown() -> None:
    text = repr(Tensor(np.arange(100.0)))
    assert "..." not in text
    assert "shape" not in text
    assert text.count(",") == 99


def test_of_more_numbers_the_first_and_the_last_three_are_shown_and_the_shape() -> None:
    assert repr(Tensor(np.arange(101.0))) == (
        "Tensor([  0.,   1.,   2., ...,  98.,  99., 100.], shape=(101,))"
    )


def test_a_hundred_numbers_of_four_dimensions_are_all_shown() -> None:
    text = repr(Tensor(np.ones((2, 2, 5, 5))))
    assert text.count("1.") == 100
    assert text.startswith("Tensor([[[[1.")


def test_more_numbers_of_four_dimensions_are_shown_as_one_row() -> None:
    assert repr(Tensor(np.ones((1, 1, 1, 101)))) == (
        "Tensor([1., 1., 1., ..., 1., 1., 1.], shape=(1, 1, 1, 101))"
    )


def test_few_numbers_of_four_dimensions_keep_their_brackets() -> None:
    assert repr(Tensor(np.ones((1, 1, 1, 2)))) == "Tensor([[[[1., 1.]]]])"


def test_more_numbers_of_two_dimensions_keep_their_brackets() -> None:
    assert repr(Tensor(np.ones((1, 101)))) == (
        "Tensor([[1., 1., 1., ..., 1., 1., 1.]], shape=(1, 101))"
    )


def test_more_numbers_of_three_dimensions_keep_their_brackets() -> None:
    assert repr(Tensor(np.ones((1, 1, 101)))) == (
        "Tensor([[[1., 1., 1., ..., 1., 1., 1.]]], shape=(1, 1, 101))"
    )


def test_four_decimal_places_are_shown() -> None:
    assert repr(Tensor([1 / 3, 2 / 3])) == "Tensor([0.3333, 0.6667])"


def test_rows_stand_below_one_another() -> None:
    assert repr(Tensor([[1.0, 2.0], [3.0, 4.0]])) == "Tensor([[1., 2.],\n        [3., 4.]])"


def test_long_rows_are_broken_before_the_eightieth_letter() -> None:
    lines = repr(Tensor(np.arange(100.0) + 1000)).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_without_numbers_the_shape_is_shown() -> None:
    assert repr(Tensor(np.zeros((0, 3)))) == "Tensor([], shape=(0, 3))"


def test_one_number_is_shown_without_its_shape() -> None:
    assert repr(Tensor([2.5])) == "Tensor([2.5])"
    assert repr(Tensor(2.5)) == "Tensor(2.5)"
