"""Checks that run where the code is: below an exercise, in a notebook or a lesson."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from inspect import isfunction
from typing import Any

from tinytorch.course import MODULES, notebook
from tinytorch.course.checking.checks import Check, checks_in, load, standing_in
from tinytorch.course.checking.judge import Verdict, judge, overdue
from tinytorch.course.checking.limit import time_limit
from tinytorch.course.checking.lines import line_width, lines_of
from tinytorch.course.checking.results import Result
from tinytorch.course.checking.run import Run
from tinytorch.course.checking.suites import read_suite


def check_here(module_name: str, *titles: str) -> None:
    """Run checks on what the notebook or the file that calls this defines, and print the outcome.

    It prints what `tito test` prints about these units, and returns whatever the outcome is, so
    that the cells below can run. Code that is loaded as a part of the framework is left to
    whoever loads it.

    Args:
        module_name: the module that the code belongs to: "layers".
        titles: the units to check, by the words after "Unit Test": "Linear Layer".

    Raises:
        LookupError: there are no checks of that name.
    """
    namespace = sys._getframe(1).f_globals
    if namespace["__name__"] == f"tinytorch.core.{module_name}":
        return
    if not titles:
        raise LookupError(f"{module_name} has checks for {_known(module_name)}; got none to run")
    results = results_here(module_name, *titles, namespace=namespace)
    if notebook.shell() is not None:  # there, "!" hands a line to the system
        results = [replace(r, hint=r.hint and f"!{r.hint}") for r in results]
    for _, line in lines_of(results, line_width()):
        _print(line)


def results_here(
    module_name: str,
    *titles: str,
    namespace: dict[str, Any],
    before: Callable[[Check, float], None] = lambda check, limit: None,
    overdue_checks: Mapping[str, float] | None = None,
) -> list[Result]:
    """Judge what a namespace defines, and return the results: what `check_here` prints, as data.

    Args:
        module_name: the module that the code belongs to: "layers".
        titles: the units to check, by the words after "Unit Test"; without any it is all of them.
        namespace: the globals of the code, `__name__` among them.
        before: called with each check before it runs, and the seconds that it may take. Where
            Python itself cannot interrupt code, as in a browser, whoever can has to keep the time.
        overdue_checks: names of checks that are known to take too long, since they were
            interrupted from outside, and after how many seconds. They are not run again.

    Raises:
        LookupError: there are no checks of that name.
    """
    checks = checks_in(read_suite(module_name))
    units = {check.unit.title for check in checks}
    if not units.issuperset(titles):
        raise LookupError(f"{module_name} has checks for {_known(module_name)}; got {titles}")
    here = _Here(module_name, namespace)
    late = overdue_checks or {}

    def ask(check: Check, limit: float) -> Verdict:
        if check.name in late:
            return overdue(late[check.name])
        before(check, limit)
        return here.judge(check, limit)

    run = Run(module_name, ask, notebook.place)
    return [run.result_of(check) for check in checks if not titles or check.unit.title in titles]


def _known(module_name: str) -> str:
    """The units of a module, in words."""
    return ", ".join(sorted({c.unit.title for c in checks_in(read_suite(module_name))}))


class _Here:
    """Judges checks in this process, on the definitions of a namespace."""

    def __init__(self, module_name: str, namespace: dict[str, Any]) -> None:
        self.module_name = module_name
        self.namespace = namespace
        self.definitions = _Definitions(namespace)

    def judge(self, check: Check, limit: float) -> Verdict:
        """Run a check, in silence and for so many seconds; Ctrl-C still ends it all."""
        missing = self._missing(check)
        if missing:
            return missing
        name = self.namespace["__name__"]
        with (
            _derivatives(self.module_name, self.namespace),
            standing_in(self.module_name, self.definitions),
            open(os.devnull, "w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),
            redirect_stderr(nowhere),
            time_limit(limit),
        ):
            return judge(check, name, self.definitions, let_through=(KeyboardInterrupt,))

    def _missing(self, check: Check) -> Verdict | None:
        """The verdict if something that the check is about has not been defined here.

        The lessons import what they build on, so the reference may be in its place.
        """
        for name in dict.fromkeys(name.partition(".")[0] for name in check.about):
            origin = getattr(self.namespace.get(name), "__module__", None)
            if name not in self.namespace or str(origin).startswith("tinytorch."):
                return Verdict(
                    outcome="failed",
                    mistake=f"{name} is not defined here",
                    seen=f"the {name} that comes with TinyTorch" if origin else f"no {name}",
                    expected=f"a {name} of yours; run the cell that defines it",
                    stopped=True,
                )
        return None


class _Definitions:
    """The names in a namespace, as the attributes of a module."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.__dict__ = namespace

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"this code does not define {name}")


@contextmanager
def _derivatives(module_name: str, namespace: dict[str, Any]) -> Iterator[None]:
    """Enter the operations defined here in autograd's table, with the rules of their namesakes.

    The table knows operations by identity, so it has only those of the framework, and those that
    cells have entered. What a lesson before autograd enters is for an experiment, on matrices say,
    and stands aside for a check.
    """
    rules = load("autograd")._rules
    before = dict(rules)
    course = [module.name for module in MODULES]
    are_lent = course.index(module_name) < course.index("autograd")
    for name, operation in vars(load(module_name)).items():
        mine = namespace.get(name)
        known = isfunction(operation) and isfunction(mine) and operation in before
        if known and (are_lent or mine not in before):
            rules[mine] = before[operation]
    try:
        yield
    finally:
        rules.clear()
        rules.update(before)


def _print(line: str) -> None:
    """Print a line, with a question mark for what the output cannot show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding))
