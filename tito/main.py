"""The `tito` command: one small file a command, loaded only when it is called."""

import os

import click

import tinytorch
from tito.repository import find_repository
from tito.terminal.groups import LazyCommand, LazyGroup
from tito.terminal.prose import command_lines, fit

COMMANDS = (
    LazyCommand("init", "tito.commands.init:init", "Make a workspace to build in."),
    LazyCommand("module", "tito.commands.module:module", "Start, see, complete or reset a module."),
    LazyCommand("test", "tito.commands.test:test", "Run the checks and the project's tests."),
    LazyCommand("watch", "tito.commands.watch:watch", "Check again at each save."),
    LazyCommand("hint", "tito.commands.hint:hint", "Give a hint; one more at each call."),
    LazyCommand("solution", "tito.commands.solution:solution", "Put the solution beside yours."),
    LazyCommand("explore", "tito.commands.explore:explore", "Find out what layers cost, and why."),
    LazyCommand(
        "milestone", "tito.commands.milestone:milestone", "Train a famous network on your modules."
    ),
    LazyCommand("doctor", "tito.commands.doctor:doctor", "Find out what is wrong, and the fix."),
    LazyCommand(
        "bench", "tito.commands.bench:bench", "In a clone: compare speed with PyTorch and JAX."
    ),
    LazyCommand(
        "export",
        "tito.commands.export:export",
        "In a clone: make library and notebooks of lessons.",
    ),
    LazyCommand("site", "tito.commands.site:site", "In a clone: make the course a web site."),
    LazyCommand("dev", "tito.commands.dev:dev", "In a clone: write modules of the course."),
)

WORDS = {
    **{name: f"module {name}" for name in ("start", "status", "complete", "reset")},
    **dict.fromkeys(("modules", "list"), "module status"),
    **dict.fromkeys(("check", "run"), "test"),
    **dict.fromkeys(("mnist", "train"), "milestone mnist"),
    "milestones": "milestone",
    "notebook": "module start --notebook",
    "answer": "solution",
    **dict.fromkeys(("version", "-v"), "--version"),
}


@click.group(
    "tito",
    cls=LazyGroup,
    commands=COMMANDS,
    words=WORDS,
    epilog="For short: tito start, status, complete and reset are those of tito module.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(tinytorch.__version__, message="tito %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Build a machine-learning framework of your own, module by module.

    Called without a command, tito says where you are and what to do next.
    """
    if os.environ.get("NO_COLOR"):  # see https://no-color.org
        ctx.color = False
    if ctx.invoked_subcommand is None:
        click.echo(_overview())


def _overview() -> str:
    """Where you are and what to try next."""
    from tito.workspace.folder import Workspace  # here, since help and completion can do without

    workspace = Workspace.find()
    if workspace is not None:
        from tito.workspace.overview import page

        return page(workspace)
    root = find_repository()
    if root is None:
        place = "You have TinyTorch installed. What you use are its own modules, the reference."
    else:
        place = f"You are working with TinyTorch's own modules, the reference, in {root}."
    next_steps = [
        ("tito init my-tinytorch", "make a workspace, to build it yourself"),
        ("tito milestone mnist", "watch a network learn to read digits"),
        ("tito --help", "see all commands"),
    ]
    if root is not None:
        next_steps.insert(2, ("tito test", "run every test of the project"))
    return fit("\n".join([place, "", "Try next:", *command_lines(next_steps)]))
