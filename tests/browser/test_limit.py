"""Code that does not come to an end is interrupted from within, where nothing outside can."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tinytorch.course import shipped
from tinytorch.course.browser import Page
from tinytorch.course.checking.judge import OutOfTime
from tinytorch.course.checking.limit import time_limit
from tinytorch.course.checking.run import Run
from tinytorch.course.sources import cells_of


def forever() -> None:
    while True:
        pass


def growing() -> None:
    numbers = [0]
    for number in numbers:
        numbers.append(number)


def generating() -> None:
    sum(0 for _ in iter(int, 1))


def in_a_comprehension() -> None:
    len([None for _ in iter(int, 1)])


def stubborn() -> None:
    caught = 0
    while caught < 2:
        try:
            forever()
        except OutOfTime:
            caught += 1
    forever()


def after_another_limit() -> None:
    with time_limit(10):
        pass
    forever()


@pytest.mark.parametrize(
    "endless", [forever, growing, generating, in_a_comprehension, stubborn, after_another_limit]
)
def test_an_endless_loop_ends_when_its_time_is_up(endless: Callable[[], None]) -> None:
    with pytest.raises(OutOfTime, match=r"still running after 0\.2 seconds"), time_limit(0.2):
        endless()


def test_afterwards_nothing_is_interrupted() -> None:
    with time_limit(0.1):
        pass
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass


def handed_in(module: str, old: str, new: str) -> Page:
    """A page on which a lesson was run, solved, with a line in it replaced."""
    page = Page(module, lambda kind, text: None)
    file = shipped.find(module, f"{module}_dev.py")
    assert file is not None
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    for cell in cells_of(text.replace(old, new)):
        if cell.exported:
            with pytest.raises(StopIteration):
                page.run(f"c{cell.number}", cell.text).send(None)
    return page


def test_a_check_names_the_line_of_a_loop_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run.__init__, "__defaults__", (0.3,))
    page = handed_in(
        "layers", "return apply(linear", "while True: pass\n        return apply(linear"
    )
    result = page.check("Linear Layer")["results"][0]
    assert result["outcome"] == "timeout"
    assert result["mistake"] == "it does not come to an end, or takes far too long"
    assert result["seen"] == "still running after 0.3 seconds"
    assert result["exercise"] == "Linear.forward"
    assert result["line"]


def test_endless_recursion_is_named() -> None:
    page = handed_in("layers", "return apply(linear", "return self.forward(x) or apply(linear")
    result = page.check("Linear Layer")["results"][0]
    assert result["mistake"] == "it calls itself without end, or too often for Python"
    assert page.check("Dropout Layer")["passed"]


@pytest.mark.parametrize("module", ["tensor", "activations", "layers", "losses"])
def test_every_check_of_a_solved_lesson_passes(module: str) -> None:
    page = handed_in(module, "import annotations", "import annotations")
    checked = page.check()
    assert [r for r in checked["results"] if r["outcome"] != "passed"] == []
    assert json.loads(json.dumps(checked)) == checked
