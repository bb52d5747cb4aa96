"""Errors that say by themselves which mistake was made, put into a learner's words."""

from __future__ import annotations

import difflib
import linecache
import re
import sys
import traceback
import typing
from collections.abc import Iterable
from contextlib import suppress
from types import ModuleType

from tinytorch.course import sources
from tinytorch.course.checking.lineup import with_article

_ONE_NUMBER = (
    "a whole array stands where one number is needed, as in float() and in the functions of math; "
    "NumPy's take arrays"
)
_POWER = "the sign for a power is **; in Python ^ is something else"
# What Python, NumPy and TinyTorch say, by kind of error; and what it means, where that is certain.
_MEANINGS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        ValueError,
        r"neither true nor false|truth value of an array",
        "a whole tensor is asked whether it is true, as by `if`, `and` or max(); np.where asks "
        "each number, and `is None` whether there is one",
    ),
    (TypeError, r"converted to Python scalars", _ONE_NUMBER),
    (ValueError, r"item\(\) takes a tensor with one element", _ONE_NUMBER),
    (
        TypeError,
        r"imum\(\) takes from 2 to 3 positional",
        "one thing alone is given to np.maximum or np.minimum; np.max and np.min take one",
    ),
    (
        ValueError,
        r"either both or neither of x and y should be given",
        "a condition is not enough for np.where, nor is one value: it needs one for either case",
    ),
    (TypeError, r"unsupported operand type\(s\) for \^|ufunc 'bitwise_xor' not supported", _POWER),
    (
        TypeError,
        r"argument 0 of type (?:function|numpy\.ufunc|builtin_function_or_method)",
        "NumPy is given a function, not what the function gives: it has to be called, with (x) "
        "behind its name",
    ),
    (
        TypeError,
        r"unhashable type: '(?:numpy\.ndarray|Tensor)'",
        "an array cannot be a key, of a cache or of a dictionary",
    ),
    (UnboundLocalError, r"local variable '(\w+)'", "`{0}` is used before it has a value"),
    (NameError, r"name '(\w+)' is not defined", "the name `{0}` is not defined"),
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
    (TypeError, r"(\w+)\(\) takes no arguments", "{0} takes no arguments, and is given some"),
    (
        TypeError,
        r"operand type.*'(?:builtin_function_or_method|method|function)'",
        "it calculates with a function, not with what that gives: it has to be called",
    ),
    (TypeError, r"'NoneType' object is not callable", "something is None, and is called"),
    (
        TypeError,
        r"'(?:\w+\.)?(\w+)' object is not callable",
        "a {0} is called like a function, and has no __call__",
    ),
    (
        TypeError,
        r"bad operand type for unary \+: '(\w+)'",
        "a + stands before a {0}, with nothing to add it to; is it `+=` that is meant?",
    ),
    (TypeError, r"'NoneType' object is not subscriptable", "something is None, and is indexed"),
    (
        TypeError,
        r"'NoneType' (?:object )?is not iterable|iterable NoneType|iterable, not NoneType",
        "something is None, and is gone through like a list",
    ),
    (TypeError, r"(__\w+__) returned non-\w+ \(type NoneType\)", "{0} returns nothing"),
    (
        TypeError,
        r"unsupported operand.*'NoneType'|bad operand.*'NoneType'|not supported.*'NoneType'"
        r"|ufunc .*type NoneType|takes tensors, arrays and numbers, got None",
        "it calculates with something that is None",
    ),
    (
        TypeError,
        r"not 'NoneType'|'NoneType' object cannot be|got None of type NoneType",
        "something is None, where a number is needed",
    ),
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
    (ZeroDivisionError, r"negative power", "0 is raised to a negative power"),
    (ZeroDivisionError, r"", "it divides by zero"),
    (
        ValueError,
        r"array is too big|[Mm]aximum allowed (?:size|dimension)",
        "an array is asked for that no memory could hold",
    ),
    (ModuleNotFoundError, r"No module named '([\w.]+)'", "there is no module `{0}` to import"),
)


# Names this alike are taken for the same one, misspelled: `wieght` and `weight`, not `sqrt` and
# `sort`.
_ALIKE = 0.8
_MODULES = ("numpy", "matplotlib", "tinytorch", "math", "random", "typing", "collections")
# Names that come from an import wherever they are used, and which.
_IMPORTS = {
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
    "Tensor": "from tinytorch.core.tensor import Tensor",
    "apply": "from tinytorch.core.tensor import apply",
    "Layer": "from tinytorch.composition import Layer",
    "dataclass": "from dataclasses import dataclass",
    **{name: f"import {name}" for name in ("numpy", "math", "random", "copy", "os", "sys", "time")},
    **{name: f"from typing import {name}" for name in typing.__all__},
}


