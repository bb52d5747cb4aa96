"""`tito dev`: for those who write the course."""

import click

from tinytorch.course import MODULES, Module
from tito.errors import TitoError
from tito.repository import repository_root
from tito.terminal.groups import OrderedGroup
from tito.terminal.parameters import MODULE


@click.group(cls=OrderedGroup)
def dev() -> None:
    """Write the course: new modules, and what a module still lacks."""


@dev.command()
@click.argument("number", type=click.IntRange(min=1, max=99))
@click.argument("name")
@click.option("--tier", default="Architecture", show_default=True, help="The part of the course.")
def new(number: int, name: str, tier: str) -> None:
    """Make the folder of a new module.

    It has a lesson, a check, a mistake and a question, all of which run from the first minute, and
    a line in the list of the course: tito dev new 08 dataloader
    """
    from tito.dev.new import make_module

    for path in make_module(repository_root(), number, name, tier):
        click.echo(f"wrote {path}")
    click.echo(f"Next: tito test --module {name}, then tito dev check {number:02}")


@dev.command()
@click.argument("modules", metavar="[MODULE]...", nargs=-1, type=MODULE)
def check(modules: tuple[Module, ...]) -> None:
    """Say what modules still lack.

    An exercise without three hints, a check that no mistake is for, a solution that fails, an
    exercise that passes untouched, a question without an experiment. Without MODULE all are looked
    at. Exits 1 if anything is lacking.
    """
    from tito.dev.lacking import lacking

    root = repository_root()
    found = False
    for module in modules or MODULES:
        sentences = list(lacking(root, module))
        found = found or bool(sentences)
        click.echo(f"{module.folder}: {'lacks' if sentences else 'is whole'}")
        for sentence in sentences:
            click.echo(f"  {sentence}")
    if found:
        raise TitoError("What is listed above is lacking.")
