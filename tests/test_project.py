"""What the project says of itself, in the files that people read before they work on it."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NEEDED = [
    *PYPROJECT["project"]["dependencies"],
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
