"""An operation outside the core, with its derivative right below it, as later lessons have them."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch import Layer, Linear, Tensor, apply, derivative
from tinytorch.core.tensor import TensorLike


def normalized(x: np.ndarray, axis: int) -> np.ndarray:
    """The numbers along an axis, scaled to a length of 1."""
    return x / np.sqrt(np.sum(x * x, axis=axis, keepdims=True))


def _normalized_gradient(
    gradient: np.ndarray, output: np.ndarray, x: np.ndarray, axis: int
) -> np.ndarray:
    along = np.sum(gradient * output, axis=axis, keepdims=True)
    return (gradient - along * output) / np.sqrt(np.sum(x * x, axis=axis, keepdims=True))


derivative(normalized, _normalized_gradient)


class Normalize(Layer):
    """Its output is of length 1 along the last axis."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(normalized, x, axis=-1)


def test_the_gradient_goes_through_the_rule() -> None:
    values = np.random.default_rng(0).standard_normal((3, 4))
    weights = np.random.default_rng(1).standard_normal((3, 4))
    x = Tensor(values, requires_grad=True, dtype=np.float64)
    (Normalize()(x) * weights).sum().backward()
    assert x.grad is not None
    for place in np.ndindex(3, 4):
        step = np.zeros((3, 4))
        step[place] = 1e-6
        difference = normalized(values + step, axis=1) - normalized(values - step, axis=1)
        assert x.grad.data[place] == pytest.approx(np.sum(difference * weights) / 2e-6, abs=1e-7)


def test_a_network_trains_through_it() -> None:
    network = Layer()
    network.linear, network.normalize = Linear(4, 3), Normalize()
    network.normalize(network.linear(np.ones((2, 4))))[:, 0].sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_an_operation_without_a_rule_says_where_to_add_one() -> None:
    def doubled(x: np.ndarray) -> np.ndarray:
        return x + x

    y = apply(doubled, Tensor([1.0], requires_grad=True))
    with pytest.raises(ValueError, match=r"doubled has no derivative .*autograd\.derivative"):
        y.backward()
