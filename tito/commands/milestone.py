"""`tito milestone`: networks that made history, trained on the modules at hand."""

from __future__ import annotations

import math
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinytorch.files import write_atomically
from tito.errors import TitoError
from tito.milestones.interruption import Interruption
from tito.milestones.owners import all_in_use, caught_by, explain, loaded_and_yours, unchecked
from tito.milestones.recipe import Recipe
from tito.terminal.groups import OrderedGroup
from tito.workspace.files import files_in

if TYPE_CHECKING:
    from tinytorch.datasets import MNIST

WEIGHTS, METRICS, PICTURE = "weights.safetensors", "metrics.json", "mnist.png"
ROOM = 2_000_000  # bytes, more than the three files take together
TRAINING_IMAGES = 60_000


@click.group(cls=OrderedGroup)
def milestone() -> None:
    """Train a famous network on these layers."""


def positive(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """A finite number above 0, which click's own ranges don't quite ask for."""
    if not 0 < value < math.inf:
        raise click.BadParameter(f"{value} is not a finite number above 0.")
    return value


@milestone.command()
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    default=Recipe.epochs,
    show_default=True,
    help="How often to go through the training images.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, TRAINING_IMAGES),
    default=Recipe.batch_size,
    show_default=True,
    help="How many images to learn from at each step.",
)
@click.option(
    "--lr",
    type=float,
    callback=positive,
    default=Recipe.lr,
    show_default=True,
    help="The highest learning rate of the schedule.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=Recipe.seed,
    show_default=True,
    help="Where randomness starts, that of np.random and random included.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="How many threads share a matrix product. [default: one or all, whichever is faster]",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="milestone-mnist",
    show_default=True,
    help="The folder for the results; those of an earlier run in it are replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; progress on stderr.")
@click.option("--traceback", "-v", is_flag=True, help="Show the whole traceback of an error.")
@click.pass_context
def mnist(
    ctx: click.Context,
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int,
    threads: int | None,
    output: Path,
    as_json: bool,
    traceback: bool,
) -> None:
    """Train a three-layer network to read handwritten digits.

    It learns from the 60,000 images of MNIST and is then tested, once, on 10,000 others. The
    output folder gets its weights (weights.safetensors), all numbers of the run (metrics.json)
    and a picture of them (mnist.png).

    Ctrl-C ends the training early and keeps what was learned so far; the exit code is then 130.

    The same seed gives the same weights on the same number of threads: on others, sums are rounded
    otherwise. Which number is faster is measured before training, and again where steps get slow;
    --threads or a variable such as OPENBLAS_NUM_THREADS decides it instead.

    The time that is reported, and `seconds` in JSON, is that of the training alone: loading,
    testing and drawing come on top.
    """
    recipe = Recipe(epochs=epochs, batch_size=batch_size, lr=lr, seed=seed)
    prepare(output)
    try:
        exit_code = run(recipe, threads, output, as_json)
    except KeyboardInterrupt:
        click.echo(f"\nAborted. No file in {output} is half-written.", err=True)
        exit_code = 130
    except (click.ClickException, BrokenPipeError):
        raise
    except Exception as error:
        explanation = explain(error)
        if traceback or explanation is None:
            raise
        raise TitoError(explanation) from error
    ctx.exit(exit_code)


def prepare(output: Path) -> None:
    """Make the output folder and see that the results will fit, before an hour is spent on them."""
    with files_in(output):
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output) as probe:
            probe.write(bytes(ROOM))
    for name in (WEIGHTS, METRICS, PICTURE):
        if (output / name).is_dir():
            raise TitoError(f"{output / name} is a folder; a file of that name is to be written.")


