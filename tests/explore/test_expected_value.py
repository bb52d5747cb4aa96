"""The expected value under dropout."""

import itertools
import math

import pytest
from quick import answer_of, program_of, quickly

expected_value = program_of("expected_value")


@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
def test_the_deviation_is_that_of_all_outcomes_weighed_by_their_probability(p: float) -> None:
    value, calls = 3.0, 4
    mean = variance = 0.0
    for kept in itertools.product([False, True], repeat=calls):
        probability = math.prod((1 - p) if keep else p for keep in kept)
        outcome = sum(kept) * value / (1 - p) / calls
        mean += probability * outcome
        variance += probability * (outcome - value) ** 2
    assert mean == pytest.approx(value)
    assert expected_value.deviation_of_mean(p, value, calls) == pytest.approx(math.sqrt(variance))


def test_the_means_spread_as_theory_says() -> None:
    values = answer_of("expected-value", calls=400, elements=2000, p=0.3).values
    # The spread of 2000 elements is off by 1.6% typically; ten times that is never by chance.
    assert values["spread"] == pytest.approx(values["expected_spread"], rel=0.16)
    assert values["mean"] == pytest.approx(1, abs=10 * values["expected_spread"] / 2000**0.5)
    assert values["in_band"] > 0.85


def test_the_spread_falls_with_the_root_of_the_calls() -> None:
    values = answer_of("expected-value", calls=1000, elements=2000).values
    at = dict(zip(values["calls"], values["spreads"], strict=True))
    assert at[1000] == pytest.approx(at[10] / 10, rel=0.2)


@pytest.mark.parametrize(
    ("mean", "told"), [(1, ""), (0.5, "unscaled"), (1.3, "lost"), (0, "lost"), (math.nan, "lost")]
)
def test_a_dropout_that_misses_the_expected_value_is_told_so(mean: float, told: str) -> None:
    found = expected_value.verdict(expected_value.Settings(), mean)
    assert [name for name, is_so in found.items() if is_so] == told.split()


def test_the_seed_makes_it_repeatable() -> None:
    answers = (quickly("expected-value", seed=seed) for seed in (1, 1, 2))
    first, again, other = (list(answer.values["spreads"]) for answer in answers)
    assert first == again != other
