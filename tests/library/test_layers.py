"""Layers: shapes, how weights start out, and the statistics of dropout.

Every bound of a statistical test here is passed by a correct layer but for fewer than one run in
a billion, whatever the seed; the comments say how it was reckoned.
"""

import math
from typing import Any

import numpy as np
import pytest

import tinytorch
from tinytorch.core.layers import Dropout, Layer, Linear
from tinytorch.core.tensor import Tensor

# Six and a half standard deviations of a normal distribution: 8 in 10**11, both sides together.
BOUND = 6.5

# ---- Linear --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (1,), (4,), (0,), (2, 3), (2, 1, 3), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_linear_computes_x_times_weight_plus_bias(batch: tuple[int, ...], bias: bool) -> None:
    layer = Linear(5, 3, bias=bias)
    if layer.bias is not None:
        layer.bias.data[:] = [1.0, -2.0, 3.0]
    x = np.random.default_rng(0).standard_normal((*batch, 5))
    expected = x @ layer.weight.data.astype(np.float64)
    if layer.bias is not None:
        expected = expected + layer.bias.data
    y = layer(Tensor(x))
    assert y.shape == (*batch, 3)
    np.testing.assert_allclose(y.data, expected, rtol=1e-5, atol=1e-5)


def test_each_sample_of_a_batch_is_transformed_by_itself() -> None:
    layer = Linear(4, 2)
    x = np.random.default_rng(0).standard_normal((6, 4))
    whole = layer(x).data
    for i in range(6):
        np.testing.assert_allclose(layer(x[i]).data, whole[i], rtol=1e-5, atol=1e-6)


def test_linear_takes_arrays_and_lists() -> None:
    layer = Linear(2, 1)
    expected = layer(Tensor([[1.0, 2.0]])).data
    for x in ([[1, 2]], np.array([[1.0, 2.0]]), np.array([[1, 2]], dtype=np.uint8)):
        np.testing.assert_array_equal(layer(x).data, expected)


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (3, 0), (0, 0)])
def test_linear_with_no_features_in_or_out(rows: int, columns: int) -> None:
    layer = Linear(rows, columns)
    assert layer.weight.shape == (rows, columns)
    y = layer(np.ones((4, rows)))
    assert y.shape == (4, columns)
    assert not y.data.any()
    y.sum().backward()
    for parameter in layer.parameters():
        assert parameter.grad is not None
        assert parameter.grad.shape == parameter.shape


def test_linear_holds_its_sizes_and_parameters() -> None:
    layer = Linear(784, 256)
    assert (layer.in_features, layer.out_features) == (784, 256)
    assert layer.weight.shape == (784, 256)
    assert layer.bias is not None
    assert layer.bias.shape == (256,)
    weight, bias = layer.parameters()
    assert weight is layer.weight
    assert bias is layer.bias
    assert all(p.requires_grad and p.dtype == np.float32 and p.grad is None for p in (weight, bias))
    assert sum(p.data.size for p in layer.parameters()) == 200_960


def test_linear_without_bias_has_none() -> None:
    layer = Linear(3, 2, bias=False)
    assert layer.bias is None
    (weight,) = layer.parameters()
    assert weight is layer.weight
    assert not layer(np.zeros((2, 3))).data.any()


def test_a_replaced_weight_is_used_and_listed() -> None:
    layer = Linear(2, 1)
    layer.weight = Tensor([[1.0], [2.0]], requires_grad=True)
    assert layer([3.0, 4.0]).data.tolist() == [11.0]
    assert layer.parameters()[0] is layer.weight


def test_linear_shows_its_sizes() -> None:
    assert repr(Linear(3, 2)) == "Linear(3, 2)"
    assert repr(Linear(3, 2, bias=False)) == "Linear(3, 2, bias=False)"


def test_numpy_whole_numbers_are_sizes() -> None:
    layer = Linear(np.int64(3), np.uint8(2))
    assert layer.weight.shape == (3, 2)


