"""The memory that the Linear layers of GPT-3 take, and what it means for running it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.conditions import memory
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Bars, Group, Mark, Picture
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure
from tinytorch.explore.units import count, figures, percent, rate, seconds, size

# Bytes of a parameter. Brown et al. (2020) trained in half precision.
PRECISIONS = {"float32": 4.0, "float16": 2.0, "int8": 1.0, "int4": 0.5}
HALF = PRECISIONS["float16"]
# Mixed-precision training with Adam: weights and gradients in half precision, and in float32 a copy
# of the weights and two moments (Rajbhandari et al., ZeRO, 2020).
TRAINING_BYTES = 2 + 2 + 4 + 4 + 4
# NVIDIA's data sheets: the memory of accelerators in bytes, and how many bytes a second an H100
# (SXM) reads from its own.
DEVICES = {"H100": 80e9, "H200": 141e9, "8 H100": 640e9}
H100_MEMORY, H100_BANDWIDTH = 80e9, 3.35e12


@dataclass(frozen=True)
class Settings:
    """The model of Brown et al. (2020), table 2.1, and what is measured here."""

    width: int = setting(12_288, "width of the model", at_least=64, at_most=100_000)
    blocks: int = setting(96, "transformer blocks", at_least=1, at_most=1000)
    heads: int = setting(96, "attention heads", at_least=1, at_most=1000)
    vocabulary: int = setting(50_257, "tokens it knows", at_least=1, at_most=1_000_000)
    context: int = setting(2048, "tokens in a sequence", at_least=1, at_most=1_000_000)
    sequences: int = setting(1, "sequences at once", at_least=1, at_most=10_000)
    measured_width: int = setting(
        4096, "width of the layer that is made and timed here", full=12_288, at_least=8,
        at_most=12_288,
    )  # fmt: skip
    seconds: float = setting(1.0, "time for measuring", full=10.0, at_least=0.01, at_most=120)


@dataclass(frozen=True)
class Part:
    """Layers of one kind: how many there are, and the parameters of each."""

    name: str
    number: int
    parameters: int
    linear: bool = True

    @property
    def total(self) -> int:
        """The parameters of all of them."""
        return self.number * self.parameters


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"A model of {settings.blocks} blocks, {settings.width:,} wide: how much memory do its "
        "Linear layers take in float16?",
        unit="GB",
    )


def parts_of(settings: Settings) -> list[Part]:
    """Every parameter of the model, by the kind of layer that it is in."""
    d, blocks = settings.width, settings.blocks
    return [
        Part(f"queries, keys: {d} to {d}", 2 * blocks, d * d + d),
        Part(f"values, out: {d} to {d}", 2 * blocks, d * d + d),
        Part(f"up: {d} to {4 * d}", blocks, d * 4 * d + 4 * d),
        Part(f"down: {4 * d} to {d}", blocks, 4 * d * d + d),
        Part("layer normalizations", 2 * blocks + 1, 2 * d, linear=False),
        Part("embeddings", 1, (settings.vocabulary + settings.context) * d, linear=False),
    ]


def cache_bytes(settings: Settings) -> float:
    """Keys and values of all tokens so far, kept in half precision while it writes."""
    tokens = settings.context * settings.sequences
    return 2 * HALF * settings.blocks * settings.width * tokens


def activation_bytes(settings: Settings) -> float:
    """What training keeps to go backward: `s d (34 + 5 h s / d)` bytes a block and sequence.

    For s tokens, width d and h heads, in half precision (Korthikanti et al., 2022).
    """
    s, d, h = settings.context, settings.width, settings.heads
    return settings.blocks * settings.sequences * s * d * (34 + 5 * h * s / d)


@dataclass(frozen=True)
class Measured:
    """A layer of the kind in use, made here."""

    width: int
    parameters: int
    bytes: int
    times: Times

    @property
    def bandwidth(self) -> float:
        """How many bytes of weights are read in a second, for a single token."""
        return self.bytes / self.times.median


def measured(settings: Settings, progress: Progress) -> Measured:
    """Make one layer, count it, and let one token through."""
    width = settings.measured_width
    progress(0.0, f"making Linear({width}, {width})")
    tinytorch.manual_seed(0)
    layer = Linear(width, width)
    token = Tensor(np.random.default_rng(0).standard_normal((1, width), np.float32))
    calls = {"token": partial(layer, token)}
    times = measure(calls, settings.seconds, lambda share: progress(share, "timing one token"))
    arrays = [parameter.data for parameter in layer.parameters()]
    return Measured(
        width, sum(a.size for a in arrays), sum(a.nbytes for a in arrays), times["token"]
    )


def answer(settings: Settings, progress: Progress) -> Answer:
    """Add up the model, and hold it against real memories and this machine."""
    found = measured(settings, progress)
    parts = parts_of(settings)
    total = sum(part.total for part in parts)
    linear = sum(part.total for part in parts if part.linear)
    own = memory()
    cards = math.ceil(HALF * total / H100_MEMORY)
    square = parts[1].parameters
    expected = found.width**2 + found.width
    wrong = (
        ""
        if found.parameters == expected
        else f" The Linear in use has {count(found.parameters)} parameters where n · m + m is "
        f"{count(expected)}."
    )
    per_token = HALF * total / found.bandwidth
    sizes = _sizes(settings, total)
    return Answer(
        headline=(
            f"The Linear layers have {count(linear)} parameters: {size(HALF * linear)} in float16, "
            f"{percent(linear / total)} of the model. One Linear({settings.width}, "
            f"{settings.width}) takes {size(HALF * square)}.{wrong}"
        ),
        truth=HALF * linear / 1e9,
        tables=(
            _parts_table(parts, total),
            _sizes_table(sizes, own),
        ),
        picture=_picture(sizes, own),
        why=(
            f"A layer from {settings.width} to {settings.width} numbers has a weight for every "
            f"pair of them, and there are {settings.blocks} blocks with the weights of twelve such "
            f"squares each. In float16 the model takes {size(HALF * total)}: "
            + (
                f"{cards} accelerators of 80 GB, before a single token is stored. "
                if cards > 1
                else "one accelerator of 80 GB will do. "
            )
            + f"{_own_memory(own, total)}"
            "Memory must not only hold the weights, it must hand over each of them for every token "
            f"that is written. Linear({found.width}, {found.width}) read its weights at "
            f"{rate(found.bandwidth, 'B')} here, so a token of this model would take "
            f"{seconds(per_token)} on this machine if it fitted. An H100 reads "
            f"{rate(H100_BANDWIDTH, 'B')}; that is {seconds(HALF * total / H100_BANDWIDTH)} a "
            "token, from card to card. Many sequences at once share the reading, but each "
            f"keeps its own keys and values: {size(cache_bytes(settings))} here."
        ),
        formulas=(
            "weights of a block = 4 · d² (attention) + 2 · d · 4d (up and down) = 12 · d²",
            f"{settings.blocks} · 12 · {settings.width}² = "
            f"{count(settings.blocks * 12 * settings.width**2)}, and 9 · d biases a block",
            f"float16: 2 · {count(linear)} bytes = {size(2 * linear)}",
            f"keys and values: 2 · 2 bytes · {settings.blocks} · {settings.width} · "
            f"{settings.context * settings.sequences} tokens = {size(cache_bytes(settings))}",
        ),
        changes=(
            Change({"width": 6144}, "half the width, a quarter of the memory"),
            Change({"sequences": 64}, "the cache of keys and values outgrows the weights"),
            Change({"width": 768, "blocks": 12, "heads": 12}, "its smallest sibling"),
        ),
        method=(
            "Model: Brown et al., Language models are few-shot learners, 2020, table 2.1; "
            "activations: Korthikanti et al., 2022; training: Rajbhandari et al., 2020; devices: "
            f"NVIDIA's data sheets. Linear({found.width}, {found.width}), "
            f"{count(found.parameters)} parameters in {size(found.bytes)}, took "
            f"{seconds(found.times.median)} for one token, the median of "
            f"{len(found.times.rounds)} rounds after a warm-up."
        ),
        values={
            "linear_parameters": linear,
            "parameters": total,
            "bytes": sizes,
            "linear_bytes_float16": HALF * linear,
            "accelerators": cards,
            "machine_bytes": own,
            "measured_parameters": found.parameters,
            "measured_bytes": found.bytes,
            "bandwidth": found.bandwidth,
            "seconds_a_token": per_token,
        },
    )


def _own_memory(own: float | None, total: int) -> str:
    """What of it this machine could hold, in a sentence."""
    if own is None:
        return ""
    fitting = [name for name, bytes_ in PRECISIONS.items() if bytes_ * total <= own]
    if fitting:
        return f"This machine's {size(own)} would hold it in {fitting[0]}. "
    return (
        f"This machine has {size(own)}, enough for {percent(own / (HALF * total))} of it; not even "
        "4 bits a weight would make it fit. "
    )


def _sizes(settings: Settings, total: int) -> dict[str, float]:
    """Everything that takes memory, in bytes."""
    weights = {f"weights, {name}": bytes_ * total for name, bytes_ in PRECISIONS.items()}
    return weights | {
        "keys and values, float16": cache_bytes(settings),
        "training: weights and Adam": float(TRAINING_BYTES * total),
        "training: activations": activation_bytes(settings),
    }


def _parts_table(parts: list[Part], total: int) -> Table:
    rows = [
        (
            part.name,
            count(part.number),
            count(part.parameters),
            size(HALF * part.parameters),
            size(HALF * part.total),
        )
        for part in parts
    ]
    rows.append(("all", "", count(total), "", size(HALF * total)))
    columns = ("part", "number", "parameters each", "float16", "all of them")
    return Table(columns, tuple(rows), "The model, layer by layer")


def _sizes_table(sizes: dict[str, float], own: float | None) -> Table:
    rows = tuple(
        (
            name,
            size(bytes_),
            figures(bytes_ / H100_MEMORY, 2),
            figures(bytes_ / own, 2) if own else "",
        )
        for name, bytes_ in sizes.items()
    )
    columns = ("what is kept", "memory", "times H100 (80 GB)", "times this machine")
    return Table(columns, rows, "What it takes to run it, and to train it")


def _picture(sizes: dict[str, float], own: float | None) -> Picture:
    marks = [Mark(bytes_, name) for name, bytes_ in DEVICES.items()]
    if own:
        marks.append(Mark(own, "this machine"))
    return Picture(
        "The memory of the model, and of devices (dotted)",
        [
            Bars(
                "",
                list(sizes),
                [Group("memory", list(sizes.values()))],
                Axis("memory", log=True, text=size),
                marks,
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
