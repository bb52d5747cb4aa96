"""Running a module's checks on a learner's file, none of whose code runs in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinytorch.course import Module
from tinytorch.course.checking.checks import Check, checks_in
from tinytorch.course.checking.results import Result
from tinytorch.course.checking.run import LIMIT, Run
from tinytorch.course.checking.suites import read_suite
from tinytorch.course.overlay import place
from tito.checks.pool import WorkerPool


@dataclass
class Report:
    """What the checks of a module came to.

    Attributes:
        module: the module.
        checks: how many it has.
        results: what came of those that were judged.
        seconds: how long that took.
    """

    module: Module
    checks: int
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    judged: bool = True
    """Whether the file could be loaded, so that checks could run."""

    @property
    def exit_code(self) -> int:
        """0 if all checks have passed, 1 if something failed, 2 if nothing could be judged."""
        return 2 if not self.judged else 0 if self.passed else 1

    @property
    def passed(self) -> bool:
        """Whether there are checks, and each of them has a result, and has passed."""
        outcomes = [result.outcome for result in self.results]
        return outcomes == ["passed"] * self.checks != []

    @property
    def failures(self) -> list[Result]:
        """The results of the checks that failed, in the order of the suite."""
        return [r for r in self.results if r.failed]

    def as_dict(self) -> dict[str, Any]:
        """The report for a program to read."""
        return {
            "module": self.module.name,
            "passed": self.passed,
            "judged": self.judged,
            "seconds": round(self.seconds, 3),
            "checks": [result.as_dict() for result in self.results],
        }


def run_checks(
    module: Module,
    file: Path | None = None,
    *,
    beside: Path | None = None,
    on_result: Callable[[Result], None] = lambda result: None,
    on_wait: Callable[[Check, float], None] = lambda check, seconds: None,
    limit: float = LIMIT,
) -> Report:
    """Run all checks of a module, each in a process of its own.

    Args:
        module: the module.
        file: the file to judge; None for the module as the framework finds it.
        beside: a folder with modules that the file may import.
        on_result: called with each result as soon as there is one, in the order of the suite.
        on_wait: called again and again while a check runs, with the seconds that it has taken.
            What it raises ends the run.
        limit: seconds that a check may take.

    Raises:
        TitoError: there are no checks for this module.
    """
    checks = checks_in(read_suite(module.name))
    start = time.perf_counter()
    report = Report(module, len(checks))
    pool = WorkerPool(module, file, beside, checks, on_wait)
    run = Run(module.name, pool.judge, place, limit)
    try:
        for check in checks:
            result = run.result_of(check)
            report.results.append(result)
            on_result(result)
        report.judged = not pool.hopeless
    finally:
        pool.end()
    report.seconds = time.perf_counter() - start
    return report
