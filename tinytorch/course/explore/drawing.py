"""Pictures as PNG files.

The colours are those of Okabe and Ito, which people tell apart however well they see red and
green. Markers, dashes and hatching say the same once more, so that a black-and-white print reads.
"""

from __future__ import annotations

from io import BytesIO
from itertools import count
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from tinytorch.course.explore.picture import (
    Axis,
    Bars,
    Group,
    Lines,
    Mark,
    Picture,
    Series,
    bar_limits,
    drawable,
)

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")
GREY = "#606060"
DOTS_PER_INCH = 130


def png(picture: Picture) -> bytes:
    """Draw a picture; returns the bytes of a PNG file."""
    columns = min(2, len(picture.panels))
    rows = -(-len(picture.panels) // columns)
    width = {1: 7.2, 2: 10.4}.get(columns, 4.0 * columns)
    heights = [
        max(_height(panel) for panel in picture.panels[row * columns : (row + 1) * columns])
        for row in range(rows)
    ]
    # A figure of its own, without pyplot: nothing global is set, and no window is needed.
    figure = Figure(figsize=(width, sum(heights) + 0.4), dpi=DOTS_PER_INCH, layout="constrained")
    figure.suptitle(picture.title, fontsize="large", fontweight="bold")
    grid = figure.add_gridspec(rows, columns, height_ratios=heights)
    for number, panel in enumerate(picture.panels):
        axes = figure.add_subplot(grid[number // columns, number % columns])
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(panel.title, fontsize="medium")
        if isinstance(panel, Bars):
            _draw_bars(axes, panel)
        else:
            _draw_lines(axes, panel)
        if not _shares_legend(picture) and len(axes.get_legend_handles_labels()[1]) > 0:
            axes.legend(fontsize="small", edgecolor="none")
    if _shares_legend(picture):
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _shares_legend(picture: Picture) -> bool:
    """Whether one legend serves all panels, since they show the same kinds of things."""
    names = {
        tuple(part.name for part in (p.groups if isinstance(p, Bars) else p.series))
        for p in picture.panels
    }
    return len(picture.panels) > 1 and len(names) == 1 and len(names.pop()) > 1


def _height(panel: Lines | Bars) -> float:
    """How many inches a panel needs."""
    if isinstance(panel, Lines):
        return 3.6
    return 1.3 + len(panel.labels) * max(0.34, 0.24 * len(panel.groups))


def _draw_lines(axes: Axes, panel: Lines) -> None:
    axes.set(xscale="log" if panel.x.log else "linear", yscale="log" if panel.y.log else "linear")
    numbers = count()
    places: dict[str, int] = {}
    for series in panel.series:
        place = places[series.like] if series.like else next(numbers) % len(COLORS)
        if series.name:
            places[series.name] = place
        _draw_series(axes, series, panel, COLORS[place], MARKERS[place])
    for mark in panel.marks:
        _draw_mark(axes, mark, panel.x if mark.axis == "x" else panel.y)
    _label(axes, panel.x, "x")
    _label(axes, panel.y, "y")
    if not panel.x.log and all(float(x).is_integer() for s in panel.series for x in s.x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)


def _draw_series(axes: Axes, series: Series, panel: Lines, color: str, marker: str) -> None:
    kept = [
        index
        for index, (x, y) in enumerate(zip(series.x, series.y, strict=True))
        if drawable(x, panel.x) and drawable(y, panel.y)
    ]
    x = [series.x[index] for index in kept]
    axes.plot(
        x,
        [series.y[index] for index in kept],
        color=color,
        linestyle={"line": "-", "dashes": "--", "points": ""}[series.style],
        linewidth=1.5,
        # Many points need no markers to be seen as measured.
        marker=marker if series.style != "dashes" and len(kept) <= 40 else None,
        markersize=4.5,
        label=series.name or None,
        zorder=2 if series.style == "dashes" else 3,
    )
    if series.low and series.high:
        banded = [
            index
            for index in kept
            if drawable(series.low[index], panel.y) and drawable(series.high[index], panel.y)
        ]
        axes.fill_between(
            [series.x[index] for index in banded],
            [series.low[index] for index in banded],
            [series.high[index] for index in banded],
            color=color,
            alpha=0.18,
            linewidth=0,
        )


def _draw_bars(axes: Axes, panel: Bars) -> None:
    thickness = 0.8 / len(panel.groups)
    values = [v for group in panel.groups for v in group.values if drawable(v, panel.axis)]
    values += [mark.value for mark in panel.marks if drawable(mark.value, panel.axis)]
    start, end = bar_limits(values, panel.axis)
    axes.set(xscale="log" if panel.axis.log else "linear", xlim=(start, end))
    _label(axes, panel.axis, "x")
    for number, group in enumerate(panel.groups):
        offset = (number - (len(panel.groups) - 1) / 2) * thickness
        for row, value in enumerate(group.values):
            _draw_bar(axes, panel, group, row, row + offset, 0.9 * thickness, number, start)
            high = group.high[row] if group.high else value
            x = max((v for v in (value, high, start) if drawable(v, panel.axis)), default=start)
            axes.annotate(
                panel.axis.text(value),
                (x, row + offset),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )
    for mark in panel.marks:
        _draw_bar_mark(axes, mark, panel.axis)
    axes.set_yticks(range(len(panel.labels)), panel.labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(panel.labels) - 0.4, -0.6)  # the first on top


def _draw_bar(
    axes: Axes,
    panel: Bars,
    group: Group,
    row: int,
    y: float,
    thickness: float,
    number: int,
    start: float,
) -> None:
    """One bar with its whisker."""
    value = group.values[row]
    if not drawable(value, panel.axis):
        return
    axes.barh(
        y,
        value - start,
        thickness,
        left=start,
        color=COLORS[number % len(COLORS)],
        hatch=HATCHES[number % len(HATCHES)],
        edgecolor="white",
        linewidth=0,
        label=group.name if row == 0 and len(panel.groups) > 1 else None,
    )
    if group.low and group.high:
        low, high = group.low[row], group.high[row]
        if drawable(low, panel.axis) and drawable(high, panel.axis):
            axes.plot([low, high], [y, y], color="black", linewidth=1.2, marker="|", markersize=5)


def _draw_mark(axes: Axes, mark: Mark, axis: Axis) -> None:
    """A labelled line across a panel of lines."""
    if not drawable(mark.value, axis):
        return
    style: dict[str, Any] = {"color": GREY, "linestyle": ":", "linewidth": 1.2}
    text: dict[str, Any] = {"textcoords": "offset points", "fontsize": "x-small", "color": GREY}
    if mark.axis == "x":
        axes.axvline(mark.value, **style)
        place: dict[str, Any] = {
            "xycoords": ("data", "axes fraction"),
            "xytext": (3, -3),
            "rotation": 90,
        }
        axes.annotate(mark.label, (mark.value, 1), va="top", **place, **text)
    else:
        axes.axhline(mark.value, **style)
        place = {"xycoords": ("axes fraction", "data"), "xytext": (4, 0)}  # beside the panel
        axes.annotate(fill(mark.label, 16), (1, mark.value), va="center", **place, **text)


def _draw_bar_mark(axes: Axes, mark: Mark, axis: Axis) -> None:
    """A line down a panel of bars, with its label on top, where no bar is."""
    if not drawable(mark.value, axis):
        return
    axes.axvline(mark.value, color=GREY, linestyle=":", linewidth=1.2, zorder=0.5)
    axes.annotate(
        mark.label,
        (mark.value, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        rotation=35,
        fontsize="small",
        color=GREY,
    )


def _label(axes: Axes, axis: Axis, name: str) -> None:
    """Label an axis, and write its numbers as the axis says."""
    side = axes.xaxis if name == "x" else axes.yaxis
    if axis.log:
        low, high = side.get_view_interval()
        subdivisions = (1, 2, 5) if high / low < 300 else (1,)
        side.set_major_locator(LogLocator(base=10, subs=subdivisions, numticks=9))
        side.set_minor_locator(NullLocator())
    side.set_major_formatter(FuncFormatter(lambda value, _: axis.text(value)))
    side.set_label_text(axis.label)
