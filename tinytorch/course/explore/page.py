"""Results as HTML: one in a notebook, all of them as a page to hand in."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from tinytorch.course.explore.catalogue import Question
from tinytorch.course.explore.experiment import Table
from tinytorch.course.explore.settings import text_of

if TYPE_CHECKING:
    from tinytorch.course.explore.running import Result

STYLE = """
.explore { font-family: system-ui, sans-serif; line-height: 1.45; max-width: 52rem; }
.explore p, .explore ul { margin: 0.6rem 0; }
.explore .question { font-style: italic; }
.explore .answer { font-weight: bold; }
.explore .small { font-size: 0.85rem; color: #555; }
.explore table { border-collapse: collapse; margin: 0.8rem 0; font-size: 0.9rem; }
.explore caption { text-align: left; font-weight: bold; padding: 0.2rem 0; }
.explore th, .explore td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #ddd;
  text-align: right; font-variant-numeric: tabular-nums; background: none; }
.explore th:first-child, .explore td:first-child, .explore .words td { text-align: left; }
.explore img { max-width: 100%; height: auto; background: white; }
.explore code { font-size: 0.9em; }
.explore section { break-inside: avoid-page; margin-bottom: 2.5rem; }
"""


def in_notebook(result: Result) -> str:
    """One result, as a notebook shows it; the question stands in the notebook already."""
    name = result.question.name
    changes = [
        (
            f"explore({', '.join([repr(name), *_arguments(change.settings)])})",
            change.effect,
        )
        for change in result.answer.changes
    ]
    lines = [f"{name}: {text}" for name, text in result.conditions.items()]
    small = f'<p class="small">{"<br>".join(map(escape, lines))}</p>'
    return f'<style>{STYLE}</style><div class="explore">{_body(result, changes)}{small}</div>'


def report(
    title: str,
    results: Sequence[Result],
    failures: Sequence[tuple[Question, str]],
    command: str,
    date: str,
) -> str:
    """A page that needs no other file: every question of a module, with its answer.

    Args:
        title: the name of the module.
        results: what was answered.
        failures: what was not, and why.
        command: how one question is run again, as in "tito explore 03".
        date: when it was made.
    """
    sections = {result.question.number: _section(result, command) for result in results}
    sections |= {
        question.number: (
            f"<section><h3>{question.number}. {escape(question.name)}</h3>"
            f'<p class="question">{escape(question.text)}</p>'
            f'<p class="answer">This could not be answered. {escape(problem)}</p></section>'
        )
        for question, problem in failures
    }
    questions = {r.question.number: r.question for r in results}
    questions |= {question.number: question for question, _ in failures}
    parts = []
    heading = ""
    for number in sorted(sections):
        if questions[number].heading != heading:
            heading = questions[number].heading
            parts.append(f"<h2>{escape(heading)}</h2>")
        parts.append(sections[number])
    found = {name: text for result in results for name, text in result.conditions.items()}
    conditions = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in found.items()
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>body {{ margin: 2rem auto; padding: 0 1rem; max-width: 52rem; }}{STYLE}</style>
</head>
<body class="explore">
<h1>{escape(title)}</h1>
<p class="small">{escape(date)}. All numbers come from one machine:</p>
<table class="small words">{conditions}</table>
{"".join(parts)}
</body>
</html>
"""


def _section(result: Result, command: str) -> str:
    question = result.question
    changes = [
        (
            " ".join(
                [command, question.name, *(f"--set {a}" for a in _assignments(change.settings))]
            ),
            change.effect,
        )
        for change in result.answer.changes
    ]
    return (
        f"<section><h3>{question.number}. {escape(question.name)}</h3>"
        f'<p class="question">{escape(question.text)}</p>'
        f"{_body(result, changes)}</section>"
    )


def _body(result: Result, changes: Sequence[tuple[str, str]]) -> str:
    answer = result.answer
    alt = escape(f"{answer.picture.title}. {answer.headline}", quote=True)
    image = b64encode(result.png).decode()
    parts = [
        f"<p>{escape(result.verdict)}</p>" if result.verdict else "",
        f'<p class="answer">{escape(answer.headline)}</p>',
        *(_table(table) for table in answer.tables),
        f'<img alt="{alt}" src="data:image/png;base64,{image}">',
        f"<p>{escape(answer.why)}</p>",
        "<p>" + "<br>".join(f"<code>{escape(line)}</code>" for line in answer.formulas) + "</p>",
    ]
    if changes:
        items = "".join(
            f"<li><code>{escape(call)}</code>: {escape(effect)}</li>" for call, effect in changes
        )
        parts.append(f"<p>To see it move:</p><ul>{items}</ul>")
    settings = ", ".join(f"{name}={text}" for name, text in result.settings.items())
    parts.append(f'<p class="small">Settings: {escape(settings)}</p>')
    if answer.method:
        parts.append(f'<p class="small">{escape(answer.method)}</p>')
    return "\n".join(part for part in parts if part)


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _assignments(settings: dict[str, object]) -> list[str]:
    """Settings as they follow `--set`."""
    return [f"{name}={text_of(value)}" for name, value in settings.items()]


def _arguments(settings: dict[str, object]) -> list[str]:
    """Settings as Python arguments."""
    return [f"{name}={value!r}" for name, value in settings.items()]
