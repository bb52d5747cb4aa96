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
# # 04 Losses
#
# *The number that training makes smaller: the squared error for quantities, cross-entropy for
# decisions, and the arithmetic that keeps both finite.*
#
# **Foundation tier** · **Difficulty** ⭐⭐ (2/4) · **Time** 3-4 hours
#
# **Before this:** 01_tensor, 02_activations, 03_layers · **Next:** 05_autograd
#
# When you are through, you can
#
# - say why training needs one number, why it has to be smooth, and why it is a mean;
# - write the mean squared error and both cross-entropies, and say for which question each is made;
# - compute the logarithm of a softmax at any size of logits, and show where the plain formula
#   breaks;
# - read a loss: what log 10 means, what a network that knows nothing should start with, and what a
#   squared error is in dollars;
# - soften targets that claim too much, and say when to weight classes instead.
#
# **How it goes.** *Build*: you write six short functions and methods. *Use*: your losses teach a
# line the prices of houses and a network to read digits, and you see the surface that training
# walks down. *Reflect*: you measure what a loss costs, step into its traps on purpose, and get
# twelve questions to take along.
#
# Where a cell says `raise NotImplementedError("Write ...")`, it's your turn: put your lines in its
# place. The cell after it checks what you wrote. Each exercise has three hints, which `tito hint`
# gives one at a time; in the notebook they are folded away until you want them.
#
# **Starting here?** You can. Tensor, activations and layers come from the TinyTorch that is
# installed, or from your own modules 01 to 03 if you have finished them; so does what comes later,
# the gradients of module 05 among it.

