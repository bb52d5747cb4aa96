"""Five Linear layers made smaller: fewer bits a weight, fewer weights, or both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.digits import Digits, digits, error_rate, learn
from tinytorch.course.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.course.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import count, figures, percent, size

FLOAT32 = 4  # bytes
QUANTIZE, PRUNE = "fewer bits", "fewer weights"
PRUNE_AND_TRAIN = "fewer weights, trained on"
BOTH = "both, trained on"


@dataclass(frozen=True)
class Settings:
    """The network, how it is trained, and how small it should get."""

    hidden: tuple[int, ...] = setting(
        (376, 256, 256, 128), "hidden layers, between 784 pixels and 10 digits",
        at_least=4, at_most=2048,
    )  # fmt: skip
    target: float = setting(500.0, "size to reach, in kB", at_least=1, at_most=100_000)
    bits: tuple[int, ...] = setting((8, 6, 5, 4, 3, 2), "bits a weight", at_least=2, at_most=16)
    keep: tuple[float, ...] = setting(
        (50.0, 20.0, 10.0, 5.0, 3.0), "weights that are kept, in %", at_least=1, at_most=100
    )
    both_bits: int = setting(4, "bits a weight where both is done", at_least=2, at_most=16)
    images: int = setting(12_000, "images to learn from", full=60_000, at_least=100, at_most=60_000)
    epochs: int = setting(4, "times each image is seen", full=10, at_least=1, at_most=50)
    more_epochs: int = setting(
        1, "times each is seen after pruning", full=3, at_least=0, at_most=50
    )
    test_images: int = setting(
        5000, "images to test with", full=10_000, at_least=100, at_most=10_000
    )
    lr: float = setting(0.05, "learning rate to begin with", at_least=0.0001, at_most=10.0)
    seed: int = setting(0, "where the randomness starts", at_least=0, at_most=2**32)


class Network:
    """Linear layers with ReLU between them; where there is a mask, weights outside it stay 0."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.layers = [Linear(n, m) for n, m in pairwise(sizes)]
        self.masks: list[np.ndarray] | None = None
        self.relu = ReLU()

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        """The logits of images of shape `(batch, 784)`."""
        if training and self.masks is not None:
            self.apply_masks()  # the last step of training has moved what should be 0
        for layer in self.layers[:-1]:
            x = self.relu(layer(x))
        return self.layers[-1](x)

    def apply_masks(self) -> None:
        """Set the weights outside the masks to 0."""
        for weight, mask in zip(self.weights, self.masks or [], strict=True):
            np.multiply(weight, mask, out=weight, casting="unsafe")

    @property
    def weights(self) -> list[np.ndarray]:
        """The weights, layer by layer."""
        return [layer.weight.data for layer in self.layers]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Copy numbers into the weights."""
        for own, given in zip(self.weights, weights, strict=True):
            np.copyto(own, given, casting="unsafe")

    def parameters(self) -> list[Tensor]:
        """What is trained."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    @property
    def other_numbers(self) -> int:
        """How many parameters are no weights: the biases."""
        return sum(p.data.size for p in self.parameters()) - sum(w.size for w in self.weights)


@dataclass(frozen=True)
class Point:
    """A network made smaller: how, its size in bytes, and its share of mistakes."""

    setting: str
    bytes: float
    error: float


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    whole = FLOAT32 * sum(n * m + m for n, m in pairwise(_sizes(settings))) / 1e3
    return Guess(
        f"The network takes {whole:,.0f} kB. How small can it get, with at most one mistake more "
        "in 100 images?",
        unit="kB",
        digits=2,
    )


def _sizes(settings: Settings) -> list[int]:
    return [784, *settings.hidden, 10]


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


def stored_bytes(weights: int, kept: int, bits: int, others: int, scales: int) -> float:
    """What a smaller network takes on the phone.

    Args:
        weights: how many weights there were.
        kept: how many are left.
        bits: the bits of each.
        others: biases, which stay float32.
        scales: the scales of quantized units, float32.

    Returns:
        Bytes. Where weights are missing, their positions are noted too: a bit for each weight
        that was, or a byte for the gap before each that is left, whichever is less.
    """
    positions = 0 if kept == weights else min(weights / 8, kept)
    return kept * bits / 8 + positions + FLOAT32 * (others + scales)


