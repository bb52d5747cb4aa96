"""A worker: the processes in which a learner's code runs, out of reach of everything else.

One of them loads the file that is judged, and then runs each check in a fork of itself: what one
check breaks, loops in, prints or leaves behind ends with it. The runner tells it what to run, and
ends it when something takes too long. Above it is one that runs nothing of the learner's: the
supervisor. It ends everything below it when the runner is gone, whatever way that ended.
"""

import faulthandler
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from os import _exit
from typing import Any, TextIO

from tinytorch.course import Module
from tinytorch.course.checking.checks import Check, checks_in, load
from tinytorch.course.checking.judge import Verdict, explain, judge
from tinytorch.course.checking.suites import read_suite
from tinytorch.course.overlay import VARIABLE, replace_module
from tito.checks.channel import MOST, Channel, read_message
from tito.ending import SIGNALS
from tito.offspring import adopt_orphans, end_offspring

# Bytes of memory that code may ask for beyond what the worker itself has.
MEMORY = 2**30
# Bytes in a file that code writes. What it prints goes into a file, too.
FILE = 20 * 10**6
# Files that it may have open at once.
OPEN = 1024
# Characters of what it printed that are kept, from the end.
KEPT = 4000
# How a process ends that could not send its answer.
NO_ANSWER = 113
# Seconds between two looks of the supervisor, and for the end of a process that is ending.
PAUSE = 0.02
MOMENT = 1.0
_OUTPUT = 1  # the descriptor that Python prints to


@dataclass(frozen=True)
class Setting:
    """What a worker is set up with.

    Attributes:
        module: the module that is judged.
        file: the learner's file; None for the module as the framework finds it.
        beside: a folder with modules that the file may import; None for none.
        workspace: the value for `TINYTORCH_WORKSPACE`.
        folder: an empty folder to run in, so that files are written and deleted in there.
        stack: the file for the lines at which the code is when its time is up.
        output: the file for what the code prints.
    """

    module: Module
    file: str | None
    beside: str | None
    workspace: str
    folder: str
    stack: str
    output: str


