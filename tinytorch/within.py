"""A function that does all it does within a context: an ordinary one, a coroutine, a generator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

Context = Callable[[], AbstractContextManager[Any]]


def within(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, within a context of its own at each call.

    A generator is within one at each of its steps, and whoever goes through it in between is not.

    Args:
        context: what makes the context, such as `no_grad`.
        function: what to call in it.

    Raises:
        TypeError: the function is an asynchronous generator, whose steps cannot be told apart.
    """
    if inspect.isasyncgenfunction(function):
        name = getattr(context, "__name__", repr(context))
        raise TypeError(
            f"{name}() cannot stand above the asynchronous generator {function.__name__}; "
            f"write `with {name}():` in it, around what computes and not around a yield"
        )

    async def later(*args: Any, **options: Any) -> Any:
        with context():
            return await function(*args, **options)

    def by_steps(*args: Any, **options: Any) -> Any:
        return _Steps(context, function(*args, **options))

    def at_once(*args: Any, **options: Any) -> Any:
        with context():
            return function(*args, **options)

    if inspect.iscoroutinefunction(function):
        return wraps(function)(later)
    if inspect.isgeneratorfunction(function):
        return wraps(function)(by_steps)
    return wraps(function)(at_once)


class _Steps(Generator[Any, Any, Any]):
    """A generator, each step of which is within a context."""

    def __init__(self, context: Context, generator: Generator[Any, Any, Any]) -> None:
        self.context = context
        self.generator = generator

    def send(self, value: Any) -> Any:
        with self.context():
            return self.generator.send(value)

    def throw(self, *error: Any) -> Any:
        with self.context():
            return self.generator.throw(*error)
