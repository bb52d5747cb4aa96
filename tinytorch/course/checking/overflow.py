"""Noticing that a number has become too large on the way to a result that does not show it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def noticing_overflow() -> Iterator[list[str]]:
    """A list that has something in it once the code below has let a number overflow.

    The processor tells NumPy. In a browser it does not, so there the results of `np.exp` are
    looked at, which is where activations and losses overflow.
    """
    noticed: list[str] = []
    with np.errstate(over="call", call=lambda kind, flag: noticed.append(kind)):
        if sys.platform != "emscripten":
            yield noticed
            return
        exp = np.exp

        def watched(x: Any, *arguments: Any, **options: Any) -> Any:
            result = exp(x, *arguments, **options)
            is_to_be_told = np.geterr()["over"] == "call"  # and not switched off meanwhile
            if is_to_be_told and np.any(np.isposinf(result) & np.isfinite(x)):
                noticed.append("overflow")
            return result

        np.exp = watched
        try:
            yield noticed
        finally:
            np.exp = exp
