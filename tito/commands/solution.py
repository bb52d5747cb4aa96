"""`tito solution`: the answer beside yours."""

import textwrap
from pathlib import Path

import click

from tinytorch.course import Module
from tinytorch.course.sources import read
from tinytorch.files import write_atomically
from tito.commands.hint import complete_exercise
from tito.errors import TitoError
from tito.lessons import material
from tito.lessons.exercises import body_of, exercise_names, find_exercise
from tito.terminal.parameters import MODULE_OR_NAME
from tito.terminal.prose import fit
from tito.workspace import overview
from tito.workspace.folder import Workspace


@click.command()
@click.argument("module", metavar="[MODULE]", type=MODULE_OR_NAME, required=False)
@click.argument("exercise", metavar="[EXERCISE]", required=False, shell_complete=complete_exercise)
def solution(module: Module | str | None, exercise: str | None) -> None:
    """Put the solution beside yours.

    The whole lesson with its solutions goes into a file next to your own, which is not touched.
    With EXERCISE, or a part of its name, your lines and the solution's are shown here too. Without
    MODULE it is the module that you are at, or the one that has the exercise.
    """
    workspace = Workspace.here()
    module, exercise = overview.module_and_exercise(workspace, module, exercise, "tito solution")
    lesson = material.lesson(module)
    names = exercise_names(lesson)
    chosen = find_exercise(exercise, names) if exercise else []
    text = "\n".join(lesson.lines) + "\n"
    path = workspace.lesson(module).with_name(f"{module.name}_solution.py")
    shown = workspace.shown(path)
    try:
        _put_beside(workspace, path, text)
    except TitoError as error:
        if not chosen:
            raise
        error.show()  # and show what was asked for all the same
    else:
        click.echo(fit(f"The solution is in {shown}, beside yours."))
    solutions = {name: body for name in names if (body := body_of(text, name))}
    if not chosen:
        click.echo()
        for name, body in solutions.items():
            click.echo(f"  {name:22} line {body.line}")
        click.echo(
            fit(f"\nTo see one here, and yours with it: tito solution {module.digits} {names[0]}")
        )
    for name in chosen:
        yours, place = _yours(workspace, module, name)
        answer = solutions[name]
        click.secho(fit(f"\n{name}, yours" + (f", {place}" if place else "")), bold=True)
        click.echo(textwrap.indent(yours, "  "))
        click.secho(fit(f"\n{name}, the solution, {shown}:{answer.line}"), bold=True)
        click.echo(textwrap.indent(answer.code, "  "))


def _put_beside(workspace: Workspace, path: Path, text: str) -> None:
    """Write the solution, keeping a copy of a file that says something else."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    with workspace.change():
        if path.is_file():
            kept = workspace.shown(workspace.keep(path))
            click.echo(fit(f"There was another {path.name}; it is in {kept}."))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)


def _yours(workspace: Workspace, module: Module, name: str) -> tuple[str, str]:
    """The learner's lines and where they are; or why there is nothing to show."""
    try:
        file = workspace.working_file(module)
        source = read(str(file)) if file else None
    except (TitoError, SyntaxError, OSError) as error:
        problem = str(error).partition(". ")[0]  # what to do about it, other commands say
        return f"(not shown: {problem})", ""
    unwritten = {u.name: u.place for u in workspace.unwritten(file)} if file else {}
    if name in unwritten:
        return "(not written yet)", unwritten[name]
    if source is None:
        return "(not there)", ""
    try:
        body = body_of(source.text, name)
    except SyntaxError as error:
        place = source.place(error.lineno or 1)
        return f"(not shown: {place} is not valid Python: {error.msg})", ""
    return (body.code, source.place(body.line)) if body else ("(not there)", "")
