"""Composition by hand and by a container."""

from inspect import getsource
from typing import Any

import numpy as np
import pytest
from quick import program_of, quickly

from tinytorch import Tensor, manual_seed

composition = program_of("composition")
BATCH = 500
X = Tensor(np.random.default_rng(0).standard_normal((BATCH, 784), np.float32))


def both(wrong: int = 0) -> list[Any]:
    """784-64-32-10 by hand and in a container, alike."""
    networks = []
    for make in composition.NETWORKS.values():
        manual_seed(0)
        networks.append(make(64, 32, wrong))
    return networks


@pytest.mark.parametrize("training", [False, True])
def test_both_are_the_same_function_with_the_same_parameters_in_the_same_order(
    training: bool,
) -> None:
    outputs, parameters = [], []
    for network in both():
        manual_seed(1)
        outputs.append(network(X, training=training).data)
        parameters.append([parameter.data for parameter in network.parameters()])
    assert np.array_equal(*outputs)
    assert all(map(np.array_equal, *parameters))
    assert len(parameters[0]) == len(parameters[1]) == 6


def test_by_hand_a_debugger_has_every_result_under_its_name() -> None:
    by_hand, container = (composition.seen_in(network, X) for network in both(wrong=1))
    assert by_hand["error"] == container["error"] != ""
    assert by_hand["line"] == "hidden2 = self.layer2(dropped1)"
    hidden = dict.fromkeys(("hidden1", "active1", "dropped1"), (BATCH, 64))
    assert by_hand["tensors"] == {"x": (BATCH, 784), **hidden}
    assert container["tensors"] == {"x": (BATCH, 64)}
    assert composition.seen_in(both()[0], X)["error"] == ""  # nothing fails


def test_a_layer_is_named_three_times_by_hand_and_once_in_the_container() -> None:
    by_hand, container = map(getsource, (composition.ByHand, composition.in_container))
    assert [by_hand.count(f"layer{n}") for n in (1, 2, 3)] == [3, 3, 3]
    assert container.count("Linear(") == 3
    assert ("places that name a layer", "3", "1") in quickly("composition").tables[1].rows


def test_names_keep_results_alive_until_the_call_ends() -> None:
    by_hand, container = (composition.peak_of_a_call(network, X) for network in both())
    sample = 4 * BATCH
    # All results, since Dropout passes its input through: twice 64, twice 32, and the logits.
    held = sample * (64 + 64 + 32 + 32 + 10)
    assert held <= by_hand < 1.3 * held
    # Never more than the input and output of an operation on 64 units, and one on the way.
    assert sample * 2 * 64 <= container < 1.1 * sample * 3 * 64
    assert container < by_hand


def test_emptied_networks_hand_their_input_through() -> None:
    assert all(composition.emptied(network)(X, training=True) is X for network in both())


def test_the_share_is_that_of_the_times() -> None:
    answer = quickly("composition")
    values = answer.values
    assert values["equal"]
    assert values["extra_share"] == values["extra_seconds"] / values["seconds"]["by hand 1"]
    assert answer.truth == 100 * values["extra_share"]
