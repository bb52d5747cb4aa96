"""Learning to read digits, and repeats of it from several seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import Trainer, batches, cosine, predict
from tinytorch.course.explore.bench import Network
from tinytorch.course.explore.digits import Digits
from tinytorch.course.explore.progress import Progress

MOMENTUM = 0.9
BATCH_SIZE = 100


class Diverged(Exception):
    """The loss is no finite number, so there is nothing left to learn."""


def finite(loss: Callable[[Tensor, Any], Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """The same loss, which raises `Diverged` where it is no finite number."""

    def checked(outputs: Tensor, targets: Any) -> Tensor:
        found = loss(outputs, targets)
        if not math.isfinite(found.item()):
            raise Diverged
        return found

    return checked


def descend(trainer: Trainer, inputs: Tensor, targets: Any) -> bool:
    """Take a step of training, and say whether it was taken: not where a loss was not `finite`."""
    try:
        trainer.step(inputs, targets)
    except Diverged:
        return False
    return True


def learn(
    networks: Sequence[Network],
    data: Digits,
    epochs: int,
    lr: float,
    each_step: Callable[[int], None] = lambda samples: None,
) -> Iterator[int]:
    """Train on digits with SGD and momentum, the learning rate falling along a cosine to 0.

    Args:
        networks: what learns; all see the same batches, in turn.
        data: what is learned.
        epochs: how often each image is seen.
        lr: the learning rate to begin with.
        each_step: called before each step, with the number of images in its batch.

    Yields:
        The number of each epoch that is over, from 1; where a loss is not finite it stops.
    """
    schedule = cosine(lr, epochs * math.ceil(len(data.labels) / BATCH_SIZE))
    loss = finite(CrossEntropyLoss())
    trainers = [Trainer(n, loss, SGD(n.parameters(), lr, MOMENTUM), schedule) for n in networks]
    for epoch in range(1, epochs + 1):
        for images, labels in batches(data.images, data.labels, BATCH_SIZE, shuffle=True):
            each_step(len(labels))
            for trainer in trainers:
                if not descend(trainer, images, labels):
                    return
        yield epoch


def error_rate(network: Callable[..., Tensor], data: Digits, trained: bool = False) -> float:
    """The share of test images that are taken for another digit, or of those learned from."""
    images, labels = data[:2] if trained else data[2:]
    return float(np.mean(predict(network, images).argmax(axis=1) != labels))


def over_seeds(
    doing: Mapping[str, str], seeds: int, progress: Progress
) -> Iterator[tuple[str, int]]:
    """Every name with every seed: all names with one before the next, and what is done told."""
    for seed in range(seeds):
        for number, (name, what) in enumerate(doing.items()):
            progress((seed + number / len(doing)) / seeds, f"{what}, seed {seed}")
            yield name, seed
