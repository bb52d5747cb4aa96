"""Code that does not come to an end is interrupted from within, where nothing outside can."""

import time
from collections.abc import Callable

import pytest

from tinytorch.course.checking.judge import OutOfTime
from tinytorch.course.checking.limit import time_limit


def forever() -> None:
    while True:
        pass


def growing() -> None:
    numbers = [0]
    for number in numbers:
        numbers.append(number)


def generating() -> None:
    sum(0 for _ in iter(int, 1))


def in_a_comprehension() -> None:
    len([None for _ in iter(int, 1)])


def stubborn() -> None:
    caught = 0
    while caught < 2:
        try:
            forever()
        except OutOfTime:
            caught += 1
    forever()


def after_another_limit() -> None:
    with time_limit(10):
        pass
    forever()


@pytest.mark.parametrize(
    "endless", [forever, growing, generating, in_a_comprehension, stubborn, after_another_limit]
)
def test_an_endless_loop_ends_when_its_time_is_up(endless: Callable[[], None]) -> None:
    with pytest.raises(OutOfTime, match=r"still running after 0\.2 seconds"), time_limit(0.2):
        endless()


def test_afterwards_nothing_is_interrupted() -> None:
    with time_limit(0.1):
        pass
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        pass
