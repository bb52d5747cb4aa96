"""Chance: how far a correct solution may stray from what is expected, and how rarely it does.

Every threshold here keeps the probability that a correct solution fails at or below
`FALSE_ALARM`, whatever random generator it uses. A suite makes fewer than twenty such
comparisons, so a whole run of correct code fails less than once in a billion runs.
"""

from __future__ import annotations

import math

FALSE_ALARM = 2e-11


def fraction_tolerance(draws: int, false_alarm: float = FALSE_ALARM) -> float:
    """How far the observed fraction of `draws` independent events may be from its probability.

    Hoeffding's inequality: a fraction of n independent events strays by t or more from its
    expected value with a probability of at most 2 exp(-2 n t^2), whatever the probability of each
    event is. Set to `false_alarm` and solved for t.
    """
    return math.sqrt(math.log(2 / false_alarm) / (2 * draws))


def fraction_miss(draws: int, off_by: float, false_alarm: float = FALSE_ALARM) -> float:
    """At most how likely it is that a probability that is off by `off_by` goes unnoticed.

    The same inequality, for the distance that is left: exp(-2 n (off_by - t)^2).
    """
    margin = off_by - fraction_tolerance(draws, false_alarm)
    return math.exp(-2 * draws * margin**2) if margin > 0 else 1.0
