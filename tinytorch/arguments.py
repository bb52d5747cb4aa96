"""Numbers that are passed as arguments, checked in one place and in the same words."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any


def whole_number(name: str, value: Any, at_least: int = 0, below: int | None = None) -> int:
    """An argument that is a whole number, NumPy's included.

    Args:
        name: what it is called in errors.
        value: what was passed.
        at_least: the smallest number that will do.
        below: the smallest number that is too large; None for no limit.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is out of range.

    >>> whole_number("batch_size", 0, at_least=1)
    Traceback (most recent call last):
    ValueError: batch_size must be a whole number of 1 or more, got 0
    """
    limits = f"of {at_least} or more" + (f" and below {below}" if below is not None else "")
    expected = f"{name} must be a whole number {limits}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{expected}, got {value!r:.60}")
    whole = int(value)
    if whole < at_least or (below is not None and whole >= below):
        raise ValueError(f"{expected}, got {value!s:.60}")
    return whole


def real_number(
    name: str,
    value: Any,
    at_least: float = 0,
    at_most: float = math.inf,
    below: float = math.inf,
) -> float:
    """An argument that is a finite number, whole or not, NumPy's included.

    Args:
        name: what it is called in errors.
        value: what was passed.
        at_least: the smallest number that will do.
        at_most: the largest number that will do.
        below: the smallest number that is too large.

    Raises:
        TypeError: it is not a number.
        ValueError: it is out of range, infinite or NaN.
    """
    expected = f"{name} must be a finite number of {at_least:g} or more"
    if below < math.inf:
        expected = f"{name} must be a number of {at_least:g} or more and below {below:g}"
    elif at_most < math.inf:
        expected = f"{name} must be a number from {at_least:g} to {at_most:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{expected}, got {value!r:.60}")
    try:
        real = float(value)
    except OverflowError:  # a whole number too large for any float
        real = math.inf
    if not at_least <= real <= at_most or not real < below:
        raise ValueError(f"{expected}, got {value!s:.60}")
    return real
