"""What is printed gets through, whatever characters the terminal or the pipe has."""

import codecs
import io
import json
import os
import sys
from typing import Any

import click

# Signs that an encoding may lack, by what stands for them there; as wide, to keep columns.
_SUBSTITUTES = {"✅": "ok", "❌": "!!", "⏳": "..", "💡": "->", "📈": "==", "🔬": "##"} | dict(
    zip("✓✚·…µ→←≤≥≈√■●◆▲▼─━│⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "v+-.u><<>~v#o*^v--|-0123456789", strict=True)
)
_ERRORS, _ASCII = "tito-substitute", "tito-ascii"


def make_printable() -> None:
    """Have the standard streams print a substitute for each character that they lack.

    A stream that was closed before the program began prints nowhere.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    codecs.register_error(_ERRORS, _substitute)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = codecs.lookup(stream.encoding).name
            stream.reconfigure(encoding=_ASCII if encoding == "ascii" else None, errors=_ERRORS)


def print_json(value: Any) -> None:
    """Print a value as JSON, which is pure ASCII where the stream is not UTF-8."""
    click.echo(json_text(value, ensure_ascii=not sys.stdout.encoding.startswith("utf")), nl=False)


def json_text(value: Any, ensure_ascii: bool = False) -> str:
    """The value as JSON, ending in a newline."""
    return json.dumps(value, indent=2, ensure_ascii=ensure_ascii, allow_nan=False) + "\n"


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """What to print for characters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_stand_in, lacking)), error.end


def _stand_in(character: str) -> str:
    if "\N{BRAILLE PATTERN BLANK}" <= character <= "\N{BRAILLE PATTERN DOTS-12345678}":
        return " " if character == "\N{BRAILLE PATTERN BLANK}" else ":"
    if "\N{UPPER HALF BLOCK}" <= character <= "\N{RIGHT ONE EIGHTH BLOCK}":
        return "#"
    if "\N{BOX DRAWINGS LIGHT HORIZONTAL}" <= character < "\N{UPPER HALF BLOCK}":
        return _SUBSTITUTES.get(character, "+")
    return _SUBSTITUTES.get(character) or character.encode("ascii", "backslashreplace").decode()


def _ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII by another name: click takes that name for a mistake, and writes UTF-8."""
    if name.replace("_", "-") != _ASCII:
        return None
    plain = codecs.lookup("ascii")
    return codecs.CodecInfo(
        plain.encode,
        plain.decode,
        incrementalencoder=plain.incrementalencoder,
        incrementaldecoder=plain.incrementaldecoder,
        name=_ASCII,
    )
