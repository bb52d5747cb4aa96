# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 Autograd
#
# *The machine that tells every weight which way to go: a recorder at the door, and a walk backward
# through what it recorded.*
#
# **Foundation tier** · **Difficulty** ⭐⭐⭐⭐ (4/4) · **Time** 4-6 hours
#
# **Before this:** 01_tensor, 02_activations, 03_layers, 04_losses · **Next:** 06_optimizers
#
# When you are through, you can
#
# - work out a gradient by hand, backward, one operation after the other;
# - record what is computed, and keep no more of it than the way back needs;
# - write the walk backward so that it visits each operation once, without recursion;
# - undo a broadcast, and write the derivative of an operation as a row of a table;
# - find a wrong derivative by comparing it with a difference of two values.
#
# **How it goes.** *Build*: you write the recorder, the walk backward, and some of the rules. *Use*:
# you send gradients through networks, and check them against differences. *Reflect*: you measure
# what recording costs, and step into the traps on purpose.

# %%
#| export
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

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import time
from types import SimpleNamespace

from tinytorch.course.script import cell_by_cell

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Why
#
# The loss of module 04 says how wrong a network is. To improve it, we need the slope of the loss
# for each of its weights: 235,146 of them in the network for MNIST. Nudging them one by one would
# take a forward pass for each. Going backward once through what was computed gives all of them,
# for about the price of two forward passes. That is what makes deep learning affordable.
#
# ## Backward, by hand
#
# ```
#   w = 2 --.
#            * -- p = 6 --.
#   x = 3 --'              + -- y = 7 --.
#                 b = 1 --'              - -- e = 2 -- square -- L = 4
#                               t = 5 --'
# ```
#
# How fast does L change with e? Its slope is 2e = **4**. With y? The minus passes that on: 4. The
# plus passes it on to both sides: 4 for b, 4 for p. The product multiplies by *the other factor*:
# 4 * 3 = **12** for w and 4 * 2 = 8 for x. Every step was "what arrives from the right, times my
# own slope": the **chain rule**. Is it true? Take w = 2.001. Then L = 2.003 * 2.003 = 4.012009: for
# a change of 0.001 a rise of 0.012, which is 12 times as much.
#
# Such a trial needs no calculus at all, so it makes a good check. Here it is as a tool:


# %%
def slope(function: Callable[[np.ndarray], Any], at: Any, step: float = 1e-6) -> np.ndarray:
    """The gradient of the sum of a function's results, found by moving each element a little."""
    at = np.array(at, np.float64)
    result = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        move = np.zeros_like(at)
        move[i] = step
        result[i] = (np.sum(function(at + move)) - np.sum(function(at - move))) / (2 * step)
    return result


print("the slope of x^3 at 2, which is 3 * 2^2:", slope(lambda x: x**3, 2.0).round(6))

# %% [markdown]
# ## The recorder
#
# Every operation passes one door, `apply` in module 01. After an operation with an input that
# requires a gradient, the door calls `record`, which hangs a `Node` on the result. For
# `output = x * y`:
#
# ```
#   output._node:  Node(multiply)
#                    edge to x:  target  the node that computed x, or x itself if it was given
#                                rule    gradient * y
#                                needs   [y's array]
#                                shape and dtype of x
#                    edge to y:  ...
# ```
#
# A tensor that was given, not computed, is a **leaf**: weights are leaves. Only what the rule names
# is kept: a product keeps the other factor, a sum nothing. All other arrays can go at once.


# %%
#| export
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

# %% [markdown]
# **Exercise.** Write `record`. Each input has its rule: `zip(inputs, rules)`. If the input is a
# tensor with `requires_grad`, it gets an edge, a tuple of five:
#
# - the target: `x._node`, or `x` itself where that is None;
# - the rule;
# - a list with the arrays that the rule needs. `rule.needs` says which: 0, 1 or 2 for one of
#   `arrays`, those that the operation was given for its inputs, and -1 for the output's own;
# - the shape and the dtype of the input. Take arrays from `x._array` and `output._array`: asking
#   for `x.data` hands the array out, and somebody would have to watch it.
#
# Then hang `Node(op, options, edges)` on the output and set its `requires_grad`, so that what is
# computed from it is recorded as well.


