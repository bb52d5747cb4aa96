"""Whose modules a network is trained on, and which of them broke when training fails."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterable
from pathlib import Path

from tinytorch.course import MODULES, find_module
from tinytorch.course.loading import TAUGHT
from tinytorch.course.overlay import place
from tinytorch.course.owners import YOURS, in_use, owner
from tinytorch.course.sources import shown
from tito.lessons.material import check_file


def all_in_use() -> dict[str, str]:
    """For each module of the course, whose file is in use: the reference's or yours."""
    for module in MODULES:
        importlib.import_module(f"tinytorch.core.{module.name}")
    return in_use()


def explain(error: Exception, what: str = "Training") -> str | None:
    """Say in which module an error came up, on which line, and which check would have caught it.

    A learner's module on the way to the error is named rather than what it called.

    Args:
        error: what was raised.
        what: what it put a stop to, as a sentence begins.

    Returns:
        A paragraph; None when the error has nothing to do with the modules of the course.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    elif isinstance(error, ImportError) and error.path:
        places.append((error.path, None))
    on_modules = [place for place in places if _module_of(place[0])]
    # What one module does wrong often comes to light in another, or in the network's own code: a
    # learner's modules are the ones to look at first, the latest in the traceback before all.
    on_yours = [place for place in on_modules if owner(place[0]) == YOURS]
    suspects = dict.fromkeys(
        [_module_of(file) for file, _ in reversed(on_yours)] + loaded_and_yours()
    )
    if not on_modules and not suspects:
        return None
    file, line = (on_yours or on_modules or places)[-1]
    where = place(file, line) if line else shown(file)
    module = _module_of(file)
    if module:
        whose = "yours" if owner(file) == YOURS else "the reference's"
        where = f"module {module} ({whose}), {where}"
    caught = caught_by(suspects)
    begins = f"{what} stopped in "
    if caught and not on_yours:
        begins = f"{what} stopped because of a module of yours. It came to light in "
    elif suspects and not caught:
        caught = [told for told in (_passed(suspects), unchecked(suspects)) if told]
    told = f"{begins}{where}: {type(error).__name__}: {error}"
    return "\n".join([told, *caught, "For the whole traceback: --traceback"])


def caught_by(suspects: Iterable[str]) -> list[str]:
    """The check that would have caught what is wrong with one of these modules, in lines.

    Nothing if they pass all checks that there are.
    """
    from tito.milestones import diagnosis  # here, because only what goes wrong needs it

    found = diagnosis.first_failure(suspects)
    if found is None:
        return []
    module, result = found
    return [
        f"The check that would have caught it, in your {module.name}:",
        diagnosis.as_text(result),
        f"All checks of it: tito test {module.digits}",
        f"Mend your exercise, then: tito module complete {module.digits}",
    ]


def unchecked(names: Iterable[str]) -> str:
    """A sentence about those of these modules that there are no checks for; empty if there are."""
    without = [name for name in names if not _has_checks(name)]
    if not without:
        return ""
    them = "it" if len(without) == 1 else "them"
    return f"Nobody has checked your {', '.join(without)}: there are no checks for {them} yet."


def _passed(names: Iterable[str]) -> str:
    checked = ", ".join(filter(_has_checks, names))
    return f"Your modules pass all checks that there are for them: {checked}." if checked else ""


def _has_checks(name: str) -> bool:
    return check_file(find_module(name)) is not None


def loaded_and_yours() -> list[str]:
    """The learner's modules among those that have been imported."""
    return [name for name, whose in in_use().items() if whose == YOURS]


def _module_of(file: str) -> str:
    """The module of the course that a file holds, the reference's or a learner's; else ""."""
    path = Path(file)
    return path.stem if path.stem in TAUGHT and path.parts[-3:-1] == ("tinytorch", "core") else ""
