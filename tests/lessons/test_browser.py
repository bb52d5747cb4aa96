"""A lesson in a page: what its cells show, and what its checks say, as data."""

import asyncio
import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from handed_out import CHECKED, every_exercise, without
from test_check_here import tito_test, units_of

from tinytorch.course import Module, find_module
from tinytorch.course.browser import Page
from tinytorch.course.checking.lines import SIGNS
from tinytorch.course.sources import cells_of

LAYERS = find_module("layers")
TWICE = ("self.weight, self.bias)", "self.weight, 2 * self.bias)")


class Screen:
    """A page, and what it has been handed to show."""

    def __init__(self, module: str = "layers") -> None:
        self.shown: list[tuple[str, str]] = []
        names = {f"id{number}": f"cell {number}" for number in range(1, 200)}
        self.page = Page(module, lambda kind, text: self.shown.append((kind, text)), names)

    def run(self, code: str, cell: str = "id1") -> dict[str, Any]:
        return asyncio.run(self.page.run(cell, code))

    def printed(self, kind: str = "stdout") -> str:
        return "".join(text for shown, text in self.shown if shown == kind)

    def run_lesson(self, text: str) -> None:
        """Run the cells of a lesson that belong to the framework."""
        for cell in cells_of(text):
            if cell.exported:
                self.run(cell.text, f"id{cell.number}")


@pytest.fixture(autouse=True)
def _main_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.fixture
def screen() -> Screen:
    return Screen()


# ---- cells ---------------------------------------------------------------------------------------


def test_a_cell_shows_what_it_prints_and_what_it_ends_with(screen: Screen) -> None:
    assert screen.run("print('one')\n1 + 1")["outcome"] == "done"
    assert screen.shown[-1] == ("stdout", "2\n")
    assert screen.printed() == "one\n2\n"


@pytest.mark.parametrize("code", ["x = 3", "None", "3;", "def f():\n    return 3", "", "# 3"])
def test_what_is_no_value_or_ends_in_a_semicolon_is_not_shown(screen: Screen, code: str) -> None:
    assert screen.run(code)["outcome"] == "done"
    assert screen.shown == []


def test_what_goes_to_stderr_is_told_apart(screen: Screen) -> None:
    screen.run("import sys\nprint('yes')\nprint('no', file=sys.stderr)")
    assert screen.printed("stdout") == "yes\n"
    assert screen.printed("stderr") == "no\n"


def test_a_filter_for_warnings_stays_for_the_cells_below(screen: Screen) -> None:
    screen.run("import warnings\nwarnings.simplefilter('error')")
    assert screen.run("warnings.warn('look out')", "id2")["outcome"] == "error"


def test_cells_share_their_names_and_the_last_value(screen: Screen) -> None:
    screen.run("x = 20\nx + 1")
    screen.run("_ * 2", "id2")
    assert screen.printed() == "21\n42\n"


def test_a_from_future_holds_in_the_cells_below(screen: Screen) -> None:
    screen.run("from __future__ import annotations")
    screen.run("def f(x: Unknown) -> None: pass\nf.__annotations__['x']", "id2")
    assert screen.printed() == "'Unknown'\n"


def test_cells_are_read_as_ipython_reads_them(screen: Screen) -> None:
    code = "%matplotlib inline\nfiles = !ls\n%time y = 4\nlen(files), y"
    assert screen.run(code)["outcome"] == "done"
    assert screen.printed() == "(0, 4)\n"


def test_a_cell_may_await(screen: Screen) -> None:
    screen.run("import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 'slept')")
    assert screen.printed() == "'slept'\n"


def test_values_are_shown_in_their_richest_form(screen: Screen) -> None:
    screen.run("class A:\n    def _repr_html_(self): return '<b>bold</b>'\ndisplay(A(), 1)\nA()")
    assert screen.shown == [("html", "<b>bold</b>"), ("stdout", "1\n"), ("html", "<b>bold</b>")]
    screen.shown.clear()
    screen.run("display(3)", "id2")
    assert screen.shown == [("stdout", "3\n")]


@pytest.mark.parametrize(
    "code", ["plt.plot([1, 2]);", "plt.plot([1, 2])\nplt.show()", "plt.figure()", "plt.gcf()"]
)
def test_a_figure_is_shown_once_as_a_picture(screen: Screen, code: str) -> None:
    screen.run("import matplotlib.pyplot as plt")
    assert screen.run(code, "id2")["outcome"] == "done"
    assert [kind for kind, _ in screen.shown] == ["png"]
    assert b64decode(screen.shown[0][1]).startswith(b"\x89PNG")
    screen.run("1", "id3")
    assert len(screen.shown) == 2


