"""Signals and gradients in deep networks."""

import math

import numpy as np
import pytest

from tinytorch.explore.catalogue import find_question
from tinytorch.explore.experiment import experiment_file
from tinytorch.explore.running import run

initialization = experiment_file("layers", "initialization")
_moments = initialization._moments
theory = initialization.theory


def by_sampling(variance: float) -> tuple[float, float]:
    """`E[tanh(u)²]` and `E[tanh'(u)²]` from many u."""
    u = np.random.default_rng(0).standard_normal(300_000) * math.sqrt(variance)
    return float(np.mean(np.tanh(u) ** 2)), float(np.mean(np.cosh(u) ** -4.0))


@pytest.mark.parametrize("variance", [1e-6, 0.1, 1.0, 3.9, 4.1, 30.0, 256.0])
def test_the_moments_of_tanh_are_those_of_samples(variance: float) -> None:
    assert _moments("tanh", variance) == pytest.approx(by_sampling(variance), rel=0.02)


def test_without_activations_each_layer_multiplies_by_the_square_of_the_gain() -> None:
    signals, gradients = theory("none", 3.0, 4)
    assert signals == pytest.approx([9, 81, 729, 6561])
    assert gradients == pytest.approx([729, 81, 9, 1])


def test_with_relu_the_scale_of_he_keeps_everything() -> None:
    signals, gradients = theory("ReLU", math.sqrt(2), 50)
    assert signals == pytest.approx([2.0] * 50)
    assert gradients == pytest.approx([1.0] * 50)


@pytest.mark.parametrize("activation", ["none", "ReLU", "tanh"])
def test_plain_numpy_networks_do_as_the_theory_of_wide_ones_says(activation: str) -> None:
    random = np.random.default_rng(1)
    width, layers, gain = 600, 4, 1.3
    functions = {
        "none": (lambda u: u, np.ones_like),
        "ReLU": (lambda u: u * (u > 0), lambda u: u > 0),
        "tanh": (np.tanh, lambda u: 1 - np.tanh(u) ** 2),
    }
    function, derivative = functions[activation]
    x = random.standard_normal((200, width))
    weights, u = [], []
    for _ in range(layers):
        weights.append(random.standard_normal((width, width)) * gain / math.sqrt(width))
        u.append(x @ weights[-1])
        x = function(u[-1])
    gradient = random.standard_normal((200, width))
    gradients = [np.mean(gradient**2)]
    for layer in reversed(range(layers - 1)):
        gradient = (gradient @ weights[layer + 1].T) * derivative(u[layer])
        gradients.insert(0, np.mean(gradient**2))
    expected = theory(activation, gain, layers)
    assert [np.mean(each**2) for each in u] == pytest.approx(expected[0], rel=0.2)
    assert gradients == pytest.approx(expected[1], rel=0.2)


def test_the_layers_in_use_do_as_the_theory_says() -> None:
    found = run(find_question("initialization"), {"layers": 6, "width": 200, "seeds": 3}).answer
    for scales in found.values.values():
        for case in scales.values():
            assert case["signals"] == pytest.approx(case["signals_theory"], rel=0.5)
            assert case["gradients"] == pytest.approx(case["gradients_theory"], rel=0.5)
    assert "does not start with" not in found.headline


def test_the_power_of_ten_is_that_of_the_formula() -> None:
    truth = run(find_question("initialization"), {"width": 64}).answer.truth
    assert truth == pytest.approx(20 * math.log10(64), rel=0.02)
