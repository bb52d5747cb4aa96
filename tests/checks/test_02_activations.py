"""The checks of module 02: ReLU, Sigmoid, Tanh, GELU and Softmax."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.checking import (
    Mistake,
    check,
    core,
    expect,
    expect_dtype,
    expect_gradient,
    expect_shape,
    expect_tensor,
    expect_true,
    expect_unchanged,
    expect_undisturbed,
    gradients,
    import_again,
    numbers,
)

tensor, activations = core("tensor"), core("activations")

# Both signs, zero, and sizes at which the curves bend and at which they have become flat.
X = np.array([[-8.0, -2.5, -1.0, -0.3], [0.0, 0.2, 0.7, 1.0], [1.5, 2.0, 4.0, 9.0]])
HUGE = np.array([-1e4, -100.0, 100.0, 1e4])
# The gradient to start from: unequal, so that no two elements are treated alike.
UPSTREAM = np.linspace(-1.0, 2.3, X.size).reshape(X.shape)


def activation(name: str, *arguments: Any) -> Callable[[Any], Any]:
    """The activation of that name."""
    made: Callable[[Any], Any] = getattr(activations, name)(*arguments)
    return made


def result(name: str, x: np.ndarray, *arguments: Any) -> np.ndarray:
    """What an activation makes of an array."""
    what = f"{name}({', '.join(map(str, arguments))})(x)"
    return expect_tensor(what, activation(name, *arguments)(tensor.Tensor(x)))


def of_function(name: str, x: np.ndarray) -> np.ndarray | None:
    """What the function behind an activation makes of an array; None if there is no such function.

    It may take a tensor instead.
    """
    function = getattr(activations, name.lower(), None)
    if function is None or inspect.isclass(function):
        return None
    try:
        return numbers(f"{name.lower()}(x)", function(x))
    except (AttributeError, TypeError):
        return numbers(f"{name.lower()}(x)", function(tensor.Tensor(x)))


def expect_values(name: str, expected: np.ndarray, mistakes: dict[str, Any], **also: Any) -> None:
    """The activation of X."""
    x = tensor.Tensor(X)
    y = activation(name)(x)
    array = expect_tensor(f"{name}()(x)", y)
    everywhere = {
        "x is returned as it came": X,
        "the result is one number: the largest of all": np.max(expected),
        "the result is only the sum": np.sum(expected),
        "the largest of each column is taken": np.max(X, axis=0),
        "the sign of the result is wrong": -expected,
    }
    with np.errstate(all="ignore"):
        expect(f"{name}()(x)", array, expected, everywhere | mistakes, **also)
        array = of_function(name, X)
        if array is not None:
            expect(f"{name.lower()}(x)", array, expected, everywhere | mistakes, **also)


def expect_stable(name: str, expected: np.ndarray, what: str) -> None:
    """The activation of numbers so large that a naive formula overflows."""
    with np.errstate(all="ignore"):
        y = result(name, HUGE)
        plain = of_function(name, HUGE.astype(np.float32))
        (slope,) = gradients(activation(name), HUGE)
    values = {f"{name}()(x)": y, f"{name.lower()}(x)": plain}
    for shown, array in (*values.items(), ("the gradient", slope)):
        if array is not None and not np.isfinite(array).all():
            first = int(np.argmin(np.isfinite(array)))
            raise Mistake(
                seen=f"{shown} = {array[first]} for x = {HUGE[first]:g}",
                expected="a finite number" if array is slope else f"{expected[first]:g}",
                mistake=what,
            )
    for shown, array in values.items():
        if array is not None:
            expect(f"{shown} for x = [-10000, -100, 100, 10000]", array, expected)


def expect_slope(
    name: str, expected: np.ndarray, mistakes: dict[str, np.ndarray], also: Any = None
) -> None:
    """The gradient of the activation at X, except at 0, where ReLU has none."""
    (slope,) = gradients(activation(name), X, weights=UPSTREAM)
    if slope is not None:
        slope = np.where(X == 0, 0, slope)
    expect_gradient(
        "x.grad",
        slope,
        np.where(X == 0, 0, UPSTREAM * expected),
        {key: np.where(X == 0, 0, UPSTREAM * value) for key, value in mistakes.items()},
        also=None if also is None else np.where(X == 0, 0, UPSTREAM * also),
        missing="no gradient reaches x: it is computed outside the graph",
    )


# ---- What every activation has to keep -----------------------------------------------------------


def keeping(name: str, about: tuple[str, ...]) -> tuple[Callable[[], None], ...]:
    """The checks that are the same for every activation."""

    def shape() -> None:
        for size in ((7,), (1, 1), (4, 3), (2, 3, 4), (0, 5), (1, 2, 1, 3)):
            expect_shape(f"{name}()(x)", result(name, np.full(size, 0.5)), size)
        if name != "Softmax":
            expect_shape(f"{name}()(x)", result(name, np.array(0.5)), ())

    def dtype() -> None:
        for kind in (np.float32, np.float64):
            y = activation(name)(tensor.Tensor(X, dtype=kind))
            mistake = f"the result is no longer {np.dtype(kind)}"
            expect_dtype(f"{name}()(x)", y, kind, mistake)

    def calls() -> None:
        before = X.astype(np.float32)
        x = tensor.Tensor(before.copy())
        function = activation(name)
        first = numbers(f"{name}()(x)", function(x)).copy()
        expect_unchanged("x", numbers("x", x), before)
        function(tensor.Tensor(-X[:2]))
        second = numbers(f"{name}()(x)", function(tensor.Tensor(X)))
        expect(f"{name}()(x), the second time,", second, first)

    sentences = {
        shape: f"{name} takes any shape, and gives the same",
        dtype: f"{name} keeps float32 float32, and float64 float64",
        calls: f"{name} leaves x as it was, and does the same each time",
    }
    checks = []
    for test, sentence in sentences.items():
        test.__name__, test.__doc__ = f"test_{name.lower()}_keeps_{test.__name__}", sentence
        checks.append(check(name, about=about)(test))
    return tuple(checks)


# ---- ReLU ----------------------------------------------------------------------------------------

RELU = ("relu", "ReLU.forward", "ReLU.__call__", "ReLU")


@check("ReLU", about=RELU)
def test_relu_values() -> None:
    """ReLU keeps positive numbers and makes negative ones zero"""
    expected = np.where(X > 0, X, 0)
    expect_values(
        "ReLU",
        expected,
        {
            "negative numbers lose their sign, as in abs(x)": np.abs(X),
            "the negative numbers are kept, and the positive ones zeroed": np.minimum(X, 0),
            "negative numbers leak through, times 0.01": np.where(X > 0, X, 0.01 * X),
            "negative numbers leak through, times 0.1": np.where(X > 0, X, 0.1 * X),
            "negative numbers leak through, times 0.2": np.where(X > 0, X, 0.2 * X),
            "only whether x is positive is returned, not x itself": (X > 0).astype(float),
            "numbers above 1 are cut off": np.clip(X, 0, 1),
            "numbers above 6 are cut off": np.clip(X, 0, 6),
            "negative numbers become -1, not 0": np.where(X > 0, X, -1),
            "negative numbers become 1, not 0": np.where(X > 0, X, 1),
            "numbers below 1 become 1: the maximum is taken with 1": np.maximum(X, 1),
            "numbers below 1 become 0, not only those below 0": np.where(X > 1, X, 0),
            "the positive numbers are squared": np.maximum(X, 0) ** 2,
            "it is softplus, log(1 + exp(x))": np.log1p(np.exp(X)),
            "it is ELU: negative numbers become exp(x) - 1": np.where(X > 0, X, np.exp(X) - 1),
            "it is x * sigmoid(x)": X / (1 + np.exp(-X)),
        },
    )


@check("ReLU", about=RELU)
def test_relu_of_huge_numbers() -> None:
    """ReLU keeps large numbers as they are"""
    expect_stable("ReLU", np.array([0.0, 0.0, 100.0, 1e4]), "it overflows for large numbers")


@check("ReLU", about=RELU)
def test_relu_gradient() -> None:
    """The gradient of ReLU is 1 for positive and 0 for negative numbers"""
    expect_slope(
        "ReLU",
        (X > 0).astype(float),
        {
            "the gradient is 1 everywhere": np.ones(X.shape),
            "it is x, where x > 0": np.maximum(X, 0),
        },
    )


test_relu_keeps_shape, test_relu_keeps_dtype, test_relu_keeps_calls = keeping("ReLU", RELU)


# ---- Sigmoid -------------------------------------------------------------------------------------

SIGMOID = ("sigmoid", "Sigmoid.forward", "Sigmoid.__call__", "Sigmoid")
LOGISTIC = 1 / (1 + np.exp(-X))


@check("Sigmoid", about=SIGMOID)
def test_sigmoid_values() -> None:
    """Sigmoid computes 1 / (1 + exp(-x))"""
    with np.errstate(all="ignore"):
        mistakes = {
            "the sign of x is wrong: 1 / (1 + exp(x))": 1 / (1 + np.exp(X)),
            "parentheses are missing: 1 / 1 + exp(-x)": 1 + np.exp(-X),
            "1 - exp(-x) stands where 1 + exp(-x) should": 1 / (1 - np.exp(-X)),
            "the 1 in the denominator is missing": np.exp(X),
            "exp(-x) is all that is computed": np.exp(-X),
            "it is tanh": np.tanh(X),
            "it is tanh(x / 2), between -1 and 1": np.tanh(X / 2),
            "it is (1 + tanh(x)) / 2, which is too steep": (1 + np.tanh(X)) / 2,
            "it is the derivative of sigmoid, s (1 - s)": LOGISTIC * (1 - LOGISTIC),
            "the power is of 2, not of e": 1 / (1 + 2.0**-X),
            "the power is of 10, not of e": 1 / (1 + 10.0**-X),
            "negative numbers are treated as positive ones": 1 / (1 + np.exp(-np.abs(X))),
            "it is the straight line of hard sigmoid": np.clip(X / 6 + 0.5, 0, 1),
            "the numerator is x": X / (1 + np.exp(-X)),
            "it is the logarithm of sigmoid": np.log(LOGISTIC),
            "it is softmax: the numbers add up to 1": np.exp(X) / np.exp(X).sum(),
        }
        expect_values("Sigmoid", LOGISTIC, mistakes)


@check("Sigmoid", about=SIGMOID)
def test_sigmoid_is_stable() -> None:
    """Sigmoid of -10,000 is 0 and of 10,000 is 1, without overflow"""
    naive = "exp overflows for large numbers: inf / inf is nan"
    expect_stable("Sigmoid", np.array([0.0, 0.0, 1.0, 1.0]), naive)

    # An overflow that np.where throws away does no harm, and comes for either sign of x. If only
    # negative numbers overflow, the answer itself was made from infinity.
    def overflows(x: float) -> bool:
        noticed: list[str] = []
        with np.errstate(over="call", call=lambda kind, flag: noticed.append(kind)):
            result("Sigmoid", np.full(3, x))
        return bool(noticed)

    expect_true(
        not overflows(-1e4) or overflows(1e4),
        seen="exp(10000) overflows to infinity on the way to Sigmoid()(-10000)",
        expected="no overflow: use exp(x) / (1 + exp(x)) below zero",
        mistake="exp(-x) overflows for large negative numbers: they need a form of their own",
    )


@check("Sigmoid", about=SIGMOID)
def test_sigmoid_gradient() -> None:
    """The gradient of Sigmoid is s (1 - s)"""
    expect_slope("Sigmoid", LOGISTIC * (1 - LOGISTIC), {"the gradient is s": LOGISTIC})


test_sigmoid_keeps_shape, test_sigmoid_keeps_dtype, test_sigmoid_keeps_calls = keeping(
    "Sigmoid", SIGMOID
)


# ---- Tanh ----------------------------------------------------------------------------------------

TANH = ("tanh", "Tanh.forward", "Tanh.__call__", "Tanh")


@check("Tanh", about=TANH)
def test_tanh_values() -> None:
    """Tanh computes the hyperbolic tangent"""
    with np.errstate(all="ignore"):
        mistakes = {
            "it is sigmoid, between 0 and 1": LOGISTIC,
            "it is 2 sigmoid(x) - 1; tanh is 2 sigmoid(2x) - 1": 2 * LOGISTIC - 1,
            "it is sigmoid(2x), between 0 and 1": 1 / (1 + np.exp(-2 * X)),
            "it is the tangent of an angle, tan": np.tan(X),
            "it is arctan": np.arctan(X),
            "it is arctanh": np.arctanh(X),
            "it is sinh: the division by cosh is missing": np.sinh(X),
            "it is cosh": np.cosh(X),
            "it is cosh / sinh, the wrong way round": np.cosh(X) / np.sinh(X),
            "it is the difference of the exponentials, not divided by their sum": np.exp(X)
            - np.exp(-X),
            "it is cut off in straight lines at -1 and 1": np.clip(X, -1, 1),
            "it is the derivative of tanh": 1 - np.tanh(X) ** 2,
            "it is 1 - tanh": 1 - np.tanh(X),
            "it is x / (1 + |x|), softsign": X / (1 + np.abs(X)),
        }
        expect_values("Tanh", np.tanh(X), mistakes)


@check("Tanh", about=TANH)
def test_tanh_is_stable() -> None:
    """Tanh of -10,000 is -1 and of 10,000 is 1, without overflow"""
    naive = "exp overflows for large numbers: inf / inf is nan; np.tanh does not"
    expect_stable("Tanh", np.array([-1.0, -1.0, 1.0, 1.0]), naive)


@check("Tanh", about=TANH)
def test_tanh_gradient() -> None:
    """The gradient of Tanh is 1 - t * t"""
    t = np.tanh(X)
    expect_slope(
        "Tanh", 1 - t * t, {"the gradient is 1 - t": 1 - t, "it is t (1 - t)": t * (1 - t)}
    )


test_tanh_keeps_shape, test_tanh_keeps_dtype, test_tanh_keeps_calls = keeping("Tanh", TANH)


# ---- GELU ----------------------------------------------------------------------------------------

GELU = ("gelu", "GELU.forward", "GELU.__call__", "GELU")
ROOT = math.sqrt(2 / math.pi)
ERF = np.vectorize(math.erf)


def gelu(x: np.ndarray, cubic: float = 0.044715, root: float = ROOT, power: int = 3) -> np.ndarray:
    """The tanh form, with constants that may be wrong."""
    return 0.5 * x * (1 + np.tanh(root * (x + cubic * x**power)))


def exact_gelu(x: np.ndarray) -> np.ndarray:
    """x times the probability that a normal number is below x."""
    return 0.5 * x * (1 + ERF(x / math.sqrt(2)))


@check("GELU", about=GELU)
def test_gelu_values() -> None:
    """GELU computes 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³)))"""
    inner = np.tanh(ROOT * (X + 0.044715 * X**3))
    expect_values(
        "GELU",
        gelu(X),
        {
            "the factor 0.5 is missing": 2 * gelu(X),
            "the factor x is missing": 0.5 * (1 + inner),
            "the 1 + before tanh is missing": 0.5 * X * inner,
            "1 - tanh stands where 1 + tanh should": 0.5 * X * (1 - inner),
            "tanh is missing": 0.5 * X * (1 + ROOT * (X + 0.044715 * X**3)),
            "the term with x³ is missing": gelu(X, cubic=0),
            "it is x² where x³ should be": gelu(X, power=2),
            "the constant is 0.44715, ten times too large": gelu(X, cubic=0.44715),
            "the constant is 0.0044715, ten times too small": gelu(X, cubic=0.0044715),
            "the constant is 0.04715; a 4 is missing": gelu(X, cubic=0.04715),
            "the term with x³ is subtracted": gelu(X, cubic=-0.044715),
            "sqrt(2 / pi) is missing": gelu(X, root=1),
            "it is 2 / pi, without the root": gelu(X, root=2 / math.pi),
            "it is sqrt(pi / 2), the wrong way round": gelu(X, root=math.sqrt(math.pi / 2)),
            "it is sqrt(2 pi), where sqrt(2 / pi) should be": gelu(X, root=math.sqrt(2 * math.pi)),
            "it is sqrt(2) / pi, where sqrt(2 / pi) should be": gelu(
                X, root=math.sqrt(2) / math.pi
            ),
            "it is 1 / sqrt(2 pi), where sqrt(2 / pi) should be": gelu(
                X, root=1 / math.sqrt(2 * math.pi)
            ),
            "sqrt(2 / pi) multiplies x alone": 0.5 * X * (1 + np.tanh(ROOT * X + 0.044715 * X**3)),
            "it is x * sigmoid(1.702 x), a rougher approximation": X / (1 + np.exp(-1.702 * X)),
            "it is x * sigmoid(x), which is called SiLU or Swish": X * LOGISTIC,
            "it is ReLU": np.maximum(X, 0),
            "the error function needs x / sqrt(2), not x": 0.5 * X * (1 + ERF(X)),
            "it is the probability alone, without the factor x": 0.5 * (1 + ERF(X / math.sqrt(2))),
        },
        also=exact_gelu(X),
    )


@check("GELU", about=GELU)
def test_gelu_is_stable() -> None:
    """GELU of -10,000 is 0 and of 10,000 is 10,000"""
    naive = "it overflows for large numbers"
    expect_stable("GELU", np.array([0.0, 0.0, 100.0, 1e4]), naive)


@check("GELU", about=GELU)
def test_gelu_gradient() -> None:
    """The gradient of GELU is its slope"""
    h = 1e-5
    expect_slope(
        "GELU",
        (gelu(X + h) - gelu(X - h)) / (2 * h),
        {"it is the slope of ReLU": (X > 0).astype(float)},
        also=(exact_gelu(X + h) - exact_gelu(X - h)) / (2 * h),
    )


test_gelu_keeps_shape, test_gelu_keeps_dtype, test_gelu_keeps_calls = keeping("GELU", GELU)


# ---- Softmax -------------------------------------------------------------------------------------

SOFTMAX = ("softmax", "Softmax.forward", "Softmax.__call__", "Softmax")
SCORES = np.array([[1.0, 2.0, 3.0, -1.0], [0.5, -0.5, 0.0, 2.0], [-2.0, 1.0, 1.5, 0.25]])


def softmax(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """The textbook formula, for small numbers."""
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


@check("Softmax", about=SOFTMAX)
def test_softmax_values() -> None:
    """Softmax turns each row of scores into probabilities"""
    exponentials = np.exp(SCORES)
    shifted = np.exp(SCORES - SCORES.max(-1, keepdims=True))
    with np.errstate(all="ignore"):
        expect(
            "Softmax()(x)",
            result("Softmax", SCORES),
            softmax(SCORES),
            {
                "it is taken over the columns; the rows are the last axis": softmax(SCORES, 0),
                "it is taken over all numbers at once; each row needs its own sum": softmax(
                    SCORES, None
                ),
                "the exponentials are not divided by their sum": exponentials,
                "after subtracting the maximum, the exponentials are not divided by their sum": (
                    shifted
                ),
                "the exponentials after subtracting the maximum of all are not divided": np.exp(
                    SCORES - SCORES.max()
                ),
                "exp is missing: x is divided by its sum": SCORES / SCORES.sum(-1, keepdims=True),
                "the sign of x is wrong": softmax(-SCORES),
                "it is the logarithm of softmax": np.log(softmax(SCORES)),
                "after subtracting the maximum of each row, they are divided by the sum of all": (
                    shifted / shifted.sum()
                ),
                "the exponentials are divided by their mean": exponentials
                / exponentials.mean(-1, keepdims=True),
                "the exponentials are divided by the sum of x": exponentials
                / SCORES.sum(-1, keepdims=True),
                "exp(x) is divided by a sum from which the maximum was subtracted": exponentials
                / shifted.sum(-1, keepdims=True),
                "the numerator has the maximum subtracted, and the sum has not": shifted
                / exponentials.sum(-1, keepdims=True),
                "the power is of 2, not of e": softmax(SCORES * math.log(2)),
                "it is taken twice": softmax(softmax(SCORES)),
                "it is sigmoid, for each number alone": 1 / (1 + np.exp(-SCORES)),
                "only the largest counts, as in argmax": (
                    SCORES.max(-1, keepdims=True) == SCORES
                ).astype(float),
                "only the sum is returned": exponentials.sum(-1, keepdims=True),
                "x is returned as it came": SCORES,
                "the scores are divided by the square root of their number": softmax(SCORES / 2),
                "the sign of the result is wrong": -softmax(SCORES),
            },
        )


@check("Softmax", about=SOFTMAX)
def test_softmax_is_stable() -> None:
    """Softmax copes with scores of ±10,000, row by row"""
    scores = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4], [500.0, 500.0, 500.0]])
    expected = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    with np.errstate(all="ignore"):
        probabilities = result("Softmax", scores)
        (slope,) = gradients(activation("Softmax"), scores, weights=expected + 0.1)
    finite = np.isfinite(probabilities).all(axis=-1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise Mistake(
            seen=f"{probabilities[row]} for the scores {scores[row]}",
            expected=str(expected[row]),
            mistake="exp overflows or vanishes: subtract the largest score first"
            if row == 0
            else "the largest of all scores is subtracted; each row needs its own",
        )
    expect("Softmax()(x)", probabilities, expected)
    if slope is not None:
        expect_true(
            bool(np.isfinite(slope).all()), seen="nan or inf in the gradient", expected="numbers"
        )


@check("Softmax", about=SOFTMAX)
def test_softmax_axis() -> None:
    """Softmax takes the axis that it is given, the last one by default"""
    x = np.concatenate([SCORES, SCORES[::-1] * 0.5]).reshape(2, 3, 4)
    expect(
        "Softmax()(x) of shape (2, 3, 4)",
        result("Softmax", x),
        softmax(x),
        {
            "the default is axis 1, which is the last one of a matrix only": softmax(x, 1),
            "the default is axis 0": softmax(x, 0),
        },
    )
    expect("Softmax()(x) of a single row", result("Softmax", SCORES[0]), softmax(SCORES[0]))
    for axis in (0, 1, 2, -2):
        expect(
            f"Softmax({axis})(x)",
            result("Softmax", x, axis),
            softmax(x, axis),
            {
                "the axis is ignored, and the last one taken": softmax(x),
            },
        )


@check("Softmax", about=SOFTMAX)
def test_softmax_adds_up_to_one() -> None:
    """Probabilities are positive, add up to 1, and keep the order of the scores"""
    y = result("Softmax", SCORES)
    expect("the sums of Softmax()(x)", y.sum(-1), np.ones(3))
    expect_true(bool((y >= 0).all()), seen="negative probabilities", expected="0 or more")
    expect("the order of the probabilities", np.argsort(y, axis=-1), np.argsort(SCORES, axis=-1))
    expect("Softmax()(x + 5)", result("Softmax", SCORES + 5), y)


@check("Softmax", about=SOFTMAX)
def test_softmax_gradient() -> None:
    """The gradient of Softmax counts every score of the row"""
    upstream = UPSTREAM
    (slope,) = gradients(activation("Softmax"), SCORES, weights=upstream)
    s = softmax(SCORES)
    expect_gradient(
        "x.grad",
        slope,
        s * (upstream - (upstream * s).sum(-1, keepdims=True)),
        {
            "each score counts for its own probability only": upstream * s * (1 - s),
            "the sum is taken for a constant": upstream * s,
        },
        missing="no gradient reaches x: it is computed outside the graph",
    )


test_softmax_keeps_shape, test_softmax_keeps_dtype, test_softmax_keeps_calls = keeping(
    "Softmax", SOFTMAX
)


# ---- All of them ---------------------------------------------------------------------------------

NAMES = ("ReLU", "Sigmoid", "Tanh", "GELU", "Softmax")
EVERY = (*RELU, *SIGMOID, *TANH, *GELU, *SOFTMAX)


@check("Edge Cases", about=EVERY)
def test_activations_can_be_printed() -> None:
    """Activations can be printed, and have nothing to train"""
    for name in NAMES:
        function = activation(name)
        expect_true(bool(repr(function)), seen="an empty text", expected="a text")
        listed = list(getattr(function, "parameters", list)())
        expect_true(
            not listed,
            seen=f"{len(listed)} parameters of {name}",
            expected="none",
            mistake="an activation lists something to train",
        )


@check("Edge Cases", about=EVERY)
def test_activations_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        for name in NAMES:
            activation(name)(tensor.Tensor(X))
        import_again("activations")

    expect_undisturbed(use)
