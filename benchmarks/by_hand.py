"""The training step written out in NumPy, without a framework: the limit of what we could reach.

No tensors, no recording, no checks, all memory allocated beforehand and reused. What it takes
beyond the matrix products is NumPy's price for the rest of the arithmetic; what TinyTorch takes
beyond it is the price of being a framework.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.training_step import (
    DROPOUT,
    LEARNING_RATE,
    SIZES,
    Step,
    floor,
    starting_point,
    with_tinytorch,
)

LAST = len(SIZES) - 2
"""The number of the layer that makes the logits, counted from 0."""


def by_hand(batch_size: int, dropout: tuple[float, float] = DROPOUT, update: bool = True) -> Step:
    """Forward, loss and backward, with or without the update of the parameters after them."""
    weights, images, labels = starting_point(batch_size)
    biases = [np.zeros(size, np.float32) for size in SIZES[1:]]
    activations = [images, *(np.empty((batch_size, size), np.float32) for size in SIZES[1:])]
    gradients = [np.empty_like(x) for x in activations]
    masks = [np.empty_like(x) for x in activations]
    parameters = [*weights, *biases]
    parameter_gradients = [np.empty_like(parameter) for parameter in parameters]
    scratch = [np.empty_like(parameter) for parameter in parameters]
    zeros = [np.zeros(size, np.float32) for size in SIZES]
    column = np.empty((batch_size, 1), np.float32)
    rows = np.arange(batch_size)
    random_bits = np.random.SFC64(0).random_raw
    learning_rate, share = np.float32(LEARNING_RATE), np.float32(1 / batch_size)

    def keep(shape: tuple[int, int], p: float) -> np.ndarray:
        # As few random bits as the probability needs, as in TinyTorch.
        count = shape[0] * shape[1]
        if p == 0.5:
            octets = random_bits(-(-count // 64)).view(np.uint8)
            return np.unpackbits(octets, count=count).view(bool).reshape(shape)
        draws = random_bits(-(-count // 4)).view(np.uint16)[:count]
        return draws.reshape(shape) >= np.uint16(round(p * 2**16))

    def forward(layer: int) -> None:
        x, y = activations[layer], activations[layer + 1]
        np.matmul(x, weights[layer], out=y)
        np.add(y, biases[layer], out=y)
        if layer == LAST:
            return
        np.maximum(y, zeros[layer + 1], out=y)
        mask = masks[layer + 1]
        np.multiply(keep(y.shape, dropout[layer]), np.float32(1 / (1 - dropout[layer])), out=mask)
        np.multiply(y, mask, out=y)

    def cross_entropy() -> np.float32:
        logits, gradient = activations[-1], gradients[-1]
        np.maximum.reduce(logits, axis=1, keepdims=True, out=column)
        np.subtract(logits, column, out=logits)
        np.exp(logits, out=gradient)
        np.add.reduce(gradient, axis=1, keepdims=True, out=column)
        loss = np.add.reduce(np.log(column[:, 0]) - logits[rows, labels]) * share
        np.divide(gradient, column, out=gradient)
        gradient[rows, labels] -= 1
        np.multiply(gradient, share, out=gradient)
        return loss

    def backward(layer: int) -> None:
        x, gradient = activations[layer], gradients[layer + 1]
        np.matmul(x.T, gradient, out=parameter_gradients[layer])
        np.add.reduce(gradient, axis=0, out=parameter_gradients[len(weights) + layer])
        if layer == 0:
            return
        below = gradients[layer]
        np.matmul(gradient, weights[layer].T, out=below)
        np.multiply(below, masks[layer], out=below)
        np.multiply(below, x > 0, out=below)

    def step() -> np.float32:
        for layer in range(LAST + 1):
            forward(layer)
        loss = cross_entropy()
        for layer in reversed(range(LAST + 1)):
            backward(layer)
        if update:
            for parameter, gradient, change in zip(
                parameters, parameter_gradients, scratch, strict=True
            ):
                np.multiply(gradient, learning_rate, out=change)
                np.subtract(parameter, change, out=parameter)
        return loss

    return step


# Each does what the one before does, and more.
CONTESTANTS = {
    "products": floor,
    "network": partial(by_hand, update=False),
    "step": by_hand,
    "tinytorch": with_tinytorch,
}
