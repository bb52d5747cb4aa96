"""Global state that the code under a check must leave alone: NumPy's settings and generators."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.random  # NumPy would load it on first use, so in each process that runs a check

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
    try:
        with _noticing_seeds(disturbances):
            yield disturbances
    finally:
        if disturbances:
            np.random.set_state(numpy_state)
        if tinytorch.random.generator() is not own_generator:
            disturbances.append(Disturbance("tinytorch.manual_seed"))
            tinytorch.random._generator = own_generator
        if (np.geterr(), np.geterrcall()) != (errors, callback):
            disturbances.append(Disturbance("np.seterr"))
            np.seterr(**errors)
            np.seterrcall(callback)
        if np.get_printoptions() != printing:
            disturbances.append(Disturbance("np.set_printoptions"))
            np.set_printoptions(**printing)


@contextmanager
def _noticing_seeds(disturbances: list[Disturbance]) -> Iterator[None]:
    """Note whenever NumPy's global generator is started afresh."""
    originals = {name: getattr(np.random, name) for name in ("seed", "set_state")}

    def noticing(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            caller = sys._getframe(1)
            disturbances.append(
                Disturbance(f"np.random.{name}", caller.f_code.co_filename, caller.f_lineno)
            )
            return originals[name](*arguments, **options)

        return call

    for name in originals:
        setattr(np.random, name, noticing(name))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(np.random, name, original)
