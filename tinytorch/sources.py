"""Reading the code that counts out of a learner's file, which may be in the middle of work.

A lesson (`layers_dev.py`, in Jupytext's percent format) or its notebook counts by its cells that
begin with `#| export`: prose, plots, checks and experiments around them may be as unfinished as
they like. A file without such marks counts whole.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

EXPORT = "#| export"

# What jupytext takes for the start of a cell: "# %%", "# %% [markdown]", "# %% tags=[...]".
CELL = re.compile(r"#\s*%%+(\s|$)")
TEXT_CELL = re.compile(r"\[(markdown|md|raw)\]")

_EXPORT = re.compile(r"#\s*\|\s*exports?\s*")  # as people type it
_MAGIC = re.compile(r"\s*([%!?]|[\w.]+\?{1,2}\s*$)")
# Cell magics that run the rest of their cell as Python; what follows any other is not ours to run.
_PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")

# In a text cell: "# **Exercise: `Linear.forward`**", with more names where one text serves many.
_EXERCISE = re.compile(r"#\s*\*\*Exercise:?\s*(.+?)\*\*")
_QUOTED = re.compile(r"`([\w.]+)`")
_UNWRITTEN = re.compile(r"Write ([\w.]+) in ")


@dataclass(frozen=True)
class Cell:
    """A code cell that holds anything."""

    number: int
    """Counted from 1 among them, as Jupyter does when it runs a notebook from the top."""
    start: int
    """In a `.py`, the line of the file on which `text` starts."""
    text: str
    exported: bool
    """Whether its first line marks it as part of the framework."""


@dataclass(frozen=True)
class Source:
    """The code in a file that counts."""

    file: str
    """The file's absolute path."""
    text: str
    """Python. In a `.py`, each line is where it is in the file; what does not count is blank."""
    is_lesson: bool
    """Whether some cells are marked for export; if not, the file counts whole."""
    experiments: tuple[tuple[int, int], ...] = ()
    """First and last line of each statement in an exported cell that only shows something. In
    `text` they are blank."""
    cells: tuple[tuple[int, int], ...] = ()
    """In a notebook, for each code cell that counts: its number, and its first line in `text`."""

    def place(self, line: int) -> str:
        """Where line `line` of `text` is: `layers_dev.py:95`, or a notebook's cell and line."""
        file = shown(self.file)
        above = [cell for cell in self.cells if cell[1] <= line]
        if not above:
            return f"{file}:{line}"
        number, first = above[-1]
        return f"{file}, cell {number}, line {line - first + 1}"


def shown(file: str) -> str:
    """A file's name from the current folder, or its whole path if it is not below that."""
    name = os.path.relpath(file)
    return file if name.startswith(os.pardir) else name


def read(file: str) -> Source:
    """The code that counts in a lesson, a plain Python file or a notebook (`.ipynb`).

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is not text, or not a notebook. Its code is not looked at: it may well be
            wrong Python, and compiling `text` says so.
    """
    file = os.path.abspath(file)
    cells = code_cells(file)
    exported = [cell for cell in cells if cell.exported]
    if not file.endswith(".ipynb"):
        return _read_python(file, exported) if exported else Source(file, _text_of(file), False)
    lines: list[str] = []
    places = []
    for cell in exported or cells:
        lines.append("# %%")
        places.append((cell.number, len(lines) + 1))
        lines += _without_magics(cell.text).split("\n")
    source = Source(file, "\n".join([*lines, ""]), bool(exported), cells=tuple(places))
    return _without_experiments(source) if exported else source


def code_cells(file: str) -> list[Cell]:
    """The code cells of a lesson or a notebook that hold anything.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is not text, or not a notebook.
    """
    if file.endswith(".ipynb"):
        return _filled((1, text) for text in _notebook_code(file))
    return cells_of(_text_of(file))


def cells_of(text: str) -> list[Cell]:
    """The code cells of a lesson's text that hold anything."""
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if CELL.match(line)]
    return _filled(
        (start + 2, "\n".join(lines[start + 1 : end]))
        for start, end in zip([-1, *heads], [*heads, len(lines)], strict=True)
        if start < 0 or not TEXT_CELL.search(lines[start])
    )


def exercises_in(line: str) -> list[str]:
    """The exercises, by dotted name, that begin at a line of a lesson; none if it's no heading."""
    heading = _EXERCISE.match(line)
    return (_QUOTED.findall(heading[1]) or [heading[1].strip()]) if heading else []


def unwritten(error: BaseException) -> str | None:
    """The exercise, by dotted name, that an error says is to be written; None if it says not."""
    asked = _UNWRITTEN.match(str(error)) if isinstance(error, NotImplementedError) else None
    return asked[1] if asked else None


def _filled(cells: Iterable[tuple[int, str]]) -> list[Cell]:
    filled = []
    for number, (start, text) in enumerate(((n, text) for n, text in cells if text.strip()), 1):
        mark, _, rest = text.lstrip().partition("\n")
        exported = bool(_EXPORT.fullmatch(mark))
        if exported:
            above = text[: len(text) - len(text.lstrip())].count("\n")
            start, text = start + above, f"{EXPORT}\n{rest}"
        filled.append(Cell(number, start, text, exported))
    return filled


def _read_python(file: str, exported: list[Cell]) -> Source:
    lines = [""] * _text_of(file).count("\n")
    for cell in exported:
        if cell.start > 1:
            lines[cell.start - 2] = "# %%"
        text = cell.text.split("\n")
        lines[cell.start - 1 : cell.start - 1 + len(text)] = text
    return _without_experiments(Source(file, "\n".join([*lines, ""]), True))


def _text_of(file: str) -> str:
    try:
        with tokenize.open(file) as opened:  # which knows byte-order marks and encodings
            return opened.read()
    except (UnicodeDecodeError, SyntaxError):  # SyntaxError: an unknown encoding
        problem = "not a text file, in UTF-8 or in an encoding that its first line declares"
        raise SyntaxError(problem, (file, 1, 1, "")) from None


def _notebook_code(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8") as opened:
            notebook: Any = json.load(opened)
        cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return ["".join(source) for source in cells]
    except json.JSONDecodeError as error:
        raise SyntaxError(f"not a notebook: {error.msg}", (file, error.lineno, 1, "")) from None
    except (UnicodeDecodeError, KeyError, TypeError):
        raise SyntaxError("not a notebook", (file, 1, 1, "")) from None


def _without_magics(cell: str) -> str:
    """A notebook's cell with what only IPython understands blanked or, in a block, passed over."""
    if cell.startswith("%%"):
        magic, _, rest = cell.partition("\n")
        return "\n" + rest if magic.split()[0] in _PYTHON_CELL_MAGICS else ""
    if _parses(cell):  # then a line that begins with % is the rest of an expression
        return cell
    lines = cell.split("\n")
    for n, line in enumerate(lines):
        if _MAGIC.match(line):
            indentation = line[: len(line) - len(line.lstrip())]
            lines[n] = indentation + "pass" if indentation else ""
    return "\n".join(lines)


def _without_experiments(source: Source) -> Source:
    """The source without the `print(...)` and the like that stand between its definitions."""
    if not _parses(source.text):
        return source
    body = ast.parse(source.text).body
    lines = source.text.split("\n")
    experiments = []
    for statement in body:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        alone = all(
            other is statement or other.lineno > last or (other.end_lineno or 0) < first
            for other in body
        )
        if alone and _only_shows(statement):
            experiments.append((first, last))
            lines[first - 1 : last] = [""] * (last - first + 1)
    return Source(source.file, "\n".join(lines), source.is_lesson, tuple(experiments), source.cells)


def _only_shows(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("print", "display", "help")
    return not isinstance(value, ast.Constant)  # a string is a docstring, or as harmless as one


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):  # ValueError: there are null bytes in it
        return False
    return True
