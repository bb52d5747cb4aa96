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
class Standing:
    """How a learner stands with one module."""

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
        """The standing for a program to read."""
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


def standing(workspace: Workspace, module: Module) -> Standing:
    """How the learner stands with a module."""
    file, problem = None, ""
    try:
        file = workspace.working_file(module)
        if file:
            fingerprint(file)  # it can be read
    except TitoError as error:
        file, problem = None, error.message
    return Standing(
        module=module,
        status=workspace.status(module),
        yours=workspace.finished_file(module).is_file(),
        file=file,
        problem=problem,
        exercises=material.exercise_count(module),
        unwritten=workspace.unwritten(file) if file else [],
        new_lesson=has_new_edition(workspace, module),
    )


def standings(workspace: Workspace) -> list[Standing]:
    """How the learner stands with each module, in order."""
    return [standing(workspace, module) for module in MODULES]


def current(workspace: Workspace, all_standings: list[Standing]) -> Standing | None:
    """The module to work on: the one started last, else one in progress, else the next one.

    None when all are finished.
    """
    open_ones = [s for s in all_standings if s.status is not Status.FINISHED]
    started = [s for s in open_ones if s.status is not Status.NOT_STARTED]
    last = workspace.state.current
    numbers = [s.module.number for s in all_standings if s.module.name == last]
    later = [s for s in open_ones if numbers and s.module.number > numbers[0]]
    return next(
        (s for s in open_ones if s.module.name == last),
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
    here = current(workspace, standings(workspace))
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
    here = current(workspace, standings(workspace)) if workspace else None
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


def next_steps(workspace: Workspace, here: Standing | None) -> tuple[str, list[tuple[str, str]]]:
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
    all_standings = standings(workspace)
    here = current(workspace, all_standings)
    lines = [click.style(f"TinyTorch, in {workspace.root}", bold=True)]
    if not all(s.yours for s in all_standings):
        lines.append(
            "A module is yours once you have finished it; until then the reference's is used."
        )
    lines.append("")
    for s in all_standings:
        whose = click.style(f"{'yours':11}", fg="green") if s.yours else f"{'reference':11}"
        line = f"{s.module.digits} {s.module.name:13} {whose} {s.done}".rstrip()
        lines.append(click.style("> ", bold=True) + line if s is here else f"  {line}")
    sentence, commands = next_steps(workspace, here)
    if here and here.status is Status.NOT_STARTED:
        if all(s.status is Status.NOT_STARTED for s in all_standings):
            commands.append(("tito module start MODULE", "or with another: any order will do"))
        commands.append(_MILESTONE)
    lines += ["", sentence, *command_lines(commands)]
    new = [s.module.name for s in all_standings if s.new_lesson]
    if new:
        lines += ["", f"This TinyTorch has new lessons for {', '.join(new)}."]
        lines += command_lines([("tito init", "puts them beside yours")])
    return fit("\n".join(lines))


def module_page(workspace: Workspace, s: Standing) -> str:
    """How the learner stands with one module, exercise by exercise."""
    lines = [
        click.style(f"{s.module.digits} {s.module.name}, {s.done or 'not started'}", bold=True),
        f"  you write   {workspace.shown(s.file) if s.file else 'nothing: see below'}",
        f"  in use      {s.module.library if s.yours else 'the reference'}",
        "",
    ]
    if s.file:
        places = {u.name: u.place for u in s.unwritten}
        names = exercise_names(material.lesson(s.module))
        width = max(len(name) for name in names)
        for name in names:
            # Within the file, which is named above.
            place = places.get(name, "").removeprefix(workspace.shown(s.file))
            place = place.removeprefix(", ").replace(":", "line ", 1)
            state = f"to write, {place}" if name in places else "written"
            lines.append(f"  {name:{width}}   {state}")
        lines.append("")
    sentence, commands = next_steps(workspace, s)
    return fit("\n".join([*lines, sentence, *command_lines(commands)]))
