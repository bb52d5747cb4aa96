"""`tito bench`: the benchmarks, side by side with whatever peers are installed."""

import sys
from pathlib import Path

import click

from tito.repository import repository_root

# In the order in which they run. What needs a machine at rest comes first.
BENCHMARKS = (
    "training-step", "linear", "dropout", "batch", "width", "depth", "anatomy", "import", "mnist",
)  # fmt: skip
QUICK = ("training-step", "linear", "dropout", "import")


@click.command()
@click.option("--full", is_flag=True, help="Run everything: about ten minutes, instead of two.")
@click.option(
    "--only",
    "names",
    type=click.Choice(BENCHMARKS),
    metavar="NAME",
    multiple=True,
    help=f"Run only this benchmark, whole: {', '.join(BENCHMARKS)}. May be given several times.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads for each contestant. [default: as many as there are processors]",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    help="Rounds in which the contestants take turns. [default: 7 to 21, as the benchmark needs]",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("benchmark-results"),
    show_default=True,
    help="The folder for results.json and benchmarks.png.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing; show an earlier results.json.",
)
@click.option("--docs", is_flag=True, help="Write docs/benchmarks.md and its picture as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, not as a table.")
def bench(
    full: bool,
    names: tuple[str, ...],
    threads: int | None,
    rounds: int | None,
    output: Path,
    source: Path | None,
    docs: bool,
    as_json: bool,
) -> None:
    """Compare speed with PyTorch and JAX.

    Measures TinyTorch, PyTorch in eager mode, JAX compiled, and the floor of what NumPy can do,
    taking turns on this machine, each with the same number of threads. Prints a table with what is
    required beside what came out, and writes the numbers and a plot. It works in a clone of the
    repository; peers come with: pip install --group bench
    """
    root = repository_root()
    # The benchmarks belong to the clone; they are no part of the installed package.
    sys.path.insert(0, str(root))
    from benchmarks import run as report

    if source is None:
        chosen = tuple(n for n in BENCHMARKS if n in names) or (BENCHMARKS if full else QUICK)
        results = report.measure(chosen, full or bool(names), threads, rounds)
    else:
        results = report.read(source)
    files = report.write(results, output)
    if docs:
        files += report.write_page(results, root)
    report.show(results, files, as_json)
