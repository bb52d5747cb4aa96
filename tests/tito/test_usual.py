"""Mistakes that can happen anywhere: each is named, in the same words wherever it is made."""

from typing import Any

import numpy as np
import pytest

from tinytorch import Tensor
from tinytorch.course.checking import (
    Mistake,
    averages,
    expect,
    expect_new,
    expect_nothing_to_train,
    expect_printable,
    expect_same_dtype,
    expect_same_memory,
    expect_separate_calls,
    expect_shape,
    expect_tensor,
    given,
    untouched,
    usual,
    wrong_shapes,
)

X = np.array([[1.3, -2.1, 0.4], [-0.7, 3.6, 2.2]])
Y = np.array([[0.9, 1.7, -1.1], [2.3, -0.6, 0.3]])


def quotient(x: np.ndarray, y: np.ndarray) -> Any:
    return (x + 2) / (np.exp(y) + 1)


def named(seen: Any, mistakes: dict[str, Any] | None = None) -> str | None:
    with pytest.raises(Mistake) as caught:
        expect("f(x, y)", seen, quotient(X, Y), mistakes, usual(quotient, x=X, y=Y))
    return caught.value.mistake


RIGHT = quotient(X, Y)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (-RIGHT, "the sign of the result is wrong"),
        (np.abs(RIGHT), "the result has lost its sign"),
        (2 * RIGHT, "the result is doubled"),
        (RIGHT / 2, "the result is halved"),
        (RIGHT.T, "the result is transposed"),
        (RIGHT.ravel(), "the result is flattened"),
        (RIGHT[None], "the result has a dimension too many"),
        (RIGHT[0], "only the first row is returned"),
        (RIGHT[:1], "only the first row is returned"),
        (RIGHT[:, :2], "the last column is missing"),
        (np.vstack([RIGHT[:1], 0 * RIGHT[:1]]), "only the first row is computed"),
        (RIGHT * [1, 1, 0], "the last column is not computed"),
        (RIGHT[::-1], "the rows of the result are in the reverse order"),
        (RIGHT.sum(), "one number is returned, the sum of all results"),
        (RIGHT.mean(0), "the result is averaged over the batch"),
        (RIGHT / 6, "the result is divided by 6, the number of numbers in x"),
        (RIGHT * 3, "the result is multiplied by 3, the number of columns in x"),
        (RIGHT.round(2), "the result is rounded to 2 decimals"),
        (np.trunc(RIGHT), "the result is cut to whole numbers"),
        (RIGHT.astype(np.float16), "the result has the three digits of float16 only"),
        (quotient(np.float16(X), np.float16(Y)), "it is computed in float16, with three digits"),
        (RIGHT + [[0, 0, 1e-4]] * X, None),
        (RIGHT * 0, "the result is 0 everywhere"),
        (RIGHT * np.nan, "the result is nan everywhere"),
        (X, "x is returned as it came"),
        (RIGHT + Y, "y is added to the result"),
        (quotient(-X, Y), "the sign of x is wrong"),
        (quotient(X, np.abs(Y)), "the numbers of y have lost their sign"),
        (quotient(Y, X), "x and y change places"),
        (quotient(X, X), "x is taken for y as well"),
        (quotient(X, 0 * Y), "y is taken for 0"),
        (quotient(X, Y.round()), "the numbers of y are rounded to whole ones"),
        (quotient(quotient(X, Y), Y), None),
        (np.sort(RIGHT, 0), "the numbers in each column of the result are sorted"),
        (np.vstack([RIGHT[:1], X[1:]]), "only the first row is computed"),
        (quotient(X.mean(), Y), "one number is made of x first, the mean"),
        (quotient(X.clip(-2, 2), Y), "the numbers of x are held between -2 and 2"),
        (RIGHT * 1.37, "the result is 1.37 times as large as it should be"),
        (RIGHT + 0.123, "every number of the result is too large by 0.123"),
        (RIGHT.clip(0.1, 1.8), "the result is held between 0.1 and 1.8"),
        (RIGHT * 0 + 0.7, "the result is 0.7 everywhere"),
        (RIGHT > 0.5, "only True and False come back, which is what a comparison gives"),
        (RIGHT + [[0, 0, 0.3]] * X, "only the last column is wrong"),
        (RIGHT + [[0], [0.3]] * X, "only the first row is right"),
        (RIGHT + [[0, 0.3, 0.3]] * X, "only the first column is right"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_happen_anywhere_has_its_name(seen: Any, words: str | None) -> None:
    assert named(seen) == words


def test_the_line_up_of_the_check_comes_first() -> None:
    assert (
        named(-RIGHT, {"the numerator is turned round": -RIGHT}) == "the numerator is turned round"
    )


def test_where_two_of_the_check_fit_there_is_no_name() -> None:
    assert named(-RIGHT, {"one": -RIGHT, "the other": -RIGHT}) is None


def test_what_is_right_has_no_name() -> None:
    # |x| is x where all of x is positive: then nobody has lost a sign.
    assert usual(np.abs(X))(np.abs(X), 2e-5) is None


def test_a_result_alone_is_enough_and_has_the_name_that_it_is_given() -> None:
    with pytest.raises(Mistake, match="the sign of the gradient is wrong"):
        expect("x.grad", -X, X, None, usual(X, subject="the gradient"))


def test_what_is_applied_twice_is_named() -> None:
    twice = np.tanh(np.tanh(X))
    assert usual(np.tanh, x=X)(twice, 2e-5) == "it is applied twice"


def test_a_single_number_and_an_empty_batch_have_line_ups_too() -> None:
    assert usual(np.float64(3.7))(np.array(-3.7), 2e-5) == "the sign of the result is wrong"
    assert usual(np.zeros((0, 3)))(np.array(1.5), 2e-5) is None


def test_a_mean_that_is_none_is_named() -> None:
    squares = (X - Y) ** 2
    for seen, words in (
        (squares.sum(), "all are added up; they should be averaged"),
        (squares, "nothing is averaged: there is a number for each"),
        (squares.sum() / 2, "each row is added up, and the rows are averaged"),
        (squares.mean(0), "the rows are averaged, and the columns stay"),
    ):
        with pytest.raises(Mistake) as caught:
            expect("loss", seen, squares.mean(), averages(squares))
        assert caught.value.mistake == words


def test_what_belongs_to_the_caller_is_as_it_was() -> None:
    x = Tensor(X)
    with untouched(x=x):
        x.data.sum()
    with (
        pytest.raises(Mistake, match="it writes into x, which belongs to the caller"),
        untouched(x=x),
    ):
        x.data[0, 0] = 7
    with pytest.raises(Mistake, match="it changes the shape of x"), untouched(x=x):
        x.data = x.data.ravel()


def test_an_error_within_is_the_one_that_is_told() -> None:
    x = Tensor(X)

    def fail() -> None:
        with untouched(x=x):
            x.data[0, 0] = 7
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_a_float64_that_comes_back_is_named() -> None:
    expect_same_dtype("f(x)", lambda x: x * 2, X)
    with pytest.raises(Mistake, match="the result is no longer float32"):
        expect_same_dtype("f(x)", lambda x: Tensor(x.data, dtype=np.float64), X)
    with pytest.raises(Mistake) as caught:
        expect_same_dtype("f(x)", lambda x: Tensor(x.data, dtype=np.float64), X, known=False)
    assert caught.value.mistake is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones(2), "a NumPy array is returned instead of a Tensor"),
        (np.float32(2), "a NumPy number is returned instead of a Tensor"),
        ([1.0], "a list is returned instead of a Tensor"),
        (1.0, "a float is returned instead of a Tensor"),
        (None, "nothing is returned: a `return` is missing"),
        (np.tanh, "a function is returned, not what it gives: it has to be called"),
    ],
)
def test_what_is_no_tensor_is_named(value: Any, words: str) -> None:
    with pytest.raises(Mistake) as caught:
        expect_tensor("f(x)", value)
    assert caught.value.mistake == words


