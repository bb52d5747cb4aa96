"""A picture drawn in characters, for the terminal."""

from __future__ import annotations

import math
from itertools import pairwise

from plotille import Canvas  # type: ignore[import-untyped]
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinytorch.course.explore.picture import (
    Axis,
    Bars,
    Lines,
    Picture,
    Series,
    bar_limits,
    drawable,
)

# As far apart for everybody as the terminal's own colours get, and none that a background may have;
# markers say the same once more.
COLORS = ("blue", "yellow", "green", "magenta", "cyan", "red")
MARKERS = "●■▲◆▼✚"
HEIGHT = 14  # rows of characters
MOST_MARKERS = 25


def sketch(picture: Picture, width: int) -> RenderableType:
    """The first two panels of a picture, at most `width` columns wide."""
    parts: list[RenderableType] = []
    for panel in picture.panels[:2]:
        title = panel.title or picture.title
        drawn = _bars(panel, width) if isinstance(panel, Bars) else _lines(panel, width)
        parts += [Text(title, "bold"), drawn, Text()]
    return Group(*parts[:-1])


def _bars(panel: Bars, width: int) -> RenderableType:
    """Horizontal bars, each with its value."""
    values = [v for group in panel.groups for v in group.values if drawable(v, panel.axis)]
    start, end = bar_limits(values, panel.axis)
    longest = max(values, default=end)
    several = len(panel.groups) > 1
    table = Table.grid(padding=(0, 1))
    for row, label in enumerate(panel.labels):
        for number, group in enumerate(panel.groups):
            value = group.values[row]
            share = 0.0
            if drawable(value, panel.axis):
                share = _place(value, panel.axis, start, longest)
            bar = Bar(1, 0, share, width=max(10, width // 2), color=COLORS[number % len(COLORS)])
            name = [group.name] if several else []
            table.add_row(label if number == 0 else "", *name, bar, panel.axis.text(value))
    marks = [
        Text(f"{mark.label}: {panel.axis.text(mark.value)}", "dim")
        for mark in panel.marks
        if math.isfinite(mark.value)
    ]
    scale = " (logarithmic scale)" if panel.axis.log else ""
    return Group(table, Text(f"{panel.axis.label}{scale}", "dim"), *marks)


def _lines(panel: Lines, width: int) -> RenderableType:
    """Lines and points on a canvas of Braille dots, with an axis on the left and one below."""
    points = {number: _drawable_points(series, panel) for number, series in enumerate(panel.series)}
    everything = [point for found in points.values() for point in found]
    if not everything:
        return Text("There is nothing that could be drawn: no number is finite.", "dim")
    marked = [
        _position(mark.value, panel.y)
        for mark in panel.marks
        if mark.axis == "y" and drawable(mark.value, panel.y)
    ]
    x_low, x_high = _limits([x for x, _ in everything])
    y_low, y_high = _limits([y for _, y in everything] + marked)
    labels = [panel.y.text(_value(y, panel.y)) for y in (y_high, (y_low + y_high) / 2, y_low)]
    margin = max(map(len, labels)) + 1
    inner = width - margin - 1
    # The last dot in each direction stands for the upper limit, which is on the canvas so.
    x_end = x_high + (x_high - x_low) / (2 * inner - 1)
    y_end = y_high + (y_high - y_low) / (4 * HEIGHT - 1)
    canvas = Canvas(inner, HEIGHT, x_low, y_low, x_end, y_end, mode="names")
    for y in marked:
        for step in range(0, 2 * inner, 3):
            canvas.point(x_low + (x_high - x_low) * step / (2 * inner), y)
    places: dict[str, int] = {}
    markers: list[tuple[float, float, str, str]] = []
    for number, series in enumerate(panel.series):
        place = places[series.like] if series.like else len(set(places.values())) % len(COLORS)
        places[series.name or f"series {number}"] = place
        color = COLORS[place]
        if series.style != "points":
            for (x0, y0), (x1, y1) in pairwise(points[number]):
                canvas.line(x0, y0, x1, y1, color=color)
        if _has_markers(series, points[number]):
            markers += [(x, y, MARKERS[place], color) for x, y in points[number]]
    for x, y, marker, color in markers:
        canvas.text(x, y, marker, color=color)
    text = Text.from_ansi(canvas.plot())
    rows = text.split("\n")
    axis = {0: labels[0], HEIGHT // 2: labels[1], HEIGHT - 1: labels[2]}
    lines = [
        Text.assemble(
            (axis.get(row, "").rjust(margin - 1), "dim"), ("┤" if row in axis else "│"), line
        )
        for row, line in enumerate(rows)
    ]
    ends = [panel.x.text(_value(x, panel.x)) for x in (x_low, (x_low + x_high) / 2, x_high)]
    middle = ends[1].center(inner - len(ends[0]) - len(ends[2]))
    below = " " * margin + ends[0] + middle + ends[2]
    legend = []
    for number, series in enumerate(panel.series):
        if series.name:
            place = places[series.name]
            marker = MARKERS[place] if _has_markers(series, points[number]) else "─"
            legend.append(Text.assemble((f"  {marker} ", COLORS[place]), series.name))
    scales = [
        f"{axis_name}: {axis.label}{' (logarithmic scale)' if axis.log else ''}"
        for axis_name, axis in (("up", panel.y), ("across", panel.x))
    ]
    dotted = [
        Text(f"  dotted: {mark.label}", "dim")
        for mark in panel.marks
        if drawable(mark.value, panel.y) and mark.axis == "y"
    ]
    return Group(
        *lines,
        Text(" " * (margin - 1) + "└" + "─" * inner),
        Text(below, "dim"),
        Text("; ".join(scales), "dim"),
        *legend,
        *dotted,
    )


def _has_markers(series: Series, points: list[tuple[float, float]]) -> bool:
    """Many points need no markers to be seen as measured."""
    return series.style != "dashes" and len(points) <= MOST_MARKERS


def _drawable_points(series: Series, panel: Lines) -> list[tuple[float, float]]:
    return [
        (_position(x, panel.x), _position(y, panel.y))
        for x, y in zip(series.x, series.y, strict=True)
        if drawable(x, panel.x) and drawable(y, panel.y)
    ]


def _position(value: float, axis: Axis) -> float:
    """Where a value stands on an axis; logarithmic axes are even in the exponent."""
    return math.log10(value) if axis.log else float(value)


def _value(position: float, axis: Axis) -> float:
    return 10**position if axis.log else position


def _place(value: float, axis: Axis, start: float, end: float) -> float:
    """The share of the way from `start` to `end` at which a value stands."""
    low, high = _position(start, axis), _position(end, axis)
    return min(1.0, max(0.0, (_position(value, axis) - low) / ((high - low) or 1.0)))


def _limits(positions: list[float]) -> tuple[float, float]:
    """Where an axis begins and ends, so that all positions are on it."""
    low, high = min(positions), max(positions)
    if low == high:
        return low - (abs(low) * 0.1 or 1), high + (abs(high) * 0.1 or 1)
    return low, high
