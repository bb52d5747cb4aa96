"""Pages before Sphinx has them: what is quoted stays as it is, and links find their way."""

from pathlib import Path

import pytest

from tinytorch.course import find_module
from tinytorch.course.explore.catalogue import find_question
from tito import addresses
from tito.dev import museum
from tito.site import experiment_page, museum_page, path_picture
from tito.site.documents import document
from tito.site.template import plain


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("nothing special", "nothing special"),
        ("__init__ and x * y", r"\_\_init\_\_ and x \* y"),
        ("`x * y` is not x ** y", r"`x * y` is not x \*\* y"),
        ("x[:-1] < {p} | #", r"x\[:-1\] \< \{p\} \| \#"),
        ("a ` alone", r"a \` alone"),
    ],
)
def test_only_backticks_mean_anything_in_what_is_quoted(text: str, escaped: str) -> None:
    assert plain(text) == escaped


def test_a_mistake_is_shown_as_a_difference_without_its_indentation() -> None:
    page = museum_page.page(find_module("layers"))
    assert "\n-shape = (self.in_features, self.out_features)\n" in page
    assert "\n+shape = (self.out_features, self.in_features)\n" in page
    assert page.count("```diff") == len(museum.mistakes(find_module("layers")))


def test_a_question_has_its_guess_settings_and_changes() -> None:
    page = experiment_page.page(find_question("flops", "layers"))
    assert "How many times as long does it take here?\n" in page
    assert "| `batch` | 128 | samples in the batch |" in page
    assert "`tito explore 03 flops --set batch=1`" in page
    page = experiment_page.page(find_question("width-depth", "layers"))
    assert "(wide, deep, too close to call)" in page
    assert "--set deep=128,128,128,128`" in page


def test_links_of_a_document_lead_to_pages_to_pictures_and_to_the_repository(
    tmp_path: Path,
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/design.md").write_text(
        "[a](checks.md#rules) [b](images/one.png) [c](../benchmarks) "
        "[d](https://example.org/) [e](#x)",
        encoding="utf-8",
    )
    assert document(tmp_path, "docs/design.md") == (
        f"[a](checks.md#rules) [b](images/one.png) [c]({addresses.source('benchmarks')}) "
        "[d](https://example.org/) [e](#x)"
    )


def test_the_drawing_of_the_path_says_in_words_what_it_shows() -> None:
    words = path_picture.in_words()
    assert words.startswith(
        "01 builds on none of the others; 02 builds on 01; 03 builds on 01 and 02"
    )