# %%
#| export
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
    ### BEGIN SOLUTION
    edges: list[Edge] = []
    for i, x in enumerate(inputs):
        rule = rules[i]
        if isinstance(x, Tensor) and x.requires_grad:
            needs = [output._array if j < 0 else arrays[j] for j in rule.needs]
            edges.append((x._node or x, rule, needs, x._array.shape, x._array.dtype))
    output._node = Node(op, options, edges)
    output.requires_grad = True
    ### END SOLUTION


# %% [markdown]
# Given: how rules are found, and how to switch recording off.


# %%
#| export
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


# %%
def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x * y


# The table of rules comes later. Here is one row of it, made by hand, for an operation of our own.
_rules = globals().get("_rules", {})
_rules[product] = [SimpleNamespace(needs=[1]), SimpleNamespace(needs=[0])]

x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
output = wrap(np.array([3.0, 8.0], np.float32))
record(output, product, (x, y), [x.data, y.data], {})
assert isinstance(output._node, Node), "hang a Node on the output: output._node = Node(...)"
assert output.requires_grad, "the output requires a gradient too, or recording ends here"
assert len(output._node.edges) == 1, "only x requires a gradient, so there is one edge"
target, rule, needs, shape, dtype = output._node.edges[0]
assert target is x, "x is a leaf, so the edge leads to x itself"
assert rule is _rules[product][0], "each input has its own rule, in the same order"
assert [a.tolist() for a in needs] == [[3, 4]], "the rule for x asked for input 1, which is y"
assert (shape, dtype) == ((2,), np.float32), f"expected x's shape and dtype, got {shape}, {dtype}"

again = wrap(np.array([9.0, 32.0], np.float32))
record(again, product, (output, y), [output.data, y.data], {})
assert again._node.edges[0][0] is output._node, "where an input has a node, the edge leads there"
with no_grad():
    quiet = wrap(np.zeros(2, np.float32))
    record(quiet, product, (x, y), [x.data, y.data], {})
assert quiet._node is None, "nothing is recorded within no_grad()"
print("record: as it should be")

# %% [markdown]
# ## The walk backward
#
# In which order? A node may only pass its gradient on when it has received all of it.
#
# ```
#   x -- a -- b -- c       c = 5 a + b,  b = 2 a,  a = 3 x
#         '------'
# ```
#
# From c, 5 arrives at a. But b will send 2 more, so b must come first. The order in which they were
# made settles it: an operation can only use what existed before, so from the **newest to the
# oldest**, nobody is visited too early. A heap hands out the newest of those waiting. And as this
# is a loop, a chain of 100,000 operations is fine. Recursion would end at Python's limit of 1000.
#
# **Exercise.** The loop is given. It takes a node and its gradient, and lets go of what was
# recorded. You write what happens at each edge:
#
# 1. `rule.gradient(node, gradient, needs, shape)` is this input's part; give it the edge's `dtype`.
# 2. A leaf gets it added to its `.grad`, by `_accumulate(target, part)`.
# 3. For a node the parts add up in `gradients[target]`. With its first part it also goes on the
#    heap: `heapq.heappush(waiting, (-target.order, target))`.
#
# Mind who owns an array. A sum hands the same gradient on to both its inputs, and some rules answer
# with a view, or with an array that was saved. So give a leaf its own copy where the part is
# `gradient` or one of the arrays in `needs`, or has a `.base`; and
# add with `a + b` into a new array, never with `+=`.


# %%
#| export
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
        ### BEGIN SOLUTION
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
        ### END SOLUTION


_WALKED = (
    "backward() went through this part of the computation before, and what it recorded is gone; "
    "compute the result again, or add the results up and call backward() once"
)

# %% [markdown]
# Given: what backward starts from, and where it ends.


