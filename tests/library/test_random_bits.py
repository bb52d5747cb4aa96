"""The random bits behind dropout: as many as a probability needs, and the right threshold."""

import numpy as np
import pytest

import tinytorch
from tinytorch.core.layers import Dropout, random_keep
from tinytorch.core.tensor import Tensor

# A probability, the bits that are drawn for it, and the first draw that is kept.
NEEDED = [
    (0.0, 8, 0),
    (0.5, 1, 1),
    (0.25, 8, 64),
    (1 / 256, 8, 1),
    (255 / 256, 8, 255),
    (0.3, 16, 19_661),
    (1 / 3, 16, 21_845),
    (0.9, 16, 58_982),
    (1 / 65_536, 16, 1),
    (0.01, 32, 42_949_673),
    (0.99, 32, 4_252_017_623),
    (1e-6, 32, 4_295),
    (1 - 2**-40, 32, 2**32 - 1),
    # Within one part in 10,000 of a multiple of 1/65536, and just beyond.
    (100.0099 / 65_536, 16, 100),
    (100.0101 / 65_536, 32, 6_554_262),
    ((65_536 - 100.0099) / 65_536, 16, 65_436),
    ((65_536 - 100.0101) / 65_536, 32, 4_288_413_034),
]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
@pytest.mark.parametrize(("p", "bits", "threshold"), NEEDED)
def test_a_probability_takes_the_bits_it_needs_and_no_more(
    p: float, bits: int, threshold: int, count: int
) -> None:
    source = np.random.SFC64(7)
    words = source.random_raw(-(-count * bits // 64))
    octets = words.view(np.uint8)
    draws = (np.unpackbits(octets) if bits == 1 else octets.view(f"u{bits // 8}"))[:count]
    generator = tinytorch.manual_seed(7)
    assert np.array_equal(random_keep((count,), p), draws >= threshold)
    assert generator.bit_generator.random_raw() == source.random_raw()


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_where_nothing_is_left_to_chance_no_bits_are_drawn(p: float) -> None:
    generator = tinytorch.manual_seed(7)
    Dropout(p)(np.ones((3, 4)), training=True)
    assert generator.bit_generator.random_raw() == np.random.SFC64(7).random_raw()


def test_where_nothing_is_dropped_the_input_itself_passes() -> None:
    x = Tensor(np.ones((3, 4)))
    assert Dropout(0.0)(x, training=True) is x
