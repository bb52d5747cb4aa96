"""Where TinyTorch is published: the one place that says so.

Whoever publishes a copy of the course changes these three, and the site, its cards for Binder and
Colab, and the first cell of the notebooks go by them.
"""

REPOSITORY = "mlsysbook/TinyTorch"
"""The repository on GitHub: its owner and its name."""

BRANCH = "main"
"""The branch that Binder, Colab and the links to the source take."""

SITE = ""
"""Where the site is, `https://…/`, for canonical links and the map of the site; "" if nowhere."""


def source(path: str = "") -> str:
    """The page of a file or a folder of the repository."""
    kind = "blob" if "." in path.rpartition("/")[2] else "tree"
    return f"https://github.com/{REPOSITORY}/{kind}/{BRANCH}/{path}".rstrip("/")


def binder(path: str) -> str:
    """A notebook of the repository, launched on Binder."""
    return f"https://mybinder.org/v2/gh/{REPOSITORY}/{BRANCH}?filepath={path}"


def colab(path: str) -> str:
    """A notebook of the repository, opened in Colab."""
    return f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}/{path}"


def archive() -> str:
    """The whole repository as a file that pip installs, with no need of git."""
    return f"https://github.com/{REPOSITORY}/archive/refs/heads/{BRANCH}.zip"
