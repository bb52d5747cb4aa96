"""Parameters against activations in a deep network, and checkpoints that trade time for memory."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Linear
from tinytorch.core.optimizers import Adam
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Bars, Group, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure, ratio
from tinytorch.explore.units import count, figures, interval, plain, seconds, size

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Settings:
    """The network, and the batch it is trained with."""

    layers: int = setting(100, "layers", at_least=1, at_most=400)
    width: int = setting(128, "units of each layer", full=256, at_least=1, at_most=512)
    batch: int = setting(512, "samples in the batch", full=1024, at_least=1, at_most=2048)
    seconds: float = setting(8.0, "time for measuring", full=60.0, at_least=0.01, at_most=600)


class Network:
    """Linear layers of one width, each followed by ReLU."""

    def __init__(self, layers: int, width: int) -> None:
        self.layers = [Linear(width, width) for _ in range(layers)]
        self.relu = ReLU()

    def __call__(self, x: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Go through the layers from `first` up to `last`, or through all."""
        for layer in self.layers[first:last]:
            x = self.relu(layer(x))
        return x

    def parameters(self) -> list[Tensor]:
        """What is trained."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]


def step(network: Network, x: Tensor) -> None:
    """Forward and backward as usual: every activation is kept until backward has used it."""
    network(x).sum().backward()


def step_with_checkpoints(network: Network, x: Tensor, every: int) -> None:
    """Forward and backward that keep the input of each segment of `every` layers, and no more.

    Backward goes through the segments from the last to the first, and computes each again to have
    its activations (Chen et al., 2016, "Training deep nets with sublinear memory cost").
    """
    depth = len(network.layers)
    starts = list(range(0, depth, every))
    inputs = []
    with no_grad():
        for first in starts[:-1]:
            inputs.append(x)
            x = network(x, first, first + every)
    inputs.append(x)
    gradient = None
    for first in reversed(starts):
        segment_input = inputs.pop().detach()
        segment_input.requires_grad = True
        output = network(segment_input, first, first + every)
        if gradient is None:
            output = output.sum()
        output.backward(gradient)
        gradient = segment_input.grad


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"{settings.layers} layers of {settings.width} units, {settings.batch} samples: how many "
        "times as much memory do the activations take as the parameters?",
        unit="times",
        digits=2,
    )


class Allocated:
    """How many bytes were allocated while a context was open and are held at its end."""

    bytes = 0


@contextmanager
def allocations() -> Iterator[Allocated]:
    """Count what Python and NumPy allocate, with tracemalloc."""
    found = Allocated()
    gc.collect()
    tracemalloc.start()
    try:
        yield found
        found.bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@dataclass(frozen=True)
class Held:
    """What training holds in memory, in bytes, each measured as it was allocated."""

    parameters: int
    gradients: int
    optimizer: int
    activations: int


def held(settings: Settings, x: Tensor) -> tuple[Network, Held]:
    """Make a network, train it a step with Adam, and count at each stage."""
    tinytorch.manual_seed(0)
    with allocations() as parameters:
        network = Network(settings.layers, settings.width)
    with allocations() as activations:
        output = network(x).sum()
    with allocations() as gradients:
        output.backward()
    with allocations() as adam:
        optimizer = Adam(network.parameters())
        optimizer.step()
    return network, Held(parameters.bytes, gradients.bytes, adam.bytes, activations.bytes)


def activation_bytes(settings: Settings) -> int:
    """What backward needs: the output of each layer, kept once."""
    return settings.layers * settings.batch * settings.width * FLOAT32


def parameter_bytes(settings: Settings) -> int:
    """Weights and biases."""
    return settings.layers * (settings.width**2 + settings.width) * FLOAT32


def arrays_by_formula(layers: int, every: int) -> int:
    """Arrays of activations that are held at once: inputs of later segments, and one segment's."""
    return math.ceil(layers / every) - 1 + every


def time_by_formula(layers: int, every: int) -> float:
    """Times as long as without: all segments but the last are computed again.

    A forward pass is one product of matrices a layer, and backward two.
    """
    segments = math.ceil(layers / every)
    again = 1 - (layers - (segments - 1) * every) / layers
    return 1 + again / 3


