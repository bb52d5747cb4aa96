"""Whose modules the framework is made of: the reference's, or a learner's in their place."""

from __future__ import annotations

import sys

from tinytorch.course.loading import TAUGHT
from tinytorch.course.overlay import is_reference

REFERENCE = "reference"
YOURS = "yours"


def owner(file: str) -> str:
    """Whose a module's file is."""
    return REFERENCE if is_reference(file) else YOURS


def in_use() -> dict[str, str]:
    """Whose each module of the course is, of those that have been imported."""
    return {
        name: owner(str(module.__file__))
        for name in TAUGHT
        if (module := sys.modules.get(f"tinytorch.core.{name}"))
    }


def described(owners: dict[str, str]) -> str:
    """Whose the modules are, in words without a full stop."""
    yours = [name for name in owners if owners[name] == YOURS]
    if not yours:
        return "all are the reference's"
    if len(yours) == len(owners):
        return "all are yours"
    verb = "is" if len(yours) == 1 else "are"
    return f"{', '.join(yours)} {verb} yours, the others are the reference's"
