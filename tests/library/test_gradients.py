"""Gradients of every operation agree with central finite differences, in float64."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinytorch
from tinytorch.core.activations import GELU, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.autograd import derivative
from tinytorch.core.layers import Dropout, Linear, linear
from tinytorch.core.losses import (
    BinaryCrossEntropyLoss,
    CrossEntropyLoss,
    MSELoss,
    log_softmax,
)
from tinytorch.core.tensor import Tensor, apply

Function = Callable[..., Tensor]

STEP = 1e-5  # the error of a central difference is then some 1e-10 from either side


def random_array(shape: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Numbers without ties, none within 0.01 of zero, in which every kink here lies."""
    generator = np.random.default_rng(abs(hash((shape, low, high))))
    values = generator.uniform(low, high, shape)
    return np.where(np.abs(values) < 0.01, 0.01, values)


def check_gradients(function: Function, *arrays: Any) -> None:
    """Compare the gradients of `function` for all of its inputs with finite differences.

    The result is weighted with random numbers and added up, so that each element of the result
    counts for something else.
    """
    arrays = tuple(np.array(array, dtype=np.float64) for array in arrays)
    tensors = [Tensor(array.copy(), requires_grad=True, dtype=np.float64) for array in arrays]
    result = function(*tensors)
    assert result.dtype == np.float64
    weights = np.random.default_rng(1).uniform(0.5, 1.5, result.shape)
    result.backward(weights)

    def weighted(*values: np.ndarray) -> float:
        plain = function(*(Tensor(value, dtype=np.float64) for value in values))
        return float((plain.data * weights).sum())

    for position, (array, tensor) in enumerate(zip(arrays, tensors, strict=True)):
        expected = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            above, below = array.copy(), array.copy()
            above[index] += STEP
            below[index] -= STEP
            before, after = arrays[:position], arrays[position + 1 :]
            difference = weighted(*before, above, *after) - weighted(*before, below, *after)
            expected[index] = difference / (2 * STEP)
        assert tensor.grad is not None, f"no gradient for input {position}"
        assert tensor.grad.dtype == np.float64
        assert tensor.grad.shape == array.shape
        np.testing.assert_allclose(
            tensor.grad.data, expected, rtol=1e-6, atol=1e-8, err_msg=f"input {position}"
        )


# ---- Element by element --------------------------------------------------------------------------

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (2, 1, 3), (0,), (2, 0, 3)]

