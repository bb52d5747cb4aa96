"""Reading the code that counts out of a learner's file, which may be in the middle of work.

A notebook, or a lesson (`layers_dev.py`, in Jupytext's percent format), is read as IPython would
run it, cell by cell. It counts by its cells that are marked with `#| export`: prose, plots, checks
and experiments around them may be as unfinished as they like. A file without such marks counts
whole. What a file is, its content says, whatever it is called.
"""

from __future__ import annotations
import __future__

import ast
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from symtable import symtable
from types import CodeType
from typing import Any

from tinytorch.course.contents import UnreadableError, content_of, parsed
from tinytorch.course.ipython import as_python

EXPORT = "#| export"
DIRECTIVE = re.compile(r"\s*#\s*\|")  # to the tools that read notebooks: "#| hide"

# What jupytext takes for the start of a cell, "# %%", "# %% [markdown]" or "# %% tags=[...]", and
# what nbconvert writes there, "# In[3]:".
CELL = re.compile(r"#\s*%%+(\s|$)|# In\s?\[[\d ]*\]:\s*$")
TEXT_CELL = re.compile(r"\[(markdown|md|raw)\]")

# As people type it, with the module that nbdev allows there; and as older versions of nbdev had it.
_EXPORT = re.compile(r"#\s*\|\s*export(s|i)?(\s+[\w.]+)?\s*$|#\s?exports?i?\s*$|#export [\w.]+\s*$")
# What may stand above the mark: comments, blank lines, and a magic for the whole cell.
_ABOVE_EXPORT = re.compile(r"\s*(#|%%|$)")

# The one thing that code can still ask of the future.
_ANNOTATIONS = __future__.annotations.compiler_flag

# As much of a line as is shown to point at a place in it.
_WIDEST = 60

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
    is_notebook: bool = False
    """Whether it is Jupyter's format, whatever the file is called."""
    experiments: tuple[tuple[int, int], ...] = ()
    """First and last line of each statement in an exported cell that only shows something. In
    `text` they are blank."""
    cells: tuple[tuple[int, int], ...] = ()
    """For each code cell that counts: its number, and its first line in `text`. None for a file
    that Python runs at one go."""

    def place(self, line: int) -> str:
        """Where line `line` of `text` is: `layers_dev.py:95`, or a notebook's cell and line."""
        file = shown(self.file)
        above = [cell for cell in self.cells if cell[1] <= line]
        if not above or not self.is_notebook:
            return f"{file}:{line}"
        number, first = above[-1]
        return f"{file}, cell {number}, line {line - first + 1}"

    @property
    def pieces(self) -> list[tuple[int, str]]:
        """What is run at one go, in order, each with its first line: the cells, or it all."""
        lines = self.text.split("\n")
        firsts = [first for _, first in self.cells] or [1]
        # The line above a cell is its head.
        ends = [first - 2 for first in firsts[1:]] + [len(lines)]
        return [
            (first, "\n".join(lines[first - 1 : end]))
            for first, end in zip(firsts, ends, strict=True)
        ]

    @property
    def statements(self) -> list[ast.stmt]:
        """The statements of `text`, which is Python (see `compiled`)."""
        tree = parsed(self.text)
        return tree.body if tree else []

    def only(self, statements: Iterable[ast.stmt]) -> Source:
        """The source with nothing in it but the lines of these statements of `text`."""
        text = self.text.split("\n")
        lines = [""] * len(text)
        for first, last in map(_lines_of, statements):
            lines[first - 1 : last] = text[first - 1 : last]
        return replace(self, text="\n".join(lines))

    def compiled(self, future: int = 0) -> list[CodeType]:
        """The code to run, one after the other.

        As in IPython, a cell may `await` outside of any function, a `from __future__` in one holds
        for those below, and what its last line comes to is code of its own, for `sys.displayhook`.

        Args:
            future: the compiler's flags for what cells above have asked of the future.

        Raises:
            SyntaxError: it is not Python. The error has its place in `text`, and the line.
        """
        codes = []
        flags = future | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if self.cells else 0)
        if "\0" in self.text:
            line = self.text.count("\n", 0, self.text.index("\0")) + 1
            raise UnreadableError(self.file, "a null byte, which Python does not read", line)
        for first, text in self.pieces:
            tree = self._compiled("\n" * (first - 1) + text, flags | ast.PyCF_ONLY_AST)
            last = tree.body[-1:] if self.cells else []
            if [type(statement) for statement in last] == [ast.Expr] and not ast.get_docstring(
                tree
            ):
                tree.body.pop()
            else:
                last = []
            codes.append(self._compiled(tree, flags))
            flags |= asked_of_the_future(codes[-1])
            if last:
                codes.append(self._compiled(ast.Interactive(last), flags, "single"))
        return codes

    def _compiled(self, code: Any, flags: int, mode: str = "exec") -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about a `\d` in a string, for example
                return compile(code, self.file, mode, flags, dont_inherit=True)
        except SyntaxError as error:
            if error.lineno:  # Python looks for the line in the file, which may be a notebook
                error.text = self.text.split("\n")[error.lineno - 1] + "\n"
            raise
        except (RecursionError, MemoryError):
            raise UnreadableError(self.file, "too deeply nested for Python") from None


