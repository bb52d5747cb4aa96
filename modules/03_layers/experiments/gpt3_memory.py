"""The memory that the Linear layers of GPT-3 take, and what it means for running it."""

import math
from dataclasses import dataclass
from functools import partial

from tinytorch import Linear
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import normal
from tinytorch.course.explore.conditions import memory
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Bars, Group, Mark
from tinytorch.course.explore.units import count, figures, size

# Bytes of a parameter. Brown et al. (2020) trained in half precision.
PRECISIONS = {"float32": 4.0, "float16": 2.0, "int8": 1.0, "int4": 0.5}
HALF = PRECISIONS["float16"]
# Mixed-precision training with Adam: weights and gradients in half precision, and in float32 a copy
# of the weights and two moments (Rajbhandari et al., ZeRO, 2020).
TRAINING_BYTES = 2 + 2 + 4 + 4 + 4
# NVIDIA's data sheets: the memory of accelerators in bytes, and how many bytes a second an H100
# (SXM) reads from its own.
DEVICES = {"H100": 80e9, "H200": 141e9, "8 H100": 640e9}
H100_MEMORY, H100_BANDWIDTH = 80e9, 3.35e12
AXIS = Axis("memory", log=True, text=size)


@dataclass(frozen=True)
class Settings:
    """The model of Brown et al. (2020), table 2.1, and what is measured here."""

    width: int = setting(12_288, "width of the model", within=(64, 100_000))
    blocks: int = setting(96, "transformer blocks", within=(1, 1000))
    heads: int = setting(96, "attention heads", within=(1, 1000))
    vocabulary: int = setting(50_257, "tokens it knows", within=(1, 1_000_000))
    context: int = setting(2048, "tokens in a sequence", within=(1, 1_000_000))
    sequences: int = setting(1, "sequences at once", within=(1, 10_000))
    measured_width: int = setting(
        4096, "width of the layer made and timed here", full=12_288, within=(8, 12_288)
    )
    seconds: float = setting(1.0, "time for measuring", full=10.0, within=(0.01, 120))


def measure(settings: Settings, progress: Progress) -> Findings:
    """Add up the model, let one token through a layer, and hold both against real memories."""
    d, blocks, here = settings.width, settings.blocks, settings.measured_width
    progress(0.0, f"making Linear({here}, {here})")
    layer = Linear(here, here)
    counted = sum(parameter.data.size for parameter in layer.parameters())
    bytes_ = sum(parameter.data.nbytes for parameter in layer.parameters())
    token = {"token": partial(layer, normal(1, here))}
    times = timing.measure(token, settings.seconds, progress, "timing one token")["token"]
    bandwidth = bytes_ / times.median
    parts = {  # how many there are, and the parameters of each
        f"queries, keys: {d} to {d}": (2 * blocks, d * d + d),
        f"values, out: {d} to {d}": (2 * blocks, d * d + d),
        f"up: {d} to {4 * d}": (blocks, d * 4 * d + 4 * d),
        f"down: {4 * d} to {d}": (blocks, 4 * d * d + d),
    }
    linear = sum(number * each for number, each in parts.values())
    parts["layer normalizations"] = (2 * blocks + 1, 2 * d)
    parts["embeddings"] = (1, (settings.vocabulary + settings.context) * d)
    total = sum(number * each for number, each in parts.values())
    half, tokens = HALF * total, settings.context * settings.sequences
    # In a block, to go backward, in half precision: s · d · (34 + 5 · h · s / d) bytes for a
    # sequence of s tokens and h heads (Korthikanti et al., 2022).
    kept_of_token = 34 * d + 5 * settings.heads * settings.context
    sizes = {f"weights, {name}": each * total for name, each in PRECISIONS.items()} | {
        "keys and values, float16": 2 * HALF * blocks * d * tokens,
        "training: weights and Adam": float(TRAINING_BYTES * total),
        "training: activations": float(blocks * tokens * kept_of_token),
    }
    own = memory()
    rows = [
        (name, count(number), count(each), size(HALF * each), size(HALF * number * each))
        for name, (number, each) in parts.items()
    ]
    rows.append(("all", "", count(total), "", size(half)))
    compared = [
        (name, size(kept), figures(kept / H100_MEMORY, 2), figures(kept / own, 2) if own else "")
        for name, kept in sizes.items()
    ]
    columns = ("part", "number", "parameters each", "float16", "all of them")
    headings = ("what is kept", "memory", "times H100 (80 GB)", "times this machine")
    devices = DEVICES | ({"this machine": own} if own else {})
    marks = [Mark(bytes_, name) for name, bytes_ in devices.items()]
    bars = Bars("", list(sizes), [Group("memory", list(sizes.values()))], AXIS, marks)
    cards, expected = math.ceil(half / H100_MEMORY), here * here + here
    held = own / half if own else 0
    fitting = [name for name, each in PRECISIONS.items() if own and each * total <= own]
    a_token = half / bandwidth if bandwidth else math.inf
    findings = Findings("The memory of the model, and of devices (dotted)")
    findings.tabulate(columns, rows, "The model, layer by layer")
    findings.tabulate(headings, compared, "What it takes to run it, and to train it")
    findings.draw(bars)
    findings.tell(linear_parameters=linear, linear_bytes_float16=HALF * linear, parameters=total)
    findings.tell(bytes=sizes, accelerators=cards, machine_bytes=own)
    findings.tell(measured_parameters=counted, measured_bytes=bytes_)
    findings.tell(bandwidth=bandwidth, seconds_a_token=a_token)
    findings.say(gigabytes=HALF * linear / 1e9, linear_share=linear / total)
    findings.say(square=HALF * (d * d + d), weights=blocks * 12 * d**2, tokens=tokens)
    findings.say(expected=expected, wrong=counted != expected, times=times)
    findings.say(several=cards > 1, fitting=fitting[0] if fitting else "", held=held)
    findings.say(h100={"bandwidth": H100_BANDWIDTH, "seconds": half / H100_BANDWIDTH})
    findings.say(rounds=len(times.rounds))
    return findings
