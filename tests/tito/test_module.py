"""`tito module`: start, status, complete and reset, on whatever a learner's file has in it."""

import json
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from apart import run_tito
from click.testing import CliRunner
from learner import LAYERS, LINEAR, ROOT, TENSOR, run_python, solved, tito, with_linear, write_one

from tinytorch.course import MODULES, Module, find_module, sources
from tito.lessons import material
from tito.lessons.export import library_source, notebook_source
from tito.lessons.forms import as_notebook, exercise_file
from tito.lessons.lesson import read_lesson
from tito.main import main
from tito.workspace.folder import HIDDEN, Status, Workspace

LOSSES = find_module("losses")


@pytest.fixture
def checks_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is checked passes."""
    monkeypatch.setattr("tito.commands.module._passes", lambda module, file: True)


@pytest.fixture
def checks_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is checked fails."""
    monkeypatch.setattr("tito.commands.module._passes", lambda module, file: False)


def copies(workspace: Workspace) -> list[str]:
    """What the copies that were kept hold."""
    folder = workspace.root / HIDDEN / "backups"
    return [file.read_text() for file in sorted(folder.glob("*"))]


def without_origin(library: str) -> str:
    """A library file without the line that says where it comes from."""
    return library.partition("\n")[2]


def clean(module: Module) -> str:
    """The module as it is in the reference, without that line."""
    return without_origin(library_source(read_lesson(solved(module), module.lesson)))


# ---- start ---------------------------------------------------------------------------------------


def test_start_says_which_file_to_open_and_what_to_write_first(workspace: Workspace) -> None:
    output = tito("module", "start", "03").output
    assert "Open it, and read on from the top:\n  modules/03_layers/layers_dev.py\n" in output
    assert "Write Linear.__init__ first: modules/03_layers/layers_dev.py:" in output
    assert "tito watch 03" in output


def test_start_without_a_module_takes_the_one_that_is_next(workspace: Workspace) -> None:
    assert "01 tensor" in tito("module", "start").output
    tito("module", "start", "3")
    assert "03 layers" in tito("module", "start").output


def test_start_changes_no_file_of_the_learner(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text("# mine\n")
    tito("module", "start", "3")
    assert workspace.lesson(LAYERS).read_text() == "# mine\n"


def test_start_hands_out_an_exercise_that_is_gone(workspace: Workspace) -> None:
    shutil.rmtree(workspace.lesson(LAYERS).parent)
    output = tito("module", "start", "3").output
    assert "was missing" in output
    assert workspace.lesson(LAYERS).read_text() == exercise_file(LAYERS)


def test_outside_a_workspace_start_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tito("module", "start", "3")
    assert result.exit_code == 1
    assert "tito init my-tinytorch" in result.output


# ---- the notebook and the .py file ---------------------------------------------------------------


def test_the_notebook_is_made_with_what_is_in_the_py_file(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    write_one(lesson, "Linear.parameters", "return [self.weight]  # mine")
    output = tito("module", "start", "3", "--notebook").output
    assert "jupyter lab modules/03_layers/layers_dev.ipynb" in output
    text = as_notebook(LAYERS, lesson.read_text())
    assert "# mine" in text
    assert workspace.notebook(LAYERS).read_text() == notebook_source(text)
    assert workspace.working_file(LAYERS) == workspace.notebook(LAYERS)


def test_going_back_to_python_takes_along_what_was_written_in_the_notebook(
    workspace: Workspace,
) -> None:
    lesson = workspace.lesson(LAYERS)
    before = lesson.read_text()
    tito("module", "start", "3", "--notebook")
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))
    output = tito("module", "start", "3", "--python").output
    assert "layers_dev.py now has what layers_dev.ipynb has." in output
    assert LINEAR in lesson.read_text()
    assert lesson.read_text().startswith(before[: before.index("# %%")]), "its front matter stays"
    assert "pip install" not in lesson.read_text(), "the notebook's first cell is for notebooks"
    assert copies(workspace) == [before]
    assert workspace.working_file(LAYERS) == lesson


