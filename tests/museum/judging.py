"""Judging what is in the museum: as a learner is judged, or many times over, in no time."""

import json
import multiprocessing.pool
import secrets
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

import tinytorch
from tinytorch.course import Module
from tinytorch.course.checking.checks import Check, checks_in, load
from tinytorch.course.checking.judge import judge
from tinytorch.course.checking.run import Run
from tinytorch.course.checking.suites import read_suite
from tinytorch.course.loading import ReplacementFinder
from tinytorch.course.overlay import place, replace_module
from tito.dev.museum import Variant
from tito.main import main

# What `tito test --json` says about a check that failed, and the name of its function.
Failure = dict[str, Any]


def checks_of(module: Module) -> list[Check]:
    """The checks of a module, in order."""
    return checks_in(read_suite(module.name))


def tito_test(variant: Variant, folder: Path, *options: str) -> str:
    """What `tito test --file FILE` prints about a variant, run in this process."""
    file = folder / f"{variant.module.name}.py"
    file.write_text(variant.text, encoding="utf-8")
    command = ["test", "--module", variant.module.name, "--file", str(file), *options]
    return CliRunner().invoke(main, command, catch_exceptions=False).output


def failures(variant: Variant, folder: Path) -> list[Failure]:
    """The checks that a variant fails, as `tito test --json` tells of them, with their names."""
    report = json.loads(tito_test(variant, folder, "--json"))
    names = {check.sentence: check.name for check in checks_of(variant.module)}
    return [
        {**check, "name": names[check["check"]]}
        for check in report["checks"]
        if check["outcome"] not in ("passed", "waiting")
    ]


def failures_apart(variant: Variant) -> list[Failure]:
    """The checks that a variant fails, by `failures_in_each_run` in another process.

    Raises:
        multiprocessing.TimeoutError: the process has not answered within a minute, or is gone.
    """
    (failed,) = _worker().apply_async(failures_in_each_run, (variant,)).get(60)
    return failed


@cache
def _worker() -> multiprocessing.pool.Pool:
    """A process for one variant after the other, which saves the time to start one for each."""
    return pool(variants_each=50)


def pool(processes: int = 1, variants_each: int = 1) -> multiprocessing.pool.Pool:
    """Processes for `failures_in_each_run`."""
    context = multiprocessing.get_context("fork")
    return context.Pool(processes, maxtasksperchild=variants_each)


def failures_in_each_run(variant: Variant, runs: int = 1) -> list[list[Failure]]:
    """The checks that a variant fails, in each of many runs with fresh randomness.

    All checks run in this process, which is then good for nothing but another variant. It takes an
    eighth of the time that `tito test` needs to give each check a process of its own, but code
    that does not come to an end does not come to an end here.
    """
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not isinstance(finder, ReplacementFinder)
    ]
    for name in list(sys.modules):  # the suite as well, whose arrays a mistake may have written to
        if f"{name}.".startswith(("tinytorch.core.", "tinytorch_suite_")):
            del sys.modules[name]
    # A fork has the state of the generators of the process that it was forked from.
    np.random.seed()
    tinytorch.manual_seed(secrets.randbits(64))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"{variant.module.name}.py")
        file.write_text(variant.text, encoding="utf-8")
        replace_module(variant.module.name, str(file))
        with warnings.catch_warnings(action="ignore"):  # they are no errors to `tito test`
            return [_failures(variant.module) for _ in range(runs)]


def _failures(module: Module) -> list[Failure]:
    name = f"tinytorch.core.{module.name}"
    namespace = load(module.name)
    run = Run(module.name, lambda check, limit: judge(check, name, namespace), place)
    return [
        {**result.as_dict(), "name": result.check.name}
        for result in map(run.result_of, checks_of(module))
        if result.failed
    ]
