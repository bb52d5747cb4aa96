"""Experiments in a page: what is asked, and what comes of it, as data."""

import json

import pytest

from tinytorch.course.explore import live


def test_a_form_says_what_to_guess_and_what_can_be_set() -> None:
    form = live.form("growth")
    assert form["guess"]
    by_name = {setting["name"]: setting for setting in form["settings"]}
    assert by_name["hidden"]["value"] == "256"
    assert (by_name["hidden"]["low"], by_name["hidden"]["high"]) == (1, 2000)
    json.dumps(form)


def test_an_answer_stands_beside_the_guess() -> None:
    html = live.answer("growth", {"hidden": "1024"}, "3", lambda share, doing: None)
    assert "You guessed 3" in html
    assert "1024 units" in html


@pytest.mark.parametrize(
    ("given", "guess"), [({"hidden": "-1"}, None), ({"hiden": "3"}, None), ({}, "many")]
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], guess: str | None) -> None:
    with pytest.raises(ValueError, match=r"hidden|many"):
        live.answer("growth", given, guess, lambda share, doing: None)


@pytest.mark.parametrize(
    ("name", "reads"), [("width-depth", True), ("growth", False), ("no-such-question", False)]
)
def test_a_page_knows_which_experiments_read_digits(name: str, reads: bool) -> None:
    assert live.reads_digits(name) == reads
