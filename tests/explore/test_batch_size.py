"""Samples a second, and their limits."""

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch.course.explore.timing import Times

batch_size = program_of("batch_size")
DOING = pytest.mark.parametrize("doing", ["training", "inference"])


@DOING
@pytest.mark.parametrize("sizes", [[784, 20, 10], [784, 256, 128, 10], [7, 5]])
def test_the_flops_are_those_of_the_matrix_products(sizes: list[int], doing: str) -> None:
    timed = [call.args for call in batch_size.products(sizes, 6, doing)]
    counted = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in timed)
    assert counted == 6 * batch_size.flops_of(sizes, doing)


def test_a_rate_has_fallen_when_it_is_down_twice() -> None:
    def fallen(*rates: float) -> bool:
        batches = (2**power for power in range(len(rates)))
        times = {b: Times((b / rate,)) for b, rate in zip(batches, rates, strict=True)}
        return batch_size.has_fallen(times)

    assert fallen(1, 4, 3.5, 3.4)
    for rates in ([1, 2], [1, 2, 4, 4, 3.9], [1, 4, 2, 4], [1, 4, 3.4]):
        assert not fallen(*rates)


@DOING
def test_the_answer_hangs_together(doing: str) -> None:
    answer = quickly("batch-size", most=4, doing=doing)
    values = answer.values
    assert values["batches"] == [1, 2, 4]
    rates = np.divide(values["batches"], values["seconds"])
    assert values["samples_per_second"] == pytest.approx(rates)
    assert values["best"] == values["batches"][int(np.argmax(rates))]
    assert values["gain"] == pytest.approx(rates.max() / rates[0])
    assert values["plateau"] <= values["best"]
    # A step takes the overhead, and for each sample its arithmetic at the peak.
    _, overhead, together = (series.y for series in answer.picture.panels[0].series)
    arithmetic = values["flops_per_sample"] / values["peak_flops_per_second"]
    assert answer.picture.panels[0].marks[0].value == pytest.approx(1 / arithmetic)
    assert overhead[:1] == pytest.approx([1 / values["overhead"]])
    assert together == pytest.approx([b / (values["overhead"] + b * arithmetic) for b in (1, 2, 4)])
