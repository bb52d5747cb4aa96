"""What a learner does on the page of a lesson."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tinytorch.course import Module
from tito.lessons import material
from tito.lessons.lesson import BEGIN, END
from tito.site import lesson_data

# Milliseconds: a machine that does other things as well starts Python in half a minute.
PATIENCE = 120_000


def solved_cells(module: Module) -> dict[str, str]:
    """The cells in which something is to be written, by id, with their solutions."""
    lesson = material.lesson(module)
    exported = [cell for cell in lesson.cells if cell.exported]
    handed_out = [c for c in lesson_data.cells(module) if c.kind in ("given", "exercise")]
    solved = {}
    for theirs, ours in zip(exported, handed_out, strict=True):
        lines = lesson.lines[theirs.start - 1 : theirs.end]
        if ours.exercises:
            text = "\n".join(line for line in lines if line.strip() not in (BEGIN, END))
            solved[ours.id] = text
    return solved


class LessonPage:
    """The page of a lesson in a browser.

    Args:
        page: Playwright's page.
        site: the address of the site.
        module: the module of the lesson.
    """

    def __init__(self, page: Any, site: str, module: Module) -> None:
        self.page = page
        self.module = module
        self.address = f"{site}/lesson/{module.name}.html"
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()

    def open(self) -> None:
        """Go to the page, or load it again."""
        self.page.goto(self.address)
        self.page.wait_for_selector("html[data-lesson=ready]")

    def cell(self, cell: str) -> Any:
        """The element of a cell."""
        return self.page.locator(f"#cell-{cell}")

    def editor(self, cell: str) -> Any:
        """The editor of a cell, which it has once it is looked at."""
        self.cell(cell).scroll_into_view_if_needed()
        return self.cell(cell).locator(".cm-content")

    def write(self, cell: str, text: str) -> None:
        """Replace the text of a cell, by keyboard."""
        self.editor(cell).focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def text(self, cell: str) -> str:
        """The text of a cell, as far as it is on the screen."""
        editor = self.editor(cell)
        editor.wait_for()
        lines = editor.locator(".cm-line").all_inner_texts()
        return "\n".join(line.replace("\n", "") for line in lines)

    def check(self, unit: str) -> list[str]:
        """Press Check, and wait for the verdict: its lines."""
        self.page.get_by_role("button", name=f"Check {unit}", exact=True).click()
        return self.verdict(unit)

    def verdict(self, unit: str) -> list[str]:
        """The lines of the verdict on a unit, once they are there."""
        cell = self.page.locator(f".lesson-cell:has(button[aria-label='Check {unit}'])")
        self.page.wait_for_selector("html:not(.lesson-busy)")
        text = cell.locator(".lesson-verdict").inner_text()
        return [line for line in text.split("\n") if line.strip()]

    def saved(self, form: str, folder: Path) -> Path:
        """Save the work: "a notebook" or "a .py" or ... ; the file."""
        self.page.get_by_role("button", name="Your work", exact=True).click()
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=f"Save {form}").click()
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        self.page.get_by_role("button", name="Close").click()
        return file


def words(lines: list[str]) -> str:
    """The words in lines, however they are broken, but for files and commands of a terminal."""
    kept = (line for line in lines if not line.startswith("   hint "))
    text = " ".join(" ".join(kept).split())
    return re.sub(r" at \S+:\d+| at cell \d+, line \d+", " at a place", text)
