"""Everybody can use the pages: on a phone, in the dark, with the keyboard alone, listening."""

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.needs("the site's packages", "chromium", "axe"),
]

# One of each kind.
PAGES = (
    "index.html",
    "learners.html",
    "path.html",
    "modules/layers.html",
    "modules/autograd.html",
    "lesson/layers.html",
    "milestones.html",
    "museum.html",
    "museum/activations.html",
    "experiments.html",
    "experiments/layers/flops.html",
    "instructors.html",
    "commands.html",
    "reference/layers.html",
    "benchmarks.html",
    "search.html?q=dropout",
)
LOOKS = ((320, "light"), (320, "dark"), (1440, "light"), (1440, "dark"))


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that must not complain, in a browser that likes no motion."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    name: str, page: Any, address: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}/{name}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == [], (width, scheme)


def test_the_network_of_the_first_page_reads_each_digit_that_it_draws(
    page: Any, address: str
) -> None:
    page.goto(f"{address}/index.html")
    said = page.locator(".digit-demo-said")
    read = []
    for _ in range(10):
        page.get_by_role("button", name="Draw one for me").click()
        read.append(said.inner_text())
    assert read == [
        f"It reads a{'n' * (digit == 8)} {digit}." for digit in (0, 7, 4, 1, 8, 5, 2, 9, 6, 3)
    ]


def test_somebody_draws_a_one_and_it_is_read_and_cleared(page: Any, address: str) -> None:
    page.goto(f"{address}/index.html")
    box = page.locator("canvas").bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] - 40, steps=10)
    page.mouse.up()
    assert page.locator(".digit-demo-said").inner_text() == "It reads a 1."
    page.get_by_role("button", name="Clear").click()
    assert page.locator(".digit-demo-said").inner_text().startswith("Draw a digit")


def test_with_the_keyboard_alone_one_gets_to_a_module_and_to_the_next(
    page: Any, address: str
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{address}/index.html")
    press_until(page, "Skip to content")
    page.keyboard.press("Enter")
    press_until(page, "03 Layers")
    page.keyboard.press("Enter")
    page.wait_for_url("**/modules/layers.html")
    press_until(page, "Next 04 Losses")
    page.keyboard.press("Enter")
    page.wait_for_url("**/modules/losses.html")


def press_until(page: Any, words: str, most: int = 200) -> None:
    """Press Tab until the link with these words has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.innerText, document.activeElement.getAttribute('aria-label')]"
        )
        if words in (" ".join((text or "").split()) for text in focused):
            return
    pytest.fail(f"no {words!r} in {most} steps")


def test_the_search_finds_a_word_of_a_page(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{address}/index.html")
    page.get_by_placeholder("Search").fill("Glorot")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    targets = page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
    assert any("museum/layers.html" in target for target in targets)