# %%
#| export
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


# %%
def node_by_hand(*edges: tuple[Any, float]) -> Node:
    """A node whose rule for each input is: the gradient, times a factor."""
    rule = SimpleNamespace(gradient=lambda node, gradient, needs, shape: gradient * needs[0])
    single = np.dtype(np.float32)
    return Node(np.multiply, {}, [(t, rule, [np.float32(f)], (1,), single) for t, f in edges])


def result_of(node: Node) -> Tensor:
    result = Tensor([0.0], requires_grad=True)
    result._node = node
    return result


x = Tensor([1.0], requires_grad=True)
a = node_by_hand((x, 3))
b = node_by_hand((a, 2))
c = node_by_hand((a, 5), (b, 1))
backward(result_of(c))
assert x.grad is not None, "the leaf x got no gradient: _accumulate(x, part)"
assert x.grad.item() == 21, f"c = 5a + 2a and a = 3x, so x gets 21; got {x.grad.item():g}"
backward(result_of(node_by_hand((x, 4))))
assert x.grad.item() == 25, f"a second backward adds to .grad: 21 + 4, got {x.grad.item():g}"

through = SimpleNamespace(gradient=lambda node, gradient, needs, shape: gradient)
p, q = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
edges = [(leaf, through, [], (1,), np.dtype(np.float32)) for leaf in (p, q)]
backward(result_of(Node(np.add, {}, edges)))
assert not np.shares_memory(p.grad.data, q.grad.data), "two leaves share one gradient: copy it"

r = Tensor([1.0], requires_grad=True)
nodes = node_by_hand((r, 1)), node_by_hand((r, 10))
edges = [(nodes[i], through, [], (1,), np.dtype(np.float32)) for i in (0, 1, 0)]
backward(result_of(Node(np.add, {}, edges)))
assert r.grad.item() == 12, f"2 * 1 + 1 * 10 is 12, got {r.grad.item():g}: was += used?"

double = SimpleNamespace(gradient=lambda *arguments: np.ones(1, np.float64))
s = Tensor([1.0], requires_grad=True)
backward(result_of(Node(np.exp, {}, [(s, double, [], (1,), np.dtype(np.float32))])))
assert s.grad.dtype == np.float32, f"the edge says float32, the gradient is {s.grad.dtype}"

chain = node_by_hand((p, 1))
for _ in range(10_000):
    chain = node_by_hand((chain, 1))
backward(result_of(chain))
assert p.grad.item() == 2, f"a chain of 10,000 times 1 adds 1 to the 1 there was: {p.grad.item():g}"
print("backward: as it should be")

# %% [markdown]
# ## Broadcasting, backward
#
# A bias of shape (3,) added to a batch of shape (4, 3) is used in four rows. Each of its elements
# moves four results, and their gradients add up: **what was repeated on the way forward is summed
# on the way back.**
#
# **Exercise.** Write `unbroadcast`. Dimensions that broadcasting put in front are summed away;
# those of size 1 that it stretched are summed and stay, with size 1 (`keepdims=True`).


