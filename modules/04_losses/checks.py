"""The checks of module 04: the mean squared error and the two cross-entropies."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from tinytorch.course.checking import (
    Mistake,
    averages,
    blaming,
    check,
    core,
    equal,
    expect,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_tensor,
    expect_undisturbed,
    given,
    gradients,
    import_again,
    numbers,
    untouched,
    usual,
)
from tinytorch.course.checking.lineup import show

tensor, losses = core("tensor"), core("losses")

# What is compared: predictions and targets, probabilities and answers, or logits and classes.
Case = tuple[np.ndarray, np.ndarray]
# What mistakes would make of a case, each by its name.
Lineup = Callable[[np.ndarray, np.ndarray], dict[str, Any]]

MSE, BCE, CE = "MSELoss", "BinaryCrossEntropyLoss", "CrossEntropyLoss"
OPERATIONS = ("binary_cross_entropy", "shifted", "log_softmax", "cross_entropy")
UNITS = {MSE: "Mean Squared Error", BCE: "Binary Cross-Entropy", CE: "Cross-Entropy"}
# What a loss compares, as a learner would write it.
INPUTS = {MSE: ("prediction", "target"), BCE: ("p", "target"), CE: ("logits", "classes")}
ABOUT = {
    MSE: ("MSELoss.forward", "MSELoss.__call__", "MSELoss"),
    BCE: ("binary_cross_entropy", "BinaryCrossEntropyLoss.forward", "BinaryCrossEntropyLoss"),
    CE: ("cross_entropy", "CrossEntropyLoss.forward", "CrossEntropyLoss"),
}
SHIFTED = ("shifted", "log_softmax")
LOG_SOFTMAX = ("log_softmax", "shifted")
SMOOTHING = ("CrossEntropyLoss.forward", "CrossEntropyLoss.__init__", "CrossEntropyLoss")
# What a wrong dtype may come from: a graph that ends in a new tensor, a bound, an epsilon.
DTYPE_NEEDS = {
    MSE: ("test_mse_gradient",),
    BCE: ("test_bce_is_finite", "test_bce_gradient"),
    CE: ("test_cross_entropy_is_stable", "test_cross_entropy_gradient"),
}
VALUES = {MSE: "test_mse_values", BCE: "test_bce_values", CE: "test_cross_entropy_values"}

# Two matrices of different sizes each; for logits more samples than classes, and fewer.
PREDICTION = np.array(
    [[1.52, -2.07, 0.23, 3.98], [0.71, 2.94, -1.28, 0.55], [2.46, -0.59, 1.13, -3.1]]
)
TARGET = np.array([[0.94, -0.45, 0.81, 2.09], [-1.57, 3.36, -2.02, 1.29], [1.77, 0.38, 2.2, -2.63]])
P = np.array([[0.91, 0.22, 0.64, 0.37], [0.06, 0.83, 0.58, 0.71], [0.44, 0.15, 0.95, 0.62]])
YES = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
LOGITS = np.array(
    [[2.03, 1.12, 0.07], [-1.54, 0.51, 1.26], [0.33, -2.21, 0.85], [-0.47, 1.71, 0.6]]
)
CLASSES = np.array([1, 0, 2, 2])
CASES: dict[str, list[Case]] = {
    MSE: [(PREDICTION, TARGET), (PREDICTION.reshape(6, 2) + 0.3, TARGET[::-1].reshape(6, 2))],
    BCE: [(P, YES), (0.95 - 0.9 * P.reshape(6, 2), YES.reshape(6, 2))],
    CE: [
        (LOGITS, CLASSES),
        (np.sin(np.arange(15.0)).reshape(3, 5) * [[1.3], [2.1], [0.8]], np.array([3, 1, 2])),
    ],
}
# Where others end in an error, some mistakes give numbers: as many samples as classes.
SQUARE = (LOGITS[:3] * np.array([1.0, 0.9, 1.3]), np.array([1, 0, 1]))


# ---- Asking --------------------------------------------------------------------------------------


def loss_of(name: str, first: np.ndarray, second: np.ndarray, **options: Any) -> np.ndarray:
    """The loss of that name for one case."""
    function = getattr(losses, name)(**options)
    value = called(name, function, fresh(first), argument(name, second))
    return numbers("the loss", value)


def called(name: str, function: Any, first: Any, second: Any) -> Any:
    """The tensor that a call of a loss gives; where it gives none, what is missing."""
    what = f"{name}()({', '.join(INPUTS[name])})"
    try:
        value = function(first, second)
    except TypeError as error:
        for operation in OPERATIONS:
            if str(error).startswith(f"{operation} returned None"):
                raise nothing(f"{operation}(…)", operation, operation) from error
        raise
    if value is None:
        raise nothing(what, f"{name}: its forward or __call__", f"{name}.forward")
    if isinstance(value, tuple):
        raise Mistake(
            seen=f"{what} is a tuple of {len(value)}",
            expected="one tensor",
            mistake="several things are returned; the loss is one tensor",
            about=f"{name}.forward",
        )
    if not isinstance(value, tensor.Tensor):
        with blaming(f"{name}.forward"):
            expect_tensor(what, value)
    return value


def nothing(what: str, where: str, about: str) -> Mistake:
    """The mistake of a function that returns nothing."""
    return Mistake(
        seen=f"{what} is None",
        expected="a result",
        mistake=f"nothing comes back from {where}: a `return` is missing",
        about=about,
    )


def call_of(name: str, options: dict[str, Any]) -> str:
    """How a loss is made: `CrossEntropyLoss(label_smoothing=0.1)`."""
    return f"{name}({', '.join(f'{key}={value}' for key, value in options.items())})"


def argument(name: str, second: np.ndarray) -> Any:
    """Targets as they are passed: a tensor, or an array of classes."""
    return second.copy() if name == CE else fresh(second)


def fresh(x: np.ndarray, dtype: Any = np.float32) -> Any:
    """A tensor with memory of its own."""
    return tensor.Tensor(np.array(x, dtype), dtype=dtype)


def function_behind(name: str) -> Any:
    """An operation that the lesson asks for; None where somebody does without."""
    try:
        return getattr(losses, name)
    except (AttributeError, NotImplementedError) as error:
        if name in str(error):
            return None
        raise


# ---- Comparing -----------------------------------------------------------------------------------


def expect_losses(
    cases: list[Case], lineup: Lineup, exact: Callable[..., Any], name: str, **options: Any
) -> None:
    """The loss of each case; the mistake has a name if it alone explains all that was seen.

    Raises:
        Mistake: one of them is wrong.
    """
    seen: list[np.ndarray] = []
    for case in cases:
        try:
            seen.append(loss_of(name, *case, **options))
        except (ValueError, TypeError, IndexError):
            if all(equal(value, exact(*c)) for value, c in zip(seen, cases, strict=False)):
                raise
            break  # the numbers so far say more
    expect_explained(f"the loss {call_of(name, options)}", seen, cases, lineup, exact, INPUTS[name])


def expect_explained(
    what: str,
    seen: list[np.ndarray],
    cases: list[Case],
    lineup: Lineup,
    exact: Callable[..., Any],
    inputs: tuple[str, ...],
    subject: str = "the loss",
) -> None:
    """Numbers that were seen for each case, or for the first ones; see `expect_losses`."""
    cases = cases[: len(seen)]
    wanted = [np.asarray(exact(*case)) for case in cases]
    wrong = [i for i, value in enumerate(seen) if not equal(value, wanted[i])]
    if not wrong:
        return
    with np.errstate(all="ignore"):
        mistake = explanation(seen, cases, wanted, lineup)
        if mistake is None and lineup is not no_lineup:
            unfit = [(seen[i], cases[i]) for i in wrong]
            mistake = (
                one_size(wrong, cases)
                or anything(unfit, exact, inputs, subject)
                or many_numbers(seen[wrong[0]], wanted[wrong[0]])
                or fact(seen, wanted, subject)
            )
    place = wrong[0]
    shown = dict(zip(inputs, cases[place], strict=True))
    with given(**shown):
        try:
            expect(what, seen[place], wanted[place])
        except Mistake as found:
            found.mistake = mistake
            raise


def explanation(
    seen: list[np.ndarray], cases: list[Case], wanted: list[np.ndarray], lineup: Lineup
) -> str | None:
    """The only name in a line-up that explains every number that was seen."""
    names: set[str] | None = None
    for value, case in zip(seen, cases, strict=True):
        fitting = {name for name, other in lineup(*case).items() if equal(value, np.asarray(other))}
        names = fitting if names is None else names & fitting
    return names.pop() if names and len(names) == 1 else None


def no_lineup(*_: np.ndarray) -> dict[str, Any]:
    """No names, where something else is to blame."""
    return {}


def many_numbers(seen: np.ndarray, wanted: np.ndarray) -> str | None:
    """What can be said of an array in the place of a single number."""
    if wanted.shape or not seen.shape:
        return None
    return f"the result has the shape {seen.shape}, and should be a single number"


def one_size(wrong: list[int], cases: list[Case]) -> str | None:
    """What can be said if only the second of two cases is wrong."""
    if wrong != [1]:
        return None
    first, second = (case[0].shape for case in cases[:2])
    return f"it is right for shape {first}, and wrong for shape {second}"


def anything(
    wrong: list[tuple[np.ndarray, Case]],
    exact: Callable[..., Any],
    inputs: tuple[str, ...],
    subject: str,
) -> str | None:
    """What else explains all that is wrong, of what can go wrong anywhere."""
    names = {
        usual(exact, subject=subject, **dict(zip(inputs, case, strict=True)))(value, 2e-5)
        for value, case in wrong
    }
    return names.pop() if len(names) == 1 else None


def fact(seen: list[np.ndarray], wanted: list[np.ndarray], subject: str) -> str | None:
    """What can be said of single numbers that no known mistake explains."""
    if len(seen) < 2 or any(s.shape != w.shape or s.size != 1 for s, w in both(seen, wanted)):
        return None
    values = np.array([value.item() for value in seen], np.float64)
    right = np.array([value.item() for value in wanted], np.float64)
    if not np.isfinite(values).all():
        return None
    if equal(values, np.full(len(values), values[0])):
        return f"{subject} is {values[0]:.5g}, whatever it is given"
    ratio, difference = values[0] / right[0], values[0] - right[0]
    if equal(values, ratio * right):
        return f"{subject} is {ratio:.5g} times as large as it should be"
    if equal(values, right + difference):
        too = "large" if difference > 0 else "small"
        return f"{subject} is too {too} by {abs(difference):.5g}"
    return None


def both(seen: list[np.ndarray], wanted: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """What was seen beside what should have been."""
    return list(zip(seen, wanted, strict=True))


def is_right(name: str) -> bool:
    """Whether a loss is right where nothing special is asked of it.

    Where it is not, what else is wrong may come from there, and has no name of its own.
    """
    try:
        return all(equal(loss_of(name, *case), EXACT[name](*case)) for case in CASES[name])
    except Exception:
        return False


def reductions(each: np.ndarray) -> dict[str, Any]:
    """What can go wrong between what each element costs, or each sample, and one number."""
    mean = each.mean()
    last = {"only the last row counts": each[-1].mean()} if each.ndim > 1 else {}
    return (
        averages(each)
        | last
        | {
            "the first is left out of the mean": each.ravel()[1:].mean(),
            "the last is left out of the mean": each.ravel()[:-1].mean(),
            "the sum is divided by one too many": each.sum() / (each.size + 1),
            "the logarithm of the loss is taken": np.log(mean),
            "the spread of the losses is returned, not their mean": each.std(),
            "the result keeps its dimensions, and should be a single number, of shape ()": np.full(
                (1,) * each.ndim, mean
            ),
        }
    )


# ---- What every loss has to keep -----------------------------------------------------------------


def keeps_calls(name: str) -> Callable[[], None]:
    """The check that calls have nothing to do with one another."""

    def test() -> None:
        for dtype in (np.float32, np.float64):
            expect_no_memory(name, dtype)

    sentence = f"{name} leaves what it is given as it was, and does the same each time"
    return check_of(name, "calls", sentence, test)


def expect_no_memory(name: str, dtype: Any) -> None:
    """Calls that change nothing, and remember nothing."""
    known = is_right(name)
    (first, second), (other, other_second) = CASES[name]
    function = getattr(losses, name)()
    x, y = fresh(first, dtype), argument(name, second)
    with untouched(**dict(zip(INPUTS[name], (x, y), strict=True))):
        value = numbers("the loss", called(name, function, x, y)).copy()
    large, small = fresh(other, dtype), argument(name, other_second)
    with untouched(**dict(zip(INPUTS[name], (large, small), strict=True))):
        between = numbers("the loss", called(name, function, large, small)).copy()
    again = numbers("the loss", function(fresh(first[::-1], dtype), argument(name, second)))
    right = EXACT[name](first[::-1], second) if known else again
    mistakes = {
        "the result of an earlier call comes back: something is kept": value,
        "the losses of earlier calls are added: something is kept": right + between,
    }
    expect(f"{name}()(z, y), after calls with other inputs,", again, right, mistakes)
    repeated = numbers("the loss", function(fresh(first, dtype), argument(name, second)))
    words = "it gives another result when it is called again with the same"
    expect(f"{name}(), called again,", repeated, value, {words: repeated} if known else {})


def keeps_dtype(name: str) -> Callable[[], None]:
    """The check that the precision stays."""

    def test() -> None:
        known, (first, second) = is_right(name), CASES[name][0]
        for kind in (np.float32, np.float64):
            classes = argument(name, second) if name == CE else fresh(second, kind)
            value = called(name, getattr(losses, name)(), fresh(first, kind), classes)
            mistake = f"the result is no longer {np.dtype(kind)}" if known else None
            expect_dtype(f"{name}() of {np.dtype(kind)}", value, kind, mistake)
            exact = EXACT[name](first, second)
            expect(
                f"{name}() of {np.dtype(kind)}",
                value,
                exact,
                {"digits of float64 are lost on the way": value}
                if known and numbers("the loss", value) == np.float32(exact)
                else {},
                tolerance=2e-5 if kind == np.float32 else 1e-11,
            )

    sentence = f"{name} keeps float32 float32, and float64 float64"
    return check_of(name, "dtype", sentence, test)


def keeps_shapes(name: str) -> Callable[[], None]:
    """The check that any number of dimensions will do."""

    def test() -> None:
        known = is_right(name) and (name != CE or shifted_is_right())
        for shape, words in WRONG_FOR[name].items():
            first, second = shaped(name, shape)
            what = f"{name}() for {INPUTS[name][0]} of shape {first.shape}"
            exact = EXACT[name](first, second)
            try:
                seen = loss_of(name, first, second)
                lineup = shape_mistakes(name, first, second) if known else {}
                expect(what, seen, exact, lineup)
            except NotImplementedError:
                raise
            except Mistake as found:
                if known and found.mistake is None:
                    found.mistake = f"the loss is wrong {words}"
                raise
            except (ValueError, TypeError, IndexError) as error:
                if known and name == CE:
                    expect_rows(first)
                raise Mistake(
                    seen=f"{what} raised {type(error).__name__}: {error}",
                    expected=f"{exact:.5g}",
                    mistake=f"it ends in an error {words}" if known else None,
                ) from error

    sentence = f"{name} takes any number of dimensions"
    return check_of(name, "shapes", sentence, test)


def shape_mistakes(name: str, first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """What comes of counting or averaging that is right for matrices only."""
    each = EACH[name](first, second)
    if each.ndim < 2:
        return {}
    return {
        "the losses are averaged over the last axis alone": each.mean(-1),
        "the losses are averaged over the first axis alone": each.mean(0),
        "the losses are averaged over the first two axes alone": each.mean((0, 1)),
        "the sum is divided by the first dimension, which is not all of the batch": (
            each.sum() / len(each)
        ),
        "the sum is divided by the first two dimensions": each.sum() / each[..., 0].size,
    }


def refuses(name: str) -> Callable[[], None]:
    """The check that what does not fit is refused."""
    if name == CE:
        sentence = "CrossEntropyLoss refuses what is no class"
        return check_of(name, "refuses", sentence, expect_classes)
    sentence = f"{name} refuses targets of another shape"
    return check_of(name, "refuses", sentence, lambda: expect_fit(name))


def expect_classes() -> None:
    """Classes that there are not are an error, and so is another number of them."""
    known = is_right(CE)
    for classes, words in (
        ([0, 1, -1, 2], "class -1 is accepted, and counts from the end as an index does"),
        ([0, 1, 3, 2], "class 3 is accepted, where there are the classes 0, 1 and 2"),
        ([1], "one class is taken for all samples, where each needs its own"),
    ):
        call = lambda classes=classes: losses.CrossEntropyLoss()(fresh(LOGITS), classes)  # noqa: E731
        with blaming("CrossEntropyLoss.forward"):
            what = f"CrossEntropyLoss()(logits of shape (4, 3), {classes})"
            expect_error(what, call, words if known else None)


def expect_fit(name: str) -> None:
    """Targets of another shape are an error, and not broadcast."""
    first, second = CASES[name][1]
    column, row = first.reshape(-1, 1), second.reshape(-1)
    rows = len(row)
    with np.errstate(all="ignore"):
        for x, y in ((column, row), (row, column), (column, row[:1]), (np.tile(row, (2, 1)), row)):
            x = np.clip(x, 0, 1) if name == BCE else x
            what = f"{name}() for shapes {x.shape} and {y.shape}"
            call = lambda x=x, y=y: getattr(losses, name)()(fresh(x), fresh(y))  # noqa: E731
            if x.size == y.size:
                with suppress(Exception):
                    if equal(numbers(what, call()), EXACT[name](x.reshape(-1), y.reshape(-1))):
                        continue  # brought into one shape, element by element
            words = "predictions and targets of different shapes are broadcast against each other"
            if x.size == y.size:
                words += f": {rows} against {rows} become {rows} by {rows}"
            with blaming(f"{name}.forward"):
                expect_error(what, call, words)


def check_of(name: str, kept: str, sentence: str, test: Callable[[], None]) -> Callable[[], None]:
    """A check of one loss that there is for the others too, and that needs right values."""
    test.__name__, test.__doc__ = f"{VALUES[name].removesuffix('values')}{kept}", sentence
    needs: tuple[str, ...] = (VALUES[name],)
    if name == CE:
        needs = ("test_shifted_rows", *needs)
    if kept == "dtype":
        needs += DTYPE_NEEDS[name]
    return check(UNITS[name], about=ABOUT[name], needs=needs)(test)


def graph_of(name: str, first: np.ndarray, second: np.ndarray, **options: Any) -> np.ndarray | None:
    """The gradient of a loss for its first input."""
    function = getattr(losses, name)(**options)
    (slope,) = gradients(lambda x: called(name, function, x, argument(name, second)), first)
    return slope


# ---- Mean squared error --------------------------------------------------------------------------


def mse_each(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The squared error of each element."""
    return (prediction - target) ** 2


