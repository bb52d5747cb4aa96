"""The checks of module 01: the tensor, and the door that every operation goes through."""

import copy
import functools
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tinytorch.course.checking import (
    Mistake,
    check,
    core,
    expect,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_new,
    expect_same_memory,
    expect_separate_calls,
    expect_tensor,
    expect_true,
    expect_undisturbed,
    gradients,
    import_again,
    numbers,
    untouched,
    usual,
)
from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.errors import meaning

tensor, autograd = core("tensor"), core("autograd")

A = np.array([[1.0, -2.0, 0.5], [4.0, 3.0, -1.5]])
B = np.array([[2.0, 0.5, -4.0], [-1.0, 8.0, 0.25]])
C = np.array([1.0, 2.0, 3.0])
UPSTREAM = np.array([[1.0, -0.5, 2.0], [0.25, 3.0, -1.0]])

Tests = tuple[Callable[[], None], ...]

# What goes wrong where code cannot cope with what it is given; all else is the judge's business.
ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def made(*arguments: Any, **options: Any) -> Any:
    """A tensor."""
    return tensor.Tensor(*arguments, **options)


def wrapped(
    data: Any, requires_grad: bool = False, dtype: Any = np.float32, kind: Any = None
) -> Any:
    """A tensor that `Tensor.__init__`, which has checks of its own, had no hand in if need be."""
    array = np.array(data, dtype)
    kind = kind or tensor.Tensor
    x = kind.__new__(kind)
    x.data, x.requires_grad = array, requires_grad
    if all(hasattr(x, name) for name in ("shape", "ndim", "size", "dtype", "grad")):
        return x
    return kind(array, requires_grad, dtype)  # which sets them when it is made


def answer(what: str, call: Callable[[], Any], fails: str | None) -> Any:
    """What a call gives; an error where there should be an answer is the mistake `fails`."""
    try:
        return call()
    except ERRORS as error:
        told = meaning(error)
        of_tensor = isinstance(getattr(error, "obj", None), tensor.Tensor)
        if fails is None or (told and (of_tensor or isinstance(error, ValueError))):
            fails = told
        raise Mistake(
            seen=f"{what} raised {words_of(error)}",
            expected="an answer",
            mistake=fails,
            place=entrance(error),
        ) from None


