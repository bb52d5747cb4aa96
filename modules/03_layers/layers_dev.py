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
# # 03 Layers
#
# *The building blocks of a network: Linear layers whose weights start at the right size, and
# Dropout, which keeps a network from learning its examples by heart.*
#
# **Foundation tier** · **Difficulty** ⭐⭐ (2/4) · **Time** 4-5 hours
#
# **Before this:** 01_tensor, 02_activations · **Next:** 04_losses
#
# When you are through, you can
#
# - see any layer for what it is: a function with parameters, made to be chained;
# - write a Linear layer, `y = xW + b`, and say why its weights start out small but not too small
#   (what people call Xavier initialization);
# - hand an optimizer exactly the numbers that it may change;
# - write Dropout, and explain why it multiplies in training and does nothing afterwards;
# - put layers together into a network, and say what it costs in memory and in arithmetic before
#   you run it.
#
# **How it goes.** *Build*: you write four short methods. *Use*: you join your layers into a
# network, and in a few seconds it learns to read handwritten digits. *Reflect*: you measure what
# you built, step into its traps on purpose, and get sixteen questions to take along.
#
# Where a cell says `raise NotImplementedError("Write ...")`, it's your turn: put your lines in its
# place. The cell after it checks what you wrote. Each exercise has three hints, which `tito hint`
# gives one at a time; in the notebook they are folded away until you want them.
#
# **Starting here?** You can. The tensor and the activations come from the TinyTorch that is
# installed, or from your own modules 01 and 02 if you have finished them. To see that both are
# in order: `tito test --module tensor` and `tito test --module activations`.

