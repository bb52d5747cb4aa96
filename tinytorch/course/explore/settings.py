"""The settings of an experiment: declared as a dataclass, given as text or as Python values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

S = TypeVar("S")


class SettingError(ValueError):
    """A setting, or a guess, that makes no sense."""


@dataclass(frozen=True)
class Limits:
    """What a setting means, and which values make sense."""

    meaning: str
    full: Any
    at_least: float
    at_most: float
    choices: tuple[str, ...]


def setting(
    default: Any,
    meaning: str,
    *,
    full: Any = None,
    within: tuple[float, float] = (-math.inf, math.inf),
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a setting in the dataclass of an experiment.

    Args:
        default: the usual value: a whole number, a float, a word, or a tuple of numbers.
        meaning: what it is, in a few words and with its unit.
        full: the value for the thorough version of the experiment; the default if None.
        within: the smallest and the largest number that make sense, themselves included; mind the
            memory of a small laptop.
        choices: the words that are allowed, where the setting is a word.
    """
    limits = Limits(meaning, default if full is None else full, *within, choices)
    return field(default=default, metadata={"limits": limits})


def limits_of(declared: Field[Any]) -> Limits:
    """The limits that a field was declared with."""
    return declared.metadata["limits"]


def make_settings(kind: type[S], given: Mapping[str, Any], full: bool, question: str) -> S:
    """The settings of a question: those that were given, and the usual values for the others.

    Args:
        kind: the experiment's dataclass of settings.
        given: values by name, as text (`"512"`, `"1,2,4"`) or as Python values.
        full: whether the others are those of the thorough version.
        question: the name of the question, for error messages.

    Raises:
        SettingError: there is no such setting, or the value makes no sense for it.
    """
    declared = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    for name in given:
        if name not in declared:
            near = difflib.get_close_matches(name, declared, n=1)
            suggestion = f" Did you mean {near[0]!r}?" if near else ""
            listing = ", ".join(
                f"{other}={text_of(one.default)}" for other, one in declared.items()
            )
            raise SettingError(
                f"{question} has no setting {name!r}.{suggestion} Its settings: {listing}."
            )
    values = {
        name: _checked(one, given[name]) if name in given else _usual(one, full)
        for name, one in declared.items()
    }
    return kind(**values)


def as_text(settings: Any) -> dict[str, str]:
    """The settings as they would be given on the command line."""
    return {one.name: text_of(getattr(settings, one.name)) for one in fields(settings)}


def _usual(declared: Field[Any], full: bool) -> Any:
    return limits_of(declared).full if full else declared.default


def text_of(value: Any) -> str:
    """A value as it would be given on the command line."""
    if isinstance(value, tuple):
        return ",".join(map(text_of, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _checked(declared: Field[Any], value: Any) -> Any:
    """A value for a setting, turned into the type of its default and held against its limits."""
    name, limits = declared.name, limits_of(declared)
    default: Any = declared.default
    if isinstance(default, str):
        if str(value) not in limits.choices:
            raise SettingError(f"{name} is one of {', '.join(limits.choices)}; got {value!r}")
        return str(value)
    if isinstance(default, tuple):
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (tuple, list)) or not parts:
            raise SettingError(f"{name} takes numbers with commas between them; got {value!r}")
        return tuple(_number(name, default[0], part, limits) for part in parts)
    return _number(name, default, value, limits)


def _number(name: str, like: float, value: Any, limits: Limits) -> float:
    """A number of the same type as `like`, within the limits."""
    kind = "a whole number" if isinstance(like, int) else "a number"
    bounds = _bounds(limits)
    complaint = SettingError(f"{name} takes {kind}{bounds}; got {value!r}")
    if isinstance(value, bool):
        raise complaint
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise complaint from None
    if not limits.at_least <= number <= limits.at_most or not math.isfinite(number):
        raise complaint
    if isinstance(like, int):
        if number != int(number):
            raise complaint
        return int(number)
    return number


def _bounds(limits: Limits) -> str:
    low, high = limits.at_least, limits.at_most
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f" of {low:,g} or more"
    return f" from {low:,g} to {high:,g}" if math.isfinite(low) else f" up to {high:,g}"
