"""The folder that Sphinx makes the site of: what is written by hand in `web/`, and what follows."""

import shutil
from pathlib import Path

from tinytorch.course import MODULES
from tinytorch.course.explore.catalogue import questions_of
from tito.dev import museum
from tito.lessons.forms import exercise_file
from tito.site import experiment_page, lesson_page, module_page, museum_page

NOT_COPIED = shutil.ignore_patterns("node_modules", "scripts", "templates", "__pycache__")


def write_sources(root: Path, folder: Path) -> None:
    """Write the pages of the site of the clone `root` into `folder`, only where they differ."""
    shutil.copytree(root / "web", folder, ignore=NOT_COPIED, dirs_exist_ok=True)
    for module in MODULES:
        write(folder / "modules" / f"{module.name}.md", module_page.page(root, module))
        write(folder / lesson_page.FOLDER / f"{module.name}.md", lesson_page.page(module))
        write(folder / "files" / f"{module.name}_dev.py", exercise_file(module))
        shutil.copy2(root / module.notebook, folder / "files")
        for question in questions_of(module.name):
            page = experiment_page.page(module, question)
            write(folder / "experiments" / module.name / f"{question.name}.md", page)
    for module in museum.MODULES:
        page = museum_page.page(module, module_page.title(module))
        write(folder / "museum" / f"{module.name}.md", page)


def write(file: Path, text: str) -> None:
    """Write a text where it is not there yet, so that Sphinx reads again only what has changed."""
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
