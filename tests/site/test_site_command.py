"""`tito site`: what it refuses, and what it hands out."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tito.main import main
from tito.site import build

pytestmark = pytest.mark.needs("processes")


def tito(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@contextmanager
def handed_out(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`tito site serve`, and the address that it says."""
    command = [sys.executable, "-m", "tito", "site", "serve", str(folder), "--port", "0"]
    server = subprocess.Popen([*command, "--no-open"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server, server.stdout.readline().split()[4].rstrip(",")
    finally:
        server.kill()
        server.communicate()


@pytest.mark.needs("loopback")
def test_a_site_is_handed_out_with_the_types_that_browsers_want(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the first page")
    (tmp_path / "python.wasm").touch()
    (tmp_path / "worker.mjs").touch()
    with handed_out(tmp_path) as (server, address):
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"the first page"
        for name, kind in (("python.wasm", "application/wasm"), ("worker.mjs", "text/javascript")):
            with urllib.request.urlopen(address + name) as answer:
                assert answer.headers["Content-Type"] == kind
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 128 + signal.SIGINT


def test_a_folder_without_a_site_is_not_handed_out(tmp_path: Path) -> None:
    result = tito("site", "serve", str(tmp_path), "--no-open")
    assert result.exit_code == 1
    assert "There is no site in" in result.output
    assert "tito site build" in result.output


@pytest.mark.needs("loopback")
def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = tito("site", "serve", str(tmp_path), "--port", port, "--no-open")
    assert result.exit_code == 1
    assert f"cannot be handed out at port {port}" in result.output


@pytest.mark.needs("the site's packages")
def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    result = tito("site", "build", "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "is not replaced" in " ".join(result.output.split())
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "site"
    file.write_text("a letter")
    result = tito("site", "build", "--output", str(file))
    assert result.exit_code != 0
    assert file.read_text() == "a letter"


def test_what_is_missing_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "PACKAGES", ("sphinx_of_nobody",))
    result = tito("site", "build", "--output", str(tmp_path / "site"))
    assert result.exit_code == 1
    assert "sphinx_of_nobody" in result.output
    assert "python -m pip install -e '.[site]'" in " ".join(result.output.split())
