"""How steep squared error and cross-entropy are where a network is sure and wrong."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch import BinaryCrossEntropyLoss, MSELoss, Sigmoid, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures, percent, power


@dataclass(frozen=True)
class Settings:
    """How wrong the network is."""

    logit: float = setting(-10.0, "logit of yes, where the answer is yes", within=(-30.0, 0.0))


def sigmoid(logit: float) -> float:
    """The probability that a logit stands for."""
    return 1 / (1 + math.exp(-logit))


def slope_at(loss: Callable[[Tensor, Tensor], Tensor], logit: float) -> float:
    """The slope of a loss behind a sigmoid, where the answer is yes."""
    x = Tensor([logit], requires_grad=True, dtype=np.float64)
    loss(Sigmoid()(x), Tensor([1.0], dtype=np.float64)).backward()
    return math.nan if x.grad is None else float(x.grad[0])


def by_formula(logit: float) -> dict[str, float]:
    """The slopes on paper: p - 1 for cross-entropy, 2 (p - 1) p (1 - p) for the squared error."""
    p = sigmoid(logit)
    return {"cross-entropy": p - 1, "squared error": 2 * (p - 1) * p * (1 - p)}


def measure(settings: Settings, progress: Progress) -> Findings:
    """Follow both losses from sure and wrong to sure and right."""
    losses = {"cross-entropy": BinaryCrossEntropyLoss(), "squared error": MSELoss()}
    logits = sorted({settings.logit, *np.linspace(-20, 10, 31).tolist()})
    found: dict[str, dict[float, float]] = {name: {} for name in losses}
    for number, logit in enumerate(logits):
        progress(number / len(logits), f"logit {logit:g}")
        for name, loss in losses.items():
            found[name][logit] = -slope_at(loss, logit)
    shown = [logit for logit in logits if logit in (-20, -15, -5, 0, 5, settings.logit)]
    rows = [
        (
            f"{logit:g}",
            percent(sigmoid(logit)),
            *(figures(values[logit]) for values in found.values()),
        )
        for logit in shown
    ]
    axes = Axis("logit"), Axis("push towards yes", log=True, text=power)
    series = [Series.of(name, values) for name, values in found.items()]
    findings = Findings("The slope of two losses where the answer is yes")
    findings.tabulate(("logit", "it says yes to", *losses), rows)
    findings.draw(Lines("How hard each pushes", *axes, series))
    cross, squared = (values[settings.logit] for values in found.values())
    ratio = cross / squared if squared else math.inf
    theory = by_formula(settings.logit)
    wanted = theory["cross-entropy"] / theory["squared error"]
    findings.tell(slopes={"cross-entropy": cross, "squared error": squared}, ratio=ratio)
    findings.tell(theory=wanted)
    findings.say(p=sigmoid(settings.logit), off=not abs(ratio / wanted - 1) < 1e-3)
    findings.say(cross=cross, squared=squared)
    return findings
