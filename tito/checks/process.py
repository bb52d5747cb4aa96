"""A stage as the runner sees it: a process to ask, which may answer, die, or take too long."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tito.checks.offspring import end_offspring
from tito.checks.stage import Setting, run_stage

# Seconds between two moments at which whoever waits for an answer is asked whether to go on.
PAUSE = 0.05
# This process's ends of the pipes to its stages.
_ours: list[Any] = []


class StageProcess:
    """A process that runs `tito.checks.stage`, asked to load what is judged as soon as it starts.

    Where the system can fork, it starts with all that this process has imported.

    Attributes:
        setting: what it was set up with.
        loaded: whether the answer to that first request has been taken.
    """

    def __init__(self, setting: Setting, limit: float) -> None:
        forks = hasattr(os, "fork")
        context: Any = multiprocessing.get_context("fork" if forks else "spawn")
        self.setting = setting
        self.loaded = False
        self._sent = 0.0
        self._connection, theirs = context.Pipe()
        _ours.append(self._connection)
        arguments = (theirs, setting, _ours if forks else [])
        self._process = context.Process(target=run_stage, args=arguments)
        self._process.start()
        theirs.close()
        self.ask({}, limit)

    def ask(self, request: dict[str, Any], limit: float) -> None:
        """Set the stage to work on a request, which may take `limit` seconds."""
        self._sent = time.monotonic()
        with suppress(OSError):  # the process is gone; the answer will say so
            self._connection.send_bytes(json.dumps({**request, "limit": limit}).encode())

    def answer(self, limit: float, while_waiting: Callable[[float], None]) -> dict[str, Any]:
        """The answer to the request; `{"ended": status}` or `{"timeout": limit}` if there is none.

        Args:
            limit: seconds that it may take from the request on.
            while_waiting: called every now and then with the seconds since the request. What it
                raises ends the wait.

        Raises:
            RuntimeError: the stage could not be set up.
        """
        while_waiting(time.monotonic() - self._sent)
        try:
            while not self._connection.poll(PAUSE):
                seconds = time.monotonic() - self._sent
                while_waiting(seconds)
                if seconds > limit:
                    self.end()
                    return {"timeout": limit}
            answer: dict[str, Any] = json.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            self._process.join(1)
            status = self._process.exitcode
            self.end()
            return {"ended": 0 if status is None else status}
        except ValueError:  # the code wrote into our connection
            self.end()
            return {"ended": 0}
        if "broken" in answer:
            raise RuntimeError(f"the checks could not be set up:\n{answer['broken']}")
        self.loaded = True
        return answer

    @property
    def has_answered(self) -> bool:
        """Whether taking the answer will take no time."""
        return self.ended or self._connection.poll()

    @property
    def ended(self) -> bool:
        """Whether there is nobody left to ask."""
        return self._connection.closed

    def end(self) -> None:
        """End the process, with everything that it has started."""
        if not self.ended:
            if hasattr(os, "killpg") and self._process.pid is not None:
                end_offspring(self._process.pid)
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.join()
            self._connection.close()
            _ours.remove(self._connection)
