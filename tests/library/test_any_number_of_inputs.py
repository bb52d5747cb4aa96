"""Operations with any number of inputs: one row of the table, through NumPy's names and `apply`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tinytorch import Tensor, apply
from tinytorch.core import autograd

Call = Callable[..., Any]

random = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return random.normal(size=shape)


CALLS: dict[str, tuple[Call, list[np.ndarray]]] = {
    "concatenate": (lambda *x: np.concatenate(x), [numbers(2, 3), numbers(1, 3), numbers(4, 3)]),
    "concatenate, one": (lambda x: np.concatenate([x]), [numbers(2, 3)]),
    "concatenate, axis": (lambda *x: np.concatenate(x, 1), [numbers(2, 3), numbers(2, 1)]),
    "concatenate, last": (lambda *x: np.concatenate(x, axis=-1), [numbers(2, 3), numbers(2, 1)]),
    "concatenate, flat": (lambda *x: np.concatenate(x, axis=None), [numbers(2, 3), numbers(4)]),
    "concatenate, none": (lambda *x: np.concatenate(x), [numbers(2, 3), numbers(0, 3)]),
    "concatenate, twice": (lambda x: np.concatenate([x, x * 2, x]), [numbers(2, 3)]),
    "concatenate, constants": (
        lambda x: np.concatenate([np.ones((1, 3)), x, [[1.0, 2.0, 3.0]]]),
        [numbers(2, 3)],
    ),
    "stack": (lambda *x: np.stack(x), [numbers(2, 3), numbers(2, 3)]),
    "stack, axis": (lambda *x: np.stack(x, axis=1), [numbers(2, 3)] * 3),
    "stack, last": (lambda *x: np.stack(x, -1), [numbers(2, 3), numbers(2, 3)]),
    "stack of numbers": (lambda *x: np.stack(x), [numbers(), numbers()]),
    "vstack": (lambda *x: np.vstack(x), [numbers(3), numbers(2, 3)]),
    "vstack of numbers": (lambda *x: np.vstack(x), [numbers(), numbers()]),
    "hstack": (lambda *x: np.hstack(x), [numbers(2, 3), numbers(2, 1)]),
    "hstack of rows": (lambda *x: np.hstack(x), [numbers(2), numbers(3), numbers()]),
    "split": (lambda x: np.split(x, 3)[1] * 2, [numbers(6, 2)]),
    "split at": (lambda x: np.split(x, [1, 4], axis=1)[2], [numbers(2, 6)]),
    "split, all": (lambda x: sum(p.sum() * i for i, p in enumerate(np.split(x, 2))), [numbers(4)]),
    "array_split": (lambda x: np.array_split(x, 4, axis=-1)[0], [numbers(2, 6)]),
    "where": (lambda x, y: np.where(np.array([True, False]), x, y), [numbers(2), numbers(3, 2)]),
    "where with lists": (lambda x: np.where([True, False], x, [1.0, 2.0]), [numbers(2)]),
    "where, a list first": (lambda x: np.where([True, False], [1.0, 2.0], x), [numbers(2)]),
}
for _first, _second in [
    ((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
    ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((5, 2, 3), (3, 4)), ((3,), (5, 3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 2, 3), (6, 3, 4)),
]:  # fmt: skip
    CALLS[f"dot {_first} {_second}"] = (np.dot, [numbers(*_first), numbers(*_second)])
for _subscripts, *_shapes in [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij->ji", (2, 3)),
    ("ij->", (2, 3)), ("ij->i", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("iij->j", (3, 3, 2)),
    ("i,j->ij", (2,), (3,)), ("i,i", (3,), (3,)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("...ij,...jk->...ik", (5, 2, 3), (5, 3, 4)), ("...ij,jk->...ik", (6, 5, 2, 3), (3, 4)),
    ("...ij,...jk", (5, 2, 3), (3, 4)), ("...,...", (2, 3), (3,)), ("...i->...", (4, 2, 3)),
    ("ij,ik,il->jkl", (2, 3), (2, 4), (2, 2)), ("ij,kl->il", (2, 3), (4, 5)),
    ("bhid, bhjd -> bhij", (2, 2, 3, 4), (2, 2, 5, 4)), (",i->i", (), (3,)),
    ("ij,ij->ij", (1, 3), (2, 3)), ("ba,ac", (2, 3), (3, 4)),
]:  # fmt: skip
    CALLS[f"einsum {_subscripts} {_shapes}"] = (
        partial(np.einsum, _subscripts),
        [numbers(*shape) for shape in _shapes],
    )


def check(call: Call, arrays: list[np.ndarray]) -> None:
    """Compare values with NumPy's and gradients with measured slopes."""
    inputs = [Tensor(array, requires_grad=True, dtype=np.float64) for array in arrays]
    result = call(*inputs)
    assert isinstance(result, Tensor)
    np.testing.assert_allclose(result.data, np.asarray(call(*arrays)), atol=1e-12)
    weights = np.random.default_rng(1).normal(size=result.shape)
    (result * weights).sum().backward()
    for position, array in enumerate(arrays):
        expected = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            moved = []
            for sign in (1, -1):
                copies = [one.copy() for one in arrays]
                copies[position][index] += sign * 1e-6
                moved.append(np.sum(weights * np.asarray(call(*copies))))
            expected[index] = (moved[0] - moved[1]) / 2e-6
        found = inputs[position].grad
        assert found is not None
        np.testing.assert_allclose(found.data, expected, atol=1e-7)


