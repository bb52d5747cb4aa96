"""What one wild target does to the best guess, by squared and by absolute error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch import MSELoss, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures


@dataclass(frozen=True)
class Settings:
    """The prices, and how wrong one of them was typed."""

    houses: int = setting(101, "houses", within=(3, 10_001))
    factor: float = setting(1000.0, "how many times too large one price is", within=(1.0, 1e6))


def prices(settings: Settings, factor: float) -> np.ndarray:
    """Prices from 100 to 300, in thousands; the one in the middle is typed wrong."""
    values = np.linspace(100, 300, settings.houses)
    values[settings.houses // 2] *= factor
    return values


def best(loss: Callable[[Tensor, Tensor], Tensor], targets: np.ndarray) -> float:
    """The guess with the smallest loss, by halving the interval in which the slope changes sign."""
    low, high = float(targets.min()), float(targets.max())
    wanted = Tensor(targets, dtype=np.float64)
    for _ in range(80):
        middle = (low + high) / 2
        guess = Tensor(middle, requires_grad=True, dtype=np.float64)
        loss(guess + Tensor(np.zeros(len(targets)), dtype=np.float64), wanted).backward()
        slope = 0.0 if guess.grad is None else float(guess.grad)
        low, high = (low, middle) if slope > 0 else (middle, high)
    return (low + high) / 2


def measure(settings: Settings, progress: Progress) -> Findings:
    """Find the best single guess for prices of which one grows wilder and wilder."""
    factors = sorted({1.0, settings.factor, *np.geomspace(1, settings.factor, 9).tolist()})
    losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "squared error": MSELoss(),
        "absolute error": lambda guess, target: abs(guess - target).mean(),
    }
    found: dict[str, dict[float, float]] = {name: {} for name in losses}
    for number, factor in enumerate(factors):
        progress(number / len(factors), f"one price {figures(factor)} times too large")
        for name, loss in losses.items():
            found[name][factor] = best(loss, prices(settings, factor))
    means, medians = found.values()
    wild = prices(settings, settings.factor)
    rows = [
        (f"{figures(factor)} times", figures(means[factor], 4), figures(medians[factor], 4))
        for factor in factors
    ]
    axes = Axis("how many times too large one price is", log=True), Axis("best guess", log=True)
    series = [Series.of(name, values) for name, values in found.items()]
    findings = Findings(f"The best guess for {settings.houses} prices, one of them typed wrong")
    findings.tabulate(("one price too large", *losses), rows)
    findings.draw(Lines("In thousands", *axes, series, [Mark(300, "the dearest of the others")]))
    mean, median = means[settings.factor], medians[settings.factor]
    findings.tell(mean=mean, median=median, before=means[1.0], numpy_mean=float(wild.mean()))
    findings.say(wild=float(wild.max()), moved=mean - means[1.0], stays=median - medians[1.0])
    findings.say(off=not abs(mean - wild.mean()) <= 1e-3 * wild.mean())
    return findings
