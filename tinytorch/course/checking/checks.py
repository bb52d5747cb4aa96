"""What a check is: a test with a unit that it belongs to and a sentence that a learner reads."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tinytorch.course.checking.state import restored


@dataclass(frozen=True)
class Unit:
    """Checks that belong together, under one heading.

    Attributes:
        title: what is tested, as in "🔬 Unit Test: Linear Layer...".
        kind: the words before it.
        progress: what is done once all checks pass; the title if empty.
    """

    title: str
    kind: str = "Unit Test"
    progress: str = ""

    @property
    def opening(self) -> str:
        """The line above the unit's checks."""
        return f"🔬 {self.kind}: {self.title}..."

    @property
    def closing(self) -> str:
        """The line below the unit's checks when all have passed."""
        return f"📈 Progress: {self.progress or self.title} ✓"


@dataclass(frozen=True)
class Check:
    """One claim about a learner's module.

    Attributes:
        name: the name of the test function.
        unit: the unit it belongs to.
        sentence: the claim, which is the first line of the test's docstring.
        about: what it judges, by dotted name (`Linear.forward`), the most likely culprit first.
        needs: names of earlier checks whose mistakes make this one fail as well.
        run: the test itself, which raises when the claim is false.
        hint: which of the hints for the exercise speaks of what is wrong when the claim is false;
            None for the next one.
    """

    name: str
    unit: Unit
    sentence: str
    about: tuple[str, ...]
    needs: tuple[str, ...]
    run: Callable[[], None]
    hint: int | None = None


def check(
    unit: Unit | str,
    about: str | tuple[str, ...] = (),
    needs: str | tuple[str, ...] = (),
    hint: int | None = None,
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a test function, with the claim as its docstring, a check of a suite (see `Check`).

    A check always runs. Where it fails and one of those that it needs has not passed, it waits for
    that one, unless it names a mistake which that one has not named: then it has something new to
    say, and fails.
    """

    def decorate(test: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(test)
        def guarded() -> None:
            with restored():
                test()

        guarded.check = Check(  # type: ignore[attr-defined]
            name=test.__name__,
            unit=unit if isinstance(unit, Unit) else Unit(unit),
            sentence=(test.__doc__ or test.__name__).strip().splitlines()[0],
            about=(about,) if isinstance(about, str) else about,
            needs=(needs,) if isinstance(needs, str) else needs,
            run=guarded,
            hint=hint,
        )
        return guarded

    return decorate


def checks_in(suite: ModuleType) -> list[Check]:
    """The checks of a suite, in the order in which they are written."""
    functions = [value for value in vars(suite).values() if inspect.isfunction(value)]
    return [function.check for function in functions if hasattr(function, "check")]


class core:
    """A module of `tinytorch.core` that is imported when a check first asks it for something.

    So a suite can be read without running the code it judges, and a name that is missing fails
    the checks that use it, no others.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest looks for its own marks, and must not start an import
            raise AttributeError(name)
        return getattr(load(self._name), name)


def load(name: str) -> Any:
    """Import a module of the framework, or take what stands in for it."""
    if name in _stand_ins:
        return _stand_ins[name]
    path = f"tinytorch.core.{name}"
    # Suites ask at every use of a name, thousands of times, and `import_module` takes its time.
    return sys.modules.get(path) or importlib.import_module(path)


_stand_ins: dict[str, Any] = {}


@contextmanager
def standing_in(name: str, definitions: Any) -> Iterator[None]:
    """Have checks judge `definitions`, module or not, in the place of a module of the framework."""
    _stand_ins[name] = definitions
    try:
        yield
    finally:
        del _stand_ins[name]
