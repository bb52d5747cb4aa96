"""TinyTorch: a small machine-learning framework that is written to be read and rebuilt.

The framework itself is in `tinytorch.core`, a file a subject: `tensor`, `activations`,
`layers`, `losses`, `autograd`, `optimizers` and `training`. Each is exported from a lesson
that teaches how to build it.
"""

from tinytorch.core.tensor import Tensor
from tinytorch.random import generator, manual_seed

__version__ = "0.1.0"

__all__ = ["Tensor", "__version__", "generator", "manual_seed"]
