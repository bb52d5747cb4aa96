"""A step of training, by whatever losses and optimizers are in use."""

from __future__ import annotations

import math

from tinytorch.core.optimizers import Optimizer
from tinytorch.core.tensor import Tensor


def descend(loss: Tensor, optimizer: Optimizer) -> bool:
    """Move the parameters against the gradient of a loss, unless it is not a finite number.

    Returns:
        Whether they have moved.
    """
    if not math.isfinite(loss.item()):
        return False
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return True