def asked_of_the_future(code: CodeType) -> int:
    """The compiler's flag for what a cell's `from __future__` asks for: it holds below, too."""
    return code.co_flags & _ANNOTATIONS


def shown(file: str) -> str:
    """A file's name from the current folder, or its whole path if it is not below that."""
    name = os.path.relpath(file)
    return file if name.startswith(os.pardir) else name


def read(file: str) -> Source:
    """The code that counts in a lesson, a plain Python file or a notebook.

    Raises:
        OSError: the file cannot be read.
        UnreadableError: it is neither text nor a notebook. Its code is not looked at: it may well
            be wrong Python, and `Source.compiled` says so.
    """
    file = os.path.abspath(file)
    content = content_of(file)
    if isinstance(content, list):
        cells = _filled((1, text) for text in content)
        exported = [cell for cell in cells if cell.exported]
        return _read_notebook(file, exported or cells, bool(exported))
    cells = cells_of(content)
    exported = [cell for cell in cells if cell.exported]
    if exported:
        return _without_experiments(_read_cells(file, content, exported, True))
    whole = Source(file, content, False)
    # Cells that have magics in them are for IPython to run.
    return (
        whole if len(cells) < 2 or _is_python(whole) else _read_cells(file, content, cells, False)
    )


def code_cells(file: str) -> list[Cell]:
    """The code cells of a lesson or a notebook that hold anything.

    Raises:
        OSError: the file cannot be read.
        UnreadableError: it is neither text nor a notebook.
    """
    content = content_of(file)
    if isinstance(content, list):
        return _filled((1, text) for text in content)
    return cells_of(content)


def cells_of(text: str) -> list[Cell]:
    """The code cells of a lesson's text that hold anything."""
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines) if CELL.match(line)]
    cells: list[tuple[int, int]] = []  # of each, its head and its end
    for start, end in zip([-1, *heads], [*heads, len(lines)], strict=True):
        if start >= 0 and TEXT_CELL.search(lines[start]):
            continue
        if cells and cells[-1][1] == start and _in_a_string(lines, cells[-1][0], start, end):
            start, _ = cells.pop()
        cells.append((start, end))
    return _filled((start + 2, "\n".join(lines[start + 1 : end])) for start, end in cells)


def _in_a_string(lines: list[str], start: int, head: int, end: int) -> bool:
    """Whether what looks like the head of a cell is a line of a string that begins before it."""
    above = "\n".join(lines[start + 1 : head])
    return (
        any(quotes in above for quotes in ('"""', "'''"))
        and parsed(as_python(above)) is None
        and parsed(as_python("\n".join(lines[start + 1 : end]))) is not None
    )


def unmarked_cell(file: str, name: str) -> str | None:
    """Where a lesson or a notebook gives a name to something outside of what counts, if it does."""
    cells = code_cells(file)
    for cell in cells if any(cell.exported for cell in cells) else ():
        text = as_python(cell.text)
        if cell.exported or parsed(text) is None:
            continue
        names = symtable(text, file, "exec")
        if name in names.get_identifiers():
            symbol = names.lookup(name)
            if symbol.is_assigned() or symbol.is_imported():
                return (
                    f"cell {cell.number}" if cell.start == 1 else f"the cell of line {cell.start}"
                )
    return None


