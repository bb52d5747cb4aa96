"""The milestone in a page: its network is taught a little at each call, and reads what one draws.

The page calls, so that between two calls it can show something, or stop. What is returned can be
turned into JavaScript's numbers, texts, lists and objects.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinytorch
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import load, predict, save
from tinytorch.course.owners import described, in_use
from tinytorch.datasets import mnist
from tito.milestones.classifier import DigitNetwork, Step, train
from tito.milestones.history import History
from tito.milestones.recipe import Recipe

# How many of the test images that were read wrong are shown.
MISTAKES = 12


class Digits:
    """The network, and what it has been taught so far."""

    def __init__(self) -> None:
        self.network = _new_network()
        self._steps: Iterator[Step] = iter(())
        self._history = History()

    @property
    def modules(self) -> str:
        """Whose the modules are that the network is made of, in words."""
        return described(in_use())

    def begin(self, epochs: int) -> None:
        """Make a new network, to be trained for so many epochs."""
        self.network = _new_network()
        digits = mnist()
        images = digits.train_images.reshape(-1, 784)
        recipe = Recipe(epochs=epochs, warmup_epochs=1 if epochs > 1 else 0)
        self._steps = train(self.network, images, digits.train_labels, recipe)
        self._history = History()

    def go_on(self, seconds: float) -> dict[str, Any] | None:
        """Train for about so long; where the training is then, or None at its end.

        Returns:
            `epoch`, `batch`, `batches`, and of the epoch so far `loss`, `accuracy` and
            `images_per_second`; `seconds` of all of the training.
        """
        end = time.perf_counter() + seconds
        epoch = None
        # A training that diverges ends with a message; NumPy's warnings on the way add nothing.
        with np.errstate(all="ignore"):
            for step in self._steps:
                epoch = self._history.add(step)
                if time.perf_counter() > end:
                    break
        if epoch is None:
            return None
        return {
            "epoch": epoch.number,
            "batch": epoch.batch,
            "batches": epoch.batches,
            "loss": epoch.loss if math.isfinite(epoch.loss) else None,
            "accuracy": epoch.accuracy,
            "images_per_second": epoch.images_per_second,
            "seconds": self._history.seconds,
        }

    def test(self) -> dict[str, Any]:
        """Read the 10,000 test images.

        Returns:
            `accuracy`, from 0 to 1, and `mistakes`: the surest of them, each with its `image` (784
            numbers from 0 to 255), its `label` and what was `read`.
        """
        digits = mnist()
        logits = predict(self.network, digits.test_images.reshape(-1, 784))
        found = logits.argmax(axis=1)
        wrong = np.flatnonzero(found != digits.test_labels)
        margin = logits.max(axis=1) - logits[np.arange(len(logits)), digits.test_labels]
        surest = wrong[np.argsort(-margin[wrong], kind="stable")][:MISTAKES]
        return {
            "accuracy": float(np.mean(found == digits.test_labels)),
            "mistakes": [
                {
                    "image": digits.test_images[index].ravel().tolist(),
                    "label": int(digits.test_labels[index]),
                    "read": int(found[index]),
                }
                for index in surest
            ],
        }

    def weights(self) -> bytes:
        """The weights, as a file in the safetensors format."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "weights.safetensors")
            save(file, self.network.state())
            return file.read_bytes()

    def open(self, name: str, content: bytes) -> None:
        """Take the weights from a file called `name`, such as `tito milestone mnist` has written.

        Raises:
            ValueError: it is no such file, or its weights belong to another network.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "weights")
            file.write_bytes(content)
            try:
                tensors = load(file)
            except ValueError as error:
                raise ValueError(str(error).replace(str(file), name)) from None
        network = DigitNetwork()
        network.load_state(tensors)
        self.network = network

    def read(self, image: Any) -> dict[str, Any]:
        """Read a digit.

        Args:
            image: 784 numbers from 0 to 1, from paper to ink.

        Returns:
            `probabilities` of the ten digits, and what each unit of the first layer says: `hidden`,
            after ReLU.
        """
        x = Tensor(np.asarray(image, np.float32).reshape(1, 784))
        hidden = self.network.activation1(self.network.layer1(x))
        logits = np.asarray(self.network(x, training=False)).ravel()
        powers = np.exp(logits - logits.max())
        return {
            "probabilities": (powers / powers.sum()).tolist(),
            "hidden": np.asarray(hidden).ravel().tolist(),
        }

    def patterns(self) -> list[list[float]]:
        """For each unit of the first layer its weights, one for each pixel."""
        weight: list[list[float]] = np.asarray(self.network.layer1.weight).T.tolist()
        return weight


def _new_network() -> DigitNetwork:
    tinytorch.manual_seed(Recipe.seed)
    return DigitNetwork()
