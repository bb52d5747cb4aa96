"""Learning to read digits, and what repeats from several seeds tell."""

import math

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.bench import Network
from tinytorch.course.explore.confidence import mean_of, median_of
from tinytorch.course.explore.digits import digits
from tinytorch.course.explore.learning import error_rate, learn, over_seeds


def test_the_error_rate_is_the_share_of_wrong_digits() -> None:
    data = digits(10, 50)
    always_three = Tensor(np.eye(10)[3])
    for trained, labels in ((False, data.test_labels), (True, data.labels)):
        wrong = sum(int(label) != 3 for label in labels) / len(labels)
        rate = error_rate(lambda x, training: always_three + 0 * x[:, :10], data, trained)
        assert rate == pytest.approx(wrong)


def test_networks_that_start_alike_learn_alike_and_get_better() -> None:
    data = digits(300, 200)
    networks = [Network([784, 8, 10]) for _ in range(2)]
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        np.copyto(other.data, one.data)
    before = error_rate(networks[0], data)
    steps: list[int] = []
    assert list(learn(networks, data, 3, 0.1, steps.append)) == [1, 2, 3]
    assert steps == [100] * 9
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        assert np.array_equal(one.data, other.data)
    assert error_rate(networks[0], data) < before


def test_learning_ends_where_the_loss_is_not_finite_and_leaves_the_weights() -> None:
    network = Network([784, 10])
    network.layers[0].weight.data[0, 0] = math.nan
    before = network.layers[0].weight.data.copy()
    assert list(learn([network], digits(100, 100), 2, 0.1)) == []
    np.testing.assert_array_equal(network.layers[0].weight.data, before)


def test_an_error_of_a_layer_is_no_end_of_learning() -> None:
    def refuse(x: Tensor, training: bool) -> Tensor:
        raise ValueError("this is not finite")

    with pytest.raises(ValueError, match="this is not finite"):
        list(learn([Network([784, 4, 10], between=refuse)], digits(100, 100), 1, 0.1))


def test_all_names_have_a_seed_before_the_next_one() -> None:
    told: list[tuple[float, str]] = []
    doing = {"a": "making a", "b": "making b"}
    found = list(over_seeds(doing, 2, lambda share, what: told.append((share, what))))
    assert found == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert told == [
        (0, "making a, seed 0"),
        (0.25, "making b, seed 0"),
        (0.5, "making a, seed 1"),
        (0.75, "making b, seed 1"),
    ]


def test_the_interval_of_a_mean_is_students() -> None:
    # t(0.975, 4) = 2.776 times the standard error sqrt(2.5 / 5).
    mean = mean_of([1, 2, 3, 4, 5])
    assert mean.value == 3
    assert mean.half_width == pytest.approx(2.776 * math.sqrt(0.5), rel=1e-3)
    assert not mean.is_zero
    assert mean_of([-1, 1, 0.5]).is_zero
    assert mean_of([7]).is_zero
    assert mean_of([0.01, 0.02]).points == "+1.5 ± 6.4"
    assert mean_of([-0.01, -0.02]).points == "-1.5 ± 6.4"


def test_the_interval_of_a_median_holds_it_95_times_in_a_hundred() -> None:
    found = [median_of(row) for row in np.random.default_rng(0).exponential(size=(2000, 101))]
    held = np.mean([one.low <= math.log(2) <= one.high for one in found])
    assert held == pytest.approx(0.95, abs=0.02)  # four deviations of a share of 2000
    assert median_of([3, 1, 2]) == (2, 1, 3)
