"""Dropout on sparse ratings."""

import math

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch import Tensor

sparse = program_of("sparse_dropout")

SMALL = sparse.Settings(users=100, items=50, ratings=20, hidden=8)
RATINGS = sparse.make_ratings(SMALL)


def test_no_rating_is_both_known_and_held_out_and_stars_are_whole() -> None:
    parts = np.array([RATINGS.training, RATINGS.validation, RATINGS.test], int)
    assert parts.sum(axis=0).max() == 1
    assert parts.sum(axis=(1, 2)) / parts.sum() == pytest.approx([0.7, 0.1, 0.2], abs=0.04)
    assert set(np.unique(RATINGS.stars)) <= {1, 2, 3, 4, 5}


def test_users_have_as_many_ratings_as_was_asked_and_few_films_get_most() -> None:
    ratings = sparse.make_ratings(sparse.Settings(users=400, items=200, ratings=20))
    given = ratings.training | ratings.validation | ratings.test
    assert given.sum(axis=1).mean() == pytest.approx(20, abs=1.5)
    assert given[:, :50].sum() > 2 * given[:, -50:].sum()


def test_the_mean_of_a_film_is_pulled_to_that_of_all_by_five_ratings() -> None:
    films = zip(RATINGS.stars.T, RATINGS.training.T, strict=True)
    known = [list(stars[training]) for stars, training in films]
    mean = sum(map(sum, known)) / sum(map(len, known))
    expected = [(sum(stars) + 5 * mean) / (len(stars) + 5) for stars in known]
    assert sparse.film_means(RATINGS) == pytest.approx(np.array(expected))


def test_errors_outside_the_chosen_do_not_count_even_where_they_are_nan() -> None:
    errors, chosen = np.array([[3.0, math.nan], [4.0, 100.0]]), np.array([[True, False]] * 2)
    assert sparse.root_mean_square(errors, chosen) == math.sqrt(12.5)


def test_the_loss_is_the_mean_square_over_known_ratings_alone() -> None:
    trainer, random = sparse.autoencoder(SMALL, 0.0), np.random.default_rng(0)
    x, known = random.standard_normal((4, 50)).astype(np.float32), random.random((4, 50)) < 0.3
    batch = Tensor(x)
    expected = np.mean((trainer.network(batch).data - x)[known] ** 2)
    loss, _ = trainer.step(batch, (batch, known.astype(np.float32)))
    assert loss == pytest.approx(expected, rel=1e-4)


def test_the_best_epoch_is_chosen_by_the_validation_and_not_by_the_test() -> None:
    assert sparse.at_best(np.array([3.0, 1.0, 2.0]), np.array([0.5, 0.7, 0.1])) == (2, 0.7)
    best, error = sparse.at_best(np.full(3, np.nan), np.full(3, np.nan))
    assert (best, math.isnan(error)) == (0, True)


def test_the_verdict_follows_from_the_interval() -> None:
    answer = quickly("sparse-dropout", seeds=3)
    gap, best = answer.values["gap"], answer.values["best_error"]
    is_open = abs(gap) <= answer.values["gap_half_width"]
    verdict = "too close to call" if is_open else "better" if gap < 0 else "worse"
    assert answer.truth == verdict
    assert gap == pytest.approx(best["with"] - best["without"])
