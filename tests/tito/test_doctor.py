"""`tito doctor`: finds what is wrong, says what to do, and changes nothing."""

import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from apart import run_tito
from learner import LAYERS, ROOT, TENSOR, solved, tito, with_linear, write_one

from tinytorch.course.overlay import MARKER, VARIABLE
from tito.doctor import environment as machine
from tito.doctor import examine
from tito.doctor.finding import NOTE, OK, PROBLEM, Finding
from tito.lessons import material
from tito.lessons.export import notebook_source
from tito.workspace.folder import Workspace


def one(findings: list[Finding], words: str) -> Finding:
    """The one finding that says this."""
    (found,) = [finding for finding in findings if words in finding.what]
    return found


def seen(workspace: Workspace) -> list[Finding]:
    """All that the doctor finds in a workspace."""
    return list(examine(Workspace(workspace.root)))


@pytest.fixture
def finished(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished file of someone's module 03."""
    monkeypatch.setattr("tito.commands.module._passes", lambda module, file: True)
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    assert tito("module", "complete", "3").exit_code == 0
    return workspace.finished_file(LAYERS)


# ---- The command ---------------------------------------------------------------------------------


def test_in_a_fresh_workspace_all_is_well(workspace: Workspace) -> None:
    finished = run_tito("doctor", cwd=workspace.root)
    assert finished.returncode == 0, finished.stdout
    assert "❌" not in finished.stdout
    assert f"NumPy {np.__version__}" in finished.stdout


def test_a_problem_comes_first_with_its_fix_and_makes_the_doctor_exit_1(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    result = tito("doctor")
    assert result.exit_code == 1
    assert result.output.startswith("❌ OMP_NUM_THREADS is 'many', not a number.\n   unset OMP_NUM")


def test_the_findings_are_there_as_json(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    result = tito("doctor", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 1
    assert data["ok"] is False
    problem = {
        "state": "problem",
        "what": "OMP_NUM_THREADS is 'many', not a number.",
        "fix": "unset OMP_NUM_THREADS",
    }
    assert problem in data["findings"]


def test_a_variable_that_names_no_workspace_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    result = tito("doctor")
    assert result.exit_code == 1
    assert f"{VARIABLE} names {tmp_path}" in result.output.replace("\n   ", " ")


def test_outside_a_workspace_the_doctor_looks_at_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tito("doctor")
    assert result.exit_code == 0
    assert "tito init my-tinytorch" in result.output


def test_the_doctor_changes_nothing(workspace: Workspace, finished: Path) -> None:
    def contents() -> dict[Path, bytes]:
        files = (path for path in workspace.root.rglob("*") if path.is_file())
        # Python keeps the bytecode of a module that is imported, as it does for any file.
        return {path: path.read_bytes() for path in files if path.parent.name != "__pycache__"}

    finished.write_text("import nothing_of_the_kind\n", encoding="utf-8")
    (workspace.root / MARKER).write_text("format =")
    before = contents()
    tito("doctor")
    assert contents() == before


# ---- The machine ---------------------------------------------------------------------------------


def test_an_old_numpy_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "__version__", "1.26.4")
    finding = one(list(machine._numpy()), "NumPy 1.26.4 is too old")
    assert finding.state == PROBLEM
    assert "pip install 'numpy>=2.0'" in finding.fix


def test_a_numpy_that_cannot_be_imported_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert one(list(machine._numpy()), "NumPy cannot be imported").state == PROBLEM


def test_a_library_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version

    def without_matplotlib(name: str) -> str:
        if name == "matplotlib":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without_matplotlib)
    finding = one(list(machine._packages()), "TinyTorch needs matplotlib")
    assert finding.fix.endswith("-m pip install matplotlib")


def test_a_tinytorch_that_is_not_installed_is_worth_knowing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "DISTRIBUTION", "no-such-project")
    finding = one(list(machine._packages()), f"TinyTorch is used from {ROOT}")
    assert finding.state == NOTE


def test_another_project_of_that_name_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(machine._namesake()) == []
    files = [importlib.metadata.PackagePath("tinytorch/__init__.py")]
    monkeypatch.setattr(importlib.metadata, "files", lambda name: files)
    finding = one(list(machine._namesake()), "Another project named tinytorch is installed too")
    assert "uninstall tinytorch" in finding.fix


def test_more_threads_than_processors_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "processors", lambda: 2)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    finding = one(list(machine._threads()), "asks for 8 threads on 2 processors")
    assert (finding.state, finding.fix) == (PROBLEM, "export OPENBLAS_NUM_THREADS=2")


