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
# # 02 Activations
#
# *The bends in a network: five functions that stand between the layers, without which all the
# layers together could do no more than one.*
#
# **Foundation tier** · **Difficulty** ⭐ (1/4) · **Time** 2-3 hours
#
# **Before this:** 01_tensor · **Next:** 03_layers
#
# When you are through, you can
#
# - say why a network without activations is a single matrix, and show it;
# - write ReLU, sigmoid, tanh, GELU and softmax, and read each of them off its plot;
# - say what saturation is, and what it does to learning;
# - write a formula so that it holds from -10,000 to 10,000, where its textbook form breaks;
# - turn scores into probabilities, and make them surer or less sure with a temperature.
#
# **How it goes.** *Build*: you write five functions, most of them in a line or two. *Use*: you see
# what they do to a plane, and to the scores of a digit. *Reflect*: you measure what they cost, and
# step into the traps on purpose.
#
# Where a cell says `raise NotImplementedError("Write ...")`, it's your turn: put your lines in its
# place. The cell after it checks what you wrote. Each exercise has three hints, which `tito hint`
# gives one at a time; in the notebook they are folded away until you want them.
#
# **Starting here?** You can. The tensor is the installed one, or your own if you have finished
# module 01.

# %%
#| export
"""Activations: the functions between the layers, without which a network is one matrix."""

from __future__ import annotations

import numpy as np

from tinytorch.composition import Layer
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_tensor
from tinytorch.summation import accurate_sum

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import math
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt

from tinytorch.course.checking import check_here
from tinytorch.course.script import cell_by_cell
from tinytorch.datasets import mnist

random = np.random.default_rng(0)
digits = mnist()

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Build: why bend?
#
# A layer of a network multiplies by a matrix. What do two layers do, one after the other?

# %%
x = random.standard_normal((5, 4))
first, second = random.standard_normal((4, 3)), random.standard_normal((3, 2))
both = first @ second
print("two layers and one matrix differ by", np.abs((x @ first) @ second - x @ both).max())

# %% [markdown]
# The same, but for rounding. A hundred layers would still be one matrix, and a matrix draws
# straight lines only. Put something between them that is not a straight line, and that's over. Take
# the simplest bend there is, ReLU, which keeps what is positive and turns the rest into 0. Two of
# them make a function that no matrix can:
#
# ```
#    relu(x)  +  relu(-x)  =  |x|
#
#         /         \             \   /
#        /           \             \ /
#    ___/     +       \___    =     V
# ```
#
# From bends like these you can put together any continuous function on an interval, as closely as
# you like: each one more adds a corner where you want it.
#
# ### What they have in common
#
# An activation is a function on arrays, and goes through the door of module 01, `apply`. Around it
# comes a small class, so that it can be made and called as a layer of module 03 can, `ReLU()(x)`.
# That is what `Layer` is for: a call is `forward`, and it finds what can be trained, which here is
# nothing. How a gradient gets back through each of the five is known to module 05, so you write no
# derivatives here. The classes are given, and so is what they have in common:


