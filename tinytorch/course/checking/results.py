"""A result: a check, its verdict, and what a learner is told about it."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch.course.checking.checks import Check, Unit
from tinytorch.course.checking.judge import Verdict


@dataclass(frozen=True)
class Result:
    """What one check came to, as it is shown.

    Attributes:
        check: the check.
        verdict: what it came to.
        where: the place in the learner's file, in words.
        exercise: the exercise that is to blame, by dotted name.
        hint: the command that gives a hint.
        hint_number: which hint that is; None for the next one.
        waits_for: the failure that has to be mended before this check can say anything new.
    """

    check: Check
    verdict: Verdict
    where: str | None = None
    exercise: str | None = None
    hint: str | None = None
    hint_number: int | None = None
    waits_for: Result | None = None

    @property
    def unit(self) -> Unit:
        """The unit that the check belongs to."""
        return self.check.unit

    @property
    def sentence(self) -> str:
        """The claim of the check."""
        return self.check.sentence

    @property
    def outcome(self) -> str:
        """passed, failed, waiting, timeout or error."""
        return self.verdict.outcome

    @property
    def failed(self) -> bool:
        """Whether there is something to mend: it has not passed, and waits for no other."""
        return self.outcome not in ("passed", "waiting")

    @property
    def mistake(self) -> str | None:
        """What is wrong, by name, where that is known."""
        return self.verdict.mistake

    @property
    def seen(self) -> str | None:
        """What was seen."""
        return self.verdict.seen

    @property
    def expected(self) -> str | None:
        """What was expected."""
        return self.verdict.expected

    def as_dict(self) -> dict[str, str | None]:
        """The result for a program to read."""
        return {
            "unit": self.unit.title,
            "check": self.sentence,
            "outcome": self.outcome,
            "mistake": self.mistake,
            "seen": self.seen,
            "expected": self.expected,
            "where": self.where,
            "hint": self.hint,
        }


def waiting(check: Check, earlier: Result) -> Result:
    """The result of a check that cannot say anything new before an earlier one passes."""
    return Result(check, Verdict(outcome="waiting"), waits_for=earlier.waits_for or earlier)


def cause(check: Check, verdict: Verdict, results: list[Result]) -> Result | None:
    """The earlier result that a failure follows from, as far as can be known; None if it is new.

    A check that needs another one says nothing new where that one has not passed and this one has
    no name for what is wrong, or the same name. What stopped where an earlier check did has
    stopped for the same reason.
    """
    for earlier in results:
        told = (earlier.waits_for or earlier).mistake
        if earlier.verdict.waits_for == check.name:  # it has left the matter to this one
            continue
        needed = earlier.check.name in check.needs and earlier.outcome != "passed"
        if (needed and verdict.mistake in (None, told)) or _same_stop(verdict, earlier.verdict):
            return earlier
    return None


def _same_stop(verdict: Verdict, earlier: Verdict) -> bool:
    """Whether code stopped twice at the same place, for the same reason."""
    here, there = ((v.mistake, v.file, v.line) for v in (verdict, earlier))
    known = verdict.mistake is not None or verdict.line is not None
    return verdict.stopped and earlier.stopped and known and here == there
