"""The stage: the process in which a learner's code runs, out of reach of everything else.

It loads the file that is judged once, and then runs each check in a fork of itself: what one
check breaks, loops in, prints or leaves behind ends with it. The runner tells it what to run, and
ends it when something takes too long.
"""

import faulthandler
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from os import _exit
from typing import Any

from tinytorch.checking.checks import Check, checks_in, load
from tinytorch.checking.judge import Verdict, explain, judge
from tinytorch.overlay import VARIABLE, lay
from tito.checks.offspring import adopt_orphans, end_offspring
from tito.checks.suites import read_suite
from tito.course import Module

# Bytes of memory that code may ask for beyond what the stage itself has.
MEMORY = 2**30
# Bytes in a file that code writes. What it prints goes into a file, too.
FILE = 20 * 10**6
# Characters of what it printed that are kept, from the end.
KEPT = 4000
# The runner ends what takes too long. Should the runner itself be gone, an alarm does, later.
GRACE = 5
# How a check's process ends, whether or not it could send its answer.
SPEECHLESS = 113


@dataclass(frozen=True)
class Setting:
    """What a stage is set up with.

    Attributes:
        module: the module that is judged.
        file: the learner's file; None for the module as the framework finds it.
        workspace: the value for `TINYTORCH_WORKSPACE`.
        folder: an empty folder to run in, so that files are written and deleted in there.
        stack: the file for the lines at which the code is when its time is up.
        output: the file for what the code prints.
    """

    module: Module
    file: str | None
    workspace: str
    folder: str
    stack: str
    output: str


def run_stage(connection: Connection, setting: Setting, inherited: list[Connection]) -> None:
    """Load the module, say how that went, then run each check that is asked for.

    It ends when the runner has closed its end of the connection, or is gone. `inherited` is what a
    fork has to close for that: the runner's ends of all connections.
    """
    for other in inherited:
        other.close()
    try:
        _serve(connection, setting)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        end_offspring(os.getpid())


def _serve(connection: Connection, setting: Setting) -> None:
    try:
        _retreat(setting)
    except Exception:  # our own mistake, not one of the code that is judged
        connection.send_bytes(json.dumps({"broken": traceback.format_exc()}).encode())
        return
    name = f"tinytorch.core.{setting.module.name}"
    namespace = None
    verdict = Verdict()
    with _watched(setting, json.loads(connection.recv_bytes())["limit"]):
        try:
            namespace = load(setting.module.name)
        except BaseException as error:
            verdict = replace(explain(error, name), outcome="error")
    verdict.printed = _printed(setting)
    connection.send_bytes(json.dumps(asdict(verdict)).encode())
    checks = {check.name: check for check in checks_in(read_suite(setting.module))}
    while True:
        request = json.loads(connection.recv_bytes())
        run = partial(_run, checks[request["check"]], name, namespace, setting, request["limit"])
        connection.send_bytes(json.dumps(_apart(run)).encode())


def _run(check: Check, name: str, namespace: Any, setting: Setting, limit: float) -> dict[str, Any]:
    os.truncate(setting.output, 0)
    os.makedirs(setting.folder, exist_ok=True)  # the check before may have removed it
    os.chdir(setting.folder)
    with _watched(setting, limit):
        verdict = judge(check, name, namespace)
    verdict.printed = _printed(setting)
    return asdict(verdict)


def _apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work in a fork of this process, where the system has such a thing.

    Returns:
        What the work returns; or, if the process ended before that, `{"ended": status}`.
    """
    if not hasattr(os, "fork"):
        return work()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with open(writer, "wb") as pipe:
                pipe.write(json.dumps(work()).encode() + b"\n")
        finally:
            _exit(SPEECHLESS)
    os.close(writer)
    with open(reader, "rb") as pipe:
        answer = pipe.readline()  # not up to its end, which a process that the code forked may hold
    _, status = os.waitpid(child, 0)
    try:
        reply: dict[str, Any] = json.loads(answer)
    except ValueError:
        return {"ended": os.waitstatus_to_exitcode(status)}
    return reply


def _retreat(setting: Setting) -> None:
    """Leave behind the terminal, the current folder and unlimited memory; lay the file."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, which the runner can end whole
        adopt_orphans()
    os.chdir(setting.folder)
    os.environ[VARIABLE] = setting.workspace
    os.environ["MPLBACKEND"] = "Agg"
    nothing = os.open(os.devnull, os.O_RDONLY)
    printed = os.open(setting.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor, source in ((0, nothing), (1, printed), (2, printed)):
        os.dup2(source, descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open as long as the process
    sys.stdout = sys.stderr = open(1, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115
    _limit_resources()
    # What this process may have loaded of the framework already is not what is to be judged.
    for name in [name for name in sys.modules if name.split(".")[:2] == ["tinytorch", "core"]]:
        del sys.modules[name]
    if setting.file is not None:
        lay(setting.module.name, setting.file)


def _limit_resources() -> None:
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows, and macOS, which does not keep to the limit anyway
        return
    for limit, amount in ((resource.RLIMIT_AS, used + MEMORY), (resource.RLIMIT_FSIZE, FILE)):
        _, most = resource.getrlimit(limit)
        amount = amount if most < 0 else min(amount, most)
        resource.setrlimit(limit, (amount, amount))


@contextmanager
def _watched(setting: Setting, limit: float) -> Iterator[None]:
    """Write down where the code is before its time is up, or if it ends the process."""
    with open(setting.stack, "w") as stack:
        faulthandler.enable(file=stack)
        faulthandler.dump_traceback_later(limit * 0.9, file=stack)
        if hasattr(signal, "alarm"):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(int(limit) + GRACE)

        def leave(status: int) -> None:
            faulthandler.dump_traceback(file=stack)
            _exit(status)

        os._exit = leave  # type: ignore[assignment]
        try:
            yield
        finally:
            os._exit = _exit
            faulthandler.cancel_dump_traceback_later()
            faulthandler.disable()
            if hasattr(signal, "alarm"):
                signal.alarm(0)


def _printed(setting: Setting) -> str:
    """The end of what the code has printed."""
    with suppress(OSError, ValueError):  # over the limit, or the code has closed it
        sys.stdout.flush()
    with open(setting.output, "rb") as output:
        length = output.seek(0, os.SEEK_END)
        output.seek(max(0, length - 4 * KEPT))  # no character takes more than 4 bytes
        return output.read().decode("utf-8", "replace")[-KEPT:]