def entrance(error: Exception) -> tuple[str, int] | None:
    """Where an error came into the tensor's module: in the method that was called, not the door."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == tensor.Tensor.__module__:
            return frame.f_code.co_filename, line
    return None


def rests_on(
    *earlier: Callable[[], None], needs: Tests = ()
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """For a check of what is built on something else, which has checks of its own.

    Args:
        earlier: where one of these fails, what is seen here may come from there. Then nothing is
            named here, and this check waits for that one.
        needs: where one of these fails, this check waits for it as well, unless it has a name for
            what is wrong.
    """

    def decorate(test: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(test)
        def test_of_its_own() -> None:
            try:
                test()
            except (Mistake, RecursionError, *ERRORS) as found:
                for other in earlier:
                    try:
                        other()
                    except (Mistake, RecursionError, *ERRORS):
                        raise unnamed(found, check_of(other).about[0]) from None
                raise

        names = tuple(check_of(other).name for other in (*earlier, *needs))
        test_of_its_own.check = replace(  # type: ignore[attr-defined]
            check_of(test), needs=names, run=test_of_its_own
        )
        return test_of_its_own

    return decorate


def check_of(test: Callable[[], None]) -> Check:
    """What `check` made of a test."""
    return test.check  # type: ignore[attr-defined, no-any-return]


def unnamed(found: Exception, subject: str) -> Mistake:
    """What was found, where something else is to blame."""
    if isinstance(found, Mistake):
        return Mistake(seen=found.seen, expected=found.expected, place=place_of(subject))
    return Mistake(seen=words_of(found), expected="an answer", place=place_of(subject))


def words_of(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def place_of(name: str) -> tuple[str, int] | None:
    """Where a function of the tensor's module begins."""
    function = functools.reduce(getattr, name.split("."), tensor)
    code = getattr(function, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else None


# ---- Arrays --------------------------------------------------------------------------------------


def arrays_of(*data: Any, dtype: Any = None) -> list[tuple[str, np.ndarray]]:
    """What `as_array` makes of each, which has to be an array, with the words for it."""
    found = []
    for value in data:
        shown = f"array of {value.dtype}" if isinstance(value, np.ndarray) else repr(value)
        what = f"as_array({shown})" if dtype is None else f"as_array({shown}, {np.dtype(dtype)})"
        options = {"dtype": dtype} if dtype else {}
        array = answer(
            what,
            lambda value=value, options=options: tensor.as_array(value, **options),
            f"{kind_of(value)} is refused",
        )
        if not isinstance(array, np.ndarray):
            mistake = f"a {type(array).__name__} comes back, not an array"
            if array is None:
                mistake = "as_array gives nothing back: a `return` is missing"
            elif array is value:
                mistake = f"the {type(array).__name__} comes back as it is, not as an array"
            raise Mistake(
                seen=f"{what} is {'None' if array is None else f'a {type(array).__name__}'}",
                expected="a NumPy array",
                mistake=mistake,
            )
        found.append((what, array))
    return found


def kind_of(value: Any) -> str:
    """What kind of data something is, in words."""
    if isinstance(value, list) and not value:
        return "an empty list"
    kinds = {bool: "a truth value", float: "a single number", int: "a single number"}
    kinds |= {list: "a list", tuple: "a tuple", np.ndarray: "an array"}
    kinds |= {np.float64: "a number of NumPy's"}
    return kinds.get(type(value), "a tensor")


@check("Arrays", about="as_array", hint=2)
def test_numbers_and_lists_become_arrays() -> None:
    """Numbers, lists and arrays become arrays of float32"""
    single = np.array([[0.5, 2.0], [-4.0, 8.0]], np.float32)
    data = (single, 2.75, 3, True, [1, 2, 3], [[1.5, 2], [3, 4]], (1, 2), [[[1]]], A, np.arange(3))
    data += (np.float64(2.5), [C, 2 * C])
    found = arrays_of(*data, [])
    for (what, array), value in zip(found, (*data, []), strict=True):
        expected = np.asarray(value, dtype=np.float32)
        expect(
            what,
            array,
            expected,
            None,
            usual(expected, subject="the array"),
        )
    dtypes = [array.dtype for _, array in found[1:]]
    left = [np.asarray(value).dtype for value in (*data[1:], [])]
    in_arrays = [isinstance(value, np.ndarray) for value in (*data[1:], [])]
    wrong = [dtype != np.float32 for dtype in dtypes]
    mistake = None
    if all(dtype == np.float64 for dtype in dtypes):
        mistake = "float64 is the default; it should be float32"
    elif dtypes == left and not np.shares_memory(found[0][1], single):
        mistake = "the dtypes are compared the wrong way round: it converts what is right already"
    elif dtypes == left:
        mistake = "the dtype is left to NumPy; it should be float32"
    elif wrong == in_arrays:
        mistake = "an array keeps the dtype that it came with; it should become float32"
    elif wrong == [dtype == np.float64 for dtype in left]:
        mistake = "numbers that are float64 already stay so; they should become float32"
    elif wrong == [dtype.kind in "iu" for dtype in left]:
        mistake = "whole numbers stay whole ones; they should become float32"
    elif wrong == [dtype.kind == "b" for dtype in left]:
        mistake = "truth values stay truth values; they should become float32"
    for what, array in found:
        expect_dtype(what, array, np.float32, mistake)


@rests_on(test_numbers_and_lists_become_arrays)
@check("Arrays", about="as_array", hint=2)
def test_the_right_array_is_not_copied() -> None:
    """An array of the right dtype is returned itself, not copied"""
    single, double = np.ones((2, 3), np.float32), np.ones((2, 3))
    for array, options, mistake in (
        (single, {}, "the array is copied, though it has the right dtype already"),
        (
            double,
            {"dtype": float},
            "an array of float64 is copied, though that is the dtype that is asked for",
        ),
        (single.T, {}, "an array is copied because its numbers are not in a row in memory"),
        (single[:, ::2], {}, "an array is copied because its numbers are not in a row in memory"),
        (single[::-1], {}, "an array is copied because its numbers are not in a row in memory"),
    ):
        found = tensor.as_array(array, **options)
        expect_same_memory("as_array", found, array, mistake)


@rests_on(test_numbers_and_lists_become_arrays)
@check("Arrays", about="as_array", hint=2)
def test_another_dtype_is_used_when_asked_for() -> None:
    """Another dtype is used when it is asked for"""
    data = ([1, 0, 1], np.array([1.0, 0.0, 1.0], np.float32), np.array([1, 0, 1]))
    for dtype in (np.float64, np.float32, np.int64, "float64", bool):
        found = arrays_of(*data, dtype=dtype)
        wrong = tuple(array.dtype != np.dtype(dtype) for _, array in found)
        for (what, array), value in zip(found, data, strict=True):
            expect(what, array, np.asarray(value).astype(dtype))
            expect_dtype(
                what,
                array,
                dtype,
                {
                    (True, True, True): "`dtype` is ignored",
                    (False, True, True): "`dtype` is ignored for arrays",
                    (False, True, False): "an array of float32 is returned as it is, "
                    "though another dtype is asked for",
                }.get(wrong),
            )
    ((what, array),) = arrays_of([0.1], dtype=np.float64)
    expect_true(
        array[0] == 0.1,
        seen=f"{what} = [{float(array[0])!r}]",
        expected="[0.1]",
        mistake="numbers lose half of their digits in float32, on their way to float64",
    )


@rests_on(
    test_numbers_and_lists_become_arrays,
    test_the_right_array_is_not_copied,
    test_another_dtype_is_used_when_asked_for,
)
@check("Arrays", about="as_array", hint=1)
def test_a_tensor_is_opened() -> None:
    """A tensor gives its array"""
    single, double = wrapped([1.5, 2.5]), wrapped([1.5, 2.5], dtype=np.float64)
    ((_, array),) = arrays_of(single)
    expect("as_array(tensor)", array, np.array([1.5, 2.5]))
    mistake = "the array in the tensor is copied, though it has the right dtype already"
    expect_same_memory("as_array", array, single, mistake)
    mistake = "a tensor's array is returned in its own dtype, whichever is asked for"
    expect_dtype("as_array(x, float64)", tensor.as_array(single, np.float64), np.float64, mistake)
    expect_dtype("as_array(x) of float64", tensor.as_array(double), np.float32, mistake)


def is_nan(data: Any) -> bool:
    """Whether `as_array` makes nan of it."""
    with suppress(*ERRORS):
        return bool(np.all(np.isnan(tensor.as_array(data)))) and np.size(tensor.as_array(data)) > 0
    return False


@rests_on(test_numbers_and_lists_become_arrays)
@check("Arrays", about="as_array", hint=2)
def test_what_is_no_number_is_an_error() -> None:
    """Words, uneven lists and the like are errors"""
    text = "text is read as a number, where it looks like one"
    none = "None is accepted, as if it were data"
    for data, mistake in (
        (None, "None becomes nan, which is how NumPy reads it" if is_nan(None) else none),
        ("abc", None),
        (["a", "b"], None),
        ("12", text),
        (["1", "2"], text),
        ([[1, 2], [3]], "lists of unequal lengths are accepted"),
        ({"a": 1}, None),
        (object(), None),
        (1j, "a complex number is accepted"),
    ):
        expect_error(
            f"as_array({data!r})" if data is not None else "as_array(None)",
            lambda data=data: tensor.as_array(data),
            mistake or "something that is no array of numbers is accepted",
        )


@rests_on(test_numbers_and_lists_become_arrays, test_another_dtype_is_used_when_asked_for)
@check("Arrays", about="as_array", hint=2)
def test_a_number_that_does_not_fit_is_an_error() -> None:
    """A number that does not fit into the dtype is an error, not infinity"""
    other = "a whole number that is too large becomes another one"
    for data, dtype, becomes in (
        ([1e39], None, "a number that is too large for float32 becomes infinity"),
        ([10**400], None, None),
        ([300], np.uint8, other),
        ([2**40], np.int32, other),
        ([np.nan], np.int64, "nan becomes a whole number"),
    ):
        what = f"as_array({str(data)[:10]}, {dtype and np.dtype(dtype)})"
        with np.errstate(all="ignore"):
            expect_refusal(what, data, dtype, becomes)
    expect("as_array([0, 255], uint8)", tensor.as_array([0, 255], np.uint8), [0, 255])
    expect("as_array([inf, 1, nan])", tensor.as_array([np.inf, 1, np.nan]), [np.inf, 1, np.nan])


def expect_refusal(what: str, data: list[Any], dtype: Any, becomes: str | None) -> None:
    """An error for a number that does not fit; that it becomes another is the mistake `becomes`."""
    array = np.zeros(0)

    def convert() -> np.ndarray:
        nonlocal array
        array = tensor.as_array(data, dtype)
        return array

    try:
        expect_error(what, convert)
    except Mistake as found:
        same = np.array_equal(array, np.asarray(data, dtype=object))
        raise Mistake(
            seen=found.seen,
            expected=found.expected,
            mistake=found.mistake or (None if same or not array.size else becomes),
        ) from None


# ---- The door ------------------------------------------------------------------------------------


@check("The Door", about="apply", hint=2)
def test_the_operation_gets_plain_arrays() -> None:
    """The operation gets an array for each input: plain, not copied, none left out"""
    seen: list[Any] = []

    def spy(*arrays: Any) -> np.ndarray:
        seen[:] = arrays
        return np.zeros(2)

    x, wanted = wrapped([1.0, 2.0]), wrapped([5.0, 6.0], requires_grad=True)
    y = wrapped([7.0, 8.0])
    tensor.apply(spy, x, [3.0, 4.0])
    names = {0: "no input reaches the operation", 1: "inputs that are no tensors are left out"}
    if len(seen) == 1 and not np.shares_memory(np.asarray(seen[0]), x.data):
        names[1] = "tensors are left out, and only other inputs reach the operation"
    expect_true(
        len(seen) == 2,
        seen=f"{len(seen)} array{'s' * (len(seen) != 1)} for 2 inputs",
        expected="an array for each input",
        mistake=names.get(len(seen), "some inputs come twice"),
    )
    expect_true(
        not any(isinstance(value, tensor.Tensor) for value in seen),
        seen="a tensor",
        expected="a NumPy array",
        mistake="the operation gets the tensors themselves, not their arrays",
    )
    expect_true(
        np.asarray(seen[0]).dtype == np.float32,
        seen=f"an array of {np.asarray(seen[0]).dtype}",
        expected="the array of float32 that the tensor holds",
        mistake="the array of a float32 tensor is turned into another dtype for the operation",
    )
    expect_true(
        all(isinstance(value, np.ndarray) for value in seen),
        seen="a list, as it was given",
        expected="a NumPy array",
        mistake="a list reaches the operation as a list; `_operand` makes an array of it",
    )
    own = next((value for value in seen if np.shares_memory(value, x.data)), seen[0])
    expect_same_memory("apply", own, x, "the arrays are copied for the operation")
    answer(
        "apply(op, x, y, z), where x has requires_grad,",
        lambda: tensor.apply(spy, wanted, x, y),
        "a tensor that requires a gradient is refused",
    )
    expect_true(
        len(seen) == 3,
        seen=f"{len(seen)} array{'s' * (len(seen) != 1)} for 3 inputs, "
        "the first of which requires a gradient",
        expected="an array for each input",
        mistake={
            1: "what comes after an input that requires a gradient is left out",
            2: "only the first two inputs are taken",
        }.get(len(seen), "the inputs of the call before are handed on once more"),
    )


@rests_on(test_the_operation_gets_plain_arrays)
@check("The Door", about="apply", hint=1)
def test_the_door_takes_anything() -> None:
    """Tensors, numbers and lists go in, a tensor comes out"""
    turned, first = "the inputs are turned round", "tensors are put before other inputs"
    for name, x, y, value, mistake in (
        ("tensor and tensor", wrapped(A), wrapped(B), A - B, turned),
        ("tensor and number", wrapped(A), 2, A - 2, "numbers are put before tensors"),
        ("tensor and zero", wrapped(A), 0, A, "numbers are put before tensors"),
        ("tensor and float", wrapped(A), 0.5, A - 0.5, "numbers are put before tensors"),
        ("number and tensor", 2.0, wrapped(A), 2 - A, first),
        ("tensor and list", wrapped(A), [1, 2, 3], A - C, "lists are put before tensors"),
        ("list and tensor", [1, 2, 3], wrapped(A), C - A, first),
        ("tensor and array", wrapped(A), B, A - B, "arrays are put before tensors"),
        ("array and tensor", B, wrapped(A), B - A, first),
        ("tensor and NumPy number", wrapped(A), np.float32(2), A - 2, None),
        ("arrays alone", A, B, A - B, "arrays are turned round"),
    ):
        what = f"apply(np.subtract, ...) of {name}"
        seen = tensor.apply(np.subtract, x, y)
        expect(what, expect_tensor(what, seen), value, {mistake: -value} if mistake else None)
    what = "apply(np.subtract, ...) of tensors of shape ()"
    seen = tensor.apply(np.subtract, wrapped(5.0), wrapped(3.0))
    expect(what, expect_tensor(what, seen), 2.0, None, usual(2.0))
    what = "apply(np.subtract, ...) of tensors of shape (1, 3)"
    seen = tensor.apply(np.subtract, wrapped(A[:1]), wrapped(B[:1]))
    expect(what, expect_tensor(what, seen), A[:1] - B[:1], None, usual(A[:1] - B[:1]))
    for count, what in ((1, "one tensor"), (3, "the same tensor three times")):
        result = tensor.apply(lambda *arrays: sum(arrays) * 2.0, *[wrapped(A)] * count)
        what = f"apply(op, ...) of {what}"
        once = {"a tensor that comes twice is taken once": 2 * A}
        expect(what, expect_tensor(what, result), 2 * count * A, once)


@rests_on(test_the_operation_gets_plain_arrays)
@check("The Door", about="apply")
def test_the_door_hands_options_on() -> None:
    """Options are handed on by name"""
    what = "apply(np.sum, x, axis=0, keepdims=True)"
    expect(
        what,
        expect_tensor(what, tensor.apply(np.sum, wrapped(A), axis=0, keepdims=True)),
        A.sum(0, keepdims=True),
        {
            "the options are not handed on": A.sum(),
            "keepdims is not handed on": A.sum(0),
            "axis is not handed on": A.sum(keepdims=True),
        },
    )


@rests_on(test_the_operation_gets_plain_arrays, test_the_door_takes_anything)
@check("The Door", about="apply", hint=2)
def test_float32_stays_float32() -> None:
    """float32 stays float32, whatever it meets; float64 tensors stay float64"""
    single, double = wrapped(A), wrapped(A, dtype=np.float64)
    for name, other in (
        ("a tensor", wrapped(B)),
        ("a whole number", 3),
        ("a float", 0.1),
        ("a NumPy float64", np.float64(0.1)),
        ("a list", [0.1, 0.2, 0.3]),
        ("an array of float64", B),
    ):
        for first, second in ((single, other), (other, single)):
            result = tensor.apply(np.multiply, first, second)
            mistake = f"float64 creeps in: {name} turns float32 into it"
            expect_dtype(f"a float32 tensor times {name}", result, np.float32, mistake)
    for name, other in (
        ("a tensor of float64", wrapped(B, dtype=np.float64)),
        ("a float", 0.1),
        ("a list", [0.1, 0.2, 0.3]),
        ("a tensor of float32", single),
    ):
        for first, second in ((double, other), (other, double)):
            result = tensor.apply(np.multiply, first, second)
            mistake = "a float64 tensor loses half of its digits"
            expect_dtype(f"a float64 tensor times {name}", result, np.float64, mistake)
    for name, other in (("a float", 0.1), ("a list", [0.1])):
        product = float(tensor.apply(np.multiply, wrapped(1.0, dtype=np.float64), other).data.sum())
        expect_true(
            abs(product - 0.1) < 1e-15,
            seen=f"a float64 tensor of 1.0 times {other} = {product!r}",
            expected="0.1",
            mistake=f"{name} loses half of its digits before it meets a float64 tensor",
        )
    for other in (1, [1, 2]):
        whole = tensor.apply(np.add, wrapped([1, 2], dtype=np.int64), other)
        mistake = "whole numbers become real ones at the door"
        expect_dtype(f"a tensor of int64 plus {other}", whole, np.int64, mistake)


@rests_on(test_the_operation_gets_plain_arrays, test_the_door_hands_options_on)
@check("The Door", about="apply")
def test_the_door_explains_errors() -> None:
    """What the operation cannot do is an error that says so"""
    expect_error(
        "apply(np.add, x, y) of shapes (2, 3) and (2, 4)",
        lambda: tensor.apply(np.add, wrapped(A), wrapped(np.ones((2, 4)))),
    )
    expect_error("apply(np.sum, x, axis=5)", lambda: tensor.apply(np.sum, wrapped(A), axis=5))
    expect_error("apply(np.add, x, 'word')", lambda: tensor.apply(np.add, wrapped(A), "word"))
    if recorded():  # or there is no gradient to lose
        expect_error(
            "apply(np.add, x, [y]), where y requires a gradient,",
            lambda: tensor.apply(np.add, wrapped(1.0), [wrapped(2.0, requires_grad=True)]),
            "a tensor in a list loses its gradient without a word",
        )
    expect_error(
        "apply(op, x, None)",
        lambda: tensor.apply(lambda *arrays: arrays[0] * 1.0, wrapped(A), None),
        "None is accepted among the inputs",
    )


@contextmanager
def recording() -> Iterator[list[Any]]:
    """What the door notes down meanwhile: the output and the inputs of each operation."""
    noted: list[Any] = []

    def note(output: Any, op: Any, inputs: tuple[Any, ...], *rest: Any) -> None:
        output.requires_grad = True
        noted.append((output, inputs))

    names = tensor.attach.__globals__
    before = names["_record"], names["_backward"]
    tensor.attach(note, before[1])
    try:
        yield noted
    finally:
        tensor.attach(*before)


@rests_on(test_the_operation_gets_plain_arrays, needs=(test_the_door_takes_anything,))
@check("The Door", about="apply", hint=2)
def test_the_door_notes_down_what_needs_a_gradient() -> None:
    """What needs a gradient is noted down, and nothing else"""
    plain, wanted, mask = wrapped(A), wrapped(B, requires_grad=True), wrapped(A > 0, dtype=bool)
    wanted.grad = plain

    def is_noted(op: Callable[..., Any], *inputs: Any) -> bool:
        with recording() as noted:
            tensor.apply(op, *inputs)
        return bool(noted)

    seen = {
        "neither": is_noted(np.add, plain, plain),
        "x alone": is_noted(np.add, wrapped(B, requires_grad=True), plain),
        "y alone": is_noted(np.add, plain, wanted),
        "both": is_noted(np.add, wanted, wanted),
    }
    expect_true(
        seen == {"neither": False, "x alone": True, "y alone": True, "both": True},
        seen="x + y is noted down where a gradient is needed by "
        + (", by ".join(name for name, found in seen.items() if found) or "no one at all"),
        expected="where it is needed by x alone, by y alone, by both",
        mistake={
            (False, False, False, False): "the door records nothing",
            (True, True, True, True): "the door records everything, asked for or not",
            (False, True, False, True): "only the first input is asked for requires_grad",
            (False, False, True, True): "only the last input is asked for requires_grad",
            (False, False, False, True): "all inputs have to need a gradient; any one will do",
            (False, True, True, False): "two inputs that need a gradient cancel each other out",
            (True, False, False, False): "requires_grad is turned round at the door",
            (True, True, True, False): "requires_grad is turned round at the door",
        }.get(tuple(seen.values())),
    )
    expect_true(
        not plain.requires_grad and bool(wanted.requires_grad),
        seen="requires_grad of the inputs has changed",
        expected="inputs that are as they were",
        mistake="the door writes into the requires_grad of its inputs",
    )
    expect_true(
        wanted.grad is plain,
        seen="the grad of an input has changed",
        expected="inputs that are as they were",
        mistake="the door writes into the grad of its inputs",
    )
    for name, other in (("a number", 2.0), ("a list", [1.0, 2.0, 3.0]), ("an array", A)):
        expect_true(
            not is_noted(np.add, plain, other),
            seen=f"the sum of a tensor and {name} is noted down, and neither needs a gradient",
            expected="no note",
            mistake=f"{name} is taken for something that needs a gradient",
        )
    for data, dtype, name in (
        (2.0, np.float32, "a tensor of a single number"),
        (B, np.float64, "a tensor of float64"),
    ):
        expect_true(
            is_noted(np.add, plain, wrapped(data, requires_grad=True, dtype=dtype)),
            seen=f"the sum of a tensor and {name}, which needs a gradient, is not noted down",
            expected="what needs a gradient noted down, of whatever size and dtype",
            mistake=f"{name} is not asked for requires_grad",
        )
    result = wrapped(A, requires_grad=True)
    result._node = object()
    expect_true(
        is_noted(np.add, result, plain),
        seen="what is computed from the result of an operation is not noted down",
        expected="a note: the result needs a gradient as well",
        mistake="only tensors that were made, not computed, are asked for requires_grad",
    )
    of_three = (
        is_noted(np.where, mask, wanted, plain),
        is_noted(np.where, mask, plain, wanted),
        is_noted(np.where, mask, wanted, 0.0),
    )
    number = "a number after a tensor makes the door forget that the tensor needs a gradient"
    expect_true(
        all(of_three),
        seen="where(mask, x, y) is noted down if "
        + f"x needs a gradient: {of_three[0]}, if y does: {of_three[1]}, "
        + f"if x does and y is a number: {of_three[2]}",
        expected="True in each case",
        mistake={
            (True, True, False): number,
            (True, False, True): "the third input is not asked for requires_grad",
        }.get(of_three),
    )

    class Parameter(tensor.Tensor):
        """A tensor by another name, such as people make for what is to be trained."""

    parameter = wrapped(B, requires_grad=True, kind=Parameter)
    try:
        noted = is_noted(np.add, plain, parameter)
    except ERRORS:
        noted = False
    expect_true(
        noted,
        seen="a tensor of a subclass, class Parameter(Tensor), is not noted down",
        expected="what needs a gradient noted down, for it is a tensor too",
        mistake="a tensor of a subclass is not taken for one; isinstance(value, Tensor) takes it",
    )


# ---- Creation ------------------------------------------------------------------------------------

CREATION = ("Tensor.__init__", "as_array", "Tensor")


def created(data: Any) -> Any:
    """A tensor of the data, with an array in it."""
    try:
        x = made(data)
    except (AttributeError, TypeError) as error:
        text = str(error)
        mistake = meaning(error)
        if "should return None" in text:
            mistake = "__init__ returns something; it is there to set up self"
        elif fixed := re.search(r"property '(\w+)'|can't set attribute '(\w+)'", text):
            name = fixed[1] or fixed[2]
            mistake = f"it sets `{name}`, which the class works out from the array by itself"
        elif "_array" in text:
            mistake = "the array is asked for something before there is one: set self.data first"
            with suppress(*ERRORS):  # which does work for what is an array already
                made(np.zeros(2, np.float32))
                mistake = "data is kept as it came, not as an array"
        raise Mistake(
            seen=f"Tensor(...) raised {words_of(error)}",
            expected="a tensor",
            mistake=mistake,
            place=entrance(error),
        ) from None
    try:
        array = x.data
    except AttributeError as error:
        raise Mistake(
            seen=f"x.data raised AttributeError: {error}",
            expected="the array",
            mistake="self.data is never set",
        ) from error
    expect_true(
        isinstance(array, np.ndarray),
        seen=f"x.data is a {type(array).__name__}",
        expected="a NumPy array",
        mistake="data is kept as it came, not as an array",
    )
    return x


@rests_on(
    test_numbers_and_lists_become_arrays,
    test_another_dtype_is_used_when_asked_for,
    test_a_tensor_is_opened,
)
@check("Tensor Creation", about=CREATION, hint=2)
def test_a_tensor_has_what_it_was_given() -> None:
    """A tensor has the numbers and the shape that it was given"""
    single = np.array([[0.5, 2.0, 4.0], [1.0, 3.0, 5.0]], np.float32)
    rows = [[1.5, -2.0], [0.0, 4.0], [5.0, 6.0]]
    for data in (single, [1, 2, 3], 3.5, [[1.0], [2.0]], rows, A, np.zeros((0, 3))):
        x = created(data)
        array = np.asarray(data, dtype=np.float32)
        expect("x.data", x.data, array, None, usual(array, subject="the tensor"))
        for name, seen, expected in (
            ("shape", x.shape, array.shape),
            ("ndim", x.ndim, array.ndim),
            ("size", x.size, array.size),
        ):
            expect_true(
                seen == expected and isinstance(seen, type(expected)),
                seen=f"x.{name} is {seen}",
                expected=f"{expected}",
                mistake="size is the number of rows, not of elements"
                if name == "size" and array.ndim > 1 and seen == len(array)
                else None,
            )
    expect("Tensor(x).data", made(made(A)).data, A.astype(np.float32))


@rests_on(
    test_numbers_and_lists_become_arrays,
    test_another_dtype_is_used_when_asked_for,
    test_a_tensor_has_what_it_was_given,
)
@check("Tensor Creation", about=CREATION, hint=1)
def test_a_tensor_is_float32() -> None:
    """A tensor is float32 unless another dtype is asked for"""
    data = (1, 2.5, [1, 2], A, np.arange(3), np.array([True]))
    dtypes = [created(value).data.dtype for value in data]
    mistake = None
    if dtypes == [np.asarray(value).dtype for value in data]:
        mistake = "the dtype of a tensor is left to NumPy; it should be float32"
    elif all(dtype == np.float64 for dtype in dtypes):
        mistake = "tensors are float64 by default; they should be float32"
    elif [dtype == np.float32 for dtype in dtypes] == [True] * 3 + [False] * 3:
        mistake = "a tensor keeps the dtype of an array; it should become float32"
    elif [dtype == np.float32 for dtype in dtypes] == [False] + [True] * 5:
        mistake = "a tensor of a single whole number keeps its dtype; it should become float32"
    for value, dtype in zip(data, dtypes, strict=True):
        expect_true(
            dtype == np.float32 and made(value).dtype == np.float32,
            seen=f"Tensor({value!r}) has dtype {dtype}"
            if np.size(value) < 4
            else f"Tensor(array of {value.dtype}) has dtype {dtype}",
            expected="dtype float32",
            mistake=mistake,
        )
    for dtype in (np.float64, np.int64):
        what = f"Tensor([1, 2], dtype={np.dtype(dtype)})"
        refused = "whole numbers are refused even where no gradient is asked for"
        x = answer(
            what,
            lambda dtype=dtype: made([1, 2], dtype=dtype),
            refused if dtype is np.int64 else "float64 is refused even where it is asked for",
        )
        expect_dtype(what, x, dtype, "Tensor ignores `dtype`")
    tenth = made(0.1, dtype=np.float64).data
    expect_true(
        tenth == 0.1,
        seen=f"Tensor(0.1, dtype=float64) holds {float(tenth)!r}",
        expected="0.1",
        mistake="a tensor of float64 has lost half of its digits in float32",
    )


@rests_on(
    test_the_right_array_is_not_copied,
    test_a_tensor_is_opened,
    test_a_tensor_is_float32,
    test_a_tensor_has_what_it_was_given,
)
@check("Tensor Creation", about=CREATION, hint=1)
def test_a_tensor_shares_memory() -> None:
    """A tensor shares its memory with a float32 array"""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    x = made(array)
    copied = "the tensor has a copy of the array, though the dtype is right already"
    expect_true(
        array.flags.writeable,
        seen="an array that cannot be written to any more",
        expected="the array as it was",
        mistake="the tensor locks its array, so nobody can write to it",
    )
    expect_same_memory("Tensor", x, array, copied)
    for name, other in (("numpy()", x.numpy()), ("detach()", x.detach())):
        expect_same_memory(name, other, array)


@rests_on(test_numbers_and_lists_become_arrays, test_a_tensor_has_what_it_was_given)
@check("Tensor Creation", about=CREATION, hint=3)
def test_requires_grad_is_kept() -> None:
    """requires_grad is False unless it is asked for, and grad starts as None"""
    before = made([1.0])
    refused = "real numbers with requires_grad=True are refused"
    second = "requires_grad is not the second argument"
    found = tuple(
        bool(answer(what, call, fails).requires_grad)
        for what, call, fails in (
            ("Tensor([1.0])", lambda: made([1.0]), None),
            ("Tensor(..., requires_grad=True)", lambda: made([1.0], requires_grad=True), refused),
            ("Tensor([1.0], True)", lambda: made([1.0], True), second),
            ("Tensor(..., requires_grad=False)", lambda: made([1.0], requires_grad=False), None),
        )
    )
    shared = "requires_grad is set on the class, so all tensors have the same"
    expect_true(
        found == (False, True, True, False),
        seen=f"requires_grad is {', '.join(map(str, found))}",
        expected="False by default, True and True where it is asked for, False where it is not",
        mistake={
            (False, False, False, False): "requires_grad is not kept",
            (True, True, True, True): "every tensor requires a gradient, asked for or not",
            (True, False, False, True): "requires_grad is turned round",
            (True, True, True, False): "requires_grad is True by default",
            (False, True, False, False): second,
            (False, True, True, True): "requires_grad=True once, and every later tensor has it too",
        }.get(found),
    )
    wanted = made([1.0], requires_grad=True)
    made([1.0])
    expect_true(
        bool(wanted.requires_grad) and not before.requires_grad,
        seen="requires_grad of a tensor changed when another was made",
        expected="each tensor with its own",
        mistake=shared,
    )
    for x, mistake in (
        (made([1.0]), "grad is something before backward() has been called"),
        (wanted, "grad starts as something where requires_grad is on; it starts as None"),
    ):
        expect_true(x.grad is None, seen=f"x.grad is {x.grad}", expected="None", mistake=mistake)
    for name, other in (("Tensor(x)", made(wanted)), ("x.detach()", wanted.detach())):
        expect_true(
            not other.requires_grad,
            seen=f"{name} requires a gradient, as x does",
            expected="a tensor that is cut off from x: requires_grad=False",
            mistake="requires_grad is taken over from the data; only the argument counts",
        )


@rests_on(
    test_another_dtype_is_used_when_asked_for,
    test_a_tensor_is_float32,
    test_a_tensor_has_what_it_was_given,
)
@check("Tensor Creation", about=CREATION, hint=2)
def test_gradients_are_for_real_numbers() -> None:
    """Gradients are for real numbers only"""
    for dtype, kind in ((np.int64, "whole numbers"), (np.uint8, "bytes"), (bool, "booleans")):
        ignored = made([1, 0], dtype=dtype).data.dtype.kind == "f"
        expect_error(
            f"Tensor([1, 0], requires_grad=True, dtype={np.dtype(dtype)})",
            lambda dtype=dtype: made([1, 0], requires_grad=True, dtype=dtype),
            None if ignored else f"requires_grad is accepted for {kind}, which have no gradient",
        )
    for shown, data, dtype, mistake in (
        ("[1.0]", [1.0], None, None),
        ("[1, 2]", [1, 2], None, "the dtype of the data is asked; that of the tensor counts"),
        ("[1.0], dtype=float64", [1.0], np.float64, "requires_grad is refused for float64"),
    ):
        answer(
            f"Tensor({shown}, requires_grad=True)",
            lambda data=data, dtype=dtype: made(data, requires_grad=True, dtype=dtype),
            mistake,
        )


@rests_on(
    test_what_is_no_number_is_an_error,
    test_a_tensor_is_float32,
    test_a_tensor_has_what_it_was_given,
)
@check("Tensor Creation", about=CREATION, hint=1)
def test_a_tensor_refuses_what_is_no_number() -> None:
    """Words and uneven lists are errors"""
    for data in ("abc", None, ["a"], "12", [[1, 2], [3]], {"a": 1}):
        expect_error(
            f"Tensor({data!r})",
            lambda data=data: made(data),
            "a tensor of something that is no array of numbers is made",
        )


@rests_on(
    test_a_number_that_does_not_fit_is_an_error,
    test_a_tensor_is_float32,
    test_a_tensor_has_what_it_was_given,
)
@check("Tensor Creation", about=CREATION, hint=1)
def test_a_tensor_refuses_a_number_that_does_not_fit() -> None:
    """A number that does not fit is an error"""
    with np.errstate(all="ignore"):
        expect_error(
            "Tensor(1e39)", lambda: made(1e39), "a tensor of a number too large for it is made"
        )


@rests_on(test_numbers_and_lists_become_arrays, test_a_tensor_has_what_it_was_given)
@check("Tensor Creation", about="Tensor.item")
def test_item_gives_the_one_number() -> None:
    """item() gives the one number that there is, len() the number of rows"""
    for x in (made(2.5), made([2.5]), made([[2.5]])):
        expect("x.item()", x.item(), 2.5)
        expect_true(
            isinstance(x.item(), float),
            seen=f"x.item() is a {type(x.item()).__name__}",
            expected="a Python float",
            mistake="item() gives a NumPy value, not a Python number",
        )
    for x in (made([1.0, 2.0]), made(np.zeros(0))):
        expect_error(
            f"item() of shape {x.shape}", x.item, "a tensor of several numbers has an item()"
        )
    for array in (A, A[0], A[None]):
        expect("len(x)", len(made(array)), len(array), {"len counts all elements": array.size})


# ---- Arithmetic ----------------------------------------------------------------------------------

FOUNDATIONS = (
    test_numbers_and_lists_become_arrays,
    test_the_operation_gets_plain_arrays,
    test_the_door_takes_anything,
    test_the_door_hands_options_on,
    test_a_tensor_has_what_it_was_given,
    test_a_tensor_is_float32,
)
SHARED = (test_float32_stays_float32, test_a_tensor_shares_memory)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}
WORDS = {
    "+": "it adds",
    "-": "it subtracts",
    "*": "it multiplies",
    "/": "it divides",
    "**": "it takes a power",
}


