"""The pages that are all alike: their texts are in `web/templates/`, with gaps to be filled."""

import re
from functools import cache
from pathlib import Path
from string import Template

from tito.repository import repository_root


def fill(template: str, /, **values: str) -> str:
    """A template with its gaps filled in.

    Raises:
        KeyError: a gap has no value.
    """
    return _template(repository_root(), template).substitute(values)


def plain(text: str) -> str:
    """A sentence in which nothing but what stands in backticks means anything to Markdown."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them has no partner
        return _SPECIAL.sub(r"\\\g<0>", text)
    parts[::2] = [_SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


_SPECIAL = re.compile(r"[\\`*_<>\[\]{}#|$~]")


@cache
def _template(root: Path, name: str) -> Template:
    return Template((root / "web" / "templates" / name).read_text(encoding="utf-8"))
