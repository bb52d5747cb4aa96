"""A result: a check, its verdict, and what a learner is told about it."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch.checking.checks import Check, Unit
from tinytorch.checking.judge import Verdict


@dataclass(frozen=True)
class Result:
    """What one check came to, as it is shown.

    Attributes:
        check: the check.
        verdict: what it came to.
        where: the place in the learner's file, in words.
        exercise: the exercise that is to blame, by dotted name.
        hint: the command that gives a hint.
    """

    check: Check
    verdict: Verdict
    where: str | None = None
    exercise: str | None = None
    hint: str | None = None

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


def waiting(check: Check, results: list[Result]) -> bool:
    """Whether a check has to wait: something it needs did not get to an answer."""
    stopped = {r.check.name for r in results if r.verdict.stopped or r.outcome == "waiting"}
    return not stopped.isdisjoint(check.needs)


def same_stop(verdict: Verdict, results: list[Result]) -> bool:
    """Whether a check stopped where an earlier one did: then it waits for that to be mended."""
    here = (verdict.mistake, verdict.file, verdict.line)
    return verdict.stopped and any(
        r.verdict.stopped and (r.verdict.mistake, r.verdict.file, r.verdict.line) == here
        for r in results
        if verdict.mistake or verdict.line
    )
