"""When a bias is redundant."""

from functools import partial

import numpy as np
import pytest
from quick import answer_of, program_of

from tinytorch import Tensor

bias = program_of("bias")
Y = np.random.default_rng(2).standard_normal((16, 6))


@pytest.mark.parametrize(("name", "axis"), [("batch norm", 0), ("layer norm", 1)])
def test_normalization_by_hand_is_the_formula(name: str, axis: int) -> None:
    mean, variance = (f(axis=axis, keepdims=True) for f in (Y.mean, Y.var))
    found = bias.FOLLOWERS[name](Tensor(Y, dtype=np.float64)).data
    np.testing.assert_allclose(found, (Y - mean) / np.sqrt(variance + 1e-5), rtol=1e-12, atol=1e-14)


def test_batch_norm_leaves_rounding_of_a_bias_and_the_others_leave_much() -> None:
    y = Tensor(Y, dtype=np.float64)
    changes = {name: bias.change(f, y, np.arange(6.0)) for name, f in bias.FOLLOWERS.items()}
    assert changes.pop("batch norm") < 1e-14
    assert changes.pop("nothing") == pytest.approx(5)
    assert all(found > 0.1 for found in changes.values())
    # Layer norm removes only a bias that all units share.
    assert bias.change(bias.FOLLOWERS["layer norm"], y, np.full(6, 3.0)) < 1e-14


def test_one_rounding_bounds_what_adding_a_bias_in_float32_loses() -> None:
    of = partial(bias.rounding, bias.Settings(inputs=16, outputs=8, batch=8), [50.0, 100.0])
    single, double = of(np.float32), of(np.float64)
    assert single[100] == pytest.approx(2 * single[50], rel=0.05)
    assert single[100] / double[100] == 2.0**29  # 24 and 53 binary digits


def test_the_answer_says_that_the_bias_is_gone_and_has_no_gradient_to_learn_from() -> None:
    values = answer_of("bias", inputs=16, outputs=8, batch=8, seeds=3).values
    changes, gradients = values["change"], values["gradient_ratio"]
    assert values["gone"]
    assert changes["batch norm"] < 1e-4 < changes["nothing"]
    assert values["change_in_float64"] < 1e-12
    assert (
        gradients["batch norm"] < 1e-5 < 0.01 < min(gradients["layer norm"], gradients["nothing"])
    )