# ---- errors --------------------------------------------------------------------------------------


def test_an_error_has_its_place_and_pythons_account_from_the_cell_on(screen: Screen) -> None:
    screen.run("def f(x):\n    return 1 / x")
    told = screen.run("f(1)\nf(0)", "id2")
    assert (told["outcome"], told["cell"], told["line"]) == ("error", "id1", 2)
    assert told["text"] == (
        "Traceback (most recent call last):\n"
        '  File "<cell 2>", line 2, in <module>\n'
        "    f(0)\n"
        '  File "<cell 1>", line 2, in f\n'
        "    return 1 / x\n" + "           ~~^~~\n" * 1 + "ZeroDivisionError: division by zero\n"
    )


def test_what_is_not_python_is_shown_where_it_is(screen: Screen) -> None:
    told = screen.run("x = 1\nx = = 2", "id7")
    assert (told["outcome"], told["cell"], told["line"]) == ("error", "id7", 2)
    assert told["text"] == (
        '  File "<cell 7>", line 2\n    x = = 2\n        ^\nSyntaxError: invalid syntax\n'
    )


def test_an_error_in_what_a_value_is_shown_by_has_the_learners_lines_alone(screen: Screen) -> None:
    told = screen.run("class A:\n    def __repr__(self): return 1 / 0\ndisplay(A())")
    assert (told["cell"], told["line"]) == ("id1", 2)
    assert "browser.py" not in told["text"]
    assert told["text"].count('File "<cell 1>"') == 2


def test_nobody_can_type_in_a_page(screen: Screen) -> None:
    told = screen.run("name = input('name? ')")
    assert told["text"].endswith(
        "EOFError: EOF when reading a line: nobody can type in a page; write the answer here\n"
    )


def test_an_error_deep_in_the_library_has_its_place_in_the_cell(screen: Screen) -> None:
    screen.run("import numpy as np")
    told = screen.run("# below\nnp.zeros(3) + np.zeros(4)", "id2")
    assert (told["cell"], told["line"]) == ("id2", 2)


@pytest.mark.parametrize("code", ["exit()", "raise KeyboardInterrupt", "raise SystemExit(3)"])
def test_what_would_end_a_program_ends_the_cell_alone(screen: Screen, code: str) -> None:
    assert screen.run(code)["outcome"] == "error"
    assert screen.run("1")["outcome"] == "done"


def test_a_cell_that_is_run_again_has_its_new_lines_in_an_account(screen: Screen) -> None:
    screen.run("1 / 1")
    assert "2 / 0" in screen.run("2 / 0")["text"]


def test_a_cell_that_waits_for_an_exercise_says_for_which(screen: Screen) -> None:
    screen.run("def forward():\n    raise NotImplementedError('Write Linear.forward in this cell')")
    told = screen.run("y = forward()", "id2")
    assert (told["outcome"], told["exercise"]) == ("waiting", "Linear.forward")
    assert (told["cell"], told["line"]) == ("id1", 2)
    assert told["text"] == (
        "⏳ This waits for Linear.forward, which is not written yet: cell 1, line 2"
    )
    assert screen.run("y + 1", "id3")["text"] == (
        "⏳ This waits for `y`, from cell 2, which stopped because Linear.forward was not written "
        "yet: cell 1, line 2"
    )
    assert screen.run("unheard_of", "id4")["outcome"] == "error"


# ---- checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", CHECKED, ids=lambda module: module.folder)
def test_a_solved_lesson_passes_all_its_checks(module: Module) -> None:
    screen = Screen(module.name)
    screen.run_lesson(without(module))
    checked = screen.page.check()
    assert checked["passed"]
    assert {result["outcome"] for result in checked["results"]} == {"passed"}
    assert json.loads(json.dumps(checked)) == checked


