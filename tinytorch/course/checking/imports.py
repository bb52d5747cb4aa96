"""Imports that fail because a file is judged alone, put into a learner's words."""

from __future__ import annotations

import ast
import os
import shlex

from tinytorch.course import sources
from tinytorch.course.loading import TAUGHT
from tinytorch.course.overlay import find_workspace


def judged_alone(error: ImportError, file: str | None, line: int | None) -> tuple[str, str] | None:
    """What is wrong, and what to write instead, where a file imports a module of its own project.

    Args:
        error: what the import raised.
        file, line: the place in the file that is judged.

    Returns:
        None where it is something else that is missing.
    """
    statement = _import_at(file, line) if file and line else None
    if file is None or error.name is None or statement is None:
        return None
    missing = error.name
    match statement:
        case ast.ImportFrom(module=None, level=level):  # from . import utils
            missing = path = f"{error.name}.{statement.names[0].name}"
            name = "." * level + statement.names[0].name
        case ast.ImportFrom(module=str(module), level=level):
            package = ("", "tinytorch.core.", "tinytorch.")[min(level, 2)]
            name, path = "." * level + module, package + module
        case _:
            name = path = next((a.name for a in statement.names if a.name.startswith(missing)), "")
    is_there = not isinstance(error, ModuleNotFoundError) and missing == error.name
    if is_there or not f"{path}.".startswith(f"{missing}."):  # or it is imported further down
        return None
    instead = _from_the_framework(statement, path)
    folder = _folder_of(missing, file)
    if instead is not None:
        expected = f"`{instead}`"
    elif folder is None:
        return None
    else:
        expected = "its code in the file itself"
        if not name.startswith("."):
            expected += f", or: tito test --with {shlex.quote(folder)}"
    workspace = find_workspace()
    which = (
        f"the tinytorch of the workspace {workspace}" if workspace else "the installed tinytorch"
    )
    return f"there is no `{name}` here: a file is judged alone, with {which}", expected


def _import_at(file: str, line: int) -> ast.Import | ast.ImportFrom | None:
    try:
        statements = sources.read(file).statements
    except (OSError, SyntaxError):
        return None
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Import() | ast.ImportFrom() if node.lineno <= line <= (node.end_lineno or 0):
                return node
    return None


def _from_the_framework(statement: ast.Import | ast.ImportFrom, path: str) -> str | None:
    """The import that gets the same from the framework, if it has it."""
    subject = path.rpartition(".")[2].lower().removesuffix("_dev")
    imported = [alias.name for alias in statement.names]
    names = ", ".join(map(ast.unparse, statement.names))
    if isinstance(statement, ast.Import):
        shown = next(ast.unparse(a) for a in statement.names if a.name == path)
        _, _, alias = shown.partition(" as ")
        alias = f" as {alias}" if alias else ""
        return f"from tinytorch.core import {subject}{alias}" if subject in TAUGHT else None
    if {*imported} <= {*TAUGHT}:
        return f"from tinytorch.core import {names}"
    teaching = [module for module, taught in TAUGHT.items() if {*imported} <= {*taught}]
    subjects = [subject] if subject in TAUGHT else teaching
    return f"from tinytorch.core.{subjects[0]} import {names}" if subjects else None


def _folder_of(missing: str, file: str) -> str | None:
    """The folder in which a missing module lies: that of the file, or one of the two above it."""
    root = missing.removeprefix("tinytorch.core.").partition(".")[0]
    folder = os.path.dirname(file)
    for _ in range(3):
        module = os.path.join(folder, root)
        if os.path.isfile(f"{module}.py") or os.path.isdir(module):
            return folder
        folder = os.path.dirname(folder)
    return None
