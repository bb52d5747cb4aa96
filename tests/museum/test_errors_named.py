"""Errors that give the mistake away are named; others are left to speak for themselves."""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from tinytorch.core.layers import dropout, linear
from tinytorch.core.tensor import Tensor, apply
from tinytorch.course.checking.errors import meaning

NOTHING: Any = None


class Thing:
    def without_self() -> None:
        pass

    def wants(self, p: float) -> None:
        pass


def used_too_early() -> None:
    print(y)  # noqa: F821
    y = 1  # noqa: F841


def unpacked() -> None:
    _, _ = NOTHING


def near() -> None:
    scale = 2  # noqa: F841
    eval("scal")


def nearer() -> None:
    Sigmoid = sigmod = 1  # noqa: F841
    eval("sigmoid")


NAMED: dict[str, tuple[Callable[[], object], str]] = {
    "a tensor": (lambda: bool(Tensor([1.0, 2.0])), "a whole tensor is asked whether it is true"),
    "an array": (lambda: bool(np.ones(2)), "a whole tensor is asked whether it is true"),
    "one number": (
        lambda: math.exp(cast(Any, np.ones(2))),
        "a whole array stands where one number",
    ),
    "one number, of a tensor": (
        lambda: math.exp(Tensor([1.0, 2.0])),
        "a whole array stands where one number",
    ),
    "a maximum of one": (
        lambda: cast(Any, np.maximum)(np.ones(2)),
        "one thing alone is given to np.maximum",
    ),
    "half a choice": (
        lambda: cast(Any, np.where)(np.ones(2) > 0, np.ones(2)),
        "a condition is not enough for np.where",
    ),
    "a power of arrays": (lambda: cast(Any, np.ones(2)) ^ 2, "the sign for a power is **"),
    "a power of tensors": (lambda: cast(Any, Tensor([1.0])) ^ 2, "the sign for a power is **"),
    "a function for a number": (lambda: np.exp(cast(Any, near)), "NumPy is given a function"),
    "NumPy's function for a number": (
        lambda: np.exp(cast(Any, np.sin)),
        "NumPy is given a function",
    ),
    "an array as a key": (lambda: {cast(Any, np.ones(2)): 1}, "an array cannot be a key"),
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
    "arguments for a class that takes none": (
        lambda: cast(Any, type("Loss", (), {}))(0.1),
        "Loss takes no arguments, and is given some",
    ),
    "a method that is not called": (
        lambda: -cast(Any, Tensor([1.0]).mean),
        "it calculates with a function, not with what that gives",
    ),
    "a product with a method": (
        lambda: 0.5 * cast(Any, Tensor([1.0]).mean),
        "it calculates with a function, not with what that gives",
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
    "self twice": (
        lambda: Thing().wants(Thing(), 0.5),
        "Thing.wants takes fewer arguments than it is given; `self` has to come first where a "
        "method is defined, and is left out where it is called",
    ),
    "self twice, by name": (
        lambda: Thing().wants(0.1, p=0.5),
        "Thing.wants gets `p` twice, by position and by name; `self` has to",
    ),
    "too much": (
        lambda: used_too_early(1),
        "used_too_early takes fewer arguments than it is given",
    ),
    "a dimension": (lambda: np.ones(2).shape[1], "a shape has fewer dimensions"),
    "a dimension, at the door": (
        lambda: apply(lambda x: x * x.shape[3], Tensor([1.0])),
        "a shape has fewer dimensions",
    ),
    "an element": (lambda: (1, 2)[2], "a tuple has fewer elements than it is asked for"),
    "zero": (lambda: 1 / 0, "it divides by zero"),
    "a power of zero": (lambda: 0.0**-1, "0 is raised to a negative power"),
    "an index into None": (lambda: NOTHING[0], "something is None, and is indexed"),
    "a loop over None": (lambda: [*NOTHING], "something is None, and is gone through like a list"),
    "None in two": (unpacked, "something is None, and is gone through like a list"),
    "a size of None": (lambda: range(NOTHING), "something is None, where a number is needed"),
    "a name in numpy": (lambda: cast(Any, np).sqr(2), "numpy has no `sqr`; did you mean `sqrt`?"),
    "a name nearby of the same kind": (
        nearer,
        "the name `sigmoid` is not defined; did you mean `sigmod`?",
    ),
    "a name nearby": (near, "the name `scal` is not defined; did you mean `scale`?"),
    "an attribute nearby": (
        lambda: cast(Any, Tensor([1.0])).sahpe,
        "a Tensor has no .sahpe; did you mean `shape`?",
    ),
    "an attribute of a list": (lambda: cast(Any, []).sum(), "a list has no .sum"),
    "no memory": (lambda: np.ones((10**9, 10**9, 10**9)), "that no memory could hold"),
    "a module": (lambda: __import__("no_such_thing"), "there is no module `no_such_thing`"),
}


@pytest.mark.parametrize("case", NAMED)
def test_an_error_that_gives_the_mistake_away_is_named(case: str) -> None:
    call, expected = NAMED[case]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any kind, each with its own words
        call()
    assert expected in str(meaning(raised.value))


@pytest.mark.parametrize("attribute", ["sum", "backward"])
def test_what_a_list_lacks_was_not_forgotten_in_its_class(attribute: str) -> None:
    with pytest.raises(AttributeError) as raised:
        getattr([], attribute)
    assert meaning(raised.value) == f"a list has no .{attribute}"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("shapes differ"),
        KeyError("w"),
        TypeError("odd"),
        TypeError("add() takes from 2 to 3 positional arguments but 1 was given"),
    ],
)
def test_an_error_that_could_have_many_causes_is_not_named(error: Exception) -> None:
    assert meaning(error) is None
