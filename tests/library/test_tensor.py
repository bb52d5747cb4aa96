"""The tensor at home in Python, NumPy and Matplotlib."""

import copy
import io
import operator
import pickle
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.tensor import Tensor, apply

matplotlib.use("Agg")

import matplotlib.pyplot as plt

# ---- Making one ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (3, ()),
        (3.5, ()),
        (True, ()),
        (np.float64(2), ()),
        ([1, 2, 3], (3,)),
        ((1, 2, 3), (3,)),
        (range(3), (3,)),
        ([[1, 2], [3, 4], [5, 6]], (3, 2)),
        ([], (0,)),
        ([[], []], (2, 0)),
        ([[[1]]], (1, 1, 1)),
        (np.zeros((2, 3), dtype=np.int64), (2, 3)),
        ([np.ones(2), np.ones(2)], (2, 2)),
        ([Tensor(1.0), Tensor(2.0)], (2,)),
        ([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], (2, 2)),
        (Tensor([[1.0]]), (1, 1)),
    ],
    ids=str,
)
def test_a_tensor_is_made_from_numbers_lists_arrays_and_tensors(
    data: Any, shape: tuple[int, ...]
) -> None:
    tensor = Tensor(data)
    assert tensor.shape == shape
    assert tensor.ndim == len(shape)
    assert tensor.size == int(np.prod(shape))
    assert tensor.dtype == np.float32
    assert not tensor.requires_grad
    assert tensor.grad is None
    expected = np.array([np.asarray(x) for x in data] if isinstance(data, list) else data)
    np.testing.assert_array_equal(tensor.data, expected)


def test_attributes_are_those_of_the_array() -> None:
    tensor = Tensor([[1, 2, 3], [4, 5, 6]])
    assert tensor.data.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert isinstance(tensor.data, np.ndarray)
    assert tensor.shape == (2, 3)
    assert tensor.T.data.tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    assert len(tensor) == 2


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float16, np.int64, np.int32, np.uint8, bool, "float64", float, int]
)
def test_a_tensor_has_the_dtype_it_was_asked_for(dtype: Any) -> None:
    assert Tensor([0, 1], dtype=dtype).dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    "array",
    [
        np.ones((2, 3), dtype=">f4"),
        np.ones((2, 3), dtype=">f8"),
        np.ones((4, 6))[::2, ::2],
        np.ones((3, 2)).T,
        np.asfortranarray(np.ones((2, 3))),
        np.broadcast_to(np.float32(1), (2, 3)),
        np.ones((2, 3), dtype=np.float16),
        np.ones((2, 3), dtype=bool),
        np.ones((2, 3), dtype=np.uint64),
        np.ones((2, 3)).view(np.matrix),
        np.ma.masked_array(np.ones((2, 3))),
    ],
    ids=lambda array: f"{type(array).__name__} {array.dtype.str} {array.strides}",
)
def test_arrays_of_every_layout_become_float32(array: np.ndarray) -> None:
    tensor = Tensor(array)
    assert tensor.dtype == np.float32
    assert tensor.dtype.isnative
    assert tensor.shape == (2, 3)
    assert type((tensor + 1).data) is np.ndarray
    assert (tensor * 2).sum().item() == 12.0


def test_whole_numbers_too_large_for_an_int64_are_numbers_too() -> None:
    assert Tensor(10**20).item() == np.float32(1e20)
    assert Tensor([2**64, 1]).data.tolist() == [float(np.float32(2**64)), 1.0]
    assert Tensor(10**300, dtype=np.float64).item() == 1e300


# ---- Memory shared with NumPy --------------------------------------------------------------------


def test_a_tensor_shares_memory_with_an_array_of_its_dtype() -> None:
    array = np.array([1.0, 2.0], dtype=np.float32)
    tensor = Tensor(array)
    array[0] = 5
    assert tensor.data[0] == 5
    tensor[1] = 7
    assert array[1] == 7
    double = np.array([1.0, 2.0])
    assert np.shares_memory(Tensor(double, dtype=np.float64).data, double)


def test_a_tensor_of_another_dtype_has_memory_of_its_own() -> None:
    array = np.array([1.0, 2.0])
    tensor = Tensor(array)
    array[0] = 5
    assert tensor.data[0] == 1


