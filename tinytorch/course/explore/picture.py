"""What a picture shows, apart from how it is drawn.

An experiment describes its picture once. `tinytorch.course.explore.drawing` makes a PNG of it, and
the command line a sketch in characters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tinytorch.course.explore import units

if TYPE_CHECKING:
    from tinytorch.course.explore.timing import Times


@dataclass(frozen=True)
class Axis:
    """An axis: its label with the unit in it, its scale, and how its numbers are written."""

    label: str
    log: bool = False
    text: Callable[[float], str] = units.plain


BATCH = Axis("samples in the batch", log=True)
TIME = Axis("time", log=True, text=units.seconds)


@dataclass(frozen=True)
class Series:
    """Points that belong together, and perhaps a band around them.

    Attributes:
        name: what the legend calls it; "" for a series without an entry.
        x: where the points are.
        y: their values; what is not finite is left out.
        low: the lower edge of the band at each point.
        high: its upper edge.
        style: a line through marked points for what was measured, dashes for theory, or
            points alone.
        like: the name of a series whose colour this one takes, as theory takes that of what it
            predicts; "" for a colour of its own.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    style: Literal["line", "dashes", "points"] = "line"
    like: str = ""

    @classmethod
    def of(cls, name: str, points: Mapping[Any, float], **look: Any) -> Series:
        """A series of values by x; `style` and `like` may follow."""
        return cls(name, list(points), list(points.values()), **look)

    @classmethod
    def timed(cls, name: str, times: Mapping[int, Times]) -> Series:
        """Medians of times by x, or of ratios of them, with their quartiles as the band."""
        y, low, high = (
            [getattr(t, at) for t in times.values()] for at in ("median", "low", "high")
        )
        return cls(name, list(times), y, low, high)

    @classmethod
    def of_runs(
        cls, name: str, x: Sequence[float], runs: np.ndarray, middle: Callable[..., np.ndarray]
    ) -> Series:
        """The mean or median of runs, a row each, and a band from the lowest to the highest."""
        y, low, high = (way(runs, axis=0).tolist() for way in (middle, np.min, np.max))
        return cls(name, x, y, low, high)

    @classmethod
    def rates(cls, name: str, times: Mapping[int, Times]) -> Series:
        """As many a second as x says, such as bytes, in these times; a band from the quartiles."""
        ways = ("median", "high", "low")
        y, low, high = ([x / getattr(t, at) for x, t in times.items()] for at in ways)
        return cls(name, list(times), y, low, high)


@dataclass(frozen=True)
class Mark:
    """A labelled line across the picture at one value of an axis, such as a limit."""

    value: float
    label: str
    axis: Literal["x", "y"] = "y"


@dataclass(frozen=True)
class Lines:
    """A panel with lines or points against two axes."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    marks: Sequence[Mark] = ()


@dataclass(frozen=True)
class Group:
    """One bar for each label, all of one kind.

    Attributes:
        name: what the legend calls it.
        values: the lengths of the bars.
        low: where the whiskers begin; no whiskers without.
        high: where they end.
    """

    name: str
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True)
class Bars:
    """A panel with horizontal bars, each with its value written at its end.

    On a logarithmic axis bars begin where the axis does, so their lengths compare as powers.
    """

    title: str
    labels: Sequence[str]
    groups: Sequence[Group]
    axis: Axis
    marks: Sequence[Mark] = ()


Panel = Lines | Bars


@dataclass(frozen=True)
class Picture:
    """One or more panels.

    Attributes:
        title: what the picture is of.
        panels: row by row, two of them side by side.
    """

    title: str
    panels: Sequence[Panel]


def drawable(value: float, axis: Axis) -> bool:
    """Whether a value has a place on an axis."""
    return math.isfinite(value) and (value > 0 or not axis.log)


def bar_limits(values: Sequence[float], axis: Axis) -> tuple[float, float]:
    """Where the axis of a panel of bars begins and ends, with room for the values' texts."""
    if not values:
        return (0.1, 10) if axis.log else (0, 1)
    if axis.log:
        start = 10 ** math.floor(math.log10(min(values)) - 0.01)
        decades = max(1.0, math.log10(max(values) / start))
        return start, float(max(values) * 10 ** (0.22 * decades))
    low, high = min(0.0, *values), max(0.0, *values)
    return low, high + 0.2 * ((high - low) or 1.0)
