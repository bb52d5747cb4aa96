"""Samples a second from a batch of one to one that is too large, and what limits them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from tinytorch import SGD, no_grad
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import CLASSES, FLOAT32, INPUTS, Network, normal, step_to_time
from tinytorch.course.explore.caches import caches
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import BATCH, Axis, Lines, Mark, Series
from tinytorch.course.explore.units import count, percent

SQUARES = (256, 512)  # rows and columns of matrices whose product is about as fast as can be
TRAINING, INFERENCE = "training", "inference"
ASKED = 512  # the batch up to which the question asks
FALLEN = 0.9  # of the best: a rate below it has fallen
PLATEAU = 0.9  # of the best: a rate above it is on the plateau


@dataclass(frozen=True)
class Settings:
    doing: str = setting(TRAINING, "what is timed", choices=(TRAINING, INFERENCE))
    hidden: tuple[int, ...] = setting((256, 128), "hidden layers", within=(1, 2048))
    most: int = setting(8192, "largest batch that is tried", full=32_768, within=(1, 32_768))
    seconds: float = setting(12.0, "time for measuring", full=60.0, within=(0.01, 600))

    @property
    def name(self) -> str:
        """What is done with which network."""
        return f"{self.doing} of {'-'.join(map(str, [INPUTS, *self.hidden, CLASSES]))}"


def flops_of(sizes: Sequence[int], doing: str) -> int:
    """Multiplications and additions in the matrix products of one sample.

    A product takes 2 · inputs · outputs. Backward has two for each layer, except that nothing asks
    for the gradient of the first layer's input.
    """
    forward = sum(2 * n * m for n, m in pairwise(sizes))
    return forward if doing == INFERENCE else 3 * forward - 2 * sizes[0] * sizes[1]


def products(sizes: Sequence[int], batch: int, doing: str) -> list[Callable[[], object]]:
    """The same matrix products with nothing around them."""
    pairs = []
    for number, (n, m) in enumerate(pairwise(sizes)):
        x, w, g = (normal(*shape).data for shape in ((batch, n), (n, m), (batch, m)))
        backward = [(x.T, g), (g, w.T)] if number else [(x.T, g)]
        pairs += [(x, w), *(backward if doing == TRAINING else [])]
    return [partial(np.matmul, a, b, out=np.empty_like(a @ b)) for a, b in pairs]


def a_step(network: Network, batch: int, doing: str, update: bool = True) -> Callable[[], object]:
    """What is done with a batch of random samples."""
    x = normal(batch, network.sizes[0])

    def infer() -> None:
        with no_grad():
            network(x)

    if doing == INFERENCE:
        return infer
    return step_to_time(network, x, np.arange(batch) % network.sizes[-1], update)


def has_fallen(times: Mapping[int, timing.Times]) -> bool:
    """Whether the last two batches are well below the best rate, so that it was not by chance.

    What else the machine does may slow any batch down, but its fast rounds less.
    """
    rates = [batch / taken.low for batch, taken in times.items()]
    return len(rates) > 2 and max(rates[-2:]) < FALLEN * max(rates)


def limits(network: Network, doing: str, budget: float) -> tuple[float, float]:
    """The overhead of a step in seconds and the peak of arithmetic in FLOPs a second."""
    calls = {"calls": a_step(Network([1] * len(network.sizes)), 1, doing, update=False)}
    if doing == TRAINING:
        a_step(network, 1, doing, update=False)()  # so that there are gradients to move by
        calls["update"] = SGD(network.parameters(), lr=1e-12).step
    squares = {f"product {side}": normal(side, side).data for side in SQUARES}
    peak = {name: partial(np.matmul, a, a, out=np.empty_like(a)) for name, a in squares.items()}
    times = timing.measure(calls | peak, budget)
    overhead = sum(times[name].median for name in calls)
    # A limit is what the machine can do at its best, as STREAM and LINPACK have it.
    return overhead, max(2 * len(a) ** 3 / min(times[name].rounds) for name, a in squares.items())


def measure(settings: Settings, progress: Progress) -> Findings:
    """Measure both limits, then the network between them."""
    progress(0.0, "overhead and peak arithmetic")
    doing, budget, sizes = settings.doing, settings.seconds, [INPUTS, *settings.hidden, CLASSES]
    flops, network = flops_of(sizes, doing), Network(sizes)
    overhead, peak = limits(network, doing, budget / 6)
    asked = [2**power for power in range(10) if 2**power <= min(ASKED, settings.most)]
    calls = {b: a_step(network, b, doing) for b in asked}
    batch = 2 * asked[-1]
    telling = f"batches of 1 to {asked[-1]}", 0.2, 0.5
    times = timing.measure(calls, budget / 3, progress, *telling)
    while batch <= settings.most and not has_fallen(times):
        progress(min(0.9, 0.5 + 0.1 * (batch // ASKED).bit_length()), f"batches of {batch:,}")
        times |= timing.measure({batch: a_step(network, batch, doing)}, budget / 12)
        batch *= 2
    rates = {b: b / taken.median for b, taken in times.items()}
    best, last = max(rates, key=lambda b: rates[b]), max(rates)
    plateau = min(b for b in rates if rates[b] >= PLATEAU * rates[best])
    progress(0.92, "matrix products alone")
    alone = products(sizes, best, doing)
    both = {"alone": lambda: [product() for product in alone], "step": a_step(network, best, doing)}
    share = min(1.0, timing.ratio(*timing.measure(both, budget / 8).values()).median)
    by_overhead, by_arithmetic = {b: b / overhead for b in rates}, peak / flops
    rows = []
    for b, rate in rates.items():
        shares = percent(rate / by_overhead[b]), percent(rate / by_arithmetic)
        rows.append((str(b), *times[b].cells, count(rate), *shares))
    few = {b: rate for b, rate in by_overhead.items() if rate < 4 * by_arithmetic}
    together = {b: b / (overhead + b / by_arithmetic) for b in rates}
    dashed = partial(Series.of, style="dashes")
    lines = [Series.rates("measured", times), dashed("limit of overhead", few)]
    lines.append(dashed("overhead, then arithmetic", together, like="measured"))
    axes, marks = (
        (BATCH, Axis("samples a second", log=True)),
        [Mark(by_arithmetic, "limit of arithmetic")],
    )
    title = "Measured, median and quartiles, below two limits"
    columns = ("batch", "a step", "half of them", "samples/s", "of overhead's", "of arithmetic's")
    one, top, used = times[1].median, rates[best], last * sum(sizes) * FLOAT32
    largest = max((cache.bytes for cache in caches()), default=0)
    share_of_one = {"overhead": min(1.0, overhead / one), "arithmetic": flops / peak}
    findings = Findings(settings.name.capitalize())
    findings.tabulate(columns, rows, "Samples a second, and as a share of each limit")
    findings.draw(Lines(title, *axes, lines, marks))
    findings.tell(batches=list(times), seconds=[taken.median for taken in times.values()])
    findings.tell(samples_per_second=list(rates.values()), gain=top / rates[1])
    findings.tell(best=best, plateau=plateau, fell=has_fallen(times), share_of_products=share)
    findings.tell(overhead=overhead, peak_flops_per_second=peak, flops_per_sample=flops)
    findings.say(training=doing == TRAINING, one={"seconds": one, **share_of_one})
    findings.say(limit={"overhead": by_overhead[1], "arithmetic": by_arithmetic})
    findings.say(best_rate=top, at_best=top / by_arithmetic, disturbed=top > by_arithmetic)
    findings.say(levelled=share >= 0.5, meeting=overhead * by_arithmetic, near=1 - PLATEAU)
    findings.say(last=last, lost=1 - rates[last] / top, in_turns=min(ASKED, settings.most))
    findings.say(held=used, cache=largest if used > largest else 0)
    return findings
