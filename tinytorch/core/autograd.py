# Exported from modules/05_autograd/autograd_dev.py: edit it there, then run `tito export`.
"""Autograd: the recorder at the door, the table of derivatives, and the walk backward."""

from __future__ import annotations

import heapq
import inspect
import math
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from inspect import Parameter
from itertools import count
from typing import Any

import numpy as np

from tinytorch import guard
from tinytorch.core import activations, layers, losses
from tinytorch.core.tensor import (
    Operation,
    Tensor,
    as_tensor,
    attach,
    brief,
    getitem,
    is_array,
    is_several,
    name_of,
    reshape,
    wrap,
)
from tinytorch.derivatives import (
    column_stack_gradient,
    concatenate_gradient,
    dot_gradient_x,
    dot_gradient_y,
    dstack_gradient,
    einsum_gradient,
    hstack_gradient,
    stack_gradient,
    vstack_gradient,
)
from tinytorch.listeners import listeners
from tinytorch.summation import accurate_sum, distance_from_mean
from tinytorch.within import within


class Node:
    """One operation as it was recorded: what backward needs, and nothing more.

    Attributes:
        op: the operation.
        options: its options, which its rules get as well.
        order: a number higher than that of every node recorded before.
        edges: one for each input that requires a gradient; None once backward has passed.
        fingerprints: what the guard against changes in place remembers of the arrays.
    """

    __slots__ = ("edges", "fingerprints", "op", "options", "order")

    def __init__(self, op: Operation, options: dict[str, Any], edges: list[Edge]) -> None:
        self.op = op
        self.options = options
        self.order = _next_order()
        self.edges: list[Edge] | None = edges
        self.fingerprints: dict[int, bytes] | None = None


# Where an input's gradient goes (the node that computed it, or the tensor itself), the rule for
# it, the arrays that the rule needs, and the shape and dtype that the gradient must have.
Edge = tuple[Node | Tensor, "Rule", list[Any], tuple[int, ...], np.dtype[Any]]

_next_order = count().__next__


def record(
    output: Tensor, op: Operation, inputs: tuple[Any, ...], arrays: list[Any], options: Any
) -> None:
    """Note how `output` was computed, so that `backward` can walk from it to its inputs."""
    if output._array.dtype.kind != "f":
        return
    if _pauses.get():
        output._unrecorded = True
        return
    rules = _rules.get(op, ())
    if len(rules) != len(inputs):
        rules = _rules_for(op, inputs, arrays)
    edges: list[Edge] = []
    for i, x in enumerate(inputs):
        rule = rules[i]
        if isinstance(x, Tensor) and x.requires_grad:
            needs = [output._array if j < 0 else arrays[j] for j in rule.needs]
            edges.append((x._node or x, rule, needs, x._array.shape, x._array.dtype))
    output._node = Node(op, options, edges)
    output.requires_grad = True


def _rules_for(op: Operation, inputs: tuple[Any, ...], arrays: list[Any]) -> list[Rule]:
    """The rule for each input of an operation that takes any number of them, or has no rules."""
    if op in _rules:
        raise ValueError(
            f"{name_of(op)} got {len(inputs)} inputs, and has rules for the gradients of "
            f"{len(_rules[op])}; pass what a gradient can flow to by position, all else by name"
        )
    rule = _rules_at_any_position.get(op) or _missing(op)
    return [rule.at(position, arrays) for position in range(len(inputs))]


# How many `no_grad` this thread, or this asyncio task, is within.
_pauses: ContextVar[int] = ContextVar("pauses", default=0)


class no_grad:
    """Within `with no_grad():` nothing is recorded: for inference, and for updates by hand.

    `@no_grad()` above a function does the same for all that the function does, and not for its
    caller, where it is a generator. Recording pauses in the thread or the asyncio task that asks
    for it, and in no other.
    """

    def __init__(self, *given: Any) -> None:
        if given:
            raise TypeError("no_grad() takes nothing; above a function write @no_grad()")

    def __enter__(self) -> None:
        _pauses.set(_pauses.get() + 1)

    def __exit__(self, *error: object) -> None:
        _pauses.set(max(0, _pauses.get() - 1))

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return within(no_grad, function)


