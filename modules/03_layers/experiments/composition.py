"""The same network composed by hand and by a container: what a debugger sees, and what it costs."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Dropout, Layer, Linear
from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.course.explore.picture import Axis, Bars, Group, Lines, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.timing import Times, measure
from tinytorch.course.explore.units import figures, interval, percent, seconds, size

INPUTS, CLASSES = 784, 10


@dataclass(frozen=True)
class Settings:
    """The widths of the network, and the batches that it is called with."""

    first: int = setting(256, "units of the first hidden layer", at_least=1, at_most=4096)
    second: int = setting(128, "units of the second", at_least=1, at_most=4096)
    batch: int = setting(64, "samples of a call, at most", at_least=1, at_most=2048)
    seconds: float = setting(4.0, "time for measuring", full=30.0, at_least=0.01, at_most=120)


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

    def __init__(self, *layers: Callable[..., Tensor]) -> None:
        self.layers = layers

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        for layer in self.layers:
            options = {"training": training} if isinstance(layer, Dropout) else {}
            x = layer(x, **options)
        return x

    def parameters(self) -> list[Tensor]:
        layers = [layer for layer in self.layers if isinstance(layer, Layer)]
        return [parameter for layer in layers for parameter in layer.parameters()]


def in_container(first: int, second: int, wrong: int = 0) -> Sequential:
    """The same network in a container."""
    return Sequential(
        Linear(INPUTS, first),
        ReLU(),
        Dropout(0.5),
        Linear(first + wrong, second),
        ReLU(),
        Dropout(0.3),
        Linear(second, CLASSES),
    )


class Nothing(Layer):
    """A layer that does nothing, so that what is left of a call is its composition."""

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return inputs[0]


class NoDropout(Dropout):
    """The same, for the place of a dropout."""

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return inputs[0]


def emptied(network: ByHand | Sequential) -> ByHand | Sequential:
    """The network with layers that do nothing in the place of its own."""
    if isinstance(network, Sequential):
        kinds = [NoDropout if isinstance(layer, Dropout) else Nothing for layer in network.layers]
        return Sequential(*(kind() for kind in kinds))
    for name, layer in vars(network).items():
        setattr(network, name, NoDropout() if isinstance(layer, Dropout) else Nothing())
    return network


HAND, CONTAINER = "by hand", "container"
NETWORKS: dict[str, Callable[..., ByHand | Sequential]] = {HAND: ByHand, CONTAINER: in_container}
LAYERS = 7


@dataclass(frozen=True)
class Seen:
    """What a debugger shows in the network's own frame, where a call failed.

    Attributes:
        error: the message, "" if nothing was raised.
        line: the line of the network that was running.
        frames: how many frames the traceback has, from the network's call on.
        tensors: the names under which there are tensors, with their shapes.
    """

    error: str
    line: str
    frames: int
    tensors: dict[str, tuple[int, ...]]


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"How much longer does a call of the container take than the same {LAYERS} layers called "
        "by hand, for one sample?",
        unit="%",
        digits=2,
    )


def seen_in(network: ByHand | Sequential, x: Tensor) -> Seen:
    """Call a network that fails, and look around in the frame of its own code."""
    try:
        network(x, training=True)
    except Exception as error:
        trace = error.__traceback__
        assert trace is not None
        frames = []
        while (trace := trace.tb_next) is not None:
            frames.append((trace.tb_frame, trace.tb_lineno))
        frame, line = frames[0]
        found = {k: v.shape for k, v in frame.f_locals.items() if isinstance(v, Tensor)}
        code = linecache.getline(frame.f_code.co_filename, line).strip()
        return Seen(str(error), code, len(frames), found)
    return Seen("", "", 0, {})


def mentions(code: object, name: str) -> int:
    """How often a name is used in the source of a class or a function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(code)))  # type: ignore[arg-type]
    return sum(
        (isinstance(node, ast.Attribute) and node.attr == name)
        or (isinstance(node, ast.Name) and node.id == name)
        for node in ast.walk(tree)
    )


