"""A new module of the course: a folder that runs from the first minute, and its entry."""

import keyword
import re
from pathlib import Path

from tinytorch.course import MODULES, Module, find_module
from tinytorch.files import write_atomically
from tito.commands.export import exported_files
from tito.errors import TitoError

TEMPLATE = Path(__file__).parent / "template"
LIST = "tinytorch/course/__init__.py"
_END_OF_LIST = "\n)\n\n\ndef find_module("


def make_module(root: Path, number: int, name: str, tier: str) -> list[str]:
    """Make the folder of a module from the template, export it, and enter it in the list.

    Returns:
        The files that were written, from the root of the clone.

    Raises:
        TitoError: the number or the name is taken, or the name cannot be one.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise TitoError(
            f"{name!r} cannot be a file of tinytorch.core: pass a name of lower-case letters, "
            "digits and _, which is no word of Python's own."
        )
    taken = [m.folder for m in MODULES if number == m.number or name == m.name]
    if taken:
        free = max(m.number for m in MODULES) + 1
        raise TitoError(f"{taken[0]} is there already; the next number is {free:02}.")
    module = Module(number, name, tier, "what it is about", ("example",), ("tensor",))
    words = {
        "NUMBER": f"{number:02}",
        "NAME": name,
        "TITLE": name.capitalize(),
        "TIER": tier,
        "BEFORE": ", ".join(find_module(needed).folder for needed in module.needs),
    }
    files = {
        f"modules/{module.folder}/{_target(path, name)}": _filled(path, words)
        for path in sorted(TEMPLATE.rglob("*.txt"))
    }
    _refuse_to_overwrite(root, [*files, module.library])
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(root / path, text)
    exported = exported_files(root, module)
    for path, text in exported.items():
        write_atomically(root / path, text)
    write_atomically(root / LIST, _with_line((root / LIST).read_text(encoding="utf-8"), module))
    return [*files, *exported, LIST]


def _target(path: Path, name: str) -> str:
    """Where a file of the template goes, from the folder of the module."""
    target = path.relative_to(TEMPLATE).as_posix().removesuffix(".txt")
    renamed = {"lesson.py": f"{name}_dev.py", "experiments/size.py": f"experiments/{name}_size.py"}
    return renamed.get(target, target)


def _filled(path: Path, words: dict[str, str]) -> str:
    text = path.read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _refuse_to_overwrite(root: Path, paths: list[str]) -> None:
    there = [path for path in paths if (root / path).exists()]
    if there:
        raise TitoError(f"{there[0]} is there already; nothing was written.")


def _with_line(text: str, module: Module) -> str:
    """The list with a line for the module, before the first of a higher number."""
    if text.count(_END_OF_LIST) != 1:
        raise TitoError(f"{LIST} does not end its list as expected; enter {module} by hand.")
    line = (
        f'    Module(\n        {module.number},\n        "{module.name}",\n'
        f'        "{module.tier}",\n        "{module.subject}",\n'
        f"        {module.teaches!r},\n        needs={module.needs!r},\n    ),"
    ).replace("'", '"')
    for found in re.finditer(r"^    Module\(\n        (\d+),", text, re.MULTILINE):
        if int(found[1]) > module.number:
            return f"{text[: found.start()]}{line}\n{text[found.start() :]}"
    return text.replace(_END_OF_LIST, f"\n{line}{_END_OF_LIST}")