def backward(tensor: Tensor, gradient: Any = None) -> None:
    """Walk from a result back to all that it was computed from, adding up gradients.

    Nodes are visited from the newest to the oldest, so each has its whole gradient when its
    turn comes, and the walk needs no recursion. What was recorded is let go on the way.

    Args:
        tensor: the result to start from.
        gradient: the gradient of some final number with respect to it, of the same shape;
            left out for a tensor of one element.

    Raises:
        ValueError: see `Tensor.backward`.
    """
    start = tensor._node or tensor
    _check_start(tensor, start)
    seed = _seed(tensor, gradient)
    if isinstance(start, Tensor):
        _accumulate(start, seed)
        return
    gradients: dict[Node, np.ndarray] = {start: seed}
    waiting = [(-start.order, start)]
    while waiting:
        node = heapq.heappop(waiting)[1]
        gradient = gradients.pop(node)
        if node.edges is None:
            raise ValueError(_WALKED)
        for tell in listeners["visited"]:
            tell(node)
        edges, node.edges = node.edges, None
        for target, rule, needs, shape, dtype in edges:
            part = rule.gradient(node, gradient, needs, shape)
            if part.dtype != dtype:
                part = part.astype(dtype)
            if isinstance(target, Tensor):
                # A leaf keeps its gradient, so it must not share it with anyone.
                borrowed = part is gradient or getattr(part, "base", part) is not None
                for array in needs:
                    borrowed |= part is array
                _accumulate(target, part.copy() if borrowed else part)
            elif target in gradients:
                gradients[target] = gradients[target] + part
            else:
                gradients[target] = part
                heapq.heappush(waiting, (-target.order, target))


_WALKED = (
    "backward() went through this part of the computation before, and what it recorded is gone; "
    "compute the result again, or add the results up and call backward() once"
)


def _check_start(tensor: Tensor, start: Node | Tensor) -> None:
    if not tensor.requires_grad:
        raise ValueError(
            "backward() started from a tensor that nothing was recorded for; "
            "make the parameters with requires_grad=True, and compute outside no_grad(), within "
            "which w = w - lr * w.grad makes a new tensor without it (w -= lr * w.grad does not)"
        )
    if isinstance(start, Node) and start.edges is None:
        raise ValueError(_WALKED)


def _seed(tensor: Tensor, gradient: Any) -> np.ndarray:
    """The gradient to start from, as an array of the tensor's shape and dtype."""
    if gradient is None:
        if tensor.size != 1:
            raise ValueError(
                f"backward() got a tensor of shape {tensor.shape}, expected a single number; "
                "reduce it first: x.mean().backward(), or pass gradient="
            )
        return np.ones_like(tensor._array)
    array = np.asarray(Tensor(gradient, dtype=tensor.dtype)._array, like=tensor._array)
    if array.shape != tensor.shape:
        raise ValueError(
            f"backward() got a gradient of shape {array.shape}, "
            f"expected the tensor's own shape {tensor.shape}"
        )
    return array.copy()


def _as_array(part: Any) -> Any:
    """Of arrays of shape (), NumPy makes numbers, which nobody could write into: arrays again."""
    return part if is_array(part) else np.asarray(part)


