"""What the scale of the first weights does to signals and gradients in a deep network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU, Tanh
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import figures, plain, power

ACTIVATIONS = ("none", "ReLU", "tanh")
# Gauss-Hermite quadrature: the mean of a smooth function of a normal variable as a weighted sum.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(101)
_WEIGHTS = _WEIGHTS / math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Settings:
    """The network, and the scale that somebody without a theory might choose."""

    layers: int = setting(20, "layers", at_least=2, at_most=100)
    width: int = setting(256, "units of each layer", full=512, at_least=8, at_most=2048)
    batch: int = setting(128, "samples", at_least=8, at_most=1024)
    deviation: float = setting(
        0.01, "standard deviation of weights without a theory", at_least=1e-6, at_most=10
    )
    seeds: int = setting(5, "networks of each kind, drawn anew", full=15, at_least=1, at_most=50)


@dataclass(frozen=True)
class Scale:
    """How large the weights are: `sqrt(1 / fan_in)` times `gain`."""

    name: str
    gain: float


@dataclass(frozen=True)
class Case:
    """One activation with one scale: mean squares, one a layer, from the first to the last.

    Attributes:
        signals: of what comes out of each layer's matrix product; a row for each network.
        gradients: of the gradient with respect to the same.
        signals_theory: what they should be in wide networks.
        gradients_theory: likewise.
    """

    activation: str
    scale: Scale
    signals: np.ndarray
    gradients: np.ndarray
    signals_theory: list[float]
    gradients_theory: list[float]

    @property
    def last_signal(self) -> float:
        """What is left of the signal after the last layer, in the median network."""
        return float(np.median(self.signals[:, -1]))

    @property
    def first_gradient(self) -> float:
        """What is left of the gradient at the first layer, in the median network."""
        return float(np.median(self.gradients[:, 0]))


def scales(settings: Settings) -> list[Scale]:
    """The scales that are compared, the layer's own first."""
    root = math.sqrt(settings.width)
    return [
        Scale("sqrt(1/n)", 1.0),
        Scale("sqrt(2/n)", math.sqrt(2)),
        Scale(f"{settings.deviation:g}", settings.deviation * root),
        Scale("1", root),
    ]


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"With weights of standard deviation 1 instead of sqrt(1/{settings.width}), and no "
        f"activations: to which power of ten does the variance of the signal grow in "
        f"{settings.layers} layers?",
        digits=3,
    )


def theory(activation: str, gain: float, layers: int) -> tuple[list[float], list[float]]:
    """The mean squares that an infinitely wide network has.

    From layer to layer the signal's is `gain² E[f(u)²]` and the gradient's `gain² E[f'(u)²]` times
    what it was, for u normal with the signal's variance: the recursion of Poole et al. (2016) and
    Schoenholz et al. (2017), of which the rules of Glorot and Bengio (2010) and He et al. (2015)
    are cases. The input has the variance 1, and so has the gradient at the last layer.

    Returns:
        One for each layer's signal, and one for each layer's gradient.
    """
    signals = [gain**2]
    factors = []
    for _ in range(layers - 1):
        square, slope = _moments(activation, signals[-1])
        signals.append(gain**2 * square)
        factors.append(gain**2 * slope)
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.insert(0, gradients[0] * factor)
    return signals, gradients


