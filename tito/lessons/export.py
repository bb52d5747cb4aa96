"""From a lesson to the library file, the exercise file and the exercise notebook."""

import ast
import hashlib
import itertools
import json
import re
from collections import Counter

from tinytorch.course.sources import DIRECTIVE, EXPORT, Source
from tito.lessons import set_up_cell
from tito.lessons.lesson import BEGIN, END, Cell, Lesson, LessonError

_ORIGIN = "# Exported from "
_FUTURE = re.compile(r"^(from __future__ import .*)\n?", re.MULTILINE)
LINE_LENGTH = 100  # as in pyproject.toml, so that what is written here is formatted already


def library_source(lesson: Lesson) -> str:
    """The library file: the exported cells in order, without the marks.

    Its blank lines are those that `ruff format` leaves, given a lesson that is formatted.

    Raises:
        LessonError: nothing is exported, or an import comes after other code.
    """
    cells = [_without_marks(lesson, cell) for cell in lesson.cells if cell.exported]
    if not any(cells):
        raise LessonError(lesson.path, 1, f"no cell starts with {EXPORT!r}.")
    _check_imports(lesson)
    return _library(cells, lesson.path, "tito export")


def exported_source(source: Source, path: str) -> str:
    """The library file from a learner's own, which they call `path`.

    It is made as `library_source` makes it, without the learner's experiments, but nothing is
    an error that Python itself would run.

    Raises:
        LessonError: no cell is marked for export.
        SyntaxError: an exported cell is not Python.
    """
    lines = source.text.split("\n")
    experiments: set[int] = set()
    for first, last in source.experiments:
        while first > 1 and not lines[first - 2].strip():
            first -= 1  # the blank lines that set it apart
        experiments.update(range(first, last + 1))
    cells = []
    for start, text in source.pieces if source.is_lesson else []:
        code = [
            line
            for number, line in enumerate(text.split("\n"), start)
            if number not in experiments and not DIRECTIVE.match(line)
        ]
        marks = [n for n, line in enumerate(code) if line.strip() in (BEGIN, END)]
        cells.append(_without_lines(code, marks))
    if not any(cells):
        raise LessonError(path, 1, f"no cell starts with {EXPORT!r}.")
    # In a module, what holds from a cell on has to stand above everything.
    future = dict.fromkeys(_FUTURE.findall("\n".join(cells)))
    docstring, rest = _split_docstring(_FUTURE.sub("", cells[0]).strip("\n"))
    others = [_FUTURE.sub("", cell).strip("\n") for cell in cells[1:]]
    cells = [docstring, "\n".join(future), rest.strip("\n"), *others]
    return _library(cells, path, "tito module complete")


def _library(cells: list[str], path: str, command: str) -> str:
    """The text of the library file, from that of the exported cells."""
    cells = [cell for cell in cells if cell]
    origin = f"{_ORIGIN}{path}: edit it there, then run `{command}`.\n"
    docstring, rest = _split_docstring(cells[0])
    pieces = [piece for piece in (docstring, rest, *cells[1:]) if piece]
    source = origin + ("" if docstring else "\n") + pieces[0]
    for above, below in itertools.pairwise(pieces):
        apart = _defines(above, -1) or _defines(below, 0)
        source += ("\n\n\n" if apart else "\n\n") + below
    return source + "\n"


def same_export(one: str, other: str) -> bool:
    """Whether two library files say the same, whichever version of a lesson they came from.

    A `.py` and its notebook differ in the line that names them, and in blank lines.
    """
    return _lines_that_count(one) == _lines_that_count(other)


def _lines_that_count(library: str) -> list[str]:
    lines = [line.rstrip() for line in library.split("\n")]
    return [line for line in lines if line and not line.startswith(_ORIGIN)]


def exercise_source(lesson: Lesson) -> str:
    """The lesson as it is handed out: each solution replaced by one `raise` statement.

    Raises:
        LessonError: without a solution the lesson would not be valid Python.
    """
    lines = list(lesson.lines)
    for solution in reversed(lesson.solutions):  # from the end, so that line numbers stay right
        message = f"Write {solution.function} in this cell"
        lines[solution.begin - 1 : solution.end] = _raise(message, solution.indentation)
        try:
            ast.parse("\n".join(lines))
        except SyntaxError:
            raise LessonError(
                lesson.path, solution.begin, "the marks must stand around whole statements."
            ) from None
    return "\n".join(lines) + "\n"


