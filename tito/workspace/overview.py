"""Where a learner is: each module in a line, and what to do next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tinytorch.course import MODULES, Module, did_you_mean
from tito.errors import TitoError
from tito.lessons import material
from tito.lessons.exercises import exercise_names, matching
from tito.terminal.parameters import MODULE
from tito.terminal.prose import command_lines, fit
from tito.workspace.folder import Status, Unwritten, Workspace, fingerprint
from tito.workspace.handout import has_new_edition

_MILESTONE = ("tito milestone mnist", "see it learn to read digits")


@dataclass(frozen=True)
class ModuleProgress:
    """How far a learner is with one module."""

    module: Module
    status: Status
    yours: bool
    """Whether the framework uses the learner's file."""
    file: Path | None
    """The file that counts; None if there is none, or if there are two."""
    problem: str
    """Why it is not clear which file counts, or ""."""
    exercises: int
    unwritten: list[Unwritten]
    new_lesson: bool
    """Whether TinyTorch has a newer lesson than the one handed out."""

    @property
    def done(self) -> str:
        """The progress in a few words."""
        match self.status:
            case Status.NOT_STARTED:
                return ""
            case Status.IN_PROGRESS:
                written = self.exercises - len(self.unwritten)
                return f"in progress: {written} of {self.exercises} exercises written"
            case Status.FINISHED:
                return "finished"
            case _:
                return "finished, and changed since"

    def as_dict(self) -> dict[str, Any]:
        """The progress for a program to read."""
        return {
            "module": self.module.name,
            "number": self.module.number,
            "status": self.status.value,
            "in_use": "yours" if self.yours else "reference",
            "file": str(self.file) if self.file else None,
            "problem": self.problem or None,
            "exercises": self.exercises,
            "unwritten": [{"exercise": u.name, "place": u.place} for u in self.unwritten],
            "new_lesson": self.new_lesson,
        }


def progress_of(workspace: Workspace, module: Module) -> ModuleProgress:
    """How far the learner is with a module."""
    file, problem = None, ""
    try:
        file = workspace.working_file(module)
        if file:
            fingerprint(file)  # it can be read
    except TitoError as error:
        file, problem = None, error.message
    return ModuleProgress(
        module=module,
        status=workspace.status(module),
        yours=workspace.finished_file(module).is_file(),
        file=file,
        problem=problem,
        exercises=material.exercise_count(module),
        unwritten=workspace.unwritten(file) if file else [],
        new_lesson=has_new_edition(workspace, module),
    )


def progress_of_each(workspace: Workspace) -> list[ModuleProgress]:
    """How far the learner is with each module, in order."""
    return [progress_of(workspace, module) for module in MODULES]


def current(workspace: Workspace, all_progress: list[ModuleProgress]) -> ModuleProgress | None:
    """The module to work on: the one started last, else one in progress, else the next one.

    None when all are finished.
    """
    open_ones = [one for one in all_progress if one.status is not Status.FINISHED]
    started = [one for one in open_ones if one.status is not Status.NOT_STARTED]
    last = workspace.state.current
    numbers = [one.module.number for one in all_progress if one.module.name == last]
    later = [one for one in open_ones if numbers and one.module.number > numbers[0]]
    return next(
        (one for one in open_ones if one.module.name == last),
        next(iter([*started, *later, *open_ones]), None),
    )


def module_at(workspace: Workspace | None, command: str) -> Module:
    """The module that the learner is at, for a command that was given none.

    Raises:
        click.UsageError: there is no workspace.
        TitoError: all are finished.
    """
    if workspace is None:
        raise click.UsageError(f"Outside a workspace, say which module: {command} 03")
    here = current(workspace, progress_of_each(workspace))
    if here is None:
        raise TitoError(f"You have finished every module. Say which one: {command} 03")
    return here.module


