"""One command at a time writes in a workspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

try:
    import fcntl
except ImportError:  # Windows: what is written is whole all the same
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock on `file`. While another command holds it, say so and wait.

    The system releases the lock when the process ends, however it ends.

    Raises:
        OSError: the file cannot be opened for writing.
    """
    with file.open("a", encoding="utf-8") as opened:
        if fcntl is not None:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                click.echo("Another tito is writing in this workspace; waiting for it.", err=True)
                fcntl.flock(opened, fcntl.LOCK_EX)
            except OSError:
                pass  # some network file systems cannot lock
        yield
