"""Odd inputs, thousands of them: each gets the right answer or a clear error, nothing in between.

The right answer is that of NumPy in float64. A clear error is a ValueError, TypeError or
IndexError that speaks of the operation or the class that it comes from.
"""

import copy
import math
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinytorch
from tinytorch.core.activations import GELU, Activation, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import (
    batches,
    constant,
    cosine,
    load,
    predict,
    save,
    step_decay,
)

# Dividing by zero and overflowing are as good as any input here, and NumPy warns of them.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

LARGEST = float(np.finfo(np.float32).max)

# What NumPy and Python say on their own, which is no answer to a learner.
INTERNALS = ("object has no attribute", "only 0-dimensional", "requested array", "cannot interpret")


def answer(call: Callable[[], Any], *names: str) -> Any:
    """What the call returns; None if it raises an error that is clear."""
    try:
        return call()
    except (ValueError, TypeError, IndexError) as error:
        message = str(error)
        assert any(name in message for name in names), message
        assert not any(phrase in message for phrase in INTERNALS), message
        assert len(message) < 2_000, message
        return None


# ---- Where inputs come from ----------------------------------------------------------------------

float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)
moderate = st.floats(-1000, 1000, width=32)
any_float = st.floats() | st.sampled_from([0.0, -0.0, math.nan, math.inf, LARGEST, 2 * LARGEST])
any_int = st.integers() | st.sampled_from([2**31, 2**63, 2**64, -(2**63), 10**30, 10**400])
small_shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)

NUMBER_DTYPES = [
    "f8",
    "f4",
    "f2",
    "i8",
    "i4",
    "i2",
    "i1",
    "u8",
    "u4",
    "u2",
    "u1",
    "?",
    ">f4",
    ">i8",
]
number_dtypes = st.sampled_from([np.dtype(code) for code in NUMBER_DTYPES])

odd_scalars = st.one_of(
    st.none(),
    st.booleans(),
    any_int,
    any_float,
    st.text(max_size=4),
    st.binary(max_size=4),
    st.complex_numbers(),
    st.builds(object),
    st.builds(np.float64, any_float),
    st.builds(np.float32, float32s),
    st.builds(np.int8, st.integers(-128, 127)),
    st.builds(np.datetime64, st.integers(0, 10**6), st.just("s")),
    st.builds(Tensor, moderate),
)
nested = st.recursive(
    odd_scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)
odd_arrays = hnp.arrays(
    st.one_of(
        hnp.scalar_dtypes(),
        hnp.array_dtypes(max_size=2),
        hnp.unicode_string_dtypes(max_len=3),
        hnp.byte_string_dtypes(max_len=3),
    ),
    small_shapes,
) | st.builds(lambda value: np.array(value, dtype=object), st.lists(odd_scalars, max_size=3))
odd = nested | odd_arrays | st.builds(range, st.integers(0, 4)) | st.just(int) | st.just(len)


def laid_out(array: np.ndarray, layout: int) -> np.ndarray:
    """The same numbers in another layout: transposed, backward, spread out, read-only."""
    if layout == 1:
        return np.asfortranarray(array)
    if layout == 2 and array.ndim:
        return array[::-1].copy()[::-1]
    if layout == 3 and array.ndim:
        return np.repeat(array, 2, axis=0)[::2]
    if layout == 4:
        array = array.copy()
        array.flags.writeable = False
    return array


@st.composite
def number_arrays(
    draw: st.DrawFn, elements: Any = None, shapes: Any = small_shapes, dtypes: Any = number_dtypes
) -> np.ndarray:
    """An array of numbers of any dtype and layout; of `elements` if these are given, as floats."""
    dtype = draw(st.just(np.dtype(np.float32)) if elements is not None else dtypes)
    array = draw(hnp.arrays(dtype, shapes, elements=elements))
    return laid_out(array, draw(st.integers(0, 4)))