# ---- How weights start out -----------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), [(1, 40_000), (16, 4_000), (784, 256), (2_000, 50)])
def test_weights_have_standard_deviation_sqrt_of_1_over_in_features(
    rows: int, columns: int
) -> None:
    weight = Linear(rows, columns).weight.data.astype(np.float64)
    count, scale = weight.size, math.sqrt(1 / rows)
    # The mean of n normal numbers has standard deviation scale / sqrt(n), and their standard
    # deviation one of scale / sqrt(2 n), to a good approximation for such n.
    assert abs(weight.mean()) < BOUND * scale / math.sqrt(count)
    assert abs(weight.std() / scale - 1) < BOUND / math.sqrt(2 * count)


def test_weights_are_normally_distributed() -> None:
    weight = Linear(400, 500).weight.data.ravel() * math.sqrt(400)
    n = weight.size
    for threshold in (0.5, 1.0, 2.0, 3.0):
        probability = math.erfc(threshold / math.sqrt(2))
        found = np.count_nonzero(np.abs(weight) > threshold)
        deviation = math.sqrt(n * probability * (1 - probability))
        assert abs(found - n * probability) < BOUND * deviation, f"beyond {threshold}"
    assert np.abs(weight).max() < 9  # one of 200,000 beyond: 5 in 10**14


def test_rows_and_columns_of_weights_are_unrelated() -> None:
    weight = Linear(300, 300).weight.data.astype(np.float64)
    for matrix in (weight, weight.T):
        correlations = np.corrcoef(matrix) - np.eye(300)
        # 44,850 correlations of 300 pairs, each normal with standard deviation 1 / sqrt(300):
        # one beyond 8.5 standard deviations in 10**12 runs.
        assert np.abs(correlations).max() < 8.5 / math.sqrt(300)


def test_signals_keep_their_size_through_many_layers() -> None:
    x = Tensor(np.random.default_rng(0).standard_normal((200, 256)))
    for _ in range(20):
        x = Linear(256, 256)(x).detach()
    # The logarithm of the size strays by 0.04 (standard deviation, seen in 100 runs).
    assert 0.75 < x.data.std() < 1.3


def test_biases_start_at_zero() -> None:
    bias = Linear(10, 1_000).bias
    assert bias is not None
    assert not bias.data.any()


def test_two_layers_start_out_differently() -> None:
    assert not np.array_equal(Linear(3, 3).weight.data, Linear(3, 3).weight.data)


def test_two_layers_share_no_memory() -> None:
    first, second = Linear(3, 3), Linear(3, 3)
    for one in first.parameters():
        for other in second.parameters():
            assert not np.shares_memory(one.data, other.data)


# ---- Dropout -------------------------------------------------------------------------------------

PROBABILITIES = [0.5, 0.3, 1 / 3, 0.1, 0.25, 0.75, 0.9, 0.001, 1 / 256, 1 / 65_536, 1 - 1 / 256]
every_probability = pytest.mark.parametrize("p", PROBABILITIES)


def dropped(p: float, *shape: int) -> np.ndarray:
    """Which elements a dropout layer dropped, as booleans."""
    return Dropout(p)(Tensor(np.ones(shape)), training=True).data == 0


@every_probability
def test_dropout_drops_each_element_with_probability_p(p: float) -> None:
    n = 1_000_000
    count = np.count_nonzero(dropped(p, n))
    # Bernstein's inequality for the binomial distribution, which holds for small p as well:
    # P(|count - n p| >= t) <= 2 exp(-t**2 / (2 (n p (1 - p) + t / 3))) = 10**-10.
    logarithm = math.log(2e10)
    t = logarithm / 3 + math.sqrt(logarithm**2 / 9 + 2 * logarithm * n * p * (1 - p))
    assert abs(count - n * p) < t


