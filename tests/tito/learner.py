"""What a learner does, for the tests: running commands, writing solutions."""

import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from tito.course import Module, find_module
from tito.main import main

ROOT = Path(__file__).resolve().parents[2]
LAYERS = find_module("layers")
TENSOR = find_module("tensor")


def tito(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def run_tito(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return run_python("from tito.main import main; main()", *arguments, cwd=cwd)


def run_python(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, capture_output=True, text=True
    )


def solved(module: Module) -> str:
    """The lesson with its solutions."""
    return (ROOT / module.lesson).read_text(encoding="utf-8")


def write_one(file: Path, function: str, *lines: str) -> None:
    """Write the exercise `function` in a file: the lines take the place of its `raise`."""
    text = file.read_text(encoding="utf-8")
    pattern = rf' *raise NotImplementedError\(\s*"Write {re.escape(function)} in [^"]*"\s*\)'
    assert re.search(pattern, text), f"{function} is not to be written in {file}"
    code = "\n".join(f"        {line}" for line in lines)
    file.write_text(re.sub(pattern, lambda _: code, text), encoding="utf-8")
