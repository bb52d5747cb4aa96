"""What workspaces are made from: the lessons and their checks.

They come with the package: see `tinytorch.course.shipped`.
"""

import hashlib
from functools import cache
from pathlib import Path

from tinytorch.course import MODULES, Module, shipped
from tito import DISTRIBUTION
from tito.errors import TitoError
from tito.lessons.exercises import has_hints
from tito.lessons.export import exercise_source
from tito.lessons.lesson import BEGIN, Lesson, read_lesson

_ROOT = Path(shipped.ROOT)


def lesson(module: Module) -> Lesson:
    """The lesson, solutions and hints included."""
    return read_lesson(_read(module.lesson), module.lesson)


@cache
def exercise(module: Module) -> str:
    """The lesson without its solutions, in the words of the notebook: see `tito.lessons.forms`."""
    return exercise_source(lesson(module))


def exercise_count(module: Module) -> int:
    """How many exercises the lesson has."""
    return sum(line.strip() == BEGIN for line in _read(module.lesson).splitlines())


def edition(module: Module) -> str:
    """A fingerprint of the lesson, to tell whether another TinyTorch has another one."""
    return hashlib.sha256(_read(module.lesson).encode()).hexdigest()[:16]


def check_files() -> dict[str, Path]:
    """Where each file of the checks is in a workspace, and where it comes from.

    They are the modules' suites, to be read, and what has plain pytest run them.
    """
    suites = {m.checks: _ROOT / m.checks for m in MODULES if check_file(m)}
    return {**suites, "tests/conftest.py": _ROOT / "tests/checks/conftest.py"}


def check_file(module: Module) -> str | None:
    """The checks of a module; None where there are none yet."""
    return shipped.check_file(module.name)


def workspace_files() -> dict[str, str]:
    """Name to text of the files in a workspace that are about the workspace itself."""
    folder = Path(__file__).parents[1] / "workspace" / "handed_out"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    if addresses := _addresses():
        readme += "\n## Where TinyTorch comes from\n\n"
        readme += "".join(f"- {what}: <{url}>\n" for what, url in addresses.items())
    return {
        "README.md": readme,
        ".gitignore": (folder / "gitignore").read_text(encoding="utf-8"),
    }


def _addresses() -> dict[str, str]:
    """The project's addresses, by what they are: those under [project.urls] in pyproject.toml."""
    from importlib import metadata  # here, since bare tito does without

    try:
        lines = metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
    except metadata.PackageNotFoundError:  # used without being installed
        return {}
    return {what.strip(): url.strip() for what, _, url in (line.partition(",") for line in lines)}


def help_for(module: Module) -> list[tuple[str, str]]:
    """The commands that help to write a module, each with what it does."""
    watch = (f"tito watch {module.digits}", "checks again at each save")
    hint = (f"tito hint {module.digits}", "one hint more at each call")
    answers = (f"tito solution {module.digits}", "the answers beside yours; it has no hints yet")
    checked = [watch] if check_file(module) else []
    return [*checked, hint if has_hints(_read(module.lesson)) else answers]


def _read(path: str) -> str:
    try:
        return (_ROOT / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TitoError(
            f"{path} is missing from the installed TinyTorch. Install it again, from its wheel "
            "or clone: pip install --force-reinstall --no-deps PATH"
        ) from None
