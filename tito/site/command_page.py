"""The reference of the commands, from what each says of itself."""

import inspect
from collections.abc import Iterator

import click

from tito.main import main
from tito.terminal.groups import LazyCommand


def page() -> str:
    """The page in MyST's Markdown."""
    with click.Context(main, info_name="tito") as context:
        return "\n\n".join(["# The commands of tito", *_sections(context)]) + "\n"


def _sections(context: click.Context) -> Iterator[str]:
    """A section for a command, and for each of those below it."""
    command = context.command
    if context.parent:
        yield f"## {context.command_path}"
    yield "\n".join(["```text", *_usage(context), "```"])
    yield inspect.cleandoc(command.help or "")
    if options := _options(context):
        yield options
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.commands[name]
            below = below.load() if isinstance(below, LazyCommand) else below
            with click.Context(below, info_name=name, parent=context) as inner:
                yield from _sections(inner)


def _usage(context: click.Context) -> list[str]:
    pieces = context.command.collect_usage_pieces(context)
    return [" ".join([context.command_path, *pieces])]


def _options(context: click.Context) -> str:
    """The options, each with what it does, as a list of definitions."""
    records = [param.get_help_record(context) for param in context.command.params]
    return "\n\n".join(f"`{name}`\n: {text}" for name, text in filter(None, records) if text)
