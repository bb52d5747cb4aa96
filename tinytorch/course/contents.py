"""What is in a file that a learner hands in: Python, or a notebook's code; or else, what it is.

Its content says so, whatever it is called. What is neither is refused with the cause, since files
come as they are: saved from a browser, by an editor in an encoding of its own, half downloaded.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import stat
import tokenize
import warnings
from typing import Any

# The largest file that is read, and the most code in it that is looked at, in bytes. Outputs make
# a notebook large; more code than this would be a hundred times a lesson.
LARGEST_FILE = 32 * 2**20
MOST_CODE = 2 * 2**20

_DO_NOT_WAIT = getattr(os, "O_NONBLOCK", 0)

# How files begin that are often handed in instead.
_UTF_16 = "text in UTF-16, as some Windows programs write it; save it as UTF-8"
_OTHER_KINDS = (
    (
        rb"\s*<(!doctype )?html",
        "a web page; download the file itself, by the button for its raw form",
    ),
    (rb"PK\x03\x04", "a zip archive; unpack it first"),
    (rb"\x1f\x8b", "a compressed file; unpack it first"),
    (rb"%PDF-", "a PDF"),
    (rb"\x89PNG|\xff\xd8\xff", "a picture"),
    (rb"\{\\rtf", "rich text; save it as plain text"),
    (rb"\xff\xfe|\xfe\xff|([^\0]\0){4}|(\0[^\0]){4}", _UTF_16),
    (rb"version https://git-lfs", "the note of Git LFS about it; fetch it with: git lfs pull"),
)
# Where a notebook names its language, if it does.
_LANGUAGES = (("kernelspec", "language"), ("language_info", "name"))


class UnreadableError(SyntaxError):
    """A file is neither text nor a notebook, or there is more of it than is read.

    Args:
        file: the file.
        problem: what it is instead.
        line, column, text: the place of the trouble, if there is one, and the line there.
    """

    def __init__(
        self,
        file: str,
        problem: str,
        line: int | None = None,
        column: int | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(problem, (file, line, column, text))


def content_of(file: str) -> str | list[str]:
    """What is in a file: a text, or the texts of a notebook's code cells."""
    data = _bytes_of(file)
    is_named_notebook = file.lower().endswith(".ipynb")
    wanted = "a notebook" if is_named_notebook else "a text file"
    if is_named_notebook and not data.strip():
        raise UnreadableError(file, "not a notebook: the file is empty")
    for beginning, kind in _OTHER_KINDS:
        if re.match(beginning, data, re.IGNORECASE):
            raise UnreadableError(file, f"not {wanted} but {kind}")
    text = _decoded(file, data, wanted)
    content: str | list[str] = text
    if text.lstrip().startswith("{") and ('"cell_type"' in text or is_named_notebook):
        content = _notebook_code(file, text)
    elif is_named_notebook and (len(text) > MOST_CODE or parsed(text) is None):
        raise UnreadableError(file, "not a notebook, which is JSON, nor Python")
    code = "\n".join(content) if isinstance(content, list) else content
    if len(code) > MOST_CODE:
        raise UnreadableError(
            file, f"{len(code) >> 20} MB of code, and no more than {MOST_CODE >> 20} MB are read"
        )
    return content


def _bytes_of(file: str) -> bytes:
    """What is in a file, which has an end."""
    # Opening a named pipe would wait for somebody who writes into it.
    with open(file, "rb", opener=lambda path, flags: os.open(path, flags | _DO_NOT_WAIT)) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise UnreadableError(file, "not a file with an end, but a pipe or a device")
        data = opened.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise UnreadableError(
            file,
            f"too large; no more than {LARGEST_FILE >> 20} MB are read, and "
            "a notebook gets small when its outputs are cleared",
        )
    return data


def _decoded(file: str, data: bytes, wanted: str) -> str:
    """The text in these bytes, with its lines as Python sees them."""
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        problem = ""
    except SyntaxError as error:
        encoding, problem = "utf-8", str(error).partition(" for ")[0]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        above = data[: error.start].decode(encoding)
        lines = data.decode(encoding, "backslashreplace").split("\n")
        fix = "save it as UTF-8"
        if not data.lstrip().startswith(b"{"):  # Python, which may say what it is written in
            fix += ", or have its first line declare the encoding, as in # coding: latin-1"
        number = above.count("\n") + 1
        raise UnreadableError(
            file,
            f"not {wanted} in {encoding}: byte 0x{data[error.start]:02x}; {fix}",
            number,
            len(above) - above.rfind("\n"),
            lines[number - 1],
        ) from None
    except (LookupError, UnicodeError):  # rot13, which is no encoding of bytes, and its like
        text, problem = "", f"unknown encoding: {encoding}"
    if problem:
        line = data.partition(b"\n")[0].decode("ascii", "backslashreplace")
        raise UnreadableError(file, problem, 1, 1, line)
    return text


def _notebook_code(file: str, text: str) -> list[str]:
    try:
        notebook: Any = json.loads(text)
    except json.JSONDecodeError as error:
        problem = error.msg
        if re.search(r"^(<<<<<<<|>>>>>>>) ", text, re.MULTILINE):
            problem = "it has the marks of a merge in Git that is not done"
        elif not text.rstrip().endswith("}"):
            problem = "it breaks off in the middle"
        line = text.split("\n")[error.lineno - 1]
        raise UnreadableError(
            file, f"not a notebook: {problem}", error.lineno, error.colno, line
        ) from None
    except RecursionError:
        raise UnreadableError(file, "not a notebook: its JSON is nested too deep") from None
    try:
        about = notebook.get("metadata", {})
        named = (about.get(kind, {}).get(key) for kind, key in _LANGUAGES)
        language = next(filter(None, named), "python")
        # Up to format 3, cells were on worksheets, and their text was called input.
        sheets = notebook.get("worksheets", [notebook])
        sources = [
            cell.get("source", cell.get("input", ""))
            for sheet in sheets
            for cell in sheet["cells"]
            if cell["cell_type"] == "code"
        ]
        codes = ["".join(source).replace("\r\n", "\n").replace("\r", "\n") for source in sources]
    except (AttributeError, KeyError, TypeError):
        raise UnreadableError(
            file, "not a notebook: it has no cells as Jupyter writes them"
        ) from None
    if not language.lower().startswith(("python", "ipython")):
        raise UnreadableError(file, f"a notebook in {language}, not in Python")
    return codes


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of a text; None if it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # ValueError: null bytes
        return None
