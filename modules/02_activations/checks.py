"""The checks of module 02: ReLU, Sigmoid, Tanh, GELU and Softmax."""

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinytorch.course.checking import (
    Mistake,
    StandsBack,
    blaming,
    check,
    core,
    equal,
    expect,
    expect_gradient,
    expect_new,
    expect_nothing_to_train,
    expect_printable,
    expect_same_dtype,
    expect_separate_calls,
    expect_tensor,
    expect_true,
    expect_undisturbed,
    gradients,
    import_again,
    numbers,
    unreached,
    untouched,
    usual,
)
from tinytorch.course.checking.errors import meaning
from tinytorch.course.checking.lineup import show
from tinytorch.course.checking.overflow import noticing_overflow

tensor, activations = core("tensor"), core("activations")

# Both signs in each row, zero, and sizes at which the curves bend and at which they are flat.
X = np.array([[-2.5, 1.5, -0.3, 9.0], [0.0, 0.7, -8.0, 0.2], [4.0, -1.0, 1.0, 2.0]])
HUGE = np.array([[-1e4, -100.0], [100.0, 1e4]])
# The gradient to start from: unequal, so that no two elements are treated alike.
UPSTREAM = np.linspace(-1.0, 2.3, X.size).reshape(X.shape)

# What mistakes would make of x, each with its name. Some make the same numbers, so a name says no
# more than is true of the numbers.
Lineup = Callable[[np.ndarray], list[tuple[str, Any]]]
# An activation as it should be.
Exact = Callable[[np.ndarray], np.ndarray]


# ---- Asking --------------------------------------------------------------------------------------


def made(name: str, *arguments: Any) -> Any:
    """The activation of that name."""
    return getattr(activations, name)(*arguments)


@contextmanager
def blaming_class_or_function(name: str) -> Iterator[None]:
    """What goes wrong in here is the fault of the class, if its function works at the door."""
    try:
        yield
    except Mistake as found:
        if not found.about and works_at_the_door(name):
            found.about = (f"{name}.forward", f"{name}.__call__", name)
        raise


def works_at_the_door(name: str) -> bool:
    """Whether the function behind an activation is right as an operation: value, slope, dtype."""
    function, exact = getattr(activations, name.lower(), None), EXACT[name]
    # ReLU has no slope at 0, and softmax none in a direction that is the same for all scores.
    direction = np.where(X == 0, 0, np.cos(np.arange(X.size).reshape(X.shape)))
    rise = (exact(X + 1e-6 * direction) - exact(X - 1e-6 * direction)) / 2e-6
    try:
        y = tensor.apply(function, fresh(X, np.float64))
        (slope,) = gradients(lambda x: tensor.apply(function, x), X, weights=UPSTREAM)
        return (
            y.dtype == np.float64
            and equal(y.data, exact(X), FINE)
            and slope is not None
            and math.isclose(np.sum(slope * direction), np.sum(rise * UPSTREAM), rel_tol=1e-4)
        )
    except Exception:
        return False


def result(name: str, x: np.ndarray, *arguments: Any) -> np.ndarray:
    """What an activation makes of an array."""
    what = f"{name}({', '.join(map(str, arguments))})(x)"
    with blaming_class_or_function(name):
        return expect_tensor(what, made(name, *arguments)(tensor.Tensor(x.copy())))


def function_behind(name: str) -> Callable[..., Any] | None:
    """The function behind an activation, for arrays; None if there is no such function.

    It may take tensors instead.
    """
    function = getattr(activations, name.lower(), None)
    if function is None or inspect.isclass(function):
        return None

    def call(x: np.ndarray, *arguments: Any) -> np.ndarray:
        what = f"{name.lower()}({', '.join(map(str, ('x', *arguments)))})"
        x = np.array(x, np.float32)
        try:
            return numbers(what, function(x, *arguments))
        except (AttributeError, TypeError):
            return numbers(what, function(tensor.Tensor(x), *arguments))

    return call


