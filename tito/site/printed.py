"""What `tito test` prints, for the pages that quote it."""

import os
import subprocess
import sys
import tempfile
import textwrap
from functools import cache
from pathlib import Path

from tinytorch.course import Module
from tito.dev.museum import mistakes
from tito.errors import TitoError
from tito.lessons.exercises import body_of


@cache
def all_passed(module: Module) -> str:
    """What the checks of a module print when all pass, without the line that says how long it took.

    Raises:
        TitoError: one of them fails, on the reference.
    """
    finished = _tito_test(module)
    if finished.returncode:
        raise TitoError(f"The checks of {module.folder} fail:\n{finished.stdout}{finished.stderr}")
    units, _, _ = finished.stdout.strip().rpartition("\n\n")
    return units


def wrong_method(module: Module, mistake: str, method: str) -> tuple[str, str]:
    """A method with a mistake from the museum, and what the first check says of it.

    Raises:
        TitoError: the checks pass.
    """
    [exhibit] = [exhibit for exhibit in mistakes(module) if exhibit.name == mistake]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, f"{module.name}.py")
        file.write_text(exhibit.text, encoding="utf-8")
        finished = _tito_test(module, "--file", str(file))
    if finished.returncode != 1:
        raise TitoError(f"The checks of {module.folder} do not see that {mistake}.")
    unit = finished.stdout.partition("\n\n")[0]
    return _method(exhibit.text, method), unit.partition("\n✅")[0].replace(f"{scratch}/", "")


def _method(text: str, name: str) -> str:
    """A method of a file, by dotted name, with the head of its class and without its docstring."""
    lines = text.split("\n")
    cls, _, method = name.partition(".")
    head = next(n for n, line in enumerate(lines) if line.startswith(f"class {cls}("))
    first = next(n for n in range(head, len(lines)) if lines[n].startswith(f"    def {method}("))
    body = body_of(text, name)
    assert body is not None, f"there is no {name}"
    return "\n".join([lines[head], lines[first], textwrap.indent(body.code, " " * 8)])


def _tito_test(module: Module, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tito", "test", "--module", module.name, *arguments],
        env=os.environ | {"TINYTORCH_WORKSPACE": "off", "COLUMNS": "80"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
