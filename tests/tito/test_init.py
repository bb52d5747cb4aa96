"""`tito init`: a workspace from what is installed, and never a touch on what is there."""

import os
import re
import subprocess
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from learner import LAYERS, ROOT, TENSOR, solved, tito

import tinytorch
from tinytorch.course import MODULES
from tinytorch.course.overlay import MARKER
from tito.lessons import material
from tito.lessons.forms import exercise_file
from tito.workspace.folder import HIDDEN, Workspace


def contents(root: Path) -> dict[str, bytes]:
    """Each file below a folder, but for tito's own."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and HIDDEN not in path.parts and path.name != MARKER
    }


@pytest.fixture
def upgraded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace after an upgrade of TinyTorch that changed the lesson on layers."""
    monkeypatch.setattr(tinytorch, "__version__", "9.0")
    read = material._read

    def read_new(path: str) -> str:
        text = read(path)
        return text + "# A new last line.\n" if path == LAYERS.lesson else text

    monkeypatch.setattr(material, "_read", read_new)
    material.exercise.cache_clear()
    yield workspace
    material.exercise.cache_clear()


def test_a_workspace_has_each_exercise_and_the_checks_to_read(workspace: Workspace) -> None:
    for module in MODULES:
        assert workspace.lesson(module).read_text() == exercise_file(module)
    for name, file in material.check_files().items():
        assert (workspace.root / name).read_bytes() == file.read_bytes()
    assert (workspace.root / "tinytorch" / "core").is_dir()
    assert not (workspace.root / "tinytorch" / "__init__.py").exists()


def test_no_solution_is_in_a_workspace(workspace: Workspace) -> None:
    assert not [
        f for f, content in contents(workspace.root).items() if b"BEGIN SOLUTION" in content
    ]


def test_the_workspace_goes_into_the_current_folder_unless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tito("init").exit_code == 0
    assert (tmp_path / MARKER).is_file()


def test_it_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = tito("init", "my work").output
    assert "cd 'my work'" in output
    assert "tito module start 01" in output


def test_a_second_time_it_changes_nothing_and_says_so(workspace: Workspace) -> None:
    before = contents(workspace.root)
    result = tito("init")
    assert result.exit_code == 0
    assert "Nothing is missing" in result.output
    assert contents(workspace.root) == before


def test_it_finds_its_workspace_from_a_folder_inside(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.root / "modules")
    assert "Nothing is missing" in tito("init").output


def test_it_adds_what_is_missing_and_leaves_the_rest_alone(workspace: Workspace) -> None:
    workspace.lesson(TENSOR).write_text("my own")
    workspace.lesson(LAYERS).unlink()
    result = tito("init")
    assert f"Added what was missing: {LAYERS.lesson}." in result.output
    assert workspace.lesson(LAYERS).read_text() == exercise_file(LAYERS)
    assert workspace.lesson(TENSOR).read_text() == "my own"


def test_it_does_not_bring_back_the_py_file_of_someone_who_works_in_the_notebook(
    workspace: Workspace,
) -> None:
    tito("module", "start", "layers", "--notebook")
    workspace.lesson(LAYERS).unlink()
    assert "Nothing is missing" in tito("init").output


def test_files_that_were_there_before_the_workspace_stay_as_they_are(tmp_path: Path) -> None:
    lesson = tmp_path / LAYERS.lesson
    lesson.parent.mkdir(parents=True)
    lesson.write_text(solved(LAYERS))
    (tmp_path / "notes.txt").write_text("mine")
    assert tito("init", str(tmp_path)).exit_code == 0
    assert lesson.read_text() == solved(LAYERS)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_workspace_says_what_it_is_and_how_to_go_on(workspace: Workspace) -> None:
    readme = (workspace.root / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^tito(.*?) +#", readme, flags=re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        words = [word for word in command.split() if not word.isdigit()]
        assert tito(*words, "--help").exit_code == 0
    for name in re.findall(r"^\| `(.+?)`", readme, flags=re.MULTILINE):
        assert (workspace.root / name).exists()


@pytest.mark.needs("git")
def test_git_leaves_out_what_need_not_be_kept(workspace: Workspace) -> None:
    assert tito("milestone", "mnist", "--help").exit_code == 0
    for name in ("pictures/a.png", "milestone-mnist/b", "modules/__pycache__/c"):
        (workspace.root / name).parent.mkdir(exist_ok=True)
        (workspace.root / name).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=workspace.root, check=True)
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    kept = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True).stdout
    folders = {name.partition("/")[0] for name in kept.splitlines()}
    assert folders == {".gitignore", "README.md", "modules", "tests", "tinytorch.toml"}


