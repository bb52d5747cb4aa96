"""When a bias is redundant: a normalization that follows takes it out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.experiment import Findings, Progress, Table
from tinytorch.course.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.course.explore.settings import setting
from tinytorch.course.explore.units import figures

EPSILON = 1e-5  # added to the variance, as is usual
DTYPES = {"float32": np.float32, "float64": np.float64}
# A bias is gone when what is left of it is so many times as large as one rounding, or less.
ROUNDINGS = 100


@dataclass(frozen=True)
class Settings:
    """The layer, its batch, and the bias."""

    inputs: int = setting(256, "inputs of the layer", at_least=1, at_most=4096)
    outputs: int = setting(128, "outputs of the layer", at_least=2, at_most=4096)
    batch: int = setting(64, "samples in the batch", full=512, at_least=2, at_most=4096)
    bias: float = setting(10.0, "standard deviation of the biases", at_least=1e-6, at_most=1e12)
    seeds: int = setting(5, "layers that are tried", full=50, at_least=1, at_most=1000)

    @property
    def weights(self) -> int:
        """The parameters of the layer without its bias."""
        return self.inputs * self.outputs

    @property
    def parameters(self) -> int:
        """Those with it."""
        return self.weights + self.outputs

    @property
    def saved(self) -> float:
        """The share of the parameters that is its bias."""
        return self.outputs / self.parameters


def normalized(y: Tensor, axis: int) -> Tensor:
    """Mean 0 and variance 1 along an axis, by hand: gradients flow through all of it."""
    centered = y - y.mean(axis, keepdims=True)
    return centered / ((centered**2).mean(axis, keepdims=True) + EPSILON).sqrt()


def batch_norm(y: Tensor) -> Tensor:
    """Each unit over the batch, as in batch normalization (Ioffe and Szegedy, 2015)."""
    return normalized(y, axis=0)


def layer_norm(y: Tensor) -> Tensor:
    """Each sample over the units, as in layer normalization (Ba, Kiros and Hinton, 2016)."""
    return normalized(y, axis=1)


def root_mean_square_norm(y: Tensor) -> Tensor:
    """Each sample over the units, divided but not centred (Zhang and Sennrich, 2019)."""
    return y / ((y**2).mean(1, keepdims=True) + EPSILON).sqrt()


FOLLOWERS: dict[str, Callable[[Tensor], Tensor]] = {
    "batch norm": batch_norm,
    "layer norm": layer_norm,
    "RMS norm": root_mean_square_norm,
    "ReLU": ReLU(),
    "nothing": lambda y: y,
}


@dataclass(frozen=True)
class Effect:
    """What a bias does through one function that follows.

    Attributes:
        change: the largest change of an output, of all layers tried.
        gradient: the largest gradient of a bias, as a share of the largest of a weight.
    """

    change: float
    gradient: float


def change(follow: Callable[[Tensor], Tensor], y: Tensor, bias: np.ndarray) -> float:
    """The largest change of an output when a bias is added to `y`."""
    dtype = y.dtype
    with_bias = y + Tensor(bias.astype(dtype), dtype=dtype)
    return float(np.max(np.abs(follow(with_bias).data - follow(y).data)))


def through(follow: Callable[[Tensor], Tensor], settings: Settings) -> Effect:
    """Try layers with and without a bias, in the precision they have."""
    changes, gradients = [], []
    for seed in range(settings.seeds):
        layer, x, bias, random = _layer(settings, seed)
        y = layer(x)
        changes.append(change(follow, y.detach(), bias))
        learned = Tensor(bias, requires_grad=True)
        out = follow(y + learned)
        loss = (out * random.standard_normal(out.shape, np.float32)).sum()
        loss.backward()
        gradients.append(_gradient(learned) / (_gradient(layer.weight) or np.nan))
    return Effect(float(np.max(changes)), float(np.max(gradients)))


def _layer(settings: Settings, seed: int) -> tuple[Linear, Tensor, np.ndarray, np.random.Generator]:
    """A layer as it starts, a batch for it, and the bias that it will get."""
    tinytorch.manual_seed(seed)
    random = np.random.default_rng(seed)
    x = random.standard_normal((settings.batch, settings.inputs), np.float32)
    bias = settings.bias * random.standard_normal(settings.outputs, np.float32)
    layer = Linear(settings.inputs, settings.outputs, bias=False)
    return layer, Tensor(x), bias, random


def _gradient(parameter: Tensor) -> float:
    """The largest element of a gradient; 0 where there is none."""
    if parameter.grad is None:
        return 0.0
    return float(np.max(np.abs(parameter.grad.data)))


def by_size(settings: Settings, sizes: np.ndarray, dtype: type) -> list[float]:
    """The largest change through batch norm, for biases of growing size."""
    layer, x, _, random = _layer(settings, 0)
    y = Tensor(layer(Tensor(x, dtype=dtype)).data, dtype=dtype)
    direction = random.standard_normal(settings.outputs)
    return [change(batch_norm, y, size * direction) for size in sizes]


def rounding(settings: Settings, sizes: np.ndarray, dtype: type) -> list[float]:
    """What one rounding of `y + bias` may change in an output, for biases of growing size.

    A sum is rounded by up to eps / 2 times its size, and division by the deviation of `y` carries
    that to the output. The unit counts for which this is most.
    """
    layer, x, _, random = _layer(settings, 0)
    y, direction = layer(x).data.astype(float), np.abs(random.standard_normal(settings.outputs))
    deviation = np.sqrt(y.var(axis=0) + EPSILON)
    largest = np.abs(y).max(axis=0)
    half = float(np.finfo(dtype).eps) / 2
    return [float(half * np.max((largest + size * direction) / deviation)) for size in sizes]


def measure(settings: Settings, progress: Progress) -> Findings:
    """Add a bias before each function, and see what is left of it behind."""
    effects = {}
    for step, (name, follow) in enumerate(FOLLOWERS.items()):
        progress(step / (len(FOLLOWERS) + 1), name)
        effects[name] = through(follow, settings)
    progress(len(FOLLOWERS) / (len(FOLLOWERS) + 1), "biases of all sizes")
    sizes = 10.0 ** np.arange(-3, 8)
    measured = {name: by_size(settings, sizes, dtype) for name, dtype in DTYPES.items()}
    floors = {name: rounding(settings, sizes, dtype) for name, dtype in DTYPES.items()}
    here = np.array([settings.bias])
    one_rounding = rounding(settings, here, np.float32)[0]
    changes = {name: effect.change for name, effect in effects.items()}
    gone = changes["batch norm"] <= ROUNDINGS * one_rounding
    rows = [
        (name, figures(effect.change, 2), figures(effect.gradient, 2))
        for name, effect in effects.items()
    ]
    headings = ("what follows", "largest change of an output", "gradient, bias ÷ weight")
    series = [Series(name, sizes.tolist(), found) for name, found in measured.items()]
    series += [
        Series(f"one rounding of y + b, {name}", sizes.tolist(), floor, style="dashes", like=name)
        for name, floor in floors.items()
    ]
    panel = Lines(
        "",
        Axis("size of the biases (standard deviation)", log=True),
        Axis("largest change of an output", log=True),
        series,
        [Mark(1, "as large as the outputs themselves")],
    )
    layer = f"Linear({settings.inputs}, {settings.outputs})"
    return Findings(
        values={
            "change": changes,
            "gradient_ratio": {name: effect.gradient for name, effect in effects.items()},
            "sizes": sizes,
            "change_by_size": measured,
            "change_in_float64": by_size(settings, here, np.float64)[0],
            "one_rounding": one_rounding,
            "gone": gone,
        },
        tables=[Table(headings, rows, f"What biases of about {settings.bias:g} do")],
        picture=Picture(f"What batch normalization leaves of a bias on {layer}", [panel]),
        words={
            "left": changes["batch norm"],
            "seen": bool(np.isfinite(changes["nothing"])),
            "across_units": changes["layer norm"] > 1000 * changes["batch norm"],
            "half": float(np.finfo(np.float32).eps) / 2,
        },
    )
