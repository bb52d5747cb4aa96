"""The lowest loss there is when some labels are wrong, and what being too sure costs."""

import math
from dataclasses import dataclass

import numpy as np

from tinytorch import CrossEntropyLoss, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures, percent


@dataclass(frozen=True)
class Settings:
    """How many labels are wrong."""

    wrong: float = setting(0.1, "share of wrong labels", within=(0.001, 0.8))
    classes: int = setting(10, "classes", within=(2, 1000))
    samples: int = setting(10_000, "samples", within=(1000, 100_000))


def floor(wrong: float, classes: int) -> float:
    """The entropy of the labels: no prediction has a lower cross-entropy in the long run."""
    return expected(1 - wrong, wrong, classes)


def expected(sure: float, wrong: float, classes: int) -> float:
    """The loss of giving each image's true class the probability `sure`, and the rest evenly."""
    other = (1 - sure) / (classes - 1)
    return -(1 - wrong) * math.log(sure) - wrong * math.log(other)


def measure(settings: Settings, progress: Progress) -> Findings:
    """Judge networks that know each true class, and are more or less sure of it."""
    count, n, wrong = settings.classes, settings.samples, settings.wrong
    bad = round(wrong * n)
    truth = np.arange(n) % count
    labels = truth.copy()
    labels[:bad] = (truth[:bad] + 1 + np.arange(bad) % (count - 1)) % count
    share, loss = bad / n, CrossEntropyLoss()
    levels = sorted({1 - share, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 1 - 1e-6})
    levels = [level for level in levels if level > 1 / count]
    found = {}
    for number, sure in enumerate(levels):
        progress(number / len(levels), f"sure to {percent(sure)}")
        logits = np.full((n, count), math.log((1 - sure) / (count - 1)))
        logits[np.arange(n), truth] = math.log(sure)
        found[sure] = loss(Tensor(logits, dtype=np.float64), labels).item()
    lowest = min(found, key=lambda sure: found[sure])
    best = floor(share, count)
    rows = [
        (f"{100 * sure:g}%", figures(value, 4), figures(expected(sure, share, count), 4))
        for sure, value in found.items()
    ]
    doubts = {1 - sure: value for sure, value in found.items()}
    theory = {doubt: expected(1 - doubt, share, count) for doubt in np.geomspace(1e-6, 0.5, 40)}
    series = [
        Series.of("measured", doubts, style="points"),
        Series.of("by the formula", theory, style="dashes", like="measured"),
    ]
    axes = Axis("doubt: 1 less the probability that is said", log=True), Axis("cross-entropy")
    marks = [Mark(best, "lowest there is"), Mark(share, "labels that are wrong", "x")]
    findings = Findings(f"{percent(share)} of the labels of {count} classes are wrong")
    findings.tabulate(("probability of the true class", "loss", "by the formula"), rows)
    findings.draw(Lines("A network that knows the truth", *axes, series, marks))
    findings.tell(floor=best, lowest=found[lowest], lowest_at=lowest, surest=found[levels[-1]])
    findings.say(surest_at=levels[-1], off=not abs(found[1 - share] - best) < 1e-3 * best)
    findings.say(right=1 - share, share=share, each=share / (count - 1))
    return findings
