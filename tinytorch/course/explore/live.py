"""Experiments in a page of a browser: what can be set, and what comes of it, as data.

All that is returned can be turned into JavaScript's numbers, texts, lists and objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Any

from tinytorch.course import shipped
from tinytorch.course.explore.catalogue import all_questions, find_question
from tinytorch.course.explore.experiment import asked_for
from tinytorch.course.explore.running import run
from tinytorch.course.explore.settings import limits_of, make_settings, text_of


def form(name: str) -> dict[str, Any]:
    """What is asked of somebody before the experiment behind a question is run.

    Returns:
        `guess`: what to guess, in words; `choices`: the words to choose from, if it is no number.
        `settings`: for each its `name`, `meaning`, usual `value` as text, `choices`, and for a
        single number `low`, `high` (None where there is no limit) and `whole`.

    Raises:
        ValueError: there is no such question.
    """
    experiment = find_question(name).experiment()
    settings = make_settings(experiment.settings, {}, full=False, question=name)
    guess = experiment.guess(settings)
    return {
        "guess": asked_for(guess),
        "choices": list(guess.choices),
        "settings": [_setting(one, getattr(settings, one.name)) for one in fields(settings)],
    }


def answer(
    name: str,
    given: Mapping[str, str],
    guess: str | None,
    report: Callable[[float, str], None],
) -> str:
    """Run the experiment behind a question, and return what came of it, as HTML.

    Args:
        name: the question.
        given: settings by name, as text.
        guess: what somebody expects, as they have typed it; None for no guess.
        report: is told the share that is done, from 0 to 1, and what is being done.

    Raises:
        ValueError: a setting or the guess makes no sense.
    """
    return run(find_question(name), given, guess=guess, progress=report)._repr_html_()


def reads_digits(name: str) -> bool:
    """Whether the experiment behind a question reads MNIST, which a page has to fetch first."""
    for question in all_questions():
        file = shipped.find(question.module, f"experiments/{question.name.replace('-', '_')}.py")
        if question.name == name and file is not None:
            with open(file, encoding="utf-8") as opened:
                return "tinytorch.course.explore.digits" in opened.read()
    return False


def _setting(declared: Field[Any], value: Any) -> dict[str, Any]:
    limits = limits_of(declared)
    is_number = isinstance(value, int | float)
    return {
        "name": declared.name,
        "meaning": limits.meaning,
        "value": text_of(value),
        "choices": list(limits.choices),
        "low": limits.at_least if is_number and math.isfinite(limits.at_least) else None,
        "high": limits.at_most if is_number and math.isfinite(limits.at_most) else None,
        "whole": isinstance(value, int),
    }
