"""Sums, means and variances of float32 are right to six digits, over any axes of any layout."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinytorch.core.activations import Softmax, softmax
from tinytorch.core.layers import Linear
from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch.core.tensor import Tensor
from tinytorch.summation import accurate_sum, accurate_var

TOLERANCE = 1e-6

SHAPES: list[tuple[int, ...]] = [
    *((), (1,), (16,), (17,), (33,), (1000,), (100_000,), (0,), (0, 3), (3, 0)),
    *((100_000, 2), (2, 100_000), (300, 300), (33, 40), (513, 3), (3, 513)),
    *((20, 30, 40), (2, 10_000, 3), (10_000, 2, 3), (300, 1, 300), (9, 9, 9, 9), (5,) * 5),
]


def laid_out(x: np.ndarray) -> Iterator[np.ndarray]:
    """The same numbers in every layout that they may have in memory."""
    yield x
    yield np.asfortranarray(x)
    if x.ndim:
        yield x[::-1]
        yield np.repeat(x, 2, axis=-1)[..., ::2]
        yield np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


def axes_of(x: np.ndarray) -> Iterator[Any]:
    yield None
    yield from range(-x.ndim, x.ndim)
    for count in range(1, x.ndim + 1):
        for axes in itertools.combinations(range(x.ndim), count):
            yield axes if count % 2 else tuple(axis - x.ndim for axis in reversed(axes))


def assert_close(found: Any, expected: Any) -> None:
    assert found.shape == np.shape(expected)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("number", [0.1, 1000.1])
def test_sums_and_means_are_those_of_float64(shape: tuple[int, ...], number: float) -> None:
    for x in laid_out(np.full(shape, number, np.float32)):
        exact = x.astype(np.float64)
        for i, axis in enumerate(axes_of(x)):
            keepdims = i % 2 == 1
            expected = exact.sum(axis, keepdims=keepdims)
            assert_close(Tensor(x).sum(axis, keepdims).data, expected)
            if x.size:
                expected = exact.mean(axis, keepdims=keepdims)
                assert_close(Tensor(x).mean(axis, keepdims).data, expected)


def test_a_million_rows_are_added_up() -> None:
    for number in (0.1, 1000.1):
        x = Tensor(np.full((1_000_000, 2), number, np.float32))
        exact = float(np.float32(number))
        assert_close(x.sum(axis=0).data, np.full(2, 1_000_000 * exact))
        assert_close(x.mean(axis=0).data, np.full(2, exact))
        assert x.var(axis=0).tolist() == [0, 0]


@pytest.mark.parametrize("tiny", [1e-8, 5e-8])
@pytest.mark.parametrize("place", [0, 1, 49_999, -1])
def test_what_is_tiny_beside_a_large_number_counts(place: int, tiny: float) -> None:
    x = np.full((100_000, 2), tiny, np.float32)
    x[place] = 1
    expected = x.sum(axis=0, dtype=np.float64)
    assert_close(Tensor(x).sum(axis=0).data, expected)
    assert_close(Tensor(x.T).mean(axis=1).data, expected / 100_000)
    assert_close(Tensor(-x).sum(axis=0).data, -expected)


@pytest.mark.parametrize("function", [np.sum, np.mean, np.var])
def test_numpys_functions_are_as_accurate_on_a_tensor(function: Any) -> None:
    x = np.random.default_rng(0).normal(1000, 1, (100_000, 3)).astype(np.float32)
    exact = x.astype(np.float64)
    for options in ({"axis": 0}, {"axis": (0,), "keepdims": True}, {}):
        assert_close(function(Tensor(x), **options).data, function(exact, **options))
    assert_close(function(Tensor(x), 0).data, function(exact, 0))
    assert_close(function(Tensor(x).T, 1).data, function(exact, 0))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.std(x, 0),
        lambda x: np.std(x),
        lambda x: np.var(x, axis=0, ddof=1),
        lambda x: np.average(x, 0),
        lambda x: np.cumsum(x, 0),
        lambda x: np.nansum(x, 0),
        lambda x: np.nanmean(x, axis=0),
        lambda x: np.nanvar(x, axis=0),
        lambda x: np.nanstd(x, axis=0),
        lambda x: np.linalg.norm(x, axis=0),
        lambda x: np.add.reduce(x),
        lambda x: np.add.reduce(x, axis=(0, 1)),
        lambda x: np.add.accumulate(x),
        lambda x: np.sum(x, axis=0, where=np.array([True, False, True])),
        lambda x: np.sum(x, axis=0, initial=1),
        lambda x: np.mean(x, 0, None, None, True),
    ],
)
def test_whatever_of_numpys_adds_up_is_as_accurate_on_a_tensor(function: Any) -> None:
    x = np.random.default_rng(0).normal(1000, 1, (100_000, 3)).astype(np.float32)
    result = function(Tensor(x))
    assert result.dtype == np.float32
    assert_close(result.data, function(x.astype(np.float64)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(x, 0, None),
        lambda x: np.mean(x, 0, None, None, True),
        lambda x: np.var(x, axis=0, dtype=None),
        lambda x: np.max(x, 0, None),
        lambda x: np.add.reduce(x),
        lambda x: softmax(x, axis=0)[0],
    ],
)
def test_what_adds_up_by_any_name_has_a_gradient(function: Any) -> None:
    x = Tensor(np.arange(120.0).reshape(40, 3) / 100, requires_grad=True)
    function(x).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == x.shape


def test_what_is_taken_by_an_index_a_million_times_gets_the_whole_gradient() -> None:
    x = Tensor(np.ones((3, 2)), requires_grad=True)
    (x[np.zeros(1_000_000, int)] * 0.1).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32
    assert_close(x.grad.data[0], np.full(2, 1_000_000 * float(np.float32(0.1))))


@pytest.mark.parametrize("spread", [0.0, 0.01, 1.0, 1000.0])
@pytest.mark.parametrize("mean", [0.0, 1000.1])
def test_a_variance_is_that_of_float64(mean: float, spread: float) -> None:
    x = np.random.default_rng(0).normal(mean, spread, (100_000, 2)).astype(np.float32)
    exact = x.astype(np.float64)
    for axis in (0, 1, None, (0, 1)):
        for keepdims in (False, True):
            expected = np.var(exact, axis=axis, keepdims=keepdims)
            assert_close(Tensor(x).var(axis, keepdims).data, expected)
    assert_close(Tensor(x).T.var(1).data, np.var(exact, axis=0))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int32, np.uint8, bool])
def test_other_dtypes_are_summed_too(dtype: Any) -> None:
    x = (np.arange(30_000).reshape(10_000, 3) % 2).astype(dtype)
    for axis in (0, None, 1):
        exact = x.astype(np.float64)
        for name in ("sum", "mean", "var"):
            result = getattr(Tensor(x, dtype=dtype), name)(axis)
            expected = getattr(exact, name)(axis=axis)
            np.testing.assert_allclose(result.data, expected, rtol=1e-3)
            if name != "sum":
                assert result.dtype == (dtype if np.dtype(dtype).kind == "f" else np.float32)


def test_a_mean_of_float16_does_not_overflow_on_the_way() -> None:
    x = np.full((1000, 3), 1000, np.float16)
    for axis in (0, None):
        assert (Tensor(x, dtype=np.float16).mean(axis).data == 1000).all()
        assert (Tensor(x, dtype=np.float16).var(axis).data == 0).all()


def test_infinity_and_nan_go_through() -> None:
    x = np.ones((1000, 4), np.float32)
    x[500] = [np.inf, -np.inf, np.nan, 1]
    result = Tensor(x).sum(axis=0).data
    assert result[:2].tolist() == [np.inf, -np.inf]
    assert np.isnan(result[2])
    assert result[3] == 1000


# ---- Gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(1,), (32,), (33,), (100,), (512,), (1000,), (5000,), (0,)])
@pytest.mark.parametrize("width", [1, 10, 256])
def test_the_gradient_of_a_bias_is_right(batch: tuple[int, ...], width: int) -> None:
    for number in (0.1, 0.7, 1000.1):
        layer = Linear(2, width)
        gradient = np.full((*batch, width), number, np.float32)
        layer(np.ones((*batch, 2))).backward(gradient)
        assert layer.bias is not None
        assert layer.bias.grad is not None
        assert_close(layer.bias.grad.data, gradient.sum(axis=0, dtype=np.float64))


@pytest.mark.parametrize("batch", [(1000, 1000), (1_000_000,), (10, 20, 300)], ids=str)
def test_the_gradient_of_a_bias_is_right_for_batches_of_any_shape(batch: tuple[int, ...]) -> None:
    layer = Linear(1, 3)
    (layer(np.ones((*batch, 1))) * 0.1).sum().backward()
    assert layer.bias is not None
    assert layer.bias.grad is not None
    assert_close(layer.bias.grad.data, np.full(3, np.prod(batch) * float(np.float32(0.1))))


def test_rows_of_any_number_are_added_up() -> None:
    for count in (*range(70), 511, 512, 513, 1023, 1024, 1025, 3000):
        rows = np.full((count, 3), 0.7, np.float32)
        assert_close(accurate_sum(rows, axis=0), rows.sum(axis=0, dtype=np.float64))
        assert_close(
            accurate_sum(np.asfortranarray(rows), axis=0), rows.sum(axis=0, dtype=np.float64)
        )
        assert accurate_sum(rows.astype(np.float64), axis=0).dtype == np.float64


@pytest.mark.parametrize(
    ("shape", "large"),
    [
        ((), (1_000_000,)),
        ((3,), (100_000, 3)),
        ((1, 3), (100_000, 3)),
        ((3, 1), (3, 100_000)),
        ((1,), (1000, 1000)),
        ((2, 1, 3), (2, 100_000, 3)),
        ((1, 1, 3), (300, 300, 3)),
        ((4, 1), (300, 4, 300)),
    ],
    ids=str,
)
def test_unbroadcast_is_right(shape: tuple[int, ...], large: tuple[int, ...]) -> None:
    x = Tensor(np.ones(shape), requires_grad=True)
    gradient = np.full(large, 0.1, np.float32)
    (x + np.zeros(large, np.float32)).backward(gradient)
    assert x.grad is not None
    assert_close(x.grad.data, np.full(shape, gradient.sum(dtype=np.float64) / max(1, x.size)))


def test_the_gradient_of_a_variance_is_right() -> None:
    x = np.random.default_rng(0).normal(1000, 1, (1000, 3)).astype(np.float32)
    for axis in (0, 1, None):
        ours, exact = (Tensor(x, requires_grad=True, dtype=d) for d in (np.float32, np.float64))
        for tensor in (ours, exact):
            tensor.var(axis).sum().backward()
        assert ours.grad is not None
        assert exact.grad is not None
        np.testing.assert_allclose(ours.grad.data, exact.grad.data, rtol=1e-3, atol=1e-7)


# ---- What sums on the way ------------------------------------------------------------------------

Call = Callable[[Any], Any]


@pytest.mark.parametrize("axis", [0, -1])
def test_the_probabilities_of_a_softmax_add_up_to_one(axis: int) -> None:
    scores = np.full((100_000, 3), -0.1, np.float32)
    scores[0] = 0
    scores = scores if axis == 0 else np.ascontiguousarray(scores.T)
    exact = np.exp(scores.astype(np.float64))
    assert_close(Softmax(axis)(scores).data, exact / exact.sum(axis=axis, keepdims=True))


def test_losses_of_large_batches_are_right() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 0.1, (3000, 2000)).astype(np.float32)
    classes = random.integers(0, 2000, 3000)
    exact = logits.astype(np.float64)
    expected = np.mean(np.log(np.exp(exact).sum(1)) - exact[np.arange(3000), classes])
    assert CrossEntropyLoss()(logits, classes).item() == pytest.approx(expected, rel=TOLERANCE)

    ones = np.full((1_000_000, 2), 1, np.float32)
    for prediction in (ones * np.float32(0.3), (ones * np.float32(0.3)).T):
        target = np.zeros(prediction.shape, np.float32)
        expected = float(np.float32(0.3)) ** 2
        assert MSELoss()(prediction, target).item() == pytest.approx(expected, rel=TOLERANCE)
        expected = -np.log1p(-float(np.float32(0.3)))
        loss = BinaryCrossEntropyLoss()(prediction, target)
        assert loss.item() == pytest.approx(expected, rel=TOLERANCE)


def test_an_axis_that_is_not_there_is_refused_as_before() -> None:
    for x in (Tensor(np.ones((100, 100))), Tensor(np.ones((2, 3))), Tensor(1.0)):
        for reduce in (x.sum, x.mean, x.var):
            with pytest.raises(IndexError, match="axes run from"):
                reduce(axis=2)
            with pytest.raises(IndexError, match="axes run from"):
                reduce(axis=(0, -3))
            with pytest.raises(TypeError):
                reduce(axis="rows")
    with pytest.raises(ValueError, match="duplicate"):
        Tensor(np.ones((100, 100))).sum(axis=(0, 0))


def test_numpys_further_arguments_by_position_are_numpys() -> None:
    x = Tensor(np.ones((3, 4)))
    assert np.sum(x, 0, np.float64).tolist() == [3, 3, 3, 3]
    assert np.mean(x, 1, np.float32).tolist() == [1, 1, 1]
    assert np.max(x, 0, None).tolist() == [1, 1, 1, 1]
    out = np.zeros(3)
    np.sum(x, 1, np.float64, out)
    assert out.tolist() == [4, 4, 4]


def test_arrays_of_numbers_of_other_kinds_are_added_up_by_numpy() -> None:
    assert accurate_sum(np.arange(100)) == 4950
    assert accurate_sum(np.ones(100, bool)).dtype == np.ones(3, bool).sum().dtype
    assert accurate_var(np.arange(3)) == pytest.approx(2 / 3)