# %%
#| export
class Activation(Layer):
    """A layer that bends: `forward` takes a tensor of any shape, and the result has the same."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# %% [markdown]
# And a tool for looking at them. It draws a function and its slope: by how much the output moves
# when the input moves a little. The slope is what training has to work with. Where it is zero,
# nothing is learned.


# %%
def draw(function: Callable[[np.ndarray], np.ndarray], name: str) -> None:
    """Plot a function, and its slope measured from the function itself."""
    x = np.linspace(-5, 5, 401)
    slope = (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
    _, axis = plt.subplots(figsize=(5, 2.8), layout="constrained")
    axis.plot(x, function(x), lw=2.5, label=name)
    axis.plot(x, slope, "--", label="its slope")
    axis.axhline(0, color="gray", lw=0.5)
    axis.set(xlabel="x", ylim=(-1.3, 2.3))
    axis.legend(loc="upper left")


# %% [markdown]
# ## ReLU
#
# The *rectified linear unit*: `max(x, 0)`, element by element. So -2 becomes 0, and 3 stays 3.
# It's the one to begin with in a new network: it costs next to nothing, and wherever it is open its
# slope is exactly 1, so nothing is lost on the way back.
#
# A trap first, for this and every function to come: `x` belongs to whoever calls. Zeros written
# into it turn up where nobody expects them.

# %%
temperatures = np.array([-3.0, 5.0])
result = temperatures  # the same array, not a copy
result[result < 0] = 0
print("the caller's temperatures are now", temperatures)

# %% [markdown]
# **Exercise: `relu`**
#
# It takes an array of any shape, and gives a new one of that shape, with 0 in place of what is
# negative. There is nothing to refuse, so it raises no error, and the next three don't either.
# NumPy has a function that takes the larger of two numbers, element by element. (An `if` won't
# do: it asks one question about a whole array, and NumPy refuses to answer.)
#
# <details><summary>Hint 1</summary>
#
# It isn't `np.max`, which looks for the largest number in an array: `np.max(x, 0)` gives the
# largest of each column, and the shape is gone.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.maximum(a, b)` compares two arrays element by element, and makes a new one. A plain number
# broadcasts. What ReLU compares with is 0: not 1, and not a fraction of `x`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `return np.maximum(..., 0)`
#
# </details>


# %%
#| export
def relu(x: np.ndarray) -> np.ndarray:
    """The rectified linear unit, `max(x, 0)`, element by element (Nair and Hinton, 2010)."""
    ### BEGIN SOLUTION
    # A row of zeros, since NumPy compares two arrays three times as fast as an array and a number.
    return np.maximum(x, np.zeros(x.shape[-1:], x.dtype, like=x))
    ### END SOLUTION


class ReLU(Activation):
    """`max(x, 0)`: negative numbers become 0, the others stay.

    >>> ReLU()(Tensor([-2.0, 3.0]))
    Tensor([0., 3.])
    """

    def forward(self, x: TensorLike) -> Tensor:
        return apply(relu, as_tensor(x))


# %%
check_here("activations", "ReLU")

# %%
draw(relu, "relu")

# %% [markdown]
# ## Sigmoid
#
# `1 / (1 + exp(-x))` turns any number into one between 0 and 1: a probability, if you like. At 0
# it's 0.5, at 2 it is 0.88, at 5 it is 0.993. Far out it goes flat; one says that it **saturates**.
#
# Written as it stands, the formula has a weakness. For x = -1000 it asks for `exp(1000)`, and
# float32 ends at `exp(88.7)`. Rewritten as `exp(x) / (1 + exp(x))`, which is the same number, it
# has the same weakness on the other side, and there it's worse.

# %%
x = np.array([-1000.0, 1000.0], np.float32)
with np.errstate(all="ignore"):
    print("1 / (1 + exp(-x)):    ", 1 / (1 + np.exp(-x)), "after an overflow")
    print(
        "exp(x) / (1 + exp(x)):", np.exp(x) / (1 + np.exp(x)), "infinity over infinity is no number"
    )

# %% [markdown]
# Each form is good on one side of zero. The way out: never ask for `exp` of a positive number.
# Write the first form for `x >= 0` and the second for `x < 0`, and look at them from above:
#
# ```
#   x >= 0:       1          x < 0:     exp(x)         both:   exp(the smaller of x and 0)
#            ───────────              ──────────               ───────────────────────────
#            1 + exp(-x)              1 + exp(x)                      1 + exp(-|x|)
# ```
#
# Mind the brackets, and each minus. Either is soon forgotten, and what comes out is a smooth curve
# all the same:

# %%
x = np.array([-2.0, 0.0, 2.0])
print("right:            ", (1 / (1 + np.exp(-x))).round(3))
print("without brackets: ", (1 / 1 + np.exp(-x)).round(3), "is never below 1")
print("without the minus:", (1 / (1 + np.exp(x))).round(3), "falls where it should rise")

# %% [markdown]
# **Exercise: `sigmoid`**
#
# It takes an array of any shape and gives a new one of that shape. Compute the last of the three
# fractions, for all elements at once. Neither `exp` in it is ever larger than 1.
#
# <details><summary>Hint 1</summary>
#
# Take what is above the line and what is below one at a time, and try each of them on -2 and on 2
# with a pencil. Above the line you should get 0.135 and 1, below it 1.135 both times.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The smaller of two numbers, element by element, is `np.minimum` (not `np.min`, which looks through
# the array). The absolute value is `np.absolute`, and it needs a minus before it goes into `exp`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `return np.exp(...) / (1 + np.exp(...))`. The first gap has a minimum in it, the second an
# absolute value.
#
# </details>


# %%
#| export
def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, `1 / (1 + exp(-x))`, element by element, between 0 and 1."""
    ### BEGIN SOLUTION
    # 1 / (1 + exp(-x)) on the right of zero and exp(x) / (1 + exp(x)) on the left: the same number,
    # and neither asks for the exp of a positive number, which could overflow.
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.absolute(x)))
    ### END SOLUTION


