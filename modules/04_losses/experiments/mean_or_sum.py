"""Which learning rates a mean and a sum bear, by the size of the batch."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tinytorch import MSELoss, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import BATCH, Axis, Lines, Series
from tinytorch.course.explore.units import figures

STEPS, HALVINGS = 40, 20


@dataclass(frozen=True)
class Settings:
    """The batches that are compared."""

    small: int = setting(32, "samples in the small batch", within=(2, 1024))
    large: int = setting(512, "samples in the large batch", within=(2, 4096))


def diverges(x: np.ndarray, rate: float, times: float) -> bool:
    """Whether a line through 0 runs away from its best slope, at such a learning rate."""
    weight = Tensor(np.ones(1), requires_grad=True, dtype=np.float64)
    inputs, targets = Tensor(x, dtype=np.float64), Tensor(np.zeros(len(x)), dtype=np.float64)
    loss = MSELoss()
    for _ in range(STEPS):
        weight.grad = None
        (loss(inputs * weight, targets) * times).backward()
        weight.data -= rate * (0.0 if weight.grad is None else weight.grad)
        if not np.all(np.abs(weight.data) < 1e6):
            return True
    return bool(np.abs(weight.data[0]) > 1)


def largest_rate(x: np.ndarray, times: float) -> float:
    """The largest learning rate that does not run away, between 1e-6 and 100."""
    low, high = math.log(1e-6), math.log(100.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if diverges(x, math.exp(middle), times) else (middle, high)
    return math.exp((low + high) / 2)


def measure(settings: Settings, progress: Progress) -> Findings:
    """Find the largest learning rates for both losses and several batches."""
    sizes = sorted({settings.small, settings.large, 8, 64, 512})
    found: dict[str, dict[int, float]] = {"mean": {}, "sum": {}}
    theory: dict[str, dict[int, float]] = {"mean": {}, "sum": {}}
    for number, size in enumerate(sizes):
        progress(number / len(sizes), f"{size} samples")
        x = np.array([NormalDist().inv_cdf((i + 0.5) / size) for i in range(size)])
        for name, times in (("mean", 1.0), ("sum", float(size))):
            found[name][size] = largest_rate(x, times)
            # The step is weight · (1 - 2 rate · curvature), which must stay between -1 and 1.
            theory[name][size] = float(1 / (times * np.mean(x**2)))
    rows = [
        (f"{size}", *(figures(of[name][size]) for name in found for of in (found, theory)))
        for size in sizes
    ]
    series = [Series.of(f"the {name}", values) for name, values in found.items()]
    series += [
        Series.of("", values, style="dashes", like=f"the {name}") for name, values in theory.items()
    ]
    findings = Findings("Largest learning rates of a line. Dashes: by theory.")
    findings.tabulate(("samples", "mean", "by theory", "sum", "by theory"), rows)
    findings.draw(Lines("Beyond, it runs away", BATCH, Axis("learning rate", log=True), series))
    ratios = {name: v[settings.small] / v[settings.large] for name, v in found.items()}
    findings.tell(rates=found, ratios=ratios, ratio=ratios["sum"], theory=theory)
    findings.say(times=settings.large / settings.small)
    worst = max(abs(found[n][s] / theory[n][s] - 1) for n in found for s in sizes)
    findings.say(off=not worst < 0.05)
    return findings
