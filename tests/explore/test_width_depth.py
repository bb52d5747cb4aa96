"""Width against depth."""

import math

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.explore.catalogue import find_question
from tinytorch.explore.confidence import mean_of
from tinytorch.explore.digits import digits, error_rate
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run

width_depth = experiment_file("layers", "width_depth")
Perceptron = width_depth.Perceptron
parameters_of = width_depth.parameters_of
width_for = width_depth.width_for

QUESTION = find_question("width-depth")
QUICK = {"images": 300, "test_images": 200, "epochs": 2, "seeds": 3}


def test_the_question_of_the_course_has_its_exact_answer() -> None:
    assert parameters_of([784, 512, 10]) == 407_050
    assert parameters_of([784, 256, 256, 10]) == 269_322


def test_the_network_has_the_parameters_that_the_formula_counts() -> None:
    network = Perceptron([7, 5, 5, 3])
    assert sum(p.data.size for p in network.parameters()) == parameters_of([7, 5, 5, 3])


@pytest.mark.parametrize("parameters", [1, 5_000, 269_322, 407_050])
def test_the_less_wide_network_comes_as_near_as_one_can(parameters: int) -> None:
    distances = {
        width: abs(parameters_of([784, width, 10]) - parameters) for width in range(1, 700)
    }
    assert distances[width_for(parameters)] == min(distances.values())


def test_the_network_is_matrices_with_relu_between_them() -> None:
    network = Perceptron([4, 3, 2])
    first, last = (layer.weight.data for layer in network.layers)
    x = np.random.default_rng(0).standard_normal((5, 4), np.float32)
    expected = np.maximum(x @ first, 0) @ last
    np.testing.assert_allclose(network(Tensor(x), training=True).data, expected, rtol=1e-5)


def test_the_error_rate_is_the_share_of_wrong_digits() -> None:
    data = digits(10, 50)
    wrong = sum(int(label) != 3 for label in data.test_labels)
    always_three = Tensor(np.eye(10)[3])
    rate = error_rate(
        lambda x, training: always_three + 0 * x[:, :10], data.test_images, data.test_labels
    )
    assert rate == pytest.approx(wrong / 50)


def test_the_interval_is_students() -> None:
    # t(0.975, 4) = 2.776 times the standard error sqrt(2.5 / 5).
    mean = mean_of([1, 2, 3, 4, 5])
    assert mean.value == 3
    assert mean.half_width == pytest.approx(2.776 * math.sqrt(0.5), rel=1e-3)
    assert not mean.is_zero
    assert mean_of([-1, 1, 0.5]).is_zero
    assert mean_of([7]).is_zero


def test_networks_are_compared_seed_by_seed() -> None:
    values = run(QUESTION, QUICK).answer.values
    errors = {name: np.array(found) for name, found in values["test_errors"].items()}
    assert all(len(found) == 3 for found in errors.values())
    assert values["deep_minus_wide"] == pytest.approx(np.mean(errors["deep"] - errors["wide"]))
    assert values["deep_minus_narrow"] == pytest.approx(
        np.mean(errors["deep"] - errors["less wide"])
    )


def test_the_seeds_make_it_repeatable() -> None:
    quick = {"images": 200, "test_images": 100, "epochs": 1, "seeds": 2, "wide": (4,)}
    first, again = (run(QUESTION, quick).answer.values["test_errors"] for _ in range(2))
    assert {k: list(v) for k, v in first.items()} == {k: list(v) for k, v in again.items()}