def run(recipe: Recipe, asked: int | None, output: Path, as_json: bool) -> int:
    """Train, test, write and tell; returns the exit code."""
    # Imported here, since this is where a module that cannot be imported comes to light.
    import numpy as np
    from rich.console import Console

    from tinytorch.core.training import save
    from tinytorch.course.contention import Contention
    from tinytorch.course.owners import described
    from tito.milestones.classifier import DigitNetwork, train
    from tito.milestones.history import History
    from tito.milestones.outcome import (
        Results,
        evaluate,
        json_text,
        metrics,
        oddity,
        show_report,
    )
    from tito.milestones.progress import Progress
    from tito.milestones.seeding import repeats, seed
    from tito.milestones.threads import MatrixThreads, Tuner, seconds_of_steps

    digits = load()
    images = digits.train_images.reshape(-1, 784)
    test_images = digits.test_images.reshape(-1, 784)
    threads = MatrixThreads()
    because = threads.fix(asked)
    owners = all_in_use()
    repeatable = repeats(recipe.seed)
    seed(recipe.seed)
    network = DigitNetwork()
    parameters = sum(parameter.size for parameter in network.parameters())

    console = Console(stderr=as_json, highlight=False, markup=False)
    console.print(f"Training 784-256-128-10, {parameters:,} parameters, on {len(images):,} digits.")
    console.print(f"Modules: {described(owners)}.")
    if not repeatable:
        console.print(
            f"Seed {recipe.seed} does not reach all that is random in your modules, so that "
            "another run will end otherwise; draw from generator() in tinytorch.random."
        )
    labels = digits.train_labels
    measure = partial(
        seconds_of_steps, threads=threads, images=images, labels=labels, recipe=recipe
    )
    tuner = Tuner(threads, measure, because)
    # A training that diverges ends with a message; NumPy's warnings on the way there add nothing.
    with np.errstate(over="ignore", invalid="ignore"), Interruption() as interruption:
        tuner.choose()
        if tuner.reason:
            console.print(tuner.reason)
        console.print()
        history, contention = History(), Contention()
        with Progress(console, recipe.epochs) as progress:
            for step in train(network, images, labels, recipe):
                progress.update(history.add(step, threads.count), history)
                if interruption.signal:
                    break
                with history.paused():
                    tuner.follow(history.latest)
        waited = contention.share
        with files_in(output):
            # A folder never holds the weights of one run and the numbers of another.
            for name in (METRICS, PICTURE):
                (output / name).unlink(missing_ok=True)
            save(output / WEIGHTS, network.state())
    console.print()
    if history.has_changed_threads:
        console.print(
            f"Steps had become slow. {tuner.reason} Sums are rounded otherwise on another number "
            "of threads, so that the next run with this seed may end with other digits."
        )
    if interruption.signal:
        console.print(f"Stopped in epoch {step.epoch}; what was learned so far is kept.")

    results = Results(
        recipe=recipe,
        owners=owners,
        parameters=parameters,
        history=history,
        interrupted=bool(interruption.signal),
        waited=waited,
        repeatable=repeatable and not history.has_changed_threads,
        train=evaluate(network, images, labels),
        test=evaluate(network, test_images, digits.test_labels),
    )
    with files_in(output):
        write_atomically(output / METRICS, json_text(metrics(results)))
    if not as_json:
        show_report(console, results)

    # Imported last: it takes a second, in which the report can be read.
    from tito.milestones.picture import draw

    picture = draw(results, test_images)
    with files_in(output):
        write_atomically(output / PICTURE, picture)

    files = {"weights": output / WEIGHTS, "metrics": output / METRICS, "picture": output / PICTURE}
    if as_json:
        paths = {name: str(path.absolute()) for name, path in files.items()}
        click.echo(json_text(metrics(results) | {"files": paths}), nl=False)
    else:
        click.echo()
        for name, path in files.items():
            click.echo(f"{name}  {path}")
    if interruption.signal:
        return 128 + interruption.signal
    if (odd := oddity(results)) and (yours := loaded_and_yours()):
        click.echo(err=True)
        if caught := caught_by(yours):
            raise TitoError("\n".join([f"{odd} That is because of a module of yours.", *caught]))
        if told := unchecked(yours):
            click.echo(f"{odd} {told}", err=True)
    return 0


def load() -> MNIST:
    """The images and labels; a damaged file is told in one message."""
    from tinytorch.datasets import mnist

    try:
        return mnist()
    except (OSError, ValueError) as error:
        raise TitoError(str(error)) from error
