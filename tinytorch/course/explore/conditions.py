"""What numbers depend on: the machine, its threads, and whose modules were at work."""

from __future__ import annotations

import os
import platform
from typing import Any

from tinytorch.course.machine import THREAD_VARIABLES, processor, processors
from tinytorch.course.owners import described, in_use


def conditions() -> dict[str, str]:
    """The conditions of a measurement, by name."""
    import numpy as np

    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return {
        "Processor": processor(),
        "Threads": threads(),
        **load(),
        "Software": (
            f"Python {platform.python_version()}, NumPy {np.__version__} "
            f"with {blas.get('name', 'an unknown BLAS')} {blas.get('version', '')}, "
            f"{platform.system()} {platform.machine()}"
        ),
        "Modules": described(in_use()),
    }


def memory() -> float | None:
    """The bytes of memory that this machine has; None where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def threads() -> str:
    """How many threads a matrix product may use."""
    for variable in THREAD_VARIABLES:
        if os.environ.get(variable, "").isdigit():
            return f"{os.environ[variable]} in matrix products ({variable}), 1 elsewhere"
    return f"up to {processors()} in matrix products, one a processor; 1 elsewhere"


def load() -> dict[str, str]:
    """A warning, where other programs have kept the machine busy in the last minute."""
    if not hasattr(os, "getloadavg"):
        return {}
    # The experiment itself adds up to one, for the thread that runs it and waits for the others.
    busy = os.getloadavg()[0] - 1
    if busy < 0.5 * processors():
        return {}
    return {
        "Load": f"other programs kept {busy:.1f} processors busy, so times are long and uneven; "
        "close them and measure again"
    }
