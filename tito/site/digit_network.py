"""The network on the first page: trained by TinyTorch when the site is built, run by a script."""

import base64
import json
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

import tinytorch
from tinytorch import CrossEntropyLoss, Linear, ReLU, Tensor
from tinytorch.composition import Layer
from tinytorch.core.optimizers import Adam
from tinytorch.core.training import Trainer, batches, cosine, predict
from tinytorch.datasets import mnist

HIDDEN = 64
EPOCHS = 5
BATCH = 128
SHIFT = 1  # pixel by which batches are moved at most, since people draw where they like


@dataclass(frozen=True)
class DigitNetwork:
    """A trained network.

    Attributes:
        script: the network as JavaScript, its weights in whole numbers of 8 bits.
        accuracy: the part of the test images that it reads right with those weights, from 0 to 1.
    """

    script: str
    accuracy: float


class _Network(Layer):
    def __init__(self) -> None:
        self.layer1, self.activation, self.layer2 = Linear(784, HIDDEN), ReLU(), Linear(HIDDEN, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer2(self.activation(self.layer1(x)))


def train() -> DigitNetwork:
    """Train the network, in some seconds. On one thread, so that it comes out the same again."""
    with threadpool_limits(limits=1):
        return _train()


def _train() -> DigitNetwork:
    tinytorch.manual_seed(1)
    random = np.random.default_rng(1)
    digits = mnist()
    network = _Network()
    steps = EPOCHS * -(-len(digits.train_images) // BATCH)
    optimizer = Adam(network.parameters(), lr=0.003)
    trainer = Trainer(network, CrossEntropyLoss(), optimizer, cosine(0.003, steps))
    padded = np.pad(digits.train_images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    for _ in range(EPOCHS):
        for images, answers in batches(padded, digits.train_labels, BATCH, shuffle=True):
            down, right = random.integers(0, 2 * SHIFT + 1, 2)
            moved = images.data[:, down : down + 28, right : right + 28].reshape(-1, 784)
            trainer.step(Tensor(moved), answers)
    layers = [_rounded(layer) for layer in (network.layer1, network.layer2)]
    test_images = digits.test_images.reshape(-1, 784)
    right = predict(network, test_images).argmax(axis=1) == digits.test_labels
    return DigitNetwork(f"const digitNetwork = {json.dumps(layers)};\n", float(right.mean()))


def _rounded(layer: Linear) -> dict[str, object]:
    """Round the weights of a layer to 255 steps; returns what a script needs of the layer."""
    scale = float(np.abs(layer.weight.data).max()) / 127
    whole = np.round(layer.weight.data / scale).astype(np.int8)
    layer.weight.data[...] = whole * np.float32(scale)
    return {
        "inputs": layer.in_features,
        "outputs": layer.out_features,
        "scale": scale,
        "weight": base64.b64encode(whole.tobytes()).decode("ascii"),
        "bias": [] if layer.bias is None else layer.bias.data.round(4).tolist(),
    }