ONE_INPUT: dict[str, tuple[Function, float, float]] = {
    "-x": (lambda x: -x, -2, 2),
    "abs(x)": (lambda x: abs(x), -2, 2),
    "x.abs()": (lambda x: x.abs(), -2, 2),
    "x**2": (lambda x: x**2, -2, 2),
    "x**3": (lambda x: x**3, -2, 2),
    "x**0": (lambda x: x**0, -2, 2),
    "x**1": (lambda x: x**1, -2, 2),
    "x**-1": (lambda x: x**-1, 0.3, 2),
    "x**0.5": (lambda x: x**0.5, 0.3, 2),
    "x**-1.5": (lambda x: x**-1.5, 0.3, 2),
    "2**x": (lambda x: 2**x, -2, 2),
    "x**x": (lambda x: x**x, 0.3, 2),
    "x*x": (lambda x: x * x, -2, 2),
    "x/x": (lambda x: x / x, 0.3, 2),
    "1/x": (lambda x: 1 / x, 0.3, 2),
    "x-x": (lambda x: x - x, -2, 2),
    "1-x": (lambda x: 1 - x, -2, 2),
    "x+1": (lambda x: x + 1, -2, 2),
    "1+x": (lambda x: 1 + x, -2, 2),
    "x-1": (lambda x: x - 1, -2, 2),
    "3*x": (lambda x: 3 * x, -2, 2),
    "x*True": (lambda x: x * True, -2, 2),
    "x.exp()": (lambda x: x.exp(), -2, 2),
    "x.log()": (lambda x: x.log(), 0.3, 2),
    "x.sqrt()": (lambda x: x.sqrt(), 0.3, 2),
    "np.negative": (np.negative, -2, 2),
    "np.absolute": (np.absolute, -2, 2),
    "np.square": (np.square, -2, 2),
    "np.sqrt": (np.sqrt, 0.3, 2),
    "np.exp": (np.exp, -2, 2),
    "np.log": (np.log, 0.3, 2),
    "np.sin": (np.sin, -2, 2),
    "np.cos": (np.cos, -2, 2),
    "np.tanh": (np.tanh, -2, 2),
    "np.maximum(x, 0.5)": (lambda x: np.maximum(x, 0.5), -2, 2),
    "np.minimum(0.5, x)": (lambda x: np.minimum(0.5, x), -2, 2),
    "ReLU": (ReLU(), -2, 2),
    "Sigmoid": (Sigmoid(), -5, 5),
    "Tanh": (Tanh(), -3, 3),
    "GELU": (GELU(), -4, 4),
    "GELU beyond its bound": (GELU(), 11, 20),
    "x.T": (lambda x: x.T, -2, 2),
    "x.flatten()": (lambda x: x.flatten(), -2, 2),
    "x.sum()": (lambda x: x.sum(), -2, 2),
    "np.sum(x)": (np.sum, -2, 2),
    "np.transpose(x)": (np.transpose, -2, 2),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", ONE_INPUT)
def test_gradient_of_an_operation_on_one_input(name: str, shape: tuple[int, ...]) -> None:
    function, low, high = ONE_INPUT[name]
    check_gradients(function, random_array(shape, low, high))


TWO_INPUTS: dict[str, tuple[Function, float, float]] = {
    "x+y": (lambda x, y: x + y, -2, 2),
    "x-y": (lambda x, y: x - y, -2, 2),
    "x*y": (lambda x, y: x * y, -2, 2),
    "x/y": (lambda x, y: x / y, 0.3, 2),
    "x**y": (lambda x, y: x**y, 0.3, 2),
    "np.add": (np.add, -2, 2),
    "np.multiply": (np.multiply, -2, 2),
    "np.power": (np.power, 0.3, 2),
    "np.maximum": (np.maximum, -2, 2),
    "np.minimum": (np.minimum, -2, 2),
    "np.where": (lambda x, y: np.where(np.array(True), x * 2, y * 3), -2, 2),
    "np.where of a comparison": (lambda x, y: np.where(x > y, x, y * y), -2, 2),
}

SHAPE_PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((3,), (3,)),
    ((), (3,)),
    ((3,), ()),
    ((1,), ()),
    ((), (1, 1)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1), (1, 3)),
    ((2, 1), (3,)),
    ((2, 3), (1, 1)),
    ((1, 1, 1), (2,)),
    ((4, 1, 3), (2, 1)),
    ((2, 1), (4, 1, 3)),
    ((1, 2, 1, 2), (2, 1, 2, 1)),
    ((0,), (1,)),
    ((1,), (0,)),
    ((0,), ()),
    ((2, 0), (1,)),
    ((3, 1), (0,)),
    ((2, 0, 3), (3,)),
    ((1, 3), (2, 0, 1)),
]


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
@pytest.mark.parametrize("name", TWO_INPUTS)
def test_gradient_of_an_operation_on_two_inputs_that_broadcast(
    name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    function, low, high = TWO_INPUTS[name]
    x, y = random_array(shapes[0], low, high), random_array(shapes[1], low - 0.003, high)
    if name in ("np.maximum", "np.minimum", "np.where of a comparison"):
        # A kink lies where x and y are equal: keep them apart by more than the step.
        y = np.where(np.any(np.abs(np.subtract.outer(y, x.ravel())) < 1e-3, axis=-1), y + 0.01, y)
    check_gradients(function, x, y)


@pytest.mark.parametrize("name", TWO_INPUTS)
@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3),
)
@settings(max_examples=15)
def test_gradient_of_an_operation_on_shapes_drawn_at_random(
    name: str, shapes: hnp.BroadcastableShapes
) -> None:
    test_gradient_of_an_operation_on_two_inputs_that_broadcast(name, shapes.input_shapes)


@pytest.mark.parametrize("shapes", SHAPE_PAIRS, ids=str)
def test_gradient_beside_a_plain_array_on_either_side(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    array = random_array(shapes[1], 0.3, 2)
    for function in (
        lambda x: array * x,
        lambda x: x * array,
        lambda x: array / x,
        lambda x: x / array,
        lambda x: array - x,
        lambda x: array**x,
        lambda x: x**array,
    ):
        check_gradients(function, random_array(shapes[0], 0.3, 2))


# ---- Where a formula needs care ------------------------------------------------------------------


def gradient_of(function: Function, *values: Any) -> list[Any]:
    """The gradients of the sum of the result, as lists."""
    tensors = [Tensor(value, requires_grad=True, dtype=np.float64) for value in values]
    function(*tensors).sum().backward()
    gradients = []
    for tensor in tensors:
        assert tensor.grad is not None
        gradients.append(tensor.grad.data.tolist())
    return gradients


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [(0, 0.0), (0.0, 0.0), (1, 1.0), (2, 0.0), (2.0, 0.0), (3, 0.0), (1.5, 0.0)],
)
def test_a_power_of_zero_has_the_right_slope(exponent: float, expected: float) -> None:
    assert gradient_of(lambda x: x**exponent, [0.0]) == [[expected]]
    assert gradient_of(lambda x, y: x**y, [0.0], [exponent])[0] == [expected]


