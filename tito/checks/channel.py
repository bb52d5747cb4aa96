"""Requests and answers between the runner and a worker: a line of JSON each, over a socket."""

import json
import socket
from typing import Any

MOST = 2**20  # bytes of a message; those of the runner and of a worker have some thousands
_AT_ONCE = 2**16


class Channel:
    """One end of a connection whose other end may be in the hands of any code."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._received = bytearray()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message.

        Raises:
            OSError: there is nobody at the other end.
        """
        self._end.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, seconds: float | None = None) -> dict[str, Any] | None:
        """The next message; None if nothing or only a part of it has come within `seconds`.

        Raises:
            EOFError: there will be none.
            ValueError: what has come is no message.
        """
        if b"\n" not in self._received:
            self._end.settimeout(seconds)
            try:
                new = self._end.recv(_AT_ONCE)
            except (TimeoutError, BlockingIOError):
                return None
            except OSError as error:
                raise EOFError from error
            if not new:
                raise EOFError
            self._received += new
        line, found, rest = self._received.partition(b"\n")
        if not found and len(line) <= MOST:
            return None
        self._received = rest
        return read_message(line)

    def close(self) -> None:
        """Close this end, which tells the other one that nothing more will come."""
        self._end.close()

    @property
    def closed(self) -> bool:
        """Whether this end is closed."""
        return self._end.fileno() < 0


def read_message(line: bytes | bytearray) -> dict[str, Any]:
    """The message in a line.

    Raises:
        ValueError: there is none.
    """
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("brackets without end") from error
    if not isinstance(message, dict):
        raise ValueError(f"a {type(message).__name__}, not a message")
    return message
