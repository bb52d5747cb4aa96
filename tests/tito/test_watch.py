"""`tito watch`: it answers each save, survives what is saved, and moves on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from learner import solved, tito, write_one

from tinytorch.course import find_module
from tito.workspace.folder import Workspace

LAYERS = find_module("layers")

FORWARD = ("y = x @ self.weight", "return y if self.bias is None else y + self.bias")
INIT = (
    "shape = (self.in_features, self.out_features)",
    "scale = math.sqrt(1 / max(1, self.in_features))",
    "weight = generator().standard_normal(shape, dtype=np.float32) * np.float32(scale)",
    "self.weight = Tensor(weight, requires_grad=True)",
    "self.bias = Tensor(np.zeros(self.out_features), requires_grad=True) if bias else None",
)


class Watching:
    """A `tito watch 03` that runs beside the test."""

    def __init__(self, workspace: Workspace) -> None:
        program = "from tito.main import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", program, "watch", "layers"],
            cwd=workspace.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, *texts: str) -> str:
        """What is printed up to the next line with one of the texts in it."""
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            printed += line
            if any(text in line for text in texts):
                return printed
        raise AssertionError(f"none of {texts} in:\n{printed}")

    def answer(self) -> str:
        """What is printed up to the end of an answer."""
        return self.until("Next: ", "No check could run")


@pytest.fixture
def watching(workspace: Workspace) -> Iterator[Watching]:
    watching = Watching(workspace)
    yield watching
    watching.process.kill()
    watching.process.communicate()


def test_a_file_that_does_not_load_is_told_of_with_its_line(
    workspace: Workspace, watching: Watching
) -> None:
    watching.answer()
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(lesson.read_text().replace("#| export\n", "#| export\nx = (1,\n", 1))
    answer = watching.until("No check could run")
    assert "Python cannot read the file." in answer
    assert "             x = (1,\n                 ^\n" in answer


def test_it_shows_the_first_exercise_and_moves_on_when_that_passes(
    workspace: Workspace, watching: Watching
) -> None:
    assert "tito hint 03 Linear.__init__" in watching.answer()
    write_one(workspace.lesson(LAYERS), "Linear.__init__", *INIT)
    answer = watching.answer()
    assert "✅ Linear.__init__ is done. On to Linear.forward." in answer
    write_one(workspace.lesson(LAYERS), "Linear.forward", *FORWARD)
    assert "✅ Linear.forward is done. On to Linear.parameters." in watching.answer()
    workspace.lesson(LAYERS).write_text(solved(LAYERS), encoding="utf-8")
    assert "checks passed" in watching.answer()


def test_nothing_is_done_after_a_typo_elsewhere_or_in_a_file_that_starts_over(
    workspace: Workspace, watching: Watching
) -> None:
    file = workspace.lesson(LAYERS)
    handed_out = file.read_text(encoding="utf-8")
    watching.answer()
    write_one(file, "Linear.__init__", *INIT)
    assert "✅ Linear.__init__ is done. On to Linear.forward." in watching.answer()
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("Linear(Layer):", "Linear(Layer:"), encoding="utf-8")
    assert "is done" not in watching.answer()
    file.write_text(right, encoding="utf-8")
    assert "is done" not in watching.answer()
    file.write_text("", encoding="utf-8")
    assert "is done" not in watching.answer()
    file.write_text(right, encoding="utf-8")
    watching.answer()
    file.write_text(handed_out, encoding="utf-8")
    assert "is done" not in watching.answer()


def test_an_exercise_with_another_mistake_further_down_is_not_done(
    workspace: Workspace, watching: Watching
) -> None:
    watching.answer()
    *right, bias = INIT
    wrong = bias.replace("requires_grad=True", "requires_grad=True, dtype=np.float64")
    assert wrong != bias
    write_one(workspace.lesson(LAYERS), "Linear.__init__", *right, wrong)
    assert "is done" not in watching.answer()


def test_it_notices_an_editor_that_writes_by_renaming(
    workspace: Workspace, watching: Watching
) -> None:
    watching.answer()
    file = workspace.lesson(LAYERS)
    new = file.with_suffix(".tmp")
    new.write_text(solved(LAYERS), encoding="utf-8")
    os.replace(new, file)
    assert "checks passed" in watching.answer()


def test_it_survives_whatever_is_saved(workspace: Workspace, watching: Watching) -> None:
    watching.answer()
    file: Path = workspace.lesson(LAYERS)
    file.write_text("#| export\ndef broken(:\n", encoding="utf-8")
    assert "Python cannot read the file" in watching.answer()
    file.write_bytes(b"\xff\xfe\x00 no text at all \xff")
    watching.answer()
    file.unlink()
    watching.until("is gone")
    file.write_text("#| export\nimport os; os._exit(1)\n", encoding="utf-8")
    assert "os._exit(1)" in watching.answer()
    file.write_text(solved(LAYERS), encoding="utf-8")
    assert "checks passed" in watching.answer()


def test_a_save_during_an_endless_loop_is_answered_at_once(
    workspace: Workspace, watching: Watching
) -> None:
    watching.answer()
    file = workspace.lesson(LAYERS)
    file.write_text("#| export\nwhile True: pass\n", encoding="utf-8")
    file.write_text(solved(LAYERS), encoding="utf-8")
    answer = watching.answer()
    assert "checks passed" in answer


def test_ctrl_c_ends_it_well(watching: Watching) -> None:
    watching.answer()
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(30) == 130


def test_outside_a_workspace_the_module_has_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tito("watch")
    assert result.exit_code == 2
    assert "which module" in result.output