def _accumulate(tensor: Tensor, gradient: np.ndarray) -> None:
    """Add to `.grad`, which starts out as None."""
    if tensor.grad is not None:
        gradient = _as_array(as_tensor(tensor.grad)._array + gradient)
    tensor.grad = wrap(gradient)


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum a gradient over the dimensions in which an input was repeated.

    Args:
        gradient: the gradient with respect to the repeated input.
        shape: the shape that the input had before it was repeated.
    """
    added = gradient.ndim - len(shape)
    if added > 0:
        gradient = accurate_sum(gradient, axis=tuple(range(added)))
    if gradient.shape == shape:
        return gradient
    repeated = tuple(i for i, size in enumerate(shape) if size != gradient.shape[i])
    return accurate_sum(gradient, axis=repeated, keepdims=True)


class Rule:
    """How the gradient of an operation's result becomes the gradient of one of its inputs.

    A rule is a function of `gradient`, followed by what else it needs, by name and in this order:
    `output` and the inputs `x`, `y` and `z`; `input_shape`, the shape of the input it is for; the
    options of the operation. Only what a rule names is kept in memory until backward. Where its
    input broadcast, a rule need not care: what was repeated is added up afterwards.

    An operation with any number of inputs has one rule for all of them. It is a function of
    `gradient`, `position`, which of the inputs it is for, and `shapes`, those of all inputs; and
    if it needs them, of the inputs themselves, as `*inputs`.
    """

    __slots__ = ("function", "needs", "takes_inputs", "takes_position", "takes_shape")

    def __init__(self, function: Callable[..., np.ndarray]) -> None:
        kinds = _parameters(function)
        names = [name for name, kind in kinds.items() if kind in _BY_PLACE][1:]
        self.function = function
        self.takes_position = "position" in kinds
        self.takes_inputs = Parameter.VAR_POSITIONAL in kinds.values()
        self.needs = ["xyz".index(n) if n != "output" else -1 for n in names if n in _SAVABLE]
        self.takes_shape = "input_shape" in names
        first = names[: len(self.needs) + self.takes_shape]
        if not {*first} <= {*_SAVABLE, "input_shape"} or "input_shape" in first[:-1]:
            raise ValueError(
                "a rule takes gradient, then output, x, y or z, then input_shape, then options; "
                f"got one that takes gradient, {', '.join(names)}"
            )
        takes_shapes = "shapes" in kinds or Parameter.VAR_KEYWORD in kinds.values()
        if self.takes_position and (self.needs or self.takes_shape or not takes_shapes):
            raise ValueError(
                "a rule for any number of inputs takes gradient, position, shapes and the options, "
                f"and inputs as *inputs; got one that takes gradient, {', '.join([*kinds][1:])}"
            )

    def gradient(
        self, node: Node, gradient: Any, needs: list[Any], shape: tuple[int, ...]
    ) -> np.ndarray:
        """The gradient of one input of `node`, of that input's `shape`."""
        if self.takes_shape:
            needs = [*needs, shape]
        part = self.function(gradient, *needs, **node.options)
        if is_several(part):
            raise TypeError(
                f"the rule of {name_of(node.op)} made a {type(part).__name__} of {len(part)}, "
                "expected the gradient of one input; write a rule for each of them"
            )
        part = _as_array(part)
        if part.shape == shape:
            return part
        sizes = zip(reversed(part.shape), reversed(shape), strict=False)
        if part.ndim < len(shape) or any(own not in (1, size) for size, own in sizes):
            raise ValueError(
                f"the rule of {name_of(node.op)} made a gradient of shape {part.shape} for an "
                f"input of shape {shape}; it must have the shape of the input, or one that the "
                "input broadcasts to"
            )
        return _as_array(unbroadcast(part, shape))

    def at(self, position: int, arrays: list[Any]) -> Rule:
        """The rule for one of any number of inputs."""
        rule = Rule.__new__(Rule)
        shapes = [np.shape(array) for array in arrays]
        rule.function = partial(self.function, position=position, shapes=shapes)
        rule.needs = list(range(len(arrays))) if self.takes_inputs else []
        rule.takes_shape = rule.takes_position = rule.takes_inputs = False
        return rule


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The parameters of a function by name, and how each is passed; of a builtin, one that is."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # some functions written in C do not say
        return {"gradient": Parameter.POSITIONAL_ONLY}
    return {name: parameter.kind for name, parameter in parameters.items()}


_SAVABLE = ("output", "x", "y", "z")
_BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)

_rules: dict[Operation, list[Rule]] = {}
_rules_at_any_position: dict[Operation, Rule] = {}


