"""Making a run repeatable, whatever generator the layers in use draw from."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import tinytorch
from tinytorch.core.tensor import Tensor
from tito.milestones.classifier import DigitNetwork


def seed(number: int) -> None:
    """Start all shared generators of this process afresh: TinyTorch's, NumPy's and Python's."""
    tinytorch.manual_seed(number)
    np.random.seed(number % 2**32)  # it takes no larger ones
    random.seed(number)


@contextmanager
def randomness_as_it_was() -> Iterator[None]:
    """What is drawn in this context from the shared generators is drawn again after it."""
    drawn = tinytorch.generator().bit_generator
    before = drawn.state, np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        drawn.state, numpys, pythons = before
        np.random.set_state(numpys)
        random.setstate(pythons)


def repeats(number: int) -> bool:
    """Whether a network that is made and called after `seed(number)` does the same each time.

    It does not where a layer draws from a generator of its own, as `np.random.default_rng()` is.
    """
    first, again = _outputs(number), _outputs(number)
    return all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def _outputs(number: int) -> list[np.ndarray]:
    seed(number)
    network = DigitNetwork()
    scores = network(Tensor(np.ones((8, 784))), training=True)
    return [tensor.data for tensor in (*network.parameters(), scores)]
