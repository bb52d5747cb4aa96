"""Writing files so that a kill at any instant leaves the old file or the new one, whole."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tito.errors import TitoError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace the file at `path` by one that holds `content`.

    Text is written as UTF-8 with its newlines as they are. A file that is already there keeps its
    mode bits; a new one gets the usual ones. A symbolic link stays, and what it points to is
    replaced. Until the last step the old file is untouched, and a failure removes the temporary
    file and raises what went wrong.

    Raises:
        OSError: the folder is missing or cannot be written, or the disk is full.
    """
    path = path.resolve()
    data = content.encode("utf-8") if isinstance(content, str) else content
    # In the same folder, because a rename is atomic only within one file system.
    temporary = path.with_name(f".tito-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            if path.exists():
                # Before the data, so that a private file is private from its first byte.
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # an interrupt too must leave no litter
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def files_in(output: Path) -> Iterator[None]:
    """Turn what goes wrong with the files of a command's results into one message.

    Raises:
        TitoError: something in the folder `output` cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise TitoError(
            f"The results cannot be written to {output}: {error.strerror or error}. "
            "Make room there, or choose another folder with --output."
        ) from error
