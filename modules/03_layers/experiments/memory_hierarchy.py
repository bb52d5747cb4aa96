"""A layer that outgrows one cache after the other: how fast its weights are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.caches import Cache, caches
from tinytorch.explore.conditions import threads
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure
from tinytorch.explore.units import figures, interval, rate, seconds, size

FLOAT32 = 4  # bytes
# Where a call on nothing takes more than this share of the time, it is not memory that is timed.
MOST_OVERHEAD = 1 / 3
SMALLEST = 64  # units
# In a training step: read for the output, read for the input's gradient, the weight's gradient
# written and read, the weight read and written.
PASSES = 6


@dataclass(frozen=True)
class Settings:
    """The largest layer, and the batch that shares the reading."""

    width: int = setting(
        4096, "inputs and outputs of the largest layer", full=8192, at_least=128, at_most=8192
    )
    batch: int = setting(64, "samples that share the reading", at_least=2, at_most=1024)
    seconds: float = setting(10.0, "time for measuring", full=60.0, at_least=0.01, at_most=600)


@dataclass(frozen=True)
class Measured:
    """A layer of one width.

    Attributes:
        width: its inputs and its outputs.
        one: times of a call with one sample.
        many: times of a call with a batch.
        reading: times of reading the weights and doing next to nothing with them.
    """

    width: int
    one: Times
    many: Times
    reading: Times

    @property
    def bytes(self) -> int:
        """What the weights take, in float32."""
        return FLOAT32 * self.width**2

    @property
    def bandwidth(self) -> float:
        """Bytes of weights a second, in a call with one sample."""
        return self.bytes / self.one.median

    @property
    def reading_bandwidth(self) -> float:
        """Bytes of weights a second, when they are read alone."""
        return self.bytes / self.reading.median


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"Linear({settings.width}, {settings.width}) has {size(FLOAT32 * settings.width**2)} of "
        "weights. A layer that fits in a cache reads its own how many times as fast, for one "
        "sample?",
        unit="times",
        digits=2,
    )


def widths(largest: int) -> list[int]:
    """Widths up to the largest, each with about twice the weights of the one before."""
    steps = math.ceil(2 * math.log2(largest / SMALLEST) - 1e-9)
    return sorted({largest, *(round(SMALLEST * 2 ** (step / 2)) for step in range(steps))})


def measured(width: int, settings: Settings, budget: float) -> Measured:
    """Time a layer; nothing else is touched meanwhile, so that what fits in a cache stays there."""
    random = np.random.default_rng(0)
    layer = Linear(width, width, bias=False)
    weight = layer.weight.data
    one = Tensor(random.standard_normal((1, width), np.float32))
    many = Tensor(random.standard_normal((settings.batch, width), np.float32))
    calls: dict[str, Callable[[], object]] = {
        "one": lambda: layer(one),
        "reading": lambda: weight.max(),
        "many": lambda: layer(many),
    }
    with no_grad():
        # Each on its own: in turns, they would take each other's place in the caches.
        times = {
            name: measure({name: call}, budget / len(calls))[name] for name, call in calls.items()
        }
    return Measured(width, times["one"], times["many"], times["reading"])


def place(bytes_: int, known: list[Cache]) -> str:
    """The smallest cache that so many bytes fit in."""
    if not known:
        return "unknown"
    return next((cache.name for cache in known if bytes_ <= cache.bytes), "memory")


def answer(settings: Settings, progress: Progress) -> Answer:
    """Time layers from small to large."""
    tinytorch.manual_seed(0)
    known = caches()
    sizes = widths(settings.width)
    found = []
    for number, width in enumerate(sizes):
        progress(number / len(sizes), f"timing Linear({width}, {width})")
        found.append(measured(width, settings, settings.seconds / len(sizes)))
    nothing = np.zeros(1, np.float32)
    empty = measure({"empty": nothing.max}, 0.05)["empty"].low
    largest = found[-1]
    best = max(found, key=lambda one: one.bandwidth)
    ratio = best.bandwidth / largest.bandwidth
    time_of_passes = PASSES * largest.bytes / largest.reading_bandwidth
    return Answer(
        headline=_headline(known, best, largest),
        truth=ratio,
        tables=(_table(settings, known, found), _cache_table(known)),
        picture=_picture(settings, known, found),
        why=_why(settings, known, found, empty),
        formulas=(
            "weights = inputs · outputs · 4 bytes",
            f"{largest.width} · {largest.width} · 4 = {size(largest.bytes)}",
            "time for one sample, at least = weights / bandwidth",
            f"{size(largest.bytes)} / {rate(largest.reading_bandwidth, 'B')} = "
            f"{seconds(largest.reading.median)} to read them once; the layer took "
            f"{seconds(largest.one.median)}",
            f"a training step passes over weights or their gradients at least {PASSES} times: "
            f"{PASSES} · {seconds(largest.reading.median)} = {seconds(time_of_passes)}, whatever "
            "the batch",
        ),
        changes=(
            Change({"width": 1024}, "4.2 MB of weights, which many caches hold"),
            Change({"width": 8192}, "268 MB, which hardly any cache holds"),
            Change({"batch": 4}, "few samples share the reading, and large layers wait again"),
        ),
        method=(
            f"Each layer on its own, its calls one after the other, {len(largest.one.rounds)} or "
            "more rounds after a warm-up; medians and quartiles. Reading alone is the maximum of "
            f"the weights, on one thread; the layers use {threads()}. Caches are those the system "
            "reports; a virtual machine may share them with others."
        ),
        values={
            "widths": sizes,
            "bytes": [one.bytes for one in found],
            "bandwidth": [one.bandwidth for one in found],
            "reading_bandwidth": [one.reading_bandwidth for one in found],
            "seconds_one": [one.one.median for one in found],
            "seconds_many": [one.many.median for one in found],
            "caches": {cache.name: cache.bytes for cache in known},
            "fits": place(largest.bytes, known),
            "ratio": ratio,
        },
    )


def _headline(known: list[Cache], best: Measured, largest: Measured) -> str:
    name = f"Linear({largest.width}, {largest.width})"
    if not known:
        said = (
            f"{name} has {size(largest.bytes)} of weights. This system does not tell how large "
            "its caches are, but the times do tell: "
        )
    elif largest.bytes > known[-1].bytes:
        said = (
            f"{name} has {size(largest.bytes)} of weights and does not fit in the largest cache "
            f"here, {known[-1].name} of {size(known[-1].bytes)}: "
        )
    else:
        said = (
            f"{name} has {size(largest.bytes)} of weights and fits in "
            f"{place(largest.bytes, known)}: "
        )
    if best.bandwidth < 1.2 * largest.bandwidth:
        return f"{said}no smaller layer reads its weights much faster."
    return (
        f"{said}it reads them at {rate(largest.bandwidth, 'B')}, and {size(best.bytes)} of "
        f"weights are read at {rate(best.bandwidth, 'B')}, "
        f"{figures(best.bandwidth / largest.bandwidth, 2)} times as fast."
    )


def _table(settings: Settings, known: list[Cache], found: list[Measured]) -> Table:
    rows = tuple(
        (
            str(one.width),
            size(one.bytes),
            place(one.bytes, known),
            interval(one.one.low, one.one.high),
            rate(one.bandwidth, "B"),
            rate(one.reading_bandwidth, "B"),
            seconds(one.many.median / settings.batch),
        )
        for one in found
    )
    columns = (
        "width",
        "weights",
        "fit in",
        "one sample",
        "its speed",
        "reading",
        f"a sample of {settings.batch}",
    )
    return Table(columns, rows, "Linear layers, from small to large")


def _cache_table(known: list[Cache]) -> Table:
    rows = tuple(
        (cache.name, size(cache.bytes), f"Linear({width}, {width})")
        for cache in known
        for width in [math.isqrt(cache.bytes // FLOAT32)]
    ) or (("unknown", "unknown", "unknown"),)
    return Table(
        ("cache", "size", "largest layer that fits"), rows, "Caches, as the system reports"
    )


def _why(settings: Settings, known: list[Cache], found: list[Measured], empty: float) -> str:
    smallest, largest = found[0], found[-1]
    best = max(found, key=lambda one: one.reading_bandwidth)
    said = (
        "For one sample each weight is fetched, multiplied once and forgotten, so a layer is as "
        "fast as its weights arrive. "
    )
    levels = _by_level(known, found, empty)
    if len(levels) > 1:
        listed = ", ".join(f"{rate(speed, 'B')} from {name}" for name, speed in levels.items())
        said += f"Reading alone gets, at best, {listed}. "
    if known and known[0].name not in levels:
        said += (
            f"What fits in {known[0].name} is read before a call of {seconds(empty)} is over, so "
            "its speed cannot be seen from here. "
        )
    fall = best.reading_bandwidth / largest.reading_bandwidth
    said += (
        f"The largest layer's weights are read {figures(fall, 2)} times slower than those of "
        f"Linear({best.width}, {best.width}). "
        if fall > 1.2
        else "Reading alone is hardly slower for the largest layer than for any other, so no step "
        "from cache to cache shows on this machine now. "
    )
    said += (
        f"Small layers are slow for another reason: a call takes {seconds(smallest.one.median)} "
        f"however little there is to read, in which {size(smallest.bytes)} are next to nothing. "
    )
    shared = largest.one.median * settings.batch / largest.many.median
    said += (
        f"In a batch of {settings.batch} a weight that has arrived is used {settings.batch} times: "
        f"a sample takes {seconds(largest.many.median / settings.batch)} instead of "
        f"{seconds(largest.one.median)} in the largest layer, {figures(shared, 2)} times less. "
        if shared > 1
        else f"A batch of {settings.batch} did not make a sample cheaper in the largest layer "
        "here. "
    )
    return (
        f"{said}So cache size decides the speed of inference one by one. In training the batch "
        "hides it, but the passes over weights, gradients and the optimizer's numbers in each "
        "step stay, and they go at the speed of the place they live in."
    )


def _by_level(known: list[Cache], found: list[Measured], empty: float) -> dict[str, float]:
    """The best bandwidth of reading from each level, where reading is what took the time."""
    speeds: dict[str, float] = {}
    for one in found if known else ():
        if empty <= MOST_OVERHEAD * one.reading.low:
            name = place(one.bytes, known)
            speeds[name] = max(speeds.get(name, 0.0), one.reading_bandwidth)
    return speeds


def _picture(settings: Settings, known: list[Cache], found: list[Measured]) -> Picture:
    sizes = [one.bytes for one in found]
    marks = [Mark(cache.bytes, cache.name, axis="x") for cache in known]
    marks = [mark for mark in marks if sizes[0] < mark.value < sizes[-1]]
    x = Axis("weights", log=True, text=size)
    batch = settings.batch
    return Picture(
        f"Linear layers up to {settings.width} · {settings.width}",
        [
            Lines(
                "How fast weights are read",
                x,
                Axis("bandwidth", log=True, text=lambda speed: rate(speed, "B")),
                [
                    Series(
                        "layer, one sample",
                        sizes,
                        [one.bandwidth for one in found],
                        [one.bytes / one.one.high for one in found],
                        [one.bytes / one.one.low for one in found],
                    ),
                    Series(
                        "reading alone, one thread",
                        sizes,
                        [one.reading_bandwidth for one in found],
                        [one.bytes / one.reading.high for one in found],
                        [one.bytes / one.reading.low for one in found],
                    ),
                ],
                marks,
            ),
            Lines(
                "Time of a sample, median and quartiles",
                x,
                Axis("time", log=True, text=seconds),
                [
                    Series(
                        "one at a time",
                        sizes,
                        [one.one.median for one in found],
                        [one.one.low for one in found],
                        [one.one.high for one in found],
                    ),
                    Series(
                        f"in a batch of {batch}",
                        sizes,
                        [one.many.median / batch for one in found],
                        [one.many.low / batch for one in found],
                        [one.many.high / batch for one in found],
                    ),
                ],
                marks,
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