# %%
#| export
"""Layers: functions from tensors to tensors, with the parameters that training adjusts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from tinytorch.arguments import real_number, whole_number
from tinytorch.composition import Layer as Layer
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_tensor
from tinytorch.random import generator

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import time
import tracemalloc
from typing import Any

import matplotlib.pyplot as plt

import tinytorch
from tinytorch.core.activations import ReLU, Tanh
from tinytorch.core.autograd import derivative
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.training import batches
from tinytorch.course.checking import check_here
from tinytorch.course.explore import explore
from tinytorch.course.script import cell_by_cell
from tinytorch.datasets import mnist

tinytorch.manual_seed(3)
random = np.random.default_rng(3)
digits = mnist()

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Build: what is a layer?
#
# A handwritten digit comes in as 784 numbers, its pixels. Ten numbers should come out, a score for
# each digit. Nobody knows the formula in between. So we write one that leaves many numbers open,
# and let training find them.
#
# A **layer** is one piece of that formula: a function from tensors to tensors, together with the
# numbers that it leaves open, its **parameters**. A network is one layer after another:
#
# ```
#    images        layer 1          layer 2          layer 3         scores
#  (32, 784) ──►  784 to 256  ──►  256 to 128  ──►  128 to 10  ──►  (32, 10)
#               200,960 numbers   32,896 numbers   1,290 numbers
# ```
#
# What do all layers have in common? You can call them, and you can ask for their parameters.
# `Layer`, which the first cell imports, says just that. The activations of module 02 have it from
# there, too. What you need of it is short:
#
# ```python
# class Layer:
#     def __call__(self, *inputs, **options):
#         return self.forward(*inputs, **options)
# ```
#
# A layer of your own defines `forward`. You call the layer itself, and what you pass arrives there.
#
# `Layer` has a method `parameters()` as well, which looks through all that a layer holds, and in
# the layers among it. That is for networks. In a Linear layer there are two things to find, and
# you list them yourself.


# %% [markdown]
# ## y = xW + b
#
# Look at one unit of a layer. It multiplies each input by a weight of its own, adds up, and adds
# one more number, its bias. That's all it does: it asks "how much of *my* pattern is in there?"
#
# A layer has many such units. Put the weights of each into a column of a matrix `W`, and one
# matrix product asks all the questions at once, for every sample in the batch.
#
# ```
#        x        @       W         +       b        =        y
#    (32, 784)        (784, 256)         (256,)           (32, 256)
#          └─ must agree ─┘          added to every row
#
#    row: a sample    column: a unit
# ```
#
# Three inputs and two units are enough to follow by hand.

# %%
x = np.array([[1.0, 2.0, 3.0]])
weight = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
bias = np.array([10.0, 20.0])
print(x @ weight + bias)

# %% [markdown]
# The first unit has the weights 1, 0, 1 and says 1·1 + 2·0 + 3·1 + 10 = **14**. The second has
# 0, 1, -1 and says 1·0 + 2·1 - 3·1 + 20 = **19**.
#
# ## How weights should start
#
# Training moves the weights a little at a time, so it matters where they begin. The biases may
# begin at zero. May the weights? Let's make them all equal, and ask autograd (module 05, already
# installed) which way each of them would be moved.

# %%
weight = Tensor(np.full((4, 3), 0.1), requires_grad=True)
outputs = Tensor(random.standard_normal((8, 4))) @ weight
(outputs**2).sum().backward()
print(weight.grad)

# %% [markdown]
# Three columns, all alike. Units that start as twins are moved as twins, and stay twins forever:
# 256 of them are worth one. So weights start at **random**.
#
# How large? A unit adds up `fan_in` products, one for each input. (The fan-in is the number of
# inputs, here `in_features`.) Variances of independent numbers add up, so with inputs of mean 0 and
# variance 1
#
# ```
#   variance of y  =  fan_in · variance of a weight
# ```
#
# With 784 inputs and weights of variance 1, the outputs have variance 784 and standard deviation
# 28. To get 1 out, give the weights the variance `1 / fan_in`: a **standard deviation of
# `sqrt(1 / fan_in)`**, for 784 inputs exactly 1/28.

# %%
x = random.standard_normal((1000, 784))
for deviation in (1.0, math.sqrt(1 / 784), 1 / 784):
    y = x @ (random.standard_normal((784, 256)) * deviation)
    print(f"weights of {deviation:.4f} make outputs of {y.std():.2f}")

# %% [markdown]
# The third line is the commonest slip: 1/784 is the *variance* that we want, and the numbers are
# multiplied by its root. Without the root, nearly nothing is left of the signal.
#
# A factor of 28 looks harmless. But layers come one after another, and factors multiply. At width
# 256 the factor is 16, and 16 to the 32nd is 2 to the 128th: after 32 layers a float32 is full.
#
# ### Three names, three formulas
#
# Going forward, each output adds up `fan_in` terms. Going backward, the gradient of each input adds
# up `fan_out` terms (`out_features`). So the signals want a variance of `1 / fan_in`, the gradients
# one of `1 / fan_out`, and where a layer changes the width, no number is right for both.
#
# - **LeCun** and others (1998) look forward: `sqrt(1 / fan_in)`. This is the one you write.
# - **Glorot and Bengio** (2010) meet in the middle: `sqrt(2 / (fan_in + fan_out))`. Xavier is
#   Glorot's first name, so this is Xavier initialization, properly speaking. But the name is also
#   used for LeCun's formula (the filler called "xavier" in Caffe, an early framework, divides by
#   the fan-in alone), and so it is in this course: where a check says Xavier, it means
#   `sqrt(1 / in_features)`.
# - **He** and others (2015) think of ReLU, which sets half of the signal to zero, and make up for
#   it: `sqrt(2 / fan_in)`.
#
# For the three layers of our network:

# %%
print("layer         LeCun   Glorot  He")
for fan_in, fan_out in ((784, 256), (256, 128), (128, 10)):
    lecun, glorot, he = 1 / fan_in, 2 / (fan_in + fan_out), 2 / fan_in
    name = f"{fan_in} to {fan_out}"
    print(f"{name:12}  {math.sqrt(lecun):.4f}  {math.sqrt(glorot):.4f}  {math.sqrt(he):.4f}")

# %% [markdown]
# They differ by a factor of 1.4 at most: nothing against the 28 that we began with. For a few
# layers any of them will do. For many layers, the one that fits the activation wins.
#
# ### Slips to see first
#
# Most wrong layers run without a word. Three slips are so common that it pays to have seen them:
# a generator that is seeded in the layer, numbers from 0 to 1 where they should lie around 0, and
# arithmetic on `.data`, which leaves no trace for autograd to follow.

# %%
alike = [np.random.default_rng(0).standard_normal(3).round(2) for _ in range(2)]
print("two layers, each with a generator seeded by 0:", *alike)
print(f"random() as weights: {np.mean(random.random(10_000) < 0):.0%} of them are negative")
x, weight = Tensor(np.ones((1, 2))), Tensor(np.ones((2, 3)), requires_grad=True)
print("gradients find their way back through x @ weight:", (x @ weight).requires_grad)
print("and through Tensor(x.data @ weight.data):", Tensor(x.data @ weight.data).requires_grad)

# %% [markdown]
# ## Your turn: Linear
#
# The three exercises below are the three methods of one class. What is given checks the sizes and
# the input's shape, so that your lines can be the ones that matter.
#
# **Exercise: `Linear.__init__`**
#
# Make the two parameters. `self.weight` is a `Tensor` of shape `(in_features, out_features)`, with
# random numbers of mean 0 and standard deviation `sqrt(1 / in_features)`. `self.bias` is a
# `Tensor` of `out_features` zeros, or `None` if the caller wants no bias. Both are to be trained,
# so both get `requires_grad=True`.
#
# Take the random numbers from `generator()`, the generator behind all of TinyTorch; then
# `tinytorch.manual_seed(0)` makes a whole run repeatable. Numbers from `np.random` are as good, but
# that seed does not reach them. Seeding is for whoever runs the program. A layer that does it for
# them gets the numbers of every other such layer. (TinyTorch's own Linear also allows a layer with
# no inputs at all, and takes care not to divide by zero. Yours may, too.)
#
# <details><summary>Hint 1</summary>
#
# Random numbers with a standard deviation of 1 are easy to get. Multiply them all by the same
# number, and their standard deviation is multiplied by it too. Which number makes it right? It has
# a root in it, and the inputs alone: the number of units doesn't matter.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `generator().standard_normal(shape, dtype=np.float32)` gives an array of normal numbers with mean
# 0 and standard deviation 1. Ask for all of `shape` at once, in each layer anew and without a seed,
# so that every weight has a number of its own. Multiply by `math.sqrt(1 / ...)`, and wrap the
# product in a `Tensor`. For a layer without inputs, `max(1, self.in_features)` is a safe divisor.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Four lines, with two gaps to fill. There is one bias for each unit, it starts at zero, and without
# one `self.bias` is `None`. Both tensors say `requires_grad=True`, or nobody could train them.
#
# ```python
# shape = (self.in_features, self.out_features)
# numbers = generator().standard_normal(shape, dtype=np.float32)
# self.weight = Tensor(numbers * ..., requires_grad=True)
# self.bias = Tensor(np.zeros(...), requires_grad=True) if bias else None
# ```
#
# </details>

# %% [markdown]
# **Exercise: `Linear.forward`**
#
# Compute `y = xW + b`. When your lines begin, `x` is a tensor whose last dimension is
# `in_features`. It may have any number of dimensions before that one, or none. Give back a tensor,
# and get there by way of tensors: what is computed from `.data` is right, and nobody can learn
# from it, because no gradient finds its way back.
#
# Two operators say it all, `@` and `+`. The operation `linear`, given above the class, does the
# work of both; how to use it is in Hint 3, and what it saves you will measure under "What it
# costs". Either way is right.
#
# <details><summary>Hint 1</summary>
#
# Read the formula aloud, and write down what you said. Tensors know the operators of NumPy.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `@` is the matrix product; `*` would multiply number by number. `x` comes first, and the weight is
# `(in_features, out_features)` already, so there is nothing to transpose. `@` leaves all dimensions
# but the last as they are, so a single sample and a batch of batches need no lines of their own.
# Adding the bias broadcasts: its `(out_features,)` numbers are added to every row. And use the
# tensors themselves, not their `.data`, so that gradients reach `x`, the weight and the bias.
#
# </details>
# <details><summary>Hint 3</summary>
#
# If `self.bias is None`, return the product alone; otherwise add the bias to it. Ask with
# `is None`: `if self.bias:` would ask a row of numbers whether it is true. With `linear`, the case
# with a bias is `apply(linear, x, ..., ...)`: every operation goes through the door of module 01.
#
# </details>

# %% [markdown]
# **Exercise: `Linear.parameters`**
#
# Return the list of what training adjusts: the weight, then the bias if there is one. Return the
# tensors themselves, not copies, for an optimizer will change them in place.
#
# <details><summary>Hint 1</summary>
#
# How many tensors are in the list of a layer that was made with `bias=False`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# One list or the other, depending on whether `self.bias` is `None`. `return` a new list at each
# call, with the tensors themselves in it: no copies, no `.data`, no names, no lists within.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Start from `[self.weight]`. Where the layer has a bias, the list to return is
# `[self.weight, ...]`.
#
# </details>


# %%
#| export
def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The matrix product and the bias in one operation, with one new array instead of two."""
    y = np.matmul(x, weight)
    y += bias
    return y


