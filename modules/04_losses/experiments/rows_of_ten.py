"""Why the largest of ten numbers takes so long, and what laying them out otherwise does."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import normal
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures, plain


@dataclass(frozen=True)
class Settings:
    """The logits."""

    classes: int = setting(10, "classes", within=(2, 10_000))
    numbers: int = setting(40_000, "logits in all", within=(1000, 10**6))
    seconds: float = setting(2.0, "time for measuring", full=20.0, within=(0.01, 120))


def less_their_largest(rows: np.ndarray) -> np.ndarray:
    """Each row less its largest number, as cross-entropy begins."""
    return rows - rows.max(axis=1, keepdims=True)


def measure(settings: Settings, progress: Progress) -> Findings:
    """Time the same arithmetic on the same numbers, in two orders in memory."""
    counts = sorted({2, 10, 100, 1000, settings.classes})
    calls: dict[tuple[str, int], Callable[[], object]] = {}
    for count in counts:
        rows = normal(max(1, settings.numbers // count), count).data
        calls["row by row", count] = partial(less_their_largest, rows)
        calls["class by class", count] = partial(less_their_largest, rows.copy(order="F"))
        calls["copied first", count] = partial(copied, rows)
    times = timing.measure(calls, settings.seconds, progress, "timing rows")
    names = "row by row", "class by class", "copied first"
    each = {
        (name, count): times[name, count].median / (max(1, settings.numbers // count) * count)
        for name in names
        for count in counts
    }
    ratios = {
        name: timing.ratio(times[names[0], settings.classes], times[name, settings.classes]).median
        for name in names[1:]
    }
    table = [
        (f"{count:,}", *(figures(1e9 * each[name, count], 2) for name in names)) for count in counts
    ]
    series = [Series.of(name, {c: 1e9 * each[name, c] for c in counts}) for name in names]
    axes = Axis("classes", log=True), Axis("ns for a number", log=True, text=plain)
    findings = Findings(f"Rows less their largest, {settings.numbers:,} numbers in all")
    findings.tabulate(("classes", *names), table, "Nanoseconds for a number")
    findings.draw(Lines("The same numbers in three ways", *axes, series))
    findings.tell(ratio=ratios[names[1]], with_copy=ratios[names[2]])
    findings.tell(nanoseconds={f"{n}, {c}": 1e9 * value for (n, c), value in each.items()})
    findings.say(pays=ratios[names[2]] > 1.05, quicker=ratios[names[1]] > 1.05)
    findings.say(slow=1e9 * each[names[0], settings.classes])
    findings.say(quick=1e9 * each[names[1], settings.classes], long=1e9 * each[names[0], 1000])
    findings.say(rounds=len(times[names[0], settings.classes].rounds))
    return findings


def copied(rows: np.ndarray) -> np.ndarray:
    """The same, after a copy into the other order."""
    return less_their_largest(rows.copy(order="F"))
