"""Dropout before the activation or after it."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.explore.catalogue import find_question
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run

dropout_placement = experiment_file("layers", "dropout_placement")
ACTIVATIONS = dropout_placement.ACTIVATIONS
compare = dropout_placement.compare
expected_before = dropout_placement.expected_before

QUESTION = find_question("dropout-placement")
QUICK = {"hidden": 8, "images": 300, "test_images": 100, "epochs": 2, "seeds": 2}
BY_HAND: dict[str, Callable[[float], float]] = {
    "ReLU": lambda x: max(x, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "GELU": lambda x: (
        0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    ),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_differences_under_one_mask_are_those_of_the_formulas(name: str) -> None:
    f = BY_HAND[name]
    random = np.random.default_rng(1)
    x = random.standard_normal(200).astype(np.float32)
    mask = np.where(random.random(200) < 0.3, 0, 1 / 0.7).astype(np.float32)
    before = np.array([f(float(a) * float(m)) for a, m in zip(x, mask, strict=True)])
    after = np.array([f(float(a)) * float(m) for a, m in zip(x, mask, strict=True)])
    found = compare(ACTIVATIONS[name], Tensor(x), Tensor(mask))
    assert found.largest == pytest.approx(np.abs(before - after).max(), abs=1e-6)
    assert found.at_zero == pytest.approx(f(0))
    if name == "ReLU":
        assert found.differing == 0
    else:
        assert found.differing == pytest.approx(np.mean(np.abs(before - after) > 1e-9), abs=0.03)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_expected_value_is_that_of_both_outcomes(name: str, p: float) -> None:
    f = BY_HAND[name]
    x = np.array([-2, -0.5, 0, 1, 3], np.float32)
    expected = [p * f(0) + (1 - p) * f(float(a) / (1 - p)) for a in x]
    found = expected_before(ACTIVATIONS[name], x, p)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("p", [0.5, 0.3])
def test_trained_with_relu_both_places_give_the_same_weights_to_the_bit(p: float) -> None:
    values = run(QUESTION, QUICK | {"p": p}).answer.values
    assert values["weight_distance"]["ReLU"] == 0
    assert values["errors_before"]["ReLU"] == values["errors_after"]["ReLU"]
    assert all(values["weight_distance"][name] > 0 for name in ("tanh", "sigmoid", "GELU"))


def test_the_choice_is_the_one_that_was_measured() -> None:
    result = run(QUESTION, QUICK)
    assert result.answer.truth == "ReLU alone"
    assert result.answer.values["differing"]["sigmoid"] > 0.99
    assert result.answer.values["scale"] == 2
