"""The expected value of an element under dropout, and how fast its mean gets there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.layers import Dropout
from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.experiment import Findings, Progress, Table
from tinytorch.course.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import count, figures, percent, plain

CONFIDENCE = 0.95
DEVIATIONS = 1.959964  # a normal variable strays no further, with the confidence above
POWERS_OF_TEN = tuple(10**power for power in range(6))


@dataclass(frozen=True)
class Settings:
    """The probability of dropping, and how often it is tried."""

    p: float = setting(0.5, "probability of dropping", at_least=0.0, at_most=0.99)
    value: float = setting(1.0, "value of each element", at_least=0.001, at_most=1000.0)
    calls: int = setting(1000, "calls of Dropout", full=10_000, at_least=10, at_most=100_000)
    elements: int = setting(
        1000, "elements that are watched, each on its own", full=4000, at_least=10, at_most=10_000
    )
    seed: int = setting(0, "where the randomness starts", at_least=0, at_most=2**32)


def deviation_of_mean(p: float, value: float, calls: int) -> float:
    """The standard deviation of the mean of so many calls: value · sqrt(p / (1 - p) / calls)."""
    return value * math.sqrt(p / (1 - p) / calls)


def running_means(settings: Settings, at: list[int], progress: Progress) -> np.ndarray:
    """The mean of each element after so many calls: a row for each number in `at`."""
    tinytorch.manual_seed(settings.seed)
    dropout = Dropout(settings.p)
    x = Tensor(np.full(settings.elements, settings.value, np.float32))
    total = np.zeros(settings.elements)
    means: list[np.ndarray] = []
    for call in range(1, settings.calls + 1):
        total += dropout(x, training=True).data
        if call == at[len(means)]:
            means.append(total / call)
            progress(call / settings.calls, f"call {call:,} of {settings.calls:,}")
    return np.array(means)


def verdict(settings: Settings, mean: float) -> dict[str, bool]:
    """Whether the mean of all elements is off, and whether a missing scale explains it."""
    p, value = settings.p, settings.value
    error = deviation_of_mean(p, value, settings.calls * settings.elements)
    # Six deviations: by chance once in a billion runs.
    off = not abs(mean - value) <= 6 * error + 1e-5 * value
    unscaled = off and p > 0 and abs(mean - (1 - p) * value) <= 6 * error * (1 - p)
    return {"unscaled": unscaled, "lost": off and not unscaled}


def measure(settings: Settings, progress: Progress) -> Findings:
    """Watch many elements on their way through many calls."""
    p, value, calls = settings.p, settings.value, settings.calls
    spaced = {round(step) for step in np.geomspace(1, calls, 60)}
    at = sorted(spaced | {power for power in POWERS_OF_TEN if power <= calls})
    means = running_means(settings, at, progress)
    theory = np.array([deviation_of_mean(p, value, n) for n in at])
    # Half a bit of slack, since the sum of a mean that is exact by chance may be off by one.
    band = DEVIATIONS * theory[:, None] * (1 + 1e-6) + 1e-6 * value
    inside = np.mean(np.abs(means - value) <= band, axis=1)
    spreads = means.std(axis=1)
    columns = zip(at, means[:, 0], spreads, theory, inside, strict=True)
    rows = [
        (count(n), figures(one, 4), figures(spread), figures(expected), percent(share))
        for n, one, spread, expected, share in columns
        if n == calls or n in POWERS_OF_TEN
    ]
    mean = float(means[-1].mean())
    title = f"{count(settings.elements)} elements of {value:g}, each on its own"
    headings = ("calls", "mean of one", "spread of all", "by the formula", "in the band")
    return Findings(
        values={
            "mean": mean,
            "spread": float(spreads[-1]),
            "expected_spread": float(theory[-1]),
            "mean_without_scale": (1 - p) * value,
            "in_band": float(inside[-1]),
            "calls": at,
            "spreads": spreads,
        },
        tables=[Table(headings, rows, title)],
        picture=_picture(settings, at, means),
        words={"times": calls, "kept": 1 - p, "scaled": value / (1 - p)} | verdict(settings, mean),
    )


def _picture(settings: Settings, at: list[int], means: np.ndarray) -> Picture:
    """A few elements' means on their way, the spread of all, and the band of theory."""
    value, p = settings.value, settings.p
    # A mean of fewer calls takes few values, and no normal band describes it.
    enough = [n for n in at if n >= 10]
    edges = [
        [value + side * DEVIATIONS * deviation_of_mean(p, value, n) for n in enough]
        for side in (-1, 1)
    ]
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
    marks = [Mark(value, "the value that went in")]
    if p > 0:
        marks.append(Mark((1 - p) * value, "expected without the scale"))
    everyone = "mean of all elements"
    panel = Lines(
        f"Band: the middle {CONFIDENCE:.0%} of {count(settings.elements)} elements. "
        "Dashes: by theory.",
        Axis("calls", log=True),
        Axis("mean of what came out so far", text=plain),
        [
            Series(everyone, at, means.mean(axis=1).tolist(), low.tolist(), high.tolist()),
            Series("one element", at, means[:, 0].tolist()),
            *(Series("", enough, edge, style="dashes", like=everyone) for edge in edges),
        ],
        marks,
    )
    return Picture(f"An element of {value:g} goes through Dropout({p:g}) again and again", [panel])
