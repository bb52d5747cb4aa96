"""Dropout before the activation or after it: with the same mask, and in training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import tinytorch
from tinytorch.core.activations import GELU, ReLU, Sigmoid, Tanh
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import batches, cosine
from tinytorch.explore.confidence import mean_of
from tinytorch.explore.descent import descend
from tinytorch.explore.digits import (
    BATCH_SIZE,
    MOMENTUM,
    Digits,
    digits,
    error_rate,
    steps_of,
)
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import count, figures, percent, plain

Function = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, Function] = {
    "ReLU": ReLU(),
    "tanh": Tanh(),
    "sigmoid": Sigmoid(),
    "GELU": GELU(),
}
ALL, RELU_ALONE, RELU_AND_TANH, NONE, OTHERS = (
    "all of them",
    "ReLU alone",
    "ReLU and tanh",
    "none",
    "another selection",
)


@dataclass(frozen=True)
class Settings:
    """The dropout, and the training in which both places are tried."""

    p: float = setting(0.5, "probability of dropping", at_least=0.01, at_most=0.99)
    hidden: int = setting(128, "hidden units", full=256, at_least=1, at_most=2048)
    images: int = setting(2000, "images to learn from", full=10_000, at_least=100, at_most=60_000)
    test_images: int = setting(
        5000, "images to test with", full=10_000, at_least=100, at_most=10_000
    )
    epochs: int = setting(10, "times each image is seen", full=20, at_least=1, at_most=100)
    seeds: int = setting(5, "networks of each kind", full=10, at_least=2, at_most=50)
    lr: float = setting(0.1, "learning rate", at_least=0.0001, at_most=10.0)


@dataclass
class Compared:
    """Dropout before and after one activation.

    Attributes:
        differing: the share of elements in which the two differ, under the same mask.
        largest: the largest difference between two elements.
        at_zero: what the activation makes of 0, which is what dropout leaves of an element.
        before: error rates on test images, one a seed, with dropout before the activation.
        after: the same with dropout after it.
        distances: the largest difference between the weights of the two networks, one a seed.
    """

    differing: float
    largest: float
    at_zero: float
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        "With the same mask: for which activations is Linear → Dropout → activation the same "
        "function as Linear → activation → Dropout?",
        choices=(RELU_ALONE, RELU_AND_TANH, ALL, NONE, OTHERS),
    )


def mask_of(dropout: Dropout, shape: tuple[int, ...]) -> Tensor:
    """What the dropout in use multiplies by: what it makes of ones, drawn anew at each call."""
    return dropout(Tensor(np.ones(shape, np.float32)), training=True).detach()


def expected_before(function: Function, x: np.ndarray, p: float) -> np.ndarray:
    """The expected value of `function(dropout(x))`: p · f(0) + (1 - p) · f(x / (1 - p))."""
    zero = function(Tensor(np.zeros_like(x))).data
    scaled = function(Tensor(x / (1 - p))).data
    return p * zero + (1 - p) * scaled


def compare(function: Function, x: Tensor, mask: Tensor) -> Compared:
    """Both places, under one mask."""
    before, after = function(x * mask).data, (function(x) * mask).data
    distance = np.abs(before - after)
    return Compared(
        differing=float(np.mean(before != after)),
        largest=float(distance.max()),
        at_zero=function(Tensor(np.zeros(1, np.float32))).item(),
    )


class Pair:
    """Two networks 784-hidden-10 that start alike; they differ in the place of dropout."""

    def __init__(self, function: Function, settings: Settings, seed: int) -> None:
        self.function = function
        self.layers: list[tuple[Linear, Linear]] = []
        for _ in range(2):
            tinytorch.manual_seed(seed)
            first = Linear(784, settings.hidden)
            self.layers.append((first, Linear(settings.hidden, 10)))
        for a, b in zip(*map(self.parameters, range(2)), strict=True):
            b.data[...] = a.data  # alike, wherever the layers in use draw their weights

    def parameters(self, which: int) -> list[Tensor]:
        """The parameters of the network with dropout before (0) or after (1)."""
        first, last = self.layers[which]
        return first.parameters() + last.parameters()

    def logits(self, which: int, x: Tensor, mask: Tensor) -> Tensor:
        """The output in training."""
        first, last = self.layers[which]
        if which == 0:
            return last(self.function(first(x) * mask))
        return last(self.function(first(x)) * mask)

    def error(self, which: int, images: np.ndarray, labels: np.ndarray) -> float:
        """The error rate at inference, where nothing is dropped."""
        first, last = self.layers[which]
        return error_rate(lambda x, training: last(self.function(first(x))), images, labels)

    def distance(self) -> float:
        """The largest difference between two parameters of the networks."""
        pairs = zip(self.parameters(0), self.parameters(1), strict=True)
        return max((float(np.abs(a.data - b.data).max()) for a, b in pairs), default=0.0)


def train(pair: Pair, data: Digits, dropout: Dropout, settings: Settings) -> None:
    """Train both networks in lockstep: each step has one batch and one mask for both."""
    optimizers = [SGD(pair.parameters(which), settings.lr, MOMENTUM) for which in range(2)]
    schedule = cosine(settings.lr, steps_of(len(data.labels), settings.epochs))
    loss_of = CrossEntropyLoss()
    step = 0
    for _ in range(settings.epochs):
        for images, labels in batches(data.images, data.labels, BATCH_SIZE, shuffle=True):
            mask = mask_of(dropout, (len(labels), settings.hidden))
            for which, optimizer in enumerate(optimizers):
                optimizer.lr = schedule(step)
                if not descend(loss_of(pair.logits(which, images, mask), labels), optimizer):
                    return
            step += 1


def answer(settings: Settings, progress: Progress) -> Answer:
    """Compare under one mask, then train both ways."""
    tinytorch.manual_seed(0)
    dropout = Dropout(settings.p)
    x = Tensor(np.random.default_rng(0).standard_normal((1000, 100), np.float32))
    mask = mask_of(dropout, x.shape)
    with no_grad():
        found = {name: compare(function, x, mask) for name, function in ACTIVATIONS.items()}
    data = digits(settings.images, settings.test_images)
    for seed in range(settings.seeds):
        for number, (name, function) in enumerate(ACTIVATIONS.items()):
            done = (seed + number / len(ACTIVATIONS)) / settings.seeds
            progress(done, f"training with {name}, seed {seed}")
            pair = Pair(function, settings, seed)
            train(pair, data, dropout, settings)
            for which, errors in enumerate((found[name].before, found[name].after)):
                errors.append(pair.error(which, data.test_images, data.test_labels))
            found[name].distances.append(pair.distance())
    truth = _selection({name for name, one in found.items() if one.differing == 0})
    dropped = float(np.mean(mask.data == 0))
    scale = float(np.median(mask.data[mask.data != 0])) if dropped < 1 else 0.0
    return Answer(
        headline=_headline(found, dropped),
        truth=truth,
        tables=(_table(found), _training_table(found)),
        picture=_picture(settings),
        why=_why(settings, found, dropped, scale),
        formulas=_formulas(settings, found),
        changes=(
            Change({"p": 0.9}, "a scale of 10: tanh is driven to its ends"),
            Change({"p": 0.1}, "a scale of 1.11: the places differ less"),
            Change({"hidden": 16}, "few units, of which dropout leaves fewer"),
        ),
        method=(
            f"One mask of the Dropout in use on {count(x.size)} normal numbers. Then networks "
            f"784-{settings.hidden}-10, SGD with momentum {MOMENTUM:g}, learning rate "
            f"{settings.lr:g}, {settings.epochs} epochs of {settings.images} images in batches of "
            f"{BATCH_SIZE}; both networks of a pair start alike and get the same batches and "
            f"masks. {settings.seeds} seeds; intervals are Student's at 95%."
        ),
        values={
            "differing": {name: one.differing for name, one in found.items()},
            "largest_difference": {name: one.largest for name, one in found.items()},
            "errors_before": {name: one.before for name, one in found.items()},
            "errors_after": {name: one.after for name, one in found.items()},
            "weight_distance": {name: max(one.distances) for name, one in found.items()},
            "dropped": dropped,
            "scale": scale,
        },
    )


def _selection(same: set[str]) -> str:
    """The choice that names the activations for which the place makes no difference."""
    known = {
        frozenset(ACTIVATIONS): ALL,
        frozenset({"ReLU"}): RELU_ALONE,
        frozenset({"ReLU", "tanh"}): RELU_AND_TANH,
        frozenset(): NONE,
    }
    return known.get(frozenset(same), OTHERS)


def _listed(names: list[str]) -> str:
    """Names in a sentence: `tanh, sigmoid and GELU`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _headline(found: dict[str, Compared], dropped: float) -> str:
    if dropped == 0:
        return (
            "The Dropout in use drops nothing and scales nothing here, so its place makes no "
            "difference."
            if not any(one.differing for one in found.values())
            else "The Dropout in use drops nothing here, so this says little about its place."
        )
    same = [name for name, one in found.items() if one.differing == 0]
    other = {name: one for name, one in found.items() if one.differing > 0}
    said = (
        f"With {_listed(same)} the place makes no difference, to the last bit"
        if same
        else "The place makes a difference with all of them"
    )
    if not other:
        return f"{said}."
    shares = ", ".join(f"{name} {percent(one.differing)}" for name, one in other.items())
    return f"{said}. Elements that differ with the others: {shares}."


