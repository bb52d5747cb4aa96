"""The expected value of an element under dropout, and how fast its mean gets there."""

import math
from dataclasses import dataclass

import numpy as np

from tinytorch import Dropout, Tensor, manual_seed
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import count, figures, percent

CONFIDENCE = 0.95
DEVIATIONS = 1.959964  # a normal variable strays no further, with the confidence above


@dataclass(frozen=True)
class Settings:
    p: float = setting(0.5, "probability of dropping", within=(0.0, 0.99))
    value: float = setting(1.0, "value of each element", within=(0.001, 1000.0))
    calls: int = setting(1000, "calls of Dropout", full=10_000, within=(10, 100_000))
    elements: int = setting(
        1000, "elements that are watched, each on its own", full=4000, within=(10, 10_000)
    )
    seed: int = setting(0, "where the randomness starts", within=(0, 2**32))


def deviation_of_mean(p: float, value: float, calls: int) -> float:
    """The standard deviation of the mean of so many calls: value · sqrt(p / (1 - p) / calls)."""
    return value * math.sqrt(p / (1 - p) / calls)


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
    p, value, calls, elements = settings.p, settings.value, settings.calls, settings.elements
    told = {calls} | {10**power for power in range(6) if 10**power <= calls}
    at = sorted(told | {round(step) for step in np.geomspace(1, calls, 60)})
    manual_seed(settings.seed)
    dropout, x = Dropout(p), Tensor(np.full(elements, value, np.float32))
    total, means = np.zeros(elements), np.zeros((len(at), elements))
    for call in range(1, calls + 1):
        total += dropout(x, training=True).data
        if call in at:
            means[at.index(call)] = total / call
            progress(call / calls, f"call {call:,} of {calls:,}")
    theory = np.array([deviation_of_mean(p, value, n) for n in at])
    # Half a bit of slack, since the sum of a mean that is exact by chance may be off by one.
    band = DEVIATIONS * theory[:, None] * (1 + 1e-6) + 1e-6 * value
    inside = np.mean(np.abs(means - value) <= band, axis=1)
    spreads, middle, one = means.std(axis=1), means.mean(axis=1), means[:, 0]
    rows = [
        (count(n), figures(one[i], 4), figures(spreads[i]), figures(theory[i]), percent(inside[i]))
        for i, n in enumerate(at)
        if n in told
    ]
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1).tolist()
    series = [Series("mean of all elements", at, middle.tolist(), low, high)]
    series.append(Series("one element", at, one.tolist()))
    for edge in (value - DEVIATIONS * theory, value + DEVIATIONS * theory):
        # A mean of fewer calls takes few values, and no normal band describes it.
        enough = {n: bound for n, bound in zip(at, edge.tolist(), strict=True) if n >= 10}
        series.append(Series.of("", enough, style="dashes", like=series[0].name))
    marks = [Mark(value, "the value that went in")]
    marks += [Mark((1 - p) * value, "expected without the scale")] if p > 0 else []
    axes = Axis("calls", log=True), Axis("mean of what came out so far")
    headings = ("calls", "mean of one", "spread of all", "by the formula", "in the band")
    findings = Findings(f"An element of {value:g} goes through Dropout({p:g}) again and again")
    findings.tabulate(headings, rows, f"{count(elements)} elements of {value:g}, each on its own")
    title = f"Band: the middle {CONFIDENCE:.0%} of {count(elements)} elements. Dashes: by theory."
    findings.draw(Lines(title, *axes, series, marks))
    mean = float(middle[-1])
    findings.tell(mean=mean, mean_without_scale=(1 - p) * value, in_band=float(inside[-1]))
    findings.tell(spread=float(spreads[-1]), expected_spread=float(theory[-1]))
    findings.tell(calls=at, spreads=spreads)
    findings.say(times=calls, kept=1 - p, scaled=value / (1 - p), **verdict(settings, mean))
    return findings
