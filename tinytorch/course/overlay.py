"""The learner's own modules, in the place of the installed ones.

A workspace is a folder with a `tinytorch.toml` in it, as `tito init` makes it. Its
`tinytorch/core/` holds the modules that the learner has finished. While a workspace is active,
`tinytorch.core` looks there first: what is there is used, and the reference fills in the rest.

This file imports no NumPy, so that a command can ask about the workspace in no time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

MARKER = "tinytorch.toml"
VARIABLE = "TINYTORCH_WORKSPACE"

REFERENCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "core")
"""The folder of TinyTorch's own modules."""


def find_workspace(start: str | None = None) -> str | None:
    """The active workspace: its folder, or None.

    It is the folder that the environment variable `TINYTORCH_WORKSPACE` names (`off` for none),
    else the nearest one with a `tinytorch.toml`, from `start` (the current folder) upwards.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return None if named == "off" else os.path.abspath(named)
    try:
        folder = os.path.abspath(start or os.getcwd())
    except FileNotFoundError:  # the current folder has been deleted
        return None
    while not os.path.isfile(os.path.join(folder, MARKER)):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def search_path() -> list[str]:
    """Where `tinytorch.core` looks for its modules: the workspace, then the reference."""
    workspace = find_workspace()
    if workspace is None:
        return [REFERENCE]
    return [os.path.join(workspace, "tinytorch", "core"), REFERENCE]


def is_reference(file: str) -> bool:
    """Whether a module's file is TinyTorch's own, and not a learner's."""
    return os.path.dirname(os.path.abspath(file)) == REFERENCE


def replace_module(module_name: str, file: str) -> None:
    """Use `file` as the module `tinytorch.core.<module_name>`, to see how it does.

    It may be a lesson in progress or its notebook (the cells that begin with `#| export` count),
    or any Python file or notebook (all of it counts). The line numbers and the file name in
    tracebacks are those of `file`; `place` turns them into words.

    Raises:
        RuntimeError: the module has been imported already. Do it in a fresh process.
    """
    import sys

    from tinytorch.course.loading import ReplacementFinder

    if f"tinytorch.core.{module_name}" in sys.modules:
        raise RuntimeError(f"tinytorch.core.{module_name} has been imported already")
    sys.meta_path.insert(0, ReplacementFinder(module_name, file))
    _replaced.append(f"tinytorch.core.{module_name}")


_replaced: list[str] = []
_waiting: list[Callable[[], None]] | None = None


def when_complete(go_on: Callable[[], None], before_others: bool = False) -> None:
    """Call `go_on` once the framework is complete: at once if it is."""
    if _waiting is None:
        go_on()
    else:
        _waiting.insert(0 if before_others else len(_waiting), go_on)


@contextmanager
def completing() -> Iterator[None]:
    """While the framework is imported; what waits for that comes afterwards."""
    global _waiting
    waiting: list[Callable[[], None]] = []
    _waiting = waiting
    try:
        yield
    finally:
        _waiting = None
    for go_on in waiting:
        go_on()
    for name in _replaced:  # before another module asks for it that it may ask for something itself
        import_module(name)


def place(file: str, line: int) -> str:
    """Where a line of a learner's file is: `layers_dev.py:95`, or a notebook's cell and line.

    Files below the current folder are named from there, others by their whole path.
    """
    from tinytorch.course import sources

    try:
        return sources.read(file).place(line)
    except (OSError, SyntaxError):  # changed since it was loaded
        return f"{sources.shown(file)}:{line}"
