"""Checks: naming a mistake, judging what is raised, and the words for it."""

from typing import Any

import numpy as np
import pytest

import tinytorch
from tinytorch import Tensor
from tinytorch.course import MODULES
from tinytorch.course.checking import (
    Mistake,
    Unit,
    check,
    expect,
    expect_error,
    expect_tensor,
    gradients,
)
from tinytorch.course.checking.chance import fraction_miss, fraction_tolerance
from tinytorch.course.checking.checks import Check, checks_in
from tinytorch.course.checking.claims import expect_undisturbed
from tinytorch.course.checking.errors import meaning
from tinytorch.course.checking.judge import Verdict, explain, judge
from tinytorch.course.checking.lines import unit_lines
from tinytorch.course.checking.results import Result
from tinytorch.course.checking.state import restored
from tinytorch.course.checking.suites import read_suite

SUITES = [read_suite(module.name) for module in MODULES[:3]]
every_suite = pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)


def found(call: Any, *arguments: Any, **options: Any) -> Mistake:
    """The mistake that a call finds."""
    with pytest.raises(Mistake) as caught:
        call(*arguments, **options)
    return caught.value


# ---- The line-up ---------------------------------------------------------------------------------


def test_the_one_that_matches_is_named() -> None:
    mistake = found(expect, "y", np.array([1.0]), np.array([2.0]), {"half": [1.0], "twice": [4.0]})
    assert mistake.mistake == "half"
    assert (mistake.seen, mistake.expected) == ("y = [1.]", "[2.]")


def test_where_two_match_none_is_named() -> None:
    assert found(expect, "y", 1.0, 2.0, {"half": 1.0, "one": 1.0}).mistake is None


def test_where_none_matches_none_is_named() -> None:
    assert found(expect, "y", 1.5, 2.0, {"half": 1.0}).mistake is None


def test_what_looks_like_the_right_answer_is_never_named() -> None:
    assert found(expect, "y", 2.00005, 2.0, {"nearly": 2.00004}).mistake is None


def test_another_shape_is_told_by_its_shape() -> None:
    mistake = found(expect, "y", np.zeros((2, 3)), np.zeros((3, 2)), {"turned": np.zeros((2, 3))})
    assert mistake.mistake == "turned"
    assert (mistake.seen, mistake.expected) == ("y of shape (2, 3)", "shape (3, 2)")


def test_a_large_array_is_shown_by_its_first_difference() -> None:
    seen = np.zeros(100)
    seen[7] = 1
    mistake = found(expect, "y", seen, np.zeros(100))
    assert mistake.seen == "y = 1 at [7] (1 of 100 numbers differ, shape (100,))"


def test_none_is_a_missing_return() -> None:
    assert "`return` is missing" in str(found(expect, "y", None, 1.0).mistake)


def test_an_array_is_no_tensor() -> None:
    assert "instead of a Tensor" in str(found(expect_tensor, "y", np.zeros(2)).mistake)
    assert expect_tensor("y", Tensor([1.0])).tolist() == [1.0]


def test_nan_equals_nan_and_nothing_else() -> None:
    expect("y", np.array([np.nan]), np.array([np.nan]))
    found(expect, "y", np.array([np.nan]), np.array([0.0]))


# ---- Errors that say which mistake was made ------------------------------------------------------


