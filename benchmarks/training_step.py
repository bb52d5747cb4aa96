"""One step of training 784-256-128-10 with dropout: forward, loss, backward, SGD update.

The same step four times. Each contestant starts from the same weights and the same batch, which
stay where they are from step to step, and leaves the loss unread, as a training loop may.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

SIZES = (784, 256, 128, 10)
DROPOUT = (0.5, 0.3)
LEARNING_RATE = 0.01

Step = Callable[[], Any]
"""Takes one step and returns its loss; the floor, which has none, returns nothing."""


def starting_point(batch_size: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The weights `(inputs, outputs)` of the three layers, a batch of images, and its labels."""
    generator = np.random.default_rng(0)
    weights = [
        generator.normal(0, inputs**-0.5, (inputs, outputs)).astype(np.float32)
        for inputs, outputs in pairwise(SIZES)
    ]
    images = generator.random((batch_size, SIZES[0]), dtype=np.float32)
    return weights, images, generator.integers(0, SIZES[-1], batch_size)


def with_tinytorch(batch_size: int, dropout: tuple[float, float] = DROPOUT) -> Step:
    """The network of `tito milestone mnist`, and the loop that its lesson teaches."""
    from tinytorch import Tensor
    from tinytorch.core.layers import Dropout
    from tinytorch.core.losses import CrossEntropyLoss
    from tinytorch.core.optimizers import SGD
    from tito.milestones.classifier import DigitNetwork

    weights, batch, labels = starting_point(batch_size)
    network = DigitNetwork()
    for layer, weight in zip(
        (network.layer1, network.layer2, network.layer3), weights, strict=True
    ):
        layer.weight.data[...] = weight
    network.dropout1, network.dropout2 = (Dropout(p) for p in dropout)
    images = Tensor(batch)
    cross_entropy = CrossEntropyLoss()
    optimizer = SGD(network.parameters(), lr=LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = cross_entropy(network(images, training=True), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def with_pytorch(batch_size: int, dropout: tuple[float, float] = DROPOUT) -> Step:
    """Modules, loss and optimizer as in PyTorch's own tutorials, in eager mode."""
    import torch
    from torch import nn

    weights, batch, labels = starting_point(batch_size)
    network = nn.Sequential(
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Dropout(dropout[0]),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Dropout(dropout[1]),
        nn.Linear(128, 10),
    )
    with torch.no_grad():
        for layer, weight in zip((network[0], network[3], network[6]), weights, strict=True):
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.zero_()
    images, targets = torch.from_numpy(batch), torch.from_numpy(labels)
    cross_entropy = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = cross_entropy(network(images), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


def with_jax(batch_size: int, dropout: tuple[float, float] = DROPOUT) -> Step:
    """The whole step under `jax.jit`, with its parameters and key donated.

    Steps follow each other without waiting for results, as in JAX's own training loops.
    """
    import jax
    import jax.numpy as jnp

    weights, batch, labels = starting_point(batch_size)
    parameters = [(jnp.asarray(w), jnp.zeros(w.shape[1])) for w in weights]
    images, targets = jnp.asarray(batch), jnp.asarray(labels, dtype=jnp.int32)
    key = jax.random.key(0)

    def drop(key: Any, x: Any, p: float) -> Any:
        keep = jax.random.bernoulli(key, 1 - p, x.shape)
        return jnp.where(keep, x / (1 - p), 0)

    def loss_of(parameters: Any, key: Any, images: Any, targets: Any) -> Any:
        x = images
        for (weight, bias), p in zip(parameters[:-1], dropout, strict=True):
            key, now = jax.random.split(key)
            x = drop(now, jax.nn.relu(x @ weight + bias), p)
        weight, bias = parameters[-1]
        logarithms = jax.nn.log_softmax(x @ weight + bias)
        return -jnp.take_along_axis(logarithms, targets[:, None], axis=1).mean()

    def update(parameters: Any, key: Any, images: Any, targets: Any) -> Any:
        key, now = jax.random.split(key)
        loss, gradients = jax.value_and_grad(loss_of)(parameters, now, images, targets)
        parameters = jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients)
        return parameters, key, loss

    compiled = jax.jit(update, donate_argnums=(0, 1))

    def step() -> Any:
        nonlocal parameters, key
        parameters, key, loss = compiled(parameters, key, images, targets)
        return loss

    return step


def floor(batch_size: int) -> Step:
    """The eight matrix products alone: three forward, three for weights, two for inputs."""
    weights, images, _ = starting_point(batch_size)
    activations = [np.ones((batch_size, size), np.float32) for size in SIZES]
    activations[0] = images
    gradients = [np.ones((batch_size, size), np.float32) for size in SIZES]
    weight_gradients = [np.empty_like(weight) for weight in weights]
    layers = range(len(weights))

    def step() -> None:
        for i in layers:
            np.matmul(activations[i], weights[i], out=activations[i + 1])
        for i in reversed(layers):
            np.matmul(activations[i].T, gradients[i + 1], out=weight_gradients[i])
            if i > 0:
                np.matmul(gradients[i + 1], weights[i].T, out=gradients[i])

    return step


CONTESTANTS = {
    "tinytorch": with_tinytorch,
    "pytorch": with_pytorch,
    "jax": with_jax,
    "floor": floor,
}
