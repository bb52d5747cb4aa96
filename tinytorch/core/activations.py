# Exported from modules/02_activations/activations_dev.py: edit it there, then run `tito export`.
"""Activations: the functions between the layers, without which a network is one matrix."""

from __future__ import annotations

import numpy as np

from tinytorch.composition import Layer
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_tensor
from tinytorch.summation import accurate_sum


class Activation(Layer):
    """A layer that bends: `forward` takes a tensor of any shape, and the result has the same."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def relu(x: np.ndarray) -> np.ndarray:
    """The rectified linear unit, `max(x, 0)`, element by element (Nair and Hinton, 2010)."""
    # A row of zeros, since NumPy compares two arrays three times as fast as an array and a number.
    return np.maximum(x, np.zeros(x.shape[-1:], x.dtype, like=x))


class ReLU(Activation):
    """`max(x, 0)`: negative numbers become 0, the others stay.

    >>> ReLU()(Tensor([-2.0, 3.0]))
    Tensor([0., 3.])
    """

    def forward(self, x: TensorLike) -> Tensor:
        return apply(relu, as_tensor(x))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, `1 / (1 + exp(-x))`, element by element, between 0 and 1."""
    # 1 / (1 + exp(-x)) on the right of zero and exp(x) / (1 + exp(x)) on the left: the same number,
    # and neither asks for the exp of a positive number, which could overflow.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.absolute(x)))


class Sigmoid(Activation):
    """`1 / (1 + exp(-x))`: any number becomes one between 0 and 1."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(sigmoid, as_tensor(x))


def tanh(x: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent, element by element, between -1 and 1."""
    return np.tanh(x)


class Tanh(Activation):
    """The hyperbolic tangent: any number becomes one between -1 and 1."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(tanh, as_tensor(x))


def gelu(x: np.ndarray) -> np.ndarray:
    """The Gaussian error linear unit in its tanh form (Hendrycks and Gimpel, 2016).

    `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, element by element.
    """
    return 0.5 * x * (1 + np.tanh(_gelu_argument(x)))


def _gelu_argument(x: np.ndarray) -> np.ndarray:
    # Beyond 10 the tanh is 1 to the last bit, and without the bound x^3 could overflow.
    x = np.minimum(np.maximum(x, -10), 10)
    return float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x * x * x)


class GELU(Activation):
    """The Gaussian error linear unit in its tanh form: a smooth relative of ReLU."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(gelu, as_tensor(x))


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn scores into probabilities: `exp(x)` divided by its sum along an axis.

    Args:
        x: scores (logits) of any shape.
        axis: the axis along which the results add up to 1; the last by default.
    """
    if x.size == 0:
        return x
    # Shifting all scores by the same amount changes nothing, and exp(0) cannot overflow.
    # Scores that far apart have a difference beyond float32, and then exp(-infinity) is 0.
    with np.errstate(over="ignore"):
        exponentials = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exponentials / accurate_sum(exponentials, axis=axis, keepdims=True)


class Softmax(Activation):
    """Scores become probabilities that add up to 1 along an axis.

    Args:
        axis: the axis to normalise over; the last by default.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: TensorLike) -> Tensor:
        return apply(softmax, as_tensor(x), axis=self.axis)

    def __repr__(self) -> str:
        return f"Softmax(axis={self.axis})"
