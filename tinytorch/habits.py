"""What people who know PyTorch type, and what it is called here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_NAMES = {
    **dict.fromkeys(
        ("tensor", "as_tensor", "from_numpy"), "make tensors with tinytorch.Tensor([1, 2])"
    ),
    "nn": "layers, activations and losses are here directly: tinytorch.Linear",
    "Module": "the base of layers is tinytorch.Layer",
    "Sequential": "call one layer after the other: layer2(relu(layer1(x)))",
    "functional": "activations as functions are here directly: tinytorch.relu",
    "optim": "optimizers are here directly: tinytorch.SGD",
    "BCELoss": "use tinytorch.BinaryCrossEntropyLoss",
    "NLLLoss": "use tinytorch.CrossEntropyLoss, which takes logits",
    **dict.fromkeys(("inference_mode", "set_grad_enabled"), "use `with tinytorch.no_grad():`"),
    "cat": "use NumPy's: np.concatenate",
    "DataLoader": "use tinytorch.batches(inputs, targets, batch_size)",
    **dict.fromkeys(("rand", "randn"), "take random numbers from tinytorch.generator()"),
    **dict.fromkeys(("cuda", "device", "mps"), "all tensors are in main memory"),
}


def no_attribute(name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that `tinytorch` does not have; `known` are those that it has."""
    message = f"module 'tinytorch' has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(message)
    near = {each.lower(): each for each in known}
    if name in _NAMES:
        message += f"; {_NAMES[name]}"
    elif found := difflib.get_close_matches(name.lower(), near, n=1):
        message += f"; did you mean {near[found[0]]!r}?"
    else:
        import numpy as np

        if hasattr(np, name):
            message += f"; use NumPy's: np.{name}"
    # Without an object, Python has nothing to make a second guess from.
    return AttributeError(message, name=name, obj=None)
