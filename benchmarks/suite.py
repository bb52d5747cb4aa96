"""What is measured, at which sizes and how often, and the session in which it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.anatomy import measure_anatomy
from benchmarks.contestants import FLOOR, JAX, PYTORCH, Contestant, Worker, take_turns
from benchmarks.imports import measure_imports
from benchmarks.results import Curve, Measurement, Results

SLICE = 0.05  # seconds for which a contestant is measured at each of its turns


@dataclass(frozen=True)
class Case:
    """One size at which something is measured."""

    label: str
    options: dict[str, Any]
    """The arguments of the contestants' functions."""
    size: int | None = None
    full_only: bool = False
    """Whether a quick run leaves it out."""


@dataclass(frozen=True)
class Timed:
    """A benchmark in which the contestants take turns at one subject."""

    subject: str
    rounds: int
    cases: tuple[Case, ...]


def _linear(batch_size: int, inputs: int, outputs: int, full_only: bool) -> list[Case]:
    options = {"batch_size": batch_size, "inputs": inputs, "outputs": outputs}
    return [
        Case(
            f"{inputs} → {outputs}, {name}", {**options, "backward": backward}, full_only=full_only
        )
        for name, backward in (("forward", False), ("both ways", True))
    ]


def _dropout(shape: tuple[int, int], full_only: bool) -> list[Case]:
    return [
        Case(
            f"{shape}, {name}",
            {"shape": shape, "backward": backward},
            full_only=full_only,
        )
        for name, backward in (("forward", False), ("both ways", True))
    ]


TIMED = {
    "training-step": Timed(
        "training_step",
        21,
        tuple(Case(f"batch {n}", {"batch_size": n}, n) for n in (32, 128, 512)),
    ),
    "linear": Timed(
        "linear",
        15,
        (
            *_linear(128, 784, 256, full_only=False),
            *_linear(128, 256, 128, full_only=True),
            *_linear(512, 1024, 1024, full_only=True),
        ),
    ),
    "dropout": Timed(
        "dropout",
        15,
        (*_dropout((128, 256), full_only=False), *_dropout((1024, 1024), full_only=True)),
    ),
    "batch": Timed(
        "training_step",
        7,
        tuple(Case(f"batch {n:,}", {"batch_size": n}, n) for n in (1, 4, 16, 64, 256, 1024, 4096)),
    ),
    "width": Timed(
        "linear",
        7,
        tuple(
            Case(
                f"width {n:,}",
                {"batch_size": 128, "inputs": n, "outputs": n, "backward": True},
                n,
            )
            for n in (64, 128, 256, 512, 1024, 2048, 4096)
        ),
    ),
    "depth": Timed(
        "depth",
        7,
        tuple(Case(f"depth {n:,}", {"operations": n}, n) for n in (1, 10, 100, 1000, 10_000)),
    ),
}
ANATOMY_ROUNDS = 21
IMPORT_ROUNDS = 21
MNIST_ROUNDS = 11


class Progress(Protocol):
    """Whoever shows how far a session has come."""

    def start(self, what: str, rounds: int) -> None:
        """So many rounds of something begin."""

    def advance(self) -> None:
        """One round of it is done."""


@dataclass
class Session:
    """Some benchmarks run with some contestants, one after the other.

    Attributes:
        contestants: who takes part; the floor is one of them.
        threads: how many threads each of them gets.
        full: whether the cases that a quick run leaves out are run too.
        rounds: how often each contestant is measured; None for each benchmark's own number.
        progress: is told what goes on.
        slice_seconds: for how long a contestant is measured at each turn.
    """

    contestants: Sequence[Contestant]
    threads: int
    full: bool
    rounds: int | None
    progress: Progress
    slice_seconds: float = SLICE

    def run(self, names: Sequence[str]) -> Results:
        """Run the benchmarks called `names`."""
        results = Results()
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(c, self.threads)) for c in self.contestants]
            for worker in workers:
                results.machine |= worker.ask("describe")
            for name in names:
                if name in TIMED:
                    results.measurements += self._timed(name, workers)
        if "anatomy" in names:
            results.measurements += measure_anatomy(
                [c for c in self.contestants if c in (PYTORCH, JAX)],
                self.rounds or ANATOMY_ROUNDS,
                self.threads,
                self.slice_seconds,
                self.progress.start,
                self.progress.advance,
            )
        if "import" in names:
            results.measurements += self._imports()
        if "mnist" in names:
            self._mnist(results)
        return results

    def _timed(self, name: str, workers: Sequence[Worker]) -> list[Measurement]:
        benchmark = TIMED[name]
        rounds = self.rounds or benchmark.rounds
        measurements = []
        for case in benchmark.cases:
            if case.full_only and not self.full:
                continue
            self.progress.start(f"{name}, {case.label}", rounds)
            for worker in workers:
                worker.ask("prepare", subject=benchmark.subject, options=case.options)
            times = take_turns(workers, rounds, self.slice_seconds, self.progress.advance)
            measurements += [
                Measurement(name, case.label, key, "s", tuple(values), case.size)
                for key, values in times.items()
            ]
        return measurements

    def _imports(self) -> list[Measurement]:
        rounds = self.rounds or IMPORT_ROUNDS
        self.progress.start("import", rounds + 1)
        return measure_imports(self.contestants, rounds, self.threads, self.progress.advance)

    def _mnist(self, results: Results) -> None:
        rounds = self.rounds or MNIST_ROUNDS
        runners = [c for c in self.contestants if c != FLOOR]
        values: dict[tuple[str, str, str], list[float | None]] = {}
        self.progress.start("mnist", rounds * len(runners))
        for seed in range(rounds):
            for contestant in runners:
                start = time.perf_counter()
                with Worker(contestant, self.threads) as worker:
                    run = worker.ask("run", subject="mnist", options={"seed": seed})
                    program = time.perf_counter() - start
                    memory = worker.ask("peak_memory")
                curve = Curve(contestant.key, seed, tuple(run["seconds"]), tuple(run["accuracy"]))
                results.curves.append(curve)
                for case, unit, value in (
                    ("training to 98%", "s", seconds_to(98.0, curve)),
                    ("all epochs", "s", curve.seconds[-1]),
                    ("whole program", "s", program),
                    ("peak memory", "bytes", memory),
                    ("test accuracy", "%", curve.accuracy[-1]),
                ):
                    values.setdefault((case, unit, contestant.key), []).append(value)
                self.progress.advance()
        results.measurements += [
            Measurement("mnist", case, key, unit, tuple(found))
            for (case, unit, key), found in values.items()
        ]


def seconds_to(accuracy: float, curve: Curve) -> float | None:
    """The seconds of training after which the accuracy (in percent) was first reached, if ever."""
    for seconds, reached in zip(curve.seconds, curve.accuracy, strict=True):
        if reached >= accuracy:
            return seconds
    return None
