"""Messages about files that cannot be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tito.errors import TitoError


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
