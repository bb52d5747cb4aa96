# Exported from modules/06_optimizers/optimizers_dev.py: edit it there, then run `tito export`.
"""Optimizers: how parameters move against their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinytorch.arguments import real_number
from tinytorch.core.tensor import Tensor, as_tensor, brief, is_array, is_writeable


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
        if self.weight_decay:
            parameter *= 1 - self.lr * self.weight_decay
        self._move(parameter, gradient, state)
