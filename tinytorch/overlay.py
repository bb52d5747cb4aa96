"""The learner's own modules, laid over the installed ones.

A workspace is a folder with a `tinytorch.toml` in it, as `tito init` makes it. Its
`tinytorch/core/` holds the modules that the learner has finished. While a workspace is active,
`tinytorch.core` looks there first: what is there is used, and the reference fills in the rest.

This file imports no NumPy, so that a command can ask about the workspace in no time.
"""

from __future__ import annotations

import os

MARKER = "tinytorch.toml"
VARIABLE = "TINYTORCH_WORKSPACE"

_REFERENCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "core")


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
        return [_REFERENCE]
    return [os.path.join(workspace, "tinytorch", "core"), _REFERENCE]


def is_reference(file: str) -> bool:
    """Whether a module's file is TinyTorch's own, and not a learner's."""
    return os.path.dirname(os.path.abspath(file)) == _REFERENCE
