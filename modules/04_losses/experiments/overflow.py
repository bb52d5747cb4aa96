"""How often the plain formula of cross-entropy overflows, by the size of the logits."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tinytorch import CrossEntropyLoss, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures, percent

NORMAL = NormalDist()
LARGEST = math.log(float(np.finfo(np.float32).max))  # exp of more is infinite in float32
SMALLEST = math.log(float(np.finfo(np.float32).smallest_subnormal) / 2)  # and of less is 0


@dataclass(frozen=True)
class Settings:
    """The logits: normal numbers of some spread."""

    classes: int = setting(10, "classes", within=(2, 10_000))
    samples: int = setting(2000, "rows of logits at each spread", full=20_000, within=(10, 100_000))


def half(classes: int) -> float:
    """The spread at which the largest of so many logits is above the limit in half of all rows."""
    return LARGEST / NORMAL.inv_cdf(0.5 ** (1 / classes))


def by_theory(classes: int, spread: float) -> float:
    """The share of rows whose largest logit is above the limit."""
    return 1 - NORMAL.cdf(LARGEST / spread) ** classes


def naive(logits: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The losses of each row by `log(sum(exp(logits))) - logits[class]`, and by `-log(softmax)`."""
    rows = np.arange(len(logits))
    with np.errstate(all="ignore"):
        plain = np.log(np.exp(logits).sum(axis=1)) - logits[rows, right]
        scores = np.exp(logits - logits.max(axis=1, keepdims=True))
        logs = -np.log(scores[rows, right] / scores.sum(axis=1))
    return plain, logs


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count the rows that come to no number, at spreads from 1 to 1000."""
    random, loss = np.random.default_rng(0), CrossEntropyLoss()
    classes, middle = settings.classes, half(settings.classes)
    names = "plain formula", "log of softmax", "the loss in use"
    failed: dict[str, dict[float, float]] = {name: {} for name in names}
    spreads = sorted({middle, *np.geomspace(1, 1000, 19).tolist()})
    rows = []
    for number, spread in enumerate(spreads):
        progress(number / len(spreads), f"logits of spread {figures(spread)}")
        shape = settings.samples, classes
        logits = (spread * random.standard_normal(shape)).astype(np.float32)
        right = random.integers(classes, size=settings.samples)
        with np.errstate(all="ignore"):
            own = loss(Tensor(logits), right).item()
        shares = [float(np.mean(~np.isfinite(losses))) for losses in naive(logits, right)]
        shares.append(float(not math.isfinite(own)))
        for name, share in zip(names, shares, strict=True):
            failed[name][spread] = share
        cells = percent(shares[0]), percent(by_theory(classes, spread)), percent(shares[1])
        rows.append((figures(spread), *cells, figures(own)))
    theory = {spread: by_theory(classes, spread) for spread in spreads}
    series = [Series.of(name, values) for name, values in failed.items()]
    series.append(Series.of("", theory, style="dashes", like=names[0]))
    axes = Axis("spread of the logits", log=True), Axis("rows without a number", text=percent)
    findings = Findings(f"Losses of {classes} classes in float32")
    findings.tabulate(("spread", "plain formula", "by theory", "log of softmax", "in use"), rows)
    findings.draw(Lines("Dashes: by theory", *axes, series, [Mark(middle, "half, by theory", "x")]))
    findings.tell(half=middle, failed={n: list(v.values()) for n, v in failed.items()})
    findings.tell(spreads=spreads, measured_at_half=failed[names[0]][middle])
    findings.say(limit=LARGEST, lowest=-SMALLEST, fails=any(failed[names[2]].values()))
    findings.say(quantile=NORMAL.inv_cdf(0.5 ** (1 / classes)))
    return findings
