"""The site on this machine: handed out as it lies in a folder, or built again at each change."""

import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

import click

from tito.errors import TitoError
from tito.site.build import build_in, expect_packages, site_in

WATCHED = ("web", "modules", "docs", "tinytorch", "tito")
PAUSE = 0.5  # seconds between two looks at the files


class Handler(SimpleHTTPRequestHandler):
    """Hands out files with the types that browsers insist on, and says nothing of it."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".whl": "application/zip",
    }

    def end_headers(self) -> None:
        """Have the browser ask again each time, since a file may have changed."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the terminal for what matters."""


def serve_folder(folder: Path, port: int, open_browser: bool) -> None:
    """Hand out the site in `folder` until Ctrl-C.

    Raises:
        TitoError: there is no site, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise TitoError(f"There is no site in {folder}. To build one: tito site build -o {folder}")
    with _served(folder, port, open_browser):
        threading.Event().wait()


def serve_clone(root: Path, pyodide: Path | None, port: int, open_browser: bool) -> None:
    """Build the site of the clone `root`, hand it out, and build it again at each change.

    Raises:
        TitoError: a package is missing, the site cannot be built at first, or the port is taken.
    """
    expect_packages()
    with tempfile.TemporaryDirectory(prefix="tinytorch-site-") as scratch:
        seen = _state(root)
        click.echo("Building the site.")
        if not _built_apart(Path(scratch), root, pyodide):
            raise TitoError("There is nothing to look at yet: mend what is said above.")
        with _served(site_in(Path(scratch)), port, open_browser):
            while True:
                time.sleep(PAUSE)
                if (now := _state(root)) == seen:
                    continue
                seen = now
                if _built_apart(Path(scratch), root, pyodide):
                    click.echo("Built again.")


def _built_apart(scratch: Path, root: Path, pyodide: Path | None) -> bool:
    """Build in a process of its own, which knows nothing of how the files were before."""
    process = get_context("spawn").Process(target=_build, args=(scratch, root, pyodide))
    process.start()
    process.join()
    return process.exitcode == 0


def _build(scratch: Path, root: Path, pyodide: Path | None) -> None:
    try:
        build_in(scratch, root, pyodide)
    except TitoError as error:
        error.show()
        sys.exit(1)


@contextmanager
def _served(folder: Path, port: int, open_browser: bool) -> Iterator[None]:
    """Hand out a folder as long as the body runs; Ctrl-C ends it without a traceback."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder)))
    except OSError as error:
        raise TitoError(
            f"The site cannot be handed out at port {port}: {error.strerror}. "
            "Name another one, or let the system choose: --port 0"
        ) from error
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"The site is at {address}, until you press Ctrl-C.")
    sys.stdout.flush()
    if open_browser:
        webbrowser.open(address)
    try:
        yield
    except KeyboardInterrupt:
        click.echo()
    finally:
        server.shutdown()
        server.server_close()


def _state(root: Path) -> dict[Path, int]:
    """When each of the files was changed that the site is made of."""
    files = (file for name in WATCHED for file in (root / name).rglob("*"))
    return {
        file: file.stat().st_mtime_ns
        for file in files
        if file.is_file() and not {"__pycache__", "node_modules"} & set(file.parts)
    }
