"""Listeners at the door: who is told of operations, and who answers for them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tinytorch import CrossEntropyLoss, Linear, ReLU, Tensor, apply
from tinytorch.listeners import listen, listeners


def test_a_listener_is_told_of_each_operation_with_all_that_belongs_to_it() -> None:
    told: list[Any] = []
    x, y = Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]])
    with listen(after=lambda *event: told.append(event)):
        total = (x * y).sum(axis=1)
    (product, op, inputs, arrays, options), (output, *_, second) = told
    assert op is np.multiply
    assert inputs == (x, y)
    assert arrays[0] is x.data
    assert arrays[1] is y.data
    assert options == {}
    assert product.tolist() == [[3.0, 8.0]]
    assert output is total
    assert second == {"axis": 1, "keepdims": False}


def test_several_listen_at_once_and_each_leaves_by_itself() -> None:
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()

    def counting(into: Counter[str]) -> Any:
        return lambda output, op, *rest: into.update([op.__name__])

    x = Tensor([1.0])
    one = listen(after=counting(first))
    with listen(after=counting(second)):
        _ = x + x
        one.stop()
        _ = x * x
    _ = x - x
    one.stop()
    assert first == {"add": 1}
    assert second == {"add": 1, "multiply": 1}


def test_one_that_leaves_while_it_is_told_takes_no_other_with_it() -> None:
    told: list[str] = []

    def once(*event: Any) -> None:
        told.append("once")
        first.stop()

    first = listen(after=once)
    with listen(after=lambda *event: told.append("always")):
        _ = Tensor([1.0]) + 1
        _ = Tensor([1.0]) + 1
    assert told == ["once", "always", "always"]


def test_one_that_comes_while_others_are_told_is_told_of_what_follows() -> None:
    told: list[str] = []
    late: list[listen] = []

    def bring(*event: Any) -> None:
        told.append("first")
        if not late:
            late.append(listen(after=lambda *event: told.append("late")))

    with listen(after=bring):
        _ = Tensor([1.0]) + 1
        _ = Tensor([1.0]) + 1
    late[0].stop()
    assert told == ["first", "first", "late"]


def test_one_function_may_listen_twice_and_is_told_as_long_as_either_does() -> None:
    told: list[str] = []

    def tell(*event: Any) -> None:
        told.append("told")

    x = Tensor([1.0])
    with listen(after=tell):
        with listen(after=tell):
            _ = x + 1
        del told[:]
        _ = x + 1
    _ = x + 1
    assert told == ["told"]


def test_a_listener_that_has_stopped_may_listen_again() -> None:
    told: list[str] = []
    before = dict(listeners)
    listener = listen(after=lambda output, op, *rest: told.append(op.__name__))
    listener.stop()
    x = Tensor([1.0])
    _ = x + 1
    with listener:
        with listener:
            _ = x * 1
        _ = x - 1
    _ = x / 1
    assert told == ["multiply", "subtract"]
    assert listeners == before


@pytest.mark.needs("threads")
def test_threads_that_listen_lose_nobody() -> None:
    before, counts = dict(listeners), [0] * 4

    def work(number: int) -> None:
        def count(output: Any, op: Any, inputs: Any, *rest: Any) -> None:
            counts[number] += inputs[0] is x

        x = Tensor([1.0])
        for _ in range(200):
            with listen(after=count):
                _ = x + 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [200] * 4
    assert listeners == before


@pytest.mark.parametrize("function", [None, "after", 3])
def test_what_cannot_be_called_cannot_be_told(function: Any) -> None:
    before = dict(listeners)
    with pytest.raises(TypeError, match="listen takes functions to call, got after="):
        listen(before=print, after=function)
    assert listeners == before


def test_a_block_that_fails_ends_listening_too() -> None:
    before = dict(listeners)
    with pytest.raises(ZeroDivisionError), listen(after=print, before=print):
        _ = 1 / 0
    assert listeners == before


def test_one_that_is_asked_may_answer_in_place_of_the_operation() -> None:
    asked = []

    def product(op: Any, inputs: Any, arrays: list[Any], options: Any) -> Any:
        asked.append(op)
        return np.dot(*arrays) if op is np.matmul else NotImplemented

    x, w = Tensor(np.eye(2)), Tensor(np.full((2, 2), 3.0), requires_grad=True)
    with listen(before=product):
        result = (x @ w) + 1
        result.sum().backward()
    assert asked == [np.matmul, np.add, np.sum]
    assert result.tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert w.grad is not None
    assert w.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_the_first_answer_counts_and_is_minded_like_any_result() -> None:
    with (
        listen(before=lambda *event: NotImplemented),
        listen(before=lambda *event: np.float64(0.5)),
        listen(before=lambda *event: 1 / 0),
    ):
        result = Tensor([1.0]).exp()
    assert result.item() == 0.5
    assert result.dtype == np.float32


def test_one_that_is_asked_may_refuse_in_words_of_the_operation() -> None:
    def refuse(op: Any, *rest: Any) -> Any:
        raise ValueError("this device has no such operation")

    with listen(before=refuse), pytest.raises(ValueError, match=r"exp got shape \(1,\): this dev"):
        Tensor([1.0]).exp()


def test_a_profiler_of_a_training_step_sees_forward_and_backward() -> None:
    forward: Counter[str] = Counter()
    backward: Counter[str] = Counter()
    started = time.perf_counter()
    seconds = []

    def after(output: Any, op: Any, *rest: Any) -> None:
        forward[op.__name__] += 1
        seconds.append(time.perf_counter() - started)

    layer, head = Linear(4, 8), Linear(8, 3)
    with listen(after=after, visited=lambda node: backward.update([node.op.__name__])):
        CrossEntropyLoss()(head(ReLU()(layer(np.ones((5, 4))))), [0, 1, 2, 0, 1]).backward()
    assert forward == {"linear": 2, "relu": 1, "cross_entropy": 1}
    assert backward == forward
    assert seconds == sorted(seconds)


def test_arrays_that_come_and_go_are_told_of() -> None:
    taken_in: list[Any] = []
    handed_out: list[Any] = []
    array = np.zeros(2, np.float32)
    with listen(taken_in=taken_in.append, handed_out=handed_out.append):
        x = Tensor(array)
        _ = x + 1
        assert not handed_out
        assert x.numpy() is array
    assert [one is array for one in taken_in] == [True]
    assert [one is array for one in handed_out] == [True]


def test_listening_to_what_is_not_told_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"listen takes before, after, .*, got afterwards"):
        listen(afterwards=print)


@pytest.mark.needs("threads")
def test_recording_is_still_of_its_own_thread() -> None:
    from tinytorch import no_grad

    x, seen = Tensor([1.0], requires_grad=True), []

    def work() -> None:
        seen.append((x * 2).requires_grad)

    with no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        seen.append((x * 2).requires_grad)
    assert seen == [True, False]


def test_an_operation_that_returns_several_arrays_is_refused() -> None:
    x = Tensor([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(TypeError, match=r"split returned a list of 2, expected one array"):
        apply(np.split, x, indices_or_sections=2)
    with pytest.raises(TypeError, match=r"modf returned a tuple of 2, expected one array"):
        apply(np.modf, x)
