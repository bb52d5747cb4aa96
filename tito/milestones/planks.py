"""Whose planks a network is trained on, and which of them broke when training fails."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

from tito.course import MODULES

REFERENCE = "reference"
YOURS = "yours"
NAMES = tuple(module.name for module in MODULES)


def planks() -> dict[str, str]:
    """For each module of the course, whose file is in use: the reference's or yours."""
    return {
        name: owner(Path(str(importlib.import_module(f"tinytorch.core.{name}").__file__)))
        for name in NAMES
    }


def owner(file: Path) -> str:
    """Whose a module's file is: what lies in the installed library is the reference's."""
    return REFERENCE if file.resolve().is_relative_to(_library()) else YOURS


def describe_planks(owners: dict[str, str]) -> str:
    """One or two sentences on who wrote the modules in use."""
    yours = [name for name in owners if owners[name] == YOURS]
    references = [name for name in owners if owners[name] == REFERENCE]
    if not yours:
        return "Every plank is the reference's."
    if not references:
        return "Every plank is yours."
    return f"Your planks: {', '.join(yours)}. The reference's: {', '.join(references)}."


def explain(error: Exception) -> str | None:
    """Say in which module an error came up, on which line, and how to check that module.

    Returns:
        A paragraph; None when the error has nothing to do with the modules of the course.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [(Path(frame.filename), frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    elif isinstance(error, ImportError) and error.path:
        places.append((Path(error.path), None))
    on_planks = [place for place in places if _is_plank(place[0])]
    # What one module does wrong often comes to light in another, or in the network's own code:
    # a learner's modules are the ones to check first, the latest in the traceback before all.
    suspects = [file.stem for file, _ in reversed(on_planks) if owner(file) == YOURS]
    suspects += _loaded_and_yours()
    if not on_planks and not suspects:
        return None
    file, line = on_planks[-1] if on_planks else places[-1]
    where = f"{file}, line {line}" if line else f"{file}"
    module = f"module {file.stem} ({_whose(file)}), " if on_planks else ""
    checks = [f"tito test --module {name}" for name in dict.fromkeys(suspects or [file.stem])]
    return (
        f"Training stopped in {module}{where}: {type(error).__name__}: {error}\n"
        f"To check: {' && '.join(checks)}. For the whole traceback: --traceback."
    )


def _library() -> Path:
    """The folder of the installed library."""
    # Located without importing it, which a broken plank would prevent.
    found = importlib.util.find_spec("tinytorch")
    assert found is not None
    return Path(str(found.origin)).resolve().parent


def _is_plank(file: Path) -> bool:
    """Whether a file is a module of the course, the reference's or a learner's."""
    return file.stem in NAMES and file.parts[-3:-1] == ("tinytorch", "core")


def _whose(file: Path) -> str:
    return "yours" if owner(file) == YOURS else "the reference's"


def _loaded_and_yours() -> list[str]:
    """The learner's modules among those that have been imported."""
    loaded = {name: sys.modules.get(f"tinytorch.core.{name}") for name in NAMES}
    return [
        name
        for name, module in loaded.items()
        if module is not None and owner(Path(str(module.__file__))) == YOURS
    ]