def test_a_notebook_left_behind_is_brought_in_line_and_a_copy_is_kept(
    workspace: Workspace,
) -> None:
    tito("module", "start", "3", "--notebook")
    before = workspace.notebook(LAYERS).read_text()
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    output = tito("module", "start", "3", "--notebook").output
    assert "layers_dev.ipynb now has what layers_dev.py has." in output
    assert workspace.notebook(LAYERS).read_text() == notebook_source(solved(LAYERS))
    assert copies(workspace) == [before]


@pytest.mark.parametrize(("option", "chosen"), [("--python", "lesson"), ("--notebook", "notebook")])
def test_when_both_have_changed_choosing_one_overwrites_neither(
    workspace: Workspace, option: str, chosen: str
) -> None:
    files = {"lesson": workspace.lesson(LAYERS), "notebook": workspace.notebook(LAYERS)}
    changed = with_linear("x")
    texts = {"lesson": solved(LAYERS), "notebook": notebook_source(changed)}
    for name, file in files.items():
        file.write_text(texts[name])
    assert tito("module", "start", "3").exit_code == 1
    result = tito("module", "start", "3", option)
    assert result.exit_code == 0
    assert "stays as it is" in result.output
    assert {name: file.read_text() for name, file in files.items()} == texts
    assert Workspace(workspace.root).working_file(LAYERS) == files[chosen]


