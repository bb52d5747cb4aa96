"""What commands do that are given no subcommand, or no module."""

import pytest
from click.shell_completion import ShellComplete
from learner import tito

from tito.main import main
from tito.workspace.folder import Workspace


@pytest.mark.parametrize(("group", "first"), [("module", "start"), ("milestone", "mnist")])
def test_a_group_alone_shows_what_there_is_and_calls_it_no_error(group: str, first: str) -> None:
    result = tito(group)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Usage: tito {group} ")
    assert f"  {first} " in result.stderr
    assert "Error" not in result.output


def test_without_a_module_the_hint_is_about_the_one_started_last(workspace: Workspace) -> None:
    tito("module", "start", "activations")
    tito("module", "start", "layers")
    assert tito("hint").output.startswith("Linear.__init__, hint 1 of 3\n")


def test_without_a_module_the_first_hint_of_all_is_about_the_tensor(workspace: Workspace) -> None:
    assert tito("hint").output.startswith("as_array, hint 1 of 3\n")


@pytest.mark.parametrize("command", ["hint", "watch"])
def test_outside_a_workspace_a_module_is_to_be_named(
    command: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    result = tito(command)
    assert result.exit_code == 2
    assert f"say which module: tito {command} 03" in result.stderr


def test_with_every_module_finished_one_is_to_be_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tito.workspace.overview.current", lambda *arguments: None)
    result = tito("hint")
    assert result.exit_code == 1
    assert "Say which one: tito hint 03" in result.stderr


@pytest.mark.parametrize("command", ["hint", "solution"])
def test_the_shell_completes_the_exercises_of_the_module_typed_before(command: str) -> None:
    completion = ShellComplete(main, {}, "tito", "_TITO_COMPLETE")
    found = completion.get_completions([command, "layers"], "linear.")
    assert [item.value for item in found] == [
        "Linear.__init__",
        "Linear.forward",
        "Linear.parameters",
    ]
    assert completion.get_completions([command], "Linear.") == []
