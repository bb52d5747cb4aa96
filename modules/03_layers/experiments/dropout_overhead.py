"""What dropout costs in training, and which of its parts costs it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from tinytorch import Dropout, Tensor, generator
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import CLASSES, INPUTS, Network, normal, step_to_time
from tinytorch.course.explore.confidence import Median, median_of
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import BATCH, Axis, Bars, Group, Lines, Mark, Series
from tinytorch.course.explore.timing import Times
from tinytorch.course.explore.units import figures, percent, seconds

CLAIMED = 0.02  # of the training time: what the question says
DRAW, COMPARE, SCALE = "random numbers", "comparison", "scaling the mask"
MULTIPLY, MEMORY = "multiplying", "moving x in memory"
FEW_BITS, FLOATS = WAYS = "few bits", "float64"


@dataclass(frozen=True)
class Settings:
    p: float = setting(0.5, "probability of dropping", within=(0.01, 0.99))
    first: int = setting(256, "units of the first hidden layer", within=(1, 2048))
    second: int = setting(128, "units of the second", within=(1, 2048))
    batch: int = setting(128, "samples in the batch", within=(1, 2048))
    seconds: float = setting(12.0, "time for measuring", full=60.0, within=(0.01, 600))

    @property
    def bits(self) -> int:
        """How many random bits an element needs for `p`, where 16 are enough for any."""
        return next((bits for bits in (1, 8) if (2**bits * self.p).is_integer()), 16)


def draw_bits(shape: tuple[int, int], bits: int) -> np.ndarray:
    """Whole numbers of so many random bits."""
    count = math.prod(shape)
    words = generator().bit_generator.random_raw(-(-count * bits // 64))
    if bits == 1:
        return np.unpackbits(words.view(np.uint8), count=count).reshape(shape)
    return words.view(f"u{bits // 8}")[:count].reshape(shape)


def parts_of(shape: tuple[int, int], settings: Settings) -> dict[str, Callable[[], np.ndarray]]:
    """What dropout consists of, as operations on arrays of one shape.

    The random numbers are as few bits as `p` needs, or float64, as most would write it first. Parts
    that are the same either way are there once.
    """
    p, few = settings.p, partial(draw_bits, shape, settings.bits)
    bits, floats = few(), generator().random(shape)
    threshold = bits.dtype.type(round(p * 2**settings.bits))
    keep = floats >= p
    x = normal(*shape).data
    mask = keep.astype(np.float32) * (1 / (1 - p))
    return {
        f"{DRAW}, {FEW_BITS}": few,
        f"{DRAW}, {FLOATS}": lambda: generator().random(shape),
        f"{COMPARE}, {FEW_BITS}": lambda: bits >= threshold,
        f"{COMPARE}, {FLOATS}": lambda: floats >= p,
        SCALE: lambda: keep.astype(np.float32) * (1 / (1 - p)),
        "product": lambda: x * mask,
        "copy": x.copy,
    }


def taken_apart(times: dict[str, Times]) -> dict[str, dict[str, float]]:
    """Seconds of each part, both ways.

    A product moves as much as a copy, and a mask besides; what it takes beyond a copy is counted as
    multiplying.
    """
    product, copy = times["product"].median, times["copy"].median
    common = {SCALE: times[SCALE].median, MULTIPLY: max(0.0, product - copy)}
    return {
        way: {part: times[f"{part}, {way}"].median for part in (DRAW, COMPARE)}
        | common
        | {MEMORY: min(copy, product)}
        for way in WAYS
    }


def overhead_of(with_: Times, without: Times) -> Median:
    """How much longer a step takes with dropout, as a share, round by round."""
    return median_of([times - 1 for times in timing.ratio(with_, without).rounds])


def between(overhead: Median) -> str:
    """The interval of an overhead."""
    return f"{figures(100 * overhead.low, 2)} to {figures(100 * overhead.high, 2)}%"


def measure(settings: Settings, progress: Progress) -> Findings:
    """Time steps with and without dropout, then dropout, then its parts."""
    p, batch, shape = settings.p, settings.batch, (settings.batch, settings.first)
    sizes, budget = [INPUTS, settings.first, settings.second, CLASSES], settings.seconds / 3
    batches = sorted({max(1, batch // 4), batch, 4 * batch})
    calls: dict[str, Callable[[], None]] = {}
    for b in batches:
        x, classes = normal(b, INPUTS), np.random.default_rng(0).integers(0, CLASSES, b)
        calls[f"with {b}"] = step_to_time(Network(sizes, p), x, classes)
        calls[f"without {b}"] = step_to_time(Network(sizes), x, classes)
    steps = timing.measure(calls, 2 * budget, progress, "steps of training", 0, 0.7)
    hidden, dropout = Tensor(np.abs(normal(*shape).data)), Dropout(p)
    alone = parts_of(shape, settings) | {"layer": partial(dropout, hidden, training=True)}
    taken = timing.measure(alone, budget, progress, "parts of dropout", 0.7)
    overheads = {b: overhead_of(steps[f"with {b}"], steps[f"without {b}"]) for b in batches}
    overhead, parts, layer = overheads[batch], taken_apart(taken), taken["layer"]
    sums = {way: sum(parts[way].values()) for way in WAYS}
    few, floats = parts.values()
    nearer = min(WAYS, key=lambda way: abs(sums[way] - layer.median))
    most = max(parts[nearer], key=lambda part: parts[nearer][part])
    step_rows = []
    for b, one in overheads.items():
        both = (seconds(steps[f"{name} {b}"].median) for name in ("without", "with"))
        step_rows.append((str(b), *both, percent(one.value), between(one)))
    part_rows = []
    for part in few:
        cells = ((seconds(parts[w][part]), percent(parts[w][part] / sums[w])) for w in WAYS)
        part_rows.append((part, *chain(*cells)))
    part_rows += [
        ("together", seconds(sums[FEW_BITS]), "", seconds(sums[FLOATS]), ""),
        ("Dropout in use", seconds(layer.median), "", "", ""),
        ("half of the rounds", layer.cells[1], "", "", ""),
    ]
    elements = f"{batch} · {settings.first} elements"
    columns = ("batch", "step without", "step with", "overhead", "95% sure")
    bits = "one bit" if settings.bits == 1 else f"{settings.bits} bits"
    names = f"numbers of {bits}", "numbers of float64"
    groups = [Group(name, list(parts[way].values())) for name, way in zip(names, WAYS, strict=True)]
    shares, low, high = zip(*overheads.values(), strict=True)
    of_a_step = Axis("overhead", text=lambda share: f"{100 * share:.3g}%")
    line, marks = Series("", batches, shares, low, high), [Mark(CLAIMED, "2%")]
    title = "Of a training step, median and its interval of 95%"
    findings = Findings(f"Dropout({p:g}) in {'-'.join(map(str, sizes))}")
    findings.tabulate(columns, step_rows, "A step of training")
    columns = ("part", FEW_BITS, "share", FLOATS, "share")
    findings.tabulate(columns, part_rows, f"A call with {elements}")
    findings.draw(
        Bars(f"Parts of a call, {elements}", list(few), groups, Axis("time", text=seconds)),
        Lines(title, BATCH, of_a_step, [line], marks),
    )
    findings.tell(seconds={name: taken.median for name, taken in steps.items()})
    findings.tell(overheads={str(b): one.value for b, one in overheads.items()})
    findings.tell(overhead=overhead.value, parts=parts, layer=layer.median)
    findings.tell(drops=not np.array_equal(dropout(hidden, training=True).data, hidden.data))
    findings.say(in_percent=100 * overhead.value, sure=between(overhead), shown=overhead.low > 0)
    findings.say(more=overhead.low > CLAIMED, less=overhead.high < CLAIMED)
    findings.say(most={"name": most, "share": parts[nearer][most] / sums[nearer]})
    findings.say(sums=sums, terms=" + ".join(map(seconds, few.values())))
    findings.say(nearer="first" if nearer == FEW_BITS else "second", draws=floats[DRAW] / few[DRAW])
    findings.say(drawing={way: parts[way][DRAW] / sums[way] for way in WAYS})
    findings.say(passes=few[SCALE] + few[MULTIPLY] + few[MEMORY], few=bits)
    findings.say(moving=few[MULTIPLY] < few[MEMORY], rounds=len(steps[f"with {batch}"].rounds))
    findings.say(smallest=(batches[0], shares[0]), largest=(batches[-1], shares[-1]))
    findings.say(step={way: steps[f"{way} {batch}"] for way in ("with", "without")})
    return findings