def derivative(op: Operation, *rules: Callable[..., np.ndarray]) -> None:
    """Enter an operation in the table, with a rule for each of its inputs (see `Rule`).

    A rule may be anything that can be called: a function, a `functools.partial`, an object.

    Write it right below the operation, wherever that is: only NumPy's operations, and those of
    the lessons before this one, have their rows here.

    >>> def scaled(x, factor):
    ...     return factor * x
    >>> derivative(scaled, lambda gradient, factor: factor * gradient)
    >>> x = Tensor(2.0, requires_grad=True)
    >>> apply(scaled, x, factor=3.0).backward()
    >>> x.grad
    Tensor(3.)
    """
    for given in (op, *rules):
        if not callable(given):
            raise TypeError(
                "derivative takes an operation, and a function for each of its inputs, "
                f"got {brief(given)}"
            )
    row = [Rule(rule) for rule in rules]
    if len(row) > 1 and any(rule.takes_position for rule in row):
        raise ValueError(
            f"{name_of(op)} got {len(row)} rules, one of which takes a position; such a rule is "
            "for all inputs, and stands alone"
        )
    if len(row) == 1 and row[0].takes_position:
        _rules.pop(op, None)
        _rules_at_any_position[op] = row[0]
    else:
        _rules[op] = row


def _missing(op: Operation) -> Rule:
    """The rule of an operation that is not in the table: say so, once backward gets there."""

    def missing(gradient: np.ndarray, *, position: int, **options: Any) -> np.ndarray:
        raise ValueError(
            f"{name_of(op)} has no derivative in the table; "
            "add one with tinytorch.core.autograd.derivative, or detach() its input"
        )

    return Rule(missing)


# Element by element, one input.
derivative(np.negative, lambda gradient: -gradient)
derivative(np.absolute, lambda gradient, x: gradient * np.sign(x))
derivative(np.square, lambda gradient, x: gradient * (2 * x))
derivative(np.sqrt, lambda gradient, output: gradient / (2 * output))
derivative(np.exp, lambda gradient, output: gradient * output)
derivative(np.log, lambda gradient, x: gradient / x)
derivative(np.sin, lambda gradient, x: gradient * np.cos(x))
derivative(np.cos, lambda gradient, x: -gradient * np.sin(x))
derivative(np.tanh, lambda gradient, output: gradient * (1 - output * output))

# Element by element, two inputs or three.
derivative(np.add, lambda gradient: gradient, lambda gradient: gradient)
derivative(np.subtract, lambda gradient: gradient, lambda gradient: -gradient)
derivative(np.multiply, lambda gradient, y: gradient * y, lambda gradient, x: gradient * x)
derivative(
    np.divide,
    lambda gradient, y: gradient / y,
    lambda gradient, output, y: -gradient * output / y,
)
derivative(
    np.maximum,
    lambda gradient, x, y: gradient * _share(x, y),
    lambda gradient, x, y: gradient * _share(y, x),
)
derivative(
    np.minimum,
    lambda gradient, x, y: gradient * _share(y, x),
    lambda gradient, x, y: gradient * _share(x, y),
)


def _share(x: Any, y: Any) -> np.ndarray:
    """How much of the larger of x and y is x: all, nothing, or half where they are equal."""
    return np.subtract(0.5 * np.greater_equal(x, y), 0.5 * np.greater_equal(y, x)) + 0.5


# A power is constant in its base where the exponent is 0, and in its exponent where the base is 0
# (and the exponent not negative). There the textbook formulas would multiply infinity by zero.
def _power_gradient_x(gradient: Any, x: Any, y: Any) -> np.ndarray:
    constant = np.equal(y, 0)
    return np.where(constant, 0, gradient) * (y * np.power(np.where(constant, 1, x), y - 1))


def _power_gradient_y(gradient: Any, output: Any, x: Any, y: Any) -> np.ndarray:
    constant = np.equal(x, 0) & np.greater_equal(y, 0)
    return gradient * np.where(constant, 0, output * np.log(np.where(constant, 1, x)))


derivative(np.power, _power_gradient_x, _power_gradient_y)

