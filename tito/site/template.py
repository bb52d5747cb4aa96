"""The pages that are all alike: their texts are in `web/templates/`, with gaps to be filled."""

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


@cache
def _template(root: Path, name: str) -> Template:
    return Template((root / "web" / "templates" / name).read_text(encoding="utf-8"))