class Sigmoid(Activation):
    """`1 / (1 + exp(-x))`: any number becomes one between 0 and 1."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(sigmoid, as_tensor(x))


# %%
check_here("activations", "Sigmoid")

# %%
draw(sigmoid, "sigmoid")

# %% [markdown]
# Look at the slope: it is 0.25 at most, and at 5 it's below 0.01. On the way back through a network
# the slopes of all layers are multiplied, so even at its best a sigmoid lets a quarter through.

# %%
print("after 10 layers, with every unit at its steepest:", 0.25**10)

# %% [markdown]
# That's one reason why deep networks of sigmoids hardly learned, and why sigmoid is now kept for
# where a number between 0 and 1 is wanted: at the end of a network that says yes or no, and for
# gates.
#
# ## Tanh
#
# The hyperbolic tangent, `(exp(x) - exp(-x)) / (exp(x) + exp(-x))`, is a sigmoid stretched to reach
# from -1 to 1: `tanh(x) = 2 · sigmoid(2x) - 1`. Two things are better. Its outputs are centred on
# zero, and its slope at zero is 1. It still saturates.
#
# **Exercise: `tanh`**
#
# It takes an array of any shape and gives a new one of that shape. NumPy has the function, and
# NumPy's is right everywhere. The formula above, typed in as it stands, is infinity over infinity
# at 1000, and so is any other with an `exp` of something positive on both sides of the line.
#
# <details><summary>Hint 1</summary>
#
# You may use any function of NumPy. (Those of Python's `math` take one number at a time.)
#
# </details>
# <details><summary>Hint 2</summary>
#
# The name in NumPy is the name in mathematics, with the h: `np.tan` is the tangent of an angle.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `return np....(x)`
#
# </details>


# %%
#| export
def tanh(x: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent, element by element, between -1 and 1."""
    ### BEGIN SOLUTION
    return np.tanh(x)
    ### END SOLUTION


class Tanh(Activation):
    """The hyperbolic tangent: any number becomes one between -1 and 1."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(tanh, as_tensor(x))


# %%
check_here("activations", "Tanh")

# %%
draw(tanh, "tanh")
print("tanh(1.5) and 2 sigmoid(3) - 1:", tanh(np.array(1.5)), 2 * sigmoid(np.array(3.0)) - 1)

# %% [markdown]
# ## GELU
#
# ReLU decides by the sign: all or nothing. The *Gaussian error linear unit* multiplies `x` by a
# probability: that a number drawn from the standard normal distribution is below `x`. For a large
# `x` that is nearly certain, and `x` passes. For a very negative one it hardly ever happens, and
# nothing is left. In between, the change is smooth. GPT-2, GPT-3 and BERT use it.
#
# That probability has no simple formula, and NumPy has no function for it. Hendrycks and Gimpel,
# who proposed GELU in 2016, gave a form with tanh that comes close:
#
# ```
#    gelu(x) = 0.5 · x · (1 + tanh( sqrt(2/π) · (x + 0.044715 · x³) ))
# ```
#
# **Exercise: `gelu`**
#
# It takes an array of any shape and gives a new one of that shape. The argument of the tanh is
# given, as `_gelu_argument(x)`, below the function. Look at what it does first: it keeps `x`
# between -10 and 10. Out there tanh is ±1 to the last digit anyhow, and the cube of a large number
# would overflow. Write the rest of the formula around it. It's short, and each part of it counts:
# what happens to a large `x` if the 0.5 is missing, or the `1 +`?
#
# <details><summary>Hint 1</summary>
#
# Everything outside the tanh in the formula above is yours: a factor, `x`, and a bracket.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Where `x` is large, tanh is 1 and the result is `0.5 · x · 2`. Where it is very negative, tanh is
# -1 and the result is 0. If yours is not, look at the brackets.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `return 0.5 * x * (...)`, and in the brackets 1 and the tanh of `_gelu_argument(x)`.
#
# </details>


# %%
#| export
def gelu(x: np.ndarray) -> np.ndarray:
    """The Gaussian error linear unit in its tanh form (Hendrycks and Gimpel, 2016).

    `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, element by element.
    """
    ### BEGIN SOLUTION
    return 0.5 * x * (1 + np.tanh(_gelu_argument(x)))
    ### END SOLUTION


def _gelu_argument(x: np.ndarray) -> np.ndarray:
    # Beyond 10 the tanh is 1 to the last bit, and without the bound x^3 could overflow.
    x = np.minimum(np.maximum(x, -10), 10)
    return float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x * x * x)


class GELU(Activation):
    """The Gaussian error linear unit in its tanh form: a smooth relative of ReLU."""

    def forward(self, x: TensorLike) -> Tensor:
        return apply(gelu, as_tensor(x))


# %%
check_here("activations", "GELU")

# %% [markdown]
# How close is the tanh form? Python's own `math.erf` gives the probability exactly.

# %%
draw(gelu, "gelu")
x = np.linspace(-6, 6, 1001)
exact = x * [0.5 * (1 + math.erf(number / math.sqrt(2))) for number in x]
print(f"largest distance from the exact form: {np.abs(gelu(x) - exact).max():.5f}")

# %% [markdown]
# Look to the left of zero: GELU dips below it, so it's not even monotonic, and its slope is
# negative there.
#
# ## Softmax
#
# The last layer of a network gives a **score** for each class, also called a logit: any numbers. To
# read them as probabilities they must be positive and add up to 1. Softmax takes `exp` of each,
# which makes them positive, and divides by the sum.
#
# ```
#    scores           2.0     1.0     0.1
#    exp              7.39    2.72    1.11     sum 11.21
#    divided by sum   0.659   0.242   0.099    sum  1
# ```
#
# Unlike the other four it does not go element by element: each probability depends on all the
# scores of its row.
#
# And `exp` overflows again: in float32 a score of 100 is enough. What saves us is that softmax
# only looks at the *differences* between scores. Subtract the same number from all of them, and
# numerator and denominator shrink by the same factor. So subtract the largest of the row: then
# the largest `exp` is `exp(0) = 1`, and nothing can overflow. With that 1 in it the sum cannot be
# 0, and nothing need be added to it to prevent that.

