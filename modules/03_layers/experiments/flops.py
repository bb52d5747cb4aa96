"""FLOPs of a Linear layer and of dropout on its output: counted, then timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

import tinytorch
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.tensor import Tensor
from tinytorch.course.explore import timing
from tinytorch.course.explore.experiment import Findings, Progress, Table
from tinytorch.course.explore.picture import Axis, Bars, Group, Lines, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import count, plain, rate, seconds, size

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Settings:
    """The sizes of the layer and of the batch."""

    inputs: int = setting(1024, "inputs of the layer", at_least=1, at_most=8192)
    outputs: int = setting(1024, "outputs of the layer", at_least=1, at_most=8192)
    batch: int = setting(128, "samples in the batch", at_least=1, at_most=4096)
    p: float = setting(0.5, "probability of dropping", at_least=0.01, at_most=0.99)
    seconds: float = setting(3.0, "time for measuring", full=20.0, at_least=0.01, at_most=120)

    @property
    def ratio(self) -> int:
        """How many times the FLOPs of dropout a Linear layer has."""
        return 2 * self.inputs


class Count(NamedTuple):
    """What a layer has to do at least, in float32, whatever it is written in."""

    flops: int  # multiplications and additions of floating-point numbers
    bytes: int  # read and written


def linear_count(batch: int, inputs: int, outputs: int) -> Count:
    """For each output as many multiplications as inputs, one addition less, and the bias."""
    read = batch * inputs + inputs * outputs + outputs
    return Count(batch * outputs * (inputs + (inputs - 1) + 1), FLOAT32 * (read + batch * outputs))


def dropout_count(batch: int, outputs: int) -> Count:
    """For each element one multiplication, by 0 or by the scale; random bits are no FLOPs."""
    return Count(batch * outputs, FLOAT32 * 2 * batch * outputs)


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count, then time both layers for several batch sizes, in turns."""
    n, m, batch = settings.inputs, settings.outputs, settings.batch
    tinytorch.manual_seed(0)
    linear, dropout = Linear(n, m), Dropout(settings.p)
    batches = sorted({max(1, batch // 16), max(1, batch // 4), batch, 4 * batch})
    calls: dict[str, Callable[[], object]] = {}
    random = np.random.default_rng(0)
    for b in batches:
        x = Tensor(random.standard_normal((b, n), np.float32))
        y = linear(x)
        calls[f"Linear {b}"] = partial(linear, x)
        calls[f"Dropout {b}"] = partial(dropout, y, training=True)
    times = timing.measure(
        calls, settings.seconds, lambda share: progress(share, "timing both layers")
    )
    counts = {"Linear": linear_count(batch, n, m), "Dropout": dropout_count(batch, m)}
    measured = {name: times[f"{name} {batch}"] for name in counts}
    taken = {name: measured[name].median for name in counts}
    speeds = {name: counts[name].flops / taken[name] for name in counts}
    ratios = [
        counts["Linear"].flops / counts["Dropout"].flops,
        counts["Linear"].bytes / counts["Dropout"].bytes,
        taken["Linear"] / taken["Dropout"],
    ]
    rows = [
        (name, count(flops), size(bytes_), *measured[name].cells, rate(speeds[name], "FLOP"))
        for name, (flops, bytes_) in counts.items()
    ]
    picture = Picture(
        f"Linear({n}, {m}) and Dropout({settings.p:g}) on its output",
        [
            Bars(
                f"Linear against Dropout, batch {batch}",
                ("FLOPs", "bytes", "time"),
                [Group("ratio", ratios)],
                Axis("Linear ÷ Dropout", log=True, text=plain),
            ),
            Lines(
                "Time of a forward pass, median and quartiles",
                Axis("batch size", log=True, text=plain),
                Axis("time", log=True, text=seconds),
                [
                    Series.timed(name, batches, [times[f"{name} {b}"] for b in batches])
                    for name in counts
                ],
            ),
        ],
        columns=2,
        sketched=2,
    )
    dropped = dropout(y, training=True).data
    return Findings(
        values={
            "flops": {name: one.flops for name, one in counts.items()},
            "bytes": {name: one.bytes for name, one in counts.items()},
            "seconds": taken,
            "flops_ratio": ratios[0],
            "time_ratio": ratios[2],
            "flops_per_second": speeds,
        },
        tables=[Table(("layer", "FLOPs", "memory", "time", "quartiles", "speed"), rows)],
        picture=picture,
        words={
            "rounds": len(measured["Linear"].rounds),
            "untouched": np.array_equal(dropped, y.data, equal_nan=True),
            "intensity": {name: one.flops / one.bytes for name, one in counts.items()},
            "slower": speeds["Linear"] / speeds["Dropout"],
            "mislead": ratios[2] < ratios[0] / 2,
        },
    )
