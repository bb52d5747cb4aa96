"""`tito test`: the lines of the page, one JSON object, exit codes, and any one file."""

import json
import subprocess
from pathlib import Path

import nbformat
import pytest
from apart import call, run_tito
from click.testing import CliRunner
from learner import ROOT, first_failure, solved, with_linear, write_one

from tinytorch.course import MODULES, Module, find_module
from tito.lessons import material
from tito.lessons.export import notebook_source
from tito.lessons.lesson import read_lesson
from tito.main import main
from tito.workspace.folder import Workspace

LAYERS = find_module("layers")

# What the page of the course shows, in this order; more units follow.
PAGE = """\
🔬 Unit Test: Linear Layer...
✅ Linear layer computes y = xW + b correctly
✅ Weight initialization within expected Xavier range
✅ Bias initialized to zeros
✅ Output shape matches expected dimensions (32, 256)
✅ Parameter list contains weight and bias tensors
📈 Progress: Linear Layer ✓

🔬 Unit Test: Dropout Layer...
✅ Inference mode passes through unchanged
✅ Training mode zeros ~50% of elements
✅ Survivors scaled by 1/(1-p) = 2.0
✅ Zero dropout (p=0.0) preserves all values
✅ Full dropout (p=1.0) zeros everything
📈 Progress: Dropout Layer ✓

🔬 Integration Test: Multi-layer Network...
✅ 3-layer network processes batch: (32, 784) → (32, 10)
✅ Parameter count: 235,146 parameters across 6 tensors
✅ All parameters have requires_grad=True
📈 Progress: Layer Composition ✓

🔬 Unit Test: """

first_three = pytest.mark.parametrize("module", MODULES[:3], ids=lambda module: module.name)


def test_the_output_begins_with_the_lines_of_the_page_and_more_units_follow() -> None:
    done = run_tito("test", "--module", "layers", cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(PAGE)
    assert "🔬 Unit Test: Edge Cases..." in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_one_object_with_the_promised_keys() -> None:
    report = json.loads(run_tito("test", "--module", "03", "--json", cwd=ROOT).stdout)
    assert list(report) == ["module", "passed", "judged", "seconds", "checks"]
    assert (report["module"], report["passed"], report["judged"]) == ("layers", True, True)
    keys = ["unit", "check", "outcome", "mistake", "seen", "expected", "where", "hint"]
    assert [list(check) for check in report["checks"]] == [keys] * len(report["checks"])


def unsolved(module: Module, exercise: str) -> str:
    """The lesson with all solutions but one."""
    text = solved(module)
    lines = text.splitlines(keepends=True)
    for solution in reversed(read_lesson(text, module.lesson).solutions):
        if solution.function == exercise:
            left = f'{solution.indentation}raise NotImplementedError("Write {exercise} in x")\n'
            lines[solution.begin - 1 : solution.end] = [left]
    return "".join(lines)


@first_three
def test_every_exercise_that_is_not_written_says_so_and_where(
    module: Module, tmp_path: Path
) -> None:
    file = tmp_path / f"{module.name}_dev.py"
    lesson = read_lesson(solved(module), module.lesson)
    for exercise in dict.fromkeys(solution.function for solution in lesson.solutions):
        text = unsolved(module, exercise)
        file.write_text(text, encoding="utf-8")
        first = call(first_failure, module, file)
        line = text.split(f'"Write {exercise} in x"')[0].count("\n") + 1
        assert first["mistake"] == "not written yet", exercise
        assert str(first["where"]).endswith(f"_dev.py:{line}")
        assert first["hint"] == f"tito hint {module.digits} {exercise}"


@first_three
def test_a_lesson_that_is_solved_passes(module: Module) -> None:
    result = run_tito("test", "--file", str(ROOT / module.lesson))
    assert result.returncode == 0, result.stdout


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    """A solved lesson that adds the bias twice."""
    file = tmp_path / "layers_dev.py"
    file.write_text(with_linear("apply(linear, x, self.weight, 2 * self.bias)"), encoding="utf-8")
    return file


def test_a_mistake_comes_first_with_its_name_its_place_and_its_hint(mistaken: Path) -> None:
    result = run_tito("test", "--file", str(mistaken))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "🔬 Unit Test: Linear Layer...",
        "❌ Linear layer computes y = xW + b correctly",
        "   The bias is added twice.",
        "   saw       layer(x) =",
    ]
    assert "   hint      tito hint 03 Linear.forward" in lines
    assert lines[-1] == "Next: tito hint 03 Linear.forward"


def test_a_traceback_is_shown_only_when_it_is_asked_for(mistaken: Path) -> None:
    assert "Traceback" not in run_tito("test", "--file", str(mistaken)).stdout
    assert "Traceback" in run_tito("test", "--file", str(mistaken), "-v").stdout


def test_what_the_code_printed_is_shown_when_tracebacks_are(mistaken: Path) -> None:
    text = mistaken.read_text(encoding="utf-8")
    text = text.replace(
        "        return apply(linear",
        "        print('hello from forward')\n        return apply(linear",
    )
    mistaken.write_text(text, encoding="utf-8")
    assert "hello from forward" not in run_tito("test", "--file", str(mistaken)).stdout
    assert "hello from forward" in run_tito("test", "--file", str(mistaken), "-v").stdout