def _table(found: dict[str, Compared]) -> Table:
    rows = tuple(
        (
            name,
            percent(one.differing),
            figures(one.largest),
            figures(one.at_zero),
        )
        for name, one in found.items()
    )
    columns = ("activation", "elements that differ", "largest difference", "what 0 becomes")
    return Table(columns, rows, "Before and after, under the same mask")


def _training_table(found: dict[str, Compared]) -> Table:
    rows = []
    for name, one in found.items():
        gap = mean_of(np.subtract(one.before, one.after).tolist())
        rows.append(
            (
                name,
                percent(float(np.mean(one.before))),
                percent(float(np.mean(one.after))),
                f"{figures(100 * gap.value, 2)} ± {figures(100 * gap.half_width, 2)}",
                figures(max(one.distances), 2),
            )
        )
    columns = (
        "activation",
        "error, before",
        "error, after",
        "before - after, points",
        "weights differ by",
    )
    return Table(columns, tuple(rows), "Trained: error on test images")


def _why(settings: Settings, found: dict[str, Compared], dropped: float, scale: float) -> str:
    relu, tanh, gelu = found["ReLU"], found["tanh"], found["GELU"]
    said = (
        f"Dropout multiplies each element by 0 or by {figures(scale)}. It can change places with "
        "an activation f if f(0) = 0 and f(s · x) = s · f(x) for every scale s above 0. ReLU is "
        "such a function: it multiplies by 0 or by 1, and the order of two multiplications makes "
        "no difference. "
    )
    if not 0 < dropped < 1 or math.isclose(scale, 1):
        return (
            f"{said}The Dropout in use drops {percent(dropped)} of the elements and multiplies the "
            f"others by {figures(scale)}, where Dropout({settings.p:g}) should multiply them by "
            f"{figures(1 / (1 - settings.p))}, so what is measured here is not the whole story."
        )
    if max(relu.distances) == 0 and relu.differing == 0:
        said += (
            "Not in training either: gradients are the same products, and in the end no weight of "
            "the two networks differs in any bit. "
        )
    said += (
        f"sigmoid turns a dropped 0 into {figures(found['sigmoid'].at_zero)}, so before it nothing "
        "is silenced: the unit says something that does not depend on the input. "
    )
    if tanh.differing > 0 and gelu.differing > 0:
        said += (
            f"tanh and GELU keep 0, but bend: for {figures(scale)} times the input they do not "
            f"give {figures(scale)} times the output. "
        )
    return (
        f"{said}So the expected value that dropout after the activation keeps is lost before it, "
        "and at inference the next layer meets other values than it was trained on (the picture). "
        f"What it does to the errors on test images: {_verdicts(settings, found)}. After the "
        "activation is the place that is right for every f."
    )


