"""When a bias is redundant: a normalization that follows takes it out again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import Linear, ReLU, Tensor, manual_seed
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures

EPSILON = 1e-5  # added to the variance, as is usual
DTYPES = {"float32": np.float32, "float64": np.float64}
# A bias is gone when what is left of it is so many times as large as one rounding, or less.
ROUNDINGS = 100


@dataclass(frozen=True)
class Settings:
    inputs: int = setting(256, "inputs of the layer", within=(1, 4096))
    outputs: int = setting(128, "outputs of the layer", within=(2, 4096))
    batch: int = setting(64, "samples in the batch", full=512, within=(2, 4096))
    bias: float = setting(10.0, "standard deviation of the biases", within=(1e-6, 1e12))
    seeds: int = setting(5, "layers that are tried", full=50, within=(1, 1000))


def normalized(y: Tensor, axis: int) -> Tensor:
    """Mean 0 and variance 1 along an axis, by hand: gradients flow through all of it."""
    centered = y - y.mean(axis, keepdims=True)
    return centered / ((centered**2).mean(axis, keepdims=True) + EPSILON).sqrt()


FOLLOWERS: dict[str, Callable[[Tensor], Tensor]] = {
    # Each unit over the batch (Ioffe and Szegedy, 2015).
    "batch norm": partial(normalized, axis=0),
    # Each sample over the units (Ba, Kiros and Hinton, 2016).
    "layer norm": partial(normalized, axis=1),
    # The same, divided but not centred (Zhang and Sennrich, 2019).
    "RMS norm": lambda y: y / ((y**2).mean(1, keepdims=True) + EPSILON).sqrt(),
    "ReLU": ReLU(),
    "nothing": lambda y: y,
}


def change(follow: Callable[[Tensor], Tensor], y: Tensor, bias: np.ndarray) -> float:
    """The largest change of an output when a bias is added to `y`."""
    with_bias = y + Tensor(bias.astype(y.dtype), dtype=y.dtype)
    return float(np.max(np.abs(follow(with_bias).data - follow(y).data)))


def start(settings: Settings, seed: int) -> tuple[Linear, Tensor, np.ndarray, np.random.Generator]:
    """A layer as it starts, a batch for it, the bias that it will get, and more randomness."""
    manual_seed(seed)
    random = np.random.default_rng(seed)
    x = Tensor(random.standard_normal((settings.batch, settings.inputs), np.float32))
    bias = settings.bias * random.standard_normal(settings.outputs, np.float32)
    return Linear(settings.inputs, settings.outputs, bias=False), x, bias, random


def through(follow: Callable[[Tensor], Tensor], settings: Settings) -> tuple[float, float]:
    """The largest change of an output, and the largest gradient of a bias beside a weight's."""
    changes, gradients = [], []
    for seed in range(settings.seeds):
        layer, x, bias, random = start(settings, seed)
        y, learned = layer(x), Tensor(bias, requires_grad=True)
        changes.append(change(follow, y.detach(), bias))
        out = follow(y + learned)
        (out * random.standard_normal(out.shape, np.float32)).sum().backward()
        of_bias, of_weight = (
            0.0 if parameter.grad is None else float(np.max(np.abs(parameter.grad.data)))
            for parameter in (learned, layer.weight)
        )
        gradients.append(of_bias / (of_weight or np.nan))
    return float(np.max(changes)), float(np.max(gradients))


def by_size(settings: Settings, sizes: Sequence[float], dtype: type) -> dict[float, float]:
    """The largest change through batch norm, for biases of growing size."""
    layer, x, _, random = start(settings, 0)
    y = Tensor(layer(Tensor(x, dtype=dtype)).data, dtype=dtype)
    direction = random.standard_normal(settings.outputs)
    return {size: change(FOLLOWERS["batch norm"], y, size * direction) for size in sizes}


def rounding(settings: Settings, sizes: Sequence[float], dtype: type) -> dict[float, float]:
    """What one rounding of `y + bias` may change in an output, for biases of growing size.

    A sum is rounded by up to eps / 2 times its size, and division by the deviation of `y` carries
    that to the output. The unit counts for which this is most.
    """
    layer, x, _, random = start(settings, 0)
    y, direction = layer(x).data.astype(float), np.abs(random.standard_normal(settings.outputs))
    largest, deviation = np.abs(y).max(axis=0), np.sqrt(y.var(axis=0) + EPSILON)
    half = float(np.finfo(dtype).eps) / 2
    return {size: float(half * np.max((largest + size * direction) / deviation)) for size in sizes}


def measure(settings: Settings, progress: Progress) -> Findings:
    """Add a bias before each function, and see what is left of it behind."""
    changes, gradients, n, m = {}, {}, settings.inputs, settings.outputs
    for step, (name, follow) in enumerate(FOLLOWERS.items()):
        progress(step / (len(FOLLOWERS) + 1), name)
        changes[name], gradients[name] = through(follow, settings)
    progress(len(FOLLOWERS) / (len(FOLLOWERS) + 1), "biases of all sizes")
    sizes = [10.0**power for power in range(-3, 8)]
    measured = {name: by_size(settings, sizes, dtype) for name, dtype in DTYPES.items()}
    series = [Series.of(name, found) for name, found in measured.items()]
    for name, dtype in DTYPES.items():
        floor, label = rounding(settings, sizes, dtype), f"one rounding of y + b, {name}"
        series.append(Series.of(label, floor, style="dashes", like=name))
    one_rounding = rounding(settings, [settings.bias], np.float32)[settings.bias]
    in_float64 = by_size(settings, [settings.bias], np.float64)[settings.bias]
    of_biases = Axis("size of the biases (standard deviation)", log=True)
    of_output = Axis("largest change of an output", log=True)
    marks = [Mark(1, "as large as the outputs themselves")]
    rows = [(name, figures(changes[name], 2), figures(gradients[name], 2)) for name in FOLLOWERS]
    headings = ("what follows", "largest change of an output", "gradient, bias ÷ weight")
    left = changes["batch norm"]
    findings = Findings(f"What batch normalization leaves of a bias on Linear({n}, {m})")
    findings.tabulate(headings, rows, f"What biases of about {settings.bias:g} do")
    findings.draw(Lines("", of_biases, of_output, series, marks))
    findings.tell(change=changes, gradient_ratio=gradients, sizes=sizes)
    findings.tell(change_by_size={name: list(found.values()) for name, found in measured.items()})
    findings.tell(change_in_float64=in_float64, one_rounding=one_rounding)
    findings.tell(gone=left <= ROUNDINGS * one_rounding)
    findings.say(left=left, seen=bool(np.isfinite(changes["nothing"])))
    findings.say(across_units=changes["layer norm"] > 1000 * left)
    findings.say(parameters={"with": (n + 1) * m, "without": n * m}, saved=1 / (n + 1))
    findings.say(half=float(np.finfo(np.float32).eps) / 2)
    return findings
