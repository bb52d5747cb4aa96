"""FLOPs of a Linear layer and of dropout on its output: counted, then timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Bars, Group, Lines, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure
from tinytorch.explore.units import count, figures, interval, plain, rate, seconds, size

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Settings:
    """The sizes of the layer and of the batch."""

    inputs: int = setting(1024, "inputs of the layer", at_least=1, at_most=8192)
    outputs: int = setting(1024, "outputs of the layer", at_least=1, at_most=8192)
    batch: int = setting(128, "samples in the batch", at_least=1, at_most=4096)
    p: float = setting(0.5, "probability of dropping", at_least=0.01, at_most=0.99)
    seconds: float = setting(3.0, "time for measuring", full=20.0, at_least=0.01, at_most=120)


@dataclass(frozen=True)
class Count:
    """What a layer has to do, whatever it is written in.

    Attributes:
        flops: floating-point operations: multiplications and additions.
        bytes: what it reads and writes at least, in float32.
    """

    flops: int
    bytes: int


def linear_count(batch: int, inputs: int, outputs: int) -> Count:
    """For each output as many multiplications as inputs, one addition less, and the bias."""
    read = batch * inputs + inputs * outputs + outputs
    return Count(batch * outputs * (inputs + (inputs - 1) + 1), FLOAT32 * (read + batch * outputs))


def dropout_count(batch: int, outputs: int) -> Count:
    """For each element one multiplication, by 0 or by the scale; random bits are no FLOPs."""
    return Count(batch * outputs, FLOAT32 * 2 * batch * outputs)


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"Linear({settings.inputs}, {settings.outputs}) has {2 * settings.inputs:,} times the "
        "FLOPs of Dropout on its output. How many times as long does it take here?",
        unit="times",
        digits=2,
    )


def answer(settings: Settings, progress: Progress) -> Answer:
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
        calls[f"linear {b}"] = partial(linear, x)
        calls[f"dropout {b}"] = partial(dropout, y, training=True)
    times = measure(calls, settings.seconds, lambda share: progress(share, "timing both layers"))
    dropped = dropout(y, training=True).data
    untouched = bool(np.array_equal(dropped, y.data, equal_nan=True))
    counts = {
        "Linear": linear_count(batch, n, m),
        "Dropout": dropout_count(batch, m),
    }
    measured = {"Linear": times[f"linear {batch}"], "Dropout": times[f"dropout {batch}"]}
    flops_ratio = counts["Linear"].flops / counts["Dropout"].flops
    time_ratio = measured["Linear"].median / measured["Dropout"].median
    bytes_ratio = counts["Linear"].bytes / counts["Dropout"].bytes
    speeds = {name: counts[name].flops / measured[name].median for name in counts}
    return Answer(
        headline=(
            f"{count(counts['Linear'].flops)} FLOPs against {count(counts['Dropout'].flops)}: "
            f"{count(flops_ratio)} times as many, in {figures(time_ratio, 2)} times the time "
            f"({seconds(measured['Linear'].median)} and {seconds(measured['Dropout'].median)})."
            + (
                " But the Dropout in use drops nothing here, so its time means little."
                if untouched
                else ""
            )
        ),
        truth=time_ratio,
        tables=(_table(counts, measured),),
        picture=_picture(settings, batches, times, (flops_ratio, bytes_ratio, time_ratio)),
        why=_why(settings, counts, speeds, flops_ratio, time_ratio),
        formulas=(
            "Linear: batch · outputs · (inputs products + inputs - 1 sums + 1 bias) "
            "= 2 · batch · inputs · outputs",
            f"2 · {batch} · {n} · {m} = {count(counts['Linear'].flops)} FLOPs",
            f"Dropout: batch · outputs = {batch} · {m} = {count(counts['Dropout'].flops)} FLOPs",
            f"ratio = 2 · inputs = 2 · {n} = {count(flops_ratio)}",
        ),
        changes=(
            Change({"inputs": 64}, "16 times fewer FLOPs in Linear, and dropout weighs more"),
            Change({"batch": 1}, "each weight is used once: Linear waits for memory"),
            Change({"p": 0.3}, "a probability that may take more random bits to an element"),
        ),
        method=(
            f"Forward passes in float32, timed in turns, {len(measured['Linear'].rounds)} rounds "
            "after a warm-up. Median and quartiles."
        ),
        values={
            "flops": {name: counts[name].flops for name in counts},
            "bytes": {name: counts[name].bytes for name in counts},
            "seconds": {name: measured[name].median for name in measured},
            "flops_ratio": flops_ratio,
            "time_ratio": time_ratio,
            "flops_per_second": speeds,
        },
    )


def _table(counts: dict[str, Count], measured: dict[str, Times]) -> Table:
    rows = []
    for name, counted in counts.items():
        taken = measured[name]
        rows.append(
            (
                name,
                count(counted.flops),
                size(counted.bytes),
                seconds(taken.median),
                interval(taken.low, taken.high),
                rate(counted.flops / taken.median, "FLOP"),
            )
        )
    columns = ("layer", "FLOPs", "memory", "time", "quartiles", "speed")
    return Table(columns, tuple(rows))


def _why(
    settings: Settings,
    counts: dict[str, Count],
    speeds: dict[str, float],
    flops_ratio: float,
    time_ratio: float,
) -> str:
    """Why the times are in another ratio than the FLOPs, if they are."""
    intensity = {name: counted.flops / counted.bytes for name, counted in counts.items()}
    slower = figures(speeds["Linear"] / speeds["Dropout"], 2)
    said = (
        f"A number that Linear fetches is used again and again: {figures(intensity['Linear'], 2)} "
        f"FLOPs for each byte that has to move. Dropout does {figures(intensity['Dropout'], 2)} "
        "for each: it draws a random number, compares, multiplies once and writes the result. "
    )
    if time_ratio < flops_ratio / 2:
        return said + (
            f"So Linear runs at {rate(speeds['Linear'], 'FLOP')} and Dropout at "
            f"{rate(speeds['Dropout'], 'FLOP')}: a FLOP of Dropout takes {slower} times as long. "
            "FLOPs predict the time of layers that compute much with each number. For the others, "
            "count the bytes and the random bits."
        )
    return said + (
        f"On this machine the ratio of the times, {figures(time_ratio, 2)}, is near that of the "
        f"FLOPs or beyond it, {count(flops_ratio)}: Linear runs at "
        f"{rate(speeds['Linear'], 'FLOP')}, Dropout at {rate(speeds['Dropout'], 'FLOP')}."
    )


def _picture(
    settings: Settings,
    batches: list[int],
    times: dict[str, Times],
    ratios: tuple[float, float, float],
) -> Picture:
    series = [
        Series(
            name,
            batches,
            [times[f"{key} {b}"].median for b in batches],
            [times[f"{key} {b}"].low for b in batches],
            [times[f"{key} {b}"].high for b in batches],
        )
        for name, key in (("Linear", "linear"), ("Dropout", "dropout"))
    ]
    return Picture(
        f"Linear({settings.inputs}, {settings.outputs}) and Dropout({settings.p:g}) on its output",
        [
            Bars(
                f"Linear against Dropout, batch {settings.batch}",
                ("FLOPs", "bytes", "time"),
                [Group("ratio", ratios)],
                Axis("Linear ÷ Dropout", log=True, text=plain),
            ),
            Lines(
                "Time of a forward pass, median and quartiles",
                Axis("batch size", log=True, text=plain),
                Axis("time", log=True, text=seconds),
                series,
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
