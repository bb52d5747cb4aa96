"""Reading a lesson: its cells, the marks in them, and every way in which they can be wrong."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from tito.errors import TitoError

EXPORT = "#| export"
BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

# What jupytext takes for the start of a cell: "# %%", "# %% [markdown]", "# %% tags=[...]".
_CELL = re.compile(r"#\s*%%+(\s|$)")
_TEXT_CELL = re.compile(r"\[(markdown|md|raw)\]")
# Near misses of the marks. They are errors, since a misspelt mark would hand out the answer.
_ALMOST_EXPORT = re.compile(r"#\s*\|?\s*exports?", re.IGNORECASE)
_ALMOST_SOLUTION = re.compile(r"#+\W*(begin|end)[\s_-]*solutions?", re.IGNORECASE)


class LessonError(TitoError):
    """A mistake in a lesson, with the file and the line where it is."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")


@dataclass(frozen=True)
class Cell:
    """A code cell: lines `start` to `end` of the lesson, without its `# %%` line."""

    start: int
    end: int
    exported: bool


@dataclass(frozen=True)
class Solution:
    """A block that a learner writes: its marks are on the lines `begin` and `end`."""

    begin: int
    end: int
    indentation: str
    function: str
    """The dotted name of the function around it: `Linear.__call__`."""


@dataclass(frozen=True)
class Lesson:
    """A lesson taken apart. Lines are counted from 1, as editors do."""

    path: str
    lines: tuple[str, ...]
    cells: tuple[Cell, ...]
    solutions: tuple[Solution, ...]


def read_lesson(text: str, path: str) -> Lesson:
    """Take the lesson `text` apart; `path` is what messages call it.

    Raises:
        LessonError: Python cannot parse it, or a mark is misspelt, misplaced or unbalanced.
    """
    lines = tuple(text.splitlines())
    _parse(text, path)
    comments = _own_line_comments(text)
    cells = tuple(_cells(lines, comments))
    for cell in cells:
        # A cell has to stand on its own: it is run alone in a notebook.
        _parse("\n" * (cell.start - 1) + "\n".join(lines[cell.start - 1 : cell.end]), path)
    _check_spelling(path, comments, {cell.start for cell in cells if cell.exported})
    return Lesson(path, lines, cells, tuple(_solutions(path, text, comments, cells)))


def _parse(source: str, path: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LessonError(path, error.lineno or 1, f"this is not valid Python: {error.msg}.") from (
            error
        )


def _own_line_comments(text: str) -> dict[int, tuple[str, str]]:
    """Line number to (indentation, comment) for each comment that has a line to itself.

    Tokens, not lines: what looks like a mark inside a string is not one.
    """
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: (token.line[: token.start[1]], token.string.rstrip())
        for token in tokens
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
    }


def _cells(lines: tuple[str, ...], comments: dict[int, tuple[str, str]]) -> Iterator[Cell]:
    """The code cells that hold anything."""
    heads = [
        number
        for number, (indentation, comment) in comments.items()
        if not indentation and _CELL.match(comment)
    ]
    for head, following in zip(heads, [*heads[1:], len(lines) + 1], strict=True):
        if _TEXT_CELL.search(lines[head - 1]):
            continue
        numbers = [n for n in range(head + 1, following) if lines[n - 1].strip()]
        if numbers:
            yield Cell(numbers[0], numbers[-1], lines[numbers[0] - 1].rstrip() == EXPORT)


def _check_spelling(
    path: str, comments: dict[int, tuple[str, str]], export_lines: set[int]
) -> None:
    for number, (_, comment) in comments.items():
        if _ALMOST_EXPORT.fullmatch(comment) and number not in export_lines:
            raise LessonError(
                path, number, f"{comment!r} must read {EXPORT!r} and be the first line of its cell."
            )
        if _ALMOST_SOLUTION.match(comment) and comment not in (BEGIN, END):
            raise LessonError(
                path, number, f"{comment!r} is no mark; write {BEGIN!r} or {END!r} on its own."
            )


def _solutions(
    path: str, text: str, comments: dict[int, tuple[str, str]], cells: tuple[Cell, ...]
) -> Iterator[Solution]:
    tree = ast.parse(text)
    begin = 0  # the line of the open BEGIN mark, or 0
    for number, (indentation, comment) in comments.items():
        if comment == BEGIN:
            if begin:
                raise LessonError(
                    path, number, f"{BEGIN!r} inside the solution that begins at line {begin}."
                )
            begin = number
        elif comment == END:
            if not begin:
                raise LessonError(path, number, f"{END!r} without a {BEGIN!r} before it.")
            if indentation != comments[begin][0]:
                raise LessonError(
                    path, number, f"{END!r} must be indented like its {BEGIN!r}, line {begin}."
                )
            if not any(c.exported and c.start < begin and number <= c.end for c in cells):
                raise LessonError(
                    path, begin, f"a solution must lie within one cell that starts with {EXPORT!r}."
                )
            function = _function_around(tree, begin, number)
            if function is None:
                raise LessonError(
                    path, begin, "a solution must hold statements of one function's body."
                )
            yield Solution(begin, number, indentation, function)
            begin = 0
    if begin:
        raise LessonError(path, begin, f"{BEGIN!r} without an {END!r} after it.")


def _function_around(tree: ast.Module, begin: int, end: int) -> str | None:
    """The dotted name of the innermost function whose body has statements between two lines."""
    found = None

    def visit(node: ast.AST, name: str, function: str | None) -> None:
        nonlocal found
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and begin < child.lineno < end:
                found = found or function
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                dotted = f"{name}.{child.name}" if name else child.name
                visit(child, dotted, None if isinstance(child, ast.ClassDef) else dotted)
            else:
                visit(child, name, function)

    visit(tree, "", None)
    return found
