"""Global state that the code under a check must leave alone: NumPy's settings and generators."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.random  # NumPy would load it on first use, so in each process that runs a check

import tinytorch
import tinytorch.random


@dataclass(frozen=True)
class Disturbance:
    """Something global that was changed, and where if that is known."""

    call: str
    file: str | None = None
    line: int | None = None


@contextmanager
def restored() -> Iterator[list[Disturbance]]:
    """Put back global state afterwards; what had to be put back is then in the list.

    Drawing from NumPy's global generator is nobody's business. Starting it afresh is: everything
    that draws from it later repeats itself.
    """
    errors, callback = np.geterr(), np.geterrcall()
    printing = np.get_printoptions()
    numpy_state = np.random.get_state()
    own_generator = tinytorch.random.generator()
    disturbances: list[Disturbance] = []
    calls: dict[str, Disturbance] = {}
    try:
        with _noticing_calls(calls):
            yield disturbances
    finally:
        disturbances += [calls[name] for name in calls if name in _SEEDS]
        if disturbances:
            np.random.set_state(numpy_state)
        if tinytorch.random.generator() is not own_generator:
            disturbances.append(_last_call(calls, "tinytorch.manual_seed"))
            tinytorch.random._generator = own_generator
        if (np.geterr(), np.geterrcall()) != (errors, callback):
            disturbances.append(_last_call(calls, "np.seterr"))
            np.seterr(**errors)
            np.seterrcall(callback)
        if np.get_printoptions() != printing:
            disturbances.append(_last_call(calls, "np.set_printoptions"))
            np.set_printoptions(**printing)


_SEEDS = ("np.random.seed", "np.random.set_state")
# The functions to notice, where code finds them, and how they are called when they are told of.
_NOTICED = (
    (np.random, "seed", "np.random.seed"),
    (np.random, "set_state", "np.random.set_state"),
    (np, "seterr", "np.seterr"),
    (np, "seterrcall", "np.seterr"),
    (np, "set_printoptions", "np.set_printoptions"),
    (tinytorch, "manual_seed", "tinytorch.manual_seed"),
    (tinytorch.random, "manual_seed", "tinytorch.manual_seed"),
)


def _last_call(calls: dict[str, Disturbance], name: str) -> Disturbance:
    return calls.get(name, Disturbance(name))


@contextmanager
def _noticing_calls(calls: dict[str, Disturbance]) -> Iterator[None]:
    """Note where what changes global state is called: for each function the last call."""
    originals = [getattr(place, name) for place, name, _ in _NOTICED]

    def noticing(called: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            caller = sys._getframe(1)
            calls[called] = Disturbance(called, caller.f_code.co_filename, caller.f_lineno)
            return original(*arguments, **options)

        return call

    for (place, name, called), original in zip(_NOTICED, originals, strict=True):
        setattr(place, name, noticing(called, original))
    try:
        yield
    finally:
        for (place, name, _), original in zip(_NOTICED, originals, strict=True):
            setattr(place, name, original)