class Linear(Layer):
    """A linear layer, `y = x @ weight + bias`.

    Args:
        in_features: the number of inputs to each unit, its fan-in.
        out_features: the number of units.
        bias: whether a bias is added.

    Attributes:
        weight: shape `(in_features, out_features)`, drawn from a normal distribution with
            mean 0 and standard deviation `sqrt(1 / in_features)` (LeCun et al., 1998).
        bias: shape `(out_features,)`, zeros to begin with; None without a bias.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is negative.

    >>> layer = Linear(784, 256)
    >>> layer(Tensor(np.ones((32, 784)))).shape
    (32, 256)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        self.in_features = whole_number("in_features of Linear", in_features, below=2**31)
        self.out_features = whole_number("out_features of Linear", out_features, below=2**31)
        ### BEGIN SOLUTION
        shape = (self.in_features, self.out_features)
        scale = math.sqrt(1 / max(1, self.in_features))
        weight = generator().standard_normal(shape, dtype=np.float32) * np.float32(scale)
        self.weight = Tensor(weight, requires_grad=True)
        self.bias = Tensor(np.zeros(self.out_features), requires_grad=True) if bias else None
        ### END SOLUTION

    def forward(self, x: TensorLike) -> Tensor:
        """Transform a batch.

        Args:
            x: shape `(..., in_features)`, with any number of leading batch dimensions.

        Returns:
            Shape `(..., out_features)`.

        Raises:
            ValueError: the last dimension of `x` is not `in_features`.
        """
        x = as_tensor(x)
        if x.shape[-1:] != (self.in_features,):
            raise ValueError(self._wrong_input(x.shape))
        ### BEGIN SOLUTION
        if self.bias is None:
            return x @ self.weight
        return apply(linear, x, self.weight, self.bias)
        ### END SOLUTION

    def parameters(self) -> list[Tensor]:
        """The weight and, if there is one, the bias."""
        ### BEGIN SOLUTION
        return [self.weight] if self.bias is None else [self.weight, self.bias]
        ### END SOLUTION

    def _wrong_input(self, shape: tuple[int, ...]) -> str:
        if not shape:
            return f"{self} got a single number; expected shape (..., {self.in_features})"
        got = f"{self} got a last dimension of {shape[-1]} in shape {shape}"
        for batch_dimensions in range(len(shape) - 1):
            if math.prod(shape[batch_dimensions:]) == self.in_features:
                flat = (*shape[:batch_dimensions], self.in_features)
                return f"{got}; flatten first: x.reshape({', '.join(map(str, flat))})"
        return f"{got}; expected {self.in_features}"

    def __repr__(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"Linear({self.in_features}, {self.out_features}{bias})"


# %%
check_here("layers", "Linear Layer")

# %% [markdown]
# ### See it: a digit goes through
#
# The top row is what goes in, four digits. The bottom row is what comes out of a layer that has
# learned nothing yet: 256 numbers each, drawn as 16 by 16. Purple is below zero, orange above.

# %%
layer = Linear(784, 256)
images = digits.test_images[:4]
outputs = layer(images.reshape(4, 784) / 255)
figure, axes = plt.subplots(2, 4, figsize=(7, 3.8), layout="constrained")
for column, (image, output, label) in enumerate(
    zip(images, outputs.data, digits.test_labels, strict=False)
):
    axes[0, column].imshow(image, cmap="gray_r")
    axes[0, column].set_title(f"a {label}: 784 numbers")
    axes[1, column].imshow(output.reshape(16, 16), cmap="PuOr_r", vmin=-1.5, vmax=1.5)
    axes[1, column].set_title("256 numbers")
for axis in axes.flat:
    axis.set_axis_off()

# %% [markdown]
# It looks like noise. But is the digit lost? Two images that are far apart should still be far
# apart in what comes out. Let's measure it.

# %%
x = digits.test_images[:1000].reshape(1000, 784) / 255
y = layer(x).data
before = np.linalg.norm(x[:500] - x[500:], axis=1)
after = np.linalg.norm(y[:500] - y[500:], axis=1)
print(f"Distances come out as {np.mean(after / before):.3f} of what they were,")
print(
    f"give or take {np.std(after / before):.3f}. And sqrt(256 / 784) is {math.sqrt(256 / 784):.3f}."
)

# %% [markdown]
# All distances shrink by nearly the same factor. A random layer has no idea what a digit is, but
# it keeps the digits apart, and that gives training something to work with.
#
# ### See it: ten layers deep
#
# Now the question of scale, with your own layers. Ten of them, 256 wide, each followed by a tanh;
# once with your weights as they are, once with weights five times too small, once five times too
# large. We look at what comes out of the layers, and at the gradients that come back.
#
# One thing first. Autograd looks up the derivative of each operation in a table, and the `linear`
# in this file is new to it. So we enter it, with a rule for each of its three inputs. (You'll find
# these rules yourself in module 05.)

# %%
derivative(
    linear,
    lambda gradient, y: gradient @ y.T,
    lambda gradient, x: x.T @ gradient,
    lambda gradient: gradient,
)


def ten_layers(factor: float) -> tuple[list[np.ndarray], list[float]]:
    """What each of ten layers puts out, and the size of its weights' gradient."""
    layers = [Linear(256, 256) for _ in range(10)]
    for layer in layers:
        layer.weight.data *= np.float32(factor)
    x = Tensor(random.standard_normal((256, 256)))
    signals = []
    for layer in layers:
        x = Tanh()(layer(x))
        signals.append(x.data)
    x.backward(random.standard_normal((256, 256)))
    return signals, [float(np.std(layer.weight.grad)) for layer in layers]


