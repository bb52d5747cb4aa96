"""A linear layer, `y = x @ weight + bias`: forward alone, and forward with backward.

Forward is inference, with nothing recorded. Backward starts from a given gradient of `y`, and goes
to the input as well as the parameters, as it does inside a network. JAX waits for each result, as
its documentation says a benchmark must.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Call = Callable[[], Any]


def numbers(batch_size: int, inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """A batch of inputs, and the gradient of the outputs that backward starts from."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((batch_size, inputs), dtype=np.float32)
    return x, generator.standard_normal((batch_size, outputs), dtype=np.float32)


def calls_of(layer: Any, x: Any, gradient_of_y: Any, backward: bool, quiet: Any) -> Call:
    """A call of a layer: the same code for TinyTorch and PyTorch.

    `quiet` makes the context in which nothing is recorded, for a forward pass alone.
    """
    leaves = [x, *layer.parameters()]

    def forward() -> Any:
        with quiet():
            return layer(x)

    def forward_and_backward() -> Any:
        for leaf in leaves:
            leaf.grad = None
        y = layer(x)
        y.backward(gradient_of_y)
        return y

    return forward_and_backward if backward else forward


def with_tinytorch(batch_size: int, inputs: int, outputs: int, backward: bool) -> Call:
    """`tinytorch.core.layers.Linear`."""
    from tinytorch import Tensor
    from tinytorch.core.autograd import no_grad
    from tinytorch.core.layers import Linear

    array, gradient = numbers(batch_size, inputs, outputs)
    layer = Linear(inputs, outputs)
    x = Tensor(array, requires_grad=backward)
    return calls_of(layer, x, Tensor(gradient), backward, no_grad)


def with_pytorch(batch_size: int, inputs: int, outputs: int, backward: bool) -> Call:
    """`torch.nn.Linear`."""
    import torch

    array, gradient = numbers(batch_size, inputs, outputs)
    layer = torch.nn.Linear(inputs, outputs)
    x = torch.from_numpy(array).requires_grad_(backward)
    return calls_of(layer, x, torch.from_numpy(gradient), backward, torch.inference_mode)


def with_jax(batch_size: int, inputs: int, outputs: int, backward: bool) -> Call:
    """The same formula and its vector-Jacobian product, compiled."""
    import jax
    import jax.numpy as jnp

    array, gradient = numbers(batch_size, inputs, outputs)
    weight = jax.random.normal(jax.random.key(0), (inputs, outputs)) * inputs**-0.5
    bias = jnp.zeros(outputs)
    x, gradient_of_y = jnp.asarray(array), jnp.asarray(gradient)

    def linear(x: Any, weight: Any, bias: Any) -> Any:
        return x @ weight + bias

    @jax.jit
    def forward(x: Any, weight: Any, bias: Any, gradient_of_y: Any) -> Any:
        return linear(x, weight, bias)

    @jax.jit
    def forward_and_backward(x: Any, weight: Any, bias: Any, gradient_of_y: Any) -> Any:
        y, pull_back = jax.vjp(linear, x, weight, bias)
        return y, pull_back(gradient_of_y)

    compiled = forward_and_backward if backward else forward
    return lambda: jax.block_until_ready(compiled(x, weight, bias, gradient_of_y))


def floor(batch_size: int, inputs: int, outputs: int, backward: bool) -> Call:
    """The matrix products alone: one forward, two backward."""
    x, gradient_of_y = numbers(batch_size, inputs, outputs)
    weight = np.ones((inputs, outputs), np.float32)
    y, x_gradient, weight_gradient = (np.empty_like(a) for a in (gradient_of_y, x, weight))

    def forward() -> None:
        np.matmul(x, weight, out=y)

    def forward_and_backward() -> None:
        np.matmul(x, weight, out=y)
        np.matmul(x.T, gradient_of_y, out=weight_gradient)
        np.matmul(gradient_of_y, weight.T, out=x_gradient)

    return forward_and_backward if backward else forward


CONTESTANTS = {
    "tinytorch": with_tinytorch,
    "pytorch": with_pytorch,
    "jax": with_jax,
    "floor": floor,
}