def peak_of_a_call(network: ByHand | Sequential, x: Tensor) -> int:
    """The most memory in bytes that results held at once, in a call at inference."""
    with no_grad():
        network(x, training=False)
        tracemalloc.start()
        try:
            network(x, training=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def answer(settings: Settings, progress: Progress) -> Answer:
    """Call both, in turns; then let both fail."""
    networks = {}
    for name, make in NETWORKS.items():
        tinytorch.manual_seed(0)
        networks[name] = make(settings.first, settings.second)
    random = np.random.default_rng(0)
    batches = [b for b in (4**power for power in range(6)) if b < settings.batch]
    inputs = {
        b: Tensor(random.standard_normal((b, INPUTS), np.float32))
        for b in [*batches, settings.batch]
    }
    calls: dict[str, Callable[[], object]] = {
        f"{name} {b}": partial(network, x, training=False)
        for b, x in inputs.items()
        for name, network in networks.items()
    }
    x = inputs[settings.batch]
    by_hand, contained = (network(x, training=False).data for network in networks.values())
    equal = np.array_equal(by_hand, contained, equal_nan=True)
    memory = {name: peak_of_a_call(network, x) for name, network in networks.items()}
    seen = {
        name: seen_in(make(settings.first, settings.second, wrong=1), x)
        for name, make in NETWORKS.items()
    }
    for name, make in NETWORKS.items():
        calls[f"{name} empty"] = partial(emptied(make(1, 1)), x, training=False)
    with no_grad():
        times = measure(
            calls, settings.seconds, lambda share: progress(share, "calling both, in turns")
        )
    # Of the calls themselves, which are alike, only the composition is left.
    extra = float(
        np.median(np.subtract(times[f"{CONTAINER} empty"].rounds, times[f"{HAND} empty"].rounds))
    )
    smallest = min(inputs)
    share = extra / times[f"{HAND} {smallest}"].median
    return Answer(
        headline=_headline(times, extra, smallest, seen, equal),
        truth=100 * share,
        tables=(_table(list(inputs), times, extra), _seen_table(seen, memory)),
        picture=_picture(list(inputs), times, extra, memory, settings),
        why=_why(list(inputs), times, extra, seen, memory),
        formulas=(
            "cost of a container = its call - the call by hand, with layers that do nothing",
            f"{seconds(times[f'{CONTAINER} empty'].median)} - "
            f"{seconds(times[f'{HAND} empty'].median)} = {seconds(extra)}; "
            f"/ {LAYERS} layers = {seconds(extra / LAYERS)} a layer",
            f"{seconds(extra)} / {seconds(times[f'{HAND} {smallest}'].median)} = {percent(share)} "
            f"of a call with {_plural(smallest, 'sample')}",
        ),
        changes=(
            Change({"first": 1024, "second": 1024}, "more arithmetic: the container weighs less"),
            Change({"first": 8, "second": 8}, "hardly any: it weighs as much as it can"),
            Change({"batch": 1024}, "names keep large arrays alive in a call by hand"),
        ),
        method=(
            f"Calls at inference without recording, in turns, {len(times[f'{HAND} empty'].rounds)} "
            "rounds after a warm-up; medians and quartiles. Memory is what tracemalloc counts in a "
            "call."
        ),
        values={
            "equal": equal,
            "seconds": {name: taken.median for name, taken in times.items()},
            "extra_seconds": extra,
            "extra_share": share,
            "peak_bytes": memory,
            "tensors_seen": {name: list(one.tensors) for name, one in seen.items()},
            "frames": {name: one.frames for name, one in seen.items()},
            "lines": {name: one.line for name, one in seen.items()},
            "errors": {name: one.error for name, one in seen.items()},
        },
    )


def _headline(
    times: dict[str, Times], extra: float, batch: int, seen: dict[str, Seen], equal: bool
) -> str:
    whole = times[f"{HAND} {batch}"].median
    more = "adds" if extra > 0 else "saves"
    said = (
        f"The container {more} {seconds(abs(extra))} to a call of {seconds(whole)} with "
        f"{_plural(batch, 'sample')}, {percent(abs(extra) / whole)}. Where a layer fails, a "
        f"debugger has {_plural(len(seen[HAND].tensors), 'tensor')} in sight by hand, and "
        f"{_plural(len(seen[CONTAINER].tensors), 'tensor')} in the container."
    )
    if not all(one.error for one in seen.values()):
        said += " But the Linear in use let an input of the wrong size pass without an error."
    if not equal:
        said += " The outputs of the two differ: with the layers in use, a seed is not enough."
    return said


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _table(batches: list[int], times: dict[str, Times], extra: float) -> Table:
    rows = [("empty layers", "empty"), *((str(b), str(b)) for b in batches)]
    return Table(
        ("samples", HAND, "half of the rounds", CONTAINER, "half of the rounds", "container adds"),
        tuple(
            (
                label,
                seconds(times[f"{HAND} {key}"].median),
                _quartiles(times[f"{HAND} {key}"]),
                seconds(times[f"{CONTAINER} {key}"].median),
                _quartiles(times[f"{CONTAINER} {key}"]),
                percent(extra / times[f"{HAND} {key}"].median),
            )
            for label, key in rows
        ),
        "A call",
    )


def _quartiles(times: Times) -> str:
    return interval(times.low, times.high)


def _seen_table(seen: dict[str, Seen], memory: dict[str, int]) -> Table:
    named = {
        HAND: mentions(ByHand, "layer2"),
        CONTAINER: mentions(in_container, "Linear") // mentions(ByHand.__init__, "Linear"),
    }
    both = (HAND, CONTAINER)
    rows = (
        ("line that failed", *(seen[name].line or "none" for name in both)),
        ("tensors in sight", *(", ".join(seen[name].tensors) or "none" for name in both)),
        ("frames of the traceback", *(str(seen[name].frames) for name in both)),
        ("places that name a layer", *(str(named[name]) for name in both)),
        ("memory of a call", *(size(memory[name]) for name in both)),
    )
    return Table(("", *both), rows, "When the second Linear gets an input of the wrong size")


def _why(
    batches: list[int],
    times: dict[str, Times],
    extra: float,
    seen: dict[str, Seen],
    memory: dict[str, int],
) -> str:
    said = (
        "Both ways call the same layers in the same order. "
        + (
            f"The container adds a turn of a loop and a question of type for each, "
            f"{seconds(extra / LAYERS)} a layer here. "
            if extra > 0
            else "What the container's loop adds does not show here. "
        )
        + f"The layers themselves take {seconds(times[f'{HAND} {batches[0]}'].median)} for "
        f"{_plural(batches[0], 'sample')} and {seconds(times[f'{HAND} {batches[-1]}'].median)} for "
        f"{batches[-1]}. "
    )
    hand, container = seen[HAND], seen[CONTAINER]
    if hand.error and container.error:
        said += (
            f"An error tells by hand which layer it was ({hand.line}), with every earlier result "
            f"under its own name; the container's line ({container.line}) is the same for all "
            f"layers, and earlier results are gone. The message is the same: {hand.error}. "
        )
    ratio = memory[HAND] / max(1, memory[CONTAINER])
    if ratio > 1.1:
        said += (
            f"Names have a price: they keep results alive until the call ends, so by hand it "
            f"takes {figures(ratio, 2)} times the memory of the container, which lets go of each "
            "result as it takes the next. "
        )
    return (
        f"{said}A layer that is added by hand must be named in three places, and one that is "
        "forgotten in parameters() is never trained; a container collects them. Write by "
        "hand while you look into a network, and use a container when there are many layers alike."
    )


def _picture(
    batches: list[int],
    times: dict[str, Times],
    extra: float,
    memory: dict[str, int],
    settings: Settings,
) -> Picture:
    return Picture(
        f"{INPUTS}-{settings.first}-{settings.second}-{CLASSES}, by hand and in a container",
        [
            Lines(
                "Time of a call, median and quartiles",
                Axis("samples in the batch", log=True),
                Axis("time", log=True, text=seconds),
                [
                    *(
                        Series(
                            name,
                            batches,
                            [times[f"{name} {b}"].median for b in batches],
                            [times[f"{name} {b}"].low for b in batches],
                            [times[f"{name} {b}"].high for b in batches],
                        )
                        for name in (HAND, CONTAINER)
                    ),
                    Series(
                        "what the container adds", batches, [extra] * len(batches), style="dashes"
                    ),
                ],
            ),
            Bars(
                f"Memory of a call at inference, {settings.batch} samples",
                tuple(memory),
                [Group("peak", list(memory.values()))],
                Axis("bytes that results hold at once", text=size),
            ),
        ],
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
