"""Dropout on sparse ratings."""

import math

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.explore.catalogue import find_question
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run
from tinytorch.explore.timing import Times, ratio

sparse_dropout = experiment_file("layers", "sparse_dropout")
BETTER = sparse_dropout.BETTER
OPEN = sparse_dropout.OPEN
WORSE = sparse_dropout.WORSE
Autoencoder = sparse_dropout.Autoencoder
Run = sparse_dropout.Run
Settings = sparse_dropout.Settings
film_means = sparse_dropout.film_means
make_ratings = sparse_dropout.make_ratings
root_mean_square = sparse_dropout.root_mean_square

QUESTION = find_question("sparse-dropout")
SMALL = Settings(users=100, items=50, ratings=20, hidden=8, epochs=3, seeds=2)
QUICKLY = {
    "users": 100,
    "items": 50,
    "ratings": 20,
    "hidden": 8,
    "epochs": 3,
    "seeds": 3,
    "seconds": 0.01,
}


def test_no_rating_is_both_known_and_held_out() -> None:
    ratings = make_ratings(SMALL)
    parts = np.array([ratings.training, ratings.validation, ratings.test], int)
    assert parts.sum(axis=0).max() == 1
    shares = parts.sum(axis=(1, 2)) / parts.sum()
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.04)


def test_users_have_as_many_ratings_as_was_asked_and_few_films_get_most() -> None:
    ratings = make_ratings(Settings(users=400, items=200, ratings=20))
    given = ratings.training | ratings.validation | ratings.test
    assert given.sum(axis=1).mean() == pytest.approx(20, abs=1.5)
    assert given[:, :50].sum() > 2 * given[:, -50:].sum()


def test_stars_are_whole_and_from_one_to_five() -> None:
    assert set(np.unique(make_ratings(SMALL).stars)) <= {1, 2, 3, 4, 5}


def test_the_mean_of_a_film_is_pulled_to_that_of_all_by_five_ratings() -> None:
    ratings = make_ratings(SMALL)
    known = [
        [ratings.stars[user, film] for user in range(100) if ratings.training[user, film]]
        for film in range(50)
    ]
    everything = [star for stars in known for star in stars]
    mean = sum(everything) / len(everything)
    expected = [(sum(stars) + 5 * mean) / (len(stars) + 5) for stars in known]
    assert film_means(ratings) == pytest.approx(np.array(expected))


def test_errors_outside_the_chosen_do_not_count_even_where_they_are_nan() -> None:
    errors = np.array([[3.0, math.nan], [4.0, 100.0]])
    assert root_mean_square(errors, np.array([[True, False], [True, False]])) == math.sqrt(12.5)


def test_the_loss_is_the_mean_square_over_known_ratings_alone() -> None:
    network = Autoencoder(SMALL, 0.0)
    x = np.random.default_rng(0).standard_normal((4, 50)).astype(np.float32)
    known = (np.random.default_rng(1).random((4, 50)) < 0.3).astype(np.float32)
    outputs = network(Tensor(x), training=False).data
    squares = [(outputs[u, i] - x[u, i]) ** 2 for u in range(4) for i in range(50) if known[u, i]]
    assert network.step(Tensor(x), known) == pytest.approx(sum(squares) / len(squares), rel=1e-4)


def test_the_best_epoch_is_chosen_by_the_validation_and_not_by_the_test() -> None:
    chosen = Run(np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.7, 0.1]))
    assert (chosen.best, chosen.best_test, chosen.last_test) == (2, 0.7, 0.1)
    nothing = Run(np.full(3, np.nan), np.full(3, np.nan))
    assert nothing.best == 0
    assert math.isnan(nothing.best_test)


def test_the_verdict_follows_from_the_interval() -> None:
    answer = run(QUESTION, QUICKLY).answer
    gap, half_width = answer.values["gap"], answer.values["gap_half_width"]
    expected = OPEN if abs(gap) <= half_width else BETTER if gap < 0 else WORSE
    assert answer.truth == expected
    best = answer.values["best_error"]
    assert gap == pytest.approx(best["with"] - best["without"])


def test_a_ratio_is_taken_round_by_round() -> None:
    found = ratio(Times((2.0, 9.0, 30.0)), Times((1.0, 3.0, 10.0)))
    assert found.rounds == (2.0, 3.0, 3.0)
    assert found.median == 3.0