def both(name: str, x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What the function behind an activation, if there is one, and the activation make of x."""
    function = function_behind(name)
    if function is not None:
        yield f"{name.lower()}(x)", function(x)
    yield f"{name}()(x)", result(name, x)


# ---- Comparing -----------------------------------------------------------------------------------


# Right numbers are right to six digits: a wrong one in a constant must show, and float32 has seven.
FINE = 2e-6


def suspect(seen: np.ndarray, expected: np.ndarray, x: np.ndarray, *lineups: Lineup) -> str | None:
    """The first in the line-ups that makes of x what was seen; no other way to what is right."""
    with np.errstate(all="ignore"):
        for lineup in lineups:
            for name, value in lineup(x):
                if alike(seen, np.asarray(value)) and not equal(np.asarray(value), expected, FINE):
                    return name
    return None


def alike(seen: np.ndarray, value: np.ndarray) -> bool:
    """Whether each number is the same, small ones beside large ones too."""
    if seen.shape != value.shape or (seen.dtype == bool) != (value.dtype == bool):
        return False
    return np.allclose(seen, value, rtol=1e-5, atol=FINE, equal_nan=True)


def written(*formulas: str, note: str = "", **values: Any) -> list[tuple[str, Any]]:
    """Formulas in a line-up, each with its own text for a name."""
    words = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "sinh": np.sinh, "cosh": np.cosh}
    words |= {"min": np.minimum, "max": np.maximum, "abs": np.abs, "sqrt": np.sqrt}
    words |= {"sigmoid": sigmoid, "tan": np.tan, "sin": np.sin, "arctan": np.arctan, "erf": ERF}
    words |= {"relu": relu, "sign": np.sign}
    return [(f"it is {text}{note}", eval(text, words | values)) for text in formulas]


def expect_both(name: str, x: np.ndarray, *lineups: Lineup) -> None:
    """The numbers of the function, and of the activation that uses it."""
    right_so_far = []
    try:
        for what, seen in explained(name, x, both(name, x)):
            expect_numbers(name, what, seen, x, *lineups)
            right_so_far.append(what)
    except Mistake as mistake:
        if mistake.mistake is None or not right_so_far:
            raise
        raise Mistake(
            seen=mistake.seen,
            expected=mistake.expected,
            mistake=f"the function {name.lower()} is right, but {name}() is not: {mistake.mistake}",
            about=f"{name}.forward",
        ) from None


def expect_numbers(name: str, what: str, seen: np.ndarray, x: np.ndarray, *lineups: Lineup) -> None:
    """What an activation should make of x, beside what mistakes would, if there are line-ups."""
    expected = right(name, x, seen)
    if equal(seen, expected, FINE):
        return

    def otherwise(seen: np.ndarray, tolerance: float) -> str | None:
        return (
            suspect(seen, expected, x, *lineups)
            or usual(EXACT[name], x=x)(seen, tolerance)
            or fact(name, seen, x, expected)
        )

    try:
        expect(what, seen, expected, None, otherwise if lineups else None, tolerance=FINE / 3)
    except Mistake as mistake:
        if seen.shape == x.shape and x.size <= 16:
            mistake.seen += f"\nfor x =\n{show(x)}"
        raise


def explained(name: str, x: np.ndarray, results: Iterator[Any]) -> Iterator[Any]:
    """The results for a matrix; where an error ends them, what would end in none."""
    try:
        yield from results
    except (IndexError, TypeError, ValueError) as error:
        if meaning(error):
            raise
        square = x.shape[0] == x.shape[-1]
        for words, shapes in (
            ("it works for square matrices only", () if square else ((2, 2), (3, 3))),
            ("it works for single rows of numbers only", ((2,), (3,))),
            ("it works for single numbers only", ((),)),
        ):
            if x.ndim == 2 and shapes and all(works(name, np.ones(shape)) for shape in shapes):
                raise Mistake(
                    seen=f"x of shape {x.shape} gave {type(error).__name__}: {error}",
                    expected=f"a result of shape {x.shape}",
                    mistake=words,
                ) from error
        raise


def works(name: str, x: np.ndarray) -> bool:
    """Whether an activation gives a result of the right shape, be it right or wrong."""
    try:
        return all(seen.shape == x.shape for _, seen in both(name, x))
    except Exception:
        return False


def fact(name: str, seen: np.ndarray, x: np.ndarray, expected: np.ndarray) -> str | None:
    """What can be said of numbers that no known mistake explains."""
    if seen.shape != expected.shape or not np.isfinite(seen).all():
        return None
    if not equal(result(name, x), result(name, x), FINE / 4):
        return "other numbers come back each time, for the same x"
    with np.errstate(all="ignore"):
        return constant(name, seen, x) or place(x, seen, expected)


def constant(name: str, seen: np.ndarray, x: np.ndarray) -> str | None:
    """Which number in a formula is wrong, where that alone explains what was seen."""
    candidates: list[tuple[str, np.ndarray]] = []
    if name == "Sigmoid":
        k = float(np.median((np.log(seen / (1 - seen)) / x)[x != 0]))
        words = f"it is sigmoid of {k:.5g} x, as with a power of {math.exp(k):.5g}, not of e"
        candidates.append((words, sigmoid(k * x)))
        for above, below in (
            (np.exp(np.minimum(x, 0)), np.exp(-np.abs(x))),
            (np.ones(x.shape), np.exp(-x)),
        ):
            c = float(np.median(above / seen - below))
            words = f"{c:.5g} + stands below the line, where 1 + should"
            candidates.append((words, above / (c + below)))
    if name == "Tanh":
        k = float(np.median((np.arctanh(seen) / x)[x != 0]))
        candidates.append((f"it is tanh of {k:.5g} x", np.tanh(k * x)))
    if name == "GELU":
        place = (x != 0) & (np.abs(x) < 3)
        terms = np.stack([x[place], x[place] ** 3], axis=-1)
        g = np.arctanh(2 * exactly(name, x, seen)[place] / x[place] - 1)
        if np.isfinite(g).all():
            first, third = np.linalg.lstsq(terms, g)[0]
            argument_seen = f"{first:.5g} (x + {third / first:.5g} x³)"
            words = f"tanh is taken of {argument_seen}; it should be 0.79788 (x + 0.044715 x³)"
            candidates.append((words, half(x, first * x + third * x**3)))
    if name == "Softmax" and x.ndim == 2:
        scores = x - x.mean(-1, keepdims=True)
        logs = np.log(seen)
        k = float(np.sum((logs - logs.mean(-1, keepdims=True)) * scores) / np.sum(scores**2))
        candidates.append((f"the scores are multiplied by {k:.5g} first", softmax(k * x)))
        for above, less in (("exp(x - largest)", x.max(-1, keepdims=True)), ("exp(x)", 0)):
            e = np.exp(x - less)
            total = e.sum(-1, keepdims=True)
            more = float(np.median(e / seen - total))
            words = f"{more:.4g} is added to the sum of {above}"
            candidates.append((words, e / (total + more)))
    return next((words for words, value in candidates if alike(seen, value)), None)


def exactly(name: str, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What was seen, in the precision of float64 if there is any."""
    try:
        y = numbers("y", made(name)(fresh(x, np.float64)))
    except Exception:
        return seen
    return y if alike(seen, y) else seen


def place(x: np.ndarray, seen: np.ndarray, expected: np.ndarray) -> str | None:
    """Which numbers are wrong."""
    wrong = ~np.isclose(seen, expected, rtol=0, atol=FINE * np.abs(expected).max())
    for words, where in (
        ("only what is made of negative numbers is wrong", x < 0),
        ("only what is made of positive numbers is wrong", x > 0),
        ("only what is made of 0 is wrong", x == 0),
        ("only what is made of numbers above 0 or at 0 is wrong", x >= 0),
        ("only what is made of numbers up to 0 is wrong", x <= 0),
        *(
            (f"only what is made of numbers beyond -{c} and {c} is wrong", np.abs(x) > c)
            for c in (1, 2, 3, 5)
        ),
        *((f"only what is made of numbers above {c} is wrong", x > c) for c in (1, 2, 3, 5)),
        *((f"only what is made of numbers below -{c} is wrong", x < -c) for c in (1, 2, 5)),
    ):
        if np.array_equal(wrong, where):
            return words
    return None


def is_right(name: str, x: np.ndarray | None = None) -> bool:
    """Whether an activation gives the right numbers, where nothing special is asked of it.

    Where it does not, what else is wrong may come from there, and has no name of its own.
    """
    if x is None:
        x = X if name != "Softmax" else SCORES
    try:
        seen = result(name, x)
    except Exception:
        return False
    return equal(seen, right(name, x, seen), FINE)


def right(name: str, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What an activation should make of x; GELU has two forms, and may have either."""
    return exact_gelu(x) if name == "GELU" and equal(seen, exact_gelu(x)) else EXACT[name](x)


def other_functions(exact: Exact) -> Lineup:
    """What another function than the one that is asked for makes of x, or one besides it."""

    def lineup(x: np.ndarray) -> list[tuple[str, Any]]:
        y = exact(x)
        return [
            ("the results are divided by their sum", y / y.sum()),
            ("the results are divided by the largest of them", y / y.max()),
            ("the results are divided by the largest number in x", y / x.max()),
            ("only the sign of x is returned", np.sign(x)),
            ("only whether x is positive is returned", np.where(x > 0, 1, 0)),
            ("only whether x is positive is returned", x > 0),
            ("only the numbers above 0 are left, in one row", y[x > 0]),
            ("places are returned, as by np.where with a condition alone", np.argwhere(x > 0).T),
            *written("relu(x)", "sigmoid(x)", "tanh(x)", "x * sigmoid(x)", x=x),
            ("it is gelu(x)", gelu(x)),
            ("it is softmax, of each row", softmax(x)),
            ("it is softmax, of all numbers", softmax(x, None)),
        ]

    return lineup


def first_of(y: np.ndarray, rest: Any, count: int) -> np.ndarray:
    """The first rows of an array, with something else in the others."""
    return np.where(np.arange(len(y))[:, None] < count, y, rest)


# ---- What every activation has to keep -----------------------------------------------------------


SHAPES = ((4, 3), (7,), (2, 3, 4), (1, 1), (5, 1), (1, 2, 1, 3), (0, 5), ())
# What is said of a function that is right for some shapes, and for no others.
RIGHT_FOR: dict[str, Callable[[tuple[int, ...]], bool]] = {
    "it cannot take a single number, a tensor of shape ()": lambda shape: shape != (),
    "it cannot take an empty batch, of shape (0, 5)": lambda shape: 0 not in shape,
    "it is right for matrices only, not for other dimensions": lambda shape: len(shape) == 2,
    "it is right for matrices only, and not for empty ones": lambda shape: (
        len(shape) == 2 and 0 not in shape
    ),
    "it is right for single rows of numbers only": lambda shape: len(shape) == 1,
    "it needs at least two dimensions": lambda shape: len(shape) > 1,
    "it is right for one or two dimensions only": lambda shape: 0 < len(shape) < 3,
    "it is right for up to two dimensions only": lambda shape: len(shape) < 3,
    "dimensions of size 1 are lost": lambda shape: 1 not in shape,
}


def expect_any_shape(name: str) -> None:
    """The shape and the numbers, for any number of dimensions."""
    shapes = [shape for shape in SHAPES if shape or name != "Softmax"]
    known = is_right(name) and (name != "Softmax" or is_right(name, SCORES.reshape(2, 2, 4)))
    found: dict[tuple[int, ...], Exception] = {}
    for shape in shapes:
        # A single number is then 4. At -3, GELU is so small that rounding alone would show.
        x = np.linspace(4, -3, math.prod(shape)).reshape(shape)
        try:
            seen = result(name, x)
            expect(f"{name}()(x) for x of shape {shape}", seen, right(name, x, seen))
        except NotImplementedError:
            raise
        except Exception as error:
            found[shape] = error
    if not found:
        expect_any_order(name)
        return
    shape, error = next(iter(found.items()))
    named = isinstance(error, Mistake) and error.mistake is not None
    if named or not known:
        raise error
    if isinstance(error, Mistake) and remembers(name, shape):
        error.mistake = "the result of an earlier call comes back: something is kept"
        raise error
    if isinstance(error, Mistake) and shape and wrong_in_a_matrix_too(name, shape):
        raise error
    matching = [
        words
        for words, fits in RIGHT_FOR.items()
        if all((shape in found) != fits(shape) for shape in shapes)
    ]
    raise Mistake(
        seen=error.seen
        if isinstance(error, Mistake)
        else f"{name}()(x) for x of shape {shape} raised {type(error).__name__}: {error}",
        expected=error.expected if isinstance(error, Mistake) else f"a result of shape {shape}",
        mistake=matching[0] if matching else f"it is right for some shapes, but not for {shape}",
    ) from error


def expect_any_order(name: str) -> None:
    """The numbers of an array whose columns, not its rows, lie one after another in memory."""
    x = np.asfortranarray(np.linspace(4, -3, 12, dtype=np.float32).reshape(4, 3))
    seen = expect_tensor("f(x)", made(name)(tensor.Tensor(x.copy("K"))))
    words = "it is wrong for arrays that are turned, whose columns lie one after another in memory"
    expect(f"{name}()(x) for x = z.T", seen, right(name, x, seen), {words: seen})


def wrong_in_a_matrix_too(name: str, shape: tuple[int, ...]) -> bool:
    """Whether it is for the numbers and not for their shape that a result is wrong."""
    x = np.linspace(4, -3, math.prod(shape))
    rows = x.reshape(-1, *shape[-1:])
    seen = result(name, rows)
    return result(name, x.reshape(shape)).shape == shape and not equal(
        seen, right(name, rows, seen)
    )


def remembers(name: str, shape: tuple[int, ...]) -> bool:
    """Whether an activation gives the same for different numbers of one shape."""
    x = np.linspace(-1, 2, math.prod(shape)).reshape(shape)
    first, second = (result(name, numbers) for numbers in (x, -x))
    differs = not equal(EXACT[name](x), EXACT[name](-x))
    return differs and np.ptp(first) > 0 and equal(first, second)


def expect_dtype_kept(name: str) -> None:
    """The dtype of x in the result."""
    # A tensor that is made anew, or kept from an earlier call, has lost more than its dtype.
    known = is_right(name) and gradient_at(name, X) is not None and not remembers(name, X.shape)
    with blaming_class_or_function(name):
        expect_same_dtype(f"{name}()(x)", made(name), X, known=known)


def expect_no_memory(name: str) -> None:
    """Calls that have nothing to do with one another, nor with what the caller does to x."""
    known, what = is_right(name), f"{name}()(x)"
    for dtype in (np.float32, np.float64):
        function = made(name)
        x, large = fresh(X, dtype), fresh(HUGE, dtype)
        with untouched(x=x):
            function(x)
        with untouched(**{"an x of large numbers": large}), np.errstate(all="ignore"):
            function(large)
        expect_separate_calls(what, made(name), (X,), (X[::-1],), dtype=dtype, known=known)
        if known:
            first, second = (numbers(what, function(fresh(z, dtype))) for z in (X, X[::-1]))
            words = "the same rows in another order come out otherwise, as if something were kept"
            kept = {words: second} if not equal(second, first[::-1]) else {}
            expect(
                f"f(z), after f = {name}() and f(x),", second, right(name, X[::-1], second), kept
            )
            positive = fresh(np.abs(X) + 1, dtype)
            expect_new(f"{what}, where all of x is positive,", function(positive), x=positive)


def fresh(x: np.ndarray, dtype: Any) -> Any:
    """A tensor with memory of its own."""
    return tensor.Tensor(x.astype(dtype), dtype=dtype)


def keeps_shape(name: str, about: tuple[str, ...], *needs: str) -> Callable[[], None]:
    """The check that any number of dimensions will do."""
    sentence = f"{name} takes any shape, and gives the same"
    return check_of(name, about, needs, "shape", sentence, lambda: expect_any_shape(name))


def keeps_calls(name: str, about: tuple[str, ...]) -> Callable[[], None]:
    """The check that calls have nothing to do with one another."""
    sentence = f"{name} leaves x as it was, and does the same each time"
    return check_of(name, about, (), "calls", sentence, lambda: expect_no_memory(name))


def keeps_dtype(name: str, about: tuple[str, ...]) -> Callable[[], None]:
    """The check that the precision stays."""
    sentence = f"{name} keeps float32 float32, and float64 float64"
    needs = tuple(f"test_{name.lower()}_{earlier}" for earlier in ("keeps_calls", "gradient"))
    return check_of(name, about, needs, "dtype", sentence, lambda: expect_dtype_kept(name))


def check_of(
    name: str,
    about: tuple[str, ...],
    needs: tuple[str, ...],
    kept: str,
    sentence: str,
    test: Callable[[], None],
) -> Callable[[], None]:
    """A check of one activation that there is for the others too, and that needs right values."""
    test.__name__, test.__doc__ = f"test_{name.lower()}_keeps_{kept}", sentence
    return check(name, about=about, needs=(f"test_{name.lower()}_values", *needs))(test)


def expect_stable(name: str, expected: np.ndarray, naive: str, flat: float = 0.0) -> None:
    """The activation of numbers so large that a naive formula overflows.

    Args:
        naive: what is wrong where the results are not finite.
        flat: how far from 0 a result may be that should be 0.
    """
    known = is_right(name)
    with np.errstate(all="ignore"):
        values = {what: seen.ravel() for what, seen in both(name, HUGE)}
        slope = gradient_at(name, HUGE)
    for shown, array in (*values.items(), ("the gradient", slope)):
        if array is not None and not np.isfinite(array).all():
            raise Mistake(
                seen=f"{shown} = {show(array)} for x = [-10000, -100, 100, 10000]",
                expected="finite numbers" if array is slope else show(expected),
                mistake=naive if known else None,
            )
    for shown, array in values.items():
        wrong = ~np.isclose(array, expected, rtol=1e-5, atol=flat)
        if not wrong.any():
            continue
        top, place = array.max(), int(np.argmax(wrong))
        one = f"far from 0 the result is {array[place]:.2g}, where it should be {expected[place]:g}"
        raise Mistake(
            seen=f"{shown} = {array[place]:.5g} for x = {HUGE.flat[place]:g}",
            expected=f"{expected[place]:g}",
            mistake=None
            if not known
            else f"large results are cut off at {top:g}"
            if equal(array, np.minimum(expected, top)) and top < 0.999 * expected.max()
            else f"{one}, as if something were cut off",
        )


def gradient_at(name: str, x: np.ndarray, weights: Any = None) -> np.ndarray | None:
    """The gradient, where there is one: whether it is recorded is another check's business."""
    try:
        return gradients(made(name), x, weights=weights)[0]
    except Exception:
        return None


def expect_slope(
    name: str,
    x: np.ndarray,
    expected: np.ndarray,
    mistakes: dict[str, np.ndarray],
    also: Any = None,
) -> None:
    """The gradient of the activation at x, except at 0, where ReLU has none.

    Args:
        expected: the gradient of `(activation(x) * weights).sum()` for the weights `UPSTREAM`.
        mistakes, also: the same, see `expect`.
    """
    known = is_right(name)
    try:
        with blaming_class_or_function(name):
            (slope,) = gradients(made(name), x, weights=UPSTREAM)
            if slope is not None:
                slope = np.where(x == 0, 0, slope)
            expect_gradient(
                "x.grad",
                slope,
                np.where(x == 0, 0, expected),
                {key: np.where(x == 0, 0, value) for key, value in mistakes.items()},
                also=None if also is None else np.where(x == 0, 0, also),
                missing=unreached("x"),
            )
    except Mistake as mistake:
        if known:
            raise
        # Where the results are wrong already, so is the gradient: that is no second mistake.
        raise Mistake(seen=mistake.seen, expected=mistake.expected) from None


# ---- ReLU ----------------------------------------------------------------------------------------

RELU = ("relu", "ReLU.forward", "ReLU.__call__", "ReLU")


def relu(x: np.ndarray) -> np.ndarray:
    """The larger of x and 0."""
    return np.maximum(x, 0)


@check("ReLU", about=RELU)
def test_relu_values() -> None:
    """ReLU keeps positive numbers and makes negative ones zero"""
    expect_both("ReLU", X, wrong_relus, other_functions(relu))
    for what, seen in both("ReLU", X):
        rest = seen[X < 0].astype(float)
        leak = float(rest[0] / X[X < 0][0])
        expect_true(
            not rest.any(),
            seen=f"{what} = {rest[0]:.3g} for x = {X[X < 0][0]}",
            expected="0",
            mistake=f"what is negative becomes {rest[0]:.3g}, not 0"
            if np.ptp(rest) == 0
            else f"negative numbers leak through, times {leak:.3g}",
        )


def wrong_relus(x: np.ndarray) -> list[tuple[str, Any]]:
    """What other bends make of x."""
    leaks = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, -0.01, -0.1)
    limits = (-1, 0.001, 0.01, 0.1, 0.5, 1)
    return [
        ("negative numbers lose their sign, as in abs(x)", np.abs(x)),
        ("the negative numbers are kept, and the positive ones become 0", np.minimum(x, 0)),
        (
            "the negative numbers are kept without their sign, and the positive ones become 0",
            np.maximum(-x, 0),
        ),
        *((f"negative numbers leak through, times {c}", np.where(x > 0, x, c * x)) for c in leaks),
        *((f"what is negative becomes {c}, not 0", np.where(x < 0, c, x)) for c in limits),
        *((f"what is not above 0 becomes {c}, not 0", np.where(x > 0, x, c)) for c in limits),
        *((f"the maximum is taken with {c}, not with 0", np.maximum(x, c)) for c in limits),
        ("the maximum is taken with the mean of x, not with 0", np.maximum(x, x.mean())),
        *(
            (f"numbers are compared with {c}, not with 0", np.where(np.greater(x, c), x, 0))
            for c in limits
        ),
        ("only whether x is positive is returned, not x itself", np.where(x > 0, 1, 0)),
        ("only whether x is positive is returned, not x itself", x > 0),
        ("only whether x is negative is returned", np.where(x < 0, 1, 0)),
        ("only whether x is negative is returned", x < 0),
        ("1 is returned where x is not negative, not x itself", np.where(x >= 0, 1, 0)),
        ("1 is returned where x is not negative, not x itself", x >= 0),
        ("1 is added where x is positive, and negative numbers are kept", x + (x > 0)),
        *((f"numbers above {c} are cut off", np.clip(x, 0, c)) for c in range(1, 7)),
        ("numbers are cut off at -1 and 1", np.clip(x, -1, 1)),
        ("one number is returned, the largest of all; np.maximum compares each with 0", x.max()),
        ("only the largest of each column is left; np.maximum compares each with 0", x.max(0)),
        ("only the largest of each row is left; np.maximum compares each with 0", x.max(1)),
        ("it is softplus, log(1 + exp(x))", np.log1p(np.exp(x))),
        ("it is ELU: negative numbers become exp(x) - 1", np.where(x > 0, x, np.exp(x) - 1)),
        ("it is x * sigmoid(x), which is called SiLU or Swish", x * sigmoid(x)),
    ]


test_relu_keeps_shape = keeps_shape("ReLU", RELU)
test_relu_keeps_calls = keeps_calls("ReLU", RELU)


@check("ReLU", about=RELU, needs="test_relu_values")
def test_relu_of_huge_numbers() -> None:
    """ReLU keeps large numbers as they are"""
    expect_stable("ReLU", relu(HUGE.ravel()), "it overflows for large numbers")


@check("ReLU", about=RELU, needs=("test_relu_values", "test_relu_keeps_calls"))
def test_relu_gradient() -> None:
    """The gradient of ReLU is 1 for positive and 0 for negative numbers"""
    mistakes = {
        "the gradient is 1 everywhere": UPSTREAM,
        "the gradient is x, where x > 0": UPSTREAM * relu(X),
    }
    expect_slope("ReLU", X, UPSTREAM * (X > 0), mistakes)


test_relu_keeps_dtype = keeps_dtype("ReLU", RELU)


# ---- Sigmoid -------------------------------------------------------------------------------------

SIGMOID = ("sigmoid", "Sigmoid.forward", "Sigmoid.__call__", "Sigmoid")


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The textbook formula, for small numbers."""
    return 1 / (1 + np.exp(-x))


@check("Sigmoid", about=SIGMOID, hint=1)
def test_sigmoid_values() -> None:
    """Sigmoid computes 1 / (1 + exp(-x))"""
    expect_both("Sigmoid", X, wrong_sigmoids, other_functions(sigmoid))


def wrong_sigmoids(x: np.ndarray) -> list[tuple[str, Any]]:
    """What other formulas make of x."""
    above, small, s = np.exp(np.minimum(x, 0)), np.exp(-np.abs(x)), sigmoid(x)
    return [
        ("it is sigmoid of -x, where it should be of x", sigmoid(-x)),
        ("it is 1 + exp(-x), by which 1 has to be divided", 1 + np.exp(-x)),
        ("negative numbers are treated as positive ones", sigmoid(np.abs(x))),
        ("positive numbers are treated as negative ones", sigmoid(-np.abs(x))),
        ("brackets are missing: only exp is divided by 1", above / 1 + small),
        ("a minus stands where 1 + should: 1 - exp", 1 / (1 - np.exp(-x))),
        ("a minus stands where 1 + should: 1 - exp", above / (1 - small)),
        ("the 1 + below the line is missing", above / small),
        ("2 + stands below the line, where 1 + should", above / (2 + small)),
        ("2 + stands below the line, where 1 + should", 1 / (2 + np.exp(-x))),
        ("what is above the line is returned, not divided by what is below", above),
        ("what is below the line is returned", 1 + small),
        ("what is above the line is multiplied by what is below", above * (1 + small)),
        ("the exp above the line is missing", np.minimum(x, 0) / (1 + small)),
        ("the exp below the line is missing", above / (1 - np.abs(x))),
        (
            "above the line stands exp of the larger of x and 0, not of the smaller",
            np.exp(np.maximum(x, 0)) / (1 + small),
        ),
        ("the smaller of x and 0 is missing above the line", np.exp(x) / (1 + small)),
        (
            "above the line stands the smaller of x and 1, not of x and 0",
            np.exp(np.minimum(x, 1)) / (1 + small),
        ),
        (
            "the smallest of each column is taken; np.minimum compares each number with 0",
            np.exp(x.min(0)) / (1 + small),
        ),
        (
            "the smallest of each row is taken; np.minimum compares each number with 0",
            np.exp(x.min(-1, keepdims=True)) / (1 + small),
        ),
        (
            "the smallest of all is taken; np.minimum compares each number with 0",
            np.exp(x.min()) / (1 + small),
        ),
        ("exp is taken of the whole fraction", np.exp(np.minimum(x, 0) / (1 + small))),
        ("it is softsign, moved to between 0 and 1", (1 + x / (1 + np.abs(x))) / 2),
        ("the exp above the line has a minus too many", np.exp(-np.minimum(x, 0)) / (1 + small)),
        ("the minus before |x| below the line is missing", above / (1 + np.exp(np.abs(x)))),
        ("the absolute value below the line is missing", above / (1 + np.exp(-x))),
        ("it is tanh", np.tanh(x)),
        ("it is tanh(x / 2), between -1 and 1", np.tanh(x / 2)),
        ("it is (1 + tanh(x)) / 2, which is too steep", (1 + np.tanh(x)) / 2),
        ("it is the derivative of sigmoid, s (1 - s)", s * (1 - s)),
        ("the power is of 2, not of e", 1 / (1 + 2.0**-x)),
        ("the power is of 10, not of e", 1 / (1 + 10.0**-x)),
        *(((f"the power is of {e}; e is 2.71828"), 1 / (1 + e**-x)) for e in (2.7, 2.71, 2.72)),
        ("it is the straight line of hard sigmoid", np.clip(x / 6 + 0.5, 0, 1)),
        ("it is the straight line of hard sigmoid", np.clip(x / 5 + 0.5, 0, 1)),
        ("it is the logarithm of sigmoid", np.log(s)),
        ("it is rounded to yes or no", np.round(s)),
        ("it is rounded to yes or no", np.where(x >= 0, 1, 0)),
        ("it is softmax: the numbers add up to 1", softmax(x, None)),
        ("it is softmax: the numbers of each row add up to 1", softmax(x)),
        ("it is right for positive numbers, and 0 for all others", np.where(x > 0, s, 0)),
        (
            "negative numbers get the sigmoid of -x, without its sign",
            np.sign(x) * sigmoid(np.abs(x)),
        ),
        *written(
            *(f"{a} / ({b})" for a in ABOVE for b in BELOW),
            *("exp(x)", "exp(-x)", "tanh(x) / 2", "1 + exp(min(x, 0))", "1 + exp(x)"),
            x=x,
            e=math.e,
        ),
    ]


# What could stand above and below the line of a sigmoid.
ABOVE = ("1", "2", "x", "exp(x)", "exp(-x)", "exp(min(x, 0))", "exp(max(x, 0))", "exp(-abs(x))")
BELOW = (
    *("1 + exp(-x)", "1 + exp(x)", "1 + exp(-abs(x))", "1 + exp(abs(x))", "1 - exp(x)"),
    *("1 - exp(-x)", "1 - exp(-abs(x))", "exp(-abs(x))", "1 + exp(-x * x)", "1 + exp(-2 * x)"),
    *("1 + exp(-x / 2)", "0.5 + exp(-x)", "0.5 + exp(-abs(x))", "e + exp(-x)", "e + exp(-abs(x))"),
    *("1 + 2 * exp(-x)", "1 + abs(x)", "exp(x) + exp(-x)", "1 + exp(min(x, 0))"),
    *("1 - exp(abs(x))", "exp(abs(x))", "1 + exp(-x) / 2"),
)


test_sigmoid_keeps_shape = keeps_shape("Sigmoid", SIGMOID)
test_sigmoid_keeps_calls = keeps_calls("Sigmoid", SIGMOID)


@check("Sigmoid", about=SIGMOID, needs="test_sigmoid_values", hint=2)
def test_sigmoid_is_stable() -> None:
    """Sigmoid of -10,000 is 0 and of 10,000 is 1, without overflow"""
    naive = "exp overflows for large numbers: inf / inf is nan"
    expect_stable("Sigmoid", np.array([0.0, 0.0, 1.0, 1.0]), naive, flat=1e-8)
    known = is_right("Sigmoid")
    for what, seen in both("Sigmoid", np.array([[-12.0, 12.0]])):
        early = "sigmoid is cut off, or set to 0 and 1, where it is not yet flat"
        expect_true(
            np.allclose(seen, sigmoid(np.array([[-12.0, 12.0]])), rtol=0, atol=1e-6),
            seen=f"{what} = {seen.flat[0]:.4g} for x = -12",
            expected=f"{sigmoid(np.array(-12.0)):.4g}",
            mistake=early if known else None,
        )

    # An overflow that np.where throws away does no harm, and comes for either sign of x. If only
    # negative numbers overflow, the answer itself was made from infinity. In float64, where only
    # what is not bounded at all overflows.
    def overflows(*x: float) -> bool:
        with noticing_overflow() as noticed:
            made("Sigmoid")(fresh(np.array(x), np.float64))
        return bool(noticed)

    below, above, mixed = overflows(-1e4), overflows(1e4), overflows(-1e4, 1e4)
    if below > above or mixed > below:
        needed = "exp(-x) overflows for large negative numbers: they need a form of their own"
        chosen = "the form is chosen for all of x at once; each number needs its own"
        raise Mistake(
            seen="exp(10000) overflows to infinity on the way to Sigmoid()(-10000)",
            expected="no overflow: use exp(x) / (1 + exp(x)) below zero",
            mistake=None if not known else needed if below else chosen,
        )


@check("Sigmoid", about=SIGMOID, needs=("test_sigmoid_values", "test_sigmoid_keeps_calls"))
def test_sigmoid_gradient() -> None:
    """The gradient of Sigmoid is s (1 - s)"""
    s = sigmoid(X)
    mistakes = {"the gradient is s": UPSTREAM * s}
    expect_slope("Sigmoid", X, UPSTREAM * s * (1 - s), mistakes)


test_sigmoid_keeps_dtype = keeps_dtype("Sigmoid", SIGMOID)


# ---- Tanh ----------------------------------------------------------------------------------------

TANH = ("tanh", "Tanh.forward", "Tanh.__call__", "Tanh")


@check("Tanh", about=TANH, hint=2)
def test_tanh_values() -> None:
    """Tanh computes the hyperbolic tangent"""
    expect_both("Tanh", X, wrong_tanhs, other_functions(np.tanh))


def wrong_tanhs(x: np.ndarray) -> list[tuple[str, Any]]:
    """What other formulas make of x."""
    t, up, down = np.tanh(x), np.exp(x), np.exp(-x)
    return [
        ("it is sigmoid, between 0 and 1", sigmoid(x)),
        ("it is 2 sigmoid(x) - 1; tanh is 2 sigmoid(2x) - 1", 2 * sigmoid(x) - 1),
        ("it is sigmoid(2x), or (1 + tanh(x)) / 2, between 0 and 1", sigmoid(2 * x)),
        ("it is 2 sigmoid(2x), or 1 + tanh(x): 1 has to be subtracted", 1 + t),
        ("it is sigmoid(2x) - 1: sigmoid has to be doubled", sigmoid(2 * x) - 1),
        ("the sign of the result is wrong", -t),
        ("it is 1 / tanh, the wrong way round", np.cosh(x) / np.sinh(x)),
        ("it is the tangent of an angle, tan", np.tan(x)),
        ("it is arctan", np.arctan(x)),
        ("it is arctanh", np.arctanh(x)),
        ("it is sinh: the division by cosh is missing", np.sinh(x)),
        ("it is cosh", np.cosh(x)),
        ("it is arcsinh", np.arcsinh(x)),
        ("it is sin", np.sin(x)),
        ("it is 1 / cosh", 1 / np.cosh(x)),
        ("the exponentials are not divided by their sum", up - down),
        ("it is the sum of the exponentials", up + down),
        ("brackets are missing: only exp(-x) is divided", up - down / up + down),
        ("brackets above the line are missing: only exp(-x) is divided", up - down / (up + down)),
        ("brackets below the line are missing: only exp(x) divides", (up - down) / up + down),
        ("brackets are missing: only 1 is divided", up**2 - 1 / up**2 + 1),
        ("the exponentials are multiplied, not divided", (up - down) * (up + down)),
        ("it is cut off in straight lines at -1 and 1", np.clip(x, -1, 1)),
        ("only the sign of x is returned", np.sign(x)),
        ("it is the derivative of tanh", 1 - t * t),
        ("it is x / (1 + |x|), softsign", x / (1 + np.abs(x))),
        ("it is 1.7159 tanh(2x / 3), another scale", 1.7159 * np.tanh(2 / 3 * x)),
        ("it is a fraction that is close to tanh near 0", x * (27 + x * x) / (27 + 9 * x * x)),
        ("it is a fraction that is close to tanh near 0", x * (15 + x * x) / (15 + 6 * x * x)),
        ("it is a sum of powers that is close to tanh near 0", x - x**3 / 3),
        (
            "it is a sum of powers that is close to tanh near 0",
            x - x**3 / 3 + 2 * x**5 / 15,
        ),
        ("x is taken for an angle in degrees", np.tanh(np.deg2rad(x))),
        *written(
            *(f"({a}) / ({b})" for a in OVER for b in UNDER),
            *(
                "x - tanh(x)",
                "2 * sigmoid(2 * x) + 1",
                "1 + sinh(x) / cosh(x)",
                "sinh(x) * cosh(x)",
            ),
            *("arctan(x) * 2 / 3.141592653589793", "arctan(x) / 1.5", "log(abs(x))", "sinh(x) / 2"),
            x=x,
        ),
    ]


# What could stand above and below the line of tanh.
OVER = (
    *("exp(x) - exp(-x)", "exp(-x) - exp(x)", "exp(x) + exp(-x)", "exp(x) - exp(x)", "exp(x)"),
    *("exp(2 * x) - 1", "exp(2 * x) + 1", "1 - exp(-x)", "exp(x) - 1", "1 - exp(-2 * x)", "1"),
)
UNDER = (
    *("exp(x) - exp(-x)", "exp(-x) - exp(x)", "exp(x) + exp(-x)", "exp(x) + exp(x)", "exp(x)"),
    *("exp(2 * x) + 1", "exp(2 * x) - 1", "1 + exp(-x)", "exp(x) + 1", "1 + exp(-2 * x)", "2"),
)


test_tanh_keeps_shape = keeps_shape("Tanh", TANH)
test_tanh_keeps_calls = keeps_calls("Tanh", TANH)


@check("Tanh", about=TANH, needs="test_tanh_values", hint=1)
def test_tanh_is_stable() -> None:
    """Tanh of -10,000 is -1 and of 10,000 is 1, without overflow"""
    naive = "exp overflows for large numbers: inf / inf is nan; np.tanh does not"
    expect_stable("Tanh", np.array([-1.0, -1.0, 1.0, 1.0]), naive)


@check("Tanh", about=TANH, needs=("test_tanh_values", "test_tanh_keeps_calls"))
def test_tanh_gradient() -> None:
    """The gradient of Tanh is 1 - t * t"""
    t = np.tanh(X)
    mistakes = {
        "the gradient is 1 - t": UPSTREAM * (1 - t),
        "the gradient is t (1 - t)": UPSTREAM * t * (1 - t),
    }
    expect_slope("Tanh", X, UPSTREAM * (1 - t * t), mistakes)


test_tanh_keeps_dtype = keeps_dtype("Tanh", TANH)


# ---- GELU ----------------------------------------------------------------------------------------

GELU = ("gelu", "GELU.forward", "GELU.__call__", "GELU")
ROOT = math.sqrt(2 / math.pi)
ERF = np.vectorize(math.erf, otypes=[float])


def argument(
    x: np.ndarray, cubic: float = 0.044715, root: float = ROOT, power: int = 3
) -> np.ndarray:
    """The argument of the tanh, with constants that may be wrong."""
    return root * (x + cubic * x**power)


def gelu(x: np.ndarray, **constants: Any) -> np.ndarray:
    """The tanh form, with constants that may be wrong."""
    return 0.5 * x * (1 + np.tanh(argument(x, **constants)))


def exact_gelu(x: np.ndarray) -> np.ndarray:
    """x times the probability that a normal number is below x."""
    return 0.5 * x * (1 + ERF(x / math.sqrt(2)))


# Sizes at which the cube counts: where the result is large, a wrong constant hardly shows.
BENT = np.array([[-2.5, -1.9, -1.2, -0.6], [-0.25, 0.0, 0.3, 0.65], [1.0, 1.4, 1.8, 2.3]])


@check("GELU", about=GELU, hint=2)
def test_gelu_values() -> None:
    """GELU computes 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³)))"""
    for x in (BENT, X):
        expect_both("GELU", x, wrong_gelus, other_functions(gelu))


def wrong_gelus(x: np.ndarray) -> list[tuple[str, Any]]:
    """What other formulas make of x."""
    g = argument(x)
    t = np.tanh(g)
    constants = {
        "the term with x³ is missing": {"cubic": 0},
        "it is x² where x³ should be": {"power": 2},
        "it is x where x³ should be": {"power": 1},
        "it is x⁴ where x³ should be": {"power": 4},
        "the constant before x³ is missing": {"cubic": 1},
        "the constant is 0.44715, ten times too large": {"cubic": 0.44715},
        "the constant is 0.0044715, ten times too small": {"cubic": 0.0044715},
        "the constant is 0.04715; a 4 is missing": {"cubic": 0.04715},
        "the constant is 0.044175; two digits are swapped": {"cubic": 0.044175},
        "the constant is 0.047415; two digits are swapped": {"cubic": 0.047415},
        "0.044715 is raised to the power of 3 as well": {"cubic": 0.044715**3},
        "3 stands before x, where it should be the power": {"cubic": 3 * 0.044715, "power": 1},
        "the term with x³ is subtracted": {"cubic": -0.044715},
        "the factor sqrt(2 / pi) is missing": {"root": 1},
        "the factor is 2 / pi, without the root": {"root": 2 / math.pi},
        "the factor is sqrt(pi / 2), the wrong way round": {"root": math.sqrt(math.pi / 2)},
    }
    roots = {
        "sqrt(2 pi)": math.sqrt(2 * math.pi),
        "sqrt(2) / pi": math.sqrt(2) / math.pi,
        "sqrt(1 / pi)": math.sqrt(1 / math.pi),
        "sqrt(2)": math.sqrt(2),
        "sqrt(3 / pi)": math.sqrt(3 / math.pi),
        "sqrt(2 / 3)": math.sqrt(2 / 3),
    }
    return [
        ("the factor 0.5 is missing", 2 * gelu(x)),
        ("the factor is 2, not 0.5", 4 * gelu(x)),
        ("0.5 is added, not multiplied", 0.5 + x * (1 + t)),
        ("the factor x is missing", 0.5 * (1 + t)),
        ("the factors 0.5 and x are missing", 1 + t),
        ("the factor x has lost its sign", 0.5 * np.abs(x) * (1 + t)),
        ("the factor is x², not x", 0.5 * x * x * (1 + t)),
        ("the 1 + before tanh is missing", 0.5 * x * t),
        ("the 1 + before tanh is missing, and the factor 0.5", x * t),
        ("2 + stands before tanh, where 1 + should", 0.5 * x * (2 + t)),
        ("0.5 + stands before tanh, where 1 + should", 0.5 * x * (0.5 + t)),
        ("it is x / (1 + tanh): divided, not multiplied", 0.5 * x / (1 + t)),
        ("a sign is wrong: 1 - tanh stands where 1 + tanh should", 0.5 * x * (1 - t)),
        ("tanh - 1 stands where 1 + tanh should", 0.5 * x * (t - 1)),
        ("the factor 0.5 is on the 1 alone, not on tanh", x * (0.5 + t)),
        ("the brackets around 1 + tanh are missing", 0.5 * x * 1 + t),
        ("0.5 * x is added to 1 + tanh, not multiplied", 0.5 * x + 1 + t),
        ("the factor x is added to tanh, not multiplied", 0.5 * (x + t)),
        ("only tanh is returned", t),
        ("only the argument of tanh is returned", g),
        ("tanh is missing", 0.5 * x * (1 + g)),
        ("tanh is squared", 0.5 * x * (1 + t * t)),
        ("tanh has lost its sign", 0.5 * x * (1 + np.abs(t))),
        ("sigmoid stands where tanh should", 0.5 * x * (1 + sigmoid(g))),
        ("tan stands where tanh should", 0.5 * x * (1 + np.tan(g))),
        ("the 1 + has got into the tanh", 0.5 * x * np.tanh(1 + g)),
        ("tanh is taken of x alone", 0.5 * x * (1 + np.tanh(x))),
        ("tanh is taken twice", 0.5 * x * (1 + np.tanh(t))),
        ("the argument is taken of its own result", 0.5 * x * (1 + np.tanh(argument(g)))),
        ("only the term with x³ is left", 0.5 * x * (1 + np.tanh(ROOT * 0.044715 * x**3))),
        ("the factor sqrt(2 / pi) multiplies x alone", half(x, ROOT * x + 0.044715 * x**3)),
        ("the cube multiplies the whole bracket", half(x, ROOT * (x + 0.044715) * x**3)),
        ("the whole bracket is cubed, not x alone", half(x, ROOT * (1.044715 * x) ** 3)),
        ("the root is taken of x as well", half(x, np.sqrt(argument(x, root=2 / math.pi)))),
        ("the power is 1 / 3, not 3", half(x, ROOT * (x + 0.044715 * np.cbrt(x)))),
        ("tanh is taken of x, and multiplied by its argument", 0.5 * x * (1 + np.tanh(x) * g)),
        ("the argument of tanh is that of twice x", half(x, argument(2 * x))),
        (
            "tanh is taken of half its argument, which comes to the same as x * sigmoid of it",
            half(x, g / 2),
        ),
        ("the argument of tanh takes negative numbers for 0", half(x, argument(relu(x)))),
        *(
            (f"the argument of tanh takes x as between -{c} and {c}", half(x, argument(cut)))
            for c, cut in ((c, np.clip(x, -c, c)) for c in (1, 2, 3, 5))
        ),
        *((name, gelu(x, **wrong)) for name, wrong in constants.items()),
        *(
            (f"the factor is {name}, where sqrt(2 / pi) should be", gelu(x, root=root))
            for name, root in roots.items()
        ),
        ("it is x * sigmoid(1.702 x), a rougher approximation", x * sigmoid(1.702 * x)),
        ("it is x * sigmoid(x), which is called SiLU or Swish", x * sigmoid(x)),
        ("it is ReLU", relu(x)),
        ("it is 0.5 * x * sigmoid(1.702 x): sigmoid needs no 0.5", 0.5 * x * sigmoid(1.702 * x)),
        ("it is ELU: negative numbers become exp(x) - 1", np.where(x > 0, x, np.exp(x) - 1)),
        ("it is softplus, log(1 + exp(x))", np.log1p(np.exp(x))),
        ("it is x * tanh(log(1 + exp(x))), which is called Mish", x * np.tanh(np.log1p(np.exp(x)))),
        ("it is Hardswish, of straight lines", x * np.clip(x / 6 + 0.5, 0, 1)),
        (
            "x is multiplied by the density of the normal distribution, not by the probability",
            x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        ),
        ("a sign is wrong: x is multiplied by the probability of what is above", x - exact_gelu(x)),
        (
            "the error function needs x / sqrt(2), not x times sqrt(2)",
            0.5 * x * (1 + ERF(x * math.sqrt(2))),
        ),
        ("the error function needs x / sqrt(2), not x", 0.5 * x * (1 + ERF(x))),
        ("it is the probability alone, without the factor x", 0.5 * (1 + ERF(x / math.sqrt(2)))),
        *written(
            *(f"0.5 * x * (1 + {bend}({of}))" for bend in BENDS for of in ARGUMENTS),
            *(f"{factor} * (1 + tanh(g))" for factor in FACTORS),
            *(
                f"0.5 * x * ({bend})"
                for bend in ("1 + tanh(g) / 2", "1 - tanh(g) / 2", "1 / (1 + tanh(g))")
            ),
            *(f"x * {bend}({of})" for bend in BENDS for of in ARGUMENTS),
            note=", where g stands for the argument of tanh",
            x=x,
            g=g,
        ),
    ]


def half(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The tanh form with another argument."""
    return 0.5 * x * (1 + np.tanh(g))


