"""The questions of module 04: their numbers against computations of another kind."""

import math
from functools import partial

import numpy as np
import pytest
from quick import answer_of, quickly

from tinytorch.course.explore.experiment import experiment_file

program_of = partial(experiment_file, "losses")


def test_the_logits_of_a_vocabulary_are_counted_and_parts_take_less() -> None:
    answer = answer_of("vocabulary-memory", positions=64, words=2000)
    assert answer.truth == pytest.approx(8 * 1024 * 50_000 * 4 / 1e9)
    assert answer.values["equal"]
    peaks = answer.values["peaks"]
    assert 3 < answer.values["multiple"] < 5
    assert list(peaks.values()) == sorted(peaks.values(), reverse=True)
    assert peaks[64] > 2 * peaks[1]


def test_a_step_in_parts_is_the_step() -> None:
    step = program_of("vocabulary-memory").step
    random = np.random.default_rng(1)
    hidden, words = random.standard_normal((10, 4), np.float32), random.integers(6, size=10)
    from tinytorch import Tensor

    head = Tensor(random.standard_normal((4, 6)), requires_grad=True)
    logits = hidden @ head.data
    expected = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(10), words])
    assert step(hidden, head, words, 3) == pytest.approx(expected, rel=1e-5)


def test_rare_ones_are_found_as_theory_says() -> None:
    answer = answer_of("class-imbalance", share=0.1)
    # The best rule says rare where 0.9 exp(-(x + 1)² / 2) < 0.1 exp(-(x - 1)² / 2).
    place = math.log(9) / 2
    expected = 0.5 * math.erfc((place - 1) / math.sqrt(2))
    assert answer.values["plain"]["theory"] == pytest.approx(expected)
    assert answer.values["plain"]["recall"] == pytest.approx(expected, abs=0.02)
    assert answer.values["balanced"]["recall"] == pytest.approx(0.8413, abs=0.02)
    assert answer.values["plain"]["claimed"] == pytest.approx(0.1, abs=0.01)
    assert "not what theory says" not in answer.headline


def test_the_best_guesses_are_mean_and_median() -> None:
    answer = answer_of("outliers", houses=7, factor=50.0)
    targets = np.linspace(100, 300, 7)
    targets[3] *= 50
    assert answer.values["mean"] == pytest.approx(targets.mean())
    assert answer.values["median"] == pytest.approx(np.median(targets), rel=1e-3)
    assert answer.truth == pytest.approx(targets.mean() - 200)


def test_smoothing_makes_less_sure() -> None:
    answer = quickly("label-smoothing", images=500, epochs=4, hidden=16, smoothing=(0.0, 0.5))
    confidence = answer.values["confidence"]
    assert confidence["most"] < confidence["plain"] - 0.05
    assert answer.values["asked"] == pytest.approx(0.55)
    assert "may not smooth" not in answer.headline


def test_fewer_mistakes_are_said_of_those_who_make_fewer() -> None:
    from tinytorch.course.explore.confidence import mean_of

    gap = mean_of([-0.02, -0.021, -0.019])
    assert gap.verdict("smoothed labels", "plain labels") == "smoothed labels"


def test_the_plain_formula_overflows_where_theory_says() -> None:
    overflow = program_of("overflow")
    logits = np.array([[88.0, 0.0], [89.0, 0.0], [0.0, 120.0]], np.float32)
    plain, logs = overflow.naive(logits, np.array([0, 0, 0]))
    assert np.isfinite(plain).tolist() == [True, False, False]
    assert np.isfinite(logs).tolist() == [True, True, False]
    half = overflow.half(10)
    assert overflow.by_theory(10, half) == pytest.approx(0.5)
    values = answer_of("overflow").values
    # 2000 rows: the share strays by 0.011 typically; nine times that is never by chance.
    assert values["measured_at_half"] == pytest.approx(0.5, abs=0.1)
    assert not any(values["failed"]["the loss in use"])


def test_the_first_loss_is_the_logarithm_of_the_classes() -> None:
    answer = answer_of("first-loss", classes=3000)
    assert answer.truth == pytest.approx(math.log(3000), rel=1e-5)
    assert answer.values["with_spread"] == pytest.approx(math.log(3000) + 0.5, abs=0.02)


def test_no_loss_is_below_the_entropy_of_the_labels() -> None:
    answer = answer_of("loss-floor", wrong=0.2, classes=5)
    entropy = -0.8 * math.log(0.8) - 4 * 0.05 * math.log(0.05)
    assert answer.truth == pytest.approx(entropy)
    assert answer.values["lowest"] == pytest.approx(entropy)
    assert answer.values["lowest_at"] == pytest.approx(0.8)
    assert answer.values["surest"] > 2 * entropy


@pytest.mark.parametrize("classes", [2, 10, 300])
def test_softmax_twice_has_a_floor(classes: int) -> None:
    answer = answer_of("softmax-twice", classes=classes)
    exponentials = np.exp([1.0] + [0.0] * (classes - 1))
    assert answer.truth == pytest.approx(-math.log(exponentials[0] / exponentials.sum()), rel=1e-6)
    assert 0 < answer.values["slope"] < 1


def test_the_slopes_are_those_of_differences() -> None:
    answer = answer_of("squared-error-for-decisions", logit=-4.0)

    def losses(logit: float) -> tuple[float, float]:
        p = 1 / (1 + math.exp(-logit))
        return -math.log(p), (1 - p) ** 2

    below, above = losses(-4 - 1e-5), losses(-4 + 1e-5)
    cross, squared = ((low - high) / 2e-5 for low, high in zip(below, above, strict=True))
    slopes = answer.values["slopes"]
    assert slopes["cross-entropy"] == pytest.approx(cross, rel=1e-4)
    assert slopes["squared error"] == pytest.approx(squared, rel=1e-4)
    assert answer.truth == pytest.approx(cross / squared, rel=1e-4)


def test_the_sum_bears_less_the_larger_the_batch() -> None:
    answer = answer_of("mean-or-sum", small=8, large=64)
    assert answer.values["ratios"]["mean"] == pytest.approx(1, abs=0.2)
    assert answer.truth == pytest.approx(8 * answer.values["ratios"]["mean"], rel=1e-3)
    assert "not what theory says" not in answer.headline


def test_the_part_of_the_loss_is_a_share() -> None:
    shares = quickly("loss-time").values["shares"]
    assert all(0 < share < 1.5 for share in shares.values())


def test_rows_are_the_same_in_any_order() -> None:
    program = program_of("rows-of-ten")
    rows = np.random.default_rng(0).standard_normal((7, 3))
    np.testing.assert_array_equal(program.less_their_largest(rows), program.copied(rows))
    assert program.less_their_largest(rows).max(axis=1).tolist() == [0.0] * 7