def expect_operation(sign: str) -> None:
    """An operation between tensors, arrays, lists and numbers, on either side, broadcasting."""
    operation = OPERATIONS[sign]
    large = np.abs(A) + 1 / 3  # so that every power exists, and has digits
    square, other = large[:, :2], B[:, :2]
    row, column = np.array([2.0, -1.0, 0.5]), np.array([[3.0], [-2.0]])
    number = f"x {sign} a number fails: the other need not be a tensor"
    broadcast = f"x {sign} y fails where the shapes differ, though they broadcast"
    some_list = f"x {sign} a list fails: the door takes a list as it is"
    array = f"x {sign} an array fails: the door takes an array as it is"
    single = f"x {sign} a tensor of a single number fails"
    three = f"x {sign} y fails for three dimensions"
    batch, itself = np.stack([large, 2 * large]), made(large)
    with np.errstate(all="ignore"):
        expect_numbers(sign, f"x {sign} y", made(square), made(other), square, other)
        expect_kept(sign, made(square), made(other), made(np.abs(other)))
        for name, x, y, plain_x, plain_y, fails in (
            (f"x {sign} y", made(large), made(B), large, B, None),
            (f"x {sign} 2", made(large), 2, large, 2.0, number),
            (f"x {sign} 0.5", made(large), 0.5, large, 0.5, number),
            (f"2 {sign} x", 2, made(large), 2.0, large, None),
            (f"x {sign} row", made(large), made(row), large, row, broadcast),
            (f"row {sign} x", made(np.abs(row)), made(large), np.abs(row), large, broadcast),
            (f"x {sign} column", made(large), made(column), large, column, broadcast),
            (f"x {sign} list", made(large), [2.0, -1.0, 0.5], large, row, some_list),
            (f"list {sign} x", [2.0, 1.0, 0.5], made(large), np.abs(row), large, None),
            (f"x {sign} array", made(large), B, large, B, array),
            (f"array {sign} x", large, made(B), large, B, None),
            (f"x {sign} a tensor of 2", made(large), made(2.0), large, np.float64(2), single),
            (
                f"a tensor of 7 {sign} a tensor of 2",
                *(made(7.0), made(2.0), np.float64(7), np.float64(2)),
                f"single numbers fail in x {sign} y",
            ),
            (f"column {sign} row", made(np.abs(column)), made(row), np.abs(column), row, broadcast),
            (f"batch {sign} x", made(batch), made(large), batch, large, three),
            (f"x {sign} x", itself, itself, large, large, None),
        ):
            expect_numbers(sign, name, x, y, plain_x, plain_y, fails)
        if sign == "/":
            zero = "division by zero is refused, where NumPy answers with infinity"
            nothing = np.zeros(3)
            expect_numbers(sign, "x / zeros", made(large), made(nothing), large, nothing, zero)
        for whole, name in ((0, f"x {sign} 0"), (1, f"x {sign} 1")):
            expect_numbers(sign, name, made(large), whole, large, np.float64(whole), number)
            x = made(large)
            expect_new(name, operation(x, whole), x=x)
        counted = made([3, 5, 6], dtype=np.int64)
        for shown, y in (("0.5", 0.5), ("list", [0.5, 1.5, 2.5])):
            expect_whole(sign, f"x {sign} {shown} of whole numbers", counted, y)
        if sign == "/":
            expect_whole(sign, "x / 2 of whole numbers", counted, 2)
            whole = made([2, 2, 4], dtype=np.int64)
            expect_whole(sign, "x / y of whole numbers", counted, whole)
        for shape in ((2, 4), (3, 3), (2,)):
            expect_error(
                f"x {sign} y of shapes (2, 3) and {shape}",
                lambda shape=shape: operation(made(large), made(np.ones(shape))),
                f"x {sign} y takes shapes that do not broadcast",
            )


