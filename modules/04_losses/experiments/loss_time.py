"""The share of a training step that the loss takes, by the number of classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinytorch import CrossEntropyLoss, Tensor
from tinytorch.course.explore import timing
from tinytorch.course.explore.bench import INPUTS, Network, normal, step_to_time
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import TIME, Axis, Lines, Series
from tinytorch.course.explore.units import percent


@dataclass(frozen=True)
class Settings:
    """The network and its batch."""

    classes: int = setting(10, "classes", within=(2, 20_000))
    most: int = setting(4000, "classes, at most", full=10_000, within=(2, 20_000))
    hidden: int = setting(256, "hidden units", within=(1, 2048))
    batch: int = setting(128, "samples in the batch", within=(1, 1024))
    seconds: float = setting(4.0, "time for measuring", full=30.0, within=(0.01, 120))


def loss_alone(logits: np.ndarray, classes: np.ndarray) -> None:
    """The loss and its gradient for the logits, without a network."""
    CrossEntropyLoss()(Tensor(logits, requires_grad=True), classes).backward()


def measure(settings: Settings, progress: Progress) -> Findings:
    """Time whole steps, and the loss alone, in turns."""
    batch, random = settings.batch, np.random.default_rng(0)
    powers = {10, 100, 1000, settings.classes, settings.most}
    counts = sorted(count for count in powers if count <= max(settings.classes, settings.most))
    x = normal(batch, INPUTS)
    calls: dict[tuple[str, int], Callable[[], object]] = {}
    for count in counts:
        classes = random.integers(count, size=batch)
        network = Network([INPUTS, settings.hidden, count])
        calls["step", count] = step_to_time(network, x, classes, update=False)
        calls["loss", count] = partial(loss_alone, normal(batch, count).data, classes)
    times = timing.measure(calls, settings.seconds, progress, "timing steps")
    shares = {
        count: timing.ratio(times["loss", count], times["step", count]).median for count in counts
    }
    rows = [
        (f"{count:,}", *times["step", count].cells, *times["loss", count].cells, percent(share))
        for count, share in shares.items()
    ]
    columns = ("classes", "step", "quartiles", "loss", "quartiles", "share")
    series = [Series.timed(n, {c: times[n, c] for c in counts}) for n in ("step", "loss")]
    findings = Findings(
        f"Forward and backward of {INPUTS}-{settings.hidden}-classes, batch {batch}"
    )
    findings.tabulate(columns, rows)
    findings.draw(
        Lines("Median and quartiles", Axis("classes", log=True), TIME, series),
        Lines(
            "The loss's part",
            Axis("classes", log=True),
            Axis("share of the step", text=percent),
            [Series.of("loss", shares)],
        ),
    )
    findings.tell(shares=shares, percent_of_step=100 * shares[settings.classes])
    findings.tell(seconds={c: times["loss", c].median for c in counts})
    findings.say(share=shares[settings.classes], largest=shares[counts[-1]], largest_at=counts[-1])
    findings.say(taken=times["loss", settings.classes].median)
    few, many = (times["loss", c].median / (batch * c) for c in (counts[0], counts[-1]))
    findings.say(few=counts[0], per_few=few, per_many=many, calls=few > 1.5 * many)
    findings.say(rounds=len(times["loss", counts[0]].rounds))
    return findings
