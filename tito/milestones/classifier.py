"""A network that learns to read handwritten digits: what it is, and how it is trained.

There is no terminal in this file. `train` is a plain loop over steps, and whoever runs it can
watch each step, measure it, or stop after any of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tinytorch.composition import Layer
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import Trainer, cosine
from tito.milestones.recipe import Recipe


class DigitNetwork(Layer):
    """Three linear layers with ReLU and dropout between them: 784-256-128-10.

    Its six parameters, `layer1.weight` to `layer3.bias`, are 235,146 numbers.
    """

    def __init__(self) -> None:
        self.layer1 = Linear(784, 256)
        self.activation1 = ReLU()
        self.dropout1 = Dropout(0.5)
        self.layer2 = Linear(256, 128)
        self.activation2 = ReLU()
        self.dropout2 = Dropout(0.3)
        self.layer3 = Linear(128, 10)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """The logits of a batch of images.

        Args:
            x: shape `(batch, 784)`, pixels from 0 to 1.
            training: whether dropout drops.

        Returns:
            Shape `(batch, 10)`: a score for each digit.
        """
        x = self.layer1(x)
        x = self.activation1(x)
        x = self.dropout1(x, training=training)
        x = self.layer2(x)
        x = self.activation2(x)
        x = self.dropout2(x, training=training)
        return self.layer3(x)


class Step(NamedTuple):
    """What happened in one step of training."""

    epoch: int  # counted from 1
    batch: int  # counted from 1, in each epoch afresh
    batches: int  # how many there are in an epoch
    images: int  # in this batch
    loss: float  # averaged over them
    correct: int  # how many of them were read right, with dropout at work


def train(
    network: DigitNetwork, images: np.ndarray, labels: np.ndarray, recipe: Recipe
) -> Iterator[Step]:
    """Train the network, a step at each turn of the caller's loop.

    The loop may be left after any step; the network then keeps what it has learned so far.

    Args:
        network: its parameters are changed in place.
        images: shape `(count, 784)`; bytes are scaled from 0-255 to 0-1, a batch at a time.
        labels: shape `(count,)`, the digits.
        recipe: the settings. The seed is not set here, since the network's first weights
            come from it too: call `tinytorch.manual_seed(recipe.seed)` and make the network.
    """
    batches = math.ceil(len(labels) / recipe.batch_size)
    optimizer = SGD(
        network.parameters(),
        lr=recipe.lr,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
    )
    schedule = cosine(recipe.lr, recipe.epochs * batches, warmup=recipe.warmup_epochs * batches)
    trainer = Trainer(network, CrossEntropyLoss(), optimizer, schedule)
    for epoch in range(1, recipe.epochs + 1):
        results = trainer.epoch(images, labels, recipe.batch_size)
        for batch, (loss, logits, digits) in enumerate(results, 1):
            correct = int(np.count_nonzero(logits.argmax(axis=1) == digits))
            yield Step(epoch, batch, batches, len(digits), loss, correct)
