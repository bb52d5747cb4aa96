"""The museum of mistakes: what learners get wrong, and what they get right in their own way.

They lie beside the checks, in `modules/03_layers/mistakes.toml`: mistakes and correct variants, as
edits of a correct solution. See `docs/checks.md` for what they are there for.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tinytorch.course import Module, find_module

ROOT = Path(__file__).resolve().parents[2]
MODULES = [find_module(path.parent.name) for path in sorted(ROOT.glob("modules/*/mistakes.toml"))]


@dataclass(frozen=True)
class Variant:
    """A correct solution with a few edits, as somebody else might have written it.

    Attributes:
        module: the module it is a variant of.
        name: what is different.
        edits: what to replace, and by what; each stands in the original once.
    """

    module: Module
    name: str
    edits: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The whole file.

        Raises:
            ValueError: what an edit replaces is not there, or not just once.
        """
        return edited(original(self.module), self.edits)


@dataclass(frozen=True)
class Exhibit(Variant):
    """A mistake.

    Attributes:
        says: what a teacher would say about it.
        check: the check that a teacher would point to, by the name of its function.
        named: what that check names as the mistake; None where it gives numbers only.
        also: what else is named further down in the report, and is true as well.
    """

    says: str
    check: str
    named: str | None
    also: tuple[str, ...]


@cache
def reference(module: Module) -> str:
    """The module as the library has it."""
    return (ROOT / module.library).read_text(encoding="utf-8")


@cache
def original(module: Module) -> str:
    """What everything here is an edit of: the reference, first made what most people write."""
    return edited(reference(module), _edits(_collection(module).get("first", [])))


@cache
def mistakes(module: Module) -> list[Exhibit]:
    """The mistakes of a module."""
    return [
        Exhibit(
            module,
            entry["name"],
            _edits(entry["edits"]),
            says=entry["says"],
            check=entry["check"],
            named=entry.get("named"),
            also=tuple(entry.get("also", ())),
        )
        for entry in _collection(module).get("mistake", [])
    ]


@cache
def correct_variants(module: Module) -> list[Variant]:
    """The correct variants of a module."""
    return [
        Variant(module, entry["name"], _edits(entry["edits"]))
        for entry in _collection(module).get("correct", [])
    ]


def edited(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    """A text with edits made in it.

    Raises:
        ValueError: what an edit replaces is not there, or not just once.
    """
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"found {text.count(old)} times, expected once: {old!r}")
        text = text.replace(old, new)
    return text


def _collection(module: Module) -> dict[str, Any]:
    file = ROOT / "modules" / module.folder / "mistakes.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _edits(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((old, new) for old, new in pairs)
