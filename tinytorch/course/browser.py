"""A lesson in a page of a browser: what its cells do, and what its checks say, as data.

A worker of the page makes a `Page`, and hands it cells and what to check. There is no IPython: a
cell is read by `tinytorch.course.ipython`, and what it shows is handed out as it comes, text, HTML
and pictures. All that is returned can be turned into JSON. Nothing here asks for a browser: tests
run it in any Python.
"""

from __future__ import annotations

import builtins
import inspect
import io
import json
import linecache
import logging
import os
import sys
import tempfile
import traceback
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from types import CodeType, ModuleType
from typing import Any

from tinytorch.course import MODULES, notebook, overlay, owners
from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.here import results_here
from tinytorch.course.checking.lines import lines_of
from tinytorch.course.checking.results import Result
from tinytorch.course.ipython import around, as_python
from tinytorch.course.product import quicken
from tinytorch.course.sources import Source, asked_of_the_future
from tinytorch.course.waiting import Waiting

# A browser's stack is small. Code that calls itself without end takes Python with it, and soon
# where each call goes through C, as `layer(x)` and `x + y` do. Imports are nested deeper, and end.
_CALLS = 200
_CALLS_IN_IMPORTS = 400

Emit = Callable[[str, str], None]
"""Takes what is shown, behind its kind: "stdout", "stderr", "html", "png" in base64, "check"."""


def lay_over(module_name: str, text: str) -> None:
    """Use a lesson that is finished as the module `tinytorch.core.<module_name>` from now on.

    Args:
        module_name: the module: "layers".
        text: the lesson's `.py` or notebook. Its cells marked for export count.

    Raises:
        RuntimeError: the framework has been imported already. Do it first of all.
    """
    file = os.path.join(tempfile.mkdtemp(prefix="tinytorch-"), f"{module_name}_dev.py")
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(text)
    overlay.replace_module(module_name, file)


def whose() -> dict[str, str]:
    """Whose each module of the framework is, by name: "reference", or "yours" if laid over it."""
    for module in MODULES:
        import_module(f"tinytorch.core.{module.name}")
    return owners.in_use()


