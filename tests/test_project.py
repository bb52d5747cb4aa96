"""What the project says of itself, in the files that people read before they work on it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tinytorch.course import MODULES

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = [
    *PYPROJECT["project"]["dependencies"],
    *(line for extra in PYPROJECT["project"]["optional-dependencies"].values() for line in extra),
    *(line for group in PYPROJECT["dependency-groups"].values() for line in group),
]


def known_versions() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in pinned}


# pip itself is what reads the constraints, and comes with the environment.
@pytest.mark.parametrize("needed", [line for line in NEEDED if not line.startswith("pip>")])
def test_each_dependency_has_a_known_version_that_is_allowed(needed: str) -> None:
    requirement = Requirement(needed)
    assert known_versions()[canonicalize_name(requirement.name)] in requirement.specifier


# ---- Files and folders ---------------------------------------------------------------------------

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_what_contributors_are_sent_to_is_there() -> None:
    quoted = re.findall(r"`([^`\s]+)`", CONTRIBUTING)
    paths = [
        text for text in quoted if re.fullmatch(r"[\w./-]+(/|\.(py|toml|md|txt|yaml|sh))", text)
    ]
    assert len(paths) > 30
    assert [path for path in paths if not is_there(path)] == []


def is_there(path: str) -> bool:
    """Whether a file is there, or a folder with something in it; `checks.py` is one of a module."""
    if path.endswith("/"):
        return any((ROOT / path).iterdir()) if (ROOT / path).is_dir() else False
    return (ROOT / path).is_file() or any(ROOT.glob(f"modules/*/{path}"))


def test_the_map_for_contributors_has_every_folder() -> None:
    packages = {file.parent for file in ROOT.glob("t*/**/__init__.py")}
    above = {folder.parent for folder in (ROOT / "modules", *ROOT.glob("tests/*/test_*.py"))} - {
        ROOT
    }
    folders = packages | above | {ROOT / name for name in ("docs", "bin", "benchmarks", "web")}
    names = {f"{folder.relative_to(ROOT)}/" for folder in folders}
    assert {name for name in names if f"`{name}`" not in CONTRIBUTING} == set()


def test_the_readme_lists_the_modules_of_the_course() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [f"| [`{m.library}`]({m.library}) | {m.subject} |" for m in MODULES]
    listed = [line for line in readme.splitlines() if line.startswith("| [`tinytorch/core/")]
    assert listed == rows
