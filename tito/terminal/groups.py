"""Groups of commands: listed in the order in which they are needed, and loaded when called."""

import errno
import importlib
import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import click

from tinytorch.course import did_you_mean, find_module
from tito.ending import ending_when_told, let_go_of_the_terminal
from tito.terminal.output import make_printable
from tito.terminal.prose import fit, screen_width


class OrderedGroup(click.Group):
    """A group that lists its commands in the order in which they were added.

    Args:
        words: other words that people type, and the command that each stands for.
    """

    def __init__(
        self, *args: Any, words: Mapping[str, str] = MappingProxyType({}), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.words = words

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a learner needs them."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments apart; where none says which command, show what there is."""
        if args and args[0].lower() in ("help", "-h", "--help"):
            args = [*(word for word in args[1:] if word != "help"), "--help"]
        elif args and args[0].lower() in self.commands:
            args = [args[0].lower(), *args[1:]]
        elif args and args[0].lower() in self.words:
            args = [*shlex.split(self.words[args[0].lower()]), *args[1:]]
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; for a word that is none, say which one is near."""
        name, *rest = args
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            near = did_you_mean(name, self.commands, ctx.command_path, shlex.join(rest))
            above = ctx.parent
            if above and isinstance(above.command, click.Group) and name in above.command.commands:
                near = f" Did you mean {shlex.join([above.command_path, name, *rest])!r}?"
            if above is None and _can_be_tested(name):
                near = f" Did you mean {shlex.join([ctx.command_path, 'test', *args])!r}?"
            advice = near or f" To see them all: {ctx.command_path} --help"
            ctx.fail(f"No such command {name!r}.{advice}")
        return super().resolve_command(ctx, args)


def _can_be_tested(name: str) -> bool:
    """Whether a word names a module of the course, or a file."""
    try:
        find_module(name)
    except ValueError:
        return os.path.isfile(name)
    return True


class LazyCommand(click.Command):
    """The name and the one-line help of a command whose code is not imported yet."""

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.target = target

    def load(self) -> click.Command:
        """Import the command from its `module:function`."""
        module, _, function = self.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command


class LazyGroup(OrderedGroup):
    """A group that lists and completes its commands without importing them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, and load it."""
        found, command, rest = super().resolve_command(ctx, args)
        return found, command.load() if isinstance(command, LazyCommand) else command, rest

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line, whatever the terminal can print, until it is told to end.

        Exits with 2 where there is no room for what it prints or writes.
        """
        make_printable()
        # As wide as the terminal also where that is narrow; click itself stops at 50 columns.
        extra.setdefault("terminal_width", min(screen_width(), 80) - 2)
        with ending_when_told():
            try:
                return super().main(*args, **extra)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                with suppress(OSError):  # errors may have no room, either
                    click.echo(f"Error: {error}: make room where it writes or prints to.", err=True)
                let_go_of_the_terminal()  # or Python tries again as it exits
                sys.exit(2)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that is called; what is wrong with its usage is wrapped for a terminal.

        Raises:
            click.UsageError: something is.
        """
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            label = "Error: "  # which click puts in front
            message = fit(label + error.format_message(), err=True).removeprefix(label)
            raise click.UsageError(message, error.ctx) from error
