"""Parameters against activations in a deep network, and checkpoints that trade time for memory."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import Adam, Linear, ReLU, Tensor, no_grad
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import FLOAT32, Allocated, allocated, normal
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import BATCH, Axis, Bars, Group, Lines, Mark, Series
from tinytorch.course.explore.units import figures, plain, size

COLUMNS = ("checkpoints", "peak", "formula", "time", "half of them", "times", "formula")


@dataclass(frozen=True)
class Settings:
    layers: int = setting(100, "layers", within=(1, 400))
    width: int = setting(128, "units of each layer", full=256, within=(1, 512))
    batch: int = setting(512, "samples in the batch", full=1024, within=(1, 2048))
    seconds: float = setting(8.0, "time for measuring", full=60.0, within=(0.01, 600))


def through(layers: Sequence[Linear], x: Tensor) -> Tensor:
    """Go through layers, with ReLU behind each."""
    relu = ReLU()
    for layer in layers:
        x = relu(layer(x))
    return x


def step_with_checkpoints(layers: Sequence[Linear], x: Tensor, every: int) -> None:
    """Forward and backward that keep the input of each segment of `every` layers, and no more.

    Backward goes through the segments from the last to the first, and computes each again to have
    its activations (Chen et al., 2016, "Training deep nets with sublinear memory cost").
    """
    segments = [layers[first : first + every] for first in range(0, len(layers), every)]
    inputs, gradient = [x], None
    with no_grad():
        for segment in segments[:-1]:
            inputs.append(through(segment, inputs[-1]))
    for segment in reversed(segments):
        segment_input = inputs.pop().detach()
        segment_input.requires_grad = True
        output = through(segment, segment_input)
        if gradient is None:
            output = output.sum()
        output.backward(gradient)
        gradient = segment_input.grad


def arrays_by_formula(layers: int, every: int) -> int:
    """Arrays of activations that are held at once: inputs of later segments, and one segment's."""
    return math.ceil(layers / every) - 1 + every


def time_by_formula(layers: int, every: int) -> float:
    """Times as long as without: all segments but the last are computed again.

    A forward pass is one product of matrices a layer, and backward two.
    """
    return 1 + (math.ceil(layers / every) - 1) * every / layers / 3


def best_every(layers: int) -> list[int]:
    """How many layers to a segment the formula finds best; several may be equally good."""
    costs = [arrays_by_formula(layers, every) for every in range(1, layers + 1)]
    return [every for every, cost in enumerate(costs, 1) if cost == min(costs)]


def gradients_of(layers: Sequence[Linear], take: Callable[[], None]) -> list[np.ndarray]:
    """The gradients of all parameters after a step."""
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    for parameter in parameters:
        parameter.grad = None
    take()
    return [np.zeros(p.shape) if p.grad is None else p.grad.data.copy() for p in parameters]


def held(settings: Settings, x: Tensor) -> tuple[list[Linear], dict[str, int]]:
    """Layers that were trained a step with Adam, and the bytes that training holds."""
    parts = dict.fromkeys(("parameters", "gradients", "optimizer", "activations"), Allocated())
    with allocated() as parts["parameters"]:
        layers = [Linear(settings.width, settings.width) for _ in range(settings.layers)]
    with allocated() as parts["activations"]:
        output = through(layers, x).sum()
    with allocated() as parts["gradients"]:
        output.backward()
    with allocated() as parts["optimizer"]:
        optimizer = Adam([parameter for layer in layers for parameter in layer.parameters()])
        optimizer.step()
    return layers, {name: part.held for name, part in parts.items()}


