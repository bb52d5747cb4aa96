"""Writing a file so that a kill at any instant leaves the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Replace the file at `path` by one that holds `content`.

    Text is written as UTF-8 with its newlines as they are. A file that is already there keeps its
    mode bits; a new one gets the usual ones. A symbolic link stays, and what it points to is
    replaced, or made. Until the last step the old file is untouched, and a failure removes the
    temporary file and raises what went wrong.

    What is no file, such as a pipe or `/dev/stdout`, is written to directly.

    Raises:
        OSError: the folder is missing or cannot be written, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = os.path.realpath(os.fsdecode(path))
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fsdecode(path))
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            file.write(data)
        return
    # In the same folder, because a rename is atomic only within one file system.
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".tinytorch-{os.urandom(8).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            _keep_mode(target, temporary)  # before the data: what is private is so from the start
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:  # an interrupt too must leave no litter
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            # Nobody has heard of the temporary file: say where it could not be made, or moved.
            where = folder if error.filename2 is None else target
            raise OSError(error.errno, error.strerror, where) from None
        raise


def _keep_mode(target: str, temporary: str) -> None:
    """Give the temporary file the mode bits of the file that it will replace, if there is one."""
    if os.path.exists(target):
        mode = stat.S_IMODE(os.stat(target).st_mode)
        if mode != stat.S_IMODE(os.stat(temporary).st_mode):
            os.chmod(temporary, mode)