# What could stand in the place of tanh, of its argument, and before the bracket.
BENDS = ("tanh", "sigmoid", "tan", "sin", "sinh", "cosh", "arctan", "exp", "relu", "erf", "sign")
ARGUMENTS = ("g", "-g", "2 * g", "g / 2", "x", "g * g", "x * g", "g + x", "abs(g)", "x * x")
FACTORS = ("x", "g", "0.5 * g", "0.5 * relu(x)", "-0.5 * x", "0.25 * x", "0.5 / x", "sqrt(0.5) * x")


test_gelu_keeps_shape = keeps_shape("GELU", GELU)
test_gelu_keeps_calls = keeps_calls("GELU", GELU)


@check("GELU", about=GELU, needs="test_gelu_values")
def test_gelu_is_stable() -> None:
    """GELU of -10,000 is 0 and of 10,000 is 10,000"""
    expect_stable("GELU", relu(HUGE.ravel()), "it overflows for large numbers", flat=1e-4)


@check("GELU", about=GELU, needs=("test_gelu_values", "test_gelu_keeps_calls"))
def test_gelu_gradient() -> None:
    """The gradient of GELU is its slope"""
    h = 1e-5
    expect_slope(
        "GELU",
        X,
        UPSTREAM * (gelu(X + h) - gelu(X - h)) / (2 * h),
        {"the gradient is that of ReLU": UPSTREAM * (X > 0)},
        also=UPSTREAM * (exact_gelu(X + h) - exact_gelu(X - h)) / (2 * h),
    )


