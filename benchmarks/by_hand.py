"""The training step written out in NumPy, without a framework: the limit of what we could reach.

No tensors, no recording, no checks, all memory set aside beforehand and reused. What it takes
beyond the matrix products is NumPy's price for the rest of the arithmetic; what TinyTorch takes
beyond it is the price of being a framework: of new memory for each result, and of Python.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.training_step import (
    DROPOUT,
    LEARNING_RATE,
    SIZES,
    Step,
    floor,
    starting_point,
    with_jax,
    with_pytorch,
    with_tinytorch,
)
from tinytorch.allocator import keep_freed_memory

LAST = len(SIZES) - 2
"""The number of the layer that makes the logits, counted from 0."""


def by_hand(
    batch_size: int,
    dropout: tuple[float, float] = DROPOUT,
    update: bool = True,
    reuse: bool = True,
) -> Step:
    """Forward, loss and backward.

    Args:
        batch_size: how many samples there are.
        dropout: the probabilities of dropping a unit of the first and of the second hidden layer.
        update: whether to move the parameters afterwards.
        reuse: whether all results are written to memory that was set aside beforehand; if not,
            each asks for its own and lets go of it, as NumPy does where no `out=` is given.
    """
    weights, images, labels = starting_point(batch_size)
    biases = [np.zeros(size, np.float32) for size in SIZES[1:]]
    parameters = [*weights, *biases]
    # The logits, class by class in memory: reductions over them are several times as fast.
    scores = np.empty((batch_size, SIZES[-1]), np.float32, order="F")
    # Where results go: an array, or None for a new one.
    activations: list[Any] = [images, *(None for _ in SIZES[1:])]
    gradients: list[Any] = [None for _ in SIZES]
    masks: list[Any] = [None for _ in SIZES]
    parameter_gradients: list[Any] = [None for _ in parameters]
    changes: list[Any] = [None for _ in parameters]
    if not reuse:
        keep_freed_memory()  # as TinyTorch does
    else:
        for results in (activations, gradients, masks):
            results[1:] = [np.empty((batch_size, size), np.float32) for size in SIZES[1:]]
        gradients[-1] = np.empty_like(scores)
        for results in (parameter_gradients, changes):
            results[:] = [np.empty_like(parameter) for parameter in parameters]
    zeros = [np.zeros(size, np.float32) for size in SIZES]
    column = np.empty((batch_size, 1), np.float32)
    rows = np.arange(batch_size)
    random_bits = np.random.SFC64(0).random_raw
    learning_rate, share = np.float32(LEARNING_RATE), np.float32(1 / batch_size)

    def keep(shape: tuple[int, ...], p: float) -> np.ndarray:
        # As few random bits as the probability needs, as in TinyTorch.
        count = math.prod(shape)
        if p == 0.5:
            octets = random_bits(-(-count // 64)).view(np.uint8)
            return np.unpackbits(octets, count=count).view(bool).reshape(shape)
        draws = random_bits(-(-count // 4)).view(np.uint16)[:count]
        return draws.reshape(shape) >= np.uint16(round(p * 2**16))

    def forward(layer: int) -> None:
        space = activations[layer + 1]
        y = np.matmul(activations[layer], weights[layer], out=space)
        y = np.add(y, biases[layer], out=space)
        if layer < LAST:
            y = np.maximum(y, zeros[layer + 1], out=space)
            p = dropout[layer]
            kept = keep(y.shape, p).astype(np.float32)
            mask = np.multiply(kept, np.float32(1 / (1 - p)), out=masks[layer + 1])
            y = np.multiply(y, mask, out=space)
            masks[layer + 1] = mask
        activations[layer + 1] = y

    def cross_entropy() -> np.float32:
        space = gradients[-1]
        np.copyto(scores, activations[-1])
        np.maximum.reduce(scores, axis=1, keepdims=True, out=column)
        np.subtract(scores, column, out=scores)
        gradient = np.exp(scores, out=space)
        np.add.reduce(gradient, axis=1, keepdims=True, out=column)
        loss = np.add.reduce(np.log(column[:, 0]) - scores[rows, labels]) * share
        gradient = np.divide(gradient, column, out=space)
        gradient[rows, labels] -= 1
        gradients[-1] = np.multiply(gradient, share, out=space)
        return loss

    def backward(layer: int) -> None:
        x, gradient = activations[layer], gradients[layer + 1]
        weight, bias = layer, len(weights) + layer  # where their gradients are
        parameter_gradients[weight] = np.matmul(x.T, gradient, out=parameter_gradients[weight])
        parameter_gradients[bias] = np.add.reduce(gradient, axis=0, out=parameter_gradients[bias])
        if layer == 0:
            return
        space = gradients[layer]
        below = np.matmul(gradient, weights[layer].T, out=space)
        below = np.multiply(below, masks[layer], out=space)
        gradients[layer] = np.multiply(below, (x > 0).astype(np.float32), out=space)

    def step() -> np.float32:
        for layer in range(LAST + 1):
            forward(layer)
        loss = cross_entropy()
        for layer in reversed(range(LAST + 1)):
            backward(layer)
        if update:
            for parameter, gradient, change in zip(
                parameters, parameter_gradients, changes, strict=True
            ):
                np.subtract(
                    parameter, np.multiply(gradient, learning_rate, out=change), out=parameter
                )
        if not reuse:
            for results in (activations, gradients, masks):
                results[1:] = [None for _ in SIZES[1:]]
            parameter_gradients[:] = [None for _ in parameters]
        return loss

    return step


# Each does what the one before does, and more; then those who do the same step in their own way.
CONTESTANTS = {
    "products": floor,
    "network": partial(by_hand, update=False),
    "step": by_hand,
    "anew": partial(by_hand, reuse=False),
    "tinytorch": with_tinytorch,
    "pytorch": with_pytorch,
    "jax": with_jax,
}
