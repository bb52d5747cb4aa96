"""Errors that give the mistake away are named; others are left to speak for themselves."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from tinytorch.checking.errors import meaning
from tinytorch.core.layers import dropout, linear
from tinytorch.core.tensor import Tensor, apply

NOTHING: Any = None


class Thing:
    def without_self() -> None:
        pass

    def wants(self, p: float) -> None:
        pass


def used_too_early() -> None:
    print(y)  # noqa: F821
    y = 1  # noqa: F841


NAMED: dict[str, tuple[Callable[[], object], str]] = {
    "a tensor": (lambda: bool(Tensor([1.0, 2.0])), "a whole tensor is asked whether it is true"),
    "an array": (lambda: bool(np.ones(2)), "a whole tensor is asked whether it is true"),
    "too early": (used_too_early, "`y` is used before it has a value"),
    "a name": (lambda: eval("scal"), "the name `scal` is not defined"),
    "None": (lambda: NOTHING.shape, "something is None, and is asked for its .shape"),
    "an attribute": (lambda: Thing().weights, "a Thing has no .weights"),
    "a call": (lambda: Thing()(1), "a Thing is called like a function, and has no __call__"),
    "a result for an operation": (
        lambda: apply(np.exp(Tensor([1.0]))),
        "`apply` gets what an operation made",
    ),
    "an option by position": (
        lambda: apply(dropout, Tensor([1.0], requires_grad=True), np.ones(1)),
        "`apply` takes what a gradient can flow to by position",
    ),
    "a name for an operation": (
        lambda: apply(cast(Any, "add"), Tensor([1.0])),
        "`apply` gets the name of an operation",
    ),
    "inputs swapped": (
        lambda: apply(linear, np.ones((2, 2)), np.ones(2), np.ones((2, 2))),
        "a result is written into an array too small for it",
    ),
    "a call of None": (lambda: NOTHING(), "something is None, and is called"),
    "a sum": (lambda: np.ones(2) + NOTHING, "it calculates with something that is None"),
    "a tensor's sum": (
        lambda: Tensor([1.0]) + NOTHING,
        "it calculates with something that is None",
    ),
    "a keyword": (lambda: Thing().wants(q=1), "Thing.wants does not take the argument `q`"),
    "too little": (lambda: Thing().wants(), "Thing.wants is called without `p`"),
    "no self": (lambda: Thing().without_self(), "takes fewer arguments than it is given"),
    "a dimension": (lambda: np.ones(2).shape[1], "a shape has fewer dimensions"),
    "zero": (lambda: 1 / 0, "it divides by zero"),
    "a module": (lambda: __import__("no_such_thing"), "there is no module `no_such_thing`"),
}


@pytest.mark.parametrize("case", NAMED)
def test_an_error_that_gives_the_mistake_away_is_named(case: str) -> None:
    call, expected = NAMED[case]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any kind, each with its own words
        call()
    assert expected in str(meaning(raised.value))


@pytest.mark.parametrize("error", [ValueError("shapes differ"), KeyError("w"), TypeError("odd")])
def test_an_error_that_could_have_many_causes_is_not_named(error: Exception) -> None:
    assert meaning(error) is None
