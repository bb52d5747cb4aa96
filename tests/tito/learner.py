"""What a learner does, for the tests: running commands, writing solutions."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from click.testing import CliRunner, Result

from tinytorch.course import Module, find_module
from tinytorch.course.checking.checks import checks_in
from tinytorch.course.checking.results import Result as CheckResult
from tito.checks import runner
from tito.main import main

ROOT = Path(__file__).resolve().parents[2]
LAYERS = find_module("layers")
TENSOR = find_module("tensor")


def tito(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def run_python(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=cwd, capture_output=True, text=True
    )


def solved(module: Module) -> str:
    """The lesson with its solutions."""
    return (ROOT / module.lesson).read_text(encoding="utf-8")


# What the solution of `Linear.forward` returns where there is a bias.
LINEAR = "apply(linear, x, self.weight, self.bias)"


def with_linear(returned: str) -> str:
    """The lesson of layers with its solutions, but `Linear.forward` returns something else."""
    text = solved(LAYERS)
    assert text.count(LINEAR) == 1, "the solution has changed"
    return text.replace(LINEAR, returned)


def write_one(file: Path, function: str, *lines: str) -> None:
    """Write the exercise `function` in a file: the lines take the place of its `raise`."""
    text = file.read_text(encoding="utf-8")
    pattern = rf' *raise NotImplementedError\(\s*"Write {re.escape(function)} in [^"]*"\s*\)'
    assert re.search(pattern, text), f"{function} is not to be written in {file}"
    code = "\n".join(f"        {line}" for line in lines)
    file.write_text(re.sub(pattern, lambda _: code, text), encoding="utf-8")


def first_failure(module: Module, file: Path) -> dict[str, str | None]:
    """The first check that a file fails, as `tito test --json` tells of it."""
    failed: list[CheckResult] = []

    def stop(result: CheckResult) -> None:
        if result.failed:
            failed.append(result)
            raise StopIteration

    with suppress(StopIteration):
        runner.run_checks(module, file, on_result=stop)
    return failed[0].as_dict()


def run_first_checks(file: Path, limit: float) -> runner.Report:
    """Run the checks of layers that come first, for which this process is to be used up.

    There are enough of them to see what the runner does.
    """
    units = ("Linear Layer", "Dropout Layer")
    runner.checks_in = lambda suite: [c for c in checks_in(suite) if c.unit.title in units]
    return runner.run_checks(LAYERS, file, limit=limit)
