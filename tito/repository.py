"""Where the clone of the repository is that a command works on."""

from pathlib import Path

from tito.errors import TitoError


def find_repository() -> Path | None:
    """The clone around the current folder, else the one `tito` runs from, else None."""
    source = Path(__file__).resolve().parent.parent
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the current folder has been deleted
        here = source
    return next((f for f in (here, *here.parents, source) if is_repository(f)), None)


def is_repository(folder: Path) -> bool:
    """Whether a folder is the root of a clone of TinyTorch."""
    # A learner's workspace looks alike, but does not hold the source of tito.
    return (
        (folder / "pyproject.toml").is_file()
        and (folder / "modules").is_dir()
        and (folder / "tito" / "repository.py").is_file()
    )


def repository_root() -> Path:
    """The root of the clone that a maintainer's command works on.

    Raises:
        TitoError: `tito` was installed from a wheel, and the current folder is in no clone.
    """
    root = find_repository()
    if root is None:
        raise TitoError(
            f"This command works on a clone of the TinyTorch repository, and {Path.cwd()} is not "
            "inside one. Go to your clone and try again."
        )
    return root
