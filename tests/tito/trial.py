"""Commands that are stopped at whatever instant, for the tests of what is left of the files.

Each runs in a fork of this process, which is to be a small one.
"""

import errno
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext  # type: ignore[import-untyped] # noqa: F401 - or each process would, for a second
from learner import LAYERS, TENSOR, solved, tito, write_one

from tinytorch.course.overlay import MARKER
from tinytorch.datasets import MNIST

# All commands, or each process would import its own.
from tito.commands import hint, init, module, solution  # noqa: F401
from tito.lessons import material
from tito.lessons.export import notebook_source
from tito.main import main
from tito.workspace.folder import HIDDEN, Workspace
from tito.workspace.notes import from_toml

RANDOM_INSTANTS = 6
RESULTS = Path("milestone-mnist")

Step = Callable[[str, Path], None]

_WRITES = ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.rmdir", "fsync")


@dataclass(frozen=True)
class Case:
    """A command, and the workspace that it meets."""

    arguments: tuple[str, ...]
    prepare: Callable[[Workspace], None]


def nothing(workspace: Workspace) -> None:
    pass


def no_workspace(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root)
    workspace.root.mkdir()


def parts_missing(workspace: Workspace) -> None:
    write_one(workspace.lesson(TENSOR), "Tensor.sum", "return self")
    workspace.lesson(LAYERS).unlink()
    shutil.rmtree(workspace.root / "tests")


def begun(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))


def notebook_behind(workspace: Workspace) -> None:
    tito("module", "start", "3", "--notebook")
    workspace.lesson(LAYERS).write_text(solved(LAYERS))


def notebook_ahead(workspace: Workspace) -> None:
    tito("module", "start", "3", "--notebook")
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))


def older_version(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    workspace.finished_file(LAYERS).write_text("# an older one\n")


def all_there_is(workspace: Workspace) -> None:
    older_version(workspace)
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)))


def other_solution(workspace: Workspace) -> None:
    begun(workspace)
    workspace.lesson(LAYERS).with_name("layers_solution.py").write_text("# my notes on it\n")


def gone(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).unlink()


def older_lesson(workspace: Workspace) -> None:
    begun(workspace)
    notes = workspace.root / MARKER
    notes.write_text(notes.read_text().replace(material.edition(LAYERS), "older"))


def damaged_notes(workspace: Workspace) -> None:
    older_version(workspace)
    (workspace.root / MARKER).write_text("format = ")


CASES = {
    "init": Case(("init",), no_workspace),
    "init again": Case(("init",), parts_missing),
    "init after an upgrade": Case(("init",), older_lesson),
    "start what is gone": Case(("module", "start", "3"), gone),
    "start": Case(("module", "start", "3"), begun),
    "start in a notebook": Case(("module", "start", "3", "--notebook"), begun),
    "go on in the notebook": Case(("module", "start", "3", "--notebook"), notebook_behind),
    "go back to python": Case(("module", "start", "3", "--python"), notebook_ahead),
    "complete": Case(("module", "complete", "3"), older_version),
    "complete from a notebook": Case(("module", "complete", "3"), notebook_ahead),
    "reset": Case(("module", "reset", "3"), all_there_is),
    "hint": Case(("hint", "layers", "Linear.forward"), begun),
    "solution": Case(("solution", "layers"), other_solution),
    "damaged notes": Case((), damaged_notes),
}


class Trial:
    """One workspace after another, all as the case prepared it, and a command in each."""

    def __init__(self, workspace: Workspace, case: Case) -> None:
        case.prepare(workspace)
        self.root = workspace.root
        self.model = self.root.with_name("model")
        self.arguments = case.arguments
        shutil.move(self.root, self.model)
        self.before = contents(self.model)
        self._copy()
        # In this process, so that its forks need not read the lessons again.
        assert tito(*self.arguments).exit_code == 0
        self.after = contents(self.root)
        self.files = {path for path in self.before if HIDDEN not in path.parts}

    def run(self, step: Step = lambda event, path: None, seconds: float | None = None) -> int:
        """Run the command in a fresh copy. `step` is told of each change before it is made.

        Returns:
            The exit code; negative for the signal that ended it.
        """
        self._copy()
        return run_in_a_process(self.root, self.arguments, step, seconds)

    def _copy(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.model, self.root)
        os.chdir(self.root)

    def check(self) -> None:
        """All files are whole, each old or new, and what is old is somewhere."""
        now = contents(self.root)
        for path, content in now.items():
            if HIDDEN in path.parts:
                known = {*self.before.values(), *self.after.values(), b""}
            elif path == Path(MARKER):
                continue
            else:
                known = {self.before.get(path), self.after.get(path)}
            whole = path.name.startswith(".tinytorch-") or content in known
            assert whole, f"{path} is not whole"
        for path in self.files - {Path(MARKER)}:
            somewhere = self.before[path] in now.values()
            assert somewhere, f"{path} is lost"

    def check_again(self) -> None:
        """The next command works, and leaves what it should."""
        assert run_in_a_process(self.root, self.arguments) == 0
        now = contents(self.root)
        for path in self.after:
            if HIDDEN not in path.parts and path != Path(MARKER):
                right = now[path] == self.after[path]
                assert right, f"{path} is not as it should be"
        assert [path for path in now if path.name.startswith(".tinytorch-")] == []
        from_toml((self.root / MARKER).read_text())


