"""The one random generator behind everything in TinyTorch that draws at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinytorch.arguments import whole_number

if TYPE_CHECKING:
    import numpy as np

_generator: np.random.Generator | None = None


def manual_seed(seed: int) -> np.random.Generator:
    """Start TinyTorch's randomness afresh: the same seed gives the same numbers again.

    Weights, dropout masks and the order of batches all come from the generator that this
    returns. NumPy's own global state (`np.random.seed`) is neither read nor changed: numbers from
    `np.random.randn`, or from a generator of one's own, are not repeated.

    Raises:
        TypeError: `seed` is not a whole number.
        ValueError: `seed` is negative.
    """
    # NumPy loads its random module on first use; so do we, since `import tinytorch` is quick.
    import numpy as np

    global _generator
    seed = whole_number("the seed of manual_seed", seed)
    # SFC64 is the fastest of NumPy's generators, and passes the same statistical tests.
    _generator = np.random.Generator(np.random.SFC64(seed))
    return _generator


def generator() -> np.random.Generator:
    """The generator in use: the one `manual_seed` started, else one seeded by the system.

    All threads draw from it. No draw disturbs another, but which thread gets which numbers is
    left to chance.
    """
    if _generator is None:
        import secrets

        return manual_seed(secrets.randbits(64))
    return _generator