# A choice between two inputs.
derivative(
    np.where,
    lambda gradient, input_shape: np.zeros_like(gradient, shape=input_shape),
    lambda gradient, x: np.where(x, gradient, 0),
    lambda gradient, x: np.where(x, 0, gradient),
)


# Reductions.
def _spread(gradient: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> np.ndarray:
    """A reduction's gradient (or its result), repeated over the axes that were reduced."""
    if axis is not None and not keepdims and shape:
        gradient = np.expand_dims(gradient, tuple(i % len(shape) for i in _axes(axis)))
    return np.broadcast_to(gradient, shape)


def _axes(axis: Any) -> tuple[int, ...]:
    return tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)


def _sum_gradient(
    gradient: Any, input_shape: tuple[int, ...], axis: Any = None, keepdims: bool = False
) -> np.ndarray:
    return _spread(gradient, input_shape, axis, keepdims)


def _mean_gradient(
    gradient: Any, input_shape: tuple[int, ...], axis: Any = None, keepdims: bool = False
) -> np.ndarray:
    count = math.prod(input_shape) // max(1, np.size(gradient))
    return _spread(gradient / max(1, count), input_shape, axis, keepdims)


def _var_gradient(
    gradient: Any, x: np.ndarray, axis: Any = None, keepdims: bool = False
) -> np.ndarray:
    """The slope of the mean squared distance from the mean, which the mean itself does not move."""
    return _mean_gradient(gradient, x.shape, axis, keepdims) * (2 * distance_from_mean(x, axis))


def _extreme_gradient(
    gradient: Any, output: Any, x: np.ndarray, axis: Any = None, keepdims: bool = False
) -> np.ndarray:
    """The gradient goes to the largest (or smallest) element; those that tie share it."""
    chosen = x == _spread(output, x.shape, axis, keepdims)
    share = chosen / np.sum(chosen, axis=axis, keepdims=True)
    return _spread(gradient, x.shape, axis, keepdims) * share


derivative(np.sum, _sum_gradient)
derivative(np.mean, _mean_gradient)
derivative(np.var, _var_gradient)
derivative(np.max, _extreme_gradient)
derivative(np.min, _extreme_gradient)


# Shape and position.
def _reshape_gradient(gradient: Any, input_shape: tuple[int, ...], shape: Any) -> np.ndarray:
    return np.reshape(gradient, input_shape)


def _transpose_gradient(gradient: np.ndarray, axes: Any = None) -> np.ndarray:
    if axes is not None:
        axes = np.argsort([axis % gradient.ndim for axis in axes]).tolist()
    return np.transpose(gradient, axes)


def _takes_each_once(index: Any) -> bool:
    """Whether an index is made of slices and single numbers, which take no element twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(isinstance(part, (slice, int, type(None), type(...))) for part in parts)


def _getitem_gradient(gradient: Any, input_shape: tuple[int, ...], index: Any) -> np.ndarray:
    if _takes_each_once(index):
        result = np.zeros_like(gradient, shape=input_shape)
        result[index] = gradient
    else:
        # An element that was taken twice gets both gradients, which plain assignment would not do,
        # and one that was taken a million times is the sum of as many.
        result = np.zeros_like(gradient, shape=input_shape, dtype=np.float64)
        np.add.at(result, index, gradient.astype(np.float64))
    return result


derivative(np.reshape, _reshape_gradient)
derivative(reshape, _reshape_gradient)
derivative(np.transpose, _transpose_gradient)
derivative(getitem, _getitem_gradient)


# Linear algebra.
def _matmul_gradient_x(gradient: Any, y: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of `x @ y` for x, which is `gradient @ y.T` where all are matrices."""
    if y.ndim == 1:
        return np.expand_dims(gradient, -1) * y
    if len(input_shape) == 1:
        return np.matmul(y, np.expand_dims(gradient, -1))[..., 0]
    return np.matmul(gradient, y.swapaxes(-1, -2))


