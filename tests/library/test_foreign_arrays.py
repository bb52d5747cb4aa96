"""Arrays of any library that speaks NumPy's protocols pass through the framework as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from foreign import Foreign

from tinytorch import (
    GELU,
    SGD,
    Adam,
    AdamW,
    BinaryCrossEntropyLoss,
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    Tensor,
    Trainer,
    cosine,
    manual_seed,
    no_grad,
    predict,
)

Move = Callable[[np.ndarray], Any]

random = np.random.default_rng(0)
IMAGES = random.random((24, 12), dtype=np.float32)
CLASSES = random.integers(0, 4, 24)
TARGETS = random.random((24, 4), dtype=np.float32)
YES_OR_NO = (TARGETS > 0.5).astype(np.float32)


def numbers(array: Any) -> np.ndarray:
    """The numbers as NumPy's array, from wherever they are."""
    if isinstance(array, Foreign):
        return array.inside
    return array if isinstance(array, np.ndarray) else array.get()


def train(move: Move, loss: Any, targets: Any, optimizer: Callable[..., Any]) -> list[np.ndarray]:
    """The losses and the parameters of three steps, with every array moved first."""
    manual_seed(0)
    first, second = Linear(12, 8), Linear(8, 4)
    dropout, activation = Dropout(0.3), ReLU()
    parameters = first.parameters() + second.parameters()
    for parameter in parameters:
        parameter.data = move(parameter.data)
    step = optimizer(parameters)
    images, seen = Tensor(move(IMAGES)), []
    for _ in range(3):
        step.zero_grad()
        hidden = dropout(activation(first(images)))
        value = loss(second(hidden), targets)
        value.backward()
        step.step()
        seen.append(value.data)
    return [numbers(array) for array in [*seen, *(p.data for p in parameters)]]


LOSSES = {
    "MSE": (MSELoss(), lambda move: Tensor(move(TARGETS))),
    "BCE": (
        lambda x, y: BinaryCrossEntropyLoss()(Sigmoid()(x), y),
        lambda move: Tensor(move(YES_OR_NO)),
    ),
    "cross-entropy, NumPy's classes": (CrossEntropyLoss(), lambda move: CLASSES),
    "cross-entropy, moved classes": (CrossEntropyLoss(), lambda move: move(CLASSES)),
}
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Adam": lambda p: Adam(p, lr=0.01, weight_decay=0.01),
    "AdamW": lambda p: AdamW(p, lr=0.01),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_gives_the_same_numbers_as_with_numpy(loss: str, optimizer: str) -> None:
    function, targets = LOSSES[loss]
    expected = train(np.copy, function, targets(np.copy), OPTIMIZERS[optimizer])
    Foreign.passed.clear()
    seen = train(Foreign, function, targets(Foreign), OPTIMIZERS[optimizer])
    for one, other in zip(seen, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    assert Foreign.passed["matmul"] >= 3 * 5, "the products did not pass through the array"


@pytest.mark.needs("CuPy")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_on_a_gpu_gives_the_same_numbers(loss: str, optimizer: str) -> None:
    import cupy

    function, targets = LOSSES[loss]
    expected = train(np.copy, function, targets(np.copy), OPTIMIZERS[optimizer])
    seen = train(cupy.asarray, function, targets(cupy.asarray), OPTIMIZERS[optimizer])
    for one, other in zip(seen, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x * 2 - 1) / 3 + 2**x,
        lambda x: x**3 + x**2 + x**0.5,
        lambda x: -abs(x) + x.exp().log().sqrt(),
        lambda x: x @ x.T,
        lambda x: x.sum(axis=0),
        lambda x: x.mean(axis=1, keepdims=True),
        lambda x: x.var(axis=0),
        lambda x: x.max(axis=1) + x.min(),
        lambda x: x.reshape(-1, 2).T,
        lambda x: x.transpose(1, 0),
        lambda x: x.reshape(2, 3, 2).transpose(2, 0, 1),
        lambda x: np.concatenate([x, np.ones((1, 4))]) * 2,
        lambda x: np.column_stack(np.hsplit(x, 2)),
        lambda x: np.einsum("ii->", x[:, :3]),
        lambda x: np.einsum("ij,kj->ik", x, [[1.0, 2.0, 3.0, 4.0]]),
        lambda x: x[np.array([0, 2, 0])],
        lambda x: x[1:, [0, 0, 2]],
        lambda x: x[x > 0.5],
        lambda x: np.where(x > 0.5, x, 0.0),
        lambda x: np.maximum(x, 0.5) + np.minimum(x, [0.1, 0.2, 0.3, 0.4]),
        lambda x: x * np.arange(4.0),
        lambda x: np.sin(x) + np.cos(x),
        lambda x: Tanh()(x) + Sigmoid()(x) + GELU()(x),
        lambda x: Softmax()(x),
        lambda x: Dropout(1.0)(x) + Dropout(0.5)(x, training=False),
    ],
)
def test_an_operation_and_its_gradient_stay_in_the_library(
    function: Callable[[Tensor], Tensor],
) -> None:
    inside = np.random.default_rng(1).random((3, 4), dtype=np.float32) + 0.1
    x = Tensor(Foreign(inside), requires_grad=True)
    result = function(x)
    assert isinstance(result._array, Foreign)
    result.sum().backward()
    assert x.grad is not None
    assert isinstance(x.grad._array, Foreign)
    plain = Tensor(inside.copy(), requires_grad=True)
    expected = function(plain)
    expected.sum().backward()
    assert plain.grad is not None
    np.testing.assert_allclose(numbers(result.data), expected.data, rtol=1e-5)
    np.testing.assert_allclose(numbers(x.grad.data), plain.grad.data, rtol=1e-5, atol=1e-6)


