"""Targets of losses, checked against the predictions that they are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np


def expect_same_shape(name: str, prediction: Any, target: Any) -> None:
    """Raise a ValueError unless predictions and targets have one shape, and are not empty.

    Args:
        name: the loss that compares them.
        prediction, target: tensors or arrays.
    """
    if prediction.shape != target.shape:
        fix = ""
        if prediction.size == target.size:
            fix = f"; reshape the target: target.reshape{prediction.shape}"
        raise ValueError(
            f"{name} got predictions of shape {prediction.shape} and targets of shape "
            f"{target.shape}; expected the same shape{fix}"
        )
    if prediction.size == 0:
        raise ValueError(f"{name} got an empty batch of shape {prediction.shape}")


def expect_probabilities(name: str, kind: str, values: np.ndarray, fix: str = "") -> None:
    """Raise a ValueError for the first number that is not from 0 to 1; `fix` says what to do."""
    outside = values[(values < 0) | (values > 1)]
    if outside.size:
        raise ValueError(f"{name} got a {kind} of {outside[0].item():.4g}, expected 0 to 1{fix}")


def class_indices(name: str, classes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A copy of the classes as `np.intp`, each of which is one of the logits' classes.

    Args:
        name: the loss that takes them.
        classes: whole numbers, of whatever dtype.
        shape: that of the logits, `(..., number of classes)`.

    Raises:
        TypeError: the classes are not whole numbers.
        ValueError: the shapes do not fit, a class is out of range, or the batch is empty.
    """
    if classes.dtype.kind != "f":
        indices = classes.astype(np.int64)
    else:
        # A tensor of labels holds float32 unless told otherwise; whole numbers are meant.
        with np.errstate(invalid="ignore"):
            indices = classes.astype(np.int64)
        if not np.array_equal(indices, classes):
            raise TypeError(
                f"{name} takes classes as whole numbers, got fractions; "
                "for one-hot rows or probabilities take classes.argmax(axis=1)"
            )
    if not shape:
        raise ValueError(f"{name} got a single number; expected a row of logits")
    if classes.shape != shape[:-1]:
        fix = "; for one-hot rows take classes.argmax(axis=1)" if classes.shape == shape else ""
        raise ValueError(
            f"{name} got logits of shape {shape} and classes of shape {classes.shape}; "
            f"expected classes of shape {shape[:-1]}{fix}"
        )
    if classes.size == 0 or shape[-1] == 0:
        raise ValueError(f"{name} got an empty batch: logits of shape {shape}")
    # Read as unsigned numbers, negative ones are huge: one comparison finds all out of range.
    if indices.view(np.uint64).max() >= shape[-1]:
        wrong = indices[(indices < 0) | (indices >= shape[-1])]
        raise ValueError(
            f"{name} got class {wrong[0].item()}; expected 0 to {shape[-1] - 1}, "
            f"since the logits of shape {shape} speak of {shape[-1]} classes"
        )
    # Of the type that NumPy looks up with, which in a browser has half as many bits.
    return indices.astype(np.intp, copy=False)
