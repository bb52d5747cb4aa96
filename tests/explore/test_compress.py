"""A network made smaller."""

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.digits import digits
from tinytorch.course.explore.experiment import experiment_file
from tinytorch.course.explore.running import run

compress = experiment_file("layers", "compress")
Network = compress.Network
Settings = compress.Settings
Workbench = compress.Workbench
largest_weights = compress.largest_weights
quantized = compress.quantized
stored_bytes = compress.stored_bytes

QUESTION = find_question("compress")
QUICKLY = {"hidden": (12, 8, 8, 6), "images": 1000, "epochs": 1, "test_images": 500, "target": 20}


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_a_quantized_unit_takes_no_more_values_than_its_bits_can_tell_apart(bits: int) -> None:
    weight = np.random.default_rng(0).standard_normal((500, 3))
    for unit, rounded in zip(weight.T, quantized(weight, bits).T, strict=True):
        levels = np.abs(unit).max() * np.arange(2**bits - 1) / (2 ** (bits - 1) - 1)
        levels -= np.abs(unit).max()
        nearest = [levels[np.argmin(np.abs(levels - w))] for w in unit]
        assert rounded == pytest.approx(np.array(nearest))


def test_zeros_stay_zeros() -> None:
    assert np.array_equal(quantized(np.zeros((3, 2)), 4), np.zeros((3, 2)))


def test_pruning_keeps_the_largest_weights_of_all_layers_together() -> None:
    first, second = np.array([[1.0, -5.0]]), np.array([[3.0], [-0.5]])
    masks = largest_weights([first, second], 0.5)
    assert masks[0].tolist() == [[False, True]]
    assert masks[1].tolist() == [[True], [False]]


def test_stored_bytes_are_those_of_arrays_that_hold_the_same() -> None:
    whole = [np.zeros(1000, np.float32), np.zeros(10, np.float32)]
    assert stored_bytes(1000, 1000, 32, 10, 0) == sum(array.nbytes for array in whole)
    eight_bits = [np.zeros(1000, np.int8), np.zeros(10, np.float32), np.zeros(7, np.float32)]
    assert stored_bytes(1000, 1000, 8, 10, 7) == sum(array.nbytes for array in eight_bits)


def test_positions_are_noted_in_the_shorter_way() -> None:
    bits = np.packbits(np.ones(1000, bool)).nbytes
    assert stored_bytes(1000, 400, 32, 0, 0) == 4 * 400 + bits
    assert stored_bytes(1000, 30, 32, 0, 0) == 4 * 30 + 30


def test_sixteen_bits_change_nothing_and_the_size_is_half() -> None:
    values = run(
        QUESTION, QUICKLY | {"bits": (16,), "keep": (100,), "more_epochs": 0}
    ).answer.values
    whole, half = values["whole"], values["curves"]["fewer bits"][0]
    assert half["error"] == pytest.approx(whole["error"], abs=0.005)
    assert half["bytes"] < 0.6 * whole["bytes"]
    assert values["curves"]["fewer weights"][0] == whole | {"setting": "100% kept"}


def test_the_smallest_makes_at_most_one_mistake_more_in_a_hundred() -> None:
    values = run(QUESTION, QUICKLY | {"bits": (8, 4), "keep": (50,)}).answer.values
    allowed = values["whole"]["error"] + 0.01
    points = [point for points in values["curves"].values() for point in points]
    good = [point["bytes"] for point in [*points, values["whole"]] if point["error"] <= allowed]
    assert values["smallest_bytes"] == min(good)


def test_weights_outside_the_masks_are_zero_before_each_step_of_training() -> None:
    network = Network([4, 3, 2])
    network.masks = [np.zeros((4, 3), bool), np.ones((3, 2), bool)]
    network(Tensor(np.ones((1, 4))), training=True)
    assert np.count_nonzero(network.weights[0]) == 0
    assert np.count_nonzero(network.weights[1]) == 6


def test_pruned_weights_are_still_zero_after_training_on() -> None:
    bench = Workbench(Settings(hidden=(8, 8, 8, 8), images=300, epochs=1), digits(300, 100))
    bench.train(lambda share: None)
    before = [weight.copy() for weight in bench.network.weights]
    kept = bench.prune(0.1)
    bench.train_on()
    assert sum(np.count_nonzero(weight) for weight in bench.network.weights) <= kept
    masks = bench.network.masks
    assert masks is not None
    moved = [w[m] != b[m] for w, b, m in zip(bench.network.weights, before, masks, strict=True)]
    assert any(change.any() for change in moved)
