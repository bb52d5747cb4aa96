"""How the recipe of `tito milestone mnist` was chosen: on training images alone.

The last 10,000 of the 60,000 training images are held out; every candidate trains on the first
50,000 and is judged on those 10,000. The test images are not looked at. The rule: of the
candidates that read at least 98.0% of the held-out images with every seed, take those with the
fewest epochs, and of these the one with the largest batch, which is the quickest. To print the
table again, in about ten minutes:

    OPENBLAS_NUM_THREADS=1 python benchmarks/choose_recipe.py

One thread, because its processor time depends least on what else the machine is doing.
"""

import statistics
import time
from dataclasses import replace

import numpy as np

import tinytorch
from tinytorch.core.training import predict
from tinytorch.datasets import mnist
from tito.milestones.classifier import DigitNetwork, train
from tito.milestones.recipe import Recipe

HELD_OUT = 10_000
SEEDS = range(5)
CANDIDATES = [
    Recipe(batch_size=batch_size, lr=lr, epochs=epochs)
    for batch_size, lr in ((64, 0.03), (64, 0.05), (128, 0.05), (128, 0.1), (256, 0.1), (256, 0.2))
    for epochs in (12, 16, 20)
]


def validation_accuracy(recipe: Recipe, images: np.ndarray, labels: np.ndarray) -> float:
    """Train on all but the held-out images; the part of those that is read right."""
    tinytorch.manual_seed(recipe.seed)
    network = DigitNetwork()
    for _ in train(network, images[:-HELD_OUT], labels[:-HELD_OUT], recipe):
        pass
    predictions = predict(network, images[-HELD_OUT:]).argmax(axis=1)
    return float(np.mean(predictions == labels[-HELD_OUT:]))


def main() -> None:
    """Print a row for each candidate."""
    digits = mnist()
    images = digits.train_images.reshape(-1, 784)
    print("| batch | learning rate | epochs | mean accuracy | lowest | CPU seconds |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for candidate in CANDIDATES:
        started = time.process_time()
        accuracies = [
            validation_accuracy(replace(candidate, seed=seed), images, digits.train_labels)
            for seed in SEEDS
        ]
        seconds = (time.process_time() - started) / len(SEEDS)
        print(
            f"| {candidate.batch_size} | {candidate.lr} | {candidate.epochs} "
            f"| {statistics.mean(accuracies):.2%} | {min(accuracies):.2%} | {seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
