# Exported from modules/03_layers/layers_dev.py: edit it there, then run `tito export`.
"""Layers: functions from tensors to tensors, with the parameters that training adjusts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tinytorch.arguments import real_number, whole_number
from tinytorch.composition import Layer as Layer
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_tensor
from tinytorch.random import generator


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The matrix product and the bias in one operation, with one new array instead of two."""
    y = np.matmul(x, weight)
    y += bias
    return y


class Linear(Layer):
    """A linear layer, `y = x @ weight + bias`.

    Args:
        in_features: the number of inputs to each unit, its fan-in.
        out_features: the number of units.
        bias: whether a bias is added.

    Attributes:
        weight: shape `(in_features, out_features)`, drawn from a normal distribution with
            mean 0 and standard deviation `sqrt(1 / in_features)` (LeCun et al., 1998).
        bias: shape `(out_features,)`, zeros to begin with; None without a bias.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is negative.

    >>> layer = Linear(784, 256)
    >>> layer(Tensor(np.ones((32, 784)))).shape
    (32, 256)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = whole_number("in_features of Linear", in_features, below=2**31)
        self.out_features = whole_number("out_features of Linear", out_features, below=2**31)
        shape = (self.in_features, self.out_features)
        scale = math.sqrt(1 / max(1, self.in_features))
        weight = generator().standard_normal(shape, dtype=np.float32) * np.float32(scale)
        self.weight = Tensor(weight, requires_grad=True)
        self.bias = Tensor(np.zeros(self.out_features), requires_grad=True) if bias else None

    def forward(self, x: TensorLike) -> Tensor:
        """Transform a batch.

        Args:
            x: shape `(..., in_features)`, with any number of leading batch dimensions.

        Returns:
            Shape `(..., out_features)`.

        Raises:
            ValueError: the last dimension of `x` is not `in_features`.
        """
        x = as_tensor(x)
        if x.shape[-1:] != (self.in_features,):
            raise ValueError(self._wrong_input(x.shape))
        if self.bias is None:
            return x @ self.weight
        return apply(linear, x, self.weight, self.bias)

    def parameters(self) -> list[Tensor]:
        """The weight and, if there is one, the bias."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def _wrong_input(self, shape: tuple[int, ...]) -> str:
        if not shape:
            return f"{self} got a single number; expected shape (..., {self.in_features})"
        got = f"{self} got a last dimension of {shape[-1]} in shape {shape}"
        for batch_dimensions in range(len(shape) - 1):
            if math.prod(shape[batch_dimensions:]) == self.in_features:
                flat = (*shape[:batch_dimensions], self.in_features)
                return f"{got}; flatten first: x.reshape({', '.join(map(str, flat))})"
        return f"{got}; expected {self.in_features}"

    def __repr__(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{bias})"


def dropout(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Multiply by a mask that holds 0 for what is dropped, and the scale of what survives."""
    return x * mask


def random_keep(shape: tuple[int, ...], p: float) -> np.ndarray:
    """A random array of booleans: each element is False with probability `p`.

    Random bits cost time, so this draws no more than `p` needs: 1 to an element for 0.5, 16 for
    0.3. Probabilities that are no multiple of 1/65536 are met to one part in 10,000 or better.
    """
    count = math.prod(shape)
    bits, threshold = _bits_and_threshold(p)
    words = generator().bit_generator.random_raw(-(-count * bits // 64))
    if bits == 1:
        return np.unpackbits(words.view(np.uint8), count=count).view(bool).reshape(shape)
    return (words.view(threshold.dtype)[:count] >= threshold).reshape(shape)


@lru_cache
def _bits_and_threshold(p: float) -> tuple[int, np.unsignedinteger]:
    """How many random bits an element needs, and the smallest number of so many that is kept."""
    if p == 0.5:
        return 1, np.uint8(1)
    for bits in (8, 16, 32):
        threshold = round(p * 2**bits)
        if abs(threshold - p * 2**bits) <= 1e-4 * min(threshold, 2**bits - threshold):
            break
    return bits, np.dtype(f"u{bits // 8}").type(min(threshold, 2**bits - 1))


class Dropout(Layer):
    """Inverted dropout (Srivastava et al., 2014): in training, zero elements at random.

    Each element is dropped with probability `p`, independently of all others. The survivors
    are scaled by `1 / (1 - p)`, so that the expected value of each element stays what it was
    and nothing needs to be done at inference.

    Args:
        p: the probability of dropping an element, from 0 to 1; the keep probability is `1 - p`.

    Raises:
        TypeError: `p` is not a number.
        ValueError: `p` is outside [0, 1] or NaN.

    >>> Dropout(0.5)(Tensor([1.0, 2.0, 3.0]), training=False)
    Tensor([1., 2., 3.])
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = real_number("the probability p of Dropout", p, at_most=1)

    def forward(self, x: TensorLike, training: bool | None = None) -> Tensor:
        """Drop elements in training; pass `x` through unchanged at inference.

        Args:
            x: a tensor of any shape.
            training: whether to drop; if left out, what `self.training` says, which is True until
                `eval()` of this layer, or of a network that holds it, is called.

        Returns:
            A tensor of the same shape; at inference, or with `p` 0, `x` itself.
        """
        x = as_tensor(x)
        if training is None:
            training = self.training
        if not training or self.p == 0:
            return x
        if self.p == 1:
            mask = np.zeros(x.shape, x.dtype)
        else:
            keep = random_keep(x.shape, self.p)
            mask = keep.astype(x.dtype) * (1 / (1 - self.p))
        return apply(dropout, x, mask=mask)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
