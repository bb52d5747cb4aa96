"""The page of a systems question: what is asked, and the experiment that answers it."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import Any

from tinytorch.course import Module, find_module
from tinytorch.course.explore.catalogue import Question
from tinytorch.course.explore.experiment import Guess
from tinytorch.course.explore.settings import limits_of, text_of
from tito import addresses
from tito.site.template import fill, plain


def page(question: Question) -> str:
    """The page in MyST's Markdown."""
    module = find_module(question.module)
    experiment = question.experiment()
    settings = experiment.settings()
    program = f"modules/{module.folder}/experiments/{question.name.replace('-', '_')}.py"
    return fill(
        "experiment.md",
        digits=module.digits,
        module=module.name,
        name=question.name,
        heading=question.heading,
        text=plain(question.text),
        guess=plain(_guess(experiment.guess(settings))),
        settings=_settings(settings),
        changes=_changes(module, question),
        formulas=_formulas(question),
        program=program,
        source=addresses.source(program),
    )


def _guess(asked: Guess) -> str:
    if asked.choices:
        return f"{asked.prompt} ({', '.join(asked.choices)})"
    # Which unit "How many times" is answered in need not be said.
    says = asked.unit and asked.unit != "times"
    return f"{asked.prompt} (in {asked.unit})" if says else asked.prompt


def _settings(settings: Any) -> str:
    """The settings, with what each usually is."""
    rows = []
    for one in fields(settings):
        meaning = plain(limits_of(one).meaning)
        rows.append(f"| `{one.name}` | {text_of(getattr(settings, one.name))} | {meaning} |")
    return "\n".join(["| setting | usual value | meaning |", "| --- | --- | --- |", *rows])


def _changes(module: Module, question: Question) -> str:
    """Commands with other settings, and what will be seen then."""
    items = []
    for change in question.words["changes"]:
        given = " ".join(
            f"--set {shlex.quote(f'{name}={text_of(tuple(v) if isinstance(v, list) else v)}')}"
            for name, v in change["set"].items()
        )
        command = f"tito explore {module.digits} {question.name} {given}"
        items.append(f"- `{command}`\n  {plain(change['effect'])}")
    return "\n".join(items)


def _formulas(question: Question) -> str:
    """The formulas that hold for any settings; the others are filled in by the experiment."""
    general = [line for line in question.words["formulas"] if "{" not in line]
    return "\n".join(["```text", *general, "```"])
