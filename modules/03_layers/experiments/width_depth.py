"""A wide network and a deep one: their parameters, and how well each reads new digits."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tinytorch import manual_seed
from tinytorch.course.explore.bench import CLASSES, INPUTS, Network, parameters_of
from tinytorch.course.explore.confidence import mean_of
from tinytorch.course.explore.digits import digits
from tinytorch.course.explore.experiment import Findings, Progress, setting
from tinytorch.course.explore.learning import error_rate, learn, over_seeds
from tinytorch.course.explore.picture import Axis, Lines, Series
from tinytorch.course.explore.units import count, percent, plain

WIDE, DEEP, NARROW = "wide", "deep", "less wide"


@dataclass(frozen=True)
class Settings:
    wide: tuple[int, ...] = setting((512,), "hidden layers of the one", within=(1, 2048))
    deep: tuple[int, ...] = setting((256, 256), "hidden layers of the other", within=(1, 2048))
    images: int = setting(2000, "images to learn from", full=20_000, within=(100, 60_000))
    test_images: int = setting(5000, "images to test with", full=10_000, within=(100, 10_000))
    epochs: int = setting(12, "times each image is seen", full=15, within=(1, 100))
    seeds: int = setting(5, "networks of each kind", full=10, within=(2, 100))
    lr: float = setting(0.1, "learning rate to begin with", within=(0.0001, 10.0))

    @property
    def sizes(self) -> dict[str, list[int]]:
        """The two, and one with a single hidden layer and as many parameters as the deep one."""
        hidden = {WIDE: self.wide, DEEP: self.deep}
        hidden[NARROW] = (width_for(parameters_of([INPUTS, *self.deep, CLASSES])),)
        return {name: [INPUTS, *units, CLASSES] for name, units in hidden.items()}

    @property
    def names(self) -> dict[str, str]:
        """The sizes in a sentence."""
        return {name: "-".join(map(str, sizes)) for name, sizes in self.sizes.items()}


def width_for(parameters: int) -> int:
    """The hidden units with which one hidden layer comes nearest to so many parameters."""
    return max(1, round((parameters - CLASSES) / (INPUTS + 1 + CLASSES)))


def measure(settings: Settings, progress: Progress) -> Findings:
    """Train all networks from several seeds, and compare them seed by seed."""
    data = digits(settings.images, settings.test_images)
    names, epochs, seeds = settings.names, settings.epochs, settings.seeds
    curves = {name: np.zeros((seeds, epochs)) for name in names}
    training = {name: np.zeros(seeds) for name in names}
    parameters, stopped = dict.fromkeys(names, 0), 0
    doing = {name: f"training {sizes}" for name, sizes in names.items()}
    for name, seed in over_seeds(doing, seeds, progress):
        manual_seed(seed)
        network = Network(settings.sizes[name])
        manual_seed(seed)  # the same batches, whatever weights were drawn
        errors = [error_rate(network, data) for _ in learn([network], data, epochs, settings.lr)]
        if missing := epochs - len(errors):
            stopped += 1
            errors += missing * [error_rate(network, data)]
        curves[name][seed] = errors
        training[name][seed] = error_rate(network, data, trained=True)
        parameters[name] = sum(p.data.size for p in network.parameters())
    last = {name: errors[:, -1] for name, errors in curves.items()}
    test = {name: mean_of(errors) for name, errors in last.items()}
    learned = {name: float(errors.mean()) for name, errors in training.items()}
    gap, at_size = (mean_of(last[DEEP] - last[other]) for other in (WIDE, NARROW))
    more, fewer = (WIDE, DEEP) if parameters[WIDE] >= parameters[DEEP] else (DEEP, WIDE)
    rows, in_the_end, on_the_way = [], [], []
    for name, sizes in names.items():
        cells = count(parameters[name]), percent(learned[name]), *test[name].percentages
        rows.append((name, sizes, *cells))
        label, size = f"{name}: {sizes}", [parameters[name]] * seeds
        in_the_end.append(Series(label, size, last[name].tolist(), style="points"))
        on_the_way.append(Series.of_runs(label, range(1, epochs + 1), curves[name], np.mean))
    whole = Axis("epochs", text=lambda epoch: f"{epoch:g}" if epoch % 1 == 0 else "")
    error, size_axis = Axis("error on test images", text=percent), Axis("parameters", text=plain)
    columns = ("network", "sizes", "parameters", "error, training", "error, test", "sure to")
    unfitted, misread = max(learned.values()), {name: mean.value for name, mean in test.items()}
    sums = {
        name: " + ".join(f"{n} · {m} + {m}" for n, m in pairwise(sizes))
        + f" = {count(parameters_of(sizes))}"
        for name, sizes in settings.sizes.items()
    }
    findings = Findings("Width against depth on MNIST")
    findings.tabulate(columns, rows)
    findings.draw(
        Lines(f"In the end: {seeds} seeds of each", size_axis, error, in_the_end),
        Lines("On the way: mean, lowest and highest", whole, error, on_the_way),
    )
    findings.tell(parameters=parameters, sizes=settings.sizes)
    findings.tell(test_errors=last, training_errors=training)
    findings.tell(deep_minus_wide=gap.value, deep_minus_wide_half_width=gap.half_width)
    findings.tell(deep_minus_narrow=at_size.value, deep_minus_narrow_half_width=at_size.half_width)
    findings.say(better=gap.verdict(DEEP, WIDE), stopped=stopped, misread=misread, sums=sums)
    findings.say(more=names[more], fewer=names[fewer])
    findings.say(times=parameters[more] / max(1, parameters[fewer]))
    findings.say(gap=gap, at_size=at_size, helps=at_size.value < 0)
    findings.say(unfitted=unfitted, fitted=unfitted < 0.25 * min(misread.values()))
    return findings