def test_the_addresses_of_the_project_come_from_its_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = Message()
    about["Project-URL"] = "Homepage, https://example.org/a,b"
    monkeypatch.setattr("importlib.metadata.metadata", lambda name: about)
    assert tito("init", str(tmp_path / "w")).exit_code == 0
    readme = (tmp_path / "w" / "README.md").read_text(encoding="utf-8")
    assert readme.endswith("- Homepage: <https://example.org/a,b>\n")


def test_a_readme_of_the_learners_own_stays(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.mine")
    (tmp_path / ".git").mkdir()
    output = tito("init", str(tmp_path)).output
    assert "The files that were there before are as they were." in output
    assert f"It is inside your Git repository, {tmp_path}." in output
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text() == "*.mine"
    (tmp_path / "README.md").unlink()
    assert "Added what was missing: README.md." in tito("init", str(tmp_path)).output


# ---- An upgrade of TinyTorch ---------------------------------------------------------------------


def test_bare_tito_tells_of_new_lessons(upgraded: Workspace) -> None:
    output = tito().output
    assert "This TinyTorch has new lessons for layers." in output
    assert "tito init" in output


def test_after_an_upgrade_the_new_lesson_is_put_beside_the_old_one(upgraded: Workspace) -> None:
    before = contents(upgraded.root)
    result = tito("init")
    after = contents(upgraded.root)
    new = "modules/03_layers/layers_dev_9.0.py"
    assert f"There is a new lesson: {new}." in result.output
    assert after.pop(new).decode() == exercise_file(LAYERS)
    assert after == before


def test_a_new_lesson_is_offered_once(upgraded: Workspace) -> None:
    tito("init")
    assert "new lesson" not in tito().output
    assert "Nothing is missing" in tito("init").output


def test_after_an_upgrade_starting_over_hands_out_the_new_lesson(upgraded: Workspace) -> None:
    tito("module", "reset", "layers")
    assert upgraded.lesson(LAYERS).read_text().endswith("# A new last line.\n")
    assert "new lessons" not in tito().output


def test_a_check_file_of_another_tinytorch_is_told_of_and_not_touched(workspace: Workspace) -> None:
    name = next(iter(material.check_files()))
    (workspace.root / name).write_text("# old\n")
    output = tito("init").output
    assert f"other checks than {name}; it uses its own. To have them here too:" in output
    assert (workspace.root / name).read_text() == "# old\n"


# ---- Where a workspace should not be -------------------------------------------------------------


def test_a_clone_of_tinytorch_is_no_place_for_a_workspace() -> None:
    result = tito("init", str(ROOT))
    assert result.exit_code == 1
    assert "is a clone of TinyTorch itself. Name a new folder" in result.output
    assert not (ROOT / MARKER).exists()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a clone of TinyTorch is known by."""
    for name in ("pyproject.toml", "modules/lesson.py", "tito/repository.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_inside_a_clone_it_says_why_that_is_fine(clone: Path) -> None:
    result = tito("init", str(clone / "my-tinytorch"))
    assert result.exit_code == 0
    assert f"It is inside a clone of TinyTorch, {clone}, which is fine:" in result.output


def test_a_folder_of_a_clone_is_no_place_for_a_workspace(clone: Path) -> None:
    result = tito("init", str(clone / "modules"))
    assert result.exit_code == 1
    assert f"is a part of {clone}, a clone of TinyTorch. Name a new folder" in result.output
    assert os.listdir(clone / "modules") == ["lesson.py"]


def test_the_home_folder_is_no_place_for_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    result = tito("init", str(tmp_path))
    assert result.exit_code == 1
    assert os.listdir(tmp_path) == []


def test_a_workspace_is_no_place_for_another_one(workspace: Workspace) -> None:
    result = tito("init", "second")
    assert result.exit_code == 1
    assert f"{workspace.root} is a workspace already" in result.output
    assert not (workspace.root / "second").exists()


def test_a_file_is_no_place_for_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = tito("init", str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "is a file" in result.output