# %%
#| export
def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum a gradient over the dimensions in which an input was repeated.

    Args:
        gradient: the gradient with respect to the repeated input.
        shape: the shape that the input had before it was repeated.
    """
    ### BEGIN SOLUTION
    added = gradient.ndim - len(shape)
    if added > 0:
        gradient = accurate_sum(gradient, axis=tuple(range(added)))
    if gradient.shape == shape:
        return gradient
    repeated = tuple(i for i, size in enumerate(shape) if size != gradient.shape[i])
    return accurate_sum(gradient, axis=repeated, keepdims=True)
    ### END SOLUTION


# %%
ones = np.ones((4, 3))
assert unbroadcast(ones, (4, 3)).tolist() == ones.tolist(), "nothing was repeated: nothing changes"
for shape, times in (((3,), 4), ((4, 1), 3), ((1, 3), 4), ((1, 1), 12), ((), 12)):
    summed = unbroadcast(ones, shape)
    assert summed.shape == shape, f"expected shape {shape}, got {summed.shape}"
    assert (summed == times).all(), f"shape {shape} was used {times} times over, got {summed}"
assert unbroadcast(np.ones((5, 4, 3)), (4, 1)).tolist() == [[15]] * 4, "both kinds at once"
print("unbroadcast: as it should be")

# %% [markdown]
# ## The table of derivatives
#
# What remains is calculus, one row an operation. A rule is a plain function. The *names* of its
# parameters say what it needs, and only that is kept: `output`, the inputs `x`, `y`, `z`,
# `input_shape`, and the options of the operation.
#
# | operation | rule for x | what is kept |
# | --- | --- | --- |
# | `x + y` | `gradient` | nothing |
# | `x * y` | `gradient * y` | y |
# | `exp(x)` | `gradient * output`, as exp is its own slope | the output |
# | `log(x)` | `gradient / x` | x |
# | `relu(x)` | `gradient * (output > 0)` | the output |
#
# The rows that follow are for what was there before this lesson. An operation that comes later, in
# another lesson or a program of your own, has its row right below it, where both can be read
# together:
#
# ```python
# def scaled(x: np.ndarray, factor: float) -> np.ndarray:
#     return factor * x
#
#
# derivative(scaled, lambda gradient, factor: factor * gradient)
# ```


# %%
#| export
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


# %% [markdown]
# Given: the rows for what works element by element. Read them, and see whether you agree.

# %%
#| export
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

# %% [markdown]
# You need not take them on trust: `slope` knows what they should be.

# %%
x = np.array([0.5, 1.5, 2.5])
for op in (np.negative, np.absolute, np.square, np.sqrt, np.exp, np.log, np.sin, np.cos, np.tanh):
    rule = _rules[op][0]
    needed = [op(x) if i < 0 else x for i in rule.needs]
    error = np.abs(rule.function(np.ones(3), *needed) - slope(op, x)).max()
    kept = "".join("output" if i < 0 else "x" for i in rule.needs) or "nothing"
    print(f"{op.__name__:9} keeps {kept:7}  differs from the measured slope by {error:.0e}")
    assert error < 1e-6, f"the rule for {op.__name__} is wrong"

# %% [markdown]
# **Reductions.** A sum passes its gradient on to all elements. A maximum passes it to the winner.
#
# **Exercise.** Write `_mean_gradient`. It's like `_sum_gradient`, but each of the n elements that
# went into a mean counts 1/n. The input had `math.prod(input_shape)` elements, and there are
# `np.size(gradient)` means. Divide by `max(1, ...)` both times: arrays may be empty.


# %%
#| export
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
    ### BEGIN SOLUTION
    count = math.prod(input_shape) // max(1, np.size(gradient))
    return _spread(gradient / max(1, count), input_shape, axis, keepdims)
    ### END SOLUTION


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


# %%
x = np.arange(6.0).reshape(2, 3)
for options in ({}, {"axis": 0}, {"axis": 1}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}):
    found = _mean_gradient(np.ones_like(np.mean(x, **options)), x.shape, **options)
    expected = slope(lambda x, options=options: np.mean(x, **options), x)
    assert np.shape(found) == x.shape, f"expected shape {x.shape}, got {np.shape(found)}: {options}"
    assert np.allclose(found, expected), f"{options or 'all'}: expected {expected}, got {found}"
print("_mean_gradient: as it should be")

# %% [markdown]
# **Shape and position.** Reshape back, transpose back. Indexing is the interesting one:
# `x[[0, 0, 2]]` uses x[0] twice and x[1] not at all.
#
# **Exercise.** Write `_getitem_gradient`: zeros of the input's shape, and the gradients added where
# they belong. `result[index] += gradient` would keep only one of the two for x[0];
# `np.add.at(result, index, gradient)` adds both.


# %%
#| export
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
    ### BEGIN SOLUTION
    if _takes_each_once(index):
        result = np.zeros_like(gradient, shape=input_shape)
        result[index] = gradient
    else:
        # An element that was taken twice gets both gradients, which plain assignment would not do,
        # and one that was taken a million times is the sum of as many.
        result = np.zeros_like(gradient, shape=input_shape, dtype=np.float64)
        np.add.at(result, index, gradient.astype(np.float64))
    return result

    ### END SOLUTION


derivative(np.reshape, _reshape_gradient)
derivative(reshape, _reshape_gradient)
derivative(np.transpose, _transpose_gradient)
derivative(getitem, _getitem_gradient)


# %%
found = _getitem_gradient(np.array([1.0, 10.0, 100.0]), (4,), index=[0, 0, 2])
assert found.tolist() == [11, 0, 100, 0], f"x[0] was taken twice, so it gets 1 + 10: {found}"
found = _getitem_gradient(np.ones((2, 1), np.float32), (2, 3), index=(slice(None), slice(1, 2)))
assert found.tolist() == [[0, 1, 0], [0, 1, 0]], f"only column 1 was taken: {found}"
assert found.dtype == np.float32, f"the gradient's dtype stays, got {found.dtype}"
print("_getitem_gradient: as it should be")

# %% [markdown]
# **Matrix product.** Let the shapes lead you. Forward, `(n, in) @ (in, out)` is `(n, out)`, and the
# gradient that arrives is `(n, out)` too. For x we need `(n, in)`. There is one way to get it from
# `(n, out)` and y, which is `(in, out)`.
#
# **Exercises.** Write the last line of both: the case in which x and y are matrices, or batches of
# them. Swap the last two axes with `.swapaxes(-1, -2)`. Batches broadcast, but that is not your
# concern here: `Rule.gradient` unbroadcasts. The cases with vectors are given. The rules of other
# products, and of what puts arrays together, are longer, and stand in `tinytorch/derivatives.py`.


# %%
#| export
# Linear algebra.
def _matmul_gradient_x(gradient: Any, y: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of `x @ y` for x, which is `gradient @ y.T` where all are matrices."""
    if y.ndim == 1:
        return np.expand_dims(gradient, -1) * y
    if len(input_shape) == 1:
        return np.matmul(y, np.expand_dims(gradient, -1))[..., 0]
    ### BEGIN SOLUTION
    return np.matmul(gradient, y.swapaxes(-1, -2))
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    return np.matmul(x.swapaxes(-1, -2), gradient)
    ### END SOLUTION


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

