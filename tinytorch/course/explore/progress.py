"""How far an experiment is: a line that is written over, wherever somebody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from tinytorch.course.notebook import shell

PATIENCE = 1.0  # seconds in which nobody needs to be told
SECONDS_BETWEEN_UPDATES = 0.2
WIDTH = 78


Progress = Callable[[float, str], None]
"""Called with the share that is done, from 0 to 1, and what is being done now."""


def quiet(share: float, doing: str) -> None:
    """Progress that nobody watches."""


class Meter:
    """A line of progress on a terminal or in a notebook; nothing in a file or a pipe.

    As a context manager it takes its line away at the end.

    Args:
        name: what it is about.
        file: where to write; standard output in a notebook, else standard error.
    """

    def __init__(self, name: str, file: TextIO | None = None) -> None:
        self.name = name
        self.file = file or (sys.stdout if in_notebook() else sys.stderr)
        self.watched = in_notebook() or self.file.isatty()
        self._next = time.monotonic() + PATIENCE
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._length:
            self._write("")

    def __call__(self, share: float, doing: str) -> None:
        """Show the share that is done, from 0 to 1, and what is being done."""
        if self.watched and time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_UPDATES
            self._write(f"{self.name}  {share:4.0%}  {doing}"[:WIDTH])

    def _write(self, text: str) -> None:
        self.file.write("\r" + text.ljust(self._length) + ("" if text else "\r"))
        self.file.flush()
        self._length = len(text)


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    return getattr(shell(), "kernel", None) is not None