class Page:
    """The cells of a lesson, and what they have defined so far.

    A page makes one for each run of the lesson from its top, in a Python of its own.

    Args:
        module_name: the module that the lesson is about: "layers".
        emit: is called with what cells show, as soon as they do; see `Emit`.
        names: what each cell is called in messages, by its id: `{"9263e72b": "cell 9"}`. A cell
            that is not among them is called by its id.
    """

    def __init__(
        self, module_name: str, emit: Emit, names: Mapping[str, str] | None = None
    ) -> None:
        self._module_name = module_name
        self._emit = emit
        self._files: dict[str, str] = {}  # of cells that have run: to Python, their file
        self._names = dict(names or {})
        self._future = 0
        self._waiting = Waiting(notebook.place)
        main = ModuleType("__main__")
        sys.modules["__main__"] = main
        self._namespace = vars(main)
        of_a_page = {"display": self._display, "input": _input}
        self._namespace["__builtins__"] = around(self._namespace) | of_a_page
        if sys.platform == "emscripten":
            _limit_recursion()
        quicken()
        os.environ.setdefault("MPLBACKEND", "agg")
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        # What is open when a cell ends is shown, whether `show` was called or not.
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")

    async def run(self, cell: str, code: str) -> dict[str, Any]:
        """Run a cell, as a notebook does; what it shows goes to `emit`.

        Args:
            cell: its id.
            code: its text.

        Returns:
            `outcome`: "done"; "waiting" for an exercise that is not written yet; or "error".
            `text`: what to show then: the line that says what it waits for, or Python's own
            account. `cell`, `line`: the place, where it is in a cell of the page. `exercise`: what
            is waited for.
        """
        file = f"<{self._names.get(cell, cell)}>"
        self._files[file] = cell
        python = as_python(code)
        lines = [f"{line}\n" for line in python.split("\n")]
        linecache.cache[file] = (len(python), None, lines, file)
        source = Source(file, python, is_lesson=False, cells=((1, 1),))
        codes: list[CodeType] = []
        try:
            codes = source.compiled(self._future)
            with self._shown(quiet=code.rstrip().endswith(";")):
                for part in codes:
                    self._future |= asked_of_the_future(part)
                    result = eval(part, self._namespace)
                    if part.co_flags & inspect.CO_COROUTINE:
                        await result
                self._show_figures()
        except BaseException as error:  # exit() and an interrupt too: the page goes on
            self._close_figures()  # empty axes, for the most part
            return self._explained(error, file, codes)
        return {"outcome": "done", "text": "", "cell": None, "line": None, "exercise": None}

    def check(
        self, *titles: str, width: int = 80, late: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Judge what the cells have defined, as `tito test` does.

        Before each check, `emit("check", ...)` is told its `name`, its `sentence`, and the `limit`
        of seconds that it may take, as JSON. Whoever runs this Python has to keep the time. When it
        is up they end this Python, run the cells in another one, and tell it which check was late.

        Args:
            titles: the units, by the words after "Unit Test"; without any it is all of them.
            width: the columns that a line may take.
            late: checks that were interrupted, by name, and after how many seconds.

        Returns:
            `passed`: whether all checks have. `lines`: pairs of a style and a line, the words of
            `tito test`. `results`: for each check `unit`, `check`, `outcome`, `mistake`, `seen`,
            `expected`, `where`, `cell`, `line`, `exercise`, `hint` (which hint for it speaks of
            this; None for the next one) and `name`.

        Raises:
            LookupError: there are no checks of that name.
        """
        results = results_here(
            self._module_name,
            *titles,
            namespace=self._namespace,
            before=self._tell,
            overdue_checks=late,
        )
        return {
            "passed": all(result.outcome == "passed" for result in results),
            "lines": [list(pair) for pair in lines_of(results, width)],
            "results": [self._as_data(result) for result in results],
        }

    def _tell(self, check: Check, limit: float) -> None:
        told = {"name": check.name, "sentence": check.sentence, "limit": limit}
        self._emit("check", json.dumps(told))

    def _as_data(self, result: Result) -> dict[str, Any]:
        file = result.verdict.file if result.where else None
        cell = self._files.get(file or "")
        return result.as_dict() | {
            "name": result.check.name,
            "cell": cell,
            "line": result.verdict.line if cell else None,
            "exercise": result.exercise,
            "hint": result.hint_number,
        }

    def _explained(self, error: BaseException, file: str, codes: list[CodeType]) -> dict[str, Any]:
        """What an error in a cell means."""
        place_file, line = _place(error, self._namespace)
        told: dict[str, Any] = {
            "outcome": "error",
            "cell": self._files.get(place_file or ""),
            "line": line,
            "exercise": None,
        }
        reason = self._waiting.reason(error)
        if reason is None:
            return told | {"text": _account(error, self._namespace)}
        text, missing = reason
        for code in codes:
            self._waiting.owe(code, file.strip("<>"), missing)
        return told | {"outcome": "waiting", "text": text, "exercise": missing.exercise}

    @contextmanager
    def _shown(self, quiet: bool) -> Iterator[None]:
        """While a cell runs, hand out what it prints, and what its last line comes to."""

        def keep(value: Any) -> None:
            if value is not None:
                past = self._namespace["__builtins__"]
                past["___"], past["__"], past["_"] = past["__"], past["_"], value
                if not quiet:
                    self._show(value)

        displayhook, sys.displayhook = sys.displayhook, keep
        try:
            with (
                redirect_stdout(_Stream(self._emit, "stdout")),
                redirect_stderr(_Stream(self._emit, "stderr")),
            ):
                yield
        finally:
            sys.displayhook = displayhook

    def _display(self, *values: Any, **options: Any) -> None:
        for value in values:
            self._show(value)

    def _show(self, value: Any) -> None:
        """Hand out a value in the richest form that it has."""
        if type(value).__module__ == "matplotlib.figure":
            self._show_figure(value)
            return
        for kind, method in (("html", "_repr_html_"), ("png", "_repr_png_")):
            form = getattr(value, method, None)
            content = form() if callable(form) else None
            if content is not None:
                text = content if isinstance(content, str) else b64encode(content).decode()
                self._emit(kind, text)
                return
        self._emit("stdout", f"{value!r}\n")

    def _show_figures(self) -> None:
        """Hand out the figures that are open, and close them."""
        if "matplotlib.pyplot" in sys.modules:
            pyplot = sys.modules["matplotlib.pyplot"]
            for number in pyplot.get_fignums():
                self._show_figure(pyplot.figure(number))

    def _show_figure(self, figure: Any) -> None:
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", dpi=110)
        self._emit("png", b64encode(drawn.getvalue()).decode())
        sys.modules["matplotlib.pyplot"].close(figure)

    def _close_figures(self) -> None:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


def _limit_recursion() -> None:
    """Have Python raise its RecursionError before the browser runs out of stack."""
    import_ = builtins.__import__

    def import_deep(*arguments: Any, **options: Any) -> Any:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_CALLS_IN_IMPORTS)
        try:
            return import_(*arguments, **options)
        finally:
            sys.setrecursionlimit(limit)

    builtins.__import__ = import_deep
    sys.setrecursionlimit(_CALLS)


class _Stream(io.TextIOBase):
    """Where a cell prints to."""

    def __init__(self, emit: Emit, kind: str) -> None:
        self._emit, self._kind = emit, kind

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self._emit(self._kind, text)
        return len(text)


def _place(error: BaseException, namespace: dict[str, Any]) -> tuple[str | None, int | None]:
    """The deepest place in the page's code that an error came through."""
    found: tuple[str | None, int | None] = (None, None)
    if isinstance(error, SyntaxError):
        found = error.filename, error.lineno
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is namespace:
            found = frame.f_code.co_filename, line
    return found


def _account(error: BaseException, namespace: dict[str, Any]) -> str:
    """Python's traceback, from the page's code on, without what is shown here in between."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_globals is not namespace:
        trace = trace.tb_next
    account = traceback.TracebackException(type(error), error, trace)
    account.stack[:] = [frame for frame in account.stack if frame.filename != __file__]
    return "".join(account.format())


def _input(prompt: object = "") -> str:
    """What stands for Python's own, since there is no keyboard to read from."""
    raise EOFError("EOF when reading a line: nobody can type in a page; write the answer here")
