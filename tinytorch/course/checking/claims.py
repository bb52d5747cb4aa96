"""Claims that checks make beside those about numbers: types, identity, errors, gradients."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from tinytorch.course.checking.checks import core, load
from tinytorch.course.checking.errors import meaning
from tinytorch.course.checking.lineup import (
    Explanation,
    Mistake,
    brief,
    contrast,
    expect,
    expect_no_function,
    numbers,
    with_article,
)
from tinytorch.course.checking.state import restored

_tensor = core("tensor")


@contextmanager
def blaming(*about: str) -> Iterator[None]:
    """What goes wrong in here is the fault of these definitions, whatever the check is about.

    The most likely comes first. What a claim further in blames already stays blamed.
    """
    try:
        yield
    except Exception as error:
        if not getattr(error, "about", ()):
            error.about = about  # type: ignore[attr-defined]
        raise


def expect_tensor(what: str, value: Any) -> np.ndarray:
    """The numbers of a result, which must be a tensor.

    Raises:
        Mistake: it is something else.
    """
    if isinstance(value, np.ndarray | np.generic):
        kind = "array" if isinstance(value, np.ndarray) else "number"
        raise Mistake(
            seen=f"{what} is a NumPy {type(value).__name__}",
            expected="a Tensor",
            mistake=f"a NumPy {kind} is returned instead of a Tensor",
        )
    expect_no_function(what, value)
    if value is not None and not isinstance(value, _tensor.Tensor):
        kind = type(value).__name__
        raise Mistake(
            seen=f"{what} is {brief(value)}, {with_article(kind)}",
            expected="a Tensor",
            mistake=f"{with_article(kind)} is returned instead of a Tensor"
            if kind != "Tensor"  # of another class of that name
            else None,
        )
    return numbers(what, value)


def expect_shape(
    what: str,
    value: Any,
    shape: tuple[int, ...],
    mistakes: Mapping[tuple[int, ...], str] | None = None,
) -> None:
    """The shape of a tensor or an array.

    Args:
        what: what is looked at, as a learner would write it.
        value: what it is.
        shape: the shape that it should have.
        mistakes: which mistake gives it another one, by that shape.

    Raises:
        Mistake: it is another one.
    """
    seen = numbers(what, value).shape
    if seen != shape:
        raise Mistake(
            seen=f"{what} of shape {seen}",
            expected=f"shape {shape}",
            mistake=(mistakes or {}).get(seen),
        )


def expect_dtype(what: str, value: Any, dtype: Any, mistake: str | None = None) -> None:
    """The dtype of a tensor or an array.

    Raises:
        Mistake: it is another one.
    """
    seen = numbers(what, value).dtype
    if seen != np.dtype(dtype):
        raise Mistake(
            seen=f"{what} has dtype {seen}", expected=f"dtype {np.dtype(dtype)}", mistake=mistake
        )


def expect_true(
    claim: bool,
    *,
    seen: str,
    expected: str,
    mistake: str | None = None,
    about: str | tuple[str, ...] = (),
) -> None:
    """Something that is either so or not.

    Args:
        claim: whether it is.
        seen, expected, mistake, about: see `Mistake`.

    Raises:
        Mistake: it is not.
    """
    if not claim:
        raise Mistake(seen=seen, expected=expected, mistake=mistake, about=about)


def expect_error(what: str, call: Callable[[], Any], mistake: str | None = None) -> None:
    """A call with a bad argument: a ValueError, TypeError or IndexError that says something.

    Args:
        what: the call, as a learner would write it.
        call: makes the call.
        mistake: what is wrong if the argument is accepted.

    Raises:
        Mistake: there was no error, another kind of error, or one without a message.
    """
    expected = "a ValueError, TypeError or IndexError that says what is wrong"
    try:
        result = call()
    except (ValueError, TypeError, IndexError) as error:
        if str(error).strip():
            return
        raise Mistake(
            seen=f"{what} raised {type(error).__name__} without a message",
            expected=expected,
            mistake="the error does not say what is wrong",
        ) from error
    except Mistake:
        raise
    except AssertionError as error:
        raise Mistake(
            seen=f"{what} raised AssertionError",
            expected=expected,
            mistake="an assert stands where an error should be raised",
        ) from error
    except NotImplementedError:
        raise
    except Exception as error:
        if meaning(error):  # then it was raised by accident, and says itself what is wrong
            raise
        raise Mistake(
            seen=f"{what} raised {type(error).__name__}: {error}",
            expected=expected,
            mistake=f"the error is of the wrong kind: {type(error).__name__}",
        ) from error
    if result is None:  # code that gives nothing has accepted nothing
        numbers(what, result)
    raise Mistake(seen=f"{what} gave {brief(result)}", expected=expected, mistake=mistake)


def expect_unchanged(what: str, array: np.ndarray, before: np.ndarray) -> None:
    """An array that belongs to the caller, and that a call must not write to.

    Raises:
        Mistake: it changed.
    """
    if not np.array_equal(array, before, equal_nan=True):
        now, was = contrast(array, before, 0.0)
        raise Mistake(
            seen=f"{what} = {now} afterwards",
            expected=f"{was}, as before",
            mistake=f"it writes into {what}, which belongs to the caller",
        )


def expect_undisturbed(call: Callable[[], Any]) -> None:
    """Code that leaves NumPy's global settings, and the generators that others draw from, alone.

    Raises:
        Mistake: it changes one of them.
    """
    # Where the module changed them when it was first imported, they are not NumPy's own any more.
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
    np.set_printoptions(precision=8, threshold=1000, edgeitems=3, linewidth=75, suppress=False)
    with restored() as disturbances:
        call()
    for found in disturbances:
        raise Mistake(
            seen=f"a call of {found.call}",
            expected="NumPy's settings and the shared generators left as they were",
            mistake=_CONSEQUENCES[found.call],
            place=(found.file, found.line) if found.file and found.line else None,
        )


_RESEEDED = "it starts a shared random generator afresh, so all that draws from it repeats itself"
_CONSEQUENCES = {
    "np.random.seed": _RESEEDED,
    "np.random.set_state": _RESEEDED,
    "tinytorch.manual_seed": _RESEEDED,
    "np.seterr": "it changes how NumPy treats floating-point errors, for the whole program",
    "np.set_printoptions": "it changes how NumPy prints, for the whole program",
}


def import_again(name: str) -> None:
    """Run the file of a module of the framework once more, into a module that is thrown away."""
    spec = load(name).__spec__
    if spec is None or spec.loader is None:  # a notebook's own cells, which ran one by one
        return
    with suppress(Exception):  # it has run before; what it imports of itself is the first one's
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def gradients(
    function: Callable[..., Any], *arrays: np.ndarray, weights: np.ndarray | None = None
) -> list[np.ndarray | None]:
    """The gradients of a function of tensors with respect to each of its inputs.

    Args:
        function: takes as many tensors as there are arrays, and returns one.
        arrays: the values of the inputs; float64 keeps its precision.
        weights: the gradient to start from, of the result's shape; ones if left out. With
            unequal weights no two elements are treated alike.

    Returns:
        The gradient of `(function(...) * weights).sum()` for each input; None where none arrived.

    Raises:
        Mistake: the result is not a tensor, or nothing was recorded for it.
    """
    load("autograd")
    inputs = [
        _tensor.Tensor(array.copy(), requires_grad=True, dtype=array.dtype) for array in arrays
    ]
    if not all(x.requires_grad for x in inputs):
        raise Mistake(
            seen="Tensor(x, requires_grad=True).requires_grad is False",
            expected="True",
            mistake="requires_grad is not kept",
        )
    result = function(*inputs)
    array = expect_tensor("the result", result)
    if not result.requires_grad:
        raise Mistake(
            seen="a result that nothing was recorded for: its requires_grad is False",
            expected="a result that a gradient can flow back from",
            mistake="it computes outside the graph, on .data or with NumPy, so no gradient flows",
        )
    seed = np.ones_like(array) if weights is None else weights.astype(array.dtype)
    try:
        result.backward(seed)
    except ValueError as error:
        if "no derivative in the table" not in str(error):
            raise
        raise Mistake(
            seen=str(error),
            expected="operations that module 05 has a derivative for",
            mistake="it uses an operation without a derivative, so no gradient flows",
        ) from error
    return [None if x.grad is None else numbers("x.grad", x.grad) for x in inputs]


def unreached(name: str) -> str:
    """What is wrong where no gradient reaches an input of that name, though a result has one."""
    return f"no gradient reaches {name}: it is taken outside the graph, as .data or as a copy"


def expect_gradient(
    what: str,
    seen: np.ndarray | None,
    expected: np.ndarray,
    mistakes: Mapping[str, Any] | None = None,
    otherwise: Explanation | None = None,
    *,
    also: Any = None,
    missing: str | None = "no gradient flows back to this input",
    tolerance: float = 1e-4,
) -> None:
    """A gradient that has arrived, and is right.

    Args:
        what, seen, expected, mistakes, otherwise, also, tolerance: see `expect`.
        missing: what is wrong if none has arrived: `unreached("x")`.

    Raises:
        Mistake: none has arrived, or another one.
    """
    if seen is None:
        raise Mistake(seen=f"{what} is None", expected="a gradient", mistake=missing)
    expect(what, seen, expected, mistakes, otherwise, also=also, tolerance=tolerance)