def mistake_of(call: Any, *arguments: Any, **options: Any) -> str | None:
    with pytest.raises(Mistake) as caught:
        call(*arguments, **options)
    return caught.value.mistake


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((256, 32), "the result is transposed"),
        ((8192,), "the result is flattened"),
        ((256,), "the batch dimension is lost"),
        ((32,), "the last dimension is lost"),
        ((32, 1, 256), "the result has a dimension too many"),
        ((), "the result is a single number"),
        ((32, 255), None),
    ],
)
def test_a_shape_says_what_went_wrong(shape: tuple[int, ...], words: str | None) -> None:
    expected = (32, 256)
    assert mistake_of(expect_shape, "y", np.zeros(shape), expected, wrong_shapes(expected)) == words
    expect_shape("y", np.zeros(expected), expected, wrong_shapes(expected))


def test_the_numbers_that_went_in_stand_beside_what_has_no_name() -> None:
    with pytest.raises(Mistake) as caught, given(x=X):
        raise Mistake(seen="y = 1", expected="2")
    assert "for x =" in caught.value.seen
    assert "1.3" in caught.value.seen
    with pytest.raises(Mistake) as caught, given(x=X):
        raise Mistake(seen="y = 1", expected="2", mistake="the result is halved")
    assert caught.value.seen == "y = 1"


class Keeping:
    """Doubles a tensor, and keeps the first result."""

    kept: Any = None

    def __call__(self, x: Any) -> Any:
        if self.kept is None:
            self.kept = x * 2
        return self.kept


