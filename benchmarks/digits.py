"""All of MNIST by the recipe of `tito milestone mnist`: how fast a network learns, and in how much
memory.

Every contestant trains the same network by the same recipe: the same distribution of first weights,
batches of the same size from a new random order in each epoch, the same optimizer, and the same
learning rate at each step. All keep the images as bytes, and scale a batch when its turn comes.

After each epoch the network reads the test images. The clock stops for that, and for the warm-up
before the first epoch, in which JAX compiles; the time of the whole program counts both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any

import numpy as np

from tinytorch.core.training import cosine
from tinytorch.datasets import mnist
from tito.milestones.recipe import Recipe

SIZES = (784, 256, 128, 10)
DROPOUT = (0.5, 0.3)
TEST_BATCH = 1000


def learning_rates(recipe: Recipe, images: int) -> list[float]:
    """The learning rate of every step of the recipe."""
    batches = math.ceil(images / recipe.batch_size)
    schedule = cosine(
        recipe.lr, recipe.epochs * batches, warmup=round(recipe.warmup_epochs * batches)
    )
    return [schedule(step) for step in range(recipe.epochs * batches)]


def timed_epochs(
    epochs: int, learn: Callable[[int], object], correct: Callable[[], int], images: int
) -> dict[str, list[float]]:
    """Run the epochs against the clock, and test after each.

    Args:
        epochs: how many.
        learn: trains for one epoch, whose number from 0 it is given.
        correct: how many of the test images are read right; not timed.
        images: how many test images there are.

    Returns:
        For each epoch the seconds of training so far, and the accuracy in percent.
    """
    seconds, accuracy = [0.0], []
    for epoch in range(epochs):
        start = time.perf_counter()
        learn(epoch)
        seconds.append(seconds[-1] + time.perf_counter() - start)
        accuracy.append(100 * correct() / images)
    return {"seconds": seconds[1:], "accuracy": accuracy}


def with_tinytorch(seed: int, epochs: int | None = None) -> dict[str, list[float]]:
    """The milestone itself, which watches loss and accuracy of each batch as it goes."""
    import tinytorch
    from tinytorch.core.training import predict
    from tito.milestones.classifier import DigitNetwork, train

    recipe = Recipe(seed=seed)
    data = mnist()
    images, test_images = (x.reshape(len(x), -1) for x in (data.train_images, data.test_images))
    batches = math.ceil(len(images) / recipe.batch_size)

    # The warm-up: a few steps of a network that is thrown away.
    for _ in islice(train(DigitNetwork(), images, data.train_labels, recipe), 3):
        pass

    tinytorch.manual_seed(seed)
    network = DigitNetwork()
    steps = train(network, images, data.train_labels, recipe)

    def learn(epoch: int) -> None:
        for _ in islice(steps, batches):
            pass

    def correct() -> int:
        logits = predict(network, test_images, TEST_BATCH)
        return int(np.count_nonzero(logits.argmax(axis=1) == data.test_labels))

    return timed_epochs(epochs or recipe.epochs, learn, correct, len(test_images))


def with_pytorch(seed: int, epochs: int | None = None) -> dict[str, list[float]]:
    """Eager PyTorch; batches are picked from one tensor, which is faster than a DataLoader."""
    import torch
    from torch import nn

    recipe = Recipe(seed=seed)
    data = mnist()
    images, labels, test_images, test_labels = (torch.from_numpy(x) for x in data)
    images, test_images = images.flatten(1), test_images.flatten(1)
    rates = learning_rates(recipe, len(images))
    batches = len(rates) // recipe.epochs

    def make() -> tuple[nn.Module, torch.optim.Optimizer]:
        layers = [nn.Linear(784, 256), nn.Linear(256, 128), nn.Linear(128, 10)]
        for layer in layers:
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(layer.bias)
        network = nn.Sequential(
            layers[0], nn.ReLU(), nn.Dropout(DROPOUT[0]),
            layers[1], nn.ReLU(), nn.Dropout(DROPOUT[1]),
            layers[2],
        )  # fmt: skip
        return network, torch.optim.SGD(
            network.parameters(),
            lr=recipe.lr,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )

    cross_entropy = nn.CrossEntropyLoss()

    def step(network: nn.Module, optimizer: torch.optim.Optimizer, chosen: Any) -> None:
        optimizer.zero_grad()
        batch = images.index_select(0, chosen) / 255  # four times as fast as images[chosen]
        loss = cross_entropy(network(batch), labels[chosen])
        loss.backward()
        optimizer.step()

    scratch = make()
    for _ in range(3):
        step(*scratch, torch.arange(recipe.batch_size))

    torch.manual_seed(seed)
    network, optimizer = make()

    def learn(epoch: int) -> None:
        network.train()
        order = torch.randperm(len(images))
        for batch, chosen in enumerate(order.split(recipe.batch_size)):
            optimizer.param_groups[0]["lr"] = rates[epoch * batches + batch]
            step(network, optimizer, chosen)

    @torch.inference_mode()
    def correct() -> int:
        network.eval()
        return sum(
            int((network(x / 255).argmax(dim=1) == y).sum())
            for x, y in zip(
                test_images.split(TEST_BATCH), test_labels.split(TEST_BATCH), strict=True
            )
        )

    return timed_epochs(epochs or recipe.epochs, learn, correct, len(test_images))


def with_jax(seed: int, epochs: int | None = None) -> dict[str, list[float]]:
    """Compiled steps on data that JAX holds; NumPy shuffles, since JAX takes 70 times as long."""
    import jax
    import jax.numpy as jnp

    recipe = Recipe(seed=seed)
    images, labels, test_images, test_labels = (
        jnp.asarray(x.reshape(len(x), -1) if x.ndim == 3 else x.astype(np.int32)) for x in mnist()
    )
    rates = learning_rates(recipe, len(images))
    batches = len(rates) // recipe.epochs

    def make(key: Any) -> tuple[Any, Any]:
        parameters = []
        for inputs, outputs in pairwise(SIZES):
            key, now = jax.random.split(key)
            weight = jax.random.normal(now, (inputs, outputs)) * inputs**-0.5
            parameters.append((weight, jnp.zeros(outputs)))
        return parameters, jax.tree.map(jnp.zeros_like, parameters)

    def drop(key: Any, x: Any, p: float) -> Any:
        keep = jax.random.bernoulli(key, 1 - p, x.shape)
        return jnp.where(keep, x / (1 - p), 0)

    def logits_of(parameters: Any, images: Any, key: Any = None) -> Any:
        x = images.astype(jnp.float32) / 255
        for (weight, bias), p in zip(parameters[:-1], DROPOUT, strict=True):
            x = jax.nn.relu(x @ weight + bias)
            if key is not None:
                key, now = jax.random.split(key)
                x = drop(now, x, p)
        weight, bias = parameters[-1]
        return x @ weight + bias

    def loss_of(parameters: Any, images: Any, labels: Any, key: Any) -> Any:
        logarithms = jax.nn.log_softmax(logits_of(parameters, images, key))
        return -jnp.take_along_axis(logarithms, labels[:, None], axis=1).mean()

    def update(
        parameters: Any, velocity: Any, key: Any, images: Any, labels: Any, chosen: Any, rate: Any
    ) -> Any:
        key, now = jax.random.split(key)
        batch, classes = (x.at[chosen].get(mode="promise_in_bounds") for x in (images, labels))
        loss, gradients = jax.value_and_grad(loss_of)(parameters, batch, classes, now)
        velocity = jax.tree.map(
            lambda v, g, p: recipe.momentum * v + g + recipe.weight_decay * p,
            velocity,
            gradients,
            parameters,
        )
        parameters = jax.tree.map(lambda p, v: p - rate * v, parameters, velocity)
        return parameters, velocity, key, loss

    step = jax.jit(update, donate_argnums=(0, 1, 2))
    count = jax.jit(lambda p, x, y: (logits_of(p, x).argmax(axis=1) == y).sum())

    # Two sizes of batch to compile: all but the last of an epoch, and the last.
    last = len(images) - (batches - 1) * recipe.batch_size
    for size in (recipe.batch_size, last):
        chosen = np.arange(size, dtype=np.int32)
        step(*make(jax.random.key(0)), jax.random.key(1), images, labels, chosen, rates[0])

    key, now = jax.random.split(jax.random.key(seed))
    parameters, velocity = make(now)
    generator = np.random.default_rng(seed)

    def learn(epoch: int) -> None:
        nonlocal parameters, velocity, key
        order = generator.permutation(len(images)).astype(np.int32)
        for batch in range(batches):
            chosen = order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            rate = rates[epoch * batches + batch]
            parameters, velocity, key, _ = step(
                parameters, velocity, key, images, labels, chosen, rate
            )
        jax.block_until_ready(parameters)

    def correct() -> int:
        return sum(
            int(count(parameters, test_images[i : i + TEST_BATCH], test_labels[i : i + TEST_BATCH]))
            for i in range(0, len(test_images), TEST_BATCH)
        )

    return timed_epochs(epochs or recipe.epochs, learn, correct, len(test_images))


CONTESTANTS = {"tinytorch": with_tinytorch, "pytorch": with_pytorch, "jax": with_jax}
