"""A wide network and a deep one: their parameters, and how well each reads new digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.confidence import Mean, mean_of
from tinytorch.explore.digits import BATCH_SIZE, MOMENTUM, Digits, digits, error_rate, learn
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import count, figures, percent, plain

INPUTS, CLASSES = 784, 10
WIDE, DEEP, NARROW = "wide", "deep", "less wide"
OPEN = "too close to call"


@dataclass(frozen=True)
class Settings:
    """The two networks, and how they are trained."""

    wide: tuple[int, ...] = setting((512,), "hidden layers of the one", at_least=1, at_most=2048)
    deep: tuple[int, ...] = setting(
        (256, 256), "hidden layers of the other", at_least=1, at_most=2048
    )
    images: int = setting(2000, "images to learn from", full=20_000, at_least=100, at_most=60_000)
    test_images: int = setting(
        5000, "images to test with", full=10_000, at_least=100, at_most=10_000
    )
    epochs: int = setting(12, "times each image is seen", full=15, at_least=1, at_most=100)
    seeds: int = setting(5, "networks of each kind", full=10, at_least=2, at_most=100)
    lr: float = setting(0.1, "learning rate to begin with", at_least=0.0001, at_most=10.0)


class Perceptron:
    """Linear layers with ReLU between them."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.layers = [Linear(n, m) for n, m in pairwise(sizes)]
        self.relu = ReLU()

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        """The logits of images of shape `(batch, 784)`; the same in training and inference."""
        for layer in self.layers[:-1]:
            x = self.relu(layer(x))
        return self.layers[-1](x)

    def parameters(self) -> list[Tensor]:
        """What is trained."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]


@dataclass(frozen=True)
class Trained:
    """What became of the networks of one kind.

    Attributes:
        sizes: from inputs to classes.
        parameters: how many there are in the layers in use.
        errors: the error rate on the test images: a row a seed, a column an epoch.
        training_errors: the error rate on the images learned from, in the end: one a seed.
        stopped: how many of them stopped learning, since the loss was no finite number.
    """

    sizes: list[int]
    parameters: int
    errors: np.ndarray
    training_errors: np.ndarray
    stopped: int

    @property
    def last(self) -> np.ndarray:
        """The error rates on the test images in the end, one a seed."""
        return self.errors[:, -1]


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    wide, deep = (_name(_sizes(hidden)) for hidden in (settings.wide, settings.deep))
    return Guess(
        f"{wide} (wide) or {deep} (deep): which reads more of the test digits right, after "
        f"learning from {settings.images:,}?",
        choices=(WIDE, DEEP, OPEN),
    )


def parameters_of(sizes: Sequence[int]) -> int:
    """How many parameters Linear layers of these sizes should have."""
    return sum(n * m + m for n, m in pairwise(sizes))


def width_for(parameters: int) -> int:
    """The hidden units with which one hidden layer comes nearest to so many parameters."""
    return max(1, round((parameters - CLASSES) / (INPUTS + 1 + CLASSES)))


def _sizes(hidden: Sequence[int]) -> list[int]:
    return [INPUTS, *hidden, CLASSES]


def _name(sizes: Sequence[int]) -> str:
    return "-".join(map(str, sizes))


def train(
    sizes: list[int], seed: int, data: Digits, settings: Settings
) -> tuple[Perceptron, list[float]]:
    """Train one network.

    Returns:
        It, and its error rate on the test images after each epoch that it got through.
    """
    tinytorch.manual_seed(seed)
    network = Perceptron(sizes)
    tinytorch.manual_seed(seed)  # whatever weights were drawn, the batches come in the same order
    errors = []
    for _ in learn(network, network.parameters(), data, settings.epochs, settings.lr):
        errors.append(error_rate(network, data.test_images, data.test_labels))
    return network, errors


def answer(settings: Settings, progress: Progress) -> Answer:
    """Train all networks from several seeds, and compare them seed by seed."""
    data = digits(settings.images, settings.test_images)
    deep = _sizes(settings.deep)
    networks = {
        WIDE: _sizes(settings.wide),
        DEEP: deep,
        NARROW: _sizes([width_for(parameters_of(deep))]),
    }
    errors: dict[str, list[list[float]]] = {name: [] for name in networks}
    training_errors: dict[str, list[float]] = {name: [] for name in networks}
    parameters: dict[str, int] = {}
    stopped = dict.fromkeys(networks, 0)
    runs = settings.seeds * len(networks)
    for seed in range(settings.seeds):
        for number, (name, sizes) in enumerate(networks.items()):
            done = (seed * len(networks) + number) / runs
            progress(done, f"training {_name(sizes)}, seed {seed}")
            network, found = train(sizes, seed, data, settings)
            missing = settings.epochs - len(found)
            stopped[name] += missing > 0
            if missing:
                found += [error_rate(network, data.test_images, data.test_labels)] * missing
            errors[name].append(found)
            training_errors[name].append(error_rate(network, data.images, data.labels))
            parameters[name] = sum(p.data.size for p in network.parameters())
    trained = {
        name: Trained(
            sizes,
            parameters[name],
            np.array(errors[name]),
            np.array(training_errors[name]),
            stopped[name],
        )
        for name, sizes in networks.items()
    }
    gap = mean_of((trained[DEEP].last - trained[WIDE].last).tolist())
    gap_at_size = mean_of((trained[DEEP].last - trained[NARROW].last).tolist())
    better = OPEN if gap.is_zero else DEEP if gap.value < 0 else WIDE
    return Answer(
        headline=_headline(trained, gap, better),
        truth=better,
        tables=(_table(trained),),
        picture=_picture(settings, trained),
        why=_why(settings, trained, gap, gap_at_size),
        formulas=(
            "parameters = sum of inputs · outputs + outputs over the layers",
            *(
                f"{_name(t.sizes)}: "
                + " + ".join(f"{n} · {m} + {m}" for n, m in pairwise(t.sizes))
                + f" = {count(parameters_of(t.sizes))}"
                for t in (trained[WIDE], trained[DEEP])
            ),
            f"deep - wide, mean of {settings.seeds} seeds: {_points(gap)}",
        ),
        changes=(
            Change({"deep": (128, 128, 128, 128)}, "deeper and narrower"),
            Change({"wide": (32,), "deep": (32, 32)}, "small networks, where size still matters"),
            Change({"images": 200}, "fewer images to learn from: all generalize worse"),
        ),
        method=(
            f"SGD with momentum {MOMENTUM:g} in batches of {BATCH_SIZE}, {settings.epochs} epochs, "
            f"the learning rate from {settings.lr:g} to 0 along a cosine: the same for all, tuned "
            f"for none. {settings.seeds} seeds; a seed gives all networks the same order of "
            "batches. Intervals are Student's at 95%, over seeds, on the same test images."
        ),
        values={
            "parameters": {name: t.parameters for name, t in trained.items()},
            "sizes": {name: t.sizes for name, t in trained.items()},
            "test_errors": {name: t.last for name, t in trained.items()},
            "training_errors": {name: t.training_errors for name, t in trained.items()},
            "deep_minus_wide": gap.value,
            "deep_minus_wide_half_width": gap.half_width,
            "deep_minus_narrow": gap_at_size.value,
            "deep_minus_narrow_half_width": gap_at_size.half_width,
        },
    )


def _points(mean: Mean) -> str:
    """A difference of error rates in percentage points, with its interval."""
    sign = "+" if mean.value > 0 else ""
    return (
        f"{sign}{figures(100 * mean.value, 2)} ± {figures(100 * mean.half_width, 2)} "
        "percentage points of error"
    )


def _headline(trained: dict[str, Trained], gap: Mean, better: str) -> str:
    wide, deep = trained[WIDE], trained[DEEP]
    said = (
        f"{_name(wide.sizes)} has {count(wide.parameters)} parameters and "
        f"{_name(deep.sizes)} {count(deep.parameters)}. They misread "
        f"{percent(float(wide.last.mean()))} and {percent(float(deep.last.mean()))} of the test "
        "digits: "
    )
    stopped = sum(t.stopped for t in trained.values())
    if stopped:
        return f"{said}in {stopped} runs the loss became infinite or NaN, so this says little."
    if better == OPEN:
        return f"{said}too close to call with {len(wide.last)} seeds."
    return f"{said}the {better} one reads better, by more than the seeds explain."


def _table(trained: dict[str, Trained]) -> Table:
    rows = []
    for name, t in trained.items():
        mean = mean_of(t.last.tolist())
        rows.append(
            (
                name,
                _name(t.sizes),
                count(t.parameters),
                percent(float(t.training_errors.mean())),
                percent(mean.value),
                f"± {percent(mean.half_width)}",
            )
        )
    columns = (
        "network",
        "sizes",
        "parameters",
        "error, training",
        "error, test",
        "sure to",
    )
    return Table(columns, tuple(rows))


def _why(settings: Settings, trained: dict[str, Trained], gap: Mean, at_size: Mean) -> str:
    """What the numbers say about width, depth and number of parameters, and no more."""
    wide, deep, narrow = trained[WIDE], trained[DEEP], trained[NARROW]
    more, fewer = (wide, deep) if wide.parameters >= deep.parameters else (deep, wide)
    said = (
        f"{_name(more.sizes)} has {figures(more.parameters / max(1, fewer.parameters))} times "
        f"the parameters of {_name(fewer.sizes)}, most of them in the layer that sees the "
        f"{INPUTS} pixels. "
    )
    if gap.is_zero:
        said += (
            f"Deep less wide comes to {_points(gap)}, an interval with zero in it: from these "
            "runs nobody can tell which generalizes better. "
        )
    else:
        said += f"Deep less wide comes to {_points(gap)}: more than seeds alone explain. "
    said += (
        f"The third network, {_name(narrow.sizes)}, is wide and has the number of parameters of "
        f"the deep one ({count(narrow.parameters)}). Against it, the deep one comes to "
        f"{_points(at_size)}, so "
    )
    if at_size.is_zero:
        said += "for the same number of parameters no effect of depth shows here. "
    elif at_size.value < 0:
        said += "for the same number of parameters depth helps here. "
    else:
        said += "for the same number of parameters depth hurts here. "
    unfitted = max(float(t.training_errors.mean()) for t in trained.values())
    misread = min(float(t.last.mean()) for t in trained.values())
    if unfitted < 0.25 * misread:
        said += (
            f"All of them fit the {settings.images:,} images they learned from "
            f"({percent(unfitted)} misread at most), with parameters to spare: what limits them "
            "is how few images they saw. "
        )
    else:
        said += (
            f"Not all of them fit the images they learned from (up to {percent(unfitted)} "
            "misread), so this compares how fast they learn as much as how well they generalize; "
            "more epochs would tell. "
        )
    return said + (
        "Depth pays where later layers can build on what earlier ones found. Whether that is so "
        "for your data is for a comparison like this to say: of equal sizes, and over several "
        "seeds."
    )


def _picture(settings: Settings, trained: dict[str, Trained]) -> Picture:
    epochs = list(range(1, settings.epochs + 1))
    return Picture(
        "Width against depth on MNIST",
        [
            Lines(
                f"In the end: {settings.seeds} seeds of each",
                Axis("parameters", text=plain),
                Axis("error on test images", text=percent),
                [
                    Series(
                        f"{name}: {_name(t.sizes)}",
                        [t.parameters] * len(t.last),
                        (t.last).tolist(),
                        style="points",
                    )
                    for name, t in trained.items()
                ],
            ),
            Lines(
                "On the way: mean, lowest and highest",
                Axis("epochs", text=lambda epoch: f"{epoch:g}" if epoch % 1 == 0 else ""),
                Axis("error on test images", text=percent),
                [
                    Series(
                        f"{name}: {_name(t.sizes)}",
                        epochs,
                        t.errors.mean(axis=0).tolist(),
                        t.errors.min(axis=0).tolist(),
                        t.errors.max(axis=0).tolist(),
                    )
                    for name, t in trained.items()
                ],
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
