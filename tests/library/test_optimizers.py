"""Optimizers: their steps, worked out by hand, and what they leave alone."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinytorch.core.layers import Linear
from tinytorch.core.losses import MSELoss
from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer
from tinytorch.core.tensor import Tensor

Make = Callable[[list[Tensor]], Optimizer]

EVERY: dict[str, Make] = {
    "SGD": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.9),
    "weight decay": lambda p: SGD(p, lr=0.1, weight_decay=0.1),
    "Adam": lambda p: Adam(p, lr=0.1),
    "Adam with weight decay": lambda p: Adam(p, lr=0.1, weight_decay=0.1),
    "AdamW": lambda p: AdamW(p, lr=0.1, weight_decay=0.1),
}
every_optimizer = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)


def parameter(*numbers: float) -> Tensor:
    return Tensor(np.array(numbers), requires_grad=True, dtype=np.float64)


def steps(optimizer: Optimizer, gradients: list[float]) -> list[float]:
    """The value of the only parameter after each step along the given gradients."""
    (tensor,) = optimizer.parameters
    seen = []
    for gradient in gradients:
        tensor.grad = Tensor([gradient], dtype=np.float64)
        optimizer.step()
        seen.append(tensor.data[0])
    return seen


# ---- The rules -----------------------------------------------------------------------------------


def test_sgd_moves_against_the_gradient() -> None:
    assert steps(SGD([parameter(1.0)], lr=0.1), [2.0, -1.0]) == pytest.approx([0.8, 0.9])


def test_momentum_keeps_a_part_of_the_velocity() -> None:
    # velocity: 2, then 0.5 * 2 + 1 = 2, then 0.5 * 2 + 0 = 1
    seen = steps(SGD([parameter(1.0)], lr=0.1, momentum=0.5), [2.0, 1.0, 0.0])
    assert seen == pytest.approx([0.8, 0.6, 0.5])


def test_weight_decay_of_sgd_adds_to_the_gradient() -> None:
    seen = steps(SGD([parameter(1.0)], lr=0.1, weight_decay=0.5), [2.0, 0.0])
    assert seen == pytest.approx([0.75, 0.75 * 0.95])


def test_weight_decay_of_sgd_enters_the_velocity() -> None:
    seen = steps(SGD([parameter(1.0)], lr=0.1, momentum=0.5, weight_decay=0.5), [2.0, 0.0])
    # gradient with decay: 2.5; then 0.375, on a velocity of 1.25
    assert seen == pytest.approx([0.75, 0.75 - 0.1 * (1.25 + 0.375)])


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient(scale: float) -> None:
    seen = steps(Adam([parameter(1.0)], lr=0.1, eps=0), [scale])
    assert seen == pytest.approx([0.9])


def adam_by_the_book(start: float, gradients: list[float], **settings: Any) -> list[float]:
    """Algorithm 1 of Kingma and Ba (2015), and 2 of Loshchilov and Hutter (2019)."""
    lr, (beta1, beta2), eps = settings["lr"], settings["betas"], settings["eps"]
    decay, decoupled = settings["weight_decay"], settings["decoupled"]
    x, m, v, seen = start, 0.0, 0.0, []
    for t, gradient in enumerate(gradients, 1):
        if decoupled:
            x -= lr * decay * x
        else:
            gradient = gradient + decay * x
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        x -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
        seen.append(x)
    return seen


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_adam_and_adamw_go_by_the_book(kind: type[Adam], weight_decay: float) -> None:
    settings: dict[str, Any] = {
        "lr": 0.05,
        "betas": (0.8, 0.95),
        "eps": 1e-3,
        "weight_decay": weight_decay,
    }
    gradients = [1.0, -2.0, 0.5, 0.0, 3.0, 0.001]
    expected = adam_by_the_book(1.0, gradients, decoupled=kind is AdamW, **settings)
    assert steps(kind([parameter(1.0)], **settings), gradients) == pytest.approx(
        expected, rel=1e-12
    )


def test_adamw_shrinks_a_parameter_whose_gradient_is_zero_and_adam_does_not_move_it() -> None:
    assert steps(AdamW([parameter(1.0)], lr=0.1, weight_decay=0.5), [0.0]) == pytest.approx([0.95])
    assert steps(Adam([parameter(1.0)], lr=0.1), [0.0]) == [1.0]


def test_adamw_decays_by_default() -> None:
    assert AdamW([parameter(1.0)]).weight_decay == 0.01
    assert Adam([parameter(1.0)]).weight_decay == 0.0


# ---- What they have in common --------------------------------------------------------------------


@every_optimizer
def test_each_optimizer_finds_the_minimum_of_a_bowl(make: Make) -> None:
    x = Tensor([3.0, -4.0], requires_grad=True)
    optimizer = make([x])
    for _ in range(500):
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()
    assert np.abs(x.data).max() < 0.05


@every_optimizer
def test_a_parameter_without_gradient_stays_where_it_is(make: Make) -> None:
    moving, resting = parameter(1.0), parameter(1.0)
    optimizer = make([moving, resting])
    moving.grad = Tensor([1.0], dtype=np.float64)
    optimizer.step()
    assert moving.data[0] != 1.0
    assert resting.data[0] == 1.0
    optimizer.zero_grad()
    before = moving.data.copy()
    optimizer.step()
    np.testing.assert_array_equal(moving.data, before)


@every_optimizer
def test_zero_grad_forgets_the_gradients(make: Make) -> None:
    x = parameter(1.0)
    optimizer = make([x])
    (x * 2).backward()
    optimizer.zero_grad()
    assert x.grad is None


@every_optimizer
def test_a_step_leaves_the_gradient_as_it_is(make: Make) -> None:
    x = parameter(1.0, 2.0)
    optimizer = make([x])
    for _ in range(3):
        x.grad = Tensor([0.5, -0.5], dtype=np.float64)
        array = x.grad.data
        optimizer.step()
        assert x.grad.data is array
        assert array.tolist() == [0.5, -0.5]


@every_optimizer
def test_what_is_remembered_shares_no_memory_with_the_gradient(make: Make) -> None:
    x = parameter(1.0, 2.0)
    optimizer = make([x])
    gradient = np.array([0.5, -0.5])
    x.grad = Tensor(gradient, dtype=np.float64)
    optimizer.step()
    gradient[:] = 1e9
    x.grad = Tensor([0.0, 0.0], dtype=np.float64)
    optimizer.step()
    assert np.abs(x.data).max() < 3


@every_optimizer
def test_each_parameter_is_remembered_apart(make: Make) -> None:
    both = [parameter(1.0), parameter(5.0, 6.0)]
    together = make(both)
    alone = [make([parameter(1.0)]), make([parameter(5.0, 6.0)])]
    for step in range(4):
        gradients = [np.array([step + 1.0]), np.array([-1.0, 0.5 * step])]
        for tensor, optimizer, gradient in zip(both, alone, gradients, strict=True):
            tensor.grad = Tensor(gradient, dtype=np.float64)
            optimizer.parameters[0].grad = Tensor(gradient, dtype=np.float64)
            optimizer.step()
        together.step()
    for tensor, optimizer in zip(both, alone, strict=True):
        np.testing.assert_array_equal(tensor.data, optimizer.parameters[0].data)


@every_optimizer
def test_the_learning_rate_can_be_changed_between_steps(make: Make) -> None:
    x = parameter(1.0)
    optimizer = make([x])
    optimizer.lr = 0.0
    x.grad = Tensor([1.0], dtype=np.float64)
    optimizer.step()
    assert x.data[0] == 1.0
    optimizer.lr = 0.5
    optimizer.step()
    assert x.data[0] < 0.8


@every_optimizer
def test_a_step_writes_into_the_parameters_own_array(make: Make) -> None:
    array = np.array([1.0, 2.0])
    x = Tensor(array, requires_grad=True, dtype=np.float64)
    optimizer = make([x])
    x.grad = Tensor([1.0, 1.0], dtype=np.float64)
    optimizer.step()
    assert x.data is array
    assert array[0] < 1.0


@every_optimizer
@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0), (2, 3, 4)], ids=str)
def test_parameters_of_any_shape_can_be_trained(make: Make, shape: tuple[int, ...]) -> None:
    x = Tensor(np.ones(shape), requires_grad=True)
    optimizer = make([x])
    for _ in range(2):
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()
    assert x.shape == shape
    assert (x.data < 1).all()


@every_optimizer
def test_a_parameter_that_is_a_view_is_trained_in_place(make: Make) -> None:
    array = np.ones((4, 4), dtype=np.float32)
    x = Tensor(array.T[::2], requires_grad=True)
    optimizer = make([x])
    (x * x).sum().backward()
    optimizer.step()
    assert (array[:, ::2] < 1).all()
    assert (array[:, 1::2] == 1).all()


@every_optimizer
def test_a_gradient_set_by_hand_may_be_an_array(make: Make) -> None:
    x = parameter(1.0, 2.0)
    optimizer = make([x])
    x.grad = np.array([1.0, 1.0])
    try:
        optimizer.step()
    except (TypeError, ValueError) as error:
        assert "grad" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert (x.data < [1.0, 2.0]).all()


@every_optimizer
@pytest.mark.parametrize(
    ("lr", "error"),
    [
        (-1, ValueError),
        (math.nan, ValueError),
        (math.inf, ValueError),
        ("0.1", TypeError),
        (None, TypeError),
        (True, TypeError),
        (Tensor(0.1), TypeError),
        (np.array([0.1, 0.2]), TypeError),
    ],
)
def test_a_learning_rate_that_is_none_moves_nothing(
    make: Make, lr: Any, error: type[Exception]
) -> None:
    tensor = parameter(1.0, 2.0)
    optimizer = make([tensor])
    tensor.grad = Tensor([1.0, 1.0])
    optimizer.lr = lr
    with pytest.raises(error, match=r"^lr of \w+ must be a finite number of 0 or more, got"):
        optimizer.step()
    assert tensor.tolist() == [1.0, 2.0]


@every_optimizer
def test_a_learning_rate_may_be_any_kind_of_number(make: Make) -> None:
    seen = []
    for lr in (0.5, Fraction(1, 2), np.float32(0.5), np.float64(0.5)):
        tensor = Tensor([1.0, 2.0], requires_grad=True)
        optimizer = make([tensor])
        tensor.grad = Tensor([1.0, 1.0])
        optimizer.lr = lr
        optimizer.step()
        seen.append(tensor.tolist())
    assert seen == [seen[0]] * 4


def test_parameters_may_come_from_a_generator() -> None:
    layers = [Linear(2, 3), Linear(3, 1)]
    optimizer = SGD(p for layer in layers for p in layer.parameters())
    assert len(optimizer.parameters) == 4


def test_the_settings_are_kept_by_name() -> None:
    optimizer = SGD([parameter(1.0)], lr=0.2, momentum=0.3, weight_decay=0.4)
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (0.2, 0.3, 0.4)
    adam = Adam([parameter(1.0)])
    assert (adam.lr, tuple(adam.betas), adam.eps) == (0.001, (0.9, 0.999), 1e-8)


def test_adam_with_a_gradient_of_zero_stays_put_and_finite() -> None:
    x = Tensor([1.0], requires_grad=True)
    optimizer = Adam([x])
    x.grad = Tensor([0.0])
    for _ in range(5):
        optimizer.step()
    assert x.data.tolist() == [1.0]


def test_adam_takes_tiny_gradients_in_float32() -> None:
    # The square of 1e-20 is still a float32; that of 1e-30 is not, and eps takes over.
    for gradient in (1e-20, 1e-30):
        x = Tensor([1.0], requires_grad=True)
        optimizer = Adam([x], lr=0.1)
        x.grad = Tensor([gradient])
        optimizer.step()
        assert np.isfinite(x.data).all()


def test_adam_keeps_its_corrections_apart_after_many_steps() -> None:
    x = Tensor([1.0], requires_grad=True)
    optimizer = Adam([x], lr=1e-4)
    for _ in range(3000):
        x.grad = Tensor([1.0])
        optimizer.step()
    # Every step along a constant gradient is the learning rate.
    assert x.data[0] == pytest.approx(1 - 0.3, abs=1e-3)


def test_an_unfinished_optimizer_says_what_is_missing() -> None:
    class Unfinished(Optimizer):
        pass

    x = parameter(1.0)
    x.grad = Tensor([1.0], dtype=np.float64)
    with pytest.raises(NotImplementedError, match="Unfinished"):
        Unfinished([x], 0.1, 0.0).step()


def test_optimizers_learn_a_linear_map() -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((64, 3))
    y = x @ np.array([[1.0], [-2.0], [0.5]]) + 3
    for make in (
        lambda p: SGD(p, lr=0.1),
        lambda p: SGD(p, lr=0.02, momentum=0.9),
        lambda p: Adam(p, lr=0.1),
        lambda p: AdamW(p, lr=0.1, weight_decay=0.0),
    ):
        layer = Linear(3, 1)
        optimizer = make(layer.parameters())
        for _ in range(400):
            optimizer.zero_grad()
            MSELoss()(layer(x), y).backward()
            optimizer.step()
        np.testing.assert_allclose(layer.weight.data, [[1.0], [-2.0], [0.5]], atol=0.02)
        assert layer.bias is not None
        np.testing.assert_allclose(layer.bias.data, [3.0], atol=0.02)


# ---- Parameters that cannot be written to --------------------------------------------------------


def read_only(kind: str, folder: Path) -> np.ndarray:
    """Two numbers of float32 that cannot be written to."""
    if kind == "broadcast":
        return np.broadcast_to(np.float32(1), (2,))
    if kind == "frombuffer":
        return np.frombuffer(bytes(8), np.float32)
    if kind == "memory-mapped":
        np.ones(2, np.float32).tofile(folder / "numbers")
        return np.memmap(folder / "numbers", np.float32, mode="r", shape=(2,))
    locked = np.ones(4, np.float32)
    locked.flags.writeable = False
    return locked if kind == "locked" else locked[2:]


KINDS = ("broadcast", "frombuffer", "memory-mapped", "locked", "view")


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_that_is_read_only_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    frozen = Tensor(read_only(kind, tmp_path), requires_grad=True)
    with pytest.raises(ValueError, match=r"shape \(\d,\) .* read-only; make it from a copy"):
        SGD([Tensor([1.0], requires_grad=True), frozen])
    (frozen * frozen).sum().backward()  # to ask for its gradient is fine
    assert frozen.grad is not None


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (np.broadcast_to(np.float32(1), (2,)), "read-only"),
        (np.array([1, 2], np.int64), "whole numbers, of dtype int64"),
        (np.ones(3, np.float32), "same shape"),
    ],
    ids=["read-only", "whole numbers", "another shape"],
)
def test_a_step_that_cannot_be_made_moves_no_parameter(spoiled: np.ndarray, words: str) -> None:
    first, second = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    optimizer = Adam([first, second])
    (first * second).sum().backward()
    second.data = spoiled
    with pytest.raises(ValueError, match=words):
        optimizer.step()
    assert first.data.tolist() == [1.0, 2.0]
