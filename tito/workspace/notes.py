"""What tito notes about a workspace, in its `tinytorch.toml`, and how that is read and written.

Nothing in the notes is precious: `tito.workspace.folder` works them out again from the files.
"""

import json
import tomllib
from dataclasses import dataclass, field, fields
from typing import Any

FORMAT = 1  # counted up when a change means that older versions would misread the file

_HEADER = """\
# This file marks a TinyTorch workspace, and holds tito's notes on it. If the notes are lost,
# tito works them out again from your files.
"""


@dataclass
class Progress:
    """The notes on one module. Code is known by a fingerprint of it."""

    edition: str = ""
    """The edition of the lesson that was handed out."""
    handed_out: str = ""
    """The code in it."""
    started: bool = False
    working: str = "py"
    """The file to work in where both say the same: `py` or `ipynb`."""
    seen: dict[str, str] = field(default_factory=dict)
    """The code that `py` and `ipynb` held when it was last clear which of them counts."""
    finished: str = ""
    """The code that the finished module was exported from."""
    hints: dict[str, int] = field(default_factory=dict)
    """How many hints have been given for each exercise."""


@dataclass
class State:
    """All notes on a workspace."""

    current: str = ""
    """The module that was started last."""
    modules: dict[str, Progress] = field(default_factory=dict)


def from_toml(text: str) -> State:
    """Read the notes.

    Raises:
        ValueError: they are damaged, or a newer TinyTorch wrote them; the message says which.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise ValueError("was damaged") from None
    if not data:
        raise ValueError("was empty")
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise ValueError("is from a newer TinyTorch")
    try:
        return State(
            _text(data["current"]),
            {name: _progress(table) for name, table in data.get("modules", {}).items()},
        )
    except (KeyError, TypeError, AttributeError):
        raise ValueError("was damaged") from None


def to_toml(state: State) -> str:
    """Write the notes down."""
    lines = [_HEADER, f"format = {FORMAT}", f"current = {json.dumps(state.current)}"]
    for name, progress in state.modules.items():
        lines += ["", f"[modules.{name}]"]
        for item in fields(progress):
            value = getattr(progress, item.name)
            if value == getattr(_BLANK, item.name):
                continue
            if isinstance(value, dict):
                pairs = (f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
                lines.append(f"{item.name} = {{{', '.join(pairs)}}}")
            else:
                lines.append(f"{item.name} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _progress(table: dict[str, Any]) -> Progress:
    progress = Progress(**table)
    for item in fields(progress):
        if type(getattr(progress, item.name)) is not type(getattr(_BLANK, item.name)):
            raise TypeError
    if not all(type(count) is int for count in progress.hints.values()):
        raise TypeError
    for code in progress.seen.values():
        _text(code)
    return progress


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_BLANK = Progress()
