"""The workers that judge the checks of a run side by side, one for each processor.

While one check is waited for, those that follow it run already. What they come to is used when
their turn comes, or thrown away if it turns out that they had to wait for an earlier one.
"""

import os
import re
import signal
import stat
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tinytorch.course import Module
from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.judge import Verdict, overdue, verdict_from
from tinytorch.course.machine import processors
from tinytorch.course.overlay import find_workspace, search_path
from tito.checks.channel import MOST
from tito.checks.process import SetUpError, WorkerProcess
from tito.checks.worker import NO_ANSWER, Setting

MOST_ABREAST = 4  # each worker has to load the framework, which is worth it for a few only

# Signals that a process gets for what its own instructions did.
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS")
_FRAME = re.compile(r'\s*File "(?P<file>.*)", line (?P<line>\d{1,9}) in ')


class WorkerPool:
    """Judges checks, in the order of their suite.

    Args:
        module: the module that is judged.
        file: the learner's file; None for the module as the framework finds it.
        beside: a folder with modules that the file may import.
        checks: the whole suite.
        on_wait: called again and again while a check is waited for; may raise to end the run.

    Attributes:
        hopeless: whether the module could not even be loaded, so that no check can run.
    """

    def __init__(
        self,
        module: Module,
        file: Path | None,
        beside: Path | None,
        checks: list[Check],
        on_wait: Callable[[Check, float], None],
    ) -> None:
        self._module = module
        self._file = str(file.resolve()) if file else None
        self._beside = str(beside.resolve()) if beside else None
        self._judged = self._file or _module_file(module)
        self._checks = checks
        self._on_wait = on_wait
        self._abreast = min(MOST_ABREAST, processors()) if hasattr(os, "fork") else 1
        self._workers: list[WorkerProcess] = []  # all that there were
        self._folders = ExitStack()
        self._idle: list[WorkerProcess] = []
        self._at_work: dict[str, WorkerProcess] = {}  # by the name of the check
        self.hopeless = False

    def judge(self, check: Check, limit: float) -> Verdict | None:
        """What a check comes to; None if the module could not even be loaded."""
        if self.hopeless:
            return None
        try:
            return self._judge(check, limit)
        except SetUpError as error:
            self.hopeless = True
            return Verdict(
                outcome="error",
                mistake="the checks could not be set up",
                seen=str(error).strip().split("\n")[-1],
                expected="a file and a process for them",
                stopped=True,
                traceback=str(error),
            )

    def _judge(self, check: Check, limit: float) -> Verdict:
        position = self._checks.index(check)
        self._take_back(self._checks[:position])
        for following in self._checks[position : position + self._abreast]:
            if following.name in self._at_work:
                continue
            worker = self._free_worker(self._checks[:position], limit)
            problem = None if worker.loaded else self._verdict(check, worker, limit)
            if problem and problem.outcome != "passed":
                worker.end()
                self.hopeless = following is check
                if self.hopeless:
                    problem.about = ""  # it came before any exercise was asked for
                    return problem
                break
            worker.ask({"check": following.name}, limit)
            self._at_work[following.name] = worker
        worker = self._at_work.pop(check.name)
        verdict = self._verdict(check, worker, limit)
        if not worker.ended:
            self._idle.append(worker)
        return verdict

    def end(self) -> None:
        """End all workers, and remove what they have written."""
        for worker in self._workers:
            worker.end()
        self._folders.close()

    def _take_back(self, passed_over: list[Check]) -> None:
        """Make those workers idle that have answered what nobody asks any more."""
        for name in [check.name for check in passed_over if check.name in self._at_work]:
            worker = self._at_work[name]
            if worker.has_answered:
                del self._at_work[name]
                worker.answer(0, lambda seconds: None)
                if not worker.ended:
                    self._idle.append(worker)

    def _free_worker(self, passed_over: list[Check], limit: float) -> WorkerProcess:
        """A worker that does nothing, if need be a new one."""
        if not self._idle and not self._at_work:
            self._idle = [self._new_worker(limit) for _ in range(self._abreast)]
        elif not self._idle:
            if len(self._at_work) >= self._abreast:  # then one has nothing more to tell us
                name = next(check.name for check in passed_over if check.name in self._at_work)
                self._at_work.pop(name).end()
            self._idle.append(self._new_worker(limit))
        return self._idle.pop(0)

    def _new_worker(self, limit: float) -> WorkerProcess:
        try:
            scratch = Path(self._folders.enter_context(_scratch_folder()))
            folder = scratch / "folder"
            folder.mkdir()
            setting = Setting(
                module=self._module,
                file=self._file,
                beside=self._beside,
                workspace=find_workspace() or "off",
                folder=str(folder),
                stack=str(scratch / "stack"),
                output=str(scratch / "output"),
            )
            self._workers.append(WorkerProcess(setting, limit))
        except OSError as error:  # no room, no more processes, no more open files
            raise SetUpError(str(error)) from error
        return self._workers[-1]

    def _verdict(self, check: Check, worker: WorkerProcess, limit: float) -> Verdict:
        """What the worker answers; while it works, `check` is what is waited for."""
        answer = worker.answer(limit, lambda seconds: self._on_wait(check, seconds))
        if "timeout" in answer:
            verdict = overdue(limit)
        else:
            try:
                return verdict_from(answer)
            except ValueError:  # it ended, or the code has written something that is none
                worker.end()
            verdict = Verdict(
                outcome="error",
                mistake=_manner_of_ending(answer.get("ended")),
                seen="the process is gone",
                expected="an answer",
                stopped=True,
            )
        verdict.file, verdict.line = self._last_place(worker)
        return verdict

    def _last_place(self, worker: WorkerProcess) -> tuple[str | None, int | None]:
        """The line of the learner's file at which the code was in the end."""
        text = _beginning_of(worker.setting.stack)
        for frame in _FRAME.finditer(text):
            # Python writes these names in ASCII, and cuts off long ones.
            name = self._judged.encode("ascii", "backslashreplace").decode()
            if name.startswith(frame["file"].removesuffix("...")):
                return self._judged, int(frame["line"])
        return None, None


def _scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for a worker, whose code may do to it what it likes."""
    return tempfile.TemporaryDirectory(prefix="tito-", ignore_cleanup_errors=True)


def _module_file(module: Module) -> str:
    """The file that the framework uses for a module."""
    files = [os.path.join(folder, f"{module.name}.py") for folder in search_path()]
    return next((file for file in files if os.path.isfile(file)), files[-1])


def _beginning_of(file: str) -> str:
    """What a file holds that the code could replace by anything; nothing if it cannot be read."""
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    with open(descriptor, "rb") as opened:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return opened.read(MOST).decode("utf-8", "replace") if regular else ""


def _manner_of_ending(status: Any) -> str:
    if not isinstance(status, int) or status == NO_ANSWER:
        return (
            "it closes files that are not its own, or breaks or replaces Python, "
            "so that no answer comes"
        )
    if status >= 0:
        return f"it ends the whole process, as os._exit({status}) does"
    if -status == signal.SIGKILL:
        return "it is killed: by a line of its own, or by the system, for using too much memory"
    try:
        name = signal.Signals(-status).name
    except ValueError:  # one of those that have no name
        name = f"signal {-status}"
    return f"{'it crashes Python itself' if name in _CRASHES else 'a signal ends it'} ({name})"
