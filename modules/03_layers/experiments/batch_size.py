"""Samples a second from a batch of one to one that is too large, and what limits them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Linear
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.explore.caches import caches
from tinytorch.explore.conditions import threads
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.timing import Times, measure, ratio
from tinytorch.explore.units import count, figures, interval, percent, plain, rate, seconds, size

FLOAT32 = 4  # bytes
INPUTS, CLASSES = 784, 10
SQUARES = (256, 512)  # rows and columns of matrices whose product is about as fast as can be
TRAINING, INFERENCE = "training", "inference"
ASKED = 512  # the batch up to which the question asks
FALLEN = 0.9  # of the best: a rate below it has fallen
PLATEAU = 0.9  # of the best: a rate above it is on the plateau


@dataclass(frozen=True)
class Settings:
    """The network, what is done with it, and how large batches may get."""

    doing: str = setting(TRAINING, "what is timed", choices=(TRAINING, INFERENCE))
    hidden: tuple[int, ...] = setting((256, 128), "hidden layers", at_least=1, at_most=2048)
    most: int = setting(
        8192, "largest batch that is tried", full=32_768, at_least=1, at_most=32_768
    )
    seconds: float = setting(12.0, "time for measuring", full=60.0, at_least=0.01, at_most=600)

    @property
    def sizes(self) -> list[int]:
        """From inputs to classes."""
        return [INPUTS, *self.hidden, CLASSES]


class Network:
    """Linear layers with ReLU between them, and a step of training on them."""

    def __init__(self, sizes: list[int]) -> None:
        self.layers = [Linear(n, m) for n, m in pairwise(sizes)]
        self.relu = ReLU()
        self.loss = CrossEntropyLoss()
        # A rate so small that thousands of steps leave the weights where they are.
        parameters = [p for layer in self.layers for p in layer.parameters()]
        self.optimizer = SGD(parameters, lr=1e-12)

    def __call__(self, x: Tensor) -> Tensor:
        """The logits of a batch."""
        for layer in self.layers[:-1]:
            x = self.relu(layer(x))
        return self.layers[-1](x)

    def infer(self, x: Tensor) -> None:
        """A forward pass, without recording."""
        with no_grad():
            self(x)

    def learn(self, x: Tensor, classes: np.ndarray) -> None:
        """Forward and backward."""
        self.optimizer.zero_grad()
        self.loss(self(x), classes).backward()

    def train(self, x: Tensor, classes: np.ndarray) -> None:
        """Forward, backward and update."""
        self.learn(x, classes)
        self.optimizer.step()


@dataclass(frozen=True)
class Limits:
    """The two limits, each measured on its own.

    Attributes:
        overhead: seconds a step takes however few samples there are.
        peak: the most floating-point operations a second.
        flops: floating-point operations a sample takes.
    """

    overhead: float
    peak: float
    flops: int

    def by_overhead(self, batch: int) -> float:
        """Samples a second if there were nothing but overhead."""
        return batch / self.overhead

    @property
    def by_arithmetic(self) -> float:
        """Samples a second if there were nothing but arithmetic, at its peak."""
        return self.peak / self.flops

    def together(self, batch: int) -> float:
        """Samples a second if a step took both, one after the other."""
        return batch / (self.overhead + batch / self.by_arithmetic)


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"{settings.doing.capitalize()} of {'-'.join(map(str, settings.sizes))}: how many times as "
        "many samples a second at the best batch size as one by one?",
        unit="times",
        digits=2,
    )


def flops_of(sizes: list[int], doing: str) -> int:
    """Multiplications and additions in the matrix products of one sample.

    A product takes 2 · inputs · outputs. Backward has two for each layer, except that nothing asks
    for the gradient of the first layer's input.
    """
    forward = sum(2 * n * m for n, m in pairwise(sizes))
    if doing == INFERENCE:
        return forward
    return 3 * forward - 2 * sizes[0] * sizes[1]


def products(sizes: list[int], batch: int, doing: str) -> list[Callable[[], object]]:
    """The same matrix products with nothing around them."""
    random = np.random.default_rng(0)
    found: list[Callable[[], object]] = []
    for number, (n, m) in enumerate(pairwise(sizes)):
        x, w, g = (
            random.standard_normal(shape, np.float32) for shape in ((batch, n), (n, m), (batch, m))
        )
        found.append(partial(np.matmul, x, w, out=np.empty((batch, m), np.float32)))
        if doing == TRAINING:
            found.append(partial(np.matmul, x.T, g, out=np.empty((n, m), np.float32)))
            if number:
                found.append(partial(np.matmul, g, w.T, out=np.empty((batch, n), np.float32)))
    return found


def in_a_row(calls: list[Callable[[], object]]) -> None:
    """Call one after the other."""
    for call in calls:
        call()


def limits(settings: Settings) -> Limits:
    """Measure overhead and peak, apart from the network that is asked about."""
    one = np.ones((1, INPUTS), np.float32)
    tiny = Network([1] * len(settings.sizes))
    real = Network(settings.sizes)
    x, classes = Tensor(one[:, :1]), np.zeros(1, np.int64)
    calls: dict[str, Callable[[], object]] = {}
    if settings.doing == TRAINING:
        real.train(Tensor(one), classes)  # so that there are gradients to move by
        calls |= {"calls": partial(tiny.learn, x, classes), "update": real.optimizer.step}
    else:
        calls |= {"calls": partial(tiny.infer, x)}
    for side in SQUARES:
        square = np.random.default_rng(0).standard_normal((side, side), np.float32)
        calls[f"product {side}"] = partial(np.matmul, square, square, out=np.empty_like(square))
    times = measure(calls, settings.seconds / 6)
    overhead = sum(times[name].median for name in ("calls", "update") if name in times)
    # A limit is what the machine can do at its best, as STREAM and LINPACK have it.
    peak = max(2 * side**3 / min(times[f"product {side}"].rounds) for side in SQUARES)
    return Limits(overhead, peak, flops_of(settings.sizes, settings.doing))


def a_step(network: Network, batch: int, doing: str) -> Callable[[], object]:
    """A step with a batch of random samples."""
    random = np.random.default_rng(batch)
    x = Tensor(random.standard_normal((batch, INPUTS), np.float32))
    if doing == INFERENCE:
        return partial(network.infer, x)
    return partial(network.train, x, random.integers(0, CLASSES, batch))


def has_fallen(rates: list[float]) -> bool:
    """Whether the last two are well below the best, so that it was not by chance."""
    return len(rates) > 2 and max(rates[-2:]) < FALLEN * max(rates)


def by_batch(settings: Settings, network: Network, progress: Progress) -> dict[int, Times]:
    """Times of steps, from one sample to 512, and on until the rate has fallen."""
    asked = [b for b in (2**power for power in range(10)) if b <= min(ASKED, settings.most)]
    calls = {str(b): a_step(network, b, settings.doing) for b in asked}
    found = measure(
        calls,
        settings.seconds / 3,
        lambda share: progress(0.2 + 0.3 * share, f"batches of 1 to {asked[-1]}"),
    )
    times = {b: found[str(b)] for b in asked}
    batch = 2 * asked[-1]
    # What else the machine does may slow any batch down, but its fast rounds less.
    while batch <= settings.most and not has_fallen([b / t.low for b, t in times.items()]):
        progress(min(0.9, 0.5 + 0.1 * (batch // ASKED).bit_length()), f"batches of {batch:,}")
        call = a_step(network, batch, settings.doing)
        times[batch] = measure({"step": call}, settings.seconds / 12)["step"]
        batch *= 2
    return times


def answer(settings: Settings, progress: Progress) -> Answer:
    """Measure both limits, then the network between them."""
    tinytorch.manual_seed(0)
    progress(0.0, "overhead and peak arithmetic")
    bounds = limits(settings)
    network = Network(settings.sizes)
    times = by_batch(settings, network, progress)
    rates = {b: b / taken.median for b, taken in times.items()}
    best = max(rates, key=lambda b: rates[b])
    plateau = min(b for b in rates if rates[b] >= PLATEAU * rates[best])
    progress(0.92, "matrix products alone")
    alone = measure(
        {
            "products": partial(in_a_row, products(settings.sizes, best, settings.doing)),
            "step": a_step(network, best, settings.doing),
        },
        settings.seconds / 8,
    )
    share = min(1.0, ratio(alone["products"], alone["step"]).median)
    found = Found(times, rates, best, plateau, share, bounds)
    gain = rates[best] / rates[1]
    name = "-".join(map(str, settings.sizes))
    return Answer(
        headline=(
            f"From {count(rates[1])} samples a second one by one to {count(rates[best])} at a "
            f"batch of {best}, {figures(gain, 2)} times as many. From {plateau} on it is a plateau "
            f"within {percent(1 - PLATEAU)} of the best{_end(found)}."
        ),
        truth=gain,
        tables=(_table(found),),
        picture=_picture(settings, found),
        why=_why(settings, found),
        formulas=(
            "samples a second <= batch / overhead",
            f"1 / {seconds(bounds.overhead)} = {count(bounds.by_overhead(1))} for one, twice as "
            "many for two",
            "samples a second <= peak / FLOPs of a sample",
            f"{rate(bounds.peak, 'FLOP')} / {count(bounds.flops)} FLOPs = "
            f"{count(bounds.by_arithmetic)}",
            "the limits meet at batch = overhead · peak / FLOPs",
            f"{seconds(bounds.overhead)} · {count(bounds.by_arithmetic)}/s = "
            f"{figures(bounds.overhead * bounds.by_arithmetic, 2)} samples",
        ),
        changes=(
            Change({"hidden": (2048, 2048)}, "more arithmetic a sample: the plateau comes sooner"),
            Change({"hidden": (16,)}, "little arithmetic: overhead rules for longer"),
            Change({"doing": INFERENCE}, "forward alone: a third of the arithmetic, no update"),
        ),
        method=(
            f"Steps of {settings.doing} of {name}, up to {min(ASKED, settings.most)} in turns and "
            "beyond one by one; medians and quartiles. Overhead: the same network with one unit a "
            "layer"
            + (", and the update of the real one" if settings.doing == TRAINING else "")
            + f". Peak: the fastest product of two large matrices. Threads: {threads()}."
        ),
        values={
            "batches": list(times),
            "seconds": [taken.median for taken in times.values()],
            "samples_per_second": list(rates.values()),
            "best": best,
            "plateau": plateau,
            "gain": gain,
            "overhead": bounds.overhead,
            "peak_flops_per_second": bounds.peak,
            "flops_per_sample": bounds.flops,
            "share_of_products": share,
            "fell": found.fell,
        },
    )


@dataclass(frozen=True)
class Found:
    """All that was measured.

    Attributes:
        times: of a step, by batch size.
        rates: samples a second, by batch size.
        best: the batch size with the highest rate.
        plateau: the smallest that comes near it.
        share: of the best step's time, what its matrix products take when they are alone.
        limits: what bounds the rate.
    """

    times: dict[int, Times]
    rates: dict[int, float]
    best: int
    plateau: int
    share: float
    limits: Limits

    @property
    def fell(self) -> bool:
        """Whether the rate fell in the end."""
        return has_fallen([b / taken.low for b, taken in self.times.items()])


def _end(found: Found) -> str:
    """What becomes of the rate with the largest batches."""
    last = max(found.rates)
    if found.fell:
        lost = 1 - found.rates[last] / found.rates[found.best]
        return f", and at {last} it has fallen by {percent(lost)}"
    return f"; up to {last} it does not fall"


def _table(found: Found) -> Table:
    rows = tuple(
        (
            str(b),
            seconds(taken.median),
            interval(taken.low, taken.high),
            count(found.rates[b]),
            percent(found.rates[b] / found.limits.by_overhead(b)),
            percent(found.rates[b] / found.limits.by_arithmetic),
        )
        for b, taken in found.times.items()
    )
    columns = ("batch", "a step", "half of them", "samples/s", "of overhead's", "of arithmetic's")
    return Table(columns, rows, "Samples a second, and as a share of each limit")


def _why(settings: Settings, found: Found) -> str:
    bounds, best = found.limits, found.best
    one = found.times[1].median
    said = (
        f"A step has to be called, whatever is in it: {seconds(bounds.overhead)} here, for Python, "
        "NumPy and autograd"
        + (" and for the update of all parameters" if settings.doing == TRAINING else "")
        + f". With one sample that is {percent(min(1.0, bounds.overhead / one))} of the "
        f"{seconds(one)}, and the arithmetic of one sample would take "
        f"{seconds(1 / bounds.by_arithmetic)} at peak. More samples share the overhead, and each "
        "weight that is fetched is used for all of them, so the rate grows. "
    )
    at_best = found.rates[best] / bounds.by_arithmetic
    said += (
        f"At {best} it does {percent(at_best)} of what {rate(bounds.peak, 'FLOP')} would allow"
        + (", so the peak was measured while something else was running. " if at_best > 1 else ". ")
        + f"The matrix products alone take {percent(found.share)} of that step, "
    )
    said += (
        "so arithmetic is what levels it off. "
        if found.share >= 0.5
        else "so it is the rest that levels it off here: operations that pass over arrays element "
        "by element. "
    )
    last = max(found.rates)
    held = last * sum(settings.sizes) * FLOAT32
    known = caches()
    if found.fell:
        said += f"With {last} samples inputs and results take {size(held)}"
        said += (
            f", and the largest cache holds {size(known[-1].bytes)}: they come from memory. "
            if known and held > known[-1].bytes
            else ", more than is near the processor at once. "
        )
    else:
        said += f"Up to {last} samples, {size(held)} of inputs and results, it did not fall. "
    return (
        f"{said}So a batch of {found.plateau} is as fast as this machine gets, near enough; larger "
        "ones take memory and give fewer steps for the same samples."
    )


def _picture(settings: Settings, found: Found) -> Picture:
    batches, bounds = list(found.times), found.limits
    few = [b for b in batches if bounds.by_overhead(b) < 4 * bounds.by_arithmetic]
    return Picture(
        f"{settings.doing.capitalize()} of {'-'.join(map(str, settings.sizes))}",
        [
            Lines(
                "Measured, median and quartiles, below two limits",
                Axis("samples in the batch", log=True, text=plain),
                Axis("samples a second", log=True, text=plain),
                [
                    Series(
                        "measured",
                        batches,
                        [found.rates[b] for b in batches],
                        [b / found.times[b].high for b in batches],
                        [b / found.times[b].low for b in batches],
                    ),
                    Series(
                        "limit of overhead",
                        few,
                        [bounds.by_overhead(b) for b in few],
                        style="dashes",
                    ),
                    Series(
                        "overhead, then arithmetic",
                        batches,
                        [bounds.together(b) for b in batches],
                        style="dashes",
                        like="measured",
                    ),
                ],
                [Mark(bounds.by_arithmetic, "limit of arithmetic")],
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