class Workbench:
    """A trained network, and what can be done to it again and again."""

    def __init__(self, settings: Settings, data: Digits) -> None:
        self.settings = settings
        self.data = data
        tinytorch.manual_seed(settings.seed)
        self.network = Network(_sizes(settings))
        self.units = sum(_sizes(settings)[1:])
        self.count = sum(weight.size for weight in self.network.weights)

    def train(self, told: Callable[[float], None]) -> None:
        """Train the whole network."""
        settings = self.settings
        parameters = self.network.parameters()
        for epoch in learn(self.network, parameters, self.data, settings.epochs, settings.lr):
            told(epoch / settings.epochs)
        self.trained = [parameter.data.copy() for parameter in parameters]

    def reset(self) -> None:
        """Back to the network as it was trained."""
        self.network.masks = None
        for parameter, numbers in zip(self.network.parameters(), self.trained, strict=True):
            np.copyto(parameter.data, numbers)

    def error(self) -> float:
        """The share of the test images that the network gets wrong as it is now."""
        return error_rate(self.network, self.data.test_images, self.data.test_labels)

    def point(self, name: str, kept: int, bits: int) -> Point:
        """The network as it is now."""
        scales = self.units if bits < 32 else 0
        bytes_ = stored_bytes(self.count, kept, bits, self.network.other_numbers, scales)
        return Point(name, bytes_, self.error())

    def quantize(self, bits: int) -> None:
        """Round the weights to so many bits."""
        self.network.set_weights([quantized(weight, bits) for weight in self.network.weights])

    def prune(self, share: float) -> int:
        """Keep the largest weights; returns how many."""
        self.network.masks = largest_weights(self.network.weights, share)
        self.network.apply_masks()
        return sum(int(mask.sum()) for mask in self.network.masks)

    def train_on(self) -> None:
        """Train what is left."""
        settings = self.settings
        parameters = self.network.parameters()
        for _ in learn(self.network, parameters, self.data, settings.more_epochs, settings.lr / 5):
            pass
        if self.network.masks is not None:
            self.network.apply_masks()


def answer(settings: Settings, progress: Progress) -> Answer:
    """Train a network, make it smaller in every way, and count its mistakes."""
    data = digits(settings.images, settings.test_images)
    bench = Workbench(settings, data)
    bench.train(lambda share: progress(0.3 * share, "training the network"))
    whole = bench.point("whole", bench.count, 32)
    curves: dict[str, list[Point]] = {QUANTIZE: [], PRUNE: [], PRUNE_AND_TRAIN: [], BOTH: []}
    for step, bits in enumerate(settings.bits):
        progress(0.3 + 0.1 * step / len(settings.bits), f"{bits} bits a weight")
        bench.reset()
        bench.quantize(bits)
        curves[QUANTIZE].append(bench.point(f"{bits} bits", bench.count, bits))
    for step, share in enumerate(settings.keep):
        progress(0.4 + 0.4 * step / len(settings.keep), f"{share:g}% of the weights")
        bench.reset()
        kept = bench.prune(share / 100)
        curves[PRUNE].append(bench.point(f"{share:g}% kept", kept, 32))
        bench.train_on()
        curves[PRUNE_AND_TRAIN].append(bench.point(f"{share:g}% kept", kept, 32))
        bench.quantize(settings.both_bits)
        name = f"{share:g}% kept, {settings.both_bits} bits"
        curves[BOTH].append(bench.point(name, kept, settings.both_bits))
    layers = _layer_by_layer(bench, progress)
    return _told(settings, bench, whole, curves, layers)


@dataclass(frozen=True)
class Layer:
    """One layer made smaller alone: its share of the weights, and the mistakes then."""

    name: str
    share: float
    quantized_error: float
    pruned_error: float


FEW_BITS, FEW_WEIGHTS = 2, 0.05  # harsh enough to tell the layers apart


def _layer_by_layer(bench: Workbench, progress: Progress) -> list[Layer]:
    found = []
    for index, layer in enumerate(bench.network.layers):
        progress(0.8 + 0.2 * index / len(bench.network.layers), f"layer {index + 1} alone")
        errors = []
        for changed in (
            lambda weight: quantized(weight, FEW_BITS),
            lambda weight: weight * largest_weights([weight], FEW_WEIGHTS)[0],
        ):
            bench.reset()
            weights = list(bench.network.weights)
            weights[index] = changed(weights[index])
            bench.network.set_weights(weights)
            errors.append(bench.error())
        share = layer.weight.data.size / bench.count
        found.append(Layer(f"{index + 1}. {layer}", share, *errors))
    return found


