"""A layer that outgrows one cache after the other: how fast its weights are read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import Linear, no_grad
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import FLOAT32, normal
from tinytorch.course.explore.caches import Cache, caches
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import TIME, Axis, Lines, Mark, Series
from tinytorch.course.explore.units import rate, size

# Where a call on nothing takes more than this share of the time, it is not memory that is timed.
MOST_OVERHEAD = 1 / 3
SMALLEST = 64  # units
# In a training step: read for the output, read for the input's gradient, the weight's gradient
# written and read, the weight read and written.
PASSES = 6


@dataclass(frozen=True)
class Settings:
    width: int = setting(
        4096, "inputs and outputs of the largest layer", full=8192, within=(128, 8192)
    )
    batch: int = setting(64, "samples that share the reading", within=(2, 1024))
    seconds: float = setting(10.0, "time for measuring", full=60.0, within=(0.01, 600))

    @property
    def weights(self) -> int:
        """The bytes of the largest layer's weights."""
        return FLOAT32 * self.width**2


def widths(largest: int) -> list[int]:
    """Widths up to the largest, each with about twice the weights of the one before."""
    steps = math.ceil(2 * math.log2(largest / SMALLEST) - 1e-9)
    return sorted({largest, *(round(SMALLEST * 2 ** (step / 2)) for step in range(steps))})


def place(bytes_: int, known: list[Cache]) -> str:
    """The smallest cache that so many bytes fit in."""
    return next((c.name for c in known if bytes_ <= c.bytes), "memory" if known else "unknown")


def measure(settings: Settings, progress: Progress) -> Findings:
    """Time layers from small to large: with one sample, with a batch, and reading alone."""
    known, sizes, batch = caches(), widths(settings.width), settings.batch
    times: dict[str, dict[int, timing.Times]] = {"one": {}, "reading": {}, "many": {}}
    for number, width in enumerate(sizes):
        progress(number / len(sizes), f"timing Linear({width}, {width})")
        layer, weights = Linear(width, width, bias=False), FLOAT32 * width**2
        calls: dict[str, Callable[[], object]] = {
            "one": partial(layer, normal(1, width)),
            "reading": layer.weight.data.max,
            "many": partial(layer, normal(batch, width)),
        }
        for name, call in calls.items():
            # Each on its own: in turns, they would take each other's place in the caches.
            with no_grad():
                found = timing.measure({name: call}, settings.seconds / len(sizes) / len(calls))
            times[name][weights] = found[name]
    one, reading, many = times.values()
    empty = timing.measure({"empty": np.zeros(1, np.float32).max}, 0.05)["empty"].low
    bytes_, a_sample = list(one), {weights: taken.per(batch) for weights, taken in many.items()}
    speeds, reads = ([w / t.median for w, t in timed.items()] for timed in (one, reading))
    places = [place(weights, known) for weights in bytes_]
    levels: dict[str, float] = {}  # where reading is what took the time, how fast it was at best
    for level, speed, taken in zip(places, reads, reading.values(), strict=True):
        if known and empty <= MOST_OVERHEAD * taken.low:
            levels[level] = max(levels.get(level, 0.0), speed)
    rows = []
    for width, weights, where, *both in zip(sizes, bytes_, places, speeds, reads, strict=True):
        cells = one[weights].cells[1], *(rate(speed, "B") for speed in both)
        rows.append((str(width), size(weights), where, *cells, a_sample[weights].cells[0]))
    fitting = []
    for cache in known:
        side = math.isqrt(cache.bytes // FLOAT32)
        fitting.append((cache.name, size(cache.bytes), f"Linear({side}, {side})"))
    a_batch = f"a sample of {batch}"
    headings = ("width", "weights", "fit in", "one sample", "its speed", "reading", a_batch)
    columns = ("cache", "size", "largest layer that fits")
    marks = [Mark(c.bytes, c.name, "x") for c in known if bytes_[0] < c.bytes < bytes_[-1]]
    x = Axis("weights", log=True, text=size)
    bandwidth = Axis("bandwidth", log=True, text=lambda speed: rate(speed, "B"))
    alone = Series.rates("reading alone, one thread", reading)
    rates = [Series.rates("layer, one sample", one), alone]
    shared = Series.timed(f"in a batch of {batch}", a_sample)
    of_a_sample = [Series.timed("one at a time", one), shared]
    best, best_read = speeds.index(max(speeds)), reads.index(max(reads))
    largest, read_once, in_batch = (timed[bytes_[-1]].median for timed in (one, reading, a_sample))
    told = ", ".join(f"{rate(speed, 'B')} from {name}" for name, speed in levels.items())
    findings = Findings(f"Linear layers up to {settings.width} · {settings.width}")
    findings.tabulate(headings, rows, "Linear layers, from small to large")
    findings.tabulate(columns, fitting or [("unknown",) * 3], "Caches, as the system reports")
    findings.draw(
        Lines("How fast weights are read", x, bandwidth, rates, marks),
        Lines("Time of a sample, median and quartiles", x, TIME, of_a_sample, marks),
    )
    findings.tell(widths=sizes, bytes=bytes_, bandwidth=speeds, reading_bandwidth=reads)
    findings.tell(seconds_one=[taken.median for taken in one.values()])
    findings.tell(seconds_many=[taken.median for taken in many.values()], fits=places[-1])
    findings.tell(caches={c.name: c.bytes for c in known}, ratio=speeds[best] / speeds[-1])
    findings.say(last=known[-1] if known else None, outgrown=places[-1] == "memory")
    findings.say(slower=speeds[best] >= 1.2 * speeds[-1], speed=speeds[-1])
    findings.say(best={"speed": speeds[best], "bytes": bytes_[best], "read": sizes[best_read]})
    findings.say(hidden=known[0].name if known and known[0].name not in levels else "", empty=empty)
    findings.say(fall=reads[best_read] / reads[-1], falls=reads[best_read] > 1.2 * reads[-1])
    findings.say(largest=largest, a_sample=in_batch, shared=largest > in_batch)
    findings.say(times_less=largest / in_batch, passes=PASSES)
    findings.say(read={"speed": reads[-1], "once": read_once, "in_a_step": PASSES * read_once})
    findings.say(rounds=len(one[bytes_[-1]].rounds), levels=told if len(levels) > 1 else "")
    return findings
