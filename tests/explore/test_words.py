"""Sentences as data: numbers filled in, and parts that are said only where they are true."""

import pytest

from tinytorch.course.explore.words import filled, said

VALUES = {
    "flops": 1234567,
    "ratio": 5.714,
    "time": {"Linear": 2.5e-5},
    "speed": 1.06e10,
    "p": 0.5,
    "name": "training of 784-10",
    "equal": True,
    "empty": False,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{flops:count} FLOPs", "1,234,567 FLOPs"),
        ("{ratio:figures 2} and {ratio:figures}", "5.7 and 5.71"),
        ("{time[Linear]:seconds}", "25 µs"),
        ("{speed:rate FLOP}", "10.6 GFLOP/s"),
        ("{p:g}, {p:percent}", "0.5, 50.0%"),
        ("{flops:,}", "1,234,567"),
        ("{name:capitalized}", "Training of 784-10"),
        ("{{as it stands}}", "{as it stands}"),
    ],
)
def test_numbers_are_filled_in_as_people_read_them(text: str, expected: str) -> None:
    assert filled(text, VALUES) == expected


def test_a_part_is_said_only_where_its_condition_holds() -> None:
    parts = [
        "First.",
        {"if": "equal", "text": "They are equal."},
        {"unless": "equal", "text": "They differ."},
        {"if": "empty", "text": "There are none.", "else": "Here they are."},
        {"unless": "empty", "text": "There are {flops}."},
        {"if": "time[Linear] flops.real", "text": "They are."},
        {"unless": "flops.imag", "text": "Really."},
    ]
    expected = "First. They are equal. Here they are. There are 1234567. They are. Really."
    assert said(parts, VALUES) == expected


def test_a_name_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        filled("{nothing}", VALUES)
    with pytest.raises(KeyError, match="nothing"):
        said({"if": "nothing", "text": "x"}, VALUES)
