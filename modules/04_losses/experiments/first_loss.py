"""The loss of a network that knows nothing, by the number of classes and the size of its logits."""

import math
from dataclasses import dataclass

import numpy as np

from tinytorch import CrossEntropyLoss, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures


@dataclass(frozen=True)
class Settings:
    """How many classes there are, and how large the first logits."""

    classes: int = setting(50_000, "classes", within=(2, 100_000))
    spread: float = setting(1.0, "standard deviation of the logits", within=(0.0, 3.0))
    logits: int = setting(400_000, "logits to average over", full=4_000_000, within=(1000, 10**7))


def by_theory(classes: int, spread: float) -> float:
    """The expected loss of logits that have nothing to do with the classes.

    The mean of exp of a normal number is exp(variance / 2), so log-sum-exp over many classes is
    log(classes) + variance / 2, and the right logit is 0 in the mean.
    """
    return math.log(classes) + spread**2 / 2


def measure(settings: Settings, progress: Progress) -> Findings:
    """Let networks that know nothing be judged, for more and more classes."""
    random, loss = np.random.default_rng(0), CrossEntropyLoss()
    counts = sorted({2, 10, 100, 1000, 10_000, settings.classes})
    spreads = {"no logits yet": 0.0, f"spread {settings.spread:g}": settings.spread}
    found: dict[str, dict[int, float]] = {name: {} for name in spreads}
    for number, count in enumerate(counts):
        progress(number / len(counts), f"{count:,} classes")
        samples = max(8, settings.logits // count)
        drawn = random.standard_normal((samples, count), np.float32)
        # Each row with both signs, so that the right logits have a mean of 0 without any luck.
        drawn = np.concatenate([drawn, -drawn])
        right = np.tile(random.integers(count, size=samples), 2)
        for name, spread in spreads.items():
            found[name][count] = loss(Tensor(drawn * np.float32(spread)), right).item()
    rows = [
        (
            f"{count:,}",
            figures(math.log(count), 4),
            *(figures(values[count], 4) for values in found.values()),
        )
        for count in counts
    ]
    series = [Series.of(name, values, style="points") for name, values in found.items()]
    series += [
        Series.of("", {c: by_theory(c, spread) for c in counts}, style="dashes", like=name)
        for name, spread in spreads.items()
    ]
    findings = Findings("The first loss. Points: measured. Dashes: theory.")
    findings.tabulate(("classes", "log(classes)", *spreads), rows)
    axes = Axis("classes", log=True), Axis("cross-entropy")
    findings.draw(Lines("Networks that know nothing", *axes, series))
    nothing, drawn_loss = (values[settings.classes] for values in found.values())
    findings.tell(first=nothing, with_spread=drawn_loss)
    findings.tell(theory=by_theory(settings.classes, settings.spread))
    findings.say(log=math.log(settings.classes), more=settings.spread**2 / 2)
    findings.say(off=not abs(nothing - math.log(settings.classes)) < 1e-3 * nothing)
    findings.say(ten=math.log(10), perplexity=math.exp(min(nothing, 700.0)))
    return findings