def test_a_power_with_base_zero_is_flat_in_its_exponent() -> None:
    assert gradient_of(lambda x, y: x**y, [0.0, 0.0], [1.0, 2.5]) == [[1.0, 0.0], [0.0, 0.0]]
    assert gradient_of(lambda y: 0**y, [1.0, 3.0]) == [[0.0, 0.0]]


@pytest.mark.parametrize("exponent", [-3, -2, -1, 0, 1, 2, 3])
def test_a_whole_power_of_a_negative_base_has_its_gradient(exponent: int) -> None:
    check_gradients(lambda x: x**exponent, [-2.0, -0.5, 0.5, 2.0])
    check_gradients(lambda x: x ** float(exponent), [-2.0, -0.5, 0.5, 2.0])
    check_gradients(lambda x: np.power(x, exponent), [-2.0, -0.5, 0.5, 2.0])


def test_the_power_of_a_negative_base_is_no_reason_for_a_nan_in_the_base_gradient() -> None:
    with np.errstate(invalid="ignore"):
        base, _ = gradient_of(lambda x, y: x**y, [-2.0], [2.0])
    assert base == [-4.0]


# What PyTorch 2.13 gives: a line for each base, a column for each exponent of the first line.
SLOPE_IN_THE_BASE = """
         -inf     -2     -1       -0.5  -0.0    0        0.5     1     2   inf   nan
  -inf    nan      0      0          0     0    0          0     1  -inf   inf   nan
    -2    nan   0.25  -0.25        nan     0    0        nan     1    -4   inf   nan
    -1   -inf      2     -1        nan     0    0        nan     1    -2   inf   nan
  -0.5   -inf     16     -4        nan     0    0        nan     1    -1   nan   nan
  -0.0   -inf    inf   -inf       -inf     0    0        inf     1     0   nan   nan
     0   -inf   -inf   -inf       -inf     0    0        inf     1     0   nan   nan
   0.5   -inf    -16     -4   -1.41421     0    0   0.707107     1     1   nan   nan
     1   -inf     -2     -1       -0.5     0    0        0.5     1     2   inf   nan
     2    nan  -0.25  -0.25  -0.176777     0    0   0.353553     1     4   inf   nan
   inf    nan      0      0          0     0    0          0     1   inf   inf   nan
   nan    nan    nan    nan        nan     0    0        nan     1   nan   nan   nan
"""
SLOPE_IN_THE_EXPONENT = """
         -inf        -2        -1       -0.5       -0.0          0        0.5          1         2   inf   nan
  -inf    nan       nan       nan        nan        nan        nan        nan        nan       nan   nan   nan
    -2    nan       nan       nan        nan        nan        nan        nan        nan       nan   nan   nan
    -1    nan       nan       nan        nan        nan        nan        nan        nan       nan   nan   nan
  -0.5    nan       nan       nan        nan        nan        nan        nan        nan       nan   nan   nan
  -0.0   -inf      -inf       inf       -inf          0          0          0          0         0     0   nan
     0   -inf      -inf      -inf       -inf          0          0          0          0         0     0   nan
   0.5   -inf  -2.77259  -1.38629  -0.980258  -0.693147  -0.693147  -0.490129  -0.346574 -0.173287     0   nan
     1      0         0         0          0          0          0          0          0         0     0     0
     2      0  0.173287  0.346574   0.490129   0.693147   0.693147   0.980258    1.38629   2.77259   inf   nan
   inf    nan       nan       nan        nan        inf        inf        inf        inf       inf   inf   nan
   nan    nan       nan       nan        nan        nan        nan        nan        nan       nan   nan   nan
"""  # noqa: E501


def table(text: str) -> list[tuple[float, float, float]]:
    """The base, the exponent and the slope of each entry."""
    first, *lines = text.strip().splitlines()
    return [
        (float(line.split()[0]), float(exponent), float(slope))
        for line in lines
        for exponent, slope in zip(first.split(), line.split()[1:], strict=True)
    ]


def slope_of(function: Function, value: float) -> Any:
    """The slope of a function of one number, with no warning where there is none."""
    with np.errstate(all="ignore"):
        return gradient_of(function, [value])[0]


@pytest.mark.parametrize(("base", "exponent", "expected"), table(SLOPE_IN_THE_BASE))
def test_the_slope_of_a_power_in_its_base_is_that_of_pytorch(
    base: float, exponent: float, expected: float
) -> None:
    powers: list[Function] = [
        lambda x: x ** Tensor([exponent], requires_grad=True),
        lambda x: x ** np.array([exponent]),
        lambda x: np.power(x, exponent),
    ]
    if abs(exponent) != 0.5 or base not in (0, -np.inf):  # a root is another matter there, below
        powers.append(lambda x: x**exponent)
    if exponent in (-2, -1, 0, 1, 2):
        powers += [lambda x: x ** int(exponent), lambda x: x ** np.int64(exponent)]
        powers.append(lambda x: x ** Tensor([exponent], dtype=np.int32))
    if exponent in (0, 1):
        powers += [lambda x: x ** bool(exponent), lambda x: x ** np.array([exponent], bool)]
        powers.append(lambda x: x ** np.array([exponent], np.uint8))
    for power in powers:
        np.testing.assert_allclose(slope_of(power, base), [expected], rtol=1e-5)