class Sharing(Keeping):
    """Writes each result into the same array."""

    def __call__(self, x: Any) -> Any:
        result = super().__call__(x)
        result.data[...] = x.data * 2
        return Tensor(result.data)


class Counting(Keeping):
    """Multiplies by how often it has been called."""

    kept = 0

    def __call__(self, x: Any) -> Any:
        self.kept += 1
        return x * self.kept


class Remembering(Keeping):
    """Keeps the result for each tensor, whatever becomes of its numbers."""

    def __init__(self) -> None:
        self.kept = {}

    def __call__(self, x: Any) -> Any:
        if id(x) not in self.kept:
            self.kept[id(x)] = x * 2
        return self.kept[id(x)]


def test_calls_that_have_to_do_with_one_another_are_named() -> None:
    expect_separate_calls("f(x)", lambda x: x * 2, (X,), (Y,))
    for call, words in (
        (Keeping(), "the result of an earlier call comes back: something is kept"),
        (Sharing(), "a later call writes into the result of an earlier one"),
        (Counting(), "it gives another result when it is called again"),
        (
            Remembering(),
            "it remembers what went in, and does not notice that the numbers have changed",
        ),
    ):
        assert mistake_of(expect_separate_calls, "f(x)", call, (X,), (Y,)) == words
    # The same x with another y: what is kept for x comes back.
    kept: dict[int, Any] = {}
    sum_of = lambda x, y: kept.setdefault(id(x), x + y)  # noqa: E731
    words = "the result of an earlier call comes back: something is kept"
    assert mistake_of(expect_separate_calls, "x + y", sum_of, (X, Y), (X, 2 * Y)) == words


def test_a_call_that_is_wrong_already_is_not_said_to_remember() -> None:
    expect_separate_calls("f(x)", lambda x: Tensor(np.zeros(3)), (X,), (Y,), known=False)
    assert mistake_of(expect_separate_calls, "f(x)", Counting(), (X,), (Y,), known=False) is None


def test_memory_is_shared_where_it_should_be_and_nowhere_else() -> None:
    x = Tensor(X)
    expect_new("f(x)", x * 2, x=x)
    words = "x itself comes back, or a view of it, where a new array should"
    assert mistake_of(expect_new, "f(x)", x.T, x=x) == words
    expect_same_memory("transpose", x.T, x)
    assert mistake_of(expect_same_memory, "transpose", x * 1, x) == "transpose copies the numbers"
    assert mistake_of(expect_same_memory, "f", x * 1, x, "why") == "why"
    locked = x.data.view()
    locked.flags.writeable = False
    words = "transpose locks the numbers: nobody can write to them"
    assert mistake_of(expect_same_memory, "transpose", locked, x) == words


class Silent:
    def __repr__(self) -> str:
        return ""


class Raising:
    def __repr__(self) -> str:
        raise KeyError("p")


class Printing:
    def __repr__(self) -> str:
        return None  # type: ignore[return-value]


def test_what_cannot_be_printed_is_named() -> None:
    expect_printable("a number", 3)
    assert mistake_of(expect_printable, "a loss", Silent()) == "a loss has no text"
    assert mistake_of(expect_printable, "a loss", Raising()) == "printing a loss ends in an error"
    words = "__repr__ of a loss returns nothing: it should return the text, and leave the printing"
    assert mistake_of(expect_printable, "a loss", Printing()) == f"{words} to others"


class WithParameters:
    def __init__(self, listed: Any) -> None:
        self.listed = listed

    def parameters(self) -> Any:
        return self.listed


def test_what_has_nothing_to_train_says_so() -> None:
    expect_nothing_to_train("a loss", 3)
    expect_nothing_to_train("a loss", WithParameters([]))
    listed = mistake_of(expect_nothing_to_train, "a loss", WithParameters(iter([1])))
    assert listed == "a loss lists something to train"
    missing = mistake_of(expect_nothing_to_train, "a loss", WithParameters(None))
    assert missing == "nothing is returned: a `return` is missing"


SHAPES = [
    (),
    (1,),
    (3,),
    (0,),
    (0, 3),
    (3, 0),
    (1, 1),
    (1, 3),
    (3, 1),
    (2, 3),
    (2, 1, 3),
    (2, 3, 4),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_any_result_of_any_function_can_be_asked_about(shape: tuple[int, ...], dtype: Any) -> None:
    generator = np.random.default_rng(0)
    x, y = (np.asarray(generator.normal(size=shape)).astype(dtype) for _ in range(2))
    explanations = [usual(x), usual(np.add, x=x, y=y), usual(lambda x: x.sum(), x=x)]
    for kind in (np.float32, np.int64, bool):
        for other in SHAPES:
            seen = np.asarray(99 + generator.normal(size=other)).astype(kind)
            for explain in explanations:
                words = explain(seen, 2e-5)
                assert words is None or isinstance(words, str)