def _verdicts(settings: Settings, found: dict[str, Compared]) -> str:
    """Which place reads better, activation by activation, where the seeds can tell."""
    told: dict[str, list[str]] = {}
    for name in ("tanh", "sigmoid", "GELU"):
        gap = mean_of(np.subtract(found[name].before, found[name].after).tolist())
        if gap.is_zero:
            verdict = f"{settings.seeds} seeds do not tell the places apart"
        else:
            worse = "more" if gap.value > 0 else "fewer"
            points = figures(100 * abs(gap.value), 2)
            verdict = f"dropout before it makes {points} percentage points {worse} errors"
        told.setdefault(verdict, []).append(name)
    return "; ".join(f"with {_listed(names)} {verdict}" for verdict, names in told.items())


def _formulas(settings: Settings, found: dict[str, Compared]) -> tuple[str, ...]:
    p = settings.p
    kept = figures(1 - p)
    one = np.ones(1, np.float32)
    lines = [
        "after: E[dropout(f(x))] = f(x)",
        "before: E[f(dropout(x))] = p · f(0) + (1 - p) · f(x / (1 - p))",
    ]
    for name, function in ACTIVATIONS.items():
        zero, full = found[name].at_zero, function(Tensor(one)).item()
        scaled = function(Tensor(one / (1 - p))).item()
        total = float(expected_before(function, one, p)[0])
        lines.append(
            f"{name}, x = 1: {p:g} · {figures(zero)} + {kept} · {figures(scaled)} = "
            f"{figures(total)}, and f(1) = {figures(full)}"
        )
    return tuple(lines)


def _picture(settings: Settings) -> Picture:
    """For each activation what the next layer meets on average, and what it meets at inference."""
    x = np.linspace(-4, 4, 81, dtype=np.float32)
    panels = []
    for name, function in ACTIVATIONS.items():
        panels.append(
            Lines(
                name,
                Axis("pre-activation x", text=plain),
                Axis("expected value of the output", text=plain),
                [
                    Series(
                        "dropout after, and at inference",
                        x.tolist(),
                        function(Tensor(x)).data.tolist(),
                    ),
                    Series(
                        "dropout before",
                        x.tolist(),
                        expected_before(function, x, settings.p).tolist(),
                        style="dashes",
                    ),
                ],
            )
        )
    return Picture(
        f"What Dropout({settings.p:g}) lets through on average, before and after the activation",
        panels,
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
