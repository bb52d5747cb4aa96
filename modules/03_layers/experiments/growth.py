"""How the number of parameters grows with the width of a network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinytorch import Linear
from tinytorch.course.explore.bench import parameters_of
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import count, figures


@dataclass(frozen=True)
class Settings:
    inputs: int = setting(784, "numbers that go in", within=(1, 20_000))
    hidden: int = setting(256, "hidden units to begin with", within=(1, 2_000))
    outputs: int = setting(10, "numbers that come out", within=(1, 20_000))
    factor: int = setting(2, "how many times as wide it gets", within=(2, 4))
    hidden_layers: int = setting(3, "layers of hidden units, at most", within=(1, 6))

    @property
    def wider(self) -> int:
        """Hidden units in the end."""
        return self.factor * self.hidden

    def sizes(self, width: int, layers: int = 1) -> list[int]:
        """The sizes of a network from its inputs to its outputs."""
        return [self.inputs, *[width] * layers, self.outputs]


def counted(sizes: Sequence[int], bias: bool = True) -> int:
    """How many the layers in use do have: each is made, and its parameters are counted."""
    layers = [Linear(n, m, bias=bias) for n, m in pairwise(sizes)]
    return sum(parameter.data.size for layer in layers for parameter in layer.parameters())


def measure(settings: Settings, progress: Progress) -> Findings:
    """Count the parameters of networks before and after they get wider."""
    factor, widths = settings.factor, (settings.hidden, settings.wider)
    networks = {"without biases": 1, "one hidden layer": 1}
    networks |= {
        f"{layers} hidden layers": layers for layers in range(2, settings.hidden_layers + 1)
    }
    rows, series, ratios, as_expected = [], [], {}, True
    for step, (name, layers) in enumerate(networks.items()):
        progress(step / len(networks), name)
        both = [settings.sizes(width, layers) for width in widths]
        found = [counted(sizes, step > 0) for sizes in both]
        as_expected &= found == [parameters_of(sizes, step > 0) for sizes in both]
        ratio = ratios[name] = found[1] / found[0] if found[0] else math.nan
        rows.append((name, "-".join(map(str, both[0])), *map(count, found), figures(ratio, 6)))
        if step:
            formula = {
                width: parameters_of(settings.sizes(factor * width, layers))
                / parameters_of(settings.sizes(width, layers))
                for width in (2**power for power in range(15))
            }
            series.append(Series.of(name, {settings.hidden: ratio}, style="points"))
            series.append(Series.of("", formula, style="dashes", like=name))
    marks = [Mark(times, f"{times} times") for times in (factor, factor**2)]
    axes = Axis("hidden units before", log=True), Axis("times as many parameters after")
    panel = Lines("Dashes: by the formula. Points: counted.", *axes, series, marks)
    columns = ("network", "sizes", *(f"{width} units" for width in widths), "times")
    counts = [counted(settings.sizes(width)) for width in widths]
    before, after = (parameters_of(settings.sizes(width)) for width in widths)
    findings = Findings(f"Parameters when the hidden layers get {factor} times as wide")
    findings.tabulate(columns, rows)
    findings.draw(panel)
    findings.tell(ratio=ratios["one hidden layer"], ratios=ratios, as_expected=as_expected)
    findings.tell(parameters=counts[0], parameters_wider=counts[1])
    findings.say(deep=settings.hidden_layers > 1, deepest={"name": name, "ratio": ratio})
    findings.say(formula={"before": before, "after": after, "ratio": after / before})
    findings.say(per_unit=settings.inputs + 1 + settings.outputs, squared=factor**2)
    return findings