def expect_numbers(
    sign: str,
    name: str,
    x: Any,
    y: Any,
    plain_x: Any,
    plain_y: Any,
    fails: str | None = None,
) -> None:
    """One operation, next to what known mistakes would make of it; `fails` if it is an error."""
    seen = answer_to_two(name, lambda: OPERATIONS[sign](x, y), fails)
    expected = OPERATIONS[sign](plain_x, plain_y)
    left, right = name.split(f" {sign} ") if name != f"x {sign} x" else ("x", "itself")
    mistakes = {
        f"{words}, where {sign} is asked for": OPERATIONS[other](plain_x, plain_y)
        for other, words in WORDS.items()
        if other != sign
    }
    mistakes |= {
        f"the two sides of {name} are in the wrong order": OPERATIONS[sign](plain_y, plain_x),
        f"{name} is a single 0, without the shape of x": np.zeros(()),
        f"{sign} is done twice in {name}": OPERATIONS[sign](expected, plain_y),
        "it divides and throws the remainder away": np.floor_divide(plain_x, plain_y),
        "it gives the remainder of a division": np.remainder(plain_x, plain_y),
    }
    if sign == "/" and not np.any(plain_y):  # judged last
        mistakes = {f"{name} is 0, where NumPy answers with infinity": np.zeros_like(expected)}
    elif sign == "/" and not np.ndim(plain_y):
        zero = f"{name} is 0: the reciprocal of a whole number is a whole number to NumPy"
        mistakes[zero] = np.zeros_like(expected)
    if expected.shape == (2, 2):
        mistakes[f"it is a matrix product, where {sign} is asked for"] = plain_x @ plain_y
    otherwise = usual(OPERATIONS[sign], subject=name, **{left: plain_x, right: plain_y})
    expect(name, expect_tensor(name, seen), expected, mistakes, otherwise)
    doubled = numbers(name, seen).dtype == np.float64
    if doubled and tensor.apply(np.subtract, x, y).data.dtype == np.float64:
        doubled = False  # at the door already
    mistake = "the result is no longer float32" if doubled else None
    expect_dtype(name, seen, np.float32, mistake)


def answer_to_two(what: str, call: Callable[[], Any], fails: str | None) -> Any:
    """What an operation on two operands gives; where it fails, for whichever reason."""
    try:
        return call()
    except ERRORS:
        with watching_the_door() as passed, suppress(*ERRORS):
            call()
    if any(len(inputs) == 1 for _, inputs in passed):
        fails = f"the door gets one operand of {what}, where there are two"
    return answer(what, call, fails)


def expect_whole(sign: str, name: str, x: Any, y: Any) -> None:
    """What a tensor of whole numbers gives."""
    seen = answer_to_two(name, lambda: OPERATIONS[sign](x, y), None)
    plain_x, plain_y = x.data.astype(np.float64), np.asarray(y, dtype=np.float64)
    expected = OPERATIONS[sign](plain_x, plain_y)
    cut = f"y of x {sign} y is cut to whole numbers where x holds whole numbers"
    floor = "a division of whole numbers throws the remainder away"
    mistakes = {
        cut: OPERATIONS[sign](plain_x, np.trunc(plain_y)),
        floor: np.floor(expected) if sign == "/" else np.nan,
    }
    expect(name, expect_tensor(name, seen), expected, mistakes)


def expect_kept(sign: str, x: Any, y: Any, z: Any) -> None:
    """The operands are as they were, and each result is a tensor of its own."""
    operation, what = OPERATIONS[sign], f"x {sign} y"
    with untouched(x=x, y=y):
        result = operation(x, y)
    expect_new(what, result, x=x, y=y)
    expect_separate_calls(what, operation, (x.data, y.data), (x.data, z.data))


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Arithmetic", about="Tensor.__add__", hint=2)
def test_addition() -> None:
    """x + y adds element by element, and broadcasts"""
    expect_operation("+")


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Arithmetic", about="Tensor.__sub__", hint=2)
def test_subtraction() -> None:
    """x - y subtracts element by element, and broadcasts"""
    expect_operation("-")


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Arithmetic", about="Tensor.__mul__", hint=2)
def test_multiplication() -> None:
    """x * y multiplies element by element, and broadcasts"""
    expect_operation("*")


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Arithmetic", about="Tensor.__truediv__", hint=2)
def test_division() -> None:
    """x / y divides element by element, and broadcasts"""
    expect_operation("/")


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Arithmetic", about="Tensor.__pow__")
def test_power() -> None:
    """x ** y takes powers element by element, and broadcasts"""
    expect_operation("**")
    for exponent in (2, 3, 1, 0, -1, 2.0, 0.5):
        positive = np.abs(A)
        expect(
            f"x ** {exponent}",
            made(positive) ** exponent,
            positive**exponent,
            {f"x is multiplied by {exponent}": positive * exponent},
        )
    expect("(-x) ** 2", made(A) ** 2, A**2, {"the sign of negative numbers is kept": A * np.abs(A)})


@rests_on(*FOUNDATIONS)
@check("Arithmetic", about="Tensor.__neg__")
def test_negation() -> None:
    """-x changes every sign"""
    expect(
        "-x",
        expect_tensor("-x", -made(A)),
        -A,
        None,
        usual(np.negative, subject="-x", x=A),
    )


@rests_on(*FOUNDATIONS)
@check("Arithmetic", about=("Tensor.exp", "Tensor.log", "Tensor.sqrt"))
def test_functions() -> None:
    """exp, log and sqrt work element by element"""
    positive = np.abs(A) + 0.5
    functions = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
    for name, function in functions.items():
        what = f"x.{name}()"
        expect(
            what,
            expect_tensor(what, getattr(made(positive), name)()),
            function(positive),
            {
                f"x.{name}() is {other}": f(positive)
                for other, f in functions.items()
                if other != name
            }
            | {f"x.{name}() is a logarithm to base 10": np.log10(positive)}
            | {f"x.{name}() is a logarithm to base 2": np.log2(positive)},
        )


# ---- Matrix product ------------------------------------------------------------------------------

MATMUL = ("Tensor.__matmul__", "Tensor.matmul")


def product(what: str, x: Any, y: Any, fails: str | None = None) -> np.ndarray:
    """The numbers of a matrix product."""
    return expect_tensor(what, answer_to_two(what, lambda: x @ y, fails))


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Matrix Product", about=MATMUL, hint=2)
def test_matrix_product() -> None:
    """x @ y multiplies rows by columns, and adds up"""
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, -6.0], [7.0, 8.0]])
    expect(
        "x @ y",
        product("x @ y", made(x), made(y)),
        x @ y,
        {
            "@ multiplies element by element, as * does": x * y,
            "both are transposed": x.T @ y.T,
            "only the sum of all products is returned": np.sum(x * y),
            "@ adds": x + y,
            "the last of the products is left out of each sum": x[:, :-1] @ y[:-1],
            "every element of x meets every one of y, as in an outer product": np.outer(x, y),
            "x * y is added up along its rows": (x * y).sum(axis=1),
            "x * y is added up along its columns": (x * y).sum(axis=0),
        },
        usual(np.matmul, subject="the product", x=x, y=y),
    )
    what, fails = "x @ y of shapes (2, 3) and (3, 2)", "@ fails for matrices that are not square"
    expect(
        what,
        product(what, made(A / 3), made(B.T), fails),
        A @ B.T / 3,
        None,
        usual(np.matmul, subject="the product", x=A / 3, y=B.T),
    )
    what, square = "x @ y of shapes (2, 3) and (3, 3)", np.arange(9.0).reshape(3, 3)
    expect(
        what,
        product(what, made(A), made(square), "@ fails for a square matrix on the right"),
        A @ square,
        {"a square matrix on the right is transposed": A @ square.T},
    )
    row, column = A[:1], B[:1].T
    what, one = "x @ y of shapes (1, 3) and (3, 1)", row @ column
    expect(
        what, product(what, made(row), made(column)), one, None, usual(one, subject="the product")
    )
    expect("x.matmul(y)", made(A).matmul(made(B.T)), A @ B.T, {"the order is wrong": B.T @ A})
    fails = "x @ an array or a list fails: the other need not be a tensor"
    expect("x @ array", product("x @ array", made(A), B.T, fails), A @ B.T)
    expect("array @ x", A @ made(B.T), A @ B.T, {"the order is wrong": B.T @ A})
    expect("x @ list", product("x @ list", made(A), B.T.tolist(), fails), A @ B.T)
    for name, y in (("y", made(B.T)), ("array", B.T), ("list", B.T.tolist())):
        at_the_door = tensor.apply(np.matmul, made(A), y).data.dtype == np.float64
        mistake = None if at_the_door else "the result is no longer float32"
        expect_dtype(f"x @ {name}", made(A) @ y, np.float32, mistake)
    x, y = made(A), made(B.T)
    with untouched(x=x, y=y):
        product("x @ y", x, y)
    expect_separate_calls("x @ y", lambda x, y: x @ y, (A, B.T), (A, -2 * B.T))