# %%
random = np.random.default_rng(0)
for shapes in (((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4))):
    x, y = random.normal(size=shapes[0]), random.normal(size=shapes[1])
    gradient = np.ones_like(x @ y)
    for name, found, expected in (
        ("x", _matmul_gradient_x(gradient, y, x.shape), slope(lambda v, y=y: v @ y, x)),
        ("y", _matmul_gradient_y(gradient, x, y.shape), slope(lambda v, x=x: x @ v, y)),
    ):
        found = unbroadcast(found, expected.shape)
        assert found.shape == expected.shape, f"{name}, shapes {shapes}: got shape {found.shape}"
        assert np.allclose(found, expected), f"{name}, shapes {shapes}: not the measured slope"
print("_matmul_gradient_x, _matmul_gradient_y: as they should be")

# %% [markdown]
# Given: layers and activations. `linear` has the rules of the matrix product for its input and the
# weight. The bias was repeated for every row of the batch, so its gradient is the sum of the rows.


# %%
#| export
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

# %% [markdown]
# **Losses.** The loss of one sample is `log(sum(exp(logits))) - logits[right]`. The slope of the
# first part is, for each logit, its `exp` over the sum of all: softmax. The slope of the second is
# -1, at the right class. The gradient is **what the network said, less what it should have said**.
#
# **Exercise.** Write `_cross_entropy_gradient`: the probabilities, as `cross_entropy` left them,
# less 1 at each right class, times `gradient` over the number of samples. The result is an array of
# its own, of the same shape: leave `probabilities` as it is.


