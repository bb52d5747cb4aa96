"""Settings as text and as values, guesses, and how numbers are written."""

import math
from dataclasses import dataclass
from typing import Any

import pytest

from tinytorch.course.explore import GuessFirst, explore
from tinytorch.course.explore.catalogue import all_questions, find_question, questions_of
from tinytorch.course.explore.experiment import Guess, compare, read_guess
from tinytorch.course.explore.settings import SettingError, as_text, make_settings, setting
from tinytorch.course.explore.units import (
    count,
    figures,
    interval,
    percent,
    plain,
    power,
    rate,
    seconds,
    size,
)


@dataclass(frozen=True)
class Sample:
    """One setting of each kind."""

    width: int = setting(256, "units", full=1024, within=(1, 4096))
    rate: float = setting(0.5, "probability", within=(0, 1))
    sizes: tuple[int, ...] = setting((1, 2), "sizes", within=(1, math.inf))
    kind: str = setting("relu", "activation", choices=("relu", "tanh"))


def made(full: bool = False, **given: Any) -> Sample:
    return make_settings(Sample, given, full, "sample")


def test_what_is_not_given_is_as_usual_or_thorough() -> None:
    assert made() == Sample(256, 0.5, (1, 2), "relu")
    assert made(full=True).width == 1024
    assert made(full=True, width=3).width == 3


def test_text_and_values_mean_the_same() -> None:
    as_given = made(width=512, rate=0.25, sizes=(3, 4), kind="tanh")
    assert made(width="512", rate="0.25", sizes="3,4", kind="tanh") == as_given
    assert made(width="1e3").width == 1000
    assert made(sizes=[5]).sizes == (5,)


def test_settings_are_told_as_they_are_given() -> None:
    told = as_text(made(sizes=(3, 4)))
    assert told == {"width": "256", "rate": "0.5", "sizes": "3,4", "kind": "relu"}
    assert made(**told) == made(sizes=(3, 4))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"widht": 3}, "no setting 'widht'. Did you mean 'width'? Its settings: width=256, rate"),
        ({"width": "wide"}, "width takes a whole number from 1 to 4,096; got 'wide'"),
        ({"width": 0}, "width takes a whole number from 1 to 4,096; got 0"),
        ({"width": 1.5}, "whole number from 1 to 4,096; got 1.5"),
        ({"width": True}, "whole number from 1 to 4,096; got True"),
        ({"width": None}, "got None"),
        ({"width": "nan"}, "got 'nan'"),
        ({"width": "1e99"}, "got '1e99'"),
        ({"rate": 1.01}, "rate takes a number from 0 to 1; got 1.01"),
        ({"sizes": "1,x"}, "sizes takes a whole number of 1 or more; got 'x'"),
        ({"sizes": ()}, "sizes takes numbers with commas between them; got ()"),
        ({"sizes": 3}, "sizes takes numbers with commas between them; got 3"),
        ({"kind": "gelu"}, "kind is one of relu, tanh; got 'gelu'"),
    ],
)
def test_nonsense_is_told_with_what_was_expected(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingError) as caught:
        made(**given)
    assert complaint in str(caught.value)


# ---- Guesses -------------------------------------------------------------------------------------

TIMES = Guess("How many?", unit="times")
CHOICE = Guess("Which?", choices=("better", "worse"))


@pytest.mark.parametrize(
    ("typed", "number"),
    [("2", 2), (" 2.5 times", 2.5), ("2x", 2), ("1,000", 1000), ("1e9", 1e9), ("-3", -3)],
)
def test_guesses_are_read_as_people_write_numbers(typed: str, number: float) -> None:
    assert read_guess(typed, TIMES) == number


def test_a_percentage_is_a_number() -> None:
    assert read_guess("12%", Guess("Which share?", unit="%")) == 12


@pytest.mark.parametrize("typed", ["", "many", "nan", "inf", "2 apples"])
def test_what_is_no_number_is_no_guess(typed: str) -> None:
    with pytest.raises(SettingError, match="is no number such as"):
        read_guess(typed, TIMES)


def test_a_choice_may_be_shortened_as_long_as_it_is_clear() -> None:
    assert read_guess("B", CHOICE) == "better"
    for typed in ("", "x", "best"):
        with pytest.raises(SettingError, match="is none of: better, worse"):
            read_guess(typed, CHOICE)


