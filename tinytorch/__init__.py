"""TinyTorch: a small machine-learning framework that is written to be read and rebuilt.

The framework itself is in `tinytorch.core`, a file a subject: `tensor`, `activations`,
`layers`, `losses`, `autograd`, `optimizers` and `training`. Each is exported from a lesson
that teaches how to build it.
"""

from typing import TYPE_CHECKING, Any

from tinytorch.random import generator, manual_seed

if TYPE_CHECKING:
    from tinytorch.core.tensor import Tensor

__version__ = "0.1.0"

__all__ = ["Tensor", "__version__", "generator", "manual_seed"]


def __getattr__(name: str) -> Any:
    """Import the tensor, and NumPy with it, when it is first asked for.

    The command line imports this package to ask about workspaces, and answers at once.
    """
    if name == "Tensor":
        from tinytorch.core.tensor import Tensor

        return Tensor
    raise AttributeError(f"module 'tinytorch' has no attribute {name!r}")
