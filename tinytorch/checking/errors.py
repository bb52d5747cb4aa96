"""Errors that say by themselves which mistake was made, put into a learner's words."""

from __future__ import annotations

import difflib
import re
import sys
import traceback
from collections.abc import Iterable

# What Python, NumPy and TinyTorch say, by kind of error; and what it means, where that is certain.
_MEANINGS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        ValueError,
        r"neither true nor false|truth value of an array",
        "a whole tensor is asked whether it is true; to see if there is one, ask `is None`",
    ),
    (UnboundLocalError, r"local variable '(\w+)'", "`{0}` is used before it has a value"),
    (NameError, r"name '(\w+)' is not defined", "the name `{0}` is not defined"),
    (
        AttributeError,
        r"'NoneType' object has no attribute '(\w+)'",
        "something is None, and is asked for its .{0}",
    ),
    (
        AttributeError,
        r"'(\w+)' object has no attribute '(_array|_node|_saved|_shared)'$",
        "the rest of the framework reads .{1} of a {0}, which the lesson has and this class lacks",
    ),
    (AttributeError, r"'(\w+)' object has no attribute '(\w+)'$", "a {0} has no .{1}"),
    (AttributeError, r"^module '([\w.]+)' has no attribute '(\w+)'$", "{0} has no `{1}`"),
    (ImportError, r"cannot import name '(\w+)' from '([\w.]+)'", "{1} has no `{0}` to import"),
    (
        TypeError,
        r"apply takes a function first.*got (?:Tensor|array)\(",
        "`apply` gets what an operation made; it takes the operation, a comma, and the inputs",
    ),
    (
        TypeError,
        r"apply takes a function first.*got '",
        "`apply` gets the name of an operation; it takes the operation itself",
    ),
    (
        ValueError,
        r"got \d+ inputs, and has rules for the gradients of \d+",
        "`apply` takes what a gradient can flow to by position, and all else by name",
    ),
    (
        ValueError,
        r"a result does not fit the array",
        "a result is written into an array too small for it; have two inputs changed places?",
    ),
    (TypeError, r"'NoneType' object is not callable", "something is None, and is called"),
    (
        TypeError,
        r"'(\w+)' object is not callable",
        "a {0} is called like a function, and has no __call__",
    ),
    (
        TypeError,
        r"bad operand type for unary \+: '(\w+)'",
        "a + stands before a {0}, with nothing to add it to; is it `+=` that is meant?",
    ),
    (TypeError, r"'NoneType'|type NoneType", "it calculates with something that is None"),
    (
        TypeError,
        r"([\w.]+)\(\) got an unexpected keyword argument '(\w+)'",
        "{0} does not take the argument `{1}`",
    ),
    (
        TypeError,
        r"([\w.]+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: '(\w+)'",
        "{0} is called without `{1}`, which has no default",
    ),
    (
        TypeError,
        r"([\w.]+)\(\) takes (\d+) positional arguments? but \d+ (?:was|were) given",
        "{0} takes fewer arguments than it is given; is `self` missing?",
    ),
    (IndexError, r"tuple index out of range", "a shape has fewer dimensions than it is asked for"),
    (ZeroDivisionError, r"", "it divides by zero"),
    (ModuleNotFoundError, r"No module named '([\w.]+)'", "there is no module `{0}` to import"),
)


# What is said instead of a suggestion, where there is nothing that has nearly that name.
_OTHERWISE = {" has no .": ": it was never set, or is spelled differently"}
# Names this alike are taken for the same one, misspelled: `wieght` and `weight`, not `sqrt` and
# `sort`.
_ALIKE = 0.8
_MODULES = ("numpy", "matplotlib", "tinytorch", "math", "random", "typing", "collections")


def meaning(error: Exception) -> str | None:
    """Which mistake an error gives away; None where it could be one or another."""
    for kind, pattern, words in _MEANINGS:
        if isinstance(error, kind) and (match := re.search(pattern, str(error))):
            told = words.format(*match.groups())
            if name := _intended(error):
                return f"{told}; did you mean `{name}`?"
            return told + next((more for part, more in _OTHERWISE.items() if part in told), "")
    if isinstance(error, AttributeError) and str(error).endswith(
        f"has no attribute '{error.name}'"
    ):
        thing = error.obj if isinstance(error.obj, type) else type(error.obj)
        if name := _intended(error):  # if not, it may be another kind of thing that is meant
            return f"{thing.__name__} has no .{error.name}; did you mean `{name}`?"
    return None


def _intended(error: Exception) -> str | None:
    """The name that is there and that somebody may have meant who used one that is not."""
    match error:
        case UnboundLocalError():
            return None
        case NameError(name=str(name)):
            *_, (frame, _) = traceback.walk_tb(error.__traceback__)
            if name in _names_of(frame.f_locals.get("self")):
                return f"self.{name}"
            return _nearest(name, {**frame.f_builtins, **frame.f_globals, **frame.f_locals})
        case AttributeError(name=str(name), obj=thing) if thing is not None:
            return _nearest(name, _names_of(thing))
        case ModuleNotFoundError(name=str(name)):
            return _nearest(name, _MODULES)
        case ImportError(name=str(module)):
            missing = re.search(r"cannot import name '(\w+)'", str(error))
            return _nearest(missing[1], _names_of(sys.modules.get(module))) if missing else None
    return None


def _names_of(thing: object) -> Iterable[str]:
    try:
        return dir(thing)
    except Exception:  # a learner's own __dir__
        return ()


def _nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that is most like this one, whatever its capitals; None if none is."""
    known = {n.lower(): n for n in names if name.startswith("_") or not n.startswith("_")}
    found = difflib.get_close_matches(name.lower(), known, n=1, cutoff=_ALIKE)
    return known[found[0]] if found else None
