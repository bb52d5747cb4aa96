"""Judging one check: from what its test raises to what a learner is told."""

from __future__ import annotations

import errno
import inspect
import os
import sys
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from types import CodeType
from typing import Any, get_type_hints

from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.errors import did_you_mean, meaning
from tinytorch.course.checking.imports import judged_alone
from tinytorch.course.checking.lineup import Mistake, StandsBack
from tinytorch.course.checking.names import expect_spelled
from tinytorch.course.contents import UnreadableError
from tinytorch.course.loading import UnfitFile
from tinytorch.course.sources import pointed_out, unwritten
from tinytorch.course.text import MOST, clean

NOT_WRITTEN = "not written yet"


class OutOfTime(BaseException):
    """Raised in code whose time is up; no `except Exception` in it gets in the way."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"still running after {seconds:g} seconds")
        self.seconds = seconds


@dataclass
class Verdict:
    """What one check came to.

    Attributes:
        outcome: "passed"; "failed" when the claim is false; "error" when the code could not be
            judged; "timeout"; or "waiting" for an earlier check.
        mistake: what is wrong, by name, where that is known.
        seen: what was seen.
        expected: what was expected.
        file: the file in which the mistake is, if it is known.
        line: the line in `file`, from 1.
        function: the function around that line, by dotted name.
        about: the definitions to blame, the most likely first, with spaces between them; None for
            those that the check is about.
        stopped: whether the code did not get to an answer, so that nothing that needs it can.
        traceback: Python's own account.
        printed: what the code printed.
        waits_for: the name of the check that this one has left the matter to.
    """

    outcome: str = "passed"
    mistake: str | None = None
    seen: str | None = None
    expected: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    about: str | None = None
    stopped: bool = False
    traceback: str = ""
    printed: str = ""
    waits_for: str | None = None


OUTCOMES = ("passed", "failed", "error", "timeout", "waiting")
# Characters of a traceback, or of what was printed, that a reader may want to see.
_ACCOUNT = 20_000
_LAST_LINE = 10**9  # no file has more


def verdict_from(fields: dict[str, Any]) -> Verdict:
    """The verdict with these attributes, which may come from anywhere.

    Raises:
        ValueError: they are not those of a verdict.
    """
    kinds = get_type_hints(Verdict)
    if fields.keys() != kinds.keys() or fields["outcome"] not in OUTCOMES:
        raise ValueError(f"not a verdict: {', '.join(fields)}")
    for name, kind in kinds.items():
        if not isinstance(fields[name], kind):
            raise ValueError(f"not a verdict: {name} is a {type(fields[name]).__name__}")
    return Verdict(**fields)


def cleaned(verdict: Verdict) -> Verdict:
    """The verdict, in words that can be shown anywhere."""
    texts: dict[str, Any] = {
        name: value and clean(value, _ACCOUNT if name in ("traceback", "printed") else MOST)
        for name, value in asdict(verdict).items()
        if isinstance(value, str) and name != "file"  # which is a path, and for nobody to read
    }
    return replace(verdict, **texts)


def overdue(seconds: float) -> Verdict:
    """The verdict on code that is still running when its time is up."""
    return Verdict(
        outcome="timeout",
        mistake="it does not come to an end, or takes far too long",
        seen=f"still running after {seconds:g} seconds",
        expected="an answer in less than a second",
        stopped=True,
    )


def judge(
    check: Check,
    module: str,
    namespace: Any = None,
    let_through: tuple[type[BaseException], ...] = (),
) -> Verdict:
    """Run a check, and put whatever it raises into a learner's terms.

    Args:
        check: the check.
        module: the `__name__` of the module it judges: `tinytorch.core.layers`.
        namespace: the module itself, if it could be imported; where the functions are that the
            check is about.
        let_through: what is not the check's to catch.
    """
    try:
        check.run()
    except let_through:
        raise
    except BaseException as error:  # exit() and Ctrl-C too: nothing that learners write gets out
        if isinstance(error, Exception) and not isinstance(error, StandsBack):
            error = _misspelling(getattr(error, "about", ()) or check.about, namespace) or error
        verdict = explain(error, module)
        blamed: tuple[str, ...] = getattr(error, "about", ())
        if blamed:
            verdict.about = " ".join(blamed)
        if verdict.outcome != "waiting" and (
            verdict.file is None or (blamed and isinstance(error, Mistake))
        ):
            _find_subject(verdict, blamed or check.about, module, namespace)
        return verdict
    return Verdict()


def _misspelling(about: tuple[str, ...], namespace: Any) -> Mistake | None:
    """The mistake, if what a check is about is not there, but something that looks like it."""
    for name in about:
        owner, _, method = name.partition(".")
        cls = inspect.getattr_static(namespace, owner, None)
        if isinstance(cls, type):
            try:
                expect_spelled(cls, method or "forward", "__init__", "__call__")
            except Mistake as found:
                return found
    return None


def explain(error: BaseException, module: str) -> Verdict:
    """What an exception means, and the deepest place in `module` that it came through."""
    verdict = Verdict(outcome="failed", seen=_in_one_line(error), traceback=_account_of(error))
    # A mistake may have been found in an error, which then is the one that came from the code.
    origin = error.__cause__ if isinstance(error, Mistake) and error.__cause__ else error
    for frame, line in traceback.walk_tb(origin.__traceback__):
        if frame.f_globals.get("__name__") == module:
            verdict.file, verdict.line = frame.f_code.co_filename, line
            verdict.function = frame.f_code.co_qualname.partition(".<locals>")[0]
    match error:
        case Mistake():
            verdict.mistake, verdict.seen = error.mistake, error.seen
            verdict.expected = error.expected
            if error.place:
                verdict.file, verdict.line = error.place
        case StandsBack():
            return Verdict(outcome="waiting", waits_for=error.check)
        case NotImplementedError():
            verdict.stopped = True
            if unwritten(error):
                verdict.seen = None  # the place says more
            _, _, missing = str(error).partition(" does not define ")
            if not missing:
                verdict.mistake = NOT_WRITTEN
            else:
                sentence = str(error) if verdict.file else f"{missing} is not defined"
                names = _defined_in(module, classes=missing[0].isupper())
                verdict.mistake = sentence + did_you_mean(missing, names)
        case SyntaxError() if not str(error.filename or "<").startswith("<"):
            verdict.stopped = True
            verdict.mistake = "Python cannot read the file"
            verdict.file, verdict.line = _place_in(error)
            if verdict.line or not error.lineno:  # and not one that code has made up
                kind = "" if isinstance(error, UnreadableError) else f"{type(error).__name__}: "
                verdict.seen = "\n".join([kind + str(error.msg), *pointed_out(error)])
        case RecursionError() if _calls_itself(error):
            verdict.stopped = True
            verdict.mistake = "it calls itself without end, or too often for Python"
        case MemoryError():
            verdict.outcome, verdict.stopped = "error", True
            verdict.mistake = "it asks for more memory than it can have"
        case EOFError() if "reading a line" in str(error):
            verdict.outcome, verdict.stopped = "error", True
            verdict.mistake = "it waits for the keyboard, with input(), where nobody types"
        case SystemExit():
            verdict.outcome, verdict.stopped = "error", True
            verdict.seen = f"exit({'' if error.code is None else repr(error.code)})"
            verdict.mistake = "it ends the program, with exit()"
        case KeyboardInterrupt():
            verdict.outcome, verdict.stopped = "error", True
            verdict.mistake = "it interrupts the program"
        case OutOfTime():
            verdict = replace(
                overdue(error.seconds),
                file=verdict.file,
                line=verdict.line,
                function=verdict.function,
                traceback=verdict.traceback,
            )
        case OSError() if trouble := _trouble_with_files(error):
            verdict.outcome, verdict.stopped = "error", True
            verdict.mistake = trouble
        case UnfitFile():
            verdict.stopped = True
            verdict.mistake, verdict.expected = str(error), error.expected
            verdict.file, verdict.line, verdict.seen = error.file, error.line, None
        case ImportError() if told := judged_alone(error, verdict.file, verdict.line):
            verdict.stopped = True
            verdict.mistake, verdict.expected = told
        case Exception():
            verdict.stopped = True
            verdict.mistake = meaning(error)
            verdict.expected = "an answer, not an error"
        case _:
            verdict.outcome, verdict.stopped = "error", True
    return verdict


def _defined_in(module: str, *, classes: bool) -> list[str]:
    """The functions that a module defines itself, or its classes."""
    names = vars(sys.modules[module]) if module in sys.modules else {}
    return [
        name
        for name, value in names.items()
        if getattr(value, "__module__", None) == module and isinstance(value, type) == classes
    ]


def _calls_itself(error: RecursionError) -> bool:
    """Whether it is Python's functions that recurse, not the text of a deeply nested list."""
    frames = Counter(frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__))
    return max(frames.values(), default=0) > 50


