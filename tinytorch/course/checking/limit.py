"""Interrupting code that takes too long, in the process that it runs in."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinytorch.course.checking.judge import OutOfTime

# Seconds until code that has caught the first interruption is interrupted again.
_AGAIN = 1.0


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime when the time is up.

    The system interrupts where it can. Where it cannot, as in a browser, on Windows, or outside of
    the main thread, Python looks at the clock with each turn of a loop. That takes Python 3.12, and
    notices no loop of NumPy's own: whoever can end this Python has to keep the time for those.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if hasattr(signal, "setitimer") and sys.platform != "emscripten" and in_main_thread:
        with _alarm(seconds):
            yield
    elif sys.version_info >= (3, 12):
        with _clock_in_loops(seconds):
            yield
    else:
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise OutOfTime(seconds)

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _clock_in_loops(seconds: float) -> Iterator[None]:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    tool = next((number for number in (3, 4) if monitoring.get_tool(number) is None), None)
    if tool is None:  # others watch this code, and may be slow themselves
        yield
        return
    thread = threading.get_ident()
    end = time.monotonic() + seconds

    def look(*_: object) -> None:
        nonlocal end
        if time.monotonic() > end and threading.get_ident() == thread:
            end = time.monotonic() + _AGAIN
            raise OutOfTime(seconds)

    jump = monitoring.events.JUMP
    monitoring.use_tool_id(tool, "tinytorch")
    monitoring.register_callback(tool, jump, look)
    monitoring.set_events(tool, jump)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, jump, None)
        monitoring.free_tool_id(tool)