@pytest.mark.parametrize(
    ("guess", "truth", "said"),
    [
        (2, 2, "You guessed 2 times; it is 2 times. Right!"),
        (2.2, 2, "You guessed 2.2 times; it is 2 times: 10% too high."),
        (1, 2, "You guessed 1 times; it is 2 times: too low by a factor of 2.0."),
        (200, 2, "You guessed 200 times; it is 2 times: too high by a factor of 100."),
        (-1, 2, "You guessed -1 times; it is 2 times."),
        (2, math.nan, "You guessed 2 times; it is not a number."),
    ],
)
def test_a_guess_is_held_against_the_answer(guess: float, truth: float, said: str) -> None:
    assert compare(guess, truth, TIMES) == said


def test_a_choice_is_right_or_it_is_not() -> None:
    assert compare("better", "better", CHOICE) == "You guessed: better. So it is."
    assert compare("better", "worse", CHOICE) == "You guessed: better. It is: worse."


def test_dots_for_a_guess_ask_for_one_and_run_nothing() -> None:
    asked = explore("growth", guess=..., hidden=300)
    assert isinstance(asked, GuessFirst)
    assert "784-300-10 becomes 784-600-10" in repr(asked)
    with pytest.raises(SettingError, match="no setting"):
        explore("growth", guess=..., widht=300)


def test_a_notebook_gets_the_guess_the_answer_and_the_picture() -> None:
    shown = explore("growth", guess=2, inputs=20, hidden=8)._repr_html_()
    assert "You guessed 2 times" in shown
    assert "data:image/png;base64," in shown
    assert "Settings: inputs=20, hidden=8" in shown
    assert "Modules: all are the reference&#x27;s" in shown
    assert "explore(&#x27;growth&#x27;, inputs=10)" in shown


def test_exploring_leaves_the_random_generator_where_it_was() -> None:
    import tinytorch

    tinytorch.manual_seed(5)
    expected = tinytorch.manual_seed(5).random(3).tolist()
    tinytorch.manual_seed(5)
    explore("expected-value", calls=10, elements=10)
    assert tinytorch.generator().random(3).tolist() == expected


# ---- The catalogue -------------------------------------------------------------------------------


def test_names_and_numbers_of_questions_are_unique_and_in_order() -> None:
    assert len({question.name for question in all_questions()}) == len(all_questions())
    numbers = [question.number for question in questions_of("layers")]
    assert numbers == sorted(set(numbers))


def test_a_question_is_found_by_name_and_in_its_module_by_number() -> None:
    growth = find_question("growth")
    assert find_question("Growth ", "layers") == growth
    assert find_question("8", "layers") == find_question("08", "layers") == growth
    with pytest.raises(ValueError, match="Did you mean 'growth'"):
        find_question("grwth")
    with pytest.raises(ValueError, match="The questions are"):
        find_question("8")  # of which module?


# ---- Numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1.995, "2.00"),
        (0.012345, "0.0123"),
        (12345, "12,300"),
        (999.9, "1,000"),
        (1.234e9, "1.23 · 10⁹"),
        (-1.5e-7, "-1.50 · 10⁻⁷"),
        (math.nan, "not a number"),
        (math.inf, "infinity"),
    ],
)
def test_figures_are_few(number: float, text: str) -> None:
    assert figures(number) == text


def test_numbers_with_units_are_read_at_a_glance() -> None:
    assert count(203_530) == "203,530"
    assert percent(0.0802) == "8.02%"
    assert seconds(1.23e-5) == "12.3 µs"
    assert seconds(0.9999) == "1 s"
    assert seconds(150) == "2.50 min"
    assert interval(0.0113, 0.0325) == "11.3-32.5 ms"
    assert size(8_196_000) == "8.2 MB"
    assert size(3.5e11) == "350 GB"
    assert rate(3.15e10, "FLOP") == "31.5 GFLOP/s"
    assert seconds(math.nan) == "not a number"


def test_axes_say_thousands_with_a_letter_and_wide_ones_powers() -> None:
    assert [plain(value) for value in (0, 0.5, 256, 1e3, 16_384, 1e10, 1e-8)] == [
        "0", "0.5", "256", "1k", "16.4k", "10G", "10⁻⁸",
    ]  # fmt: skip
    assert power(1e10) == "10¹⁰"
    assert power(2e10) == "2.0 · 10¹⁰"