def test_numpy_data_and_asarray_are_the_array_itself() -> None:
    tensor = Tensor([1.0, 2.0])
    assert tensor.numpy() is tensor.data
    assert np.asarray(tensor) is tensor.data
    tensor.numpy()[0] = 9
    assert tensor[0].item() == 9


def test_np_array_makes_a_copy_and_other_dtypes_too() -> None:
    tensor = Tensor([1.0, 2.0])
    duplicate = np.array(tensor)
    assert not np.shares_memory(duplicate, tensor.data)
    assert np.asarray(tensor, dtype=np.float64).dtype == np.float64
    assert np.array(tensor, dtype=int).tolist() == [1, 2]
    assert np.array(tensor, copy=False) is tensor.data
    with pytest.raises(ValueError, match="copy"):
        np.array(tensor, dtype=np.float64, copy=False)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.reshape(3, 2),
        lambda x: x.flatten(),
        lambda x: x.T,
        lambda x: x.transpose(1, 0),
        lambda x: x[0],
        lambda x: x[:, 1:],
        lambda x: x[..., None],
        lambda x: x.detach(),
    ],
)
def test_views_share_memory_and_results_do_not(view: Any) -> None:
    x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert np.shares_memory(view(x).data, x.data)
    assert not np.shares_memory((view(x) + 0).data, x.data)


def test_the_array_can_be_replaced() -> None:
    x = Tensor([1.0, 2.0])
    x.data = x.data * 2
    assert x.data.tolist() == [2.0, 4.0]
    x.data += 1
    assert x.data.tolist() == [3.0, 5.0]
    x.data[0] = 7
    assert x.data.tolist() == [7.0, 5.0]


def test_a_list_assigned_to_data_becomes_an_array_or_is_refused() -> None:
    x = Tensor([1.0, 2.0])
    try:
        x.data = [3.0, 4.0]
    except TypeError:
        assert x.data.tolist() == [1.0, 2.0]
    else:
        assert x.shape == (2,)
        assert (x + 1).data.tolist() == [4.0, 5.0]
        assert x.dtype == np.float32


# ---- NumPy's functions ---------------------------------------------------------------------------


def test_element_wise_functions_of_numpy_give_tensors() -> None:
    x = Tensor([1.0, 4.0])
    for result, expected in [
        (np.sqrt(x), [1.0, 2.0]),
        (np.multiply(x, 2), [2.0, 8.0]),
        (np.maximum(2, x), [2.0, 4.0]),
        (np.array([3.0, 5.0]) + x, [4.0, 9.0]),
        (np.array([3.0, 5.0]) * x, [3.0, 20.0]),
        (np.array([3.0, 5.0]) / x, [3.0, 1.25]),
        (np.array([3.0, 5.0]) - x, [2.0, 1.0]),
        (np.array([2.0, 2.0]) ** x, [2.0, 16.0]),
        (np.float64(2) * x, [2.0, 8.0]),
        (np.float32(2) - x, [1.0, -2.0]),
        (np.int64(2) ** x, [2.0, 16.0]),
        (np.array([3.0, 5.0]) < x, [False, False]),
        (np.array([1.0, 5.0]) == x, [True, False]),
        (np.sign(x), [1.0, 1.0]),
        (np.isnan(x), [False, False]),
        (np.logical_and(x > 0, x < 2), [True, False]),
    ]:
        assert isinstance(result, Tensor)
        assert result.data.tolist() == expected


def test_matrix_products_with_arrays_give_tensors_on_either_side() -> None:
    x, array = Tensor([[1.0, 2.0], [3.0, 4.0]]), np.eye(2)
    for result in (
        x @ array,
        array @ x,
        np.matmul(x, array),
        [[1, 0], [0, 1]] @ x,
        x @ [[1, 0], [0, 1]],
    ):
        assert isinstance(result, Tensor)
        assert result.data.tolist() == x.data.tolist()


def test_reductions_and_shapes_of_numpy_give_tensors() -> None:
    x = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for result, expected in [
        (np.sum(x), 21.0),
        (np.sum(x, axis=0), [5.0, 7.0, 9.0]),
        (np.sum(x, 1, keepdims=True), [[6.0], [15.0]]),
        (np.mean(x, axis=(0, 1)), 3.5),
        (np.max(x, axis=1), [3.0, 6.0]),
        (np.min(x), 1.0),
        (np.argmax(x, axis=1), [2, 2]),
        (np.reshape(x, (3, 2)), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        (np.transpose(x), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]),
        (np.where(x > 3, x, 0), [[0.0, 0.0, 0.0], [4.0, 5.0, 6.0]]),
    ]:
        assert isinstance(result, Tensor)
        assert result.data.tolist() == expected