def exercise_notebook(lesson: Lesson) -> str:
    """The exercise as a notebook, the same bytes each time."""
    return notebook_source(exercise_source(lesson))


def notebook_source(text: str) -> str:
    """A lesson's text as a notebook (nbformat 4.5), the same bytes each time.

    Its first cell is that of `tito.lessons.set_up_cell`, the others are the lesson's. A cell's id
    comes from its text alone, so that changing one cell changes one id.
    """
    import jupytext  # type: ignore[import-untyped] # here, because it takes a quarter second

    lesson = jupytext.reads(text, fmt="py:percent")
    cells: list[dict[str, object]] = []
    seen: Counter[str] = Counter()
    for kind, source, metadata in (
        ("code", set_up_cell.TEXT, set_up_cell.METADATA),
        *((cell.cell_type, cell.source, cell.metadata) for cell in lesson.cells),
    ):
        source = source.strip("\n")  # blank lines around a cell are the lesson's layout
        if not source:
            continue
        digest = hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cells.append(
            {
                "cell_type": kind,
                "id": digest if seen[digest] == 1 else f"{digest}-{seen[digest]}",
                # Without jupytext's own notes on the blank lines between the lesson's cells.
                "metadata": {k: v for k, v in metadata.items() if not k.startswith("lines_to_")},
                "source": source.splitlines(keepends=True),
            }
        )
        if kind == "code":
            cells[-1] |= {"execution_count": None, "outputs": []}
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    # The layout in which Jupyter itself saves, so that opening and saving changes little.
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _without_marks(lesson: Lesson, cell: Cell) -> str:
    """The exported cell without its marks."""
    marks = {line for solution in lesson.solutions for line in (solution.begin, solution.end)}
    first = cell.start + 1  # the line after the export mark
    return _without_lines(
        list(lesson.lines[first - 1 : cell.end]),
        [number - first for number in sorted(marks) if first <= number <= cell.end],
    )


def _without_lines(lines: list[str], marks: list[int]) -> str:
    """The lines of a cell without the marks, and without the blank lines that set them apart."""
    for index in reversed(marks):
        above, below = index, index + 1
        while above > 0 and not lines[above - 1].strip():
            above -= 1
        while below < len(lines) and not lines[below].strip():
            below += 1
        opens_block = above > 0 and lines[above - 1].endswith(":")
        blank_lines = 0 if opens_block else max(index - above, below - index - 1)
        lines[above:below] = [""] * blank_lines
    return "\n".join(lines).strip("\n")


def _split_docstring(cell: str) -> tuple[str, str]:
    """The docstring that the cell begins with, or "", and what follows."""
    tree = ast.parse(cell)
    if ast.get_docstring(tree) is None:
        return "", cell
    lines = cell.split("\n")
    end = tree.body[0].end_lineno
    return "\n".join(lines[:end]), "\n".join(lines[end:]).strip("\n")


def _raise(message: str, indentation: str) -> list[str]:
    """`raise NotImplementedError(message)`, broken as `ruff format` would if it is too long."""
    line = f'{indentation}raise NotImplementedError("{message}")'
    if len(line) <= LINE_LENGTH:
        return [line]
    return [
        f"{indentation}raise NotImplementedError(",
        f'{indentation}    "{message}"',
        f"{indentation})",
    ]


def _defines(cell: str, index: int) -> bool:
    """Is the first (0) or last (-1) statement of the cell a function or a class?"""
    body = ast.parse(cell).body
    return bool(body) and isinstance(
        body[index], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    )


def _check_imports(lesson: Lesson) -> None:
    """Imports stand at the top of the library file, whichever cell they are in."""
    code_seen = False
    for cell in lesson.cells:
        if not cell.exported:
            continue
        source = "\n".join(lesson.lines[cell.start : cell.end])
        for statement in ast.parse(source).body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                # A docstring is the one statement that imports may follow.
                code_seen = code_seen or not isinstance(statement, ast.Expr)
            elif code_seen:
                problem = "an import below other code; move it to the first exported cell."
                raise LessonError(lesson.path, cell.start + statement.lineno, problem)
