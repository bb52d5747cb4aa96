"""Lessons that run in the page, in a real browser: what a newcomer does, and what may go wrong."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import served
from lesson_driver import PATIENCE, LessonPage, solved_cells, words

from tinytorch.core.training import load
from tinytorch.course import find_module
from tito.checks.runner import run_checks
from tito.site import offline
from tito.terminal.checks import unit_lines

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.needs("the site's packages", "npm", "chromium", "Pyodide"),
]

LAYERS = find_module("layers")
CELLS = solved_cells(LAYERS)
LINEAR, DROPOUT = CELLS
# The bias is forgotten.
SLIP = CELLS[LINEAR].replace("apply(linear, x, self.weight, self.bias)", "x @ self.weight")


@pytest.fixture
def lesson(browser: Any, address: str) -> Iterator[LessonPage]:
    """The page of the lesson on layers, in a browser that has nothing in it."""
    context = browser.new_context()
    page = LessonPage(context.new_page(), address, LAYERS)
    yield page
    context.close()
    assert page.errors == []


def told_by_tito(file: Path, unit: str) -> list[str]:
    """What `tito test` says of a unit."""
    results = [r for r in run_checks(LAYERS, file).results if r.unit.title == unit]
    return [line for _, line in unit_lines(results[0].unit, results, 100)]


def test_a_mistake_is_named_as_tito_test_names_it_and_then_mended(
    lesson: LessonPage, tmp_path: Path
) -> None:
    assert CELLS[LINEAR] != SLIP
    lesson.write(LINEAR, SLIP)
    seen = lesson.check("Linear Layer")
    told = told_by_tito(lesson.saved("as a .py", tmp_path), "Linear Layer")
    assert words(seen) == words(told)
    assert any("❌" in line for line in seen)
    lesson.write(LINEAR, CELLS[LINEAR])
    assert lesson.check("Linear Layer")[-1].startswith("📈 Progress")


def test_an_endless_loop_is_stopped_and_nothing_is_lost(lesson: LessonPage) -> None:
    experiment = lesson.page.locator("[data-kind=experiment]").nth(1)
    cell = str(experiment.get_attribute("id")).removeprefix("cell-")
    lesson.write(LINEAR, CELLS[LINEAR])
    lesson.write(cell, "print('begun')\nwhile True:\n    pass")
    experiment.get_by_role("button", name="Run").click()
    experiment.locator("pre.lesson-stdout").wait_for()
    lesson.page.get_by_role("button", name="Stop", exact=True).click(timeout=1000)
    experiment.get_by_text("Nothing that you wrote is lost").wait_for(timeout=1000)
    assert "begun" in experiment.locator("pre.lesson-stdout").inner_text()
    assert "while True:" in lesson.text(cell)
    lesson.write(cell, "print(6 * 7)")
    experiment.get_by_role("button", name="Run").click()
    experiment.get_by_text("42").wait_for()


def test_a_check_that_does_not_end_says_what_tito_test_says(lesson: LessonPage) -> None:
    forever = CELLS[LINEAR].replace("return [self.weight]", "while True: pass\n        return []")
    assert forever != CELLS[LINEAR]
    lesson.write(LINEAR, forever)
    seen = lesson.check("Linear Layer")
    assert "   It does not come to an end, or takes far too long." in seen


def test_what_is_written_is_there_after_a_reload_and_in_another_tab(
    lesson: LessonPage, address: str
) -> None:
    lesson.write(LINEAR, "a = 1")
    lesson.page.keyboard.type("2")
    lesson.open()
    assert lesson.text(LINEAR) == "a = 12"
    other = LessonPage(lesson.page.context.new_page(), address, LAYERS)
    assert other.text(LINEAR) == "a = 12"
    other.editor(LINEAR).press("Control+End")
    other.page.keyboard.type("34")
    lesson.page.bring_to_front()
    lesson.page.get_by_text("a = 1234").wait_for()
    lesson.editor(LINEAR).press("Control+End")
    lesson.page.keyboard.type("5")
    other.page.bring_to_front()
    other.page.get_by_text("a = 12345").wait_for()


@pytest.mark.parametrize("form", ["as a notebook", "as a .py"])
def test_a_saved_file_passes_elsewhere_and_comes_back(
    lesson: LessonPage, tmp_path: Path, form: str
) -> None:
    for cell, text in CELLS.items():
        lesson.write(cell, text)
    file = lesson.saved(form, tmp_path)
    assert run_checks(LAYERS, file).passed
    fresh = LessonPage(
        lesson.page.context.browser.new_context().new_page(),
        lesson.address.rpartition("/lesson/")[0],
        LAYERS,
    )
    fresh.page.get_by_role("button", name="Your work", exact=True).click()
    fresh.page.set_input_files("#lesson-file", file)
    fresh.page.get_by_text(f"Taken from {file.name}").wait_for()
    fresh.page.get_by_role("button", name="Close").click()
    assert fresh.text(LINEAR) == lesson.text(LINEAR)
    fresh.page.context.close()


def test_all_work_goes_to_another_machine(lesson: LessonPage, tmp_path: Path) -> None:
    lesson.write(DROPOUT, "b = 1")
    file = lesson.saved("the work of all modules", tmp_path)
    assert [cell["text"] for cell in json.loads(file.read_text())["cells"]] == ["b = 1"]
    other = LessonPage(
        lesson.page.context.browser.new_context().new_page(),
        lesson.address.rpartition("/lesson/")[0],
        LAYERS,
    )
    other.page.set_input_files("#lesson-file", file)
    other.page.get_by_text("Taken: 1 cell of 1 module.").wait_for(state="attached")
    other.open()
    assert other.text(DROPOUT) == "b = 1"
    other.write(DROPOUT, "c = 2")
    other.page.get_by_role("button", name="Your work", exact=True).click()
    other.page.set_input_files("#lesson-file", file)
    other.page.get_by_text("There is other work of yours here in 1 cell.").wait_for()
    other.page.get_by_role("button", name="Keep what is here").click()
    other.page.get_by_text("Taken: 0 cells of 0 modules.").wait_for()
    other.page.set_input_files("#lesson-file", file)
    other.page.get_by_role("button", name="Replace what is here").click()
    other.page.get_by_text("Taken: 1 cell of 1 module.").wait_for()
    other.page.get_by_role("button", name="Close").click()
    assert other.text(DROPOUT) == "b = 1"
    other.page.context.close()


def test_hints_unfold_one_at_a_time_and_then_the_solution_is_offered(lesson: LessonPage) -> None:
    hints = lesson.page.locator("details:has(summary:text-matches('^Hint'))")
    shown = [hints.nth(n) for n in range(3)]
    assert [hint.is_visible() for hint in shown] == [True, False, False]
    for number, hint in enumerate(shown):
        hint.locator("summary").click()
        if number < 2:
            shown[number + 1].wait_for()
    solution = lesson.page.get_by_role("button", name="Show a solution of Linear.__init__")
    solution.click()
    assert "standard_normal" in lesson.page.locator(".lesson-solution").first.inner_text()
    lesson.open()
    assert lesson.page.locator("details:has(summary:text-matches('^Hint'))").nth(2).is_visible()


def test_a_full_disk_is_said(lesson: LessonPage) -> None:
    tools = lesson.page.context.new_cdp_session(lesson.page)
    origin = lesson.address.rpartition("/lesson/")[0]
    tools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    lesson.write(LINEAR, "a = 1")
    alert = lesson.page.get_by_role("alert")
    alert.get_by_text("cannot keep your work").wait_for()
    assert "Save it as a file" in alert.inner_text()


def test_a_browser_that_keeps_nothing_says_so_and_the_lesson_goes_on(
    browser: Any, address: str
) -> None:
    context = browser.new_context()
    context.add_init_script(
        """for (const store of ["localStorage", "indexedDB"]) {
            Object.defineProperty(window, store, {
                get() { throw new DOMException("storage is off", "SecurityError"); },
            });
        }"""
    )
    lesson = LessonPage(context.new_page(), address, LAYERS)
    lesson.page.get_by_text("cannot keep your work: storage is off").wait_for()
    lesson.write(LINEAR, CELLS[LINEAR])
    assert lesson.check("Linear Layer")[-1].startswith("📈 Progress")
    context.close()


def test_after_one_visit_it_works_without_a_network(lesson: LessonPage) -> None:
    lesson.page.wait_for_selector("html[data-offline=ready]")
    lesson.page.context.set_offline(True)
    lesson.open()
    lesson.write(LINEAR, CELLS[LINEAR])
    assert lesson.check("Linear Layer")[-1].startswith("📈 Progress")


OLD_WORK = """
async ([module, exercise]) => {
    const opening = indexedDB.open("tinytorch");
    const database = await new Promise((resolve) => {
        opening.onsuccess = () => resolve(opening.result);
    });
    const writing = database.transaction("cells", "readwrite");
    writing.objectStore("cells").put({
        module, cell: "0123456789ab", text: "mine = 1", original: "raise", exercises: [exercise],
        edition: "before", version: 3, tab: "another",
    });
    await new Promise((resolve) => { writing.oncomplete = resolve; });
}
"""


def test_work_from_before_an_update_stands_beside_the_new_cell(lesson: LessonPage) -> None:
    lesson.page.evaluate(OLD_WORK, ["layers", "Linear.forward"])
    lesson.open()
    note = lesson.cell(LINEAR).locator("details.lesson-orphan")
    note.get_by_text("has changed since you wrote yours").click()
    assert note.locator("pre").inner_text() == "mine = 1"
    assert "class Linear" in lesson.text(LINEAR)
    note.get_by_role("button", name="Put them into the cell").click()
    assert lesson.text(LINEAR) == "mine = 1"


def test_a_newer_build_is_offered_and_takes_over_when_asked_to(
    browser: Any, site: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("pyodide", "mnist"))
    context = browser.new_context()
    with served(copy) as address:
        lesson = LessonPage(context.new_page(), address, LAYERS)
        lesson.page.wait_for_function("() => navigator.serviceWorker.controller")
        lesson.write(LINEAR, "mine = 1")
        page = copy / "lesson" / "layers.html"
        page.write_text(page.read_text().replace("03 Layers", "03 Layers anew"))
        offline.write_list(copy)
        worker = copy / "service-worker.js"
        worker.write_text(f"{worker.read_text()}\n// another build")
        worker.write_text(re.sub(r'"[0-9a-f]{16}"', '"0123456789abcdef"', worker.read_text()))
        lesson.open()
        assert "anew" not in lesson.page.title()
        lesson.page.get_by_role("button", name="Use it now").click()
        lesson.page.get_by_role("heading", name="03 Layers anew").wait_for()
        assert lesson.text(LINEAR) == "mine = 1"
    context.close()


HAZARDS = {
    "def f(n):\n    return f(n + 1)\nf(0)": "RecursionError",
    "exit()": "SystemExit",
    "import numpy\nkept = []\nwhile True:\n    kept.append(numpy.ones(10**7))": "MemoryError",
    "x = (": "was never closed",
    "import subprocess\nsubprocess.run(['ls'])": "does not support processes",
}


def test_what_goes_wrong_in_a_cell_is_told_and_the_page_goes_on(lesson: LessonPage) -> None:
    experiment = lesson.page.locator("[data-kind=experiment]").nth(1)
    cell = str(experiment.get_attribute("id")).removeprefix("cell-")
    output = experiment.locator(".lesson-output")
    for code, told in HAZARDS.items():
        lesson.write(cell, code)
        experiment.get_by_role("button", name="Run").click()
        output.get_by_text(told).first.wait_for()
    lesson.write(cell, "while True:\n    print('a line')")
    experiment.get_by_role("button", name="Run").click()
    output.get_by_text("more was printed than is shown").wait_for()
    lesson.page.get_by_role("button", name="Stop", exact=True).click(timeout=1000)
    output.get_by_text("Nothing that you wrote is lost").wait_for(timeout=1000)


def test_a_finished_module_lies_under_the_next(lesson: LessonPage, address: str) -> None:
    for cell, text in CELLS.items():
        lesson.write(cell, text)
    lesson.page.get_by_role("button", name="Finish module 03").click()
    lesson.page.get_by_text("Module 03 is finished").wait_for()
    page = lesson.page.context.new_page()
    losses = LessonPage(page, address, find_module("losses"))
    cell = losses.page.locator("[data-kind=experiment]").first
    identity = str(cell.get_attribute("id")).removeprefix("cell-")
    losses.write(
        identity, "import tinytorch; print(tinytorch.Linear.__init__.__code__.co_filename)"
    )
    cell.get_by_role("button", name="Run").click()
    cell.get_by_text("layers_dev.py").wait_for()
    losses.page.get_by_text("layers is yours, the others are the reference's").wait_for()


def test_a_lesson_is_done_with_the_keyboard_alone(lesson: LessonPage) -> None:
    keyboard = lesson.page.keyboard
    lesson.editor(LINEAR).focus()
    keyboard.press("Control+A")
    keyboard.insert_text(SLIP)
    keyboard.press("Shift+Enter")
    assert any("❌" in line for line in lesson.verdict("Linear Layer"))
    for key in ("Escape", "Tab"):
        keyboard.press(key)
    focused = lesson.page.evaluate("() => document.activeElement.textContent")
    assert focused == "Check"
    for _ in range(8):
        keyboard.press("Tab")
        if str(lesson.page.evaluate("() => document.activeElement.textContent")).startswith(
            "Go to"
        ):
            break
    keyboard.press("Enter")
    line = lesson.page.locator(".cm-content:focus .lesson-marked").inner_text()
    assert "x @ self.weight" in line or "def forward" in line


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_nothing_is_wider_than_the_screen(lesson: LessonPage, width: int) -> None:
    lesson.page.set_viewport_size({"width": width, "height": 800})
    lesson.editor(LINEAR).focus()
    widest = lesson.page.evaluate("() => document.documentElement.scrollWidth")
    assert widest <= width
    assert (
        lesson.page.get_by_role("button", name="Check Linear Layer").bounding_box()["width"] >= 44
    )


def test_the_network_is_trained_and_reads_what_is_drawn(
    browser: Any, address: str, tmp_path: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/lesson/milestone-mnist.html")
    page.get_by_label("Epochs").fill("1")
    page.get_by_role("button", name="Train").click()
    page.get_by_text("of the 10,000 test images right").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the weights").click()
    weights = tmp_path / "weights.safetensors"
    download.value.save_as(weights)
    assert set(load(weights)) == {
        f"layer{n}.{part}" for n in (1, 2, 3) for part in ("weight", "bias")
    }
    page.reload()
    draw(page, [(0.5, 0.15), (0.5, 0.85)])
    page.get_by_text("It reads a 1.").wait_for()
    page.set_input_files("#weights", weights)
    page.get_by_text("These weights are from weights.safetensors.").wait_for()
    context.close()


def test_a_question_is_answered_after_a_guess_and_again_as_settings_change(
    browser: Any, address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/experiments/layers/growth.html")
    page.get_by_role("button", name="Answer it here").click()
    page.locator("#guess").fill("2")
    page.get_by_role("button", name="That is my guess").click()
    answer = page.frame_locator(".lesson-output iframe")
    answer.get_by_text("You guessed 2").wait_for()
    answer.get_by_text("its clock is rounded").wait_for()
    page.locator("[data-setting=hidden]").fill("1024")
    page.keyboard.press("Tab")
    answer.get_by_text("1024 units").first.wait_for()
    page.locator("[data-setting=hidden]").fill("-1")
    page.keyboard.press("Tab")
    page.get_by_text("hidden takes a whole number").wait_for()
    context.close()


def draw(page: Any, points: list[tuple[float, float]]) -> None:
    """Draw a line on the canvas for digits, through points from 0 to 1."""
    canvas = page.locator("canvas.lesson-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=10)
    page.mouse.up()
