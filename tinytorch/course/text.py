"""Text that comes from code under judgement, made fit to be shown."""

from __future__ import annotations

import re
import unicodedata

MOST = 2000
_NOT_PLAIN = re.compile(r"[^\n\t -~]")


def clean(text: str, most: int = MOST) -> str:
    r"""The text without characters that steer a terminal or cannot be written, and not too long.

    They are shown as Python writes them: an escape sequence as ``\x1b[31m``, a mark that turns
    the direction of the line round as ``\u202e``, half of a surrogate pair as ``\ud800``. Of a
    text that is longer than `most` characters its middle is left out.
    """
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]} … {text[-half:]}"
    return _NOT_PLAIN.sub(lambda found: _spelt(found[0]), text)


def _spelt(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":  # of other widths
        return character
    return character.encode("unicode_escape").decode()
