"""Every systems question of the course: what is asked, under which heading, in which module.

The questions of a module are data, `modules/NN_name/questions.toml`. This file imports no NumPy,
so that they are listed and completed in no time.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from tinytorch.course import shipped

if TYPE_CHECKING:
    from tinytorch.course.explore.experiment import Experiment


@dataclass(frozen=True)
class Question:
    """A question about the systems side of a module.

    Attributes:
        module: the module, such as "layers".
        number: its place among the questions of the module, from 1.
        name: what it is called by, such as "batch-size".
        heading: what it is listed under.
        text: the question.
        words: the guess to ask for and the sentences of the answer, as `experiment` reads them.
    """

    module: str
    number: int
    name: str
    heading: str
    text: str
    words: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def experiment(self) -> Experiment:
        """The experiment that answers it, from the file with the question's name."""
        from tinytorch.course.explore.experiment import read_experiment

        return read_experiment(self)


@cache
def questions_of(module: str) -> tuple[Question, ...]:
    """The questions of a module, such as "layers", in their order; empty if there are none yet."""
    file = shipped.find(module, "questions.toml")
    if file is None:
        return ()
    with open(file, "rb") as opened:
        entries = tomllib.load(opened)["question"]
    found, heading = [], ""
    for number, words in enumerate(entries, 1):
        heading = words.get("heading", heading)
        found.append(Question(module, number, words["name"], heading, words["text"], words))
    return tuple(found)


def all_questions() -> tuple[Question, ...]:
    """The questions of the course, module by module."""
    return tuple(question for name in shipped.modules() for question in questions_of(name))


def find_question(name: str, module: str | None = None) -> Question:
    """The question called `name`, among those of a module or among all; a number will do too.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    questions = all_questions() if module is None else questions_of(module)
    wanted = name.strip().lower().replace("_", "-")
    for question in questions:
        if wanted == question.name or (module and wanted.lstrip("0") == str(question.number)):
            return question
    names = [question.name for question in questions]
    near = difflib.get_close_matches(wanted, names, n=1)
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"There is no question {name!r}.{suggestion} The questions are {', '.join(names)}."
    )
