# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 Optimizers
#
# *The step that turns slopes into better weights: SGD with a momentum, Adam, and AdamW.*
#
# **Foundation tier** · **Difficulty** ⭐⭐⭐ (3/4) · **Time** 2-3 hours
#
# **Before this:** 01_tensor, 05_autograd · **Next:** 07_training
#
# When you are through, you can
#
# - say which learning rates go down a slope, and which jump out of it;
# - write SGD with momentum and weight decay, in place, so that layers keep their tensors;
# - write Adam with its corrected averages, and say what a step size for each number buys;
# - say why AdamW decays the weights apart from the gradient.
#
# **How it goes.** *Build*: you write three optimizers, each a step of a few lines. *Use*: you watch
# them go down a ravine. *Reflect*: you measure what they cost in time and memory, and step
# into the traps on purpose.

# %%
#| export
"""Optimizers: how parameters move against their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch.arguments import real_number
from tinytorch.core.tensor import Tensor, as_tensor, brief, is_array, is_writeable

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import time

from tinytorch.core.layers import Linear
from tinytorch.course.script import cell_by_cell

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Down the slope
#
# The gradient points to where the loss rises fastest. So go a little way in the other direction:
# `parameter -= lr * gradient`. How far is decided by `lr`, the **learning rate**.
#
# Watch it in a bowl: the loss is x * x, its slope 2x. A step takes x to `x - lr * 2x`, which is
# `(1 - 2 * lr) * x`. Start at 10:

# %%
for lr in (0.1, 0.5, 0.9, 1.0, 1.1):
    x, places = 10.0, []
    for _ in range(7):
        places.append(f"{x:6.2f}")
        x -= lr * 2 * x
    print(f"lr {lr}: {' '.join(places)}")

# %% [markdown]
# A small rate creeps. At 0.5 one step lands in the middle, a piece of luck that only such a simple
# bowl offers. Beyond, each step jumps over the valley; at 1.0 it never comes to rest, and above
# that every step leads further out. When a loss becomes NaN, this is usually why.
#
# The limit, 1.0, is 2 divided by the curvature of the bowl, which is 2. A real loss curves
# differently in every direction: **the steepest sets the limit, the flattest the waiting time.**
# All that follows is about that.
#
# ## Given: the optimizer
#
# The base class holds the parameters, and goes through them at each step. You write `_update`, for
# one parameter. It gets plain arrays, and a dictionary `state` for what it wants to remember of
# this parameter until the next step.
#
# It has to work **in place**. A layer and its optimizer hold the same array. `parameter -= ...`
# writes into it, and the layer knows. `parameter = parameter - ...` makes another array, and the
# layer keeps the old one.


# %%
#| export
class Optimizer:
    """What the optimizers have in common: the parameters, and the loop over them.

    Args:
        parameters: the tensors to train, each with `requires_grad=True`.
        lr: the learning rate; it may be changed between steps (`optimizer.lr = ...`).
        weight_decay: how strongly parameters are pulled towards zero.

    Raises:
        TypeError: `parameters` holds something other than tensors, or a setting is no number.
        ValueError: there are no parameters, one does not require a gradient, is listed twice or
            cannot be written to, or a setting is negative or not finite.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        self.parameters = _checked_parameters(parameters, type(self).__name__)
        self.lr = self._checked("lr", lr)
        self.weight_decay = self._checked("weight_decay", weight_decay)
        # What the optimizer remembers of each parameter, such as its velocity.
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]

    def step(self) -> None:
        """Move each parameter that has a gradient, in place.

        Raises:
            TypeError: `lr` was set to something that is no number.
            ValueError: `lr` is negative or not finite, a gradient has not the shape of its
                parameter, or a parameter cannot be written to, or holds whole numbers.
                In all these cases no parameter has moved.
        """
        self.lr = self._checked("lr", self.lr)
        moves = []
        for parameter, state in zip(self.parameters, self.state, strict=True):
            gradient = parameter.grad
            if gradient is not None:
                array = parameter.data
                if not is_writeable(array) or array.dtype.kind != "f":
                    raise _immovable(array)
                moves.append((array, _gradient(parameter, gradient), state))
        for move in moves:
            self._update(*move)

    def zero_grad(self) -> None:
        """Forget the gradients, so that the next backward starts from none."""
        for parameter in self.parameters:
            parameter.grad = None

    def _update(self, parameter: np.ndarray, gradient: np.ndarray, state: dict[str, Any]) -> None:
        """Move one parameter in place; `gradient` stays as it is."""
        raise NotImplementedError(f"{type(self).__name__} does not define _update")

    def _checked(self, name: str, value: float, below: float = math.inf) -> float:
        """A setting of the optimizer, from 0 up to but not including `below`."""
        return real_number(f"{name} of {type(self).__name__}", value, below=below)