@pytest.mark.parametrize("name", CALLS)
def test_the_gradient_is_the_measured_slope(name: str) -> None:
    check(*CALLS[name])


@pytest.mark.parametrize(
    ("op", "options", "arrays"),
    [
        (np.concatenate, {}, [numbers(2, 3), numbers(1, 3)]),
        (np.concatenate, {"axis": 1}, [numbers(2, 3), numbers(2, 2), numbers(2, 1)]),
        (np.stack, {"axis": -1}, [numbers(2, 3), numbers(2, 3)]),
        (np.vstack, {}, [numbers(3), numbers(3)]),
        (np.hstack, {}, [numbers(3), numbers(2)]),
        (np.einsum, {"subscripts": "ij,kj->ik"}, [numbers(2, 3), numbers(4, 3)]),
        (np.dot, {}, [numbers(2, 3), numbers(3, 2)]),
    ],
)
def test_they_go_through_apply_as_well(op: Call, options: Any, arrays: list[np.ndarray]) -> None:
    def call(*inputs: Any) -> Any:
        tensors = (x if isinstance(x, Tensor) else Tensor(x, dtype=np.float64) for x in inputs)
        return apply(op, *tensors, **options)

    check(call, arrays)


def test_float32_stays_float32() -> None:
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    for result in (
        np.concatenate([x, np.ones((1, 2))]),
        np.stack([x, x]),
        np.einsum("ij,kj->ik", x, np.ones((3, 2))),
        np.dot(x, [1.0, 2.0]),
    ):
        assert result.dtype == np.float32
        x.grad = None
        result.sum().backward()
        assert x.grad is not None
        assert x.grad.dtype == np.float32


def test_what_the_table_cannot_follow_is_an_error_in_backward_and_not_silent() -> None:
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = np.zeros(6, np.float32)
    for result in (
        np.concatenate([x, x], dtype=np.float64),
        np.einsum(x, [0], x, [0], []),
        np.column_stack([x, x]),
    ):
        with pytest.raises(ValueError, match="has no derivative in the table"):
            result.sum().backward()
    assert np.concatenate([x, x], out=out) is out


def test_shapes_that_do_not_fit_are_an_error_that_names_them() -> None:
    x, y = Tensor(np.ones((2, 3))), Tensor(np.ones((2, 4)))
    for call in (
        lambda: np.concatenate([x, y]),
        lambda: np.stack([x, y]),
        lambda: np.dot(x, y),
        lambda: np.einsum("ij,jk", x, y),
    ):
        with pytest.raises(ValueError, match=r"\(2, 3\).*\(2, 4\)"):
            call()


class Scaled:
    """A rule that is an object."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, gradient: Any, x: Any) -> Any:
        return self.factor * gradient * x


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Scaled(2), 6.0),
        (Scaled(3).__call__, 9.0),
        (partial(lambda factor, gradient, x: factor * gradient * x, 4), 12.0),
        (partial(lambda gradient, x, factor: factor * gradient * x, factor=5), 15.0),
        (operator.neg, -1.0),
        (np.negative, -1.0),
        (np.square, 1.0),
    ],
)
def test_a_rule_may_be_anything_that_can_be_called(rule: Any, expected: float) -> None:
    def thing(x: np.ndarray) -> np.ndarray:
        return x + 0

    autograd.derivative(thing, rule)
    x = Tensor(3.0, requires_grad=True)
    apply(thing, x).backward()
    assert x.grad is not None
    assert x.grad.item() == expected


def test_an_operation_of_ones_own_may_take_any_number_of_inputs() -> None:
    def product_of_all(*arrays: np.ndarray) -> np.ndarray:
        return np.prod(np.stack(arrays), axis=0)

    def rule(gradient: Any, *inputs: Any, position: int, shapes: Any) -> Any:
        others = [x for i, x in enumerate(inputs) if i != position]
        return gradient * np.prod(np.stack(others), axis=0)

    autograd.derivative(product_of_all, rule)
    x, y, z, w = (Tensor(value, requires_grad=True) for value in (2.0, 3.0, 5.0, 7.0))
    apply(product_of_all, x, y, z, w).backward()
    assert [t.grad.item() for t in (x, y, z, w) if t.grad is not None] == [105, 70, 42, 30]
