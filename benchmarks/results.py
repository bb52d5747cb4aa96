"""What was measured, on which machine, and how numbers are summed up and compared."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = Sequence[float | None]
"""One value a round; None where a round had nothing to measure."""


@dataclass(frozen=True)
class Measurement:
    """One contestant in one case of one benchmark, round by round."""

    benchmark: str
    case: str
    contestant: str
    unit: str
    """`s`, `bytes` or `%`."""
    values: tuple[float | None, ...]
    size: int | None = None
    """The batch size, width or depth that grows from case to case, where one does."""


@dataclass(frozen=True)
class Curve:
    """The accuracy of a network on the test images, epoch by epoch, as one run learned."""

    contestant: str
    seed: int
    seconds: tuple[float, ...]
    accuracy: tuple[float, ...]


@dataclass
class Results:
    """All that came out of one session."""

    machine: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    """The titles of the contestants that are not installed."""
    measurements: list[Measurement] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def benchmarks(self) -> list[str]:
        """The benchmarks that were run, in order."""
        return list(dict.fromkeys(m.benchmark for m in self.measurements))

    def cases(self, benchmark: str) -> Iterator[tuple[str, dict[str, Measurement]]]:
        """The cases of a benchmark in order, each with its measurements by contestant."""
        found: dict[str, dict[str, Measurement]] = {}
        for m in self.measurements:
            if m.benchmark == benchmark:
                found.setdefault(m.case, {})[m.contestant] = m
        yield from found.items()

    @staticmethod
    def from_json(text: str) -> Results:
        """The results in a `results.json`.

        Raises:
            ValueError: the text is something else.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            return Results(
                machine=content["machine"],
                absent=content["absent"],
                measurements=[
                    Measurement(**{**m, "values": tuple(m["values"])})
                    for m in content["measurements"]
                ],
                curves=[
                    Curve(c["contestant"], c["seed"], tuple(c["seconds"]), tuple(c["accuracy"]))
                    for c in content["curves"]
                ],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"these are no results of tito bench: {error!r}") from error


@dataclass(frozen=True)
class Summary:
    """The median of some rounds, and the quartiles around it."""

    median: float
    lower: float
    upper: float

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a part of the median."""
        return (self.upper - self.lower) / 2 / self.median if self.median else 0.0


def summarize(values: Values) -> Summary | None:
    """The median and quartiles of the values that there are; None if there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if len(known) == 1:
        return Summary(known[0], known[0], known[0])
    lower, median, upper = statistics.quantiles(known, n=4, method="inclusive")
    return Summary(median, lower, upper)


def ratios(numerators: Values, denominators: Values) -> list[float]:
    """Round by round, one value over the other; rounds in which either is missing are left out."""
    return [
        a / b
        for a, b in zip(numerators, denominators, strict=True)
        if a is not None and b is not None
    ]