def module_and_exercise(
    workspace: Workspace | None, first: Module | str | None, second: str | None, command: str
) -> tuple[Module, str | None]:
    """The module and the exercise that are meant, whichever of the two was typed.

    Raises:
        click.UsageError: no module has an exercise of that name, or several have.
        TitoError: nothing was typed, and all modules are finished.
    """
    if isinstance(first, str) and second is not None:
        return MODULE.convert(second, None, None), first
    if not isinstance(first, str):
        return first or module_at(workspace, command), second
    found = [m for m in MODULES if matching(first, exercise_names(material.lesson(m)))]
    here = current(workspace, progress_of_each(workspace)) if workspace else None
    if here and here.module in found:
        return here.module, first
    if len(found) == 1:
        return found[0], first
    if found:
        commands = ", ".join(f"{command} {module.digits} {first}" for module in found)
        raise click.UsageError(f"Several modules have that exercise: {commands}")
    names = [name for m in MODULES for name in exercise_names(material.lesson(m))]
    raise click.UsageError(
        f"{first!r} is no module and no exercise.{did_you_mean(first, names, command)} "
        f"To see the exercises of a module: tito module status 03"
    )


def next_steps(
    workspace: Workspace, here: ModuleProgress | None
) -> tuple[str, list[tuple[str, str]]]:
    """What to do next: a sentence, and commands with what each does."""
    if here is None:
        return "Every module is yours, and so is the framework.", [_MILESTONE]
    name, number = here.module.name, here.module.digits
    complete = f"tito module complete {number}"
    if here.problem:
        return here.problem, []
    if here.file is None:
        return f"The file of {number} {name} is gone.", [("tito init", "puts it back")]
    file = workspace.shown(here.file)
    match here.status:
        case Status.NOT_STARTED:
            return "Next:", [(f"tito module start {number}", f"begin with {name}")]
        case Status.FINISHED:
            return "Next:", [_MILESTONE]
        case Status.CHANGED:
            sentence = f"{file} has changed since {name} was finished."
            return sentence, [(complete, "checks it, and uses it if it passes")]
    if here.unwritten:
        first = here.unwritten[0]
        return f"Write {first.name} next: {first.place}", material.help_for(here.module)
    sentence = f"Every exercise in {file} is written."
    return sentence, [(complete, "checks them, and makes them part of the framework")]


def page(workspace: Workspace) -> str:
    """Where the learner is: the modules in a line each, and what to do next."""
    all_progress = progress_of_each(workspace)
    here = current(workspace, all_progress)
    lines = [click.style(f"TinyTorch, in {workspace.root}", bold=True)]
    if not all(one.yours for one in all_progress):
        lines.append("Until you have finished a module, TinyTorch's own is used: the reference.")
    lines.append("")
    for one in all_progress:
        whose = click.style(f"{'yours':11}", fg="green") if one.yours else f"{'reference':11}"
        line = f"{one.module.digits} {one.module.name:13} {whose} {one.done}".rstrip()
        lines.append(click.style("> ", bold=True) + line if one is here else f"  {line}")
    sentence, commands = next_steps(workspace, here)
    if here and here.status is Status.NOT_STARTED:
        if all(one.status is Status.NOT_STARTED for one in all_progress):
            commands.append(("tito module start MODULE", "or with another: any order will do"))
        commands.append(_MILESTONE)
    lines += ["", sentence, *command_lines(commands)]
    new = [one.module.name for one in all_progress if one.new_lesson]
    if new:
        lines += ["", f"This TinyTorch has new lessons for {', '.join(new)}."]
        lines += command_lines([("tito init", "puts them beside yours")])
    return fit("\n".join(lines))


def module_page(workspace: Workspace, here: ModuleProgress) -> str:
    """How far the learner is with one module, exercise by exercise."""
    lines = [
        click.style(
            f"{here.module.digits} {here.module.name}, {here.done or 'not started'}", bold=True
        ),
        f"  you write   {workspace.shown(here.file) if here.file else 'nothing: see below'}",
        f"  in use      {here.module.library if here.yours else 'the reference'}",
        "",
    ]
    if here.file:
        places = {u.name: u.place for u in here.unwritten}
        names = exercise_names(material.lesson(here.module))
        width = max(len(name) for name in names)
        for name in names:
            # Within the file, which is named above.
            place = places.get(name, "").removeprefix(workspace.shown(here.file))
            place = place.removeprefix(", ").replace(":", "line ", 1)
            state = f"to write, {place}" if name in places else "written"
            lines.append(f"  {name:{width}}   {state}")
        lines.append("")
    sentence, commands = next_steps(workspace, here)
    return fit("\n".join([*lines, sentence, *command_lines(commands)]))
