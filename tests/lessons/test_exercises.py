"""Exercises: each has its text and its hints, and none of them gives the answer away."""

import textwrap
from collections import Counter

import nbformat
import pytest
from handed_out import CHECKED, ROOT, every_exercise, lesson_of

from tinytorch.course import MODULES, Module, shipped
from tito.lessons.exercises import exercise_names, hints
from tito.lessons.export import exercise_source
from tito.lessons.lesson import Lesson
from tito.lessons.set_up_cell import is_set_up

every_lesson = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.folder)


@pytest.mark.parametrize("module", CHECKED, ids=lambda module: module.folder)
def test_every_exercise_has_its_heading_and_three_hints(module: Module) -> None:
    lesson = lesson_of(module)
    assert sorted(shipped.exercises(module.name)) == sorted(exercise_names(lesson))
    given = {name: len(texts) for name, texts in hints(lesson).items()}
    assert given == dict.fromkeys(exercise_names(lesson), 3)


@pytest.mark.parametrize(
    ("module", "exercise"), every_exercise(), ids=lambda value: getattr(value, "name", value)
)
def test_the_hints_leave_something_to_find(module: Module, exercise: str) -> None:
    lesson = lesson_of(module)
    text = "\n".join(hints(lesson)[exercise])
    assert not all(line in text for line in solution_lines(lesson, exercise))


def solution_lines(lesson: Lesson, exercise: str) -> list[str]:
    """The lines of code in the solution of an exercise."""
    solution = next(s for s in lesson.solutions if s.function == exercise)
    lines = textwrap.dedent("\n".join(lesson.lines[solution.begin : solution.end - 1])).split("\n")
    return [line for line in lines if line and not line.startswith("#")]


@every_lesson
def test_the_exercise_file_has_no_line_of_a_solution(module: Module) -> None:
    lesson = lesson_of(module)
    assert solved_lines(lesson, exercise_source(lesson)) == []


@every_lesson
def test_the_notebook_has_no_line_of_a_solution(module: Module) -> None:
    notebook = nbformat.read(ROOT / module.notebook, as_version=nbformat.NO_CONVERT)
    cells = [cell.source for cell in notebook.cells if not is_set_up(cell.metadata)]
    assert solved_lines(lesson_of(module), "\n".join(cells)) == []


def solved_lines(lesson: Lesson, text: str) -> list[str]:
    """The lines of solutions that are in a text.

    A line such as `return x` may be given elsewhere too, so each line is counted.
    """
    solutions = {
        number
        for solution in lesson.solutions
        for number in range(solution.begin, solution.end + 1)
    }
    solved: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for number, line in enumerate(lesson.lines, 1):
        (solved if number in solutions else given)[line.removeprefix("# ").strip()] += 1
    shown = Counter(line.removeprefix("# ").strip() for line in text.splitlines())
    return [line for line in solved if shown[line] > given[line]]


@every_lesson
def test_every_exercise_says_that_it_is_to_be_written_where_it_stands(module: Module) -> None:
    lesson = lesson_of(module)
    text = exercise_source(lesson)
    for solution in lesson.solutions:
        assert f'"Write {solution.function} in this cell"' in text