def test_a_container_with_less_than_its_processors_is_worth_knowing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in machine.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine, "processors", lambda: 8)
    monkeypatch.setattr(machine, "_allowed_processors", lambda: 2)
    finding = one(list(machine._threads()), "may use 2 of 8 processors")
    assert (finding.state, "OMP_NUM_THREADS=2" in finding.fix) == (NOTE, True)


def test_a_terminal_without_unicode_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding="iso-8859-1"))
    finding = one(list(machine._encoding()), "iso-8859-1")
    assert (finding.state, finding.fix) == (PROBLEM, "export PYTHONUTF8=1")


def test_a_missing_kernel_for_notebooks_is_worth_knowing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_is_installed", lambda name: name != "ipykernel")
    assert one(list(machine._kernel()), "no kernel for notebooks").state == NOTE


def test_a_kernel_that_runs_another_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setattr(
        KernelSpecManager,
        "get_kernel_spec",
        lambda self, name: SimpleNamespace(argv=["/elsewhere/bin/python"]),
    )
    finding = one(list(machine._kernel()), "another Python, /elsewhere/bin/python")
    assert finding.fix.endswith("-m ipykernel install --sys-prefix")


@pytest.mark.parametrize("file", ["tinytorch/__init__.py", "numpy.py", "numbers.py"])
def test_a_file_that_hides_a_library_is_a_problem(workspace: Workspace, file: str) -> None:
    (workspace.root / file).write_text("raise ImportError('it is me')\n")
    findings = list(machine.shadows(workspace.root))
    assert one(findings, f"{workspace.root / file} hides the library").state == PROBLEM


def test_a_tinytorch_from_elsewhere_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    for package in ("tinytorch", "tinytorch/core"):
        (other / package).mkdir(parents=True)
        (other / package / "__init__.py").touch()
    (other / "tinytorch" / "core" / "tensor.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    finding = one(list(machine.shadows(tmp_path)), str(other / "tinytorch" / "__init__.py"))
    assert f"PYTHONPATH, {other}" in finding.fix


# ---- The workspace -------------------------------------------------------------------------------


def test_damaged_notes_are_worth_knowing(workspace: Workspace) -> None:
    (workspace.root / MARKER).write_text("format =")
    assert one(seen(workspace), "tinytorch.toml was damaged").state == NOTE


def test_a_folder_that_cannot_be_written_is_a_problem(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = str(workspace.lesson(LAYERS).parent)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != closed and access(path, mode))
    finding = one(seen(workspace), "You may not write to modules/03_layers")
    assert finding.state == PROBLEM
    assert "chmod -R u+rwX" in finding.fix


def test_a_full_disk_is_a_problem(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3 * 2**20))
    assert one(seen(workspace), "The disk has 3 MiB left").state == PROBLEM


