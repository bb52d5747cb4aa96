"""What Sphinx and its theme leave undone for those who listen to a page."""

import re
from pathlib import Path

_MENDED = {
    # The captions in the navigation say that they are headings, not of which level.
    r'(<p class="caption" role="heading")>': r'\1 aria-level="2">',
    # There are two landmarks of one kind, and neither says which it is.
    r'(<aside class="sidebar-drawer")>': r'\1 aria-label="Site">',
    r'(<aside class="toc-drawer[^"]*")>': r'\1 aria-label="On this page">',
    # The head of a column that has none is no head.
    r'<th class="head"><p></p></th>': '<td class="head"></td>',
    # The page for searching has no heading before one searches.
    r'(?<!</h1>)(<div id="search-results">)': r"<h1>Search</h1>\1",
}


def mend(site: Path) -> None:
    """Mend all pages in a folder; those that are mended already stay as they are."""
    for file in site.rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        mended = html
        for pattern, replacement in _MENDED.items():
            mended = re.sub(pattern, replacement, mended)
        if mended != html:
            file.write_text(mended, encoding="utf-8")
