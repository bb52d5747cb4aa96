"""What a layer says about sizes at the edge of what it takes."""

import numpy as np
import pytest

from tinytorch.core.layers import Dropout, Linear


@pytest.mark.needs("64 bits")
def test_sizes_go_up_to_2_to_the_31st_and_no_further() -> None:
    assert Linear(2**31 - 1, 0).weight.shape == (2**31 - 1, 0)
    with pytest.raises(ValueError, match=r"^out_features of Linear .* below 2147483648, got 2147"):
        Linear(0, 2**31)
    with pytest.raises(ValueError, match=r"^in_features of Linear .* below 2147483648, got 2147"):
        Linear(2**31 + 1, 0)


def test_a_size_of_minus_one_is_too_small() -> None:
    with pytest.raises(ValueError, match=r"whole number of 0 or more and below .*, got -1$"):
        Linear(-1, 3)


def test_a_size_of_one_is_no_reason_to_flatten() -> None:
    with pytest.raises(ValueError, match=r"last dimension of 30 in shape \(5, 30\); expected 1$"):
        Linear(1, 2)(np.ones((5, 30)))


def test_the_hint_keeps_as_many_batch_dimensions_as_it_can() -> None:
    with pytest.raises(ValueError, match=r"flatten first: x.reshape\(2, 3, 784\)$"):
        Linear(784, 2)(np.ones((2, 3, 28, 28)))


@pytest.mark.parametrize("shape", [(32, 785), (783,), (2, 3, 100)])
def test_where_flattening_does_not_help_it_is_not_proposed(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"last dimension of {shape[-1]} in .*; expected 784$"):
        Linear(784, 2)(np.ones(shape))


def test_a_truth_value_is_no_probability() -> None:
    with pytest.raises(TypeError, match="p of Dropout must be a number from 0 to 1, got True"):
        Dropout(True)


def test_layers_with_and_without_a_bias_show_it() -> None:
    assert repr(Linear(3, 2)) == "Linear(3, 2)"
    assert repr(Linear(3, 2, bias=False)) == "Linear(3, 2, bias=False)"