def damage_syntax(workspace: Workspace) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return (")


def damage_notebook(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text("{")


def damage_both(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    workspace.notebook(LAYERS).write_text("{")


def damage_by_removal(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_syntax, "not valid Python"),
        (damage_notebook, "not a notebook"),
        (damage_both, "both changed"),
        (damage_by_removal, "modules/03_layers/layers_dev.py is gone"),
    ],
)
def test_what_is_wrong_with_an_exercise_is_told(
    workspace: Workspace, damage: Callable[[Workspace], None], words: str
) -> None:
    damage(workspace)
    assert one(seen(workspace), words).state == NOTE


def test_a_module_older_than_its_exercise_is_worth_knowing(
    workspace: Workspace, finished: Path
) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(with_linear("x"))
    finding = one(seen(workspace), "has changed since layers was finished")
    assert (finding.state, finding.fix) == (NOTE, "tito module complete 03")


def test_a_module_that_was_changed_by_hand_is_worth_knowing(
    workspace: Workspace, finished: Path
) -> None:
    finished.write_text(finished.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    finding = one(seen(workspace), "is not what modules/03_layers/layers_dev.py exports")
    assert finding.state == NOTE


def test_going_on_in_the_notebook_changes_nothing_about_a_finished_module(
    workspace: Workspace, finished: Path
) -> None:
    assert tito("module", "start", "03", "--notebook").exit_code == 0
    assert {finding.state for finding in seen(workspace)} == {OK}
    assert tito("module", "complete", "03").exit_code == 0
    (workspace.root / MARKER).unlink()
    assert tito("module", "status").exit_code == 0
    assert {finding.state for finding in seen(workspace)} == {OK}
    finished.write_text(
        finished.read_text(encoding="utf-8").replace("return x @ self.weight", "return x"),
        encoding="utf-8",
    )
    assert one(seen(workspace), "is not what modules/03_layers/layers_dev.").state == NOTE


def test_the_version_that_was_not_changed_is_fine_though_the_notes_are_lost(
    workspace: Workspace, finished: Path
) -> None:
    assert tito("module", "start", "03", "--notebook").exit_code == 0
    workspace.lesson(LAYERS).write_text(with_linear("x"))
    (workspace.root / MARKER).unlink()
    assert tito("module", "start", "03", "--notebook").exit_code == 0
    assert {finding.state for finding in seen(workspace)} == {OK}


def test_a_module_that_another_tinytorch_formatted_is_fine(
    workspace: Workspace, finished: Path
) -> None:
    finished.write_text(
        "# Exported from elsewhere\n"
        + finished.read_text(encoding="utf-8").replace("\n\n\n", "\n\n"),
        encoding="utf-8",
    )
    assert {finding.state for finding in seen(workspace)} == {OK}


def test_an_untouched_lesson_of_another_tinytorch_is_fine(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = material.exercise(LAYERS) + "\n# %%\n#| export\nclass More:\n    pass\n"
    monkeypatch.setattr(material, "exercise", lambda module: newer)
    monkeypatch.setattr(material, "exercise_count", lambda module: 9)
    assert tito("module", "start", "03").exit_code == 0
    assert {finding.state for finding in seen(workspace)} == {OK}


def test_a_module_that_cannot_be_imported_is_a_problem_with_its_place(
    workspace: Workspace, finished: Path
) -> None:
    finished.write_text("\nimport nothing_of_the_kind\n", encoding="utf-8")
    finding = one(seen(workspace), "tinytorch/core/layers.py:2: ModuleNotFoundError: No module")
    assert finding.state == PROBLEM
    assert "tito module complete 03" in finding.fix


def test_a_module_that_breaks_every_other_one_is_told_of_once(
    workspace: Workspace, finished: Path
) -> None:
    workspace.finished_file(TENSOR).write_text("1 / 0\n")
    problems = [finding for finding in seen(workspace) if finding.state == PROBLEM]
    assert len(problems) == 1
    assert "tinytorch/core/tensor.py:1: ZeroDivisionError" in problems[0].what


def test_a_module_that_lacks_what_the_framework_uses_is_a_problem(
    workspace: Workspace, finished: Path
) -> None:
    text = finished.read_text(encoding="utf-8")
    finished.write_text(text.replace("def random_keep", "def random_keeping"), encoding="utf-8")
    finding = one(seen(workspace), "tinytorch/core/layers.py lacks random_keep")
    assert (finding.state, "tito solution 03" in finding.fix) == (PROBLEM, True)


def test_finished_modules_that_work_are_fine(workspace: Workspace, finished: Path) -> None:
    assert one(seen(workspace), "your layers").state == OK


def test_checks_of_another_tinytorch_are_worth_knowing(workspace: Workspace) -> None:
    name = next(iter(material.check_files()))
    (workspace.root / name).write_text("# old\n")
    assert one(seen(workspace), f"other checks than {name}").state == NOTE


def test_a_workspace_with_a_notebook_is_as_well(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text(notebook_source(material.exercise(LAYERS)))
    assert [f for f in seen(workspace) if f.state == PROBLEM] == []
