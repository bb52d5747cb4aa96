"""`tito module`: start, see, complete and reset a module of the course."""

import shutil
from pathlib import Path

import click

from tinytorch.course import MODULES, Module
from tinytorch.course.text import clean
from tito.commands.export import export as export_lessons
from tito.errors import NotJudgedError, TitoError
from tito.lessons import material
from tito.repository import find_repository
from tito.terminal.groups import OrderedGroup
from tito.terminal.output import print_json
from tito.terminal.parameters import MODULE
from tito.terminal.prose import command_lines, fit
from tito.workspace import overview
from tito.workspace.completing import check_framework, draft, export, problem_at_import
from tito.workspace.folder import Status, Workspace
from tito.workspace.handout import hand_out_exercise, start_over
from tito.workspace.switching import switch

_SPELLINGS = (s for m in MODULES for s in (m.digits, str(m.number), m.name, m.folder))


@click.group(
    cls=OrderedGroup,
    words={"list": "status", "show": "status"} | {s: f"status {s}" for s in _SPELLINGS},
)
def module() -> None:
    """Start, see, complete or reset a module."""


@module.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
@click.option(
    "--notebook/--python",
    "in_notebook",
    default=None,
    help="Go on in the notebook, or in the .py file. What you have written goes along.",
)
def start(module: Module | None, in_notebook: bool | None) -> None:
    """Begin a module, or go on with it.

    Says which file to open, and what to write first. Without MODULE it is the one that is next.
    """
    workspace = Workspace.here()
    module = module or overview.module_at(workspace, "tito module start")
    finished = workspace.status(module) is Status.FINISHED
    with workspace.change() as state:
        said = []
        if not workspace.versions(module):
            hand_out_exercise(workspace, state, module)
            said = [f"{module.lesson} was missing; here it is as it was handed out."]
        if in_notebook is not None:
            said += switch(workspace, module, "ipynb" if in_notebook else "py")
        file = workspace.working_file(module)
        workspace.progress(module).started = True
        state.current = module.name
    assert file is not None
    shown = workspace.shown(file)
    click.secho(f"{module.digits} {module.name}", bold=True)
    for sentence in said:
        click.echo(fit(sentence))
    if finished:
        click.echo(
            fit(f"You have finished it. To start it over: tito module reset {module.digits}")
        )
    opening = "jupyter lab " if file.suffix == ".ipynb" else ""
    click.echo(f"Open it, and read on from the top:\n  {opening}{shown}")
    if opening and not shutil.which("jupyter-lab"):
        click.echo(
            fit("JupyterLab is not installed here; other programs will do, such as VS Code.")
        )
        click.echo("To have it: python -m pip install jupyterlab\n")
    to_write = workspace.unwritten(file)
    if to_write:
        place = to_write[0].place.removeprefix(f"{shown}, ")  # of a notebook, named just above
        click.echo(fit(f"Write {to_write[0].name} first: {place}"))
    done = "checks it all, and makes it part of your framework"
    if material.check_file(module) is None:
        done = "makes it part of your framework; it has no checks yet"
    commands = [*material.help_for(module), (f"tito module complete {module.digits}", done)]
    click.echo("\n".join(["", *command_lines(commands)]))


@module.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it for a program to read.")
def status(module: Module | None, as_json: bool) -> None:
    """Show how far you are with a module, or with all of them."""
    workspace = Workspace.here()
    all_progress = overview.progress_of_each(workspace)
    chosen = [one for one in all_progress if module in (None, one.module)]
    if as_json:
        here = overview.current(workspace, all_progress)
        data = {
            "workspace": str(workspace.root),
            "current": here.module.name if here else None,
            "modules": [one.as_dict() for one in chosen],
        }
        print_json(data)
    elif module is None:
        click.echo(overview.page(workspace))
    else:
        click.echo(overview.module_page(workspace, chosen[0]))


@module.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
@click.pass_context
def complete(ctx: click.Context, module: Module | None) -> None:
    """Check a module, and make it part of the framework if it passes.

    It is exported to tinytorch/core/ in the workspace, and used from then on. Without MODULE it is
    the one that you are at. In a clone of TinyTorch, outside any workspace, it is the lesson itself
    that is checked and exported.
    """
    workspace = Workspace.find()
    module = module or overview.module_at(workspace, "tito module complete")
    repository = find_repository()
    if workspace is None and repository and Path.cwd().is_relative_to(repository):
        if not _passes(module, repository / module.lesson):
            raise TitoError(f"Nothing was exported. The place to mend it is {module.lesson}.")
        ctx.invoke(export_lessons, modules=(module,), check=False)
        return
    workspace = workspace or Workspace.here()
    work = draft(workspace, module)
    if not _passes(module, work.file):
        kept = (
            " What you finished before stays in use."
            if workspace.finished_file(module).is_file()
            else ""
        )
        raise TitoError(f"{module.name} is not finished yet, so nothing was exported.{kept}")
    still = ", ".join(f"{u.name} ({u.place})" for u in workspace.unwritten(work.file))
    if still:
        raise TitoError(f"Nothing was exported: {still} is still to be written.")
    check_framework(workspace, work)
    said = export(workspace, work) + work.notes
    click.secho(f"\n{module.digits} {module.name} is yours.", bold=True)
    click.echo(fit("\n".join(said)))
    steps = [("tito milestone mnist", "see it learn to read digits, with your modules")]
    following = overview.current(workspace, overview.progress_of_each(workspace))
    if following:
        number = following.module.digits
        steps.append((f"tito module start {number}", f"go on with {following.module.name}"))
    click.echo("\n".join(["", *command_lines(steps)]))


@module.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
def reset(module: Module | None) -> None:
    """Start a module over.

    The exercise is handed out afresh, and the framework goes back to the reference for it. Copies
    of what you had are kept. Without MODULE it is the one that you are at.
    """
    workspace = Workspace.here()
    module = module or overview.module_at(workspace, "tito module reset")
    kept = start_over(workspace, module)
    if not kept:
        sentence = f"{module.lesson} is as it was handed out; there is nothing to start over."
        click.echo(fit(sentence))
        return
    click.echo(f"{module.digits} {module.name} starts over. What you had is kept:")
    for file, copy in kept:
        click.echo(f"  {Path(file).name:18} {copy}")
    step = (f"tito module start {module.digits}", "begin again")
    click.echo("\n".join(["", *command_lines([step])]))


def _passes(module: Module, file: Path) -> bool:
    """Run the module's checks on a file, on the screen.

    Raises:
        NotJudgedError: the file does not load, so there is nothing to check.
    """
    if material.check_file(module) is None:
        click.echo(f"There are no checks for {module.name} yet; seeing whether it can be imported.")
        problem = problem_at_import(module, file)
        click.echo(f"No: {clean(problem)}" if problem else "It can.")
        if problem:
            raise _not_judged(file)
        return True
    # Here, because they bring NumPy along.
    from tito.checks.runner import run_checks
    from tito.terminal.checks import Screen, print_summary

    screen = Screen()
    report = run_checks(module, file, on_result=screen.add, on_wait=screen.wait)
    screen.flush()
    print_summary(report)
    if not report.judged:
        raise _not_judged(file)
    return report.passed


def _not_judged(file: Path) -> NotJudgedError:
    return NotJudgedError(f"{file.name} does not load, so nothing was exported.")
