"""The workspace: how far each module is, which file counts, and notes that may be lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from learner import LAYERS, TENSOR, solved, tito, with_linear, write_one

from tinytorch.course import MODULES
from tinytorch.course.overlay import MARKER, VARIABLE
from tito.errors import TitoError
from tito.lessons import material
from tito.lessons.export import notebook_source
from tito.workspace.folder import HIDDEN, Status, Workspace, fingerprint
from tito.workspace.notes import FORMAT, Progress, State, from_toml, to_toml


def afresh(workspace: Workspace) -> Workspace:
    """The same workspace, as the next command sees it."""
    return Workspace(workspace.root)


def finish(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Complete the module on layers, without running its checks."""
    monkeypatch.setattr("tito.commands.module._passes", lambda module, file: True)
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    assert tito("module", "complete", "layers").exit_code == 0


# ---- Finding it ----------------------------------------------------------------------------------


def test_outside_a_workspace_there_is_none_and_the_error_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Workspace.find() is None
    with pytest.raises(TitoError, match="tito init my-tinytorch"):
        Workspace.here()


def test_a_variable_that_names_no_workspace_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(TitoError, match=f"{VARIABLE} names {tmp_path}, which is not a workspace"):
        Workspace.find()


def test_the_variable_turns_even_a_workspace_without_its_marker_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.root / MARKER).unlink()
    monkeypatch.setenv(VARIABLE, "off")
    assert Workspace.find() is None


def test_in_a_folder_that_is_gone_there_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert Workspace.find() is None
    assert tito().exit_code == 0


# ---- How far a module is -------------------------------------------------------------------------


def test_a_module_as_it_was_handed_out_is_not_started(workspace: Workspace) -> None:
    assert workspace.status(LAYERS) is Status.NOT_STARTED
    assert workspace.judged_file(LAYERS) is None


def test_notes_and_experiments_around_the_exercises_do_not_start_a_module(
    workspace: Workspace,
) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(lesson.read_text() + "\n# %%\nprint('hello')\n")
    assert workspace.status(LAYERS) is Status.NOT_STARTED


def test_a_module_is_in_progress_once_something_in_it_is_written(workspace: Workspace) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.parameters", "return []")
    assert workspace.status(LAYERS) is Status.IN_PROGRESS
    assert workspace.judged_file(LAYERS) == workspace.lesson(LAYERS)


def test_a_module_is_in_progress_once_it_was_started(workspace: Workspace) -> None:
    tito("module", "start", "layers")
    assert workspace.status(LAYERS) is Status.IN_PROGRESS


def test_a_finished_module_is_judged_as_the_framework_uses_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, monkeypatch)
    assert workspace.status(LAYERS) is Status.FINISHED
    assert workspace.judged_file(LAYERS) == workspace.finished_file(LAYERS)


def test_a_module_that_has_changed_since_is_judged_by_the_exercise(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, monkeypatch)
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(with_linear("x"))
    assert workspace.status(LAYERS) is Status.CHANGED
    assert workspace.judged_file(LAYERS) == lesson


def test_a_module_put_there_by_hand_counts_as_finished(workspace: Workspace) -> None:
    workspace.finished_file(LAYERS).write_text("x = 1\n")
    assert workspace.status(LAYERS) is Status.FINISHED


def test_what_is_still_to_be_written_is_known_by_name_and_place(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    write_one(lesson, "Linear.forward", "return x")
    found = workspace.unwritten(lesson)
    assert [u.name for u in found] == ["Linear.__init__", "Linear.parameters", "Dropout.forward"]
    file, _, number = found[0].place.partition(":")
    assert file == LAYERS.lesson
    assert "Write Linear.__init__" in lesson.read_text().split("\n")[int(number) - 1]


def test_what_is_still_to_be_written_in_a_notebook_is_known_by_cell(workspace: Workspace) -> None:
    tito("module", "start", "layers", "--notebook")
    places = [u.place for u in workspace.unwritten(workspace.notebook(LAYERS))]
    assert len(places) == 4
    assert all(place.startswith(f"{LAYERS.notebook}, cell ") for place in places)


# ---- Which file counts ---------------------------------------------------------------------------


def test_the_notebook_counts_once_it_has_changed_and_the_py_file_has_not(
    workspace: Workspace,
) -> None:
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))
    assert workspace.working_file(LAYERS) == workspace.notebook(LAYERS)
    assert workspace.status(LAYERS) is Status.IN_PROGRESS


