"""How long an import takes, in a fresh process each time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

from benchmarks.contestants import ROOT, Contestant, worker_environment
from benchmarks.results import Measurement

# All of each framework. `import tinytorch` alone loads the rest, NumPy included, when it is first
# asked for; to time that would be to time nothing.
IMPORTS = {
    "tinytorch": "import tinytorch, tinytorch.core.layers, tinytorch.core.training",
    "pytorch": "import torch",
    "jax": "import jax",
    "floor": "import numpy",
}
PROGRAM = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def measure_imports(
    contestants: Iterable[Contestant],
    rounds: int,
    threads: int,
    after_round: Callable[[], None] = lambda: None,
) -> list[Measurement]:
    """Import each contestant in fresh processes, one after the other, round by round.

    A round that comes first and does not count fills the caches of bytecode and of the disk.

    Returns:
        The seconds of the import statement alone, and those of a whole `python -c` around it.
    """
    contestants = list(contestants)
    statement: dict[str, list[float]] = {c.key: [] for c in contestants}
    program: dict[str, list[float]] = {c.key: [] for c in contestants}
    environment = worker_environment(os.environ, threads)
    for number in range(rounds + 1):
        # Another one comes first in each round: it finds less in the caches of the processor.
        first = number % len(contestants)
        for contestant in contestants[first:] + contestants[:first]:
            start = time.perf_counter()
            output = subprocess.run(
                [sys.executable, "-c", PROGRAM.format(IMPORTS[contestant.key])],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            elapsed = time.perf_counter() - start
            if number > 0:
                statement[contestant.key].append(float(output))
                program[contestant.key].append(elapsed)
        after_round()
    return [
        Measurement("import", case, key, "s", tuple(values))
        for case, times in (("import statement", statement), ("whole program", program))
        for key, values in times.items()
    ]
