"""Activations: their values, far out as well, and what they leave alone."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch.core import activations
from tinytorch.core.activations import GELU, Activation, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.tensor import Tensor

LARGEST = float(np.finfo(np.float32).max)
FAR = [1e4, -1e4, 1e30, -1e30, LARGEST, -LARGEST, 88.0, -88.0, 104.0, -104.0, 1e-30, -1e-45, 0.0]


def exact_gelu(x: float) -> float:
    """The tanh form in Python's floats, whose cube may not overflow within float32's range."""
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def exact_sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


EXACT: dict[str, tuple[Activation, Callable[[float], float]]] = {
    "ReLU": (ReLU(), lambda x: max(x, 0.0)),
    "Sigmoid": (Sigmoid(), exact_sigmoid),
    "Tanh": (Tanh(), math.tanh),
    "GELU": (GELU(), exact_gelu),
}
element_wise = pytest.mark.parametrize("name", EXACT)
every_activation = pytest.mark.parametrize(
    "activation", [ReLU(), Sigmoid(), Tanh(), GELU(), Softmax()], ids=str
)


@element_wise
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_right_from_end_to_end(name: str, dtype: Any) -> None:
    activation, exact = EXACT[name]
    numbers = np.array([*FAR, *np.linspace(-20, 20, 401)], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = activation(Tensor(numbers, dtype=dtype))
    assert result.dtype == dtype
    expected = [exact(float(x)) for x in numbers]
    precision = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(result.data, expected, rtol=precision, atol=precision)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("ReLU", [-1.0, 0.0, 2.0], [0.0, 0.0, 2.0]),
        ("Sigmoid", [0.0, 1.0, -1.0], [0.5, 0.7310585786300049, 0.2689414213699951]),
        ("Tanh", [0.0, 1.0], [0.0, 0.7615941559557649]),
        ("GELU", [0.0, 1.0, -1.0], [0.0, 0.8411919906082768, -0.15880800939172324]),
    ],
)
def test_known_values(name: str, x: list[float], expected: list[float]) -> None:
    result = EXACT[name][0](Tensor(x, dtype=np.float64))
    np.testing.assert_allclose(result.data, expected, rtol=1e-14, atol=1e-14)


def test_gelu_is_the_tanh_form_not_the_exact_one() -> None:
    exact = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert abs(GELU()(Tensor(1.0)).item() - exact) > 1e-4


@every_activation
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 3, 4), (0,), (0, 3), (2, 0, 3)])
def test_the_shape_stays(activation: Activation, shape: tuple[int, ...]) -> None:
    result = activation(Tensor(np.ones(shape)))
    assert result.shape == shape
    assert np.isfinite(result.data).all()


@every_activation
def test_the_input_is_not_changed(activation: Activation) -> None:
    x = Tensor([[-1.0, 0.0, 2.0]])
    activation(x)
    assert x.data.tolist() == [[-1.0, 0.0, 2.0]]


@every_activation
def test_there_is_nothing_to_train(activation: Activation) -> None:
    assert activation.parameters() == []


@every_activation
@pytest.mark.parametrize(
    "x",
    [[-1, 0, 2], np.array([-1, 0, 2]), np.array([-1, 0, 2], dtype=np.int8), [-1.0, 0.0, 2.0]],
    ids=["list", "int64", "int8", "floats"],
)
def test_lists_and_arrays_are_taken_as_tensors(activation: Activation, x: Any) -> None:
    result = activation(x)
    assert isinstance(result, Tensor)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.data, activation(Tensor([-1.0, 0.0, 2.0])).data, rtol=1e-6)


@every_activation
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_tensors_of_whole_numbers_give_the_right_values(activation: Activation, dtype: Any) -> None:
    x = Tensor([0, 1, 1, 0], dtype=dtype)
    expected = activation(Tensor([0.0, 1.0, 1.0, 0.0])).data
    np.testing.assert_allclose(activation(x).data, expected, rtol=1e-6)


@every_activation
def test_nan_is_not_hidden(activation: Activation) -> None:
    result = activation(Tensor([np.nan, 1.0]))
    assert np.isnan(result.data[0])


@every_activation
def test_calling_is_forward(activation: Activation) -> None:
    x = Tensor([[-1.0, 0.0, 2.0]])
    np.testing.assert_array_equal(activation(x).data, activation.forward(x).data)


def test_the_functions_work_on_plain_arrays() -> None:
    x = np.array([[-1.0, 0.0, 2.0]])
    for function, activation in [
        (activations.relu, ReLU()),
        (activations.sigmoid, Sigmoid()),
        (activations.tanh, Tanh()),
        (activations.gelu, GELU()),
        (activations.softmax, Softmax()),
    ]:
        result = function(x)
        assert isinstance(result, np.ndarray)
        np.testing.assert_allclose(result, activation(Tensor(x, dtype=np.float64)).data, rtol=1e-14)


def test_an_activation_shows_what_it_is() -> None:
    assert repr(ReLU()) == "ReLU()"
    assert "axis" in repr(Softmax(axis=0))


def test_an_unfinished_activation_says_what_is_missing() -> None:
    class Swish(Activation):
        pass

    with pytest.raises(NotImplementedError, match="Swish"):
        Swish()(Tensor([1.0]))


# ---- Softmax -------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 0, 1, 2, -2])
def test_softmax_adds_up_to_one_over_its_axis(axis: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4)) * 10
    result = Softmax(axis=axis)(Tensor(x, dtype=np.float64)).data
    np.testing.assert_allclose(result.sum(axis=axis), 1, rtol=1e-14)
    expected = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_softmax_is_over_the_last_axis_by_default() -> None:
    result = Softmax()(Tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).data
    np.testing.assert_allclose(result[0], [0.09003057, 0.24472847, 0.66524096], rtol=1e-6)
    np.testing.assert_allclose(result[1], result[0][::-1], rtol=1e-6)


def test_softmax_does_not_feel_a_shift() -> None:
    x = Tensor([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(Softmax()(x + 1000).data, Softmax()(x).data, rtol=1e-6)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1e4, -1e4, 0.0], [1.0, 0.0, 0.0]),
        ([1e30, 1e30], [0.5, 0.5]),
        ([-1e30, -1e30, -1e30, -1e30], [0.25] * 4),
        ([LARGEST / 4, -LARGEST / 4], [1.0, 0.0]),
        ([-LARGEST, -LARGEST], [0.5, 0.5]),
        ([-np.inf, 0.0], [0.0, 1.0]),
        ([5.0], [1.0]),
    ],
    ids=str,
)
def test_softmax_stays_finite_and_quiet_far_out(scores: list[float], expected: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = Softmax()(Tensor(scores))
    np.testing.assert_allclose(result.data, expected, rtol=1e-6)


def test_softmax_is_right_though_a_difference_overflows() -> None:
    with np.errstate(over="ignore"):
        result = Softmax()(Tensor([LARGEST, -LARGEST]))
    assert result.data.tolist() == [1.0, 0.0]


def test_softmax_of_a_batch_of_nothing_is_nothing() -> None:
    assert Softmax()(Tensor(np.ones((0, 3)))).shape == (0, 3)
    assert Softmax(axis=0)(Tensor(np.ones((0, 3)))).shape == (0, 3)
    assert Softmax()(Tensor(np.ones((3, 0)))).shape == (3, 0)
