"""The command line itself: fast, lazy, and helpful when something is misspelt."""

import os
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from tinytorch.course import MODULES, find_module
from tito import DISTRIBUTION
from tito.errors import TitoError
from tito.main import COMMANDS, main
from tito.repository import repository_root
from tito.terminal.prose import command_lines

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "matplotlib", "rich", "pytest", "jupytext", "nbformat", "tinytorch.core")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty clone of the repository, which is the current folder."""
    root = tmp_path / "clone"
    for folder in ("modules", "tinytorch/core", "tests", "tito"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "tito" / "repository.py").touch()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside every clone, with tito installed as from a wheel."""
    packages = tmp_path / "site-packages"
    (packages / "tito").mkdir(parents=True)
    (packages / "tito" / "repository.py").touch()
    (packages / "modules").mkdir()  # another package may well be called that
    monkeypatch.setattr("tito.repository.__file__", str(packages / "tito" / "repository.py"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- Modules -------------------------------------------------------------------------------------


def test_the_course_has_seven_modules_in_order() -> None:
    assert [module.folder for module in MODULES] == [
        "01_tensor",
        "02_activations",
        "03_layers",
        "04_losses",
        "05_autograd",
        "06_optimizers",
        "07_training",
    ]


def test_a_module_knows_its_files() -> None:
    layers = MODULES[2]
    assert layers.lesson == "modules/03_layers/layers_dev.py"
    assert layers.notebook == "modules/03_layers/layers_dev.ipynb"
    assert layers.library == "tinytorch/core/layers.py"


@pytest.mark.parametrize("spelling", ["3", "03", "layers", "03_layers", "Layers", " 03 "])
def test_every_spelling_finds_the_module(spelling: str) -> None:
    assert find_module(spelling) is MODULES[2]


@pytest.mark.parametrize("spelling", ["", "0", "8", "003", "layer s x", "3_layers"])
def test_an_unknown_module_is_an_error_that_lists_the_modules(spelling: str) -> None:
    with pytest.raises(ValueError, match=r"01_tensor, 02_activations, .*07_training"):
        find_module(spelling)


def test_a_misspelt_module_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="Did you mean 'optimizers'"):
        find_module("optimisers")


# ---- Where the repository is ---------------------------------------------------------------------


def test_the_repository_is_found_from_any_folder_inside_it(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / "docs" / "deep").mkdir(parents=True)
    monkeypatch.chdir(clone / "docs" / "deep")
    assert repository_root() == clone


def test_outside_every_clone_the_repository_is_the_one_that_tito_runs_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert repository_root() == Path(__file__).resolve().parents[2]


def test_without_a_clone_the_error_says_what_was_looked_for(wheel: Path) -> None:
    with pytest.raises(TitoError, match=r"clone of the TinyTorch repository.* not inside one"):
        repository_root()


def test_a_workspace_is_not_taken_for_a_clone(wheel: Path) -> None:
    for folder in ("modules", "tinytorch/core", "tests"):
        (wheel / folder).mkdir(parents=True)
    (wheel / "tinytorch.toml").touch()
    (wheel / "pyproject.toml").touch()
    with pytest.raises(TitoError):
        repository_root()


# ---- tito and its commands -----------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["nonsense"]])
def test_what_needs_no_command_imports_no_heavy_library(arguments: list[str]) -> None:
    program = (
        "import sys, tito.main\n"
        f"try: tito.main.main({arguments!r})\n"
        "except SystemExit: pass\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])\n"
        "print('commands:', [name for name in sys.modules if name.startswith('tito.commands')])\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "loaded: []" in output
    assert "commands: []" in output


def test_ctrl_c_while_the_program_is_still_imported_ends_it_without_a_word() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = project["scripts"]["tito"].partition(":")[0]
    program = (
        "import importlib, os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(name, *rest):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting)\n"
        f"importlib.import_module({module!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("command", ["milestone", "explore", "bench", "doctor"])
def test_a_command_that_runs_no_checks_leaves_the_number_of_threads_alone(command: str) -> None:
    program = f"import os, tito.main, tito.commands.{command}; print(*os.environ)"
    environment = {key: value for key, value in os.environ.items() if "_THREADS" not in key}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "_THREADS" not in output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_that_is_listed_can_be_loaded(command: click.Command) -> None:
    assert command.name is not None
    result = run(command.name, "--help")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: tito {command.name}")


def test_milestone_has_mnist() -> None:
    result = run("milestone", "mnist", "--help")
    assert result.exit_code == 0, result.output


def test_help_lists_each_command_with_one_line() -> None:
    output = run("--help").output
    for command in COMMANDS:
        assert f"  {command.name} " in output
        assert str(command.short_help) in output


def test_help_is_as_good_with_the_short_option() -> None:
    assert run("-h").output == run("--help").output


def test_version_prints_the_version_of_the_package() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.output == f"tito {version(DISTRIBUTION)}\n"


def test_a_misspelt_command_is_wrong_usage_with_a_suggestion() -> None:
    result = run("exprot")
    assert result.exit_code == 2
    assert "No such command 'exprot'. Did you mean 'tito export'?" in result.output


def test_a_command_like_no_other_is_wrong_usage_that_points_to_the_help() -> None:
    result = run("frobnicate")
    assert result.exit_code == 2
    assert "No such command 'frobnicate'. To see them all: tito --help" in result.output


def test_an_unknown_option_is_wrong_usage() -> None:
    result = run("--nonsense")
    assert result.exit_code == 2
    assert "No such option" in result.output


def test_an_unknown_module_on_the_command_line_is_wrong_usage() -> None:
    result = run("export", "laers")
    assert result.exit_code == 2
    assert "Did you mean 'layers'?" in result.output


def test_the_shell_completes_commands() -> None:
    assert complete([], "ex") == ["explore", "export"]
    assert complete([], "") == [str(command.name) for command in COMMANDS]


def test_the_shell_completes_modules_by_name_and_by_number() -> None:
    assert complete(["export"], "la") == ["layers"]
    assert complete(["export"], "03") == ["03_layers"]
    assert complete(["test", "--module"], "o") == ["optimizers"]


def complete(arguments: list[str], incomplete: str) -> list[str]:
    completion = ShellComplete(main, {}, "tito", "_TITO_COMPLETE")
    return [item.value for item in completion.get_completions(arguments, incomplete)]


# ---- Bare tito -----------------------------------------------------------------------------------


def test_bare_tito_in_a_clone_says_so_and_names_what_to_try(clone: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert f"the reference, in {clone}." in result.output
    assert "tito milestone mnist" in result.output
    assert "tito test" in result.output


def test_bare_tito_from_a_wheel_names_only_what_works_there(wheel: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert "installed" in result.output
    assert "tito milestone mnist" in result.output
    assert "tito test" not in result.output


# ---- tito test -----------------------------------------------------------------------------------


def test_tito_test_runs_the_tests_of_the_clone_around_it(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (clone / "tests" / "test_tensor.py").write_text("def test_one(): pass\n")
    (clone / "tests" / "test_layers.py").write_text("def test_two(): pass\n")
    monkeypatch.chdir(clone / "modules")
    result = run("test")
    output = capfd.readouterr().out
    assert result.exit_code == 0, output
    assert "2 passed" in output


def test_tito_test_fails_when_a_test_fails(clone: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (clone / "tests" / "test_tensor.py").write_text("def test_one(): assert 1 + 1 == 3\n")
    result = run("test", "--", "-n0")
    assert result.exit_code == 1
    assert "assert (1 + 1) == 3" in capfd.readouterr().out


def test_tito_test_of_a_module_without_checks_runs_its_tests_alone(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tito.commands.test.material.check_file", lambda module: None)
    (clone / "tests" / "test_tensor.py").write_text("def test_one(): assert False\n")
    (clone / "tests" / "test_losses.py").write_text("def test_two(): pass\n")
    result = run("test", "--module", "4", "--", "-n0")
    output = capfd.readouterr().out
    assert result.exit_code == 0, output
    assert "1 passed" in output


def test_arguments_after_two_dashes_go_to_pytest(
    clone: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (clone / "tests" / "test_tensor.py").write_text("def test_one(): pass\n")
    result = run("test", "--", "--collect-only", "-n0")
    output = capfd.readouterr().out
    assert result.exit_code == 0, output
    assert "tests/test_tensor.py::test_one" in output
    assert "passed" not in output


def test_a_file_after_two_dashes_is_the_only_one_that_is_run(
    clone: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (clone / "tests" / "test_tensor.py").write_text("def test_one(): assert False\n")
    (clone / "tests" / "test_layers.py").write_text("def test_two(): pass\n")
    result = run("test", "--", "-n0", "tests/test_layers.py")
    output = capfd.readouterr().out
    assert result.exit_code == 0, output
    assert "1 passed" in output


def test_what_a_command_does_wraps_below_it_where_that_is_narrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    lines = command_lines([("tito watch 03", "checks again, and again, and again")])
    assert [click.unstyle(line) for line in "\n".join(lines).split("\n")] == [
        "  tito watch 03",
        "    checks again, and again,",
        "    and again",
    ]
