"""What a process has started, and what that has started in turn, so that all of it can be ended.

A process group would do, but for programs that leave it to run on alone.
"""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36  # prctl(2)


def adopt_orphans() -> None:
    """Make this process the parent of what its children leave behind. On Linux alone."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_offspring(process: int) -> None:
    """Kill all that a process has started, as far as the system tells of it."""
    ended: set[int] = set()
    while new := _offspring(process) - ended:  # more may have been started meanwhile
        for descendant in new:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(descendant, signal.SIGKILL)
        ended |= new


def _offspring(process: int) -> set[int]:
    found: set[int] = set()
    waiting = [process]
    while waiting:
        with suppress(OSError):  # it has just ended, or this is not Linux
            for thread in Path(f"/proc/{waiting.pop()}/task").iterdir():
                children = {int(child) for child in (thread / "children").read_text().split()}
                waiting += children - found
                found |= children
    return found
