"""Mistakes that can happen in any module, known once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tinytorch.course.checking.lineup import Mistake


def rounded(result: np.ndarray) -> dict[str, np.ndarray]:
    """What rounding makes of a result, by the name of the mistake: for a line-up."""
    names = {
        f"the result is rounded to {n} decimal{'s' * (n > 1)}": result.round(n) for n in range(1, 5)
    }
    return {"the result is rounded to whole numbers": result.round()} | names


@contextmanager
def refusing(expected: str, mistake: str) -> Iterator[None]:
    """Code that should work; where it raises a ValueError, TypeError or IndexError, the mistake.

    Raises:
        Mistake: it raised one of these, for an input that is as good as any other.
    """
    try:
        yield
    except (ValueError, TypeError, IndexError) as error:
        raise Mistake(
            seen=f"{type(error).__name__}: {error}", expected=expected, mistake=mistake
        ) from error