def peaks_of(steps: dict[int, Callable[[], None]], progress: Progress) -> dict[int, int]:
    """The most bytes that each step allocates at once."""
    peaks = {}
    with allocated():
        steps[0]()  # its gradients are there before each step, which puts its own in their place
        for number, (every, take) in enumerate(steps.items()):
            progress(0.1 + 0.3 * number / len(steps), "memory with checkpoints")
            with allocated() as found:
                take()
            peaks[every] = found.peak
    return peaks


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count what training holds, then take steps with checkpoints every so many layers."""
    progress(0.0, "training a step")
    n, width, batch = settings.layers, settings.width, settings.batch
    root, array, weights = math.sqrt(n), batch * width * FLOAT32, n * (width**2 + width) * FLOAT32
    near = round(root)
    x = normal(batch, width)
    layers, bytes_ = held(settings, x)
    parameters, gradients, optimizer, activations = bytes_.values()
    state = parameters + gradients + optimizer
    some = {1, near, -(-n // 4), -(-n // 2), n}
    spaced = {round(every) for every in np.geomspace(1, n, 9)}
    everies = sorted(spaced | some | {max(1, near - 2), min(n, near + 2)})
    steps: dict[int, Callable[[], None]] = {0: lambda: through(layers, x).sum().backward()}
    steps |= {every: partial(step_with_checkpoints, layers, x, every) for every in everies}
    peaks = peaks_of(steps, progress)
    peak_without = peaks.pop(0)
    best = min(peaks, key=lambda every: peaks[every])
    expected, *others = (gradients_of(layers, steps[every]) for every in (0, 1, best))
    pairs = (pair for other in others for pair in zip(other, expected, strict=True))
    equal = all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)
    timed = {every: steps[every] for every in (0, *sorted(some | {best}))}
    times = timing.measure(timed, settings.seconds, progress, "timing steps", 0.4)
    without = times.pop(0)
    slowdowns = {every: timing.ratio(taken, without) for every, taken in times.items()}
    by_count = {every: time_by_formula(n, every) for every in times}
    by_formula = {every: arrays_by_formula(n, every) * array for every in everies}
    rows = [("none", size(peak_without), size(n * array), *without.cells, "1", "1")]
    for every, taken in times.items():
        name = f"every {every} layers" if every > 1 else "every layer"
        ratios = figures(slowdowns[every].median), figures(by_count[every])
        rows.append((name, size(peaks[every]), size(by_formula[every]), *taken.cells, *ratios))
    parts = "parameters", "gradients", "Adam's two means", "activations"
    theory = weights, weights, 2 * weights, n * array  # the output of each layer is kept once
    sizes = zip(parts, map(size, bytes_.values()), map(size, theory), strict=True)
    by_theory = partial(Series.of, "by the formula", style="dashes", like="measured")
    line = "activations, by the formula"
    by_batch = {2**power: n * width * FLOAT32 * 2**power for power in range(4, 14)}
    growing = [
        Series.of(line, by_batch, style="dashes"),
        Series.of("activations, measured", {batch: activations}, style="points", like=line),
    ]
    bars = [Group("measured", list(bytes_.values()))], Axis("memory", text=size)
    apart = Axis("layers from checkpoint to checkpoint", log=True)
    peak, memory = (Axis(label, log=True, text=size) for label in ("peak memory", "memory"))
    marks = [Mark(peak_without, "without checkpoints"), Mark(root, f"sqrt({n})", "x")]
    limits = [Mark(parameters, "parameters"), Mark(state, "with gradients and Adam's means")]
    longer = Axis("times as long as without", text=plain)
    in_steps = [Series.of("measured", peaks), by_theory(by_formula)]
    in_time = [Series.timed("measured", slowdowns), by_theory(by_count)]
    slowdown = slowdowns[best].median
    off = slowdown / by_count[best] - 1
    lowest = max(1, peaks[best])
    findings = Findings(f"{n} layers of {width} units, {batch} samples")
    findings.tabulate(("held in training", "measured", "by the formula"), list(sizes))
    findings.tabulate(COLUMNS, rows, "A step, forward and backward")
    findings.draw(
        Bars("Held in training", ("parameters", "gradients", "Adam's means", "activations"), *bars),
        Lines("Memory of a step with checkpoints", apart, peak, in_steps, marks),
        Lines("Memory as the batch grows", BATCH, memory, growing, limits),
        Lines("Time of a step with checkpoints, median and quartiles", apart, longer, in_time),
    )
    findings.tell(**bytes_, peaks=peaks, peak_without=peak_without, best_every=best)
    findings.tell(best_by_formula=best_every(n))
    findings.tell(seconds={every: taken.median for every, taken in times.items()})
    findings.tell(seconds_without=without.median, gradients_equal=equal)
    findings.say(more="activations" if activations > parameters else "parameters")
    findings.say(saving=peak_without / lowest, saves=peak_without > 1.05 * lowest)
    findings.say(lowest=peaks[best], extra=(peaks[best] - by_formula[best]) / array)
    findings.say(samples={"layer": width + 1, "all": state * batch / activations})
    findings.say(slowdown=slowdown, by_count=by_count[best], as_counted=abs(off) < 0.15)
    findings.say(slower=off >= 0.15, faster=off <= -0.15, ratio=activations / max(1, parameters))
    findings.say(near={"every": near, "arrays": arrays_by_formula(n, near), "time": by_count[near]})
    findings.say(near_bytes=by_formula[near], rounds=len(without.rounds), root=root, array=array)
    findings.say(theory={"parameters": weights, "activations": n * array})
    return findings
