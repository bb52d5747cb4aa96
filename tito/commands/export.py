"""`tito export`: the lessons become the library and the exercise notebooks."""

from pathlib import Path

import click

from tinytorch.course import MODULES, Module
from tinytorch.files import write_atomically
from tito.errors import TitoError
from tito.lessons.export import exercise_notebook, library_source
from tito.lessons.lesson import read_lesson
from tito.repository import repository_root
from tito.terminal.parameters import MODULE


@click.command()
@click.argument("modules", metavar="[MODULE]...", nargs=-1, type=MODULE)
@click.option("--check", is_flag=True, help="Write nothing; fail if anything would change.")
def export(modules: tuple[Module, ...], check: bool) -> None:
    """Turn the lessons into library and notebooks.

    From each lesson in modules/ comes a file of tinytorch/core/, and the exercise notebook beside
    the lesson. Without MODULE all lessons are exported. Nothing is written unless every lesson is
    sound, and only what differs is written.
    """
    root = repository_root()
    chosen = tuple(dict.fromkeys(modules)) or tuple(
        m for m in MODULES if (root / m.lesson).is_file()
    )
    if not chosen:
        raise TitoError(f"There is no lesson in {root / 'modules'}.")
    changes = [
        (path, content)
        for module in chosen
        for path, content in exported_files(root, module).items()
        if _bytes_of(root / path) != content.encode()
    ]
    if check and changes:
        for path, _ in changes:
            click.echo(f"{path} {'would change' if (root / path).exists() else 'is missing'}")
        raise TitoError("The files above do not match their lessons. To fix it: tito export")
    for path, content in changes:
        try:
            write_atomically(root / path, content)
        except OSError as error:
            raise TitoError(f"{path} cannot be written: {error.strerror}.") from error
        click.echo(f"wrote {path}")
    if not changes:
        click.echo(f"{len(chosen)} {'lesson' if len(chosen) == 1 else 'lessons'}: all up to date.")


def exported_files(root: Path, module: Module) -> dict[str, str]:
    """Path from the root to content, for each file that the module's lesson becomes."""
    try:
        text = (root / module.lesson).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TitoError(f"{module.lesson} cannot be read: {error}.") from error
    lesson = read_lesson(text, module.lesson)
    return {module.library: library_source(lesson), module.notebook: exercise_notebook(lesson)}


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
