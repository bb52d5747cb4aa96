"""Sums, means and variances of float32 numbers that rounding does not add up in.

A running total in float32 is rounded at each step, and by more the larger it gets: a million times
0.1 comes to 100,958. NumPy adds up what lies side by side in memory by halves, and is fine there.
Rows of a matrix it adds one after another. Here, no more than 16 numbers are added so, which
cannot be off by more than 15 halves of the last digit; what they come to is added up in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_add_up: Callable[..., Any] = np.add.reduce  # what np.sum calls, by some detours
_FLOAT32 = np.dtype(np.float32)
_RUN = 16  # so many float32 numbers may be added one after another


def accurate_sum(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.sum`, within 1e-6 of the sum in float64 where all numbers have one sign.

    Args:
        x: an array of any dtype and layout. One of another library is added up by that library.
        axis: an axis, or a tuple of axes; all of them if None.
        keepdims: whether a size of 1 stays for each axis that is summed.
    """
    if type(x) is not np.ndarray:
        return np.sum(x, axis=axis, keepdims=keepdims)
    few_rows = x.ndim == 2 and axis in (0, (0,)) and not keepdims and len(x) <= _FEW
    if few_rows and x.dtype == _FLOAT32:
        return _sum_of_few_rows(x)
    total = _total(x, axis, keepdims)
    return total.astype(x.dtype) if total.dtype.kind == "f" and total.dtype != x.dtype else total


def accurate_mean(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.mean`, as accurate as `accurate_sum`."""
    if type(x) is not np.ndarray or x.dtype.kind != "f" or x.size * x.ndim == 0:
        return np.mean(x, axis=axis, keepdims=keepdims)
    total = _total(x, axis, keepdims)
    return (total / (x.size // total.size)).astype(x.dtype)


def accurate_var(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.var`, the mean squared distance from the mean, as accurate as `accurate_sum`."""
    if type(x) is not np.ndarray or x.dtype.kind != "f" or x.size * x.ndim == 0:
        return np.var(x, axis=axis, keepdims=keepdims)
    distance = distance_from_mean(x, axis)
    return accurate_mean(distance * distance, axis, keepdims).astype(x.dtype)


def distance_from_mean(x: np.ndarray, axis: Any = None) -> np.ndarray:
    """`x` less its mean over the axes, in float32 at least."""
    distance = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    for _ in range(2):  # the second time, what rounding has left of the mean
        distance = distance - accurate_mean(distance, axis, keepdims=True)
    return distance


def _total(x: np.ndarray, axis: Any, keepdims: bool) -> Any:
    """The sum, in float64 where float32 would not do."""
    if x.dtype != _FLOAT32 or x.ndim == 0:
        dtype = np.float64 if x.dtype.kind == "f" else None
        return _add_up(x, axis=axis, dtype=dtype, keepdims=keepdims)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    count = math.prod([x.shape[a] for a in axes])
    if count <= _RUN or (count <= _MANY and _side_by_side(x, axes)):
        return _add_up(x, axis=axis, keepdims=keepdims)

    # Cut the longest axis into 16 stretches, lay them over one another, and add them up.
    longest = max(axes, key=lambda a: x.shape[a]) % x.ndim
    before, size, after = x.shape[:longest], x.shape[longest], x.shape[longest + 1 :]
    stretch = size // _RUN
    whole, rest = np.split(x, [_RUN * stretch], axis=longest)
    parts = _add_up(whole.reshape(*before, _RUN, stretch, *after), axis=longest)
    total = _add_up(parts, axis=axis, dtype=np.float64, keepdims=keepdims)
    if rest.size:
        total = total + _add_up(rest, axis=axis, dtype=np.float64, keepdims=keepdims)
    return total


# So many that even what NumPy adds up by halves loses a digit, in its older releases.
_MANY = 2**16


def _side_by_side(x: np.ndarray, axes: Sequence[int]) -> bool:
    """Whether the numbers that are added to one another are neighbours in memory."""
    first = x.ndim - len(axes)
    return x.flags.c_contiguous and all(axis % x.ndim >= first for axis in axes)


# Rows to add one after another in a product with ones: twice as many, as most libraries add
# four at a time.
_ONES = np.ones(32, np.float32)
_FEW = len(_ONES) ** 2


def _sum_of_few_rows(rows: np.ndarray) -> np.ndarray:
    """The rows of a batch added up, quickest by a product with ones, 32 rows at a time."""
    count, width = rows.shape
    run = len(_ONES)
    if count <= run:
        return np.dot(_ONES[:count], rows)
    blocks = count // run
    sums = np.matmul(_ONES, rows[: run * blocks].reshape(blocks, run, width))
    total = np.dot(_ONES[:blocks], sums)
    if run * blocks < count:
        total += np.dot(_ONES[: count - run * blocks], rows[run * blocks :])
    return total