def test_a_mistake_is_told_in_the_words_of_tito_test(
    screen: Screen, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = without(LAYERS).replace(*TWICE)
    screen.run_lesson(text)
    (tmp_path / "lesson_dev.py").write_text(text, encoding="utf-8")
    there = tito_test(tmp_path / "lesson_dev.py", LAYERS)
    opening = "🔬 Unit Test: Linear Layer..."
    checked = screen.page.check("Linear Layer", width=100)
    here = units_of("\n".join(line for _, line in checked["lines"]))
    places = ("   at        ", "   hint      ")  # in the page, and with no command
    [mine, its] = (
        [line for line in units[opening].split("\n") if not line.startswith(places)]
        for units in (here, there)
    )
    assert mine == its
    assert not checked["passed"]


def test_a_result_has_its_cell_and_line_exercise_and_hint(screen: Screen) -> None:
    text = without(LAYERS).replace(*TWICE)
    screen.run_lesson(text)
    result = next(r for r in screen.page.check()["results"] if r["outcome"] == "failed")
    cell = next(cell for cell in cells_of(text) if TWICE[1] in cell.text)
    assert result["unit"] == "Linear Layer"
    assert "twice" in result["mistake"]
    assert (result["cell"], result["exercise"]) == (f"id{cell.number}", "Linear.forward")
    assert result["where"] == f"cell {cell.number}, line {result['line']}"
    assert result["line"] <= cell.text.count("\n") + 1
    assert result["hint"] in (None, 1, 2, 3)
    assert result["seen"]
    assert result["expected"]


@pytest.mark.parametrize(
    ("module", "exercise"), every_exercise(), ids=lambda value: getattr(value, "name", value)
)
def test_an_exercise_that_is_not_written_is_pointed_to(module: Module, exercise: str) -> None:
    screen = Screen(module.name)
    text = without(module, exercise)
    screen.run_lesson(text)
    told = [r for r in screen.page.check()["results"] if r["mistake"] == "not written yet"]
    assert exercise in {result["exercise"] for result in told}
    [first] = [r for r in told if r["exercise"] == exercise]
    cell = next(cell for cell in cells_of(text) if f"Write {exercise} in" in cell.text)
    line = cell.text.split(f"Write {exercise} in")[0].count("\n") + 1
    assert (first["cell"], first["line"]) == (f"id{cell.number}", line)


def test_before_a_check_it_is_told_with_its_limit(screen: Screen) -> None:
    screen.run_lesson(without(LAYERS))
    checked = screen.page.check("Linear Layer")
    told = [json.loads(text) for kind, text in screen.shown if kind == "check"]
    assert [check["name"] for check in told] == [r["name"] for r in checked["results"]]
    assert told[0]["sentence"] == checked["results"][0]["check"]
    assert told[0]["limit"] == 10


def test_a_check_that_was_interrupted_is_not_run_again_and_told_as_such(screen: Screen) -> None:
    screen.run_lesson(without(LAYERS))
    first, *others = [result["name"] for result in screen.page.check("Linear Layer")["results"]]
    screen.shown.clear()
    checked = screen.page.check("Linear Layer", late={first: 10.0})
    told = [json.loads(text)["name"] for kind, text in screen.shown if kind == "check"]
    assert told == others
    assert checked["results"][0]["outcome"] == "timeout"
    lines = [line for _, line in checked["lines"]]
    assert "   It does not come to an end, or takes far too long." in lines
    assert "   saw       still running after 10 seconds" in lines


def test_what_is_not_defined_here_is_said(screen: Screen) -> None:
    result = screen.page.check("Linear Layer")["results"][0]
    assert result["mistake"] == "Linear is not defined here"


def test_titles_that_there_are_no_checks_for_are_an_error(screen: Screen) -> None:
    with pytest.raises(LookupError, match=r"layers has checks for .*Linear Layer"):
        screen.page.check("Linear")


def test_check_here_in_a_cell_prints_what_it_prints_elsewhere(screen: Screen) -> None:
    screen.run_lesson(without(LAYERS).replace(*TWICE))
    screen.run("from tinytorch.course.checking import check_here", "id90")
    screen.run("check_here('layers', 'Linear Layer')", "id91")
    assert SIGNS["failed"] in screen.printed()
    assert "at        cell " in screen.printed()


# ---- what is laid over ---------------------------------------------------------------------------


@pytest.fixture
def in_a_new_python() -> Callable[..., str]:
    def run(program: str, *arguments: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**os.environ, "TINYTORCH_WORKSPACE": "off"},
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


def test_finished_modules_are_laid_over_the_framework(
    in_a_new_python: Callable[..., str],
) -> None:
    program = """
import json, sys
from tinytorch.course.browser import lay_over, whose
for name, text in json.loads(sys.argv[1]).items():
    lay_over(name, text)
print(whose())
from tinytorch import Linear, Tensor
print(repr(Linear(2, 3)))
"""
    text = without(LAYERS).replace('f"Linear(', 'f"MyLinear(')
    laid = {"activations": without(find_module("activations")), "layers": text}
    output = in_a_new_python(program, json.dumps(laid))
    assert "'activations': 'yours', 'layers': 'yours', 'losses': 'reference'" in output
    assert "MyLinear(2, 3)" in output


def test_once_the_framework_is_imported_nothing_can_be_laid_over_it() -> None:
    import tinytorch.core.layers  # noqa: F401 - so that it is
    from tinytorch.course.browser import lay_over

    with pytest.raises(RuntimeError, match="has been imported already"):
        lay_over("layers", "x = 1")
