"""float32 stays float32 through everything, and float64 stays float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch.core.activations import GELU, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import Trainer, batches, predict

ONES = np.ones((2, 3))

# Everything that a tensor of shape (2, 3) of positive numbers may meet.
OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "-x": lambda x: -x,
    "abs": abs,
    "x+1": lambda x: x + 1,
    "1.5-x": lambda x: 1.5 - x,
    "x*True": lambda x: x * True,
    "x/3": lambda x: x / 3,
    "1/x": lambda x: 1 / x,
    "x**2": lambda x: x**2,
    "x**0.5": lambda x: x**0.5,
    "x**-1": lambda x: x**-1,
    "2**x": lambda x: 2**x,
    "x+np.float64": lambda x: x + np.float64(1.5),
    "np.float64*x": lambda x: np.float64(1.5) * x,
    "np.float64-x": lambda x: np.float64(1.5) - x,
    "np.float64**x": lambda x: np.float64(1.5) ** x,
    "x**np.float64": lambda x: x ** np.float64(2),
    "x/np.int64": lambda x: x / np.int64(3),
    "np.int64*x": lambda x: np.int64(3) * x,
    "x+np.float16": lambda x: x + np.float16(0.5),
    "x*np.bool_": lambda x: x * np.bool_(True),
    "x+np.longdouble": lambda x: x + np.longdouble(1.5),
    "x+float64 array": lambda x: x + ONES,
    "float64 array*x": lambda x: ONES * x,
    "float64 0-d array": lambda x: x * np.array(1.5),
    "float64 array/x": lambda x: ONES / x,
    "float64 array**x": lambda x: ONES**x,
    "float64 array>x": lambda x: x * np.greater(ONES, x),
    "x@float64 array": lambda x: x @ ONES.T,
    "float64 array@x": lambda x: ONES.T @ x,
    "x+int64 array": lambda x: x + np.ones((2, 3), dtype=np.int64),
    "x*uint8 array": lambda x: x * np.ones((2, 3), dtype=np.uint8),
    "x@int32 array": lambda x: x @ np.ones((3, 2), dtype=np.int32),
    "x*bool array": lambda x: x * np.ones(3, dtype=bool),
    "x*float16 array": lambda x: x * np.ones(3, dtype=np.float16),
    "x+longdouble array": lambda x: x + np.ones(3, dtype=np.longdouble),
    "x+big-endian array": lambda x: x + np.ones(3, dtype=">f8"),
    "x*list": lambda x: x * [1.5, 2, True],
    "x*int tensor": lambda x: x * Tensor([1, 2, 3], dtype=np.int64),
    "int tensor/x": lambda x: Tensor([1, 2, 3], dtype=np.int64) / x,
    "x**int tensor": lambda x: x ** Tensor([1, 2, 3], dtype=np.int64),
    "x@int tensor": lambda x: x @ Tensor([1, 2, 3], dtype=np.int64),
    "x*bool tensor": lambda x: x * (x > 1),
    "x*float16 tensor": lambda x: x * Tensor([1, 2, 3], dtype=np.float16),
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "sqrt": lambda x: x.sqrt(),
    "np.sin": np.sin,
    "np.cos": np.cos,
    "np.tanh": np.tanh,
    "np.square": np.square,
    "np.maximum": lambda x: np.maximum(x, np.float64(1.5)),
    "np.minimum": lambda x: np.minimum(ONES, x),
    "np.where": lambda x: np.where(x > 1, x, 0.5),
    "np.where with an array": lambda x: np.where(x.data > 1, ONES, x),
    "np.power": lambda x: np.power(x, 1.5),
    "sum": lambda x: x.sum(),
    "sum over an axis": lambda x: x.sum(axis=0),
    "np.sum": np.sum,
    "mean": lambda x: x.mean(),
    "mean over an axis": lambda x: x.mean(axis=1, keepdims=True),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "var": lambda x: x.var(),
    "var over an axis": lambda x: x.var(axis=0),
    "reshape": lambda x: x.reshape(3, 2),
    "flatten": lambda x: x.flatten(),
    "T": lambda x: x.T,
    "index": lambda x: x[0, 1],
    "indices": lambda x: x[[0, 0, 1]],
    "mask": lambda x: x[x > 1],
    "x@x.T": lambda x: x @ x.T,
    "dot": lambda x: x[0] @ x[1],
    "ReLU": ReLU(),
    "Sigmoid": Sigmoid(),
    "Tanh": Tanh(),
    "GELU": GELU(),
    "Softmax": Softmax(),
    "Softmax over axis 0": Softmax(axis=0),
    "Dropout": Dropout(0.5),
    "Dropout of 0.3": Dropout(0.3),
    "Dropout of 1": Dropout(1.0),
    "Dropout of 0": Dropout(0.0),
    "Dropout at inference": lambda x: Dropout(0.5)(x, training=False),
    "MSELoss": lambda x: MSELoss()(x, ONES),
    "MSELoss with a list": lambda x: MSELoss()(x, ONES.tolist()),
    "MSELoss with whole numbers": lambda x: MSELoss()(x, ONES.astype(int)),
    "BinaryCrossEntropyLoss": lambda x: BinaryCrossEntropyLoss()(Sigmoid()(x), ONES),
    "BinaryCrossEntropyLoss, bool": lambda x: BinaryCrossEntropyLoss()(Sigmoid()(x), ONES > 0),
    "CrossEntropyLoss": lambda x: CrossEntropyLoss()(x, [0, 2]),
    "detach": lambda x: x.detach() * x,
    "sum of Python": lambda x: sum(row for row in x),
}
every_operation = pytest.mark.parametrize("name", OPERATIONS)


def numbers(dtype: Any) -> Tensor:
    return Tensor([[0.5, 1.0, 1.5], [2.0, 2.5, 3.0]], requires_grad=True, dtype=dtype)


@every_operation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_operation_keeps_the_dtype_in_its_result_and_gradient(name: str, dtype: Any) -> None:
    x = numbers(dtype)
    result = OPERATIONS[name](x)
    assert result.dtype == dtype
    result.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == dtype
    assert x.dtype == dtype


@every_operation
def test_an_operation_keeps_the_dtype_without_recording_too(name: str) -> None:
    with no_grad():
        assert OPERATIONS[name](numbers(np.float32)).dtype == np.float32


def test_float32_and_float64_tensors_give_float64_and_gradients_of_their_own_dtypes() -> None:
    for function in (
        lambda x, y: x + y,
        lambda x, y: y - x,
        lambda x, y: x * y,
        lambda x, y: x / y,
        lambda x, y: x**y,
        lambda x, y: x @ y.T,
        lambda x, y: np.where(x > 1, x, y),
        lambda x, y: MSELoss()(x, y),
    ):
        x, y = numbers(np.float32), numbers(np.float64)
        result = function(x, y)
        assert result.dtype == np.float64
        result.sum().backward()
        assert x.grad is not None
        assert y.grad is not None
        assert x.grad.dtype == np.float32
        assert y.grad.dtype == np.float64


def test_float16_stays_float16_beside_numbers_of_any_kind() -> None:
    x = Tensor([0.5, 1.5], dtype=np.float16)
    for number in (2, 0.5, True, np.float64(0.5), np.float32(0.5), np.int64(2), np.bool_(True)):
        assert (x * number).dtype == np.float16
        assert (number * x).dtype == np.float16
    assert (x * np.ones(2, np.float16)).dtype == np.float16
    assert x.sum().dtype == np.float16
    assert x.exp().dtype == np.float16


def test_float64_keeps_its_precision_through_a_computation() -> None:
    third = Tensor([1.0], dtype=np.float64) / 3
    assert third.item() == 1 / 3
    assert (third * 3.0 + 1e-12).item() == 1 / 3 * 3.0 + 1e-12
    assert MSELoss()(third, [0.0]).item() == (1 / 3) ** 2
    assert third.sum().item() == 1 / 3
    assert (third + np.array([1e-15])).item() == 1 / 3 + 1e-15


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
def test_whole_numbers_become_float32_where_fractions_may_come_up(dtype: Any) -> None:
    x = Tensor([1, 1, 0], dtype=dtype)
    for result in (
        x / 2,
        x * 0.5,
        x + np.float64(0.5),
        x + np.array([0.5, 0.5, 0.5]),
        x * Tensor([0.5, 0.5, 0.5]),
        x.mean(),
        x.var(),
    ):
        assert result.dtype == np.float32


def test_whole_numbers_and_truths_stay_what_they_are() -> None:
    x = Tensor([1, 2], dtype=np.int64)
    assert (x + 1).dtype == np.int64
    assert (x * x).dtype == np.int64
    assert x.sum().dtype == np.int64
    assert (x > 1).dtype == bool
    assert x.argmax().dtype == np.intp
    assert x[0].dtype == np.int64


# ---- Layers, optimizers, training ----------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        np.ones((4, 3)),
        np.ones((4, 3), dtype=np.float32),
        np.ones((4, 3), dtype=np.uint8),
        np.ones((4, 3), dtype=bool),
        [[1, 2, 3]],
        Tensor(np.ones((4, 3))),
        Tensor(np.ones((4, 3)), dtype=np.int64),
    ],
    ids=["float64", "float32", "uint8", "bool", "list", "tensor", "int tensor"],
)
def test_a_linear_layer_computes_in_float32(x: Any) -> None:
    layer = Linear(3, 2)
    y = layer(x)
    assert y.dtype == np.float32
    y.sum().backward()
    for parameter in layer.parameters():
        assert parameter.dtype == np.float32
        assert parameter.grad is not None
        assert parameter.grad.dtype == np.float32


OPTIMIZERS: dict[str, Callable[[list[Tensor]], Optimizer]] = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "SGD with np.float64 settings": lambda p: SGD(
        p, lr=np.float64(0.1), momentum=np.float64(0.9), weight_decay=np.float64(0.1)
    ),
    "Adam": lambda p: Adam(p, lr=np.float64(0.1), weight_decay=0.1),
    "AdamW": lambda p: AdamW(p, lr=0.1, weight_decay=np.float64(0.1)),
}


def arrays_within(value: Any) -> list[np.ndarray]:
    """All arrays in an object, its lists and its dictionaries."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, Tensor):
        return [value.data]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [array for one in value for array in arrays_within(one)]
    return []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_keeps_the_dtype_of_parameters_and_of_what_it_remembers(
    name: str, dtype: Any
) -> None:
    parameters = [numbers(dtype), Tensor(1.0, requires_grad=True, dtype=dtype)]
    optimizer = OPTIMIZERS[name](parameters)
    for step in range(3):
        optimizer.lr = np.float64(0.1) / (step + 1)  # as a schedule may give it
        optimizer.zero_grad()
        (parameters[0] * parameters[1]).sum().backward()
        optimizer.step()
    assert [p.dtype for p in parameters] == [dtype, dtype]
    assert [p.shape for p in parameters] == [(2, 3), ()]
    remembered = [a for a in arrays_within(vars(optimizer)) if a.dtype.kind == "f"]
    assert all(array.dtype == dtype for array in remembered)
    if name != "SGD":
        assert len(remembered) > len(parameters)


