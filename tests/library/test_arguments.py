"""Numbers that are passed as arguments: what is taken, and the words for what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch import SGD, Adam, Dropout, Linear, Tensor, batches, cosine, manual_seed, step_decay
from tinytorch.arguments import real_number, whole_number

HUGE = 10**400  # larger than any float


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_a_whole_number_is_an_int(value: Any) -> None:
    assert type(whole_number("n", value)) is int
    assert whole_number("n", value, at_least=3, below=4) == 3


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int8(2)])
def test_a_real_number_is_a_float(value: Any) -> None:
    assert type(real_number("n", value)) is float
    assert real_number("n", value, at_least=2, at_most=2) == 2


@pytest.mark.parametrize("value", [2.5, 2.0, "2", None, True, np.True_, [2], np.array([2]), 2j])
def test_what_is_not_a_whole_number_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^n must be a whole number of 1 or more, got "):
        whole_number("n", value, at_least=1)


@pytest.mark.parametrize("value", ["2", None, False, np.False_, [2.0], np.array([2.0]), 2j])
def test_what_is_not_a_number_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^n must be a finite number of 0 or more, got "):
        real_number("n", value)


@pytest.mark.parametrize("value", [-1, -HUGE, HUGE, float("inf"), float("nan"), np.float32("nan")])
def test_what_is_out_of_range_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^n must be a finite number of 0 or more, got "):
        real_number("n", value)
    with pytest.raises(ValueError, match=r"^n must be a number from 0 to 1, got "):
        real_number("n", value, at_most=1)
    with pytest.raises(ValueError, match=r"^n must be a number of 0 or more and below 1, got "):
        real_number("n", value, below=1)


PARAMETERS = [Tensor([1.0], requires_grad=True)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Linear(-1, 2), "in_features of Linear must be a whole number of 0 or more"),
        (lambda: Linear(2, 2.5), "out_features of Linear must be a whole number of 0 or more"),
        (lambda: Dropout(1.5), "the probability p of Dropout must be a number from 0 to 1"),
        (lambda: SGD(PARAMETERS, lr=-1), "lr of SGD must be a finite number of 0 or more"),
        (
            lambda: Adam(PARAMETERS, betas=(1, 0)),
            r"betas\[0\] of Adam must be .* and below 1, got 1",
        ),
        (lambda: batches([[1.0]], [1], 0), "batch_size must be a whole number of 1 or more, got 0"),
        (lambda: cosine("fast", 3), "lr must be a finite number of 0 or more, got 'fast'"),
        (lambda: cosine(1, 3, 4), "steps must be a whole number of 4 or more, got 3"),
        (lambda: step_decay(1, every=0), "every must be a whole number of 1 or more, got 0"),
        (lambda: manual_seed("42"), "the seed of manual_seed must be a whole number of 0 or more"),
    ],
)
def test_the_words_are_the_same_everywhere(call: Callable[[], Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call()
