"""How a command ends that is told to: by Ctrl-C, by `kill`, or by a terminal that closes."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tito.offspring import end_offspring

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
# Seconds in which a command that has been told to end cleans up; until then it is not told again.
MOMENT = 2.0


@contextmanager
def ending_when_told() -> Iterator[None]:
    """End what this process has started when a signal comes, clean up, and exit as shells expect.

    The signal interrupts whatever runs, as `KeyboardInterrupt`, so that files are closed and
    temporary folders removed on the way out. The exit code is 128 and the number of the signal.
    Signals that whoever started this process has chosen to ignore stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    told: list[tuple[int, float]] = []

    def end(number: int, frame: FrameType | None) -> None:
        if told and time.monotonic() - told[-1][1] < MOMENT:
            return
        told.append((number, time.monotonic()))
        end_offspring(os.getpid())
        raise KeyboardInterrupt

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) in usual}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    except BaseException:
        if not told:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if told else handler)
    if told:
        end_offspring(os.getpid())
        let_go_of_the_terminal()
        sys.exit(128 + told[0][0])


def let_go_of_the_terminal() -> None:
    """Print what is still to be printed; where nobody is left to read it, or no room, nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