def _told(
    settings: Settings,
    bench: Workbench,
    whole: Point,
    curves: dict[str, list[Point]],
    layers: list[Layer],
) -> Answer:
    """The answer in words."""
    points = [whole, *(point for points in curves.values() for point in points)]
    good = [point for point in points if point.error <= whole.error + 0.01] or [whole]
    smallest = min(good, key=lambda point: point.bytes)
    target = 1e3 * settings.target
    fitting = {
        name: max(small, key=lambda point: point.bytes)
        for name, points in curves.items()
        if (small := [point for point in points if point.bytes <= target])
    }
    noise = 2 * math.sqrt(2 * max(whole.error * (1 - whole.error), 0) / settings.test_images)
    ways = "; ".join(
        f"{name} ({point.setting}) {percent(point.error)}" for name, point in fitting.items()
    )
    others = bench.network.other_numbers
    eight = count(stored_bytes(bench.count, bench.count, 8, others, bench.units))
    chance = "" if whole.error < 0.5 else " The network has hardly learned to read at all."
    return Answer(
        headline=(
            f"Whole, {size(whole.bytes)}, it gets {percent(whole.error)} of new images wrong. "
            f"Within {size(target)}: {ways or 'nothing that was tried'}.{chance} The smallest with "
            f"at most one more in 100 takes {size(smallest.bytes)} ({smallest.setting})."
        ),
        truth=smallest.bytes / 1e3,
        tables=(_points_table(whole, curves), _layers_table(layers)),
        picture=_picture(settings, whole, curves),
        why=(
            "Training leaves weights with more digits than the answer depends on: rounding them "
            "adds a little noise to sums of hundreds of products. And many weights are small "
            "beside others. So both can be had for little at first; then it gets dear all at once. "
            "Training on lets the weights that are left take over. Numbers that are not weights, "
            f"{count(others)} biases and the scales, are not worth the "
            f"effort. {_which_layers(layers, whole, noise)} With {count(settings.test_images)} "
            f"test images, differences under {figures(100 * noise, 2)} points may be chance."
        ),
        formulas=(
            "size = weights kept · bits / 8 + positions + 4 · (biases + scales)",
            f"whole: {count(bench.count)} · 32 / 8 + 4 · {count(others)} = "
            f"{count(whole.bytes)} bytes",
            f"8 bits: {count(bench.count)} · 8 / 8 + 4 · ({count(others)} + {count(bench.units)}) "
            f"= {eight} bytes",
        ),
        changes=(
            Change({"more_epochs": 0}, "without training on, pruning gets dear much earlier"),
            Change({"both_bits": 2}, "both, with hardly more than signs left"),
            Change({"hidden": (64, 64, 64, 64)}, "a small network has less to spare"),
        ),
        method=(
            f"{'-'.join(map(str, _sizes(settings)))} with ReLU, trained on {settings.images:,} "
            f"images of MNIST for {settings.epochs} epochs, tested on {settings.test_images:,} "
            "others. Weights are pruned by their size, over all layers at once, and quantized "
            "with a scale for each unit; computed in float32 after that."
        ),
        values={
            "whole": {"bytes": whole.bytes, "error": whole.error},
            "curves": {
                name: [{"setting": p.setting, "bytes": p.bytes, "error": p.error} for p in points]
                for name, points in curves.items()
            },
            "smallest_bytes": smallest.bytes,
            "layers": {
                layer.name: {
                    "share": layer.share,
                    "quantized_error": layer.quantized_error,
                    "pruned_error": layer.pruned_error,
                }
                for layer in layers
            },
        },
    )


def _which_layers(layers: list[Layer], whole: Point, noise: float) -> str:
    """Where to begin, by what each layer costs and gives."""
    largest = max(layers, key=lambda layer: layer.share)
    worst = max(layers, key=lambda layer: max(layer.quantized_error, layer.pruned_error))
    harm = max(worst.quantized_error, worst.pruned_error) - whole.error
    begin = (
        f"Begin where the bytes are: layer {largest.name[0]} has {percent(largest.share)} of the "
        "weights."
    )
    if not harm > noise:
        return f"{begin} No layer minds harsh treatment alone more than chance would explain."
    if worst is largest:
        return f"{begin} But it is also the one that minds most when it alone is treated harshly."
    return (
        f"{begin} Be careful with layer {worst.name[0]}, which has {percent(worst.share)} and "
        "minds most when it alone is treated harshly."
    )


def _points_table(whole: Point, curves: dict[str, list[Point]]) -> Table:
    rows = [("whole", "float32", size(whole.bytes), percent(whole.error))]
    for name, points in curves.items():
        rows += [(name, p.setting, size(p.bytes), percent(p.error)) for p in points]
    return Table(("way", "how much", "size", "mistakes"), tuple(rows))


def _layers_table(layers: list[Layer]) -> Table:
    rows = tuple(
        (
            layer.name,
            percent(layer.share),
            percent(layer.quantized_error),
            percent(layer.pruned_error),
        )
        for layer in layers
    )
    columns = ("layer", "of all weights", f"{FEW_BITS} bits", f"{FEW_WEIGHTS:.0%} kept")
    return Table(columns, rows, "Mistakes when one layer alone is treated harshly")


def _picture(settings: Settings, whole: Point, curves: dict[str, list[Point]]) -> Picture:
    series = [
        Series(name, [p.bytes for p in points], [100 * p.error for p in points])
        for name, points in curves.items()
    ]
    return Picture(
        "A network made smaller, and its mistakes",
        [
            Lines(
                "",
                Axis("size", log=True, text=size),
                Axis("new images read wrong, in %", log=True),
                series,
                [
                    Mark(100 * whole.error, "whole"),
                    Mark(1e3 * settings.target, "target", axis="x"),
                ],
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
