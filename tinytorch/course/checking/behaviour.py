"""What every call and every object of the framework has to keep to, whatever it computes.

A call leaves alone what belongs to the caller, has nothing to do with the call before it, and keeps
the precision of what goes in. An object can be printed, and lists only what can be trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinytorch.course.checking.checks import core
from tinytorch.course.checking.claims import (
    blaming,
    expect_dtype,
    expect_tensor,
    expect_true,
    expect_unchanged,
)
from tinytorch.course.checking.lineup import Mistake, contrast, equal, numbers, show
from tinytorch.course.checking.names import expect_spelled

_tensor = core("tensor")


@contextmanager
def untouched(**owned: Any) -> Iterator[None]:
    """What belongs to the caller, by the name that it has there: afterwards it is as it was.

    Args:
        owned: tensors or arrays.

    Raises:
        Mistake: one has other numbers or another shape.
    """
    before = {name: numbers(name, value).copy() for name, value in owned.items()}
    yield
    for name, value in owned.items():
        after = numbers(name, value)
        if after.shape != before[name].shape:
            raise Mistake(
                seen=f"{name} of shape {after.shape} afterwards",
                expected=f"shape {before[name].shape}, as before",
                mistake=f"it changes the shape of {name}, which belongs to the caller",
            )
        expect_unchanged(name, after, before[name])


def expect_same_dtype(
    what: str,
    call: Callable[..., Any],
    *arrays: np.ndarray,
    kinds: tuple[Any, ...] = (np.float32, np.float64),
    known: bool = True,
) -> None:
    """A result with the precision of its inputs.

    Args:
        what: the call, as a learner would write it.
        call: takes a tensor for each of the arrays.
        arrays: the numbers that go in.
        kinds: the dtypes to try.
        known: whether it is the call that is to blame for another dtype.

    Raises:
        Mistake: it is no tensor, or has another dtype.
    """
    for kind in kinds:
        result = call(*(_tensor.Tensor(array.astype(kind), dtype=kind) for array in arrays))
        expect_tensor(what, result)
        mistake = f"the result is no longer {np.dtype(kind)}" if known else None
        expect_dtype(what, result, kind, mistake)


@contextmanager
def refusing(expected: str, mistake: str) -> Iterator[None]:
    """Code that should work; where it raises a ValueError, TypeError or IndexError, the mistake.

    Raises:
        Mistake: it raised one of these, for an input that is as good as any other.
    """
    try:
        yield
    except (ValueError, TypeError, IndexError) as error:
        raise Mistake(
            seen=f"{type(error).__name__}: {error}", expected=expected, mistake=mistake
        ) from error


def expect_separate_calls(
    what: str,
    call: Callable[..., Any],
    given: tuple[np.ndarray, ...],
    others: tuple[np.ndarray, ...],
    *,
    dtype: Any = np.float32,
    known: bool = True,
) -> None:
    """Calls that have nothing to do with one another: each computes from what it is given.

    Args:
        what: the call, as a learner would write it.
        call: takes a tensor for each array, and gives the same each time for the same numbers.
        given, others: what to call it with, first and then; not what the same comes out for. Where
            both have the same array, both calls get the same tensor.
        dtype: that of the tensors.
        known: whether the call is known to compute what it should. If not, a result that comes back
            may have another cause, and has no name.

    Raises:
        Mistake: a result is kept and comes back, is written into by a later call, or is another
            one each time.
    """
    tensors = {id(x): _tensor.Tensor(x.astype(dtype), dtype=dtype) for x in (*given, *others)}
    mine, theirs = ([tensors[id(x)] for x in arrays] for arrays in (given, others))
    result = call(*mine)
    first = numbers(what, result).copy()
    try:
        second = numbers(what, call(*theirs)).copy()
        kept = numbers(what, result).copy()
        again = numbers(what, call(*mine)).copy()
    except (Mistake, NotImplementedError):
        raise
    except Exception as error:
        raise Mistake(
            seen=f"{type(error).__name__}: {error}",
            expected=f"another result, as from the first {what}",
            mistake="it ends in an error when it is called again",
        ) from error
    if not np.array_equal(kept, first, equal_nan=True):
        now, before = contrast(kept, first, 0.0)
        raise Mistake(
            seen=f"{what} = {now}, looked at again after another call",
            expected=f"{before}, as before that call",
            mistake="a later call writes into the result of an earlier one",
        )
    expect_true(
        not (known and equal(second, first)),
        seen=f"{show(second)} for other inputs, as for those before",
        expected="another result",
        mistake="the result of an earlier call comes back: something is kept",
    )
    if not equal(again, first):
        now, before = contrast(again, first, 0.0)
        raise Mistake(
            seen=f"{what} = {now} the second time",
            expected=f"{before}, as the first time",
            mistake="it gives another result when it is called again" if known else None,
        )
    with np.errstate(all="ignore"):
        mine[0].data[...] *= -2
        expect_true(
            not (known and equal(numbers(what, call(*mine)), first)),
            seen=f"{show(first)} before and after the numbers that go in are multiplied by -2",
            expected="another result",
            mistake="it remembers what went in, and does not notice that the numbers have changed",
        )


def expect_new(what: str, result: Any, **inputs: Any) -> None:
    """A result with memory of its own.

    Raises:
        Mistake: it shares its memory with one of the inputs.
    """
    for name, value in inputs.items():
        expect_true(
            not np.shares_memory(numbers(what, result), numbers(name, value)),
            seen=f"{what} shares its memory with {name}",
            expected="a new array",
            mistake=f"{name} itself comes back, or a view of it, where a new array should",
        )


def expect_same_memory(what: str, result: Any, owner: Any, mistake: str | None = None) -> None:
    """A result that is a view of what it was made from: the same numbers, which can be written to.

    Args:
        what: what has made the result: "reshape".
        result: the tensor or the array.
        owner: what it was made from.
        mistake: what is wrong if the numbers were copied.

    Raises:
        Mistake: it has memory of its own, or cannot be written to.
    """
    array, original = numbers(what, result), numbers(what, owner)
    expect_true(
        np.shares_memory(array, original),
        seen="a copy of the numbers",
        expected="the same memory",
        mistake=mistake or f"{what} copies the numbers",
    )
    expect_true(
        array.flags.writeable or not original.flags.writeable,
        seen="numbers that cannot be written to",
        expected="the same memory, which can be written to",
        mistake=f"{what} locks the numbers: nobody can write to them",
    )


def expect_printable(what: str, value: Any) -> None:
    """Something with a text for people.

    Args:
        what: what it is: "a Linear without a bias".
        value: an object of a learner's class.

    Raises:
        Mistake: printing it ends in an error, or shows nothing.
    """
    cls = type(value)
    with blaming(f"{cls.__name__}.__repr__"):
        expect_spelled(cls, "__repr__")
        try:
            texts = repr(value), str(value)
        except Exception as error:
            nothing = "non-string (type NoneType)" in str(error)
            raise Mistake(
                seen=f"{type(error).__name__}: {error}",
                expected="a text",
                mistake=f"__repr__ of {what} returns nothing: it should return the text, and leave "
                "the printing to others"
                if nothing
                else f"printing {what} ends in an error",
            ) from error
        expect_true(
            all(texts), seen="an empty text", expected="a text", mistake=f"{what} has no text"
        )


def expect_nothing_to_train(what: str, value: Any) -> None:
    """Something without parameters, whether it says so or has no method of that name.

    Raises:
        Mistake: it lists some, or returns no list.
    """
    cls = type(value)
    with blaming(f"{cls.__name__}.parameters", cls.__name__):
        expect_spelled(cls, "parameters")
        listed = value.parameters() if hasattr(value, "parameters") else []
        expect_true(
            listed is not None,
            seen="parameters() gives None",
            expected="an empty list",
            mistake="nothing is returned: a `return` is missing",
        )
        count = len(list(listed))
        expect_true(
            not count,
            seen=f"{count} of them in parameters()",
            expected="none: there is nothing to train",
            mistake=f"{what} lists something to train",
        )
