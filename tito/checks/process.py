"""A stage as the runner sees it: a process to ask, which may answer, die, or take too long."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tito.checks.stage import Setting, run_stage


class CancelledError(Exception):
    """Nobody wants the answer any more."""


class StageProcess:
    """A process that runs `tito.checks.stage`.

    Where the system can fork, it starts with all that this process has imported.
    """

    def __init__(self, setting: Setting) -> None:
        context: Any = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=run_stage, args=(theirs, setting))
        self.process.start()
        theirs.close()

    def ask(
        self, request: dict[str, Any], limit: float, cancelled: Callable[[], bool]
    ) -> dict[str, Any]:
        """The answer to a request; `{"ended": status}` or `{"timeout": limit}` if there is none.

        Raises:
            CancelledError: `cancelled` said so, while waiting.
            RuntimeError: the stage could not be set up.
        """
        if cancelled():
            raise CancelledError
        deadline = time.monotonic() + limit
        try:
            self.connection.send_bytes(json.dumps({**request, "limit": limit}).encode())
            while not self.connection.poll(min(0.05, max(0.0, deadline - time.monotonic()))):
                if cancelled():
                    raise CancelledError
                if time.monotonic() > deadline:
                    self.end()
                    return {"timeout": limit}
            answer: dict[str, Any] = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.process.join(1)
            status = self.process.exitcode
            self.end()
            return {"ended": 0 if status is None else status}
        except ValueError:  # the code wrote into our connection
            self.end()
            return {"ended": 0}
        if "broken" in answer:
            raise RuntimeError(f"the checks could not be set up:\n{answer['broken']}")
        return answer

    @property
    def ended(self) -> bool:
        """Whether there is nobody left to ask."""
        return self.connection.closed

    def end(self) -> None:
        """End the process, with everything that it has started."""
        if not self.ended:
            if hasattr(os, "killpg") and self.process.pid is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.join()
            self.connection.close()
