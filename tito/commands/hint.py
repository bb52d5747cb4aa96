"""`tito hint`: one hint more at each call."""

import click
from click.shell_completion import CompletionItem

from tinytorch.course import Module
from tito.errors import TitoError
from tito.lessons import material
from tito.lessons.exercises import exercise_names, find_exercise, hints
from tito.terminal.parameters import MODULE_OR_NAME
from tito.terminal.prose import fit, reflow, screen_width
from tito.workspace import overview
from tito.workspace.folder import Status, Workspace


def complete_exercise(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of the exercises of the module that is typed before."""
    module = ctx.params.get("module")
    names = exercise_names(material.lesson(module)) if isinstance(module, Module) else []
    return [CompletionItem(name) for name in names if name.lower().startswith(incomplete.lower())]


@click.command()
@click.argument("module", metavar="[MODULE]", type=MODULE_OR_NAME, required=False)
@click.argument("exercise", metavar="[EXERCISE]", required=False, shell_complete=complete_exercise)
@click.option("-n", "--number", type=click.IntRange(min=1), help="Show this hint, once more.")
def hint(module: Module | str | None, exercise: str | None, number: int | None) -> None:
    """Give a hint, and one hint more at each call.

    There are three for each exercise, from a nudge to nearly the answer. Without EXERCISE they
    are about the first one that is unfinished. A part of the name will do: forward. Without
    MODULE it is the module that you are at, or the one that has the exercise.
    """
    workspace = Workspace.find()
    module, exercise = overview.module_and_exercise(workspace, module, exercise, "tito hint")
    lesson = material.lesson(module)
    names, given = exercise_names(lesson), hints(lesson)
    name = _choose(workspace, module, names, exercise)
    available = given.get(name, [])
    if not available:
        raise TitoError(
            f"There are no hints for {name} yet. The text above it says what it takes; "
            f"the answer is in: tito solution {module.digits} {name}"
        )
    seen = workspace.progress(module).hints.get(name, 0) if workspace else 0
    if number is None:
        number = seen + 1
    elif number > len(available):
        raise TitoError(f"{name} has {len(available)} hints, not {number}.")
    shown = [number] if number <= len(available) else list(range(1, len(available) + 1))
    for n in shown:
        click.secho(f"{name}, hint {n} of {len(available)}", bold=True)
        click.echo(f"\n{reflow(available[n - 1], screen_width())}\n")
    if shown[-1] < len(available):
        more = "" if workspace else f" --number {shown[-1] + 1}"
        click.echo(fit(f"One more: tito hint {module.digits} {name}{more}"))
    else:
        click.echo(fit(f"That is the last one. The answer: tito solution {module.digits} {name}"))
    if workspace and shown[-1] > seen:
        _count(workspace, module, name, shown[-1])


def _choose(
    workspace: Workspace | None, module: Module, names: list[str], exercise: str | None
) -> str:
    """The exercise to give a hint for."""
    candidates = find_exercise(exercise, names) if exercise else names
    if workspace is None or len(candidates) == 1:
        return candidates[0]
    if workspace.status(module) is Status.FINISHED:
        if exercise:
            return candidates[0]
        raise TitoError(
            f"You have finished {module.name}. For a hint all the same, name an exercise: "
            f"{', '.join(names)}"
        )
    file = workspace.working_file(module)
    to_write = {u.name for u in workspace.unwritten(file)} if file else set()
    if candidates[0] in to_write or file is None:
        return candidates[0]
    unfinished = to_write | _failing(module, names, workspace)
    first = next((name for name in candidates if name in unfinished), None)
    if first is None and exercise:
        return candidates[0]
    if first is None:
        raise TitoError(
            f"All of it is written and passes. To make it yours: "
            f"tito module complete {module.digits}"
        )
    return first


def _failing(module: Module, names: list[str], workspace: Workspace) -> set[str]:
    """The exercises that are to blame for checks that fail."""
    if material.check_file(module) is None:
        return set()
    from tito.checks.runner import run_checks  # here, because it brings NumPy along

    report = run_checks(module, workspace.working_file(module))
    return {
        next((name for name in (r.verdict.function, *r.check.about) if name in names), names[0])
        for r in report.failures
    }


def _count(workspace: Workspace, module: Module, name: str, number: int) -> None:
    """Note how many hints were given; a read-only workspace is no reason to hold one back."""
    try:
        with workspace.change():
            workspace.progress(module).hints[name] = number
    except TitoError:
        click.echo(
            "The count of hints could not be kept here; use --number for the next.", err=True
        )
