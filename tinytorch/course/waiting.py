"""Cells that wait for an exercise: what they say in the place of a traceback.

Shared by notebooks (`tinytorch.course.notebook`) and by lessons run as a script
(`tinytorch.course.script`).
"""

from __future__ import annotations

import dis
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType

from tinytorch.course.sources import unwritten


@dataclass(frozen=True)
class Missing:
    """An exercise that is not written yet.

    Attributes:
        exercise: its dotted name.
        place: where to write it.
    """

    exercise: str
    place: str


class Waiting:
    """What the cells that have run so far wait for."""

    def __init__(self, place: Callable[[str, int], str]) -> None:
        self.place = place  # of a line in a file, in words
        self.owed: dict[str, tuple[str, Missing]] = {}  # a name, and the cell that owes it

    def reason(self, error: BaseException) -> tuple[str, Missing] | None:
        """The line to show for an error, and what is missing; None if that is no exercise."""
        frame, number = list(traceback.walk_tb(error.__traceback__))[-1]
        exercise = unwritten(error) if frame.f_globals.get("__name__") == "__main__" else None
        if exercise:
            missing = Missing(exercise, self.place(frame.f_code.co_filename, number))
            return (
                f"⏳ This waits for {exercise}, which is not written yet: {missing.place}",
                missing,
            )
        name = error.name if type(error) is NameError else None
        if name in self.owed:
            cell, missing = self.owed[name]
            line = (
                f"⏳ This waits for `{name}`, from {cell}, which stopped because "
                f"{missing.exercise} was not written yet: {missing.place}"
            )
            return line, missing
        return None

    def owe(self, code: CodeType, cell: str, missing: Missing) -> None:
        """Note that the names which a cell's code would have set are owed by it, called `cell`."""
        for step in dis.get_instructions(code):
            if step.opname == "STORE_NAME":
                self.owed[step.argval] = cell, missing
