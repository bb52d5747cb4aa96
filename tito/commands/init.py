"""`tito init`: a workspace to build in."""

import shlex
from pathlib import Path

import click

from tinytorch.course.overlay import MARKER
from tito.errors import TitoError
from tito.repository import is_repository
from tito.terminal.prose import command_lines, fit
from tito.workspace.folder import Workspace, explaining_failures
from tito.workspace.handout import add_missing, add_new_editions, outdated_checks


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def init(folder: Path | None) -> None:
    """Make a workspace to build in.

    It goes into DIR, or into the current folder. Files that are there already are never touched:
    in a workspace this adds what is missing, and after an upgrade of TinyTorch it puts lessons
    that are new beside yours.
    """
    root = _choose(folder)
    is_new = not (root / MARKER).is_file()
    with explaining_failures():
        root.mkdir(parents=True, exist_ok=True)
        was_empty = not any(root.iterdir())
    workspace = Workspace(root)
    with workspace.change() as state:
        new_editions = add_new_editions(workspace, state)
        added = add_missing(workspace, state)
    if is_new:
        _welcome(root, was_empty, added)
        return
    if added:
        missing = ", ".join(added)
        click.echo(fit(f"Added what was missing: {missing}. Everything else is as it was."))
    elif not new_editions:
        click.echo(fit(f"Nothing is missing in {root}. Everything is as it was."))
    for path in new_editions:
        click.echo(fit(f"There is a new lesson: {path}. Yours is beside it, as you left it."))
    outdated = outdated_checks(workspace)
    if outdated:
        sentence = f"This TinyTorch has other checks than {', '.join(outdated)}; it uses its own."
        click.echo(fit(f"{sentence} To have them here too:"))
        click.echo(f"  rm {' '.join(outdated)} && tito init")


def _choose(folder: Path | None) -> Path:
    """The folder to make a workspace in, if that is a good idea."""
    here = Path.cwd()
    around = [f for f in (here, *here.parents) if (f / MARKER).is_file()]
    if folder is None:
        folder = around[0] if around else here
    root = folder.expanduser().resolve()
    name = "Name a new folder: tito init my-tinytorch"
    if root.exists() and not root.is_dir():
        raise TitoError(f"{folder} is a file. {name}")
    if is_repository(root):
        raise TitoError(f"{root} is a clone of TinyTorch itself. {name}")
    clone = _clone_around(root)
    is_new = not (root / MARKER).is_file()
    if clone and is_new and root.exists() and any(root.iterdir()):
        raise TitoError(f"{root} is a part of {clone}, a clone of TinyTorch. {name}")
    if root in (Path.home().resolve(), Path(root.anchor)):
        raise TitoError(f"A workspace in {root} would fill it with folders. {name}")
    for above in root.parents:
        if (above / MARKER).is_file():
            raise TitoError(
                f"{above} is a workspace already, and one inside another would be confusing. "
                "To see where you are: tito"
            )
    return root


def _welcome(root: Path, was_empty: bool, added: list[str]) -> None:
    click.echo(fit(f"{root} is your workspace, with an exercise for each module."))
    for sentence in _about_the_place(root, was_empty, added):
        click.echo(fit(sentence))
    click.echo()
    if root != Path.cwd():
        shown = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
        click.secho(f"  cd {shlex.quote(str(shown))}", bold=True)
    steps = [
        ("tito module start 01", "begin with the tensor; or with 03, the layers"),
        ("tito milestone mnist", "see what you will build: it learns to read digits"),
        ("tito", "see where you are and what is next, at any time"),
    ]
    click.echo("\n".join(command_lines(steps)))


def _about_the_place(root: Path, was_empty: bool, added: list[str]) -> list[str]:
    """What to know about where a workspace has been made, in sentences."""
    said = []
    if not was_empty:
        said.append("The files that were there before are as they were.")
    clone = _clone_around(root)
    repository = next((f for f in (root, *root.parents) if (f / ".git").exists()), None)
    if clone:
        said.append(
            f"It is inside a clone of TinyTorch, {clone}, which is fine: in it `tito` is about "
            "your code, and elsewhere in the clone about TinyTorch's own, the reference."
        )
    elif repository:
        ignored = ", and .gitignore names what Git need not keep" * (".gitignore" in added)
        said.append(f"It is inside your Git repository, {repository}{ignored}.")
    return said


def _clone_around(root: Path) -> Path | None:
    """The clone of TinyTorch that a folder is in."""
    return next((folder for folder in root.parents if is_repository(folder)), None)