# %%
#| export
# Losses.
def _cross_entropy_gradient(
    gradient: Any, classes: np.ndarray, probabilities: np.ndarray
) -> np.ndarray:
    """Softmax of the logits, less 1 at the right class, divided by the size of the batch."""
    ### BEGIN SOLUTION
    scale = gradient / classes.size
    result = probabilities * scale
    rows = result.reshape(-1, result.shape[-1])
    rows[np.arange(len(rows), like=rows), classes.reshape(-1)] -= scale
    return result
    ### END SOLUTION


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

# %%
x, classes = random.normal(size=(4, 3)), np.array([0, 2, 2, 1])
probabilities = np.empty_like(x)
losses.cross_entropy(x, classes, probabilities)
found = _cross_entropy_gradient(1.0, classes, probabilities)
expected = slope(lambda x: losses.cross_entropy(x, classes, np.empty_like(x)), x)
assert found.shape == x.shape, f"expected shape {x.shape}, got {found.shape}"
assert np.allclose(found.sum(axis=1), 0), f"softmax less 1: each row adds up to 0, not so {found}"
assert np.allclose(found, expected), f"expected {expected}, got {found}"
again = _cross_entropy_gradient(3.0, classes, probabilities)
assert np.allclose(again, 3 * expected), "three times what arrives gives three times as much"
print("_cross_entropy_gradient: as it should be")

# %% [markdown]
# ## At the door
#
# Until now the installed autograd was at the door. The next line puts yours there. (If you change
# `record` or `backward` later, run this cell again.) Beside it stands the **guard**, of which more
# under "Traps".

# %%
#| export
# From here on, every operation that passes the door is recorded, and what was kept is guarded.
attach(record, backward)
guard.attach()

# %%
w, x, b = (Tensor(value, requires_grad=True) for value in (2.0, 3.0, 1.0))
loss = (w * x + b - 5.0) ** 2
loss.backward()
print("L =", loss.item(), " for w:", w.grad, " for x:", x.grad, " for b:", b.grad)
assert (w.grad.item(), x.grad.item(), b.grad.item()) == (12, 8, 4), "see 'Backward, by hand'"

# %% [markdown]
# The same numbers as by hand. Now a whole network, each weight checked by trying.


# %%
def largest_error(compute: Callable[[], Tensor], parameters: list[Tensor]) -> float:
    """The largest difference between autograd's gradients and the measured slopes."""
    compute().backward()
    errors = []
    for parameter in parameters:
        original = parameter.data.copy()

        def result_at(values: np.ndarray, parameter: Tensor = parameter) -> Any:
            parameter.data[...] = values
            with no_grad():
                return compute().item()

        errors.append(np.abs(parameter.grad.data - slope(result_at, original)).max())
        parameter.data[...] = original
    return max(errors)


parameters = [
    Tensor(random.normal(size=shape), requires_grad=True, dtype=np.float64)
    for shape in ((6, 5), (5,), (5, 3))
]
images, digits = Tensor(random.normal(size=(8, 6)), dtype=np.float64), random.integers(3, size=8)


def small_network() -> Tensor:
    hidden = activations.GELU()(images @ parameters[0] + parameters[1])
    return losses.CrossEntropyLoss()(hidden @ parameters[2], digits)


error = largest_error(small_network, parameters)
print(f"all {sum(p.size for p in parameters)} gradients agree with trial to {error:.0e}")
assert error < 1e-7, "a rule or the walk is wrong"

# %% [markdown]
# ## What it costs
#
# Memory: from the forward pass to the backward pass, autograd holds on to what the rules named.
# Here is all of it, for the network for MNIST and a batch of 128, newest first. The weights that
# some rules need are in memory anyway.

# %%
layer = [layers.Linear(784, 256), layers.Linear(256, 128), layers.Linear(128, 10)]
weights = [parameter for one in layer for parameter in one.parameters()]
images, digits = Tensor(random.random((128, 784))), random.integers(10, size=128)


