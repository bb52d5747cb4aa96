"""Recording is switched off for one thread and one asyncio task, and comes back."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

import tinytorch
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor


def recorded() -> bool:
    """Whether an operation is recorded here and now."""
    return (Tensor([1.0], requires_grad=True) * 2).requires_grad


def in_a_thread(function: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


# ---- Threads and tasks ---------------------------------------------------------------------------


@pytest.mark.needs("threads")
def test_two_threads_that_overlap_leave_recording_on() -> None:
    entered, left = threading.Event(), threading.Event()

    def overlapping() -> tuple[bool, bool]:
        with no_grad():
            entered.set()
            assert left.wait(10)
            within = recorded()
        return within, recorded()

    with ThreadPoolExecutor(1) as pool:
        with no_grad():
            other = pool.submit(overlapping)
            assert entered.wait(10)
        left.set()
        assert recorded()
        assert other.result() == (False, True)
    assert recorded()


@pytest.mark.needs("threads")
def test_no_grad_is_nothing_to_another_thread() -> None:
    with no_grad():
        assert in_a_thread(recorded)
        assert not recorded()


@pytest.mark.needs("asyncio.run")
def test_two_tasks_that_overlap_leave_recording_on() -> None:
    async def overlapping(entered: asyncio.Event, left: asyncio.Event) -> tuple[bool, bool]:
        with no_grad():
            entered.set()
            await left.wait()
            within = recorded()
        return within, recorded()

    async def main() -> None:
        entered, left = asyncio.Event(), asyncio.Event()
        other = asyncio.create_task(overlapping(entered, left))
        await entered.wait()
        assert recorded()
        with no_grad():
            left.set()
            assert await other == (False, True)
            assert not recorded()
        assert recorded()

    asyncio.run(main())
    assert recorded()


@pytest.mark.needs("threads")
def test_what_a_task_hands_to_a_thread_is_not_recorded_either() -> None:
    async def main() -> None:
        with no_grad():
            assert not await asyncio.to_thread(recorded)
        assert await asyncio.to_thread(recorded)

    asyncio.run(main())


@pytest.mark.needs("threads")
def test_many_threads_train_and_answer_side_by_side() -> None:
    layer, x = Linear(4, 3), Tensor([[1.0, 2.0, 3.0, 4.0]])
    start = threading.Barrier(4)

    def answers() -> list[bool]:
        start.wait(10)
        found = []
        for _ in range(200):
            with no_grad():
                found.append(layer(x).requires_grad)
        return found

    def trains() -> list[bool]:
        start.wait(10)
        return [layer(x).requires_grad for _ in range(200)]

    with ThreadPoolExecutor(4) as pool:
        quiet, loud = pool.submit(answers), pool.submit(trains)
        quieter, louder = pool.submit(answers), pool.submit(trains)
        assert not any(quiet.result() + quieter.result())
        assert all(loud.result() + louder.result())


# ---- Coming back ---------------------------------------------------------------------------------


def test_leaving_in_another_order_brings_recording_back() -> None:
    first, second = no_grad(), no_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not recorded()
    second.__exit__(None, None, None)
    assert recorded()


def test_one_no_grad_may_be_entered_again_and_within_itself() -> None:
    quiet = no_grad()
    for _ in range(2):
        with quiet, quiet:
            assert not recorded()
        assert recorded()


def test_leaving_where_nothing_was_entered_switches_nothing_off() -> None:
    stack = ExitStack()
    contextvars.copy_context().run(stack.enter_context, no_grad())
    stack.close()
    assert recorded()
    with no_grad():
        assert not recorded()
    assert recorded()


@pytest.mark.needs("threads")
def test_an_exception_in_a_thread_or_task_is_no_trouble() -> None:
    def fails() -> None:
        with no_grad():
            raise KeyError

    with pytest.raises(KeyError):
        in_a_thread(fails)
    with pytest.raises(KeyError):
        asyncio.run(asyncio.to_thread(fails))
    assert recorded()


# ---- Decorators ----------------------------------------------------------------------------------


def test_a_decorated_function_calls_itself_and_fails_as_it_would() -> None:
    @no_grad()
    def down(count: int) -> list[bool]:
        """Counts down."""
        if count < 0:
            raise ValueError("below zero")
        return [recorded(), *(down(count - 1) if count else [])]

    assert down(2) == [False, False, False]
    assert (down.__name__, down.__doc__) == ("down", "Counts down.")
    with pytest.raises(ValueError, match="below zero"):
        down(-1)
    assert recorded()


@pytest.mark.needs("asyncio.run")
def test_a_decorated_method_and_an_async_function_record_nothing() -> None:
    class Model:
        @no_grad()
        def answer(self, x: bool) -> tuple[bool, bool]:
            return x, recorded()

        @no_grad()
        async def later(self) -> bool:
            await asyncio.sleep(0)
            return recorded()

    async def main() -> tuple[bool, bool]:
        later = asyncio.create_task(Model().later())
        await asyncio.sleep(0)
        return recorded(), await later

    assert Model().answer(True) == (True, False)
    assert asyncio.run(main()) == (True, False)


def test_a_decorated_generator_records_nothing_and_its_caller_does() -> None:
    closed = []

    @no_grad()
    def steps(count: int) -> Generator[bool, str, str]:
        sent = ""
        try:
            for _ in range(count):
                try:
                    sent += (yield recorded()) or ""
                except KeyError:
                    sent += "!"
        finally:
            closed.append(recorded())
        return sent

    assert [(within, recorded()) for within in steps(2)] == [(False, True)] * 2
    generator = steps(3)
    assert next(generator) is False
    generator.send("a")
    assert generator.throw(KeyError()) is False
    with pytest.raises(StopIteration) as stopped:
        generator.send("b")
    assert stopped.value.value == "a!b"
    abandoned = steps(2)
    next(abandoned)
    abandoned.close()
    assert closed == [False] * 3
    assert recorded()


def test_an_async_generator_is_told_what_to_write_instead() -> None:
    async def answers() -> AsyncIterator[bool]:
        yield recorded()

    with pytest.raises(TypeError, match=r"no_grad\(\) .* asynchronous generator answers; write"):
        no_grad()(answers)


def test_a_decorator_without_its_brackets_is_told_so() -> None:
    with pytest.raises(TypeError, match=r"write @no_grad\(\)"):

        @no_grad
        def answer() -> bool:
            return recorded()


# ---- The generator of random numbers -------------------------------------------------------------


@pytest.mark.needs("threads")
def test_threads_share_one_generator_and_draw_from_it_side_by_side() -> None:
    tinytorch.manual_seed(5)
    alone = sorted(Linear(3, 3).weight.data.tolist() for _ in range(50))
    tinytorch.manual_seed(5)
    with ThreadPoolExecutor(4) as pool:
        drawn = pool.map(lambda _: Linear(3, 3).weight.data.tolist(), range(50))
        assert sorted(drawn) == alone
