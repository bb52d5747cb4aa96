"""How low a loss can get when softmax is taken twice, and how much of its slope is left."""

import math
from dataclasses import dataclass

import numpy as np

from tinytorch import CrossEntropyLoss, Softmax, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures


@dataclass(frozen=True)
class Settings:
    """The classes, and how sure the network is."""

    classes: int = setting(10, "classes", within=(2, 100_000))
    logit: float = setting(50.0, "logit of the right class, all others 0", within=(1.0, 80.0))
    samples: int = setting(64, "rows of first logits", within=(2, 512))


def floor(classes: int) -> float:
    """The loss of probabilities 1 and 0 that are taken for logits: log(e + classes - 1) - 1."""
    return math.log(math.e + classes - 1) - 1


def slope_of(logits: np.ndarray, right: np.ndarray, twice: bool) -> float:
    """The length of the gradient for the logits."""
    x = Tensor(logits, requires_grad=True, dtype=np.float64)
    CrossEntropyLoss()(Softmax()(x) if twice else x, right).backward()
    return 0.0 if x.grad is None else float(np.linalg.norm(x.grad))


def measure(settings: Settings, progress: Progress) -> Findings:
    """Judge networks that are sure and right, once with softmax before the loss."""
    loss, random = CrossEntropyLoss(), np.random.default_rng(0)
    counts = sorted({2, 10, 100, 1000, settings.classes})
    once, twice, slopes = {}, {}, {}
    for number, count in enumerate(counts):
        progress(number / len(counts), f"{count:,} classes")
        sure = np.zeros((1, count))
        sure[0, 0] = settings.logit
        x = Tensor(sure, dtype=np.float64)
        once[count], twice[count] = loss(x, [0]).item(), loss(Softmax()(x), [0]).item()
        first = random.standard_normal((settings.samples, count))
        right = random.integers(count, size=settings.samples)
        steep = slope_of(first, right, twice=False)
        slopes[count] = slope_of(first, right, twice=True) / steep if steep else math.nan
    rows = [
        (
            f"{count:,}",
            figures(math.log(count), 4),
            figures(once[count]),
            figures(twice[count], 4),
            figures(floor(count), 4),
            figures(slopes[count], 2),
        )
        for count in counts
    ]
    columns = ("classes", "guessing", "sure, once", "sure, twice", "by the formula", "slope left")
    knowing = {count: math.log(count) for count in counts}
    formula = {count: floor(count) for count in counts}
    series = [
        Series.of("knowing nothing", knowing, style="dashes"),
        Series.of("right and sure, softmax twice", twice),
        Series.of("", formula, style="dashes", like="right and sure, softmax twice"),
        Series.of("right and sure", once),
    ]
    findings = Findings("Softmax before a loss that has its own")
    findings.tabulate(columns, rows)
    findings.draw(Lines("Loss", Axis("classes", log=True), Axis("cross-entropy"), series))
    count = settings.classes
    findings.tell(lowest=twice[count], slope=slopes[count], once=once[count], formula=floor(count))
    findings.say(guessing=math.log(count), off=not abs(twice[count] - floor(count)) < 1e-3)
    findings.say(steeper=1 / slopes[count] if slopes[count] else math.inf)
    return findings
