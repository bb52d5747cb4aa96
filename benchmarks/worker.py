"""The process of one contestant: builds what is to be measured, and times it when asked.

Started as `python -m benchmarks.worker CONTESTANT THREADS`. One JSON object a line comes in, one a
line goes out, until the input ends.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from tinytorch.course.machine import processors


class Runner:
    """What the worker can be asked for: its public methods.

    Args:
        contestant: the key of the contestant, such as `tinytorch`.
        threads: how many threads it may use.
    """

    def __init__(self, contestant: str, threads: int) -> None:
        self._contestant = contestant
        self._wait: Callable[[Any], Any] = lambda result: result
        self._step: Callable[[], Any] = lambda: None
        if contestant == "pytorch":
            import torch

            torch.set_num_threads(threads)
        elif contestant == "jax":
            if threads < processors():
                # JAX starts as many threads as it sees processors, and has no setting for that.
                if not hasattr(os, "sched_setaffinity"):
                    raise RuntimeError("JAX's threads cannot be limited here; omit --threads")
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
            import jax

            # JAX answers before it has computed; this waits until it has.
            self._wait = jax.block_until_ready

    def describe(self) -> dict[str, Any]:
        """The versions and settings that the numbers depend on."""
        import numpy

        facts: dict[str, Any] = {"Python": platform.python_version(), "NumPy": numpy.__version__}
        if self._contestant == "pytorch":
            import torch

            facts["PyTorch"] = torch.__version__
            facts["PyTorch threads"] = torch.get_num_threads()
            facts["PyTorch CPU capability"] = torch.backends.cpu.get_cpu_capability()
        elif self._contestant == "jax":
            import jax

            facts["JAX"] = jax.__version__
        elif self._contestant == "tinytorch":
            import tinytorch

            facts["TinyTorch"] = tinytorch.__version__
            facts["NumPy BLAS"] = _blas()
        return facts

    def prepare(self, subject: str, options: dict[str, Any]) -> None:
        """Build one case of a subject, and run it a few times.

        Args:
            subject: the module in this package.
            options: the arguments of the contestant's function there.
        """
        self._step = lambda: None  # lets go of the case before, and its memory
        module = importlib.import_module(f"benchmarks.{subject}")
        self._step = module.CONTESTANTS[self._contestant](**options)
        for _ in range(3):
            self._wait(self._step())

    def measure(self, seconds: float) -> float:
        """How many seconds one call takes, on average over about so many seconds.

        A run of a quarter of that comes first, untimed: caches and clock speed have been others'.
        """
        calls = self._warm_up(seconds / 4) * 4
        start = time.perf_counter()
        for _ in range(calls):
            result = self._step()
        self._wait(result)
        elapsed = time.perf_counter() - start
        settle()
        return elapsed / calls

    def run(self, subject: str, options: dict[str, Any]) -> Any:
        """Call the contestant's function of a subject once, and return what it returns."""
        module = importlib.import_module(f"benchmarks.{subject}")
        answer = module.CONTESTANTS[self._contestant](**options)
        settle()
        return answer

    def peak_memory(self) -> int:
        """The most memory that this process has ever held, in bytes."""
        status = Path("/proc/self/status")
        if status.is_file():
            # Unlike ru_maxrss, it has nothing of the process that started this one.
            line = next(
                x for x in status.read_text(encoding="utf-8").splitlines() if x.startswith("VmHWM:")
            )
            return int(line.split()[1]) * 1024
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def _warm_up(self, seconds: float) -> int:
        """Run for about so many seconds, and say how many calls that took (at least 1)."""
        calls = 0
        start = time.perf_counter()
        while True:
            self._wait(self._step())
            calls += 1
            if time.perf_counter() - start >= seconds:
                return calls


def settle(quiet: float = 0.02, limit: float = 1.0) -> None:
    """Return when the threads of this process have gone to sleep.

    For up to a tenth of a second after a parallel computation, the threads of OpenBLAS and OpenMP
    spin in wait of the next one, and would take the processors from whoever is measured next.

    Args:
        quiet: for how many seconds they must not have run.
        limit: when to stop waiting.
    """
    start = quiet_since = time.perf_counter()
    used = time.process_time()
    while time.perf_counter() - start < limit:
        time.sleep(0.004)
        before, used = used, time.process_time()
        if used - before > 0.001:
            quiet_since = time.perf_counter()
        elif time.perf_counter() - quiet_since >= quiet:
            return


def _blas() -> str:
    """The library that multiplies NumPy's matrices, and the kernel it chose for this processor."""
    import numpy

    try:
        import threadpoolctl
    except ImportError:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas['version']}"
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] == "blas":
            kernel = pool.get("architecture", "unknown")
            return (
                f"{pool['internal_api']} {pool['version']}, {kernel} kernel, "
                f"{pool['num_threads']} threads"
            )
    return "unknown"


def _serve(runner: Runner, orders: TextIO, answers: TextIO) -> None:
    for line in orders:
        order = json.loads(line)
        try:
            reply = {"answer": getattr(runner, order["request"])(**order["arguments"])}
        except Exception:
            reply = {"error": traceback.format_exc()}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def main() -> None:
    """Take orders from standard input until it ends."""
    contestant, threads = sys.argv[1], int(sys.argv[2])
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _serve(Runner(contestant, threads), sys.stdin, answers)


if __name__ == "__main__":
    main()
