"""`tito test`: the project's tests, run by pytest."""

import importlib.util
import subprocess
import sys

import click

from tito.course import MODULE, Module, repository_root


@click.command()
@click.option("--module", type=MODULE, metavar="MODULE", help="Only the tests of this module.")
@click.argument("pytest_arguments", metavar="[-- PYTEST_ARGUMENTS]", nargs=-1)
@click.pass_context
def test(ctx: click.Context, module: Module | None, pytest_arguments: tuple[str, ...]) -> None:
    """Run the checks and the project's tests.

    What follows -- goes to pytest: tito test -- -x --durations=10
    """
    command = [sys.executable, "-m", "pytest", "-q"]
    if importlib.util.find_spec("xdist"):
        command += ["-n", "auto"]
    if module:
        command += ["-k", module.name]
    ctx.exit(subprocess.run([*command, *pytest_arguments], cwd=repository_root()).returncode)
