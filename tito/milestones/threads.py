"""How many threads matrix products get: as many as make a step of training fast, here and now.

NumPy's matrix library starts a thread for each processor, and the threads of one product wait for
each other. Where other programs use the processors too, there is always one that is held up, and a
step takes many times as long as on a single thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from tinytorch.course.explore.units import seconds
from tinytorch.course.machine import threads_asked_for
from tito.errors import TitoError
from tito.milestones.classifier import DigitNetwork, train
from tito.milestones.recipe import Recipe
from tito.milestones.seeding import randomness_as_it_was

ROUNDS = 5
LONGEST = 0.5  # seconds, after which no other round begins
WORTH = 0.9  # of the time on one thread: more threads must stay below this to be used
BLOCK = 20  # steps that are timed together
SLOW = 2.0  # as many times as long as the fastest block


def counted(threads: int | None) -> str:
    """A number of threads in a sentence."""
    return f"{threads} thread{'s' * (threads != 1)}"


class MatrixThreads:
    """The threads of NumPy's matrix products, in this process.

    Attributes:
        count: how many there are; None where the library lets nobody ask or choose, as Apple's.
    """

    def __init__(self) -> None:
        self._pools = ThreadpoolController().select(user_api="blas")

    @property
    def count(self) -> int | None:
        return max((pool.num_threads for pool in self._pools.lib_controllers), default=None)

    def use(self, count: int) -> None:
        """Have so many from now on."""
        self._pools.limit(limits=count)

    def fix(self, option: int | None) -> str:
        """Set the number that somebody has asked for, by an option or in the environment.

        Returns:
            The reason, in words; empty if nobody has.

        Raises:
            TitoError: an option is given, and the library lets nobody choose.
        """
        if option:
            if self.count is None:
                raise TitoError(
                    f"--threads is {option}, but NumPy's matrix library here lets nobody choose "
                    "its threads. Leave --threads out."
                )
            self.use(option)
            return f"--threads is {option}"
        if self.count is None or not (asked := threads_asked_for()):
            return ""
        variable, count = asked
        self.use(min(count, self.count))  # whichever library the variable is meant for
        return f"{variable} is {count}"

    def __str__(self) -> str:
        return counted(self.count)


class Tuner:
    """Chooses the number of threads by measuring: before training, and again where it gets slow.

    Args:
        threads: what to set.
        measure: takes steps with each of the numbers of threads that it is given, and returns the
            seconds that one takes.
        because: why the number is to stay as it is; empty if it may be chosen.

    Attributes:
        reason: on how many threads matrix products run, and why; empty where nobody had a choice.
    """

    def __init__(
        self,
        threads: MatrixThreads,
        measure: Callable[[Sequence[int]], dict[int, float]],
        because: str = "",
    ) -> None:
        self.reason = f"Matrix products run on {threads}, since {because}." if because else ""
        self._threads = threads
        self._measure = measure
        self._most = 1 if because else threads.count or 1
        self._pace = Pace()

    def choose(self) -> None:
        """Measure and set, where there is a choice."""
        if self._most == 1:
            return
        taken = self._measure((1, self._most))
        self._threads.use(fastest(taken))
        each = " and ".join(f"{seconds(time)} on {count}" for count, time in taken.items())
        self.reason = f"Matrix products run on {self._threads}: a step takes {each}."

    def follow(self, latest: float) -> None:
        """Choose again where steps have become slow, unless one thread takes them already.

        Args:
            latest: the seconds that the latest step took.
        """
        if self._pace.has_slowed(latest) and self._threads.count != 1:
            self.choose()


def fastest(taken: Mapping[int, float]) -> int:
    """The number of threads to use, by the seconds of a step: all if they save enough, else one."""
    most = max(taken)
    return most if taken[most] < WORTH * taken[1] else 1


class Pace:
    """Notices when steps take several times as long as they did."""

    def __init__(self) -> None:
        self._block: list[float] = []
        self._fastest = math.inf

    def has_slowed(self, latest: float) -> bool:
        """Take in the seconds of a step; True at the end of a block of slow ones."""
        self._block.append(latest)
        if len(self._block) < BLOCK:
            return False
        taken = sum(self._block)
        self._block.clear()
        slow = taken > SLOW * self._fastest
        # Slow steps that nothing can be done about are the pace from then on.
        self._fastest = taken if slow else min(taken, self._fastest)
        return slow


def seconds_of_steps(
    counts: Sequence[int],
    threads: MatrixThreads,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
) -> dict[int, float]:
    """How long a step of training takes on so many threads: the median of a few, in turns.

    The steps are those of a network that is thrown away, and what they draw at random is drawn
    again afterwards: training goes on as if they had not been.
    """
    taken: dict[int, list[float]] = {count: [] for count in counts}
    # As many epochs as steps, since an epoch may have one step only; no weight is to move far.
    recipe = replace(recipe, epochs=len(counts) * (ROUNDS + 1), lr=1e-12)
    with randomness_as_it_was():
        steps = train(DigitNetwork(), images, labels, recipe)
        next(steps)  # the first one fills the caches
        for _ in range(ROUNDS):
            for count, found in taken.items():
                threads.use(count)
                start = time.perf_counter()
                next(steps)
                found.append(time.perf_counter() - start)
            if sum(map(sum, taken.values())) > LONGEST:
                break
    return {count: median(found) for count, found in taken.items()}
