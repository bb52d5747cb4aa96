"""The words of an answer: sentences kept as data, with the numbers of a run filled in.

A number stands in braces, with how it is written behind a colon: `{flops:count} FLOPs in
{seconds[Linear]:seconds}`. The ways are those of `tinytorch.course.explore.units`, some with a word
or a number of digits behind (`{ratio:figures 2}`, `{speed:rate FLOP}`), `{name:capitalized}` at the
beginning of a sentence, and Python's own (`{p:g}`).
Text is one string or a list of parts, each a string or a table such as `{ if = "equal", text = "The
gradients are the same." }`, which is said only where the value of that name is true (or of all
names, where there are several); with `unless`, only where none is. `else` is said instead. Names
may go on to an attribute or a key, as they do in braces: `gap.is_zero`.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinytorch.course.explore import units

Part = str | Mapping[str, str]

_WAYS: dict[str, Callable[[Any], str]] = {
    name: getattr(units, name)
    for name in ("count", "figures", "percent", "plain", "seconds", "size")
} | {"capitalized": str.capitalize}


class _Filler(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        name, _, option = format_spec.partition(" ")
        if name == "rate":
            return units.rate(value, option)
        if name == "figures" and option:
            return units.figures(value, int(option))
        return (
            _WAYS[name](value) if name in _WAYS else str(super().format_field(value, format_spec))
        )


def filled(text: str, values: Mapping[str, Any]) -> str:
    """A text with its numbers filled in.

    Raises:
        KeyError: the text names a value that there is not.
    """
    return _Filler().vformat(text, (), values)


def said(parts: Part | Sequence[Part], values: Mapping[str, Any]) -> str:
    """The parts that are to be said, one after the other, with their numbers filled in."""
    if isinstance(parts, str | Mapping):
        parts = [parts]
    texts = (filled(text, values) for part in parts if (text := _chosen(part, values)))
    return " ".join(text for text in texts if text)


def _chosen(part: Part, values: Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    find = _Filler().get_field
    wanted = all(find(name, (), values)[0] for name in part.get("if", "").split())
    unwanted = any(find(name, (), values)[0] for name in part.get("unless", "").split())
    return part["text"] if wanted and not unwanted else part.get("else", "")
