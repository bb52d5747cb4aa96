"""A check that fails only because an earlier one did waits for that one."""

import subprocess
import sys
from dataclasses import replace

import pytest
from learner import LAYERS, solved, with_linear

from tinytorch.course import find_module
from tinytorch.course.checking.checks import Check, Unit
from tinytorch.course.checking.judge import Verdict, judge
from tinytorch.course.checking.lines import unit_lines
from tinytorch.course.checking.lineup import StandsBack
from tinytorch.course.checking.results import Result
from tinytorch.course.checking.run import Run
from tito.checks.runner import run_checks
from tito.workspace.folder import Workspace

UNIT = Unit("Numbers")
PASSED = Verdict()


def claim(name: str, *needs: str) -> Check:
    return Check(name, UNIT, f"It {name}s", (), needs, lambda: None)


def failed(mistake: str | None = None) -> Verdict:
    return Verdict("failed", mistake, seen="3", expected="4")


def results_of(*verdicts: tuple[Check, Verdict]) -> list[Result]:
    told = {check.name: verdict for check, verdict in verdicts}
    run = Run("layers", lambda check, limit: told[check.name], lambda file, line: file)
    return [run.result_of(check) for check, _ in verdicts]


ADDS, DOUBLES, SQUARES = claim("add"), claim("double", "add"), claim("square", "double")


def test_what_fails_without_a_name_waits_for_the_failure_that_it_needs() -> None:
    first, second = results_of((ADDS, failed("one is forgotten")), (DOUBLES, failed()))
    assert (first.outcome, second.outcome) == ("failed", "waiting")
    assert second.waits_for == first
    assert not second.failed


def test_what_names_the_same_mistake_again_waits() -> None:
    _, second = results_of(
        (ADDS, failed("one is forgotten")), (DOUBLES, failed("one is forgotten"))
    )
    assert second.outcome == "waiting"


def test_what_names_another_mistake_fails() -> None:
    _, second = results_of((ADDS, failed("one is forgotten")), (DOUBLES, failed("it triples")))
    assert (second.outcome, second.mistake) == ("failed", "it triples")


def test_what_passes_all_the_same_passes() -> None:
    _, second = results_of((ADDS, failed("one is forgotten")), (DOUBLES, PASSED))
    assert second.outcome == "passed"


def test_what_fails_although_all_that_it_needs_passed_fails() -> None:
    _, second = results_of((ADDS, PASSED), (DOUBLES, failed()))
    assert second.outcome == "failed"


def test_what_fails_beside_a_failure_that_it_does_not_need_fails() -> None:
    _, second = results_of((ADDS, failed()), (claim("halve"), failed()))
    assert second.outcome == "failed"


def test_what_needs_something_that_waits_waits_for_the_failure_behind_it() -> None:
    for mistake in (None, "one is forgotten"):
        first, _, third = results_of(
            (ADDS, failed("one is forgotten")), (DOUBLES, failed()), (SQUARES, failed(mistake))
        )
        assert third.waits_for == first


def test_what_leaves_the_matter_to_another_check_waits_for_it() -> None:
    first, second = results_of(
        (ADDS, failed("one is forgotten")), (DOUBLES, Verdict("waiting", waits_for="add"))
    )
    assert second.outcome == "waiting"
    assert second.waits_for == first


def test_a_check_that_a_matter_is_left_to_fails_though_it_needs_the_one_that_left_it() -> None:
    first, second = results_of((ADDS, Verdict("waiting", waits_for="double")), (DOUBLES, failed()))
    assert (first.outcome, second.outcome) == ("waiting", "failed")


def test_what_stands_back_is_judged_as_waiting() -> None:
    def left() -> None:
        raise StandsBack("add")

    assert judge(replace(DOUBLES, run=left), __name__) == Verdict("waiting", waits_for="add")


@pytest.mark.parametrize("forward", ["pass", "raise NotImplementedError"])
def test_nothing_about_an_empty_linear_passes_but_what_is_true_of_it(
    workspace: Workspace, forward: str
) -> None:
    text = solved(LAYERS)
    begin, end = (
        text.index("    def __init__(self, in_features"),
        text.index("class Dropout(Layer)"),
    )
    cell = text.rindex("# %% [markdown]", begin, end)
    methods = f"    def __init__(self, *sizes, bias=True):\n        {forward}\n\n"
    methods += f"    def forward(self, x):\n        {forward}\n\n\n"
    file = workspace.lesson(LAYERS)
    file.write_text(text[:begin] + methods + text[cell:], encoding="utf-8")
    results = run_checks(LAYERS, file).results
    passed = {
        r.check.name for r in results if r.outcome == "passed" and r.check.about[0] != "Linear"
    }
    about_linear = {r.check.name for r in results if r.check.about[0].startswith("Linear")}
    assert passed & about_linear <= {"test_layers_can_be_printed"}
    assert {r.outcome for r in results if r.check.name == "test_parameters_are_float32"} == {
        "waiting"
    }


def test_activations_that_give_nothing_have_not_left_the_world_alone(workspace: Workspace) -> None:
    classes = ["ReLU", "Sigmoid", "Tanh", "GELU", "Softmax"]
    file = workspace.root / "activations.py"
    gives_nothing = "class {}:\n    def __call__(self, x):\n        pass\n\n\n"
    file.write_text("".join(map(gives_nothing.format, classes)), encoding="utf-8")
    results = run_checks(find_module("activations"), file).results
    passed = {r.check.name for r in results if r.outcome == "passed"}
    assert passed <= {"test_activations_can_be_printed"}


def test_a_report_says_what_is_waited_for_unless_it_stands_above() -> None:
    first = Result(ADDS, failed("one is forgotten"))
    second = Result(claim("halve"), failed("two are forgotten"))
    waiting = [
        Result(claim(name), Verdict("waiting"), waits_for=earlier)
        for name, earlier in (("double", first), ("rise", second), ("fall", second))
    ]
    shown = replace(first, hint="!tito hint x")  # as a notebook does
    lines = [line for _, line in unit_lines(UNIT, [shown, second, *waiting])]
    assert lines[-4:] == ["⏳ It doubles", "⏳ It rises", "⏳ It falls", "   waits for It halves"]


def test_plain_pytest_skips_what_waits_and_says_for_which(workspace: Workspace) -> None:
    text = with_linear("apply(linear, 2 * x, self.weight, self.bias)")
    workspace.lesson(LAYERS).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-rsf", "tests/", "-k", "layers"]
    result = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)
    assert result.returncode == 1
    (failed,) = (line for line in result.stdout.splitlines() if line.startswith("FAILED"))
    assert "test_linear_computes_xw_plus_b - " in failed
    assert "the product is doubled" in result.stdout
    assert "waits for: Linear layer computes y = xW + b correctly" in result.stdout


@pytest.mark.parametrize(
    ("mistake", "shown"),
    [
        ("the bias is never added", "The bias is never added."),
        ("a copy is returned", "A copy is returned."),
        ("x is returned as it is", "x is returned as it is."),
        ("as_array copies", "as_array copies."),
    ],
)
def test_a_mistake_is_a_sentence_but_code_keeps_its_letters(mistake: str, shown: str) -> None:
    lines = [line.strip() for _, line in unit_lines(UNIT, [Result(ADDS, failed(mistake))])]
    assert shown in lines
