"""Errors that say by themselves which mistake was made, put into a learner's words."""

from __future__ import annotations

import re

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
        r"'(\w+)' object has no attribute '(\w+)'",
        "a {0} has no .{1}: it was never set, or is spelled differently",
    ),
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


def meaning(error: Exception) -> str | None:
    """Which mistake an error gives away; None where it could be one or another."""
    for kind, pattern, words in _MEANINGS:
        if isinstance(error, kind) and (match := re.search(pattern, str(error))):
            return words.format(*match.groups())
    return None
