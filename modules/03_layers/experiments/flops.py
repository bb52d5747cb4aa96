"""FLOPs of a Linear layer and of dropout on its output: counted, then timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.layers import Dropout, Linear
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import normal
from tinytorch.course.explore.experiment import Findings, Progress, Table
from tinytorch.course.explore.picture import Axis, Bars, Group, Lines, Picture, Series
from tinytorch.course.explore.progress import within
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import count, rate, seconds, size

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


def linear_count(batch: int, inputs: int, outputs: int) -> tuple[int, int]:
    """FLOPs and bytes: for each output as many products as inputs, one sum less, and the bias."""
    moved = batch * inputs + inputs * outputs + outputs + batch * outputs
    return batch * outputs * (inputs + (inputs - 1) + 1), FLOAT32 * moved


def dropout_count(batch: int, outputs: int) -> tuple[int, int]:
    """FLOPs and bytes: for each element one product, by 0 or the scale; random bits are none."""
    return batch * outputs, FLOAT32 * 2 * batch * outputs


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count, then time both layers for several batch sizes, in turns."""
    n, m, batch = settings.inputs, settings.outputs, settings.batch
    tinytorch.manual_seed(0)
    linear, dropout = Linear(n, m), Dropout(settings.p)
    batches = sorted({max(1, batch // 16), max(1, batch // 4), batch, 4 * batch})
    calls: dict[str, Callable[[], object]] = {}
    for b in batches:
        x = normal(b, n)
        y = linear(x)
        calls[f"Linear {b}"] = partial(linear, x)
        calls[f"Dropout {b}"] = partial(dropout, y, training=True)
    times = timing.measure(calls, settings.seconds, within(progress, "timing both layers"))
    counts = {"Linear": linear_count(batch, n, m), "Dropout": dropout_count(batch, m)}
    flops, bytes_ = ({name: pair[which] for name, pair in counts.items()} for which in range(2))
    taken = {name: times[f"{name} {batch}"].median for name in counts}
    speeds = {name: flops[name] / taken[name] for name in counts}
    ratios = [column["Linear"] / column["Dropout"] for column in (flops, bytes_, taken)]
    rows = [
        (name, count(f), size(b), *times[f"{name} {batch}"].cells, rate(speeds[name], "FLOP"))
        for name, (f, b) in counts.items()
    ]
    bars = Bars(
        f"Linear against Dropout, batch {batch}",
        ("FLOPs", "bytes", "time"),
        [Group("ratio", ratios)],
        Axis("Linear ÷ Dropout", log=True),
    )
    lines = Lines(
        "Time of a forward pass, median and quartiles",
        Axis("batch size", log=True),
        Axis("time", log=True, text=seconds),
        [Series.timed(name, batches, [times[f"{name} {b}"] for b in batches]) for name in counts],
    )
    title = f"Linear({n}, {m}) and Dropout({settings.p:g}) on its output"
    return Findings(
        values={
            "flops": flops,
            "bytes": bytes_,
            "seconds": taken,
            "flops_ratio": ratios[0],
            "time_ratio": ratios[2],
            "flops_per_second": speeds,
        },
        tables=[Table(("layer", "FLOPs", "memory", "time", "quartiles", "speed"), rows)],
        picture=Picture(title, [bars, lines], columns=2, sketched=2),
        words={
            "rounds": len(times[f"Linear {batch}"].rounds),
            "untouched": np.array_equal(dropout(y, training=True).data, y.data, equal_nan=True),
            "intensity": {name: flops[name] / bytes_[name] for name in counts},
            "slower": speeds["Linear"] / speeds["Dropout"],
            "mislead": ratios[2] < ratios[0] / 2,
        },
    )
