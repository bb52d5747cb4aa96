"""The one way in which a command says that it could not do what was asked."""

from typing import IO, Any

import click

from tinytorch.course.text import clean
from tito.terminal.prose import fit

LONGEST = 10_000


class TitoError(click.ClickException):
    """A failure told in one message: what happened, and the usual fix. `tito` exits 1.

    Wrong usage (an unknown option, a module that does not exist) is `click.UsageError`, which
    exits 2.
    """

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message, wrapped for a terminal."""
        # It may quote an error of a learner's, with anything in it.
        message = fit(f"Error: {clean(self.format_message(), LONGEST)}", err=True)
        click.echo(message, file=file, err=file is None)


class NotJudgedError(TitoError):
    """A learner's file could not be judged, since it does not even load. `tito` exits 2."""

    exit_code = 2
