"""A worker as the runner sees it: a process to ask, which may answer, die, or take too long."""

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tito.checks.channel import Channel
from tito.checks.worker import NO_ANSWER, Setting, run_worker
from tito.ending import SIGNALS
from tito.offspring import end_offspring

# Seconds between two moments at which whoever waits for an answer is asked whether to go on.
PAUSE = 0.05
# Seconds for what takes none: the end of a process that was killed.
MOMENT = 5.0


class SetUpError(Exception):
    """A worker could not be set up, which is not the fault of the code that is judged."""


class WorkerProcess:
    """A process that runs `tito.checks.worker`, asked to load what is judged as soon as it starts.

    Where the system can fork, it starts with all that this process has imported.

    Attributes:
        setting: what it was set up with.
        loaded: whether the answer to that first request has been taken.
    """

    def __init__(self, setting: Setting, limit: float) -> None:
        way = "fork" if hasattr(os, "fork") else "spawn"
        context: Any = multiprocessing.get_context(way)
        self.setting = setting
        self.loaded = False
        self._set_up = False
        self._sent = 0.0
        self._answer: dict[str, Any] | None = None
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        self._process = context.Process(target=run_worker, args=(theirs, setting))
        try:
            with theirs, _signals_held():
                self._process.start()
        except OSError:
            self._channel.close()
            raise
        self.ask({}, limit)

    def ask(self, request: dict[str, Any], limit: float) -> None:
        """Set the worker to work on a request, which may take `limit` seconds."""
        self._sent = time.monotonic()
        with suppress(OSError):  # the process is gone; the answer will say so
            self._channel.send({**request, "limit": limit})

    def answer(self, limit: float, while_waiting: Callable[[float], None]) -> dict[str, Any]:
        """The answer to the request; `{"ended": status}` or `{"timeout": limit}` if there is none.

        Args:
            limit: seconds that it may take from the request on.
            while_waiting: called every now and then with the seconds since the request. What it
                raises ends the wait.

        Raises:
            SetUpError: the worker could not be set up.
        """
        while_waiting(time.monotonic() - self._sent)
        while not self._takes_answer(PAUSE):
            seconds = time.monotonic() - self._sent
            while_waiting(seconds)
            if seconds > limit:
                self.end()
                return {"timeout": limit}
        answer, self._answer = self._answer, None
        assert answer is not None
        if "ended" in answer:
            self.end()
        self.loaded = True
        return answer

    @property
    def has_answered(self) -> bool:
        """Whether taking the answer will take no time."""
        return self.ended or self._takes_answer(0)

    @property
    def ended(self) -> bool:
        """Whether there is nobody left to ask."""
        return self._channel.closed

    def end(self) -> None:
        """End the process, with everything that it has started."""
        if self.ended:
            return
        if hasattr(os, "killpg") and self._process.pid is not None:
            end_offspring(self._process.pid)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        until = time.monotonic() + MOMENT
        while self._process.exitcode is None and time.monotonic() < until:
            time.sleep(0.001)
        self._channel.close()

    def _takes_answer(self, seconds: float) -> bool:
        """Whether there is an answer, or comes one within some seconds."""
        if self._answer is None:
            try:
                self._answer = self._channel.receive(seconds)
            except EOFError:
                self._answer = {"ended": self._status()}
            except ValueError:  # the code wrote into our connection
                self._answer = {"ended": NO_ANSWER}
            else:
                if self._answer is None and self._process.exitcode is not None:
                    self._answer = {"ended": self._status()}  # and something else holds its end
        if self._answer is not None and not self._set_up:  # no code has run that could forge this
            self._set_up = True
            problem = self._answer.get("broken")
            if problem:
                raise SetUpError(problem)
            if "ended" not in self._answer:
                self._answer = None
        return self._answer is not None

    def _status(self) -> int:
        """How the process ended; it may as well have closed its connection, and run on."""
        until = time.monotonic() + 1
        while self._process.exitcode is None and time.monotonic() < until:
            time.sleep(0.001)
        status: int | None = self._process.exitcode
        return NO_ANSWER if status is None else status


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold back what would end this process, so that a fork of it meets it on its own terms."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
