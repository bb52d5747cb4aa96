"""The exercises of a lesson: their names, their hints, and the code that answers them."""

import ast
import difflib
import re
import textwrap
from dataclasses import dataclass

from tinytorch.course.sources import exercises_in
from tito.errors import TitoError
from tito.lessons.lesson import BEGIN, END, Lesson

_SUMMARY = re.compile(r"#\s*<details>\s*<summary>\s*Hint\b.*</summary>", re.IGNORECASE)
_END = re.compile(r"#\s*</details>", re.IGNORECASE)


def exercise_names(lesson: Lesson) -> list[str]:
    """The functions that a learner writes, by dotted name, in order."""
    return list(dict.fromkeys(solution.function for solution in lesson.solutions))


@dataclass(frozen=True)
class HintBlock:
    """A hint in a lesson, folded away in a notebook: lines `begin` to `end`, counted from 1."""

    exercises: tuple[str, ...]
    """The exercises that it is about, by dotted name."""
    begin: int
    end: int


def hint_blocks(lesson: Lesson) -> list[HintBlock]:
    """The hints of a lesson, in order."""
    found = []
    names: list[str] = []
    begin = 0  # the line on which a hint has begun, or 0
    for number, line in enumerate(lesson.lines, 1):
        if heading := exercises_in(line):
            names = heading
        elif _SUMMARY.match(line):
            begin = number
        elif begin and _END.match(line):
            found.append(HintBlock(tuple(names), begin, number))
            begin = 0
    return found


def hints(lesson: Lesson) -> dict[str, list[str]]:
    """Exercise to hints, from a nudge to nearly the answer, in Markdown."""
    found: dict[str, list[str]] = {}
    for block in hint_blocks(lesson):
        lines = lesson.lines[block.begin : block.end - 1]
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
        for name in block.exercises:
            found.setdefault(name, []).append(text.strip("\n"))
    return found


def has_hints(text: str) -> bool:
    """Whether a lesson gives any hints. It is not parsed: bare `tito` asks, and answers at once."""
    return any(_SUMMARY.match(line) for line in text.split("\n"))


def find_exercise(text: str, names: list[str]) -> list[str]:
    """The exercises that someone means by `text`: `Linear.forward`, `forward` or `Linear`.

    Raises:
        TitoError: there are none; the message lists those there are.
    """
    found = matching(text, names)
    if not found:
        guesses = difflib.get_close_matches(text, names + [n.split(".")[-1] for n in names], n=1)
        guess = f" Did you mean {guesses[0]!r}?" if guesses else ""
        raise TitoError(
            f"There is no exercise {text!r}.{guess} The exercises are {', '.join(names)}."
        )
    return found


def matching(text: str, names: list[str]) -> list[str]:
    """The exercises that are called `text`, or else those with a part that is."""
    wanted = text.strip().lower()
    exact = [name for name in names if name.lower() == wanted]
    return exact or [name for name in names if wanted in name.lower().split(".")]


@dataclass(frozen=True)
class Body:
    """What a function does: its code without its signature and docstring."""

    line: int
    """The line on which it begins, counted from 1."""
    code: str


def body_of(text: str, function: str) -> Body | None:
    """The body of a function, by dotted name; None where there is none.

    The marks around a solution are left out.

    Raises:
        SyntaxError: the text is not valid Python.
    """
    body = ast.parse(text).body
    node: ast.AST | None = None
    for part in function.split("."):
        definitions = [n for n in body if getattr(n, "name", None) == part]
        if not definitions:
            return None
        node = definitions[-1]
        body = getattr(node, "body", [])
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        body = body[1:]
    if not body:
        return None
    end = body[-1].end_lineno or body[-1].lineno
    lines = text.split("\n")
    first = body[0].lineno
    # Comments above the first statement belong to the body.
    while lines[first - 2].lstrip().startswith("#"):
        first -= 1
    kept = [line for line in lines[first - 1 : end] if line.strip() not in (BEGIN, END)]
    return Body(first, textwrap.dedent("\n".join(kept)).strip("\n"))