def test_it_is_kept_itself_and_converted_by_its_own_library() -> None:
    array = Foreign(np.ones(3, np.float32))
    assert Tensor(array).data is array
    doubles = Tensor(Foreign(np.ones(3)))
    assert isinstance(doubles.data, Foreign)
    assert doubles.dtype == np.float32
    assert doubles.shape == (3,)
    assert doubles.sum().item() == 3.0
    assert doubles.tolist() == [1.0, 1.0, 1.0]
    assert float(doubles[0]) == 1.0
    assert (doubles > 0).all()
    assert (doubles == 1).data.dtype == bool


def test_reading_it_as_numpys_is_refused_and_not_done_in_silence() -> None:
    with pytest.raises(TypeError, match="implicit conversion"):
        np.asarray(Tensor(Foreign(np.ones(3))))


def test_an_update_within_no_grad_happens_in_place() -> None:
    w = Tensor(Foreign(np.ones(3)), requires_grad=True)
    array = w.data
    (w * 3.0).sum().backward()
    with no_grad():
        w -= 0.5 * w.grad
    assert w.data is array
    assert w.tolist() == [-0.5, -0.5, -0.5]


def test_a_gradient_to_start_from_is_moved() -> None:
    x = Tensor(Foreign(np.ones(3)), requires_grad=True)
    (x * 2).backward(np.ones(3))
    assert x.grad is not None
    assert isinstance(x.grad._array, Foreign)


def test_what_is_written_into_a_tensor_is_moved() -> None:
    x = Tensor(Foreign(np.zeros(3)))
    x[:2] = np.ones(2)
    x[[2]] = [5.0]
    assert x.tolist() == [1.0, 1.0, 5.0]


def test_a_state_is_loaded_into_the_arrays_of_the_library() -> None:
    layer = Linear(2, 3)
    for parameter in layer.parameters():
        parameter.data = Foreign(parameter.data)
    array = layer.weight.data
    layer.load_state({"weight": np.ones((2, 3)), "bias": Foreign(np.ones(3))})
    assert layer.weight.data is array
    assert layer.weight.tolist() == [[1.0] * 3] * 2
    assert layer.bias.tolist() == [1.0] * 3


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_trainer_shuffles_and_predicts_in_the_library(dtype: Any) -> None:
    layer = Linear(4, 2)
    for parameter in layer.parameters():
        parameter.data = Foreign(parameter.data)
    samples, classes = Foreign(np.ones((6, 4), dtype)), Foreign(np.zeros(6, np.int64))
    trainer = Trainer(layer, CrossEntropyLoss(), SGD(layer.parameters()), cosine(0.1, 10))
    for _, outputs, _ in trainer.epoch(samples, classes, 4):  # type: ignore[arg-type]
        assert isinstance(outputs, Foreign)
    assert isinstance(predict(layer, samples, 4), Foreign)  # type: ignore[arg-type]
    assert isinstance(layer.weight.data, Foreign)


def test_errors_name_the_same_mistakes() -> None:
    x = Tensor(Foreign(np.ones((2, 3))))
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 3\).*must be equal"):
        x @ x
    with pytest.raises(ValueError, match="last dimension of 3"):
        Linear(4, 2)(x)
    with pytest.raises(ValueError, match="class 7; expected 0 to 2"):
        CrossEntropyLoss()(x, Foreign(np.array([0, 7])))
    with pytest.raises(ValueError, match="prediction of 2, expected 0 to 1"):
        BinaryCrossEntropyLoss()(x + 1, x)
