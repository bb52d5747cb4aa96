"""The last layer of ResNet-50, beside the rest of the network."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import Linear
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import normal
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Bars, Group
from tinytorch.course.explore.units import count, figures, percent, plain, rate

# He et al. (2016), table 1: bottleneck blocks in each of the four stages, by the number of layers.
BLOCKS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
EXPANSION = 4  # a block gives out four times as many channels as its 3 x 3 convolution has


@dataclass(frozen=True)
class Settings:
    classes: int = setting(1000, "classes to tell apart", within=(1, 50_000))
    width: int = setting(64, "channels of the first stage", within=(8, 256))
    image: int = setting(224, "height and width of an image in pixels", within=(32, 1024))
    depth: str = setting("50", "layers of the network", choices=tuple(BLOCKS))
    batch: int = setting(32, "images at once, when the head is timed", within=(1, 1024))
    seconds: float = setting(1.0, "time for measuring", full=10.0, within=(0.01, 120))

    @property
    def features(self) -> int:
        """What goes into the head: the channels of the last stage."""
        return 8 * EXPANSION * self.width

    @property
    def sides(self) -> list[int]:
        """The height and width of the image, and of what it is halved to five times."""
        return [-(-self.image // 2**times) for times in range(6)]


def convolution(inputs: int, outputs: int, kernel: int, side: int) -> np.ndarray:
    """Parameters, with a scale and a shift for each output behind, and FLOPs for one image."""
    weights = kernel * kernel * inputs * outputs
    return np.array([weights + 2 * outputs, 2 * weights * side * side])


def parts_of(settings: Settings) -> dict[str, np.ndarray]:
    """Parameters and FLOPs of the network of He et al. (2016), part by part, its head last.

    The first 1 x 1 convolution of a stage halves the image, as in the paper. Normalizations, ReLU,
    pooling and shortcuts have no FLOPs here, as they have none there.
    """
    channels, sides = settings.width, settings.sides
    parts = {"first convolution": convolution(3, channels, 7, sides[1])}
    for stage, blocks in enumerate(BLOCKS[settings.depth], 2):
        inner, side = settings.width * 2 ** (stage - 2), sides[stage]
        outer = EXPANSION * inner
        part = convolution(channels, outer, 1, side)  # the shortcut of the first block
        for before in (channels, *[outer] * (blocks - 1)):
            part += convolution(before, inner, 1, side) + convolution(inner, inner, 3, side)
            part += convolution(inner, outer, 1, side)
        parts[f"stage {stage}, {blocks} blocks"] = part
        channels = outer
    n, m = channels, settings.classes
    return parts | {f"head, Linear({n}, {m})": np.array([n * m + m, 2 * n * m])}


def measure(settings: Settings, progress: Progress) -> Findings:
    """Add up the network, and make and time its head."""
    parts, features, classes = parts_of(settings), settings.features, settings.classes
    total = np.sum(list(parts.values()), axis=0)
    shares = {name: part / total for name, part in parts.items()}
    *_, (head, flops) = parts.values()
    layer = Linear(features, classes)
    counted = sum(parameter.data.size for parameter in layer.parameters())
    bytes_ = sum(parameter.data.nbytes for parameter in layer.parameters())
    batches = {f"{b} image{'s' * (b > 1)}": b for b in sorted({1, settings.batch})}
    calls = {name: partial(layer, normal(b, features)) for name, b in batches.items()}
    times = timing.measure(calls, settings.seconds, progress, "timing the head")
    rows = [
        (name, count(n), percent(shares[name][0]), plain(f), percent(shares[name][1]))
        for name, (n, f) in parts.items()
    ]
    rows.append(("all", count(total[0]), "", plain(total[1]), ""))
    timed = []
    for name, taken in times.items():
        b, one = batches[name], taken.median
        speeds = rate(b * flops / one, "FLOP"), rate(bytes_ / one, "B")
        timed.append((f"{name} at once", *taken.per(b).cells, *speeds))
    of_both = 100 * np.transpose(list(shares.values()))
    bars = [Group(*both) for both in zip(("parameters", "FLOPs"), of_both.tolist(), strict=True)]
    axis = Axis("share of the network in %", text=lambda share: f"{figures(share, 2)}%")
    share, flops_share = counted / (total[0] - head + counted), flops / total[1]
    flattened = settings.sides[-1] ** 2 * features * classes + classes
    findings = Findings(f"ResNet-{settings.depth} for {classes:,} classes: parameters and FLOPs")
    findings.tabulate(("part", "parameters", "share", "FLOPs/image", "share"), rows)
    headings = ("head, timed", "time/image", "quartiles", "arithmetic", "weights read")
    findings.tabulate(headings, timed)
    findings.draw(Bars("", list(parts), bars, axis))
    findings.tell(parameters=counted, bytes=bytes_, flops=flops, network_parameters=total[0])
    findings.tell(network_flops=total[1], share_of_parameters=share, share_of_flops=flops_share)
    findings.tell(flattened_parameters=flattened)
    findings.tell(parts={name: {"parameters": n, "flops": f} for name, (n, f) in parts.items()})
    findings.tell(seconds={name: taken.median for name, taken in times.items()})
    findings.say(head={"parameters": head, "bytes": 4 * head}, percent=float(100 * share))
    findings.say(wrong=counted != head, flattened_times=flattened / head)
    findings.say(convolutions=1 - flops_share, large=share > 0.5, costly=share > 10 * flops_share)
    findings.say(rounds=len(times["1 image"].rounds))
    return findings
