"""The documents of the clone as pages: `docs/`, how to contribute, and what has changed."""

import os
import re
from pathlib import Path

from tito import addresses

PAGES = {
    "design": "docs/design.md",
    "checks": "docs/checks.md",
    "benchmarks": "docs/benchmarks.md",
    "feedback": "docs/feedback.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}
"""Page to document."""

_LINK = re.compile(r"\]\(([^)\s#:]+)(#[^)]*)?\)")


def document(root: Path, path: str) -> str:
    """A document, its links to files of the clone now leading to pages, or to the repository."""
    folder = Path(path).parent

    def replaced(found: re.Match[str]) -> str:
        target = os.path.normpath(folder / found.group(1))
        anchor = found.group(2) or ""
        if target.startswith("docs/images/"):
            return f"]({target.removeprefix('docs/')})"
        for page, file in PAGES.items():
            if file == target:
                return f"]({page}.md{anchor})"
        return f"]({addresses.source(target)}{anchor})"

    return _LINK.sub(replaced, (root / path).read_text(encoding="utf-8"))