def meaning(error: Exception) -> str | None:
    """Which mistake an error gives away; None where it could be one or another."""
    if isinstance(error, AttributeError):
        return _no_attribute(error)
    if isinstance(error, IndexError) and "tuple index out of range" in str(error):
        if re.search(r"\bshape\b", _line_of(error)):
            return "a shape has fewer dimensions than it is asked for"
        return "a tuple has fewer elements than it is asked for"
    if isinstance(error, TypeError) and (words := _too_many_arguments(str(error))):
        return words
    for kind, pattern, words in _MEANINGS:
        if isinstance(error, kind) and (match := re.search(pattern, str(error))):
            return words.format(*match.groups()) + _suggestion(error)
    return None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question about the name that is most like one that is not there; nothing if none is."""
    meant = _nearest(name, names)
    return f"; did you mean `{meant}`?" if meant else ""


def _no_attribute(error: AttributeError) -> str | None:
    match = re.search(r"'(\w+)' object has no attribute '(\w+)'$", str(error))
    if match and match[1] == "NoneType":
        return f"something is None, and is asked for its .{match[2]}"
    suggestion, thing = _suggestion(error), error.obj
    if match and match[2] in ("_array", "_node"):
        return (
            f"the rest of the framework reads .{match[2]} of {with_article(match[1])}, which the "
            "lesson has and this class lacks"
        )
    if match:
        told = f"{with_article(match[1])} has no .{match[2]}"
        if type(thing).__module__.partition(".")[0] in ("builtins", "numpy") and thing is not None:
            return told + suggestion
        return told + (suggestion or ": it was never set, or is spelled differently")
    if not str(error).endswith(f"has no attribute '{error.name}'"):
        return None
    if isinstance(thing, ModuleType):
        return f"{thing.__name__} has no `{error.name}`{suggestion}"
    if suggestion:  # if there is none, it may be another kind of thing that is meant
        thing = thing if isinstance(thing, type) else type(thing)
        return f"{thing.__name__} has no .{error.name}{suggestion}"
    return None


def _too_many_arguments(message: str) -> str | None:
    counted = r"([\w.]+)\(\) takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) "
    if (match := re.search(counted, message)) and int(match[3]) > int(match[2]):
        words = f"{match[1]} takes fewer arguments than it is given"
    elif match := re.search(r"([\w.]+)\(\) got multiple values for argument '(\w+)'", message):
        words = f"{match[1]} gets `{match[2]}` twice, by position and by name"
    else:
        return None
    if "." not in match[1]:
        return words
    return (
        f"{words}; `self` has to come first where a method is defined, and is left out where it is "
        "called, since Python passes it"
    )


def _line_of(error: Exception) -> str:
    """The line that an error was raised in; the first one, where it was then put into words."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    places = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    return linecache.getline(*places[-1]) if places else ""


def _suggestion(error: Exception) -> str:
    """What somebody may have meant who used a name that is not there, as a question."""
    match error:
        case UnboundLocalError():
            pass
        case NameError(name=str(name)):
            *_, (frame, _) = traceback.walk_tb(error.__traceback__)
            if name in _names_of(frame.f_locals.get("self")):
                return f"; did you mean `self.{name}`?"
            with suppress(OSError, SyntaxError):  # it is no file, or not what it was
                if cell := sources.unmarked_cell(frame.f_code.co_filename, name):
                    return f": {cell}, which defines it, is not marked `{sources.EXPORT}`"
            module = str(frame.f_globals.get("__name__", "?"))
            if name in _IMPORTS and module not in _IMPORTS[name]:
                return f"; is `{_IMPORTS[name]}` missing?"
            return did_you_mean(name, {**frame.f_builtins, **frame.f_globals, **frame.f_locals})
        case AttributeError(name=str(name), obj=thing) if thing is not None:
            return did_you_mean(name, _names_of(thing))
        case ModuleNotFoundError(name=str(name)):
            return did_you_mean(name, _MODULES)
        case ImportError(name=str(module)):
            missing = re.search(r"cannot import name '(\w+)'", str(error))
            return did_you_mean(missing[1], _names_of(sys.modules.get(module))) if missing else ""
    return ""


def _names_of(thing: object) -> Iterable[str]:
    try:
        return dir(thing)
    except Exception:  # a learner's own __dir__
        return ()


def _nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that is most like this one, whatever its capitals; None if none is."""
    names = [n for n in names if name.startswith("_") or not n.startswith("_")]
    same_kind = [n for n in names if n[:1].isupper() == name[:1].isupper()]  # a class or not
    for known in ({n.lower(): n for n in same_kind}, {n.lower(): n for n in names}):
        if found := difflib.get_close_matches(name.lower(), known, n=1, cutoff=_ALIKE):
            return known[found[0]]
    return None
