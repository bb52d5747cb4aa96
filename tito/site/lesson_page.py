"""The Sphinx extension that makes a page of each lesson, with cells that run in the browser.

A page is text that can be read at once, without a script: prose, and code as it is handed out. The
scripts in `web/scripts` turn its cells into editors. It is made anew from the lesson at each build.
"""

from __future__ import annotations

import json
import shutil
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.application import Sphinx

from tinytorch.course import MODULES, Module
from tito.repository import repository_root
from tito.site import lesson_data, pyodide, scripts
from tito.site.lesson_data import Cell
from tito.site.wheel import MNIST, build_wheel

FOLDER = "lesson"
"""Where the pages of the lessons are, in the sources and in the site."""

CDN = "cdn"

# What the lessons draw with, and what they compute with.
_PACKAGES = ("numpy", "matplotlib")

_FENCE = "`" * 5  # longer than any in a lesson


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_config_value("pyodide_folder", "", "")
    app.connect("builder-inited", _write_pages)
    app.connect("html-page-context", _add_scripts)
    app.connect("build-finished", _write_data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def page(module: Module) -> str:
    """The page of a lesson, in MyST's Markdown."""
    parts = ["---\norphan: true\n---", _raw(f'<div id="lesson" data-module="{module.name}"></div>')]
    for cell in lesson_data.cells(module):
        if cell.kind == "prose":
            parts.append(cell.text)
        elif cell.kind != "set-up":
            parts.append(_raw(_cell(cell)))
    title = next(n for n, part in enumerate(parts) if part.startswith("# "))
    parts[title - 1], parts[title] = parts[title], parts[title - 1]  # the title comes first
    return "\n\n".join(parts) + "\n"


def _cell(cell: Cell) -> str:
    """A code cell, to be read; its scripts find all else by its id."""
    attributes = f'id="cell-{cell.id}" class="lesson-cell" data-kind="{cell.kind}"'
    if cell.kind == "check":
        return f"<div {attributes}></div>"
    code = highlight(cell.text, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return (
        f'<div {attributes}><div class="lesson-code highlight">'
        f'<pre tabindex="0" aria-label="{escape(_name(cell))}">{code}</pre></div></div>'
    )


def _name(cell: Cell) -> str:
    return f"Code of cell {cell.number}"


def _raw(html: str) -> str:
    return f"{_FENCE}{{raw}} html\n{html}\n{_FENCE}"


def _write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for module in MODULES:
        _write(folder / f"{module.name}.md", page(module))


def _write_data(app: Sphinx, problem: Exception | None) -> None:
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        text = json.dumps(lesson_data.data(module), ensure_ascii=False, separators=(",", ":"))
        _write(folder / f"{module.name}.json", text)
    scripts.bundle(folder, Path(app.outdir))
    _add_python(Path(app.outdir), app.config.pyodide_folder)


def _add_python(output: Path, folder: str) -> None:
    """Put Python, TinyTorch and MNIST into the site, for the worker to load.

    Args:
        output: the site.
        folder: where Pyodide is, or "cdn"; "" for a site without Python where it would have to be
            downloaded, whose pages say so.
    """
    if not folder and not pyodide.is_at_hand():
        return
    source = None if folder in ("", CDN) else Path(folder)
    with TemporaryDirectory() as wheels:
        wheel = build_wheel(Path(wheels))
        pyodide.lay_out(output / "pyodide", _PACKAGES, [wheel], source)
    mnist = output / "mnist"
    mnist.mkdir(exist_ok=True)
    for file in sorted((repository_root() / MNIST).glob("*.gz")):
        shutil.copyfile(file, mnist / file.name)


def _add_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Have the pages of lessons load their scripts, and no other page."""
    if pagename.startswith(f"{FOLDER}/"):
        app.add_css_file(f"{FOLDER}/page.css")
        app.add_js_file(f"{FOLDER}/page.js", type="module")


def _write(file: Path, text: str) -> None:
    """Write a file; one that says the same stays, so that Sphinx need not read it again."""
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
