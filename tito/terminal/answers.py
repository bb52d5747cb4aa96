"""A question and its answer on the screen."""

from __future__ import annotations

import shlex

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from tinytorch.course.explore.catalogue import Question
from tinytorch.course.explore.experiment import Table
from tinytorch.course.explore.running import Result
from tinytorch.course.explore.settings import text_of
from tito.terminal.prose import screen_width
from tito.terminal.sketch import sketch


def show_question(console: Console, question: Question) -> None:
    """The question, as it is asked."""
    console.print(
        Text(f"{question.number}. {question.name}", "bold"), Text(question.heading, "dim")
    )
    console.print(question.text, width=screen_width())
    console.print()


def show_result(console: Console, result: Result, command: str) -> None:
    """The guess, the answer, and what belongs to it.

    Args:
        console: where to write.
        result: what came out.
        command: how the question is run again, as in "tito explore 03 growth".
    """
    answer, width = result.answer, screen_width()
    if result.verdict:
        console.print(result.verdict, width=width)
    console.print(Text(answer.headline, "bold"), width=width)
    console.print()
    for table in answer.tables:
        console.print(_table(table))
        console.print()
    if console.encoding.startswith("utf"):
        console.print(sketch(answer.picture, width))
        console.print()
    console.print(answer.why, width=width)
    console.print()
    for line in answer.formulas:
        console.print(Padding(line, (0, 0, 0, 2)), width=width)
    console.print()
    if answer.changes:
        console.print("To see it move:")
        for change in answer.changes:
            given = [shlex.quote(f"{name}={text_of(v)}") for name, v in change.settings.items()]
            console.print(
                f"  {command} {' '.join(f'--set {one}' for one in given)}", soft_wrap=True
            )
            console.print(Padding(change.effect, (0, 0, 0, 6)), width=width)
        console.print()
    for name, text in _small_print(result):
        console.print(Text(f"{name}: {text}", "dim"), width=width)


def _small_print(result: Result) -> list[tuple[str, str]]:
    """What the answer depends on."""
    settings = ", ".join(f"{name}={text}" for name, text in result.settings.items())
    method = [("Method", result.answer.method)] if result.answer.method else []
    return [("Settings", settings), *method, *result.conditions.items()]


def _table(table: Table) -> RichTable:
    drawn = RichTable(
        box=SIMPLE_HEAD,
        title=table.title or None,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        pad_edge=False,
        show_edge=False,
    )
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*row)
    return drawn
