"""A layer that outgrows one cache after the other: how fast its weights are read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Linear
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import normal
from tinytorch.course.explore.caches import Cache, caches
from tinytorch.course.explore.conditions import threads
from tinytorch.course.explore.experiment import Findings, Progress, Table
from tinytorch.course.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import rate, seconds, size

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

    @property
    def weights(self) -> int:
        """The bytes of the largest layer's weights."""
        return FLOAT32 * self.width**2


def widths(largest: int) -> list[int]:
    """Widths up to the largest, each with about twice the weights of the one before."""
    steps = math.ceil(2 * math.log2(largest / SMALLEST) - 1e-9)
    return sorted({largest, *(round(SMALLEST * 2 ** (step / 2)) for step in range(steps))})


def place(bytes_: int, known: list[Cache]) -> str:
    """The smallest cache that so many bytes fit in."""
    return next((c.name for c in known if bytes_ <= c.bytes), "memory" if known else "unknown")


def measure(settings: Settings, progress: Progress) -> Findings:
    """Time layers from small to large: with one sample, with a batch, and reading alone."""
    tinytorch.manual_seed(0)
    known, sizes, batch = caches(), widths(settings.width), settings.batch
    times: dict[str, list[timing.Times]] = {"one": [], "reading": [], "many": []}
    for number, width in enumerate(sizes):
        progress(number / len(sizes), f"timing Linear({width}, {width})")
        layer = Linear(width, width, bias=False)
        calls: dict[str, Callable[[], object]] = {
            "one": partial(layer, normal(1, width)),
            "reading": layer.weight.data.max,
            "many": partial(layer, normal(batch, width)),
        }
        for name, call in calls.items():
            # Each on its own: in turns, they would take each other's place in the caches.
            with no_grad():
                found = timing.measure({name: call}, settings.seconds / len(sizes) / len(calls))
            times[name].append(found[name])
    empty = timing.measure({"empty": np.zeros(1, np.float32).max}, 0.05)["empty"].low
    bytes_ = [FLOAT32 * width**2 for width in sizes]
    speeds, reading = (
        [read / taken.median for read, taken in zip(bytes_, times[name], strict=True)]
        for name in ("one", "reading")
    )
    places = [place(weights, known) for weights in bytes_]
    levels: dict[str, float] = {}  # where reading is what took the time, how fast it was at best
    for level, speed, taken in zip(places, reading, times["reading"], strict=True):
        if known and empty <= MOST_OVERHEAD * taken.low:
            levels[level] = max(levels.get(level, 0.0), speed)
    a_batch = f"a sample of {batch}"
    a_sample = [taken.per(batch) for taken in times["many"]]
    columns = [
        *([str(width) for width in sizes], [size(weights) for weights in bytes_], places),
        [taken.cells[1] for taken in times["one"]],
        *([rate(speed, "B") for speed in column] for column in (speeds, reading)),
        [seconds(taken.median) for taken in a_sample],
    ]
    headings = ("width", "weights", "fit in", "one sample", "its speed", "reading", a_batch)
    sides = [math.isqrt(cache.bytes // FLOAT32) for cache in known]
    fitting = [
        (cache.name, size(cache.bytes), f"Linear({side}, {side})")
        for cache, side in zip(known, sides, strict=True)
    ] or [("unknown",) * 3]
    listed = ", ".join(f"{rate(speed, 'B')} from {name}" for name, speed in levels.items())
    best, best_read = speeds.index(max(speeds)), reading.index(max(reading))
    largest, largest_read = times["one"][-1].median, times["reading"][-1].median
    marks = [Mark(c.bytes, c.name, "x") for c in known if bytes_[0] < c.bytes < bytes_[-1]]
    x, time = Axis("weights", log=True, text=size), Axis("time", log=True, text=seconds)
    bandwidth = Axis("bandwidth", log=True, text=lambda speed: rate(speed, "B"))
    rates = [
        Series.rates("layer, one sample", bytes_, bytes_, times["one"]),
        Series.rates("reading alone, one thread", bytes_, bytes_, times["reading"]),
    ]
    of_a_sample = [
        Series.timed("one at a time", bytes_, times["one"]),
        Series.timed(f"in a batch of {batch}", bytes_, a_sample),
    ]
    panels = [
        Lines("How fast weights are read", x, bandwidth, rates, marks),
        Lines("Time of a sample, median and quartiles", x, time, of_a_sample, marks),
    ]
    title = f"Linear layers up to {settings.width} · {settings.width}"
    return Findings(
        values={
            "widths": sizes,
            "bytes": bytes_,
            "bandwidth": speeds,
            "reading_bandwidth": reading,
            "seconds_one": [taken.median for taken in times["one"]],
            "seconds_many": [taken.median for taken in times["many"]],
            "caches": {cache.name: cache.bytes for cache in known},
            "fits": places[-1],
            "ratio": speeds[best] / speeds[-1],
        },
        tables=[
            Table(headings, list(zip(*columns, strict=True)), "Linear layers, from small to large"),
            Table(
                ("cache", "size", "largest layer that fits"),
                fitting,
                "Caches, as the system reports",
            ),
        ],
        picture=Picture(title, panels, columns=2, sketched=2),
        words={
            "last": known[-1] if known else None,
            "outgrown": places[-1] == "memory",
            "slower": speeds[best] >= 1.2 * speeds[-1],
            "speed": speeds[-1],
            "best_speed": speeds[best],
            "best_bytes": bytes_[best],
            "levels": listed if len(levels) > 1 else "",
            "hidden": known[0].name if known and known[0].name not in levels else "",
            "empty": empty,
            "fall": reading[best_read] / reading[-1],
            "falls": reading[best_read] > 1.2 * reading[-1],
            "best_read": sizes[best_read],
            "largest": largest,
            "a_sample": a_sample[-1].median,
            "times_less": largest / a_sample[-1].median,
            "shared": largest > a_sample[-1].median,
            "reading_speed": reading[-1],
            "read_once": largest_read,
            "passes": PASSES,
            "read_in_a_step": PASSES * largest_read,
            "rounds": len(times["one"][-1].rounds),
            "threads": threads(),
        },
    )
