"""Dropout where data is nearly all zeros: predicting ratings from the few that each user gave."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.activations import Sigmoid
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.optimizers import Adam
from tinytorch.core.tensor import Tensor
from tinytorch.explore.confidence import Mean, mean_of
from tinytorch.explore.descent import descend
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure, ratio
from tinytorch.explore.units import count, figures, percent, plain, seconds

BATCH_SIZE = 50
TASTES = 5  # hidden directions in which the users differ
LOWEST, HIGHEST, USUAL = 1, 5, 3.5  # stars
NOISE = 0.5  # stars by which a user's rating strays from that user's own taste
VALIDATION, TEST = 0.1, 0.2  # shares of the ratings that are held out
BETTER, WORSE, OPEN = "better", "worse", "too close to call"


@dataclass(frozen=True)
class Settings:
    """The users and films, the network, and the dropout."""

    p: float = setting(0.5, "probability of dropping", at_least=0.01, at_most=0.95)
    users: int = setting(800, "users", full=2000, at_least=50, at_most=20_000)
    items: int = setting(600, "films", full=1000, at_least=20, at_most=5000)
    ratings: int = setting(30, "ratings of a user, on average", at_least=10, at_most=1000)
    hidden: int = setting(64, "hidden units", at_least=1, at_most=1024)
    epochs: int = setting(60, "times each user is seen", full=100, at_least=1, at_most=500)
    lr: float = setting(0.003, "learning rate of Adam", at_least=1e-6, at_most=1.0)
    seeds: int = setting(5, "networks of each kind", full=10, at_least=2, at_most=50)
    seconds: float = setting(1.0, "time for timing a step", full=5.0, at_least=0.01, at_most=60)


@dataclass(frozen=True)
class Ratings:
    """Who rated what: arrays of shape `(users, items)`.

    Attributes:
        stars: the ratings, those that nobody gave included.
        training: which of them are known.
        validation: which are held out to see when to stop.
        test: which are held out to judge by.
    """

    stars: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"Each user rated {percent(settings.ratings / settings.items)} of the films. Does "
        f"Dropout({settings.p:g}) predict their other ratings better or worse?",
        choices=(BETTER, WORSE, OPEN),
    )


def make_ratings(settings: Settings) -> Ratings:
    """Ratings as a model with hidden tastes has them; few films get most of them.

    A rating is what all films get, what this film gets, what this user gives, and how well the
    tastes of the user and the film agree, with noise, rounded to stars: the matrix factorization
    of Koren, Bell and Volinsky (2009), run the other way round.
    """
    random = np.random.default_rng(0)
    users, items = settings.users, settings.items
    tastes = random.standard_normal((users, TASTES)) @ random.standard_normal((TASTES, items))
    stars = (
        USUAL
        + 0.3 * random.standard_normal((users, 1))
        + 0.4 * random.standard_normal((1, items))
        + 0.8 * tastes / math.sqrt(TASTES)
        + NOISE * random.standard_normal((users, items))
    )
    stars = np.clip(np.rint(stars), LOWEST, HIGHEST)
    # The largest of randomly shifted logarithms: a draw without putting back, popular films first.
    order = np.argsort(-(random.gumbel(size=(users, items)) - 0.8 * np.log(np.arange(items) + 10)))
    numbers = np.clip(random.poisson(settings.ratings, users), 1, items)
    given = np.argsort(order) < numbers[:, None]
    draw = random.random((users, items))
    return Ratings(
        stars,
        training=given & (draw >= VALIDATION + TEST),
        validation=given & (draw < VALIDATION),
        test=given & (draw >= VALIDATION) & (draw < VALIDATION + TEST),
    )


def film_means(ratings: Ratings) -> np.ndarray:
    """The mean known rating of each film, pulled to that of all where there are few."""
    known = ratings.training
    mean = (ratings.stars * known).sum() / max(1, known.sum())
    return ((ratings.stars * known).sum(axis=0) + 5 * mean) / (known.sum(axis=0) + 5)


def root_mean_square(errors: np.ndarray, chosen: np.ndarray) -> float:
    """The root of the mean square of the chosen errors."""
    return math.sqrt(
        np.square(errors, where=chosen, out=np.zeros(errors.shape)).sum() / max(1, chosen.sum())
    )


class Autoencoder:
    """What a user gave goes in, what they would give to all films comes out (Sedhain et al., 2015).

    Linear, sigmoid, dropout, Linear. Ratings are told as what they are above the film's mean, and
    those that nobody gave are 0.
    """

    def __init__(self, settings: Settings, p: float) -> None:
        self.encoder = Linear(settings.items, settings.hidden)
        self.sigmoid = Sigmoid()
        self.dropout = Dropout(p)
        self.decoder = Linear(settings.hidden, settings.items)
        self.optimizer = Adam(self.encoder.parameters() + self.decoder.parameters(), lr=settings.lr)

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        """Predictions for all films, `(users, items)` as the ratings that go in."""
        return self.decoder(self.dropout(self.sigmoid(self.encoder(x)), training=training))

    def step(self, x: Tensor, known: np.ndarray) -> float:
        """Learn from one batch of users; returns the mean square of the error on known ratings."""
        error = (self(x, training=True) - x) * known
        loss = (error * error).sum() * float(1 / max(1, known.sum()))
        descend(loss, self.optimizer)
        return float(loss.item())


@dataclass(frozen=True)
class Run:
    """One training: the error on held-out ratings after each epoch, in stars."""

    validation: np.ndarray
    test: np.ndarray

    @property
    def best(self) -> int:
        """The number of the epoch after which the validation is best; 0 where there is none."""
        if np.isnan(self.validation).all():
            return 0
        return int(np.nanargmin(self.validation)) + 1

    @property
    def best_test(self) -> float:
        """The error on the test ratings after that epoch."""
        return float(self.test[self.best - 1]) if self.best else math.nan

    @property
    def last_test(self) -> float:
        """The error on the test ratings in the end."""
        return float(self.test[-1])


def train(
    settings: Settings, ratings: Ratings, p: float, seed: int, told: Callable[[int], None]
) -> Run:
    """Train one network and follow its errors; the same seed means the same order of users."""
    tinytorch.manual_seed(seed)
    network = Autoencoder(settings, p)
    means = film_means(ratings)
    known = ratings.training.astype(np.float32)
    x = ((ratings.stars - means) * ratings.training).astype(np.float32)
    order = np.random.default_rng(seed)
    found = np.full((2, settings.epochs), np.nan)
    for epoch in range(settings.epochs):
        told(epoch)
        users = order.permutation(len(x))
        for start in range(0, len(x), BATCH_SIZE):
            chosen = users[start : start + BATCH_SIZE]
            if not math.isfinite(network.step(Tensor(x[chosen]), known[chosen])):
                return Run(*found)
        errors = ratings.stars - means - network(Tensor(x), training=False).data
        for row, part in enumerate((ratings.validation, ratings.test)):
            found[row, epoch] = root_mean_square(errors, part)
    return Run(*found)


def time_steps(settings: Settings, ratings: Ratings, progress: Progress) -> dict[str, Times]:
    """The time of a step of training with dropout and without, in turns."""
    known = ratings.training[:BATCH_SIZE].astype(np.float32)
    x = Tensor(((ratings.stars - film_means(ratings)) * ratings.training)[:BATCH_SIZE])
    calls = {
        name: partial(Autoencoder(settings, p).step, x, known)
        for name, p in (("without", 0.0), ("with", settings.p))
    }
    return measure(
        calls, settings.seconds, lambda share: progress(0.9 + share / 10, "timing a step")
    )


def answer(settings: Settings, progress: Progress) -> Answer:
    """Train with dropout and without, several times each, and judge by ratings held out."""
    ratings = make_ratings(settings)
    kinds = {"without": 0.0, "with": settings.p}
    runs: dict[str, list[Run]] = {name: [] for name in kinds}
    step, steps = 0, settings.seeds * len(kinds)
    for seed in range(settings.seeds):
        for name, p in kinds.items():

            def told(epoch: int, step: int = step, name: str = name) -> None:
                share = 0.9 * (step + epoch / settings.epochs) / steps
                progress(share, f"training {name} dropout, epoch {epoch + 1}")

            runs[name].append(train(settings, ratings, p, seed, told))
            step += 1
    times = time_steps(settings, ratings, progress)
    return _told(settings, ratings, runs, times)


def _told(
    settings: Settings, ratings: Ratings, runs: dict[str, list[Run]], times: dict[str, Times]
) -> Answer:
    """The answer in words."""
    gap = mean_of(
        [w.best_test - wo.best_test for w, wo in zip(runs["with"], runs["without"], strict=True)]
    )
    best = {name: mean_of([run.best_test for run in found]).value for name, found in runs.items()}
    epochs = {name: float(np.median([r.best for r in found])) for name, found in runs.items()}
    slowdown = ratio(times["with"], times["without"])
    baseline = root_mean_square(ratings.stars - film_means(ratings), ratings.test)
    density = float((ratings.training | ratings.validation | ratings.test).mean())
    verdict = OPEN if gap.is_zero else BETTER if gap.value < 0 else WORSE
    return Answer(
        headline=_headline(settings, best, gap, verdict, epochs),
        truth=verdict,
        tables=(_table(runs, times, baseline),),
        picture=_picture(settings, runs, baseline),
        why=(
            f"Of all possible ratings {percent(density)} are known (of those in the Netflix Prize "
            "1.2%: Bennett and Lanning, 2007). A user has about "
            f"{count(ratings.training.sum() / settings.users)} to learn from, and there are "
            f"{count(2 * settings.items * settings.hidden)} weights to learn them "
            "by heart with. "
            "What the network gets to know of a user is noise as much as taste. With dropout no "
            "hidden unit can rely on the others, so what is learned must hold in many thinned-out "
            "networks at once (Srivastava et al., 2014). The price is a noisy gradient. "
            + _price(settings, epochs, slowdown)
            + " "
            + _overfitting(runs)
        ),
        formulas=(
            "error = root of the mean of (rating - prediction)² over held-out ratings",
            f"density = {count(density * settings.users * settings.items)} ratings / "
            f"({settings.users} · {settings.items}) = {percent(density)}",
            f"difference at the best epoch = {figures(gap.value, 2)} ± "
            f"{figures(gap.half_width, 2)} stars, over {settings.seeds} pairs of networks",
        ),
        changes=(
            Change({"ratings": 120}, "four times the data: less to gain from dropout"),
            Change({"p": 0.9}, "too much of it: too little of the signal is left"),
            Change({"hidden": 8}, "a small network: is there still something to gain?"),
        ),
        method=(
            f"Ratings of {settings.users} users for {settings.items} films, made up from "
            f"{TASTES} hidden tastes with a noise of {NOISE:g} stars; {TEST:.0%} of them held out "
            f"to judge by, {VALIDATION:.0%} to choose the best epoch. Autoencoder {settings.items}-"
            f"{settings.hidden}-{settings.items} (Sedhain et al., 2015), Adam, batches of "
            f"{BATCH_SIZE} users, {settings.seeds} networks of each kind from the same weights. "
            "Intervals are Student's, of 95%."
        ),
        values={
            "density": density,
            "baseline": baseline,
            "best_error": best,
            "gap": gap.value,
            "gap_half_width": gap.half_width,
            "epochs_to_best": epochs,
            "step_seconds": {name: found.median for name, found in times.items()},
            "time_ratio": slowdown.median,
            "curves": {name: _median(found).tolist() for name, found in runs.items()},
        },
    )


def _headline(
    settings: Settings,
    best: dict[str, float],
    gap: Mean,
    verdict: str,
    epochs: dict[str, float],
) -> str:
    if not all(map(math.isfinite, best.values())):
        return (
            "The training came to nothing: with the layers in use its loss or its predictions are "
            "not finite numbers."
        )
    if verdict == OPEN:
        said = (
            f"No difference that chance would not explain: {figures(best['with'])} stars with "
            f"Dropout({settings.p:g}) and {figures(best['without'])} without, "
            f"{figures(gap.value, 2)} ± {figures(gap.half_width, 2)} apart."
        )
    else:
        said = (
            f"{verdict.capitalize()}: with Dropout({settings.p:g}) predictions are off by "
            f"{figures(best['with'])} stars, without by {figures(best['without'])}; the difference "
            f"is {figures(gap.value, 2)} ± {figures(gap.half_width, 2)}."
        )
    return (
        f"{said} The best comes after {epochs['with']:g} epochs instead of {epochs['without']:g}."
    )


def _price(settings: Settings, epochs: dict[str, float], slowdown: Times) -> str:
    """What dropout costs in time, until the best is reached."""
    if not epochs["without"]:
        return "What that is in time cannot be said here."
    step = f"{figures(slowdown.median)} times as long"
    if slowdown.low <= 1 <= slowdown.high:
        step = f"as long, as far as it can be told ({step} in the median)"
    longer = epochs["with"] / epochs["without"]
    later = (
        " or more, for it was still getting better," if epochs["with"] == settings.epochs else ""
    )
    return (
        f"It takes {figures(longer, 2)} times the epochs{later} until the best is reached here. A "
        f"step takes {step}."
    )


def _overfitting(runs: dict[str, list[Run]]) -> str:
    """What becomes of both if nobody stops in time."""
    lost = {
        name: mean_of([run.last_test - run.best_test for run in found]).value
        for name, found in runs.items()
    }
    return (
        "If nobody stops at the best epoch, the error in the end is "
        f"{figures(lost['without'], 2)} stars above it without dropout, and "
        f"{figures(lost['with'], 2)} with it."
    )


def _table(runs: dict[str, list[Run]], times: dict[str, Times], baseline: float) -> Table:
    rows = [("film means", "", figures(baseline), "", "")]
    for name, found in runs.items():
        best = mean_of([run.best_test for run in found])
        rows.append(
            (
                f"{name} dropout",
                f"{np.median([run.best for run in found]):g}",
                f"{figures(best.value)} ± {figures(best.half_width, 1)}",
                figures(mean_of([run.last_test for run in found]).value),
                seconds(times[name].median),
            )
        )
    columns = ("predicted by", "best epoch", "error then", "in the end", "time of a step")
    return Table(columns, tuple(rows), "Error on held-out ratings, in stars")


def _median(runs: list[Run]) -> np.ndarray:
    return np.median([run.test for run in runs], axis=0)


def _picture(settings: Settings, runs: dict[str, list[Run]], baseline: float) -> Picture:
    epochs = list(range(1, settings.epochs + 1))
    series = []
    for name, found in runs.items():
        curves = np.array([run.test for run in found])
        series.append(
            Series(
                "without dropout" if name == "without" else f"Dropout({settings.p:g})",
                epochs,
                _median(found).tolist(),
                curves.min(axis=0).tolist(),
                curves.max(axis=0).tolist(),
            )
        )
    return Picture(
        "Predicting ratings that were held out",
        [
            Lines(
                f"Median of {settings.seeds} networks; bands from the best to the worst",
                Axis("epoch", text=plain),
                Axis("error in stars (root mean square)", text=plain),
                series,
                [Mark(baseline, "means of the films")],
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