test_gelu_keeps_dtype = keeps_dtype("GELU", GELU)


# ---- Softmax -------------------------------------------------------------------------------------

SOFTMAX = ("softmax", "Softmax.forward", "Softmax.__call__", "Softmax")
# As many scores as samples, so that a sum without its axis has a value too, and can be recognised.
SCORES = np.array(
    [
        [1.0, 2.0, 3.0, -1.0],
        [0.5, -0.5, 0.0, 2.0],
        [-2.0, 1.0, 1.25, 0.25],
        [0.75, 1.75, -1.5, -0.5],
    ]
)


def softmax(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """The textbook formula, for small numbers."""
    return divided(np.exp(x), axis)


def divided(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """Numbers divided by their sum."""
    return x / np.sum(x, axis=axis, keepdims=True)


@check("Softmax", about=SOFTMAX, hint=2)
def test_softmax_values() -> None:
    """Softmax turns each row of scores into probabilities"""
    for x in (SCORES, SCORES[:2, :3]):
        expect_both("Softmax", x, wrong_softmaxes)
    for what, seen in both("Softmax", np.array([[0.0, 50.0, 20.0, -30.0]])):
        expect_true(
            bool((seen[0, [0, 2, 3]] < 1e-8).all()),
            seen=f"{what} = {show(seen[0])} for the scores [0, 50, 20, -30], "
            f"with {seen[0, 0]:.2g} for the first of them",
            expected="next to nothing for all but the second: 2e-22 for the first",
            mistake="small probabilities are raised: something is added, or they are cut off below",
        )


def wrong_softmaxes(x: np.ndarray) -> list[tuple[str, Any]]:
    """What other formulas make of rows of scores."""
    largest = x.max(-1, keepdims=True)
    e, shifted, p = np.exp(x), np.exp(x - largest), softmax(x)
    # Without keepdims=True the largest of each row lie in a row, and those of a square are taken
    # from the columns.
    square = x.shape[0] == x.shape[1]
    askew = np.exp(x - x.max(-1)) if square else e
    named = [
        ("it is taken over the columns; the rows are the last axis", softmax(x, 0)),
        ("it is taken over all numbers at once; each row needs its own sum", softmax(x, None)),
        ("the sum is taken over the columns, the largest over the rows", divided(shifted, 0)),
        ("the sum is that of all numbers; each row needs its own", divided(shifted, None)),
        (
            "the largest scores are those of the columns; the sums are those of the rows",
            divided(np.exp(x - x.max(0))),
        ),
        ("the largest scores are not in a column: they need keepdims=True", divided(askew)),
        *(
            ("the sums are not in a column: they need keepdims=True", some / some.sum(-1))
            for some in (e, shifted)
            if square
        ),
        *(
            (
                "neither the largest scores nor the sums are in a column: they need keepdims=True",
                some / some.sum(-1),
            )
            for some in (askew,)
            if square
        ),
        ("the exponentials are not divided by their sum", e),
        (
            "the largest exponential of each row comes out as 1: it is not divided by the sum",
            shifted,
        ),
        (
            "the largest exponential of all comes out as 1: it is not divided by the sum",
            np.exp(x - x.max()),
        ),
        ("exp is missing: x is divided by its sum", divided(x)),
        ("exp is missing: x, less the largest, is divided by its sum", divided(x - largest)),
        (
            "exp is missing: x, less the smallest, is divided by its sum",
            divided(x - x.min(-1, keepdims=True)),
        ),
        ("exp is missing: x, less the largest, is returned", x - largest),
        ("the largest score is subtracted after exp, not before", divided(e - largest)),
        (
            "the largest comes out as 0: something is subtracted after exp",
            divided(e - np.exp(largest)),
        ),
        *(
            (
                f"each score is compared with {c}, by np.maximum; the largest is what np.max finds",
                softmax(x - np.maximum(x, c)),
            )
            for c in (-1, 0, 1)
        ),
        (
            "brackets are missing: only the largest score is divided by the sum",
            np.exp(x - largest / e.sum(-1, keepdims=True)),
        ),
        ("the largest score is multiplied, not subtracted", softmax(x * largest)),
        ("the scores are divided by the largest; it has to be subtracted", softmax(x / largest)),
        ("the scores are divided by their sum before exp", softmax(divided(x))),
        ("the scores are standardised first, to a mean of 0", softmax((x - x.mean()) / x.std())),
        ("it is the logarithm of softmax", np.log(p)),
        ("it is minus the logarithm of softmax", -np.log(p)),
        ("it is the derivative of softmax, p (1 - p)", p * (1 - p)),
        ("the power is of 2, not of e", softmax(x * math.log(2))),
        ("the power is of 10, not of e", softmax(x * math.log(10))),
        ("exp(x) - 1 stands where exp(x) should, as np.expm1 gives", divided(np.expm1(x))),
        ("1 is added to each exponential", divided(shifted + 1)),
        ("1 is added to each exponential", divided(e + 1)),
        ("it is sigmoid, for each number alone", sigmoid(x)),
        ("sigmoid stands where exp should", divided(sigmoid(x))),
        ("only the largest counts, as in argmax", np.where(x == largest, 1, 0)),
        ("only the largest counts, as in argmax", x == largest),
        ("only the place of the largest is returned", x.argmax(-1)),
        ("only the sums are returned", e.sum(-1, keepdims=True)),
        ("only the sums are returned", shifted.sum(-1, keepdims=True)),
        ("only the sums are returned", shifted.sum(-1)),
        ("only the sums are returned", e.sum(-1)),
        ("the scores are divided by 2 first, the root of how many there are", softmax(x / 2)),
        ("the probabilities are in the reverse order", p[:, ::-1]),
        ("the probabilities add up from left to right, as with np.cumsum", p.cumsum(-1)),
        *(("only the first row is computed", first_of(p, rest, 1)) for rest in (e, shifted)),
        *(("the last row is not computed", first_of(p, rest, len(p) - 1)) for rest in (e, shifted)),
        ("it is relu(x)", relu(x)),
        ("it is tanh(x)", np.tanh(x)),
        ("it is gelu(x)", gelu(x)),
    ]
    numerators = {
        "each exp(x)": e,
        "each exp(x - largest)": shifted,
        "each x": x,
        "each x - largest": x - largest,
    }
    for above, numerator in numerators.items():
        total = numerator.sum(-1, keepdims=True)
        named += [
            *(
                (
                    f"{above} is divided by {below}, not by the sum of its row",
                    numerator / denominator,
                )
                for below, denominator in wrong_sums(numerator, x).items()
            ),
            (f"{above} is divided by the sum twice", numerator / total**2),
            (f"{above} is multiplied by the sum", numerator * total),
            ("the sum is subtracted, not divided by", numerator - total),
            ("the logarithm of the sum is subtracted", numerator - np.log(total)),
        ]
    return named


def wrong_sums(numerator: np.ndarray, x: np.ndarray) -> dict[str, Any]:
    """What somebody might divide by."""
    row = {"axis": -1, "keepdims": True}
    less = x - x.max(**row)
    total, squares = numerator.sum(**row), (numerator**2).sum(**row)
    return {
        "the mean": numerator.mean(**row),
        "the largest of each column": numerator.max(0),
        "the product": numerator.prod(**row),
        "how many there are": x.shape[-1],
        "how many rows there are": x.shape[0],
        "the root of the sum of squares": np.sqrt(squares),
        "the sum of squares": squares,
        "the sum of the others": total - numerator,
        "sums that add up from left to right": np.cumsum(numerator, -1),
        "the sum and 1": total + 1,
        "the sum less 1": total - 1,
        "the sum cut to a whole number": np.trunc(total),
        "the sum of the first row": total[0],
        "the largest of the sums": total.max(),
        "the sum of the first column": numerator[:, 0].sum(),
        "the sum of exp(x)": np.exp(x).sum(**row),
        "the sum of exp(x - largest)": np.exp(less).sum(**row),
        "the sum of exp(x) in all rows": np.exp(x).sum(),
        "the sum of x": x.sum(**row),
        "the sum of x - largest": less.sum(**row),
        "the largest score": x.max(**row),
    }


test_softmax_keeps_calls = keeps_calls("Softmax", SOFTMAX)


@check("Softmax", about=SOFTMAX, needs=("test_softmax_values", "test_softmax_keeps_calls"), hint=2)
def test_softmax_axis() -> None:
    """Softmax takes the axis that it is given, the last one by default"""
    x = np.concatenate([SCORES, SCORES[:, ::-1] * 0.5])[[0, 5, 2, 7, 1, 4]].reshape(2, 3, 4)
    known = is_right("Softmax")
    try:
        expect_both("Softmax", x, *([wrong_defaults] if known else []))
    except (IndexError, ValueError) as error:
        raise Mistake(
            seen=f"x of shape (2, 3, 4) gave {type(error).__name__}: {error}",
            expected="a result of shape (2, 3, 4)",
            mistake="it ends in an error for three dimensions" if known else None,
        ) from error
    try:
        expect_both("Softmax", SCORES[0])
    except (Mistake, IndexError, ValueError) as error:
        if not known or getattr(error, "mistake", None) or remembers("Softmax", (4,)):
            raise
        raise Mistake(
            seen=getattr(error, "seen", f"{type(error).__name__}: {error}"),
            expected=getattr(error, "expected", "a result of shape (4,)"),
            mistake="it is not right for a single row of scores, an array of one dimension",
        ) from error
    function = function_behind("Softmax")
    if function is not None and takes_an_axis():
        expect_axes("the function", "softmax(x, {})", lambda axis: function(x, axis), x)
    expect_axes_of_class(x)
    try:
        seen = result("Softmax", x, 3)
    except Exception:  # which one is not for this check to say
        return
    raise Mistake(
        seen=f"Softmax(3)(x) for x of shape (2, 3, 4) gave a result of shape {seen.shape}",
        expected="an error: x has no axis 3",
        mistake="an axis that x does not have is accepted",
    )


@blaming_class_or_function("Softmax")
def expect_axes_of_class(x: np.ndarray) -> None:
    """The axis that a Softmax was made with, whatever is made and called besides."""
    expect_axes("the class", "Softmax({})(x)", lambda axis: result("Softmax", x, axis), x)
    first, _ = made("Softmax", 0), made("Softmax", 2)
    expect(
        "f(x), after f = Softmax(0) and g = Softmax(2),",
        expect_tensor("f(x)", first(tensor.Tensor(x))),
        softmax(x, 0),
        {"all share one axis, that of the one made last": softmax(x, 2)},
    )
    again = expect_tensor("f(x)", first(tensor.Tensor(x)))
    expect(
        "f(x), after f = Softmax(0) and f(x),",
        again,
        softmax(x, 0),
        {"the axis changes from one call to the next": again},
    )
    function = made("Softmax")
    function(tensor.Tensor(x))
    try:
        seen = expect_tensor("f(z)", function(tensor.Tensor(SCORES)))
    except (IndexError, ValueError) as error:
        raise Mistake(
            seen=f"f(z) raised {type(error).__name__}: {error}",
            expected="a result, after f = Softmax() and f(x) with x of shape (2, 3, 4)",
            mistake="the first call decides on the axis of all others",
        ) from error
    what = "f(z), after f = Softmax() and f(x) with x of shape (2, 3, 4),"
    expect(what, seen, softmax(SCORES), {"the first call decides on the axis of all others": seen})


def expect_axes(subject: str, what: str, call: Callable[[int], np.ndarray], x: np.ndarray) -> None:
    """Probabilities along each axis that can be asked for."""
    seen = {axis: call(axis) for axis in (0, 1, 2, -2)}
    correct = [axis for axis, y in seen.items() if equal(y, softmax(x, axis))]
    ignored = all(equal(y, seen[0]) for y in seen.values())
    for axis, y in seen.items():
        names = wrong_axes(x, axis, subject, ignored=ignored)
        if axis == 0 and 1 in correct:
            no_axis = f"{subject} takes axis 0 for no axis: 0 is false in an `if` and an `or`"
            names = [(no_axis, softmax(x)), (no_axis, softmax(x, None)), *names]
        expected = softmax(x, axis)
        expect(
            what.format(axis),
            y,
            expected,
            None,
            lambda y, _, names=names, expected=expected: suspect(y, expected, x, lambda x: names),
        )


def wrong_defaults(x: np.ndarray) -> list[tuple[str, Any]]:
    """What comes out if the axis that is meant is that of a matrix only."""
    e, shifted = np.exp(x), np.exp(x - x.max(-1, keepdims=True))
    return [
        ("the default is axis 1, which is the last one of a matrix only", softmax(x, 1)),
        ("the default is axis 0", softmax(x, 0)),
        ("by default it is taken over all numbers at once", softmax(x, None)),
        (
            "by default it is taken over the last two axes at once",
            e / e.sum((1, 2), keepdims=True),
        ),
        ("the sum is over axis 1, which is the last one of a matrix only", divided(shifted, 1)),
        (
            "the sum is over axes 1 and 2; it has to be over the last one alone",
            shifted / shifted.sum((1, 2), keepdims=True),
        ),
        (
            "the largest is that of axis 1, which is the last one of a matrix only",
            divided(np.exp(x - x.max(1, keepdims=True))),
        ),
    ]


def takes_an_axis() -> bool:
    """Whether the function behind Softmax can be told the axis."""
    return len(inspect.signature(activations.softmax).parameters) > 1


def wrong_axes(x: np.ndarray, axis: int, subject: str, *, ignored: bool) -> list[tuple[str, Any]]:
    """What comes out along another axis than the one that is asked for."""
    at_axis, at_last = (np.exp(x - x.max(a, keepdims=True)) for a in (axis, -1))
    names = {0: "the first one", 1: "axis 1", -1: "the last one", None: "all numbers at once"}
    taken = (
        f"{subject} ignores its axis, and takes {{}}"
        if ignored
        else f"{subject} takes {{}} where axis {axis} is asked for"
    )
    return [
        *([(f"{subject} ignores the sign of its axis", softmax(x, -axis))] if axis < 0 else []),
        *((taken.format(name), softmax(x, other)) for other, name in names.items()),
        (f"{subject} sums over the last axis, whichever is asked for", divided(at_axis)),
        (
            f"{subject} takes the largest over the last axis, whichever is asked for",
            divided(at_last, axis),
        ),
        *(
            (
                f"{subject} subtracts {word} of the last axis, whichever is asked for",
                divided(np.exp(x - less), axis),
            )
            for word, less in (
                ("the first score", x[..., :1]),
                ("the last score", x[..., -1:]),
                ("the mean", x.mean(-1, keepdims=True)),
                ("the smallest score", x.min(-1, keepdims=True)),
            )
        ),
    ]


test_softmax_keeps_shape = keeps_shape("Softmax", SOFTMAX, "test_softmax_axis")


def in_single(x: np.ndarray, less: Any) -> np.ndarray:
    """Softmax after something was subtracted, with the numbers that float32 has."""
    return divided(np.exp((x - less).astype(np.float32)))


@check("Softmax", about=SOFTMAX, needs="test_softmax_values", hint=1)
def test_softmax_is_stable() -> None:
    """Softmax copes with scores of ±10,000, row by row"""
    x = np.array(
        [
            [1e4, 0.0, -1e4],
            [0.0, 1e4, -1e4],
            [-1e4, -2e4, -1e4],
            [500.0, 500.0, 500.0],
            [60.0, 0.0, -60.0],
            [-60.0, -60.0, -60.0],
        ]
    )
    expected = np.array(
        [
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.5, 0.0, 0.5],
            [1 / 3, 1 / 3, 1 / 3],
            [1.0, 0.0, 0.0],
            [1 / 3, 1 / 3, 1 / 3],
        ]
    )
    known = is_right("Softmax")
    with np.errstate(all="ignore"):
        for what, seen in both("Softmax", x):
            if equal(seen, expected, 1e-3):
                continue
            mistake = suspect(seen, expected, x, overflowing)
            if mistake is None and not np.isfinite(seen).all():
                mistake = "exp overflows, or vanishes: the largest score has to be subtracted first"
            if seen.shape != x.shape:
                expect(what, seen, expected)
            row = int(np.argmin(np.isclose(seen, expected, rtol=0, atol=1e-3).all(-1)))
            raise Mistake(
                seen=f"{what} = {show(seen[row])} for the scores {show(x[row])}",
                expected=show(expected[row]),
                mistake=mistake if known else None,
            )
        slope = gradient_at("Softmax", x, weights=expected + 0.1)
    if slope is not None:
        expect_true(
            bool(np.isfinite(slope).all()), seen="nan or inf in the gradient", expected="numbers"
        )


def overflowing(x: np.ndarray) -> list[tuple[str, Any]]:
    """What float32 makes of large scores if something else is subtracted than the largest."""
    largest, mean = x.max(-1, keepdims=True), x.mean(-1, keepdims=True)
    return [
        ("exp overflows for large scores: subtract the largest first", in_single(x, 0)),
        *(
            (
                "exp overflows, and a number for nan hides it: subtract the largest first",
                np.nan_to_num(in_single(x, 0), nan=number),
            )
            for number in (0.0, 1.0, 1 / 3)
        ),
        ("exp overflows: the largest score is added, not subtracted", in_single(x, -largest)),
        (
            "exp overflows: the smallest score is subtracted, not the largest",
            in_single(x, x.min(-1, keepdims=True)),
        ),
        ("exp overflows: the mean is subtracted, not the largest score", in_single(x, mean)),
        (
            "exp overflows: the sum is subtracted, not the largest score",
            in_single(x, x.sum(-1, keepdims=True)),
        ),
        ("the largest of all scores is subtracted; each row needs its own", in_single(x, x.max())),
        (
            "the largest is that without its sign; it has to be the largest score",
            in_single(x, np.abs(x).max(-1, keepdims=True)),
        ),
        ("the first score of each row is subtracted, not the largest", in_single(x, x[:, :1])),
        ("the last score of each row is subtracted, not the largest", in_single(x, x[:, -1:])),
        (
            "scores of more than some size are cut off, and come out alike",
            in_single(np.clip(x, -80, 80), 0),
        ),
    ]


@check("Softmax", about=SOFTMAX, needs="test_softmax_values")
def test_softmax_adds_up_to_one() -> None:
    """Probabilities are positive, add up to 1, and keep the order of the scores"""
    y = result("Softmax", SCORES)
    expect("the sums of Softmax()(x)", y.sum(-1), np.ones(len(y)))
    # As of a language model: one word is likely, and there are thousands of others.
    words = result("Softmax", np.array([[30.0] + [0.0] * 3999]))
    total = words.sum(dtype=np.float64)
    expect(
        "the sum of Softmax()(x) for a row of 4,000 scores",
        total,
        1.0,
        {
            "small probabilities are raised, so that those of a long row add up to more than 1": (
                total if is_right("Softmax") and 1e-12 < words.min() < 1e-8 else 0
            )
        },
        tolerance=FINE / 4,
    )
    expect_true(bool((y >= 0).all()), seen="negative probabilities", expected="0 or more")
    expect("the order of the probabilities", np.argsort(y, axis=-1), np.argsort(SCORES, axis=-1))
    expect("Softmax()(x + 5)", result("Softmax", SCORES + 5), y)


@check("Softmax", about=SOFTMAX, needs=("test_softmax_values", "test_softmax_keeps_calls"))
def test_softmax_gradient() -> None:
    """The gradient of Softmax counts every score of the row"""
    scores = SCORES[:3]
    s = softmax(scores)
    mistakes = {
        "each score counts for its own probability only": UPSTREAM * s * (1 - s),
        "the sum is taken for a constant": UPSTREAM * s,
    }
    expected = s * (UPSTREAM - (UPSTREAM * s).sum(-1, keepdims=True))
    expect_slope("Softmax", scores, expected, mistakes)


test_softmax_keeps_dtype = keeps_dtype("Softmax", SOFTMAX)


# ---- All of them ---------------------------------------------------------------------------------

EXACT: dict[str, Exact] = {
    "ReLU": relu,
    "Sigmoid": sigmoid,
    "Tanh": np.tanh,
    "GELU": gelu,
    "Softmax": softmax,
}
EVERY = (*RELU, *SIGMOID, *TANH, *GELU, *SOFTMAX)


@check("Edge Cases", about=EVERY)
def test_activations_can_be_printed() -> None:
    """Activations can be printed, and have nothing to train"""
    for name in EXACT:
        with blaming(name.lower(), name):
            expect_printable(f"a {name}", made(name))
            expect_nothing_to_train(f"a {name}", made(name))


@check("Edge Cases", about=EVERY)
def test_activations_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    broken = []

    def use() -> None:
        import_again("activations")
        for name in EXACT:
            try:
                with blaming(name.lower(), name):
                    expect_tensor(f"{name}()(x)", made(name)(fresh(X, np.float32)))
            except NotImplementedError:
                raise
            except Exception:  # another check's business
                broken.append(name)

    expect_undisturbed(use)
    if broken:
        raise StandsBack(f"test_{broken[0].lower()}_values")
