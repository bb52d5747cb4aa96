"""What an experiment consists of: its settings, a guess to ask for, and the answer it gives."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinytorch.course import shipped
from tinytorch.course.contention import Contention, is_much
from tinytorch.course.explore import units
from tinytorch.course.explore.catalogue import Question
from tinytorch.course.explore.conditions import threads
from tinytorch.course.explore.picture import Panel, Picture
from tinytorch.course.explore.progress import Progress as Progress
from tinytorch.course.explore.settings import SettingError
from tinytorch.course.explore.settings import setting as setting
from tinytorch.course.explore.words import filled, said


@dataclass(frozen=True)
class Guess:
    """What to ask before the answer is known.

    Attributes:
        prompt: the question, in one short sentence.
        unit: the unit of the number that is asked for, such as "times" or "MB".
        choices: the words to choose from, where no number is asked for.
        digits: to how many significant digits the answer is worth knowing.
    """

    prompt: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    digits: int = 3


@dataclass(frozen=True)
class Table:
    """Rows of text under headings; the first column is of words, the others of numbers."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    title: str = ""


@dataclass(frozen=True)
class Change:
    """A setting to change, and what will be seen then."""

    settings: dict[str, Any]
    effect: str


@dataclass(frozen=True)
class Answer:
    """What came out. Every sentence in it is about the numbers of this run.

    Attributes:
        headline: the answer, in one or two sentences.
        truth: what a guess is held against: a number in the unit of the guess, or a choice.
        tables: the numbers.
        picture: the same at a glance.
        why: a paragraph on why it is so.
        formulas: each with its numbers filled in.
        changes: what to change to see it move.
        method: how it was measured, in a sentence; "" where nothing was.
        values: the numbers by name, for programs: numbers, texts, lists and dictionaries.
        waited: the share of the time in which a processor was waited for, from 0 to 1.
    """

    headline: str
    truth: float | str
    tables: Sequence[Table]
    picture: Picture
    why: str
    formulas: Sequence[str]
    changes: Sequence[Change] = ()
    method: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    waited: float = 0.0


@dataclass(frozen=True)
class Findings:
    """What an experiment found out; the sentences about it are the question's.

    Attributes:
        title: what the picture is of.
        tables: the numbers as they are shown.
        panels: the same at a glance, in parts of the picture.
        values: the numbers by name, for programs and for the sentences.
        words: what only the sentences need: parts of them, and whether to say others.
    """

    title: str
    tables: list[Table] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)

    def tabulate(
        self, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], title: str = ""
    ) -> None:
        """Add a table."""
        self.tables.append(Table(columns, rows, title))

    def draw(self, *panels: Panel) -> None:
        """Add panels to the picture."""
        self.panels.extend(panels)

    def tell(self, **values: Any) -> None:
        """Add values, for programs and for the sentences."""
        self.values.update(values)

    def say(self, **words: Any) -> None:
        """Add what only the sentences need."""
        self.words.update(words)


@dataclass(frozen=True)
class Experiment:
    """How a question is answered.

    Attributes:
        settings: a dataclass whose fields are declared with
            `tinytorch.course.explore.settings.setting`.
        guess: what to ask first.
        answer: measures or computes, and tells its progress.
    """

    settings: type[Any]
    guess: Callable[[Any], Guess]
    answer: Callable[[Any, Progress], Answer]


def experiment_file(module: str, name: str) -> Any:
    """The file of an experiment, imported.

    Raises:
        LookupError: there is none.
    """
    stem = name.replace("-", "_")
    path = shipped.find(module, f"experiments/{stem}.py")
    if path is None:
        raise LookupError(f"no experiment answers the question {name!r} yet")
    return shipped.load_file(f"tinytorch_experiment_{module}_{stem}", path)


