# Exported from modules/04_losses/losses_dev.py: edit it there, then run `tito export`.
"""Losses: one number that says how wrong a network's predictions are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import real_number
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_array, as_tensor, is_array
from tinytorch.summation import accurate_mean, accurate_sum
from tinytorch.targets import class_indices, expect_probabilities, expect_same_shape


class Loss:
    """What the losses have in common: a call is `forward`."""

    def forward(self, *inputs: Any, **options: Any) -> Tensor:
        """Compare predictions with targets; the result is a single number."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define forward(prediction, target)"
        )

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return self.forward(*inputs, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _pair(prediction: TensorLike, target: TensorLike, name: str) -> tuple[Tensor, Tensor]:
    """Prediction and target as tensors of one shape."""
    prediction = as_tensor(prediction)
    target = (
        as_tensor(target) if isinstance(target, Tensor) else Tensor(target, dtype=prediction.dtype)
    )
    expect_same_shape(name, prediction, target)
    return prediction, target


class MSELoss(Loss):
    """The mean squared error, `mean((prediction - target) ** 2)`, over all elements.

    >>> MSELoss()(Tensor([1.0, 3.0]), [1.0, 1.0])
    Tensor(2.)
    """

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """Compare predictions with targets of the same shape.

        Raises:
            ValueError: the shapes differ, or there is nothing to compare.
        """
        prediction, target = _pair(prediction, target, "MSELoss")
        return ((prediction - target) ** 2).mean()


class BinaryCrossEntropyLoss(Loss):
    """The cross-entropy of yes-or-no predictions given as probabilities, over all elements.

    `-mean(target * log(prediction) + (1 - target) * log(1 - prediction))`. Logarithms are cut
    off at -100, so that a prediction that is certain and wrong costs 100 instead of infinity.

    >>> BinaryCrossEntropyLoss()([0.9, 0.2], [1, 0])
    Tensor(0.1643)
    """

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """Compare probabilities with targets of the same shape, 0 for no and 1 for yes.

        Raises:
            ValueError: the shapes differ, there is nothing to compare, or a prediction or a
                target is outside [0, 1].
        """
        name = "BinaryCrossEntropyLoss"
        prediction, target = _pair(prediction, target, name)
        fix = "; turn logits into probabilities first: Sigmoid()(logits)"
        expect_probabilities(name, "prediction", prediction._array, fix)
        expect_probabilities(name, "target", target._array)
        return apply(binary_cross_entropy, prediction, target)


def binary_cross_entropy(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The mean binary cross-entropy of probabilities, as an operation.

    Args:
        prediction: probabilities of yes, of any shape.
        target: of the same shape, 1 for yes and 0 for no.
    """
    with np.errstate(divide="ignore"):
        yes = np.maximum(np.log(prediction), -100)
        no = np.maximum(np.log1p(-prediction), -100)
    return -accurate_mean(target * yes + (1 - target) * no)


@np.errstate(over="ignore")  # a difference beyond float32 becomes -infinity, and its exp 0: right
def shifted(logits: np.ndarray) -> np.ndarray:
    """Logits as rows `(samples, number of classes)`, shifted so that the largest of each is 0.

    That changes no probability, and `exp` can no longer overflow.
    """
    rows = logits.reshape(-1, logits.shape[-1])
    if len(rows) > rows.shape[1]:
        # Class by class in memory, the same numbers are compared and added up in long runs.
        rows = rows.copy(order="F")
    return rows - rows.max(axis=1, keepdims=True)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithm of softmax along the last axis, as an operation.

    Args:
        logits: shape `(..., number of classes)`, scores of any size.

    Returns:
        The same shape: the logarithms of the probabilities, 0 or less.
    """
    scores = shifted(logits)
    totals = accurate_sum(np.exp(scores), axis=1, keepdims=True)
    return (scores - np.log(totals)).reshape(logits.shape)


def cross_entropy(logits: np.ndarray, classes: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The mean cross-entropy of logits `(..., number of classes)`, as an operation.

    `log(sum(exp(logits))) - logits[class]` is the same as `-log softmax(logits)[class]`, and
    cannot take the logarithm of zero.

    Args:
        logits: the scores before any softmax.
        classes: shape `(...)`, the right classes.
        probabilities: an array like the logits, which is filled with their softmax. Backward
            needs that, and most of it is worked out here anyway.
    """
    scores = shifted(logits)
    right = scores[np.arange(len(scores), like=scores), classes.reshape(-1)]
    exponentials = np.exp(scores)
    totals = accurate_sum(exponentials, axis=1)
    np.divide(exponentials, totals[:, None], out=probabilities.reshape(scores.shape))
    losses = np.log(totals) - right
    return losses.sum() / len(losses)


class CrossEntropyLoss(Loss):
    """The cross-entropy of a choice among classes: `-log softmax(logits)[class]`, averaged.

    Args:
        label_smoothing: from 0 to 1, the share of the target that is spread evenly over all
            classes (Szegedy et al., 2016).

    Raises:
        TypeError: the smoothing is not a number.
        ValueError: the smoothing is outside [0, 1].

    >>> CrossEntropyLoss()(np.zeros((4, 10)), [3, 1, 4, 1])  # log(10): nothing is known yet
    Tensor(2.3026)
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        name = "label_smoothing of CrossEntropyLoss"
        self.label_smoothing = real_number(name, label_smoothing, at_most=1)

    def forward(self, logits: TensorLike, classes: TensorLike) -> Tensor:
        """Compare logits with the right classes.

        Args:
            logits: shape `(..., number of classes)`, the scores before any softmax.
            classes: shape `(...)`, whole numbers from 0 to the number of classes - 1.

        Raises:
            TypeError: the classes are not whole numbers.
            ValueError: the shapes do not fit, a class is out of range, or the batch is empty.
        """
        logits = as_tensor(logits)
        if is_array(classes) and classes.dtype.kind in "iuf":
            whole = classes
        else:
            whole = as_array(classes, np.float64)
        indices = class_indices("CrossEntropyLoss", whole, logits.shape)
        probabilities = np.empty_like(logits._array, order="C")
        loss = apply(cross_entropy, logits, classes=indices, probabilities=probabilities)
        if self.label_smoothing == 0:
            return loss
        of_all_classes = -apply(log_softmax, logits).mean()
        return (1 - self.label_smoothing) * loss + self.label_smoothing * of_all_classes

    def __repr__(self) -> str:
        smoothing = f"label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
        return f"CrossEntropyLoss({smoothing})"
