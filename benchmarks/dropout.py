"""Dropout with p = 0.5 in training: forward alone, and forward with backward.

Forward alone records nothing. JAX waits for each result, as its documentation says a benchmark
must.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

P = 0.5

Call = Callable[[], Any]


def numbers(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """An input, and the gradient of the output that backward starts from."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal(shape, dtype=np.float32)
    return x, generator.standard_normal(shape, dtype=np.float32)


def with_tinytorch(shape: tuple[int, int], backward: bool) -> Call:
    """`tinytorch.core.layers.Dropout`."""
    from tinytorch import Tensor
    from tinytorch.core.autograd import no_grad
    from tinytorch.core.layers import Dropout

    array, gradient = numbers(shape)
    layer = Dropout(P)
    x, gradient_of_y = Tensor(array, requires_grad=backward), Tensor(gradient)

    def forward() -> Any:
        with no_grad():
            return layer(x, training=True)

    def forward_and_backward() -> Any:
        x.grad = None
        y = layer(x, training=True)
        y.backward(gradient_of_y)
        return y

    return forward_and_backward if backward else forward


def with_pytorch(shape: tuple[int, int], backward: bool) -> Call:
    """`torch.nn.Dropout`."""
    import torch

    array, gradient = numbers(shape)
    layer = torch.nn.Dropout(P)
    x, gradient_of_y = torch.from_numpy(array), torch.from_numpy(gradient)
    x.requires_grad_(backward)

    def forward() -> Any:
        with torch.inference_mode():
            return layer(x)

    def forward_and_backward() -> Any:
        x.grad = None
        y = layer(x)
        y.backward(gradient_of_y)
        return y

    return forward_and_backward if backward else forward


def with_jax(shape: tuple[int, int], backward: bool) -> Call:
    """`jax.random.bernoulli` and a choice, with the key split anew at each call, compiled."""
    import jax
    import jax.numpy as jnp

    array, gradient = numbers(shape)
    x, gradient_of_y = jnp.asarray(array), jnp.asarray(gradient)
    key = jax.random.key(0)

    def drop(x: Any, key: Any) -> Any:
        keep = jax.random.bernoulli(key, 1 - P, x.shape)
        return jnp.where(keep, x / (1 - P), 0)

    def forward(key: Any, x: Any, gradient_of_y: Any) -> Any:
        key, now = jax.random.split(key)
        return key, drop(x, now)

    def forward_and_backward(key: Any, x: Any, gradient_of_y: Any) -> Any:
        key, now = jax.random.split(key)
        y, pull_back = jax.vjp(lambda x: drop(x, now), x)
        return key, y, pull_back(gradient_of_y)

    compiled = jax.jit(forward_and_backward if backward else forward, donate_argnums=0)

    def call() -> Any:
        nonlocal key
        key, *results = compiled(key, x, gradient_of_y)
        return jax.block_until_ready(results)

    return call


def floor(shape: tuple[int, int], backward: bool) -> Call:
    """Memory bandwidth: one copy of the array forward, one backward."""
    x, gradient_of_y = numbers(shape)
    y, x_gradient = np.empty_like(x), np.empty_like(x)

    def forward() -> None:
        np.copyto(y, x)

    def forward_and_backward() -> None:
        np.copyto(y, x)
        np.copyto(x_gradient, gradient_of_y)

    return forward_and_backward if backward else forward


CONTESTANTS = {
    "tinytorch": with_tinytorch,
    "pytorch": with_pytorch,
    "jax": with_jax,
    "floor": floor,
}