def run_worker(connection: socket.socket, setting: Setting) -> None:
    """Load the module, say how that went, then run each check that is asked for.

    It ends when the runner has closed its end of the connection, or is gone.
    """
    if not hasattr(os, "fork"):
        _serve(connection, setting)
        return
    _meet_signals(signal.SIG_DFL)
    _let_go_of_files(connection.fileno())
    os.setsid()  # a group of its own, which the runner can end whole
    adopt_orphans()
    _meet_signals(signal.SIG_IGN)
    loader = os.fork()
    if loader == 0:
        _meet_signals(signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            _serve(connection, setting)
        finally:
            _exit(NO_ANSWER)
    status = _supervise(loader, connection)
    end_offspring(os.getpid())
    with suppress(OSError):
        connection.settimeout(PAUSE)
        Channel(connection).send({"ended": status})


def _let_go_of_files(but: int) -> None:
    """Make all that a fork has open lead nowhere, but for one: the rest is the runner's."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/dev/fd")):
        if descriptor > 2 and descriptor not in (nothing, but):
            os.dup2(nothing, descriptor, inheritable=False)


def _supervise(loader: int, connection: socket.socket) -> int | None:
    """Wait until the runner is gone, or the process that loads; its status then."""
    hung_up = select.poll()
    hung_up.register(connection, 0)  # what is asked belongs to the other process
    while not hung_up.poll(PAUSE * 1000):
        ended, status = os.waitpid(loader, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
    return None


def _meet_signals(how: signal.Handlers) -> None:
    """Forget what the runner does about signals; those that it held back take effect now."""
    for number in SIGNALS:
        signal.signal(number, how)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _serve(connection: socket.socket, setting: Setting) -> None:
    channel = Channel(connection)
    try:
        stack = _retreat(setting)
    except Exception:  # our own mistake, not one of the code that is judged
        channel.send({"broken": traceback.format_exc()})
        return
    channel.send({"broken": ""})
    with suppress(EOFError, OSError):  # the runner is gone
        name = f"tinytorch.core.{setting.module.name}"
        namespace = None
        verdict = Verdict()
        with _watched(stack, _next(channel)["limit"]):
            try:
                namespace = load(setting.module.name)
            except BaseException as error:
                # The file is to blame, and no exercise unless the line is in one.
                verdict = replace(explain(error, name), outcome="error", about="")
        verdict.printed = _printed()
        channel.send(asdict(verdict))
        checks = {check.name: check for check in checks_in(read_suite(setting.module.name))}
        while True:
            request = _next(channel)
            check = checks[request["check"]]
            run = partial(_run, check, name, namespace, setting.folder, stack, request["limit"])
            channel.send(_apart(run, connection))


def _next(channel: Channel) -> dict[str, Any]:
    """The next request."""
    while (request := channel.receive()) is None:
        pass
    return request


def _run(
    check: Check, name: str, namespace: Any, folder: str, stack: TextIO, limit: float
) -> dict[str, Any]:
    with suppress(OSError):  # without a folder of its own, or what was printed before, it can run
        os.ftruncate(_OUTPUT, 0)
        os.makedirs(folder, exist_ok=True)  # the check before may have removed it
        os.chdir(folder)
    with _watched(stack, limit):
        verdict = judge(check, name, namespace)
    verdict.printed = _printed()
    return asdict(verdict)


def _apart(work: Callable[[], dict[str, Any]], connection: socket.socket) -> dict[str, Any]:
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
            connection.close()
            with open(writer, "wb") as pipe:
                pipe.write(json.dumps(work()).encode() + b"\n")
        finally:
            _exit(NO_ANSWER)
    os.close(writer)
    with open(reader, "rb") as pipe:
        # Not up to its end, which a process that the code forked may hold.
        line = pipe.readline(MOST)
    try:
        answer = read_message(line)
    except ValueError:
        return {"ended": _status_of(child)}
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return answer


def _status_of(child: int) -> int:
    """How a process ended that could not answer; one that runs on nevertheless is killed."""
    until = time.monotonic() + MOMENT
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return NO_ANSWER


def _retreat(setting: Setting) -> TextIO:
    """Leave behind the terminal, the current folder and unlimited memory; replace the module.

    Returns:
        The file for the lines at which the code is when its time is up.
    """
    os.chdir(setting.folder)
    os.environ[VARIABLE] = setting.workspace
    os.environ["MPLBACKEND"] = "Agg"
    nothing = os.open(os.devnull, os.O_RDONLY)
    printed = os.open(setting.output, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    for descriptor, source in ((0, nothing), (_OUTPUT, printed), (2, printed)):
        os.dup2(source, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
    sys.stdout = sys.stderr = open(  # noqa: SIM115
        _OUTPUT, "w", encoding="utf-8", errors="backslashreplace", closefd=False
    )
    # A warning is no mistake, whatever PYTHONWARNINGS makes of it here.
    warnings.filters = [kind for kind in warnings.filters if kind[0] != "error"]
    _limit_resources()
    # What this process may have loaded of the framework already is not what is to be judged.
    for name in [name for name in sys.modules if name.split(".")[:2] == ["tinytorch", "core"]]:
        del sys.modules[name]
    if setting.beside is not None:
        sys.path.append(setting.beside)  # behind all that is installed
    if setting.file is not None:
        replace_module(setting.module.name, setting.file)
    return open(setting.stack, "w", encoding="utf-8")


def _limit_resources() -> None:
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows, and macOS, which does not keep to the limit anyway
        return
    limits = {
        resource.RLIMIT_AS: used + MEMORY,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_NOFILE: OPEN,
    }
    for limit, amount in limits.items():
        _, most = resource.getrlimit(limit)
        amount = amount if most < 0 else min(amount, most)
        resource.setrlimit(limit, (amount, amount))


@contextmanager
def _watched(stack: TextIO, limit: float) -> Iterator[None]:
    """Write down where the code is before its time is up, or if it ends the process."""
    stack.seek(0)
    stack.truncate()
    faulthandler.enable(file=stack)
    faulthandler.dump_traceback_later(limit * 0.9, file=stack)

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


def _printed() -> str:
    """The end of what the code has printed."""
    with suppress(Exception):  # over the limit, or the code has closed or replaced it
        sys.stdout.flush()
    try:
        length = os.lseek(_OUTPUT, 0, os.SEEK_END)
        # No character takes more than 4 bytes.
        os.lseek(_OUTPUT, max(0, length - 4 * KEPT), os.SEEK_SET)
        return os.read(_OUTPUT, 4 * KEPT).decode("utf-8", "replace")[-KEPT:]
    except OSError:
        return ""
