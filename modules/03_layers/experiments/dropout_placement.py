"""Dropout before the activation or after it: with the same mask, and in training."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinytorch import GELU, Dropout, ReLU, Sigmoid, Tanh, Tensor, manual_seed, no_grad
from tinytorch.course.explore.bench import Network
from tinytorch.course.explore.confidence import mean_of
from tinytorch.course.explore.digits import Digits, digits
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.learning import error_rate, learn, over_seeds
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures, listed, percent, plain

Function = Callable[[Tensor], Tensor]

ACTIVATIONS = {"ReLU": ReLU(), "tanh": Tanh(), "sigmoid": Sigmoid(), "GELU": GELU()}
CHOICES = {"ReLU": "ReLU alone", "ReLU tanh": "ReLU and tanh", "": "none"}
CHOICES[" ".join(ACTIVATIONS)] = "all of them"


@dataclass(frozen=True)
class Settings:
    p: float = setting(0.5, "probability of dropping", within=(0.01, 0.99))
    hidden: int = setting(128, "hidden units", full=256, within=(1, 2048))
    images: int = setting(2000, "images to learn from", full=10_000, within=(100, 60_000))
    test_images: int = setting(5000, "images to test with", full=10_000, within=(100, 10_000))
    epochs: int = setting(10, "times each image is seen", full=20, within=(1, 100))
    seeds: int = setting(5, "networks of each kind", full=10, within=(2, 50))
    lr: float = setting(0.1, "learning rate", within=(0.0001, 10.0))


def mask_of(dropout: Dropout, shape: tuple[int, ...]) -> Tensor:
    """What the dropout in use multiplies by: what it makes of ones, drawn anew at each call."""
    return dropout(Tensor(np.ones(shape, np.float32)), training=True).detach()


def expected_before(function: Function, x: np.ndarray, p: float) -> np.ndarray:
    """The expected value of `function(dropout(x))`: p · f(0) + (1 - p) · f(x / (1 - p))."""
    zero, scaled = (function(Tensor(inputs)).data for inputs in (np.zeros_like(x), x / (1 - p)))
    return p * zero + (1 - p) * scaled


def compare(function: Function, x: Tensor, mask: Tensor) -> tuple[float, float]:
    """The share of elements for which the place matters under one mask, and by how much at most."""
    before, after = function(x * mask).data, (function(x) * mask).data
    return float(np.mean(before != after)), float(np.abs(before - after).max())


def train(function: Function, seed: int, settings: Settings, data: Digits) -> list[Network]:
    """Two networks, dropout before and after: they start alike and are trained with equal masks."""
    dropout, mask = Dropout(settings.p), Tensor(1.0)

    def draw(samples: int) -> None:
        nonlocal mask
        mask = mask_of(dropout, (samples, settings.hidden))

    networks = []
    for place in (lambda x, training: function(x * mask), lambda x, training: function(x) * mask):
        manual_seed(seed)
        networks.append(Network([784, settings.hidden, 10], between=place))
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        other.data[...] = one.data  # alike, wherever the layers in use draw their weights
    list(learn(networks, data, settings.epochs, settings.lr, draw))
    mask = Tensor(1.0)  # at inference nothing is dropped
    return networks


def measure(settings: Settings, progress: Progress) -> Findings:
    """Compare under one mask, then train both ways."""
    p, seeds = settings.p, settings.seeds
    x = Tensor(np.random.default_rng(0).standard_normal((1000, 100), np.float32))
    mask = mask_of(Dropout(p), x.shape)
    with no_grad():
        compared = {name: compare(function, x, mask) for name, function in ACTIVATIONS.items()}
    differing, largest = ({n: pair[which] for n, pair in compared.items()} for which in range(2))
    data = digits(settings.images, settings.test_images)
    trained = {name: np.zeros((3, seeds)) for name in ACTIVATIONS}
    doing = {name: f"training with {name}" for name in ACTIVATIONS}
    for name, seed in over_seeds(doing, seeds, progress):
        networks = train(ACTIVATIONS[name], seed, settings, data)
        weights = zip(*(network.parameters() for network in networks), strict=True)
        distance = max((float(np.abs(a.data - b.data).max()) for a, b in weights), default=0.0)
        trained[name][:, seed] = *(error_rate(network, data) for network in networks), distance
    before, after, apart = ({n: rows[which] for n, rows in trained.items()} for which in range(3))
    gaps = {name: mean_of(before[name] - after[name]) for name in ACTIVATIONS}
    verdicts: dict[str, list[str]] = {}
    for name in ("tanh", "sigmoid", "GELU"):
        more = "more" if gaps[name].value > 0 else "fewer"
        points = f"{figures(100 * abs(gaps[name].value), 2)} percentage points {more} errors"
        unsure, sure = f"{seeds} seeds do not tell the places apart", "dropout before it makes "
        verdicts.setdefault(unsure if gaps[name].is_zero else sure + points, []).append(name)
    some = np.array([0, 1, 1 / (1 - p)], np.float32)
    at = {name: function(Tensor(some)).data for name, function in ACTIVATIONS.items()}
    same = [name for name in ACTIVATIONS if differing[name] == 0]
    dropped = float(np.mean(mask.data == 0))
    scale = float(np.median(mask.data[mask.data != 0])) if dropped < 1 else 0.0
    under_one_mask, errors = [], []
    title = f"What Dropout({p:g}) lets through on average, before and after the activation"
    findings = Findings(title)
    grid = np.linspace(-4, 4, 81, dtype=np.float32)
    axes = Axis("pre-activation x", text=plain), Axis("expected value of the output", text=plain)
    for name, f in ACTIVATIONS.items():
        numbers = figures(largest[name]), figures(at[name][0])
        under_one_mask.append((name, percent(differing[name]), *numbers))
        means = (percent(rows[name].mean()) for rows in (before, after))
        gap, distance = gaps[name].points.removeprefix("+"), apart[name].max()
        errors.append((name, *means, gap, figures(distance, 2)))
        kept, lost = f(Tensor(grid)).data.tolist(), expected_before(f, grid, p).tolist()
        series = [Series("dropout after, and at inference", grid.tolist(), kept)]
        series.append(Series("dropout before", grid.tolist(), lost, style="dashes"))
        findings.draw(Lines(name, *axes, series))
    of_both = ("activation", "elements that differ", "largest difference", "what 0 becomes")
    of_errors = "error, before", "error, after", "before - after, points", "weights differ by"
    findings.tabulate(of_both, under_one_mask, "Before and after, under the same mask")
    findings.tabulate(("activation", *of_errors), errors, "Trained: error on test images")
    findings.tell(differing=differing, largest_difference=largest, dropped=dropped, scale=scale)
    findings.tell(errors_before=before, errors_after=after)
    findings.tell(weight_distance={name: distances.max() for name, distances in apart.items()})
    findings.say(selection=CHOICES.get(" ".join(same), "another selection"), same=listed(same))
    others = (f"{name} {percent(share)}" for name, share in differing.items() if share)
    findings.say(others=", ".join(others), at=at, kept=1 - p, meant=1 / (1 - p))
    findings.say(expected={n: expected_before(f, some, p)[1] for n, f in ACTIVATIONS.items()})
    findings.say(as_meant=0 < dropped < 1 and not math.isclose(scale, 1))
    findings.say(alike=apart["ReLU"].max() == 0 == differing["ReLU"])
    findings.say(bend=differing["tanh"] > 0 < differing["GELU"])
    findings.say(verdicts="; ".join(f"with {listed(n)} {said}" for said, n in verdicts.items()))
    return findings
