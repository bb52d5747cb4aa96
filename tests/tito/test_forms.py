"""The `.py` and the notebook of an exercise: what differs, and that nothing is lost in between."""

import json

import pytest
from learner import LAYERS, TENSOR, tito

from tinytorch.course import MODULES, Module, find_module
from tito.lessons import material
from tito.lessons.forms import as_file, as_notebook, exercise_file
from tito.workspace.folder import Workspace

TRAINING = find_module("training")


def in_notebook(workspace: Workspace) -> None:
    assert tito("module", "start", "03", "--notebook").exit_code == 0


def in_file(workspace: Workspace) -> str:
    result = tito("module", "start", "03", "--python")
    assert result.exit_code == 0
    return result.output


def write_in_notebook(workspace: Workspace, old: str, new: str) -> None:
    """Put other words into the notebook of layers."""
    path = workspace.notebook(LAYERS)
    text = path.read_text(encoding="utf-8")
    old, new = (json.dumps(words, ensure_ascii=False)[1:-1] for words in (old, new))
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_file_gives_no_hint_away_and_says_which_command_does() -> None:
    text = exercise_file(LAYERS)
    assert "details>" not in text
    assert text.count("# Hints, one more at each call: `tito hint 03 ") == 4
    assert "`tito hint 03 Linear.forward`" in text


def test_a_text_for_several_exercises_names_a_command_once() -> None:
    text = exercise_file(TENSOR)
    assert "`tito hint 01 Tensor.sum`" in text
    assert "tito hint 01 Tensor.mean" not in text


def test_the_file_says_at_its_top_how_its_cells_are_run() -> None:
    top, _, _ = exercise_file(LAYERS).partition("# # 03 Layers")
    assert "# Each " in top
    assert "\n#     python modules/03_layers/layers_dev.py\n" in top
    assert "\n#     tito watch 03\n" in top
    assert "tito watch" not in exercise_file(TRAINING).partition("# # 07 Training")[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.folder)
def test_there_and_back_is_the_same(module: Module) -> None:
    text = material.exercise(module)
    assert as_notebook(module, as_file(module, text)) == text
    assert as_notebook(module, text) == text
    assert as_file(module, exercise_file(module)) == exercise_file(module) != text


def test_the_notebook_of_a_workspace_has_the_hints_folded_in_it(workspace: Workspace) -> None:
    in_notebook(workspace)
    text = workspace.notebook(LAYERS).read_text()
    assert text.count("<details><summary>Hint") == 12
    assert "tito hint 03 Linear" not in text
    assert "Shift+Enter" not in text


def test_the_file_made_from_a_notebook_has_its_form(workspace: Workspace) -> None:
    in_notebook(workspace)
    workspace.lesson(LAYERS).unlink()
    in_file(workspace)
    made = [line for line in workspace.lesson(LAYERS).read_text().splitlines() if line]
    assert made == [line for line in exercise_file(LAYERS).splitlines() if line]


def test_a_hint_that_somebody_has_written_into_stays(workspace: Workspace) -> None:
    in_notebook(workspace)
    write_in_notebook(workspace, "Read the formula aloud", "MINE. Read the formula aloud")
    in_file(workspace)
    text = workspace.lesson(LAYERS).read_text()
    assert "# MINE. Read the formula aloud" in text
    assert text.count("details>") == 6
    workspace.notebook(LAYERS).unlink()
    in_notebook(workspace)
    notebook = workspace.notebook(LAYERS).read_text()
    assert notebook.count("<details><summary>Hint") == 12
    assert "MINE. Read" in notebook


def test_a_guess_in_the_notebook_goes_along_into_the_file(workspace: Workspace) -> None:
    in_notebook(workspace)
    write_in_notebook(workspace, 'explore("growth", guess=...)', 'explore("growth", guess=3)')
    said = in_file(workspace)
    assert 'explore("growth", guess=3)' in workspace.lesson(LAYERS).read_text()
    assert "layers_dev.py now has what layers_dev.ipynb has." in said
    (copy,) = (workspace.root / ".tinytorch/backups").glob("layers_dev_*.py")
    assert copy.read_text() == exercise_file(LAYERS)


def test_notes_in_the_file_stay_while_it_is_the_one_to_work_in(workspace: Workspace) -> None:
    in_notebook(workspace)
    in_file(workspace)
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(lesson.read_text().replace("# # 03 Layers", "# # My layers"))
    in_file(workspace)
    assert "# # My layers" in lesson.read_text()
    in_notebook(workspace)
    assert '"# My layers' in workspace.notebook(LAYERS).read_text()
