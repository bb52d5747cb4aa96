"""What the framework has to reach on two cores, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.contestants import FLOOR, TINYTORCH
from benchmarks.results import Measurement, Summary, ratios, summarize

# By benchmark, case and rival. A rival's time or memory has to be at least so many times ours;
# ours may be at most so many times the floor.
TARGETS = {
    ("training-step", "batch 32", "pytorch"): 2.0,
    ("training-step", "batch 128", "pytorch"): 1.7,
    ("training-step", "batch 512", "pytorch"): 1.4,
    ("training-step", "batch 32", "jax"): 1.2,
    ("training-step", "batch 128", "jax"): 1.1,
    ("training-step", "batch 512", "jax"): 1.0,
    ("training-step", "batch 32", "floor"): 1.6,
    ("training-step", "batch 128", "floor"): 1.6,
    ("training-step", "batch 512", "floor"): 1.5,
    ("mnist", "training to 98%", "pytorch"): 2.0,
    ("mnist", "peak memory", "pytorch"): 3.0,
    ("import", "import statement", "floor"): 1.15,
}


@dataclass(frozen=True)
class Comparison:
    """TinyTorch beside one rival in one case.

    The ratio is the rival's number over ours, so that more is better; beside the floor it is ours
    over the floor's, so that less is better.
    """

    benchmark: str
    case: str
    rival: str
    ratio: Summary
    limit: float | None
    """What the ratio has to reach, or stay within; None where nothing is asked."""

    @property
    def sign(self) -> str:
        """How the ratio has to compare with its limit."""
        return "≤" if self.rival == FLOOR.key else "≥"

    @property
    def is_met(self) -> bool | None:
        """Whether the median of the ratio is where it has to be; None where nothing is asked."""
        if self.limit is None:
            return None
        if self.rival == FLOOR.key:
            return self.ratio.median <= self.limit
        return self.ratio.median >= self.limit


def compare(measurements: dict[str, Measurement], rival: str) -> Comparison | None:
    """Compare TinyTorch with a rival in one case; None where there is nothing to compare."""
    if rival == TINYTORCH.key or not {rival, TINYTORCH.key} <= measurements.keys():
        return None
    ours, theirs = measurements[TINYTORCH.key], measurements[rival]
    if ours.unit == "%":
        return None
    pair = (ours, theirs) if rival == FLOOR.key else (theirs, ours)
    summary = summarize(ratios(pair[0].values, pair[1].values))
    if summary is None:
        return None
    key = (ours.benchmark, ours.case, rival)
    return Comparison(*key, summary, TARGETS.get(key))