@rests_on(*FOUNDATIONS, test_matrix_product)
@check("Matrix Product", about=MATMUL, hint=2)
def test_matrix_product_of_vectors() -> None:
    """Vectors are rows on the left and columns on the right"""
    x, y = A[0], B[0]
    fails = "@ fails for vectors: one dimension is enough for it"
    one_column = "a vector on the right becomes a matrix of one column, and the product stays one"
    one_row = "a vector on the left becomes a matrix of one row, and the product stays one"
    for what, left, right, mistakes in (
        ("matrix @ vector", A, y, {one_column: (A @ y)[:, None]}),
        ("vector @ matrix", A[:, 0], B, {one_row: (A[:, 0] @ B)[None]}),
        (
            "x @ y of two vectors",
            x,
            y,
            {
                "two vectors are multiplied without adding up": x * y,
                "two vectors make an outer product, where @ adds up": np.outer(x, y),
                "the product of two vectors is an array of shape (1,)": np.array([x @ y]),
            },
        ),
    ):
        expect(what, product(what, made(left), made(right), fails), left @ right, mistakes)


@rests_on(*FOUNDATIONS, test_matrix_product, needs=(test_matrix_product_of_vectors,))
@check("Matrix Product", about=MATMUL, hint=2)
def test_matrix_product_of_batches() -> None:
    """Leading dimensions are batches"""
    x = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
    y = np.arange(40.0).reshape(2, 4, 5) / 16 - 1
    z = np.arange(20.0).reshape(4, 5) / 8 - 1
    fails = "@ fails for batches, of more than two dimensions"
    what = "x @ y of shapes (2, 3, 4) and (2, 4, 5)"
    expect(
        what,
        product(what, made(x), made(y), fails),
        x @ y,
        {
            "every matrix meets every other, as in np.dot": np.dot(x, y),
            "the batch is added up": np.tensordot(x, y, ((0, 2), (0, 1))),
            "only the first matrix of a batch is multiplied": x[0] @ y[0],
            "x is made one long matrix, which meets every matrix of y": x.reshape(-1, 4) @ y,
        },
    )
    what = "x @ y of shapes (2, 3, 4) and (4, 5)"
    joined = {"the batch comes out as one long matrix": (x @ z).reshape(-1, 5)}
    expect(what, product(what, made(x), made(z), fails), x @ z, joined)
    what = "x @ y of shapes (3, 4) and (2, 4, 5)"
    expect(what, product(what, made(x[0]), made(y), fails), x[0] @ y)
    what, fails = "x @ y of shapes (2, 3, 4) and (4,)", "@ fails for a batch and a vector"
    expect(what, product(what, made(x), made(z[:, 0]), fails), x @ z[:, 0])
    what, fails = "x @ y of shapes (4,) and (2, 4, 5)", "@ fails for a vector and a batch"
    row = {"a vector that meets a batch becomes a matrix of one row, and stays one": x[0, :1] @ y}
    expect(what, product(what, made(x[0, 0]), made(y), fails), x[0, 0] @ y, row)
    what, fails = "x @ y of shapes (1, 3, 4) and (2, 4, 5)", "@ fails for a batch of one"
    expect(what, product(what, made(x[:1]), made(y), fails), x[:1] @ y)
    what, fails = "x @ y of shapes (2, 1, 3, 4) and (2, 4, 5)", "@ fails for four dimensions"
    expect(what, product(what, made(x[:, None]), made(y), fails), x[:, None] @ y)
    what = "x @ y of shapes (0, 4) and (4, 5)"
    empty = "an empty batch fails"
    expect(what, product(what, made(np.ones((0, 4))), made(z), empty), np.ones((0, 5)))


@rests_on(*FOUNDATIONS, test_matrix_product)
@check("Matrix Product", about=MATMUL, hint=2)
def test_matrices_that_do_not_fit() -> None:
    """Sizes that do not fit are an error that says so"""
    single = "a single number is multiplied, though it is no matrix"
    with suppress(*ERRORS):
        scaled = made(A) @ 2
        raise Mistake(
            seen=f"x @ 2 gave {' '.join(repr(scaled).split())}",
            expected="an error",
            mistake=single,
        )
    for first, second, mistake in (
        ((2, 3), (2, 3), "a matrix that does not fit is turned until it does"),
        ((3,), (2,), None),
        ((2, 3), (), single),
        ((), (2, 3), single),
        ((2, 2, 3), (3, 3, 2), None),
        ((2, 3), (2,), None),
    ):
        expect_error(
            f"x @ y of shapes {first} and {second}",
            lambda first=first, second=second: made(np.ones(first)) @ made(np.ones(second)),
            mistake or "sizes that do not fit are multiplied",
        )


# ---- Reductions ----------------------------------------------------------------------------------


def expect_reduction(name: str, function: Callable[..., Any]) -> None:
    """A reduction of everything, along axes, and with what is reduced kept as 1."""
    x = np.arange(24.0).reshape(2, 3, 4) ** 1.5 - 30
    with np.errstate(all="ignore"):
        for options, fails in (
            ({}, None),
            ({"axis": 1}, f"{name} fails along an axis"),
            ({"axis": 0}, f"{name} fails along axis 0"),
            ({"axis": -2}, f"{name} takes no axis that is counted from the end"),
            ({"axis": -1}, f"{name} takes no axis that is counted from the end"),
            ({"axis": (0, 2)}, f"{name} takes no tuple of axes"),
            ({"axis": (1, 2)}, f"{name} takes no tuple of axes"),
            ({"axis": (0, -1)}, f"{name} takes no tuple with an axis counted from the end"),
            ({"keepdims": True}, f"{name} fails with keepdims=True"),
            ({"axis": 1, "keepdims": True}, f"{name} fails along an axis with keepdims=True"),
            ({"axis": (1, 2), "keepdims": True}, f"{name} takes no tuple with keepdims=True"),
        ):
            shown = ", ".join(f"{key}={value}" for key, value in options.items())
            what = f"x.{name}({shown})"
            expected = function(x, **options)
            mistakes = reduction_mistakes(name, function, x, **options)
            seen = reduced(what, lambda options=options: getattr(made(x), name)(**options), fails)
            otherwise = usual(partial(function, **options), subject=name, x=x)
            expect(what, expect_tensor(what, seen), expected, mistakes, otherwise)
    expect(f"x.{name}(1)", getattr(made(x), name)(1), function(x, axis=1))
    expect(f"x.{name}(1, True)", getattr(made(x), name)(1, True), function(x, 1, keepdims=True))
    y = made(x)
    with untouched(x=y):
        seen = getattr(y, name)()
    expect_dtype(f"x.{name}()", seen, np.float32, "the result is no longer float32")
    along = getattr(y, name)(axis=1)
    earlier = {f"{name} of an earlier call is given again": function(x)}
    expect(f"x.{name}(axis=1)", along, function(x, axis=1), earlier)
    expect_separate_calls(f"x.{name}()", lambda x: getattr(x, name)(), (x,), (x + 1,))
    for array, shown in ((x[0, 0], "a vector"), (np.array(7.0), "a single number")):
        what = f"x.{name}() of {shown}"
        seen = answer(
            what, lambda array=array: getattr(made(array), name)(), f"{name} fails for {shown}"
        )
        expect(what, seen, function(array))
    thin = x[:1, :, :1]
    what = f"x.{name}(axis=1) of shape (1, 3, 1)"
    dropped = {f"{name} drops axes of size 1 that it was not asked for": function(thin)}
    expect(what, getattr(made(thin), name)(axis=1), function(thin, axis=1), dropped)
    deep = x.reshape(2, 3, 2, 2)
    what, fails = f"x.{name}(axis=(1, 3)) of four dimensions", f"{name} fails for four dimensions"
    seen = answer(what, lambda: getattr(made(deep), name)(axis=(1, 3)), fails)
    expect(what, seen, function(deep, axis=(1, 3)))
    counted = np.array([[3, 4, 4], [8, 0, 1]])
    for array, shown in ((counted, "whole numbers"), (counted > 3, "truth values")):
        what = f"x.{name}(axis=1) of {shown}"
        floor = f"{name} of {shown} throws the remainder away"
        at_all = f"{name} of {shown} says whether there is one, not how many"
        y = made(array, dtype=array.dtype)
        seen = answer(what, lambda y=y: getattr(y, name)(axis=1), f"{name} fails for {shown}")
        expected = function(array, axis=1).astype(float)
        cut = {floor: np.floor(expected)}
        if array.dtype == bool:
            cut |= {at_all: array.any(axis=1).astype(float)}
        expect(what, expect_tensor(what, seen).astype(float), expected, cut)
    holes = np.array([1.0, np.nan, 3.0])
    for axis in (2, -3):
        expect_error(
            f"x.{name}(axis={axis}) of shape (2, 3)",
            lambda axis=axis: getattr(made(A), name)(axis=axis),
            f"{name} accepts an axis that is not there",
        )
    skipped = {f"{name} skips nan, as if it were not there": function([1.0, 3.0])}
    expect(f"x.{name}() with a nan in x", getattr(made(holes), name)(), np.nan, skipped)


def reduced(what: str, call: Callable[[], Any], fails: str | None) -> Any:
    """What a reduction gives; where it fails, for whichever reason."""
    try:
        return call()
    except ERRORS as error:
        if "axis=(0, 2)" in what and isinstance(error, IndexError):
            fails = "the axes of a tuple are reduced in turn, and move while that goes on"
        with watching_the_door() as passed, suppress(*ERRORS):
            call()
    if any(value is None or isinstance(value, bool) for _, values in passed for value in values):
        fails = "axis and keepdims go through the door as inputs; they are options, by name"
    return answer(what, call, fails)


def reduction_mistakes(
    name: str, function: Callable[..., Any], x: np.ndarray, axis: Any = None, keepdims: bool = False
) -> dict[str, Any]:
    """What known mistakes make of a reduction."""
    expected = function(x, axis=axis, keepdims=keepdims)
    others = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}
    mistakes = {
        f"{name} is the {other}": operation(x, axis=axis, keepdims=keepdims)
        for other, operation in others.items()
        if other != name
    }
    mistakes |= {
        f"{name} is the median": np.median(x, axis=axis, keepdims=keepdims),
        f"{name} is the product": np.prod(x, axis=axis, keepdims=keepdims),
        f"{name} keeps the axes of size 1 that it should drop": function(
            x, axis=axis, keepdims=True
        ),
    }
    if axis == 1 and not keepdims:
        mistakes[f"axis and keepdims of {name} are mixed up"] = function(x, keepdims=True)
    if not keepdims and not isinstance(axis, tuple):
        mistakes[f"{name} gives all the sums on the way"] = np.cumsum(x, axis)
    if axis == 0:
        # Judged after axis=1, so the axis is not ignored altogether.
        mistakes[f"axis=0 is taken for no axis by {name}: 0 is false in an `if`"] = function(
            x, keepdims=keepdims
        )
    elif axis is not None and not keepdims:
        mistakes[f"{name} ignores axis"] = function(x)
    if keepdims:
        mistakes[f"{name} ignores keepdims"] = function(x, axis=axis)
    if keepdims and axis is not None:
        mistakes[f"{name} ignores axis where keepdims is on"] = function(x, keepdims=True)
    if isinstance(axis, int):
        every_other = tuple(i for i in range(3) if i != axis % 3)
        mistakes[f"{name} reduces all axes but the one that is asked for"] = function(
            x, axis=every_other, keepdims=keepdims
        )
        # Those from the front are judged first.
        along = {
            f"{name} goes along the axis after the one that is asked for": (axis + 1) % 3,
        }
        if axis < 0:
            along = {
                f"{name} ignores the sign of its axis: -1 is the last one": -axis,
                f"{name} counts one too far from the end: -1 is the last one": (axis - 1) % 3,
            }
        for mistake, other_axis in along.items():
            mistakes[mistake] = function(x, axis=other_axis, keepdims=keepdims)
    elif axis == (0, -1):  # judged after those from the front
        mistakes[f"{name} ignores the sign of an axis in a tuple"] = function(x, axis=(0, 1))
    elif isinstance(axis, tuple):
        mistakes[f"{name} takes the first axis of a tuple alone"] = function(
            x, axis=axis[0], keepdims=keepdims
        )
        mistakes[f"{name} takes the last axis of a tuple alone"] = function(
            x, axis=axis[-1], keepdims=keepdims
        )
    elif axis is None:
        mistakes[f"{name} reduces axis 0 alone, where all should be"] = function(x, axis=0)
        mistakes[f"{name} reduces the last axis alone, where all should be"] = function(x, axis=-1)
    if name == "mean":
        total, count = np.sum(x, axis=axis, keepdims=keepdims), x.size / expected.size
        mistakes["mean divides by the number of all elements, not of those it adds up"] = (
            total / x.size if count < x.size else np.nan
        )
        if isinstance(axis, int) and axis < 0:  # judged after those from the front
            mistakes["mean divides by the size of another axis where the axis is negative"] = (
                total / x.shape[-axis % 3]
            )
        else:
            mistakes["mean divides by the number of rows"] = total / len(x)
            mistakes["mean divides by the size of the last axis"] = total / x.shape[-1]
            mistakes["mean divides by the number of dimensions"] = total / x.ndim
        mistakes["mean throws the remainder of the division away"] = np.floor(expected)
        mistakes["mean divides by one too few"] = total / max(count - 1, 1)
    return mistakes


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Reductions", about="Tensor.sum", hint=2)
def test_sum() -> None:
    """sum adds up everything, or along axes; keepdims leaves a 1 behind"""
    expect_reduction("sum", np.sum)
    expect("the sum of nothing", made(np.zeros((0, 3))).sum(), 0.0)


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Reductions", about="Tensor.mean", hint=2)
def test_mean() -> None:
    """mean divides the sum by how many there were"""
    expect_reduction("mean", np.mean)


