"""A lesson that is run as a script does what its notebook does: cell by cell."""

from __future__ import annotations
import __future__

import ast
import sys
import tempfile
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from tinytorch.course import notebook
from tinytorch.course.sources import Cell, code_cells, shown
from tinytorch.course.waiting import Waiting


def cell_by_cell() -> None:
    """Run the cells below in the script that calls this as a notebook would, and end the script.

    A cell that waits for an exercise says which one in a line, and the next cell runs. What a cell
    ends with is shown. Pictures are saved in `pictures`, in the current folder. Any other error
    ends the script with its traceback, as always. The exit status is 1 if a cell has waited.

    In a notebook, and where an editor runs this cell by itself, the cells that follow will say
    what they wait for, too. Nothing happens where the file is imported.
    """
    frame = sys._getframe(1)
    if frame.f_globals.get("__name__") != "__main__":
        return
    script = _script_of(frame)
    if script:
        script.run()
    if notebook.shell() is not None:
        notebook.begin()


def _script_of(frame: FrameType) -> _Script | None:
    """The rest of the script that is running; None if that is a cell alone, or has none below."""
    line = frame.f_lineno
    last_line = max(number or 0 for _, _, number in frame.f_code.co_lines())
    try:
        cells = code_cells(frame.f_globals["__file__"])
        if any(line < cell.start <= last_line for cell in cells):
            return _Script(frame, _cells_from(line + 1, cells))
    except (KeyError, OSError, SyntaxError):  # no file, or one whose cells cannot stand alone
        pass
    return None


def _cells_from(line: int, cells: list[Cell]) -> list[Cell]:
    """The cells from a line on, the rest of the cell that it is in included."""
    return [
        replace(
            cell, start=max(cell.start, line), text="\n".join(lines[max(0, line - cell.start) :])
        )
        for cell in cells
        if cell.start + len(lines := cell.text.split("\n")) > line
    ]


class _Cell:
    """A cell of a script, compiled.

    Raises:
        SyntaxError: it is not Python by itself.
    """

    def __init__(self, cell: Cell, file: str, flags: int) -> None:
        self.number, self.start = cell.number, cell.start
        tree = ast.parse("\n" * (cell.start - 1) + cell.text, file)
        self.ending = None
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.remove(last)
            self.ending = compile(
                ast.Expression(last.value), file, "eval", flags, dont_inherit=True
            )
        self.code = compile(tree, file, "exec", flags, dont_inherit=True)

    def run(self, namespace: dict[str, Any]) -> Any:
        """Run it, and return the value of the expression that it ends with, or None."""
        exec(self.code, namespace)
        return eval(self.ending, namespace) if self.ending else None


class _Script:
    """A script from one of its cells on."""

    def __init__(self, frame: FrameType, cells: list[Cell]) -> None:
        self.namespace = frame.f_globals
        self.path = Path(self.namespace["__file__"]).absolute()
        # `from __future__ import annotations` counts for all of a file.
        flags = frame.f_code.co_flags & __future__.annotations.compiler_flag
        self.cells = [_Cell(cell, frame.f_code.co_filename, flags) for cell in cells]
        self.waiting = Waiting(notebook.place)
        self.waits: set[str] = set()  # the exercises that are waited for
        self.pictures = Path.cwd() / "pictures"

    def run(self) -> NoReturn:
        """Run the cells, and end the script."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a sign that is lacking is no error
        for cell in self.cells:
            try:
                value = cell.run(self.namespace)
                if value is not None:
                    print(repr(value))
                self._save_pictures(cell, value)
            except Exception as error:
                self._explain(error, cell)
        raise SystemExit(1 if self.waits and notebook.shell() is None else 0)

    def _explain(self, error: Exception, cell: _Cell) -> None:
        """Say what a cell waits for; end the script with a traceback if that is no exercise."""
        reason = self.waiting.reason(error)
        if reason is None:
            trace = error.__traceback__
            while trace and trace.tb_frame.f_globals is not self.namespace:
                trace = trace.tb_next  # past this file, which is not the learner's
            sys.stdout.flush()
            sys.excepthook(type(error), error.with_traceback(trace), trace)
            raise SystemExit(1) from None
        line, missing = reason
        place = f"cell at {shown(str(self.path))}:{cell.start}"
        self.waiting.owe(cell.code, f"the {place}", missing)
        known = missing.exercise in self.waits
        print(f"⏳ The {place} waits for {missing.exercise}, too." if known else line)
        self.waits.add(missing.exercise)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")  # empty axes, for the most part

    def _save_pictures(self, cell: _Cell, value: Any) -> None:
        """Save the figures that a cell has drawn, and the picture of what it ends with."""
        if notebook.shell() is not None:  # which shows them
            return
        pictures = [value.png] if isinstance(getattr(value, "png", None), bytes) else []
        if "matplotlib.pyplot" in sys.modules:
            pyplot = sys.modules["matplotlib.pyplot"]
            for number in pyplot.get_fignums():
                drawn = BytesIO()
                pyplot.figure(number).savefig(drawn, dpi=110)
                pictures.append(drawn.getvalue())
            pyplot.close("all")
        for number, picture in enumerate(pictures, 1):
            again = f"_{number}" if number > 1 else ""
            self._save(picture, f"{self.path.stem}_cell_{cell.number}{again}.png")

    def _save(self, picture: bytes, name: str) -> None:
        try:
            self.pictures.mkdir(exist_ok=True)
            (self.pictures / name).write_bytes(picture)
        except OSError:  # the current folder cannot be written
            self.pictures = Path(tempfile.mkdtemp(prefix="pictures-"))
            (self.pictures / name).write_bytes(picture)
        print(f"🖼  {shown(str(self.pictures / name))}")