rows = []
figure, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
for axis, (name, factor) in zip(
    axes, (("too small", 0.2), ("sqrt(1 / fan_in)", 1), ("too large", 5)), strict=True
):
    signals, gradients = ten_layers(factor)
    for number, colour in ((1, "#35b779"), (4, "#31688e"), (10, "#440154")):
        counts, edges = np.histogram(signals[number - 1], bins=80, range=(-1, 1))
        axis.stairs(counts / counts.max(), edges, color=colour, lw=1.5, label=f"layer {number}")
    axis.set(title=name, xlabel="output of a unit", ylabel="how often", yticks=[])
    sizes = (np.std(signals[0]), np.std(signals[9]), gradients[9], gradients[0])
    rows.append(f"{name:16}" + "".join(f"{size:13.2g}" for size in sizes))
axes[0].legend()
print("weights           1 puts out  10 puts out  gradient, 10  gradient, 1")
print("\n".join(rows))

# %% [markdown]
# On the left the signal fades to nothing within a few layers, and the gradients with it: they are
# half a million times smaller than in the middle, and such weights won't move. On the right most
# units sit near -1 and 1, where tanh is flat and lets little through; but the large weights more
# than make up for it, and the gradients grow on their way back, to a hundred times the size. In the
# middle both keep their size, nearly. Tanh squeezes everything a little, so the signal shrinks
# slowly. (For that, too, people have a factor to multiply the weights by: the gain, in PyTorch's
# table 5/3 for tanh.)
#
# ## Parameters, for whoever trains them
#
# A layer owns its parameters; an optimizer changes them. What passes between the two is the list
# that you wrote. Count it:

# %%
layer = Linear(784, 256)
for parameter in layer.parameters():
    print(f"{parameter.shape!s:11}: {parameter.size:7,} numbers, {parameter.data.nbytes:7,} bytes")
total = sum(parameter.size for parameter in layer.parameters())
print(f"together: 784 * 256 + 256 = {total:,} numbers of 4 bytes")

# %% [markdown]
# An optimizer keeps that list and, at each step, subtracts something from each `parameter.data` in
# place. Because the list holds the tensors themselves, the layer changes with it. We can play
# optimizer:

# %%
print("before:", layer.bias[:3])
for parameter in layer.parameters():
    parameter.data -= 0.5
print("after: ", layer.bias[:3])

# %% [markdown]
# ## Dropout
#
# A network with 235,146 numbers and too few examples can learn the examples by heart. Units come to
# rely on each other: one makes a mistake, and another is there to undo just that one. On new images
# such arrangements fall apart.
#
# Dropout (Srivastava and others, 2014) breaks them up. In each training step every unit is switched
# off with probability `p`, at random. No unit can count on any other, so each has to be of some use
# alone. When the network is used, at *inference*, all of them work.
#
# ```
#   x                      1     2     3     4
#   kept? (p = 0.5)       yes    no   yes    no       drawn afresh at every call
#   in training            2     0     6     0        survivors times 1 / (1 - p) = 2
#   in use                 1     2     3     4        x itself
# ```
#
# ### Why survivors are scaled
#
# The next layer adds up its inputs. With half of them off, its sums would be half as large in
# training as in use, and it would have learned for the wrong size. So make up for it. What is the
# expected value of an element `x` in training? It is 0 with probability `p`, and `x / (1 - p)` with
# probability `1 - p`:
#
# ```
#   p · 0  +  (1 - p) · x / (1 - p)  =  x
# ```
#
# Just what it is in use. This is *inverted* dropout. The original form left the survivors alone in
# training and multiplied by `1 - p` in use, which comes to the same; but a network is used far
# more often than it is trained, and by programs that should not need to know how it was trained.

# %%
p = 0.3
for count in (10, 1000, 100_000):
    kept = random.random(count) >= p
    print(
        f"{count:7,} draws of 1: scaled {np.mean(kept / (1 - p)):.3f}, unscaled {np.mean(kept):.3f}"
    )

