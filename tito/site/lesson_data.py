"""A lesson for the browser: what its page shows, and what the scripts of the page know about it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinytorch.course import MODULES, Module
from tinytorch.course.sources import EXPORT
from tito.lessons import forms, material
from tito.lessons.exercises import body_of, exercise_names
from tito.lessons.export import exercise_notebook
from tito.lessons.set_up_cell import is_set_up

_UNWRITTEN = re.compile(r'raise NotImplementedError\(\s*"Write ([\w.]+) in this cell"\s*\)')


@dataclass(frozen=True)
class Cell:
    """A cell of the exercise notebook, as the page shows it.

    Attributes:
        id: the notebook's name for it.
        number: its place among the code cells, as `tito test` counts them; 0 for prose.
        kind: "prose", "set-up", "given" (part of the library), "exercise", "check", "question" or
            "experiment".
        text: what is in it.
        exercises: by dotted name, what is to be written in it.
        arguments: what a check or a question is called with.
    """

    id: str
    number: int
    kind: str
    text: str
    exercises: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def cells(module: Module) -> list[Cell]:
    """The cells of a module's exercise notebook, in order."""
    notebook = json.loads(exercise_notebook(material.lesson(module)))
    return list(_cells(notebook["cells"]))


def data(module: Module) -> dict[str, Any]:
    """What the scripts of a lesson's page know about it, as JSON can hold it.

    `notebook` is the exercise notebook, and `file` the lesson as a `.py`, in pieces: texts, and
    `{"cell": id}` where a code cell stands. A learner's work is saved in either form.
    """
    lesson = material.lesson(module)
    solved = "\n".join(lesson.lines)
    shown = [cell for cell in cells(module) if cell.number]
    return {
        "module": module.name,
        "digits": module.digits,
        "before": [other.name for other in MODULES if other.number < module.number],
        "edition": material.edition(module),
        "notebook": json.loads(exercise_notebook(lesson)),
        "file": _pieces(module, [cell for cell in shown if cell.kind != "set-up"]),
        "cells": [
            {
                "id": cell.id,
                "number": cell.number,
                "kind": cell.kind,
                "exercises": cell.exercises,
                "arguments": cell.arguments,
            }
            for cell in shown
        ],
        "solutions": {
            name: body.code for name in exercise_names(lesson) if (body := body_of(solved, name))
        },
    }


def _cells(notebook: list[dict[str, Any]]) -> Iterator[Cell]:
    number = 0
    for cell in notebook:
        text = "".join(cell["source"])
        if cell["cell_type"] != "code":
            yield Cell(cell["id"], 0, "prose", text)
            continue
        number += 1
        kind, arguments = "experiment", _call(text)
        exercises = tuple(dict.fromkeys(_UNWRITTEN.findall(text)))
        if is_set_up(cell["metadata"]):
            kind = "set-up"
        elif text.startswith(EXPORT):
            kind = "exercise" if exercises else "given"
        elif text.startswith("check_here("):
            kind, arguments = "check", arguments[1:]
        elif text.startswith("explore("):
            kind = "question"
        used = arguments if kind in ("check", "question") else ()
        yield Cell(cell["id"], number, kind, text, exercises, used)


def _call(text: str) -> tuple[str, ...]:
    """The strings that a call is made with, where a cell is one call and nothing else."""
    match ast.parse(text).body:
        case [ast.Expr(value=ast.Call(args=arguments))]:
            return tuple(
                argument.value
                for argument in arguments
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )
    return ()


def _pieces(module: Module, shown: list[Cell]) -> list[str | dict[str, str]]:
    """The `.py` of a module as it is handed out, cut at its code cells."""
    text = forms.exercise_file(module)
    pieces: list[str | dict[str, str]] = []
    position = 0
    for cell in shown:
        start = text.index(f"\n{cell.text}\n", position) + 1
        pieces += [text[position:start], {"cell": cell.id}]
        position = start + len(cell.text)
    return [*pieces, text[position:]]
