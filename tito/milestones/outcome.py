"""How well a network reads digits, for people and for programs."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

import tinytorch
from tinytorch.core.training import predict
from tinytorch.course.contention import is_much
from tito.milestones.classifier import DigitNetwork
from tito.milestones.history import History
from tito.milestones.recipe import Recipe
from tito.milestones.threads import counted

DIGITS = 10
PASSABLE = 0.9  # accuracy that one epoch is enough for, with sound modules


@dataclass(frozen=True)
class Evaluation:
    """What a network made of a set of images, with no dropout.

    Attributes:
        labels: shape `(count,)`, the digits that the images show.
        predictions: shape `(count,)`, the digits that the network read.
        confidence: shape `(count,)`, the probability that it gave to them, from 0 to 1.
    """

    labels: np.ndarray
    predictions: np.ndarray
    confidence: np.ndarray

    @property
    def accuracy(self) -> float:
        """The part of the images that was read right, from 0 to 1."""
        return float(np.mean(self.predictions == self.labels))

    @property
    def confusion_matrix(self) -> np.ndarray:
        """Shape `(10, 10)`: how often each digit (row) was read as each digit (column)."""
        pairs = self.labels * DIGITS + self.predictions
        return np.bincount(pairs, minlength=DIGITS**2).reshape(DIGITS, DIGITS)

    @property
    def per_digit_accuracy(self) -> np.ndarray:
        """Shape `(10,)`: the part of each digit's images that was read right; nan of none."""
        matrix = self.confusion_matrix
        images = matrix.sum(axis=1)
        return matrix.diagonal() / np.where(images, images, np.nan)

    @property
    def surest_mistakes(self) -> np.ndarray:
        """The indices of the images that were read wrong, the most confident first."""
        mistakes = np.flatnonzero(self.predictions != self.labels)
        return mistakes[np.argsort(-self.confidence[mistakes], kind="stable")]


