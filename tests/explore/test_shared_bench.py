"""What experiments share: the network, its step, and memory by allocation."""

from itertools import pairwise

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor
from tinytorch.course.explore.bench import Network, allocated, parameters_of, step_to_time

X = Tensor(np.random.default_rng(0).standard_normal((4, 6), np.float32))


def test_the_network_is_products_with_relu_between_them() -> None:
    network = Network([6, 5, 3])
    (w1, b1), (w2, b2) = ([p.data for p in layer.parameters()] for layer in network.layers)
    expected = np.maximum(X.data @ w1 + b1, 0) @ w2 + b2
    assert network(X).data == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert sum(p.data.size for p in network.parameters()) == parameters_of([6, 5, 3])


@pytest.mark.parametrize("sizes", [[1, 1], [3, 5, 2], [7, 4, 4, 4, 1], [784, 256, 10]])
def test_the_formula_counts_every_weight_and_bias(sizes: list[int]) -> None:
    one_by_one = sum(n + 1 for n, m in pairwise(sizes) for _unit in range(m))
    assert parameters_of(sizes) == one_by_one


def test_between_the_layers_is_what_a_network_is_given() -> None:
    network = Network([6, 5, 3], between=lambda x, training: x * 2 if training else x)
    w1, w2 = (layer.weight.data for layer in network.layers)
    for training in (False, True):
        expected = (1 + training) * (X.data @ w1) @ w2
        assert network(X, training).data == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_dropout_is_at_work_in_training_alone() -> None:
    network = Network([6, 50, 3], p=0.5)
    assert np.array_equal(network(X).data, network(X, training=False).data)
    assert not np.array_equal(network(X).data, network(X, training=True).data)


@pytest.mark.parametrize("weight", [1.0, np.nan])
def test_a_step_goes_back_through_the_network_whatever_the_loss(weight: float) -> None:
    network = Network([6, 5, 3], p=0.5)
    network.layers[0].weight.data[...] = weight
    step_to_time(network, X, np.array([0, 1, 2, 0]))()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_step_without_the_update_leaves_gradients_and_weights_exactly_as_they_were() -> None:
    network = Network([6, 5, 3])
    network.layers[0].weight.data[...] = 1e-20  # so small that any update would be seen
    step_to_time(network, X, np.array([0, 1, 2, 0]), update=False)()
    assert np.all(network.layers[0].weight.data == np.float32(1e-20))
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_many_steps_leave_the_weights_where_they_are() -> None:
    network = Network([6, 5, 3])
    before = [parameter.data.copy() for parameter in network.parameters()]
    step = step_to_time(network, X, np.array([0, 1, 2, 0]))
    for _ in range(1000):
        step()
    for parameter, old in zip(network.parameters(), before, strict=True):
        assert parameter.data == pytest.approx(old, abs=1e-7)


def test_allocated_counts_what_is_held_and_the_most_that_was() -> None:
    with allocated() as outer:
        old = np.zeros(1000)
        with allocated() as inner:
            np.zeros(5000)
            new = np.zeros(2000)
            del old
    assert inner.held == pytest.approx(8 * 1000, abs=1000)
    assert inner.peak == pytest.approx(8 * 5000, abs=1000)
    assert outer.held == pytest.approx(new.nbytes, abs=2000)
