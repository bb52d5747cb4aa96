"""The lessons as a page runs them, solved, from their first cell to the last."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tinytorch.core import autograd
from tinytorch.core.tensor import attach
from tinytorch.course import MODULES, Module, shipped
from tinytorch.course.browser import Page
from tinytorch.course.sources import cells_of


class Screen:
    """A page, and what it has been handed to show."""

    def __init__(self, module: Module) -> None:
        self.shown: list[tuple[str, str]] = []
        self.page = Page(module.name, lambda kind, text: self.shown.append((kind, text)))

    def run(self, cell: str, code: str) -> dict[str, Any]:
        """Run a cell that awaits nothing."""
        try:
            self.page.run(cell, code).send(None)
        except StopIteration as end:
            result: dict[str, Any] = end.value
            return result
        raise AssertionError("the cell waits for something")


@pytest.fixture(autouse=True)
def _autograd_as_it_was() -> Iterator[None]:
    """Lesson 05 puts a recorder of its own at the door."""
    yield
    attach(autograd.record, autograd.backward)


@pytest.mark.needs("Matplotlib")
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_cell_of_a_lesson_runs_and_its_checks_pass(module: Module) -> None:
    screen = Screen(module)
    file = shipped.find(module.name, f"{module.name}_dev.py")
    assert file is not None
    for cell in cells_of(Path(file).read_text(encoding="utf-8")):
        told = screen.run(f"c{cell.number}", cell.text)
        assert told["outcome"] == "done", told["text"]
    printed = "".join(text for kind, text in screen.shown if kind in ("stdout", "stderr"))
    assert "❌" not in printed
    assert "Warning" not in printed
    if shipped.check_file(module.name):
        failed = [r for r in screen.page.check()["results"] if r["outcome"] != "passed"]
        assert failed == []