def _moments(activation: str, variance: float) -> tuple[float, float]:
    """`E[f(u)²]` and `E[f'(u)²]` for u normal with mean 0 and the given variance."""
    if activation == "none":
        return variance, 1.0
    if activation == "ReLU":
        return variance / 2, 0.5
    # Seen from far away tanh is a step, too steep for the quadrature. So we add up what differs
    # from a step, which is all within a narrow strip.
    if variance > 4:
        t = np.linspace(-12, 12, 4001)
        density = np.exp(-(t**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
        slope = float(np.trapezoid((1 - np.tanh(t) ** 2) ** 2 * density, t))
        square = 1 - float(np.trapezoid((1 - np.tanh(t) ** 2) * density, t))
        return square, slope
    u = _NODES * math.sqrt(variance)
    return float(_WEIGHTS @ np.tanh(u) ** 2), float(_WEIGHTS @ (1 - np.tanh(u) ** 2) ** 2)


def measured(
    settings: Settings, activation: str, gain: float, seed: int
) -> tuple[list[float], list[float]]:
    """The mean squares in one network of the layers in use, as they start, times `gain`."""
    tinytorch.manual_seed(seed)
    random = np.random.default_rng(seed)
    shape = (settings.batch, settings.width)
    functions: dict[str, Callable[[Tensor], Tensor]] = {"ReLU": ReLU(), "tanh": Tanh()}
    x = Tensor(random.standard_normal(shape, np.float32))
    outputs: list[Tensor] = []
    probes: list[Tensor] = []
    for _ in range(settings.layers):
        layer = Linear(settings.width, settings.width, bias=False)
        np.multiply(layer.weight.data, gain, out=layer.weight.data, casting="unsafe")
        # Zeros that are added change nothing, but they get the gradient at this place.
        probe = Tensor(np.zeros(shape, np.float32), requires_grad=True)
        y = layer(x) + probe
        outputs.append(y)
        probes.append(probe)
        x = functions[activation](y) if activation in functions else y
    (outputs[-1] * random.standard_normal(shape, np.float32)).sum().backward()
    return (
        [_mean_square(output.data) for output in outputs],
        [_mean_square(np.zeros(()) if p.grad is None else p.grad.data) for p in probes],
    )


def _mean_square(array: np.ndarray) -> float:
    return float(np.mean(np.square(array, dtype=np.float64)))


def answer(settings: Settings, progress: Progress) -> Answer:
    """Send signals forward and gradients back through networks of every kind."""
    cases = []
    kinds = [(activation, scale) for activation in ACTIVATIONS for scale in scales(settings)]
    for step, (activation, scale) in enumerate(kinds):
        progress(step / len(kinds), f"{activation}, weights of {scale.name}")
        found = [measured(settings, activation, scale.gain, seed) for seed in range(settings.seeds)]
        signals, gradients = (np.array([network[part] for network in found]) for part in (0, 1))
        cases.append(
            Case(
                activation,
                scale,
                signals,
                gradients,
                *theory(activation, scale.gain, settings.layers),
            )
        )
    by_name = {(case.activation, case.scale.name): case for case in cases}
    plain_case, largest = by_name["none", "sqrt(1/n)"], by_name["none", "1"]
    truth = _power(largest.last_signal)
    n, layers = settings.width, settings.layers
    return Answer(
        headline=_headline(settings, by_name),
        truth=truth,
        tables=(_table(settings, cases),),
        picture=_picture(settings, cases),
        why=(
            "An output adds up n products, one for each input, so its variance is n times that of "
            "a product: n · Var(w) times the mean square of the input. Weights of variance 1/n "
            f"make that factor 1 in every layer; here it came to "
            f"{figures(_factor(plain_case.last_signal, layers), 4)} a layer. Going back, a "
            "gradient adds up the same number of products where the layers are equally wide, so "
            "the same scale keeps it too. Any other factor is raised to the power of the number "
            "of layers. ReLU sets half of the signal to zero and so needs 2/n (He et al., 2015). "
            "With tanh no signal gets beyond 1, so it stops growing. The gradient does not: with "
            "weights of 1 it is multiplied by "
            f"{figures(_factor(by_name['tanh', '1'].first_gradient, layers - 1))} at each layer on "
            "its way back."
        ),
        formulas=(
            "variance after L layers = (n · Var(w))^L, without activations",
            f"sqrt(1/n): ({n} · 1/{n})^{layers} = 1",
            f"{settings.deviation:g}: ({n} · {settings.deviation:g}²)^{layers} = "
            f"{figures(by_name['none', f'{settings.deviation:g}'].signals_theory[-1])}",
            f"1: ({n} · 1)^{layers} = {figures(largest.signals_theory[-1])}",
            f"ReLU with sqrt(1/n): one layer, then (1/2)^{layers - 1} = "
            f"{figures(by_name['ReLU', 'sqrt(1/n)'].signals_theory[-1])}",
        ),
        changes=(
            Change({"deviation": 0.05}, "nearer to sqrt(1/256) = 0.0625: much less is lost"),
            Change({"layers": 50}, "the same factors, to a higher power"),
            Change({"width": 32}, "narrow layers stray further from the theory of wide ones"),
        ),
        method=(
            f"Mean squares of signals and gradients in {settings.seeds} networks of "
            f"{layers} layers of the Linear in use, its own first weights times a factor; "
            f"batch {settings.batch}. Input and last gradient have the variance 1."
        ),
        values={
            activation: {
                scale.name: {
                    "signals": np.median(case.signals, axis=0),
                    "gradients": np.median(case.gradients, axis=0),
                    "signals_theory": case.signals_theory,
                    "gradients_theory": case.gradients_theory,
                }
                for (_, scale), case in zip(kinds, cases, strict=True)
                if case.activation == activation
            }
            for activation in ACTIVATIONS
        },
    )


def _headline(settings: Settings, cases: dict[tuple[str, str], Case]) -> str:
    """What became of the signal, and whether the layers in use start as they should."""
    layers = settings.layers
    left = {key: figures(case.last_signal, 2) for key, case in cases.items()}
    said = (
        f"After {layers} layers without activations the variance of the signal is "
        f"{left['none', 'sqrt(1/n)']} with sqrt(1/n), {left['none', f'{settings.deviation:g}']} "
        f"with {settings.deviation:g}, and {left['none', '1']} with 1. With ReLU, sqrt(1/n) leaves "
        f"{left['ReLU', 'sqrt(1/n)']} and sqrt(2/n) {left['ReLU', 'sqrt(2/n)']}."
    )
    factor = _factor(cases["none", "sqrt(1/n)"].last_signal, layers)
    # The logarithm of a network's variance strays by sqrt(2 layers / width) or so.
    tolerance = 6 * math.sqrt(2 / layers / settings.width)
    if math.exp(-tolerance) < factor < math.exp(tolerance):
        return said
    return (
        f"{said} But the Linear in use does not start with sqrt(1/n): it multiplies the variance "
        f"by {figures(factor)} in each layer, where 1 is expected."
    )


def _factor(total: float, layers: int) -> float:
    """By what each layer multiplied, on geometric average."""
    return total ** (1 / layers) if total >= 0 else math.nan


def _power(value: float) -> float:
    """The power of ten; NaN for what is none."""
    return math.log10(value) if 0 < value < math.inf else math.nan


def _table(settings: Settings, cases: list[Case]) -> Table:
    rows = tuple(
        (
            f"{case.activation}, {case.scale.name}",
            figures(case.last_signal, 2),
            figures(case.signals_theory[-1], 2),
            figures(case.first_gradient, 2),
            figures(case.gradients_theory[0], 2),
        )
        for case in cases
    )
    return Table(
        ("activation, weights", "last signal", "theory", "first gradient", "theory"),
        rows,
        f"Mean squares, {settings.layers} layers of {settings.width} units",
    )


def _picture(settings: Settings, cases: list[Case]) -> Picture:
    """A row for each activation: signals on the left, gradients on the right."""
    numbers = list(range(1, settings.layers + 1))
    panels = []
    for activation in ACTIVATIONS:
        chosen = [case for case in cases if case.activation == activation]
        name = "no activation" if activation == "none" else activation
        for kind in ("signals", "gradients"):
            series = []
            for case in chosen:
                values: np.ndarray = getattr(case, kind)
                low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
                label = f"weights of {case.scale.name}"
                series += [
                    Series(label, numbers, middle.tolist(), low.tolist(), high.tolist(), "points"),
                    Series(
                        "", numbers, getattr(case, f"{kind}_theory"), style="dashes", like=label
                    ),
                ]
            panels.append(
                Lines(
                    f"{kind.capitalize()}, {name}",
                    Axis("layer", text=plain),
                    Axis("mean square", log=True, text=power),
                    series,
                )
            )
    return Picture(
        f"{settings.layers} layers of {settings.width} units. Points: measured. Dashes: theory.",
        panels,
        columns=2,
        sketched=2,
    )


EXPERIMENT = Experiment(Settings, guess, answer)
