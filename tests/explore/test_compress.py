"""A network made smaller."""

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch import Tensor
from tinytorch.course.explore.bench import Network
from tinytorch.course.explore.digits import digits

compress = program_of("compress")
stored_bytes = compress.stored_bytes


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_a_quantized_unit_takes_no_more_values_than_its_bits_can_tell_apart(bits: int) -> None:
    weight = np.random.default_rng(0).standard_normal((500, 3))
    weight[:, 2] = 0
    for unit, rounded in zip(weight.T, compress.quantized(weight, bits).T, strict=True):
        levels = np.abs(unit).max() * (np.arange(2**bits - 1) / (2 ** (bits - 1) - 1) - 1)
        nearest = [levels[np.argmin(np.abs(levels - w))] for w in unit]
        assert rounded == pytest.approx(np.array(nearest))


def test_pruning_keeps_the_largest_weights_of_all_layers_together() -> None:
    masks = compress.largest_weights([np.array([[1.0, -5.0]]), np.array([[3.0], [-0.5]])], 0.5)
    assert [mask.tolist() for mask in masks] == [[[False, True]], [[True], [False]]]


def test_stored_bytes_are_those_of_arrays_that_hold_the_same() -> None:
    biases, scales = np.zeros(10, np.float32).nbytes, np.zeros(7, np.float32).nbytes
    assert stored_bytes(1000, 1000, 32, 10, 0) == np.zeros(1000, np.float32).nbytes + biases
    assert stored_bytes(1000, 1000, 8, 10, 7) == np.zeros(1000, np.int8).nbytes + biases + scales
    # Positions are noted in the shorter way.
    assert stored_bytes(1000, 400, 32, 0, 0) == 4 * 400 + np.packbits(np.ones(1000, bool)).nbytes
    assert stored_bytes(1000, 30, 32, 0, 0) == 4 * 30 + 30


def test_sixteen_bits_change_nothing_and_the_size_is_half() -> None:
    values = quickly("compress", bits=(16,), keep=(100,), more_epochs=0, images=1000).values
    whole, half = values["whole"], values["curves"]["fewer bits"][0]
    assert half["error"] == pytest.approx(whole["error"], abs=0.005)
    assert half["bytes"] < 0.6 * whole["bytes"]
    assert values["curves"]["fewer weights"][0] == whole | {"setting": "100% kept"}


def test_the_smallest_makes_at_most_one_mistake_more_in_a_hundred() -> None:
    values = quickly("compress", bits=(8, 4), keep=(50,)).values
    points = [values["whole"], *(point for way in values["curves"].values() for point in way)]
    allowed = values["whole"]["error"] + 0.01
    assert values["smallest_bytes"] == min(p["bytes"] for p in points if p["error"] <= allowed)


def test_weights_outside_the_masks_are_zero_while_and_after_the_others_are_trained() -> None:
    seen: list[int] = []

    def between(x: Tensor, training: bool) -> Tensor:
        seen.append(np.count_nonzero(network.layers[0].weight.data[~masks[0]]))
        return x

    network = Network([784, 8, 10], between=between)
    before = [layer.weight.data.copy() for layer in network.layers]
    masks = compress.largest_weights(before, 0.1)
    compress.train_on(network, masks, digits(300, 100), compress.Settings(more_epochs=1))
    assert seen == [0, 0, 0]
    for layer, mask, old in zip(network.layers, masks, before, strict=True):
        assert np.count_nonzero(layer.weight.data[~mask]) == 0
        assert (layer.weight.data[mask] != old[mask]).any()