def read_experiment(question: Question) -> Experiment:
    """The experiment behind a question.

    Its file, `modules/NN_name/experiments/NAME.py`, defines `Settings`, a dataclass, and
    `measure(settings, progress)`, which returns `Findings`. The rest is in `questions.toml`:
    sentences, with settings and findings by name, `threads` and `busy`: see there.
    """
    module = experiment_file(question.module, question.name)
    words = question.words

    def guess(settings: Any) -> Guess:
        asked = words["guess"]
        return Guess(
            filled(asked["prompt"], _named(settings)),
            asked.get("unit", ""),
            tuple(asked.get("choices", ())),
            asked.get("digits", 3),
        )

    def answer(settings: Any, progress: Progress) -> Answer:
        contention = Contention()
        found: Findings = module.measure(settings, progress)
        waited = contention.share
        conditions = {"busy": busy(waited), "threads": threads()}
        values = {**conditions, **_named(settings), **found.values, **found.words}
        return Answer(
            headline=said(words["headline"], values),
            truth=values[words["guess"]["truth"]],
            tables=found.tables,
            picture=Picture(found.title, found.panels),
            why=said(words["why"], values),
            formulas=[filled(text, values) for text in words["formulas"]],
            changes=[
                Change(
                    {n: tuple(v) if isinstance(v, list) else v for n, v in change["set"].items()},
                    filled(change["effect"], values),
                )
                for change in words["changes"]
            ],
            method=said(words.get("method", ""), values),
            values=found.values,
            waited=waited,
        )

    return Experiment(module.Settings, guess, answer)


def busy(waited: float) -> str:
    """A sentence for answers about times: that they are not to be relied on, if they are not.

    It is empty on a quiet machine, so that it serves as a condition as well: what holds there only
    is said with `unless = "busy"`.

    Args:
        waited: the share of its time in which the experiment waited for a processor.
    """
    if not is_much(waited):
        return ""
    return (
        f"But this machine is busy: for {waited:.0%} of its time the experiment waited for a "
        "processor. Measure again while nothing else runs before you rely on its times."
    )


def _named(settings: Any) -> dict[str, Any]:
    """The settings by name, and what is worked out from them: the properties of their class."""
    names = [name for name in dir(settings) if not name.startswith("_")]
    return {name: getattr(settings, name) for name in names}


def read_guess(text: str, guess: Guess) -> float | str:
    """What somebody typed, as a number or as one of the choices.

    Raises:
        SettingError: it is neither.
    """
    typed = text.strip()
    if guess.choices:
        matching = [choice for choice in guess.choices if choice.lower().startswith(typed.lower())]
        if not typed or len(matching) != 1:
            raise SettingError(f"{typed!r} is none of: {', '.join(guess.choices)}")
        return matching[0]
    bare = typed.removesuffix("%").removesuffix(guess.unit).removesuffix("x").replace(",", "")
    try:
        number = float(bare)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SettingError(f"{typed!r} is no number such as 2, 0.5, 1,000 or 1e9")
    return number


def compare(guessed: float | str, truth: float | str, guess: Guess) -> str:
    """What was guessed beside the answer, in a sentence."""
    if isinstance(guessed, str) or isinstance(truth, str):
        verdict = "So it is." if guessed == truth else f"It is: {truth}."
        return f"You guessed: {guessed}. {verdict}"
    said = f"You guessed {_with_unit(guessed, guess)}; it is {_with_unit(truth, guess)}"
    if not math.isfinite(truth) or guessed * truth <= 0:
        return f"{said}."
    factor = max(guessed / truth, truth / guessed)
    if factor < 1.005:
        return f"{said}. Right!"
    side = "high" if abs(guessed) > abs(truth) else "low"
    if factor < 1.5:
        return f"{said}: {units.figures(100 * abs(guessed / truth - 1), 2)}% too {side}."
    return f"{said}: too {side} by a factor of {units.figures(factor, 2)}."


def _with_unit(number: float, guess: Guess) -> str:
    """A number with its unit, and no zeros that say nothing."""
    text = units.figures(number, guess.digits)
    if not math.isfinite(number):
        return text
    if re.fullmatch(r"-?[\d,]+\.\d+", text):
        text = text.rstrip("0").rstrip(".")
    return f"{text}{guess.unit}" if guess.unit == "%" else f"{text} {guess.unit}".strip()


def asked_for(guess: Guess) -> str:
    """The prompt, and in what the answer is expected where the prompt does not say it."""
    if guess.choices:
        return f"{guess.prompt} ({', '.join(guess.choices)})"
    is_said = not guess.unit or f"many {guess.unit}" in guess.prompt
    return guess.prompt if is_said else f"{guess.prompt} (in {guess.unit})"