def evaluate(network: DigitNetwork, images: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Let the network read images.

    Args:
        network: called without dropout.
        images: shape `(count, 784)`.
        labels: shape `(count,)`.
    """
    logits = predict(network, images)
    predictions = logits.argmax(axis=1)
    # The softmax of the largest logit: exp(0) over the sum of what is left after subtracting it.
    confidence = 1 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
    return Evaluation(labels, predictions, confidence)


@dataclass(frozen=True)
class Results:
    """All that came out of a training."""

    recipe: Recipe
    owners: dict[str, str]  # for each module of the course whose it was
    parameters: int
    history: History
    interrupted: bool  # whether it was stopped before its end
    waited: float  # the share of the training in which it waited for a processor
    repeatable: bool  # whether the same seed and number of threads give the same again
    train: Evaluation  # of the training images, after training
    test: Evaluation  # of the test images


def oddity(results: Results) -> str | None:
    """What is unlike a training on sound modules, in sentences; None if nothing is."""
    losses, guessing = results.history.losses, math.log(DIGITS)
    told = []
    if results.test.accuracy < PASSABLE:
        told.append(f"Only {results.test.accuracy:.0%} read right.")
    if not guessing / 2 < losses[0] < guessing * 1.4:
        told.append(
            f"The loss began at {losses[0]:.3g}, and that of a network that knows nothing yet is "
            f"log 10 = {guessing:.1f}."
        )
    elif not losses[-1] < losses[0]:
        told.append(
            f"The loss did not fall: it began at {losses[0]:.3g} and ended at {losses[-1]:.3g}."
        )
    return " ".join(told) or None


def metrics(results: Results) -> dict[str, Any]:
    """The results as numbers, ready for JSON.

    `seconds` is the time of the training steps alone: loading, evaluation and the picture come
    on top. `epochs` counts those that were gone through to the end. `threads` are those of matrix
    products at the end, `waited` is the share of the time without a processor to run on, and `busy`
    says that it was much.
    """
    history, test = results.history, results.test
    return {
        "milestone": "mnist",
        "test_accuracy": test.accuracy,
        "train_accuracy": results.train.accuracy,
        "seconds": history.seconds,
        "images_per_second": history.images_per_second,
        "parameters": results.parameters,
        "epochs": history.completed_epochs,
        "seed": results.recipe.seed,
        "repeatable": results.repeatable,
        "threads": history.threads[-1],
        "busy": is_much(results.waited),
        "waited": round(results.waited, 3),
        "interrupted": results.interrupted,
        "settings": asdict(results.recipe),
        "modules": results.owners,
        "per_digit_accuracy": [
            None if np.isnan(share) else float(share) for share in test.per_digit_accuracy
        ],
        "confusion_matrix": test.confusion_matrix.tolist(),
        "history": [
            {
                "epoch": epoch.number,
                "batches": epoch.batch,
                "loss": epoch.loss,
                "accuracy": epoch.accuracy,
                "seconds": epoch.seconds,
                "threads": epoch.threads,
            }
            for epoch in history.epochs
        ],
        "versions": {
            "tinytorch": tinytorch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
    }


def json_text(values: dict[str, Any]) -> str:
    """An object in JSON with one key a line, which people can read too."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def show_report(console: Console, results: Results) -> None:
    """Print how the training went and what the network reads, to fit the console's width."""
    history, train, test = results.history, results.train, results.test
    console.print(
        Text.assemble(
            "Test: ",
            (f"{test.accuracy:.2%}", "bold"),
            f" of {len(test.labels):,} new images read right, "
            f"{len(test.surest_mistakes):,} read wrong.",
        )
    )
    console.print(
        f"Training: {train.accuracy:.2%} of the {len(train.labels):,} images it learned from."
    )
    console.print(
        f"Time: {history.seconds:.1f} s for {history.images:,} images, "
        f"{history.images_per_second:,.0f} images/s{on_threads(history)}."
    )
    if is_much(results.waited):
        console.print(
            f"This machine is busy: training waited for a processor for {results.waited:.0%} of "
            "that time, since other programs or a limit on this container take them."
        )
    console.print()
    matrix = confusion_table(test)
    fits = max(line.cell_len for line in matrix) < console.width
    for line in matrix if fits else digit_table(test):
        console.print(line)


def on_threads(history: History) -> str:
    """Each number of threads in turn, as a sentence ends with it; empty if nobody can tell."""
    known = [count for count in history.threads if count]
    return f" on {', then '.join(map(counted, known))}" if known else ""


def confusion_table(test: Evaluation) -> list[Text]:
    """The confusion matrix: a line for each digit, a column for each digit it was read as."""
    header = "".join(f"{digit:6}" for digit in range(DIGITS))
    lines = [Text(f"digit{'read as':>13}"), Text(f"     {header}    right")]
    for digit, counts in enumerate(test.confusion_matrix):
        line = Text(f"{digit:3}  ")
        for column, count in enumerate(counts):
            style = "bold" if column == digit else "" if count else "dim"
            line.append(f"{count or '.':>6}", style)
        lines.append(line.append(f"{shown_share(test.per_digit_accuracy[digit]):>9}"))
    return lines


def shown_share(share: float, digits: int = 2) -> str:
    """A part of a digit's images as a percentage; a dash where there are no such images."""
    return "-" if np.isnan(share) else f"{share:.{digits}%}"


def digit_table(test: Evaluation) -> list[Text]:
    """What fits where the matrix does not: for each digit, the one it was most often taken for."""
    lines = [Text("digit   right   most often taken for")]
    for digit, counts in enumerate(test.confusion_matrix):
        wrong = counts.copy()
        wrong[digit] = 0
        other = wrong.argmax()
        times = f"{wrong[other]} time{'s' if wrong[other] > 1 else ''}"
        taken_for = f"{other} ({times})" if wrong[other] else "-"
        share = shown_share(test.per_digit_accuracy[digit])
        lines.append(Text(f"{digit:3}  {share:>9}   {taken_for}"))
    return lines
