"""The quicker matrix product: the numbers of NumPy's own, whatever the shapes and strides."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from tinytorch.course.product import quicken

random = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> None:
    assert quicken()


def matrix(*shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def agrees(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> None:
    """The product is the exact one, to what adding up in float32 or float64 costs."""
    exact = np.matmul(x.astype(np.longdouble), y.astype(np.longdouble)).astype(np.float64)
    product = np.matmul(x, y, out=out)
    assert product.dtype == np.float32
    assert product.shape == exact.shape
    tolerance = 1e-5 * np.sqrt(max(1, x.shape[-1]))
    np.testing.assert_allclose(product, exact, rtol=1e-5, atol=tolerance)
    wide = np.matmul(x.astype(np.float64), y.astype(np.float64))
    assert wide.dtype == np.float64
    np.testing.assert_allclose(wide, exact, rtol=0, atol=1e-9 * tolerance)


# Around the four rows and eight columns of a tile, and the 512 rows of a panel.
ROWS = (0, 1, 2, 3, 4, 5, 8, 13)
DEPTHS = (0, 1, 2, 7, 511, 512, 513, 1030)
COLUMNS = (0, 1, 7, 8, 9, 16, 21)


@pytest.mark.parametrize("rows", ROWS)
def test_matrices_of_every_size(rows: int) -> None:
    for depth, columns in itertools.product(DEPTHS, COLUMNS):
        agrees(matrix(rows, depth), matrix(depth, columns))


def views(rows: int, columns: int) -> Iterator[np.ndarray]:
    """Matrices of one shape, laid out in memory in many ways."""
    yield matrix(rows, columns)
    yield matrix(columns, rows).T
    yield matrix(2 * rows, 3 * columns)[::2, ::3]
    yield matrix(rows, columns)[::-1, ::-1]
    yield matrix(rows, 1).repeat(columns, axis=1)
    yield np.broadcast_to(matrix(columns), (rows, columns))
    yield np.broadcast_to(matrix(rows, 1), (rows, columns))
    yield np.frombuffer(bytes(1) + matrix(rows, columns).tobytes(), "<f4", offset=1).reshape(
        rows, columns
    )
    yield matrix(rows, columns).astype(">f4")


def test_matrices_of_every_layout() -> None:
    for x, y in itertools.product(views(9, 17), views(17, 10)):
        agrees(x, y)


def test_results_are_written_where_they_are_wanted() -> None:
    x, y = matrix(6, 40), matrix(40, 11)
    for whole in (np.ones((12, 22), np.float32), np.ones((22, 12), np.float32).T):
        agrees(x, y, out=whole[::2, ::2])
        assert np.all(whole[1::2] == 1)
        assert np.all(whole[:, 1::2] == 1)


def test_a_result_may_lie_over_what_is_multiplied() -> None:
    x = matrix(8, 8)
    exact = x.astype(np.float64) @ x.astype(np.float64)
    np.testing.assert_allclose(np.matmul(x, x, out=x), exact, rtol=1e-4, atol=1e-5)


def test_stacks_of_matrices_and_vectors() -> None:
    agrees(matrix(5, 3, 6, 7), matrix(3, 7, 4))
    agrees(matrix(5, 1, 6, 7)[::-1], matrix(3, 7, 4)[:, :, ::-1])
    agrees(matrix(7), matrix(7))
    agrees(matrix(2, 6, 7), matrix(7))
    agrees(matrix(7), matrix(2, 7, 4))


def test_not_a_number_and_infinity_stay_where_they_belong() -> None:
    x, y = matrix(9, 20), matrix(20, 9)
    x[8, 3], y[4, 8] = np.nan, np.inf
    product = x @ y
    assert np.all(np.isnan(product[8]))
    assert np.all(np.isinf(product[:8, 8]))
    assert np.all(np.isfinite(product[:8, :8]))


def test_other_types_are_multiplied_as_before() -> None:
    for kind in (np.float16, np.int64, np.complex64, np.longdouble, bool):
        x, y = (np.arange(12).reshape(shape).astype(kind) for shape in ((3, 4), (4, 3)))
        np.testing.assert_array_equal(x @ y, np.einsum("ij,jk->ik", x, y))


def test_it_is_this_product_that_is_used() -> None:
    """Its sums are those of 512 numbers at a time, which round otherwise than all in a row."""
    x, y = matrix(1, 2000), matrix(2000, 1)
    products = (x[0] * y[:, 0]).reshape(-1)
    panels = [np.add.accumulate(products[i : i + 512])[-1] for i in range(0, 2000, 512)]
    assert (x @ y).item() == np.add.accumulate(np.array(panels))[-1]
    assert (x @ y).item() != np.add.accumulate(products)[-1]
