"""Training as it happens: a table that grows in a terminal, a line an epoch everywhere else."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from tito.milestones.history import Epoch, History

SECONDS_BETWEEN_UPDATES = 0.2  # five a second look alive, and cost next to nothing
SMALLEST_BAR = 8
# Which field goes first where a terminal is too narrow for all of them.
LEAST_IMPORTANT_FIRST = ("images/s", "batch", "left", "accuracy", "loss")


class Progress:
    """Shows each epoch of a training and, in a terminal, how far the current one is.

    As a context manager it leaves the last line whole, however the training ends.

    Args:
        console: where to write.
        epochs: how many epochs there will be.
    """

    def __init__(self, console: Console, epochs: int) -> None:
        self.console = console
        self.epochs = epochs
        # The file is asked, since rich takes a pipe for a terminal when colours are forced.
        self.live = console.file.isatty() and not console.is_dumb_terminal
        self._has_header = False
        self._drawn = -math.inf  # when the line of the current epoch was last drawn
        self._unfinished: tuple[Epoch, History] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._unfinished:
            self._show(*self._unfinished, end="\n")

    def update(self, epoch: Epoch, history: History) -> None:
        """Show how far the training is; called after every step, draws a few times a second."""
        self._unfinished = None if epoch.complete else (epoch, history)
        if epoch.complete:
            self._show(epoch, history, end="\n")
        elif self.live and time.monotonic() > self._drawn + SECONDS_BETWEEN_UPDATES:
            self._show(epoch, history, end="")
            self._drawn = time.monotonic()

    def _show(self, epoch: Epoch, history: History, end: str) -> None:
        fields = describe(epoch, history, self.epochs)
        if not self.live:
            print(plain_line(fields), file=self.console.file, flush=True)
            return
        width = self.console.width - 1  # some terminals wrap at the very last column
        self.console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
        if not self._has_header:
            self.console.print(header_row(fields, width))
            self._has_header = True
        done = None if epoch.complete else epoch.batch / epoch.batches
        self.console.print(table_row(fields, width, done, self.console.options.ascii_only), end=end)


def describe(epoch: Epoch, history: History, epochs: int) -> dict[str, str]:
    """What there is to say after a step, by the names that head the columns.

    Every text is padded to the width of its column, which stays the same through the training.
    """
    done = (epoch.number - 1) * epoch.batches + epoch.batch
    seconds_left = history.seconds / done * (epochs * epoch.batches - done)
    texts = {
        "epoch": (f"{epoch.number}/{epochs}", 2 * len(str(epochs)) + 1),
        "loss": (f"{epoch.loss:.4f}", 6),
        "accuracy": (f"{epoch.accuracy:.2%}", 7),
        "images/s": (f"{epoch.images_per_second:,.0f}", 9),
        "batch": (f"{epoch.batch}/{epoch.batches}", 2 * len(str(epoch.batches)) + 1),
        "left": (clock(seconds_left), 5),
    }
    return {name: text.rjust(max(len(name), width)) for name, (text, width) in texts.items()}


def clock(seconds: float) -> str:
    """A time to read at a glance: `8 s`, `1:23`, `2:03:04`."""
    minutes, second = divmod(math.ceil(seconds), 60)
    hour, minute = divmod(minutes, 60)
    if hour:
        return f"{hour}:{minute:02}:{second:02}"
    return f"{minute}:{second:02}" if minute else f"{second} s"


def plain_line(fields: dict[str, str]) -> str:
    """An epoch in words and numbers alone, for files, pipes and logs."""
    text = {name: field.strip() for name, field in fields.items()}
    return (
        f"epoch {text['epoch']}  batch {text['batch']}  loss {text['loss']}  "
        f"accuracy {text['accuracy']}  {text['images/s']} images/s  {text['left']} left"
    )


def header_row(fields: dict[str, str], width: int) -> Text:
    """The names of the columns that fit."""
    names = [name.rjust(len(fields[name])) for name in fitting(fields, width)]
    return Text("  ".join(names), "dim")


def table_row(fields: dict[str, str], width: int, done: float | None, ascii_only: bool) -> Text:
    """The fields that fit and, for an epoch under way, a bar in what space is left."""
    row = Text("  ".join(fields[name] for name in fitting(fields, width)))
    space = width - row.cell_len - 2
    if done is not None and space >= SMALLEST_BAR:
        full = int(done * space)
        heavy, light = ("#", "-") if ascii_only else ("━", "─")
        row.append("  ").append(heavy * full, "cyan").append(light * (space - full), "dim")
    return row


def fitting(fields: dict[str, str], width: int) -> list[str]:
    """The names of the fields that there is room for."""
    names = list(fields)
    for name in LEAST_IMPORTANT_FIRST:
        if sum(len(fields[name]) + 2 for name in names) - 2 <= width:
            break
        names.remove(name)
    return names
