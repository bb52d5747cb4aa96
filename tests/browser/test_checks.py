"""Checks in a browser: what elsewhere holds by the system holds there by other means."""

import json
from pathlib import Path

import numpy as np
import pytest

from tinytorch.course import shipped
from tinytorch.course.browser import Page
from tinytorch.course.checking.run import Run
from tinytorch.course.sources import cells_of


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


ENDLESS = ("self.forward(x)", "self(x)", "sorted([x], key=self)", "list(map(self.forward, [x]))")


@pytest.mark.parametrize("endless", ENDLESS)
def test_endless_recursion_is_named(endless: str) -> None:
    page = handed_in("layers", "return apply(linear", f"return {endless} or apply(linear")
    result = page.check("Linear Layer")["results"][0]
    assert result["mistake"] == "it calls itself without end, or too often for Python"
    assert page.check("Dropout Layer")["passed"]


@pytest.mark.parametrize("module", ["tensor", "activations", "layers", "losses"])
def test_every_check_of_a_solved_lesson_passes(module: str) -> None:
    page = handed_in(module, "import annotations", "import annotations")
    checked = page.check()
    assert [r for r in checked["results"] if r["outcome"] != "passed"] == []
    assert json.loads(json.dumps(checked)) == checked


def test_an_overflow_that_does_not_show_in_the_result_is_noticed() -> None:
    stable = "np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.absolute(x)))"
    page = handed_in("activations", stable, "1 / (1 + np.exp(-x))")
    [failed] = [r for r in page.check("Sigmoid")["results"] if r["outcome"] != "passed"]
    assert failed["mistake"] == (
        "exp(-x) overflows for large negative numbers: they need a form of their own"
    )
    assert isinstance(np.exp, np.ufunc)


def test_an_overflow_that_is_meant_is_left_alone() -> None:
    stable = "np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.absolute(x)))"
    meant = f"{stable}\n    with np.errstate(over='ignore'):\n        np.exp(-x)"
    page = handed_in("activations", f"return {stable}", f"result = {meant}\n    return result")
    assert page.check("Sigmoid")["passed"]
