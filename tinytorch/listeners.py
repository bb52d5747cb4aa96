"""Who listens at the door, `tinytorch.core.tensor.apply`: a guard, a profiler, a tracer, a device.

Autograd has a place of its own there, since it is told only where a gradient is required. All
others are kept here, by the event that they are told of. Where nobody listens, an event costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

listeners: dict[str, list[Callable[..., Any]]] = {
    "before": [],
    "after": [],
    "taken_in": [],
    "handed_out": [],
    "visited": [],
}


class listen:
    """Stand at the door and be told of what passes: until `stop()`, or in a `with` block.

    Args:
        before: asked as `before(op, inputs, arrays, options)` before an operation runs. What it
            returns stands for the result of the operation, unless it is NotImplemented.
        after: called as `after(output, op, inputs, arrays, options)` after each operation.
        taken_in: called with an array that becomes a tensor's, or an operation's, from outside.
        handed_out: called with an array that `Tensor.data` hands out.
        visited: called with each node that backward (module 05) comes to, before its rules are.

    Raises:
        TypeError: there is nothing of that name to be told of.
    """

    def __init__(self, **told: Callable[..., Any]) -> None:
        for event in told.keys() - listeners.keys():
            raise TypeError(f"listen takes {', '.join(listeners)}, got {event}")
        self.told = told
        for event, function in told.items():
            if function not in listeners[event]:
                listeners[event].append(function)

    def stop(self) -> None:
        """Be told no more."""
        for event, function in self.told.items():
            if function in listeners[event]:
                listeners[event].remove(function)

    def __enter__(self) -> listen:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
