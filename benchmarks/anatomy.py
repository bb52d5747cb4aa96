"""Where the time of a training step goes: five programs, each doing more than the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise

from benchmarks.contestants import TINYTORCH, Contestant, Worker, take_turns
from benchmarks.results import Measurement, Results, Summary, summarize

STAGES = (
    Contestant("products", "products: the floor", "numpy"),
    Contestant("network", "+ biases, ReLU, dropout, loss", "numpy"),
    Contestant("step", "+ update: all by hand in NumPy", "numpy"),
    Contestant("anew", "+ new memory for each result", "numpy"),
    Contestant(TINYTORCH.key, "+ the framework: TinyTorch", "tinytorch"),
)
BATCH_SIZES = (32, 128, 512)


def measure_anatomy(
    peers: Sequence[Contestant],
    rounds: int,
    threads: int,
    seconds: float,
    start: Callable[[str, int], None],
    after_round: Callable[[], None],
) -> list[Measurement]:
    """Time the five programs and the step of others, with all threads and with one.

    Args:
        peers: whose step is measured beside the five.
        rounds: how often each is measured.
        threads: how many threads there are to use.
        seconds: for how long each is measured at each of its turns.
        start: told what begins, and how many rounds of it there are.
        after_round: called after each round.
    """
    measurements = []
    for count in dict.fromkeys((threads, 1)):
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(stage, count)) for stage in (*STAGES, *peers)]
            for batch_size in BATCH_SIZES:
                case = f"{batch_size}, {count} thread{'s' * (count > 1)}"
                start(f"anatomy, {case}", rounds)
                for worker in workers:
                    worker.ask("prepare", subject="by_hand", options={"batch_size": batch_size})
                times = take_turns(workers, rounds, seconds, after_round)
                measurements += [
                    Measurement("anatomy", case, key, "s", tuple(values), batch_size)
                    for key, values in times.items()
                ]
    return measurements


def parts(results: Results) -> Iterator[tuple[str, list[tuple[Summary, float]]]]:
    """For each stage and in each case: what it takes, and what it adds to the stage before.

    What it adds is the median of the differences within the rounds, in seconds.
    """
    cases = [measurements for _, measurements in results.cases("anatomy")]
    for before, stage in pairwise((None, *STAGES)):
        assert stage is not None
        found = []
        for measurements in cases:
            values = measurements[stage.key].values
            base = measurements[before.key].values if before else [0.0] * len(values)
            whole = summarize(values)
            added = summarize(
                [
                    a - b
                    for a, b in zip(values, base, strict=True)
                    if a is not None and b is not None
                ]
            )
            assert whole is not None
            assert added is not None
            found.append((whole, added.median))
        yield stage.title, found