def _immovable(array: np.ndarray) -> ValueError:
    """Why an array cannot be a parameter's."""
    if is_writeable(array):
        return ValueError(
            f"a parameter of shape {array.shape} holds whole numbers, of dtype {array.dtype}, "
            "which cannot move by fractions; make it of float32"
        )
    return ValueError(
        f"a parameter of shape {array.shape} has an array that is read-only; make it from a "
        "copy: Tensor(array.copy(), requires_grad=True)"
    )


def _gradient(parameter: Tensor, gradient: Any) -> np.ndarray:
    """The gradient of a parameter as an array of its shape, also if it was set by hand."""
    array = as_tensor(gradient)._array
    if array.shape != parameter.shape:
        raise ValueError(
            f"a parameter of shape {parameter.shape} has a gradient of shape {array.shape}; "
            "expected the same shape"
        )
    return array


def _checked_parameters(parameters: Any, name: str) -> list[Tensor]:
    """The parameters as a list of distinct tensors that require a gradient."""
    if (
        isinstance(parameters, Tensor)
        or is_array(parameters)
        or not isinstance(parameters, Iterable)
    ):
        fix = "[tensor]" if isinstance(parameters, Tensor) else "layer.parameters(), with brackets"
        kind = type(parameters).__name__
        raise TypeError(f"{name} takes a list of tensors, got one {kind}; pass {fix}")
    found = list(parameters)
    if not found:
        raise ValueError(f"{name} got no parameters; pass layer.parameters(), lists added with +")
    for parameter in found:
        if not isinstance(parameter, Tensor):
            fix = "; add lists with +: a.parameters() + b.parameters()"
            raise TypeError(
                f"{name} takes a list of tensors, got a {type(parameter).__name__} in it"
                f"{fix if isinstance(parameter, list) else ''}"
            )
        if not parameter.requires_grad:
            raise ValueError(
                f"{name} got a tensor of shape {parameter.shape} that does not require a "
                "gradient; make it with requires_grad=True"
            )
        if parameter._node is not None:
            raise ValueError(
                f"{name} got a tensor of shape {parameter.shape} that was computed from others, "
                "and so never gets a gradient of its own; pass the tensors it was computed from"
            )
        if not is_writeable(parameter._array):
            raise _immovable(parameter._array)
    if len({id(parameter) for parameter in found}) < len(found):
        raise ValueError(f"{name} got the same parameter twice, which would move it twice a step")
    return found


# %% [markdown]
# ## SGD, and a ball that rolls
#
# *Stochastic* gradient descent, as each batch gives only an estimate of the slope.
#
# **Momentum** gives the parameter a velocity, as a ball has: keep a part of it, add the gradient.
#
# | step | gradient | velocity, with momentum 0.9 |
# | --- | --- | --- |
# | 1 | 1 | 1 |
# | 2 | 1 | 0.9 * 1 + 1 = 1.9 |
# | 3 | 1 | 0.9 * 1.9 + 1 = 2.71 |
# | many | 1 | towards 1 / (1 - 0.9) = 10 |
# | many | +1, -1, +1, ... | between +0.53 and -0.53, which is 1 / (1 + 0.9) |
#
# Where slopes agree, it gets ten times as fast. Where they zigzag across a ravine, it calms down.
#
# **Weight decay** adds `weight_decay * parameter` to the gradient: a pull towards zero, so that a
# weight is only large if the data insist.
#
# **Exercise.** Write `SGD._update`: decay, then velocity (zeros to begin with; `np.zeros_like`
# keeps the dtype), then the step. Leave the array `gradient` as it is; it belongs to the tensor.


# %%
#| export
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak, 1964) if asked for.

    `velocity = momentum * velocity + gradient`; `parameter -= lr * velocity`.

    Args:
        parameters: the tensors to train.
        lr: the learning rate.
        momentum: the part of the velocity that is kept from step to step, from 0 to below 1.
        weight_decay: this times the parameter is added to the gradient.

    >>> weight = Tensor(1.0, requires_grad=True)
    >>> (weight * weight).backward()
    >>> SGD([weight], lr=0.25).step()
    >>> weight.item()
    0.5
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.01,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = self._checked("momentum", momentum, below=1)

    def _update(self, parameter: np.ndarray, gradient: np.ndarray, state: dict[str, Any]) -> None:
        ### BEGIN SOLUTION
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        if self.momentum:
            if "velocity" not in state:
                state["velocity"] = np.zeros_like(parameter)
            velocity = state["velocity"]
            velocity *= self.momentum
            velocity += gradient
            gradient = velocity
        parameter -= self.lr * gradient
        ### END SOLUTION


