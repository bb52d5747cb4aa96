"""The lessons and their checks, as they come with the package.

In an installed TinyTorch they are in this folder. In a clone they are the repository's own, so
that there is only one of each.
"""

from __future__ import annotations

import os
from glob import glob

from tinytorch.sources import exercises_in

_HERE = os.path.dirname(os.path.abspath(__file__))
_CLONE = os.path.dirname(os.path.dirname(_HERE))

ROOT = _HERE if os.path.isdir(os.path.join(_HERE, "modules")) else _CLONE


def check_file(module_name: str) -> str | None:
    """The checks of a module: `.../tests/checks/test_03_layers.py`; None where there are none."""
    return _file(f"tests/checks/test_[0-9]*_{module_name}.py")


def exercises(module_name: str) -> list[str]:
    """The exercises that the lesson of a module has a heading for, by dotted name."""
    lesson = _file(f"modules/*_{module_name}/{module_name}_dev.py")
    if lesson is None:
        return []
    with open(lesson, encoding="utf-8") as lines:
        return [name for line in lines for name in exercises_in(line)]


def _file(pattern: str) -> str | None:
    found = glob(pattern, root_dir=ROOT)
    return os.path.join(ROOT, found[0]) if found else None