def _matmul_gradient_y(gradient: Any, x: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of `x @ y` for y, which is `x.T @ gradient` where all are matrices."""
    if x.ndim == 1:
        if len(input_shape) == 1:
            return gradient * x
        return np.expand_dims(x, -1) * np.expand_dims(gradient, -2)
    if len(input_shape) == 1:
        return np.expand_dims(gradient, -1) * x
    if len(input_shape) == 2 < x.ndim:
        # A batch of matrices by one matrix is one tall matrix by it: one product, no sum after.
        rows = math.prod(x.shape[:-1])  # no -1: of no elements, NumPy could not work it out
        x, gradient = x.reshape(rows, x.shape[-1]), gradient.reshape(rows, gradient.shape[-1])
    return np.matmul(x.swapaxes(-1, -2), gradient)


derivative(np.matmul, _matmul_gradient_x, _matmul_gradient_y)


derivative(np.dot, dot_gradient_x, dot_gradient_y)


# Any number of inputs: one rule for all of them, which is told the position of its own.
derivative(np.concatenate, concatenate_gradient)
derivative(np.stack, stack_gradient)
derivative(np.vstack, vstack_gradient)
derivative(np.hstack, hstack_gradient)
derivative(np.dstack, dstack_gradient)
derivative(np.column_stack, column_stack_gradient)
derivative(np.einsum, einsum_gradient)


# Layers.
def _bias_gradient(gradient: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """The gradients of all rows, added up."""
    return accurate_sum(gradient, 0) if gradient.ndim == 2 and len(input_shape) == 1 else gradient


derivative(layers.linear, _matmul_gradient_x, _matmul_gradient_y, _bias_gradient)
derivative(layers.dropout, lambda gradient, mask: gradient * mask)

# Activations.
# Booleans as numbers first: NumPy would convert them more slowly while it multiplies.
derivative(
    activations.relu, lambda gradient, output: gradient * (output > 0).astype(gradient.dtype)
)
derivative(activations.sigmoid, lambda gradient, output: gradient * output * (1 - output))
derivative(activations.tanh, lambda gradient, output: gradient * (1 - output * output))


def _gelu_gradient(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    x = np.minimum(np.maximum(x, -10), 10)  # beyond, the slope is 0 or 1 to the last bit
    scale = math.sqrt(2 / math.pi)
    t = np.tanh(scale * (x + 0.044715 * x * x * x))
    slope = scale * (1 + 3 * 0.044715 * x * x)
    return gradient * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


def _softmax_gradient(gradient: np.ndarray, output: np.ndarray, axis: int = -1) -> np.ndarray:
    weighted = gradient * output
    return weighted - output * accurate_sum(weighted, axis=axis, keepdims=True)


derivative(activations.gelu, _gelu_gradient)
derivative(activations.softmax, _softmax_gradient)


# Losses.
def _cross_entropy_gradient(
    gradient: Any, classes: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """Softmax of the logits, less 1 at the right class, divided by the size of the batch."""
    scale = gradient / classes.size
    result = probabilities * scale
    rows = result.reshape(-1, result.shape[-1])
    rows[np.arange(len(rows), like=rows), classes.reshape(-1)] -= scale
    return result


def _binary_cross_entropy_gradient(gradient: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # The bound matches the cut-off of the logarithms: no division by zero at 0 and 1.
    return gradient * (x - y) / np.maximum(x * (1 - x), 1e-12) / x.size


def _binary_cross_entropy_gradient_target(gradient: Any, x: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return gradient * (np.maximum(np.log1p(-x), -100) - np.maximum(np.log(x), -100)) / x.size


def _log_softmax_gradient(gradient: np.ndarray, output: np.ndarray) -> np.ndarray:
    return gradient - np.exp(output) * accurate_sum(gradient, axis=-1, keepdims=True)


derivative(losses.log_softmax, _log_softmax_gradient)
derivative(losses.cross_entropy, _cross_entropy_gradient)
derivative(
    losses.binary_cross_entropy,
    _binary_cross_entropy_gradient,
    _binary_cross_entropy_gradient_target,
)

# From here on, every operation that passes the door is recorded, and what was kept is guarded.
attach(record, backward)
guard.attach()
