"""One picture of a training: how it went, what the network reads, and where it is sure and wrong.

Blue and orange are told apart by all eyes; lines differ in more than colour, and the numbers are
written out, so that the picture reads in black and white too.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinytorch.course.owners import described
from tito.milestones.history import History
from tito.milestones.outcome import DIGITS, Evaluation, Results, on_threads, shown_share

BLUE = "#0072B2"
ORANGE = "#D55E00"
LIGHT_ORANGE = "#F5C6A5"
GREY = "#606060"
LIGHT_GREY = "#C0C0C0"
MISTAKES = 12
DOTS_PER_INCH = 150


def draw(results: Results, images: np.ndarray) -> bytes:
    """Draw the picture.

    Args:
        results: what came out of the training.
        images: the test images, shape `(count, 784)`.

    Returns:
        The bytes of a PNG file.
    """
    recipe, history, test = results.recipe, results.history, results.test
    title = f"A network of 784-256-128-10 units reads {test.accuracy:.2%} of the MNIST test images"
    subtitle = (
        f"{history.images:,} images in {history.seconds:.1f} s · batch size {recipe.batch_size} · "
        f"learning rate {recipe.lr:g} · seed {recipe.seed}{on_threads(history)}\n"
        f"modules: {described(results.owners)}"
    )
    # A figure of its own, without pyplot: nothing global is set, and no window is needed.
    figure = Figure(figsize=(11, 8.2), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    header, upper, lower = figure.subfigures(
        3, 1, squeeze=False, height_ratios=(0.7, 4.8, 1.3)
    ).flat
    header.text(0.5, 0.92, title, ha="center", va="top", fontsize=17, fontweight="bold")
    header.text(0.5, 0.0, subtitle, ha="center", va="bottom", fontsize=10, color=GREY)
    left, right = upper.subfigures(1, 2, width_ratios=(1, 1.2))
    curves = left.subplots(2, 1, sharex=True)
    draw_loss(curves[0], history)
    draw_accuracy(curves[1], history, results.train, test)
    draw_confusion_matrix(right.subplots(), test)
    draw_mistakes(lower, test, images)
    file = BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH)
    return file.getvalue()


def draw_loss(axes: Axes, history: History) -> None:
    """The loss of each step, and its mean over each epoch."""
    axes.set_title("Loss")
    steps = np.arange(1, len(history.losses) + 1) / history.epochs[0].batches
    axes.plot(steps, history.losses, color=BLUE, alpha=0.3, linewidth=0.5, label="each step")
    axes.plot(
        _middles(history),
        [epoch.loss for epoch in history.epochs],
        color=BLUE,
        marker="o",
        markersize=4,
        label="mean of an epoch",
    )
    if max(history.losses) > 0:  # as it is not, where all images are of one digit
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel("cross-entropy")
    axes.legend(frameon=False)
    _tidy(axes)


def draw_accuracy(axes: Axes, history: History, train: Evaluation, test: Evaluation) -> None:
    """The accuracy in training, and what it came to without dropout."""
    axes.set_title("Accuracy")
    axes.plot(
        _middles(history),
        [epoch.accuracy for epoch in history.epochs],
        color=BLUE,
        marker="o",
        markersize=4,
        label="mean of an epoch, with dropout",
    )
    end = len(history.losses) / history.epochs[0].batches
    for evaluation, name, colour, marker in (
        (train, "training images", BLUE, "s"),
        (test, "test images", ORANGE, "D"),
    ):
        label = f"at the end, {name}: {evaluation.accuracy:.2%}"
        axes.plot([end], [evaluation.accuracy], color=colour, marker=marker, ls="", label=label)
    # Evenly spaced in mistakes halved, since from 97% to 98% is as far as from 80% to 87%.
    axes.set_yscale("function", functions=(_from_accuracy, _to_accuracy))
    axes.set_yticks([0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    worst = min(epoch.accuracy for epoch in history.epochs)
    best = max(train.accuracy, test.accuracy)
    axes.set_ylim(worst - (1 - worst) / 4, min(0.9999, best + (1 - best) / 3))
    axes.set_ylabel("read right")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="lower right")
    _tidy(axes)


def draw_confusion_matrix(axes: Axes, test: Evaluation) -> None:
    """How often each digit was read as each; mistakes are shaded, the more the darker."""
    axes.set_title(f"The {len(test.labels):,} test images, by digit", pad=12)
    matrix = test.confusion_matrix
    mistakes = matrix - np.diag(matrix.diagonal())
    shades = LinearSegmentedColormap.from_list("mistakes", ["white", LIGHT_ORANGE, ORANGE])
    axes.imshow(mistakes, cmap=shades, vmax=max(1, mistakes.max()))
    for (digit, read_as), count in np.ndenumerate(matrix):
        colour, weight = (BLUE, "bold") if digit == read_as else ("black", "normal")
        text = str(count) if count else ""
        axes.text(read_as, digit, text, ha="center", va="center", color=colour, fontweight=weight)
    axes.set_xticks(range(DIGITS))
    axes.set_yticks(range(DIGITS))
    axes.set_xlabel("read as")
    axes.set_ylabel("digit")
    shares = axes.secondary_yaxis("right")
    shares.set_yticks(range(DIGITS), [shown_share(share, 1) for share in test.per_digit_accuracy])
    shares.set_ylabel("read right", labelpad=6)
    for side in (axes, shares):
        side.tick_params(length=0)
        side.spines[:].set_color(LIGHT_GREY)


def draw_mistakes(figure: SubFigure, test: Evaluation, images: np.ndarray) -> None:
    """The images that were read wrong with the most confidence."""
    figure.suptitle("The surest mistakes, and how sure the network was of each")
    row = figure.subplots(1, MISTAKES)
    for axes in row:
        axes.set_axis_off()
    for axes, index in zip(row, test.surest_mistakes, strict=False):
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(LIGHT_GREY)
        axes.imshow(images[index].reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(f"{test.labels[index]} read as {test.predictions[index]}", fontsize=9)
        axes.set_xlabel(f"{test.confidence[index]:.2%}", fontsize=9)


def _middles(history: History) -> list[float]:
    """Where on the axis of epochs the mean over an epoch belongs: half-way through it."""
    return [epoch.number - 1 + epoch.batch / epoch.batches / 2 for epoch in history.epochs]


def _tidy(axes: Axes) -> None:
    """Take away what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)


def _from_accuracy(accuracy: np.ndarray) -> np.ndarray:
    """The height of an accuracy on the axis: one more for each halving of the mistakes."""
    return -np.log2(np.clip(1 - accuracy, 1e-5, None))


def _to_accuracy(height: np.ndarray) -> np.ndarray:
    """The accuracy at a height on the axis."""
    return 1 - 2.0**-height
