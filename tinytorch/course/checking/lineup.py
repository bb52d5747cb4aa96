"""The line-up: next to the expected value stand those that known mistakes would produce."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import Any

import numpy as np

# Numbers are equal if they differ by less than this, in parts of the largest one expected. It is
# some hundred times what float32 loses in the sums of a check, and far below what a mistake does.
TOLERANCE = 2e-5

# Gives what was seen a name, within a tolerance; None if it knows none.
Explanation = Callable[[np.ndarray, float], str | None]


class Mistake(AssertionError):
    """What a check found.

    Attributes:
        seen: what it saw.
        expected: what it expected.
        mistake: the mistake by name, if it is known.
        place: the file and the line where the mistake is, if they are known.
        about: the definitions to blame, the most likely first, if it is not those that the check
            is about: `("Linear.__init__",)`.
    """

    def __init__(
        self,
        *,
        seen: str,
        expected: str,
        mistake: str | None = None,
        place: tuple[str, int] | None = None,
        about: str | tuple[str, ...] = (),
    ) -> None:
        named = f"{mistake}: " if mistake else ""
        super().__init__(f"{named}saw {seen}; expected {expected}")
        self.seen = seen
        self.expected = expected
        self.mistake = mistake
        self.place = place
        self.about = (about,) if isinstance(about, str) else about


class StandsBack(Exception):
    """What a check sees says nothing about its own claim, but belongs to another check.

    Attributes:
        check: the name of that one, which may come later.
    """

    def __init__(self, check: str) -> None:
        super().__init__(f"left to {check}")
        self.check = check


def expect(
    what: str,
    seen: Any,
    expected: Any,
    mistakes: Mapping[str, Any] | None = None,
    otherwise: Explanation | None = None,
    *,
    also: Any = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Compare a number, an array or a tensor with what it should be.

    Args:
        what: what is looked at, as a learner would write it: `layer(x)`.
        seen: what it is. A tensor counts by its numbers.
        expected: what it should be, in shape and numbers.
        mistakes: for each mistake, by name, what would then be seen.
        otherwise: who is asked for a name where none of these fits: `usual(...)`.
        also: another value that is as good.
        tolerance: how far numbers may differ, in parts of the largest one expected.

    Raises:
        Mistake: the value differs. The mistake has a name if exactly one in the line-up gives what
            was seen, or none does, and `otherwise` has one.
    """
    seen_array = numbers(what, seen)
    candidates = [np.asarray(value) for value in (expected, also) if value is not None]
    if any(equal(seen_array, candidate, tolerance) for candidate in candidates):
        return
    wanted = candidates[0]
    culprits = [
        name
        for name, value in (mistakes or {}).items()
        if equal(seen_array, np.asarray(value), tolerance)
        and not equal(wanted, np.asarray(value), 3 * tolerance)
    ]
    mistake = culprits[0] if len(culprits) == 1 else None
    if not culprits and otherwise is not None:
        mistake = otherwise(seen_array, tolerance)
    if seen_array.shape != wanted.shape:
        raise Mistake(
            seen=f"{what} of shape {seen_array.shape}",
            expected=f"shape {wanted.shape}",
            mistake=mistake,
        )
    shown_seen, shown_wanted = contrast(seen_array, wanted, tolerance)
    raise Mistake(
        seen=f"{what} = {shown_seen}" if "\n" not in shown_seen else f"{what} =\n{shown_seen}",
        expected=shown_wanted,
        mistake=mistake,
    )


@contextmanager
def given(**arrays: np.ndarray) -> Iterator[None]:
    """Where a mistake has no name, the numbers that went in help to work it out by hand."""
    try:
        yield
    except Mistake as found:
        if found.mistake is None:
            found.seen += "".join(f"\nfor {name} =\n{show(a)}" for name, a in arrays.items())
        raise


def numbers(what: str, value: Any) -> np.ndarray:
    """The numbers in a tensor, an array or a number.

    Raises:
        Mistake: there are none.
    """
    if value is None:
        raise Mistake(
            seen=f"{what} is None",
            expected="a result",
            mistake="nothing is returned: a `return` is missing",
        )
    expect_no_function(what, value)
    data = getattr(value, "data", None)
    array = data if isinstance(data, np.ndarray) else np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise Mistake(seen=f"{what} is {brief(value)}", expected="numbers")
    return array


def expect_no_function(what: str, value: Any) -> None:
    """A result, not what would give one.

    Raises:
        Mistake: it is a function that has not been called.
    """
    if isinstance(value, np.ufunc | FunctionType | MethodType):
        raise Mistake(
            seen=f"{what} is {brief(value)}",
            expected="numbers",
            mistake="a function is returned, not what it gives: it has to be called",
        )


def equal(seen: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether two arrays have the same shape and, within the tolerance, the same numbers."""
    if seen.shape != expected.shape:
        return False
    return bool(_close(seen, expected, tolerance).all())


def _close(seen: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    if seen.dtype.kind == "b" or expected.dtype.kind == "b":
        return np.asarray(seen == expected)
    seen, expected = seen.astype(np.float64), expected.astype(np.float64)
    finite = np.abs(expected[np.isfinite(expected)])
    bound = tolerance * (finite.max() if finite.size and finite.max() > 0 else 1.0)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        close = np.abs(seen - expected) <= bound
    return close | (seen == expected) | (np.isnan(seen) & np.isnan(expected))


def contrast(seen: np.ndarray, expected: np.ndarray, tolerance: float) -> tuple[str, str]:
    """Both arrays in full if that shows how they differ, else the first place where they do."""
    if seen.size <= 16 and show(seen) != show(expected):
        return show(seen), show(expected)
    differing = np.argwhere(~_close(seen, expected, tolerance))
    first = tuple(int(i) for i in differing[0])
    shown_seen, shown_expected = told_apart(seen[first], expected[first])
    if not first:
        return shown_seen, shown_expected
    position = "[" + ", ".join(map(str, first)) + "]"
    return (
        f"{shown_seen} at {position} "
        f"({len(differing)} of {seen.size} numbers differ, shape {seen.shape})",
        f"{shown_expected} at {position}",
    )


def told_apart(first: Any, second: Any) -> tuple[str, str]:
    """Two numbers, in as many digits as it takes to see that they differ."""
    texts = show(first), show(second)
    for digits in (8, 17):
        if texts[0] == texts[1]:
            texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
    return texts


def show(value: Any) -> str:
    """A number or a small array as a learner would read it."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:.5g}" if array.dtype.kind == "f" else str(array[()])
    return np.array2string(
        array, precision=4, suppress_small=True, separator=", ", max_line_width=70
    )


def brief(value: Any) -> str:
    """What a value is, in a few words."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def with_article(kind: str) -> str:
    """The name of a type with its article: "an int"."""
    kind = kind.removeprefix("nd")  # NumPy's array
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