def test_after_choosing_a_change_in_the_other_file_is_noticed_again(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    changed = with_linear("x")
    workspace.notebook(LAYERS).write_text(notebook_source(changed))
    tito("module", "start", "3", "--notebook")
    workspace.lesson(LAYERS).write_text(with_linear("2 * x"))
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "have both changed" in result.output


def test_a_damaged_notebook_is_told_of_when_it_is_asked_for_its_code(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text("{")
    before = workspace.lesson(LAYERS).read_text()
    result = tito("module", "start", "3", "--python")
    assert result.exit_code == 1
    assert "is not a notebook" in result.output
    assert workspace.lesson(LAYERS).read_text() == before


# ---- status --------------------------------------------------------------------------------------


def test_status_of_a_module_lists_its_exercises(workspace: Workspace) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return x")
    lines = tito("module", "status", "3").output.splitlines()
    assert lines[0] == "03 layers, in progress: 1 of 4 exercises written"
    assert next(line for line in lines if "Linear.forward" in line).split()[1] == "written"
    assert "to write, line " in next(line for line in lines if "Dropout.forward" in line)


def test_status_as_json_has_each_module(workspace: Workspace, checks_pass: None) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    tito("module", "complete", "3")
    tito("module", "start", "1")
    data = json.loads(tito("module", "status", "--json").stdout)
    assert data["workspace"] == str(workspace.root)
    assert data["current"] == "tensor"
    assert [m["module"] for m in data["modules"]] == [m.name for m in MODULES]
    tensor, _, layers = data["modules"][:3]
    assert (tensor["status"], tensor["in_use"]) == ("in progress", "reference")
    assert (layers["status"], layers["in_use"]) == ("finished", "yours")
    assert tensor["exercises"] == len(tensor["unwritten"]) > 0
    assert layers["unwritten"] == []


def test_status_tells_of_two_versions(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    workspace.notebook(LAYERS).write_text("{")
    for arguments in (["3"], ["3", "--json"]):
        result = tito("module", "status", *arguments)
        assert result.exit_code == 0
        assert "both changed" in result.stdout


# ---- complete ------------------------------------------------------------------------------------


def test_a_solved_exercise_passes_its_checks_and_is_exported_as_clean_as_the_reference(
    workspace: Workspace,
) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    finished = run_tito("module", "complete", "03", cwd=workspace.root)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "📈 Progress: Linear Layer ✓" in finished.stdout
    assert "03 layers is yours." in finished.stdout
    finished_module = workspace.finished_file(LAYERS).read_text()
    assert finished_module.splitlines()[0] == (
        "# Exported from modules/03_layers/layers_dev.py: edit it there, "
        "then run `tito module complete`."
    )
    assert without_origin(finished_module) == clean(LAYERS)
    program = "from tinytorch.core import layers; print(layers.__file__)"
    assert run_python(program, cwd=workspace.root).stdout.strip() == str(
        workspace.finished_file(LAYERS)
    )


def test_what_fails_its_checks_is_not_exported(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(with_linear("x @ self.weight"))
    finished = run_tito("module", "complete", "03", cwd=workspace.root)
    assert finished.returncode == 1
    assert "❌ Linear layer computes y = xW + b correctly" in finished.stdout
    assert "nothing was exported" in finished.stderr
    assert not workspace.finished_file(LAYERS).exists()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_finished_module_is_as_clean_as_the_reference(
    workspace: Workspace, checks_pass: None, module: Module
) -> None:
    workspace.lesson(module).write_text(solved(module))
    assert tito("module", "complete", module.name).exit_code == 0
    finished_module = workspace.finished_file(module).read_text()
    assert without_origin(finished_module) == clean(module)


def test_a_module_from_a_notebook_is_as_clean(workspace: Workspace, checks_pass: None) -> None:
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))
    assert tito("module", "complete", "3").exit_code == 0
    finished_module = workspace.finished_file(LAYERS).read_text()
    assert finished_module.startswith(
        "# Exported from modules/03_layers/layers_dev.ipynb: edit it there"
    )
    assert without_origin(finished_module) == clean(LAYERS)


def test_completing_twice_is_fine_and_says_that_nothing_has_changed(
    workspace: Workspace, checks_pass: None
) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    tito("module", "complete", "3")
    result = tito("module", "complete", "3")
    assert result.exit_code == 0
    assert "tinytorch/core/layers.py is up to date." in result.output
    assert copies(workspace) == []


def test_completing_after_a_change_keeps_a_copy_of_the_module_before(
    workspace: Workspace, checks_pass: None
) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    tito("module", "complete", "3")
    before = workspace.finished_file(LAYERS).read_text()
    workspace.lesson(LAYERS).write_text(with_linear(f" {LINEAR}"))
    result = tito("module", "complete", "3")
    assert "The layers.py before is in .tinytorch/backups/layers_" in result.output
    assert copies(workspace) == [before]
    assert workspace.finished_file(LAYERS).read_text() != before


def test_modules_can_be_completed_in_any_order(workspace: Workspace, checks_pass: None) -> None:
    for name in ("layers", "tensor"):
        module = find_module(name)
        workspace.lesson(module).write_text(solved(module))
        assert tito("module", "complete", name).exit_code == 0
    statuses = [Workspace(workspace.root).status(module) for module in MODULES[:3]]
    assert statuses == [Status.FINISHED, Status.NOT_STARTED, Status.FINISHED]


def test_an_untouched_exercise_is_told_where_to_begin(workspace: Workspace) -> None:
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "Nothing is written in modules/03_layers/layers_dev.py yet." in result.output
    assert "Begin with Linear.__init__: modules/03_layers/layers_dev.py:" in result.output
    assert "tito hint 03" in result.output


def test_a_syntax_error_is_told_where_nothing_is_written_yet(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(lesson.read_text().replace("#| export\n", "#| export\nx = (1,\n", 1))
    result = tito("module", "complete", "3")
    assert result.exit_code == 2
    assert "not valid Python: '(' was never closed" in result.output


def test_a_syntax_error_is_told_with_its_place_and_line(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    write_one(lesson, "Linear.forward", "return (x @ self.weight")
    number = lesson.read_text().split("\n").index("        return (x @ self.weight") + 1
    result = tito("module", "complete", "3")
    assert result.exit_code == 2
    assert f"modules/03_layers/layers_dev.py:{number}: not valid Python: '(' was" in result.output
    assert "\n  return (x @ self.weight\n         ^\n" in result.output


def test_a_syntax_error_in_a_notebook_is_told_with_its_cell(workspace: Workspace) -> None:
    broken = with_linear("x @")
    workspace.notebook(LAYERS).write_text(notebook_source(broken))
    result = tito("module", "complete", "3")
    assert result.exit_code == 2
    assert "layers_dev.ipynb, cell " in result.output
    assert "not valid Python" in result.output


def test_nonsense_outside_the_exported_cells_is_no_trouble(
    workspace: Workspace, checks_pass: None
) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(solved(LAYERS) + "\n# %%\nan experiment (\n")
    assert tito("module", "complete", "3").exit_code == 0
    assert "experiment" not in workspace.finished_file(LAYERS).read_text()


def test_prints_between_definitions_stay_out_of_the_module_and_that_is_said(
    workspace: Workspace, checks_pass: None
) -> None:
    lesson = workspace.lesson(LAYERS)
    text = solved(LAYERS).rstrip("\n") + "\n\n\n# %%\n#| export\nprint(Linear(2, 3))\n"
    lesson.write_text(text)
    number = text.split("\n").index("print(Linear(2, 3))") + 1
    output = tito("module", "complete", "3").output
    assert (
        "Left out of it, since it only shows something: modules/03_layers/layers_dev.py:" in output
    )
    assert f"layers_dev.py:{number}." in output
    finished_module = workspace.finished_file(LAYERS).read_text()
    assert without_origin(finished_module) == clean(LAYERS)


def test_prints_inside_functions_stay_and_are_told_of(
    workspace: Workspace, checks_pass: None
) -> None:
    text = solved(LAYERS).replace(
        "        if self.bias is None:\n", "        print(x.shape)\n        if self.bias is None:\n"
    )
    workspace.lesson(LAYERS).write_text(text)
    number = text.split("\n").index("        print(x.shape)") + 1
    output = tito("module", "complete", "3").output
    assert (
        f"It still prints each time it gets to modules/03_layers/layers_dev.py:{number}" in output
    )


def test_an_import_below_other_code_is_no_trouble(workspace: Workspace, checks_pass: None) -> None:
    text = solved(LAYERS) + "\n\n# %%\n#| export\nimport json\n"
    workspace.lesson(LAYERS).write_text(text)
    assert tito("module", "complete", "3").exit_code == 0
    assert workspace.finished_file(LAYERS).read_text().endswith("\n\n\nimport json\n")


def test_a_name_that_is_missing_is_told_by_name(workspace: Workspace) -> None:
    text = solved(LAYERS).replace("def random_keep(", "def keep_at_random(")
    workspace.lesson(LAYERS).write_text(text)
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "layers_dev.py does not define random_keep, which the framework needs." in result.output
    assert "tito solution 03" in result.output


def test_a_name_in_a_cell_without_its_mark_is_told_how_to_mend_it(workspace: Workspace) -> None:
    text = solved(LAYERS).replace("#| export\nclass Dropout", "class Dropout")
    workspace.lesson(LAYERS).write_text(text)
    result = tito("module", "complete", "3")
    assert "The cell of Dropout must begin with the line: #| export" in result.output


def test_an_exercise_that_no_check_asks_for_must_be_written_too(
    workspace: Workspace, checks_pass: None
) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return x")
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "Linear.__init__ (modules/03_layers/layers_dev.py:" in result.output
    assert not workspace.finished_file(LAYERS).exists()


def test_a_file_saved_while_it_is_checked_is_not_exported(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(solved(LAYERS))

    def passes_while_somebody_saves(module: object, file: Path) -> bool:
        file.write_text(
            file.read_text(encoding="utf-8") + "\n# one more thought\n", encoding="utf-8"
        )
        return True

    monkeypatch.setattr("tito.commands.module._passes", passes_while_somebody_saves)
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "was saved while it was checked" in result.output
    assert not workspace.finished_file(LAYERS).exists()


def test_a_module_that_changes_within_a_second_is_not_taken_for_the_one_before(
    workspace: Workspace, checks_pass: None
) -> None:
    for number in (7, 9):
        lesson = with_linear(f"x * 0 + {number}")
        workspace.lesson(LAYERS).write_text(lesson)
        assert tito("module", "complete", "3").exit_code == 0
        os.utime(workspace.finished_file(LAYERS), (1, 1))  # both within the same second
        program = "from tinytorch.core.layers import Linear; print(Linear(1, 1)([2]).item())"
        finished = run_python(program, cwd=workspace.root)
        assert float(finished.stdout) == number, finished.stderr


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("files = !ls", "a magic or a command of the system"),
        ("show = display", "`display`"),
        ("async with x: pass", "`await` outside of a function"),
    ],
)
def test_what_works_in_a_notebook_alone_is_kept_out_of_a_module(
    workspace: Workspace, line: str, problem: str
) -> None:
    cell = nbformat.v4.new_code_cell(f"#| export\n{line}")
    document = nbformat.reads(notebook_source(solved(LAYERS)), as_version=4)
    document.cells.append(cell)
    nbformat.write(document, workspace.notebook(LAYERS))
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert f", line 2 has {problem}, which works in a notebook alone" in result.output


def test_a_notebook_with_magics_and_late_future_imports_becomes_a_plain_module(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(material, "check_file", lambda module: None)
    document = nbformat.reads(notebook_source(solved(LAYERS)), as_version=4)
    document.cells += [
        nbformat.v4.new_code_cell(f"%%time\n# More.\n#| hide\n#| export\n{code}")
        for code in (
            "from __future__ import annotations\n%matplotlib inline\nMORE = 1",
            "%time MOST = 2\ndisplay(MOST)",
        )
    ]
    nbformat.write(document, workspace.notebook(LAYERS))
    assert tito("module", "complete", "3").exit_code == 0
    finished_module = workspace.finished_file(LAYERS).read_text()
    assert finished_module.count("from __future__ import annotations") == 1
    assert "# More.\nMORE = 1\n" in finished_module
    assert "# More.\nMOST = 2\n" in finished_module
    compile(finished_module, "layers.py", "exec", dont_inherit=True)


def test_what_cannot_be_imported_does_not_become_part_of_the_framework(
    workspace: Workspace,
) -> None:
    loop = "from tinytorch.core.autograd import no_grad\nLinear(2, 1)([1, 2]).backward()\n"
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(f"{solved(LAYERS)}\n# %%\n#| export\n{loop}")
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "layers passes, but the framework cannot be imported with it" in result.output
    assert "belongs in a cell without #| export" in result.output
    assert not workspace.finished_file(LAYERS).exists()
    lesson.write_text(f"{solved(LAYERS)}\n# %%\n{loop}")
    assert tito("module", "complete", "3").exit_code == 0


def test_a_module_without_checks_becomes_part_of_the_framework_if_it_can_be_imported(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(material, "check_file", lambda module: None)
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(solved(LAYERS).replace("class Dropout(Layer)", "class Dropout(Layr)"))
    result = tito("module", "complete", "3")
    assert result.exit_code == 2
    assert "name 'Layr' is not defined" in result.output
    lesson.write_text(solved(LAYERS))
    assert tito("module", "complete", "3").exit_code == 0


def test_in_a_clone_complete_checks_the_lesson_and_exports_it(
    monkeypatch: pytest.MonkeyPatch, checks_fail: None
) -> None:
    monkeypatch.chdir(ROOT)
    result = tito("module", "complete", "3")
    assert result.exit_code == 1
    assert "The place to mend it is modules/03_layers/layers_dev.py" in result.output


# ---- reset ---------------------------------------------------------------------------------------


def test_starting_over_hands_out_the_exercise_gives_up_the_finished_module_and_keeps_copies_of_both(
    workspace: Workspace, checks_pass: None
) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    tito("module", "complete", "3")
    finished_module = workspace.finished_file(LAYERS).read_text()
    result = tito("module", "reset", "3")
    assert result.exit_code == 0
    assert workspace.lesson(LAYERS).read_text() == exercise_file(LAYERS)
    assert not workspace.finished_file(LAYERS).exists()
    assert sorted(copies(workspace)) == sorted([finished_module, solved(LAYERS)])
    assert result.output.count(".tinytorch/backups/") == 2
    assert Workspace(workspace.root).status(LAYERS) is Status.NOT_STARTED


def test_starting_over_hands_out_the_notebook_too_where_there_is_one(workspace: Workspace) -> None:
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))
    tito("module", "reset", "3")
    assert workspace.notebook(LAYERS).read_text() == notebook_source(material.exercise(LAYERS))
    assert copies(workspace) == [notebook_source(solved(LAYERS))]


def test_starting_over_what_was_never_begun_says_so_and_keeps_no_copies(
    workspace: Workspace,
) -> None:
    result = tito("module", "reset", "3")
    assert result.exit_code == 0
    assert "nothing to start over" in result.output
    assert copies(workspace) == []


def test_starting_over_leaves_other_modules_alone(workspace: Workspace) -> None:
    workspace.lesson(TENSOR).write_text(solved(TENSOR))
    tito("module", "reset", "3")
    assert workspace.lesson(TENSOR).read_text() == solved(TENSOR)


# ---- bare tito -----------------------------------------------------------------------------------


def test_bare_tito_says_which_modules_are_yours_and_what_is_next(
    workspace: Workspace, checks_pass: None
) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    tito("module", "complete", "3")
    write_one(workspace.lesson(LOSSES), "MSELoss.forward", "return 0")
    output = tito().output
    assert f"TinyTorch, in {workspace.root}" in output
    assert "  01 tensor        reference\n" in output
    assert "  03 layers        yours       finished\n" in output
    assert "> 04 losses        reference   in progress: 1 of " in output
    assert " next: modules/04_losses/losses_dev.py:" in output


def test_bare_tito_asks_for_completion_when_all_is_written(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    output = tito().output
    assert "Every exercise in modules/03_layers/layers_dev.py is written." in output
    assert "tito module complete 03" in output


def test_bare_tito_shows_the_rest_when_one_file_cannot_be_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = sources.code_cells

    def refuse(file: str) -> list[sources.Cell]:
        if file.endswith("layers_dev.py"):
            raise PermissionError(13, "Permission denied", file)
        return read(file)

    tito("module", "start", "3")
    monkeypatch.setattr("tito.workspace.folder.code_cells", refuse)
    result = tito()
    assert result.exit_code == 0
    assert "07 training" in result.output
    assert "layers_dev.py cannot be read: Permission denied." in result.output


def test_bare_tito_says_when_everything_is_yours(workspace: Workspace, checks_pass: None) -> None:
    for module in MODULES:
        workspace.lesson(module).write_text(solved(module))
        tito("module", "complete", module.name)
    output = tito().output
    assert "Every module is yours, and so is the framework." in output
    assert "tito milestone mnist" in output


def test_bare_tito_in_a_workspace_imports_no_heavy_library(workspace: Workspace) -> None:
    program = (
        "import sys, tito.main\n"
        "try: tito.main.main([])\n"
        "except SystemExit: pass\n"
        "heavy = ('numpy', 'rich', 'pytest', 'matplotlib', 'jupytext', 'tinytorch.core')\n"
        "print('loaded:', [name for name in heavy if name in sys.modules])"
    )
    assert "loaded: []" in run_python(program, cwd=workspace.root).stdout


@pytest.mark.parametrize(("variable", "colored"), [("", True), ("1", False)])
def test_no_color_turns_colors_off(workspace: Workspace, variable: str, colored: bool) -> None:
    result = CliRunner().invoke(main, [], color=True, env={"NO_COLOR": variable})
    assert ("\x1b[" in result.output) is colored