def contents(root: Path) -> dict[Path, bytes]:
    """Each file in a workspace, by its path from there."""
    return {f.relative_to(root): f.read_bytes() for f in root.rglob("*") if f.is_file()}


def run_in_a_process(
    root: Path,
    arguments: tuple[str, ...],
    step: Step = lambda event, path: None,
    seconds: float | None = None,
) -> int:
    """Run a command in a process of its own, which is killed after `seconds`."""

    def child() -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.addaudithook(hook)
        sync = os.fsync
        os.fsync = lambda file: (hook("fsync", (root,)), sync(file))[1]  # type: ignore[assignment]
        sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - not pytest's own
        main(arguments)

    def hook(event: str, details: tuple[object, ...]) -> None:
        if event not in _WRITES or not isinstance(details[0], (str, os.PathLike)):
            return
        path = Path(details[0])
        if event == "open" and not (set(str(details[1])) & set("wxa+")):
            return
        if path.is_relative_to(root):
            step(event, path)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def let_checks_pass() -> None:
    """In this process, every exercise is as if its checks had passed."""
    module._passes = lambda module, file: True


def killed_before_each_step(workspace: Workspace, case: str) -> int:
    """Kill a command before each of its steps in turn, and see what is left; how many there are."""
    trial = Trial(workspace, CASES[case])
    steps = 0
    while True:
        count = iter(range(steps, -1, -1))

        def kill_at_the_step(event: str, path: Path, count: Iterator[int] = count) -> None:
            if next(count) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        status = trial.run(kill_at_the_step)
        trial.check()
        trial.check_again()
        if status == 0:
            break
        assert status == -signal.SIGKILL
        steps += 1 if steps < 20 else 5  # the files of a whole workspace are much alike
    return steps


def killed_at_random_instants(workspace: Workspace, case: str) -> None:
    """Kill a command at random instants, and see what is left."""
    trial = Trial(workspace, CASES[case])
    for seed in range(RANDOM_INSTANTS):
        trial.run(seconds=random.Random(seed).uniform(0, 0.1))
        trial.check()
        trial.check_again()


def on_a_full_disk(workspace: Workspace, case: str, room: int) -> None:
    """Run a command that can write only `room` bytes to a file, and see what is left."""
    trial = Trial(workspace, CASES[case])

    def fill_the_disk(event: str, path: Path) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    assert trial.run(fill_the_disk) in (0, 1)
    trial.check()
    trial.check_again()


def in_a_read_only_folder(workspace: Workspace, case: str) -> None:
    """Run a command that can write nothing, and see that all is as it was."""
    trial = Trial(workspace, CASES[case])

    def refuse(event: str, path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    assert trial.run(refuse) in (0, 1)
    assert contents(trial.root) == trial.before
    trial.check_again()


def milestone_killed_before_each_step(workspace: Workspace, images: MNIST) -> int:
    """Kill the milestone before each of its steps in turn, and see what is left of two runs."""
    from tinytorch import datasets  # here, because the other commands need neither of them
    from tito.milestones import picture

    datasets.mnist = lambda: images
    picture.draw = lambda *arguments: b"a picture"
    trial = Trial(workspace, Case(("milestone", "mnist", "--epochs", "1"), begun))
    results = trial.model / "milestone-mnist"
    results.mkdir()
    old = {"weights.safetensors": b"old", "metrics.json": b'{"old": 1}', "mnist.png": b"old"}
    for name, content in old.items():
        (results / name).write_bytes(content)
    new = {Path(path).name: content for path, content in trial.after.items()}
    steps, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        count = iter(range(steps, -1, -1))

        def kill_at_the_step(event: str, path: Path, count: Iterator[int] = count) -> None:
            if next(count, 1) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        status = trial.run(kill_at_the_step)
        now = contents(trial.root)
        assert all(now[path] == content for path, content in trial.before.items())
        there = {path.name: content for path, content in now.items() if path.parent == RESULTS}
        weights = there["weights.safetensors"]
        assert weights in (b"old", new["weights.safetensors"])
        for name in {"metrics.json", "mnist.png"} & set(there):
            is_old = there[name] == old[name]
            assert is_old is (weights == b"old"), f"{name} is of another run than the weights"
        json.loads(there.get("metrics.json", b"{}"))
        steps += 1
    assert status == 0
    return steps


def at_once(workspace: Workspace) -> None:
    """Run commands that write the same files at once, and see what is left."""
    fresh = contents(workspace.root)
    shutil.rmtree(workspace.root)
    workspace.root.mkdir()
    os.chdir(workspace.root)
    start = multiprocessing.get_context("fork").Process
    inits = [start(target=main, args=(("init",),)) for _ in range(3)]
    for process in inits:
        process.start()
    for process in inits:
        process.join()
    assert [process.exitcode for process in inits] == [0, 0, 0]
    assert contents(workspace.root) == fresh
    names = ("Linear.__init__", "Linear.forward", "Dropout.forward")
    hints = [start(target=main, args=(("hint", "layers", name),)) for name in names]
    for process in hints:
        process.start()
    for process in hints:
        process.join()
    assert Workspace(workspace.root).progress(LAYERS).hints == dict.fromkeys(names, 1)
