"""How long a learner waits: for `tito test`, for `tito watch` after a save, for `tito` itself.

    python -m benchmarks.feedback

Every command is timed from a cold start in turns with the yardstick, the import of NumPy and
pytest, so that a busy moment of the machine slows all of them. What must come out:

- `tito test --module layers`: at most three times the yardstick;
- `tito watch`: an answer within half a second of a save;
- `tito`, `tito --help` and the completion in the shell: within a fifth of a second.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contestants import ROOT

ROUNDS = 15
SAVES = 20
TITO = "from tito.main import main; main(prog_name='tito')"
YARDSTICK = "numpy and pytest"

# A program and its arguments, and what it adds to the environment.
COMMANDS: dict[str, tuple[list[str], dict[str, str]]] = {
    YARDSTICK: (["import numpy, pytest"], {}),
    "tito test --module layers": ([TITO, "test", "--module", "layers"], {}),
    "tito": ([TITO], {}),
    "tito --help": ([TITO, "--help"], {}),
    "completion": (
        [TITO],
        {"_TITO_COMPLETE": "bash_complete", "COMP_WORDS": "tito te", "COMP_CWORD": "1"},
    ),
}


def cold_starts(rounds: int) -> dict[str, list[float]]:
    """Seconds of each command, in turns; a first round that fills the caches does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(rounds + 1):
        for name, (arguments, variables) in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", *arguments],
                cwd=ROOT,
                env={**os.environ, **variables, "TINYTORCH_WORKSPACE": "off"},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            if number > 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def answers(saves: int) -> dict[str, list[float]]:
    """Seconds from a save until `tito watch` has answered: with a mistake in it, and without."""
    lesson = (ROOT / "modules/03_layers/layers_dev.py").read_text(encoding="utf-8")
    versions = {
        "a save with a mistake": lesson.replace("else y + self.bias", "else y"),
        "a save that is right": lesson,
    }
    seconds: dict[str, list[float]] = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TINYTORCH_WORKSPACE": folder}
        program = [sys.executable, "-u", "-c", TITO]
        subprocess.run([*program, "init", folder], check=True, stdout=subprocess.DEVNULL)
        watching = subprocess.Popen(
            [*program, "watch", "layers"], env=environment, stdout=subprocess.PIPE, text=True
        )
        file = Path(folder, "modules/03_layers/layers_dev.py")
        try:
            _wait(watching, r"^(All )?\d+ ")
            for number in range(saves):
                for name, text in versions.items():
                    start = time.perf_counter()
                    file.write_text(f"{text}# {number}\n", encoding="utf-8")
                    # A mistake is on the screen before the checks of later units have run.
                    answered = r"expected" if name == "a save with a mistake" else r"^All \d+ "
                    _wait(watching, answered)
                    seconds[name].append(time.perf_counter() - start)
                    if name == "a save with a mistake":
                        _wait(watching, r"^\d+ failed")
        finally:
            watching.kill()
            watching.communicate()
    return seconds


def _wait(watching: subprocess.Popen[str], pattern: str) -> None:
    """Read what is printed up to a line with the pattern in it."""
    assert watching.stdout is not None
    for line in watching.stdout:
        if re.search(pattern, line):
            return
    raise RuntimeError("tito watch has ended")


def main() -> None:
    """Measure, and print a table."""
    cold = cold_starts(ROUNDS)
    yardstick = statistics.median(cold[YARDSTICK])
    print(f"{'from a cold start':30} {'median':>8} {'slowest':>8}  in parts of the yardstick")
    for name, seconds in cold.items():
        median = statistics.median(seconds)
        print(f"{name:30} {median:7.3f}s {max(seconds):7.3f}s  {median / yardstick:.2f}")
    print(f"\n{'tito watch, from save to answer':30} {'median':>7} {'slowest':>8}")
    for name, seconds in answers(SAVES).items():
        print(f"{name:30} {statistics.median(seconds):7.3f}s {max(seconds):7.3f}s")


if __name__ == "__main__":
    main()
