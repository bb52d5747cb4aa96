"""Which check would have caught what is wrong with a learner's module."""

from __future__ import annotations

from collections.abc import Iterable

from tinytorch.course import Module, find_module
from tinytorch.course.checking.lines import unit_lines
from tinytorch.course.checking.results import Result
from tito.checks.runner import run_checks
from tito.lessons import material
from tito.terminal.prose import screen_width


def first_failure(names: Iterable[str]) -> tuple[Module, Result] | None:
    """The first check that one of these modules fails, as the framework uses them, and its module.

    None if they pass all there are.
    """
    for name in names:
        module = find_module(name)
        if material.check_file(module) is not None:
            for result in run_checks(module).failures:
                return module, result
    return None


def as_text(result: Result) -> str:
    """The failed check with what it saw and expected, indented."""
    _, *lines = unit_lines(result.unit, [result], screen_width() - 2)
    return "\n".join(f"  {line}" for _, line in lines)
