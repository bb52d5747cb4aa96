"""Who listens at the door, `tinytorch.core.tensor.apply`: a guard, a profiler, a tracer, a device.

Autograd has a place of its own there, since it is told only where a gradient is required. All
others are kept here, by the event that they are told of. Where nobody listens, an event costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

# What is changed is a new tuple: whoever goes through the old one meanwhile skips nobody.
listeners: dict[str, tuple[Callable[..., Any], ...]] = dict.fromkeys(
    ("before", "after", "taken_in", "handed_out", "visited"), ()
)
_changing = Lock()


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
        TypeError: there is nothing of that name to be told of, or nothing to call.
    """

    def __init__(self, **told: Callable[..., Any]) -> None:
        for event, function in told.items():
            if event not in listeners:
                raise TypeError(f"listen takes {', '.join(listeners)}, got {event}")
            if not callable(function):
                raise TypeError(f"listen takes functions to call, got {event}={function!r:.60}")
        self.told = told
        self.blocks = 0  # how many `with` blocks of this one we are in
        self.listening = False
        self._start()

    def _start(self) -> None:
        with _changing:
            if not self.listening:
                for event, function in self.told.items():
                    listeners[event] = (*listeners[event], function)
                self.listening = True

    def stop(self) -> None:
        """Be told no more."""
        with _changing:
            if self.listening:
                for event, function in self.told.items():
                    left = list(listeners[event])
                    left.remove(function)
                    listeners[event] = tuple(left)
                self.listening = False

    def __enter__(self) -> listen:
        self.blocks += 1
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self.blocks -= 1
        if not self.blocks:
            self.stop()
