"""Values and gradients agree with PyTorch, in float64 to 1e-9, where PyTorch is installed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from needs import module

from tinytorch.core.activations import GELU, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.layers import Linear
from tinytorch.core.losses import (
    BinaryCrossEntropyLoss,
    CrossEntropyLoss,
    MSELoss,
    log_softmax,
)
from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer
from tinytorch.core.tensor import Tensor, apply

pytestmark = pytest.mark.needs("PyTorch")
torch = module("torch")
functional = torch.nn.functional

Ours = Callable[..., Tensor]
Theirs = Callable[..., Any]

generator = np.random.default_rng(7)


def real(*shape: int) -> np.ndarray:
    return generator.uniform(-2, 2, shape)


def positive(*shape: int) -> np.ndarray:
    return generator.uniform(0.2, 2, shape)


def agree(ours: Ours, theirs: Theirs, *arrays: Any, tolerance: float = 1e-9) -> None:
    """Compare the result, and the gradient of each input under random weights."""
    arrays = tuple(np.asarray(array, dtype=np.float64) for array in arrays)
    inputs = [Tensor(array.copy(), requires_grad=True, dtype=np.float64) for array in arrays]
    peers = [torch.tensor(array, requires_grad=True) for array in arrays]
    result, peer_result = ours(*inputs), theirs(*peers)
    assert result.shape == tuple(peer_result.shape)
    assert result.dtype == np.float64
    np.testing.assert_allclose(
        result.data, peer_result.detach().numpy(), rtol=tolerance, atol=tolerance
    )
    weights = np.random.default_rng(3).uniform(-1, 1, result.shape)
    result.backward(weights)
    peer_result.backward(torch.tensor(weights))
    for i, (one, other) in enumerate(zip(inputs, peers, strict=True)):
        assert one.grad is not None, f"no gradient for input {i}"
        np.testing.assert_allclose(
            one.grad.data,
            other.grad.numpy(),
            rtol=tolerance,
            atol=tolerance,
            err_msg=f"gradient of input {i}",
        )


# ---- Operations ----------------------------------------------------------------------------------

OPERATIONS: dict[str, tuple[Ours, Theirs, tuple[Any, ...]]] = {
    "negative": (lambda x: -x, lambda x: -x, (real(2, 3),)),
    "absolute": (abs, abs, (real(2, 3),)),
    "absolute at 0": (abs, abs, ([0.0, -0.0],)),
    "square": (lambda x: x**2, lambda x: x**2, (real(2, 3),)),
    "cube": (lambda x: x**3, lambda x: x**3, (real(2, 3),)),
    "cube at 0": (lambda x: x**3, lambda x: x**3, ([0.0],)),
    "power 0 at 0": (lambda x: x**0, lambda x: x**0, ([0.0, 1.0],)),
    "power 1 at 0": (lambda x: x**1, lambda x: x**1, ([0.0, 1.0],)),
    "reciprocal power": (lambda x: x**-1, lambda x: x**-1, (positive(3),)),
    "root as a power": (lambda x: x**0.5, lambda x: x**0.5, (positive(3),)),
    "number to a power": (lambda x: 2**x, lambda x: 2**x, (real(3),)),
    "power of tensors": (lambda x, y: x**y, lambda x, y: x**y, (positive(2, 3), real(3))),
    "power at base 0": (lambda x, y: x**y, lambda x, y: x**y, ([0.0, 0.0, 0.0], [0.0, 1.0, 2.5])),
    "exp": (lambda x: x.exp(), lambda x: x.exp(), (real(2, 3),)),
    "log": (lambda x: x.log(), lambda x: x.log(), (positive(2, 3),)),
    "sqrt": (lambda x: x.sqrt(), lambda x: x.sqrt(), (positive(2, 3),)),
    "sin": (np.sin, torch.sin, (real(3),)),
    "cos": (np.cos, torch.cos, (real(3),)),
    "tanh": (np.tanh, torch.tanh, (real(3),)),
    "maximum": (np.maximum, torch.maximum, (real(2, 3), real(3))),
    "maximum of equals": (np.maximum, torch.maximum, ([1.0, 2.0], [1.0, 2.0])),
    "minimum": (np.minimum, torch.minimum, (real(3), real(2, 3))),
    "minimum of equals": (np.minimum, torch.minimum, ([1.0, 2.0], [1.0, 2.0])),
    "where": (
        lambda x, y: np.where(x.data > 0, x, y),
        lambda x, y: torch.where(x > 0, x, y),
        (real(2, 3), real(3)),
    ),
    "sum": (lambda x: x.sum(), lambda x: x.sum(), (real(2, 3, 4),)),
    "sum over an axis": (lambda x: x.sum(axis=1), lambda x: x.sum(dim=1), (real(2, 3, 4),)),
    "sum over two axes": (
        lambda x: x.sum(axis=(0, -1), keepdims=True),
        lambda x: x.sum(dim=(0, -1), keepdim=True),
        (real(2, 3, 4),),
    ),
    "sum of nothing": (lambda x: x.sum(axis=0), lambda x: x.sum(dim=0), (np.zeros((0, 3)),)),
    "mean": (lambda x: x.mean(), lambda x: x.mean(), (real(2, 3, 4),)),
    "mean over axes": (
        lambda x: x.mean(axis=(1, 2)),
        lambda x: x.mean(dim=(1, 2)),
        (real(2, 3, 4),),
    ),
    "variance": (
        lambda x: x.var(axis=1, keepdims=True),
        lambda x: x.var(dim=1, keepdim=True, unbiased=False),
        (real(2, 3, 4),),
    ),
    "maximum over axes": (
        lambda x: x.max(axis=(0, 2)),
        lambda x: x.amax(dim=(0, 2)),
        (real(2, 3, 4),),
    ),
    "minimum over an axis": (
        lambda x: x.min(axis=-1, keepdims=True),
        lambda x: x.amin(dim=-1, keepdim=True),
        (real(2, 3, 4),),
    ),
    "maximum of ties": (
        lambda x: x.max(axis=1),
        lambda x: x.amax(dim=1),
        ([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]],),
    ),
    "maximum of all with ties": (
        lambda x: x.max(),
        lambda x: x.amax(),
        ([[1.0, 3.0], [3.0, 0.0]],),
    ),
    "reshape": (lambda x: x.reshape(4, -1), lambda x: x.reshape(4, -1), (real(2, 3, 4),)),
    "flatten": (lambda x: x.flatten(), lambda x: x.flatten(), (real(2, 3),)),
    "transpose": (lambda x: x.T, lambda x: x.T, (real(2, 3),)),
    "transpose of two": (
        lambda x: x.transpose(0, 2),
        lambda x: x.transpose(0, 2),
        (real(2, 3, 4),),
    ),
    "transpose of all": (
        lambda x: x.transpose(2, 0, 1),
        lambda x: x.permute(2, 0, 1),
        (real(2, 3, 4),),
    ),
    "index": (lambda x: x[1], lambda x: x[1], (real(2, 3),)),
    "slices": (lambda x: x[..., 1:, None], lambda x: x[..., 1:, None], (real(2, 3),)),
    "index with repeats": (lambda x: x[[0, 1, 1, 1]], lambda x: x[[0, 1, 1, 1]], (real(2, 3),)),
    "indices with repeats": (
        lambda x: x[[0, 0, 1], [2, 2, 0]],
        lambda x: x[[0, 0, 1], [2, 2, 0]],
        (real(2, 3),),
    ),
    "mask": (lambda x: x[x > 0], lambda x: x[x > 0], (real(4, 5),)),
    "ReLU": (ReLU(), torch.relu, (real(4, 5),)),
    "ReLU at 0": (ReLU(), torch.relu, ([0.0, -0.0],)),
    "Sigmoid": (Sigmoid(), torch.sigmoid, (8 * real(4, 5),)),
    "Tanh": (Tanh(), torch.tanh, (2 * real(4, 5),)),
    "GELU": (GELU(), lambda x: functional.gelu(x, approximate="tanh"), (3 * real(4, 5),)),
    "GELU far out": (
        GELU(),
        lambda x: functional.gelu(x, approximate="tanh"),
        ([-1e4, -20, -9.9, 9.9, 20, 1e4],),
    ),
    "Softmax": (Softmax(), lambda x: x.softmax(-1), (real(2, 3, 4),)),
    "Softmax over the first axis": (Softmax(axis=0), lambda x: x.softmax(0), (real(2, 3, 4),)),
    "Softmax over the middle axis": (Softmax(axis=1), lambda x: x.softmax(1), (real(2, 3, 4),)),
    "Softmax at 1e4": (Softmax(), lambda x: x.softmax(-1), ([[1e4, -1e4, 9999.0]],)),
    "a tensor used many times": (
        lambda x: (x * x + x) * x.sum() - x / (1 + x * x),
        lambda x: (x * x + x) * x.sum() - x / (1 + x * x),
        (real(3),),
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_agrees(name: str) -> None:
    ours, theirs, arrays = OPERATIONS[name]
    agree(ours, theirs, *arrays)


SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()),
    ((), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1), (1, 3)),
    ((4, 1, 3), (2, 1)),
    ((0,), (1,)),
    ((2, 0, 3), (3,)),
    ((2, 3), (1, 1)),
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_arithmetic_agrees_in_every_direction_of_broadcasting(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    for function in (
        lambda x, y: x + y,
        lambda x, y: x - y,
        lambda x, y: x * y,
        lambda x, y: x / y,
        lambda x, y: x**y,
    ):
        agree(function, function, positive(*shapes[0]), positive(*shapes[1]))


MATRICES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((3,), (2, 3, 4)),
    ((2, 4, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (3, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
]


@pytest.mark.parametrize("shapes", MATRICES, ids=str)
def test_matrix_product_agrees(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    agree(lambda x, y: x @ y, lambda x, y: x @ y, real(*shapes[0]), real(*shapes[1]))


@pytest.mark.parametrize("batch", [(), (4,), (2, 3), (0,)], ids=str)
def test_linear_agrees(batch: tuple[int, ...]) -> None:
    layer = Linear(5, 3)

    def ours(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        layer.weight, layer.bias = weight, bias
        return layer(x)

    agree(
        ours,
        lambda x, weight, bias: functional.linear(x, weight.T, bias),
        real(*batch, 5),
        real(5, 3),
        real(3),
    )


# ---- Losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)], ids=str)
def test_mean_squared_error_agrees(shape: tuple[int, ...]) -> None:
    agree(MSELoss(), functional.mse_loss, real(*shape), real(*shape))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_binary_cross_entropy_agrees(shape: tuple[int, ...]) -> None:
    prediction, target = generator.uniform(size=shape), generator.uniform(size=shape)
    agree(BinaryCrossEntropyLoss(), functional.binary_cross_entropy, prediction, target)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("prediction", [0.0, 1e-60, 1e-30, 1 - 1e-16, 1.0])
def test_binary_cross_entropy_of_the_too_certain_agrees(prediction: float, target: float) -> None:
    agree(
        lambda x: BinaryCrossEntropyLoss()(x, [target]),
        lambda x: functional.binary_cross_entropy(x, torch.tensor([target], dtype=torch.float64)),
        [prediction],
        tolerance=1e-8,  # PyTorch's own bound against division by zero is a float32
    )


@pytest.mark.parametrize(
    ("shape", "classes"),
    [((3,), 1), ((4, 3), [0, 2, 2, 1]), ((1, 5), [4])],
    ids=str,
)
@pytest.mark.parametrize("size", [1.0, 100.0, 1e4])
def test_cross_entropy_agrees(shape: tuple[int, ...], classes: Any, size: float) -> None:
    agree(
        lambda x: CrossEntropyLoss()(x, classes),
        lambda x: functional.cross_entropy(x, torch.tensor(classes)),
        size * real(*shape),
    )


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_label_smoothing_agrees(smoothing: float, size: float) -> None:
    classes = [0, 2, 2, 1]
    agree(
        lambda x: CrossEntropyLoss(label_smoothing=smoothing)(x, classes),
        lambda x: functional.cross_entropy(x, torch.tensor(classes), label_smoothing=smoothing),
        size * real(4, 3),
    )


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_log_softmax_agrees(shape: tuple[int, ...], size: float) -> None:
    agree(
        lambda x: apply(log_softmax, x),
        lambda x: functional.log_softmax(x, dim=-1),
        size * real(*shape),
    )


def test_cross_entropy_agrees_with_several_batch_dimensions() -> None:
    classes = np.array([[0, 1, 2], [2, 1, 0]])
    agree(
        lambda x: CrossEntropyLoss()(x, classes),
        lambda x: functional.cross_entropy(x.permute(0, 2, 1), torch.tensor(classes)),
        real(2, 3, 4),
    )


# ---- Optimizers ----------------------------------------------------------------------------------

OPTIMIZERS: dict[str, tuple[Callable[[Any], Optimizer], Callable[[Any], Any]]] = {
    "SGD": (lambda p: SGD(p, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "SGD with momentum": (
        lambda p: SGD(p, lr=0.05, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    ),
    "SGD with weight decay": (
        lambda p: SGD(p, lr=0.1, weight_decay=0.2),
        lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.2),
    ),
    "SGD with momentum and weight decay": (
        lambda p: SGD(p, lr=0.05, momentum=0.8, weight_decay=0.1),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.1),
    ),
    "Adam": (lambda p: Adam(p), lambda p: torch.optim.Adam(p)),
    "Adam with every setting": (
        lambda p: Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    ),
    "Adam without memory": (
        lambda p: Adam(p, lr=0.05, betas=(0.0, 0.0)),
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.0, 0.0)),
    ),
    "AdamW": (lambda p: AdamW(p), lambda p: torch.optim.AdamW(p)),
    "AdamW with every setting": (
        lambda p: AdamW(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3),
        lambda p: torch.optim.AdamW(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_agrees_for_twenty_steps(name: str) -> None:
    make, make_peer = OPTIMIZERS[name]
    weight, bias, inputs, targets = real(4, 3), real(3), real(6, 4), real(6, 3)
    ours = [Tensor(a.copy(), requires_grad=True, dtype=np.float64) for a in (weight, bias)]
    theirs = [torch.tensor(a, requires_grad=True) for a in (weight, bias)]
    # One more that never gets a gradient, and stays where it is, weight decay or not.
    ours.append(Tensor([1.0, 2.0], requires_grad=True, dtype=np.float64))
    theirs.append(torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True))
    optimizer, peer = make(ours), make_peer(theirs)
    for step in range(20):
        if step == 10:
            # A schedule changes the learning rate on the way.
            optimizer.lr *= 0.5
            peer.param_groups[0]["lr"] *= 0.5
        optimizer.zero_grad()
        MSELoss()(np.tanh(Tensor(inputs, dtype=np.float64) @ ours[0] + ours[1]), targets).backward()
        optimizer.step()
        peer.zero_grad()
        outputs = torch.tanh(torch.tensor(inputs) @ theirs[0] + theirs[1])
        functional.mse_loss(outputs, torch.tensor(targets)).backward()
        peer.step()
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.data, other.detach().numpy(), rtol=1e-9, atol=1e-9)
    assert np.abs(ours[0].data - weight).max() > 1e-3


def test_training_a_network_agrees_for_twenty_steps() -> None:
    w1, b1, w2, b2 = real(5, 8), real(8), real(8, 3), real(3)
    inputs, classes = real(16, 5), generator.integers(0, 3, 16)
    first, second = Linear(5, 8), Linear(8, 3)
    first.weight, first.bias, second.weight, second.bias = (
        Tensor(a.copy(), requires_grad=True, dtype=np.float64) for a in (w1, b1, w2, b2)
    )
    theirs = [torch.tensor(a, requires_grad=True) for a in (w1, b1, w2, b2)]
    optimizer = SGD(first.parameters() + second.parameters(), lr=0.1, momentum=0.9)
    peer = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    for _ in range(20):
        optimizer.zero_grad()
        logits = second(ReLU()(first(Tensor(inputs, dtype=np.float64))))
        loss = CrossEntropyLoss()(logits, classes)
        loss.backward()
        optimizer.step()
        peer.zero_grad()
        hidden = torch.relu(torch.tensor(inputs) @ theirs[0] + theirs[1])
        peer_loss = functional.cross_entropy(hidden @ theirs[2] + theirs[3], torch.tensor(classes))
        peer_loss.backward()
        peer.step()
        assert loss.item() == pytest.approx(peer_loss.item(), rel=1e-9)
    for one, other in zip(optimizer.parameters, theirs, strict=True):
        np.testing.assert_allclose(one.data, other.detach().numpy(), rtol=1e-9, atol=1e-9)


def test_gradients_of_several_backwards_add_up_as_in_pytorch() -> None:
    start = real(2, 3)
    ours = Tensor(start, requires_grad=True, dtype=np.float64)
    theirs = torch.tensor(start, requires_grad=True)
    for power in (2, 3):
        (ours**power).sum().backward()
        (theirs**power).sum().backward()
    assert ours.grad is not None
    np.testing.assert_allclose(ours.grad.data, theirs.grad.numpy(), rtol=1e-9)
