"""Measuring times well: warmed up, in turns, often, and told with their spread."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tinytorch.course.explore.progress import Progress, quiet
from tinytorch.course.explore.units import interval, seconds

Name = TypeVar("Name")

SHORTEST_BLOCK = 1e-3  # seconds; a clock read costs some 1e-7
FEWEST_ROUNDS = 7
MOST_ROUNDS = 201


@dataclass(frozen=True)
class Times:
    """How long one call took, in seconds, or a ratio of such times: one number a round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of all rounds."""
        return float(np.median(self.rounds))

    @property
    def low(self) -> float:
        """The lower quartile: a quarter of the rounds were faster."""
        return float(np.quantile(self.rounds, 0.25))

    @property
    def high(self) -> float:
        """The upper quartile: a quarter of the rounds were slower."""
        return float(np.quantile(self.rounds, 0.75))

    @property
    def cells(self) -> tuple[str, str]:
        """The median and the quartiles, as two cells of a table have them."""
        return seconds(self.median), interval(self.low, self.high)

    def per(self, parts: int) -> Times:
        """How long each of so many equal parts of a call took, such as the samples of a batch."""
        return Times(tuple(taken / parts for taken in self.rounds))


def ratio(first: Times, second: Times) -> Times:
    """How many times as long the first takes as the second, round by round.

    Both were measured in the same rounds, so that what slowed one slowed the other as well.
    """
    pairs = zip(first.rounds, second.rounds, strict=True)
    return Times(tuple(one / other for one, other in pairs))


def measure(
    calls: Mapping[Name, Callable[[], object]],
    duration: float = 1.0,
    progress: Progress = quiet,
    doing: str = "",
    begin: float = 0.0,
    end: float = 1.0,
) -> dict[Name, Times]:
    """Time calls against each other.

    They take turns, so that what else the machine does hits all of them alike. Each is warmed up
    first, and short ones are called many times in a row, so that reading the clock costs nothing.

    Args:
        calls: what to time, by name; arguments are bound already.
        duration: about how long to measure in all, in seconds. There are 7 rounds at least.
        progress: is told how far it is.
        doing: what it is told that is being done.
        begin: the share of the whole experiment that is done before.
        end: the share that is done after.

    Returns:
        The times of one call, for each name.
    """
    repeats = {name: _repeats(call) for name, call in calls.items()}
    found: dict[Name, list[float]] = {name: [] for name in calls}
    names = list(calls)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        for round_ in range(MOST_ROUNDS):
            elapsed = time.perf_counter() - start
            if round_ >= FEWEST_ROUNDS and elapsed > duration:
                break
            share = min(1.0, max(round_ / MOST_ROUNDS, elapsed / max(duration, 1e-9)))
            progress(begin + (end - begin) * share, doing)
            for name in names:
                found[name].append(_block(calls[name], repeats[name]))
            names = names[1:] + names[:1]  # nobody always follows the same neighbour
    finally:
        if was_enabled:
            gc.enable()
    return {name: Times(tuple(rounds)) for name, rounds in found.items()}


def _repeats(call: Callable[[], object]) -> int:
    """Warm a call up; returns how many in a row make a block that is long enough."""
    call()
    repeats = 1
    while (block := _block(call, repeats)) * repeats < SHORTEST_BLOCK:
        repeats = max(2 * repeats, min(1000 * repeats, int(SHORTEST_BLOCK / max(block, 1e-9))))
    return repeats


def _block(call: Callable[[], object], repeats: int) -> float:
    """The mean time of a call in a row of them."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats
