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
from dataclasses import dataclass
from typing import Any

_EXPORT = re.compile(r"#\s*\|\s*exports?\s*")  # as people type it
_CELL = re.compile(r"#\s*%%+(\s|$)")
_TEXT_CELL = re.compile(r"\[(markdown|md|raw)\]")
_MAGIC = re.compile(r"\s*([%!?]|[\w.]+\?{1,2}\s*$)")
# Cell magics that run the rest of their cell as Python; what follows any other is not ours to run.
_PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


@dataclass(frozen=True)
class Source:
    """The code in a file that counts."""

    file: str
    """The file's absolute path."""
    text: str
    """Python. In a `.py`, each line is where it is in the file; what does not count is blank."""
    is_lesson: bool
    """Whether some cells are marked for export; if not, the file counts whole."""
    experiments: tuple[int, ...] = ()
    """Lines with a statement in an exported cell that only shows something, blank in `text`."""
    cells: tuple[tuple[int, int], ...] = ()
    """In a notebook, for each code cell that counts: its number, and its first line in `text`."""

    def place(self, line: int) -> str:
        """Where line `line` of `text` is: `layers_dev.py:95`, or a notebook's cell and line.

        Code cells are counted from 1, as Jupyter does when it runs a notebook from the top.
        """
        file = os.path.relpath(self.file)
        if file.startswith(os.pardir):
            file = self.file
        above = [cell for cell in self.cells if cell[1] <= line]
        if not above:
            return f"{file}:{line}"
        number, first = above[-1]
        return f"{file}, cell {number}, line {line - first + 1}"


def read(file: str) -> Source:
    """The code that counts in a lesson, a plain Python file or a notebook (`.ipynb`).

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is not text, or not a notebook. Its code is not looked at: it may well be
            wrong Python, and compiling `text` says so.
    """
    file = os.path.abspath(file)
    if file.endswith(".ipynb"):
        source = _read_notebook(file)
    else:
        try:
            with tokenize.open(file) as opened:  # which knows byte-order marks and encodings
                text = opened.read()
        except UnicodeDecodeError as error:
            raise SyntaxError(f"not a text file: {error}", (file, 1, 1, "")) from None
        source = _read_python(file, text)
    return _without_experiments(source) if source.is_lesson else source


def _read_python(file: str, text: str) -> Source:
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if _CELL.match(line)]
    kept = [""] * len(lines)
    is_lesson = False
    for start, end in zip([-1, *heads], [*heads, len(lines)], strict=True):
        mark = next((n for n in range(start + 1, end) if lines[n].strip()), None)
        is_text = start >= 0 and _TEXT_CELL.search(lines[start])
        if mark is None or is_text or not _EXPORT.fullmatch(lines[mark]):
            continue
        is_lesson = True
        kept[max(start, 0) : end] = lines[max(start, 0) : end]
    return Source(file, "\n".join(kept) if is_lesson else text, is_lesson)


def _read_notebook(file: str) -> Source:
    code = [
        (number, _without_magics(source))
        for number, source in enumerate(notebook_code(file), 1)
        if source.strip()
    ]
    exported = [(number, source) for number, source in code if _is_exported(source)]
    lines: list[str] = []
    cells = []
    for number, source in exported or code:
        lines.append("# %%")
        cells.append((number, len(lines) + 1))
        lines += source.split("\n")
    return Source(file, "\n".join([*lines, ""]), bool(exported), cells=tuple(cells))


def notebook_code(file: str) -> list[str]:
    """The text of each code cell of a notebook.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is not a notebook.
    """
    try:
        with open(file, encoding="utf-8") as opened:
            notebook: Any = json.load(opened)
        cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return ["".join(source) for source in cells]
    except json.JSONDecodeError as error:
        raise SyntaxError(f"not a notebook: {error.msg}", (file, error.lineno, 1, "")) from None
    except (UnicodeDecodeError, KeyError, TypeError):
        raise SyntaxError("not a notebook", (file, 1, 1, "")) from None


def _is_exported(cell: str) -> bool:
    return bool(_EXPORT.fullmatch(cell.lstrip().split("\n", 1)[0]))


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
            experiments.append(first)
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
