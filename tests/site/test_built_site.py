"""The site as it is built: whole, the same each time, and nothing in it comes from elsewhere."""

import filecmp
import json
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from reading import Page, pages

from tinytorch.course import MODULES, Module
from tito import addresses
from tito.dev import museum
from tito.site.build import build

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.needs("the site's packages"), pytest.mark.thorough]


def test_each_module_of_the_course_has_its_page(site: Path) -> None:
    for module in MODULES:
        assert (site / "modules" / f"{module.name}.html").is_file()


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    read = {page.file.resolve(): page for page in pages(site)}
    lost = []
    for page in read.values():
        for link in page.links + page.loads:
            target, anchor = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            path = unquote(urlsplit(target).path)
            file = (page.file.parent / path).resolve() if path else page.file.resolve()
            file = file / "index.html" if file.is_dir() else file
            there = file.is_file() and (
                not anchor or file not in read or anchor in read[file].anchors
            )
            if not there:
                lost.append((str(page.file.relative_to(site)), link))
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    foreign = [
        (page.file.name, source)
        for page in pages(site)
        for source in page.loads
        if urlsplit(source).netloc
    ]
    assert foreign == []
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert "url(http" not in sheets
    assert "@import" not in sheets


def test_building_again_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    build(ROOT, tmp_path / "again")
    names = {file.relative_to(site) for file in site.rglob("*") if file.is_file()}
    again = {
        f.relative_to(tmp_path / "again") for f in (tmp_path / "again").rglob("*") if f.is_file()
    }
    assert again == names
    _, different, unread = filecmp.cmpfiles(
        site, tmp_path / "again", map(str, names), shallow=False
    )
    assert (different, unread) == ([], [])


def test_no_page_names_a_path_of_the_machine_that_built_it(site: Path) -> None:
    for file in site.rglob("*"):
        if file.is_file():
            assert str(ROOT).encode() not in file.read_bytes(), file


def test_the_exercise_can_be_downloaded_as_notebook_and_as_file(site: Path) -> None:
    page = Page(site / "modules" / "layers.html")
    files = {
        Path(link).suffix: page.file.parent / link for link in page.links if "_downloads" in link
    }
    assert set(files) == {".ipynb", ".py"}
    notebook = json.loads(files[".ipynb"].read_text(encoding="utf-8"))
    assert notebook == json.loads((ROOT / "modules/03_layers/layers_dev.ipynb").read_text("utf-8"))
    exercise = files[".py"].read_text(encoding="utf-8")
    assert "raise NotImplementedError" in exercise
    assert "BEGIN SOLUTION" not in exercise


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_cards_lead_to_the_repository_in_the_one_setting(module: Module, site: Path) -> None:
    links = Page(site / "modules" / f"{module.name}.html").links
    place = f"{addresses.REPOSITORY}/{addresses.BRANCH}"
    assert f"https://mybinder.org/v2/gh/{place}?filepath={module.notebook}" in links
    blob = f"{addresses.REPOSITORY}/blob/{addresses.BRANCH}"
    assert f"https://colab.research.google.com/github/{blob}/{module.notebook}" in links
    assert f"https://github.com/{blob}/{module.lesson}" in links


@pytest.mark.parametrize("module", museum.MODULES, ids=lambda module: module.name)
def test_the_museum_shows_every_mistake_word_for_word(module: Module, site: Path) -> None:
    text = Page(site / "museum" / f"{module.name}.html").text
    lost = [
        sentence
        for exhibit in museum.mistakes(module)
        for sentence in (exhibit.says, exhibit.named or "")
        if " ".join(sentence.replace("`", "").split()) not in text
    ]
    assert lost == []


def test_the_page_of_the_commands_names_every_option(site: Path) -> None:
    text = Page(site / "commands.html").text
    for option in (
        "tito site build",
        "--pyodide",
        "--no-guess",
        "tito milestone mnist",
        "--epochs",
    ):
        assert option in text


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_reference_has_what_a_module_teaches(module: Module, site: Path) -> None:
    anchors = Page(site / "reference" / f"{module.name}.html").anchors
    assert {f"tinytorch.core.{module.name}.{name}" for name in module.teaches} <= anchors
