"""The page of a lesson, with cells that run in the browser.

A page is text that can be read at once, without a script: prose, and code as it is handed out. The
scripts in `web/scripts` turn its cells into editors, and Pyodide runs what is written there.
"""

from __future__ import annotations

import json
import shutil
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tinytorch.course import MODULES, Module
from tito.repository import repository_root
from tito.site import lesson_data, offline, pyodide, scripts
from tito.site.lesson_data import Cell
from tito.site.wheel import MNIST, build_wheel

FOLDER = "lesson"
"""Where the pages of the lessons are, in the sources and in the site."""

# What the lessons draw with, and what they compute with.
_PACKAGES = ("numpy", "matplotlib")

_HEAD = "---\norphan: true\n---"
_LOADED = f"""\
<link rel="stylesheet" href="../_static/{FOLDER}/page.css">
<script type="module" src="../_static/{FOLDER}/page.js"></script>"""

_FENCE = "`" * 5  # longer than any in a lesson


def page(module: Module) -> str:
    """The page of a lesson, in MyST's Markdown."""
    parts = [_raw(f'<div id="lesson" data-module="{module.name}"></div>')]
    for cell in lesson_data.cells(module):
        if cell.kind == "prose":
            parts.append(cell.text)
        elif cell.kind != "set-up":
            parts.append(_raw(_cell(cell)))
    title = next(n for n, part in enumerate(parts) if part.startswith("# "))
    parts[title - 1], parts[title] = parts[title], parts[title - 1]  # the title comes first
    return "\n\n".join([_HEAD, *parts, _ways_on(module), _raw(_LOADED)]) + "\n"


def _ways_on(module: Module) -> str:
    """Links to what comes before and after, in the order of the course."""
    near = {other.number - module.number: other for other in MODULES}
    ways = [f"[About this module](../modules/{module.name}.md)"]
    ways += [
        f"[{word}: {near[step].digits} {near[step].name}]({near[step].name}.md)"
        for step, word in ((-1, "Before this"), (1, "Next"))
        if step in near
    ]
    ways.append("[Train MNIST on your own modules](milestone-mnist.md)")
    return " · ".join(ways)


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


def add_lessons(site: Path, pyodide_folder: Path | None) -> None:
    """Put what the pages of the lessons load into the folder of the site.

    Without Pyodide at hand, which would have to be downloaded, it is a site without Python, whose
    pages say so.

    Raises:
        TitoError: npm is missing, the scripts are not right, or a file of Pyodide is another one.
    """
    folder = site / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        text = json.dumps(lesson_data.data(module), ensure_ascii=False, separators=(",", ":"))
        (folder / f"{module.name}.json").write_text(text, encoding="utf-8")
    scripts.bundle(folder)
    if pyodide_folder or pyodide.is_at_hand():
        _add_python(site, pyodide_folder)
    scripts.bundle_service_worker(site / "service-worker.js", offline.write_list(site))


def _add_python(site: Path, source: Path | None) -> None:
    """Put Python, TinyTorch and MNIST into the site, for the worker to load."""
    with TemporaryDirectory() as wheels:
        wheel = build_wheel(Path(wheels))
        pyodide.lay_out(site / "pyodide", _PACKAGES, [wheel], source)
    mnist = site / "mnist"
    mnist.mkdir(exist_ok=True)
    for file in sorted((repository_root() / MNIST).glob("*.gz")):
        shutil.copyfile(file, mnist / file.name)
