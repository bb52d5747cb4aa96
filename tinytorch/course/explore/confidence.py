"""How sure a mean of a few runs is, or a median of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinytorch.course.explore.units import figures, percent

OPEN = "too close to call"
# Quantiles at 97.5% of Student's distribution, for 1 to 30 degrees of freedom.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


class Mean(NamedTuple):
    """A mean, and the half width of its interval of confidence of 95%."""

    value: float
    half_width: float

    @property
    def is_zero(self) -> bool:
        """Whether the interval holds zero: whether chance alone might have made the mean."""
        return not abs(self.value) > self.half_width

    def verdict(self, negative: str, positive: str) -> str:
        """One of the words by the sign of the mean, where it is certain."""
        return OPEN if self.is_zero else negative if self.value < 0 else positive

    @property
    def points(self) -> str:
        """A difference of shares in percentage points, with its sign: `+0.21 ± 0.12`."""
        sign = "+" if self.value > 0 else ""
        return f"{sign}{figures(100 * self.value, 2)} ± {figures(100 * self.half_width, 2)}"

    @property
    def percentages(self) -> tuple[str, str]:
        """A mean of shares and its half width, as two cells of a table have them."""
        return percent(self.value), f"± {percent(self.half_width)}"


def mean_of(values: Sequence[float] | np.ndarray) -> Mean:
    """The mean of independent runs, with Student's interval; one run alone says nothing."""
    array = np.asarray(values, float)
    freedom = array.size - 1
    if freedom < 1:
        return Mean(float(array.mean()), math.inf)
    quantile = _STUDENT[min(freedom, len(_STUDENT)) - 1]
    return Mean(float(array.mean()), float(quantile * array.std(ddof=1) / math.sqrt(array.size)))


class Median(NamedTuple):
    """A median, and the ends of its interval of confidence of 95%, whatever the distribution."""

    value: float
    low: float
    high: float


def median_of(values: Sequence[float]) -> Median:
    """The median of independent measurements.

    How many of them lie below the true median is a number of heads in tosses of a coin, so it lies
    between the measurements whose places are 1.96 deviations, `sqrt(n) / 2` each, from the middle.
    """
    ordered = sorted(values)
    number = len(ordered)
    away = 1.96 * math.sqrt(number) / 2
    first = max(0, math.floor(number / 2 - away))
    last = min(number - 1, math.ceil(number / 2 + away) - 1)
    return Median(float(np.median(ordered)), ordered[first], ordered[last])
