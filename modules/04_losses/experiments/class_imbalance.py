"""What a loss makes of classes of very different sizes, and what drawing rare ones more does."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from tinytorch import Adam, BinaryCrossEntropyLoss, Sigmoid, Tensor
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures, percent

NORMAL = NormalDist()


@dataclass(frozen=True)
class Settings:
    """The two groups, and how a yes or no is learned for them."""

    share: float = setting(0.02, "share of the rare group", within=(0.001, 0.5))
    distance: float = setting(2.0, "distance of the two groups", within=(0.1, 6.0))
    samples: int = setting(20_000, "samples to learn from", within=(1000, 100_000))
    steps: int = setting(300, "steps of training", within=(10, 2000))


def recall_of(distance: float, odds: float) -> float:
    """The share of the rare group that is found by the best rule for such odds.

    With both groups normal, of deviation 1 and `distance` apart, the logarithm of the odds at x is
    `distance * x + log(odds)`, where x counts from the middle between the two.
    """
    return NORMAL.cdf(distance / 2 + math.log(odds) / distance)


def learn(x: np.ndarray, answers: np.ndarray, steps: int) -> tuple[float, float]:
    """The slope and the bias of the logit that the loss is smallest for."""
    weights = Tensor(np.zeros(2), requires_grad=True, dtype=np.float64)
    optimizer, loss = Adam([weights], lr=0.1), BinaryCrossEntropyLoss()
    inputs, targets = Tensor(x, dtype=np.float64), Tensor(answers, dtype=np.float64)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(Sigmoid()(inputs * weights[0] + weights[1]), targets).backward()
        optimizer.step()
    slope, bias = weights.data.tolist()
    return slope, bias


def measure(settings: Settings, progress: Progress) -> Findings:
    """Learn from the samples as they are, and with the rare ones drawn as often as the others."""
    share, distance, count = settings.share, settings.distance, settings.samples
    random = np.random.default_rng(0)
    rare = max(2, round(share * count))
    # The middle of each part of the distribution: no luck in the draw.
    groups = [
        np.array([NORMAL.inv_cdf((i + 0.5) / size) for i in range(size)]) + middle
        for size, middle in ((count - rare, -distance / 2), (rare, distance / 2))
    ]
    x = np.concatenate(groups)
    answers = np.repeat([0.0, 1.0], [count - rare, rare])
    odds = rare / (count - rare)
    often = np.concatenate([np.arange(count - rare), random.integers(count - rare, count, count)])
    often = often[: 2 * (count - rare)]
    ways = {"as they are": (np.arange(count), odds), "rare ones as often": (often, 1.0)}
    found, rows, series = {}, [], []
    places = np.linspace(-distance - 1, distance + 1, 60)
    for number, (name, (chosen, wanted)) in enumerate(ways.items()):
        progress(number / len(ways), f"learning from the samples {name}")
        slope, bias = learn(x[chosen], answers[chosen], settings.steps)
        says = x * slope + bias > 0
        recall, accuracy = float(says[answers == 1].mean()), float(np.mean(says == (answers == 1)))
        probability = 1 / (1 + np.exp(-(x * slope + bias)))
        found[name] = {
            "recall": recall,
            "accuracy": accuracy,
            "claimed": float(probability.mean()),
            "theory": recall_of(distance, wanted),
        }
        by_x = dict(zip(places, 1 / (1 + np.exp(-(places * slope + bias))), strict=True))
        series.append(Series.of(name, by_x))
        shown = recall, recall_of(distance, wanted), accuracy, found[name]["claimed"]
        rows.append((name, *map(percent, shown)))
    plain, balanced = found.values()
    findings = Findings(f"One in {figures(1 / share, 2)} is of the rare group")
    columns = ("samples", "rare ones found", "by theory", "right in all", "rare, it claims")
    findings.tabulate(columns, rows)
    axes = Axis("x"), Axis("probability of the rare group", text=percent)
    findings.draw(Lines("What is learned", *axes, series, [Mark(0.5, "says: rare")]))
    findings.tell(plain=plain, balanced=balanced, percent_found=100 * plain["recall"])
    far = max(abs(way["recall"] - way["theory"]) for way in found.values())
    findings.say(always=1 - share, off=not far < 0.1)
    findings.say(one_in=1 / share, inflated=balanced["claimed"] / share)
    return findings
