"""Reading a lesson: its cells, the marks in them, and every way in which they can be wrong."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from tinytorch.course.sources import CELL, EXPORT, TEXT_CELL
from tito.errors import TitoError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

# Near misses of the marks. They are errors, since a misspelt mark would hand out the answer.
_ALMOST_EXPORT = re.compile(r"#\s*\|?\s*exports?", re.IGNORECASE)
_ALMOST_SOLUTION = re.compile(r"#\W*(begin|end)[\s_-]*solutions?\W*", re.IGNORECASE)


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
    lines = tuple(text.removesuffix("\n").split("\n"))
    tree = _parse(text, path)
    comments = _comments(text, lines)
    cells = tuple(_cells(lines, comments))
    for cell in cells:
        # A cell has to stand on its own: it is run alone in a notebook.
        _parse("\n" * (cell.start - 1) + "\n".join(lines[cell.start - 1 : cell.end]), path)
        _check_spelling(path, cell, comments)
    return Lesson(path, lines, cells, tuple(_solutions(path, tree, cells, comments)))


def _parse(source: str, path: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LessonError(path, error.lineno or 1, f"not valid Python: {error.msg}.") from error


@dataclass(frozen=True)
class _Comment:
    before: str
    """What stands before it on its line: the indentation alone, or code too."""
    text: str


def _comments(text: str, lines: tuple[str, ...]) -> dict[int, _Comment]:
    """Line number to comment. What looks like a mark inside a string is not among them."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: _Comment(lines[token.start[0] - 1][: token.start[1]], token.string.rstrip())
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _cells(lines: tuple[str, ...], comments: dict[int, _Comment]) -> Iterator[Cell]:
    """The code cells that hold anything; what stands before the first `# %%` counts as one."""
    heads = [
        n for n, comment in comments.items() if not comment.before and CELL.match(comment.text)
    ]
    for head, following in zip([0, *heads], [*heads, len(lines) + 1], strict=True):
        if head and TEXT_CELL.search(lines[head - 1]):
            continue
        numbers = [n for n in range(head + 1, following) if lines[n - 1].strip()]
        if numbers:
            yield Cell(numbers[0], numbers[-1], lines[numbers[0] - 1] == EXPORT)


def _check_spelling(path: str, cell: Cell, comments: dict[int, _Comment]) -> None:
    for number in range(cell.start, cell.end + 1):
        comment = comments.get(number)
        if comment is None:
            continue
        first_mark = cell.exported and number == cell.start
        if _ALMOST_EXPORT.fullmatch(comment.text) and not first_mark:
            raise LessonError(
                path,
                number,
                f"{comment.text!r} should be {EXPORT!r}, and the first line of its cell.",
            )
        well_formed = comment.text in (BEGIN, END) and not comment.before.strip()
        if _ALMOST_SOLUTION.fullmatch(comment.text) and not well_formed:
            raise LessonError(
                path, number, f"{comment.text!r} should be {BEGIN!r} or {END!r}, on its own line."
            )


def _solutions(
    path: str, tree: ast.Module, cells: tuple[Cell, ...], comments: dict[int, _Comment]
) -> Iterator[Solution]:
    begin = 0  # the line of the mark that is open, or 0
    for number, comment in comments.items():
        if comment.text == BEGIN:
            if begin:
                problem = f"{BEGIN!r} inside the solution that begins at line {begin}."
                raise LessonError(path, number, problem)
            begin = number
        elif comment.text == END:
            if not begin:
                raise LessonError(path, number, f"{END!r} without a {BEGIN!r} before it.")
            if comment.before != comments[begin].before:
                problem = f"{END!r} must be indented like its {BEGIN!r} at line {begin}."
                raise LessonError(path, number, problem)
            if not any(c.exported and c.start < begin and number <= c.end for c in cells):
                problem = f"a solution must lie within one cell that starts with {EXPORT!r}."
                raise LessonError(path, begin, problem)
            functions = _functions_between(tree, begin, number)
            if len(functions) != 1 or None in functions:
                problem = "a solution must hold statements from the body of one function."
                raise LessonError(path, begin, problem)
            yield Solution(begin, number, comment.before, str(*functions))
            begin = 0
    if begin:
        raise LessonError(path, begin, f"{BEGIN!r} without an {END!r} after it.")


def _functions_between(tree: ast.Module, begin: int, end: int) -> set[str | None]:
    """The functions whose bodies have statements between two lines, by dotted name.

    A statement outside every function counts as None; what is inside a statement that has been
    counted does not count again.
    """
    found: set[str | None] = set()

    def visit(node: ast.AST, name: str, function: str | None) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.stmt):
                if not isinstance(child, ast.expr):  # a case or an except, which holds statements
                    visit(child, name, function)
            elif begin < child.lineno < end:
                found.add(function)
            elif child.lineno > end or (child.end_lineno or end) < begin:
                continue
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                dotted = f"{name}.{child.name}" if name else child.name
                visit(child, dotted, None if isinstance(child, ast.ClassDef) else dotted)
            else:
                visit(child, name, function)

    visit(tree, "", None)
    return found
