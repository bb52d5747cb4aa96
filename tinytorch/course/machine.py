"""The processors of this machine: how many, what they are called, and what limits their use."""

from __future__ import annotations

import os
import sys

# The variables that say how many threads NumPy's matrix products start, by BLAS library.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_asked_for() -> tuple[str, int] | None:
    """The variable in the environment that sets how many threads there are, and its number."""
    for variable in THREAD_VARIABLES:
        value = os.environ.get(variable, "")
        if value.isdigit() and int(value) > 0:
            return variable, int(value)
    return None


def processor() -> str:
    """The name of the processor, as its maker puts it."""
    import platform  # here, since every run of checks asks for the number alone
    import subprocess

    try:
        if sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True).stdout.strip()
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
