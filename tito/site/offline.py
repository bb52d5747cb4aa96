"""What a site needs to go on without a network: a list of its files, for the service worker."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

LIST = "offline.json"

# What a lesson needs is kept at the first visit; Python once the page is idle; the rest on demand.
_AT_ONCE = ("*.html", "*.css", "*.js", "*.json", "*.svg", "*.woff2")
_ON_DEMAND = ("pyodide", "mnist", "files", "_images", "_sources", "_downloads")


def write_list(site: Path) -> str:
    """Write the list of the site's files with their hashes; its own hash, by which it is known."""
    files = {
        file.relative_to(site).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(site.rglob("*"))
        if file.is_file() and not _is_left_out(file.relative_to(site))
    }
    text = json.dumps(
        {"files": files, "at_once": [name for name in files if _is_kept_at_once(Path(name))]},
        indent=1,
    )
    (site / LIST).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_left_out(file: Path) -> bool:
    """Whether no page asks for a file: notes of Sphinx, and what this module makes."""
    return file.name.startswith(".") or file.name in (LIST, "service-worker.js", "objects.inv")


def _is_kept_at_once(file: Path) -> bool:
    return file.parts[0] not in _ON_DEMAND and any(file.match(pattern) for pattern in _AT_ONCE)
