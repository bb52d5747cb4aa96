"""What is left of an exploration: pictures, answers as JSON, and a page to hand in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch.course import Module
from tinytorch.course.explore.catalogue import Question
from tinytorch.files import write_atomically
from tito.terminal.output import json_text
from tito.workspace.files import files_in

if TYPE_CHECKING:
    from tinytorch.course.explore.running import Result

REPORT, ANSWERS = "report.html", "answers.json"


def write_report(
    module: Module, results: list[Result], failures: list[tuple[Question, str]], output: Path
) -> list[Path]:
    """Write the pictures, the answers as JSON, and the page; returns the files."""
    from tinytorch.course.explore.page import report

    title = f"Module {module.digits}, {module.name}: systems questions"
    command = f"tito explore {module.digits}"
    page = report(title, results, failures, command, date.today().isoformat())
    contents: dict[str, str | bytes] = {f"{r.question.name}.png": r.png for r in results}
    contents[ANSWERS] = json_text([result.as_dict() for result in results])
    contents[REPORT] = page
    with files_in(output):
        for name, content in contents.items():
            write_atomically(output / name, content)
    return [output / name for name in contents]
