"""What tests need and a machine may lack: shells, peers to compare with, and the like.

A test says what it needs with `@pytest.mark.needs("zsh")`. Where that is missing it does not run,
and one line at the end counts what did not. With `--insist` it fails instead, unless it is nothing
that can be installed, such as a GPU.

A test that takes long is marked `@pytest.mark.thorough`. It runs with `--thorough` only, and
another line counts those that did not.
"""

import os
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest


@dataclass(frozen=True)
class Need:
    """Something that a machine may lack."""

    lacking: str
    """What it is and that it is not there, after "40 tests of"."""
    look: Callable[[], object]
    """Tells whether it is there."""
    can_be_installed: bool = True
    """Whether a machine can be given it, so that whoever insists may ask for it."""


def _program(name: str) -> Need:
    return Need(f"{name}, which is not installed", partial(shutil.which, name))


def _package(title: str, name: str) -> Need:
    return Need(f"{title}, which is not installed", partial(find_spec, name))


def _opens_a_terminal() -> bool:
    try:
        ends = os.openpty()
    except (AttributeError, OSError):  # not a Unix, or one without /dev/pts
        return False
    for end in ends:
        os.close(end)
    return True


def _reaches_itself() -> bool:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=1).close()
    except OSError:
        return False
    return True


def _takes_any_name() -> bool:
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "caf\udce9").touch()
    except (OSError, UnicodeError):
        return False
    return True


def _finds_pyodide() -> bool:
    from tito.site.pyodide import is_at_hand

    return is_at_hand()


def _unlike_a_browser(what: str) -> Need:
    """Something that every machine has, and Python in a browser has not."""
    return Need(
        f"{what}, which Python in a browser has none of",
        lambda: sys.platform != "emscripten",
        can_be_installed=False,
    )


NEEDS = {
    # All that cannot be there where Python runs in a browser, in WebAssembly.
    "processes": _unlike_a_browser("other processes"),
    "threads": _unlike_a_browser("threads"),
    "asyncio.run": _unlike_a_browser("event loops of one's own"),
    "64 bits": _unlike_a_browser("addresses of 64 bits"),
    "files": _unlike_a_browser("pipes, relative links and limits to the names of files"),
    "bash": _program("bash"),
    "zsh": _program("zsh"),
    "git": _program("git"),
    "node": _program("node"),
    "Pyodide": Need("Pyodide, of which TINYTORCH_PYODIDE names no folder", _finds_pyodide),
    "npm": _program("npm"),
    "chromium": Need(
        "pages in Debian's chromium, driven by Playwright, of which one is not installed",
        lambda: shutil.which("chromium") and find_spec("playwright"),
    ),
    "ensurepip": _package("pip's own installer, ensurepip", "ensurepip"),
    "PyTorch": _package("PyTorch", "torch"),
    "safetensors": _package("the reference reader of weights, safetensors", "safetensors"),
    "Matplotlib": _package("Matplotlib", "matplotlib"),
    "JAX": _package("JAX", "jax"),
    "CuPy": Need("CuPy, which needs a GPU", partial(find_spec, "cupy"), can_be_installed=False),
    "the site's packages": _package("what the site is made with", "furo"),
    "repo2docker": _package("repo2docker", "repo2docker"),
    "axe": _package("axe for Playwright", "axe_playwright_python"),
    "loopback": Need("Jupyter's kernels, since 127.0.0.1 cannot be reached", _reaches_itself),
    "sh": _program("sh"),
    "/dev/full": Need("a device that is full, which only Linux has", Path("/dev/full").exists),
    "any file name": Need("file names that are no text, which few systems take", _takes_any_name),
    "/proc": Need("processes in /proc, which only Linux has", Path("/proc/self/stat").exists),
    "terminal": Need("terminals, of which none can be opened here", _opens_a_terminal),
}

# Packages that tests import at their top, from the group `dev` in pyproject.toml. Those that run in
# a browser's Python need none, or bring it along.
PACKAGES = ("hypothesis", "ipykernel", "nbclient", "pexpect") * (sys.platform != "emscripten")


def lacking_packages() -> str:
    """What to install before any of the tests can be read; nothing if all is there."""
    lacking = [name for name in PACKAGES if find_spec(name) is None]
    if not lacking:
        return ""
    return (
        f"The tests need {', '.join(lacking)}, not installed in {sys.prefix}. Either get what "
        "development needs by `python -m pip install --group dev` in the clone, with pip 25.1 or "
        "later; or take the environment of the clone: source bin/activate-tinytorch.sh"
    )


@cache
def is_there(name: str) -> bool:
    """Whether the machine has what is called `name` in `NEEDS`."""
    return bool(NEEDS[name].look())


def module(name: str) -> ModuleType | Any:
    """An optional package, or where it is missing a stand-in, so that its tests can be counted."""
    return import_module(name) if find_spec(name.split(".")[0]) else MagicMock()


def one_in(every: int, values: Iterable[object]) -> list[Any]:
    """The values of a parameter, of which one in `every` is taken unless `--thorough` is given."""
    return [
        pytest.param(value, marks=pytest.mark.thorough if i % every else ())
        for i, value in enumerate(values)
    ]


def missing(item: pytest.Item) -> list[str]:
    """What a test needs and this machine lacks."""
    names = [name for mark in item.iter_markers("needs") for name in mark.args]
    return [name for name in dict.fromkeys(names) if not is_there(name)]


def not_run(needs: list[str]) -> str:
    """The line about the tests that did not run, from the first need that each of them missed."""
    counted = [
        f"{count} test{'s' if count > 1 else ''} of {NEEDS[name].lacking}"
        for name, count in sorted(Counter(needs).items())
    ]
    return f"not run here: {'; '.join(counted)}"


def left_out(count: int) -> str:
    """The line about the tests that did not run because they take long."""
    return (
        f"left out: {count} test{'s' if count > 1 else ''} that take{'' if count > 1 else 's'} "
        f"long; with them: tito test --thorough"
    )
