"""Signals and gradients in deep networks."""

import math

import numpy as np
import pytest
from quick import answer_of, program_of

initialization = program_of("initialization")
FUNCTIONS = {
    "none": (lambda u: u, np.ones_like),
    "ReLU": (lambda u: u * (u > 0), lambda u: u > 0),
    "tanh": (np.tanh, lambda u: 1 - np.tanh(u) ** 2),
}


@pytest.mark.parametrize("variance", [1e-6, 0.1, 1.0, 3.9, 4.1, 30.0, 256.0])
@pytest.mark.parametrize("activation", FUNCTIONS)
def test_the_moments_are_those_of_samples(activation: str, variance: float) -> None:
    u = np.random.default_rng(0).standard_normal(300_000) * math.sqrt(variance)
    squares = [np.mean(function(u) ** 2.0) for function in FUNCTIONS[activation]]
    assert initialization.moments(activation, variance) == pytest.approx(squares, rel=0.02)


def test_each_layer_multiplies_and_the_scale_of_he_keeps_everything() -> None:
    assert initialization.theory("none", 3.0, 4) == ([9, 81, 729, 6561], [729, 81, 9, 1])
    signals, gradients = initialization.theory("ReLU", math.sqrt(2), 50)
    assert signals == pytest.approx([2] * 50)
    assert gradients == pytest.approx([1] * 50)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_plain_numpy_networks_do_as_the_theory_of_wide_ones_says(activation: str) -> None:
    random, width, gain = np.random.default_rng(1), 600, 1.3
    function, derivative = FUNCTIONS[activation]
    weights = random.standard_normal((4, width, width)) * gain / math.sqrt(width)
    u = [random.standard_normal((200, width)) @ weights[0]]
    for weight in weights[1:]:
        u.append(function(u[-1]) @ weight)
    gradients = [random.standard_normal((200, width))]
    for weight, before in zip(weights[:0:-1], u[-2::-1], strict=True):
        gradients.append((gradients[-1] @ weight.T) * derivative(before))
    signals, back = initialization.theory(activation, gain, 4)
    assert [np.mean(each**2) for each in u] == pytest.approx(signals, rel=0.2)
    assert [np.mean(each**2) for each in gradients[::-1]] == pytest.approx(back, rel=0.2)


def test_the_layers_in_use_do_as_the_theory_says() -> None:
    found = answer_of("initialization", layers=6, width=200, seeds=3)
    for scales in found.values.values():
        for case in scales.values():
            assert case["signals"] == pytest.approx(case["signals_theory"], rel=0.5)
            assert case["gradients"] == pytest.approx(case["gradients_theory"], rel=0.5)
    assert "does not start with" not in found.headline


def test_the_power_of_ten_is_that_of_the_formula() -> None:
    truth = answer_of("initialization", width=64).truth
    assert truth == pytest.approx(20 * math.log10(64), rel=0.02)
