"""The results as one picture: bars for what has one size, curves for learning and for growth."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.contestants import CONTESTANTS, FLOOR
from benchmarks.results import Measurement, Results, Summary, ratios, summarize
from benchmarks.table import format_value

# From the palette of Okabe and Ito, whose colours people tell apart however well they see red and
# green. Markers and dashes say the same once more.
COLORS = {"tinytorch": "#D55E00", "pytorch": "#0072B2", "jax": "#009E73", "floor": "#666666"}
MARKERS = {"tinytorch": "o", "pytorch": "s", "jax": "^", "floor": None}

Panel = Callable[[Axes, Results], None]


def draw(results: Results) -> bytes:
    """The picture as a PNG file, with a panel for each subject that was measured."""
    run = set(results.benchmarks())
    panels = [panel for needed, panel in PANELS if needed <= run]
    columns = min(4, max(1, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    figure = Figure(figsize=(4.4 * columns, 3.6 * rows + 0.4), dpi=130, layout="constrained")
    for number, panel in enumerate(panels, 1):
        axes = figure.add_subplot(rows, columns, number)
        axes.spines[["top", "right"]].set_visible(False)
        panel(axes, results)
    _add_legend(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _add_legend(figure: Figure) -> None:
    """One legend for all panels."""
    handles: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(str(label), handle)
    titles = [c.title for c in CONTESTANTS if c.title in handles]
    if titles:
        figure.legend(
            [handles[title] for title in titles],
            titles,
            loc="outside upper center",
            ncols=len(titles),
            frameon=False,
            fontsize="large",
        )


def _training_step(axes: Axes, results: Results) -> None:
    cases = list(results.cases("training-step"))
    _bars_over_floor(axes, [case for case, _ in cases], [found for _, found in cases])
    axes.set_title("Training step 784-256-128-10")


def _layers(axes: Axes, results: Results) -> None:
    """The first case of each kind, which every run has."""
    labels = ["Linear\nforward", "Linear\n+ backward", "Dropout\nforward", "Dropout\n+ backward"]
    cases = [found for name in ("linear", "dropout") for _, found in list(results.cases(name))[:2]]
    _bars_over_floor(axes, labels, cases)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.yaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title("Linear 784 → 256 and dropout, batch 128")


def _bars_over_floor(
    axes: Axes, labels: Sequence[str], cases: Sequence[dict[str, Measurement]]
) -> None:
    """A group of bars for each case: how many times the floor's time each contestant takes."""
    present = [c for c in CONTESTANTS if c != FLOOR and any(c.key in found for found in cases)]
    width = 0.8 / max(1, len(present))
    for index, contestant in enumerate(present):
        for group, found in enumerate(cases):
            if contestant.key not in found or FLOOR.key not in found:
                continue
            over = summarize(ratios(found[contestant.key].values, found[FLOOR.key].values))
            if over is None:
                continue
            axes.bar(
                group + (index - (len(present) - 1) / 2) * width,
                over.median,
                0.92 * width,
                yerr=_error_bar(over),
                color=COLORS[contestant.key],
                ecolor="black",
                capsize=2,
                label=contestant.title if group == 0 else None,
            )
    axes.axhline(1, color=COLORS[FLOOR.key], linestyle="--", label=FLOOR.title)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_ylabel("time ÷ floor")


def _error_bar(summary: Summary) -> list[list[float]]:
    return [[summary.median - summary.lower], [summary.upper - summary.median]]


def _growth(name: str, title: str, x_label: str, axes: Axes, results: Results) -> None:
    """Time against size, both on logarithmic scales, with a band from quartile to quartile."""
    cases = [found for _, found in results.cases(name)]
    for contestant in CONTESTANTS:
        points = [
            (m.size, summary)
            for found in cases
            if (m := found.get(contestant.key)) and m.size and (summary := summarize(m.values))
        ]
        if not points:
            continue
        sizes = [size for size, _ in points]
        axes.plot(
            sizes,
            [summary.median for _, summary in points],
            color=COLORS[contestant.key],
            marker=MARKERS[contestant.key],
            markersize=5,
            linestyle="--" if contestant == FLOOR else "-",
            label=contestant.title,
        )
        axes.fill_between(
            sizes,
            [summary.lower for _, summary in points],
            [summary.upper for _, summary in points],
            color=COLORS[contestant.key],
            alpha=0.15,
            linewidth=0,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(
        FixedLocator(sorted({m.size for found in cases for m in found.values() if m.size}))
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.grid(alpha=0.25)
    axes.set_xlabel(x_label)
    axes.set_title(title)


def _short(seconds: float) -> str:
    """A power of ten of seconds as an axis shows it: `10 µs`."""
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= 0.999 * scale:
            return f"{seconds / scale:.0f} {name}"
    return f"{seconds / 1e-9:.0f} ns"


def _learning(axes: Axes, results: Results) -> None:
    """Test accuracy against seconds of training: a line for each run."""
    seen = set()
    for curve in results.curves:
        contestant = next(c for c in CONTESTANTS if c.key == curve.contestant)
        axes.plot(
            curve.seconds,
            curve.accuracy,
            color=COLORS[contestant.key],
            marker=MARKERS[contestant.key],
            markersize=3,
            linewidth=1,
            alpha=0.7,
            label=None if contestant in seen else contestant.title,
        )
        seen.add(contestant)
    axes.axhline(98, color="black", linewidth=0.8, linestyle=":")
    accuracies = [a for curve in results.curves for a in curve.accuracy]
    axes.set_ylim(max(94.0, min(accuracies)), max(98.6, *accuracies) + 0.1)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.25)
    axes.set_xlabel("seconds of training")
    axes.set_ylabel("test accuracy in percent")
    axes.set_title("MNIST, same recipe, one line a seed")


def _single_bars(name: str, case: str, title: str, axes: Axes, results: Results) -> None:
    """One bar a contestant, with its value written at its end."""
    found = dict(results.cases(name))[case]
    bars = [
        (c, found[c.key].unit, summary)
        for c in reversed(CONTESTANTS)
        if c.key in found and (summary := summarize(found[c.key].values))
    ]
    for position, (contestant, unit, summary) in enumerate(bars):
        axes.barh(position, summary.median, color=COLORS[contestant.key], height=0.65)
        axes.text(summary.median, position, f" {format_value(summary.median, unit)}", va="center")
    names = ["NumPy" if c == FLOOR else c.title for c, _, _ in bars]
    axes.set_yticks(range(len(bars)), names)
    axes.set_xlim(right=1.25 * max((summary.median for _, _, summary in bars), default=1.0))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_title(title)


# What a panel needs to have been run, and what draws it.
PANELS: tuple[tuple[set[str], Panel], ...] = (
    ({"training-step"}, _training_step),
    ({"mnist"}, _learning),
    ({"mnist"}, partial(_single_bars, "mnist", "peak memory", "Peak memory of the MNIST run")),
    ({"import"}, partial(_single_bars, "import", "import statement", "Import, fresh process")),
    ({"linear", "dropout"}, _layers),
    ({"batch"}, partial(_growth, "batch", "Training step, growing batch", "batch size")),
    ({"width"}, partial(_growth, "width", "Linear, growing width", "inputs and outputs")),
    ({"depth"}, partial(_growth, "depth", "Chain of small products", "operations")),
)