@rests_on(*FOUNDATIONS, needs=SHARED)
@check("Reductions", about="Tensor.max")
def test_max() -> None:
    """max finds the largest"""
    expect_reduction("max", np.max)


@rests_on(*FOUNDATIONS, test_mean)
@check("Reductions", about=("Tensor.min", "Tensor.var", "Tensor.argmax"))
def test_other_reductions() -> None:
    """min, var and argmax are those of NumPy"""
    for axis in (None, 0, 1):
        for name, function, mistakes in (
            ("min", np.min, {"min is the max": np.max}),
            (
                "var",
                np.var,
                {
                    "var is the standard deviation": np.std,
                    "var divides by one too few": lambda x, axis: np.var(x, axis=axis, ddof=1),
                },
            ),
            ("argmax", np.argmax, {"argmax gives the place of the smallest number": np.argmin}),
        ):
            what = f"x.{name}(axis={axis})"
            names = {words: mistake(A, axis=axis) for words, mistake in mistakes.items()}
            seen = expect_tensor(what, getattr(made(A), name)(axis=axis))
            expect(what, seen, function(A, axis=axis), names)
    for name, function in (("min", np.min), ("var", np.var)):
        what = f"x.{name}(axis=1, keepdims=True)"
        seen = getattr(made(A), name)(axis=1, keepdims=True)
        expect(what, seen, function(A, axis=1, keepdims=True))


# ---- Shapes --------------------------------------------------------------------------------------


@rests_on(*FOUNDATIONS)
@check("Shapes", about="Tensor.reshape", hint=2)
def test_reshape() -> None:
    """reshape keeps the numbers in their order; sizes come one by one or together"""
    x = np.arange(12.0).reshape(2, 6)
    one_by_one, minus = "reshape takes no sizes one by one", "reshape refuses -1"
    for sizes, fails in (
        ((4, 3), one_by_one),
        (((4, 3),), "reshape takes no sizes in a tuple"),
        (([4, 3],), "reshape takes no sizes in a list"),
        ((4, -1), minus),
        ((-1, 3), minus),
        (((-1, 3),), minus),
        ((np.int64(4), np.int32(3)), "reshape refuses NumPy's whole numbers"),
    ):
        shown = f"x.reshape({', '.join(str(size) for size in sizes)})"
        seen = answer(shown, lambda sizes=sizes: made(x).reshape(*sizes), fails)
        expect(
            shown,
            expect_tensor(shown, seen),
            x.reshape(4, 3),
            {
                "reshape turns the matrix first, as a transpose does": x.T.reshape(4, 3),
                "the numbers run down the columns, not along the rows": x.reshape(4, 3, order="F"),
                "reshape takes the sizes in the wrong order": x.reshape(3, 4),
            },
            usual(x.reshape(4, 3), x=x),
        )
    for before, sizes, fails in (
        ((2, 3), (6,), "reshape fails for a single size"),
        ((2, 3), (-1,), minus),
        ((2, 3), (1, 6), "reshape fails for a size of 1"),
        ((2, 3), (2, 1, 3), "reshape cannot make three dimensions of two"),
        ((1, 1), ((),), "reshape cannot make a single number, of shape ()"),
        ((0, 3), (0, 5), "reshape refuses a size of 0"),
        ((2, 3, 2), (-1, 2), "reshape fails for three dimensions"),
        ((2, 6), (1, 2, 3, 2), "reshape cannot make four dimensions of two"),
        ((), (1, 1), "reshape fails for a single number, of shape ()"),
    ):
        array = np.arange(float(np.prod(before))).reshape(before)
        shown = f"x.reshape({', '.join(str(size) for size in sizes)}) of shape {before}"
        seen = answer(shown, lambda array=array, sizes=sizes: made(array).reshape(*sizes), fails)
        reshaped = array.reshape(*sizes)
        expect(shown, expect_tensor(shown, seen), reshaped, None, usual(reshaped, x=array))
    what, turned = "x.T.reshape(6)", made(A.astype(np.float32).T)
    expect(
        what,
        expect_tensor(
            what, answer(what, lambda: turned.reshape(6), "reshape fails for a view, as x.T")
        ),
        A.T.reshape(6),
        {"the numbers of x.T are read as they are in memory, not row by row": A.reshape(6)},
    )


@rests_on(*FOUNDATIONS, test_reshape)
@check("Shapes", about="Tensor.reshape", hint=2)
def test_sizes_that_do_not_fit() -> None:
    """Sizes that do not fit, or are no sizes, are errors"""
    unfit = "sizes that do not fit are accepted, so numbers are lost or repeated"
    for sizes, mistake in (
        ((4,), unfit),
        ((2, 2), unfit),
        ((3, 3), unfit),
        ((-1, 4), unfit),
        ((-2, 3), "a negative size other than -1 is accepted"),
        ((3, -2), "only the first size is checked for being negative"),
        ((-6, -1), "a negative size other than -1 is accepted"),
        ((-1, -1), "-1 is accepted twice, so nobody can say what it stands for"),
        ((1.5, 4), "a size that is no whole number is accepted"),
        ((2.0, 3), "a size that is a float is accepted"),
        (("2", 3), "a size that is text is accepted"),
        (((6,), 1), "sizes after a tuple of sizes are ignored"),
    ):
        expect_error(
            f"x.reshape({', '.join(map(repr, sizes))}) of 6 numbers",
            lambda sizes=sizes: made(A).reshape(*sizes),
            mistake,
        )


def expect_nothing_moved(operation: str, x: Any, y: Any) -> None:
    """`y` is the numbers of `x`, of shape (2, 3), in the same memory; `x` is as it was."""
    expect_true(
        x.shape == (2, 3) and y is not x,
        seen=f"x itself has shape {x.shape} afterwards",
        expected="x as it was, (2, 3)",
        mistake=f"{operation} changes x itself, instead of making a new tensor",
    )
    expect_same_memory(operation, y, x)


@rests_on(*FOUNDATIONS, test_reshape)
@check("Shapes", about="Tensor.reshape", hint=3)
def test_reshape_moves_nothing() -> None:
    """reshape copies no number, and leaves x as it is"""
    x = made(A)
    y = x.reshape(3, 2)
    expect_nothing_moved("reshape", x, y)
    expect_true(
        x.reshape(2, 3) is not x,
        seen="x itself, where x has that shape already",
        expected="a new tensor on the same memory",
        mistake="reshape returns x itself where the shape stays the same",
    )
    sizes = [-1, 2]
    x.reshape(sizes)
    expect_true(
        sizes == [-1, 2],
        seen=f"sizes = {sizes} after x.reshape(sizes)",
        expected="[-1, 2], as before",
        mistake="reshape writes into the list of sizes, which belongs to the caller",
    )


@rests_on(*FOUNDATIONS)
@check("Shapes", about="Tensor.transpose", hint=2)
def test_transpose() -> None:
    """transpose changes the order of the axes: reversed, two swapped, or as given"""
    none = "transpose without axes fails, where it should reverse them all"
    expect(
        "x.T",
        expect_tensor("x.T", answer("x.T", lambda: made(A).T, none)),
        A.T,
        {
            "transpose keeps the numbers in their order, as a reshape does": A.reshape(3, 2),
        },
        usual(A.T, x=A),
    )
    x = np.arange(24.0).reshape(2, 3, 4)
    two = "transpose of two axes fails, where it should swap them"
    counted = "transpose takes no axis that is counted from the end"
    backwards = all(is_backwards(x, order) for order in ((2, 0, 1), (1, 2, 0)))
    for axes, order, fails in (
        ((2, 0, 1), (2, 0, 1), "transpose takes no whole order"),
        ((1, 2, 0), (1, 2, 0), "transpose takes no whole order"),
        ((1, 2), (0, 2, 1), two),
        ((2, 1), (0, 2, 1), two),
        ((0, 1), (1, 0, 2), two),
        ((0, 2), (2, 1, 0), two),
        ((-1, 1), (0, 2, 1), counted),
        ((-1, -2), (0, 2, 1), counted),
        (((2, 0, 1),), (2, 0, 1), "transpose takes no order in a tuple"),
        (([2, 0, 1],), (2, 0, 1), "transpose takes no order in a list"),
        ((), (2, 1, 0), none),
    ):
        shown = f"x.transpose({', '.join(map(str, axes))})"
        seen = transposed(shown, lambda axes=axes: made(x).transpose(*axes), fails)
        expect(
            shown,
            expect_tensor(shown, seen),
            x.transpose(order),
            {"the order of the axes is read from its end": x.transpose(order[::-1])}
            if backwards
            else transposition_mistakes(x, axes, order),
        )
    deep, four = np.arange(120.0).reshape(2, 3, 4, 5), "transpose fails for four dimensions"
    for axes, order in (((3, 1, 0, 2), (3, 1, 0, 2)), ((1, 3), (0, 3, 2, 1)), ((), (3, 2, 1, 0))):
        what = f"x.transpose({', '.join(map(str, axes))}) of four dimensions"
        seen = transposed(what, lambda axes=axes: made(deep).transpose(*axes), four)
        expect(what, expect_tensor(what, seen), deep.transpose(order))
    for shown, seen, mistake in (
        (
            "x.transpose(0, 1) of a matrix",
            answer("x.transpose(0, 1) of a matrix", lambda: made(A).transpose(0, 1), two),
            "for a matrix, two axes are taken for the whole order; they are to be swapped",
        ),
        ("x.transpose(1, 0) of a matrix", made(A).transpose(1, 0), "a matrix is not transposed"),
        (
            "x.transpose((0, 1)) of a matrix",
            made(A.T).transpose((0, 1)),
            "two axes in a tuple are swapped; in a tuple they are the whole order",
        ),
        (
            "x.transpose((1, 0)) of a matrix",
            made(A).transpose((1, 0)),
            "an order of two axes in a tuple is ignored",
        ),
    ):
        expect(shown, seen, A.T, {mistake: A})
    vector = "x.T of a vector fails"
    expect(
        "x.T of a vector",
        answer("x.T of a vector", lambda: made(A[0]).T, vector),
        A[0],
        {"a vector is turned into a column; it has one axis, and stays as it is": A[0][:, None]},
    )
    single = "x.T of a single number fails"
    expect("x.T of a single number", answer("x.T", lambda: made(7.0).T, single), 7.0)


def is_backwards(x: np.ndarray, order: tuple[int, ...]) -> bool:
    """Whether the axes of x are put into an order from its end to its beginning."""
    with suppress(*ERRORS):
        return np.array_equal(made(x).transpose(*order).data, x.transpose(order[::-1]))
    return False


def transposed(what: str, call: Callable[[], Any], fails: str) -> Any:
    """What a transposition gives; where it fails, for whichever reason."""
    try:
        return answer(what, call, fails)
    except Mistake as found:
        if "repeated axis" not in found.seen or "-" in what:
            raise
        twice = "an axis comes twice: the first assignment writes over what the second needs"
        raise Mistake(
            seen=found.seen, expected=found.expected, mistake=twice, place=found.place
        ) from None


