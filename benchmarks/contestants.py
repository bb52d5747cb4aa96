"""The contestants, each in a process of its own, and the rounds in which they take turns.

Each library brings threads of its own (OpenBLAS, OpenMP, XLA). In one process they get in each
other's way; apart, and never two at work at once, each has the machine to itself.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch.course.machine import THREAD_VARIABLES

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Contestant:
    """Somebody whose speed is measured."""

    key: str
    """The name in files and messages."""
    title: str
    """The name in tables and plots."""
    package: str
    """The package that has to be installed."""

    @property
    def is_installed(self) -> bool:
        """Whether this Python finds the package."""
        return importlib.util.find_spec(self.package) is not None


TINYTORCH = Contestant("tinytorch", "TinyTorch", "tinytorch")
PYTORCH = Contestant("pytorch", "PyTorch", "torch")
JAX = Contestant("jax", "JAX", "jax")
FLOOR = Contestant("floor", "floor", "numpy")
CONTESTANTS = (TINYTORCH, PYTORCH, JAX, FLOOR)

# Variables that would make a library choose other code, or another number of threads, than it does
# on a machine where nobody has set anything.
TUNING = (
    "ATEN_", "BLIS_", "GOMP_", "GOTO_", "JAX_", "KMP_", "MKL_", "NPY_", "OMP_", "OPENBLAS_",
    "PYTHONDONTWRITEBYTECODE", "TORCH_", "VECLIB_", "XLA_",
)  # fmt: skip


def worker_environment(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """The environment of every contestant: no tuning by variables but the number of threads."""
    clean = {key: value for key, value in environment.items() if not key.startswith(TUNING)}
    for variable in THREAD_VARIABLES:
        clean[variable] = str(threads)
    clean["JAX_PLATFORMS"] = "cpu"
    return clean


class ContestantError(Exception):
    """A contestant could not do what it was asked; the message holds what it said."""


class Worker:
    """A contestant's process, from the side that gives the orders.

    Args:
        contestant: who runs in it.
        threads: how many threads it gets.
    """

    def __init__(self, contestant: Contestant, threads: int) -> None:
        self.contestant = contestant
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 # closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contestant.key, str(threads)],
            cwd=ROOT,
            env=worker_environment(os.environ, threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def ask(self, request: str, **arguments: Any) -> Any:
        """Send one request, and wait for the answer.

        Raises:
            ContestantError: the request failed, or the process has ended.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps({"request": request, "arguments": arguments}) + "\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ContestantError(
                f"The process of {self.contestant.title} ended with code {self._process.wait()}."
                f"\n{self._said()}"
            )
        reply = json.loads(line)
        if "error" in reply:
            raise ContestantError(f"{self.contestant.title} failed.\n{reply['error']}")
        return reply["answer"]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-2000:].strip()


def take_turns(
    workers: Iterable[Worker],
    rounds: int,
    seconds: float,
    after_round: Callable[[], None] = lambda: None,
) -> dict[str, list[float]]:
    """Measure what the workers have prepared, one after the other, round by round.

    A slow spell of the machine then hits a whole round, and leaves the ratios within it alone.

    Args:
        workers: the contestants; each must have been asked to prepare.
        rounds: how often each is measured.
        seconds: how long it is measured each time.
        after_round: called after each round, to show progress.

    Returns:
        For each contestant's key the seconds that one call took, round by round.
    """
    workers = list(workers)
    times: dict[str, list[float]] = {worker.contestant.key: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            times[worker.contestant.key].append(worker.ask("measure", seconds=seconds))
        after_round()
    return times
