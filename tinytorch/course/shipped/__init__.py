"""The lessons, with all that belongs to each, as they come with the package.

In an installed TinyTorch they are in this folder. In a clone they are the repository's own, so
that there is only one of each.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from glob import glob
from types import ModuleType

from tinytorch.course.sources import exercises_in

_HERE = os.path.dirname(os.path.abspath(__file__))
_CLONE = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))

ROOT = _HERE if os.path.isdir(os.path.join(_HERE, "modules")) else _CLONE


def modules() -> list[str]:
    """The names of the modules that there are lessons for, in order."""
    folders = sorted(glob("modules/[0-9]*_*", root_dir=ROOT))
    return [os.path.basename(folder).partition("_")[2] for folder in folders]


def digits(module_name: str) -> str:
    """What is typed for a module: `03` for `layers`; its name where there is no lesson for it."""
    folders = glob(f"modules/[0-9]*_{module_name}", root_dir=ROOT)
    return os.path.basename(folders[0]).partition("_")[0] if folders else module_name


def find(module_name: str, file: str) -> str | None:
    """A file in the folder of a module; None where there is none."""
    found = glob(f"modules/[0-9]*_{module_name}/{file}", root_dir=ROOT)
    return os.path.join(ROOT, found[0]) if found else None


def check_file(module_name: str) -> str | None:
    """The checks of a module: `.../modules/03_layers/checks.py`; None where there are none."""
    return find(module_name, "checks.py")


def exercises(module_name: str) -> list[str]:
    """The exercises that the lesson of a module has a heading for, by dotted name."""
    lesson = find(module_name, f"{module_name}_dev.py")
    if lesson is None:
        return []
    with open(lesson, encoding="utf-8") as lines:
        return [name for line in lines for name in exercises_in(line)]


def load_file(name: str, file: str) -> ModuleType:
    """Import a Python file under a name of ours, once: its folder is in no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
