"""Notebooks: how one begins, where code is in them, and cells that wait for an exercise.

In a notebook where nothing is written yet, most cells cannot run. `begin` has them say in one line
what they wait for, where Python would print a traceback. Any other error is the learner's own, and
shown as always. Outside IPython nothing changes.
"""

from __future__ import annotations

import importlib.metadata
import linecache
import sys
from functools import cache
from types import TracebackType
from typing import Any

from tinytorch.course import overlay
from tinytorch.course.waiting import Missing, Waiting


def shell() -> Any:
    """The IPython that runs this code; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def place(file: str, line: int) -> str:
    """Where a line is: `cell In[9], line 22`, or what `tinytorch.course.overlay.place` says.

    A cell of a page is a file to Python, too, called `<cell 9>`.
    """
    if number := _cell_number(file):
        return f"cell In[{number}], line {line}"
    if file.startswith("<"):
        return f"{file.strip('<>')}, line {line}"
    return overlay.place(file, line)


def _cell_number(file: str) -> int | None:
    """The number of the cell that IPython calls `file`; None if it is a file indeed."""
    code = "".join(linecache.getlines(file)).rstrip()
    inputs = shell().history_manager.input_hist_parsed if shell() is not None else []
    numbers = range(len(inputs) - 1, 0, -1)
    return next((number for number in numbers if inputs[number].rstrip() == code), None)


class RestartError(Exception):
    """The kernel has to be restarted. IPython shows the words alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def begin() -> None:
    """From now on, have the cells of this notebook that wait for an exercise say so.

    Raises:
        RestartError: a library was installed anew after this kernel had imported it.
    """
    for name in ("numpy", "matplotlib"):
        loaded = getattr(sys.modules.get(name), "__version__", None)
        if loaded and loaded != (installed := importlib.metadata.version(name)):
            raise RestartError(
                f"This kernel has imported {name} {loaded}, and by now {installed} is installed.\n"
                "Restart it (on Colab: Runtime > Restart session), and run this cell again."
            )
    if shell() is not None:
        _explainer_of(shell())


class _Explainer:
    """Stands where the traceback would be shown, and looks for an exercise behind it."""

    def __init__(self, ipython: Any) -> None:
        self.ipython = ipython
        self.waiting = Waiting(place)
        self.missing: Missing | None = None  # what the cell that is running has run into
        ipython.set_custom_exc((NotImplementedError, NameError), self.show)
        ipython.events.register("post_run_cell", self.after_cell)

    def show(
        self,
        ipython: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        """Say what a cell waits for; show the traceback if that is no exercise."""
        reason = self.waiting.reason(error)
        if reason is None:
            ipython.showtraceback((kind, error, trace), tb_offset=tb_offset)
            return
        line, self.missing = reason
        print(line)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")  # empty axes, for the most part

    def after_cell(self, result: Any) -> None:
        """Count a cell that waits as run, so that Jupyter goes on with the next."""
        if self.missing:
            code = self.ipython.transform_cell(result.info.raw_cell)
            flags = self.ipython.compile.flags
            cell = f"cell In[{result.execution_count}]"
            self.waiting.owe(compile(code, "", "exec", flags), cell, self.missing)
            result.error_in_exec = None
        self.missing = None


# One for each shell, since a first cell may be run again.
_explainer_of = cache(_Explainer)
