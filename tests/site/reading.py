"""Pages of the site, read as a person or a browser reads them."""

from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """The text of a page, and what it links to or loads.

    Attributes:
        text: what is shown within the main part, in one line.
        links: the targets of its links, wherever they are.
        loads: what a browser fetches for it by itself.
        anchors: what can be linked to in it.
    """

    SILENT = ("script", "style", "head")

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self._parts: list[str] = []
        self._silent = 0
        self.feed(file.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self._parts).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        self._silent += tag in self.SILENT
        if "id" in named:
            self.anchors.add(named["id"])
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag == "link" and named.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(named["href"])
        if tag in ("script", "img", "iframe", "source", "video", "audio") and "src" in named:
            self.loads.append(named["src"])

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)


def pages(site: Path) -> list[Page]:
    """All pages of a site."""
    return [Page(file) for file in sorted(site.rglob("*.html"))]
