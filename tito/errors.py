"""The one way in which a command says that it could not do what was asked."""

import click


class TitoError(click.ClickException):
    """A failure told in one message: what happened, and the usual fix. `tito` exits 1.

    Wrong usage (an unknown option, a module that does not exist) is `click.UsageError`, which
    exits 2.
    """
