"""What the scale of the first weights does to signals and gradients in a deep network."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch import Linear, ReLU, Tanh, Tensor, manual_seed
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures, plain, power

# A normal variable, at so many places that sums over them are integrals.
DEVIATIONS = np.linspace(-9, 9, 20_000)
DENSITY = np.exp(-(DEVIATIONS**2) / 2) / np.exp(-(DEVIATIONS**2) / 2).sum()
ACTIVATIONS = "none", "ReLU", "tanh"
# Where signals and gradients have gone through all layers.
ENDS = {"signals": -1, "signals_theory": -1, "gradients": 0, "gradients_theory": 0}
KINDS = "signals", "gradients", "signals_theory", "gradients_theory"
HEADINGS = ("activation, weights", "last signal", "theory", "first gradient", "theory")


@dataclass(frozen=True)
class Settings:
    layers: int = setting(20, "layers", within=(2, 100))
    width: int = setting(256, "units of each layer", full=512, within=(8, 2048))
    batch: int = setting(128, "samples", within=(8, 1024))
    deviation: float = setting(
        0.01, "standard deviation of weights without a theory", within=(1e-6, 10)
    )
    seeds: int = setting(5, "networks of each kind, drawn anew", full=15, within=(1, 50))


def moments(activation: str, variance: float) -> tuple[float, float]:
    """`E[f(u)²]` and `E[f'(u)²]` for u normal with mean 0 and the given variance."""
    if activation != "tanh":
        share = 0.5 if activation == "ReLU" else 1.0
        return share * variance, share
    squares = np.tanh(DEVIATIONS * math.sqrt(variance)) ** 2
    return float(DENSITY @ squares), float(DENSITY @ (1 - squares) ** 2)


def theory(activation: str, gain: float, layers: int) -> tuple[list[float], list[float]]:
    """The mean squares of each layer's signal and gradient in an infinitely wide network.

    From layer to layer the signal's is `gain² E[f(u)²]` and the gradient's `gain² E[f'(u)²]` times
    what it was, for u normal with the signal's variance: the recursion of Poole et al. (2016) and
    Schoenholz et al. (2017), of which the rules of Glorot and Bengio (2010) and He et al. (2015)
    are cases. The input has the variance 1, and so has the gradient at the last layer.
    """
    signals, gradients = [gain**2], [1.0]
    for _ in range(layers - 1):
        square, slope = moments(activation, signals[-1])
        signals.append(gain**2 * square)
        gradients = [gain**2 * slope * gradient for gradient in gradients] + [1.0]
    return signals, gradients


def measured(settings: Settings, activation: str, gain: float, seed: int) -> list[list[float]]:
    """The same in one network of the layers in use, as they start, times `gain`."""
    manual_seed(seed)
    random = np.random.default_rng(seed)
    shape = (settings.batch, settings.width)
    functions = {"ReLU": ReLU(), "tanh": Tanh()}
    x = Tensor(random.standard_normal(shape, np.float32))
    outputs, probes = [], []
    for _ in range(settings.layers):
        layer = Linear(settings.width, settings.width, bias=False)
        np.multiply(layer.weight.data, gain, out=layer.weight.data, casting="unsafe")
        # Zeros that are added change nothing, but they get the gradient at this place.
        probes.append(Tensor(np.zeros(shape, np.float32), requires_grad=True))
        outputs.append(layer(x) + probes[-1])
        x = functions[activation](outputs[-1]) if activation in functions else outputs[-1]
    (outputs[-1] * random.standard_normal(shape, np.float32)).sum().backward()
    gradients = [np.zeros(()) if probe.grad is None else probe.grad.data for probe in probes]
    both = [output.data for output in outputs], gradients
    return [[float(np.mean(np.square(a, dtype=np.float64))) for a in arrays] for arrays in both]


def measure(settings: Settings, progress: Progress) -> Findings:
    """Send signals forward and gradients back through networks of every kind."""
    n, layers, root = settings.width, settings.layers, math.sqrt(settings.width)
    scales = "sqrt(1/n)", "sqrt(2/n)", f"{settings.deviation:g}", "1"
    gains = dict(zip(scales, (1.0, math.sqrt(2), settings.deviation * root, root), strict=True))
    values: dict[str, dict[str, Any]] = {activation: {} for activation in ACTIVATIONS}
    rows, numbers, title = [], range(1, layers + 1), f"{layers} layers of {n} units"
    findings = Findings(f"{title}. Points: measured. Dashes: theory.")
    for done, (activation, cases) in enumerate(values.items()):
        lines: tuple[list[Series], list[Series]] = [], []
        for step, (scale, gain) in enumerate(gains.items()):
            progress((done + step / len(gains)) / 3, f"{activation}, weights of {scale}")
            runs = [measured(settings, activation, gain, seed) for seed in range(settings.seeds)]
            found = np.quantile(runs, [0.25, 0.5, 0.75], axis=0).tolist()
            by_theory, label = theory(activation, gain, layers), f"weights of {scale}"
            case = cases[scale] = dict(zip(KINDS, (*found[1], *by_theory), strict=True))
            ends = (case[kind][at] for kind, at in ENDS.items())
            rows.append((f"{activation}, {scale}", *(figures(end, 2) for end in ends)))
            for low, middle, high, wide, drawn in zip(*found, by_theory, lines, strict=True):
                drawn.append(Series(label, numbers, middle, low, high, style="points"))
                drawn.append(Series("", numbers, wide, style="dashes", like=label))
        of = "no activation" if activation == "none" else activation
        axes = Axis("layer", text=plain), Axis("mean square", log=True, text=power)
        for kind, drawn in zip(("Signals", "Gradients"), lines, strict=True):
            findings.draw(Lines(f"{kind}, {of}", *axes, drawn))
    last, wide = (
        {a: [cases[scale][kind][-1] for scale in scales] for a, cases in values.items()}
        for kind in ("signals", "signals_theory")
    )
    largest, factor = last["none"][3], last["none"][0] ** (1 / layers)
    # The logarithm of a network's variance strays by sqrt(2 layers / width) or so.
    tolerance = 6 * math.sqrt(2 / layers / n)
    findings.tabulate(HEADINGS, rows, f"Mean squares, {title}")
    findings.tell(**values)
    findings.say(last=last, wide=wide)
    findings.say(power=math.log10(largest) if 0 < largest < math.inf else math.nan, factor=factor)
    findings.say(as_expected=math.exp(-tolerance) < factor < math.exp(tolerance), passed=layers - 1)
    findings.say(tanh_back=values["tanh"]["1"]["gradients"][0] ** (1 / (layers - 1)))
    return findings
