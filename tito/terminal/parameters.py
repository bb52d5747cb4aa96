"""What commands take: a module of the course, in any of its spellings."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from tinytorch.course import MODULES, Module, find_module


class ModuleType(click.ParamType):  # type: ignore[type-arg] # generic in new releases only
    """A MODULE on the command line, completed by the shell."""

    name = "module"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Module:
        """The module that `value` names; an unknown one is wrong usage."""
        if isinstance(value, Module):
            return value
        try:
            return find_module(value)
        except ValueError as error:
            raise click.UsageError(str(error), ctx) from error

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names for what is typed as a name, folders for what is typed as a number."""
        candidates = [m.folder if incomplete[:1].isdigit() else m.name for m in MODULES]
        return [CompletionItem(text) for text in candidates if text.startswith(incomplete.lower())]


class ModuleOrNameType(ModuleType):
    """A MODULE, or else a name from one, as it was typed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The module that `value` names; any other word stays what it is, but no number does."""
        try:
            return super().convert(value, param, ctx)
        except click.UsageError:
            if value.strip().isdigit():
                raise
            return value


MODULE, MODULE_OR_NAME = ModuleType(), ModuleOrNameType()
