"""How long a learner waits: for `tito test`, for `tito watch` after a save, for `tito` itself.

    python -m benchmarks.feedback           # measures, and prints the page
    python -m benchmarks.feedback --docs    # and writes it to docs/feedback.md

It takes about a minute, on a machine that should have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants import ROOT
from benchmarks.hardware import describe_machine
from tinytorch.course.machine import processors

PAGE = ROOT / "docs" / "feedback.md"
ROUNDS = 15
SAVES = 15
TITO = "from tito.main import main; main(prog_name='tito')"
YARDSTICK = "python -c 'import numpy, pytest'"
MODULES = ("01_tensor", "02_activations", "03_layers")

METHOD = f"""\
# How long a learner waits

`python -m benchmarks.feedback --docs` writes this page; run that in a clone to have it speak of
your own machine.

- **From a cold start.** Each command runs {ROUNDS} times in a process of its own, in turns with the
  yardstick, the import of NumPy and pytest: a busy moment of the machine then slows all of them. A
  first round, which fills the caches of the disk, does not count. Times are medians, and so are the
  ratios within the rounds.
- **From a save.** `tito watch` runs in the background and prints into a pipe. A file is saved
  {SAVES} times with each content, in turns, and the clock stops when the answer has been read: the
  first thing to mend with its place and its hint, or the line that says that all checks have
  passed. "Handed out" is the exercise with nothing written in it, "right" the lesson's solution.
"""


@dataclass
class Wait:
    """One thing that a learner waits for.

    Attributes:
        what: what it is, as a row of the page begins.
        seconds: how long it took, each time.
        most: the seconds that are allowed; None if it is measured in yardsticks, or not required.
        yardsticks: how many times the yardstick it took, each time.
        most_yardsticks: how many are allowed; None if none are required.
    """

    what: str
    seconds: list[float] = field(default_factory=list)
    most: float | None = None
    yardsticks: list[float] = field(default_factory=list)
    most_yardsticks: float | None = None

    @property
    def row(self) -> str:
        """The row of the page."""
        median = statistics.median(self.seconds)
        cells = [self.what, f"{median:.3f} s", f"{max(self.seconds):.3f} s"]
        ratio = statistics.median(self.yardsticks) if self.yardsticks else 0.0
        cells.append(f"{ratio:.2f}" if self.yardsticks else "")
        if self.most is not None:
            cells += [f"{self.most:g} s", "yes" if median <= self.most else "NO"]
        elif self.most_yardsticks is not None:
            met = ratio <= self.most_yardsticks
            cells += [f"{self.most_yardsticks:g} yardsticks", "yes" if met else "NO"]
        else:
            cells += ["", ""]
        return f"| {' | '.join(cells)} |"


def cold_starts(workspace: Path, rounds: int = ROUNDS) -> list[Wait]:
    """How long commands take from a cold start."""
    completion = {"_TITO_COMPLETE": "bash_complete", "COMP_WORDS": "tito te", "COMP_CWORD": "1"}
    test = "tito test --module"
    # What it is; the arguments; what is added to the environment; the folder.
    commands: list[tuple[Wait, list[str], dict[str, str], Path]] = [
        (Wait(f"`{YARDSTICK}`, the yardstick"), ["import numpy, pytest"], {}, ROOT),
        *(
            (
                Wait(f"`{test} {name}`", most_yardsticks=3 if name == "layers" else None),
                [TITO, "test", "--module", name],
                {},
                ROOT,
            )
            for name in ("layers", "tensor", "activations")
        ),
        (Wait("`tito` in a clone", most=0.2), [TITO], {}, ROOT),
        (Wait("`tito` in a workspace", most=0.2), [TITO], {}, workspace),
        (Wait("`tito --help`", most=0.2), [TITO, "--help"], {}, workspace),
        (Wait("completion in the shell", most=0.2), [TITO], completion, workspace),
    ]
    environment = {name: v for name, v in os.environ.items() if name != "TINYTORCH_WORKSPACE"}
    for number in range(rounds + 1):
        yardstick = 0.0
        for wait, arguments, variables, folder in commands:
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", *arguments],
                cwd=folder,
                env={**environment, **variables},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            seconds = time.perf_counter() - start
            yardstick = yardstick or seconds
            if number > 0:
                wait.seconds.append(seconds)
                wait.yardsticks.append(seconds / yardstick)
    return [wait for wait, *_ in commands]


def saves(workspace: Path, module: str, times: int = SAVES) -> list[Wait]:
    """How long `tito watch` takes from a save to its answer."""
    name = module.partition("_")[2]
    path = Path("modules", module, f"{name}_dev.py")
    solved, file = (ROOT / path).read_text(encoding="utf-8"), workspace / path
    handed_out, right = (
        Wait(f"`tito watch {name}`: handed out", most=0.5),
        Wait(f"`tito watch {name}`: right", most=0.5),
    )
    versions = [(handed_out, file.read_text(encoding="utf-8")), (right, solved)]
    watching = subprocess.Popen(
        [sys.executable, "-u", "-c", TITO, "watch", name],
        cwd=workspace,
        env={n: v for n, v in os.environ.items() if n != "TINYTORCH_WORKSPACE"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    try:
        _read_to(watching.stdout, r"^(All )?\d+ ")
        for number in range(times):
            for wait, text in versions:
                start = time.perf_counter()
                file.write_text(f"{text}# {number}\n", encoding="utf-8")
                _read_to(watching.stdout, r"^   hint " if wait is handed_out else r"^All \d+ ")
                wait.seconds.append(time.perf_counter() - start)
                if wait is handed_out:
                    _read_to(watching.stdout, r"^\d+ failed")
    finally:
        watching.kill()
        watching.communicate()
    return [handed_out, right]


def _read_to(lines: Iterator[str], pattern: str) -> None:
    """Read up to a line with the pattern in it."""
    if not any(re.search(pattern, line) for line in lines):
        raise RuntimeError(f"tito watch has ended without {pattern!r}")


def page(waits: list[Wait], machine: dict[str, str]) -> str:
    """The page, in Markdown."""
    facts = "\n".join(f"| {fact} | {value} |" for fact, value in machine.items())
    rows = "\n".join(wait.row for wait in waits)
    return f"""\
{METHOD}
| | median | slowest | yardsticks | at most | met |
| --- | --- | --- | --- | --- | --- |
{rows}

## The machine

| | |
| --- | --- |
{facts}
"""


def main() -> None:
    """Measure, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--docs", action="store_true", help=f"write {PAGE.relative_to(ROOT)} too")
    options = parser.parse_args()
    machine = describe_machine(processors())
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        command = [sys.executable, "-c", TITO, "init", str(workspace)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        waits = cold_starts(workspace)
        for module in MODULES:
            waits += saves(workspace, module)
    text = page(waits, machine)
    print(text)
    if options.docs:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