# %%
def after(optimizer: Optimizer, *gradients: float) -> float:
    """Where the optimizer's one parameter, of one number, is after steps with these gradients."""
    (parameter,) = optimizer.parameters
    for gradient in gradients:
        parameter.grad = Tensor([gradient])
        optimizer.step()
        assert parameter.grad.item() == np.float32(gradient), "the gradient was changed; copy it"
    assert parameter.dtype == np.float32, f"float32 became {parameter.dtype}"
    return parameter.item()


def weight(value: float = 1.0) -> list[Tensor]:
    return [Tensor([value], requires_grad=True)]


moved = after(SGD(weight(), lr=0.1), 1.0) != 1
assert moved, "the parameter did not move; change its own array, with parameter -= ..."
for optimizer, gradients, expected, what in (
    (SGD(weight(), lr=0.1), (1.0, 1.0), 0.8, "plain: 1 - 0.1 - 0.1"),
    (SGD(weight(), lr=0.1, momentum=0.9), (1.0, 1.0), 0.71, "momentum: 1 - 0.1 - 0.19"),
    (SGD(weight(), lr=0.1, weight_decay=0.5), (0.0,), 0.95, "decay: 1 - 0.1 * 0.5 * 1"),
    (SGD(weight(), 0.1, 0.9, 0.5), (1.0, 0.0), 0.6725, "both: v = 1.5, then 0.9 * 1.5 + 0.425"),
):
    found = after(optimizer, *gradients)
    assert math.isclose(found, expected, rel_tol=1e-6), f"{what} is {expected}, got {found:.6f}"
print("SGD: as it should be")

# %% [markdown]
# Now a ravine, 25 times as steep across as along. How many steps to its floor?


# %%
def descend(optimizer: Optimizer, most: int = 2000) -> list[np.ndarray]:
    """The points that an optimizer visits on its way down, until the loss is below 1e-6."""
    (point,) = optimizer.parameters
    point.data[...] = (10.0, 1.0)
    path = [point.data.copy()]
    while len(path) <= most and (path[-1] ** 2) @ (0.5, 12.5) > 1e-6:
        optimizer.zero_grad()
        (point * point * [0.5, 12.5]).sum().backward()
        optimizer.step()
        path.append(point.data.copy())
    return path


def place() -> list[Tensor]:
    return [Tensor([10.0, 1.0], requires_grad=True)]


for momentum in (0.0, 0.5, 0.8, 0.9, 0.99):
    path = descend(SGD(place(), lr=0.03, momentum=momentum))
    print(f"momentum {momentum:4}: {len(path) - 1:4} steps")

# %% [markdown]
# Some momentum helps a lot; with too much the ball rolls past, and back, and past.
#
# ## Adam: a step size for each number
#
# Some weights see large gradients, some tiny ones, and one learning rate has to serve them all.
# Adam measures each weight's gradients and divides by their usual size. It keeps two running means:
#
# - `mean = beta1 * mean + (1 - beta1) * gradient`, with beta1 = 0.9: which way lately?
# - `square = beta2 * square + (1 - beta2) * gradient * gradient`, beta2 = 0.999: how large lately?
#
# and moves by `lr * mean / (sqrt(square) + eps)`.
#
# One flaw: both start at zero, so at first they are far too small. Take step 1 with gradient g:
#
# | | as kept | divided by `1 - beta ** 1` |
# | --- | --- | --- |
# | mean | 0.1 g | 0.1 g / 0.1 = **g** |
# | square | 0.001 g g | 0.001 g g / 0.001 = **g g** |
#
# Corrected, the first step is `lr * g / |g|`: exactly lr, whatever the size of g. Uncorrected, it
# would be 0.1 / sqrt(0.001) = 3.16 times that. At step t, divide by `1 - beta ** t`.
#
# **Exercise.** Write `Adam._move`. The state is made for you. Update both means in place; correct
# them without changing what is kept; then move.


