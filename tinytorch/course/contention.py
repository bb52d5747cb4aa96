"""Whether other programs hold up what is timed here."""

from __future__ import annotations

import time
from pathlib import Path

TASKS = Path("/proc/self/task")
MUCH = 0.1  # of the time: from here on times are not to be relied on
SHORTEST = 0.2  # seconds; clocks of processor time may be as coarse as 16 ms


class Contention:
    """The share of the time since this was made in which a thread waited for a processor.

    A thread that computes and gets all of a processor never waits. Linux tells how long each
    thread was ready to run and could not. Of the threads that share a product the one that waits
    most counts, since the others wait for it. Elsewhere it is what the calling thread's processor
    time lacks.
    """

    def __init__(self, tasks: Path = TASKS) -> None:
        self._tasks = tasks
        self._start = time.perf_counter()
        self._waits = _waits(tasks)
        self._processor_time = _processor_time()

    @property
    def share(self) -> float:
        """The share until now, from 0 to 1; 0 within the first moments."""
        elapsed = time.perf_counter() - self._start
        if elapsed < SHORTEST:
            return 0.0
        waits = _waits(self._tasks)
        waited = [waits[thread] - self._waits.get(thread, 0.0) for thread in waits]
        if not waited:
            waited = [elapsed - (_processor_time() - self._processor_time)]
        return min(1.0, max(0.0, *waited) / elapsed)


def is_much(share: float) -> bool:
    """Whether so much waiting makes times long and uneven."""
    return share > MUCH


def _processor_time() -> float:
    """The calling thread's. In a browser nothing tells, and it looks as if nobody ever waited."""
    return time.thread_time() if hasattr(time, "thread_time") else time.perf_counter()


def _waits(tasks: Path) -> dict[str, float]:
    """For each thread, the seconds that it has waited for a processor; nothing but on Linux."""
    waits = {}
    for schedule in tasks.glob("*/schedstat"):
        try:
            _, waited, _ = schedule.read_text(encoding="ascii").split()
        except (OSError, ValueError):  # the thread has just ended
            continue
        waits[schedule.parent.name] = int(waited) / 1e9
    return waits
