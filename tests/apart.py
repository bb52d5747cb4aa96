"""Functions and commands in processes of their own, which come from a small one.

A process of pytest has imported all tests and whatever they need. To fork it takes many times as
long as to fork a small process, and so does each fork of the fork: a command forks one for every
check. So these processes are forked from a server, which has imported what most commands need.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.pool import ExceptionWithTraceback
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Place = tuple[str, dict[str, str]]

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    # Nothing of `tinytorch.core`, which is another one in each workspace.
    ["tito.main", "tito.commands.module", "tito.terminal.checks", "tito.checks.runner"]
)


def start(function: Callable[..., object], *arguments: object) -> BaseProcess:
    """Start a function in a process of its own, in this folder and with these variables."""
    process = CONTEXT.Process(target=_run, args=(_here(), function, arguments))
    process.start()
    return process


class Worker:
    """A process of its own that calls one function after the other, until it is ended."""

    def __init__(self) -> None:
        self._connection, theirs = CONTEXT.Pipe()
        self._process = start(_work, theirs)
        theirs.close()

    def call(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Call a function there, and return what it returns or raise what it raises.

        Raises:
            EOFError: the process is gone.
        """
        self._connection.send((_here(), function, arguments, options))
        answer, error = self._connection.recv()
        if error is not None:
            raise error
        result: T = answer
        return result

    def end(self) -> None:
        """End the process as soon as it has nothing to do."""
        self._connection.close()
        self._process.join()


def call(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Call a function in a process of its own, and return what it returns or raise what it raises.

    Raises:
        EOFError: the process is gone.
    """
    worker = Worker()
    try:
        return worker.call(function, *arguments, **options)
    finally:
        worker.end()


def run_tito(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and return how it ended and what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        process = start(_run_tito, arguments, cwd, output, errors)
        process.join()
        status = process.exitcode
        assert status is not None
        text = [file.read_text(encoding="utf-8") for file in (output, errors)]
    return subprocess.CompletedProcess(arguments, status, *text)


def _here() -> Place:
    return os.getcwd(), dict(os.environ)


def _work(requests: Connection) -> None:
    with suppress(EOFError):
        while True:
            place, function, arguments, options = requests.recv()
            _enter(*place)
            answer, problem = None, None
            try:
                answer = function(*arguments, **options)
            except Exception as error:
                problem = ExceptionWithTraceback(error, error.__traceback__)
            requests.send((answer, problem))


def _run(place: Place, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    _enter(*place)
    function(*arguments)


def _enter(folder: str, variables: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)


def _run_tito(arguments: tuple[str, ...], cwd: Path | None, output: Path, errors: Path) -> None:
    for descriptor, file in ((1, output), (2, errors)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if cwd is not None:
        os.chdir(cwd)
    from tito.main import main

    main(arguments, prog_name="tito")