def transposition_mistakes(
    x: np.ndarray, axes: tuple[Any, ...], order: tuple[int, ...]
) -> dict[str, Any]:
    """What known mistakes make of a transposition of three axes."""
    if not axes:  # judged last, when any axes that are given are followed
        return {
            "without axes, transpose swaps the last two; it should reverse all": x.swapaxes(1, 2),
            "without axes, transpose swaps the first two; it should reverse all": x.swapaxes(0, 1),
            "without axes, transpose moves nothing; it should reverse all": x,
            "without axes, transpose puts the last one first; it should reverse all": np.moveaxis(
                x, -1, 0
            ),
            "without axes, transpose puts the first one last; it should reverse all": np.moveaxis(
                x, 0, -1
            ),
        }
    mistakes = {
        "the order of the axes is undone instead of followed": x.transpose(np.argsort(order)),
        "transpose swaps the last two axes, whichever are asked for": x.swapaxes(-1, -2),
        "transpose swaps the first two axes, whichever are asked for": x.swapaxes(0, 1),
        "transpose keeps the numbers in their order, as a reshape does": x.reshape(
            x.transpose(order).shape
        ),
    }
    # A whole order is judged first, then two axes, and then those that are 0 or negative.
    if len(axes) == 3:
        mistakes["transpose ignores its axes, and reverses them all"] = x.T
    elif -1 in axes:
        mistakes["transpose ignores an axis that is counted from the end"] = x.T
    elif 0 in axes:
        mistakes["transpose takes axis 0 for no axis: 0 is false in an `if`"] = x.T
    elif len(axes) == 2:
        mistakes["transpose reverses all axes where two are to be swapped"] = x.T
    if axes != (2, 1):  # judged after (1, 2)
        mistakes["transpose moves nothing where axes are given"] = x
    if len(axes) == 2:
        moved = "transpose moves one axis, and the others move up; two are to be swapped"
        mistakes[moved] = np.moveaxis(x, axes[0], axes[1])
    return mistakes


@rests_on(*FOUNDATIONS, test_transpose)
@check("Shapes", about="Tensor.transpose", hint=3)
def test_transpose_moves_nothing() -> None:
    """transpose copies no number, and leaves x as it is"""
    x = made(A)
    y = x.T
    expect_nothing_moved("transpose", x, y)
    vector = made(C)
    expect_true(
        vector.T is not vector,
        seen="x itself, where x is a vector",
        expected="a new tensor on the same memory",
        mistake="transpose returns x itself where no axis moves",
    )
    order = [1, 0]
    x.transpose(order)
    expect_true(
        order == [1, 0],
        seen=f"order = {order} after x.transpose(order)",
        expected="[1, 0], as before",
        mistake="transpose writes into the list of axes, which belongs to the caller",
    )


@rests_on(*FOUNDATIONS, test_transpose)
@check("Shapes", about="Tensor.transpose", hint=2)
def test_axes_that_are_not_there() -> None:
    """Axes that are not there are errors"""
    x = np.zeros((2, 3, 4))
    missing = "axes that are not there are accepted"
    for axes, mistake in (
        ((0, 3), missing),
        ((3, 0), missing),
        ((0, -4), missing),
        ((0, 1, 3), missing),
        ((0, 1, 1), "an axis that comes twice is accepted"),
        (((2, 0, 1), 0, 1), "axes after a whole order are ignored"),
        (((0, 2),), "an order that leaves out an axis is accepted"),
    ):
        expect_error(
            f"x.transpose({', '.join(map(repr, axes))}) of shape (2, 3, 4)",
            lambda axes=axes: made(x).transpose(*axes),
            mistake,
        )


# ---- Gradients -----------------------------------------------------------------------------------


def recorded() -> bool:
    """Whether autograd hangs on this tensor's own door, or on that of the tensor it stands for."""
    return tensor.attach.__globals__["_record"] is autograd.record


