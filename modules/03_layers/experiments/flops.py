"""FLOPs of a Linear layer and of dropout on its output: counted, then timed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import Dropout, Linear
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import FLOAT32, normal
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import TIME, Axis, Bars, Group, Lines, Series
from tinytorch.course.explore.units import count, rate, size


@dataclass(frozen=True)
class Settings:
    inputs: int = setting(1024, "inputs of the layer", within=(1, 8192))
    outputs: int = setting(1024, "outputs of the layer", within=(1, 8192))
    batch: int = setting(128, "samples in the batch", within=(1, 4096))
    p: float = setting(0.5, "probability of dropping", within=(0.01, 0.99))
    seconds: float = setting(3.0, "time for measuring", full=20.0, within=(0.01, 120))

    @property
    def ratio(self) -> int:
        """How many times the FLOPs of dropout a Linear layer has."""
        return 2 * self.inputs


def counted(batch: int, inputs: int, outputs: int) -> dict[str, tuple[int, int]]:
    """FLOPs, and bytes of the arrays that have to move.

    Linear has for each output as many products as inputs, one sum less, and the bias; dropout has
    one product for each element, by 0 or the scale, and random bits count for nothing.
    """
    x, y, parameters = batch * inputs, batch * outputs, inputs * outputs + outputs
    linear = y * (inputs + (inputs - 1) + 1), FLOAT32 * (x + parameters + y)
    return {"Linear": linear, "Dropout": (y, FLOAT32 * 2 * y)}


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count, then time both layers for several batch sizes, in turns."""
    n, m, batch = settings.inputs, settings.outputs, settings.batch
    linear, dropout = Linear(n, m), Dropout(settings.p)
    batches = sorted({max(1, batch // 16), max(1, batch // 4), batch, 4 * batch})
    calls: dict[tuple[str, int], Callable[[], object]] = {}
    for b in batches:
        x = normal(b, n)
        y = linear(x)
        calls["Linear", b] = partial(linear, x)
        calls["Dropout", b] = partial(dropout, y, training=True)
    times = timing.measure(calls, settings.seconds, progress, "timing both layers")
    counts = counted(batch, n, m)
    flops, bytes_ = ({name: pair[which] for name, pair in counts.items()} for which in range(2))
    taken = {name: times[name, batch].median for name in counts}
    speeds = {name: flops[name] / taken[name] for name in counts}
    ratios = [column["Linear"] / column["Dropout"] for column in (flops, bytes_, taken)]
    rows = [
        (name, count(f), size(b), *times[name, batch].cells, rate(speeds[name], "FLOP"))
        for name, (f, b) in counts.items()
    ]
    bars = ("FLOPs", "bytes", "time"), [Group("ratio", ratios)], Axis("Linear ÷ Dropout", log=True)
    lines = [Series.timed(name, {b: times[name, b] for b in batches}) for name in counts]
    axes = Axis("batch size", log=True), TIME
    findings = Findings(f"Linear({n}, {m}) and Dropout({settings.p:g}) on its output")
    findings.tabulate(("layer", "FLOPs", "memory", "time", "quartiles", "speed"), rows)
    findings.draw(
        Bars(f"Linear against Dropout, batch {batch}", *bars),
        Lines("Time of a forward pass, median and quartiles", *axes, lines),
    )
    findings.tell(flops=flops, bytes=bytes_, seconds=taken, flops_per_second=speeds)
    findings.tell(flops_ratio=ratios[0], time_ratio=ratios[2])
    findings.say(intensity={name: f / b for name, (f, b) in counts.items()})
    findings.say(slower=speeds["Linear"] / speeds["Dropout"], mislead=ratios[2] < ratios[0] / 2)
    findings.say(untouched=np.array_equal(dropout(y, training=True).data, y.data, equal_nan=True))
    findings.say(rounds=len(times["Linear", batch].rounds))
    return findings
