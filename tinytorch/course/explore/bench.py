"""What experiments share: the network of the lesson, a step of its training, and memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from tinytorch.composition import Layer
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.tensor import Tensor

INPUTS, CLASSES = 784, 10  # the pixels of a digit, and the digits
FLOAT32 = 4  # bytes


def normal(*shape: int) -> Tensor:
    """Inputs in float32, from the standard normal distribution and always the same."""
    return Tensor(np.random.default_rng(0).standard_normal(shape, np.float32))


def parameters_of(sizes: Sequence[int], bias: bool = True) -> int:
    """How many parameters a network of Linear layers should have: n * m, and m for the bias."""
    return sum(n * m + m * bias for n, m in pairwise(sizes))


class Network(Layer):
    """Linear layers with ReLU between them, and dropout behind each ReLU where `p` is not 0.

    Args:
        sizes: the sizes from inputs to outputs, such as `[784, 256, 128, 10]`.
        p: the probability of dropping.
        between: called with what a layer gives and whether it is training, instead of all that.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        p: float = 0.0,
        between: Callable[[Tensor, bool], Tensor] | None = None,
    ) -> None:
        self.sizes = list(sizes)
        self.layers = [Linear(n, m) for n, m in pairwise(sizes)]
        self.relu = ReLU()
        self.dropout = Dropout(p) if p else None
        self.between = between or self._relu_and_dropout

    def forward(self, x: Tensor, training: bool = False) -> Tensor:
        """The outputs for inputs of shape `(batch, sizes[0])`."""
        for layer in self.layers[:-1]:
            x = self.between(layer(x), training)
        return self.layers[-1](x)

    def _relu_and_dropout(self, x: Tensor, training: bool) -> Tensor:
        x = self.relu(x)
        return x if self.dropout is None else self.dropout(x, training=training)


def step_to_time(
    network: Network, x: Tensor, classes: np.ndarray, update: bool = True
) -> Callable[[], None]:
    """A step of training that can be taken thousands of times: it hardly moves the weights.

    Without `update` it ends when the gradients are there. Unlike that of `Trainer` it goes on
    where the loss is not finite: layers that give NaN take their time, too.
    """
    # Here, so that what counts parameters needs no lesson that it does not use.
    from tinytorch.core.losses import CrossEntropyLoss
    from tinytorch.core.optimizers import SGD

    loss_of = CrossEntropyLoss()
    optimizer = SGD(network.parameters(), lr=1e-12)

    def step() -> None:
        optimizer.zero_grad()
        loss_of(network(x, training=True), classes).backward()
        if update:
            optimizer.step()

    return step


class Allocated:
    """Bytes that were allocated in a context: held at its end, and at most."""

    held = 0
    peak = 0


@contextmanager
def allocated() -> Iterator[Allocated]:
    """Count what Python and NumPy allocate, with tracemalloc.

    Within another such context, what that one saw allocated and this one frees is taken off.
    """
    found = Allocated()
    is_outer = not tracemalloc.is_tracing()
    if is_outer:
        gc.collect()
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        yield found
        found.held, found.peak = (bytes_ - before for bytes_ in tracemalloc.get_traced_memory())
    finally:
        if is_outer:
            tracemalloc.stop()
