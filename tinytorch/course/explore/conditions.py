"""What numbers depend on: the machine, its threads, and whose modules were at work."""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

import numpy as np

from tinytorch.course.contention import is_much
from tinytorch.course.machine import processor, processors, threads_asked_for
from tinytorch.course.owners import described, in_use

_IN_A_PAGE = (
    "one thread; a page is told neither the processor nor its caches, and its clock is rounded. "
    "Times say less here than those of tito explore in a terminal"
)


def conditions(waited: float = 0.0) -> dict[str, str]:
    """The conditions of a measurement, by name.

    Args:
        waited: the share of its time in which it waited for a processor, from 0 to 1.
    """
    in_a_page = sys.platform == "emscripten"
    where = {"Browser": _IN_A_PAGE}
    if not in_a_page:
        where = {"Processor": processor(), "Threads": threads()}
    return {
        **where,
        **held_up(waited),
        "Software": (
            f"Python {platform.python_version()}, "
            f"NumPy {np.__version__} {'without a BLAS' if in_a_page else _with_blas()}, "
            f"{platform.system()} {platform.machine()}"
        ),
        "Modules": described(in_use()),
    }


def _with_blas() -> str:
    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return f"with {blas.get('name', 'an unknown BLAS')} {blas.get('version', '')}"


def memory() -> float | None:
    """The bytes of memory that this machine has; None where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def threads() -> str:
    """How many threads a matrix product may use."""
    if asked := threads_asked_for():
        variable, count = asked
        return f"{count} in matrix products ({variable}), 1 elsewhere"
    return f"up to {processors()} in matrix products, one a processor; 1 elsewhere"


def held_up(share: float) -> dict[str, str]:
    """A warning, where an experiment waited for a processor for a large share of its time."""
    if not is_much(share):
        return {}
    waited = f"a processor was waited for in {share:.0%} of the time"
    return {"Load": f"{waited}: other programs, or a limit on this container, take them"}
