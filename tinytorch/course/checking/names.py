"""Names of methods: what looks like one that is missing is a misspelling of it."""

from __future__ import annotations

import difflib
from inspect import isroutine

import numpy as np

from tinytorch.course.checking.lineup import Mistake

# What Python calls by itself, so that no such name is a misspelling of another; but for __int__,
# which is one of __init__ in a class that has none.
_SPECIAL = {*dir(int), *dir(float), *dir(list), *dir(np.ndarray), "__call__"} - {"__int__"}


def expect_spelled(cls: type, *names: str) -> None:
    """A class without a method whose name is nearly one of `names`, which itself is missing.

    Raises:
        Mistake: it has one.
    """
    for meant in names:
        for owner in cls.__mro__:
            if owner.__module__ != cls.__module__ or meant in vars(owner):
                continue
            for name, value in vars(owner).items():
                written = _as_written(name, owner)
                if (isroutine(value) or isinstance(value, property)) and _near(written, meant):
                    raise Mistake(
                        seen=f"{owner.__name__}.{written}, and no {meant}",
                        expected=f"a method `{meant}`",
                        mistake=f"{owner.__name__} has a method `{written}`; did you mean "
                        f"`{meant}`?",
                        about=(f"{owner.__name__}.{name}", f"{cls.__name__}.{meant}"),
                    )


def _as_written(name: str, owner: type) -> str:
    """A name as it stands in its class: `__call`, of which Python makes `_Linear__call`."""
    return name.removeprefix(f"_{owner.__name__.lstrip('_')}") if "__" in name[1:] else name


def _near(name: str, meant: str) -> bool:
    special = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
    if special != meant.startswith("__") or name.startswith("_") > special or name in _SPECIAL:
        return False
    word, letters = name.strip("_").lower(), meant.strip("_")
    return (
        word.isalpha()
        and abs(len(word) - len(letters)) < 2
        and difflib.SequenceMatcher(None, word, letters).ratio() >= 0.8
    )
