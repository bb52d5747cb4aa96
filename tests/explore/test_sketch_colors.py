"""The colours of a picture that is drawn in characters."""

from tito.terminal.sketch import COLORS, MARKERS


def test_no_series_has_the_colour_of_a_light_or_dark_background() -> None:
    assert not {"white", "black"} & set(COLORS)


def test_each_series_is_told_from_the_others_without_colour_too() -> None:
    assert len(set(MARKERS)) == len(set(COLORS)) == len(COLORS)