@contextmanager
def watching_the_door() -> Iterator[list[tuple[Any, tuple[Any, ...]]]]:
    """The operation and the inputs of each call of `apply` meanwhile, by whatever name."""
    door = tensor.apply
    code = getattr(door, "__code__", None) or type(door).__call__.__code__
    passed: list[tuple[Any, tuple[Any, ...]]] = []

    def profile(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is code:
            passed.append((frame.f_locals.get("op"), frame.f_locals.get("inputs", ())))

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield passed
    finally:
        sys.setprofile(before)


NO_GRADIENT = "no gradient reaches input {} of {}: give the door the tensor itself"


def expect_recorded(
    what: str,
    function: Callable[..., Any],
    inputs: tuple[np.ndarray, ...],
    expected: tuple[np.ndarray, ...],
    weights: np.ndarray,
) -> None:
    """An operation that a gradient flows back through, to each of its inputs.

    An operation of the learner's own has to be recorded. Its derivative is for module 05 to know.
    """
    tensors = [made(array) for array in inputs]
    with watching_the_door() as passed:
        function(*tensors)
    outside = f"{what} does not go through the door, so no gradient can flow back"
    if not recorded():
        expect_true(
            bool(passed), seen=f"{what} without apply", expected="apply(op, ...)", mistake=outside
        )
        expect_given(what, tensors, passed)
        return
    try:
        found = gradients(function, *inputs, weights=weights)
    except Mistake as mistake:
        if mistake.mistake and "outside the graph" in mistake.mistake:
            if any(isinstance(value, tensor.Tensor) for _, values in passed for value in values):
                outside = (
                    f"{what} is not what the door gave, but made from it, and that is not recorded"
                )
            elif passed:
                outside = (
                    f"{what} gives the door arrays; give it the tensors, so that it can record them"
                )
            raise Mistake(
                seen=f"nothing was recorded for {what}",
                expected="a result that a gradient can flow back from",
                mistake=outside,
            ) from None
        if mistake.mistake and "without a derivative" in mistake.mistake:
            if any(is_own(op) for op, _ in passed):
                expect_given(what, tensors, passed)
                return
            raise Mistake(
                seen=mistake.seen,
                expected=mistake.expected,
                mistake=f"{what} is an operation without a derivative, so no gradient flows",
            ) from None
        raise
    except TypeError as error:
        option = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        raise Mistake(
            seen=words_of(error),
            expected="a gradient",
            mistake=f"{what} hands on the option `{option[1]}`, which its derivative does not take"
            if option
            else meaning(error),
        ) from None
    for number, (seen, wanted) in enumerate(zip(found, expected, strict=True)):
        expect_gradient(
            f"the gradient of {what} for input {number + 1}",
            seen,
            wanted,
            missing=NO_GRADIENT.format(number + 1, what),
        )


def expect_noted(what: str, function: Callable[[Any], Any], data: Any = A) -> None:
    """A way of calling an operation that is noted down at the door as any other is."""
    x = made(data, requires_grad=True)
    with watching_the_door() as passed, recording() as noted:
        result = function(x)
    mistake = f"{what} is not what the door gave, but made from it, and that is not recorded"
    if not passed:
        mistake = f"{what} does not go through the door, so no gradient can flow back"
    elif not noted:
        mistake = f"{what} gives the door arrays; give it the tensors, so that it can record them"
    expect_true(
        any(output is result for output, _ in noted),
        seen=f"nothing was recorded for {what}",
        expected="a result that a gradient can flow back from",
        mistake=mistake,
    )
    expect_given(what, [x], [(None, inputs) for _, inputs in noted])


def expect_given(what: str, tensors: list[Any], passed: list[tuple[Any, tuple[Any, ...]]]) -> None:
    """Tensors that were among the inputs at the door, themselves."""
    given = [value for _, values in passed for value in values]
    for number, x in enumerate(tensors, 1):
        expect_true(
            any(value is x for value in given),
            seen=f"{what} without input {number} at the door",
            expected="the tensor itself among the inputs of apply",
            mistake=NO_GRADIENT.format(number, what),
        )


def is_own(op: Any) -> bool:
    """Whether an operation is one that somebody wrote, or np.dot, to which @ comes down.

    Any other function of NumPy's is the wrong one where the table of derivatives lacks it.
    """
    return op is np.dot or not str(getattr(op, "__module__", None)).startswith("numpy")


RECORDING = (
    test_requires_grad_is_kept,
    test_gradients_are_for_real_numbers,
    test_the_door_notes_down_what_needs_a_gradient,
)


def gradients_of(sign: str, by_first: np.ndarray, by_second: np.ndarray) -> None:
    """Gradients flow through an operation to both of its inputs."""
    operation, g = OPERATIONS[sign], UPSTREAM
    expect_recorded(f"x {sign} y", operation, (A, B), (by_first, by_second), g)
    others = {"2": 2, "0.5": 0.5, "array": B, "list": B.tolist(), "row": made(C)}
    for name, other in others.items():
        expect_noted(f"x {sign} {name}", lambda x, other=other: operation(x, other))


@rests_on(*FOUNDATIONS, *RECORDING, test_addition)
@check("Gradient Flow", about="Tensor.__add__", hint=2)
def test_gradients_of_sums() -> None:
    """Gradients flow through +"""
    gradients_of("+", UPSTREAM, UPSTREAM)


@rests_on(*FOUNDATIONS, *RECORDING, test_subtraction)
@check("Gradient Flow", about="Tensor.__sub__", hint=2)
def test_gradients_of_differences() -> None:
    """Gradients flow through -"""
    gradients_of("-", UPSTREAM, -UPSTREAM)
    expect_recorded("2 - x", lambda x: 2 - x, (A,), (-UPSTREAM,), UPSTREAM)


@rests_on(*FOUNDATIONS, *RECORDING, test_multiplication)
@check("Gradient Flow", about="Tensor.__mul__", hint=2)
def test_gradients_of_products() -> None:
    """Gradients flow through *"""
    gradients_of("*", UPSTREAM * B, UPSTREAM * A)


@rests_on(*FOUNDATIONS, *RECORDING, test_division)
@check("Gradient Flow", about="Tensor.__truediv__", hint=2)
def test_gradients_of_quotients() -> None:
    """Gradients flow through /"""
    g = UPSTREAM
    gradients_of("/", g / B, -g * A / B**2)
    expect_recorded("1 / x", lambda x: 1 / x, (A,), (-g / A**2,), g)


@rests_on(*FOUNDATIONS, *RECORDING, test_power, test_negation)
@check("Gradient Flow", about=("Tensor.__pow__", "Tensor.__neg__"))
def test_gradients_of_powers() -> None:
    """Gradients flow through **, and through -x"""
    g = UPSTREAM
    expect_recorded("x ** 2", lambda x: x**2, (A,), (2 * g * A,), g)
    expect_recorded("x ** 3", lambda x: x**3, (A,), (3 * g * A**2,), g)
    expect_recorded("-x", lambda x: -x, (A,), (-g,), g)


@rests_on(
    *FOUNDATIONS,
    *RECORDING,
    test_matrix_product,
    needs=(test_matrix_product_of_vectors, test_matrix_product_of_batches),
)
@check("Gradient Flow", about="Tensor.__matmul__", hint=2)
def test_gradients_of_matrix_products() -> None:
    """Gradients flow through @"""
    g = UPSTREAM[:, :2]
    expect_recorded("x @ y", lambda x, y: x @ y, (A, B.T), (g @ B, (A.T @ g)), g)
    expect_recorded("x.matmul(y)", lambda x, y: x.matmul(y), (A, B.T), (g @ B, (A.T @ g)), g)
    batch = np.stack([A, B])
    for what, data, other in (
        ("x @ array", A, B.T),
        ("x @ list", A, B.T.tolist()),
        ("matrix @ vector", A, made(C)),
        ("vector @ matrix", C, made(B.T)),
        ("x @ y of two vectors", C, made(A[0])),
        ("batch @ matrix", batch, made(B.T)),
        ("batch @ batch", batch, made(batch.swapaxes(1, 2))),
    ):
        expect_noted(what, lambda x, other=other: x @ other, data)


def gradients_of_reduction(name: str, divisors: tuple[int, int]) -> None:
    """Gradients flow through a sum or a mean, along an axis and of everything."""
    g, ones = np.array([1.0, -2.0]), np.ones((2, 3))
    down = g[:, None] * ones / divisors[0]
    along = {"axis": 1}
    what = f"x.{name}(axis=1)"
    expect_recorded(what, lambda x: getattr(x, name)(**along), (A,), (down,), g)
    everything = 2 * ones / divisors[1]
    what = f"x.{name}()"
    expect_recorded(what, lambda x: getattr(x, name)(), (A,), (everything,), np.array(2.0))
    for options in (
        {"axis": 0},
        {"axis": -1},
        {"axis": (0, 1)},
        {"keepdims": True},
        {"axis": 1, "keepdims": True},
    ):
        what = f"x.{name}({', '.join(f'{key}={value}' for key, value in options.items())})"
        expect_noted(what, lambda x, options=options: getattr(x, name)(**options))


@rests_on(*FOUNDATIONS, *RECORDING, test_sum)
@check("Gradient Flow", about="Tensor.sum", hint=1)
def test_gradients_of_sum() -> None:
    """Gradients flow through sum"""
    gradients_of_reduction("sum", (1, 1))


@rests_on(*FOUNDATIONS, *RECORDING, test_mean)
@check("Gradient Flow", about="Tensor.mean", hint=1)
def test_gradients_of_mean() -> None:
    """Gradients flow through mean"""
    gradients_of_reduction("mean", (3, 6))


@rests_on(*FOUNDATIONS, *RECORDING, test_max)
@check("Gradient Flow", about="Tensor.max")
def test_gradients_of_max() -> None:
    """Gradients flow through max"""
    g = np.array([1.0, -2.0])
    largest = (A.max(1, keepdims=True) == A) * g[:, None]
    expect_recorded("x.max(axis=1)", lambda x: x.max(axis=1), (A,), (largest,), g)


@rests_on(*FOUNDATIONS, *RECORDING, test_reshape, test_reshape_moves_nothing)
@check("Gradient Flow", about="Tensor.reshape", hint=3)
def test_gradients_of_reshape() -> None:
    """Gradients flow through reshape"""
    g = UPSTREAM
    expect_recorded("x.reshape(3, 2)", lambda x: x.reshape(3, 2), (A,), (g,), g.reshape(3, 2))
    for sizes in (((3, 2),), ([3, 2],), (-1,), (3, -1), (2, 3)):
        shown = ", ".join(map(repr, sizes))
        expect_noted(f"x.reshape({shown})", lambda x, sizes=sizes: x.reshape(*sizes))


@rests_on(*FOUNDATIONS, *RECORDING, test_transpose, test_transpose_moves_nothing)
@check("Gradient Flow", about="Tensor.transpose", hint=3)
def test_gradients_of_transpose() -> None:
    """Gradients flow through transpose"""
    g = UPSTREAM
    expect_recorded("x.transpose()", lambda x: x.transpose(), (A,), (g,), g.T)
    expect_recorded("x.transpose(0, 1)", lambda x: x.transpose(0, 1), (A,), (g,), g.T)
    expect_recorded("x.T", lambda x: x.T, (A,), (g,), g.T)
    cube = np.arange(24.0).reshape(2, 3, 4)
    for axes in ((), (2, 0, 1), ((2, 0, 1),), ([2, 0, 1],), (0, 2), (-1, 1)):
        shown = ", ".join(map(repr, axes))
        what = f"x.transpose({shown}) of three dimensions"
        expect_noted(what, lambda x, axes=axes: x.transpose(*axes), cube)


@rests_on(*FOUNDATIONS, *RECORDING)
@check("Gradient Flow", about="Tensor.__getitem__")
def test_gradients_of_indexing() -> None:
    """Gradients flow through indexing"""
    g = UPSTREAM
    first = np.concatenate([g[:1], np.zeros((1, 3))])
    expect_recorded("x[0]", lambda x: x[0], (A,), (first,), g[0])


@rests_on(*FOUNDATIONS, *RECORDING, test_functions)
@check("Gradient Flow", about=("Tensor.exp", "Tensor.log", "Tensor.sqrt"))
def test_gradients_of_functions() -> None:
    """Gradients flow through exp, log and sqrt"""
    x, g = np.abs(A) + 0.5, UPSTREAM
    expect_recorded("x.exp()", lambda x: x.exp(), (x,), (g * np.exp(x),), g)
    expect_recorded("x.log()", lambda x: x.log(), (x,), (g / x,), g)
    expect_recorded("x.sqrt()", lambda x: x.sqrt(), (x,), (g / (2 * np.sqrt(x)),), g)


# ---- Comparisons and indexing --------------------------------------------------------------------


@rests_on(*FOUNDATIONS)
@check("Comparisons and Indexing", about=("Tensor.__eq__", "Tensor.__lt__"))
def test_comparisons() -> None:
    """Comparisons answer element by element"""
    y = A.copy()
    y[0] += np.array([1.0, 0.0, -1.0])
    signs: dict[str, Callable[[Any, Any], Any]] = {
        "==": lambda x, y: x == y,
        "!=": lambda x, y: x != y,
        "<": lambda x, y: x < y,
        "<=": lambda x, y: x <= y,
        ">": lambda x, y: x > y,
        ">=": lambda x, y: x >= y,
    }
    for sign, compare in signs.items():
        others = {f"{sign} answers as {o} should": f(A, y) for o, f in signs.items() if o != sign}
        what = f"x {sign} y"
        seen = compare(made(A), made(y))
        expect_true(
            not isinstance(seen, bool),
            seen=f"{what} is {seen}",
            expected="an answer for each element",
            mistake="there is one answer for the whole tensor, not one for each element",
        )
        expect(what, np.asarray(expect_tensor(what, seen), dtype=bool), compare(A, y), others)
        expect_dtype(what, seen, bool, f"{what} is not of truth values")
        number = compare(made(A), 0.5)
        expect(f"x {sign} 0.5", np.asarray(numbers(what, number), dtype=bool), compare(A, 0.5))


@rests_on(*FOUNDATIONS)
@check("Comparisons and Indexing", about="Tensor.__getitem__")
def test_indexing() -> None:
    """Indexing picks what NumPy picks"""
    x = np.arange(24.0).reshape(2, 3, 4)
    for shown, index in (
        ("0", 0),
        ("-1", -1),
        ("1, 2", (1, 2)),
        ("1, 2, 3", (1, 2, 3)),
        (":, 1", (slice(None), 1)),
        ("..., 0", (..., 0)),
        (":, ::2, 1:3", (slice(None), slice(None, None, 2), slice(1, 3))),
        ("None", None),
        ("[1, 0]", [1, 0]),
        ("x > 5", x > 5),
    ):
        what = f"x[{shown}]"
        expect(what, expect_tensor(what, made(x)[index]), x[index])
    y = made(x)
    expect_same_memory("indexing", y[0], y)
    expect_error("x[2] of 2 rows", lambda: made(x)[2], "an index that is not there is accepted")


# ---- At home in Python and NumPy -----------------------------------------------------------------


@rests_on(*FOUNDATIONS)
@check("At Home in NumPy", about="Tensor.__array__")
def test_numpy_takes_tensors() -> None:
    """NumPy takes a tensor where it takes an array"""
    x = made(A)
    expect_true(
        type(np.asarray(x)) is np.ndarray and np.asarray(x).dtype == np.float32,
        seen=f"np.asarray(x) has dtype {np.asarray(x).dtype}",
        expected="a float32 array",
        mistake="NumPy sees an object, not numbers: __array__ is missing"
        if np.asarray(x).dtype == object
        else None,
    )
    expect("np.asarray(x)", np.asarray(x), A)
    expect("np.asarray(x, dtype=float64)", np.asarray(x, dtype=np.float64), A)


@rests_on(*FOUNDATIONS, *RECORDING, test_gradients_of_reshape)
@check("At Home in NumPy", about=("Tensor.__array_ufunc__", "Tensor.__array_function__"))
def test_numpys_functions_go_through_the_door() -> None:
    """NumPy's functions give tensors, and go through the door where a gradient can flow"""
    mask = A > 0
    for shown, function in (
        ("np.exp(x)", np.exp),
        ("np.multiply(array, x)", lambda x: np.multiply(B, x)),
        ("np.sum(x)", np.sum),
        ("np.sum(x, 0)", lambda x: np.sum(x, 0)),
        ("np.mean(x, axis=1, keepdims=True)", lambda x: np.mean(x, axis=1, keepdims=True)),
        ("np.max(x)", np.max),
        ("np.min(x, axis=0)", lambda x: np.min(x, axis=0)),
        ("np.argmax(x, axis=1)", lambda x: np.argmax(x, axis=1)),
        ("np.reshape(x, (3, 2))", lambda x: np.reshape(x, (3, 2))),
        ("np.transpose(x)", np.transpose),
        ("np.transpose(x, (1, 0))", lambda x: np.transpose(x, (1, 0))),
        ("np.where(mask, x, 0.0)", lambda x: np.where(mask, x, 0.0)),
    ):
        x = made(A)
        with watching_the_door() as passed:
            seen = function(x)
        expect(shown, expect_tensor(shown, seen), function(A))
        expect_true(
            any(value is x for _, inputs in passed for value in inputs),
            seen=f"{shown} without the tensor at the door",
            expected="apply(op, ...)",
            mistake=f"{shown} does not go through the door, so no gradient can flow back",
        )
    g = UPSTREAM
    expect_recorded("np.reshape(x, 6)", lambda x: np.reshape(x, 6), (A,), (g,), g.ravel())
    for shown, function in (
        ("np.add.reduce(x)", np.add.reduce),
        ("np.percentile(x, 50)", lambda x: np.percentile(x, 50)),
        ("np.sum(x, axis=0, initial=1.0)", lambda x: np.sum(x, axis=0, initial=1.0)),
    ):
        expect(shown, expect_tensor(shown, function(made(A))), function(A))
        for wanted in (True, False) if recorded() else ():
            expect_true(
                bool(function(made(A, requires_grad=wanted)).requires_grad) is wanted,
                seen=f"{shown} with requires_grad={not wanted}, where x has {wanted}",
                expected=f"{wanted}, so that backward() can say that it knows no derivative",
                mistake="a gradient is lost in NumPy's other functions without a word"
                if wanted
                else None,
            )
    expect_true(
        isinstance(np.divmod(made(A), 2), tuple),
        seen=f"np.divmod(x, 2) is a {type(np.divmod(made(A), 2)).__name__}",
        expected="a tuple of two",
    )


@rests_on(*FOUNDATIONS, test_a_tensor_is_opened)
@check("At Home in NumPy", about="Tensor")
def test_as_tensor_makes_real_numbers() -> None:
    """as_tensor leaves tensors of real numbers alone, and makes them of all else"""
    x = made(A)
    expect_true(
        tensor.as_tensor(x) is x,
        seen="another tensor than the one given",
        expected="x itself",
        mistake="as_tensor makes a tensor of what is one already",
    )
    for data in (made([1, 2], dtype=np.int64), made([True, False], dtype=bool), [1, 2], 3):
        mistake = "as_tensor leaves whole numbers as they are"
        expect_dtype("as_tensor(...)", tensor.as_tensor(data), np.float32, mistake)


@rests_on(*FOUNDATIONS)
@check("At Home in NumPy", about="Tensor.__repr__")
def test_tensors_can_be_printed() -> None:
    """Tensors can be printed, and large ones briefly"""
    for x in (made(2.0), made([]), made(A), made(np.zeros((0, 3))), made(np.ones((3, 2, 4, 5)))):
        for text in (repr(x), str(x)):
            expect_true(bool(text), seen="an empty text", expected="a text")
    expect_true(
        len(repr(made(np.zeros((300, 300))))) < 5000,
        seen=f"{len(repr(made(np.zeros((300, 300)))))} letters for 90,000 numbers",
        expected="a summary",
        mistake="every number of a large tensor is printed",
    )


@rests_on(*FOUNDATIONS, test_requires_grad_is_kept)
@check("At Home in NumPy", about="Tensor")
def test_tensors_can_be_copied() -> None:
    """Tensors can be copied"""
    x = made(A, requires_grad=True)
    other = copy.deepcopy(x)
    expect("copy.deepcopy(x)", expect_tensor("copy.deepcopy(x)", other), A)
    expect_true(
        not np.shares_memory(other.data, x.data),
        seen="a copy that shares its memory with x",
        expected="a tensor with numbers of its own",
        mistake="copy.deepcopy makes a tensor on the same memory",
    )
    expect_true(
        bool(other.requires_grad),
        seen="a copy without requires_grad of an x that has it",
        expected="requires_grad=True, as in x",
        mistake="a copy of a tensor forgets requires_grad",
    )


@rests_on(
    *FOUNDATIONS,
    *RECORDING,
    test_addition,
    test_subtraction,
    test_multiplication,
    test_division,
    test_matrix_product,
    test_sum,
    test_mean,
    test_reshape,
    test_transpose,
)
@check("At Home in NumPy", about="Tensor")
def test_tensors_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        x = made(A, requires_grad=True)
        for operation in OPERATIONS.values():
            operation(x, 2)
        x @ made(B.T)
        x.sum(), x.mean(), x.reshape(-1), x.transpose()
        repr(x)
        import_again("tensor")

    expect_undisturbed(use)
