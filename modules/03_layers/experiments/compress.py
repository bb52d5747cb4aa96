"""Five Linear layers made smaller: fewer bits a weight, fewer weights, or both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch import manual_seed
from tinytorch.course.explore.bench import CLASSES, FLOAT32, INPUTS, Network, parameters_of
from tinytorch.course.explore.digits import Digits, digits
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.learning import error_rate, learn
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import percent, size

WAYS = ("fewer bits", "fewer weights", "fewer weights, trained on", "both, trained on")
QUANTIZE, PRUNE, PRUNE_AND_TRAIN, BOTH = WAYS


@dataclass(frozen=True)
class Settings:
    hidden: tuple[int, ...] = setting(
        (376, 256, 256, 128), "hidden layers, between 784 pixels and 10 digits", within=(4, 2048)
    )
    target: float = setting(500.0, "size to reach, in kB", within=(1, 100_000))
    bits: tuple[int, ...] = setting((8, 6, 5, 4, 3, 2), "bits a weight", within=(2, 16))
    keep: tuple[float, ...] = setting(
        (50.0, 20.0, 10.0, 5.0, 3.0), "weights that are kept, in %", within=(1, 100)
    )
    both_bits: int = setting(4, "bits a weight where both is done", within=(2, 16))
    images: int = setting(12_000, "images to learn from", full=60_000, within=(100, 60_000))
    epochs: int = setting(4, "times each image is seen", full=10, within=(1, 50))
    more_epochs: int = setting(1, "times each is seen after pruning", full=3, within=(0, 50))
    test_images: int = setting(5000, "images to test with", full=10_000, within=(100, 10_000))
    lr: float = setting(0.05, "learning rate to begin with", within=(0.0001, 10.0))
    seed: int = setting(0, "where the randomness starts", within=(0, 2**32))

    @property
    def sizes(self) -> list[int]:
        """From inputs to classes."""
        return [INPUTS, *self.hidden, CLASSES]

    @property
    def kilobytes(self) -> float:
        """The size of the whole network, as it should be."""
        return FLOAT32 * parameters_of(self.sizes) / 1e3


def quantized(weight: np.ndarray, bits: int) -> np.ndarray:
    """The weight as whole numbers of so many bits would give it back.

    Each unit (column) has a scale: its largest weight is the largest whole number. The whole
    numbers are as many below zero as above.
    """
    largest = 2 ** (bits - 1) - 1
    scale = np.max(np.abs(weight), axis=0, keepdims=True) / largest
    scale = np.where(scale > 0, scale, 1)
    return np.rint(weight / scale) * scale


def largest_weights(weights: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """For each layer a mask of the weights that are among the largest of the whole network."""
    sizes = np.sort(np.abs(np.concatenate([weight.ravel() for weight in weights])))
    kept = max(1, round(share * sizes.size))
    return [np.abs(weight) >= sizes[-kept] for weight in weights]


def stored_bytes(weights: int, kept: int, bits: int, biases: int, scales: int) -> float:
    """What of so many weights a phone has to keep; biases and scales of units stay float32.

    Where weights are missing, their positions are noted too: a bit for each weight that was, or a
    byte for the gap before each that is left, whichever is less.
    """
    positions = 0 if kept == weights else min(weights / 8, kept)
    return kept * bits / 8 + positions + FLOAT32 * (biases + scales)


def put(network: Network, weights: Sequence[np.ndarray]) -> None:
    """Copy numbers into the weights, layer by layer."""
    for layer, numbers in zip(network.layers, weights, strict=True):
        np.copyto(layer.weight.data, numbers, casting="unsafe")


def prune(network: Network, masks: Sequence[np.ndarray]) -> None:
    """Set the weights outside the masks to 0."""
    layers = zip(network.layers, masks, strict=True)
    put(network, [layer.weight.data * mask for layer, mask in layers])


def train_on(network: Network, masks: list[np.ndarray], data: Digits, settings: Settings) -> None:
    """Train the weights in the masks: before each step, and in the end, the others become 0."""
    epochs, lr = settings.more_epochs, settings.lr / 5
    list(learn([network], data, epochs, lr, lambda samples: prune(network, masks)))
    prune(network, masks)


def measure(settings: Settings, progress: Progress) -> Findings:
    """Train a network, make it smaller in every way, and count its mistakes."""
    data = digits(settings.images, settings.test_images)
    manual_seed(settings.seed)
    network = Network(settings.sizes)
    for epoch in learn([network], data, settings.epochs, settings.lr):
        progress(0.3 * epoch / settings.epochs, "training the network")
    trained = {name: tensor.data.copy() for name, tensor in network.state().items()}
    before = [layer.weight.data.copy() for layer in network.layers]
    weights, units = sum(weight.size for weight in before), sum(settings.sizes[1:])
    biases = sum(parameter.data.size for parameter in network.parameters()) - weights

    def point(how: str, kept: int, bits: int) -> dict[str, Any]:
        bytes_ = stored_bytes(weights, kept, bits, biases, units if bits < 32 else 0)
        return {"setting": how, "bytes": bytes_, "error": error_rate(network, data)}

    whole = point("whole", weights, 32)
    curves: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for step, bits in enumerate(settings.bits):
        progress(0.3 + 0.1 * step / len(settings.bits), f"{bits} bits a weight")
        put(network, [quantized(weight, bits) for weight in before])
        curves[QUANTIZE].append(point(f"{bits} bits", weights, bits))
    layers: dict[str, dict[str, float]] = {}
    for index, weight in enumerate(before):
        progress(0.4 + 0.1 * index / len(before), f"layer {index + 1} alone")
        found = layers[f"{index + 1}. {network.layers[index]}"] = {"share": weight.size / weights}
        harsh = quantized(weight, 2), weight * largest_weights([weight], 0.05)[0]
        for name, numbers in zip(("quantized_error", "pruned_error"), harsh, strict=True):
            put(network, [*before[:index], numbers, *before[index + 1 :]])
            found[name] = error_rate(network, data)
    bits = settings.both_bits
    for step, share in enumerate(settings.keep):
        progress(0.5 + 0.5 * step / len(settings.keep), f"{share:g}% of the weights")
        network.load_state(trained)
        masks = largest_weights(before, share / 100)
        kept, how = sum(int(mask.sum()) for mask in masks), f"{share:g}% kept"
        prune(network, masks)
        curves[PRUNE].append(point(how, kept, 32))
        train_on(network, masks, data, settings)
        curves[PRUNE_AND_TRAIN].append(point(how, kept, 32))
        put(network, [quantized(layer.weight.data, bits) for layer in network.layers])
        curves[BOTH].append(point(f"{how}, {bits} bits", kept, bits))
    error, target = whole["error"], 1e3 * settings.target
    good = [p for p in sum(curves.values(), [whole]) if p["error"] <= error + 0.01]
    smallest = min(good, key=lambda p: p["bytes"])
    noise = 200 * math.sqrt(2 * error * (1 - error) / settings.test_images)
    harm = {name: max(one["quantized_error"], one["pruned_error"]) for name, one in layers.items()}
    worst = max(harm, key=harm.__getitem__)
    largest = max(layers, key=lambda name: layers[name]["share"])
    rows, series, ways = [("whole", "float32", size(whole["bytes"]), percent(error))], [], []
    for way, points in curves.items():
        rows += [(way, p["setting"], size(p["bytes"]), percent(p["error"])) for p in points]
        series.append(Series(way, [p["bytes"] for p in points], [100 * p["error"] for p in points]))
        if small := [p for p in points if p["bytes"] <= target]:
            fits = max(small, key=lambda p: p["bytes"])
            ways.append(f"{way} ({fits['setting']}) {percent(fits['error'])}")
    alone = [(name, *map(percent, one.values())) for name, one in layers.items()]
    harshly = "Mistakes when one layer alone is treated harshly"
    axes = Axis("size", log=True, text=size), Axis("new images read wrong, in %", log=True)
    marks = [Mark(100 * error, "whole"), Mark(target, "target", axis="x")]
    findings = Findings("A network made smaller, and its mistakes")
    findings.tabulate(("way", "how much", "size", "mistakes"), rows)
    findings.tabulate(("layer", "of all weights", "2 bits", "5% kept"), alone, harshly)
    findings.draw(Lines("", *axes, series, marks))
    findings.tell(whole={"bytes": whole["bytes"], "error": error}, curves=curves)
    findings.tell(smallest_bytes=smallest["bytes"], layers=layers)
    findings.say(within=target, name="-".join(map(str, settings.sizes)), ways="; ".join(ways))
    findings.say(smallest=smallest, smallest_kilobytes=smallest["bytes"] / 1e3)
    findings.say(unlearned=error >= 0.5, noise=noise, is_largest=worst == largest)
    findings.say(count={"weights": weights, "biases": biases, "units": units})
    findings.say(eight_bits=stored_bytes(weights, weights, 8, biases, units))
    findings.say(largest=layers[largest] | {"number": largest.partition(".")[0]})
    findings.say(worst=layers[worst] | {"number": worst.partition(".")[0]})
    findings.say(minds=100 * (harm[worst] - error) > noise)
    return findings
