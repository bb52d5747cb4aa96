"""When a bias is redundant."""

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.experiment import experiment_file
from tinytorch.course.explore.running import run

bias = experiment_file("layers", "bias")
FOLLOWERS = bias.FOLLOWERS
Settings = bias.Settings
batch_norm = bias.batch_norm
change = bias.change
layer_norm = bias.layer_norm
rounding = bias.rounding
through = bias.through

QUESTION = find_question("bias")
SMALL = {"inputs": 16, "outputs": 8, "batch": 8, "seeds": 3}


def some_outputs() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((16, 6))


def test_batch_norm_by_hand_is_the_formula() -> None:
    y = some_outputs()
    expected = (y - y.mean(0)) / np.sqrt(y.var(0) + 1e-5)
    found = batch_norm(Tensor(y, dtype=np.float64)).data
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_layer_norm_by_hand_is_the_formula() -> None:
    y = some_outputs()
    expected = (y.T - y.mean(1)) / np.sqrt(y.var(1) + 1e-5)
    found = layer_norm(Tensor(y, dtype=np.float64)).data
    np.testing.assert_allclose(found, expected.T, rtol=1e-12, atol=1e-14)


def test_batch_norm_leaves_rounding_of_a_bias_and_the_others_leave_much() -> None:
    y = Tensor(some_outputs(), dtype=np.float64)
    bias = np.arange(6.0)
    changes = {name: change(follow, y, bias) for name, follow in FOLLOWERS.items()}
    assert changes.pop("batch norm") < 1e-14
    assert changes.pop("nothing") == pytest.approx(5)
    assert all(found > 0.1 for found in changes.values())


def test_layer_norm_removes_only_a_bias_that_all_units_share() -> None:
    y = Tensor(some_outputs(), dtype=np.float64)
    assert change(layer_norm, y, np.full(6, 3.0)) < 1e-14


def test_one_rounding_bounds_what_adding_a_bias_in_float32_loses() -> None:
    settings = Settings(inputs=16, outputs=8, batch=8)
    bound = rounding(settings, np.array([100.0]), np.float32)[0]
    half = rounding(settings, np.array([50.0]), np.float32)[0]
    assert bound == pytest.approx(2 * half, rel=0.05)
    ratio = bound / rounding(settings, np.array([100.0]), np.float64)[0]
    assert ratio == 2.0**29  # 24 and 53 binary digits


def test_a_bias_in_front_of_batch_norm_has_no_gradient_to_learn_from() -> None:
    effects = {name: through(follow, Settings(**SMALL)) for name, follow in FOLLOWERS.items()}
    assert effects["batch norm"].gradient < 1e-5
    assert effects["layer norm"].gradient > 0.01
    assert effects["nothing"].gradient > 0.01


def test_the_answer_says_that_the_bias_is_gone() -> None:
    values = run(QUESTION, SMALL).answer.values
    assert values["gone"]
    assert values["change"]["batch norm"] < 1e-4 < values["change"]["nothing"]
    assert values["change_in_float64"] < 1e-12
