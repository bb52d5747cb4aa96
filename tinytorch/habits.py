"""What people who know PyTorch type, and what it is called here."""

from __future__ import annotations

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


def instead_of(name: str, known: Iterable[str]) -> str:
    """What to write for a name that is not in `tinytorch`, after a semicolon; nothing if unknown.

    Args:
        name: what was asked for.
        known: the names that there are.
    """
    import difflib

    import numpy as np

    if name in _NAMES:
        return f"; {_NAMES[name]}"
    near = {each.lower(): each for each in known if not each.startswith("_")}
    if found := difflib.get_close_matches(name.lower(), near, n=1):
        return f"; did you mean {near[found[0]]!r}?"
    return f"; use NumPy's: np.{name}" if hasattr(np, name) else ""
