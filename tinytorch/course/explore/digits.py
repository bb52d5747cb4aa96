"""Networks that learn to read MNIST, quickly: a part of the digits, and the loop over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import batches, cosine, predict
from tinytorch.course.explore.descent import descend
from tinytorch.datasets import MNIST, mnist

MOMENTUM = 0.9
BATCH_SIZE = 100


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


def steps_of(samples: int, epochs: int) -> int:
    """How many steps so many epochs take."""
    return epochs * math.ceil(samples / BATCH_SIZE)


def learn(
    network: Callable[..., Tensor],
    parameters: list[Tensor],
    data: Digits,
    epochs: int,
    lr: float,
) -> Iterator[int]:
    """Train with SGD and momentum, the learning rate falling along a cosine.

    Args:
        network: called as `network(images, training=True)`; returns logits.
        parameters: what is trained.
        data: what is learned.
        epochs: how often each image is seen.
        lr: the learning rate to begin with.

    Yields:
        The number of each epoch that is over, from 1. Where the loss is no longer a finite
        number there is nothing left to learn, and it stops.
    """
    optimizer = SGD(parameters, lr=lr, momentum=MOMENTUM)
    schedule = cosine(lr, steps_of(len(data.labels), epochs))
    loss_of = CrossEntropyLoss()
    step = 0
    for epoch in range(1, epochs + 1):
        for images, labels in batches(data.images, data.labels, BATCH_SIZE, shuffle=True):
            optimizer.lr = schedule(step)
            if not descend(loss_of(network(images, training=True), labels), optimizer):
                return
            step += 1
        yield epoch


def error_rate(network: Callable[..., Tensor], images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images, from 0 to 1, that the network takes for another digit."""
    return float(np.mean(predict(network, images).argmax(axis=1) != labels))