def test_other_functions_of_numpy_take_tensors() -> None:
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    assert np.allclose(x, [1, 2])
    assert np.array_equal(x, x)
    assert np.concatenate([x, y]).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert np.stack([x, y]).shape == (2, 2)
    assert np.vstack([x, y]).shape == (2, 2)
    assert np.dot(x, y) == 11.0
    assert np.linalg.norm(y) == 5.0
    assert np.shape(x) == (2,)
    assert np.ndim(x) == 1
    assert np.zeros_like(x).tolist() == [0.0, 0.0]
    assert np.nonzero(x)[0].tolist() == [0, 1]
    assert np.count_nonzero(x) == 2
    assert np.median(x) == 1.5
    assert np.argsort(y).tolist() == [0, 1]
    assert np.histogram(x, bins=2)[0].tolist() == [1, 1]
    np.testing.assert_allclose(x, [1.0, 2.0])


def test_a_tensor_serves_as_an_index_of_an_array() -> None:
    index = Tensor([1, 0], dtype=np.int64)
    assert np.array([10, 20])[np.asarray(index)].tolist() == [20, 10]


def test_matplotlib_draws_tensors() -> None:
    figure, axes = plt.subplots()
    try:
        (line,) = axes.plot(Tensor([1.0, 2.0, 4.0]), Tensor([3.0, 5.0, 4.0]))
        assert line.get_xdata(orig=False).tolist() == [1.0, 2.0, 4.0]
        assert line.get_ydata(orig=False).tolist() == [3.0, 5.0, 4.0]
        (line,) = axes.plot(Tensor([1.0, 2.0]))
        assert line.get_ydata(orig=False).tolist() == [1.0, 2.0]
        axes.plot(Tensor([1.0, 2.0], requires_grad=True) * 2)
        axes.scatter(Tensor([1.0, 2.0]), Tensor([1.0, 2.0]), c=Tensor([0.0, 1.0]))
        axes.bar([0, 1], Tensor([1.0, 2.0]))
        axes.hist(Tensor([1.0, 2.0, 2.0]))
        image = axes.imshow(Tensor([[0.0, 1.0], [2.0, 3.0]]))
        assert image.get_array().tolist() == [[0.0, 1.0], [2.0, 3.0]]
        figure.savefig(io.BytesIO(), format="png")
    finally:
        plt.close(figure)


def test_plt_plot_takes_a_tensor() -> None:
    try:
        (line,) = plt.plot(Tensor([1.0, 2.0, 3.0]))
        assert line.get_ydata(orig=False).tolist() == [1.0, 2.0, 3.0]
    finally:
        plt.close("all")


# ---- Python's own protocols ----------------------------------------------------------------------


def test_item_float_int_and_bool_give_the_one_number() -> None:
    for shape in [(), (1,), (1, 1)]:
        x = Tensor(np.full(shape, 2.5))
        assert x.item() == 2.5
        assert type(x.item()) is float
        assert float(x) == 2.5
        assert int(x) == 2
        assert bool(x)
        assert not Tensor(np.zeros(shape))
    assert type(Tensor(3, dtype=np.int64).item()) is int
    assert type((Tensor(3.0) > 2).item()) is bool
    if Tensor(3.0) > 2:
        return
    pytest.fail("a tensor of one truth decides an if")


