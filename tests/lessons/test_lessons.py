"""Every lesson runs, and what was exported from it is up to date, complete and free of answers."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from handed_out import ROOT, lesson_of

from tinytorch.course import MODULES, Module
from tinytorch.course.explore.catalogue import questions_of
from tito.commands.export import exported_files

every_lesson = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.folder)


def test_the_folders_of_modules_are_those_of_the_course() -> None:
    folders = sorted(path.name for path in (ROOT / "modules").iterdir() if path.is_dir())
    assert folders == [module.folder for module in MODULES]


@every_lesson
def test_exporting_again_would_change_no_byte(module: Module) -> None:
    for path, content in exported_files(ROOT, module).items():
        assert (ROOT / path).read_bytes() == content.encode(), f"{path}: run tito export"


@every_lesson
def test_the_lesson_runs_from_top_to_bottom(module: Module, tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, str(ROOT / module.lesson)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert "❌" not in finished.stdout


@every_lesson
def test_the_lesson_leaves_something_to_write(module: Module) -> None:
    assert lesson_of(module).solutions


@every_lesson
def test_the_notebook_is_valid_and_its_code_compiles(module: Module) -> None:
    notebook = nbformat.read(ROOT / module.notebook, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(re.sub(r"^( *)%.*", r"\1pass", cell.source, flags=re.M))


@every_lesson
def test_the_library_file_has_no_teaching_marks(module: Module) -> None:
    library = (ROOT / module.library).read_text(encoding="utf-8")
    for mark in ("#| export", "# %%", "BEGIN SOLUTION", "END SOLUTION"):
        assert mark not in library


def test_every_question_of_a_module_stands_in_its_lesson_as_a_cell_that_answers_it() -> None:
    for module in MODULES:
        lesson = (ROOT / module.lesson).read_text(encoding="utf-8")
        asked = re.findall(r'^explore\("(.+)", guess=\.\.\.\)$', lesson, flags=re.MULTILINE)
        assert asked == [question.name for question in questions_of(module.name)]
