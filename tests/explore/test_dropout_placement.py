"""Dropout before the activation or after it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch import Tensor

placement = program_of("dropout_placement")

BY_HAND: dict[str, Callable[[float], float]] = {
    "ReLU": lambda x: max(x, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "GELU": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_differences_under_one_mask_are_those_of_the_formulas(name: str) -> None:
    f, random = BY_HAND[name], np.random.default_rng(1)
    x = random.standard_normal(200).astype(np.float32)
    mask = np.where(random.random(200) < 0.3, 0, 1 / 0.7).astype(np.float32)
    pairs = [(float(a), float(m)) for a, m in zip(x, mask, strict=True)]
    distances = np.abs([f(a * m) - f(a) * m for a, m in pairs])
    differing, largest = placement.compare(placement.ACTIVATIONS[name], Tensor(x), Tensor(mask))
    assert largest == pytest.approx(distances.max(), abs=1e-6)
    tolerance = 0 if name == "ReLU" else 0.03
    assert differing == pytest.approx(np.mean(distances > 1e-9), abs=tolerance)


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_expected_value_is_that_of_both_outcomes(name: str, p: float) -> None:
    f = BY_HAND[name]
    x = np.array([-2, -0.5, 0, 1, 3], np.float32)
    expected = [p * f(0) + (1 - p) * f(float(a) / (1 - p)) for a in x]
    found = placement.expected_before(placement.ACTIVATIONS[name], x, p)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("p", [0.5, 0.3])
def test_trained_with_relu_both_places_give_the_same_weights_to_the_bit(p: float) -> None:
    answer = quickly("dropout-placement", p=p)
    values = answer.values
    assert values["weight_distance"]["ReLU"] == 0
    assert np.array_equal(values["errors_before"]["ReLU"], values["errors_after"]["ReLU"])
    assert all(values["weight_distance"][name] > 0 for name in ("tanh", "sigmoid", "GELU"))
    assert answer.truth == "ReLU alone"
    assert values["differing"]["sigmoid"] > 0.99
    assert values["scale"] == pytest.approx(1 / (1 - p))
