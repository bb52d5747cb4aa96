"""What people type works, or they are told the command."""

import pytest
from learner import LAYERS, tito, write_one

from tito.workspace.folder import Workspace

pytestmark = pytest.mark.usefixtures("workspace")

SAME = {
    "start 03": "module start 03",
    "START 3": "module start 03",
    "status": "module status",
    "modules": "module status",
    "list": "module status",
    "module list": "module status",
    "module 03": "module status 03",
    "module layers": "module status 03",
    "module status layers_dev.py": "module status 03",
    "help": "--help",
    "HELP": "--help",
    "help help": "--help",
    "help test": "test --help",
    "--help test": "test --help",
    "module help reset": "module reset --help",
    "version": "--version",
    "-V": "--version",
    "milestones": "milestone",
    "Test --help": "test --help",
    "check --help": "test --help",
    "run --help": "test --help",
    "train --help": "milestone mnist --help",
    "hint Linear.forward -n 1": "hint 03 Linear.forward -n 1",
    "hint parameters -n 1": "hint 03 Linear.parameters -n 1",
    "hint forward 03 -n 1": "hint 03 forward -n 1",
    "hint layers.py -n 1": "hint 03 -n 1",
    "solution Linear.forward": "solution 03 Linear.forward",
    "explore": "explore 03",
    "explore flops --no-guess --json": "explore 03 flops --no-guess --json",
}


@pytest.mark.parametrize("typed", SAME)
def test_what_is_typed_does_what_the_command_does(typed: str) -> None:
    tito("module", "start", "03")
    tito("solution", "03")
    meant = tito(*SAME[typed].split())
    said = tito(*typed.split())
    if "explore" not in typed or "--json" not in typed:  # which holds times
        assert said.output == meant.output
    assert said.exit_code == meant.exit_code


TOLD = {
    "tset 03": "Did you mean 'tito test 03'?",
    "module test 03": "Did you mean 'tito test 03'?",
    "module strat 03": "Did you mean 'tito module start 03'?",
    "03": "Did you mean 'tito test 03'?",
    "layers_dev.py": "Did you mean 'tito test layers_dev.py'?",
    "modules/03_layers/layers_dev.ipynb": "Did you mean 'tito test modules/03_layers/",
    "README.md": "Did you mean 'tito test README.md'?",
    "frobnicate": "To see them all: tito --help",
    "hint forwrd": "Did you mean 'tito hint Linear.forward'?",
    "explore batch-sizes": "Did you mean 'tito explore batch-size'?",
    "watch layrs": "Did you mean 'layers'?",
    "test layrs": "Did you mean 'layers'?",
    "test no_such.py": "'no_such.py' is neither a module nor a file here.",
    "hint 9": "There is no module '9'.",
    "test 03 --module 03": "is one too many",
}


@pytest.mark.parametrize("typed", TOLD)
def test_what_no_command_fits_is_told_which_may_be_meant(typed: str) -> None:
    said = tito(*typed.split())
    assert said.exit_code == 2
    assert TOLD[typed] in " ".join(said.output.split())


def test_an_exercise_that_several_modules_have_is_asked_about() -> None:
    tito("module", "start", "02")  # which has none of that name
    said = tito("hint", "__init__")
    assert said.exit_code == 2
    assert "tito hint 01 __init__, tito hint 03 __init__" in " ".join(said.output.split())


@pytest.mark.parametrize(
    "typed", ["03", "3", "layers", "layers_dev.py", "modules/03_layers/layers_dev.py"]
)
def test_a_module_or_a_file_is_tested_without_an_option(workspace: Workspace, typed: str) -> None:
    tito("module", "start", "03")
    said = tito("test", typed)
    assert said.exit_code == 1
    assert "(modules/03_layers/layers_dev.py)" in said.output


def test_before_a_module_is_begun_the_reference_is_judged_and_that_is_said() -> None:
    said = tito("test", "03")
    assert said.exit_code == 0
    assert "(the reference; you have not begun yours)" in said.output


def test_complete_and_reset_are_about_the_module_you_are_at(workspace: Workspace) -> None:
    tito("module", "start", "03")
    assert "Begin with Linear.__init__" in tito("complete").output
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return x @ self.weight")
    assert "03 layers starts over. What you had is kept:" in tito("reset").output


@pytest.mark.parametrize("command", ["complete", "reset", "solution", "hint", "watch"])
def test_with_no_module_and_no_workspace_it_asks_for_one(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    said = tito(command)
    assert said.exit_code in (1, 2)
    assert "03" in said.output or "You are not in a workspace" in said.output
