"""The longer rules of autograd's table: products of any shape, and what puts arrays together.

`np.dot` adds up over the last axis of x and the last axis but one of y, or the only one. The others
take any number of inputs, and have one rule for all of them: `position` says which it is for, and
`shapes` are those of all inputs.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from typing import Any

import numpy as np


def dot_gradient_x(gradient: Any, y: Any, input_shape: tuple[int, ...]) -> np.ndarray:
    if not input_shape or np.ndim(y) == 0:
        return gradient * y
    others = [i for i in range(y.ndim) if i != max(0, y.ndim - 2)]
    last = range(gradient.ndim - len(others), gradient.ndim)
    return np.tensordot(gradient, y, (list(last), others))


def dot_gradient_y(gradient: Any, x: Any, input_shape: tuple[int, ...]) -> np.ndarray:
    if not input_shape or np.ndim(x) == 0:
        return gradient * x
    first = list(range(x.ndim - 1))
    return np.moveaxis(np.tensordot(x, gradient, (first, first)), 0, max(0, len(input_shape) - 2))


def concatenate_gradient(
    gradient: Any, *, position: int, shapes: list[Any], axis: int | None = 0
) -> np.ndarray:
    """The piece of the gradient that stands where the input stood."""
    sizes = [math.prod(shape) if axis is None else shape[axis] for shape in shapes]
    start, axis = sum(sizes[:position]), (axis or 0) % gradient.ndim
    piece = gradient[(slice(None),) * axis + (slice(start, start + sizes[position]),)]
    return np.reshape(piece, shapes[position])


def vstack_gradient(gradient: Any, *, position: int, shapes: list[Any]) -> np.ndarray:
    return _stacked_gradient(gradient, position, shapes, np.atleast_2d, 0)


def hstack_gradient(gradient: Any, *, position: int, shapes: list[Any]) -> np.ndarray:
    return _stacked_gradient(gradient, position, shapes, np.atleast_1d, min(1, gradient.ndim - 1))


def dstack_gradient(gradient: Any, *, position: int, shapes: list[Any]) -> np.ndarray:
    return _stacked_gradient(gradient, position, shapes, np.atleast_3d, 2)


def column_stack_gradient(gradient: Any, *, position: int, shapes: list[Any]) -> np.ndarray:
    return _stacked_gradient(gradient, position, shapes, _as_columns, 1)


def _as_columns(x: Any) -> Any:
    return x.reshape(-1, 1) if x.ndim < 2 else x


def _stacked_gradient(
    gradient: Any, position: int, shapes: list[Any], form: Callable[[Any], Any], axis: int
) -> np.ndarray:
    """That of arrays which are brought into a form before they are put together."""
    formed = [form(np.broadcast_to(0, shape)).shape for shape in shapes]
    piece = concatenate_gradient(gradient, position=position, shapes=formed, axis=axis)
    return np.reshape(piece, shapes[position])


def stack_gradient(gradient: Any, *, position: int, shapes: list[Any], axis: int = 0) -> np.ndarray:
    return gradient[(slice(None),) * (axis % gradient.ndim) + (position,)]


def einsum_gradient(
    gradient: Any,
    *inputs: Any,
    position: int,
    shapes: list[Any],
    subscripts: str,
    optimize: Any = False,
) -> np.ndarray:
    """The same product with the gradient in place of the input, added up over the other indices."""
    indices, result = _indices(subscripts, shapes)
    own = "".join(dict.fromkeys(indices[position]))
    others = [i for i in range(len(inputs)) if i != position]
    terms = [result, *(indices[i] for i in others)]
    factors = [gradient, *(inputs[i] for i in others)]
    found = {
        pair
        for term, factor in zip(terms, factors, strict=True)
        for pair in zip(term, np.shape(factor), strict=True)
    }
    sizes = dict(zip(indices[position], shapes[position], strict=True))
    # An index of size 1 may be longer elsewhere: then it is added up. One that is nowhere as long
    # as here was added up by itself, or repeated: then so is the gradient.
    long = [index for index in own if sizes[index] != 1]
    for index in long:
        if (index, sizes[index]) not in found:
            terms.append(index)
            factors.append(np.ones_like(gradient, shape=sizes[index]))
    equation = f"{','.join(terms)}->{''.join(long)}"
    part = np.einsum(equation, *factors, optimize=bool(optimize))
    part = np.reshape(part, [sizes[index] for index in own])
    if own == indices[position]:
        return part
    # An index that stands twice, as in "ii->": only the diagonal took part.
    whole = np.zeros_like(part, shape=shapes[position])
    grid = np.ix_(*(np.arange(sizes[index], like=part) for index in own))
    whole[tuple(grid[own.index(index)] for index in indices[position])] = part
    return whole


def _indices(subscripts: str, shapes: list[Any]) -> tuple[list[str], str]:
    """The indices of each input of einsum and of its result, with letters for the dots."""
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    free = [letter for letter in string.ascii_letters if letter not in subscripts]
    hidden = [len(s) - len(t.replace("...", "")) for s, t in zip(shapes, terms, strict=True)]
    dots = "".join(free[: max(n if "..." in t else 0 for n, t in zip(hidden, terms, strict=True))])
    if not arrow:
        letters = given.replace(",", "").replace(".", "")
        result = "..." + "".join(sorted(x for x in letters if letters.count(x) == 1))
    terms = [
        term.replace("...", dots[len(dots) - count :])
        for term, count in zip(terms, hidden, strict=True)
    ]
    return terms, result.replace("...", dots)