# %% [markdown]
# ### One mask for all?
#
# Each element is to be decided by itself, so the mask has the shape of `x`. A mask for one row
# broadcasts over the batch without a word, and then all samples lose the same units. Compare:

# %%
print(np.ones((3, 8)) * (random.random(8) >= 0.5))
print(np.ones((3, 8)) * (random.random((3, 8)) >= 0.5))

# %% [markdown]
# ### Random bits
#
# Two pieces are given. `random_keep(shape, p)` draws the booleans: True where an element is kept.
# A float from NumPy's generator takes 64 random bits; a coin needs one. So it draws small whole
# numbers and compares them with a threshold: for `p = 0.5` single bits, kept where they are 1, and
# for 0.3 numbers of 16 bits, kept from 19,661 on. (That is 19,661 of 65,536, or 0.300003.) You will
# see what that saves under "What it costs".
#
# `dropout` is the operation: a plain function on arrays, as all operations are, that goes through
# the door `apply` of module 01. The mask is not an input that could want a gradient, so it comes as
# an option, by name.


# %%
#| export
def dropout(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Multiply by a mask that holds 0 for what is dropped, and the scale of what survives."""
    return x * mask


def random_keep(shape: tuple[int, ...], p: float) -> np.ndarray:
    """A random array of booleans: each element is False with probability `p`.

    Random bits cost time, so this draws no more than `p` needs: 1 to an element for 0.5, 16 for
    0.3. Probabilities that are no multiple of 1/65536 are met to one part in 10,000 or better.
    """
    count = math.prod(shape)
    bits, threshold = _bits_and_threshold(p)
    words = generator().bit_generator.random_raw(-(-count * bits // 64))
    if bits == 1:
        return np.unpackbits(words.view(np.uint8), count=count).view(bool).reshape(shape)
    return (words.view(threshold.dtype)[:count] >= threshold).reshape(shape)


@lru_cache
def _bits_and_threshold(p: float) -> tuple[int, np.unsignedinteger]:
    """How many random bits an element needs, and the smallest number of so many that is kept."""
    if p == 0.5:
        return 1, np.uint8(1)
    for bits in (8, 16, 32):
        threshold = round(p * 2**bits)
        if abs(threshold - p * 2**bits) <= 1e-4 * min(threshold, 2**bits - threshold):
            break
    return bits, np.dtype(f"u{bits // 8}").type(min(threshold, 2**bits - 1))


# %% [markdown]
# ## Your turn: Dropout
#
# **Exercise: `Dropout.forward`**
#
# Three cases. In use, and also in training when `p` is 0, nothing happens: return `x` itself. In
# training with `p` of 1, nothing survives. In all other training, each element is kept with
# probability `1 - p`, and what is kept is multiplied by `1 / (1 - p)`.
#
# Build a **mask** of the shape of `x`, 0 for what is dropped and `1 / (1 - p)` for what is kept,
# and return `apply(dropout, x, mask=mask)`. Give the mask the dtype of `x`. A mask of float64 takes
# twice the memory, and NumPy would calculate in float64 with it, only for `apply` to turn the
# result into float32 again.
#
# <details><summary>Hint 1</summary>
#
# First deal with the cases in which `x` comes back as it is: `training` is false, or `p` is 0. What
# remains is training. Which value of `p` would then divide by zero, and what is the answer there?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `random_keep(x.shape, self.p)` is an array of booleans, drawn afresh for each element of `x` at
# each call, and True with probability `1 - p`. As numbers they are 1 and 0, so one multiplication
# makes the mask: by the scale that makes up for what is lost. If three in four are dropped, the
# fourth has to count for four: that is `1 / (1 - p)`, not `1 / p`, and not `1 - p`. With `p` of 1
# the mask is all zeros: `np.zeros(x.shape, x.dtype)`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The last case, with one gap. `x.dtype.type` is `np.float32` for a float32 tensor, so that the mask
# is float32 as well. `apply` gives a new tensor that gradients flow through; `x` stays as it was:
#
# ```python
# keep = random_keep(x.shape, self.p)
# scale = x.dtype.type(...)
# return apply(dropout, x, mask=keep * scale)
# ```
#
# </details>


# %%
#| export
class Dropout(Layer):
    """Inverted dropout (Srivastava et al., 2014): in training, zero elements at random.

    Each element is dropped with probability `p`, independently of all others. The survivors
    are scaled by `1 / (1 - p)`, so that the expected value of each element stays what it was
    and nothing needs to be done at inference.

    Args:
        p: the probability of dropping an element, from 0 to 1; the keep probability is `1 - p`.

    Raises:
        TypeError: `p` is not a number.
        ValueError: `p` is outside [0, 1] or NaN.

    >>> Dropout(0.5)(Tensor([1.0, 2.0, 3.0]), training=False)
    Tensor([1., 2., 3.])
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = real_number("the probability p of Dropout", p, at_most=1)

    def forward(self, x: TensorLike, training: bool | None = None) -> Tensor:
        """Drop elements in training; pass `x` through unchanged at inference.

        Args:
            x: a tensor of any shape.
            training: whether to drop; if left out, what `self.training` says, which is True until
                `eval()` of this layer, or of a network that holds it, is called.

        Returns:
            A tensor of the same shape; at inference, or with `p` 0, `x` itself.
        """
        x = as_tensor(x)
        if training is None:
            training = self.training
        ### BEGIN SOLUTION
        if not training or self.p == 0:
            return x
        if self.p == 1:
            mask = np.zeros(x.shape, x.dtype)
        else:
            keep = random_keep(x.shape, self.p)
            mask = keep.astype(x.dtype) * (1 / (1 - self.p))
        return apply(dropout, x, mask=mask)
        ### END SOLUTION

    def __repr__(self) -> str:
        return f"Dropout({self.p})"


# %%
check_here("layers", "Dropout Layer")

# %% [markdown]
# ### See it: dropout on a digit
#
# Two calls on the same digit, then the mean of many. What survives is darker, twice as dark. No
# single call shows the whole seven, and all of them together show nothing else: that is the
# expected value at work.

# %%
image = digits.test_images[0] / 255
drop = Dropout(0.5)
pictures = {
    "the digit": image,
    "one call": drop(image, training=True).data,
    "another call": drop(image, training=True).data,
    "mean of 10": np.mean([drop(image, training=True) for _ in range(10)], axis=0),
    "mean of 500": np.mean([drop(image, training=True) for _ in range(500)], axis=0),
}
figure, axes = plt.subplots(1, 5, figsize=(10, 2.4), layout="constrained")
for axis, (title, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=2)
    axis.set_title(title)
    axis.set_axis_off()

# %% [markdown]
# ## Use: a network by hand
#
# Three Linear layers, ReLU between them so that they don't collapse into one matrix (module 02),
# and dropout after each ReLU. Every line of `forward` is a step that you can print, time, or stop
# at.

# %%
layer1 = Linear(784, 256)
activation1 = ReLU()
dropout1 = Dropout(0.5)
layer2 = Linear(256, 128)
activation2 = ReLU()
dropout2 = Dropout(0.3)
layer3 = Linear(128, 10)


def forward(x: TensorLike, training: bool) -> Tensor:
    x = layer1(x)
    x = activation1(x)
    x = dropout1(x, training=training)
    x = layer2(x)
    x = activation2(x)
    x = dropout2(x, training=training)
    return layer3(x)


all_parameters = layer1.parameters() + layer2.parameters() + layer3.parameters()

# %%
check_here("layers", "Multi-layer Network")

# %% [markdown]
# ### Why no container?
#
# Most frameworks have one, `Sequential`: you give it a list of layers, it calls them in turn. It's
# three lines. We do without, for now, because the three lines hide what this module is about: what
# shape goes where, and who owns which parameter. They also raise a question at once. Dropout needs
# to be told whether this is training, and Linear doesn't. Either the container knows which layer is
# which, or every layer carries a mode with it. By hand, `training=training` stands where it is
# needed and nowhere else.
#
# The price: you collect the parameters yourself, and can forget some. (See the traps.) `Layer` can
# do that for you. A network is a layer that holds layers, and its `parameters()` are theirs, while
# `forward` stays as explicit as it was:


# %%
class Network(Layer):
    def __init__(self) -> None:
        self.layer1, self.activation1 = Linear(784, 256), ReLU()
        self.dropout1, self.layer2 = Dropout(0.5), Linear(256, 10)

    def forward(self, x: TensorLike, training: bool) -> Tensor:
        hidden = self.activation1(self.layer1(x))
        return self.layer2(self.dropout1(hidden, training=training))


for name, parameter in Network().named_parameters().items():
    print(f"{name:14}{parameter.shape}")

# %% [markdown]
# ### Let it learn
#
# Everything after the layers is installed: losses, gradients, optimizers, batches. So your layers
# can learn today. Only the `dropout` in this file is new to autograd, as `linear` was, so we enter
# it in the table as well: what was multiplied by the mask on the way forward is multiplied by the
# mask on the way back.

# %%
derivative(dropout, lambda gradient, mask: gradient * mask)

at_the_start = layer1.weight.data.copy()
test_images = Tensor(digits.test_images.reshape(-1, 784) / 255)
loss, optimizer = CrossEntropyLoss(), SGD(all_parameters, lr=0.2, momentum=0.9)


def accuracy(training: bool = False) -> float:
    """The fraction of the 10,000 test images that the network reads right."""
    guesses = forward(test_images, training).data.argmax(axis=1)
    return float(np.mean(guesses == digits.test_labels))


print(f"before training: {accuracy():.1%} of the test images are read right")
start = time.perf_counter()
images, labels = digits.train_images[:15_360].reshape(-1, 784), digits.train_labels[:15_360]
for batch, answers in batches(images, labels, batch_size=512, shuffle=True):
    optimizer.zero_grad()
    loss(forward(batch, training=True), answers).backward()
    optimizer.step()
seconds = time.perf_counter() - start
print(f"after 30 batches, in {seconds:.2f} s: {accuracy():.1%}")

# %% [markdown]
# Guessing gets 10%. Thirty batches of 512 images, a quarter of the training set seen once, and your
# layers read about nine in ten. (For all of MNIST, many times over: `tito milestone mnist`.)
#
# What has changed? Each unit of the first layer has 784 weights, one for each pixel, so it can be
# drawn as an image: the pattern that the unit is looking for. Top: at the start. Bottom: how
# training has changed them.

# %%
change = layer1.weight.data - at_the_start
units = np.argsort(-np.abs(change).sum(axis=0))[:8]
figure, axes = plt.subplots(2, 8, figsize=(10, 2.8), layout="constrained")
for column, unit in enumerate(units):
    for axis, weights in zip(axes[:, column], (at_the_start, change), strict=True):
        limit = np.abs(weights[:, unit]).max()
        axis.imshow(weights[:, unit].reshape(28, 28), cmap="PuOr_r", vmin=-limit, vmax=limit)
        axis.set(xticks=[], yticks=[])
    axes[0, column].set_title(f"unit {unit}")
for axis, name in zip(axes[:, 0], ("start", "change"), strict=True):
    axis.set_ylabel(name)

# %% [markdown]
# ## Reflect: what it costs
#
# **Memory and arithmetic, on paper.** `Linear(n, m)` holds `n * m + m` numbers of 4 bytes. For one
# sample it does `n * m` multiplications and as many additions: `2 * n * m` floating-point
# operations, or FLOPs (the bias adds `m` of the additions).

# %%
print("layer               parameters       bytes  FLOPs, one sample")
for n, m in ((784, 256), (256, 128), (128, 10), (1024, 1024), (4096, 4096)):
    name = f"Linear({n}, {m})"
    print(f"{name:18}  {n * m + m:10,}  {4 * (n * m + m):10,}  {2 * n * m:17,}")

# %% [markdown]
# The width counts twice: four times as wide is sixteen times the memory. And training needs more
# than the weights. Each of them has a gradient, which is another number, and the optimizer keeps
# one more for each (SGD with momentum) or two more (Adam). So it takes three times the bytes of the
# weights, or four times.
#
# **Activations, measured.** To go backward, autograd must keep what each layer was given, and the
# masks of dropout. That grows with the batch; the weights don't.


# %%
def bytes_held(call: Any) -> int:
    """The memory that the result of a call keeps, with all that it holds on to."""
    tracemalloc.start()
    result = call()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return held


weights = sum(parameter.data.nbytes for parameter in all_parameters)
for size in (32, 128, 512, 2048):
    batch = Tensor(random.random((size, 784), np.float32))
    kept = bytes_held(lambda batch=batch: forward(batch, training=True)) + batch.data.nbytes
    print(f"batch {size:4}: {kept / 1e6:5.2f} MB of activations, {weights / 1e6:.2f} MB of weights")

# %% [markdown]
# **Time, measured.** For a single image each weight is fetched from memory, used once and dropped.
# A batch uses it again and again while it's at hand.


# %%
def median_seconds(call: Any, repeats: int = 9) -> float:
    """The median time of a call; the first one is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


layer = Linear(784, 256)
for size in (1, 8, 64, 512):
    batch = Tensor(random.random((size, 784), np.float32))
    seconds = median_seconds(lambda batch=batch: layer(batch))
    speed = 2 * 784 * 256 * size / seconds / 1e9
    print(f"batch {size:3}: {1e6 * seconds / size:6.1f} µs for an image, {speed:5.1f} GFLOP/s")

# %% [markdown]
# Is it worth having an operation for product and bias together? Two operators make two new arrays,
# of which the first is thrown away at once, and go through the door twice. That is a small part of
# a large product, and a larger part of a small one:

# %%
batch, small = Tensor(random.random((32, 256), np.float32)), Linear(256, 128)
apart = median_seconds(lambda: batch @ small.weight + small.bias, repeats=99)
together = median_seconds(lambda: apply(linear, batch, small.weight, small.bias), repeats=99)
print(f"32 samples from 256 to 128: x @ weight + bias takes {1e6 * apart:.1f} µs,", end=" ")
print(f"linear {1e6 * together:.1f} µs.")

# %% [markdown]
# And dropout, with its random bits:

# %%
batch = Tensor(random.random((512, 256), np.float32))
plain = median_seconds(lambda: random.random((512, 256)) >= 0.5)
frugal = median_seconds(lambda: random_keep((512, 256), 0.5))
whole = median_seconds(lambda: Dropout(0.5)(batch, training=True))
print(f"Booleans for 512 by 256 units: {1e6 * plain:.0f} µs from 64 bits each,", end=" ")
print(f"{1e6 * frugal:.0f} µs from one bit each.")
print(f"All of Dropout takes {1e6 * whole:.0f} µs; the Linear before it, {1e6 * seconds:.0f} µs.")

# %% [markdown]
# ## What PyTorch does differently
#
# - `nn.Linear` stores its weight the other way round, `(out_features, in_features)`, and computes
#   `x @ weight.T + bias`. Transpose when you carry weights from one to the other.
# - Its weights start out uniform between `-1/sqrt(fan_in)` and `1/sqrt(fan_in)`. That is a standard
#   deviation of `sqrt(1 / (3 * fan_in))`, 0.58 of yours. Its biases are drawn from the same range
#   and do not start at zero.
# - Dropout is told by a mode whether this is training: `network.train()` and `network.eval()` set
#   it for all layers at once. `Layer` has both, and they count where a call says nothing. Here we
#   say it at each call, where you can see it.
# - `nn.Module` notices every parameter and layer that you assign to an attribute, at that moment.
#   `Layer` looks through the attributes when it is asked.
#
# ## At the edges
#
# A good layer needs no special cases for small batches, and yours has none, since the matrix
# product has none:

# %%
layer = Linear(784, 256)
for name, shape in (
    ("one image, no batch", (784,)),
    ("a batch of one", (1, 784)),
    ("an empty batch", (0, 784)),
    ("batches of batches", (4, 8, 784)),
):
    print(f"{name:19} {shape!s:11} → {layer(np.zeros(shape)).shape}")
print("no bias:", Linear(784, 256, bias=False).parameters()[0].shape)
print("no inputs:", Linear(0, 3)(np.zeros((2, 0))).tolist())

# %% [markdown]
# And bad input gets an answer that helps:

# %%
for call in (
    lambda: layer(digits.test_images[:32]),
    lambda: Linear(784, -1),
    lambda: Linear(784.0, 256),
    lambda: Dropout(1.5),
):
    try:
        call()
    except (TypeError, ValueError) as error:
        print(error)

# %% [markdown]
# ## Traps
#
# Six mistakes that everybody makes once. Better here than at midnight.
#
# **Dropout left on when the network is used.** Nothing breaks; the answers are just worse, and
# different each time.

# %%
print(f"off: {accuracy():.1%} and again {accuracy():.1%}")
print(f"on:  {accuracy(training=True):.1%} and again {accuracy(training=True):.1%}")

# %% [markdown]
# **Dropout without the scale.** In training the next layer sees half of what it will see in use.

# %%
kept = random_keep((1_000_000,), 0.5)
print(
    f"mean of ones in use: 1, in training: {kept.mean():.3f} unscaled, {2 * kept.mean():.3f} scaled"
)

# %% [markdown]
# **A list times three.** It repeats the *same* layer, so three layers share one weight.

# %%
stack = [Linear(64, 64)] * 3
print(f"{len(stack)} layers, {len({id(layer.weight) for layer in stack})} weight")

# %% [markdown]
# **A layer left out of the list.** No error: `layer2` just never learns.

# %%
forgetful = layer1.parameters() + layer3.parameters()
print(f"{sum(parameter.size for parameter in forgetful):,} of 235,146 parameters will be trained")

# %% [markdown]
# **A parameter replaced after the optimizer has the list.** The optimizer keeps on training the old
# one. Write into `layer.weight.data[:]` instead.

# %%
trained = layer.parameters()
layer.weight = Tensor(np.zeros((784, 256)), requires_grad=True)
print("the optimizer trains the layer's weight:", trained[0] is layer.weight)

# %% [markdown]
# **Images whose rows fit.** `Linear(28, 10)` takes a batch of images without complaint, and treats
# each row of pixels as a sample.

# %%
print(Linear(28, 10)(digits.test_images[:32]).shape, "is ten scores for each row, not each image")

# %% [markdown]
# ## Questions to take along
#
# All of them have answers that can be computed or measured. Guess first: put a number, or a word,
# in the place of the dots (or `None`, if you must). Then run the cell, and your own machine
# answers. What it runs on are the modules in use, yours where you have finished them, and the
# answer says so. It also says which settings there are to play with, as in
# `explore("growth", guess=3, hidden=1024)`.
#
# In a terminal `tito explore 03` lists the same questions, and `tito explore 03 --all` makes a page
# of all answers that you can hand in.
#
# ### Where layers are used
#
# 1. **The last layer of ResNet-50** turns 2048 features into scores for 1000 classes. How many
#    parameters is that, and which of the two numbers can its designers choose?

# %%
explore("resnet-head", guess=...)

# %% [markdown]
# 2. **GPT-3** is built from Linear layers with 12,288 inputs. How much memory does one of them
#    take, and all of them? Which machine could hold that?

# %%
explore("gpt3-memory", guess=...)

# %% [markdown]
# 3. **Recommending films** from ratings means data that is nearly all zeros. What does dropout with
#    `p=0.5` do there to the time that training takes, and to how good the recommendations get?

# %%
explore("sparse-dropout", guess=...)

# %% [markdown]
# 4. **On a phone**, five Linear layers take 2 MB and may take 500 KB. Would you use fewer bits for
#    each weight, or leave weights out? In which layers?

# %%
explore("compress", guess=...)

# %% [markdown]
# ### The mathematics
#
# 5. **Scale and depth.** Where all layers are equally wide, why does `sqrt(1 / fan_in)` keep the
#    *gradients* at their size as well? What does a network of 20 layers do with any other scale?

# %%
explore("initialization", guess=...)

# %% [markdown]
# 6. **Counting.** How many FLOPs does `Linear(1024, 1024)` take for a batch of 128? How many does
#    dropout take on its output, and is the ratio of their times the ratio of their FLOPs?

# %%
explore("flops", guess=...)

# %% [markdown]
# 7. **Expected value.** With `p=0.5`, what is the mean of an element over many calls, and how far
#    does it stray after a hundred? What would go wrong in use without the `1 / (1 - p)`?

# %%
explore("expected-value", guess=...)

# %% [markdown]
# 8. **Growth.** Between 784 inputs and 10 outputs there are 256 hidden units; make it 512. Is that
#    exactly twice the parameters? When would it not even be close?

# %%
explore("growth", guess=...)

# %% [markdown]
# ### Designing networks
#
# 9. **Wide or deep?** 784-512-10 or 784-256-256-10: which has more parameters? Which does better on
#    images that it has not seen, and by more than luck?

# %%
explore("width-depth", guess=...)

# %% [markdown]
# 10. **Dropout before ReLU or after it:** for which activations does it make no difference at all?

# %%
explore("dropout-placement", guess=...)

# %% [markdown]
# 11. **When is a bias useless?** Think of a layer that is followed by a normalization, which
#     subtracts the mean.

# %%
explore("bias", guess=...)

# %% [markdown]
# 12. **By hand or in a container:** what does each show you in a debugger, what does each cost a
#     call, and what do you give up either way?

# %%
explore("composition", guess=...)

# %% [markdown]
# ### Speed
#
# 13. **Caches.** `Linear(4096, 4096)` has 64 MiB of weights. Does that fit into the largest cache
#     of your processor, and what happens to the speed where it no longer does?

# %%
explore("memory-hierarchy", guess=...)

# %% [markdown]
# 14. **Batch size.** From 1 to 512 the samples per second rise, and then no more. What holds them
#     back at first, and what in the end?

# %%
explore("batch-size", guess=...)

# %% [markdown]
# 15. **What dropout costs.** Some profiles show 2% of the time of training. Where does it go: into
#     random numbers, the multiplication, or moving memory? Is it 2% on your machine?

# %%
explore("dropout-overhead", guess=...)

# %% [markdown]
# 16. **A hundred layers.** In training, do the weights take more memory, or the activations? How
#     much can you save by keeping only some activations and computing the rest again?

# %%
explore("checkpointing", guess=...)

# %% [markdown]
# ## Where to go from here
#
# You have built the two layers that most networks are made of. To finish the module, so that the
# rest of TinyTorch runs on your layers:
#
# ```bash
# tito module complete 03 && tito test --module layers
# tito milestone mnist
# ```
#
# Next, in **04 losses**, you write the number that tells a network how wrong it is.
