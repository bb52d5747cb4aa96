"""The site as a folder of static files: its pages are put together, and Sphinx makes it of them."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tito.errors import TitoError
from tito.site import accessible
from tito.site.lesson_page import add_lessons
from tito.site.sources import write_sources

PACKAGES = ("sphinx", "myst_parser", "sphinx_design", "sphinx_copybutton", "furo")
"""What the extra `site` in pyproject.toml brings."""

SIGN = ".nojekyll"
"""A file in every site: GitHub Pages looks for it, and we know by it what we may replace."""


SAME_EACH_TIME = {
    "OPENBLAS_NUM_THREADS": "1",  # on another number, sums are rounded otherwise
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
}


def build(root: Path, output: Path, pyodide: Path | None = None) -> None:
    """Build the site of the clone `root` into the folder `output`, in the place of what is there.

    Args:
        root: the clone.
        output: the folder; it is replaced once the site is whole.
        pyodide: the folder with the Python for browsers, for lessons that run in the page.

    Raises:
        TitoError: a package is missing, `output` holds something else, or a page has a fault.
    """
    expect_packages()
    expect_replaceable(output)
    with tempfile.TemporaryDirectory(prefix="tinytorch-site-") as scratch:
        build_in(Path(scratch), root, pyodide)
        if output.exists():
            shutil.rmtree(output)
        shutil.copytree(site_in(Path(scratch)), output)


def site_in(scratch: Path) -> Path:
    """Where `build_in` puts the site."""
    return scratch / "html"


def build_in(scratch: Path, root: Path, pyodide: Path | None = None) -> None:
    """Build the site within `scratch`, where what is kept makes the next time quicker.

    Raises:
        TitoError: a page has a fault.
    """
    sources, made = scratch / "sources", site_in(scratch)
    write_sources(root, sources)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "--color"]
    finished = subprocess.run(
        [*command, "-d", str(scratch / "doctrees"), str(sources), str(made)],
        env=os.environ | SAME_EACH_TIME,
        cwd=root,
    )
    if finished.returncode:
        raise TitoError("The site was not built: Sphinx says above what is wrong.")
    accessible.mend(made)
    add_lessons(made, pyodide)


def expect_packages() -> None:
    """Refuse to begin where a package is missing.

    Raises:
        TitoError: one is.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise TitoError(
            f"The site is made with {', '.join(missing)}, not installed here. In the clone: "
            "python -m pip install -e '.[site]'"
        )


def expect_replaceable(output: Path) -> None:
    """Refuse a folder that holds something else than a site.

    Raises:
        TitoError: it does.
    """
    if output.is_file() or (
        output.is_dir() and any(output.iterdir()) and not (output / SIGN).exists()
    ):
        raise TitoError(
            f"{output} is not replaced, since it is no site that tito has built. Name a folder "
            "that is empty or new: tito site build --output FOLDER"
        )
