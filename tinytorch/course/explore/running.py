"""Running an experiment, and all that came of it in one object."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

import tinytorch.random
from tinytorch.course.contention import is_much
from tinytorch.course.explore.catalogue import Question
from tinytorch.course.explore.conditions import conditions
from tinytorch.course.explore.experiment import Answer, Guess, compare, read_guess
from tinytorch.course.explore.progress import Progress, quiet
from tinytorch.course.explore.settings import as_text, make_settings


@dataclass(frozen=True)
class Result:
    """A question, the guess, the answer, and what the answer depends on."""

    question: Question
    settings: dict[str, str]
    asked: Guess
    guess: float | str | None
    answer: Answer
    conditions: dict[str, str]
    seconds: float

    @property
    def verdict(self) -> str:
        """The guess beside the answer; "" without a guess."""
        if self.guess is None:
            return ""
        return compare(self.guess, self.answer.truth, self.asked)

    @cached_property
    def png(self) -> bytes:
        """The picture, as the bytes of a PNG file."""
        from tinytorch.course.explore.drawing import png  # here, since Matplotlib takes its time

        return png(self.answer.picture)

    def as_dict(self) -> dict[str, Any]:
        """All of it but the picture, as JSON can hold it; what is no finite number is None."""
        answer = self.answer
        found = {
            "module": self.question.module,
            "number": self.question.number,
            "question": self.question.name,
            "text": self.question.text,
            "settings": self.settings,
            "guess": self.guess,
            "asked": asdict(self.asked),
            "answer": answer.headline,
            "truth": answer.truth,
            "tables": [asdict(table) for table in answer.tables],
            "why": answer.why,
            "formulas": list(answer.formulas),
            "changes": [asdict(change) for change in answer.changes],
            "method": answer.method,
            "values": answer.values,
            "conditions": self.conditions,
            "busy": is_much(answer.waited),
            "waited": round(answer.waited, 3),
            "seconds": round(self.seconds, 3),
        }
        return _finite(found)

    def _repr_html_(self) -> str:
        from tinytorch.course.explore.page import in_notebook

        return in_notebook(self)

    def __repr__(self) -> str:
        lines = (self.verdict, self.answer.headline)
        return "\n".join(line for line in lines if line)


def run(
    question: Question,
    given: Mapping[str, Any] | None = None,
    *,
    full: bool = False,
    guess: float | str | None = None,
    progress: Progress = quiet,
) -> Result:
    """Answer a question on this machine, with the modules in use.

    Args:
        question: what to answer.
        given: settings by name, as text or as Python values.
        full: the thorough version.
        guess: what somebody expects, to stand beside the answer.
        progress: is told how far it is.

    Raises:
        SettingError: a setting or the guess makes no sense.
    """
    experiment = question.experiment()
    settings = make_settings(experiment.settings, given or {}, full, question.name)
    asked = experiment.guess(settings)
    if guess is not None:
        guess = read_guess(str(guess), asked)
    start = time.perf_counter()
    # Modules under construction may produce anything; the answer says what, no warning need.
    with randomness_as_it_was(), np.errstate(all="ignore"):
        tinytorch.random.manual_seed(0)
        answer = experiment.answer(settings, progress)
    return Result(
        question,
        as_text(settings),
        asked,
        guess,
        answer,
        conditions(answer.waited),
        time.perf_counter() - start,
    )


@contextmanager
def randomness_as_it_was() -> Iterator[None]:
    """Experiments begin with a seed; whoever runs one finds their own randomness again."""
    before = tinytorch.random._generator
    try:
        yield
    finally:
        tinytorch.random._generator = before


def _finite(value: Any) -> Any:
    """The value with plain Python numbers in it, and None for what is not finite."""
    if isinstance(value, dict):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    if isinstance(value, np.ndarray):
        return _finite(value.tolist())
    if isinstance(value, np.generic):
        return _finite(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