def _trouble_with_files(error: OSError) -> str | None:
    """Why a file could not be opened or written, which may be the one for what is printed."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    if error.errno == errno.EMFILE:
        return "it opens more files than it may have open at once, and does not close them"
    unknown = "requested and" in str(error)  # NumPy's, which may mean either
    if error.errno != errno.EFBIG and not unknown:
        return None
    import resource  # which Windows lacks, and with it the limit on the size of files

    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = f"{limit // 10**6} MB" if limit > 0 else "the system allows"
    with suppress(OSError):  # the code has closed it
        if os.fstat(1).st_size >= limit > 0:
            return f"it prints more than {size}"
    return f"it writes a file larger than {size}" + (", or the disk is full" if unknown else "")


def _in_one_line(error: BaseException) -> str:
    try:
        name, text = type(error).__name__, " ".join(clean(str(error)).split())
    except BaseException as another:  # its own __str__ is a learner's code, too
        return f"an error that cannot be shown: its text raises {type(another).__name__}"
    return f"{name}: {text}" if text else name


def _account_of(error: BaseException) -> str:
    try:
        return clean("".join(traceback.format_exception(error)), _ACCOUNT)
    except BaseException:  # which asks the error for its text and more
        return ""


def _place_in(error: SyntaxError) -> tuple[str | None, int | None]:
    """The place that an error names, which code can make up like the rest of it."""
    file, line = error.filename, error.lineno
    if isinstance(file, str) and isinstance(line, int) and 0 < line < _LAST_LINE:
        return file, line
    return (file if isinstance(file, str) else None), None


def _find_subject(verdict: Verdict, about: tuple[str, ...], module: str, namespace: Any) -> None:
    """Point to the first definition of those that a check is about, or else to their classes."""
    for name in (*about, *(name.partition(".")[0] for name in about)):
        code = _code_of(namespace, name.split("."), module)
        if code is not None:
            verdict.file, verdict.line, verdict.function = (
                code.co_filename,
                code.co_firstlineno,
                name,
            )
            return


def _code_of(namespace: Any, path: list[str], module: str) -> CodeType | None:
    """The code of a function, a method, a property or, for a class, of its first method.

    Only if it was written in `module`; methods may come from elsewhere.
    """
    for name in path:
        if namespace is None:
            return None
        namespace = inspect.getattr_static(namespace, name, None)
    if isinstance(namespace, type):
        methods = [_code_of(namespace, [name], module) for name in vars(namespace)]
        return min(filter(None, methods), key=lambda code: code.co_firstlineno, default=None)
    function: Any = namespace.fget if isinstance(namespace, property) else namespace
    function = inspect.unwrap(getattr(function, "__func__", function))
    if getattr(function, "__globals__", {}).get("__name__") != module:
        return None
    return getattr(function, "__code__", None)
