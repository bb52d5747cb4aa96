"""The `tito` command: one small file a command, loaded only when it is called."""

import click


@click.group()
def main() -> None:
    """Build a machine-learning framework of your own, module by module."""
