"""The same network composed by hand and by a container: what a debugger sees, and what it costs."""

import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import getsource
from typing import Any

import numpy as np

from tinytorch import Dropout, Layer, Linear, ReLU, Tensor, manual_seed, no_grad
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import CLASSES, INPUTS, allocated, normal
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import BATCH, TIME, Axis, Bars, Group, Lines, Series
from tinytorch.course.explore.units import percent, size

LAYERS = 7
HAND, CONTAINER = BOTH = "by hand", "container"


@dataclass(frozen=True)
class Settings:
    first: int = setting(256, "units of the first hidden layer", within=(1, 4096))
    second: int = setting(128, "units of the second", within=(1, 4096))
    batch: int = setting(64, "samples of a call, at most", within=(1, 2048))
    seconds: float = setting(4.0, "time for measuring", full=30.0, within=(0.01, 120))


class ByHand:
    """The three-layer network of the lesson: every step is a line, and every result has a name."""

    def __init__(self, first: int, second: int, wrong: int = 0) -> None:
        self.layer1 = Linear(INPUTS, first)
        self.activation1 = ReLU()
        self.dropout1 = Dropout(0.5)
        self.layer2 = Linear(first + wrong, second)
        self.activation2 = ReLU()
        self.dropout2 = Dropout(0.3)
        self.layer3 = Linear(second, CLASSES)

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        hidden1 = self.layer1(x)
        active1 = self.activation1(hidden1)
        dropped1 = self.dropout1(active1, training=training)
        hidden2 = self.layer2(dropped1)
        active2 = self.activation2(hidden2)
        dropped2 = self.dropout2(active2, training=training)
        return self.layer3(dropped2)

    def parameters(self) -> list[Tensor]:
        return self.layer1.parameters() + self.layer2.parameters() + self.layer3.parameters()


class Sequential:
    """A container: layers in a list, called one after the other."""

    def __init__(self, *layers: Any) -> None:
        self.layers = layers

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        for layer in self.layers:
            options = {"training": training} if isinstance(layer, Dropout) else {}
            x = layer(x, **options)
        return x

    def parameters(self) -> list[Tensor]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]


def in_container(first: int, second: int, wrong: int = 0) -> Sequential:
    """The same network in a container."""
    hidden1 = Linear(INPUTS, first), ReLU(), Dropout(0.5)
    hidden2 = Linear(first + wrong, second), ReLU(), Dropout(0.3)
    return Sequential(*hidden1, *hidden2, Linear(second, CLASSES))


NETWORKS: dict[str, Callable[..., Any]] = {HAND: ByHand, CONTAINER: in_container}


class Nothing(Layer):
    """A layer that does nothing, so that what is left of a call is its composition."""

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return inputs[0]


class NoDropout(Nothing, Dropout):
    """The same, for the place of a dropout."""


def emptied(network: Any) -> Any:
    """The network with layers that do nothing in the place of its own."""

    def empty(layer: object) -> Layer:
        return NoDropout() if isinstance(layer, Dropout) else Nothing()

    if isinstance(network, Sequential):
        return Sequential(*map(empty, network.layers))
    for name, layer in vars(network).items():
        setattr(network, name, empty(layer))
    return network


def seen_in(network: Callable[..., Tensor], x: Tensor) -> dict[str, Any]:
    """Call a network that fails, and look around in the frame of its own code.

    Returns:
        The message of the error, "" if nothing was raised; the line of the network that was
        running; how many frames the traceback has from there on; and the names under which there
        are tensors, with their shapes.
    """
    try:
        network(x, training=True)
    except Exception as error:
        # The first frame is this one, and the second that of the network.
        frames = list(traceback.walk_tb(error.__traceback__))[1:]
        frame, number = frames[0]
        line = linecache.getline(frame.f_code.co_filename, number).strip()
        tensors = {k: v.shape for k, v in frame.f_locals.items() if isinstance(v, Tensor)}
        return {"error": str(error), "line": line, "frames": len(frames), "tensors": tensors}
    return {"error": "", "line": "", "frames": 0, "tensors": {}}


def peak_of_a_call(network: Callable[..., Tensor], x: Tensor) -> int:
    """The most memory in bytes that results held at once, in a call at inference."""
    with no_grad(), allocated():
        network(x, training=False)
        with allocated() as found:
            network(x, training=False)
    return found.peak


