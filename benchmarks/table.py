"""The results as a table: rows of text first, then the terminal's table or Markdown's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from benchmarks.anatomy import parts
from benchmarks.contestants import CONTESTANTS
from benchmarks.results import Measurement, Results, Summary, summarize
from benchmarks.targets import Comparison, compare

TITLES = {
    "training-step": "A training step of 784-256-128-10 with dropout and SGD",
    "anatomy": "Where the time of that step goes, by batch size and threads",
    "linear": "Linear, 128 samples (512 for 1024 → 1024): forward, and both ways",
    "dropout": "Dropout with p = 0.5: forward, and both ways",
    "import": "Import of the whole framework in a fresh process; the floor is NumPy",
    "mnist": "MNIST by the milestone's recipe, a fresh process for each seed",
    "batch": "Growth with batch size: the training step",
    "width": "Growth with width: Linear, 128 samples, both ways",
    "depth": "Growth with depth: a chain of products of shape (32, 32), both ways",
}
LEGEND = (
    "First lines: medians over the rounds, ± half the distance between the quartiles. Second "
    "lines: for PyTorch and JAX how many times ours they take (more is better), for the floor how "
    "many times the floor we take (less is better), each the median of the ratios within the "
    "rounds, and what is required of it. The floor is the matrix products alone; for dropout and "
    "depth, copies of the same bytes; for the import, NumPy's. Where the time of a step goes is "
    "shown by five programs, each of which does more than the one above it, at batch 32, 128 and "
    "512; their second lines say what that adds."
)


def format_value(value: float, unit: str) -> str:
    """A value with three digits that count, in the unit that fits it."""
    if unit == "%":
        return f"{value:.2f}%"
    if unit == "bytes":
        return f"{value / 1e6:,.0f} MB"
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= scale:
            return f"{_three_digits(value / scale)} {name}"
    return f"{_three_digits(value / 1e-9)} ns"


def _three_digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def format_summary(summary: Summary, unit: str) -> str:
    """The median, and how far the quartiles lie from it."""
    if unit == "%":
        return f"{format_value(summary.median, unit)} ±{(summary.upper - summary.lower) / 2:.2f}"
    return f"{format_value(summary.median, unit)} ±{100 * summary.spread:.0f}%"


def format_comparison(comparison: Comparison) -> str:
    """The ratio, and what it had to be: `2.31x ≥2 yes`."""
    ratio = f"{_three_digits(comparison.ratio.median)}x"
    if comparison.limit is None:
        return ratio
    return f"{ratio} {comparison.sign}{comparison.limit:g} {'yes' if comparison.is_met else 'NO'}"


@dataclass(frozen=True)
class Cell:
    """What something took, and a second line: how TinyTorch compares, or another note."""

    value: str
    comparison: Comparison | None = None
    note: str = ""

    @property
    def second_line(self) -> str:
        """The comparison as text, or the note."""
        return format_comparison(self.comparison) if self.comparison else self.note


def columns(results: Results, benchmark: str) -> list[str]:
    """What stands at the top of a benchmark's table: contestants, or cases in the anatomy."""
    if benchmark == "anatomy":
        return [case for case, _ in results.cases(benchmark)]
    return [contestant.title for contestant in CONTESTANTS]


def rows(results: Results, benchmark: str) -> Iterator[tuple[str, list[Cell]]]:
    """The cases of a benchmark, each with a cell for every contestant; the parts of the anatomy."""
    if benchmark == "anatomy":
        for title, found in parts(results):
            yield (
                title,
                [
                    Cell(format_value(whole.median, "s"), note=_signed(added))
                    for whole, added in found
                ],
            )
        return
    for case, measurements in results.cases(benchmark):
        cells = []
        for contestant in CONTESTANTS:
            measurement = measurements.get(contestant.key)
            cells.append(
                Cell(
                    format_measurement(measurement) if measurement else "-",
                    compare(measurements, contestant.key),
                )
            )
        yield case, cells


def _signed(seconds: float) -> str:
    return f"{'+' if seconds >= 0 else '-'}{format_value(abs(seconds), 's')}"


def format_measurement(measurement: Measurement) -> str:
    """The summary, and in how many rounds there was nothing to measure."""
    summary = summarize(measurement.values)
    if summary is None:
        return "never"
    missing = sum(value is None for value in measurement.values)
    note = f", {missing} never" if missing else ""
    return format_summary(summary, measurement.unit) + note


def rich_table(results: Results, benchmark: str) -> Table:
    """The table of one benchmark for a terminal."""
    table = Table(
        title=TITLES[benchmark],
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    table.add_column("")
    for title in columns(results, benchmark):
        table.add_column(title, min_width=10 if benchmark == "anatomy" else 12)
    for case, cells in rows(results, benchmark):
        table.add_row(case, *(_coloured(cell) for cell in cells))
    return table


def _coloured(cell: Cell) -> Text:
    text = Text(cell.value)
    if cell.second_line:
        is_met = cell.comparison.is_met if cell.comparison else None
        style = {None: "dim", True: "green", False: "bold red"}[is_met]
        text.append("\n" + cell.second_line, style=style)
    return text


def markdown_table(results: Results, benchmark: str) -> str:
    """The table of one benchmark for a page."""
    titles = columns(results, benchmark)
    lines = ["| | " + " | ".join(titles) + " |", "| --- |" + " --- |" * len(titles)]
    for case, cells in rows(results, benchmark):
        texts = [f"{c.value}<br>{c.second_line}" if c.second_line else c.value for c in cells]
        lines.append(f"| {case} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def comparisons(results: Results) -> list[Comparison]:
    """TinyTorch beside each rival, in every case of every benchmark."""
    return [
        cell.comparison
        for benchmark in results.benchmarks()
        for _, cells in rows(results, benchmark)
        for cell in cells
        if cell.comparison is not None
    ]
