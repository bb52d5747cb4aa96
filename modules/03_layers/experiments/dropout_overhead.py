"""What dropout costs in training, and which of its parts costs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.explore.conditions import threads
from tinytorch.explore.confidence import Median, median_of
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Bars, Group, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure, ratio
from tinytorch.explore.units import figures, interval, percent, seconds
from tinytorch.random import generator

INPUTS, CLASSES = 784, 10
CLAIMED = 0.02  # of the training time: what the question says
DRAW, COMPARE, SCALE, MULTIPLY, MEMORY = (
    "random numbers",
    "comparison",
    "scaling the mask",
    "multiplying",
    "moving x in memory",
)
FEW_BITS, FLOATS = "few bits", "float64"


@dataclass(frozen=True)
class Settings:
    """The network in which dropout is at work, and the batch."""

    p: float = setting(0.5, "probability of dropping", at_least=0.01, at_most=0.99)
    first: int = setting(256, "units of the first hidden layer", at_least=1, at_most=2048)
    second: int = setting(128, "units of the second", at_least=1, at_most=2048)
    batch: int = setting(128, "samples in the batch", at_least=1, at_most=2048)
    seconds: float = setting(12.0, "time for measuring", full=60.0, at_least=0.01, at_most=600)


class Network:
    """Three linear layers with ReLU, and with dropout between them or without."""

    def __init__(self, settings: Settings, dropout: bool) -> None:
        self.layers = [
            Linear(INPUTS, settings.first),
            Linear(settings.first, settings.second),
            Linear(settings.second, CLASSES),
        ]
        self.relu = ReLU()
        self.dropout = Dropout(settings.p) if dropout else None
        self.loss = CrossEntropyLoss()
        # A rate so small that thousands of steps leave the weights where they are.
        parameters = [p for layer in self.layers for p in layer.parameters()]
        self.optimizer = SGD(parameters, lr=1e-12)

    def step(self, x: Tensor, classes: np.ndarray) -> None:
        """Forward, backward and update."""
        for layer in self.layers[:-1]:
            x = self.relu(layer(x))
            if self.dropout is not None:
                x = self.dropout(x, training=True)
        self.optimizer.zero_grad()
        self.loss(self.layers[-1](x), classes).backward()
        self.optimizer.step()


@dataclass(frozen=True)
class Parts:
    """What dropout consists of, as operations on arrays of one shape.

    The random numbers are as few bits as `p` needs, or float64, as most would write it first.
    """

    shape: tuple[int, int]
    p: float

    @property
    def bits(self) -> int:
        """How many random bits an element needs for `p`, where 16 are enough for any."""
        return next((bits for bits in (1, 8) if (2**bits * self.p).is_integer()), 16)

    @property
    def size(self) -> str:
        """How large those numbers are, in words."""
        return "one bit" if self.bits == 1 else f"{self.bits} bits"

    def draw_bits(self) -> np.ndarray:
        """Whole numbers of so many bits."""
        rows, columns = self.shape
        words = generator().bit_generator.random_raw(-(-rows * columns * self.bits // 64))
        if self.bits == 1:
            draws = np.unpackbits(words.view(np.uint8), count=rows * columns)
        else:
            draws = words.view(f"u{self.bits // 8}")[: rows * columns]
        return draws.reshape(self.shape)

    def draw_floats(self) -> np.ndarray:
        """Numbers from 0 to 1."""
        return generator().random(self.shape)

    def calls(self) -> dict[str, Callable[[], object]]:
        """Each part by name; parts that are the same either way are there once."""
        bits, floats = self.draw_bits(), self.draw_floats()
        threshold = bits.dtype.type(round(self.p * 2**self.bits))
        keep = floats >= self.p
        x = np.random.default_rng(0).standard_normal(self.shape, np.float32)
        mask = keep.astype(np.float32) * (1 / (1 - self.p))
        return {
            f"{DRAW}, {FEW_BITS}": self.draw_bits,
            f"{DRAW}, {FLOATS}": self.draw_floats,
            f"{COMPARE}, {FEW_BITS}": lambda: bits >= threshold,
            f"{COMPARE}, {FLOATS}": lambda: floats >= self.p,
            SCALE: lambda: keep.astype(np.float32) * (1 / (1 - self.p)),
            "product": lambda: x * mask,
            "copy": x.copy,
        }


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"A step of training 784-{settings.first}-{settings.second}-{CLASSES} in batches of "
        f"{settings.batch}: how much longer does it take with Dropout({settings.p:g}) behind both "
        "hidden layers?",
        unit="%",
        digits=2,
    )


def taken_apart(times: dict[str, Times]) -> dict[str, dict[str, float]]:
    """Seconds of each part, both ways.

    A product moves as much as a copy, and a mask besides; what it takes beyond a copy is counted as
    multiplying.
    """
    product, copy = times["product"].median, times["copy"].median
    return {
        way: {
            DRAW: times[f"{DRAW}, {way}"].median,
            COMPARE: times[f"{COMPARE}, {way}"].median,
            SCALE: times[SCALE].median,
            MULTIPLY: max(0.0, product - copy),
            MEMORY: min(copy, product),
        }
        for way in (FEW_BITS, FLOATS)
    }


def overhead_of(with_: Times, without: Times) -> Median:
    """How much longer a step takes with dropout, as a share, round by round."""
    return median_of([times - 1 for times in ratio(with_, without).rounds])


def batches_around(batch: int) -> list[int]:
    """Batch sizes to see the overhead move."""
    return sorted({max(1, batch // 4), batch, 4 * batch})


def answer(settings: Settings, progress: Progress) -> Answer:
    """Time steps with and without dropout, then dropout, then its parts."""
    tinytorch.manual_seed(0)
    random = np.random.default_rng(0)
    batches = batches_around(settings.batch)
    steps: dict[str, Callable[[], object]] = {}
    for b in batches:
        x = Tensor(random.standard_normal((b, INPUTS), np.float32))
        classes = random.integers(0, CLASSES, b)
        for name, dropout in (("with", True), ("without", False)):
            steps[f"{name} {b}"] = partial(Network(settings, dropout).step, x, classes)
    in_steps = measure(
        steps, settings.seconds * 2 / 3, lambda share: progress(0.7 * share, "steps of training")
    )
    shape = (settings.batch, settings.first)
    hidden = Tensor(np.abs(random.standard_normal(shape)).astype(np.float32))
    layer = Dropout(settings.p)
    calls = Parts(shape, settings.p).calls() | {
        "layer": partial(layer, hidden, training=True),
    }
    alone = measure(
        calls, settings.seconds / 3, lambda share: progress(0.7 + 0.3 * share, "parts of dropout")
    )
    untouched = bool(np.array_equal(layer(hidden, training=True).data, hidden.data))
    found = Found(
        {b: overhead_of(in_steps[f"with {b}"], in_steps[f"without {b}"]) for b in batches},
        in_steps,
        taken_apart(alone),
        alone["layer"],
        untouched,
    )
    overhead = found.overheads[settings.batch]
    with_, without = (in_steps[f"{name} {settings.batch}"] for name in ("with", "without"))
    return Answer(
        headline=_headline(settings, found),
        truth=100 * overhead.value,
        tables=(_step_table(found), _part_table(settings, found)),
        picture=_picture(settings, found),
        why=_why(settings, found),
        formulas=(
            "overhead = (step with dropout - step without) / step without, round by round",
            f"{seconds(with_.median)} and {seconds(without.median)}, the median of all rounds: "
            f"{percent(overhead.value)}",
            "a call = random numbers + comparison + scaling + product",
            f"{' + '.join(seconds(t) for t in found.parts[FEW_BITS].values())} = "
            f"{seconds(found.sum_of(FEW_BITS))}, for {settings.batch} · {settings.first} elements; "
            f"Dropout itself took {seconds(found.layer.median)}",
        ),
        changes=(
            Change({"first": 2048, "second": 2048}, "more arithmetic around it: a smaller share"),
            Change({"first": 32, "second": 32}, "little arithmetic: what a call costs shows"),
            Change({"p": 0.3}, "needs 16 random bits an element instead of one"),
        ),
        method=(
            f"Steps with and without dropout in turns, {len(with_.rounds)} rounds after a warm-up; "
            "medians, with intervals of 95%. Parts are the same operations in NumPy, on arrays of "
            f"the same shape. Threads: {threads()}."
        ),
        values={
            "overhead": overhead.value,
            "overheads": {str(b): one.value for b, one in found.overheads.items()},
            "seconds": {name: taken.median for name, taken in in_steps.items()},
            "parts": found.parts,
            "layer": found.layer.median,
            "drops": not untouched,
        },
    )


@dataclass(frozen=True)
class Found:
    """All that was measured.

    Attributes:
        overheads: by batch size, how much longer a step takes with dropout, as a share.
        steps: times of the steps.
        parts: seconds of each part of a call, for both ways to draw.
        layer: times of a call of the Dropout in use.
        untouched: whether it let everything through.
    """

    overheads: dict[int, Median]
    steps: dict[str, Times]
    parts: dict[str, dict[str, float]]
    layer: Times
    untouched: bool

    def sum_of(self, way: str) -> float:
        """The parts of a call together."""
        return sum(self.parts[way].values())

    @property
    def nearer(self) -> str:
        """The way whose parts add up to about what the Dropout in use takes."""
        return min(self.parts, key=lambda way: abs(self.sum_of(way) - self.layer.median))


def _headline(settings: Settings, found: Found) -> str:
    overhead = found.overheads[settings.batch]
    spread = f"95% sure: {_range(overhead)}"
    if found.untouched:
        return (
            "The Dropout in use drops nothing here, so what it adds to a step says little: "
            f"{percent(overhead.value)} ({spread})."
        )
    if overhead.low <= 0:
        return (
            f"What dropout adds to a step does not show beside how much steps differ here: "
            f"{percent(overhead.value)} ({spread})."
        )
    verdict = "about 2%, as the question says"
    if overhead.low > CLAIMED:
        verdict = "more than 2%"
    elif overhead.high < CLAIMED:
        verdict = "less than 2%"
    parts = found.parts[found.nearer]
    most = max(parts, key=lambda name: parts[name])
    return (
        f"Dropout adds {percent(overhead.value)} to a step here ({spread}), {verdict}. The most "
        f"expensive part of a call is {most}, {percent(parts[most] / found.sum_of(found.nearer))}."
    )


def _range(overhead: Median) -> str:
    return f"{figures(100 * overhead.low, 2)} to {figures(100 * overhead.high, 2)}%"


def _step_table(found: Found) -> Table:
    rows = tuple(
        (
            str(b),
            seconds(found.steps[f"without {b}"].median),
            seconds(found.steps[f"with {b}"].median),
            percent(overhead.value),
            _range(overhead),
        )
        for b, overhead in found.overheads.items()
    )
    columns = ("batch", "step without", "step with", "overhead", "95% sure")
    return Table(columns, rows, "A step of training")


def _part_table(settings: Settings, found: Found) -> Table:
    names = list(found.parts[FEW_BITS])
    rows = [
        (
            name,
            *(
                text
                for way in (FEW_BITS, FLOATS)
                for text in (
                    seconds(found.parts[way][name]),
                    percent(found.parts[way][name] / found.sum_of(way)),
                )
            ),
        )
        for name in names
    ]
    total = ("together", seconds(found.sum_of(FEW_BITS)), "", seconds(found.sum_of(FLOATS)), "")
    layer = ("Dropout in use", seconds(found.layer.median), "", "", "")
    spread = ("half of the rounds", interval(found.layer.low, found.layer.high), "", "", "")
    columns = ("part", FEW_BITS, "share", FLOATS, "share")
    return Table(
        columns,
        (*rows, total, layer, spread),
        f"A call with {settings.batch} · {settings.first} elements",
    )


def _why(settings: Settings, found: Found) -> str:
    size = Parts((1, 1), settings.p).size
    few, floats = found.parts[FEW_BITS], found.parts[FLOATS]
    times = floats[DRAW] / few[DRAW]
    said = (
        f"Dropout draws a random number for each element, compares it with p, makes a mask of the "
        f"answers, and multiplies. With p={settings.p:g}, numbers of {size} are enough; a float64 "
        f"draws 64 bits for each element, which took {figures(times, 2)} times as long here. "
    )
    sums = {way: found.sum_of(way) for way in (FEW_BITS, FLOATS)}
    share = few[DRAW] / sums[FEW_BITS], floats[DRAW] / sums[FLOATS]
    said += (
        f"So drawing is {percent(share[1])} of a call done the usual way and {percent(share[0])} "
        "of one that saves bits. "
    )
    passes = few[SCALE] + few[MULTIPLY] + few[MEMORY]
    said += (
        f"The mask and the product take {seconds(passes)} either way, of which "
        f"{seconds(few[MEMORY])} is what copying x takes: the multiplications themselves are a "
        "small part. "
        if few[MULTIPLY] < few[MEMORY]
        else f"The mask and the product take {seconds(passes)} either way; copying x would take "
        f"{seconds(few[MEMORY])} of it. "
    )
    if found.untouched:
        said += "The Dropout in use does none of this, since it lets everything through. "
    else:
        said += (
            f"The Dropout in use takes {seconds(found.layer.median)}, against "
            f"{seconds(sums[FEW_BITS])} and {seconds(sums[FLOATS])} for the parts: nearer to the "
            f"{'first' if found.nearer == FEW_BITS else 'second'}. "
        )
    smallest, largest = min(found.overheads), max(found.overheads)
    low, high = found.overheads[smallest], found.overheads[largest]
    said += (
        f"In a step its share was {percent(low.value)} at a batch of {smallest} and "
        f"{percent(high.value)} at {largest}. "
    )
    return (
        f"{said}Matrix products grow with inputs · outputs and dropout only with outputs, so the "
        "wider the layers, the smaller its share; and backward multiplies by the mask once more."
    )


def _picture(settings: Settings, found: Found) -> Picture:
    batches = list(found.overheads)
    return Picture(
        f"Dropout({settings.p:g}) in 784-{settings.first}-{settings.second}-{CLASSES}",
        [
            Bars(
                f"Parts of a call, {settings.batch} · {settings.first} elements",
                tuple(found.parts[FEW_BITS]),
                [
                    Group(f"numbers of {name}", list(found.parts[way].values()))
                    for way, name in (
                        (FEW_BITS, Parts((1, 1), settings.p).size),
                        (FLOATS, "float64"),
                    )
                ],
                Axis("time", text=seconds),
            ),
            Lines(
                "Of a training step, median and its interval of 95%",
                Axis("samples in the batch", log=True),
                Axis("overhead", text=lambda share: f"{100 * share:.3g}%"),
                [
                    Series(
                        "",
                        batches,
                        [found.overheads[b].value for b in batches],
                        [found.overheads[b].low for b in batches],
                        [found.overheads[b].high for b in batches],
                    )
                ],
                [Mark(CLAIMED, "2%")],
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
