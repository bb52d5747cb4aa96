"""TinyTorch: a small machine-learning framework that is written to be read and rebuilt.

The framework itself is in `tinytorch.core`, a file a subject: `tensor`, `activations`,
`layers`, `losses`, `autograd`, `optimizers` and `training`. Each is exported from a lesson
that teaches how to build it. What they define for use is here too: `from tinytorch import Linear`.
"""

from typing import TYPE_CHECKING, Any

from tinytorch.random import generator, manual_seed

if TYPE_CHECKING:
    from tinytorch.core.activations import (
        GELU,
        Activation,
        ReLU,
        Sigmoid,
        Softmax,
        Tanh,
        gelu,
        relu,
        sigmoid,
        softmax,
        tanh,
    )
    from tinytorch.core.autograd import backward, derivative, no_grad
    from tinytorch.core.layers import Dropout, Layer, Linear
    from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, Loss, MSELoss
    from tinytorch.core.optimizers import SGD, Adam, AdamW, Optimizer
    from tinytorch.core.tensor import Tensor, apply, as_array
    from tinytorch.core.training import (
        Trainer,
        batches,
        constant,
        cosine,
        load,
        predict,
        save,
        step_decay,
    )

__version__ = "0.1.0"

__all__ = [
    "GELU",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "BinaryCrossEntropyLoss",
    "CrossEntropyLoss",
    "Dropout",
    "Layer",
    "Linear",
    "Loss",
    "MSELoss",
    "Optimizer",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Tensor",
    "Trainer",
    "__version__",
    "apply",
    "as_array",
    "backward",
    "batches",
    "constant",
    "cosine",
    "derivative",
    "gelu",
    "generator",
    "load",
    "manual_seed",
    "no_grad",
    "predict",
    "relu",
    "save",
    "sigmoid",
    "softmax",
    "step_decay",
    "tanh",
]


def __getattr__(name: str) -> Any:
    """A name of the framework, imported when it is first asked for, and NumPy with it.

    The command line imports this package to ask about workspaces, and answers at once. In a
    workspace the name comes from the learner's own module, where that is finished.
    """
    from importlib import import_module
    from importlib.util import find_spec

    from tinytorch.course import MODULES

    found: Any
    modules = [module.name for module in MODULES]
    known = [*__all__, *(taught for module in MODULES for taught in module.teaches)]
    if name in known:
        # In this order, what a module only imports is found in the one that defines it.
        for module in modules:
            found = vars(import_module(f"tinytorch.core.{module}"))
            if name in found:
                return found[name]
        # A file that takes the place of a module, and has yet to define it, has something instead.
        for module in modules:
            found = import_module(f"tinytorch.core.{module}")
            if hasattr(found, name):
                return getattr(found, name)
    message = f"module 'tinytorch' has no attribute {name!r}"
    # Python asks for special names, and for submodules before it imports them.
    if name in known:
        message += " yet: the module that defines it is itself being imported"
    elif not name.startswith("_") and find_spec(f"tinytorch.{name}") is None:
        from tinytorch.habits import instead_of

        message += instead_of(name, known)
    # Without an object, Python has nothing to make a second guess from.
    raise AttributeError(message, name=name, obj=None)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
