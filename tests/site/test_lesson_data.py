"""What the page of a lesson shows, and what its scripts know: all of it comes from the lesson."""

import json

import pytest

from tinytorch.course import MODULES, Module
from tinytorch.course.checking.checks import checks_in
from tinytorch.course.checking.suites import read_suite
from tito.lessons import forms, material
from tito.lessons.exercises import exercise_names
from tito.lessons.export import exercise_notebook
from tito.site import lesson_data

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)


@each_module
def test_the_pieces_make_the_file_that_is_handed_out(module: Module) -> None:
    data = lesson_data.data(module)
    text = {cell.id: cell.text for cell in lesson_data.cells(module)}
    pieces = (p if isinstance(p, str) else text[p["cell"]] for p in data["file"])
    assert "".join(pieces) == forms.exercise_file(module)


@each_module
def test_every_exercise_is_written_in_one_cell_and_has_its_solution(module: Module) -> None:
    data = lesson_data.data(module)
    written = [name for cell in data["cells"] for name in cell["exercises"]]
    assert written == exercise_names(material.lesson(module))
    assert list(data["solutions"]) == written


@each_module
def test_no_solution_is_on_the_page(module: Module) -> None:
    notebook = json.loads(exercise_notebook(material.lesson(module)))
    assert lesson_data.data(module)["notebook"] == notebook


def test_each_check_on_the_page_is_one_of_the_module() -> None:
    cells = lesson_data.data(MODULES[2])["cells"]
    titles = [title for cell in cells if cell["kind"] == "check" for title in cell["arguments"]]
    units = {check.unit.title for check in checks_in(read_suite("layers"))}
    assert set(titles) <= units


def test_cells_are_counted_as_tito_test_counts_them() -> None:
    cells = lesson_data.data(MODULES[2])["cells"]
    assert [cell["number"] for cell in cells] == list(range(1, len(cells) + 1))
    assert cells[0]["kind"] == "set-up"
