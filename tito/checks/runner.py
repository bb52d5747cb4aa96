"""Running a module's checks on a learner's file, none of whose code runs in this process."""

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinytorch.checking.checks import Check, checks_in
from tinytorch.checking.judge import Verdict, overdue
from tinytorch.checking.results import Result
from tinytorch.checking.run import LIMIT, Run
from tinytorch.overlay import find_workspace, place, search_path
from tito.checks.process import StageProcess
from tito.checks.stage import Setting
from tito.checks.suites import read_suite
from tito.course import Module

_FRAME = re.compile(r'\s*File "(?P<file>.*)", line (?P<line>\d+) in ')


@dataclass
class Report:
    """What the checks of a module came to."""

    module: Module
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all checks have passed."""
        return all(result.outcome == "passed" for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """The report for a program to read."""
        return {
            "module": self.module.name,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "checks": [result.as_dict() for result in self.results],
        }


def run_checks(
    module: Module,
    file: Path | None = None,
    *,
    on_result: Callable[[Result], None] = lambda result: None,
    cancelled: Callable[[], bool] = lambda: False,
    limit: float = LIMIT,
) -> Report:
    """Run all checks of a module, each in a process of its own.

    Args:
        module: the module.
        file: the file to judge; None for the module as the framework finds it.
        on_result: called with each result as soon as there is one.
        cancelled: asked again and again whether the rest is still wanted.
        limit: seconds that a check may take.

    Raises:
        TitoError: there are no checks for this module.
        CancelledError: `cancelled` said so.
    """
    checks = checks_in(read_suite(module))
    start = time.perf_counter()
    report = Report(module)
    with tempfile.TemporaryDirectory(prefix="tito-", ignore_cleanup_errors=True) as scratch:
        stages = _Stages(module, file, Path(scratch), cancelled)
        run = Run(module.name, stages.ask, place, limit)
        try:
            for check in checks:
                result = run.result_of(check)
                report.results.append(result)
                on_result(result)
        finally:
            stages.end()
    report.seconds = time.perf_counter() - start
    return report


class _Stages:
    """What the checks run on: one stage after another, since code may bring one down."""

    def __init__(
        self,
        module: Module,
        file: Path | None,
        scratch: Path,
        cancelled: Callable[[], bool],
    ) -> None:
        self.cancelled = cancelled
        self.stage: StageProcess | None = None
        self.stopped = False
        self.judged = str(file.resolve()) if file else _module_file(module)
        folder = scratch / "folder"
        folder.mkdir()
        self.setting = Setting(
            module=module,
            file=str(file.resolve()) if file else None,
            workspace=find_workspace() or "off",
            folder=str(folder),
            stack=str(scratch / "stack"),
            output=str(scratch / "output"),
        )

    def ask(self, check: Check, limit: float) -> Verdict | None:
        """Run a check; None if the module could not even be loaded."""
        if self.stopped:
            return None
        return self._load(limit) or self._verdict({"check": check.name}, limit)

    def end(self) -> None:
        """End the stage."""
        if self.stage:
            self.stage.end()

    def _load(self, limit: float) -> Verdict | None:
        """Have a stage with the module loaded; if that can't be, what is wrong."""
        if self.stage and not self.stage.ended:
            return None
        self.stage = StageProcess(self.setting)
        verdict = self._verdict({}, limit)
        self.stopped = verdict.outcome != "passed"
        return verdict if self.stopped else None

    def _verdict(self, request: dict[str, Any], limit: float) -> Verdict:
        assert self.stage is not None
        answer = self.stage.ask(request, limit, self.cancelled)
        if "timeout" in answer:
            verdict = overdue(limit)
            verdict.file, verdict.line = self._last_place()
            return verdict
        if "ended" in answer:
            file, line = self._last_place()
            return Verdict(
                outcome="error",
                mistake=_manner_of_ending(answer["ended"]),
                seen="the process is gone",
                expected="an answer",
                file=file,
                line=line,
                stopped=True,
            )
        return Verdict(**answer)

    def _last_place(self) -> tuple[str | None, int | None]:
        """The line of the learner's file at which the code was in the end."""
        try:
            text = Path(self.setting.stack).read_text(encoding="utf-8")
        except OSError:
            return None, None
        for frame in _FRAME.finditer(text):
            # Python writes these names in ASCII, and cuts off long ones.
            name = self.judged.encode("ascii", "backslashreplace").decode()
            if name.startswith(frame["file"].removesuffix("...")):
                return self.judged, int(frame["line"])
        return None, None


def _module_file(module: Module) -> str:
    """The file that the framework uses for a module."""
    files = [os.path.join(folder, f"{module.name}.py") for folder in search_path()]
    return next((file for file in files if os.path.isfile(file)), files[-1])


def _manner_of_ending(status: int) -> str:
    if status >= 0:
        return f"it ends the whole process, as os._exit({status}) does"
    name = signal.Signals(-status).name
    if name == "SIGKILL":
        return "it is killed by the system, probably for using too much memory"
    return f"it crashes Python itself ({name})"
