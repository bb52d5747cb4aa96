"""The expected value of an element under dropout, and how fast its mean gets there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.layers import Dropout
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import count, figures, percent, plain

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


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"One element of {settings.value:g} goes {settings.calls:,} times through "
        f"Dropout({settings.p:g}). By how much will the mean of what comes out miss "
        f"{settings.value:g}, typically (its standard deviation)?",
        digits=2,
    )


def deviation_of_mean(p: float, value: float, calls: int) -> float:
    """The standard deviation of the mean of so many calls: value · sqrt(p / (1 - p) / calls)."""
    return value * math.sqrt(p / (1 - p) / calls)


def running_means(settings: Settings, at: list[int], progress: Progress) -> np.ndarray:
    """The mean of each element after so many calls: a row for each number in `at`."""
    tinytorch.manual_seed(settings.seed)
    dropout = Dropout(settings.p)
    x = Tensor(np.full(settings.elements, settings.value, np.float32))
    total = np.zeros(settings.elements)
    means = np.empty((len(at), settings.elements))
    row = 0
    for call in range(1, settings.calls + 1):
        total += dropout(x, training=True).data
        if call == at[row]:
            means[row] = total / call
            row += 1
            progress(call / settings.calls, f"call {call:,} of {settings.calls:,}")
    return means


def _when_to_look(calls: int) -> list[int]:
    """Numbers of calls, evenly spaced by their ratio, with the powers of ten among them."""
    spaced = {round(step) for step in np.geomspace(1, calls, 60)}
    return sorted(spaced | {power for power in POWERS_OF_TEN if power <= calls})


def answer(settings: Settings, progress: Progress) -> Answer:
    """Watch many elements on their way through many calls."""
    p, value, calls = settings.p, settings.value, settings.calls
    at = _when_to_look(calls)
    means = running_means(settings, at, progress)
    bands = np.array([DEVIATIONS * deviation_of_mean(p, value, n) for n in at])
    # Half a bit of slack, since the sum of a mean that is exact by chance may be off by one.
    inside = np.mean(np.abs(means - value) <= bands[:, None] * (1 + 1e-6) + 1e-6 * value, axis=1)
    mean, spread = float(means[-1].mean()), float(means[-1].std())
    expected_spread = deviation_of_mean(p, value, calls)
    standard_error = deviation_of_mean(p, value, calls * settings.elements)
    unscaled = (1 - p) * value
    rows = [
        (
            count(n),
            figures(float(means[row, 0]), 4),
            figures(float(means[row].std()), 3),
            figures(deviation_of_mean(p, value, n), 3),
            percent(float(inside[row])),
        )
        for row, n in enumerate(at)
        if n == calls or n in POWERS_OF_TEN
    ]
    return Answer(
        headline=_headline(settings, mean, spread, standard_error),
        truth=spread,
        tables=(
            Table(
                ("calls", "mean of one", "spread of all", "by the formula", "in the band"),
                tuple(rows),
                f"{count(settings.elements)} elements of {value:g}, each on its own",
            ),
        ),
        picture=_picture(settings, at, means),
        why=(
            f"An element becomes 0 with probability {p:g}, and {value:g} / (1 - {p:g}) = "
            f"{figures(value / (1 - p))} otherwise, so its expected value is {value:g}, what it "
            "was. The mean of n calls strays from it by value · sqrt(p / (1 - p) / n): half as far "
            f"for four times the calls. It should be within {DEVIATIONS:.2f} such deviations in "
            f"{CONFIDENCE:.0%} of all cases; after {count(calls)} calls "
            f"{percent(float(inside[-1]))} of the elements here are. Without the scale the "
            f"expected value would be {figures(unscaled)}: in training, every unit of the next "
            f"layer would add up {figures(1 - p)} of what reaches it at inference, where nothing "
            "is dropped. Its weights and bias would be made for sums that never come again."
        ),
        formulas=(
            "E[y] = p · 0 + (1 - p) · x / (1 - p) = x",
            f"{p:g} · 0 + {figures(1 - p)} · {figures(value / (1 - p), 4)} = {value:g}",
            "deviation of the mean = x · sqrt(p / (1 - p) / n)",
            f"{value:g} · sqrt({p:g} / {figures(1 - p)} / {calls}) = {figures(expected_spread)}",
            f"without the scale: E[y] = (1 - p) · x = {figures(unscaled)}",
        ),
        changes=(
            Change({"p": 0.9}, "strong dropout: three times the spread of p=0.5"),
            Change({"p": 0.1}, "weak dropout: a third of it"),
            Change({"calls": 100_000}, "a hundred times the calls, a tenth of the spread"),
        ),
        method=(
            f"{count(calls)} calls of Dropout on {count(settings.elements)} elements; "
            f"seed {settings.seed}."
        ),
        values={
            "mean": mean,
            "spread": spread,
            "expected_spread": expected_spread,
            "mean_without_scale": unscaled,
            "in_band": float(inside[-1]),
            "calls": at,
            "spreads": means.std(axis=1),
        },
    )


def _headline(settings: Settings, mean: float, spread: float, standard_error: float) -> str:
    """What came out, and what is wrong with it if something is."""
    p, value = settings.p, settings.value
    said = (
        f"The mean of all is {figures(mean, 4)}, and one element's mean over "
        f"{count(settings.calls)} calls is off by {figures(spread, 2)}, typically."
    )
    # Six deviations: by chance once in a billion runs.
    if abs(mean - value) <= 6 * standard_error + 1e-5 * value:
        return said
    if p > 0 and abs(mean - (1 - p) * value) <= 6 * standard_error * (1 - p):
        return (
            f"{said} It should be {value:g}: this Dropout does not scale what survives by "
            f"1 / (1 - p)."
        )
    return f"{said} It should be {value:g}: this Dropout does not keep the expected value."


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
    middle = means.mean(axis=1)
    marks = [Mark(value, "the value that went in")]
    if p > 0:
        marks.append(Mark((1 - p) * value, "expected without the scale"))
    return Picture(
        f"An element of {value:g} goes through Dropout({p:g}) again and again",
        [
            Lines(
                f"Band: the middle {CONFIDENCE:.0%} of {count(settings.elements)} elements. "
                f"Dashes: by theory.",
                Axis("calls", log=True),
                Axis("mean of what came out so far", text=plain),
                [
                    Series(
                        "mean of all elements",
                        at,
                        middle.tolist(),
                        low.tolist(),
                        high.tolist(),
                    ),
                    Series("one element", at, means[:, 0].tolist()),
                    *(
                        Series("", enough, edge, style="dashes", like="mean of all elements")
                        for edge in edges
                    ),
                ],
                marks,
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