def test_iteration_gives_the_rows_and_ends() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert [row.data.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    first, second = x
    assert isinstance(first, Tensor)
    assert [one.item() for one in second] == [3.0, 4.0]
    assert list(Tensor([])) == []
    assert [row.data.tolist() for row in reversed(x)] == [[3.0, 4.0], [1.0, 2.0]]
    assert len(list(zip(x, [0, 1], strict=True))) == 2


def test_sum_max_and_sorted_of_python_take_tensors() -> None:
    numbers = [Tensor(2.0), Tensor(1.0)]
    assert sum(numbers).item() == 3.0
    assert max(numbers).item() == 2.0
    assert [x.item() for x in sorted(numbers)] == [1.0, 2.0]
    assert sum(Tensor([1.0, 2.0])).item() == 3.0


def test_comparisons_give_tensors_of_truths() -> None:
    x, y = Tensor([1.0, 2.0, 3.0]), Tensor([3.0, 2.0, 1.0])
    for result, expected in [
        (x == y, [False, True, False]),
        (x != y, [True, False, True]),
        (x < y, [True, False, False]),
        (x <= y, [True, True, False]),
        (x > y, [False, False, True]),
        (x >= y, [False, True, True]),
        (x == 2, [False, True, False]),
        (np.int64(2) == x, [False, True, False]),
        (x == [1, 2, 3], [True, True, True]),
        (x == np.array([1, 0, 3]), [True, False, True]),
        (np.int64(2) < x, [False, False, True]),
    ]:
        assert isinstance(result, Tensor)
        assert result.dtype == bool
        assert result.data.tolist() == expected
    assert (Tensor([np.nan]) == Tensor([np.nan])).data.tolist() == [False]


class Anything:
    """Equals whatever it is compared with, and says so when it is asked."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__


NO_NUMBERS = [
    *(None, "x", "", b"a", object(), {}, {"x": 1}, {1.0}, frozenset(), ..., NotImplemented),
    *(len, int, Tensor, np, slice(None), iter([1.0]), Linear(2, 2), ["x"], [None], (object(),)),
    *(Fraction(1), Decimal(1), Path("x"), date(2026, 1, 1), ValueError("x"), lambda: 1),
    *(np.float32, np.str_("x"), np.bytes_(b"x")),
    *(np.datetime64("2026-01-01"), np.timedelta64(1, "D"), np.array(["x", "y"])),
    *(np.array([1.0, None], object), np.array(["2026-01-01"], "M8[D]")),
]


@pytest.mark.parametrize("other", NO_NUMBERS)
@pytest.mark.parametrize("x", [Tensor([1.0, 2.0]), Tensor(1.0), Tensor([])], ids=repr)
def test_what_is_no_number_equals_no_tensor(x: Tensor, other: Any) -> None:
    assert (x == other) is False
    assert (x != other) is True
    assert other not in x
    assert other not in [x]
    assert x not in [other]
    assert [x, other].index(other) == 1
    assert np.equal(x, other) is False
    assert np.not_equal(x, other) is True
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        with pytest.raises(TypeError, match="takes tensors, arrays and numbers, got "):
            compare(x, other)


@pytest.mark.parametrize("other", NO_NUMBERS)
def test_what_is_no_number_equals_no_tensor_on_its_right_either(other: Any) -> None:
    assert (other == Tensor([1.0, 2.0])) is False
    assert (other != Tensor([1.0, 2.0])) is True


@pytest.mark.parametrize("other", [np.dtype(np.float32), np.zeros(2, [("x", "i4")])])
def test_a_tensor_answers_where_numpy_would_in_another_way(other: Any) -> None:
    assert (Tensor([1.0, 2.0]) == other) is False
    assert (Tensor([1.0, 2.0]) != other) is True


def test_an_object_with_an_equality_of_its_own_is_asked() -> None:
    x = Tensor([1.0, 2.0])
    assert (x == Anything()) is True
    assert (x != Anything()) is False
    assert Anything() in [x]


def test_tensors_are_found_in_lists_of_all_kinds() -> None:
    x, layer = Tensor([1.0]), Linear(1, 1)
    things = [None, "x", layer, layer.weight, x]
    assert things.index(x) == 4
    assert layer in things
    assert layer in [x, layer]
    assert Dropout(0.5) not in things
    things.remove("x")
    assert things.count(None) == 1


def test_a_complex_number_is_a_number() -> None:
    x = Tensor([1.0, 2.0])
    for other in (1 + 0j, np.complex64(1), np.array([1 + 0j, 2 + 1j])):
        assert (x == other).tolist() == [True, False]
        assert (other == x).tolist() == [True, False]
        assert (x != other).tolist() == [False, True]
    with pytest.raises(TypeError, match="less takes tensors, arrays and numbers, got 1j"):
        x < 1j  # noqa: B015


@pytest.mark.parametrize("other", [10**400, -(10**400), [10**400, 1], [[1.0], [1.0, 2.0]]])
def test_what_no_tensor_can_hold_equals_none(other: Any) -> None:
    x = Tensor([1.0, 2.0])
    assert (x == other) is False
    assert (x != other) is True
    assert (other == x) is False


def test_a_list_of_tensors_is_compared_by_its_numbers() -> None:
    parameter = Tensor(1.0, requires_grad=True)
    assert (Tensor([1.0, 2.0]) == [parameter, Tensor(3.0)]).tolist() == [True, False]
    assert (Tensor([1.0]) != (parameter,)).tolist() == [False]


def test_equality_of_shapes_that_do_not_broadcast_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"equal got shapes \(2,\) and \(3,\), which do not"):
        Tensor([1.0, 2.0]) == Tensor([1.0, 2.0, 3.0])  # noqa: B015


def test_a_tensor_hashes_by_identity() -> None:
    x, y = Tensor([1.0]), Tensor([1.0])
    assert hash(x) == hash(x)
    names = {x: "x", y: "y"}
    assert names[x] == "x"
    assert names[y] == "y"
    assert len({x, y, x}) == 2
    before = hash(x)
    x[0] = 5
    assert hash(x) == before


def test_contains_looks_for_a_value() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert 3 in x
    assert 5 not in x
    assert "a" not in x
    assert None not in x
    assert 1 not in Tensor([])


def test_masks_combine_as_those_of_numpy() -> None:
    x = Tensor([1.0, 2.0, 3.0])
    assert ((x > 1) & (x < 3)).data.tolist() == [False, True, False]
    assert ((x < 2) | (x > 2)).data.tolist() == [True, False, True]
    assert (~(x > 1)).data.tolist() == [True, False, False]


def test_formatting_of_one_number_follows_the_specification() -> None:
    loss = Tensor(1.23456)
    assert f"{loss:.2f}" == "1.23"
    assert f"{Tensor([[0.5]]):8.3f}" == "   0.500"
    assert f"{Tensor(0.25):.1%}" == "25.0%"
    assert f"{Tensor(7, dtype=np.int64):03d}" == "007"
    assert f"{loss}" == str(loss)
    assert f"{loss!r}" == repr(loss)
    assert "%.2f" % loss == "1.23"  # noqa: UP031 - it works too
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"


# ---- Display -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor(3), "Tensor(3.)"),
        (Tensor([1.0, 2.5]), "Tensor([1. , 2.5])"),
        (Tensor([]), "Tensor([], shape=(0,))"),
        (Tensor(np.ones((2, 0))), "Tensor([], shape=(2, 0))"),
        (Tensor([1, 2], dtype=np.int64), "Tensor([1, 2], dtype=int64)"),
        (Tensor([1.0], requires_grad=True), "Tensor([1.], requires_grad=True)"),
        (Tensor([[1, 2], [3, 4]]), "Tensor([[1., 2.],\n        [3., 4.]])"),
        (Tensor(True, dtype=bool), "Tensor(True, dtype=bool)"),
        (Tensor([1 / 3]), "Tensor([0.3333])"),
        (Tensor([np.nan, np.inf]), "Tensor([nan, inf])"),
    ],
    ids=str,
)
def test_repr_shows_the_numbers_and_what_is_unusual(tensor: Tensor, text: str) -> None:
    assert repr(tensor) == text
    assert str(tensor) == text


@pytest.mark.parametrize(
    "shape",
    [
        (1000,),
        (10**6,),
        (1000, 1000),
        (100, 1),
        (101, 1),
        (60_000, 784),
        (50, 50, 50),
        (3,) * 8,
        (7,) * 7,
        (2,) * 20,
        (1,) * 30 + (200,),
        (200,) + (1,) * 30,
    ],
    ids=str,
)
def test_repr_stays_brief_and_shows_the_shape_however_large(shape: tuple[int, ...]) -> None:
    tensor = Tensor(np.broadcast_to(np.float32(-1.2345e-20), shape))
    text = repr(tensor)
    assert len(text) < 4_500
    if tensor.size > 100:
        assert str(shape) in text


def test_printing_leaves_numpys_settings_alone() -> None:
    before = np.get_printoptions()
    repr(Tensor(np.ones((1000, 1000))))
    assert np.get_printoptions() == before


# ---- Copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(3.0),
        Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True),
        Tensor([1, 2], dtype=np.int64),
        Tensor([True], dtype=bool),
        Tensor(np.zeros((0, 3)), dtype=np.float64),
        Tensor([[1.0, 2.0], [3.0, 4.0]]).T,
        Tensor([1.0, 2.0, 3.0])[::-1],
    ],
    ids=str,
)
def test_a_pickled_tensor_comes_back_the_same(tensor: Tensor, protocol: int) -> None:
    other = pickle.loads(pickle.dumps(tensor, protocol))
    assert type(other) is Tensor
    assert other.dtype == tensor.dtype
    assert other.requires_grad == tensor.requires_grad
    assert other.shape == tensor.shape
    np.testing.assert_array_equal(other.data, tensor.data)
    assert not np.shares_memory(other.data, tensor.data)
    (other + 1).sum()


@pytest.mark.needs("processes")
def test_a_pickled_tensor_is_read_by_another_process() -> None:
    content = pickle.dumps(Tensor([1.0, 2.0], requires_grad=True) * 3)
    program = (
        "import pickle, sys; t = pickle.loads(sys.stdin.buffer.read()); "
        "print(t.data.tolist(), t.requires_grad)"
    )
    finished = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True)
    assert finished.stdout.decode().strip() == "[3.0, 6.0] False", finished.stderr.decode()


def test_a_deep_copy_has_its_own_numbers() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    other = copy.deepcopy(x)
    assert other is not x
    assert other.requires_grad
    other.data[0] = 9
    assert other.grad is not None
    other.grad.data[0] = 9
    assert x.data.tolist() == [1.0, 2.0]
    assert x.grad is not None
    assert x.grad.data.tolist() == [2.0, 4.0]


def test_a_deep_copy_of_a_network_keeps_what_it_shares() -> None:
    shared = Tensor([1.0])
    first, second = copy.deepcopy([shared, shared])
    assert first is second
    assert first is not shared


def test_a_shallow_copy_is_another_tensor() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    other = copy.copy(x)
    assert other is not x
    assert other.data.tolist() == [1.0, 2.0]
    (other * 2).sum().backward()
    assert x.grad is None


# ---- Reading and writing elements ----------------------------------------------------------------


def test_indexing_gives_what_numpy_gives() -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    x = Tensor(array)
    for index in (
        0,
        -1,
        (1, 2, 3),
        slice(None, None, -1),
        (..., 0),
        (slice(None), None, 1),
        [1, 0, 0],
        ([0, 1], [2, 2]),
        array > 5,
        True,
        (),
    ):
        result = x[index]
        assert isinstance(result, Tensor)
        np.testing.assert_array_equal(result.data, array[index])
    assert x[1, 2, 3].shape == ()
    assert x[1, 2, 3].item() == 23.0
    np.testing.assert_array_equal(x[x > 5].data, array[array > 5])
    np.testing.assert_array_equal(x[Tensor([1, 0], dtype=np.int64)].data, array[[1, 0]])


@pytest.mark.parametrize(
    ("index", "value", "expected"),
    [
        (0, 9, [[9, 9], [3, 4]]),
        ((1, 1), 7.5, [[1, 2], [3, 7.5]]),
        (slice(None), [[5, 6], [7, 8]], [[5, 6], [7, 8]]),
        ((slice(None), 0), np.array([8, 9]), [[8, 2], [9, 4]]),
        (..., Tensor([0.0, 1.0]), [[0, 1], [0, 1]]),
        ([1, 0], [[1, 1], [2, 2]], [[2, 2], [1, 1]]),
        (Tensor([1], dtype=np.int64), 0, [[1, 2], [0, 0]]),
        (Tensor([True, False], dtype=bool), 0, [[0, 0], [3, 4]]),
        (np.array([[True, False], [False, True]]), -1, [[-1, 2], [3, -1]]),
        (0, True, [[1, 1], [3, 4]]),
    ],
    ids=str,
)
def test_elements_can_be_written(index: Any, value: Any, expected: Any) -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    x[index] = value
    assert x.data.tolist() == expected
    assert x.dtype == np.float32


def test_a_mask_computed_from_the_tensor_writes_to_it() -> None:
    x = Tensor([-1.0, 2.0, -3.0])
    x[x < 0] = 0
    assert x.data.tolist() == [0.0, 2.0, 0.0]


# ---- Shapes --------------------------------------------------------------------------------------


def test_reshape_without_sizes_makes_a_single_number() -> None:
    x = Tensor([[5.0]]).reshape()
    assert (x.shape, x.item()) == ((), 5.0)


def test_reshape_takes_sizes_or_a_shape_and_works_out_one_size() -> None:
    x = Tensor(np.arange(12))
    for shape in [x.reshape(3, 4), x.reshape((3, 4)), x.reshape([3, 4]), x.reshape(3, -1)]:
        assert shape.shape == (3, 4)
    assert x.reshape(-1, 2, 3).shape == (2, 2, 3)
    assert x.reshape(np.int64(12)).shape == (12,)
    assert Tensor(5.0).reshape(1, 1).shape == (1, 1)
    assert Tensor([5.0]).reshape(()).shape == ()
    assert Tensor(np.zeros((0, 3))).reshape(3, 0).shape == (3, 0)
    assert x.reshape(3, 4).flatten().shape == (12,)
    assert Tensor(5.0).flatten().shape == (1,)


def test_transpose_reverses_swaps_or_reorders() -> None:
    x = Tensor(np.arange(24).reshape(2, 3, 4))
    assert x.T.shape == (4, 3, 2)
    assert x.transpose().shape == (4, 3, 2)
    assert x.transpose(0, 1).shape == (3, 2, 4)
    assert x.transpose(-1, 0).shape == (4, 3, 2)
    assert x.transpose(2, 0, 1).shape == (4, 2, 3)
    assert x.transpose((2, 0, 1)).shape == (4, 2, 3)
    assert x.transpose(2, 0, 1).data[3, 1, 2] == x.data[1, 2, 3]
    assert Tensor([1.0, 2.0]).T.shape == (2,)
    assert Tensor(1.0).T.shape == ()


def test_transpose_of_two_axes_swaps_them_in_a_matrix_too() -> None:
    x = Tensor(np.ones((2, 3)))
    assert x.transpose(1, 0).shape == (3, 2)
    assert x.transpose(0, 1).shape == (3, 2)
    assert x.transpose(-2, -1).shape == (3, 2)


# ---- Arithmetic and reductions -------------------------------------------------------------------


def test_arithmetic_gives_what_numpy_gives() -> None:
    a, b = np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([2.0, 0.5])
    x, y = Tensor(a, dtype=np.float64), Tensor(b, dtype=np.float64)
    for result, expected in [
        (x + y, a + b),
        (x - y, a - b),
        (x * y, a * b),
        (x / y, a / b),
        (y**x, b**a),
        (x @ y, a @ b),
        (x.matmul(y), a @ b),
        (-x, -a),
        (abs(x), abs(a)),
        (x.abs(), abs(a)),
        (x**2, a**2),
        (x**3, a**3),
        (2**x, 2**a),
        (1 - x, 1 - a),
        (1 / x, 1 / a),
        (x.exp(), np.exp(a)),
        (y.log(), np.log(b)),
        (y.sqrt(), np.sqrt(b)),
        (x.sum(), a.sum()),
        (x.sum(axis=0), a.sum(axis=0)),
        (x.mean(axis=1, keepdims=True), a.mean(axis=1, keepdims=True)),
        (x.max(), a.max()),
        (x.min(axis=-1), a.min(axis=-1)),
        (x.var(), a.var()),
        (x.var(axis=0), a.var(axis=0)),
        (x.argmax(), a.argmax()),
        (x.argmax(axis=1), a.argmax(axis=1)),
    ]:
        assert isinstance(result, Tensor)
        np.testing.assert_allclose(result.data, expected, rtol=1e-15)


def test_arithmetic_in_place_by_name_rebinds_and_does_not_write() -> None:
    x = Tensor([1.0, 2.0])
    before = x
    x += 1
    assert x.data.tolist() == [2.0, 3.0]
    assert before.data.tolist() == [1.0, 2.0]


def test_sums_of_many_numbers_are_accurate_in_float32() -> None:
    # A running sum in float32 would stop at 2**24 = 16,777,216.
    assert Tensor(np.ones(2**25)).sum().item() == 2**25
    assert Tensor(np.full(10**6, 0.1)).mean().item() == pytest.approx(0.1, rel=1e-6)


def test_apply_is_the_door_for_an_operation_of_ones_own() -> None:
    def scale(x: np.ndarray, factor: float) -> np.ndarray:
        assert isinstance(x, np.ndarray)
        return x * factor

    assert apply(scale, Tensor([1.0, 2.0]), factor=3).data.tolist() == [3.0, 6.0]
    assert apply(np.add, [1.0, 2.0], 1).data.tolist() == [2.0, 3.0]
    assert apply(np.cumsum, Tensor([1.0, 2.0])).data.tolist() == [1.0, 3.0]