def test_the_py_file_counts_while_the_notebook_is_as_it_was(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text(notebook_source(material.exercise(LAYERS)))
    assert workspace.working_file(LAYERS) == workspace.lesson(LAYERS)
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    assert workspace.working_file(LAYERS) == workspace.lesson(LAYERS)


def test_running_a_notebook_changes_nothing_in_what_counts(workspace: Workspace) -> None:
    path = workspace.notebook(LAYERS)
    path.write_text(notebook_source(material.exercise(LAYERS)))
    before = fingerprint(path)
    path.write_text(path.read_text().replace('"execution_count": null', '"execution_count": 7'))
    assert fingerprint(path) == before


def test_when_both_have_changed_the_learner_has_to_say(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    changed = with_linear("x")
    workspace.notebook(LAYERS).write_text(notebook_source(changed))
    with pytest.raises(TitoError, match="both changed") as caught:
        workspace.working_file(LAYERS)
    assert "tito module start 03 --python" in caught.value.message
    assert "tito module start 03 --notebook" in caught.value.message


def test_when_both_say_the_same_there_is_nothing_to_ask(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))
    assert workspace.working_file(LAYERS) == workspace.lesson(LAYERS)


def test_a_damaged_notebook_counts_as_changed(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text("{")
    assert workspace.working_file(LAYERS) == workspace.notebook(LAYERS)


# ---- The notes -----------------------------------------------------------------------------------


def test_notes_that_are_written_are_read_again() -> None:
    progress = Progress("e", "h", True, "ipynb", {"py": "a"}, "f", {"Linear.__init__": 2})
    state = State("layers", {"layers": progress, "tensor": Progress()})
    assert from_toml(to_toml(state)) == state


NOTES = {
    "damaged": b"format = 1\ncurrent = ",
    "binary": b"\x00\xff",
    "empty": b"",
    "of the wrong types": b'format = 1\ncurrent = "layers"\n[modules.layers]\nhints = 3\n',
    "with unknown keys": b'format = 1\ncurrent = ""\n[modules.layers]\nsurprise = 3\n',
    "without modules": b'format = 1\ncurrent = ""\nmodules = 3\n',
    "from a newer tinytorch": f"format = {FORMAT + 1}\nnew = 1\n".encode(),
}


@pytest.mark.parametrize("notes", NOTES.values(), ids=NOTES)
def test_lost_notes_are_worked_out_again_with_one_line_and_a_copy(
    workspace: Workspace, notes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, monkeypatch)
    write_one(workspace.lesson(TENSOR), "Tensor.sum", "return self")
    (workspace.root / MARKER).write_bytes(notes)
    result = tito("module", "status")
    assert result.exit_code == 0
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1
    assert "worked it out again from your files" in lines[0]
    (copy,) = (workspace.root / HIDDEN / "backups").glob("tinytorch_*.toml")
    assert copy.read_bytes() == notes
    assert copy.name in lines[0]
    again = afresh(workspace)
    assert [again.status(module) for module in MODULES[:3]] == [
        Status.IN_PROGRESS,
        Status.NOT_STARTED,
        Status.FINISHED,
    ]
    assert tito("module", "status").stderr == "", "it is said once"


def test_notes_worked_out_again_hold_every_module_so_that_no_later_command_reads_all_lessons(
    workspace: Workspace,
) -> None:
    (workspace.root / MARKER).write_text("")
    tito()
    assert set(afresh(workspace).state.modules) == {module.name for module in MODULES}


def test_notes_that_were_deleted_are_worked_out_again_from_inside_the_workspace(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, monkeypatch)
    (workspace.root / MARKER).unlink()
    monkeypatch.chdir(workspace.root / "modules")
    result = tito()
    assert "tinytorch.toml was missing" in result.stderr
    assert "03 layers        yours       finished" in result.stdout
    assert (workspace.root / MARKER).is_file()


def test_from_a_newer_tinytorch_is_what_the_line_says(workspace: Workspace) -> None:
    (workspace.root / MARKER).write_bytes(NOTES["from a newer tinytorch"])
    assert "tinytorch.toml is from a newer TinyTorch" in tito().stderr


def test_notes_that_were_finished_from_other_code_count_it_as_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, monkeypatch)
    workspace.finished_file(LAYERS).write_text("x = 1\n")
    (workspace.root / MARKER).write_text("")
    assert afresh(workspace).status(LAYERS) is Status.CHANGED


# ---- Writing -------------------------------------------------------------------------------------


def test_a_copy_never_replaces_another_copy(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    copies = []
    for n in range(3):
        lesson.write_text(f"x = {n}\n")
        copies.append(workspace.keep(lesson))
    assert [copy.read_text() for copy in copies] == ["x = 0\n", "x = 1\n", "x = 2\n"]


def test_what_a_killed_command_left_half_written_is_swept_away(workspace: Workspace) -> None:
    litter = [
        workspace.root / folder / ".tinytorch-0123.tmp"
        for folder in (".", "modules/03_layers", "tests", "tinytorch/core", f"{HIDDEN}")
    ]
    for path in litter:
        path.touch()
    with workspace.change():
        pass
    assert [path for path in litter if path.exists()] == []


def test_a_second_command_waits_for_the_first_and_says_so(workspace: Workspace) -> None:
    program = "from tito.main import main; main()"
    command = [sys.executable, "-c", program, "module", "start", "layers"]
    with workspace.change() as state:
        second = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert "Another tito is writing in this workspace" in second.stderr.readline()
        assert second.poll() is None
        state.current = "tensor"
        workspace.progress(TENSOR).hints["Tensor.sum"] = 1
    output, _ = second.communicate()
    assert second.returncode == 0
    assert "03 layers" in output
    notes = afresh(workspace).state
    assert notes.current == "layers"
    assert notes.modules["tensor"].hints == {"Tensor.sum": 1}, "what the first wrote is kept"
