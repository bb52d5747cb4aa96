"""When a bias is redundant: a normalization that follows takes it out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import count, figures, percent

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


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    return Guess(
        f"Each unit gets a bias of about {settings.bias:g}, and then the batch is normalized. By "
        "how much does the output that changes most change?",
        digits=2,
    )


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


def answer(settings: Settings, progress: Progress) -> Answer:
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
    left_in_float64 = by_size(settings, here, np.float64)[0]
    left = effects["batch norm"]
    gone = left.change <= ROUNDINGS * one_rounding
    n, m = settings.inputs, settings.outputs
    return Answer(
        headline=_headline(settings, left, effects["nothing"], gone),
        truth=left.change,
        tables=(_table(settings, effects),),
        picture=_picture(settings, sizes, measured, floors),
        why=_why(settings, effects, left_in_float64, gone),
        formulas=(
            "(y + b) - mean(y + b) = y - mean(y), the mean over the batch; var(y + b) = var(y)",
            "one rounding: eps / 2 · (|y| + |b|) / deviation of y",
            f"{figures(float(np.finfo(np.float32).eps) / 2)} · (|y| + |b|) / deviation = "
            f"{figures(one_rounding)} in float32, for the unit where it is most",
            f"parameters without the bias: {n} · {m} = {count(n * m)} instead of "
            f"{count(n * m + m)}, {percent(1 / (n + 1))} fewer",
        ),
        changes=(
            Change({"bias": 1e6}, "beside such a bias, float32 has few digits left for y"),
            Change({"batch": 2}, "two samples: a normalized unit is 1 and -1 either way"),
            Change({"inputs": 3}, "few inputs, so that the biases are a quarter of the parameters"),
        ),
        method=(
            f"{settings.seeds} layers Linear({n}, {m}) as they start, each with a batch of "
            f"{settings.batch}, to which biases of its own are added. Normalization is written by "
            f"hand with tensor operations, {EPSILON:g} added to the variance. The largest of all "
            "outputs counts."
        ),
        values={
            "change": {name: effect.change for name, effect in effects.items()},
            "gradient_ratio": {name: effect.gradient for name, effect in effects.items()},
            "sizes": sizes,
            "change_by_size": measured,
            "change_in_float64": left_in_float64,
            "one_rounding": one_rounding,
            "gone": gone,
        },
    )


def _headline(settings: Settings, left: Effect, without: Effect, gone: bool) -> str:
    if not np.isfinite(without.change):
        return (
            "The Linear in use gives numbers that are not finite, so nothing can be seen of a bias."
        )
    said = (
        f"Biases of about {settings.bias:g} change outputs by up to {figures(without.change)}; "
        f"behind batch normalization {figures(left.change, 2)} of that is left"
    )
    if gone:
        return f"{said}, which is rounding. So bias=False is safe in front of it."
    return f"{said}, which is more than rounding explains."


def _table(settings: Settings, effects: dict[str, Effect]) -> Table:
    rows = tuple(
        (name, figures(effect.change, 2), figures(effect.gradient, 2))
        for name, effect in effects.items()
    )
    columns = ("what follows", "largest change of an output", "gradient, bias ÷ weight")
    return Table(columns, rows, f"What biases of about {settings.bias:g} do")


def _why(settings: Settings, effects: dict[str, Effect], in_float64: float, gone: bool) -> str:
    batch, layer = effects["batch norm"], effects["layer norm"]
    said = (
        "A bias adds the same number to a unit's output for every sample. Batch normalization "
        "subtracts the unit's mean over the batch, which has grown by that number, and divides by "
        "a deviation that has not changed. "
    )
    if gone:
        said += (
            f"So nothing is left but rounding: {figures(batch.change, 2)} at most, and "
            f"{figures(in_float64, 2)} in float64. Nor does such a bias learn: the loss does not "
            "depend on it, so its gradient is 0, here "
            f"{figures(batch.gradient, 2)} of the weights'. "
        )
    else:
        said += (
            f"Here {figures(batch.change, 2)} is left, so the layer in use does not act as "
            "y = x @ weight + bias, or its numbers are too large or too small to be normalized. "
        )
    if layer.change > 1000 * batch.change:
        said += (
            "Layer and RMS normalization work across the units of one sample. Their biases "
            "differ, so they do not go away "
            f"(changes of {figures(layer.change, 2)} and "
            f"{figures(effects['RMS norm'].change, 2)}). "
        )
    return (
        f"{said}Leave a bias out where the next operation subtracts each unit's mean. What it was "
        "for, a shift of the unit, is done by the normalization's own shift, which comes after. "
        f"That saves {percent(1 / (settings.inputs + 1))} of the layer's parameters."
    )


def _picture(
    settings: Settings,
    sizes: np.ndarray,
    measured: dict[str, list[float]],
    floors: dict[str, list[float]],
) -> Picture:
    series = []
    for name, changes in measured.items():
        series.append(Series(name, sizes.tolist(), changes))
    for name in measured:
        series.append(
            Series(
                f"one rounding of y + b, {name}",
                sizes.tolist(),
                floors[name],
                style="dashes",
                like=name,
            )
        )
    return Picture(
        f"What batch normalization leaves of a bias on Linear({settings.inputs}, "
        f"{settings.outputs})",
        [
            Lines(
                "",
                Axis("size of the biases (standard deviation)", log=True),
                Axis("largest change of an output", log=True),
                series,
                [Mark(1, "as large as the outputs themselves")],
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
