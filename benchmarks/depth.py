"""A chain of multiplications of a small tensor, forward and backward: what an operation costs.

`x * signs * signs * ...`, where `signs` is a tensor of plus and minus ones, so that no number ever
grows, shrinks or becomes too small for the processor's fast path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SHAPE = (32, 32)

Call = Callable[[], Any]


def numbers() -> tuple[np.ndarray, np.ndarray]:
    """The tensor that the chain starts from, and the signs that it is multiplied by."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal(SHAPE, dtype=np.float32)
    return x, np.where(generator.random(SHAPE) < 0.5, -1, 1).astype(np.float32)


def plain_loop(x: Any, signs: Any, operations: int) -> Call:
    """A plain loop, which autograd records: the same code for TinyTorch and PyTorch."""

    def call() -> Any:
        x.grad = None
        y = x
        for _ in range(operations):
            y = y * signs
        y.sum().backward()
        return x.grad

    return call


def with_tinytorch(operations: int) -> Call:
    """A plain loop over `tinytorch.Tensor`."""
    from tinytorch import Tensor

    array, factors = numbers()
    x, signs = Tensor(array, requires_grad=True), Tensor(factors)
    return plain_loop(x, signs, operations)


def with_pytorch(operations: int) -> Call:
    """A plain loop over `torch.Tensor`."""
    import torch

    array, factors = numbers()
    x, signs = torch.from_numpy(array).requires_grad_(), torch.from_numpy(factors)
    return plain_loop(x, signs, operations)


def with_jax(operations: int) -> Call:
    """`jax.lax.scan`, as JAX advises for long loops, unrolled a hundred operations at a time."""
    import jax
    import jax.numpy as jnp

    array, factors = numbers()
    x, signs = jnp.asarray(array), jnp.asarray(factors)

    def chain(x: Any, signs: Any) -> Any:
        y, _ = jax.lax.scan(
            lambda y, _: (y * signs, None), x, length=operations, unroll=min(operations, 100)
        )
        return y.sum()

    compiled = jax.jit(jax.value_and_grad(chain))
    return lambda: jax.block_until_ready(compiled(x, signs))


def floor(operations: int) -> Call:
    """Memory bandwidth: one copy of the tensor for each operation, forward and backward."""
    x, y = numbers()

    def call() -> None:
        for _ in range(2 * operations):
            np.copyto(y, x)

    return call


CONTESTANTS = {
    "tinytorch": with_tinytorch,
    "pytorch": with_pytorch,
    "jax": with_jax,
    "floor": floor,
}