def measure(settings: Settings, progress: Progress) -> Findings:
    """Call both, in turns; then let both fail."""
    first, second, batch = settings.first, settings.second, settings.batch
    networks = {}
    for name, make in NETWORKS.items():
        manual_seed(0)
        networks[name] = make(first, second)
    batches = [*(b for b in (1, 4, 16, 64, 256, 1024) if b < batch), batch]
    calls: dict[str, Callable[[], Tensor]] = {}
    for b in batches:
        x = normal(b, INPUTS)
        for name, network in networks.items():
            calls[f"{name} {b}"] = partial(network, x, training=False)
    one, other = (network(x, training=False).data for network in networks.values())
    memory = {name: peak_of_a_call(network, x) for name, network in networks.items()}
    seen = {name: seen_in(make(first, second, wrong=1), x) for name, make in NETWORKS.items()}
    for name, make in NETWORKS.items():
        calls[f"{name} empty"] = partial(emptied(make(1, 1)), x, training=False)
    with no_grad():
        times = timing.measure(calls, settings.seconds, progress, "calling both, in turns")
    # Of the calls themselves, which are alike, only the composition is left.
    by_hand, contained = (times[f"{name} empty"].rounds for name in BOTH)
    extra = float(np.median(np.subtract(contained, by_hand)))
    rows = []
    for key in ("empty", *batches):
        timed = times[f"{HAND} {key}"], times[f"{CONTAINER} {key}"]
        label = "empty layers" if key == "empty" else str(key)
        rows.append((label, *timed[0].cells, *timed[1].cells, percent(extra / timed[0].median)))
    tensors = {name: list(one["tensors"]) for name, one in seen.items()}
    sources = (ByHand, "layer2"), (in_container, "Linear(first")
    failures = [
        ("line that failed", *(one["line"] or "none" for one in seen.values())),
        ("tensors in sight", *(", ".join(names) or "none" for names in tensors.values())),
        ("frames of the traceback", *(str(one["frames"]) for one in seen.values())),
        ("places that name a layer", *(str(getsource(of).count(name)) for of, name in sources)),
        ("memory of a call", *map(size, memory.values())),
    ]
    headings = ("samples", HAND, "half of the rounds", CONTAINER, "half of the rounds")
    lines = [Series.timed(name, {b: times[f"{name} {b}"] for b in batches}) for name in BOTH]
    added = dict.fromkeys(batches, extra)
    lines.append(Series.of("what the container adds", added, style="dashes"))
    held = Axis("bytes that results hold at once", text=size)
    peaks = [Group("peak", list(memory.values()))]
    share, ratio = extra / times[f"{HAND} 1"].median, memory[HAND] / max(1, memory[CONTAINER])
    findings = Findings(f"{INPUTS}-{first}-{second}-{CLASSES}, by hand and in a container")
    findings.tabulate((*headings, "container adds"), rows, "A call")
    title = "When the second Linear gets an input of the wrong size"
    findings.tabulate(("", *BOTH), failures, title)
    findings.draw(
        Lines("Time of a call, median and quartiles", BATCH, TIME, lines),
        Bars(f"Memory of a call at inference, {batch} samples", BOTH, peaks, held),
    )
    findings.tell(equal=np.array_equal(one, other, equal_nan=True))
    findings.tell(seconds={name: taken.median for name, taken in times.items()})
    findings.tell(extra_seconds=extra, extra_share=share, peak_bytes=memory, tensors_seen=tensors)
    findings.tell(frames={name: one["frames"] for name, one in seen.items()})
    findings.tell(lines={name: one["line"] for name, one in seen.items()})
    findings.tell(errors={name: one["error"] for name, one in seen.items()})
    findings.say(in_percent=100 * share, slower=extra > 0)
    findings.say(difference={"time": abs(extra), "share": abs(share), "layer": extra / LAYERS})
    findings.say(tensors={k: f"{len(v)} tensor{'s' * (len(v) != 1)}" for k, v in tensors.items()})
    findings.say(largest=times[f"{HAND} {batch}"].median, ratio=ratio, holds=ratio > 1.1)
    findings.say(rounds=len(by_hand), fails=all(one["error"] for one in seen.values()))
    return findings
