"""Lessons as learners have them, from handed out to solved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinytorch import Tensor
from tinytorch.course import MODULES, Module
from tinytorch.course.checking import check_here
from tinytorch.course.sources import cells_of
from tito.dev import lacking
from tito.lessons.exercises import exercise_names
from tito.lessons.lesson import Lesson, read_lesson

ROOT = Path(__file__).resolve().parents[2]

# The modules that have checks and hints.
CHECKED = [module for module in MODULES if (ROOT / module.checks).is_file()]


def lesson_of(module: Module) -> Lesson:
    """The lesson, with its solutions."""
    return read_lesson((ROOT / module.lesson).read_text(encoding="utf-8"), module.lesson)


def every_exercise() -> list[tuple[Module, str]]:
    """The exercises of the modules that have checks."""
    return [(module, name) for module in CHECKED for name in exercise_names(lesson_of(module))]


def without(module: Module, *exercises: str) -> str:
    """The lesson with all solutions but those of these exercises."""
    return lacking.without(lesson_of(module), *exercises)


def run(file: Path, text: str) -> dict[str, Any]:
    """Run a lesson cell by cell, without its experiments, and return what it has defined."""
    file.write_text(text, encoding="utf-8")
    namespace = {"__name__": "__main__", "Tensor": Tensor, "check_here": check_here}
    for cell in cells_of(text):
        if cell.exported or "check_here(" in cell.text:
            code = "\n" * (cell.start - 1) + cell.text
            # As in a notebook, `from __future__ import annotations` holds in all cells.
            flags = annotations.compiler_flag
            exec(compile(code, str(file), "exec", flags, dont_inherit=True), namespace)
    return namespace
