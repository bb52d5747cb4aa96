"""The folder that Sphinx makes the site of: what is written by hand in `web/`, and what follows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tinytorch.course import MODULES
from tinytorch.course.explore.catalogue import all_questions
from tito.dev import museum
from tito.lessons.forms import exercise_file
from tito.site import (
    command_page,
    digit_network,
    documents,
    experiment_page,
    lesson_page,
    module_page,
    museum_page,
    overviews,
    reference,
)

NOT_COPIED = shutil.ignore_patterns("node_modules", "scripts", "templates", "__pycache__")
NETWORK = "static/digit-network.js"


def write_sources(root: Path, folder: Path) -> None:
    """Write the pages of the site of the clone `root` into `folder`, only where they differ."""
    shutil.copytree(root / "web", folder, ignore=NOT_COPIED, dirs_exist_ok=True)
    shutil.copytree(root / "docs/images", folder / "images", dirs_exist_ok=True)
    for path, text in _pages(root):
        _write(folder / path, text)


def _pages(root: Path) -> Iterator[tuple[str, str]]:
    """Path to text of all that is not copied."""
    network = digit_network.train()
    yield NETWORK, network.script
    yield "index.md", overviews.first_page(network)
    yield "hours.md", overviews.hours()
    yield "path.md", overviews.path()
    for module in MODULES:
        yield f"modules/{module.name}.md", module_page.page(root, module)
        yield f"{lesson_page.FOLDER}/{module.name}.md", lesson_page.page(module)
        yield f"files/{module.name}_dev.py", exercise_file(module)
        yield f"files/{module.name}_dev.ipynb", (root / module.notebook).read_text("utf-8")
        yield f"reference/{module.name}.md", reference.page(module)
    yield "experiments.md", overviews.experiments()
    for question in all_questions():
        yield f"experiments/{question.module}/{question.name}.md", experiment_page.page(question)
    yield "museum.md", overviews.museum_overview()
    for module in museum.MODULES:
        yield f"museum/{module.name}.md", museum_page.page(module)
    yield "commands.md", command_page.page()
    yield "reference.md", reference.overview()
    for name, path in documents.PAGES.items():
        yield f"{name}.md", documents.document(root, path)


def _write(file: Path, text: str) -> None:
    """Write a text where it is not there yet, so that Sphinx reads again only what has changed."""
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
