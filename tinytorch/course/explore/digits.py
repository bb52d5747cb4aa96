"""A part of MNIST, so that networks learn to read it quickly."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from tinytorch.datasets import MNIST, mnist


class Digits(NamedTuple):
    """Images of shape `(count, 784)`, bytes from 0 to 255, and their labels."""

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


@cache
def _all_digits() -> MNIST:
    return mnist()


def digits(training: int, test: int) -> Digits:
    """The first digits of MNIST to train on, and the first to test with."""
    found = _all_digits()
    return Digits(
        found.train_images[:training].reshape(-1, 784),
        found.train_labels[:training],
        found.test_images[:test].reshape(-1, 784),
        found.test_labels[:test],
    )
