"""Asking for a guess, before the answer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tinytorch.course.explore.catalogue import Question
from tito.terminal.prose import fit

if TYPE_CHECKING:
    from tinytorch.course.explore.experiment import Guess


def guess_of(question: Question, given: dict[str, str], full: bool) -> Guess:
    """What to ask before a question is answered."""
    from tinytorch.course.explore.settings import make_settings

    experiment = question.experiment()
    return experiment.guess(make_settings(experiment.settings, given, full, question.name))


def ask(guess: Guess, before: str = "") -> str | None:
    """Ask for a guess until there is one, or nothing is typed."""
    from tinytorch.course.explore.experiment import asked_for, read_guess
    from tinytorch.course.explore.settings import SettingError

    click.echo(fit(f"{before}{asked_for(guess)}"))
    while True:
        typed: str = click.prompt("Your guess (Enter for none)", default="", show_default=False)
        if not typed.strip():
            return None
        try:
            read_guess(typed, guess)
        except SettingError as error:
            click.echo(f"{error}.")
        else:
            return typed
