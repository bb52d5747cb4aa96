"""The words of a check on a screen, the same in a terminal and in a notebook."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from itertools import groupby

from tinytorch.course.checking.checks import Unit
from tinytorch.course.checking.results import Result

SIGNS = {"passed": "✅", "failed": "❌", "error": "❌", "timeout": "❌", "waiting": "⏳"}

_INDENT = "   "


def line_width() -> int:
    """How many columns a line may take: those of the terminal, and never more than can be read."""
    return min(100, shutil.get_terminal_size().columns)


def lines_of(results: list[Result], width: int = 80) -> Iterator[tuple[str, str]]:
    """The lines of one or more units, each with its style, and a blank one between units."""
    for number, (unit, group) in enumerate(groupby(results, lambda result: result.unit)):
        if number:
            yield "heading", ""
        yield from unit_lines(unit, list(group), width)


def unit_lines(unit: Unit, results: list[Result], width: int = 80) -> Iterator[tuple[str, str]]:
    """A unit's lines, each with its style: "heading", "detail", "progress" or its outcome.

    What has failed comes first, the first of it in full: that is what to do next.
    """
    yield "heading", unit.opening
    failed = [r for r in results if r.failed]
    for number, result in enumerate(failed):
        yield from _signed(result, width)
        yield from (("detail", line) for line in _details(result, width, full=number == 0))
    for result in results:
        if result.outcome == "passed":
            yield from _signed(result, width)
    waiting = [r for r in results if r.outcome == "waiting"]
    for earlier, group in groupby(waiting, lambda result: result.waits_for):
        for result in group:
            yield from _signed(result, width)
        # Where that one stands above in full, as the first failure does, it needs no naming again.
        if earlier and earlier.check not in [first.check for first in failed[:1]]:
            for line in _wrapped("waits for ", earlier.sentence, width):
                yield "waiting", line
    if all(r.outcome == "passed" for r in results):
        yield "progress", unit.closing


def _signed(result: Result, width: int) -> Iterator[tuple[str, str]]:
    """A result's sentence behind its sign, which is two columns wide."""
    first, *rest = _fit(result.sentence, width - len(_INDENT))
    yield result.outcome, f"{SIGNS[result.outcome]} {first}"
    yield from ((result.outcome, _INDENT + line) for line in rest)


def _details(result: Result, width: int, full: bool) -> Iterator[str]:
    if result.mistake:
        yield from _wrapped("", _sentence(result.mistake), width)
    if full:
        if result.seen:
            yield from _wrapped("saw       ", result.seen, width)
        if result.expected:
            yield from _wrapped("expected  ", result.expected, width)
    if result.where:
        yield from _wrapped("at        ", result.where, width)
    if full and result.hint:
        yield from _wrapped("hint      ", result.hint, width)


def _sentence(mistake: str) -> str:
    """A mistake as a sentence; code at its beginning, such as `x`, keeps its small letter."""
    word = mistake.split()[0]
    begins_with_code = word != "a" and (len(word) == 1 or not word.isalpha())
    return f"{mistake if begins_with_code else mistake[0].upper() + mistake[1:]}."


def _wrapped(label: str, text: str, width: int) -> Iterator[str]:
    """Text behind its label, below one another where it is long; numbers keep their lines."""
    lines = text.split("\n")
    if len(lines) == 1:
        lines = _fit(text, width - len(_INDENT) - len(label))
    for number, line in enumerate(lines):
        yield _INDENT + (label if number == 0 else " " * len(label)) + line


def _fit(text: str, width: int) -> list[str]:
    """Text in lines that end at spaces; a word that is too long, such as a path, stays whole."""
    lines = textwrap.wrap(text, max(20, width), break_on_hyphens=False, break_long_words=False)
    return lines or [""]