def test_an_optimizer_updates_in_place() -> None:
    for make in OPTIMIZERS.values():
        x = numbers(np.float32)
        array = x.data
        optimizer = make([x])
        (x * x).sum().backward()
        before = array.copy()
        optimizer.step()
        assert x.data is array
        assert not np.array_equal(array, before)


def test_a_whole_training_run_stays_in_float32() -> None:
    first, second, dropout = Linear(4, 8), Linear(8, 3), Dropout(0.3)

    def network(x: Tensor, training: bool) -> Tensor:
        seen.append(x.dtype)
        y = second(dropout(GELU()(first(x)), training=training))
        seen.append(y.dtype)
        return y

    seen: list[Any] = []
    images = np.random.default_rng(0).integers(0, 256, (20, 4)).astype(np.uint8)
    labels = np.arange(20) % 3
    parameters = first.parameters() + second.parameters()
    optimizer = AdamW(parameters)
    trainer = Trainer(network, CrossEntropyLoss(), optimizer, schedule=lambda step: np.float64(0.1))
    for _ in trainer.epoch(images, labels, batch_size=8):
        pass
    outputs = predict(network, images)
    assert outputs.dtype == np.float32
    assert set(seen) == {np.dtype(np.float32)}
    assert all(p.dtype == np.float32 for p in parameters)
    arrays = [a for a in arrays_within(vars(optimizer)) if a.dtype.kind == "f"]
    assert all(a.dtype == np.float32 for a in arrays)
    for dtype in (np.float64, np.float32, np.uint8, bool, np.int64):
        ((batch, _),) = batches(np.ones((2, 3), dtype=dtype), np.arange(2), 2)
        assert batch.dtype == np.float32
