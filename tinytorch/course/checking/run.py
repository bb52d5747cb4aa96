"""A run through checks: which can be judged, and what a learner is told about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property

from tinytorch.course import shipped
from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.judge import Verdict, cleaned
from tinytorch.course.checking.results import Result, cause, waiting
from tinytorch.course.text import clean

# Seconds for a check: a hundred times what a plain solution needs. Once one has used them up,
# the others get less, since it is no slow machine that is to blame.
LIMIT = 10.0
LIMIT_AFTER_TIMEOUT = 2.0
# How many checks of one exercise may go without an answer before the others wait.
PATIENCE = 2


class Run:
    """Takes checks one after the other, in the order of their suite.

    Args:
        module_name: the module that is judged: `layers`.
        ask: judges a check, in at most so many seconds; None if it can't be asked any more.
        place: puts a file and a line into words.
        limit: seconds that a check may take.

    Attributes:
        results: what came of the checks so far.
    """

    def __init__(
        self,
        module_name: str,
        ask: Callable[[Check, float], Verdict | None],
        place: Callable[[str, int], str],
        limit: float = LIMIT,
    ) -> None:
        self.results: list[Result] = []
        self._module_name = module_name
        self._ask = ask
        self._place = place
        self._limit = limit
        # Checks whose answer never came, by subject.
        self._lost: defaultdict[tuple[str, ...], list[Result]] = defaultdict(list)

    def result_of(self, check: Check) -> Result:
        """Judge a check; it waits if it tells nothing that an earlier one has not told."""
        result = self._result_of(check)
        self.results.append(result)
        return result

    def _result_of(self, check: Check) -> Result:
        lost = self._lost[check.about[:1]]
        if len(lost) >= PATIENCE:
            return waiting(check, lost[0])
        verdict = self._ask(check, self._limit)
        if verdict is None:
            return waiting(check, next(r for r in self.results if r.failed))
        verdict = cleaned(verdict)
        result = self._judged(check, verdict)
        if verdict.outcome in ("timeout", "error"):
            lost.append(result)
        if verdict.outcome == "timeout":
            self._limit = min(self._limit, LIMIT_AFTER_TIMEOUT)
        return result

    def _judged(self, check: Check, verdict: Verdict) -> Result:
        if verdict.outcome == "passed":
            return Result(check, verdict)
        if verdict.outcome == "waiting":
            left_to = [r for r in self.results if r.check.name == verdict.waits_for]
            spoken = [r for r in left_to if r.outcome != "passed"]  # if it comes before this one
            return waiting(check, spoken[0]) if spoken else Result(check, verdict)
        if earlier := cause(check, verdict, self.results):
            return waiting(check, earlier)
        where = None
        if verdict.file and verdict.line:
            where = clean(self._place(verdict.file, verdict.line))
        exercise = self._exercise(verdict, check)
        hint = number = None
        if exercise or verdict.about is None:
            digits = shipped.digits(self._module_name)
            hint = " ".join(["tito hint", digits, exercise or ""]).rstrip()
            if check.hint and not verdict.stopped and exercise == self._exercise(Verdict(), check):
                number = check.hint
                hint += f" --number {number}"
        return Result(check, verdict, where, exercise, hint, number)

    def _exercise(self, verdict: Verdict, check: Check) -> str | None:
        """The exercise that is to blame."""
        about = check.about if verdict.about is None else verdict.about.split()
        candidates = (verdict.function, *about)
        return next((name for name in candidates if name in self._exercises), None)

    @cached_property
    def _exercises(self) -> list[str]:
        return shipped.exercises(self._module_name)
