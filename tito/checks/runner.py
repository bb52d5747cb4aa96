"""Running a module's checks on a learner's file, none of whose code runs in this process."""

import os
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinytorch.checking.checks import Check, checks_in
from tinytorch.checking.judge import Verdict
from tinytorch.checking.results import Result, same_stop, waiting
from tinytorch.overlay import find_workspace, place, search_path
from tito import material
from tito.checks.process import StageProcess
from tito.checks.stage import Setting
from tito.checks.suites import read_suite
from tito.course import Module

# Seconds for a check: a hundred times what a plain solution needs. Once one has used them up,
# the others get less, since it is no slow machine that is to blame.
LIMIT = 10.0
LIMIT_AFTER_TIMEOUT = 2.0
# How many checks of one exercise may go without an answer before the others wait.
PATIENCE = 2

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
        run = _Run(report, file, Path(scratch), cancelled, limit)
        try:
            for check in checks:
                result = run.result_of(check)
                report.results.append(result)
                on_result(result)
        finally:
            run.end()
    report.seconds = time.perf_counter() - start
    return report


class _Run:
    """One run through a suite, on one stage after another."""

    def __init__(
        self,
        report: Report,
        file: Path | None,
        scratch: Path,
        cancelled: Callable[[], bool],
        limit: float,
    ) -> None:
        self.report = report
        self.cancelled = cancelled
        self.limit = limit
        self.stage: StageProcess | None = None
        self.stopped = False
        self.lost: Counter[tuple[str, ...]] = Counter()  # answers that never came, by subject
        self.judged = str(file.resolve()) if file else _module_file(report.module)
        folder = scratch / "folder"
        folder.mkdir()
        self.setting = Setting(
            module=report.module,
            file=str(file.resolve()) if file else None,
            workspace=find_workspace() or "off",
            folder=str(folder),
            stack=str(scratch / "stack"),
            output=str(scratch / "output"),
        )

    def result_of(self, check: Check) -> Result:
        """Run a check, unless it has to wait for an earlier one."""
        subject = check.about[:1]
        hopeless = self.stopped or self.lost[subject] >= PATIENCE
        if hopeless or waiting(check, self.report.results):
            return Result(check, Verdict(outcome="waiting"))
        verdict = self._load() or self._verdict({"check": check.name})
        self.lost[subject] += verdict.outcome in ("timeout", "error")
        if same_stop(verdict, self.report.results):
            return Result(check, Verdict(outcome="waiting"))
        if verdict.outcome == "passed":
            return Result(check, verdict)
        where = place(verdict.file, verdict.line) if verdict.file and verdict.line else None
        exercise = self._exercise(verdict, check)
        hint = " ".join(["tito hint", self.report.module.name, exercise or ""]).rstrip()
        return Result(check, verdict, where, exercise, hint)

    def end(self) -> None:
        """End the stage."""
        if self.stage:
            self.stage.end()

    def _load(self) -> Verdict | None:
        """Have a stage with the module loaded; if that can't be, what is wrong."""
        if self.stage and not self.stage.ended:
            return None
        self.stage = StageProcess(self.setting)
        verdict = self._verdict({})
        self.stopped = verdict.outcome != "passed"
        return verdict if self.stopped else None

    def _verdict(self, request: dict[str, Any]) -> Verdict:
        assert self.stage is not None
        answer = self.stage.ask(request, self.limit, self.cancelled)
        if "timeout" in answer:
            limit, self.limit = self.limit, min(self.limit, LIMIT_AFTER_TIMEOUT)
            file, line = self._last_place()
            return Verdict(
                outcome="timeout",
                mistake="it does not come to an end",
                seen=f"still running after {limit:g} seconds",
                expected="an answer in less than a second",
                file=file,
                line=line,
                stopped=True,
            )
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

    def _exercise(self, verdict: Verdict, check: Check) -> str | None:
        """The exercise that is to blame."""
        exercises = {
            solution.function for solution in material.lesson(self.report.module).solutions
        }
        candidates = (verdict.function, *check.about)
        return next((name for name in candidates if name in exercises), None)


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