@pytest.mark.parametrize(("base", "exponent", "expected"), table(SLOPE_IN_THE_EXPONENT))
def test_the_slope_of_a_power_in_its_exponent_is_that_of_pytorch(
    base: float, exponent: float, expected: float
) -> None:
    powers: list[Function] = [
        lambda y: Tensor([base], requires_grad=True) ** y,
        lambda y: np.array([base]) ** y,
        lambda y: np.power(base, y),
        lambda y: base**y,
    ]
    if base in (-2, -1, 1, 2) or str(base) == "0.0":  # whole numbers have no -0
        powers += [lambda y: int(base) ** y, lambda y: np.int64(base) ** y]
        powers.append(lambda y: Tensor([base], dtype=np.int32) ** y)
    for power in powers:
        np.testing.assert_allclose(slope_of(power, exponent), [expected], rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, -0.0, np.inf, -np.inf, np.nan])
def test_a_power_of_zero_is_flat_whatever_gradient_arrives(value: float) -> None:
    for arriving in (0.0, 1.0, np.inf, np.nan):
        x = Tensor([value], requires_grad=True)
        (x**0).backward([arriving])
        assert x.grad is not None
        assert x.grad.tolist() == [0.0]


def test_a_square_root_written_as_a_power_is_one() -> None:
    x = Tensor([4.0, 0.0, -0.0, np.inf], requires_grad=True)
    with np.errstate(divide="ignore"):
        (x**0.5).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.25, np.inf, -np.inf, 0.0]  # as in PyTorch


def test_equal_arguments_of_maximum_and_minimum_share_the_gradient() -> None:
    for function in (np.maximum, np.minimum):
        assert gradient_of(function, [1.0, 2.0], [1.0, 2.0]) == [[0.5, 0.5], [0.5, 0.5]]


def test_elements_that_tie_for_the_extreme_share_the_gradient() -> None:
    for function in (np.max, np.min):
        assert gradient_of(function, [3.0, 3.0]) == [[0.5, 0.5]]
    assert gradient_of(lambda x: x.max(axis=0), [[1.0, 5.0], [1.0, 2.0]]) == [[[0.5, 1], [0.5, 0]]]
    assert gradient_of(lambda x: x.min(axis=1, keepdims=True), [[1.0, 1.0, 5.0, 1.0]]) == [
        [[1 / 3, 1 / 3, 0, 1 / 3]]
    ]


def test_relu_and_absolute_are_flat_at_zero() -> None:
    assert gradient_of(ReLU(), [0.0, -0.0]) == [[0.0, 0.0]]
    assert gradient_of(abs, [0.0]) == [[0.0]]


@pytest.mark.parametrize("activation", [ReLU(), Sigmoid(), Tanh(), GELU(), Softmax()], ids=str)
@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_activations_have_finite_gradients_far_out(activation: Function, size: float) -> None:
    x = Tensor([[size, -size, 0.0]], requires_grad=True)
    activation(x).sum().backward()
    assert x.grad is not None
    assert np.isfinite(x.grad.data).all()


# ---- Reductions ----------------------------------------------------------------------------------

AXES: list[Any] = [None, 0, 1, 2, -1, -3, (0,), (0, 2), (2, 0), (-1, 0), (0, 1, 2), ()]

REDUCTIONS: dict[str, Function] = {
    "x.sum": lambda x, **options: x.sum(**options),
    "x.mean": lambda x, **options: x.mean(**options),
    "x.max": lambda x, **options: x.max(**options),
    "x.min": lambda x, **options: x.min(**options),
    "x.var": lambda x, **options: x.var(**options),
    "np.sum": np.sum,
    "np.mean": np.mean,
    "np.max": np.max,
    "np.min": np.min,
}


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_gradient_of_a_reduction_over_any_axes(name: str, axis: Any, keepdims: bool) -> None:
    function = REDUCTIONS[name]
    check_gradients(
        lambda x: function(x, axis=axis, keepdims=keepdims), random_array((2, 3, 4), -2, 2)
    )


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), (0, 2), ()], ids=str)
def test_gradient_of_a_reduction_takes_the_axis_by_position(axis: Any) -> None:
    for function in (np.sum, np.mean, np.max):
        check_gradients(lambda x, function=function: function(x, axis), random_array((2, 3, 4)))
    check_gradients(lambda x: x.sum(axis, True), random_array((2, 3, 4)))


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 1), (1, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 2, 1), (0, 0, 0)], ids=str)
def test_gradient_of_a_sum_over_a_zero_size_array(shape: tuple[int, ...], axis: Any) -> None:
    check_gradients(lambda x: x.sum(axis=axis), np.zeros(shape))
    check_gradients(lambda x: x.sum(axis=axis, keepdims=True), np.zeros(shape))