# %%
#| export
class Adam(Optimizer):
    """Adaptive moment estimation (Kingma and Ba, 2015).

    Each element moves by the running mean of its gradient, divided by the root of the running
    mean of its square, both corrected for having started at zero.

    Args:
        parameters: the tensors to train.
        lr: the learning rate.
        betas: the parts of the two running means that are kept from step to step.
        eps: added to the root, so that nothing is divided by zero.
        weight_decay: this times the parameter is added to the gradient.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"{type(self).__name__} takes two betas, got {brief(betas)}")
        self.betas = [self._checked(f"betas[{i}]", beta, below=1) for i, beta in enumerate(betas)]
        self.eps = self._checked("eps", eps)

    def _update(self, parameter: np.ndarray, gradient: np.ndarray, state: dict[str, Any]) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter
        self._move(parameter, gradient, state)

    def _move(self, parameter: np.ndarray, gradient: np.ndarray, state: dict[str, Any]) -> None:
        """The step itself, without weight decay."""
        if not state:
            state["steps"] = 0
            state["mean"] = np.zeros_like(parameter)
            state["square"] = np.zeros_like(parameter)
        state["steps"] += 1
        ### BEGIN SOLUTION
        for beta, moment, value in (
            (self.betas[0], state["mean"], gradient),
            (self.betas[1], state["square"], gradient * gradient),
        ):
            moment *= beta
            moment += (1 - beta) * value
        # The corrections are single numbers: folded into the step, they cost no pass of their own.
        mean_correction = 1 - self.betas[0] ** state["steps"]
        square_correction = math.sqrt(1 - self.betas[1] ** state["steps"])
        root = np.sqrt(state["square"])
        root /= square_correction
        root += self.eps
        parameter -= (self.lr / mean_correction) * (state["mean"] / root)
        ### END SOLUTION


# %%
for gradient in (1000.0, 1.0, -0.001):
    moved = 1 - after(Adam(weight(), lr=0.125), gradient)
    assert moved != 0, "it did not move; change its own array, with parameter -= ..."
    assert not math.isclose(abs(moved), 0.125 * 3.16, rel_tol=1e-2), "the correction is missing"
    expected = math.copysign(0.125, gradient)
    assert math.isclose(moved, expected, rel_tol=1e-4), f"step 1 is {expected}, got {moved:.6f}"
# After 1 and -1: the mean is 0.9 * 0.1 - 0.1 = -0.01, over 1 - 0.81; the square is 1, corrected.
found, expected = after(Adam(weight(0.0), lr=0.1), 1.0, -1.0), -0.1 + 0.1 * 0.01 / 0.19
assert math.isclose(found, expected, rel_tol=1e-4), f"step 2: {expected:.6f}, got {found:.6f}"
assert math.isfinite(after(Adam(weight()), 0.0)), "a gradient of 0 must not divide by 0: add eps"
print("Adam: as it should be")

# %% [markdown]
# Three ways through the ravine (in a notebook, the picture appears below):


# %%
def draw_paths(paths: dict[str, list[np.ndarray]]) -> None:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    x, y = np.meshgrid(np.linspace(-4, 11, 100), np.linspace(-1.5, 1.5, 100))
    axes.contour(x, y, 0.5 * x**2 + 12.5 * y**2, levels=15, colors="lightgrey")
    for name, path in paths.items():
        axes.plot(*np.transpose(path), marker=".", label=f"{name}: {len(path) - 1} steps")
    axes.legend()


paths = {
    "SGD": descend(SGD(place(), lr=0.03)),
    "SGD with momentum 0.8": descend(SGD(place(), lr=0.03, momentum=0.8)),
    "Adam": descend(Adam(place(), lr=0.5)),
}
for name, path in paths.items():
    along, across = path[1] - path[0]
    print(f"{name:21}: {len(path) - 1} steps, the first by {along:.2f} along, {across:.2f} across")
draw_paths(paths)

# %% [markdown]
# Adam's first step is as long in both directions, although the slopes differ (10 and 25): a ravine
# along the axes is none to Adam. The price: near the floor it still takes steps of a size set by
# lr, and circles.
#
# ## AdamW: decay that decays
#
# Weight decay added to the gradient goes, in Adam, through the division by the usual size, and
# loses its meaning: a weight without other gradients moves by lr, whether decay is 0.1 or 0.001.
# AdamW shrinks the parameter directly, by `lr * weight_decay` of itself, and moves as Adam does.
#
# **Exercise.** Write `AdamW._update`, in place. `self._move` is the one you wrote.


# %%
#| export
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019).

    The parameter shrinks by `lr * weight_decay` of itself at each step, whatever its gradient.

    Args:
        parameters: the tensors to train.
        lr: the learning rate.
        betas: the parts of the two running means that are kept from step to step.
        eps: added to the root, so that nothing is divided by zero.
        weight_decay: how much of `lr` a parameter shrinks by, as a part of itself.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _update(self, parameter: np.ndarray, gradient: np.ndarray, state: dict[str, Any]) -> None:
        ### BEGIN SOLUTION
        if self.weight_decay:
            parameter *= 1 - self.lr * self.weight_decay
        self._move(parameter, gradient, state)
        ### END SOLUTION


# %%
found = after(AdamW(weight(), lr=0.1, weight_decay=0.01), 0.0)
assert math.isclose(found, 0.999, rel_tol=1e-6), f"1 * (1 - 0.1 * 0.01) is 0.999, got {found:.6f}"
found = after(AdamW(weight(2.0), lr=0.1, weight_decay=0.01), 5.0)
assert math.isclose(found, 1.898, rel_tol=1e-5), f"2 * 0.999, less lr, is 1.898; got {found:.6f}"
assert after(AdamW(weight(), weight_decay=0), 3.0) == after(Adam(weight()), 3.0), "no decay: Adam"
print("AdamW: as it should be")

# %%
print("a weight of 1 after a step with gradient 0 and lr 0.1")
for decay in (0.1, 0.001):
    l2, decoupled = (kind(weight(), lr=0.1, weight_decay=decay) for kind in (Adam, AdamW))
    print(f"weight_decay {decay:5}: Adam {after(l2, 0.0):.4f}, AdamW {after(decoupled, 0.0):.4f}")

# %% [markdown]
# ## What it costs
#
# An optimizer that remembers keeps an array as large as the parameters for each thing it remembers.
# For the network for MNIST, computed from the states themselves, and the time of a step here:

# %%
network = [Linear(784, 256), Linear(256, 128), Linear(128, 10)]
parameters = [parameter for layer in network for parameter in layer.parameters()]
size, nbytes = sum(p.size for p in parameters), sum(p.data.nbytes for p in parameters)
print(f"{size:,} parameters, {nbytes:,} bytes")
for parameter in parameters:
    parameter.grad = Tensor(np.full(parameter.shape, 1e-3))
for name, optimizer in (
    ("SGD", SGD(parameters)),
    ("SGD, momentum", SGD(parameters, momentum=0.9)),
    ("Adam", Adam(parameters)),
    ("AdamW", AdamW(parameters)),
):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        optimizer.step()
        times.append(time.perf_counter() - start)
    kept = sum(np.asarray(x).nbytes for s in optimizer.state for x in s.values() if np.ndim(x))
    print(f"{name:13} keeps {kept:9,} bytes, {1e3 * sorted(times)[4]:.2f} ms a step")
print(f"weights, gradients, two means, for 7 billion weights: {4 * 4 * 7e9 / 1e9:.0f} GB")

# %% [markdown]
# The last line is why people who train language models care about optimizers' memory. Activations
# come on top.
#
# ## What PyTorch does differently
#
# - Parameters come in groups, each with its own learning rate and decay.
# - It updates many parameters in one call (`foreach`, `fused`), which matters on a GPU.
# - `SGD` has Nesterov's momentum and dampening, too, and a default lr of 0.001; ours is 0.01.
# - The arithmetic is otherwise the same, and so is `zero_grad`, which sets `.grad` to None.
#
# ## Traps
#
# **Not clearing the gradients.** They add up, and each step uses the sum of all so far.

# %%
(w,) = weight()
for _ in range(3):
    (2 * w).sum().backward()
print("slope 2, backward three times, never cleared:", w.grad.item())

# %% [markdown]
# **A new tensor in place of a step.** The name moves on, the layer stays behind.

# %%
layer = Linear(1, 1)
w, before = layer.weight, layer.weight.item()
w = w - 0.1 * w  # makes another tensor
print("did the layer's weight change?", layer.weight.item() != before)

# %% [markdown]
# ## Where to go from here
#
# - In `descend`, momentum 0.8: which lr is best, and from which on does it fly apart?
# - Write RMSprop: Adam without the first mean and the corrections.
# - Read: Polyak (1964) on momentum; Kingma and Ba (2015), Adam; Loshchilov and Hutter (2019),
#   AdamW; Goh, "Why Momentum Really Works" (2017), with pictures to play with.
#
# You have slopes and steps. **07 training** puts them in a loop, and the network learns to read.
