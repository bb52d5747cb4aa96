"""Dropout where data is nearly all zeros: predicting ratings from the few that each user gave."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from tinytorch import Adam, Dropout, Sigmoid, Tensor, Trainer, manual_seed
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import Network
from tinytorch.course.explore.confidence import mean_of
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.learning import descend, finite, over_seeds
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures, plain, seconds

BATCH_SIZE = 50


@dataclass(frozen=True)
class Settings:
    p: float = setting(0.5, "probability of dropping", within=(0.01, 0.95))
    users: int = setting(800, "users", full=2000, within=(50, 20_000))
    items: int = setting(600, "films", full=1000, within=(20, 5000))
    ratings: int = setting(30, "ratings of a user, on average", within=(10, 1000))
    hidden: int = setting(64, "hidden units", within=(1, 1024))
    epochs: int = setting(60, "times each user is seen", full=100, within=(1, 500))
    lr: float = setting(0.003, "learning rate of Adam", within=(1e-6, 1.0))
    seeds: int = setting(5, "networks of each kind", full=10, within=(2, 50))
    seconds: float = setting(1.0, "time for timing a step", full=5.0, within=(0.01, 60))

    @property
    def asked(self) -> float:
        """The share of the films that a user rates."""
        return self.ratings / self.items


class Ratings(NamedTuple):
    """All ratings, also those not given, and which are known or held out: `(users, items)`."""

    stars: np.ndarray
    training: np.ndarray
    validation: np.ndarray  # to see when to stop
    test: np.ndarray  # to judge by


def make_ratings(settings: Settings) -> Ratings:
    """Ratings as a model with hidden tastes has them; few films get most of them.

    A rating is what all films get, what this film gets, what this user gives, and how well the
    tastes of the user and the film agree, with noise, rounded to stars: the matrix factorization
    of Koren, Bell and Volinsky (2009), run the other way round.
    """
    random, shape = np.random.default_rng(0), (settings.users, settings.items)
    users, items = shape
    tastes = random.standard_normal((users, 5)) @ random.standard_normal((5, items)) / math.sqrt(5)
    of_user, of_film = random.standard_normal((users, 1)), random.standard_normal((1, items))
    stars = 3.5 + 0.3 * of_user + 0.4 * of_film + 0.8 * tastes
    stars = np.clip(np.rint(stars + 0.5 * random.standard_normal(shape)), 1, 5)
    # The largest of randomly shifted logarithms: a draw without putting back, popular films first.
    order = np.argsort(-(random.gumbel(size=shape) - 0.8 * np.log(np.arange(items) + 10)))
    numbers = np.clip(random.poisson(settings.ratings, users), 1, items)
    given, draw = np.argsort(order) < numbers[:, None], random.random(shape)
    ends = ((0.3, 1), (0, 0.1), (0.1, 0.3))
    return Ratings(stars, *(given & (low <= draw) & (draw < high) for low, high in ends))


def film_means(ratings: Ratings) -> np.ndarray:
    """The mean known rating of each film, pulled to that of all where there are few."""
    known, stars = ratings.training, ratings.stars * ratings.training
    return (stars.sum(axis=0) + 5 * stars.sum() / max(1, known.sum())) / (known.sum(axis=0) + 5)


def root_mean_square(errors: np.ndarray, chosen: np.ndarray) -> float:
    """The root of the mean square of the chosen errors."""
    squares = np.square(errors, where=chosen, out=np.zeros(errors.shape))
    return math.sqrt(squares.sum() / max(1, chosen.sum()))


def on_known(outputs: Tensor, targets: tuple[Tensor, np.ndarray]) -> Tensor:
    """The loss: the mean square of the error on known ratings."""
    error = (outputs - targets[0]) * targets[1]
    return (error * error).sum() * float(1 / max(1, targets[1].sum()))


def autoencoder(settings: Settings, p: float) -> Trainer:
    """What a user gave goes in, what they would give to all films comes out (Sedhain et al., 2015).

    Ratings are told as what they are above the film's mean, and those that nobody gave are 0.
    """
    sigmoid, dropout = Sigmoid(), Dropout(p)
    sizes = settings.items, settings.hidden, settings.items
    network = Network(sizes, between=lambda x, training: dropout(sigmoid(x), training=training))
    return Trainer(network, finite(on_known), Adam(network.parameters(), lr=settings.lr))


def train(settings: Settings, ratings: Ratings, p: float, seed: int) -> Iterator[list[float]]:
    """Train with the same order of users for a seed; yields errors of validation and test."""
    manual_seed(seed)
    trainer, order = autoencoder(settings, p), np.random.default_rng(seed)
    above, known = ratings.stars - film_means(ratings), ratings.training.astype(np.float32)
    x = (above * known).astype(np.float32)
    for _ in range(settings.epochs):
        users = order.permutation(settings.users)
        for start in range(0, len(users), BATCH_SIZE):
            chosen = users[start : start + BATCH_SIZE]
            batch = Tensor(x[chosen])
            if not descend(trainer, batch, (batch, known[chosen])):
                return
        errors = above - trainer.network(Tensor(x), training=False).data
        yield [root_mean_square(errors, part) for part in (ratings.validation, ratings.test)]


def at_best(validation: np.ndarray, test: np.ndarray) -> tuple[int, float]:
    """After which epoch the validation is best, from 1, and the test error then; or 0 and NaN."""
    if np.isnan(validation).all():
        return 0, math.nan
    best = int(np.nanargmin(validation))
    return best + 1, float(test[best])


def measure(settings: Settings, progress: Progress) -> Findings:
    """Train with dropout and without, several times each, and judge by ratings held out."""
    ratings, kinds = make_ratings(settings), {"without": 0.0, "with": settings.p}
    curves = {name: np.full((2, settings.seeds, settings.epochs), np.nan) for name in kinds}
    doing = {name: f"training {name} dropout" for name in kinds}
    for name, seed in over_seeds(doing, settings.seeds, lambda s, what: progress(0.9 * s, what)):
        for epoch, errors in enumerate(train(settings, ratings, kinds[name], seed)):
            curves[name][:, seed, epoch] = errors
    above, known = ratings.stars - film_means(ratings), ratings.training
    few = Tensor((above * known)[:BATCH_SIZE])
    batch = few, (few, known[:BATCH_SIZE].astype(np.float32))
    calls = {n: partial(descend, autoencoder(settings, p), *batch) for n, p in kinds.items()}
    times = timing.measure(calls, settings.seconds, progress, "timing a step", 0.9)
    slowdown = timing.ratio(times["with"], times["without"])
    chosen = {n: np.transpose([at_best(*c) for c in zip(*curves[n], strict=True)]) for n in kinds}
    epochs = {name: float(np.median(found[0])) for name, found in chosen.items()}
    best = {name: mean_of(found[1]) for name, found in chosen.items()}
    last = {name: float(np.mean(found[1, :, -1])) for name, found in curves.items()}
    gap = mean_of(chosen["with"][1] - chosen["without"][1])
    baseline = root_mean_square(above, ratings.test)
    density = float(np.mean(known | ratings.validation | ratings.test))
    rows, series = [("film means", "", figures(baseline), "", "")], []
    labels = {"without": "without dropout", "with": f"Dropout({settings.p:g})"}
    for name, mean in best.items():
        error = f"{figures(mean.value)} ± {figures(mean.half_width, 1)}"
        end, time = figures(last[name]), seconds(times[name].median)
        rows.append((f"{name} dropout", f"{epochs[name]:g}", error, end, time))
        x = range(1, settings.epochs + 1)
        series.append(Series.of_runs(labels[name], x, curves[name][1], np.median))
    columns = ("predicted by", "best epoch", "error then", "in the end", "time of a step")
    title = f"Median of {settings.seeds} networks; bands from the best to the worst"
    axes = Axis("epoch", text=plain), Axis("error in stars (root mean square)", text=plain)
    panel = Lines(title, *axes, series, [Mark(baseline, "means of the films")])
    users, items = settings.users, settings.items
    findings = Findings("Predicting ratings that were held out")
    findings.tabulate(columns, rows, "Error on held-out ratings, in stars")
    findings.draw(panel)
    findings.tell(density=density, baseline=baseline, gap=gap.value, gap_half_width=gap.half_width)
    findings.tell(best_error={name: mean.value for name, mean in best.items()})
    findings.tell(epochs_to_best=epochs, time_ratio=slowdown.median)
    findings.tell(step_seconds={name: found.median for name, found in times.items()})
    findings.tell(curves={name: np.median(found[1], axis=0) for name, found in curves.items()})
    findings.say(verdict=gap.verdict("better", "worse"), open=gap.is_zero)
    findings.say(finite=all(math.isfinite(mean.value) for mean in best.values()))
    findings.say(known=known.sum() / users, numbers=density * users * items)
    findings.say(weights=2 * items * settings.hidden, as_long=slowdown.low <= 1 <= slowdown.high)
    findings.say(longer=epochs["with"] / (epochs["without"] or math.nan))
    findings.say(at_the_end=epochs["with"] == settings.epochs)
    findings.say(lost={name: last[name] - mean.value for name, mean in best.items()})
    return findings