def test_gradient_of_an_extreme_over_a_zero_size_batch() -> None:
    check_gradients(lambda x: x.max(axis=1), np.zeros((0, 3)))
    check_gradients(lambda x: x.mean(axis=1), np.zeros((0, 3)))


def test_gradient_of_a_reduction_of_a_single_number() -> None:
    for name, function in REDUCTIONS.items():
        if name != "x.var":  # which is 0 whatever the number
            check_gradients(function, 3.0)
    check_gradients(lambda x: x.sum(axis=-1), 3.0)
    assert gradient_of(lambda x: x.var(), 3.0) == [0.0]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, (0, 1), (0, 2), None], ids=str)
def test_gradient_of_softmax_over_any_axis(axis: Any) -> None:
    check_gradients(Softmax(axis=axis), random_array((2, 3, 4)))


@given(
    shape=hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3),
    data=st.data(),
)
@settings(max_examples=60)
def test_gradient_of_a_sum_over_axes_drawn_at_random(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    axis = data.draw(st.none() | hnp.valid_tuple_axes(len(shape)), label="axis")
    keepdims = data.draw(st.booleans(), label="keepdims")
    check_gradients(lambda x: (x * x).sum(axis=axis, keepdims=keepdims), random_array(shape))
    count = np.prod([shape[i] for i in (range(len(shape)) if axis is None else axis)])
    if count:
        check_gradients(lambda x: x.mean(axis=axis, keepdims=keepdims), random_array(shape))
        check_gradients(lambda x: x.max(axis=axis, keepdims=keepdims), random_array(shape))


# ---- Shape and position --------------------------------------------------------------------------

RESHAPES: dict[str, Function] = {
    "x.reshape(6, 4)": lambda x: x.reshape(6, 4),
    "x.reshape((6, 4))": lambda x: x.reshape((6, 4)),
    "x.reshape([6, 4])": lambda x: x.reshape([6, 4]),
    "x.reshape(-1)": lambda x: x.reshape(-1),
    "x.reshape(4, -1, 1)": lambda x: x.reshape(4, -1, 1),
    "x.flatten()": lambda x: x.flatten(),
    "np.reshape": lambda x: np.reshape(x, (8, 3)),
    "x.T": lambda x: x.T,
    "x.transpose()": lambda x: x.transpose(),
    "x.transpose(0, 1)": lambda x: x.transpose(0, 1),
    "x.transpose(-1, 0)": lambda x: x.transpose(-1, 0),
    "x.transpose(2, 0, 1)": lambda x: x.transpose(2, 0, 1),
    "x.transpose(-2, -1, 0)": lambda x: x.transpose(-2, -1, 0),
    "np.transpose": lambda x: np.transpose(x, (1, 2, 0)),
    "np.transpose by name": lambda x: np.transpose(x, axes=(1, 2, 0)),
}


@pytest.mark.parametrize("name", RESHAPES)
def test_gradient_of_another_shape(name: str) -> None:
    check_gradients(lambda x: RESHAPES[name](x) * 1.5, random_array((2, 3, 4)))


@given(order=st.permutations(range(4)))
def test_gradient_of_axes_in_any_order(order: list[int]) -> None:
    check_gradients(lambda x: x.transpose(*order), random_array((1, 2, 3, 2)))


def test_gradient_of_reshaping_nothing() -> None:
    check_gradients(lambda x: x.reshape(3, 0, 2), np.zeros((0, 5)))
    check_gradients(lambda x: x.reshape(1, 1), 3.0)
    check_gradients(lambda x: x.reshape(()), [[3.0]])


INDICES: dict[str, Any] = {
    "a number": 1,
    "a negative number": -1,
    "several numbers": (1, 2, 0),
    "a NumPy number": np.int64(2),
    "a slice": slice(1, 3),
    "a slice with a step": slice(None, None, 2),
    "a slice backward": slice(None, None, -1),
    "an empty slice": slice(2, 2),
    "slices": (slice(0, 2), slice(None), slice(1, None)),
    "an ellipsis": ...,
    "an ellipsis and a number": (..., 1),
    "a new axis": None,
    "a new axis in the middle": (slice(None), None, 1),
    "an empty tuple": (),
    "a list with repeats": [0, 2, 2, 2],
    "an array with repeats": np.array([[0, 0], [1, -1]]),
    "an empty list": [],
    "two lists with repeats": ([0, 1, 1], [3, 0, 0]),
    "two arrays that broadcast": (np.array([[0], [2]]), np.array([1, 1, 3])),
    "a list between slices": (slice(None), [1, 1], slice(0, 1)),
    "lists apart": ([0, 1], slice(None), [1, 1]),
    "a mask of rows": np.array([True, False, True]),
    "a mask of all": np.arange(24).reshape(3, 4, 2) % 3 == 0,
    "an empty mask": np.zeros((3, 4, 2), dtype=bool),
    "a mask and a number": (np.array([True, False, True]), 1),
    "a tensor": Tensor([2, 0, 2], dtype=np.int64),
    "a tensor mask": Tensor([True, True, False], dtype=bool),
    "a tensor in a tuple": (Tensor([2, 2], dtype=np.int64), slice(1, 3)),
    "a tensor of one number": Tensor(1, dtype=np.int64),
    "a single truth": True,
}


@pytest.mark.parametrize("name", INDICES)
def test_gradient_of_indexing(name: str) -> None:
    check_gradients(lambda x: x[INDICES[name]], random_array((3, 4, 2)))


@given(index=hnp.basic_indices((3, 2, 3), allow_newaxis=True))
@settings(max_examples=60)
def test_gradient_of_basic_indices_drawn_at_random(index: Any) -> None:
    check_gradients(lambda x: x[index], random_array((3, 2, 3)))


@given(
    index=hnp.integer_array_indices(
        (3, 2, 3), result_shape=hnp.array_shapes(max_dims=2, max_side=3)
    )
)
@settings(max_examples=60)
def test_gradient_of_index_arrays_drawn_at_random(index: Any) -> None:
    check_gradients(lambda x: x[index], random_array((3, 2, 3)))


@given(mask=hnp.arrays(bool, (2, 3)))
def test_gradient_of_masks_drawn_at_random(mask: np.ndarray) -> None:
    check_gradients(lambda x: x[mask], random_array((2, 3)))


def test_gradient_of_a_mask_computed_from_the_tensor_itself() -> None:
    check_gradients(lambda x: x[x > 0], random_array((3, 4)))


def test_gradient_flows_through_iterating() -> None:
    def weighted(x: Tensor) -> Tensor:
        total = Tensor(0.0, dtype=np.float64)
        for weight, row in enumerate(x):
            total = total + row * (weight + 1)
        return total

    check_gradients(weighted, random_array((3, 2)))


# ---- Choosing ------------------------------------------------------------------------------------

CONDITIONS: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,), (3,)),
    ((2, 3), (3,), ()),
    ((), (2, 3), (3,)),
    ((3,), (2, 1), (1,)),
    ((2, 1), (1, 3), (2, 3)),
    ((0,), (1,), ()),
    ((2, 0), (1,), (2, 1)),
]


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("shapes", CONDITIONS, ids=str)
def test_gradient_of_where(shapes: tuple[tuple[int, ...], ...], as_tensor: bool) -> None:
    condition: Any = np.arange(int(np.prod(shapes[0]))).reshape(shapes[0]) % 2 == 0
    if as_tensor:
        condition = Tensor(condition, dtype=bool)
    check_gradients(
        lambda x, y: np.where(condition, x, y),
        random_array(shapes[1]),
        random_array(shapes[2], 3, 4),
    )


