"""Results and gradients are arrays of the right dtype, also those of shape ().

NumPy makes a number of its own, which cannot be written to, out of most operations on arrays of
shape (). A change in place of such a gradient would be lost without a word.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch.core import activations, autograd, layers, losses
from tinytorch.core.autograd import derivative
from tinytorch.core.optimizers import SGD, Adam, AdamW
from tinytorch.core.tensor import Operation, Tensor, apply, getitem, reshape

Call = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor) -> Tensor:
    probabilities = np.empty(logits.shape, logits.dtype)
    return apply(losses.cross_entropy, logits, classes=np.array([0]), probabilities=probabilities)


# Every operation in the table of derivatives, on two numbers between 0 and 1 of shape ().
OPERATIONS: dict[Operation, Call] = {
    np.negative: lambda x, y: -x,
    np.absolute: lambda x, y: abs(x),
    np.square: lambda x, y: x**2,
    np.sqrt: lambda x, y: x.sqrt(),
    np.exp: lambda x, y: x.exp(),
    np.log: lambda x, y: x.log(),
    np.sin: lambda x, y: np.sin(x),
    np.cos: lambda x, y: np.cos(x),
    np.tanh: lambda x, y: np.tanh(x),
    np.add: lambda x, y: x + y,
    np.subtract: lambda x, y: x - y,
    np.multiply: lambda x, y: x * y,
    np.divide: lambda x, y: x / y,
    np.maximum: lambda x, y: np.maximum(x, y),
    np.minimum: lambda x, y: np.minimum(x, y),
    np.power: lambda x, y: x**y,
    np.where: lambda x, y: np.where(True, x, y),
    np.sum: lambda x, y: x.sum(),
    np.mean: lambda x, y: x.mean(),
    np.var: lambda x, y: x.var(),
    np.max: lambda x, y: x.max(),
    np.min: lambda x, y: x.min(),
    reshape: lambda x, y: x.reshape(()),
    np.transpose: lambda x, y: x.T,
    getitem: lambda x, y: x[()],
    np.matmul: lambda x, y: x.reshape(1) @ y.reshape(1),
    np.dot: lambda x, y: np.dot(x, y),
    layers.linear: lambda x, y: apply(layers.linear, x.reshape(1), y.reshape(1, 1), x.reshape(1)),
    layers.dropout: lambda x, y: apply(layers.dropout, x, mask=np.array(2, x.dtype)),
    activations.relu: lambda x, y: activations.ReLU()(x),
    activations.sigmoid: lambda x, y: activations.Sigmoid()(x),
    activations.tanh: lambda x, y: activations.Tanh()(x),
    activations.gelu: lambda x, y: activations.GELU()(x),
    activations.softmax: lambda x, y: activations.Softmax()(x),
    losses.log_softmax: lambda x, y: apply(losses.log_softmax, x.reshape(1)),
    losses.cross_entropy: lambda x, y: cross_entropy(x * np.ones((1, 2), x.dtype)),
    losses.binary_cross_entropy: lambda x, y: losses.BinaryCrossEntropyLoss()(x, y),
}

# And what else comes down to a single number, or starts from one.
COMBINATIONS: dict[str, Call] = {
    "x * 100": lambda x, y: x * 100,
    "x * array": lambda x, y: x * np.ones((2, 3), x.dtype),
    "array / x": lambda x, y: np.ones((2, 3), x.dtype) / x,
    "x * array of size 0": lambda x, y: x * np.ones((0, 3), x.dtype),
    "x[None]": lambda x, y: x[None],
    "x[..., None, None].max(axis=0)": lambda x, y: x[..., None, None].max(axis=0),
    "a scalar in a batch": lambda x, y: (np.ones((4, 3), x.dtype) * y + x).mean(axis=0),
    "two uses": lambda x, y: (x * x + y) * (x + y),
    "a chain": lambda x, y: ((x.exp() + y).log() * 2 - x).sqrt(),
}


def exp_of_number(x: np.ndarray) -> Any:
    """An operation that returns one of NumPy's numbers, and has a rule that does, too."""
    return np.exp(x)[()]


derivative(exp_of_number, lambda gradient, output: float(gradient * output))  # type: ignore[arg-type, return-value]

EVERY_CALL = [
    *((name.__name__, call) for name, call in OPERATIONS.items()),
    *COMBINATIONS.items(),
    ("a rule that returns a number", lambda x, y: apply(exp_of_number, x)),
]


def test_no_operation_of_the_table_is_left_out() -> None:
    known = {op for op in autograd._rules if not _of_a_test(op)}
    # NumPy's own reshape has a row for files that name it; its option has another name in 2.0.
    assert known - {np.reshape} == set(OPERATIONS)


def _of_a_test(op: Any) -> bool:
    return str(getattr(op, "__module__", "")).startswith("test_")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("name", "call"), EVERY_CALL, ids=[name for name, _ in EVERY_CALL])
def test_a_result_and_its_gradients_are_arrays_that_can_be_written_to(
    name: str, call: Call, dtype: Any
) -> None:
    x, y = (Tensor(number, requires_grad=True, dtype=dtype) for number in (0.75, 0.25))
    for _ in range(2):  # the second time, the gradients add up
        result = call(x, y)
        assert type(result.data) is np.ndarray
        assert result.dtype == dtype
        result.sum().backward()
        for leaf in (x, y):
            if leaf.grad is not None:
                assert type(leaf.grad.data) is np.ndarray
                assert leaf.grad.dtype == dtype
                assert leaf.grad.shape == ()
    assert x.grad is not None
    gradient = x.grad.data
    gradient *= 0
    gradient += 3
    assert x.grad.item() == 3


@pytest.mark.parametrize("make", [SGD, Adam, AdamW])
def test_an_optimizer_moves_a_parameter_of_shape_empty(make: Any) -> None:
    x = Tensor(2.0, requires_grad=True)
    array = x.data
    optimizer = make([x], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (x * x).backward()
        optimizer.step()
    assert array < 2
    assert x.data is array


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, bool])
def test_real_results_of_whole_numbers_are_float32(dtype: Any) -> None:
    x = Tensor([1, 1, 0], dtype=dtype)
    functions: list[Callable[[Any], Any]] = [
        *(np.exp, np.sqrt, np.sin, np.cos, np.tanh, np.exp2, np.arctan, np.cbrt),
        lambda x: x / x.sum(),
        lambda x: x.mean(),
        lambda x: x**0.5,
        lambda x: x[0].exp(),
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        for function in functions:
            assert function(x).dtype == np.float32
            np.testing.assert_allclose(function(x).data, function(Tensor(x)).data, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint64, bool])
def test_float16_stays_float16_beside_whole_numbers_of_any_width(dtype: Any) -> None:
    x, whole = Tensor([0.5, 1.5], dtype=np.float16), Tensor([1, 1], dtype=dtype)
    for result in (x * whole, whole + x, x / whole, x**whole, x * np.ones(2, dtype)):
        assert result.dtype == np.float16


def test_an_operation_that_makes_complex_numbers_is_refused() -> None:
    for function in (lambda x: x + 1j, lambda x: (x + 1j).sum(), lambda x: x.astype(object)):
        with pytest.raises(TypeError, match="expected an array of numbers"):
            apply(function, Tensor([1.0, 2.0]))
