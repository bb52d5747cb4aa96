"""`tito site`: the course as a web site."""

from pathlib import Path

import click

from tito.repository import repository_root
from tito.terminal.groups import OrderedGroup

FOLDER = click.Path(file_okay=False, path_type=Path)
PYODIDE = click.option(
    "--pyodide",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="TINYTORCH_PYODIDE",
    help="The folder of Pyodide, the Python for browsers, with which lessons run in the page.",
)


@click.group(cls=OrderedGroup)
def site() -> None:
    """Make the course a web site, of static files."""


@site.command()
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    default=Path("build/site"),
    show_default=True,
    help="The folder for the site. A site that is there already is replaced.",
)
@PYODIDE
def build(output: Path, pyodide: Path | None) -> None:
    """Write the site into a folder.

    Any web server can hand it out, and so can: tito site serve FOLDER
    """
    from tito.site.build import build as build_site

    build_site(repository_root(), output, pyodide)
    click.echo(f"wrote {output}")


@site.command()
@click.argument("folder", type=FOLDER, required=False)
@PYODIDE
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--no-open", is_flag=True, help="Open no browser.")
def serve(folder: Path | None, pyodide: Path | None, port: int, no_open: bool) -> None:
    """Look at the site on this machine.

    With FOLDER it hands out the site that is there, and needs no other package. Without, it builds
    the site of this clone, and builds it again whenever something has changed. Ctrl-C ends it.
    """
    from tito.site.serve import serve_clone, serve_folder

    if folder:
        serve_folder(folder, port, not no_open)
    else:
        serve_clone(repository_root(), pyodide, port, not no_open)