# %%
scores = np.array([1000.0, 999.0, 0.0], np.float32)
with np.errstate(all="ignore"):
    print("naive:  ", np.exp(scores) / np.exp(scores).sum())
shifted = scores - scores.max()
print("shifted:", np.exp(shifted) / np.exp(shifted).sum())

# %% [markdown]
# That was one row. A batch has many, and two traps. A sum along an axis loses that axis: of the two
# rows below it makes `[3, 8]`, which lies in a row itself and divides the columns, and if the batch
# is square nothing complains. And one shift for all is too much for a row far below the others.

# %%
batch = np.array([[1.0, 2.0], [3.0, 5.0]])
print("sums of the rows:", (batch / batch.sum(axis=-1)).sum(axis=-1), "where both should be 1")
print("with keepdims:   ", (batch / batch.sum(axis=-1, keepdims=True)).sum(axis=-1))
far_apart = np.array([[1000.0, 999.0], [0.0, 1.0]], np.float32)
print("one shift for all leaves the second row", np.exp(far_apart - far_apart.max())[1])

# %% [markdown]
# **Exercise: `softmax`**
#
# It takes scores of any shape, and gives probabilities of that shape, which add up to 1 along
# `axis`: not always the last one, so hand `axis` on wherever you look for a largest score or a sum.
# `keepdims=True` in `np.max` and `np.sum` leaves a 1 in the place of that axis, so that the result
# broadcasts against `x` (module 01). An axis that `x` doesn't have is an `IndexError`, which NumPy
# raises for you. Two lines are there already: an array with nothing in it has no largest element,
# and comes back as it is.
#
# If two scores are further apart than float32 can say, their difference is -infinity, and `exp`
# makes 0 of it, as it should be. NumPy warns about it; `with np.errstate(over="ignore"):` around
# that line tells it that you know.
#
# <details><summary>Hint 1</summary>
#
# Three steps: subtract the largest score of each row, take `exp`, divide by the sum of each row.
# It's the sum of the exponentials, not of the scores. Then put `axis` where "row" stands.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.max(x, axis=axis, keepdims=True)` is the largest of each row, in a shape that can be
# subtracted from `x`. The sum works in the same way, with the same `axis` and `keepdims=True`, as
# `np.sum` or as `accurate_sum`, which does the same and loses fewer digits.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# with np.errstate(over="ignore"):
#     exponentials = np.exp(x - ...)
# return exponentials / ...
# ```
#
# </details>


