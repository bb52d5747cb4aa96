"""Wrong numbers that can come out anywhere, known once for all modules.

A check has a line-up of its own, for what can go wrong with its subject alone. Behind it stands the
usual one, which is asked where none of those fits:

    expect("layer(x)", layer(x), x @ w + b, {"the bias is added twice": x @ w + 2 * b},
           usual(lambda x, w, b: x @ w + b, x=x, w=w, b=b))

Each name here says what is true of the numbers, whatever code has made them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np

from tinytorch.course.checking.lineup import Explanation, equal

# What code makes of inputs that it is not written for.
_UNFIT = (ArithmeticError, IndexError, TypeError, ValueError)
# A name for a mistake, and what would then be seen.
_Suspects = Iterator[tuple[str, Any]]


def usual(
    right: Callable[..., Any] | Any, *, subject: str = "the result", **inputs: np.ndarray
) -> Explanation:
    """The usual line-up: what mistakes that can happen anywhere would make of a result.

    It is made up only when it is asked, so it costs nothing where all is right. Of two that look
    alike it gives the first, as a name says no more than what is true of the numbers.

    Args:
        right: what computes the result from the inputs as it should, in NumPy; or the result alone,
            and then nothing is known of what wrong inputs would make of it.
        subject: what the result is called in the names: "the gradient", "x + y".
        inputs: the arrays that went in, under the names that a learner knows them by, in the order
            in which `right` takes them.
    """

    def explain(seen: np.ndarray, tolerance: float) -> str | None:
        with np.errstate(all="ignore"):
            expected = np.asarray(right(*inputs.values()) if callable(right) else right)
            for name, value in _suspects(expected, right, subject, inputs):
                array = np.asarray(value)
                if equal(seen, array, tolerance) and not equal(expected, array, 3 * tolerance):
                    return name
            return _told_from_right(seen, expected, subject, tolerance)

    return explain


def _suspects(expected: np.ndarray, right: Any, subject: str, inputs: dict[str, Any]) -> _Suspects:
    y = expected.astype(np.float64)
    arrays = {name: np.asarray(x) for name, x in inputs.items()}
    alike = {name: x for name, x in arrays.items() if x.shape == y.shape}
    yield from ((f"{name} is returned as it came", x) for name, x in arrays.items())
    yield from _wrong_numbers(y, subject)
    yield from _wrong_places(y, subject, [0, *alike.values()])
    for name, x in alike.items():
        yield f"{name} is added to {subject}", y + x
        yield f"{name} is subtracted from {subject}", y - x
        yield f"{subject} is multiplied by {name}", y * x
    yield from _wrong_counts(y, subject, arrays)
    if callable(right):
        yield from _wrong_inputs(right, arrays)


def _wrong_numbers(y: np.ndarray, subject: str) -> _Suspects:
    yield f"the sign of {subject} is wrong", -y
    yield f"{subject} has lost its sign", np.abs(y)
    yield f"what is negative in {subject} becomes 0", np.maximum(y, 0)
    yield f"{subject} is doubled", 2 * y
    yield f"{subject} is halved", y / 2
    yield f"{subject} is squared", y * y
    yield f"the root of {subject} is taken", np.sqrt(y)
    yield f"it is 1 minus {subject}", 1 - y
    yield f"it is 1 divided by {subject}", 1 / y
    yield f"{subject} is cut to whole numbers", np.trunc(y)
    yield from rounded(y, subject).items()
    yield f"{subject} has the three digits of float16 only", y.astype(np.float16)
    yield f"{subject} is 0 everywhere", np.zeros(y.shape)
    yield f"{subject} is 1 everywhere", np.ones(y.shape)
    yield f"{subject} is nan everywhere", np.full(y.shape, np.nan)


def _wrong_places(y: np.ndarray, subject: str, fillings: list[Any]) -> _Suspects:
    """What is turned, left out, put together or not computed; there may be `fillings` then."""
    yield f"{subject} has a dimension too many", y[None]
    yield f"{subject} has a dimension too many", y[..., None]
    if 1 in y.shape:
        yield f"{subject} loses its dimensions of size 1", y.squeeze()
    if y.ndim > 1:
        yield f"{subject} is transposed", y.T
        yield f"the last two axes of {subject} are swapped", y.swapaxes(-1, -2)
        yield f"{subject} is flattened", y.ravel()
    if y.ndim == 0 or y.size == 0:
        return
    row = "row" if y.ndim > 1 else "number"
    yield f"the {row}s of {subject} are in the reverse order", y[::-1]
    for first, last in ((y[0], y[-1]), (y[:1], y[-1:])):
        yield f"only the first {row} is returned", first
        yield f"only the last {row} is returned", last
    yield f"every {row} is like the first", y[[0] * len(y)]
    for what, axis in ((row, 0), ("column", -1)):
        if axis == 0 or y.ndim > 1:
            size, index = y.shape[axis], np.arange(y.shape[axis])
            if axis == 0:
                index = index.reshape(-1, *[1] * (y.ndim - 1))
            yield f"the last {what} is missing", y.take(range(size - 1), axis)
            yield f"the first {what} is missing", y.take(range(1, size), axis)
            for rest in fillings:
                yield f"only the first {what} is computed", np.where(index == 0, y, rest)
                yield f"the last {what} is not computed", np.where(index < size - 1, y, rest)
                yield f"the first {what} is not computed", np.where(index > 0, y, rest)
    if y.ndim > 1:
        yield "only the first number is returned", y.flat[0]
        yield f"the numbers in each row of {subject} are sorted", np.sort(y)
        yield f"the numbers in each column of {subject} are sorted", np.sort(y, 0)
        yield f"{subject} is summed over the batch", y.sum(0)
        yield f"{subject} is averaged over the batch", y.mean(0)
        yield f"{subject} is summed along the last axis", y.sum(-1)
        yield f"{subject} is averaged along the last axis", y.mean(-1)
        yield "only the largest of each column is left", y.max(0)
        yield "only the largest of each row is left", y.max(-1)
    for word, reduction in _REDUCTIONS.items():
        yield f"one number is returned, the {word} of all results", reduction(y)


_REDUCTIONS: dict[str, Callable[[np.ndarray], Any]] = {
    "largest": np.max,
    "smallest": np.min,
    "sum": np.sum,
    "mean": np.mean,
}


def _wrong_counts(y: np.ndarray, subject: str, inputs: dict[str, np.ndarray]) -> _Suspects:
    """What a sum in the place of a mean, or a mean in that of a sum, comes to."""
    for name, x in inputs.items():
        counts = {"numbers": x.size}
        if x.ndim > 1:
            counts = {"rows": len(x), "columns": x.shape[-1], **counts}
        for word, count in counts.items():
            if count > 1:
                of = f"{count}, the number of {word} in {name}"
                yield f"{subject} is multiplied by {of}", y * count
                yield f"{subject} is divided by {of}", y / count


_CHANGES: dict[str, Callable[[np.ndarray], Any]] = {
    "the sign of {} is wrong": np.negative,
    "the numbers of {} have lost their sign": np.abs,
    "the numbers of {} are all taken for negative ones": lambda x: -np.abs(x),
    "the negative numbers of {} are lost": lambda x: np.maximum(x, 0),
    "{} is transposed": np.transpose,
    "{} is taken for 0": np.zeros_like,
    "{} is taken for 1": np.ones_like,
    "{} is doubled first": lambda x: 2 * x,
    "{} is halved first": lambda x: x / 2,
    "{} is squared first": np.square,
    "1 is added to {} first": lambda x: x + 1,
    "1 is subtracted from {} first": lambda x: x - 1,
    "the largest number of {} is subtracted first": lambda x: x - x.max(),
    "the mean of {} is subtracted first": lambda x: x - x.mean(),
    "the mean of each row of {} is subtracted first": lambda x: x - x.mean(-1, keepdims=True),
    "the numbers of {} are cut to whole ones": np.trunc,
    "the numbers of {} are rounded to whole ones": np.round,
    "the numbers of {} are held between 0 and 1": lambda x: np.clip(x, 0, 1),
    "the numbers of {} have the three digits of float16 only": lambda x: x.astype(np.float16),
    **{
        f"the numbers of {{}} are held between -{c} and {c}": partial(np.clip, a_min=-c, a_max=c)
        for c in range(1, 7)
    },
    **{
        f"one number is made of {{}} first, the {word}": reduction
        for word, reduction in _REDUCTIONS.items()
    },
}


def _wrong_inputs(right: Callable[..., Any], inputs: dict[str, np.ndarray]) -> _Suspects:
    for name, x in inputs.items():
        for words, change in _CHANGES.items() if x.size else ():
            with suppress(*_UNFIT):
                yield words.format(name), right(*(inputs | {name: change(x)}).values())
    for (one, x), (other, y) in permutations(inputs.items(), 2):
        with suppress(*_UNFIT):
            yield f"{one} is taken for {other} as well", right(*(inputs | {other: x}).values())
        with suppress(*_UNFIT):
            swapped = inputs | {one: y, other: x}
            yield f"{one} and {other} change places", right(*swapped.values())
    with suppress(*_UNFIT):
        in_float16 = (x.astype(np.float16) for x in inputs.values())
        yield "it is computed in float16, with three digits", right(*in_float16)
    if len(inputs) == 1:
        with suppress(*_UNFIT):
            yield "it is applied twice", right(right(*inputs.values()))


def _told_from_right(
    seen: np.ndarray, expected: np.ndarray, subject: str, tolerance: float
) -> str | None:
    """How what was seen differs from what is right, where that can be said in a few words."""
    if "b" in (seen.dtype.kind, expected.dtype.kind):
        compared = "only True and False come back, which is what a comparison gives"
        return compared if expected.dtype.kind != "b" else None
    if seen.shape != expected.shape or seen.size < 2 or not np.isfinite(seen).all():
        return None
    if equal(seen, expected, 3 * tolerance):  # too near for a name
        return None
    if np.ptp(seen) == 0:
        return f"{subject} is {seen.flat[0]:.5g} everywhere"
    ratio = float(np.sum(seen * expected) / np.sum(expected * expected))
    if equal(seen, ratio * expected, tolerance):
        return f"{subject} is {ratio:.5g} times as large as it should be"
    difference = float(np.mean(seen - expected))
    if equal(seen, expected + difference, tolerance):
        too = "large" if difference > 0 else "small"
        return f"every number of {subject} is too {too} by {abs(difference):.4g}"
    if equal(seen, np.clip(expected, seen.min(), seen.max()), tolerance):
        return f"{subject} is held between {seen.min():.4g} and {seen.max():.4g}"
    wrong, far = (np.abs(seen - expected) > t * np.abs(expected).max() for t in (tolerance, 1e-3))
    if not np.array_equal(wrong, far):  # some are nearly right, as where digits are lost
        return None
    for what, axis in (("row", 0), ("column", -1))[: seen.ndim]:
        index = np.indices(seen.shape)[axis]
        for words, where in (
            (f"only the first {what} is right", index > 0),
            (f"only the first {what} is wrong", index == 0),
            (f"only the last {what} is wrong", index == index.max()),
        ):
            if np.array_equal(wrong, where):
                return words if seen.ndim > 1 else words.replace(what, "number")
    return None


def rounded(result: np.ndarray, subject: str = "the result") -> dict[str, np.ndarray]:
    """What rounding makes of a result, by the name of the mistake: for a line-up."""
    return {f"{subject} is rounded to whole numbers": result.round()} | {
        f"{subject} is rounded to {n} decimal{'s' * (n > 1)}": result.round(n) for n in range(1, 5)
    }


def averages(values: np.ndarray) -> dict[str, Any]:
    """What there is in the place of a mean of all these, by the name of the mistake."""
    mistakes = {
        "all are added up; they should be averaged": values.sum(),
        "nothing is averaged: there is a number for each": values,
        "the sum is divided by one too few": values.sum() / max(values.size - 1, 1),
        "the largest is returned, not the mean": values.max(),
        "the smallest is returned, not the mean": values.min(),
        "the median is returned, not the mean": np.median(values),
        "only the first counts, not the mean of all": values.flat[0],
        "only the last counts, not the mean of all": values.flat[-1],
    }
    if values.ndim > 1:
        mistakes |= {
            "each row is added up, and the rows are averaged": values.sum() / len(values),
            "each column is added up, and the columns are averaged": (
                values.sum() / values.shape[-1]
            ),
            "the rows are averaged, and the columns stay": values.mean(0),
            "the columns are averaged, and the rows stay": values.mean(-1),
            "the rows are added up, and the columns stay": values.sum(0),
            "the columns are added up, and the rows stay": values.sum(-1),
            "only the first row counts": values[0].mean(),
        }
    return mistakes


def wrong_shapes(shape: tuple[int, ...]) -> dict[tuple[int, ...], str]:
    """The shapes that mistakes give to a result of this one, and which: for `expect_shape`."""
    count = int(np.prod(shape))
    shapes = {shape[::-1]: "the result is transposed", (count,): "the result is flattened"}
    for axis in range(len(shape) + 1):
        shapes[*shape[:axis], 1, *shape[axis:]] = "the result has a dimension too many"
    shapes[shape[:-1]] = "the last dimension is lost"
    shapes[tuple(size for size in shape if size != 1)] = "dimensions of size 1 are lost"
    shapes[shape[1:]] = "the batch dimension is lost"
    shapes[()] = "the result is a single number"
    return {wrong: name for wrong, name in shapes.items() if wrong != shape}