# %%
#| export
"""Losses: one number that says how wrong a network's predictions are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.arguments import real_number
from tinytorch.core.tensor import Tensor, TensorLike, apply, as_array, as_tensor, is_array
from tinytorch.summation import accurate_mean, accurate_sum
from tinytorch.targets import class_indices, expect_probabilities, expect_same_shape

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import math
import time
import tracemalloc

import matplotlib.pyplot as plt

import tinytorch
from tinytorch.core.activations import ReLU, softmax
from tinytorch.core.autograd import derivative
from tinytorch.core.layers import Linear
from tinytorch.core.optimizers import SGD
from tinytorch.core.training import batches
from tinytorch.course.checking import check_here
from tinytorch.course.explore import explore
from tinytorch.course.script import cell_by_cell
from tinytorch.datasets import mnist

tinytorch.manual_seed(4)
random = np.random.default_rng(4)
digits = mnist()

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Build: why one number
#
# A network has answered, and the right answer is known. How good was it? Training can't use
# "quite good". It needs one number that falls as the answers improve, and falls smoothly, so
# that a tiny change of a weight makes a tiny change of the number. That is the **loss**.
#
# ```
#   images ──► network ──► predictions ──┐
#                                        ├──► loss: one number, 0 is best
#   labels ────────────────► targets ────┘
# ```
#
# Why not count the mistakes? Here are forty numbers, each of which belongs to one of two groups
# that overlap, and a network with a single weight: it says "upper group" where the number is above
# a threshold. We move the threshold, and draw both: how many of the forty are wrong, and the
# cross-entropy that you will write.

# %%
values = np.concatenate([random.normal(-1, 1, 20), random.normal(1, 1, 20)])
upper = np.repeat([0, 1], 20)
thresholds = np.linspace(-3, 3, 601)
wrong = [np.sum((values > threshold) != upper) for threshold in thresholds]
probability = 1 / (1 + np.exp(-2 * (values[:, None] - thresholds)))
surprise = -np.log(np.where(upper[:, None] == 1, probability, 1 - probability)).mean(axis=0)
figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
for axis, (title, curve) in zip(
    axes, (("wrong answers", wrong), ("cross-entropy", surprise)), strict=True
):
    axis.plot(thresholds, curve, color="#31688e")
    axis.set(title=title, xlabel="threshold")
flat = np.mean(np.diff(wrong) == 0)
print(f"The count stays where it is in {flat:.0%} of 600 small steps; the loss changes in each.")

# %% [markdown]
# On the left a staircase. Nudge the weight, and nearly always exactly the same answers are wrong,
# so the count says nothing about which way to go. On the right there is a slope everywhere.
#
# You write three losses: one for predicted quantities, one for yes or no, one for a choice among
# classes. In all three the loss of a batch is the **mean** over it. With a sum, a batch twice as
# large would give slopes twice as large, and every learning rate would need changing with it.
#
# ## Mean squared error
#
# For quantities: take the difference, square it, average. Predictions of 2.5 and 0 against targets
# 3 and -1:
#
# | prediction | target | miss | squared |
# | --- | --- | --- | --- |
# | 2.5 | 3 | -0.5 | 0.25 |
# | 0 | -1 | 1 | 1 |
# | | | mean | **0.625** |
#
# Squaring removes the sign, and makes a miss of 2 cost four times as much as a miss of 1. The mean
# is over *all* numbers there are: the rows of a batch, and the columns, too, if each sample has
# several quantities.
#
# One thing must be right before any arithmetic: the shapes. Here every prediction is perfect.
#
# ```
#  prediction (3, 1)   target (3,)        prediction - target (3, 3)
#       [[1],
#        [2],     -     [1, 2, 3]    =    [[0, -1, -2],
#        [3]]                              [1,  0, -1],
#                                          [2,  1,  0]]
# ```

# %%
prediction, target = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 3.0])
print("the loss of perfect predictions should be 0, but is", ((prediction - target) ** 2).mean())

# %% [markdown]
# Broadcasting compared each with each, and nobody complained. A network trained on that number
# learns to predict the mean of all targets, and you lose an afternoon. So `_pair`, given below,
# insists on one shape: the loss is the place where the mistake can still be seen.
#
# A loss is called as layers are: the call goes to `forward`, which a class of its own defines.
#
# **Exercise: `MSELoss.forward`**
#
# Return the mean of the squared differences. When your line begins, `prediction` and `target` are
# tensors of one shape. Use operations of tensors, so that autograd can follow them: what is
# computed from `.data`, or wrapped in a new `Tensor`, is right, and nobody can learn from it.
#
# <details><summary>Hint 1</summary>
#
# Three steps in one line: a difference, a square, a mean. Tensors have `-`, `**` and `.mean()`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `.mean()` without an axis is over all elements, and gives a tensor of shape `()`. `.sum()` would
# grow with the batch, and `.mean(axis=0)` would leave a number for each column. No half, no root:
# 2.5 and 0 against 3 and -1 cost 0.625.
#
# </details>
# <details><summary>Hint 3</summary>
#
# One gap to fill. Mind the brackets: without the outer ones, `.mean()` would belong to the 2.
#
# ```python
# return ((... - ...) ** 2).mean()
# ```
#
# </details>


# %%
#| export
class Loss:
    """What the losses have in common: a call is `forward`."""

    def forward(self, *inputs: Any, **options: Any) -> Tensor:
        """Compare predictions with targets; the result is a single number."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define forward(prediction, target)"
        )

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return self.forward(*inputs, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _pair(prediction: TensorLike, target: TensorLike, name: str) -> tuple[Tensor, Tensor]:
    """Prediction and target as tensors of one shape."""
    prediction = as_tensor(prediction)
    target = (
        as_tensor(target) if isinstance(target, Tensor) else Tensor(target, dtype=prediction.dtype)
    )
    expect_same_shape(name, prediction, target)
    return prediction, target


class MSELoss(Loss):
    """The mean squared error, `mean((prediction - target) ** 2)`, over all elements.

    >>> MSELoss()(Tensor([1.0, 3.0]), [1.0, 1.0])
    Tensor(2.)
    """

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """Compare predictions with targets of the same shape.

        Raises:
            ValueError: the shapes differ, or there is nothing to compare.
        """
        prediction, target = _pair(prediction, target, "MSELoss")
        ### BEGIN SOLUTION
        return ((prediction - target) ** 2).mean()
        ### END SOLUTION


# %%
check_here("losses", "Mean Squared Error")

# %% [markdown]
# ### See it: which guess is best?
#
# Which single guess is best for the targets 1, 2 and 6? Ask your loss.

# %%
for guess in range(7):
    loss = MSELoss()([guess] * 3, [1, 2, 6]).item()
    print(f"guess {guess}: {loss:6.2f} {'#' * round(2 * loss)}")

# %% [markdown]
# The mean of the targets, 3, and that is no accident: where the slope of the mean square is zero,
# the misses add up to zero. A network trained with this loss predicts means. (The mean *absolute*
# error would choose 2, the number in the middle. It's what people use when a few targets are wild:
# make the 6 a 60, and the squared error goes along, while the absolute one stays where it was.)
#
# ## Yes or no: the price of surprise
#
# Now the network gives a probability. It says "rain: 0.9", and it rains. How wrong was that?
# Cross-entropy charges the **surprise**, `-log(p)`, where `p` is the probability that the network
# gave to what then happened.

# %%
for p in (1.0, 0.9, 0.5, 0.1, 0.01):
    surprise = abs(math.log(p))
    print(f"what happened had probability {p:4}: {surprise:5.3f} {'#' * round(10 * surprise)}")

# %% [markdown]
# Sure and right costs nothing, a coin flip log 2, sure and wrong more and more without a limit.
# Why the logarithm? The probabilities of independent events multiply, and logarithms turn that
# product into a sum: make the mean surprise small, and you make large the probability that the
# network gives to all the targets together. It is the natural logarithm, whose slope is the
# simplest; with base 2 all losses would be 1.44 times as large, and would be called bits.
#
# With a target of 1 for yes and 0 for no, one formula serves both, as one of its terms is zero:
#
# ```
#   loss  =  -(target · log(p)  +  (1 - target) · log(1 - p))
# ```
#
# | p | target | log(p) | log(1 - p) | loss |
# | --- | --- | --- | --- | --- |
# | 0.9 | 1 | **-0.105** | -2.303 | 0.105 |
# | 0.2 | 0 | -1.609 | **-0.223** | 0.223 |
# | | | | mean | **0.164** |
#
# ### Where the plain formula breaks
#
# `log(0)` is minus infinity, and infinity times zero is no number at all. And `1 - p` rounds to 1
# when p is tiny, so `log(1 - p)` loses it. Both can be seen in two lines:

# %%
with np.errstate(divide="ignore", invalid="ignore"):
    print("certain and right:", -(1 * np.log(1.0) + 0 * np.log(1 - np.float32(1))))
print("p = 1e-9, target 0:", abs(np.log(1 - np.float32(1e-9))), "and exactly:", -np.log1p(-1e-9))

# %% [markdown]
# So each logarithm is **cut off at -100** (`np.maximum`), which makes the most that one prediction
# can cost 100, and leaves all others alone. And `np.log1p(-p)` is `log(1 - p)` with every digit.
# Two other ways are often seen. Adding a little to `p` changes *every* loss, that of a perfect
# answer included; and cutting off `p` itself stops the gradient where the network is most wrong.
#
# **Exercise: `binary_cross_entropy`**
#
# Write the operation: arrays of one shape in, one number out, the mean over all elements. Every
# prediction is from 0 to 1 when your lines begin. `np.log` warns about zero;
# `with np.errstate(divide="ignore"):` says that you know.
#
# <details><summary>Hint 1</summary>
#
# Compute the two logarithms first, each cut off, and call them `yes` and `no`. Then the formula is
# one line. Which of the two is multiplied by the target?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.maximum(np.log(...), -100)` is never less than -100. `np.max` is something else: the largest
# number of a whole array. `np.log1p(-prediction)` is the logarithm of `1 - prediction`. The
# logarithms are negative, so the minus before the mean makes the loss positive.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Two gaps to fill. `np.mean` does for the mean; TinyTorch's own is `accurate_mean`, which is right
# for millions of numbers, too.
#
# ```python
# with np.errstate(divide="ignore"):
#     yes = np.maximum(np.log(prediction), -100)
#     no = np.maximum(np.log1p(-prediction), -100)
# return -np.mean(... * yes + (1 - ...) * no)
# ```
#
# </details>


# %%
#| export
class BinaryCrossEntropyLoss(Loss):
    """The cross-entropy of yes-or-no predictions given as probabilities, over all elements.

    `-mean(target * log(prediction) + (1 - target) * log(1 - prediction))`. Logarithms are cut
    off at -100, so that a prediction that is certain and wrong costs 100 instead of infinity.

    >>> BinaryCrossEntropyLoss()([0.9, 0.2], [1, 0])
    Tensor(0.1643)
    """

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """Compare probabilities with targets of the same shape, 0 for no and 1 for yes.

        Raises:
            ValueError: the shapes differ, there is nothing to compare, or a prediction or a
                target is outside [0, 1].
        """
        name = "BinaryCrossEntropyLoss"
        prediction, target = _pair(prediction, target, name)
        fix = "; turn logits into probabilities first: Sigmoid()(logits)"
        expect_probabilities(name, "prediction", prediction._array, fix)
        expect_probabilities(name, "target", target._array)
        return apply(binary_cross_entropy, prediction, target)


def binary_cross_entropy(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The mean binary cross-entropy of probabilities, as an operation.

    Args:
        prediction: probabilities of yes, of any shape.
        target: of the same shape, 1 for yes and 0 for no.
    """
    ### BEGIN SOLUTION
    with np.errstate(divide="ignore"):
        yes = np.maximum(np.log(prediction), -100)
        no = np.maximum(np.log1p(-prediction), -100)
    return -accurate_mean(target * yes + (1 - target) * no)
    ### END SOLUTION


# %%
check_here("losses", "Binary Cross-Entropy")

# %% [markdown]
# ### See it: both sides
#
# What the same probability costs if the answer is yes, and if it is no:

# %%
yes_no = BinaryCrossEntropyLoss()
print("   p   if yes    if no")
for p in (0.01, 0.25, 0.5, 0.75, 0.99):
    print(f"{p:4}  {yes_no([p], [1]).item():7.3f}  {yes_no([p], [0]).item():7.3f}")

# %% [markdown]
# If it rains on three days in four, which probability should be said every day? Again, ask the
# loss. It chooses the truth, and that is the point of it: no other answer does better in the long
# run, so a network has nothing to gain by exaggerating.

# %%
for p in (0.5, 0.7, 0.75, 0.8, 0.99):
    loss = yes_no([p] * 4, [1, 1, 1, 0]).item()
    print(f"always {p:4}: {loss:.3f} {'#' * round(40 * loss)}")

# %% [markdown]
# ## One of many: logits
#
# For ten digits the network gives ten scores, its **logits**. Any numbers will do; softmax (module
# 02) makes probabilities of them, and the loss is the surprise at the right class.
#
# | class | logit | exp(logit) | probability | its surprise |
# | --- | --- | --- | --- | --- |
# | 0 | 2.0 | 7.389 | 0.659 | **0.417** |
# | 1 | 1.0 | 2.718 | 0.242 | 1.417 |
# | 2 | 0.1 | 1.105 | 0.099 | 2.317 |
#
# Look at the last column: logits 1 apart are surprises 1 apart. Taking the logarithm of softmax
# undoes its `exp`, and what is left is
#
# ```
#   log(softmax(logits))  =  logits  -  log(sum(exp(logits)))
# ```
#
# The last term is called **log-sum-exp**. It is the largest logit and a little more: between the
# largest and the largest plus the logarithm of the number of classes. So a loss takes logits and
# not probabilities: it's shorter, and no probability can round to zero on the way to the logarithm.
#
# ### Where the plain formula breaks
#
# float32 ends at 3.4e38, which is exp(88.7). Logits that size turn up in the first minutes of a
# training that goes a little wrong.

# %%
naive = np.array([1000.0, 0.0], np.float32)
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
    print("naive probabilities:     ", np.exp(naive) / np.exp(naive).sum())
    print("naive log-sum-exp:       ", np.log(np.exp(naive).sum()))
    print("the log of a good softmax:", np.log(softmax(naive)))
largest = naive.max()
print("shifted log-sum-exp:     ", largest + np.log(np.exp(naive - largest).sum()))

# %% [markdown]
# Subtracting the largest logit from the whole row changes no probability, as numerator and
# denominator shrink by the same factor. Now the largest `exp` is 1: the sum lies between 1 and the
# number of classes, and neither overflow nor `log(0)` can happen. This is the log-sum-exp trick.
# A softmax that uses it is not enough: the third line shows minus infinity, where -1000 is right.
#
# **Exercise: `shifted`**
#
# Give the logits back as rows, a row for each sample, each less its own largest logit. All
# dimensions but the last become one: logits of shape `(2, 5, 3)` make `(10, 3)`, a single row of
# shape `(3,)` makes `(1, 3)`. The array that you are given stays as it is.
#
# <details><summary>Hint 1</summary>
#
# Two steps: make rows, then subtract from each row the largest number in it. Why is the largest of
# *all* numbers not good enough? Think of a row whose logits are a thousand below those of another.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `logits.reshape(-1, logits.shape[-1])` makes the rows. `rows.max(axis=1, keepdims=True)` has shape
# `(samples, 1)`, and so it broadcasts along each row. `rows -= ...` would write into the caller's
# logits; `rows - ...` makes a new array.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Two lines, with one gap. (TinyTorch's own has a third line, which lays large batches out class by
# class in memory. "What it costs" shows what for; you need not.)
#
# ```python
# rows = logits.reshape(-1, logits.shape[-1])
# return rows - rows.max(axis=..., keepdims=True)
# ```
#
# </details>


# %%
#| export
@np.errstate(over="ignore")  # a difference beyond float32 becomes -infinity, and its exp 0: right
def shifted(logits: np.ndarray) -> np.ndarray:
    """Logits as rows `(samples, number of classes)`, shifted so that the largest of each is 0.

    That changes no probability, and `exp` can no longer overflow.
    """
    ### BEGIN SOLUTION
    rows = logits.reshape(-1, logits.shape[-1])
    if len(rows) > rows.shape[1]:
        # Class by class in memory, the same numbers are compared and added up in long runs.
        rows = rows.copy(order="F")
    return rows - rows.max(axis=1, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# **Exercise: `log_softmax`**
#
# Return the logarithm of softmax along the last axis, in the shape of the logits. With `scores =
# shifted(logits)` that is `scores - log(sum(exp(scores)))`, row by row. Don't take the logarithm
# of a softmax: a probability that has rounded to 0 is lost for good.
#
# <details><summary>Hint 1</summary>
#
# Each row needs its own sum. What shape has `np.exp(scores).sum(axis=1)`, and what shape does it
# have to have, so that it can be subtracted from `scores`?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.sum(..., axis=1, keepdims=True)` keeps the sums as a column. Take the logarithm of that
# column, subtract it, and give the rows the shape of the logits again: `.reshape(logits.shape)`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Three lines, with one gap:
#
# ```python
# scores = shifted(logits)
# totals = np.sum(..., axis=1, keepdims=True)
# return (scores - np.log(totals)).reshape(logits.shape)
# ```
#
# </details>


# %%
#| export
def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithm of softmax along the last axis, as an operation.

    Args:
        logits: shape `(..., number of classes)`, scores of any size.

    Returns:
        The same shape: the logarithms of the probabilities, 0 or less.
    """
    ### BEGIN SOLUTION
    scores = shifted(logits)
    totals = accurate_sum(np.exp(scores), axis=1, keepdims=True)
    return (scores - np.log(totals)).reshape(logits.shape)
    ### END SOLUTION


# %%
check_here("losses", "Log-Softmax")

# %% [markdown]
# ### See it: logarithms that stay
#
# Probabilities too small for any float are ordinary numbers here.

# %%
with np.errstate(divide="ignore"):
    for far in (10.0, 100.0, 1000.0):
        logits = np.array([far, 0.0], np.float32)
        plain, yours = np.log(softmax(logits))[1], log_softmax(logits)[1]
        print(f"logits {far:6} and 0: log of softmax {plain:7.1f}, yours {yours:7.1f}")

# %% [markdown]
# ## Cross-entropy
#
# The loss of a batch is the mean surprise at the right classes. To pick one number from each row,
# index with two lists: `scores[[0, 1, 2], [7, 0, 4]]` is column 7 of row 0, column 0 of row 1,
# column 4 of row 2.
#
# ```
#    scores                  classes        picked
#   [[ 0.0, -1.0, -1.9],       [0]           0.0
#    [-3.0,  0.0, -0.5],       [2]          -0.5       loss = mean of (log-sum-exp - picked)
#    [-2.0, -1.0,  0.0]]       [1]          -1.0
# ```
#
# `cross_entropy` has a second duty. The gradient of the loss, module 05 will show, is made of
# softmax. What forward has half worked out, backward need not begin again, so there is an array for
# it: `probabilities`, which has the shape of the logits, and which you fill.
#
# **Exercise: `cross_entropy`**
#
# Return the mean over all samples of `log(sum(exp(scores))) - score of the right class`, one
# number, and fill `probabilities` with the softmax of the logits: *fill*, with `out=` or
# `probabilities[...] =`. A name that is bound to another array leaves the caller's array empty.
# `classes` may have several dimensions; `classes.reshape(-1)` fits the rows of `shifted`.
#
# <details><summary>Hint 1</summary>
#
# Four things, each a line: the scores as rows; the score of the right class in each row; the sum of
# `exp` of each row; the loss of each row. Then the mean. And on the way, the probabilities.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `np.arange(len(scores))` numbers the rows, so indexing `scores` with that and with
# `classes.reshape(-1)` gives the right score of each. Divide by the number of samples, not by that
# of all logits: `np.mean` of the losses does that. The classes count from 0. And each class is one
# number: no one-hot rows.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The whole of it, with two gaps. `probabilities.reshape(scores.shape)` is the caller's array in
# another shape, not a copy, so that what is written there arrives.
#
# ```python
# scores = shifted(logits)
# right = scores[np.arange(len(scores)), ...]
# exponentials = np.exp(scores)
# totals = exponentials.sum(axis=1)
# np.divide(exponentials, totals[:, None], out=probabilities.reshape(scores.shape))
# return np.mean(... - right)
# ```
#
# </details>


# %%
#| export
def cross_entropy(logits: np.ndarray, classes: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The mean cross-entropy of logits `(..., number of classes)`, as an operation.

    `log(sum(exp(logits))) - logits[class]` is the same as `-log softmax(logits)[class]`, and
    cannot take the logarithm of zero.

    Args:
        logits: the scores before any softmax.
        classes: shape `(...)`, the right classes.
        probabilities: an array like the logits, which is filled with their softmax. Backward
            needs that, and most of it is worked out here anyway.
    """
    ### BEGIN SOLUTION
    scores = shifted(logits)
    right = scores[np.arange(len(scores), like=scores), classes.reshape(-1)]
    exponentials = np.exp(scores)
    totals = accurate_sum(exponentials, axis=1)
    np.divide(exponentials, totals[:, None], out=probabilities.reshape(scores.shape))
    losses = np.log(totals) - right
    return losses.sum() / len(losses)
    ### END SOLUTION


# %% [markdown]
# ### Targets that claim too much
#
# Cross-entropy is never satisfied. With probability 0.99 on the right class it asks for 0.999, so
# logits grow for as long as training goes on, and a label that is wrong costs without a limit. Two
# remedies are in common use, for two different troubles:
#
# - **Label smoothing** (Szegedy and others, 2016) is for networks that are too sure, and for labels
#   of which some are wrong. The right class should get a little less than 1, and the rest is spread
#   over all classes. Now there is a best size for the logits, and nothing is gained beyond it.
# - **Class weights** are for classes of very different sizes. If one sample in a hundred is a
#   tumour, a network that always says "healthy" is right in 99%. Weighting the loss of the rare
#   class by 100 makes it count, and makes the probabilities wrong by the same factor: they are then
#   those of a world in which both are as frequent. (Drawing rare samples more often does the same.)
#
# TinyTorch has the first. With a smoothing of `s`, the target is the right class with a share of
# `1 - s`, and all classes alike with the rest:
#
# ```
#   loss  =  (1 - s) · surprise at the right class  +  s · mean surprise of all classes
#
#   s = 0.1, logits 2.0, 1.0, 0.1, right class 0:
#   loss  =  0.9 · 0.417  +  0.1 · (0.417 + 1.417 + 2.317) / 3  =  0.514
# ```
#
# **Exercise: `CrossEntropyLoss.forward`**
#
# When your lines begin, `loss` is the mean surprise at the right classes, a tensor, and
# `self.label_smoothing` is above 0. Return the smoothed loss, by way of tensors.
#
# <details><summary>Hint 1</summary>
#
# You have the first term. The second is the mean of the surprises of *all* classes of all samples,
# and a surprise is minus the logarithm of a probability. Which of your functions gives those?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `apply(log_softmax, logits)` is a tensor, and autograd can follow it; `log_softmax(logits.data)`
# would be an array, and the smoothing would have no gradient. Its `.mean()` is over samples and
# classes alike. The two shares, `1 - s` and `s`, add up to 1.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Two lines, with one gap:
#
# ```python
# of_all_classes = -apply(log_softmax, logits).mean()
# return (...) * loss + self.label_smoothing * of_all_classes
# ```
#
# </details>


# %%
#| export
class CrossEntropyLoss(Loss):
    """The cross-entropy of a choice among classes: `-log softmax(logits)[class]`, averaged.

    Args:
        label_smoothing: from 0 to 1, the share of the target that is spread evenly over all
            classes (Szegedy et al., 2016).

    Raises:
        TypeError: the smoothing is not a number.
        ValueError: the smoothing is outside [0, 1].

    >>> CrossEntropyLoss()(np.zeros((4, 10)), [3, 1, 4, 1])  # log(10): nothing is known yet
    Tensor(2.3026)
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        name = "label_smoothing of CrossEntropyLoss"
        self.label_smoothing = real_number(name, label_smoothing, at_most=1)

    def forward(self, logits: TensorLike, classes: TensorLike) -> Tensor:
        """Compare logits with the right classes.

        Args:
            logits: shape `(..., number of classes)`, the scores before any softmax.
            classes: shape `(...)`, whole numbers from 0 to the number of classes - 1.

        Raises:
            TypeError: the classes are not whole numbers.
            ValueError: the shapes do not fit, a class is out of range, or the batch is empty.
        """
        logits = as_tensor(logits)
        if is_array(classes) and classes.dtype.kind in "iuf":
            whole = classes
        else:
            whole = as_array(classes, np.float64)
        indices = class_indices("CrossEntropyLoss", whole, logits.shape)
        probabilities = np.empty_like(logits._array, order="C")
        loss = apply(cross_entropy, logits, classes=indices, probabilities=probabilities)
        if self.label_smoothing == 0:
            return loss
        ### BEGIN SOLUTION
        of_all_classes = -apply(log_softmax, logits).mean()
        return (1 - self.label_smoothing) * loss + self.label_smoothing * of_all_classes
        ### END SOLUTION

    def __repr__(self) -> str:
        smoothing = f"label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
        return f"CrossEntropyLoss({smoothing})"


# %%
check_here("losses", "Cross-Entropy")

# %%
check_here("losses", "Label Smoothing")

# %% [markdown]
# ### See it: log 10
#
# Here is a number worth knowing by heart. A network that knows nothing gives each of 10 classes
# the probability 1/10, and its loss is log 10 = 2.303.

# %%
for count in (2, 10, 1000):
    guesses = random.normal(scale=0.1, size=(5000, count)).astype(np.float32)
    loss = CrossEntropyLoss()(guesses, random.integers(count, size=5000)).item()
    print(f"{count:4} classes: log({count}) = {math.log(count):.3f}, new network {loss:.3f}")

# %% [markdown]
# If your first loss on MNIST is far from 2.3, look for the mistake before you train. Well above
# it, the weights start out too large and the network is sure of nonsense; a loss that *stays* at
# 2.3 has learned nothing. In between, `exp(loss)` tells how many classes the network is still
# torn between, so to speak: a loss of 0.69 is as good as a choice between two. (For language models
# that number is called the perplexity.)
#
# ### See it: what smoothing wants
#
# One row of ten logits: the right one grows, the others stay 0. Without smoothing the loss falls
# forever. With 0.1 there is a best place, where the probability of the right class is 0.91.

# %%
print("right logit    plain   smoothed")
for right in (0.0, 2.0, 4.0, math.log(91), 6.0, 10.0):
    logits = np.array([[right] + [0.0] * 9])
    plain, smoothed = (CrossEntropyLoss(s)(logits, [0]).item() for s in (0.0, 0.1))
    print(f"{right:11.2f} {plain:8.3f} {smoothed:10.3f}")

# %% [markdown]
# ## Use: the prices of houses
#
# Losses in use, first for a quantity. These four hundred houses are made up, so that we know the
# truth: a house costs 50, and 3 more for each square metre, and 1.5 less for each year of age, all
# in thousands; and chance adds or takes some 20.

# %%
area, age = random.uniform(40, 200, 400), random.uniform(0, 80, 400)
price = 50 + 3 * area - 1.5 * age + random.normal(0, 20, 400)
facts = np.stack([area, age], axis=1)
means, deviations = facts.mean(axis=0), facts.std(axis=0)
houses, prices = Tensor((facts - means) / deviations), Tensor(price.reshape(400, 1))

line, squared_error = Linear(2, 1), MSELoss()
optimizer = SGD(line.parameters(), lr=0.1)
for step in range(101):
    optimizer.zero_grad()
    loss = squared_error(line(houses), prices)
    loss.backward()
    optimizer.step()
    if step in (0, 1, 10, 30, 100):
        print(f"step {step:3}: loss {loss.item():10.1f}, its root {loss.item() ** 0.5:6.1f}")

per_unit = line.weight.data[:, 0] / deviations
print(f"learned: {per_unit[0]:.2f} for a square metre, {per_unit[1]:.2f} for a year")

# %% [markdown]
# The loss is in thousands *squared*, which nobody can picture, and its root is in thousands again.
# It ends near 20, and no line can do better: that is what chance adds. A loss need not reach zero,
# and it pays to know what the best would be.
#
# ### See it: the surface that training walks down
#
# For each pair of weights there is a loss, so the loss is a surface over them. Here it is over the
# weights for area and age, and on it the path of forty steps: on the left with the area in square
# metres and the age in decades, on the right with both divided by their spread, as above. (The
# means are subtracted on both sides, so the bias has nothing to do.)


# %%
def walk(features: np.ndarray, learning_rate: float) -> np.ndarray:
    """The weights of forty steps downhill, from zero."""
    weights = Tensor(np.zeros((2, 1)), requires_grad=True)
    steps = [weights.data[:, 0].copy()]
    for _ in range(40):
        weights.grad = None
        squared_error(Tensor(features) @ weights, price_from_mean).backward()
        weights.data -= learning_rate * weights.grad
        steps.append(weights.data[:, 0].copy())
    return np.array(steps)


price_from_mean = (price - price.mean()).reshape(400, 1)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for axis, (title, features, rate) in zip(
    axes,
    (
        ("metres and decades", (facts - means) / (1, 10), 0.0003),
        ("divided by their spread", (facts - means) / deviations, 0.1),
    ),
    strict=True,
):
    path = walk(features, rate)
    best = np.linalg.lstsq(features, price_from_mean)[0][:, 0]
    across, up = best[:, None] + 1.2 * np.abs(best).max() * np.linspace(-1, 1, 40)
    heights = [
        [squared_error(features @ [[x], [y]], price_from_mean).item() for x in across] for y in up
    ]
    axis.contour(across, up, np.sqrt(heights), levels=14, cmap="viridis")
    axis.plot(*path.T, "o-", color="#d95f02", ms=3, lw=1)
    axis.plot(*best, "*", color="black", ms=12)
    axis.set(title=title, xlabel="weight of the area", ylabel="weight of the age", aspect="equal")
    left = np.abs((path[-1] - best) / best)
    print(f"{title}: {left[0]:.1%} and {left[1]:.1%} of the ways to the best weights are left")

# %% [markdown]
# A squared error over a line is always a bowl: one lowest place, and every way down leads there.
# The lines in the picture are places of equal loss. On the left the bowl is a valley, four hundred
# times as steep across as along: a step that its sides allow is nothing along its floor. On the
# right it is nearly round. The houses are the same; that is why people divide by the spread first.
#
# ## Use: digits
#
# Now a choice among ten. Your `cross_entropy` and `log_softmax` are new to autograd, so we enter
# them in its table, with their rules. (You'll find these yourself in module 05.) The first is worth
# a look: **what the network said, less what it should have said.** Where it says 0.3 and the class
# is right, the logit is pushed up by 0.7; where it says 0.3 and the class is wrong, down by 0.3.

# %%
derivative(
    cross_entropy,
    lambda gradient, classes, probabilities: (
        gradient * (probabilities - np.eye(10, dtype=np.float32)[classes]) / len(classes)
    ),
)
derivative(
    log_softmax,
    lambda gradient, output: gradient - np.exp(output) * gradient.sum(axis=-1, keepdims=True),
)

test_images = Tensor(digits.test_images.reshape(-1, 784) / 255)
images, labels = digits.train_images[:15_360].reshape(-1, 784), digits.train_labels[:15_360]


def trained(loss: Loss) -> tuple[list[float], np.ndarray]:
    """The losses of sixty steps of a small network, and its logits for the test images."""
    tinytorch.manual_seed(4)
    layer1, layer2 = Linear(784, 64), Linear(64, 10)
    optimizer = SGD(layer1.parameters() + layer2.parameters(), lr=0.2, momentum=0.9)
    losses = []
    for batch, answers in batches(images, labels, batch_size=256, shuffle=True):
        optimizer.zero_grad()
        value = loss(layer2(ReLU()(layer1(batch))), answers)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, layer2(ReLU()(layer1(test_images))).data


for loss in (CrossEntropyLoss(), CrossEntropyLoss(label_smoothing=0.1)):
    losses, logits = trained(loss)
    accuracy = np.mean(logits.argmax(axis=1) == digits.test_labels)
    sure = softmax(logits).max(axis=1).mean()
    print(f"{loss}: starts at {losses[0]:.2f}, ends at {np.mean(losses[-10:]):.2f},", end=" ")
    print(f"{accuracy:.1%} read right, sure of {sure:.0%} on average")

# %% [markdown]
# Both start near log 10. The smoothed loss ends higher, and yet the network reads about as well: a
# loss is a number to go down by, not a mark, and two different losses can't be compared. What
# smoothing changes is how sure the network is.
#
# How does a loss fall? Fast at first, and then ever more slowly: most digits are easy. The dashed
# line is log 10, where a network is that knows nothing.

# %%
losses, logits = trained(CrossEntropyLoss())
figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
axis.plot(np.arange(1, len(losses) + 1), losses, color="#31688e")
axis.axhline(math.log(10), color="grey", ls="--")
axis.set(xlabel="step", ylabel="cross-entropy", ylim=(0, None))
below = next(step for step, value in enumerate(losses, 1) if value < 1)
print(f"the first loss is {losses[0]:.2f}, and that of step {below} the first below 1")

# %% [markdown]
# Which images does the loss of each hurt most? Those on which the network was sure, and wrong. Sort
# by the surprise, and you have a list of what to look at: hard digits, and labels that may be
# wrong.

# %%
each = -log_softmax(logits)[np.arange(10_000), digits.test_labels]
figure, axes = plt.subplots(1, 8, figsize=(10, 1.8), layout="constrained")
for axis, index in zip(axes, np.argsort(-each), strict=False):
    axis.imshow(digits.test_images[index], cmap="gray_r")
    axis.set_title(f"{digits.test_labels[index]}: {each[index]:.1f}", fontsize=10)
    axis.set_axis_off()
share = np.sort(each)[::-1][:500].sum() / each.sum()
print(f"one image in twenty makes {share:.0%} of the whole loss")

# %% [markdown]
# ## Reflect: what it costs
#
# Cross-entropy makes a few arrays as large as the logits. Below: their size, the most memory held
# at once beside them, and the time of a call on this machine.


# %%
def milliseconds(call: Any) -> float:
    """The median time of 15 calls, in milliseconds."""
    times = []
    for _ in range(15):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[7]


for count in (10, 1000, 10_000):
    logits = random.standard_normal((128, count), dtype=np.float32)
    classes = random.integers(count, size=128)
    tracemalloc.start()
    CrossEntropyLoss()(logits, classes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    taken = milliseconds(lambda logits=logits, classes=classes: CrossEntropyLoss()(logits, classes))
    print(f"128 x {count:6}: {logits.nbytes:9,} bytes, {peak:10,} more at the peak, {taken:.3f} ms")

product = np.ones((128, 784), np.float32), np.ones((784, 256), np.float32)
print(f"the product in Linear(784, 256): {milliseconds(lambda: product[0] @ product[1]):.3f} ms")
print(f"logits for 8 texts of 1024 words out of 50,000: {8 * 1024 * 50_000 * 4 / 1e9:.1f} GB")

# %% [markdown]
# For ten digits the loss is next to nothing. For a language model it is one of the largest arrays
# of all, and people write special code to never hold it whole.
#
# NumPy is slow at rows of ten: it starts anew for each. Laid out class by class, the same numbers
# are compared and added up in long runs. That is the third line in TinyTorch's own `shifted`:

# %%
by_row = random.standard_normal((512, 10), dtype=np.float32)
by_class = by_row.copy(order="F")
for name, rows in (("row by row", by_row), ("class by class", by_class)):
    taken = milliseconds(lambda rows=rows: rows - rows.max(axis=1, keepdims=True))
    print(f"512 rows of 10, {name:14}: {1000 * taken:5.1f} µs")

# %% [markdown]
# ## What PyTorch does differently
#
# - `nn.MSELoss` broadcasts, with a warning; ours refuses.
# - `nn.CrossEntropyLoss` has the logits of a sample along axis 1, `(batch, classes, ...)`; ours has
#   them along the last. Its `label_smoothing` is yours. It also takes class weights, as `weight=`,
#   and probabilities as targets.
# - `nn.BCELoss` cuts the logarithms off at -100, as yours does. `nn.BCEWithLogitsLoss` takes logits
#   instead, for the reason you met above.
# - Every PyTorch loss can return the sum or each sample's loss (`reduction="sum"`, `"none"`).
#
# ## At the edges
#
# The checks of the input are given, in `tinytorch/targets.py`. Each says what was given, what was
# expected, and the usual fix.

# %%
for name, call in (
    ("a column against a row", lambda: MSELoss()(np.zeros((3, 1)), np.zeros(3))),
    ("logits to a loss for p", lambda: yes_no([2.7], [1])),
    ("one-hot targets", lambda: CrossEntropyLoss()(np.zeros((2, 3)), np.eye(3)[:2])),
    ("class 10 of 10", lambda: CrossEntropyLoss()(np.zeros((1, 10)), [10])),
    ("an empty batch", lambda: MSELoss()(np.zeros((0, 3)), np.zeros((0, 3)))),
):
    try:
        call()
    except ValueError as error:
        print(f"{name}:\n    {error}")

# %% [markdown]
# ## Traps
#
# Five mistakes that everybody makes once. Better here than at midnight.
#
# **Softmax before cross-entropy.** It runs, it even learns, but badly: probabilities are at most 1
# apart, so as logits they can't say "sure".

# %%
sure = np.array([[50.0] + [0.0] * 9])
print(f"right and sure: {CrossEntropyLoss()(sure, [0]).item():.3f}")
print(
    f"softmax twice:  {CrossEntropyLoss()(softmax(sure), [0]).item():.3f}, as low as it ever gets"
)

# %% [markdown]
# **A mean of means.** If the last batch is smaller, the mean of the batches' losses is not the mean
# over the samples.

# %%
each = np.array([1.0, 1.0, 1.0, 1.0, 6.0])  # the losses of a batch of four and a batch of one
print("over samples:", each.mean(), " over batches:", (each[:4].mean() + each[4:].mean()) / 2)

# %% [markdown]
# **A loss that is kept as a tensor.** `total += loss` holds on to the graph of every batch, so the
# memory grows until the epoch ends. `total += loss.item()` keeps a number.

# %%
loss = CrossEntropyLoss()(Tensor(np.zeros((2, 3)), requires_grad=True), [0, 1])
print("the tensor remembers how it came about:", loss.requires_grad, "; its item:", loss.item())

# %% [markdown]
# **The squared error on classes.** The class 9 is not further from 0 than 1 is, but as numbers they
# are: a network in doubt between 0 and 8 would be taught to say 4.

# %%
print("best single answer for the digits 0 and 8, by squared error:", np.mean([0, 8]))

# %% [markdown]
# **Base 2, or base 10.** `np.log` is the natural logarithm. With another base the loss of a new
# network is not log 10, and every learning rate has to be found again.

# %%
print(
    f"ten classes: {np.log(10):.3f} natural, {np.log2(10):.3f} in bits, {np.log10(10):.3f} base 10"
)

# %% [markdown]
# ## Questions to take along
#
# All of them have answers that can be computed or measured. Guess first: put a number, or a word,
# in the place of the dots (or `None`, if you must). Then run the cell, and your own machine
# answers. What it runs on are the modules in use, yours where you have finished them, and the
# answer says so. It also says which settings there are to play with, as in
# `explore("first-loss", guess=3, classes=100)`.
#
# In a terminal `tito explore 04` lists the same questions, and `tito explore 04 --all` makes a page
# of all answers that you can hand in.
#
# ### Where losses are used
#
# 1. **A language model** chooses among 50,000 words at each of 1024 tokens in 8 texts. How much
#    memory do its logits take, and how can a step do without holding them all?

# %%
explore("vocabulary-memory", guess=...)

# %% [markdown]
# 2. **Two scans in a hundred** show a tumour. How many of them does a classifier find that is
#    trained with plain cross-entropy, and what changes if they are drawn as often as the others?

# %%
explore("class-imbalance", guess=...)

# %% [markdown]
# 3. **One price in a hundred** was typed with three zeros too many. What does that do to the best
#    guess by squared error, and what by absolute error?

# %%
explore("outliers", guess=...)

# %% [markdown]
# 4. **How sure?** What does label smoothing do to how sure a network is, and does it read better?

# %%
explore("label-smoothing", guess=...)

# %% [markdown]
# ### The mathematics
#
# 5. **Overflow.** At which size of logits does the plain formula overflow, and how often? Is it
#    enough to take the logarithm of a good softmax?

# %%
explore("overflow", guess=...)

# %% [markdown]
# 6. **The first loss** of a network with 10 classes, and of a language model with 50,000 words:
#    what should they be, and what does a larger one say?

# %%
explore("first-loss", guess=...)

# %% [markdown]
# 7. **Wrong labels.** If one in ten is wrong, what is the lowest loss that a perfect network can
#    reach, and what does it cost to be surer than that?

# %%
explore("loss-floor", guess=...)

# %% [markdown]
# 8. **Softmax twice.** How low can the loss get then, and how much of the gradient is left?

# %%
explore("softmax-twice", guess=...)

# %% [markdown]
# ### Designing networks
#
# 9. **The squared error of probabilities** would be a loss, too. What is left of its slope where a
#    network is sure and wrong?

# %%
explore("squared-error-for-decisions", guess=...)

# %% [markdown]
# 10. **Mean or sum?** What happens to the learning rate if the loss is a sum, and the batch grows?

# %%
explore("mean-or-sum", guess=...)

# %% [markdown]
# ### Speed
#
# 11. **The part of the loss.** How much of a training step is it with 10 classes, and how much with
#     thousands?

# %%
explore("loss-time", guess=...)

# %% [markdown]
# 12. **Rows of ten.** Why does it take so long to find the largest of each ten numbers, and what
#     does it help to lay them out class by class?

# %%
explore("rows-of-ten", guess=...)

# %% [markdown]
# ## Where to go from here
#
# - Change the target of the guessing table to `[1, 2, 60]`, and write the mean absolute error
#   beside it.
# - Weight the classes: multiply the surprise of each sample by a weight for its class, and divide
#   by the sum of these weights. What does a network of two classes, one in ten, then predict?
# - Read: Shannon, "A Mathematical Theory of Communication" (1948), on entropy, the mean surprise.
#
# To finish the module, so that the rest of TinyTorch runs on your losses:
#
# ```bash
# tito module complete 04 && tito test --module losses
# tito milestone mnist
# ```
#
# The loss says how wrong. Next, **05 autograd** says which way is better, for every weight at once.
