"""The way of a session: measuring with progress in sight, then files, then the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from benchmarks import page, plot, table
from benchmarks.contestants import CONTESTANTS, ContestantError
from benchmarks.hardware import describe_machine, is_busy
from benchmarks.results import Results
from benchmarks.suite import Session
from tinytorch.course.machine import processors
from tinytorch.files import write_atomically
from tito.errors import TitoError

WIDTH_OF_A_PIPE = 100


class Display:
    """Progress for people: one line that moves in a terminal, a line a case in a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def start(self, what: str, rounds: int) -> None:
        """So many rounds of something begin."""
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._bars.add_task(what, total=rounds)
        if not self._console.is_terminal:
            self._console.print(f"measuring {what}")

    def advance(self) -> None:
        """One round of it is done."""
        self._bars.advance(self._bars.task_ids[-1])


def measure(names: Sequence[str], full: bool, threads: int | None, rounds: int | None) -> Results:
    """Run benchmarks with all contestants that are installed.

    Args:
        names: the benchmarks.
        full: whether to run all their cases.
        threads: how many threads each contestant gets; None for all processors.
        rounds: how often each contestant is measured; None for each benchmark's own number.

    Raises:
        TitoError: a contestant failed.
    """
    available = processors()
    threads = threads or available
    if threads > available:
        raise click.UsageError(f"--threads {threads} is more than the {available} processors.")
    console = Console(stderr=True)
    machine = describe_machine(threads)
    absent = [c for c in CONTESTANTS if not c.is_installed]
    for contestant in absent:
        console.print(f"{contestant.title} is not installed, and is left out.")
    if is_busy():
        console.print(
            "Other programs keep this machine busy. Threads that wait for each other suffer most "
            "from that, so the numbers will be unfair as well as noisy: measure at rest."
        )
    try:
        with Display(console) as display:
            present = [c for c in CONTESTANTS if c.is_installed]
            results = Session(present, threads, full, rounds, display).run(names)
    except ContestantError as error:
        raise TitoError(str(error)) from error
    results.machine = machine | results.machine
    results.absent = [c.title for c in absent]
    return results


def read(path: Path) -> Results:
    """The results of an earlier session.

    Raises:
        TitoError: the file holds no results.
    """
    try:
        return Results.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TitoError(f"{path} cannot be read: {error}.") from error


def to_json(results: Results) -> str:
    """Everything measured, round by round, and every comparison drawn from it."""
    comparisons = [{**asdict(c), "is_met": c.is_met} for c in table.comparisons(results)]
    content = {**asdict(results), "comparisons": comparisons}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def write(results: Results, folder: Path) -> list[Path]:
    """Write the numbers and the plot into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "results.json", folder / "benchmarks.png"]
    write_atomically(files[0], to_json(results))
    write_atomically(files[1], plot.draw(results))
    return files


def write_page(results: Results, root: Path) -> list[Path]:
    """Write the page of the documentation, and the picture on it."""
    files = [root / "docs" / "benchmarks.md", root / "docs" / "images" / "benchmarks.png"]
    files[1].parent.mkdir(parents=True, exist_ok=True)
    write_atomically(files[0], page.markdown(results))
    write_atomically(files[1], plot.draw(results))
    return files


def show(results: Results, files: Sequence[Path], as_json: bool) -> None:
    """Print the results, and name the files that were written."""
    if as_json:
        click.echo(to_json(results), nl=False)
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_OF_A_PIPE)
    for fact, value in results.machine.items():
        console.print(f"{fact}: {value}", highlight=False)
    for benchmark in results.benchmarks():
        console.print(table.rich_table(results, benchmark))
    console.print(table.LEGEND, highlight=False)
    judged = [c for c in table.comparisons(results) if c.is_met is not None]
    if judged:
        met = sum(c.is_met is True for c in judged)
        console.print(f"{met} of {len(judged)} requirements are met.", highlight=False)
    if results.absent:
        console.print(
            f"Not installed: {', '.join(results.absent)}. "
            "To compare with all: pip install --group bench",
            markup=False,
            highlight=False,
        )
    for file in files:
        console.print(f"wrote {file}", highlight=False, soft_wrap=True)