def test_a_notebook_is_judged_with_cells_for_places(tmp_path: Path) -> None:
    cells = [
        "import numpy as np",
        "%matplotlib inline\nclass Linear:\n    def __init__(self, a, b):\n        x = 1 / 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    file = tmp_path / "layers.ipynb"
    nbformat.write(notebook, file)
    report = json.loads(run_tito("test", "--file", str(file), "--json").stdout)
    assert report["checks"][0]["where"].endswith("layers.ipynb, cell 2, line 4")


NOT_JUDGED = {
    "a syntax error": "def f(:\n    pass\n",
    "a module that is not there": "import nunpy\n",
    "a name that is not there": "x = y\n",
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", NOT_JUDGED.values(), ids=NOT_JUDGED)
def test_what_cannot_be_judged_exits_2_and_the_json_says_so(
    tmp_path: Path, content: str | bytes
) -> None:
    file = tmp_path / "layers.py"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    done = run_tito("test", "--file", str(file), "--json")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert (report["passed"], report["judged"]) == (False, False)
    shown = run_tito("test", "--file", str(file))
    assert shown.returncode == 2
    assert "No check could run on the file as it is" in shown.stdout


def test_of_several_modules_one_that_cannot_be_judged_is_enough(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text("# %%\n#| export\nx = (\n")
    done = run_tito("test", "--json", cwd=workspace.root)
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["judged"] is False
    assert [m["module"] for m in report["modules"] if not m["judged"]] == ["layers"]


KINDS = {
    "lesson": (".py", solved(LAYERS)),
    "notebook": (".ipynb", notebook_source(solved(LAYERS))),
    "plain file": (".py", (ROOT / LAYERS.library).read_text(encoding="utf-8")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inside", [True, False], ids=["in a workspace", "outside"])
def test_any_file_that_is_right_passes_wherever_it_is(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, inside: bool
) -> None:
    suffix, text = KINDS[kind]
    file = (workspace.root if inside else tmp_path) / f"mine{suffix}"
    file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(file.parent)
    workspace.finished_file(LAYERS).write_text("def broken(:\n")  # which is not what is judged
    result = run_tito("test", "--file", file.name)
    assert result.returncode == 0, result.stdout
    assert f"({file.name})" in result.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_any_file_that_is_wrong_fails_with_its_place(tmp_path: Path, kind: str) -> None:
    suffix, text = KINDS[kind]
    file = tmp_path / f"mine{suffix}"
    file.write_text(text.replace("apply(linear, x,", "apply(linear, 2 * x,"))
    result = run_tito("test", "--file", str(file), "--json")
    assert result.returncode == 1
    first = next(c for c in json.loads(result.stdout)["checks"] if c["outcome"] == "failed")
    assert first["mistake"] == "the product is doubled"
    assert file.name in first["where"]


def test_the_module_of_a_file_is_known_by_what_it_defines(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("class ReLU: pass\n")
    assert (
        json.loads(run_tito("test", "--file", str(file), "--json").stdout)["module"]
        == "activations"
    )


def test_a_file_about_nothing_known_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("x = 1\n")
    result = run_tito("test", "--file", str(file))
    assert result.returncode == 2
    assert "--module" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--module", "nonsense"),
        ("--file", "missing.py"),
        ("--nonsense",),
        ("--module", "training", "--json"),
    ],
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    assert run_tito("test", *arguments).returncode == 2


def test_in_a_workspace_the_exercise_is_judged_once_it_is_begun(workspace: Workspace) -> None:
    assert "(the reference" in run_tito("test", "--module", "layers").stdout
    write_one(workspace.lesson(LAYERS), "Linear.__init__", "self.weight = None")
    result = run_tito("test", "--module", "layers")
    assert result.returncode == 1
    assert "modules/03_layers/layers_dev.py" in result.stdout


def test_in_a_workspace_all_modules_are_judged_without_an_argument(workspace: Workspace) -> None:
    report = json.loads(run_tito("test", "--json").stdout)
    with_checks = [module.name for module in MODULES if material.check_file(module)]
    assert [m["module"] for m in report["modules"]] == with_checks
    assert report["passed"] is True


def test_an_exercise_that_is_right_points_to_its_completion(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS), encoding="utf-8")
    result = run_tito("test", "--module", "layers")
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith("Next: tito module complete 03\n")


# ---- The tests of a clone ------------------------------------------------------------------------


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that `tito test` would have run."""
    commands: list[list[str]] = []

    def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("tito.commands.test.subprocess.run", run)
    monkeypatch.chdir(ROOT)
    return commands


@pytest.mark.parametrize(
    ("arguments", "for_pytest"),
    [
        (["--thorough"], ["--thorough"]),
        (["--thorough", "--", "--insist", "-x"], ["--thorough", "--insist", "-x"]),
        (["05", "--thorough"], ["-k", "autograd", "--thorough"]),
        (["--", "-x"], ["-x"]),
    ],
)
def test_in_a_clone_thorough_and_what_follows_two_dashes_go_to_pytest(
    called: list[list[str]], arguments: list[str], for_pytest: list[str]
) -> None:
    assert CliRunner().invoke(main, ["test", *arguments]).exit_code == 0
    [command] = called
    assert command[-len(for_pytest) :] == for_pytest


def test_it_says_beforehand_what_runs(called: list[list[str]]) -> None:
    for arguments, told in (([], "Running the tests"), (["--thorough"], "Running all tests")):
        assert CliRunner().invoke(main, ["test", *arguments]).output.startswith(told)


@pytest.mark.parametrize(
    "arguments",
    [["03"], ["--json"], ["03", "--json"], ["--file", "modules/03_layers/layers_dev.py"]],
)
def test_thorough_goes_with_no_checks_file_or_json(
    called: list[list[str]], arguments: list[str]
) -> None:
    result = CliRunner().invoke(main, ["test", "--thorough", *arguments])
    assert result.exit_code == 2
    assert "--thorough goes with all tests of a clone, and with nothing else." in result.output