def mse(prediction: np.ndarray, target: np.ndarray) -> Any:
    """The mean squared error."""
    return mse_each(prediction, target).mean()


def mse_lineup(prediction: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """What mistakes make of the squared error."""
    miss = prediction - target
    return reductions(miss**2) | {
        "the absolute misses are averaged, not their squares": np.abs(miss).mean(),
        "the misses are averaged, and not squared": miss.mean(),
        "the misses are averaged, and not squared; and they are target less prediction": (
            -miss.mean()
        ),
        "the misses are averaged before the square is taken": miss.mean() ** 2,
        "the misses are added up before the square is taken": miss.sum() ** 2,
        "prediction and target are added, not subtracted": np.mean((prediction + target) ** 2),
        "prediction and target are multiplied": np.mean(prediction * target),
        "each is squared by itself, and then subtracted": np.mean(prediction**2 - target**2),
        "the misses are taken to the third power": np.mean(miss**3),
        "the misses are taken to the fourth power": np.mean(miss**4),
        "the misses are doubled, not squared": np.mean(miss * 2),
        "the target is left out": np.mean(prediction**2),
        "the prediction is left out": np.mean(target**2),
        "only the target is squared": np.mean(prediction - target**2),
        "only the prediction is squared": np.mean(prediction**2 - target),
        "the misses are divided by the target": np.mean((miss / target) ** 2),
        "the squares are divided by the target": np.mean(miss**2 / target),
        "negative misses count for nothing": np.mean(np.maximum(miss, 0) ** 2),
        "positive misses count for nothing": np.mean(np.minimum(miss, 0) ** 2),
        "the misses are cut off at -1 and 1": np.mean(np.clip(miss, -1, 1) ** 2),
        "large misses count by their size, not their square, as in Huber's loss": np.mean(
            np.where(np.abs(miss) < 1, miss**2 / 2, np.abs(miss) - 0.5)
        ),
        "the misses are rounded to whole numbers": np.mean(np.round(miss) ** 2),
        "the misses lose their decimals": np.mean(np.trunc(miss) ** 2),
        "the variance of the misses is returned: their mean is subtracted": np.var(miss),
        "it is the logarithm of cosh of the misses": np.mean(np.log(np.cosh(miss))),
        "the length of all misses is returned, the root of their sum": np.sqrt(np.sum(miss**2)),
        "prediction and target change their sign: it is that of absolute values": np.mean(
            (np.abs(prediction) - np.abs(target)) ** 2
        ),
        "the logarithms are compared, not the numbers": np.mean(
            (np.log1p(np.abs(prediction)) - np.log1p(np.abs(target))) ** 2
        ),
        "the absolute misses are divided by the target": np.mean(np.abs(miss / target)),
    }


@check("Mean Squared Error", about=ABOUT[MSE], hint=1)
def test_mse_values() -> None:
    """MSELoss averages the squared differences"""
    expect_losses(CASES[MSE], mse_lineup, mse, MSE)


test_mse_calls = keeps_calls(MSE)


@check("Mean Squared Error", about=ABOUT[MSE], needs=("test_mse_values", "test_mse_calls"))
def test_mse_gradient() -> None:
    """The gradient of MSELoss is twice the miss, divided by their number"""
    slope = graph_of(MSE, PREDICTION, TARGET)
    miss = (PREDICTION - TARGET) / TARGET.size
    mistakes = {
        "one of the two factors of the square is computed on .data, so half the gradient is lost": (
            miss
        ),
        "the gradient has the wrong sign": -2 * miss,
        "the gradient arrives twice": 4 * miss,
        "no gradient arrives: the prediction is multiplied by 0 on its way": 0 * miss,
    }
    known = is_right(MSE)
    expect_gradient("prediction.grad", slope, 2 * miss, mistakes if known else {})
    target = fresh(TARGET, np.float64)
    target.requires_grad = True
    with suppress(ValueError):  # a target that nothing was recorded for is as good
        losses.MSELoss()(fresh(PREDICTION, np.float64), target).backward()
    if target.grad is not None:
        words = "the gradient of the target is that of the prediction: it needs the other sign"
        names = {words: 2 * miss} if known else {}
        expect_gradient("target.grad", target.grad, -2 * miss, names)


test_mse_shapes = keeps_shapes(MSE)
test_mse_dtype = keeps_dtype(MSE)
test_mse_refuses = refuses(MSE)


# ---- Binary cross-entropy ------------------------------------------------------------------------


def bce_each(p: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The surprise at each answer."""
    return -np.log(np.where(target == 1, p, 1 - p))


def bce(p: np.ndarray, target: np.ndarray) -> Any:
    """The mean surprise at the answers."""
    return bce_each(p, target).mean()


def bce_lineup(p: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """What mistakes make of the binary cross-entropy."""
    yes, no = np.log(p), np.log1p(-p)
    each, mean = bce_each(p, target), bce(p, target)
    cut = [np.maximum(np.log(x), -100) for x in (target, 1 - target)]
    sigmoid = 1 / (1 + np.exp(-p))
    return reductions(each) | {
        "only what was a yes counts: the term for no is missing, or 0": -np.mean(target * yes),
        "only what was a no counts: the term for yes is missing, or 0": -np.mean((1 - target) * no),
        "only what was a yes counts, divided by the number of these": (
            -np.sum(target * yes) / target.sum()
        ),
        "every answer counts as yes: log(p) is in both terms, or alone": -np.mean(yes),
        "every answer counts as no: log(1 - p) is in both terms, or alone": -np.mean(no),
        "the target is not looked at: both logarithms are added for each": -np.mean(yes + no),
        "yes and no have changed places": -np.mean(target * no + (1 - target) * yes),
        "prediction and target have changed places": -np.mean(p * cut[0] + (1 - p) * cut[1]),
        "the second term is subtracted, where it should be added": -np.mean(
            target * yes - (1 - target) * no
        ),
        "the weights are p and 1 - p, where they should be the target and 1 - target": -np.mean(
            p * yes + (1 - p) * no
        ),
        "the term for no is weighted by 1 - p, where it should be 1 - target": -np.mean(
            target * yes + (1 - p) * no
        ),
        "the term for no is weighted by the target, not by 1 - target": -np.mean(
            target * yes + target * no
        ),
        "the term for yes is weighted by 1 - target, like that for no": -np.mean(
            (1 - target) * (yes + no)
        ),
        "the term for no is not weighted by 1 - target": -np.mean(target * yes + no),
        "the term for yes is not weighted by the target": -np.mean(yes + (1 - target) * no),
        "the term for no has log(1 + p), where it should have log(1 - p)": -np.mean(
            target * yes + (1 - target) * np.log1p(p)
        ),
        "the term for no has 1 - log(p), where it should have log(1 - p)": -np.mean(
            target * yes + (1 - target) * (1 - yes)
        ),
        "the term for no has -log(p), where it should have log(1 - p)": -np.mean(
            target * yes - (1 - target) * yes
        ),
        "the logarithms have base 2; the natural one is np.log": mean / np.log(2),
        "the logarithms have base 10; the natural one is np.log": mean / np.log(10),
        "1 is added within the logarithm of p, as by np.log1p(p)": -np.mean(
            target * np.log1p(p) + (1 - target) * no
        ),
        "no logarithm is taken: it is 1 less the probability of the right answer": np.mean(
            np.abs(target - p)
        ),
        "no logarithm is taken: it is minus the probability of the right answer": np.mean(
            np.abs(target - p)
        )
        - 1,
        "the squared error is computed, not the cross-entropy": np.mean((p - target) ** 2),
        "a sigmoid is taken of what are probabilities already": bce(sigmoid, target),
        "a softmax is taken of what are probabilities already": bce(softmax(p), target),
        "the brackets around 1 - target are missing: 1 - target * log(1 - p)": -np.mean(
            target * yes + 1 - target * no
        ),
        "the targets are taken for -1 and 1, where they are 0 and 1": -np.mean(
            (target + 1) / 2 * yes + (1 - target) / 2 * no
        ),
        **{
            f"{wrong} stands where np.maximum(log, -100) should, {where}": -np.mean(
                target * (cut_off(yes) if "no" not in where else yes)
                + (1 - target) * (cut_off(no) if "yes" not in where else no)
            )
            for wrong, cut_off in (
                ("np.minimum(log, -100)", lambda log: np.minimum(log, -100)),
                ("np.maximum(log, 100)", lambda log: np.maximum(log, 100)),
            )
            for where in ("for yes", "for no", "for both")
        },
        "the probabilities are rounded to yes or no first": np.mean(
            -np.maximum(np.log(np.where(target == 1, np.round(p), 1 - np.round(p))), -100)
        ),
        "the share of wrong answers is returned": np.mean((p > 0.5) != (target == 1)),
        "the probabilities are averaged before the logarithm is taken": -np.log(
            np.mean(np.where(target == 1, p, 1 - p))
        ),
        "it is 1 divided by the probability, not its logarithm": np.mean(np.exp(each)),
        "the sum is divided by the number of answers yes": each.sum() / target.sum(),
        "the probabilities are added up before the logarithm is taken": -np.log(
            np.sum(np.where(target == 1, p, 1 - p))
        ),
        "it is a hinge: how far the answers are from sure, with no logarithm": np.mean(
            np.maximum(0, 1 - (2 * target - 1) * (2 * p - 1))
        ),
        "hard answers count for more, as in the focal loss": np.mean(
            (1 - np.exp(-each)) ** 2 * each
        ),
        **{
            f"the probabilities are cut off at {c} and {1 - c:g}": bce(np.clip(p, c, 1 - c), target)
            for c in (0.1, 0.2, 0.3)
        },
        **{
            f"{c} is added to the probability within the logarithms": -np.mean(
                target * np.log(p + c) + (1 - target) * np.log(1 - p + c)
            )
            for c in (0.1, 0.01, 0.001, 1e-4)
        },
    }


@check("Binary Cross-Entropy", about=ABOUT[BCE], hint=1)
def test_bce_values() -> None:
    """BinaryCrossEntropyLoss averages the surprise at the answers"""
    try:
        expect_losses(CASES[BCE], bce_lineup, bce, BCE)
    except (ValueError, IndexError) as error:
        if "is out of bounds for array of dimension" not in str(error):
            raise
        raise Mistake(
            seen=f"{type(error).__name__}: {error}",
            expected="a number",
            mistake="a bound is taken for an axis, as np.max does; np.maximum compares with it",
        ) from error


test_bce_calls = keeps_calls(BCE)


@check("Binary Cross-Entropy", about=ABOUT[BCE], needs="test_bce_values", hint=2)
def test_bce_is_finite() -> None:
    """Certain and right costs nothing, certain and wrong 100"""
    known = is_right(BCE)
    for p, target, right in (
        (1.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.0, 1.0, 100.0),
        (1.0, 0.0, 100.0),
        (1e-10, 1.0, 10 * np.log(10)),
    ):
        with np.errstate(all="ignore"):
            seen = loss_of(BCE, np.array([[p]]), np.array([[target]]))
        mistakes = finite_lineup(seen, right) if known else {}
        what = f"{BCE}()([[{p:g}]], [[{target:g}]])"
        if not equal(seen, np.asarray(right), 1e-5):
            words = next((n for n, value in mistakes.items() if equal(seen, value, 1e-5)), None)
            raise Mistake(
                seen=f"{what} = {seen.item():.5g}", expected=f"{right:.5g}", mistake=words
            )


def finite_lineup(seen: np.ndarray, right: float) -> dict[str, np.ndarray]:
    """What certain answers cost if the logarithms are not cut off at -100, or otherwise."""
    if seen.shape != ():
        return {}
    value = float(seen)
    if np.isnan(value):
        return {"0 times an infinite logarithm is nan: cut the logarithms off at -100": seen}
    if np.isinf(value):
        return {"the logarithm of 0 is infinite: cut it off at -100": seen}
    if right == 0:
        words = "certain and right costs something: p is changed before the logarithm"
        return {words: seen} if abs(value) < 0.1 else {}
    if value < 0:
        return {f"certain and wrong has the wrong sign: {value:.5g}": seen}
    if value == 0:
        return {"certain and wrong costs nothing": seen}
    return {f"no answer can cost more than {value:.4g}: p or its logarithm is cut off there": seen}


@check("Binary Cross-Entropy", about=ABOUT[BCE], needs="test_bce_is_finite", hint=2)
def test_bce_keeps_small_probabilities() -> None:
    """A probability of 1e-9 for what did not happen costs 1e-9"""
    known = is_right(BCE)
    seen = loss_of(BCE, np.array([[1e-9]]), np.array([[0.0]]))
    if equal(seen, np.asarray(1e-9), 1e-3):
        return
    mistake = (
        "p is changed before the logarithm: what is added, or where it is cut off, shows"
        if seen.any()
        else "1 - p is rounded to 1 before the logarithm: np.log1p(-p) keeps every digit"
    )
    raise Mistake(
        seen=f"{BCE}()([[1e-9]], [[0]]) = {show(seen)}",
        expected="1e-09",
        mistake=mistake if known and is_small(seen) else None,
    )


def is_small(seen: np.ndarray) -> bool:
    """Whether it is a number near 0."""
    return seen.shape == () and bool(np.abs(seen) < 0.1)


@check("Binary Cross-Entropy", about=ABOUT[BCE], needs=("test_bce_values", "test_bce_calls"))
def test_bce_gradient() -> None:
    """The gradient of BinaryCrossEntropyLoss is (p - target) / (p (1 - p)), averaged"""
    slope = graph_of(BCE, P, YES)
    right = (P - YES) / (P * (1 - P)) / P.size
    mistakes = {
        "the gradient has the wrong sign": -right,
        "only the gradient of the answers yes arrives: the other term is computed on .data": (
            right * YES
        ),
        "only the gradient of the answers no arrives: the other term is computed on .data": (
            right * (1 - YES)
        ),
    }
    known = is_right(BCE)
    expect_gradient("p.grad", slope, right, mistakes if known else {})
    doubtful, answers = np.array([[1e-6, 1 - 1e-6]]), np.array([[1.0, 0.0]])
    steep = graph_of(BCE, doubtful, answers)
    words = (
        "where the network is most wrong there is no gradient: p is cut off before the logarithm"
    )
    steepest, none = np.array([[-5e5, 5e5]]), {words: np.zeros((1, 2))}
    expect_gradient("p.grad for p = [1e-6, 1 - 1e-6]", steep, steepest, none if known else {})


test_bce_shapes = keeps_shapes(BCE)
test_bce_dtype = keeps_dtype(BCE)
test_bce_refuses = refuses(BCE)


# ---- Log-softmax ---------------------------------------------------------------------------------


def softmax(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """Softmax, as it should be."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x: np.ndarray, axis: int | None = -1) -> np.ndarray:
    """Its logarithm, as it should be."""
    less = x - x.max(axis=axis, keepdims=True)
    return less - np.log(np.exp(less).sum(axis=axis, keepdims=True))


def result_of(name: str, x: np.ndarray) -> np.ndarray:
    """What an operation makes of an array, which it must leave alone."""
    logits = x.copy()
    what = f"{name}(logits)"
    with untouched(logits=logits):
        value = function_behind(name)(logits)
    if value is None:
        raise nothing(what, name, name)
    if isinstance(value, list | tuple):
        raise Mistake(
            seen=f"{what} is a {type(value).__name__} of {len(value)}",
            expected="one array",
            mistake=f"a Python {type(value).__name__} is returned instead of an array",
        )
    return numbers(what, value)


@contextmanager
def nameless_unless(known: bool) -> Iterator[None]:
    """What goes wrong in here has no name where something else is to blame."""
    try:
        yield
    except (ValueError, IndexError, TypeError) as error:
        if known:
            raise
        raise Mistake(seen=f"{type(error).__name__}: {error}", expected="numbers") from error


def expect_rows(logits: np.ndarray) -> None:
    """Rows from `shifted`, where what uses it has ended in an error.

    Raises:
        Mistake: it keeps the shape of the logits.
    """
    rows = result_of("shifted", logits) if function_behind("shifted") else logits.reshape(1, -1)
    if rows.ndim != 2:
        raise Mistake(
            seen=f"shifted(logits) of shape {rows.shape}, for logits of shape {logits.shape}",
            expected=f"shape {logits.reshape(-1, logits.shape[-1]).shape}",
            mistake="`shifted` keeps the shape of the logits, and what uses it needs rows",
            about="shifted",
        )


def works(test: Callable[[], None]) -> bool:
    """Whether a check has nothing to say."""
    try:
        test()
    except Exception:
        return False
    return True


def shifted_is_right() -> bool:
    """Whether `shifted` is right; where it is not, what builds on it is not to blame."""
    return works(test_shifted_rows)


def log_softmax_is_right() -> bool:
    """Whether `log_softmax` is right where nothing special is asked of it."""
    return works(test_log_softmax_values)


def keeps_probabilities() -> bool:
    """Whether what `shifted` makes of logits has the same softmax."""
    if function_behind("shifted") is None:
        return True
    return works(
        lambda: expect("", softmax(result_of("shifted", LOGITS)), softmax(LOGITS), tolerance=1e-4)
    )


def expect_operation(name: str, exact: Callable[..., Any], lineup: Lineup) -> None:
    """The numbers of an operation, for more samples than classes and for fewer."""
    inputs = [LOGITS, CASES[CE][1][0]]
    seen: list[np.ndarray] = []
    for x in inputs:
        try:
            seen.append(result_of(name, x))
        except (ValueError, IndexError, TypeError) as error:
            if name == "shifted" and "axis 1 is out of bounds for array of dimension 1" in str(
                error
            ):
                raise Mistake(
                    seen=f"{type(error).__name__}: {error}",
                    expected="rows, one for each sample",
                    mistake="all is in one row: reshape(-1, logits.shape[-1]) keeps the samples "
                    "apart",
                ) from error
            if all(equal(y, exact(x)) for y, x in zip(seen, inputs, strict=False)):
                with suppress(ValueError, IndexError, TypeError):  # here it is another mistake
                    expect_each(name, [result_of(name, SQUARE[0])], [SQUARE[0]], exact, lineup)
                raise
            break
    expect_each(name, seen, inputs, exact, lineup)


def expect_each(
    name: str,
    seen: list[np.ndarray],
    inputs: list[np.ndarray],
    exact: Callable[..., Any],
    lineup: Lineup,
) -> None:
    """What an operation makes of each input."""
    cases = [(x, np.arange(len(x))) for x in inputs]
    expect_explained(
        f"{name}(logits)",
        seen,
        cases,
        lineup,
        lambda x, _: exact(x),
        ("logits", "rows"),
        "the result",
    )


def shifted(x: np.ndarray) -> np.ndarray:
    """Rows whose largest number is 0."""
    return x - x.max(axis=-1, keepdims=True)


def shifted_lineup(x: np.ndarray, _: np.ndarray) -> dict[str, Any]:
    """What mistakes make of the shifted rows."""
    largest = x.max(axis=-1, keepdims=True)
    return {
        "the largest of all logits is subtracted; each row needs its own": x - x.max(),
        "the largest of each column is subtracted, not of each row": x - x.max(axis=0),
        "nothing is subtracted": x,
        "the largest is added, not subtracted": x + largest,
        "the smallest of each row is subtracted, not the largest": x - x.min(-1, keepdims=True),
        "the mean of each row is subtracted, not the largest": x - x.mean(-1, keepdims=True),
        "the first of each row is subtracted, not the largest": x - x[:, :1],
        "the last of each row is subtracted, not the largest": x - x[:, -1:],
        "the sum of each row is subtracted, not the largest": x - x.sum(-1, keepdims=True),
        "the largest without its sign is subtracted": x - np.abs(x).max(-1, keepdims=True),
        "the place of the largest is subtracted, as by argmax, not the largest": (
            x - x.argmax(-1)[:, None]
        ),
        "the rows are as many as there are classes: reshape(-1, logits.shape[-1]) makes samples": (
            shifted(x.reshape(x.shape[1], -1))
        ),
        **(
            {"the largest numbers run along the columns: keepdims=True is missing": x - x.max(1)}
            if len(x) == x.shape[1]
            else {}
        ),
        "the rows are divided by their largest, where it should be subtracted": x / largest,
        "it is the largest less the logits: the sign is wrong": largest - x,
        "exp is taken already": np.exp(x - largest),
        "the softmax is returned": softmax(x),
        "the log-softmax is returned": log_softmax(x),
        "only the largest of each row is returned": largest,
        "only the largest of each row is returned, in one row": largest[:, 0],
        "rows and columns are swapped": (x - largest).T,
        "all is in one row": (x - largest).ravel(),
        "all logits are in one row before the largest is subtracted": (x - x.max()).reshape(1, -1),
        "all logits are in one row, without a second dimension": (x - x.max()).ravel(),
        "the largest is subtracted twice": x - 2 * largest,
        "the median of each row is subtracted, not the largest": (
            x - np.median(x, -1, keepdims=True)
        ),
        "the rows are divided by their sums, where their largest should be subtracted": (
            x / x.sum(-1, keepdims=True)
        ),
        "the logits are sorted": np.sort(x - largest),
        "the spread of each row is divided by as well": (x - largest) / x.std(-1, keepdims=True),
    }


@check("Log-Softmax", about=SHIFTED, hint=1)
def test_shifted_rows() -> None:
    """The largest logit of each row is subtracted from it"""
    if function_behind("shifted") is None:
        return
    expect_operation("shifted", shifted, shifted_lineup)
    for shape, words in (((2, 3, 4), "three dimensions"), ((4,), "a single row, of one dimension")):
        x = np.linspace(-1, 2, int(np.prod(shape))).reshape(shape) ** 2
        what = f"shifted(logits) for shape {shape}"
        try:
            rows = result_of("shifted", x)
            rows = rows.reshape(-1, 4) if rows.ndim != 2 else rows
            expect(what, rows, shifted(x).reshape(-1, 4), {f"it is not right for {words}": rows})
        except (ValueError, IndexError) as error:
            raise Mistake(
                seen=f"{what} raised {type(error).__name__}: {error}",
                expected="rows of 4",
                mistake=f"it ends in an error for {words}",
            ) from error


def log_softmax_lineup(x: np.ndarray, _: np.ndarray) -> dict[str, Any]:
    """What mistakes make of the log-softmax."""
    less = shifted(x)
    totals = np.exp(less).sum(-1, keepdims=True)
    right = log_softmax(x)
    mean = np.log(np.exp(less).mean(-1, keepdims=True))
    return {
        "softmax is returned, and not its logarithm": softmax(x),
        **(
            {"the sums run along the columns: keepdims=True is missing": less - np.log(totals).T}
            if len(x) == x.shape[1]
            else {}
        ),
        "nothing is subtracted from the shifted scores": less,
        "the logits come back as they are": x,
        "the mean of the scores is subtracted, not the logarithm of a sum": (
            x - x.mean(-1, keepdims=True)
        ),
        "the logarithm is taken of the scores themselves, without their exp": np.log(less / totals),
        "the sign is wrong": -right,
        "the logarithm of the sum is added, not subtracted": less + np.log(totals),
        "the sum is subtracted, not its logarithm": less - totals,
        "the sum of the scores is taken, and not of their exp": less - less.sum(-1, keepdims=True),
        "the scores are divided by the logarithm of the sum": less / np.log(totals),
        "the scores are divided by the sum": less / totals,
        "the log-sum-exp is returned, and not the logits less that": np.log(totals),
        "the sum is over each column, not over each row": less - np.log(np.exp(less).sum(0)),
        "the sum is over all scores, not over each row": less - np.log(np.exp(less).sum()),
        "the mean of exp is taken, not the sum": less - mean,
        "the largest is taken from the columns, and the sum too": log_softmax(x, 0),
        "the logarithm has base 2; the natural one is np.log": less - np.log2(totals),
        "the result has base 2; the natural logarithm is np.log": right / np.log(2),
        "the logarithm has base 10; the natural one is np.log": less - np.log10(totals),
        "1 is added within the logarithm": less - np.log1p(totals),
        "the logarithm of the sum of the logits is subtracted from the shifted scores": (
            less - np.log(np.exp(x).sum(-1, keepdims=True))
        ),
        "the log-sum-exp of the shifted scores is subtracted from the logits themselves": (
            x - np.log(totals)
        ),
        "softmax is taken before the log-softmax": log_softmax(softmax(x)),
        "all is in one row": right.ravel(),
        "rows and columns are swapped": right.T,
        "only the largest of each row is returned": right.max(-1),
    }


@check("Log-Softmax", about=LOG_SOFTMAX, needs="test_shifted_rows", hint=2)
def test_log_softmax_values() -> None:
    """log_softmax gives the logarithms of the probabilities"""
    if function_behind("log_softmax") is not None:
        known = keeps_probabilities()
        with nameless_unless(known):
            lineup = log_softmax_lineup if known else no_lineup
            expect_operation("log_softmax", log_softmax, lineup)


FAR = np.array(
    [
        [1e4, 0.0, -1e4],
        [0.0, 1e4, -1e4],
        [-1e4, -2e4, -1e4],
        [500.0, 500.0, 500.0],
        [60.0, 0.0, -60.0],
    ],
    np.float32,
)


@check(
    "Log-Softmax",
    about=LOG_SOFTMAX,
    needs=("test_shifted_rows", "test_log_softmax_values"),
    hint=1,
)
def test_log_softmax_is_stable() -> None:
    """log_softmax copes with logits of ±10,000, row by row"""
    if function_behind("log_softmax") is None:
        return
    expected = log_softmax(FAR.astype(np.float64))
    known = log_softmax_is_right() and shifted_is_right()
    with np.errstate(all="ignore"), nameless_unless(known):
        seen = result_of("log_softmax", FAR)
    if seen.shape == FAR.shape and not far_enough(seen, expected):
        row = int(np.argmin(np.isclose(seen, expected, rtol=1e-5, atol=2e-3).all(-1)))
        raise Mistake(
            seen=f"log_softmax(logits) = {show(seen[row])} for the logits {show(FAR[row])}",
            expected=show(expected[row]),
            mistake=far_off(seen, expected) if known else None,
        )
    expect("log_softmax(logits)", seen, expected)


def far_enough(seen: np.ndarray, expected: np.ndarray) -> bool:
    """Whether large numbers and small ones are right."""
    # A logit of 10,000 has a digit of a thousandth in float32, and no further one.
    return bool(np.isclose(seen, expected, rtol=1e-5, atol=2e-3).all())


def far_off(seen: np.ndarray, expected: np.ndarray) -> str | None:
    """What is wrong with logarithms of probabilities far from 1, expected to be 0 or less."""
    certain = expected > -1e-3
    if not np.isfinite(seen[certain]).all() or np.isnan(seen).any():
        return "exp overflows, or all of a row vanishes: subtract the largest of each row first"
    if np.isneginf(seen).any():
        return (
            "the logarithm of a probability that has rounded to 0 is infinite: take the "
            "logarithm of the sum, not of softmax"
        )
    least = float(seen.min())
    if least > 0.9 * expected.min() and equal(seen, np.maximum(expected, least), 2e-2):
        return f"no logarithm is below {least:.4g}: something is added or cut off before it"
    return None


@check(
    "Log-Softmax", about=LOG_SOFTMAX, needs=("test_shifted_rows", "test_log_softmax_values"), hint=3
)
def test_log_softmax_shapes() -> None:
    """log_softmax takes any number of dimensions, and gives the same"""
    if function_behind("log_softmax") is None:
        return
    known = log_softmax_is_right() and shifted_is_right()
    for shape, words in (
        ((4,), "for a single row, of one dimension"),
        ((2, 3, 4), "for three dimensions"),
        ((1, 3), "for a single sample"),
        ((3, 1), "for a single class"),
    ):
        x = np.linspace(-1, 2, int(np.prod(shape))).reshape(shape) ** 2
        what = f"log_softmax(logits) for shape {shape}"
        try:
            seen = result_of("log_softmax", x)
        except (ValueError, IndexError) as error:
            if known:
                expect_rows(x)
            raise Mistake(
                seen=f"{what} raised {type(error).__name__}: {error}",
                expected=f"a result of shape {shape}",
                mistake=f"it ends in an error {words}" if known else None,
            ) from error
        rows = log_softmax(x).reshape(-1, shape[-1])
        names = {
            "the result is left in rows: it needs the shape of the logits": (
                rows if rows.shape != shape else None
            ),
            f"it is not right {words}": seen if not equal(seen, rows) else None,
        }
        mistakes = {name: value for name, value in names.items() if value is not None}
        expect(what, seen, log_softmax(x), mistakes if known else {})
    for kind in (np.float32, np.float64):
        words = f"the result is no longer {np.dtype(kind)}" if known else None
        seen = result_of("log_softmax", LOGITS.astype(kind))
        expect_dtype(f"log_softmax(logits) of {np.dtype(kind)}", seen, kind, words)


# ---- Cross-entropy -------------------------------------------------------------------------------


def ce_each(logits: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The surprise at each right class."""
    return -np.take_along_axis(log_softmax(logits), classes[..., None], -1)[..., 0]


def ce(logits: np.ndarray, classes: np.ndarray) -> Any:
    """The mean surprise at the right classes."""
    return ce_each(logits, classes).mean()


def ce_lineup(logits: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
    """What mistakes make of the cross-entropy of a matrix of logits."""
    rows, count = np.arange(len(logits)), logits.shape[1]
    logs, p, less = log_softmax(logits), softmax(logits), shifted(logits)
    each, mean = ce_each(logits, classes), ce(logits, classes)
    right, totals = less[rows, classes], np.exp(less).sum(1)
    onehot = np.eye(count)[classes]
    largest = logits.max(1)
    found = reductions(each) | {
        "the sum is divided by the number of logits, samples times classes": each.sum() / p.size,
        "the sum is divided by the number of classes": each.sum() / count,
        "the logarithms have base 2; the natural one is np.log": mean / np.log(2),
        "the logarithms have base 10; the natural one is np.log": mean / np.log(10),
        "the logarithm of the sum has base 2; the natural one is np.log": np.mean(
            np.log2(totals) - right
        ),
        "softmax is taken twice": ce(p, classes),
        "softmax is taken before the log-softmax is, three times in all": ce(softmax(p), classes),
        "the largest logit stands for the log-sum-exp": -right.mean(),
        "the log-sum-exp of the shifted scores is compared with the logits themselves": np.mean(
            np.log(totals) - logits[rows, classes]
        ),
        "the log-sum-exp is that of the logits, and the right score a shifted one": np.mean(
            np.log(totals) + largest - right
        ),
        "the score of the right class is added, not subtracted": np.mean(np.log(totals) + right),
        "the logarithm of the sum is missing": np.mean(totals - right),
        "the exp within the sum is missing": np.mean(np.log(np.abs(less.sum(1))) - right),
        "the probability is returned, with no logarithm": p[rows, classes].mean(),
        "no logarithm is taken: it is minus the probability": -p[rows, classes].mean(),
        "no logarithm is taken: it is 1 less the probability": 1 - p[rows, classes].mean(),
        "the classes are taken to count from 1": -logs[rows, classes - 1].mean(),
        "each class is looked up one too far": -logs[rows, (classes + 1) % count].mean()
        if (classes + 1 < count).all()
        else np.nan,
        "the first class counts as right, whatever the classes say": -logs[:, 0].mean(),
        "the last class counts as right, whatever the classes say": -logs[:, -1].mean(),
        "the classes are not looked at: it is the surprise at the most likely class": (
            -logs.max(1).mean()
        ),
        "the right score is left out, and the log-sum-exp of the logits is all": np.mean(
            np.log(totals) + largest
        ),
        "argmax is taken of the classes, which are numbers already": (
            -logs[:, classes.argmax()].mean()
        ),
        "all classes count, whatever the classes say": -logs.mean(),
        "the losses of all classes are added up for each sample": -logs.sum(1).mean(),
        "what counts is every class but the right one": -(logs * (1 - onehot)).sum() / len(rows),
        "every row is looked up at the classes of all samples": -logs[:, classes].mean(),
        "every row is looked up at the classes of all samples, and the sum divided by samples": (
            -logs[:, classes].sum() / len(rows)
        ),
        "the place in the whole array is looked up, not the class in its row": np.mean(
            np.log(totals) - less.ravel()[classes]
        ),
        "softmax is taken down the columns, over the samples": (
            -log_softmax(logits, 0)[rows, classes].mean()
        ),
        "softmax is taken over all logits of the batch": (
            -log_softmax(logits, None)[rows, classes].mean()
        ),
        "the sums are over all rows at once": np.mean(np.log(totals.sum()) - right),
        "the probabilities are averaged before the logarithm is taken": -np.log(
            p[rows, classes].mean()
        ),
        "the wrong classes count too, as in the binary cross-entropy of each": bce(p, onehot),
        "the wrong classes count too, as in the binary cross-entropy of each, added up": (
            bce_each(p, onehot).sum(1).mean()
        ),
        "the squared error is computed, not the cross-entropy": np.mean((p - onehot) ** 2),
        "the share of wrong answers is returned": np.mean(logits.argmax(1) != classes),
        "it is a hinge: how far the other scores come within 1 of the right one": np.mean(
            np.maximum(0, np.where(onehot, 0, logits - logits[rows, classes][:, None] + 1)).sum(1)
        ),
        "the loss is too small by log(classes), as if the mean of exp were taken, not the sum": (
            mean - np.log(count)
        ),
        "it is exp of the loss, the perplexity": np.exp(mean),
        "it is the surprise at the least likely class, whatever the classes say": (
            -logs.min(1).mean()
        ),
        "labels are smoothed by 0.1, though nobody has asked for it": (
            0.9 * mean - 0.1 * logs.mean()
        ),
        "1 is added within the logarithm": np.mean(np.log1p(totals) - right),
        "the losses are multiplied by the probability of the right class": np.mean(
            p[rows, classes] * each
        ),
        "the entropy of the probabilities is returned, without the classes": -np.sum(
            p * logs, 1
        ).mean(),
        "hard samples count for more, as in the focal loss": np.mean(
            (1 - p[rows, classes]) ** 2 * each
        ),
        "the logits are normalized first, to mean 0 and spread 1": ce(
            (logits - logits.mean(1, keepdims=True)) / logits.std(1, keepdims=True), classes
        ),
        "the sign of the logits is wrong": ce(-logits, classes),
    }
    with suppress(IndexError):
        swapped = less[classes, rows]
        found["rows and columns are swapped where the right score is looked up"] = np.mean(
            np.log(totals) - swapped
        )
    if len(rows) == count:
        picked = np.log(totals) - less[classes]
        found["the classes pick rows, where they should pick a number in each"] = picked.mean()
        found["the classes pick rows, and all of their numbers are added up"] = picked.sum() / len(
            rows
        )
        found["the sums are over the columns, not over the classes of a sample"] = np.mean(
            np.log(np.exp(less).sum(0)) - right
        )
        words = "the classes are multiplied with the scores, as one-hot rows would be"
        found[words] = np.mean(np.log(totals) - (less * classes).sum(1))
        treated = -classes * logs
        words = "the classes are treated like one-hot rows; they are numbers of classes"
        found[words] = treated.sum() / len(rows)
        found[f"{words}, and averaged"] = treated.mean()
    return found


@check("Cross-Entropy", about=ABOUT[CE], needs="test_shifted_rows", hint=1)
def test_cross_entropy_values() -> None:
    """CrossEntropyLoss averages the surprise at the right classes"""
    lineup = ce_lineup if keeps_probabilities() else no_lineup
    try:
        expect_losses(CASES[CE], lineup, ce, CE)
    except (ValueError, IndexError, TypeError) as error:
        words = None
        with suppress(ValueError, IndexError, TypeError):
            expect_losses([SQUARE], lineup, ce, CE)
            if lineup is not no_lineup:
                words = "it works only where there are as many samples as classes"
        if words is None and one_hot_is_right():
            words = "the classes are taken for one-hot rows; they are numbers of classes"
        if words is None and lineup is not no_lineup:
            raise
        raise Mistake(
            seen=f"{type(error).__name__}: {error}", expected="a number", mistake=words
        ) from error


def one_hot_is_right() -> bool:
    """Whether cross_entropy is right for one-hot rows."""
    function = function_behind("cross_entropy")
    try:
        onehot = np.eye(3)[CLASSES]
        value = function(LOGITS.copy(), onehot, np.empty(LOGITS.shape))
        return equal(numbers("the loss", value), ce(LOGITS, CLASSES))
    except Exception:
        return False


def filled(logits: np.ndarray, classes: np.ndarray) -> np.ndarray | None:
    """What `cross_entropy` leaves in `probabilities`; None where it has no such argument."""
    function = function_behind("cross_entropy")
    if function is None or "probabilities" not in inspect.signature(function).parameters:
        return None
    probabilities = np.full(logits.shape, np.nan)
    with suppress(ValueError, TypeError, IndexError):  # which the values have spoken of
        function(logits.copy(), classes, probabilities=probabilities)
    return probabilities


def filled_lineup(logits: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
    """What mistakes leave in `probabilities`."""
    p, less = softmax(logits), shifted(logits)
    e = np.exp(less)
    rows = np.arange(len(logits))
    onehot = np.eye(logits.shape[1])[classes]
    empty = np.full(p.shape, np.nan)
    return {
        "`probabilities` is never filled: fill the array, with out= or `probabilities[...] =`": (
            empty
        ),
        "only the first row of `probabilities` is filled": np.where(rows[:, None] < 1, p, np.nan),
        "only the last row of `probabilities` is filled": np.where(
            rows[:, None] == rows[-1], p, np.nan
        ),
        "only the right classes are filled": np.where(onehot == 1, p, np.nan),
        "`probabilities` holds the exponentials, which are not divided by their sums": e,
        "`probabilities` holds exp of the logits, which are not divided by their sums": np.exp(
            logits
        ),
        "`probabilities` holds the logarithms of the probabilities": log_softmax(logits),
        "`probabilities` holds the shifted scores": less,
        "`probabilities` holds the logits": logits,
        "`probabilities` holds zeros": np.zeros(p.shape),
        "`probabilities` holds ones": np.ones(p.shape),
        "`probabilities` holds the one-hot classes": onehot,
        "1 is subtracted at the right classes already, which is for backward to do": p - onehot,
        "`probabilities` is softmax down the columns": softmax(logits, 0),
        "`probabilities` is softmax over the whole batch": softmax(logits, None),
        "the exponentials are divided by the sums of the columns": e / e.sum(0),
        "the exponentials are divided by the sum of all": e / e.sum(),
        "the exponentials are divided by the logarithms of their sums": (
            e / np.log(e.sum(-1, keepdims=True))
        ),
        "the scores, not their exponentials, are divided by the sums": (
            less / e.sum(-1, keepdims=True)
        ),
        "the exponentials are multiplied by their sums, not divided": (
            e * e.sum(-1, keepdims=True)
        ),
        "`probabilities` is divided by the number of samples already": p / len(p),
        "softmax is taken twice for `probabilities`": softmax(p),
        "`probabilities` holds 1 less each probability": 1 - p,
        "each row of `probabilities` has the probability of its right class": np.broadcast_to(
            p[rows, classes][:, None], p.shape
        ),
    }


test_cross_entropy_calls = keeps_calls(CE)


@check("Cross-Entropy", about=ABOUT[CE], needs="test_cross_entropy_values", hint=3)
def test_cross_entropy_fills_probabilities() -> None:
    """cross_entropy leaves the probabilities of all classes for backward"""
    seen = [filled(*case) for case in CASES[CE]]
    arrays = [array for array in seen if array is not None]
    if len(arrays) < len(seen):
        return
    # Sums that are wrong make probabilities that are wrong: their own check speaks of that.
    lineup = filled_lineup if is_right(CE) else no_lineup
    expect_explained(
        "probabilities",
        arrays,
        CASES[CE],
        lineup,
        lambda x, _: softmax(x),
        INPUTS[CE],
        "`probabilities`",
    )


@check(
    "Cross-Entropy",
    about=ABOUT[CE],
    needs=(
        "test_cross_entropy_values",
        "test_cross_entropy_calls",
        "test_cross_entropy_fills_probabilities",
    ),
)
def test_cross_entropy_gradient() -> None:
    """The gradient of CrossEntropyLoss is softmax, less 1 at the right class, averaged"""
    known = works(test_cross_entropy_fills_probabilities) and works(test_cross_entropy_calls)
    for logits, classes in CASES[CE]:
        p, onehot = softmax(logits), np.eye(logits.shape[1])[classes]
        right = (p - onehot) / len(logits)
        mistakes = {
            "the sum over the classes is computed on .data: only the right score has a gradient": (
                -onehot / len(logits)
            ),
            "the right score is computed on .data: only the sum over the classes has a gradient": (
                p / len(logits)
            ),
            "the gradient has the wrong sign": -right,
            "the gradient is not divided by the number of samples": right * len(logits),
        }
        slope = graph_of(CE, logits, classes)
        expect_gradient("logits.grad", slope, right, mistakes if known else {})
    function = losses.CrossEntropyLoss()
    (logits, classes), x = CASES[CE][0], fresh(LOGITS, np.float64)
    x.requires_grad = True
    value = function(x, classes)
    function(fresh(logits[::-1], np.float64), classes)  # another batch, before backward
    value.backward()
    right = (softmax(logits) - np.eye(3)[classes]) / len(logits)
    words = "another call writes over the probabilities that backward needs: they share an array"
    shared = {words: x.grad} if known else {}
    expect_gradient("logits.grad, after another call,", x.grad, right, shared)


@check(
    "Cross-Entropy",
    about=ABOUT[CE],
    needs=("test_shifted_rows", "test_cross_entropy_values"),
    hint=1,
)
def test_cross_entropy_is_stable() -> None:
    """CrossEntropyLoss copes with logits of ±10,000, row by row"""
    known = is_right(CE) and shifted_is_right()
    classes = np.array([0, 0, 2, 1, 2])
    expected = ce_each(FAR.astype(np.float64), classes) + 0.0  # and no -0
    with np.errstate(all="ignore"), nameless_unless(known):
        pairs = zip(FAR, classes, strict=True)
        alone = [loss_of(CE, row[None], np.array([right])).item() for row, right in pairs]
        together = loss_of(CE, FAR, classes).item()
    seen, right = np.array([*alone, together]), np.array([*expected, expected.mean()])
    if far_enough(seen, right):
        return
    place = int(np.argmin(np.isclose(seen, right, rtol=1e-5, atol=2e-3)))
    row = "all rows together" if place == len(FAR) else f"logits {show(FAR[place])}"
    mistake = far_off_loss(seen[:-1], expected)
    if place == len(FAR):
        mistake = "rows of different size spoil each other: subtract from each its own largest"
    raise Mistake(
        seen=f"a loss of {seen[place]:.5g} for {row}, class {classes[place % len(classes)]}"
        if place < len(FAR)
        else f"a loss of {seen[place]:.5g} for {row}",
        expected=f"{right[place]:.5g}",
        mistake=mistake if known else None,
    )


def far_off_loss(seen: np.ndarray, expected: np.ndarray) -> str | None:
    """What is wrong with losses that are far from 0."""
    certain = expected < 1e-3
    if not np.isfinite(seen[certain]).all() or np.isnan(seen).any():
        return "exp overflows: subtract the largest of each row first"
    if np.isinf(seen).any():
        return (
            "the logarithm of a probability that has rounded to 0 is infinite: take log-sum-exp "
            "less the right score, not the logarithm of softmax"
        )
    most = float(seen.max())
    if most < 0.9 * expected.max() and equal(seen, np.minimum(expected, most), 2e-2):
        return f"no loss is above {most:.4g}: something is added or cut off before the logarithm"
    return None


test_cross_entropy_shapes = keeps_shapes(CE)
test_cross_entropy_dtype = keeps_dtype(CE)
test_cross_entropy_refuses = refuses(CE)


# ---- Label smoothing -----------------------------------------------------------------------------


def smoothed(share: float) -> Callable[..., Any]:
    """The smoothed loss, as it should be."""
    return lambda x, c: (1 - share) * ce(x, c) - share * log_softmax(x).mean()


def smoothing_lineup(s: float) -> Lineup:
    """What mistakes make of the smoothed loss."""

    def lineup(logits: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
        logs, count = log_softmax(logits), logits.shape[1]
        plain, every = ce(logits, classes), -logs.mean()
        others = (count * every - plain) / (count - 1)
        return {
            "the smoothing is left out: the loss is the same as without": plain,
            "1 - label_smoothing is left out: the first term has its full weight": (
                plain + s * every
            ),
            "label_smoothing is left out: the second term has its full weight": (
                (1 - s) * plain + every
            ),
            "both terms have their full weight": plain + every,
            "the two shares have changed places": s * plain + (1 - s) * every,
            "both terms have the share of the first": (1 - s) * (plain + every),
            "both terms have the share of the second": s * (plain + every),
            "the second term is subtracted: a surprise is minus the logarithm": (
                (1 - s) * plain - s * every
            ),
            "1 + label_smoothing stands for 1 - label_smoothing": (1 + s) * plain + s * every,
            "only the first term is returned": (1 - s) * plain,
            "only the second term is returned": s * every,
            "only the surprise at all classes is returned": every,
            "the surprises of a sample are added up, not averaged over the classes": (
                (1 - s) * plain + s * count * every
            ),
            "the surprises are all added up, not averaged": (1 - s) * plain - s * logs.sum(),
            "the surprises are divided by the number of classes twice": (
                (1 - s) * plain + s * every / count
            ),
            "the rest is spread over the wrong classes alone; it is for all": (
                (1 - s) * plain + s * others
            ),
            "the logits are averaged, not the logarithms of softmax": (
                (1 - s) * plain - s * logits.mean()
            ),
            "the logits are averaged, with the wrong sign": (1 - s) * plain + s * logits.mean(),
            "the second term is label_smoothing / classes: the mean of the probabilities": (
                (1 - s) * plain + s / count
            ),
            "the mean of the probabilities is subtracted, label_smoothing / classes": (
                (1 - s) * plain - s / count
            ),
            "the brackets around 1 - label_smoothing are missing": 1 - s * plain + s * every,
            "the loss is moved away from the mean surprise of all classes, not towards it": (
                plain - s * (every - plain)
            ),
            "the smallest of all surprises is taken, not the mean of all": (
                (1 - s) * plain - s * logs.max()
            ),
            "the sum of all surprises is divided by the number of classes alone": (
                (1 - s) * plain + s * every * len(logits)
            ),
            "the loss is divided by 1 - label_smoothing": plain / (1 - s),
            "label_smoothing is added to the loss": plain + s,
            "the two terms are multiplied": (1 - s) * plain * s * every,
            "the smoothing is squared": (1 - s) * plain + s**2 * every,
            "the smallest surprise is taken, not the mean of all": (
                (1 - s) * plain - s * logs.max(1).mean()
            ),
            "the first class stands for all": (1 - s) * plain - s * logs[:, 0].mean(),
            "the result is a number for each sample: the mean over them is missing": (
                (1 - s) * plain - s * logs.mean(-1)
            ),
            "the result is a number for each class: the mean over them is missing": (
                (1 - s) * plain - s * logs.mean(0)
            ),
            "the result is a number for each logit: the mean over them is missing": (
                (1 - s) * plain - s * logs
            ),
            "the smoothing is always 0.1": 0.9 * plain + 0.1 * every if s != 0.1 else np.nan,
            "the smoothing is divided by the number of classes": (
                (1 - s / count) * plain + s / count * every
            ),
        }

    return lineup


@check(
    "Label Smoothing",
    about=SMOOTHING,
    needs=(
        "test_log_softmax_values",
        "test_log_softmax_shapes",
        "test_cross_entropy_values",
    ),
    hint=1,
)
def test_label_smoothing_values() -> None:
    """Label smoothing spreads its share over all classes"""
    known = is_right(CE) and log_softmax_is_right()
    for share in (0.3, 0.1, 1.0):
        lineup = smoothing_lineup(share) if known and share < 1 else no_lineup
        expect_losses(CASES[CE], lineup, smoothed(share), CE, label_smoothing=share)


@check(
    "Label Smoothing",
    about=SMOOTHING,
    needs=(
        "test_log_softmax_values",
        "test_label_smoothing_values",
        "test_cross_entropy_fills_probabilities",
        "test_cross_entropy_gradient",
    ),
    hint=2,
)
def test_label_smoothing_gradient() -> None:
    """Label smoothing counts in the gradient too"""
    logits, classes = CASES[CE][0]
    count = logits.shape[1]
    p, onehot = softmax(logits), np.eye(count)[classes]
    slope = graph_of(CE, logits, classes, label_smoothing=0.3)
    plain, every = (p - onehot) / len(p), (p - 1 / count) / len(p)
    mistakes = {
        "the smoothing has no gradient: log_softmax goes through apply, with the tensor itself": (
            0.7 * plain
        ),
        "only the smoothing has a gradient: the loss at the right classes is cut off from it": (
            0.3 * every
        ),
        "the gradient is that of the loss without smoothing": plain,
    }
    known = works(test_cross_entropy_fills_probabilities) and works(test_label_smoothing_values)
    expect_gradient("logits.grad", slope, 0.7 * plain + 0.3 * every, mistakes if known else {})


# ---- All of them ---------------------------------------------------------------------------------


@check("Edge Cases", about=(*ABOUT[MSE], *ABOUT[BCE], *ABOUT[CE]))
def test_losses_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        import_again("losses")
        for name, cases in CASES.items():
            with suppress(ValueError, TypeError, IndexError, Mistake):  # other checks speak of that
                loss_of(name, *cases[0])

    expect_undisturbed(use)


EACH = {MSE: mse_each, BCE: bce_each, CE: ce_each}
EXACT = {MSE: mse, BCE: bce, CE: ce}


def shaped(name: str, shape: tuple[int, ...]) -> Case:
    """A case of some shape."""
    size = int(np.prod(shape))
    first, second = np.cos(np.arange(size)), np.sin(3.0 * np.arange(size))
    if name == CE:
        return first.reshape(shape), np.arange(size // shape[-1]).reshape(shape[:-1]) % shape[-1]
    if name == BCE:
        first, second = 0.5 + 0.4 * first, (second > 0).astype(np.float64)
    return first.reshape(shape), second.reshape(shape)


# Shapes that somebody may not have thought of, and what is said of each.
WRONG_FOR = {
    MSE: {
        (2, 3, 4): "for three dimensions",
        (5,): "for a single row of numbers",
        (5, 1): "for a single column",
        (): "for a single number, of shape ()",
    },
    CE: {
        (2, 3, 4): "for three dimensions",
        (4,): "for a single sample, without a batch",
        (1, 3): "for a batch of one",
        (3, 3): "for as many samples as classes",
        (300, 3): "for large batches",
    },
}
WRONG_FOR[BCE] = WRONG_FOR[MSE]