class Linear:
    """An object with names to misspell."""

    def __init__(self) -> None:
        self.weight, self._cache = 1.0, 2.0

    def forward(self) -> float:
        return weight  # type: ignore[name-defined, no-any-return] # noqa: F821


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("np.sqr(2)", "numpy has no `sqr`; did you mean `sqrt`?"),
        ("np.random.normall()", "numpy.random has no `normall`; did you mean `normal`?"),
        ("np.array([1.0]).shap", "ndarray has no .shap; did you mean `shape`?"),
        ("np.array([1.0]).sqrt", None),
        ("Tensor.reshap", "Tensor has no .reshap; did you mean `reshape`?"),
        ("np.frobnicate", "numpy has no `frobnicate`"),
        ("np.float", None),  # of which NumPy itself knows better
        ("Tensor([1.0]).reshap(1)", "a Tensor has no .reshap; did you mean `reshape`?"),
        ("Linear().wieght", "a Linear has no .wieght; did you mean `weight`?"),
        ("Linear().bias", "a Linear has no .bias: it was never set, or is spelled differently"),
        ("Linear().cache", "a Linear has no .cache: it was never set, or is spelled differently"),
        ("Linear().forward()", "the name `weight` is not defined; did you mean `self.weight`?"),
        ("tensor", "the name `tensor` is not defined; did you mean `Tensor`?"),
        ("prin(1)", "the name `prin` is not defined; did you mean `print`?"),
        ("Any", "the name `Any` is not defined; is `from typing import Any` missing?"),
        ("math.pi", "the name `math` is not defined; is `import math` missing?"),
        ("frobnicate", "the name `frobnicate` is not defined"),
        ("from numpy import sqr", "numpy has no `sqr` to import; did you mean `sqrt`?"),
        ("import nunpy", "there is no module `nunpy` to import; did you mean `numpy`?"),
        ("import frobnicate", "there is no module `frobnicate` to import"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_one_that_may_be_meant(
    code: str, told: str | None
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
        exec(code, {"np": np, "Tensor": Tensor, "Linear": Linear})
    assert meaning(caught.value) == told


def test_wrong_python_that_code_runs_is_no_syntax_error_of_the_file() -> None:
    with pytest.raises(SyntaxError) as caught:
        eval("1 +")
    assert explain(caught.value, "layers").mistake is None


# ---- Other claims --------------------------------------------------------------------------------


def fail_with(error: BaseException) -> None:
    raise error


def test_an_accepted_argument_is_a_mistake() -> None:
    assert found(expect_error, "f()", lambda: 1, "it is accepted").mistake == "it is accepted"


def test_a_clear_error_is_what_is_expected() -> None:
    expect_error("f()", lambda: fail_with(ValueError("p is 2, expected 0 to 1")))


def test_an_error_without_a_message_is_a_mistake() -> None:
    assert found(expect_error, "f()", lambda: fail_with(ValueError())).mistake


def test_an_assert_is_no_error_for_the_caller() -> None:
    mistake = found(expect_error, "f()", lambda: fail_with(AssertionError("no")))
    assert "assert" in str(mistake.mistake)


def test_gradients_are_those_of_autograd() -> None:
    (gradient,) = gradients(lambda x: x * x, np.array([3.0]))
    assert gradient is not None
    assert gradient.tolist() == [6.0]


def test_a_result_outside_the_graph_is_named() -> None:
    mistake = found(gradients, lambda x: Tensor(x.data), np.array([3.0]))
    assert "outside the graph" in str(mistake.mistake)


def test_reseeding_is_noticed_with_its_place_and_undone() -> None:
    np.random.seed(1)
    expected = np.random.rand()
    np.random.seed(1)
    mistake = found(expect_undisturbed, lambda: np.random.seed(0))
    assert "afresh" in str(mistake.mistake)
    assert mistake.place is not None
    assert mistake.place[0] == __file__
    assert np.random.rand() == expected


def test_drawing_random_numbers_is_fine() -> None:
    expect_undisturbed(lambda: (np.random.rand(), tinytorch.generator().random()))


def test_settings_are_put_back() -> None:
    before = np.geterr(), np.get_printoptions(), tinytorch.generator()
    with restored():
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        tinytorch.manual_seed(0)
    assert (np.geterr(), np.get_printoptions(), tinytorch.generator()) == before


def test_a_fair_coin_strays_beyond_the_tolerance_no_more_often_than_promised() -> None:
    tosses = np.random.default_rng(0).binomial(400, 0.5, 100_000) / 400
    assert np.mean(np.abs(tosses - 0.5) > fraction_tolerance(400, 1e-3)) <= 1e-3


def test_what_is_far_off_is_hardly_ever_missed_and_what_is_near_always_may_be() -> None:
    assert fraction_miss(1_000_000, 0.01) < 1e-30
    assert fraction_miss(100, 0.01) == 1.0


# ---- Suites --------------------------------------------------------------------------------------


@every_suite
def test_checks_have_names_and_sentences_of_their_own(suite: Any) -> None:
    checks = checks_in(suite)
    assert len({claim.name for claim in checks}) == len(checks)
    assert len({claim.sentence for claim in checks}) == len(checks)


@every_suite
def test_checks_say_what_they_claim_and_what_they_are_about(suite: Any) -> None:
    names = {claim.name for claim in checks_in(suite)}
    for claim in checks_in(suite):
        assert claim.name.startswith("test_")
        assert not claim.sentence.startswith("test_")
        assert claim.about
        assert set(claim.needs) <= names


@every_suite
def test_the_checks_of_a_unit_stand_together(suite: Any) -> None:
    titles = [claim.unit.title for claim in checks_in(suite)]
    changes = [t for t, before in zip(titles, [None, *titles], strict=False) if t != before]
    assert len(changes) == len(set(titles))


@every_suite
def test_the_reference_passes_in_this_process_too(suite: Any) -> None:
    for claim in checks_in(suite):
        claim.run()


# ---- Verdicts ------------------------------------------------------------------------------------


def verdict_of(test: Any) -> Verdict:
    made: Any = check("A Unit", about="f")(test)
    return judge(made.check, __name__)


def test_an_error_is_told_in_one_line_with_the_deepest_place() -> None:
    verdict = verdict_of(lambda: fail_with(KeyError("gone")))
    assert (verdict.outcome, verdict.seen) == ("failed", "KeyError: 'gone'")
    assert (verdict.function, verdict.file) == ("fail_with", __file__)


def test_what_is_not_written_says_so() -> None:
    verdict = verdict_of(lambda: fail_with(NotImplementedError("Write f in x.py")))
    assert verdict.mistake == "not written yet"
    assert verdict.stopped


def test_leaving_the_program_is_an_error_that_does_not_leave() -> None:
    verdict = verdict_of(lambda: fail_with(SystemExit(2)))
    assert (verdict.outcome, verdict.seen) == ("error", "exit(2)")


# ---- Words ---------------------------------------------------------------------------------------


def result(sentence: str, **verdict: Any) -> Result:
    claim = Check(sentence, Unit("Linear Layer"), sentence, (), (), lambda: None)
    return Result(claim, Verdict(**verdict), "layers.py:3", None, "tito hint 03")


def test_a_unit_that_passes_is_told_as_on_the_page() -> None:
    unit = Unit("Multi-layer Network", kind="Integration Test", progress="Layer Composition")
    assert [line for _, line in unit_lines(unit, [result("It works")])] == [
        "🔬 Integration Test: Multi-layer Network...",
        "✅ It works",
        "📈 Progress: Layer Composition ✓",
    ]


def test_what_failed_comes_first_and_the_first_of_it_in_full() -> None:
    results = [
        result("One"),
        result("Two", outcome="waiting"),
        result("Three", outcome="failed", mistake="it is odd", seen="3", expected="4"),
        result("Four", outcome="timeout", seen="hidden"),
    ]
    assert [line for _, line in unit_lines(Unit("Numbers"), results)] == [
        "🔬 Unit Test: Numbers...",
        "❌ Three",
        "   It is odd.",
        "   saw       3",
        "   expected  4",
        "   at        layers.py:3",
        "   hint      tito hint 03",
        "❌ Four",
        "   at        layers.py:3",
        "✅ One",
        "⏳ Two",
    ]


def test_long_lines_are_wrapped_to_the_width() -> None:
    results = [result("One", outcome="failed", seen="a " * 100)]
    assert max(len(line) for _, line in unit_lines(Unit("Numbers"), results, width=50)) <= 50


@pytest.mark.parametrize("width", [40, 60, 80])
def test_lines_end_at_spaces_however_narrow_the_terminal_is(width: int) -> None:
    long = "say_that_numpy.random.standard_normal(in_features,out_features) is in a line of its own"
    failed = result(long, outcome="failed", mistake=long, seen=long, expected=long)
    lines = [text for _, text in unit_lines(failed.unit, [failed], width)][1:]
    words = [word for line in lines for word in line.rstrip(".").split()]
    assert all(words.count(word) == 4 for word in long.split())
    assert all(len(line) <= width for line in lines if "standard_normal" not in line)