def best_every(layers: int) -> list[int]:
    """How many layers to a segment the formula finds best; several may be equally good."""
    costs = {every: arrays_by_formula(layers, every) for every in range(1, layers + 1)}
    least = min(costs.values())
    return [every for every, cost in costs.items() if cost == least]


def candidates(layers: int) -> list[int]:
    """Segment lengths from 1 to all layers, about evenly spaced by their ratio."""
    root = round(math.sqrt(layers))
    near = {max(1, root - 2), root, min(layers, root + 2)}
    spaced = {round(value) for value in np.geomspace(1, layers, 9)}
    return sorted(spaced | near | {-(-layers // 4), -(-layers // 2)})


def gradients_of(network: Network, run: Callable[[], None]) -> list[np.ndarray]:
    """The gradients of all parameters after a step."""
    for parameter in network.parameters():
        parameter.grad = None
    run()
    return [
        np.zeros(parameter.shape) if parameter.grad is None else parameter.grad.data.copy()
        for parameter in network.parameters()
    ]


def peaks(steps: Sequence[Callable[[], None]], progress: Callable[[float], None]) -> list[int]:
    """The most bytes that each step holds beyond what was there before it.

    The gradients of parameters are there before it: one step has been taken, and each that follows
    puts its own in their place.
    """
    found = []
    gc.collect()
    tracemalloc.start()
    try:
        steps[0]()
        for number, take in enumerate(steps):
            progress(number / len(steps))
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            take()
            found.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return found


def answer(settings: Settings, progress: Progress) -> Answer:
    """Count what training holds, then take steps with checkpoints every so many layers."""
    progress(0.0, "training a step")
    x = Tensor(
        np.random.default_rng(0).standard_normal((settings.batch, settings.width), np.float32)
    )
    network, in_training = held(settings, x)
    n = settings.layers
    everies = candidates(n)
    steps = [partial(step, network, x)] + [
        partial(step_with_checkpoints, network, x, every) for every in everies
    ]
    plain_peak, *with_checkpoints = peaks(
        steps, lambda share: progress(0.1 + 0.3 * share, "memory with checkpoints")
    )
    best = everies[int(np.argmin(with_checkpoints))]
    root = round(math.sqrt(n))
    expected = gradients_of(network, steps[0])
    equal = all(
        np.array_equal(a, b, equal_nan=True)
        for every in (1, best)
        for a, b in zip(
            gradients_of(network, partial(step_with_checkpoints, network, x, every)),
            expected,
            strict=True,
        )
    )
    timed = sorted({1, best, root, -(-n // 4), -(-n // 2), n})
    calls = {"without": steps[0]} | {
        str(every): partial(step_with_checkpoints, network, x, every) for every in timed
    }
    times = measure(
        calls, settings.seconds, lambda share: progress(0.4 + 0.6 * share, "timing steps")
    )
    found = Found(
        in_training,
        dict(zip(everies, with_checkpoints, strict=True)),
        plain_peak,
        best,
        {every: times[str(every)] for every in timed},
        times["without"],
        equal,
    )
    a = settings.batch * settings.width * FLOAT32
    return Answer(
        headline=_headline(settings, found),
        truth=in_training.activations / max(1, in_training.parameters),
        tables=(_held_table(settings, found), _checkpoint_table(settings, found)),
        picture=_picture(settings, found),
        why=_why(settings, found),
        formulas=(
            "parameters = layers · (width² + width) · 4 bytes",
            f"{n} · ({settings.width}² + {settings.width}) · 4 = {size(parameter_bytes(settings))}",
            "activations = layers · batch · width · 4 bytes",
            f"{n} · {settings.batch} · {settings.width} · 4 = {size(activation_bytes(settings))}",
            "with checkpoints every k layers: (layers / k - 1 + k) · batch · width · 4 bytes, "
            "least at k = sqrt(layers)",
            f"k = sqrt({n}) = {figures(math.sqrt(n))}; for k = {root}: "
            f"{arrays_by_formula(n, root)} · {size(a)} = {size(arrays_by_formula(n, root) * a)}",
            "time = 1 + (share of layers computed again) / 3",
            f"k = {root}: {figures(time_by_formula(n, root))} times",
        ),
        changes=(
            Change({"batch": 16}, "few samples: now the parameters take more"),
            Change({"width": 256, "batch": 64}, "wide layers: parameters grow with the square"),
            Change({"layers": 400}, "four times as deep: the best k doubles"),
        ),
        method=(
            "Memory is what tracemalloc counts, in a step with gradients in place. Times are of "
            f"forward and backward without the optimizer, in turns, {len(times['without'].rounds)} "
            "rounds after a warm-up; medians and quartiles."
        ),
        values={
            "parameters": in_training.parameters,
            "gradients": in_training.gradients,
            "optimizer": in_training.optimizer,
            "activations": in_training.activations,
            "peaks": found.peaks,
            "peak_without": plain_peak,
            "best_every": best,
            "best_by_formula": best_every(n),
            "seconds": {every: taken.median for every, taken in found.times.items()},
            "seconds_without": found.without.median,
            "gradients_equal": equal,
        },
    )


@dataclass(frozen=True)
class Found:
    """All that was measured.

    Attributes:
        held: what training holds.
        peaks: the most bytes a step held, by the length of its segments.
        plain_peak: the same without checkpoints.
        best: the length with the lowest peak.
        times: of steps, by the length of segments.
        without: of a step without checkpoints.
        equal: whether gradients are the same with checkpoints, to the bit.
    """

    held: Held
    peaks: dict[int, int]
    plain_peak: int
    best: int
    times: dict[int, Times]
    without: Times
    equal: bool

    def slowdown(self, every: int) -> Times:
        """How many times as long a step takes with checkpoints."""
        return ratio(self.times[every], self.without)


def _headline(settings: Settings, found: Found) -> str:
    more = found.held.activations / max(1, found.held.parameters)
    dominate = "activations" if more > 1 else "parameters"
    said = (
        f"The {dominate} dominate: {size(found.held.activations)} of activations against "
        f"{size(found.held.parameters)} of parameters. "
    )
    saving = found.plain_peak / max(1, found.peaks[found.best])
    if saving > 1.05:
        said += (
            f"Checkpoints every {found.best} layers lower the peak to "
            f"{size(found.peaks[found.best])} from {size(found.plain_peak)}, "
            f"{figures(saving, 2)} times less, in {figures(found.slowdown(found.best).median)} "
            "times the time."
        )
    else:
        said += "Checkpoints save nothing in a network as small as this."
    if not found.equal:
        said += " But the gradients differ from those without checkpoints."
    return said


def _held_table(settings: Settings, found: Found) -> Table:
    p, a = parameter_bytes(settings), activation_bytes(settings)
    held = found.held
    rows = (
        ("parameters", size(held.parameters), size(p)),
        ("gradients", size(held.gradients), size(p)),
        ("Adam's two means", size(held.optimizer), size(2 * p)),
        ("activations", size(held.activations), size(a)),
    )
    return Table(("held in training", "measured", "by the formula"), rows)


def _checkpoint_table(settings: Settings, found: Found) -> Table:
    a = settings.batch * settings.width * FLOAT32
    n = settings.layers
    rows = [
        (
            "none",
            size(found.plain_peak),
            size(n * a),
            seconds(found.without.median),
            _spread(found.without),
            "1",
            "1",
        )
    ]
    rows += [
        (
            f"every {every} layers" if every > 1 else "every layer",
            size(found.peaks[every]),
            size(arrays_by_formula(n, every) * a),
            seconds(taken.median),
            _spread(taken),
            figures(found.slowdown(every).median),
            figures(time_by_formula(n, every)),
        )
        for every, taken in found.times.items()
    ]
    columns = ("checkpoints", "peak", "formula", "time", "half of them", "times", "formula")
    return Table(columns, tuple(rows), "A step, forward and backward")


def _spread(times: Times) -> str:
    return interval(times.low, times.high)


def _why(settings: Settings, found: Found) -> str:
    n, width, batch = settings.layers, settings.width, settings.batch
    a = batch * width * FLOAT32
    state = found.held.parameters + found.held.gradients + found.held.optimizer
    per_sample = found.held.activations / batch
    said = (
        "Backward needs the output of every layer, for every sample: batch · width numbers a "
        "layer. A layer's parameters are width² + width, whatever the batch. So the batch decides: "
        f"above {width + 1} samples a layer has more activations than parameters, and above "
        f"{count(state / per_sample)} more than parameters, gradients and Adam's means together. "
    )
    extra = (found.peaks[found.best] / a) - arrays_by_formula(n, found.best)
    said += (
        "A checkpoint is the input of a segment; what lies between is computed again when "
        "backward gets there. Short segments have many inputs to keep, long ones many activations "
        f"inside, and both are equally many at sqrt({n}) = {figures(math.sqrt(n))}. The lowest "
        f"peak here is at {found.best}. It holds {figures(extra, 2)} arrays more than the formula "
        "counts, the gradients and products that backward has in hand. "
    )
    theory, slowdown = time_by_formula(n, found.best), found.slowdown(found.best).median
    if abs(slowdown / theory - 1) < 0.15:
        verdict = "about what theory says"
    else:
        verdict = "more than theory says" if slowdown > theory else "less than theory says"
    said += (
        f"Computing again costs up to one more forward pass, a third of a step: {figures(theory)} "
        f"times the time by the count of products, and {figures(slowdown)} times was measured, "
        f"{verdict}. "
    )
    if found.equal:
        said += (
            "The gradients are the same to the last bit, since the same operations were done on "
            "the same numbers."
        )
    else:
        said += (
            "The gradients differ, so the modules in use do not compute the same twice, or "
            "backward does not take the gradient it is given."
        )
    return said


def _picture(settings: Settings, found: Found) -> Picture:
    n = settings.layers
    a = settings.batch * settings.width * FLOAT32
    held = found.held
    measured = list(found.times)
    batches = [2**power for power in range(4, 14)]
    state = held.parameters + held.gradients + held.optimizer
    per_sample = settings.layers * settings.width * FLOAT32
    return Picture(
        f"{n} layers of {settings.width} units, {settings.batch} samples",
        [
            Bars(
                "Held in training",
                ("parameters", "gradients", "Adam's means", "activations"),
                [
                    Group(
                        "measured",
                        [held.parameters, held.gradients, held.optimizer, held.activations],
                    )
                ],
                Axis("memory", text=size),
            ),
            Lines(
                "Memory of a step with checkpoints",
                Axis("layers from checkpoint to checkpoint", log=True),
                Axis("peak memory", log=True, text=size),
                [
                    Series("measured", list(found.peaks), list(found.peaks.values())),
                    Series(
                        "by the formula",
                        list(found.peaks),
                        [arrays_by_formula(n, k) * a for k in found.peaks],
                        style="dashes",
                        like="measured",
                    ),
                ],
                [
                    Mark(found.plain_peak, "without checkpoints"),
                    Mark(math.sqrt(n), f"sqrt({n})", axis="x"),
                ],
            ),
            Lines(
                "Memory as the batch grows",
                Axis("samples in the batch", log=True),
                Axis("memory", log=True, text=size),
                [
                    Series(
                        "activations, by the formula",
                        batches,
                        [b * per_sample for b in batches],
                        style="dashes",
                    ),
                    Series(
                        "activations, measured",
                        [settings.batch],
                        [held.activations],
                        style="points",
                        like="activations, by the formula",
                    ),
                ],
                [
                    Mark(held.parameters, "parameters"),
                    Mark(state, "with gradients and Adam's means"),
                ],
            ),
            Lines(
                "Time of a step with checkpoints, median and quartiles",
                Axis("layers from checkpoint to checkpoint", log=True),
                Axis("times as long as without", text=plain),
                [
                    Series(
                        "measured",
                        measured,
                        [found.slowdown(k).median for k in measured],
                        [found.slowdown(k).low for k in measured],
                        [found.slowdown(k).high for k in measured],
                    ),
                    Series(
                        "by the formula",
                        measured,
                        [time_by_formula(n, k) for k in measured],
                        style="dashes",
                        like="measured",
                    ),
                ],
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
