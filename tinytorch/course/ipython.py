"""Cells as IPython runs them, where there is no IPython: its syntax, and what a cell finds around.

A notebook's cell is not quite Python: `%timeit f()`, `files = !ls`, `Linear?`, an `await` outside
of any function. `as_python` turns a cell into the Python that IPython makes of it, each line on
its own line. `run_cells` runs cells one after the other, with a shell that shows and measures
nothing, since nobody is there to see it.
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
import textwrap
import timeit
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

# Magics that run what follows them in the notebook's own namespace. All others are left alone:
# they measure it, run it elsewhere, or mean a setting of the notebook.
_TRANSPARENT = ("time", "prun")
_TRANSPARENT_CELLS = (*_TRANSPARENT, "capture")

# What IPython takes for a magic without its %, where it is a whole cell.
_BARE_MAGICS = re.compile(
    r"(?:pip3?|conda|cd|ls|ll|pwd|cat|cp|mv|rm|mkdir|matplotlib|load_ext|autoreload|who|whos|time|"
    r"timeit|run|env|config)(?:$|\s+[^\s=(,])"
)

# The pieces of Python that matter for where a line ends. What is in none of them is passed over.
_PIECE = re.compile(
    r"""
    (?P<string>(?P<triple>\"{3}|'{3})(?:\\.|[^\\])*?(?:(?P=triple)|\Z))
    |(?P<short>"(?:\\.|[^\\\n"])*(?:"|$)|'(?:\\.|[^\\\n'])*(?:'|$))
    |(?P<comment>\#[^\n]*)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<continued>\\\n)
    |(?P<newline>\n)
    |(?P<assignment>(?<![=!<>:+\-*/%&|^@])=(?!=))
    |(?P<question>\?)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_HELP = re.compile(r"(%{0,2}(?!\d)[\w*]+(?:\.(?!\d)[\w*]+|\[-?[0-9]+\])*)(\?\??)$")
_BLANK_LINES = re.compile(r"(?:[ \t\f]*\n)*")
_INDENTATION = re.compile(r"[ \t]*")
_PHYSICAL_LINE = re.compile(r"(?:[^\n]*\\\n)*[^\n]*")  # a backslash takes it on to the next
# A command behind an `=`.
_SPECIAL_VALUE = re.compile(r"(?:[ \t]|\\\n)*(?=%[ \t]*[^\W\d]|!)")
_CLASSIC_PROMPT = re.compile(r"\s*(?:>>>|\.\.\.)[ \t]?")
_NUMBERED_PROMPT = re.compile(r"(?:(?:\[(?:nav|ins)\] )?In \[\d+\]: |\s*\.{3,}: ?)")


def as_python(cell: str) -> str:
    """A cell as Python, each line where it was; without what IPython would not run as Python."""
    cell = _without_prompts(textwrap.dedent(cell))
    begins = _end(_BLANK_LINES, cell, 0)
    above, cell = cell[:begins], cell[begins:]
    if cell.startswith("%%") and not re.match(r"%%\w+\?", cell):
        first, newline, body = cell.partition("\n")
        name, _, options = first[2:].strip().partition(" ")
        if name not in _TRANSPARENT_CELLS:
            printed = re.findall(r"--(?:out|err)[ =]+([^\W\d]\w*)", options)
            return above + "".join(f"{name} = ''; " for name in printed) + "\n" * cell.count("\n")
        body = as_python(body)
        variable = next((word for word in options.split() if word.isidentifier()), None)
        if name == "capture" and variable:
            code = body.rstrip()
            call = f"\n{variable} = get_ipython().run_cell_magic({name!r}, {options!r}, '')"
            body = code + call + body[len(code) :].replace("\n", "", 1)
        return f"{above}{newline}{body}"
    if _BARE_MAGICS.match(cell) and "\n" not in cell.strip():
        cell = f"%{cell}"
    return above + _transformed(cell)


def _without_prompts(cell: str) -> str:
    """A cell without the prompts of the console that it was copied from."""
    for prompt, begins in ((_CLASSIC_PROMPT, r"\s*>>>( |$)"), (_NUMBERED_PROMPT, r"\s*In \[")):
        if re.match(begins, cell):
            return "\n".join(prompt.sub("", line, count=1) for line in cell.split("\n"))
    return cell


def _transformed(text: str) -> str:
    """The text with each special line replaced by a call, or by the statement it would run."""
    done = []
    position = 0
    while position < len(text):
        start = _end(_INDENTATION, text, position)
        indentation = text[position:start]
        escaped = text[start : start + 1] in _ESCAPES and text[start:].strip() != ""
        end, assignment, asks = _logical_line(text, start)
        if escaped or asks:
            end = _end(_PHYSICAL_LINE, text, start) if escaped else end
            help_on = _HELP.search(text[start:end].rstrip())
            if help_on and not (escaped and "#" in text[start:end]):
                done.append(indentation + _help_call(*help_on.groups()))
            elif escaped:
                done.append(indentation + _escape_call(_joined(text[start:end])))
            else:
                done.append(text[position:end])
        elif assignment and (special := _SPECIAL_VALUE.match(text, assignment)):
            end = _end(_PHYSICAL_LINE, text, special.end())
            command = _joined(text[special.end() : end])
            call = (
                f"get_ipython().getoutput({command[1:]!r})"
                if command.startswith("!")
                else _escape_call(command)
            )
            done.append(text[position : special.end()] + call)
        else:
            done.append(text[position:end])
        # The lines that a command took up, so that what follows stays where it is.
        done.append("\n" * (text.count("\n", position, end) - done[-1].count("\n")))
        done.append(text[end : end + 1])
        position = end + 1
    return "".join(done)


def _logical_line(text: str, start: int) -> tuple[int, int | None, bool]:
    """Where a statement's line ends, where its first `=` ends, and whether it ends in `?`."""
    depth, assignment, question = 0, None, 0
    for piece in _PIECE.finditer(text, start):
        match piece.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth = max(0, depth - 1)
            case "assignment" if depth == 0 and assignment is None:
                assignment = piece.end()
            case "question":
                question = piece.end()
            case "newline" if depth == 0:
                end = piece.start()
                break
    else:
        end = len(text)
    return end, assignment, question > 0 and not text[question:end].strip()


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a pattern that fits anything, if only nothing, ends."""
    match = pattern.match(text, start)
    assert match is not None
    return match.end()


def _joined(command: str) -> str:
    *above, last = command.split("\n")
    return " ".join([*(line.rstrip()[:-1] for line in above), last.rstrip()])


def _magic_call(line: str) -> str:
    name, _, rest = line.partition(" ")
    if name in _TRANSPARENT and rest.strip() and not rest.lstrip().startswith("-"):
        return rest.strip()
    return f"get_ipython().run_line_magic({name!r}, {rest!r})"


def _help_call(target: str, marks: str) -> str:
    magic = "pinfo2" if marks == "??" else "psearch" if "*" in target else "pinfo"
    return f"get_ipython().run_line_magic({magic!r}, {target!r})"


def _call(function: str, arguments: str, quote: str, apart: str) -> str:
    return f"{function}({quote}{apart.join(arguments.split())}{quote})"


_ESCAPES: dict[str, Callable[[str], str]] = {
    "!!": "get_ipython().getoutput({!r})".format,
    "??": lambda rest: _help_call(rest, "??") if rest else "get_ipython().show_usage()",
    "!": "get_ipython().system({!r})".format,
    "?": lambda rest: _help_call(rest, "?") if rest else "get_ipython().show_usage()",
    "%": _magic_call,
    ",": lambda rest: _call(*rest.partition(" ")[::2], '"', '", "'),
    ";": lambda rest: "{}({!r})".format(*rest.partition(" ")[::2]),
    "/": lambda rest: _call(*rest.partition(" ")[::2], "", ", "),
}


def _escape_call(command: str) -> str:
    escape = command[:2] if command[:2] in _ESCAPES else command[:1]
    return _ESCAPES[escape](command[len(escape) :])


class _Nothing:
    """What a display or a setting of a notebook comes to here: it can be used like anything."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python looks for its own protocols
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: object, **options: object) -> Any:
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return ""


class _Output(list[str]):
    """The lines that a command of the system prints: none, since it is not run."""

    n = nlstr = s = spstr = ""
    l = property(list)  # noqa: E741 - IPython's name


class _Captured(_Nothing):
    """What `%%capture` has caught: nothing, since nothing is shown."""

    stdout = stderr = ""
    outputs = ()


class _Timing:
    """The answer of `%timeit -o`: one run, where IPython takes many."""

    def __init__(self, seconds: float) -> None:
        self.average = self.best = self.worst = seconds
        self.stdev = self.compile_time = 0.0
        self.loops = self.repeat = 1
        self.all_runs = self.timings = [seconds]


class _Shell(_Nothing):
    """What `get_ipython()` returns."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.user_ns = namespace

    def __bool__(self) -> bool:
        return True

    def run_line_magic(self, name: str, line: str, *rest: object) -> Any:
        """Do nothing, except to time what is timed for its answer."""
        options = re.match(r"(?:-[nrp]\s*\d+\s+|-[otcqv]+\s+)*", line)
        if name == "timeit" and options and "o" in options[0]:
            statement = line[options.end() :]
            return _Timing(timeit.timeit(statement, globals=self.user_ns, number=1))
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> _Captured:
        """Do nothing."""
        return _Captured()

    def system(self, command: str) -> None:
        """Do nothing."""

    def getoutput(self, command: str) -> _Output:
        """What a command prints, which is not run: nothing."""
        return _Output()


def around(namespace: dict[str, Any]) -> dict[str, Any]:
    """The built-in names of a notebook: Python's, and those that IPython adds."""
    shell = _Shell(namespace)
    return {
        **vars(builtins),
        **dict.fromkeys(("_", "__", "___", "_i", "_ii", "_iii"), ""),
        "get_ipython": lambda: shell,
        "display": lambda *objects, **options: None,
        "In": [""],
        "Out": {},
    }


def run_cells(codes: Iterable[CodeType], namespace: dict[str, Any]) -> None:
    """Run the code of cells one after the other, as the cells of one notebook.

    They may be the first of several runs of cells in the same namespace.
    """
    past = namespace.setdefault("__builtins__", around(namespace))

    def keep(value: Any) -> None:
        if value is not None:
            past["___"], past["__"], past["_"] = past["__"], past["_"], value
            past["Out"][len(past["Out"]) + 1] = value

    displayhook, sys.displayhook = sys.displayhook, keep
    runner = None
    try:
        for code in codes:
            if not code.co_flags & inspect.CO_COROUTINE:
                exec(code, namespace)
                continue
            if runner is None:
                import asyncio  # here, because few cells await anything and it takes its time

                runner = asyncio.Runner()
            runner.run(eval(code, namespace))
    finally:
        sys.displayhook = displayhook
        if runner is not None:
            runner.close()
