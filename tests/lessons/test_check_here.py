"""The checks below the exercises: they say what `tito test` says, and let the lesson go on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from handed_out import CHECKED, every_exercise, run, without

from tinytorch.core import autograd
from tinytorch.course import Module, find_module
from tinytorch.course.checking import check_here
from tinytorch.course.checking.run import Run
from tito.main import main

LAYERS = find_module("layers")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lesson's file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lesson_dev.py"


def units_of(output: str) -> dict[str, str]:
    """Opening line to all lines, for each unit that was printed."""
    units: dict[str, list[str]] = {}
    for line in output.splitlines():
        if line.startswith("🔬"):
            units[line] = lines = []
        if units and line:
            lines.append(line)
    return {opening: "\n".join(lines) for opening, lines in units.items()}


def tito_test(file: Path, module: Module) -> dict[str, str]:
    """What `tito test` prints about the file, by unit."""
    result = CliRunner().invoke(main, ["test", "--file", str(file), "--module", module.name])
    return units_of(result.output.rpartition("\n\n")[0])


# ---- the same words ------------------------------------------------------------------------------


@pytest.mark.parametrize("module", CHECKED, ids=lambda module: module.folder)
def test_a_solved_lesson_prints_what_tito_test_prints(
    module: Module, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(file, without(module))
    here = units_of(capsys.readouterr().out)
    there = tito_test(file, module)
    assert here
    assert here == {opening: there[opening] for opening in here}
    assert all("📈 Progress:" in lines for lines in here.values())


def test_a_mistake_is_told_as_tito_test_tells_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = without(LAYERS).replace("self.weight, self.bias)", "self.weight, 2 * self.bias)")
    run(file, text)
    here = units_of(capsys.readouterr().out)["🔬 Unit Test: Linear Layer..."]
    assert here == tito_test(file, LAYERS)["🔬 Unit Test: Linear Layer..."]
    for part in ("twice.", "saw       ", "expected  ", "at        lesson_dev.py:"):
        assert part in here
    assert "hint      tito hint 03 Linear.forward" in here


@pytest.mark.parametrize(
    ("module", "exercise"), every_exercise(), ids=lambda value: getattr(value, "name", value)
)
def test_an_exercise_that_is_not_written_says_so_and_where(
    module: Module, exercise: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = without(module, exercise)
    run(file, text)
    line = text.split(f"Write {exercise} in")[0].count("\n") + 1
    told = (
        "   Not written yet.\n"
        f"   at        lesson_dev.py:{line}\n"
        f"   hint      tito hint {module.digits} {exercise}\n"
    )
    assert told in capsys.readouterr().out


# ---- what is judged ------------------------------------------------------------------------------


def test_what_comes_with_tinytorch_is_not_taken_for_the_learners(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exec(
        'check_here("tensor", "Tensor Creation")',
        {"__name__": "__main__", "check_here": check_here, **vars(autograd)},
    )
    output = capsys.readouterr().out
    assert "Tensor is not defined here." in output
    assert "expected  a Tensor of yours; run the cell that defines it" in output
    assert "✅" not in output


def test_an_operation_has_the_derivative_of_its_namesake_while_it_is_checked(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(autograd._rules)
    relu = run(file, without(find_module("activations")))["relu"]
    assert "✅ The gradient of ReLU" in capsys.readouterr().out
    assert relu not in before
    assert autograd._rules == before


def test_a_derivative_that_an_experiment_has_entered_counts_for_no_check(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace = run(file, without(LAYERS))
    capsys.readouterr()
    linear = namespace["linear"]
    autograd.derivative(linear, *[lambda gradient: 0 * gradient] * 3)
    entered = autograd._rules[linear]
    exec('check_here("layers", "Edge Cases", "Linear Layer")', namespace)
    assert "❌" not in capsys.readouterr().out
    assert autograd._rules.pop(linear) is entered


def test_a_file_that_is_loaded_as_part_of_the_framework_is_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exec(
        'check_here("layers", "Linear Layer")',
        {"__name__": "tinytorch.core.layers", "check_here": check_here},
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("arguments", [("layers", "Linear"), ("layers",), ("training", "Trainer")])
def test_a_name_without_checks_is_an_error(arguments: tuple[str, ...]) -> None:
    with pytest.raises(LookupError, match=r"layers has checks for .*Linear Layer|no checks"):
        check_here(*arguments)


# ---- code that misbehaves ------------------------------------------------------------------------


def linear_that(does: str, file: Path) -> None:
    """Run the lesson with a Linear whose forward does something odd first."""
    run(file, without(LAYERS).replace("return apply(linear", f"{does}; return apply(linear"))


def test_code_that_loops_for_ever_is_stopped(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run.__init__, "__defaults__", (0.2,))
    loop = "import itertools; all(True for _ in itertools.count())"
    linear_that(loop, file)
    output = capsys.readouterr().out
    assert "It does not come to an end, or takes far too long." in output
    assert "saw       still running after 0.2 seconds" in output
    line = file.read_text(encoding="utf-8").split(loop)[0].count("\n") + 1
    assert f"at        lesson_dev.py:{line}" in output


def test_code_that_ends_the_program_does_not_end_the_lesson(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linear_that("exit()", file)
    output = capsys.readouterr().out
    assert "It ends the program, with exit()." in output
    assert "📈 Progress: Dropout Layer ✓" in output


def test_what_code_prints_while_it_is_checked_stays_out_of_the_way(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linear_that("print('noise')", file)
    captured = capsys.readouterr()
    assert "noise" not in captured.out + captured.err
    assert "📈 Progress: Linear Layer ✓" in captured.out


def test_control_c_ends_the_checks(file: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        linear_that("raise KeyboardInterrupt", file)


def test_a_pipe_that_takes_ascii_only_gets_question_marks() -> None:
    program = (
        'from tinytorch.course.checking import check_here; check_here("layers", "Linear Layer")'
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith("? Unit Test: Linear Layer...\n? Linear layer computes")