def network() -> Tensor:
    hidden = layers.Dropout(0.5)(activations.ReLU()(layer[0](images)))
    hidden = layers.Dropout(0.3)(activations.ReLU()(layer[1](hidden)))
    return losses.CrossEntropyLoss()(layer[2](hidden), digits)


loss, total, seen = network(), 0, {id(weight._array) for weight in weights}
node = loss._node
while isinstance(node, Node):
    arrays = [array for edge in node.edges for array in edge[2]]
    arrays += [option for option in node.options.values() if is_array(option)]
    new = [array for array in arrays if id(array) not in seen]
    seen |= {id(array) for array in new}
    total += sum(array.nbytes for array in new)
    kept = ", ".join(str(array.shape) for array in new) or "nothing more"
    print(f"{name_of(node.op):14} keeps {kept}")
    node = node.edges[0][0]
print(f"{total:,} bytes kept; the weights are {sum(w._array.nbytes for w in weights):,} bytes")

# %% [markdown]
# The outputs of the first two layers are not in the list: ReLU's rule looks at its own output, and
# nothing else needs them. Now time:


# %%
def seconds(call: Callable[[], Any]) -> float:
    """The median time of 9 calls."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[4]


forward, both = seconds(network), seconds(lambda: network().backward())
trials = sum(weight.size for weight in weights)
print(f"forward {1e3 * forward:.1f} ms, forward and backward {1e3 * both:.1f} ms")
print(f"by trying each of {trials:,} weights: {forward * trials / 60:.1f} minutes")

# %% [markdown]
# ## Traps
#
# **Changing an array that backward still needs.** The tensor shares its memory with you.

# %%
x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([4.0, 5.0])
result = (x * y).sum()
y.data[0] = 100  # the gradient of x was to be y as it was: 4
try:
    result.backward()
except ValueError as error:
    print(error)

# %% [markdown]
# How does it know? A guard listens at the door (`tinytorch/guard.py`). Asking for `y.data` handed
# the array out, and at that moment the guard took its **fingerprint**, a checksum. An array that
# nobody outside holds can't be changed by anybody. Python's reference count tells, and then no
# checksum is taken: in ordinary training the guard costs next to nothing.
#
# **Gradients add up.** Two calls of backward, two gradients, until you clear them.

# %%
x = Tensor([1.0], requires_grad=True)
for _ in range(2):
    (3 * x).sum().backward()
    print("without clearing:", x.grad)
x.grad = None  # this is what `optimizer.zero_grad()` does in module 06

# %% [markdown]
# Adding is what we want where a tensor is used twice, or where a large batch is split in two.
#
# **Recording what nobody will walk.** For answers alone, switch it off, and nothing is kept.

# %%
with no_grad():
    print("a node within no_grad():", network()._node)

# %% [markdown]
# ## What PyTorch does differently
#
# - It counts the versions of each tensor, to notice changes in place. A change through the NumPy
#   array that shares the memory escapes it, and the gradient is silently wrong.
# - Its rules are recorded themselves if you ask (`create_graph=True`): slopes of slopes. Yours work
#   on plain arrays, and end there.
# - `retain_graph=True` lets backward pass twice; here, what was recorded is always let go.
# - Its engine, too, takes the newest node from a heap; it also counts the parts a node waits for.
#
# ## Where to go from here
#
# - Your own row: `derivative(np.sinh, lambda gradient, x: gradient * np.cosh(x))`. Is it right?
# - Break a rule (a sign, a factor of 2), and see what `largest_error` says.
# - Read: Wengert, "A simple automatic derivative evaluation program" (1964), where a computation is
#   a list of elementary steps with known slopes; Linnainmaa's thesis (1970), where such a list is
#   walked backward, the "reverse mode"; the survey of Baydin and others (2018). In code: micrograd,
#   which does all of this for single numbers, and HIPS autograd, a table for most of NumPy.
#
# Every weight knows its slope. **06 optimizers** decides how far to go.
