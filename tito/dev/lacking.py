"""What a module of the course still lacks."""

import ast
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from tinytorch.course import Module
from tinytorch.course.checking.checks import checks_in
from tinytorch.course.checking.suites import read_suite
from tinytorch.course.explore.catalogue import questions_of
from tito.checks.runner import run_checks
from tito.commands.export import exported_files
from tito.dev import museum
from tito.errors import TitoError
from tito.lessons.exercises import exercise_names, hints
from tito.lessons.export import exercise_source
from tito.lessons.lesson import Lesson, read_lesson

HINTS = 3

Content = TypeVar("Content")


def lacking(root: Path, module: Module) -> Iterator[str]:
    """What a module lacks, a sentence each; nothing if it is whole."""
    try:
        yield from _lacking(root, module)
    except TitoError as error:  # then nothing more can be said
        yield str(error)


def _lacking(root: Path, module: Module) -> Iterator[str]:
    folder = root / "modules" / module.folder
    exported = exported_files(root, module)
    lesson = read_lesson((root / module.lesson).read_text(encoding="utf-8"), module.lesson)
    for path, content in exported.items():
        if not (root / path).is_file() or (root / path).read_text(encoding="utf-8") != content:
            yield f"{path} is not what the lesson exports: tito export {module.number:02}"
    exercises = exercise_names(lesson)
    given = hints(lesson)
    for name in exercises:
        if len(given.get(name, ())) != HINTS:
            yield f"{name} has {len(given.get(name, ()))} hints, and should have {HINTS}"
    yield from _lacking_questions(folder, module)
    if not (folder / "checks.py").is_file():
        yield "there are no checks: checks.py"
        return
    yield from _lacking_mistakes(folder, module)
    for result in run_checks(module, root / module.lesson).failures:
        yield f"the solution fails {result.check.name}: {result.mistake or result.seen}"
    with tempfile.TemporaryDirectory(prefix="tito-") as scratch:
        file = Path(scratch, f"{module.name}_dev.py")
        for name in exercises:
            file.write_text(without(lesson, name), encoding="utf-8")
            if run_checks(module, file).passed:
                yield f"{name} passes untouched: no check asks for it"


def without(lesson: Lesson, *exercises: str) -> str:
    """The lesson with all solutions but those of these exercises."""
    unsolved = tuple(s for s in lesson.solutions if s.function in exercises)
    return exercise_source(Lesson(lesson.path, lesson.lines, lesson.cells, unsolved))


def _read(file: str, read: Callable[[], Content]) -> Content:
    """What is in a file, which may be in the middle of work."""
    try:
        return read()
    except Exception as error:
        raise TitoError(f"{file} cannot be read: {type(error).__name__}: {error}") from error


def _lacking_mistakes(folder: Path, module: Module) -> Iterator[str]:
    checks = {c.name for c in checks_in(_read("checks.py", lambda: read_suite(module.name)))}
    if not (folder / "mistakes.toml").is_file():
        yield "there are no mistakes to hold the checks against: mistakes.toml"
        return
    mistakes = _read("mistakes.toml", lambda: museum.mistakes(module))
    correct = _read("mistakes.toml", lambda: museum.correct_variants(module))
    for variant in (*mistakes, *correct):
        try:
            ast.parse(variant.text)
        except (ValueError, SyntaxError) as error:
            yield f"mistakes.toml: the edits of {variant.name!r} do not fit: {error}"
    caught = {mistake.check for mistake in mistakes}
    for name in sorted(checks - caught):
        yield f"no mistake in mistakes.toml is for the check {name}"
    for name in sorted(caught - checks):
        yield f"mistakes.toml speaks of a check that there is not: {name}"


def _lacking_questions(folder: Path, module: Module) -> Iterator[str]:
    questions = _read("questions.toml", lambda: questions_of(module.name))
    asked = {question.name.replace("-", "_") for question in questions}
    for name in sorted(asked):
        if not (folder / "experiments" / f"{name}.py").is_file():
            yield f"no experiment answers a question: experiments/{name}.py"
    for file in sorted(folder.glob("experiments/*.py")):
        if file.stem not in asked:
            yield f"no question asks for experiments/{file.name}"