@every_probability
def test_survivors_are_scaled_exactly_by_1_over_1_minus_p(p: float) -> None:
    x = np.array([1.0, -2.0, 3.0, 0.1] * 250, dtype=np.float32)
    y = Dropout(p)(Tensor(x), training=True).data
    kept = y != 0
    np.testing.assert_array_equal(y[kept], x[kept] * np.float32(1 / (1 - p)))


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_dropout_keeps_the_expected_value(p: float) -> None:
    n = 200_000
    y = Dropout(p)(Tensor(np.full(n, 3.0)), training=True).data.astype(np.float64)
    deviation = 3 * math.sqrt(p / (1 - p)) / math.sqrt(n)
    assert abs(y.mean() - 3) < BOUND * deviation + 1e-5


@pytest.mark.parametrize("p", [0.5, 0.3, 0.05])
def test_every_place_is_dropped_at_the_same_rate(p: float) -> None:
    """In every element of a row, whatever its place in the random words that are drawn."""
    calls, places = 2_000, 70
    counts = sum(dropped(p, places).astype(int) for _ in range(calls))
    deviation = math.sqrt(calls * p * (1 - p))
    # Reckoned from the binomial distribution itself: 2 runs in 10**10 for p = 0.05, fewer else.
    assert np.abs(counts - calls * p).max() < 7.5 * deviation


@pytest.mark.parametrize("p", [0.5, 0.3])
def test_neighbours_are_dropped_independently(p: float) -> None:
    n = 400_000
    mask = dropped(p, n).astype(np.float64)
    centred = mask - p
    for distance in (1, 2, 3, 4, 7, 8, 16, 32, 64, 784):
        correlation = np.mean(centred[:-distance] * centred[distance:]) / (p * (1 - p))
        # The mean of n products of independent numbers: standard deviation 1 / sqrt(n).
        assert abs(correlation) < 7 / math.sqrt(n - distance), f"{distance} apart"


@pytest.mark.parametrize("p", [0.5, 0.3])
def test_rows_and_calls_are_dropped_independently(p: float) -> None:
    layer = Dropout(p)
    first, second = (layer(Tensor(np.ones((500, 400)))).data == 0 for _ in range(2))
    for one, other in [
        (first, second),
        (first[:250], first[250:]),
        (first[:, :200], first[:, 200:]),
    ]:
        agreement = np.mean(one == other)
        expected = p * p + (1 - p) * (1 - p)
        deviation = math.sqrt(expected * (1 - expected) / one.size)
        assert abs(agreement - expected) < BOUND * deviation


def test_a_zero_stays_zero_and_nothing_else_becomes_one() -> None:
    y = Dropout(0.5)(Tensor(np.zeros(100)), training=True)
    assert not y.data.any()


def test_dropout_of_0_keeps_all_and_of_1_none() -> None:
    x = Tensor([1.0, -2.0, 3.0])
    for zero in (0, 0.0):
        assert Dropout(zero)(x, training=True).data.tolist() == [1.0, -2.0, 3.0]
    for one in (1, 1.0):
        assert Dropout(one)(x, training=True).data.tolist() == [0.0, 0.0, 0.0]
        assert Dropout(one)(x, training=False).data.tolist() == [1.0, -2.0, 3.0]


@pytest.mark.parametrize("p", [1e-12, 1e-300, 5e-324])
def test_dropout_with_a_tiny_probability_drops_nothing_that_one_would_see(p: float) -> None:
    # A million elements, each dropped with 10**-12 or less: one in a million runs at most would
    # see a drop; so only the values are looked at, which are 1 for every kept element.
    y = Dropout(p)(Tensor(np.ones(1_000)), training=True).data
    assert set(y.tolist()) <= {0.0, 1.0}
    assert np.count_nonzero(y) >= 990  # ten of a thousand dropped: 1 in 10**96


@pytest.mark.parametrize("p", [1 - 1e-12, 1 - 2**-53, 1 - 2**-33, 1 - 2**-32, 1 - 2**-40])
def test_dropout_with_a_probability_next_to_1_drops_nearly_all(p: float) -> None:
    y = Dropout(p)(Tensor(np.ones(1_000)), training=True).data
    assert np.count_nonzero(y) <= 10
    assert np.isfinite(y).all()


