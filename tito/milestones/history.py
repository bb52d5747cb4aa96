"""What training went through: every step's loss, and a line for every epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tito.milestones.classifier import Step


@dataclass
class Epoch:
    """One pass through the training images, or the part of it that is done.

    Loss and accuracy are those of training: with dropout at work, and of a network that was
    still changing from step to step.
    """

    number: int  # counted from 1
    batches: int  # how many there are in the whole epoch
    batch: int = 0  # how many of them are done
    images: int = 0
    seconds: float = 0.0
    total_loss: float = 0.0  # summed over the images
    correct: int = 0
    threads: int | None = None  # in matrix products, at its end; None where nobody can tell

    @property
    def complete(self) -> bool:
        """Whether every batch had its turn."""
        return self.batch == self.batches

    @property
    def loss(self) -> float:
        """The mean loss of an image."""
        return self.total_loss / self.images

    @property
    def accuracy(self) -> float:
        """The part of the images that was read right, from 0 to 1."""
        return self.correct / self.images

    @property
    def images_per_second(self) -> float:
        """How fast this epoch goes."""
        return self.images / self.seconds


@dataclass
class History:
    """All steps of one training, added one by one; the clock runs from when this is made."""

    epochs: list[Epoch] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)  # one a step
    seconds: float = 0.0  # until the end of the last step
    latest: float = 0.0  # seconds, for the last step
    threads: list[int | None] = field(default_factory=list)  # in matrix products, at each change
    started: float = field(default_factory=time.perf_counter)

    def add(self, step: Step, threads: int | None = None) -> Epoch:
        """Take in a step that has just ended; returns the epoch that it belongs to.

        Args:
            step: what happened in it.
            threads: on how many its matrix products ran, if that is known.
        """
        if not self.epochs or self.epochs[-1].number != step.epoch:
            self.epochs.append(Epoch(step.epoch, step.batches))
        epoch = self.epochs[-1]
        now = time.perf_counter() - self.started
        self.latest = now - self.seconds
        self.seconds = now
        epoch.seconds += self.latest
        epoch.threads = threads
        if self.threads[-1:] != [threads]:
            self.threads.append(threads)
        epoch.batch = step.batch
        epoch.images += step.images
        epoch.total_loss += step.loss * step.images
        epoch.correct += step.correct
        self.losses.append(step.loss)
        return epoch

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done in this context is no part of the training's time."""
        before = time.perf_counter()
        yield
        self.started += time.perf_counter() - before

    @property
    def has_changed_threads(self) -> bool:
        """Whether not all steps ran on the same number of threads."""
        return len(self.threads) > 1

    @property
    def images(self) -> int:
        """How many images were trained on, counted again in each epoch."""
        return sum(epoch.images for epoch in self.epochs)

    @property
    def images_per_second(self) -> float:
        """How fast the whole training went."""
        return self.images / self.seconds

    @property
    def completed_epochs(self) -> int:
        """How many epochs were gone through to the end."""
        return sum(epoch.complete for epoch in self.epochs)