def test_gradient_of_where_beside_a_plain_number() -> None:
    check_gradients(lambda x: np.where(x > 0, x * x, 0.0), random_array((2, 3)))
    check_gradients(lambda x: np.where(x > 0, 0, x), random_array((2, 3)))


# ---- Matrix products -----------------------------------------------------------------------------

MATRIX_PAIRS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((1, 3), (3, 1)),
    ((3,), (2, 3, 4)),
    ((2, 4, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((5, 1, 2, 3), (3, 3, 2)),
    ((3, 2, 3), (2, 1, 3, 2)),
    ((2, 1, 2, 3), (1, 3, 3, 2)),
    ((2, 2, 2, 3), (3, 2)),
    ((2, 2, 2, 3), (3,)),
    ((3,), (2, 2, 3, 2)),
    ((0,), (0,)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (3, 0)),
    ((0,), (0, 3)),
    ((3, 0), (0,)),
    ((3,), (3, 0)),
    ((0, 2, 3), (3, 4)),
    ((2, 3), (0, 3, 4)),
    ((0, 2, 3), (1, 3, 4)),
    ((2, 0, 3), (2, 3, 4)),
    ((2, 2, 0), (2, 0, 2)),
]


@pytest.mark.parametrize("shapes", MATRIX_PAIRS, ids=str)
def test_gradient_of_a_matrix_product(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    x, y = random_array(shapes[0]), random_array(shapes[1], -2.5, 2)
    check_gradients(lambda x, y: x @ y, x, y)
    # With only one side requiring a gradient, and through the other names of the product.
    check_gradients(lambda x: x.matmul(y), x)
    check_gradients(lambda y: x @ y, y)
    check_gradients(lambda x: np.matmul(x, y), x)


@given(shapes=hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_side=3))
@settings(max_examples=60)
def test_gradient_of_a_matrix_product_of_shapes_drawn_at_random(
    shapes: hnp.BroadcastableShapes,
) -> None:
    if max(map(len, shapes.input_shapes)) <= 5:
        x, y = (random_array(shape) for shape in shapes.input_shapes)
        check_gradients(lambda x, y: x @ y, x, y)


def shapes_that_multiply() -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every pair of shapes, of up to three dimensions of size 0, 1 or 2, that NumPy multiplies."""
    shapes = [shape for ndim in (1, 2, 3) for shape in itertools.product((0, 1, 2), repeat=ndim)]
    for first, second in itertools.product(shapes, shapes):
        with contextlib.suppress(ValueError):
            np.matmul(np.empty(first), np.empty(second))
            yield first, second


@pytest.mark.parametrize("transposed", [False, True])
def test_every_pair_of_shapes_that_numpy_multiplies_has_its_gradient(transposed: bool) -> None:
    pairs = [*shapes_that_multiply(), ((0, 3), (5, 3, 1)), ((5, 1, 3), (3, 0))]
    assert len(pairs) > 400
    for shapes in pairs:
        x, y = (random_array(shape) for shape in shapes)
        if transposed:
            x, y = np.asfortranarray(x), np.asfortranarray(y)
        inputs = [Tensor(array, requires_grad=True, dtype=np.float64) for array in (x, y)]
        result = inputs[0] @ inputs[1]
        weights = random_array(result.shape)
        result.backward(weights)
        for position, tensor in enumerate(inputs):
            # A product is linear in each factor: an element's slope is what it makes alone.
            expected = np.zeros(tensor.shape)
            for index in np.ndindex(tensor.shape):
                alone = np.zeros(tensor.shape)
                alone[index] = 1
                product = x @ alone if position else alone @ y
                expected[index] = (product * weights).sum()
            assert tensor.grad is not None
            assert tensor.grad.shape == tensor.shape
            np.testing.assert_allclose(tensor.grad.data, expected, atol=1e-12, err_msg=str(shapes))


@pytest.mark.parametrize("batch", [(0,), (0, 2), (2, 0), (3, 1)], ids=str)
@pytest.mark.parametrize("sizes", [(0, 3), (2, 0), (0, 0), (2, 3)], ids=str)
def test_gradient_of_a_linear_layer_with_empty_dimensions(
    batch: tuple[int, ...], sizes: tuple[int, int]
) -> None:
    layer = Linear(*sizes)
    x = Tensor(np.ones((*batch, sizes[0])), requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == x.shape
    for parameter in layer.parameters():
        assert parameter.grad is not None
        assert parameter.grad.shape == parameter.shape
    assert layer.bias is not None
    assert layer.bias.grad is not None
    assert (layer.bias.grad.data == np.prod(batch)).all()


def test_gradient_of_a_matrix_times_itself() -> None:
    check_gradients(lambda x: x @ x, random_array((3, 3)))
    check_gradients(lambda x: x @ x.T, random_array((2, 3)))
    check_gradients(lambda x: x.T @ x, random_array((2, 3)))


def test_gradient_of_a_product_of_transposed_and_sliced_matrices() -> None:
    check_gradients(
        lambda x, y: x.T[::2] @ y.transpose(1, 0)[:, ::-1],
        random_array((3, 4)),
        random_array((2, 3)),
    )


# ---- A tensor used many times --------------------------------------------------------------------


def test_gradient_of_a_tensor_used_many_times() -> None:
    check_gradients(lambda x: x * x + x, random_array((3,)))
    check_gradients(lambda x: (x + x + x) * x - x / (x * x + 1), random_array((3,)))
    check_gradients(lambda x: x[0] * x[1] + x.sum() * x[0] + x.reshape(1, 3)[0, 2], [0.5, 2.0, 3.0])
    check_gradients(lambda x: np.where(x > 0, x, x * x) @ x, random_array((4,)))


def test_gradient_where_two_branches_meet_again() -> None:
    def diamond(x: Tensor) -> Tensor:
        root = x * 1.5
        left, right = root.exp(), root * root
        return left * right + left

    check_gradients(diamond, random_array((2, 3)))


STEPS: list[Function] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (y * y + 1),
    lambda x, y: np.where(x.data > 0, x * 0.5, y),
    lambda x, y: np.tanh(x),
    lambda x, y: (x * 0.3).exp(),
    lambda x, y: (x * x + 1).log(),
    lambda x, y: np.sin(x) * y,
    lambda x, y: x.sum(axis=-1, keepdims=True) + y,
    lambda x, y: x.mean(axis=0) * y,
    lambda x, y: x.T.reshape(x.shape) + y,
    lambda x, y: x[::-1],
    lambda x, y: x @ y.T @ x * 0.1,
    lambda x, y: Softmax()(x),
    lambda x, y: Sigmoid()(x + y),
]


@given(
    choices=st.lists(
        st.tuples(st.sampled_from(range(len(STEPS))), st.integers(0, 99), st.integers(0, 99)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=80)
def test_gradient_of_computations_drawn_at_random(choices: list[tuple[int, int, int]]) -> None:
    def computation(x: Tensor, y: Tensor) -> Tensor:
        results = [x, y]
        for step, first, second in choices:
            # The newest results are the likeliest to be used, so that chains grow long.
            a, b = (results[-1 - pick % min(3, len(results))] for pick in (first, second))
            results.append(np.tanh(STEPS[step](a, b)))
        total = results[0]
        for result in results[1:]:
            total = total + result
        return total

    check_gradients(computation, random_array((2, 3)), random_array((2, 3), -1.9, 2))


# ---- Layers, losses and operations of one's own --------------------------------------------------


@pytest.mark.parametrize("batch", [(), (1,), (4,), (0,), (2, 3), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_gradient_of_a_linear_layer_for_input_and_parameters(
    batch: tuple[int, ...], bias: bool
) -> None:
    layer = Linear(3, 2, bias=bias)

    def forward(x: Tensor, weight: Tensor, *biases: Tensor) -> Tensor:
        layer.weight = weight
        if biases:
            (layer.bias,) = biases
        return layer(x)

    biases = [random_array((2,))] if bias else []
    check_gradients(forward, random_array((*batch, 3)), random_array((3, 2)), *biases)


@pytest.mark.parametrize("shape", [(2,), (1, 2), (1,), (4, 2), (4, 1)], ids=str)
def test_gradient_of_a_bias_of_whatever_shape_broadcasts(shape: tuple[int, ...]) -> None:
    x, weight, bias = random_array((4, 3)), random_array((3, 2)), random_array(shape)
    check_gradients(lambda *inputs: apply(linear, *inputs), x, weight, bias)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_gradient_of_dropout_passes_the_same_elements_as_the_forward(p: float) -> None:
    def drop(x: Tensor) -> Tensor:
        tinytorch.manual_seed(5)
        return Dropout(p)(x, training=True)

    check_gradients(lambda x: drop(x) * 1.0, random_array((4, 5)))


def test_gradient_of_the_mean_squared_error_for_both_inputs() -> None:
    for shape in [(), (3,), (2, 3)]:
        check_gradients(MSELoss(), random_array(shape), random_array(shape, -1, 3))


def test_gradient_of_the_binary_cross_entropy_for_both_inputs() -> None:
    for shape in [(), (3,), (2, 3)]:
        check_gradients(
            BinaryCrossEntropyLoss(), random_array(shape, 0.1, 0.9), random_array(shape, 0.2, 0.8)
        )


@pytest.mark.parametrize(
    ("shape", "classes"),
    [
        ((3,), 1),
        ((1, 3), [2]),
        ((4, 3), [0, 2, 2, 1]),
        ((2, 2, 3), [[0, 1], [2, 0]]),
        ((2, 1), [0, 0]),
    ],
    ids=str,
)
def test_gradient_of_the_cross_entropy(shape: tuple[int, ...], classes: Any) -> None:
    check_gradients(lambda x: CrossEntropyLoss()(x, classes), random_array(shape))


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3), (2, 2, 3), (2, 1)], ids=str)
def test_gradient_of_the_log_softmax(shape: tuple[int, ...]) -> None:
    check_gradients(lambda x: apply(log_softmax, x), random_array(shape))


def test_gradient_of_the_smoothed_cross_entropy() -> None:
    for smoothing in (0.1, 1.0):
        loss = CrossEntropyLoss(label_smoothing=smoothing)
        check_gradients(lambda x, loss=loss: loss(x, [0, 2, 2, 1]), random_array((4, 3)))


def test_gradient_of_a_whole_network() -> None:
    classes = [0, 2, 1, 1]

    def loss(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
        hidden = GELU()(x @ w1 + b1)
        return CrossEntropyLoss()(hidden @ w2 + b2, classes)

    check_gradients(
        loss,
        random_array((4, 5)),
        random_array((5, 3)),
        random_array((3,)),
        random_array((3, 3)),
        random_array((3,), -1, 1),
    )


def test_gradient_of_an_operation_of_ones_own() -> None:
    def cube(x: np.ndarray) -> np.ndarray:
        return x * x * x

    def scaled_difference(x: np.ndarray, y: np.ndarray, scale: float) -> np.ndarray:
        return scale * (x - y)

    derivative(cube, lambda gradient, x: gradient * 3 * x * x)
    derivative(
        scaled_difference,
        lambda gradient, scale: gradient * scale,
        lambda gradient, scale: -gradient * scale,
    )
    check_gradients(lambda x: apply(cube, x), random_array((2, 3)))
    check_gradients(
        lambda x, y: apply(scaled_difference, x, y, scale=3.0),
        random_array((2, 3)),
        random_array((3,)),
    )
