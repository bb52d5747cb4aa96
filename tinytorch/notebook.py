"""Notebooks: how one begins, where code is in them, and cells that wait for an exercise.

In a notebook where nothing is written yet, most cells cannot run. `begin` has them say in one line
what they wait for, where Python would print a traceback. Any other error is the learner's own, and
shown as always. Outside IPython nothing changes.
"""

from __future__ import annotations

import dis
import importlib.metadata
import linecache
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any

from tinytorch import overlay
from tinytorch.sources import unwritten


def shell() -> Any:
    """The IPython that runs this code; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def place(file: str, line: int) -> str:
    """Where a line is: `cell In[9], line 22`, or what `tinytorch.overlay.place` says."""
    number = _cell_number(file)
    return f"cell In[{number}], line {line}" if number else overlay.place(file, line)


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


@dataclass(frozen=True)
class _Missing:
    """An exercise that is not written yet.

    Attributes:
        exercise: its dotted name.
        place: where to write it.
    """

    exercise: str
    place: str


class _Explainer:
    """Stands where the traceback would be shown, and looks for an exercise behind it."""

    def __init__(self, ipython: Any) -> None:
        self.ipython = ipython
        self.missing: _Missing | None = None  # what the cell that is running has run into
        self.waiting: dict[str, tuple[int, _Missing]] = {}  # a name, and the cell that owes it
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
        frame, line = list(traceback.walk_tb(trace))[-1]
        exercise = unwritten(error) if frame.f_globals.get("__name__") == "__main__" else None
        name = error.name if type(error) is NameError else None
        if exercise:
            self.missing = _Missing(exercise, place(frame.f_code.co_filename, line))
            print(f"⏳ This waits for {exercise}, which is not written yet: {self.missing.place}")
        elif name in self.waiting:
            number, self.missing = self.waiting[name]
            print(
                f"⏳ This waits for `{name}`, from cell In[{number}], which stopped because "
                f"{self.missing.exercise} was not written yet: {self.missing.place}"
            )
        if self.missing is None:
            ipython.showtraceback((kind, error, trace), tb_offset=tb_offset)
        elif "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")  # empty axes, for the most part

    def after_cell(self, result: Any) -> None:
        """Count a cell that waits as run, so that Jupyter goes on with the next."""
        if self.missing:
            code = self.ipython.transform_cell(result.info.raw_cell)
            for step in dis.get_instructions(compile(code, "", "exec", self.ipython.compile.flags)):
                if step.opname == "STORE_NAME":
                    self.waiting[step.argval] = (result.execution_count, self.missing)
            result.error_in_exec = None
        self.missing = None


# One for each shell, since a first cell may be run again.
_explainer_of = cache(_Explainer)
