"""The last layer of ResNet-50, beside the rest of the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Bars, Group, Picture
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure
from tinytorch.explore.units import count, figures, interval, percent, plain, rate, seconds, size

# He et al. (2016), table 1: bottleneck blocks in each of the four stages, by the number of layers.
BLOCKS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
EXPANSION = 4  # a block gives out four times as many channels as its 3 x 3 convolution has
FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Settings:
    """The network and its task."""

    classes: int = setting(1000, "classes to tell apart", at_least=1, at_most=50_000)
    width: int = setting(64, "channels of the first stage", at_least=8, at_most=256)
    image: int = setting(224, "height and width of an image in pixels", at_least=32, at_most=1024)
    depth: str = setting("50", "layers of the network", choices=tuple(BLOCKS))
    batch: int = setting(32, "images at once, when the head is timed", at_least=1, at_most=1024)
    seconds: float = setting(1.0, "time for measuring", full=10.0, at_least=0.01, at_most=120)


@dataclass(frozen=True)
class Part:
    """A part of the network: its parameters, and its FLOPs for one image."""

    name: str
    parameters: int
    flops: int


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"Which share of ResNet-{settings.depth}'s parameters is in its last layer, "
        f"Linear({_features(settings)}, {settings.classes})?",
        unit="%",
    )


def parts_of(settings: Settings) -> list[Part]:
    """The network of He et al. (2016) in order, its head last.

    The first 1 x 1 convolution of a stage halves the image, as in the paper. Convolutions have no
    bias; a batch normalization behind each has a scale and a shift for every channel, and its
    FLOPs, like those of ReLU, pooling and shortcuts, are left out here as they are there.
    """
    side = _halved(settings.image)
    parts = [Part("first convolution", *_convolution(3, settings.width, 7, side))]
    side = _halved(side)  # the pooling
    channels = settings.width
    for stage, blocks in enumerate(BLOCKS[settings.depth], 2):
        inner = settings.width * 2 ** (stage - 2)
        outer = EXPANSION * inner
        parameters = flops = 0
        for block in range(blocks):
            if block == 0 and stage > 2:
                side = _halved(side)
            convolutions = [
                _convolution(channels, inner, 1, side),
                _convolution(inner, inner, 3, side),
                _convolution(inner, outer, 1, side),
            ]
            if block == 0:  # the shortcut changes the number of channels
                convolutions.append(_convolution(channels, outer, 1, side))
            parameters += sum(found for found, _ in convolutions)
            flops += sum(found for _, found in convolutions)
            channels = outer
        parts.append(Part(f"stage {stage}, {blocks} blocks", parameters, flops))
    head = f"head, Linear({channels}, {settings.classes})"
    parts.append(
        Part(head, channels * settings.classes + settings.classes, 2 * channels * settings.classes)
    )
    return parts


def _convolution(inputs: int, outputs: int, kernel: int, side: int) -> tuple[int, int]:
    """Parameters, with those of the normalization behind, and FLOPs on a square of outputs."""
    weights = kernel * kernel * inputs * outputs
    return weights + 2 * outputs, 2 * weights * side * side


def _halved(side: int) -> int:
    return -(-side // 2)


def _features(settings: Settings) -> int:
    """What goes into the head: the channels of the last stage."""
    return 8 * EXPANSION * settings.width


def answer(settings: Settings, progress: Progress) -> Answer:
    """Add up the network, and make and time its head."""
    parts = parts_of(settings)
    head, total = parts[-1], Part("", *_sums(parts))
    features, classes = _features(settings), settings.classes
    tinytorch.manual_seed(0)
    layer = Linear(features, classes)
    arrays = [parameter.data for parameter in layer.parameters()]
    counted, bytes_ = sum(a.size for a in arrays), sum(a.nbytes for a in arrays)
    random = np.random.default_rng(0)
    batches = {
        f"{b} image{'s' * (b > 1)}": Tensor(random.standard_normal((b, features), np.float32))
        for b in sorted({1, settings.batch})
    }
    calls = {name: partial(layer, x) for name, x in batches.items()}
    times = measure(calls, settings.seconds, lambda share: progress(share, "timing the head"))
    share = counted / (total.parameters - head.parameters + counted)
    flops_share = head.flops / total.flops
    last_side = settings.image
    for _ in range(5):
        last_side = _halved(last_side)
    flattened = last_side**2 * features * classes + classes
    wrong = (
        ""
        if counted == head.parameters
        else f" But n · m + m would be {count(head.parameters)}: the Linear in use is wrong."
    )
    return Answer(
        headline=(
            f"The head has {count(counted)} parameters, {size(bytes_)}: {percent(share)} of the "
            f"network's {count(total.parameters)}. It takes {percent(flops_share)} of the FLOPs."
            f"{wrong}"
        ),
        truth=100 * share,
        tables=(_table(parts, total), _times(head, bytes_, settings, times)),
        picture=_picture(settings, parts, total),
        why=(
            f"Each class has {features} weights of its own, a pattern that an image's features "
            "are held against. So two numbers set the size of the layer. The task sets one of "
            f"them, {classes} classes. The other, "
            f"{features} features, is the width of the last stage, which its designers chose. The "
            "size of the images does not matter: all positions of a channel are averaged into one "
            f"number before. Had the {last_side} by {last_side} positions been kept side by side, "
            f"the head would have {count(flattened)} parameters, "
            f"{figures(flattened / head.parameters)} times as many. Each weight of the head is "
            "used once for an image. A weight of a convolution is used at every position, and so "
            f"the convolutions have {percent(1 - flops_share)} of the FLOPs. "
            f"{_bottleneck(share, flops_share)}"
        ),
        formulas=(
            "parameters of the head = features · classes + classes",
            f"{features} · {classes} + {classes} = {count(head.parameters)}; "
            f"in float32 {FLOAT32} · {count(head.parameters)} = "
            f"{count(FLOAT32 * head.parameters)} bytes",
            "FLOPs of the head for an image = 2 · features · classes",
            f"2 · {features} · {classes} = {count(head.flops)}",
        ),
        changes=(
            Change({"classes": 21_841}, "all classes of ImageNet: the head outweighs the rest"),
            Change({"classes": 10}, "the digits: next to nothing is left of it"),
            Change({"width": 128}, "twice as wide: the head doubles, the rest quadruples"),
        ),
        method=(
            f"Architecture: He et al., Deep residual learning for image recognition, 2016, "
            "table 1. The paper counts a multiplication and an addition as one operation, here "
            f"they are two. Head timed in {len(next(iter(times.values())).rounds)} rounds after a "
            "warm-up."
        ),
        values={
            "parameters": counted,
            "bytes": bytes_,
            "flops": head.flops,
            "network_parameters": total.parameters,
            "network_flops": total.flops,
            "share_of_parameters": share,
            "share_of_flops": flops_share,
            "flattened_parameters": flattened,
            "parts": {
                part.name: {"parameters": part.parameters, "flops": part.flops} for part in parts
            },
            "seconds": {name: found.median for name, found in times.items()},
        },
    )


def _bottleneck(share: float, flops_share: float) -> str:
    """Whether it is a bottleneck, and of what."""
    if share > 0.5:
        return "In memory the head is the larger part of this network."
    if share > 10 * flops_share:
        return "The head costs memory, not time."
    return "The head is no bottleneck here, neither in memory nor in time."


def _sums(parts: list[Part]) -> tuple[int, int]:
    return sum(part.parameters for part in parts), sum(part.flops for part in parts)


def _table(parts: list[Part], total: Part) -> Table:
    rows = [
        (
            part.name,
            count(part.parameters),
            percent(part.parameters / total.parameters),
            plain(part.flops),
            percent(part.flops / total.flops),
        )
        for part in parts
    ]
    rows.append(("all", count(total.parameters), "", plain(total.flops), ""))
    return Table(("part", "parameters", "share", "FLOPs/image", "share"), tuple(rows))


def _times(head: Part, bytes_: int, settings: Settings, times: dict[str, Times]) -> Table:
    rows = []
    for name, taken in times.items():
        images = int(name.split()[0])
        rows.append(
            (
                f"{name} at once",
                seconds(taken.median / images),
                interval(taken.low / images, taken.high / images),
                rate(images * head.flops / taken.median, "FLOP"),
                rate(bytes_ / taken.median, "B"),
            )
        )
    columns = ("head, timed", "time/image", "quartiles", "arithmetic", "weights read")
    return Table(columns, tuple(rows))


def _picture(settings: Settings, parts: list[Part], total: Part) -> Picture:
    return Picture(
        f"ResNet-{settings.depth} for {settings.classes:,} classes: parameters and FLOPs",
        [
            Bars(
                "",
                [part.name for part in parts],
                [
                    Group("parameters", [100 * p.parameters / total.parameters for p in parts]),
                    Group("FLOPs", [100 * part.flops / total.flops for part in parts]),
                ],
                Axis("share of the network in %", text=lambda share: f"{figures(share, 2)}%"),
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
