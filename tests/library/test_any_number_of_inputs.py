"""Operations with any number of inputs: one row of the table, through NumPy's names and `apply`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tinytorch import CrossEntropyLoss, Dropout, Linear, MSELoss, ReLU, Tensor, apply
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
    "concatenate, a tensor's rows": (lambda x: np.concatenate(x, axis=-1), [numbers(2, 3, 2)]),
    "stack": (lambda *x: np.stack(x), [numbers(2, 3), numbers(2, 3)]),
    "stack, axis": (lambda *x: np.stack(x, axis=1), [numbers(2, 3)] * 3),
    "stack, last": (lambda *x: np.stack(x, -1), [numbers(2, 3), numbers(2, 3)]),
    "stack, by name": (lambda *x: np.stack(arrays=x, axis=0), [numbers(2), numbers(2)]),
    "stack of numbers": (lambda *x: np.stack(x), [numbers(), numbers()]),
    "vstack": (lambda *x: np.vstack(x), [numbers(3), numbers(2, 3)]),
    "vstack of numbers": (lambda *x: np.vstack(x), [numbers(), numbers()]),
    "hstack": (lambda *x: np.hstack(x), [numbers(2, 3), numbers(2, 1)]),
    "hstack of rows": (lambda *x: np.hstack(x), [numbers(2), numbers(3), numbers()]),
    "hstack, other axes": (lambda *x: np.hstack(x), [numbers(2, 1, 2), numbers(2, 3, 2)]),
    "dstack": (lambda *x: np.dstack(x), [numbers(2, 3), numbers(2, 3, 2)]),
    "dstack of rows": (lambda *x: np.dstack(x), [numbers(3), numbers(1, 3)]),
    "column_stack": (lambda *x: np.column_stack(x), [numbers(3), numbers(3, 2), numbers(3)]),
    "column_stack of numbers": (lambda *x: np.column_stack(x), [numbers(), numbers()]),
    "split": (lambda x: np.split(x, 3)[1] * 2, [numbers(6, 2)]),
    "split at": (lambda x: np.split(x, [1, 4], axis=1)[2], [numbers(2, 6)]),
    "split, all": (lambda x: sum(p.sum() * i for i, p in enumerate(np.split(x, 2))), [numbers(4)]),
    "split, back and forth": (lambda x: np.split(x, [3, 1])[2], [numbers(4, 2)]),
    "split, from the end": (lambda x: np.split(x, [-2, -1])[1], [numbers(4)]),
    "split, nothing left": (lambda x: np.concatenate(np.split(x, [2, 2, 9])), [numbers(4)]),
    "split, by name": (
        lambda x: np.split(ary=x, indices_or_sections=np.array([1]), axis=1)[1],
        [numbers(2, 3)],
    ),
    "hsplit": (lambda x: np.hsplit(x, 3)[1], [numbers(2, 6)]),
    "hsplit of a row": (lambda x: np.hsplit(x, [1])[1], [numbers(6)]),
    "vsplit": (lambda x: np.vsplit(x, 2)[1], [numbers(4, 3)]),
    "dsplit": (lambda x: np.dsplit(x, 2)[0], [numbers(2, 3, 4)]),
    "array_split": (lambda x: np.array_split(x, 4, axis=-1)[0], [numbers(2, 6)]),
    "where": (lambda x, y: np.where(np.array([True, False]), x, y), [numbers(2), numbers(3, 2)]),
    "where with lists": (lambda x: np.where([True, False], x, [1.0, 2.0]), [numbers(2)]),
    "where, a list first": (lambda x: np.where([True, False], [1.0, 2.0], x), [numbers(2)]),
    "dot, by name": (lambda x, y: np.dot(x, b=y), [numbers(2, 3), numbers(3)]),
    "sum, by name": (lambda x: np.sum(axis=0, a=x), [numbers(2, 3)]),
    "einsum, optimized": (
        lambda *x: np.einsum("ij,jk,kl->il", *x, optimize="greedy"),
        [numbers(2, 3), numbers(3, 4), numbers(4, 2)],
    ),
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
    ("ij,ij->ij", (1, 3), (2, 3)), ("ba,ac", (2, 3), (3, 4)), ("ij,jk->ik", (2, 1), (3, 2)),
    ("ij,jk->ik", (2, 3), (1, 2)), ("ii,i->i", (1, 1), (3,)), ("i,i,i->", (1,), (3,), (1,)),
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
        np.append(x, x),
    ):
        with pytest.raises(ValueError, match="has no derivative in the table"):
            result.sum().backward()
    assert np.concatenate([x, x], out=out) is out


def test_a_known_operation_called_in_another_way_is_not_said_to_be_missing() -> None:
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    calls: list[tuple[str, Tensor]] = [
        ("sum", np.sum(x, dtype=np.float64)),
        ("max", np.max(x, initial=5)),
        ("concatenate", np.concatenate([x, x], dtype=np.float64)),
        ("einsum", np.einsum(x, [0], x, [0], [])),
        ("add", np.add(x, 1, dtype=np.float64)),  # type: ignore[call-overload]
    ]
    for name, result in calls:
        with pytest.raises(ValueError, match=f"^{name}, called in this way, has no derivative"):
            result.sum().backward()
    with pytest.raises(ValueError, match=r"^multiply\.reduce has no derivative"):
        np.multiply.reduce(x).backward()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.divmod(x, 2)[0],
        lambda x: np.modf(x)[1],
        lambda x: np.frexp(x)[0],
        lambda x: np.linalg.svd(x).S,
        lambda x: np.linalg.slogdet(x)[1],
        lambda x: np.broadcast_arrays(x, np.zeros((3, 2, 2)))[0],
        lambda x: np.meshgrid(x, x)[0],
        lambda x: np.gradient(x)[1],
        lambda x: np.histogram(x)[1],
        lambda x: np.average(x, axis=0, returned=True)[0],
    ],
)
def test_no_gradient_gets_lost_in_one_of_several_results(call: Call) -> None:
    x = Tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)
    result = call(x)
    assert isinstance(result, Tensor)
    assert result.dtype == np.float32
    with pytest.raises(ValueError, match="has no derivative in the table"):
        result.sum().backward()


def test_indices_and_counts_among_several_results_stay_arrays() -> None:
    x = Tensor([1.0, 2.0, 2.0])
    values, counts = np.unique(x, return_counts=True)
    assert isinstance(values, Tensor)
    assert counts.tolist() == [1, 2]
    assert isinstance(counts, np.ndarray)
    assert [type(index) for index in np.nonzero(x)] == [np.ndarray]


def test_parts_have_the_dtype_of_what_is_split() -> None:
    assert [p.dtype for p in np.split(Tensor([1, 2], dtype=np.int64), 2)] == [np.int64] * 2
    assert [p.dtype for p in np.split(Tensor([1.0, 2.0]) > 1, 2)] == [np.bool_] * 2
    parts = np.split(np.arange(4), Tensor([1, 2], dtype=np.int64))
    assert [part.tolist() for part in parts] == [[0], [1], [2, 3]]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: np.split(x, 3), ValueError, r"split got shape \(4, 2\) and .*sections=3"),
        (lambda x: np.split(x, 0), ValueError, r"split got shape \(4, 2\) and .*sections=0"),
        (lambda x: np.split(x, "2"), TypeError, "sections='2'"),
        (lambda x: np.split(x, 2, axis=2), IndexError, "axis=2; axes run from -2 to 1"),
        (lambda x: np.split(x, 2, "rows"), TypeError, "axis='rows'; an axis is a whole number"),
        (lambda x: np.hsplit(x.sum(), 2), ValueError, r"hsplit got shape \(\)"),
        (lambda x: apply(np.concatenate), ValueError, "concatenate got nothing to work on"),
        (
            lambda x: np.einsum("ij,jk->ik", x, x),
            ValueError,
            r"\(4, 2\) and \(4, 2\) and subscripts='ij,jk->ik': wherever a letter stands",
        ),
        (
            lambda x: np.einsum("...->", x),
            ValueError,
            r"shape \(4, 2\) and subscripts='...->': out",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_what_was_given(
    call: Call, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call(Tensor(np.ones((4, 2))))


@pytest.mark.parametrize(
    "op",
    [
        lambda x: (x, x),
        lambda x: [x, x],
        lambda x: [[x], [x]],
        lambda x: [(1.0, 2.0)],
        lambda x: [Tensor(x)],
        lambda x: (),
        np.modf,
        np.linalg.svd,
    ],
)
def test_several_results_of_an_operation_are_refused(op: Call) -> None:
    with pytest.raises(TypeError, match="expected one array; write an operation for each of them"):
        apply(op, Tensor(np.ones((2, 2)), requires_grad=True))


@pytest.mark.parametrize(
    "rule",
    [
        lambda gradient: gradient[:1],
        lambda gradient: gradient.T,
        lambda gradient: np.float32(0),
        lambda gradient: gradient.sum(axis=0),
        lambda gradient: np.zeros((2, 2, 3, 1), np.float32),
    ],
)
def test_a_rule_whose_gradient_does_not_fit_its_input_is_named(rule: Call) -> None:
    def halved(x: np.ndarray) -> np.ndarray:
        return x / 2

    autograd.derivative(halved, rule)
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    with pytest.raises(ValueError, match=r"rule of halved .* for an input of shape \(2, 3\)"):
        apply(halved, x).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w: apply(lambda a, w: a * w, x, w=w),
        lambda x, w: apply(lambda a: a * w, x),
        lambda x, w: apply(lambda a: np.dot(a, w), x),
        lambda x, w: apply(lambda a: w.exp(), x),
    ],
)
def test_an_operation_that_computes_with_a_tensor_loses_no_gradient_in_silence(call: Call) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    for x in (Tensor([3.0, 4.0]), Tensor([3.0, 4.0], requires_grad=True)):
        with pytest.raises(
            ValueError, match=r"which would be lost; pass that tensor .* by position"
        ):
            call(x, w)
    with autograd.no_grad():
        assert isinstance(call(x, w), Tensor)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: MSELoss()([x, x], [1.0, 2.0]),
        lambda x: CrossEntropyLoss()([[x, x]], [1]),
        lambda x: Linear(2, 1)((x, x)),
        lambda x: ReLU()([[1.0, [x]]]),
        lambda x: Dropout(0.5)([x, x]),
        lambda x: apply(np.add, Tensor([1.0, 2.0]), [x, 2.0]),
    ],
)
def test_a_list_of_tensors_loses_no_gradients_in_silence(call: Call) -> None:
    x = Tensor(1.0, requires_grad=True)
    for computed in (x, x * 2):
        with pytest.raises(ValueError, match=r"got a list that holds tensors, .* by np\.stack, or"):
            call(computed)


def test_a_list_of_tensors_is_fine_where_nothing_is_recorded() -> None:
    x = Tensor(1.0, requires_grad=True)
    with autograd.no_grad():
        assert ReLU()([x, x * 2]).tolist() == [1.0, 2.0]
    assert ReLU()([x.detach(), 2.0]).tolist() == [1.0, 2.0]


def test_out_is_what_was_given_and_loses_no_gradient_in_silence() -> None:
    x, w = Tensor([1.0, 2.0]), Tensor([3.0, 4.0], requires_grad=True)
    for call in (
        lambda y, out: np.add(y, 1, out=out),
        lambda y, out: np.concatenate([y[:1], y[1:] + 1], out=out),
        lambda y, out: np.cumsum(y, out=out),
    ):
        out = Tensor(np.zeros(2))
        assert call(x, out) is out
        assert out.tolist()[1] == 3.0
        with pytest.raises(
            ValueError, match="with out= would write into a tensor, which is not re"
        ):
            call(w, out)
        with pytest.raises(
            ValueError, match="with out= would write into a tensor, which is not re"
        ):
            call(x, w)
        with autograd.no_grad():
            assert call(w, out) is out
    assert w.tolist() == [3.0, 4.0]


def test_writing_what_requires_a_gradient_loses_none_in_silence() -> None:
    x, w = Tensor([1.0, 2.0]), Tensor(3.0, requires_grad=True)
    for value in (w, w * 2, [w, 1.0]):
        with pytest.raises(ValueError, match=r"would not be recorded; .* or write its detach\(\)"):
            x[:] = value
    assert x.tolist() == [1.0, 2.0]
    x[0] = w.detach()
    with autograd.no_grad():
        x[1] = w * 2
    assert x.tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    "rule", [lambda gradient: (gradient, gradient), lambda gradient: [gradient, gradient]]
)
def test_a_rule_gives_the_gradient_of_one_input(rule: Call) -> None:
    def doubled(x: np.ndarray) -> np.ndarray:
        return x * 2

    autograd.derivative(doubled, rule)
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"the rule of doubled made a \w+ of 2, expected"):
        apply(doubled, x).sum().backward()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("add", np.negative), TypeError, "derivative takes an operation, .*, got 'add'"),
        ((np.prod, 3), TypeError, "derivative takes an operation, .*, got 3"),
        ((np.prod, None), TypeError, "derivative takes an operation, .*, got None"),
        (
            (np.prod, lambda gradient, position: gradient),
            ValueError,
            "takes gradient, position, shapes .* got one that takes gradient, position$",
        ),
        (
            (np.prod, lambda gradient, output, position, shapes: gradient),
            ValueError,
            "got one that takes gradient, output, position, shapes$",
        ),
        (
            (np.prod, lambda gradient, position, shapes: gradient, np.negative),
            ValueError,
            "prod got 2 rules, one of which takes a position",
        ),
    ],
)
def test_a_row_that_cannot_be_one_is_refused_at_once(
    arguments: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        autograd.derivative(*arguments)
    assert np.prod not in autograd._rules
    assert np.prod not in autograd._rules_at_any_position


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