# %%
#| export
def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn scores into probabilities: `exp(x)` divided by its sum along an axis.

    Args:
        x: scores (logits) of any shape.
        axis: the axis along which the results add up to 1; the last by default.
    """
    if x.size == 0:
        return x
    ### BEGIN SOLUTION
    # Shifting all scores by the same amount changes nothing, and exp(0) cannot overflow.
    # Scores that far apart have a difference beyond float32, and then exp(-infinity) is 0.
    with np.errstate(over="ignore"):
        exponentials = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exponentials / accurate_sum(exponentials, axis=axis, keepdims=True)
    ### END SOLUTION


class Softmax(Activation):
    """Scores become probabilities that add up to 1 along an axis.

    Args:
        axis: the axis to normalise over; the last by default.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: TensorLike) -> Tensor:
        return apply(softmax, as_tensor(x), axis=self.axis)

    def __repr__(self) -> str:
        return f"Softmax(axis={self.axis})"


# %%
check_here("activations", "Softmax")

# %% [markdown]
# ## Use: how sure?
#
# Divide the scores by a number before softmax, the **temperature**, and the order stays while the
# sureness changes: hot makes all alike, cold picks the largest. Language models have such a knob.
#
# Here is a hard case, a five. Each score is minus the squared distance from the mean image of a
# digit, which is as good a classifier as one gets without learning.

# %%
known, labels = digits.train_images[:10_000] / 255, digits.train_labels[:10_000]
means = np.stack([known[labels == digit].mean(axis=0) for digit in range(10)])
image = digits.test_images[8] / 255
scores = Tensor(-((image - means) ** 2).sum(axis=(1, 2)))

figure, axes = plt.subplots(1, 4, figsize=(10, 2.4), layout="constrained")
axes[0].imshow(image, cmap="gray_r")
axes[0].set(title=f"a {digits.test_labels[8]}", xticks=[], yticks=[])
for axis, temperature in zip(axes[1:], (0.25, 1, 10), strict=True):
    axis.bar(range(10), Softmax()(scores / temperature))
    axis.set(title=f"temperature {temperature}", ylim=(0, 1), xticks=range(10))
    axis.set(xlabel="digit", ylabel="probability")

# %% [markdown]
# The nearest mean is that of the twos, and it's wrong. At temperature 1 the probabilities admit
# that it was a close call. At a quarter of that they don't any more. The scores are the same.
#
# ### Bending the plane
#
# Now all the bends at once. A small network with two inputs, 16 units in between and one output,
# and random weights. The two inputs are the place in a plane, the output is drawn as a colour. The
# only thing that changes from picture to picture is the activation.

# %%
grid = np.stack(np.meshgrid(np.linspace(-3, 3, 120), np.linspace(-3, 3, 120)), axis=-1)
first, bias = random.standard_normal((2, 16)), random.standard_normal(16)
second = random.standard_normal((16, 1)) / 4
activations = {"none": lambda x: x, "relu": ReLU(), "tanh": Tanh(), "gelu": GELU()}
figure, axes = plt.subplots(1, 4, figsize=(10, 2.7), layout="constrained")
for axis, (name, activation) in zip(axes, activations.items(), strict=True):
    output = activation(Tensor(grid) @ first + bias) @ second
    axis.contourf(output.data[..., 0], levels=15, cmap="PuOr")
    axis.set(title=name, xticks=[], yticks=[])

# %% [markdown]
# Without an activation there are straight stripes, whatever the weights. ReLU folds the plane along
# straight lines, one for each unit. Tanh and GELU do it softly. Training moves the folds to where
# they are of use.
#
# ## Reflect: what they cost
#
# A million numbers through each, on this machine: the time, and the most memory held at once
# besides the input of 4 MB. To see what a function does besides moving memory, compare with a plain
# copy.


