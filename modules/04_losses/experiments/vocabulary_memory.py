"""What the logits of a large vocabulary take, whole and a few positions at a time."""

from dataclasses import dataclass

import numpy as np

from tinytorch import CrossEntropyLoss, Tensor
from tinytorch.course.explore.bench import FLOAT32, allocated
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.picture import Axis, Lines, Mark, Series
from tinytorch.course.explore.units import figures, size


@dataclass(frozen=True)
class Settings:
    """The language model, and the small one that is measured."""

    texts: int = setting(8, "texts in the batch", within=(1, 1024))
    tokens: int = setting(1024, "tokens of each text", within=(1, 100_000))
    vocabulary: int = setting(50_000, "words to choose from", within=(10, 1_000_000))
    positions: int = setting(256, "positions that are measured", within=(2, 1024))
    words: int = setting(4000, "words that are measured", full=16_000, within=(10, 50_000))
    width: int = setting(32, "inputs of the last layer", within=(1, 512))

    @property
    def logits_bytes(self) -> int:
        """The logits of the whole batch, in float32."""
        return self.texts * self.tokens * self.vocabulary * FLOAT32

    @property
    def gigabytes(self) -> float:
        """The same, in gigabytes."""
        return self.logits_bytes / 1e9


def step(hidden: np.ndarray, head: Tensor, words: np.ndarray, chunk: int) -> float:
    """The loss and the gradient of the last layer, `chunk` positions at a time."""
    loss, total = CrossEntropyLoss(), 0.0
    for first in range(0, len(words), chunk):
        part = slice(first, first + chunk)
        # The mean over all is the mean over parts, each weighted by its size.
        share = len(words[part]) / len(words)
        value = loss(Tensor(hidden[part]) @ head, words[part]) * share
        value.backward()
        total += value.item()
    return total


def measure(settings: Settings, progress: Progress) -> Findings:
    """Take the same step with all positions at once, and with fewer and fewer."""
    random = np.random.default_rng(0)
    n, count, width = settings.positions, settings.words, settings.width
    hidden = random.standard_normal((n, width), np.float32)
    weights = random.standard_normal((width, count), np.float32) / np.float32(width)
    words = random.integers(count, size=n)
    chunks = sorted({max(1, n // 4**power) for power in range(5)}, reverse=True)
    peaks, gradients, losses = {}, {}, {}
    for number, chunk in enumerate(chunks):
        progress(number / len(chunks), f"{chunk} positions at a time")
        head = Tensor(weights, requires_grad=True)
        with allocated() as found:
            losses[chunk] = step(hidden, head, words, chunk)
        peaks[chunk], gradients[chunk] = found.peak, head.grad
    logits = n * count * FLOAT32
    whole, fewest = peaks[n], min(peaks, key=lambda chunk: peaks[chunk])
    at_once = gradients[n]
    equal = at_once is not None and all(
        gradient is not None and np.allclose(gradient, at_once, rtol=1e-3, atol=1e-6)
        for gradient in gradients.values()
    )
    rows = [
        (f"{chunk} positions", size(peak), figures(peak / logits, 2), figures(losses[chunk], 5))
        for chunk, peak in peaks.items()
    ]
    axes = Axis("positions at a time", log=True), Axis("peak memory", log=True, text=size)
    marks = [Mark(logits, "the logits alone"), Mark(weights.nbytes, "the weights of the layer")]
    findings = Findings(f"Loss and gradient over {count:,} words, {n} positions")
    findings.tabulate(("at a time", "peak", "in logits", "loss"), rows)
    findings.draw(Lines("Memory of a step", *axes, [Series.of("measured", peaks)], marks))
    findings.tell(peaks=peaks, measured_logits=logits, multiple=whole / logits, equal=equal)
    findings.tell(saving=whole / max(1, peaks[fewest]), fewest=fewest)
    findings.say(expected_peak=whole / logits * settings.logits_bytes, whole=whole)
    findings.say(least=peaks[fewest], layer=weights.nbytes)
    return findings
