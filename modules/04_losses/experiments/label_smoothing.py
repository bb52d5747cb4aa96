"""How sure a network is of what it reads, by how much its labels are smoothed."""

from dataclasses import dataclass

import numpy as np

from tinytorch import SGD, CrossEntropyLoss, Trainer, manual_seed
from tinytorch.core.training import batches, predict
from tinytorch.course.explore.bench import CLASSES, INPUTS, Network
from tinytorch.course.explore.confidence import mean_of
from tinytorch.course.explore.digits import digits
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.learning import MOMENTUM, descend, finite, over_seeds
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import figures, percent


@dataclass(frozen=True)
class Settings:
    """The network, and the shares that are spread over all classes."""

    smoothing: tuple[float, ...] = setting((0.0, 0.1, 0.3), "shares to try", within=(0.0, 0.9))
    hidden: int = setting(64, "hidden units", within=(2, 1024))
    images: int = setting(2000, "images to learn from", full=20_000, within=(100, 60_000))
    test_images: int = setting(5000, "images to test with", full=10_000, within=(100, 10_000))
    epochs: int = setting(6, "times each image is seen", within=(1, 100))
    seeds: int = setting(3, "networks of each kind", full=10, within=(2, 100))

    @property
    def most(self) -> float:
        """The largest of the shares."""
        return max(self.smoothing)


def target_of(smoothing: float) -> float:
    """The probability that the right class should get."""
    return 1 - smoothing + smoothing / CLASSES


def measure(settings: Settings, progress: Progress) -> Findings:
    """Train networks that differ in their loss alone."""
    data = digits(settings.images, settings.test_images)
    shape = len(settings.smoothing), settings.seeds
    errors, sure, gaps = np.ones(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    doing = {str(i): f"smoothing {share:g}" for i, share in enumerate(settings.smoothing)}
    for name, seed in over_seeds(doing, settings.seeds, progress):
        kind = int(name)
        manual_seed(seed)
        network = Network([INPUTS, settings.hidden, CLASSES])
        loss = finite(CrossEntropyLoss(label_smoothing=settings.smoothing[kind]))
        trainer = Trainer(network, loss, SGD(network.parameters(), 0.1, MOMENTUM))
        for _ in range(settings.epochs):
            for images, labels in batches(data.images, data.labels, 100, shuffle=True):
                if not descend(trainer, images, labels):
                    break
        logits = predict(network, data.test_images).astype(np.float64)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        sure[kind, seed] = (1 / exponentials.sum(axis=1)).mean()
        errors[kind, seed] = np.mean(logits.argmax(axis=1) != data.test_labels)
        two = np.sort(logits, axis=1)[:, -2:]
        gaps[kind, seed] = (two[:, 1] - two[:, 0]).mean()
    rows = [
        (
            f"{share:g}",
            percent(target_of(share)),
            percent(float(sure[i].mean())),
            *mean_of(errors[i]).percentages,
            figures(float(gaps[i].mean())),
        )
        for i, share in enumerate(settings.smoothing)
    ]
    columns = ("smoothing", "asked for", "sure of", "wrong", "sure to", "ahead, in logits")
    shares = list(settings.smoothing)
    series = [
        Series.of_runs("sure of its answer", shares, sure.T, np.mean),
        Series.of_runs("right", shares, 1 - errors.T, np.mean),
        Series("asked for", shares, [target_of(share) for share in shares], style="dashes"),
    ]
    plain, most = int(np.argmin(settings.smoothing)), int(np.argmax(settings.smoothing))
    gap = mean_of(errors[most] - errors[plain])
    findings = Findings("Label smoothing on MNIST")
    findings.tabulate(columns, rows, f"{settings.seeds} networks of each kind")
    axes = Axis("smoothing"), Axis("share of the test images", text=percent)
    findings.draw(Lines("Mean, lowest and highest", *axes, series))
    confidence = {"plain": float(sure[plain].mean()), "most": float(sure[most].mean())}
    findings.tell(confidence=confidence, percent_sure=100 * confidence["most"])
    findings.tell(errors=errors.mean(axis=1).tolist(), asked=target_of(settings.most))
    findings.say(less=confidence["most"] < confidence["plain"] - 0.01, gap=gap)
    findings.say(wrong={"plain": float(errors[plain].mean()), "most": float(errors[most].mean())})
    findings.say(verdict=gap.verdict("smoothed labels", "plain labels"))
    return findings