def test_at_inference_the_input_itself_passes_through() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert Dropout(0.5)(x, training=False) is x
    assert Dropout(1.0)(x, training=False) is x
    assert Dropout(0.5)([1.0, 2.0], training=False).data.tolist() == [1.0, 2.0]


def test_training_is_the_default() -> None:
    x = Tensor(np.ones(200))
    assert (Dropout(0.5)(x).data == 0).any()  # all kept: 1 in 10**60
    assert Dropout()(x).data.max() == 2.0


def test_the_input_is_not_changed_by_dropout() -> None:
    x = Tensor(np.ones(100))
    Dropout(0.5)(x, training=True)
    assert x.data.tolist() == [1.0] * 100


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_the_gradient_passes_where_the_signal_did(p: float) -> None:
    x = Tensor(np.random.default_rng(0).standard_normal((20, 30)), requires_grad=True)
    y = Dropout(p)(x, training=True)
    y.sum().backward()
    assert x.grad is not None
    scale = 0 if p == 1 else np.float32(1 / (1 - p))
    np.testing.assert_array_equal(x.grad.data, np.where(y.data != 0, scale, 0))


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0), (7,), (2, 3, 5), (1, 1, 1)], ids=str)
@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_dropout_takes_any_shape(shape: tuple[int, ...], p: float) -> None:
    y = Dropout(p)(Tensor(np.ones(shape)), training=True)
    assert y.shape == shape
    assert set(y.data.ravel().tolist()) <= {0.0, float(np.float32(1 / (1 - p if p < 1 else 1)))}


def test_dropout_of_a_slice_or_transposed_tensor_is_as_random() -> None:
    x = Tensor(np.ones((300, 400)))
    for view in (x.T, x[::2], x[:, ::3]):
        y = Dropout(0.5)(view, training=True).data
        assert abs(np.count_nonzero(y) - y.size / 2) < BOUND * math.sqrt(y.size) / 2
        rows = (y == 0).mean(axis=1)
        assert np.abs(rows - 0.5).max() < 8 * 0.5 / math.sqrt(y.shape[1])


def test_dropout_is_reproduced_by_the_seed() -> None:
    masks = []
    for seed in (1, 1, 2):
        tinytorch.manual_seed(seed)
        masks.append([dropped(p, 100).tolist() for p in (0.5, 0.3, 0.1)])
    assert masks[0] == masks[1]
    assert masks[0] != masks[2]


def test_dropout_has_nothing_to_train_and_shows_its_probability() -> None:
    assert Dropout(0.5).parameters() == []
    assert Dropout(0.3).p == 0.3
    assert repr(Dropout(0.3)) == "Dropout(0.3)"
    assert Dropout().p == 0.5


# ---- Layers of one's own -------------------------------------------------------------------------


def test_a_layer_of_ones_own_is_called_through_forward() -> None:
    class Scale(Layer):
        def __init__(self) -> None:
            self.factor = Tensor(2.0, requires_grad=True)

        def forward(self, x: Any) -> Tensor:
            return x * self.factor

        def parameters(self) -> list[Tensor]:
            return [self.factor]

    layer = Scale()
    layer(Tensor([1.0, 2.0])).sum().backward()
    assert layer.factor.grad is not None
    assert layer.factor.grad.item() == 3.0


def test_an_unfinished_layer_says_what_is_missing() -> None:
    class Unfinished(Layer):
        pass

    assert Unfinished().parameters() == []
    with pytest.raises(NotImplementedError, match="Unfinished"):
        Unfinished()(Tensor([1.0]))


def test_three_layers_have_235_146_parameters_in_six_tensors() -> None:
    layers = [Linear(784, 256), Dropout(0.5), Linear(256, 128), Dropout(0.3), Linear(128, 10)]
    parameters = [p for layer in layers for p in layer.parameters()]
    assert len(parameters) == 6
    assert sum(p.size for p in parameters) == 235_146
