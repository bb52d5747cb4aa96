"""Losses: their values, far out as well."""

import math
import warnings
from typing import Any

import numpy as np
import pytest

from tinytorch.core.losses import (
    BinaryCrossEntropyLoss,
    CrossEntropyLoss,
    Loss,
    MSELoss,
    log_softmax,
)
from tinytorch.core.tensor import Tensor
from tinytorch.targets import class_indices

LARGEST = float(np.finfo(np.float32).max)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    """A loss gives no warning, whatever it is asked for here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_loss_is_a_tensor_of_one_number() -> None:
    for loss in (
        MSELoss()([1.0, 2.0], [0.0, 0.0]),
        BinaryCrossEntropyLoss()([0.5, 0.5], [0, 1]),
        CrossEntropyLoss()([[1.0, 2.0]], [0]),
    ):
        assert isinstance(loss, Tensor)
        assert loss.shape == ()
        assert loss.dtype == np.float32


def test_a_call_is_forward_as_with_layers_and_activations() -> None:
    class Doubled(MSELoss):
        def forward(self, prediction: Any, target: Any) -> Tensor:
            return super().forward(prediction, target) * 2

    class Hinge(Loss):
        def forward(self, scores: Any, signs: Any) -> Tensor:
            return np.maximum(1 - Tensor(scores) * signs, 0).mean()

    assert MSELoss().forward([1.0, 2.0], [0.0, 0.0]).item() == 2.5
    assert BinaryCrossEntropyLoss().forward([1.0], [1]).item() == 0
    assert CrossEntropyLoss().forward(logits=[[0.0, 1e4]], classes=[1]).item() == 0
    assert CrossEntropyLoss()(logits=[[0.0, 1e4]], classes=[1]).item() == 0
    assert Doubled()(prediction=[1.0, 2.0], target=[0.0, 0.0]).item() == 5.0
    assert Hinge()([0.5, 2.0], [1.0, 1.0]).item() == 0.25
    assert repr(Hinge()) == "Hinge()"
    with pytest.raises(NotImplementedError, match=r"Loss does not define forward\("):
        Loss()([1.0], [1.0])


# ---- Mean squared error --------------------------------------------------------------------------


def test_mean_squared_error_is_over_all_elements() -> None:
    assert MSELoss()([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]).item() == 7.5
    assert MSELoss()(3.0, 1.0).item() == 4.0
    assert MSELoss()(Tensor([1.0, 2.0]), Tensor([1.0, 2.0])).item() == 0.0


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32, np.int64, np.float16])
def test_mean_squared_error_of_small_whole_numbers_does_not_wrap(dtype: Any) -> None:
    zero, large = Tensor([0], dtype=dtype), Tensor([120], dtype=dtype)
    assert MSELoss()(zero, large).item() == 14_400
    assert MSELoss()(large, zero).item() == 14_400
    assert MSELoss()(large, np.array([0], dtype=dtype)).item() == 14_400


def test_mean_squared_error_of_whole_numbers_with_fractions_is_exact() -> None:
    assert MSELoss()(Tensor([1, 2], dtype=np.int64), [0.5, 0.5]).item() == 1.25


# ---- Binary cross-entropy ------------------------------------------------------------------------


def test_binary_cross_entropy_is_the_mean_surprise() -> None:
    loss = BinaryCrossEntropyLoss()([0.9, 0.2], [1, 0])
    assert loss.item() == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2, rel=1e-6)


def test_binary_cross_entropy_takes_soft_targets() -> None:
    loss = BinaryCrossEntropyLoss()([0.3], [0.6])
    assert loss.item() == pytest.approx(-0.6 * math.log(0.3) - 0.4 * math.log(0.7), rel=1e-6)


@pytest.mark.parametrize(
    ("prediction", "target", "expected"),
    [(0.0, 0, 0.0), (1.0, 1, 0.0), (0.0, 1, 100.0), (1.0, 0, 100.0), (0.0, 0.5, 50.0)],
)
def test_certainty_costs_nothing_if_right_and_100_if_wrong(
    prediction: float, target: float, expected: float
) -> None:
    assert BinaryCrossEntropyLoss()([prediction], [target]).item() == expected


def test_logarithms_are_cut_off_at_minus_100_and_no_earlier() -> None:
    prediction = Tensor([1e-30, 1e-50], dtype=np.float64)
    loss = BinaryCrossEntropyLoss()(prediction, [1, 1])
    assert loss.item() == pytest.approx((-math.log(1e-30) + 100) / 2, rel=1e-12)


def test_the_smallest_probabilities_keep_their_precision() -> None:
    loss = BinaryCrossEntropyLoss()(Tensor([1e-15], dtype=np.float64), [0])
    assert loss.item() == pytest.approx(1e-15, rel=1e-9, abs=0)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float64])
def test_binary_cross_entropy_takes_targets_of_any_dtype(dtype: Any) -> None:
    target = np.array([1, 0, 1], dtype=dtype)
    expected = BinaryCrossEntropyLoss()([0.9, 0.2, 0.4], [1.0, 0.0, 1.0]).item()
    assert BinaryCrossEntropyLoss()([0.9, 0.2, 0.4], target).item() == expected
    tensor = Tensor(target, dtype=dtype)
    assert BinaryCrossEntropyLoss()([0.9, 0.2, 0.4], tensor).item() == pytest.approx(expected)


# ---- Cross-entropy -------------------------------------------------------------------------------


def test_cross_entropy_is_minus_the_log_of_the_right_probability() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -(math.log(probabilities[0, 2]) + math.log(probabilities[1, 0])) / 2
    loss = CrossEntropyLoss()(Tensor(logits, dtype=np.float64), [2, 0])
    assert loss.item() == pytest.approx(expected, rel=1e-14)


def test_cross_entropy_of_no_idea_is_the_log_of_the_number_of_classes() -> None:
    loss = CrossEntropyLoss()(np.zeros((5, 10)), np.arange(5))
    assert loss.item() == pytest.approx(math.log(10), rel=1e-6)


@pytest.mark.parametrize(
    ("logits", "classes", "expected"),
    [
        ([[1e4, -1e4]], [0], 0.0),
        ([[1e4, -1e4]], [1], 2e4),
        ([[1e30, 1e30]], [0], math.log(2)),
        ([[1e30, -1e30]], [1], 2e30),
        ([[LARGEST / 4, -LARGEST / 4]], [0], 0.0),
        ([[LARGEST / 4, -LARGEST / 4]], [1], LARGEST / 2),
        ([[-LARGEST, -LARGEST]], [1], math.log(2)),
    ],
    ids=str,
)
def test_cross_entropy_stays_finite_far_out(logits: Any, classes: Any, expected: float) -> None:
    assert CrossEntropyLoss()(logits, classes).item() == pytest.approx(expected, rel=1e-6)


def test_cross_entropy_is_right_though_a_difference_overflows() -> None:
    with np.errstate(over="ignore"):
        assert CrossEntropyLoss()([[LARGEST, -LARGEST]], [0]).item() == 0.0


@pytest.mark.parametrize(
    ("shape", "classes"),
    [
        ((3,), 1),
        ((1, 3), [1]),
        ((2, 2, 3), [[0, 1], [2, 0]]),
        ((2, 1, 2, 3), [[[0, 1]], [[2, 0]]]),
        ((4, 1), [0, 0, 0, 0]),
    ],
    ids=str,
)
def test_cross_entropy_takes_any_number_of_batch_dimensions(
    shape: tuple[int, ...], classes: Any
) -> None:
    logits = np.random.default_rng(0).standard_normal(shape)
    rows = logits.reshape(-1, shape[-1])
    right = rows[np.arange(len(rows)), np.ravel(classes)]
    expected = np.mean(np.log(np.exp(rows).sum(axis=1)) - right)
    loss = CrossEntropyLoss()(Tensor(logits, dtype=np.float64), classes)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "classes",
    [
        [0, 2],
        (0, 2),
        np.array([0, 2]),
        np.array([0, 2], dtype=np.uint8),
        np.array([0.0, 2.0]),
        Tensor([0, 2]),
        Tensor([0, 2], dtype=np.int64),
        np.array([0, 2], dtype=">i4"),
    ],
    ids=lambda classes: f"{type(classes).__name__} {getattr(classes, 'dtype', '')}",
)
def test_cross_entropy_takes_whole_numbers_in_any_form(classes: Any) -> None:
    logits = [[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]]
    assert CrossEntropyLoss()(logits, classes).item() == CrossEntropyLoss()(logits, [0, 2]).item()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, bool, np.float16, np.float64])
def test_cross_entropy_of_logits_of_any_dtype_is_right(dtype: Any) -> None:
    logits = np.array([[0, 1, 1], [1, 0, 1]], dtype=dtype)
    expected = CrossEntropyLoss()(logits.astype(np.float32), [0, 2]).item()
    result = CrossEntropyLoss()(Tensor(logits, dtype=dtype), [0, 2])
    assert result.item() == pytest.approx(expected, rel=1e-3 if dtype == np.float16 else 1e-6)


def test_label_smoothing_spreads_its_share_over_all_classes() -> None:
    logits = np.array([[2.0, 1.0, 0.1], [0.5, -1.0, 3.0]])
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    target = np.array([[0.8 + 0.2 / 3, 0.2 / 3, 0.2 / 3], [0.2 / 3, 0.2 / 3, 0.8 + 0.2 / 3]])
    loss = CrossEntropyLoss(label_smoothing=0.2)(logits, [0, 2])
    assert loss.item() == pytest.approx(-(target * logs).sum() / 2, rel=1e-6)
    assert repr(CrossEntropyLoss(label_smoothing=0.2)) == "CrossEntropyLoss(label_smoothing=0.2)"
    assert repr(CrossEntropyLoss()) == "CrossEntropyLoss()"


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, math.nan, "much", None])
def test_a_smoothing_that_is_no_share_is_refused(smoothing: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="label_smoothing of CrossEntropyLoss"):
        CrossEntropyLoss(label_smoothing=smoothing)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (9, 4), (2, 3, 4), (3, 1), (0, 4)], ids=str)
def test_log_softmax_is_the_logarithm_of_softmax(shape: tuple[int, ...]) -> None:
    logits = np.random.default_rng(0).standard_normal(shape)
    expected = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(log_softmax(logits), expected, rtol=1e-12, atol=1e-15)


def test_log_softmax_stays_finite_far_out() -> None:
    assert log_softmax(np.array([1e30, 0.0, -1e30])).tolist() == [0.0, -1e30, -2e30]


def test_losses_do_not_change_what_they_are_given() -> None:
    logits, classes = Tensor([[1.0, 2.0]], requires_grad=True), np.array([1])
    CrossEntropyLoss()(logits, classes).backward()
    assert logits.data.tolist() == [[1.0, 2.0]]
    assert classes.tolist() == [1]
    prediction, target = Tensor([0.0, 1.0], requires_grad=True), Tensor([1.0, 0.0])
    BinaryCrossEntropyLoss()(prediction, target).backward()
    assert prediction.data.tolist() == [0.0, 1.0]
    assert target.data.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.float32])
def test_classes_of_any_dtype_become_what_numpy_looks_up_with(dtype: Any) -> None:
    classes = class_indices("CrossEntropyLoss", np.array([1, 0], dtype), (2, 3))
    assert classes.dtype == np.intp
    assert np.take(np.arange(3), classes).tolist() == [1, 0]


@pytest.mark.parametrize("number", [2**32, 2**32 + 1, -(2**32), 2**63 - 1])
def test_a_class_beyond_32_bits_is_out_of_range_everywhere(number: int) -> None:
    with pytest.raises(ValueError, match=f"got class {number}; expected 0 to 2"):
        class_indices("CrossEntropyLoss", np.array([number], np.int64), (1, 3))