# %%
def cost(call: Callable[[], Any]) -> tuple[float, float]:
    """The median time of a call in milliseconds, and its peak of memory in megabytes."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[2], peak


million = random.standard_normal((1000, 1000), np.float32)
for function in (np.copy, relu, sigmoid, tanh, gelu, softmax):
    milliseconds, peak = cost(lambda function=function: function(million))
    print(f"{function.__name__:8} {milliseconds:6.2f} ms, {peak:4.0f} MB at the peak")

# %% [markdown]
# ReLU is a comparison, and costs hardly more than moving the numbers. Where a function costs
# more, it is mostly for the number of its steps: each `+` or `exp` in a formula is a whole pass
# over memory and often a whole new array, as NumPy finishes one before it begins the next. A
# compiler that looks at a formula as a whole (`torch.compile`, JAX) goes through memory once;
# that is called fusion.
#
# One surprise. Sigmoid can also be written with `np.where`, which picks one of two results for each
# element. That is just as right, but:


# %%
def with_where(x: np.ndarray) -> np.ndarray:
    """The sigmoid, with a choice between its two forms for each element."""
    small = np.exp(-np.absolute(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


in_order = np.sort(million, axis=None)
for function in (sigmoid, with_where):
    mixed, sorted_ = cost(lambda f=function: f(million))[0], cost(lambda f=function: f(in_order))[0]
    print(
        f"{function.__name__:10}  {mixed:5.2f} ms; with the same numbers in order {sorted_:5.2f} ms"
    )

# %% [markdown]
# The same numbers, the same work, and yet their order can matter. A processor guesses which way a
# choice will go, and works ahead. With random signs half of its guesses are wrong and the work is
# thrown away. Where it calculates instead of choosing, there's nothing to guess.
#
# And a small one: comparing with a number and comparing with a row of zeros mean the same.

# %%
zeros = np.zeros(1000, np.float32)
number, row = cost(lambda: np.maximum(million, 0))[0], cost(lambda: np.maximum(million, zeros))[0]
print(f"np.maximum with 0: {number:.2f} ms, with a row of zeros: {row:.2f} ms")

# %% [markdown]
# NumPy has a fast loop for two arrays and, as yet, a slower one for an array and a number. The relu
# of the library uses the row; you needn't.
#
# ## What PyTorch does differently
#
# - `nn.GELU()` is the exact form. Yours is `nn.GELU(approximate="tanh")`.
# - `torch.softmax` wants to be told the axis, and calls it `dim`. Yours takes the last one.
# - `nn.ReLU(inplace=True)` writes over its input and saves an array. Ours leaves the input alone.
# - Each of PyTorch's activations is one pass over memory, in C++ or on the GPU. Yours are several,
#   in NumPy, and you can read them.
#
# ## Traps
#
# **A dead unit.** If a unit's inputs to ReLU are always negative, its output is always 0 and so is
# its slope. It will never come back.

# %%
inputs = random.standard_normal((1000, 3)) @ np.ones(3) - 12
print("a bias of -12: the unit is open for", np.count_nonzero(relu(inputs)), "of 1000 samples")

# %% [markdown]
# **The wrong axis.** `axis=0` in a batch divides among the samples, not among the classes.

# %%
scores = np.array([[3.0, 1.0], [3.0, 1.0]])
print("right:", softmax(scores)[0].round(2), " wrong:", softmax(scores, axis=0)[0].round(2))

# %% [markdown]
# **Softmax of a softmax.** Probabilities are at most 1 apart, so a second softmax flattens them.

# %%
scores = np.array([10.0, 0.0, 0.0])
print("once:", softmax(scores).round(3), " twice:", softmax(softmax(scores)).round(3))

# %% [markdown]
# **An activation after the last layer.** ReLU makes all negative scores equal, and the choice is
# lost.

# %%
scores = np.array([-5.0, -1.0, -3.0])
print("before: class", scores.argmax(), " after relu: class", relu(scores).argmax(), relu(scores))

# %% [markdown]
# **A hidden nan.** It says that something went wrong further up. `np.maximum` keeps it, as
# PyTorch's ReLU does; with `np.where` it turns into a harmless 0, and you search for long.

# %%
x = np.array([np.nan, 2.0])
print("np.maximum:", np.maximum(x, 0), "  np.where:", np.where(x > 0, x, 0))

# %% [markdown]
# **One minus a sigmoid.** Near 1 float32 has no room: the probability of the rare case vanishes.
# Ask for it directly.

# %%
x = np.array([20.0], np.float32)
print("1 - sigmoid(20) =", 1 - sigmoid(x), "   sigmoid(-20) =", sigmoid(-x))

# %% [markdown]
# ## Questions to take along
#
# 1. How many bends has the sum of 16 ReLUs of one number? How many units would you need to draw a
#    sine wave so well that the eye can't tell?
# 2. At which `x` does sigmoid become exactly 1 in float32? And tanh? Find out with your own.
# 3. Softmax of two scores is a sigmoid. Of what?
# 4. What is left of a gradient after 20 layers of tanh, if every unit's input is 1? And if it's
#    0.1?
# 5. What would you have to add to the plots to see which activation a network likes best?
#
# ## Where to go from here
#
# ```bash
# tito module complete 02 && tito test --module activations
# ```
#
# From then on the rest of TinyTorch bends with your functions. Next, in **03 layers**, come the
# matrices in between, and why their numbers should start out small but not too small.