def exercises_in(line: str) -> list[str]:
    """The exercises, by dotted name, that begin at a line of a lesson; none if it's no heading."""
    heading = _EXERCISE.match(line)
    return (_QUOTED.findall(heading[1]) or [heading[1].strip()]) if heading else []


def unwritten(error: BaseException) -> str | None:
    """The exercise, by dotted name, that an error says is to be written; None if it says not."""
    asked = _UNWRITTEN.match(str(error)) if isinstance(error, NotImplementedError) else None
    return asked[1] if asked else None


def pointed_out(error: SyntaxError) -> list[str]:
    """The line that a syntax error is in, and carets below the place; nothing if it has none."""
    if not error.text or not error.offset:
        return []
    line = error.text.rstrip().expandtabs(1)
    first = error.offset - 1
    last = (error.end_offset or 0) - 1 if error.end_lineno in (None, error.lineno) else len(line)
    begin = max(len(line) - len(line.lstrip()), first - _WIDEST // 2)
    end = begin + _WIDEST
    return [line[begin:end], " " * (first - begin) + "^" * max(1, min(last, end) - first)]


def _filled(cells: Iterable[tuple[int, str]]) -> list[Cell]:
    filled = []
    for number, (start, text) in enumerate(((n, text) for n, text in cells if text.strip()), 1):
        lines = text.split("\n")
        first = next((n for n, line in enumerate(lines) if not _ABOVE_EXPORT.match(line)), None)
        marks = [n for n, line in enumerate(lines[:first]) if _EXPORT.match(line.lstrip())]
        filled.append(Cell(number, start, text, bool(marks)))
    return filled


def _read_cells(file: str, content: str, cells: list[Cell], is_lesson: bool) -> Source:
    """The source of a text by some of its cells, each where it is in the text."""
    lines = [""] * (content.count("\n") + 1)
    places = []
    for cell in cells:
        if cell.start > 1:
            lines[cell.start - 2] = "# %%"
        text = as_python(cell.text).split("\n")
        lines[cell.start - 1 : cell.start - 1 + len(text)] = text
        places.append((cell.number, cell.start))
    return Source(file, "\n".join(lines), is_lesson, cells=tuple(places))


def _read_notebook(file: str, cells: list[Cell], is_lesson: bool) -> Source:
    lines: list[str] = []
    places = []
    for cell in cells:
        lines.append("# %%")
        places.append((cell.number, len(lines) + 1))
        lines += as_python(cell.text).split("\n")
    text = "\n".join([*lines, ""])
    source = Source(file, text, is_lesson, is_notebook=True, cells=tuple(places))
    return _without_experiments(source) if is_lesson else source


def _without_experiments(source: Source) -> Source:
    """The source without the `print(...)` and the like that stand between its definitions."""
    tree = parsed(source.text)
    if tree is None:
        return source
    body = tree.body
    lines = source.text.split("\n")
    experiments = []
    for statement in body:
        first, last = _lines_of(statement)
        alone = all(
            other is statement or other.lineno > last or (other.end_lineno or 0) < first
            for other in body
        )
        if alone and _only_shows(statement):
            experiments.append((first, last))
            lines[first - 1 : last] = [""] * (last - first + 1)
    return replace(source, text="\n".join(lines), experiments=tuple(experiments))


def _lines_of(statement: ast.stmt) -> tuple[int, int]:
    """The first and the last line of a statement, decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    first = min(part.lineno for part in (statement, *decorators))
    return first, statement.end_lineno or statement.lineno


def _only_shows(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    match statement.value:
        case ast.Call(func=ast.Name(id=name)):
            return name in ("print", "display", "help")
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=name)))):
            return name == "get_ipython"  # a magic, or a command of the system
        # A string is a docstring, or as harmless as one.
        case ast.Call() | ast.Await() | ast.Constant():
            return False
    return True


def _is_python(source: Source) -> bool:
    try:
        source.compiled()
    except SyntaxError:
        return False
    return True