def same(result: Tensor, expected: Any, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Compare a float32 result with the float64 one, rounded."""
    assert isinstance(result, Tensor)
    assert result.dtype == np.float32
    expected = np.asarray(expected, dtype=np.float64)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result.data, expected.astype(np.float32), rtol=rtol, atol=atol)


# ---- Making a tensor -----------------------------------------------------------------------------


@given(value=odd)
@settings(max_examples=600)
@example(value=[[1, 2], [3]])
@example(value=[1.0, [2.0]])
@example(value=[[], [1]])
@example(value=2 * LARGEST)
@example(value=[2**64, -1])
@example(value=np.zeros(3, dtype=[("a", "f4")]))
@example(value=[np.zeros((2, 0)), np.zeros((2, 1))])
@example(value=[Tensor([1.0]), [2.0]])
@example(value=np.array([Tensor(1.0)], dtype=object))
@example(value=[10**400])
@example(value=[True, None])
def test_a_tensor_of_anything_is_right_or_refused(value: Any) -> None:
    tensor = answer(lambda: Tensor(value), "Tensor")
    if tensor is None:
        return
    assert tensor.dtype == np.float32
    assert tensor.dtype.isnative
    expected = np.asarray(value).astype(np.float64)
    assert tensor.shape == expected.shape
    np.testing.assert_array_equal(tensor.data, expected.astype(np.float32))


@given(array=hnp.arrays(np.float32, hnp.array_shapes(max_dims=4, max_side=3), elements=moderate))
@settings(max_examples=100)
def test_nested_lists_of_one_length_are_always_taken(array: np.ndarray) -> None:
    np.testing.assert_array_equal(Tensor(array.tolist()).data, array)


@given(array=number_arrays(), dtype=number_dtypes)
@settings(max_examples=400)
def test_an_array_of_numbers_becomes_any_dtype_or_is_refused(
    array: np.ndarray, dtype: np.dtype[Any]
) -> None:
    tensor = answer(lambda: Tensor(array, dtype=dtype), "Tensor")
    if tensor is None:
        plain = array.astype(np.float64)
        limits = np.finfo(dtype) if dtype.kind == "f" else None
        if limits is not None:
            assert np.abs(plain[np.isfinite(plain)]).max(initial=0) > float(limits.max)
        return
    assert tensor.dtype == dtype.newbyteorder("=")
    assert tensor.shape == array.shape
    if dtype.kind == "b":
        np.testing.assert_array_equal(tensor.data, array.astype(bool))
    elif dtype.kind == "f":
        np.testing.assert_allclose(tensor.data, array.astype(dtype), rtol=0)
    else:
        # Whole numbers drop the fraction, and never wrap around.
        difference = tensor.data.astype(np.float64) - np.trunc(array.astype(np.float64))
        assert (
            np.abs(difference).max(initial=0)
            <= np.abs(array.astype(np.float64)).max(initial=0) / 2**52
        )


@given(dtype=odd)
def test_an_odd_dtype_is_right_or_refused(dtype: Any) -> None:
    if not (isinstance(dtype, np.ndarray) and dtype.dtype.kind == "O"):
        tensor = answer(lambda: Tensor([1, 0], dtype=dtype), "Tensor")
        if tensor is not None:
            assert tensor.data.tolist() == [1, 0]


@given(array=number_arrays())
def test_a_tensor_of_any_numbers_is_at_home_in_python(array: np.ndarray) -> None:
    tensor = answer(lambda: Tensor(array), "Tensor")
    if tensor is None:
        return
    assert len(repr(tensor)) < 2_000
    assert f"{tensor}" == str(tensor)
    assert hash(tensor) == hash(tensor)
    for other in (pickle.loads(pickle.dumps(tensor)), copy.deepcopy(tensor), copy.copy(tensor)):
        np.testing.assert_array_equal(other.data, tensor.data)
    assert np.asarray(tensor) is tensor.data
    for call in (len, list, float, int, bool, Tensor.item):
        result = answer(lambda call=call: call(tensor), "tensor", "convert float")
        if result is None:
            assert tensor.size != 1 or tensor.ndim == 0 or not np.isfinite(tensor.data).all()
    assert (tensor == tensor).data.all() == (not np.isnan(tensor.data).any())


# ---- Arithmetic ----------------------------------------------------------------------------------

EXACT = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}


@pytest.mark.parametrize("name", EXACT)
@given(
    x=hnp.arrays(np.float32, small_shapes, elements=float32s),
    y=hnp.arrays(np.float32, small_shapes, elements=float32s),
    kind=st.sampled_from(["tensor", "array", "float64 array", "list"]),
    swap=st.booleans(),
)
@settings(max_examples=100)
def test_arithmetic_on_any_shapes_is_rounded_from_the_exact_result(
    name: str, x: np.ndarray, y: np.ndarray, kind: str, swap: bool
) -> None:
    operation = EXACT[name]
    other: Any = {
        "tensor": Tensor(y),
        "array": y,
        "float64 array": y.astype(np.float64),
        "list": y.tolist(),
    }[kind]
    if kind == "list":
        y = np.array(other, dtype=np.float32)
    pair = (other, Tensor(x)) if swap else (Tensor(x), other)
    result = answer(lambda: operation(*pair), name)
    arrays = (y, x) if swap else (x, y)
    try:
        expected = operation(*(array.astype(np.float64) for array in arrays))
    except ValueError:
        assert result is None, "NumPy could not do it"
        return
    assert result is not None, "NumPy could do it"
    same(result, expected)


@pytest.mark.parametrize("name", ["add", "multiply", "subtract", "divide", "power", "matmul"])
@given(other=odd, swap=st.booleans())
@settings(max_examples=80)
def test_arithmetic_with_anything_is_right_or_refused(name: str, other: Any, swap: bool) -> None:
    operation = {**EXACT, "power": operator.pow, "matmul": operator.matmul}[name]
    x = Tensor([[1.0, 2.0, 3.0]])
    pair = (other, x) if swap else (x, other)
    result = answer(
        lambda: operation(*pair), name, "unsupported operand", "can't multiply sequence", "can only"
    )
    if result is not None:
        assert isinstance(result, Tensor)
        assert result.dtype in (np.float32, np.float64)
        assert result.data.dtype.kind == "f"


@given(
    x=hnp.arrays(np.float32, small_shapes, elements=float32s),
    y=hnp.arrays(np.float32, small_shapes, elements=float32s),
)
@settings(max_examples=150)
def test_powers_are_those_of_float64(x: np.ndarray, y: np.ndarray) -> None:
    result = answer(lambda: Tensor(x) ** Tensor(y), "power")
    try:
        expected = x.astype(np.float64) ** y.astype(np.float64)
    except ValueError:
        assert result is None
        return
    same(result, expected, rtol=1e-5, atol=1e-37)


COMPARISONS = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}


@pytest.mark.parametrize("name", COMPARISONS)
@given(
    x=hnp.arrays(np.float32, small_shapes, elements=st.sampled_from([-1.0, 0.0, 1.0, math.nan])),
    y=hnp.arrays(np.float32, small_shapes, elements=st.sampled_from([-1.0, -0.0, 1.0, math.inf])),
)
@settings(max_examples=50)
def test_comparisons_are_those_of_numpy(name: str, x: np.ndarray, y: np.ndarray) -> None:
    compare = COMPARISONS[name]
    result = answer(lambda: compare(Tensor(x), Tensor(y)), name)
    try:
        expected = getattr(np, name)(x, y)
    except ValueError:
        assert result is None
        return
    assert result.dtype == bool
    assert result.shape == expected.shape
    np.testing.assert_array_equal(result.data, expected)


@pytest.mark.parametrize("name", COMPARISONS)
@given(other=odd)
@settings(max_examples=50)
def test_comparisons_with_anything_are_answered(name: str, other: Any) -> None:
    answer(lambda: COMPARISONS[name](Tensor([1.0, 2.0]), other), name)
    answer(lambda: other in Tensor([1.0, 2.0]), "equal")


ONE_INPUT: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Any], Any]]] = {
    "negative": (operator.neg, np.negative),
    "absolute": (abs, np.absolute),
    "exp": (lambda x: x.exp(), np.exp),
    "log": (lambda x: x.log(), np.log),
    "sqrt": (lambda x: x.sqrt(), np.sqrt),
    "square": (lambda x: x**2, np.square),
    "reciprocal": (lambda x: 1 / x, np.reciprocal),
    "flatten": (lambda x: x.flatten(), np.ravel),
    "transpose": (lambda x: x.T, np.transpose),
}


@pytest.mark.parametrize("name", ONE_INPUT)
@given(x=number_arrays(elements=float32s))
@settings(max_examples=60)
def test_operations_on_any_float32_are_those_of_float64(name: str, x: np.ndarray) -> None:
    ours, reference = ONE_INPUT[name]
    same(ours(Tensor(x)), reference(x.astype(np.float64)), rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", ["exp", "sqrt", "absolute", "flatten", "transpose", "square"])
@given(x=number_arrays())
@settings(max_examples=60)
def test_operations_on_any_dtype_give_numbers(name: str, x: np.ndarray) -> None:
    ours, _ = ONE_INPUT[name]
    result = answer(lambda: ours(Tensor(x, dtype=x.dtype)), name)
    if result is not None:
        assert result.dtype.kind in "biuf"
        assert result.dtype.itemsize <= 8
        assert result.size == x.size


# ---- Matrix products -----------------------------------------------------------------------------


@given(
    x=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
        elements=moderate,
    ),
    y=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
        elements=moderate,
    ),
)
@settings(max_examples=300)
def test_matrix_products_of_any_shapes_are_those_of_float64(x: np.ndarray, y: np.ndarray) -> None:
    result = answer(lambda: Tensor(x) @ Tensor(y), "matmul")
    try:
        expected = x.astype(np.float64) @ y.astype(np.float64)
    except ValueError:
        assert result is None, "NumPy could not do it"
        return
    assert result is not None, "NumPy could do it"
    same(result, expected, rtol=1e-5, atol=1.0)


# ---- Reductions ----------------------------------------------------------------------------------

axes = st.one_of(
    st.none(),
    st.integers(-4, 4),
    st.lists(st.integers(-4, 4), max_size=4).map(tuple),
    st.sampled_from([1.0, "0", True, [0, 1], (0.5,), (None,), np.int64(0), np.array(0), 10**30]),
    st.builds(Tensor, st.integers(-2, 2)),
)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var", "argmax"])
@given(
    x=number_arrays(elements=moderate),
    axis=axes,
    keepdims=st.booleans() | st.sampled_from([0, 1, None, "yes"]),
)
@settings(max_examples=120)
def test_reductions_over_any_axes_are_those_of_float64(
    name: str, x: np.ndarray, axis: Any, keepdims: Any
) -> None:
    options = {"axis": axis} if name == "argmax" else {"axis": axis, "keepdims": keepdims}
    result = answer(lambda: getattr(Tensor(x), name)(**options), name)
    if isinstance(axis, Tensor) or keepdims not in (True, False, 0, 1):
        return
    try:
        expected = getattr(np, name)(x.astype(np.float64), **options)
    except (ValueError, TypeError, IndexError, OverflowError):
        assert result is None, "NumPy could not do it"
        return
    assert result is not None, "NumPy could do it"
    if name == "argmax":
        assert result.dtype == np.intp
        np.testing.assert_array_equal(result.data, expected)
    else:
        same(result, expected, rtol=1e-4, atol=1e-3 if name != "var" else 1.0)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@given(x=number_arrays())
@settings(max_examples=60)
def test_reductions_of_any_dtype_give_numbers(name: str, x: np.ndarray) -> None:
    result = answer(lambda: getattr(Tensor(x, dtype=x.dtype), name)(), name)
    if result is None:
        assert x.size == 0
    else:
        assert result.shape == ()
        assert result.dtype.kind in "biuf"


# ---- Shape and position --------------------------------------------------------------------------

sizes = st.integers(-2, 6) | st.sampled_from([1.0, "2", None, True, (2, 3), 10**30, np.int64(2)])


@given(
    x=number_arrays(elements=moderate), arguments=st.lists(sizes, max_size=4), as_one=st.booleans()
)
@settings(max_examples=300)
@example(x=np.ones((2, 2), dtype=np.float32), arguments=[-2, 2], as_one=False)
@example(x=np.ones((2, 2), dtype=np.float32), arguments=[], as_one=False)
def test_reshape_of_anything_keeps_the_elements_or_is_refused(
    x: np.ndarray, arguments: list[Any], as_one: bool
) -> None:
    given_shape = [tuple(arguments)] if as_one else arguments
    result = answer(lambda: Tensor(x).reshape(*given_shape), "reshape")
    if result is None:
        return
    np.testing.assert_array_equal(result.data.ravel(), x.ravel())
    flat = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    assert len(result.shape) == len(flat)
    for size, wanted in zip(result.shape, flat, strict=True):
        assert wanted == -1 or size == wanted


@given(shape=st.one_of(odd))
def test_reshape_to_anything_is_answered(shape: Any) -> None:
    result = answer(lambda: Tensor([1.0, 2.0]).reshape(shape), "reshape")
    if result is not None:
        assert result.data.ravel().tolist() == [1.0, 2.0]


axis_numbers = st.integers(-4, 4) | st.sampled_from([1.0, "0", None, (0,), np.int64(1), 10**30])


@given(x=number_arrays(elements=moderate), arguments=st.lists(axis_numbers, max_size=4))
@settings(max_examples=300)
def test_transpose_of_anything_moves_axes_or_is_refused(
    x: np.ndarray, arguments: list[Any]
) -> None:
    result = answer(lambda: Tensor(x).transpose(*arguments), "transpose")
    if result is None:
        return
    if len(arguments) == 0:
        expected = x.T
    elif len(arguments) == 2:
        expected = np.swapaxes(x, arguments[0], arguments[1])
    else:
        expected = x.transpose(*arguments)
    np.testing.assert_array_equal(result.data, expected)


@given(argument=odd)
def test_transpose_by_anything_is_answered(argument: Any) -> None:
    answer(lambda: Tensor(np.ones((2, 3, 4))).transpose(argument), "transpose")
    answer(lambda: Tensor(np.ones((2, 3, 4))).transpose(0, argument), "transpose")


index_parts = st.one_of(
    st.integers(-4, 4),
    st.none(),
    st.just(...),
    st.slices(4),
    st.booleans(),
    st.lists(st.integers(-3, 3), max_size=3),
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, max_side=2), elements=st.integers(-3, 3)),
    hnp.arrays(bool, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=3)),
    st.sampled_from([1.0, "a", b"b", 10**30, {}, slice(None, None, 0), slice("a"), 1j, len]),
    st.builds(lambda i: Tensor(i, dtype=np.int64), st.lists(st.integers(-3, 3), max_size=2)),
    st.builds(Tensor, st.lists(moderate, max_size=2)),
)
indices = index_parts | st.lists(index_parts, max_size=4).map(tuple)


# It lets an index be out of bounds where the result is empty anyway, and says that it will not.
NUMPY_2_0 = pytest.mark.filterwarnings("ignore:Out of bound index:DeprecationWarning")


def plain(index: Any) -> Any:
    """The index without tensors."""
    if isinstance(index, tuple):
        return tuple(plain(part) for part in index)
    return index.data if isinstance(index, Tensor) else index


@NUMPY_2_0
@given(x=number_arrays(elements=moderate), index=indices)
@settings(max_examples=500)
def test_indexing_with_anything_is_that_of_numpy_or_refused(x: np.ndarray, index: Any) -> None:
    result = answer(lambda: Tensor(x)[index], "getitem")
    try:
        expected = x[plain(index)]
    except (ValueError, TypeError, IndexError, OverflowError):
        assert result is None, "NumPy could not do it"
        return
    assert result is not None, "NumPy could do it"
    same(result, expected)


@NUMPY_2_0
@given(x=number_arrays(elements=moderate), index=indices, value=number_arrays(elements=moderate))
@settings(max_examples=300)
def test_writing_with_any_index_is_that_of_numpy_or_refused(
    x: np.ndarray, index: Any, value: np.ndarray
) -> None:
    expected, tensor = x.copy(), Tensor(x.copy())
    try:
        expected[plain(index)] = value
        possible = True
    except (ValueError, TypeError, IndexError, OverflowError):
        possible = False

    def write() -> bool:
        tensor[index] = value
        return True

    assert bool(answer(write, "setitem", "Tensor")) == possible
    if possible:
        np.testing.assert_array_equal(tensor.data, expected)


@given(value=odd)
@settings(max_examples=200)
def test_writing_anything_is_right_or_refused(value: Any) -> None:
    tensor = Tensor([1.0, 2.0])

    def write() -> bool:
        tensor[0] = value
        return True

    if answer(write, "setitem", "Tensor"):
        assert tensor.data[0] == np.float32(np.asarray(value, dtype=np.float64).reshape(())) or (
            np.isnan(tensor.data[0])
        )
        assert not (value is None and np.isnan(tensor.data[0]))
    else:
        assert tensor.data.tolist() == [1.0, 2.0]
    assert tensor.dtype == np.float32


# ---- Activations ---------------------------------------------------------------------------------

far_out = st.one_of(
    float32s,
    st.sampled_from(
        [1e4, -1e4, float(np.float32(1e30)), -float(np.float32(1e30)), LARGEST, -LARGEST]
    ),
    st.floats(-20, 20, width=32),
)


def exact_sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def exact_gelu(x: np.ndarray) -> np.ndarray:
    bounded = np.clip(x, -50, 50)
    return x * exact_sigmoid(2 * np.sqrt(2 / np.pi) * (bounded + 0.044715 * bounded**3))


REFERENCES: dict[str, tuple[Activation, Callable[[np.ndarray], np.ndarray]]] = {
    "ReLU": (ReLU(), lambda x: np.where(x > 0, x, 0)),
    "Sigmoid": (Sigmoid(), exact_sigmoid),
    "Tanh": (Tanh(), np.tanh),
    "GELU": (GELU(), exact_gelu),
}


@pytest.mark.parametrize("name", REFERENCES)
@given(x=number_arrays(elements=far_out))
@settings(max_examples=200)
def test_activations_of_any_float32_are_those_of_float64(name: str, x: np.ndarray) -> None:
    activation, reference = REFERENCES[name]
    same(activation(Tensor(x)), reference(x.astype(np.float64)), rtol=1e-5, atol=1e-6)


@given(x=number_arrays(elements=far_out), axis=axes)
@settings(max_examples=300)
def test_softmax_of_any_float32_over_any_axis_is_that_of_float64(x: np.ndarray, axis: Any) -> None:
    result = answer(lambda: Softmax(axis=axis)(Tensor(x)), "softmax", "Softmax")
    if isinstance(axis, Tensor):
        return
    exact = x.astype(np.float64)
    try:
        shifted = np.exp(exact - exact.max(axis=axis, keepdims=True, initial=-np.inf))
        expected = shifted / shifted.sum(axis=axis, keepdims=True)
    except (ValueError, TypeError, IndexError, OverflowError):
        assert result is None or x.size == 0, "NumPy could not do it"
        return
    assert result is not None, "NumPy could do it"
    same(result, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("activation", [ReLU(), Sigmoid(), Tanh(), GELU(), Softmax()], ids=str)
@given(x=odd)
@settings(max_examples=80)
def test_activations_of_anything_are_answered(activation: Activation, x: Any) -> None:
    name = type(activation).__name__.lower()
    result = answer(lambda: activation(x), name, "Tensor")
    if result is not None:
        assert result.dtype == np.float32
        assert result.shape == Tensor(x).shape


# ---- Layers --------------------------------------------------------------------------------------

layer_sizes = st.integers(-2, 8) | st.sampled_from(
    [1.0, 2.5, math.nan, "3", None, True, (3,), 10**30]
)


@given(rows=layer_sizes, columns=layer_sizes, bias=st.booleans())
@settings(max_examples=150)
def test_linear_of_any_sizes_is_made_or_refused(rows: Any, columns: Any, bias: bool) -> None:
    layer = answer(lambda: Linear(rows, columns, bias=bias), "Linear")
    valid = all(type(size) is int and 0 <= size < 100 for size in (rows, columns))
    assert (layer is not None) == valid
    if layer is not None:
        assert layer.weight.shape == (rows, columns)
        assert np.isfinite(layer.weight.data).all()
        assert layer(np.ones((2, rows))).shape == (2, columns)


@given(
    x=number_arrays(
        elements=moderate, shapes=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    ),
    rows=st.integers(0, 4),
)
@settings(max_examples=200)
def test_linear_of_any_shape_is_a_product_over_the_last_axis_or_refused(
    x: np.ndarray, rows: int
) -> None:
    layer = Linear(rows, 2)
    result = answer(lambda: layer(Tensor(x)), f"Linear({rows}, 2)")
    assert (result is not None) == (x.shape[-1:] == (rows,))
    if result is not None:
        same(result, x.astype(np.float64) @ layer.weight.data, rtol=1e-4, atol=1e-2)


@given(x=odd)
@settings(max_examples=200)
def test_layers_of_anything_are_answered(x: Any) -> None:
    result = answer(lambda: Linear(2, 3)(x), "Linear", "Tensor")
    if result is not None:
        assert result.shape == (*np.shape(np.asarray(x))[:-1], 3)
        assert result.dtype == np.float32
    for training in (True, False):
        dropped = answer(lambda training=training: Dropout(0.5)(x, training=training), "Tensor")
        if dropped is not None:
            assert dropped.dtype == np.float32
            assert dropped.shape == Tensor(x).shape


@given(p=odd_scalars | st.floats(0, 1), x=number_arrays(elements=moderate))
@settings(max_examples=300)
@example(p=1 - 2**-53, x=np.ones(100, dtype=np.float32))
@example(p=5e-324, x=np.ones(100, dtype=np.float32))
def test_dropout_with_any_p_drops_and_scales_or_is_refused(p: Any, x: np.ndarray) -> None:
    layer = answer(lambda: Dropout(p), "Dropout")
    number = isinstance(p, (int, float, np.number)) and not isinstance(p, (bool, np.datetime64))
    assert (layer is not None) == bool(number and 0 <= p <= 1)
    if layer is None:
        return
    result = layer(Tensor(x), training=True).data
    assert result.shape == x.shape
    assert np.isfinite(result).all()
    kept = result != 0
    scale = 1 / (1 - float(p)) if p < 1 else 0.0
    np.testing.assert_allclose(result[kept], x[kept].astype(np.float64) * scale, rtol=1e-5)


# ---- Losses --------------------------------------------------------------------------------------


@given(prediction=number_arrays(elements=moderate), target=number_arrays(elements=moderate))
@settings(max_examples=150)
def test_mean_squared_error_of_any_shapes(prediction: np.ndarray, target: np.ndarray) -> None:
    result = answer(lambda: MSELoss()(Tensor(prediction), Tensor(target)), "MSELoss")
    valid = prediction.shape == target.shape and prediction.size > 0
    assert (result is not None) == valid
    if result is not None:
        difference = prediction.astype(np.float64) - target.astype(np.float64)
        same(result, np.mean(difference**2), rtol=1e-5, atol=1e-30)


@given(shape=small_shapes, data=st.data())
@settings(max_examples=150)
def test_mean_squared_error_of_any_dtypes_does_not_wrap(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    pair = [
        data.draw(
            hnp.arrays(data.draw(number_dtypes), shape, elements={"min_value": 0, "max_value": 1})
        )
        if data.draw(st.booleans())
        else data.draw(hnp.arrays(np.uint8, shape))
        for _ in range(2)
    ]
    result = answer(lambda: MSELoss()(*(Tensor(a, dtype=a.dtype) for a in pair)), "MSELoss")
    if result is not None:
        expected = np.mean((pair[0].astype(np.float64) - pair[1].astype(np.float64)) ** 2)
        assert result.item() == pytest.approx(expected, rel=1e-2, abs=1e-6)


@given(
    prediction=number_arrays(elements=st.floats(-0.5, 1.5, width=32) | st.sampled_from([0.0, 1.0])),
    target=number_arrays(elements=st.sampled_from([0.0, 0.5, 1.0, 2.0])),
)
@settings(max_examples=200)
def test_binary_cross_entropy_of_any_probabilities(
    prediction: np.ndarray, target: np.ndarray
) -> None:
    result = answer(
        lambda: BinaryCrossEntropyLoss()(Tensor(prediction), Tensor(target)),
        "BinaryCrossEntropyLoss",
    )
    valid = (
        prediction.shape == target.shape
        and prediction.size > 0
        and all(((a >= 0) & (a <= 1)).all() for a in (prediction, target))
    )
    assert (result is not None) == valid
    if result is not None:
        p, t = prediction.astype(np.float64), target.astype(np.float64)
        yes, no = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
        same(result, -np.mean(t * yes + (1 - t) * no), rtol=1e-4, atol=1e-6)


@given(
    logits=number_arrays(elements=far_out),
    classes=hnp.arrays(
        st.sampled_from([np.dtype(code) for code in ("i8", "u1", "i2", "f4", "f8")]),
        hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
        elements={"min_value": 0, "max_value": 3},
    ),
)
@settings(max_examples=300)
def test_cross_entropy_of_any_logits_and_classes(logits: np.ndarray, classes: np.ndarray) -> None:
    result = answer(lambda: CrossEntropyLoss()(Tensor(logits), classes), "CrossEntropyLoss")
    whole = bool((classes == np.trunc(classes)).all())
    valid = (
        logits.ndim > 0
        and logits.size > 0
        and logits.shape[:-1] == classes.shape
        and whole
        and bool((classes < logits.shape[-1]).all())
    )
    assert (result is not None) == valid
    if result is None:
        return
    rows = logits.astype(np.float64).reshape(-1, logits.shape[-1])
    shifted = rows - rows.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(rows)), classes.reshape(-1).astype(int)]
    surprise = np.log(np.exp(shifted).sum(axis=1)) - right
    if np.abs(rows).max() < LARGEST / 8:
        same(result, np.mean(surprise), rtol=1e-4, atol=1e-4)
    else:
        assert not np.isnan(result.item())


@pytest.mark.parametrize("loss", [MSELoss(), BinaryCrossEntropyLoss(), CrossEntropyLoss()])
@given(first=odd, second=odd)
@settings(max_examples=150)
def test_losses_of_anything_are_answered(loss: Any, first: Any, second: Any) -> None:
    name = type(loss).__name__
    good = [[0.25, 0.75]]
    for pair in ((first, second), (good, second), (first, good), (first, first)):
        result = answer(lambda pair=pair: loss(*pair), name, "Tensor")
        assert result is None or result.shape == ()


# ---- Backward ------------------------------------------------------------------------------------


@given(gradient=odd)
@settings(max_examples=200)
def test_backward_from_anything_is_right_or_refused(gradient: Any) -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    result = x * 3

    def walk() -> bool:
        result.backward(gradient)
        return True

    if answer(walk, "backward()", "Tensor"):
        assert x.grad is not None
        with np.errstate(over="ignore"):
            expected = 3 * np.asarray(gradient, dtype=np.float64).astype(np.float32)
        np.testing.assert_allclose(x.grad.data, expected, rtol=1e-6)
    else:
        assert x.grad is None
        result.sum().backward()


# ---- Optimizers ----------------------------------------------------------------------------------

settings_of_optimizers = st.one_of(
    st.floats(0, 0.99),
    any_float,
    st.sampled_from([None, "0.1", True, 1j, [0.1], np.float32(0.5), np.int64(0), 1, 10**400]),
)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
@given(lr=settings_of_optimizers, weight_decay=settings_of_optimizers, third=settings_of_optimizers)
@settings(max_examples=100)
def test_optimizers_with_any_settings_step_or_refuse(
    kind: type[Optimizer], lr: Any, weight_decay: Any, third: Any
) -> None:
    parameter = Tensor([1.0, -2.0], requires_grad=True)
    name = "momentum" if kind is SGD else "eps"
    optimizer = answer(
        lambda: kind([parameter], lr=lr, weight_decay=weight_decay, **{name: third}), kind.__name__
    )

    def number(value: Any, below: float) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            return False
        # A whole number may be too large for any float.
        return not (isinstance(value, int) and value > 10**300) and bool(0 <= value < below)

    valid = number(lr, math.inf) and number(weight_decay, math.inf)
    valid = valid and number(third, 1 if kind is SGD else math.inf)
    assert (optimizer is not None) == valid
    if optimizer is not None:
        parameter.grad = Tensor([0.5, 0.25])
        optimizer.step()
        assert parameter.dtype == np.float32
        assert parameter.shape == (2,)
        if max(float(lr), float(weight_decay)) < 1e3:
            assert np.isfinite(parameter.data).all()


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
@given(parameters=odd | st.lists(odd, max_size=3))
@settings(max_examples=80)
def test_optimizers_of_anything_are_refused(kind: type[Optimizer], parameters: Any) -> None:
    assert answer(lambda: kind(parameters), kind.__name__) is None


@given(betas=odd)
def test_adam_with_any_betas_is_made_or_refused(betas: Any) -> None:
    parameter = Tensor([1.0], requires_grad=True)
    optimizer = answer(lambda: Adam([parameter], betas=betas), "Adam")
    if optimizer is not None:
        parameter.grad = Tensor([1.0])
        optimizer.step()
        assert np.isfinite(parameter.data).all()


@given(gradient=odd)
@settings(max_examples=150)
def test_a_step_along_any_gradient_is_right_or_refused(gradient: Any) -> None:
    parameter = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = SGD([parameter], lr=0.5)
    parameter.grad = gradient

    def step() -> bool:
        optimizer.step()
        return True

    if answer(step, "gradient", "Tensor") is None:
        assert parameter.data.tolist() == [1.0, 2.0]
    elif gradient is not None:
        expected = np.array([1.0, 2.0]) - 0.5 * np.asarray(gradient, dtype=np.float64)
        np.testing.assert_allclose(parameter.data, expected.astype(np.float32), rtol=1e-5)


# ---- Training ------------------------------------------------------------------------------------


@given(
    samples=st.integers(0, 20),
    batch_size=st.integers(-2, 25) | st.sampled_from([1.5, "2", None, True, 10**30, np.int64(3)]),
    shuffle=st.booleans(),
)
@settings(max_examples=150)
def test_batches_of_any_size_hold_every_sample_once(
    samples: int, batch_size: Any, shuffle: bool
) -> None:
    x = np.arange(samples, dtype=np.float32).reshape(samples, 1)
    found = answer(lambda: list(batches(x, np.arange(samples), batch_size, shuffle)), "batch")
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    assert (found is not None) == (whole and batch_size >= 1)
    if found is None:
        return
    targets = [int(y) for _, batch in found for y in batch]
    assert sorted(targets) == list(range(samples))
    assert shuffle or targets == list(range(samples))
    assert [float(v) for inputs, _ in found for v in inputs.data[:, 0]] == targets
    assert all(len(batch) == batch_size for _, batch in found[:-1])


@given(inputs=odd, targets=odd)
@settings(max_examples=200)
def test_batches_of_anything_are_answered(inputs: Any, targets: Any) -> None:
    def go() -> list[Any]:
        return list(batches(inputs, targets, 2))

    found = answer(go, "batches", "Tensor")
    for batch, _ in found or []:
        assert batch.dtype == np.float32


@given(inputs=odd, batch_size=st.integers(-1, 3) | odd_scalars)
@settings(max_examples=150)
def test_predictions_for_anything_are_answered(inputs: Any, batch_size: Any) -> None:
    result = answer(
        lambda: predict(lambda x, training: x * 2, inputs, batch_size), "predict", "batch", "Tensor"
    )
    if result is not None:
        assert result.dtype == np.float32
        assert len(result) == len(inputs)


@given(
    lr=settings_of_optimizers,
    steps=st.integers(-2, 20) | settings_of_optimizers,
    third=st.integers(-2, 20) | settings_of_optimizers,
    step=st.integers(0, 50),
)
@settings(max_examples=300)
def test_schedules_with_any_settings_give_a_rate_or_refuse(
    lr: Any, steps: Any, third: Any, step: int
) -> None:
    for schedule in (
        answer(lambda: constant(lr), "lr"),
        answer(lambda: step_decay(lr, steps), "lr", "every"),
        answer(lambda: step_decay(lr, 3, third), "lr", "factor"),
        answer(lambda: cosine(lr, steps), "lr", "steps"),
        answer(lambda: cosine(lr, 10, third), "lr", "steps", "warmup"),
    ):
        # A factor that large overflows after a few steps, in Python's own words.
        if schedule is not None and not (isinstance(third, float) and third > 1e6):
            assert math.isfinite(lr)
            rate = schedule(step)
            assert not math.isnan(rate)
            assert rate >= 0


@given(tensors=odd | st.dictionaries(st.text(max_size=3) | st.integers(), odd, max_size=2))
@settings(max_examples=200)
def test_whatever_is_saved_is_loaded_again_or_refused(
    tensors: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("odd", numbered=True) / "w"

    def write() -> bool:
        save(path, tensors)
        return True

    if answer(write, "save"):
        found = load(path)
        assert list(found) == list(tensors)
        for name, tensor in tensors.items():
            np.testing.assert_array_equal(found[name].data, np.asarray(tensor))
    else:
        assert list(path.parent.iterdir()) == []


@given(content=st.binary(max_size=200))
@settings(max_examples=200)
def test_random_bytes_are_no_file_of_weights(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "random-bytes"
    path.write_bytes(content)
    assert not answer(lambda: load(path), "random-bytes")


@given(seed=odd)
@settings(max_examples=150)
def test_any_seed_is_taken_or_refused(seed: Any) -> None:
    generator = answer(lambda: tinytorch.manual_seed(seed), "manual_seed")
    whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
    assert (generator is not None) == bool(whole and seed >= 0)
