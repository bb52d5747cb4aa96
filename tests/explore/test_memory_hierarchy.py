"""Layers that outgrow the caches."""

import numpy as np
import pytest
from quick import answer_of, program_of

from tinytorch.course.explore.caches import Cache
from tinytorch.course.explore.timing import Times

memory_hierarchy = program_of("memory_hierarchy")
KNOWN = [Cache(1, 48 * 1024), Cache(2, 2**20), Cache(3, 32 * 2**20)]


@pytest.mark.parametrize(
    ("side", "expected"), [(110, "L1"), (111, "L2"), (512, "L2"), (513, "L3"), (4096, "memory")]
)
def test_a_layer_is_in_the_smallest_cache_it_fits_in(side: int, expected: str) -> None:
    assert memory_hierarchy.place(np.zeros((side, side), np.float32).nbytes, KNOWN) == expected
    assert memory_hierarchy.place(1, []) == "unknown"


@pytest.mark.parametrize("largest", [128, 1000, 4096, 8192])
def test_the_weights_double_from_layer_to_layer(largest: int) -> None:
    found = memory_hierarchy.widths(largest)
    assert found[-1] == largest
    ratios = np.square(np.divide(found[1:], found[:-1]))
    assert np.all(ratios[:-1] == pytest.approx(2, rel=0.05))
    assert 1 < ratios[-1] < 2.1


def test_the_bandwidth_is_that_of_the_weights_in_the_median_time_whatever_the_system_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = {"one": Times((1e-3, 2e-3, 9e-3)), "reading": Times((4e-3,)), "many": Times((1.0,))}
    monkeypatch.setattr(memory_hierarchy, "caches", list)
    monkeypatch.setattr(
        "tinytorch.course.explore.timing.measure",
        lambda calls, duration: {name: times.get(name, Times((1e-6,))) for name in calls},
    )
    answer = answer_of("memory-hierarchy", width=1000)
    assert answer.values["bandwidth"][-1] == 4e6 / 2e-3
    assert answer.values["reading_bandwidth"][-1] == 1e9
    assert "does not tell" in answer.headline
    assert answer.values["fits"] == "unknown"


def test_a_layer_larger_than_all_caches_is_said_not_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_hierarchy, "caches", lambda: [Cache(1, 20_000), Cache(2, 65_000)])
    answer = answer_of("memory-hierarchy", width=128, batch=2, seconds=0.01)
    assert "65.5 kB of weights and does not fit in the largest cache here, L2" in answer.headline
    assert answer.values["fits"] == "memory"
    bandwidth = answer.values["bandwidth"]
    assert answer.truth == max(bandwidth) / bandwidth[-1]
