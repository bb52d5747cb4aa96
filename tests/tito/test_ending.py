"""Commands that are told to end while an exercise loops: they do, at once, and leave nothing."""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pexpect
import pytest
from learner import solved

from tinytorch.course import find_module
from tito.checks.pool import MOST_ABREAST
from tito.workspace.folder import Workspace

pytestmark = pytest.mark.needs("/proc")

LAYERS = find_module("layers")
MARK = "TITO_TEST_ENDING"
# The command, a keeper, a process that loads, and a check: fewer, and nothing loops yet.
AT_WORK = 4
COMMANDS = [("test", "--module", "layers"), ("watch", "layers"), ("module", "complete", "3")]
LOOP = """\
import signal
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            pass
        """


class Running:
    """A command in a pseudo-terminal, whose exercise loops and ignores signals."""

    def __init__(
        self,
        workspace: Workspace,
        scratch: Path,
        arguments: tuple[str, ...],
        hangup: signal.Handlers = signal.SIG_DFL,
    ) -> None:
        text = solved(LAYERS)
        start = "return apply(linear"
        assert start in text, "the solution has changed"
        workspace.lesson(LAYERS).write_text(text.replace(start, LOOP + start), encoding="utf-8")
        scratch.mkdir()
        self.scratch = scratch
        self.mark = f"{MARK}={scratch}"
        self.terminal = pexpect.spawn(
            sys.executable,
            ["-c", "from tito.main import main; main()", *arguments],
            cwd=str(workspace.root),
            env={**os.environ, MARK: str(scratch), "TMPDIR": str(scratch)},
            # As in a terminal, also where the tests themselves run under `nohup`.
            preexec_fn=partial(signal.signal, signal.SIGHUP, hangup),
            encoding="utf-8",
            timeout=60,
        )
        until(lambda: len(self.processes()) >= AT_WORK)

    def processes(self) -> list[int]:
        """What runs of the command and of all that it has started."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marked = self.mark.encode() in (folder / "environ").read_bytes().split(b"\0")
            except OSError:  # another user's, or just ended
                continue
            if marked:  # that of a process which has ended is empty
                found.append(int(folder.name))
        return found

    def status(self) -> int:
        """How the command ended, once it has."""
        self.printed = self.terminal.read()
        status: int = self.terminal.wait()
        return status

    def expect_nothing_left(self) -> None:
        """No process, and no temporary file."""
        until(lambda: not self.processes())
        assert list(self.scratch.iterdir()) == []


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_ctrl_c_ends_a_command_and_another_one_changes_nothing(
    workspace: Workspace, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    running = Running(workspace, tmp_path / "scratch", arguments)
    for _ in range(3):
        running.terminal.sendintr()
    assert running.status() == 130
    assert "Traceback" not in running.printed
    running.expect_nothing_left()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command(
    workspace: Workspace, tmp_path: Path, number: int, status: int
) -> None:
    running = Running(workspace, tmp_path / "scratch", COMMANDS[0])
    os.kill(running.terminal.pid, number)
    assert running.status() == status
    assert "Traceback" not in running.printed
    running.expect_nothing_left()


@pytest.mark.parametrize("arguments", COMMANDS[:2], ids=" ".join)
def test_a_terminal_that_closes_ends_a_command(
    workspace: Workspace, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    running = Running(workspace, tmp_path / "scratch", arguments)
    os.close(running.terminal.child_fd)
    _, status = os.waitpid(running.terminal.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    running.expect_nothing_left()


@pytest.mark.parametrize("arguments", COMMANDS[:2], ids=" ".join)
def test_what_a_killed_command_has_started_ends_by_itself(
    workspace: Workspace, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    running = Running(workspace, tmp_path / "scratch", arguments)
    os.kill(running.terminal.pid, signal.SIGKILL)
    until(lambda: not running.processes())
    running.terminal.close()


def test_what_is_saved_again_leaves_no_process_of_the_run_before(
    workspace: Workspace, tmp_path: Path
) -> None:
    running = Running(workspace, tmp_path / "scratch", COMMANDS[1])
    file = workspace.lesson(LAYERS)
    for _ in range(20):
        before = set(running.processes())
        os.utime(file, ns=(time.time_ns(), time.time_ns()))
        until(lambda before=before: len(set(running.processes()) - before) >= AT_WORK - 1)
    until(lambda: len(running.processes()) <= 1 + (AT_WORK - 1) * MOST_ABREAST)
    assert len(list(running.scratch.iterdir())) <= MOST_ABREAST
    running.terminal.sendintr()
    running.status()
    running.expect_nothing_left()


def test_a_signal_that_is_ignored_stays_ignored(workspace: Workspace, tmp_path: Path) -> None:
    running = Running(workspace, tmp_path / "scratch", COMMANDS[0], hangup=signal.SIG_IGN)
    os.kill(running.terminal.pid, signal.SIGHUP)
    os.kill(running.terminal.pid, signal.SIGTERM)
    assert running.status() == 143
