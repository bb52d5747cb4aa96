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
# *The number that training makes smaller: how wrong is the network?*
#
# **Foundation tier** · **Difficulty** ⭐⭐ (2/4) · **Time** 2-3 hours
#
# **Before this:** 01_tensor, 02_activations, 03_layers · **Next:** 05_autograd
#
# When you are through, you can
#
# - say why training needs one number that falls smoothly, and why a count of mistakes is none;
# - write the mean squared error and both cross-entropies, from logits, without an overflow;
# - read a loss: what guessing costs with ten classes, and what a loss below it says.
#
# **How it goes.** *Build*: you write three losses, each in a few lines. *Use*: you try them on
# small batches whose answer you can work out by hand. *Reflect*: you measure what a loss costs in
# time and memory, and step into the traps on purpose.

# %%
#| export
"""Losses: one number that says how wrong a network's predictions are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core.tensor import Tensor, TensorLike, apply, as_array, as_tensor, is_array
from tinytorch.summation import accurate_mean, accurate_sum
from tinytorch.targets import class_indices, expect_probabilities, expect_same_shape

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import math
import time
import tracemalloc

from tinytorch.core.activations import softmax
from tinytorch.course.script import cell_by_cell

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Why one number
#
# A network has answered, and the right answer is known. How good was it? Training can't use
# "quite good". It needs one number that falls as the answers improve, and falls smoothly, so
# that a tiny change of a weight makes a tiny change of the number. That is the **loss**.
#
# Counting mistakes will not do. Nudge a weight, and nearly always exactly the same answers are
# wrong: the count doesn't move, so it says nothing about which way to go.
#
# You write three losses: one for predicted quantities, one for yes or no, one for a choice among
# classes. In all three the loss of a batch is the **mean** over it. With a sum, a batch twice as
# large would give slopes twice as large, and every learning rate would need changing with it.
#
# ## Mean squared error
#
# For quantities: take the difference, square it, average. Predictions of 2.5 and 0 against targets
# 3 and -1 miss by -0.5 and 1; the squares are 0.25 and 1, their mean is **0.625**. Squaring
# removes the sign, and makes a miss of 2 cost four times as much as a miss of 1.
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
# **Exercise.** In `MSELoss.forward`, `prediction` and `target` are tensors of one shape when your
# line begins. Use operations of tensors (`-`, `**`, `.mean()`), so that autograd can follow them.


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
loss = MSELoss()([2.5, 0.0], [3.0, -1.0])
assert isinstance(loss, Tensor), f"expected a tensor, got {type(loss).__name__}"
assert loss.shape == (), f"expected a single number, got shape {loss.shape}: is the mean missing?"
assert math.isclose(loss.item(), 0.625), f"expected 0.625, got {loss.item()}"
assert MSELoss()([[1.0, 2.0]], [[1.0, 2.0]]).item() == 0, "perfect predictions cost nothing"
print("MSELoss: as it should be")

# %% [markdown]
# Which single guess is best for the targets 1, 2 and 6? Ask your loss.

# %%
for guess in range(7):
    loss = MSELoss()([guess] * 3, [1, 2, 6]).item()
    print(f"guess {guess}: {loss:6.2f} {'#' * round(2 * loss)}")

# %% [markdown]
# The mean of the targets, 3, and that is no accident: where the slope of the mean square is zero,
# the misses add up to zero. A network trained with this loss predicts means.
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
# network gives to all the targets together.
#
# With a target of 1 for yes and 0 for no, one formula serves both, as one of its terms is zero:
# `-(target * log(p) + (1 - target) * log(1 - p))`.
#
# Two details in the arithmetic. `log(0)` is minus infinity, and infinity times zero is no number
# at all; so each logarithm is **cut off at -100** (`np.maximum`). And `1 - p` rounds to 1 when p is
# tiny, so `log(1 - p)` would lose it; `np.log1p(-p)` is the same and keeps every digit.
#
# **Exercise.** Write `binary_cross_entropy`, an operation: arrays in, one number out. `np.log`
# warns about zero; `with np.errstate(divide="ignore"):` says that you know.


# %%
#| export
class BinaryCrossEntropyLoss(Loss):
    """The cross-entropy of yes-or-no predictions given as probabilities, over all elements.

    `-mean(target * log(prediction) + (1 - target) * log(1 - prediction))`. Logarithms are cut
    off at -100, so that a prediction that is certain and wrong costs 100 instead of infinity.
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
    """The mean binary cross-entropy of probabilities, as an operation."""
    ### BEGIN SOLUTION
    with np.errstate(divide="ignore"):
        yes = np.maximum(np.log(prediction), -100)
        no = np.maximum(np.log1p(-prediction), -100)
    return -accurate_mean(target * yes + (1 - target) * no)
    ### END SOLUTION


# %%
yes_no = BinaryCrossEntropyLoss()
loss = yes_no([0.9, 0.2], [1, 0]).item()
expected = (abs(math.log(0.9)) + abs(math.log(0.8))) / 2
assert math.isclose(loss, expected, rel_tol=1e-5), f"expected {expected:.4f}, got {loss:.4f}"
assert math.isclose(yes_no([0.0], [1]).item(), 100), "certain and wrong costs 100: cut off the log"
assert yes_no([1.0, 0.0], [1, 0]).item() == 0, "certain and right costs nothing, and is not NaN"
tiny = yes_no([1e-9], [0]).item()
assert math.isclose(tiny, 1e-9, rel_tol=1e-5), f"expected 1e-9, got {tiny}: np.log1p(-p) is exact"
print("binary_cross_entropy: as it should be")

# %% [markdown]
# See both sides of it:

# %%
print("   p   if yes    if no")
for p in (0.01, 0.25, 0.5, 0.75, 0.99):
    print(f"{p:4}  {yes_no([p], [1]).item():7.3f}  {yes_no([p], [0]).item():7.3f}")

# %% [markdown]
# ## One of many: logits and cross-entropy
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
# undoes its `exp`, and what is left is `log(sum(exp(logits))) - logits[class]`. So take logits and
# not probabilities: it's shorter, and no probability can round to zero on the way to the logarithm.
#
# One danger stays. float32 ends at 3.4e38, which is exp(88.7).

# %%
naive = np.array([1000.0, 0.0], np.float32)
with np.errstate(over="ignore", invalid="ignore"):
    print("naive probabilities:", np.exp(naive) / np.exp(naive).sum())
    print("naive log-sum-exp:  ", np.log(np.exp(naive).sum()))
largest = naive.max()
print("shifted log-sum-exp:", largest + np.log(np.exp(naive - largest).sum()))

# %% [markdown]
# Subtracting the largest logit from the whole row changes no probability, as numerator and
# denominator shrink by the same factor. Now the largest `exp` is 1: the sum lies between 1 and the
# number of classes, and neither overflow nor `log(0)` can happen.
#
# **Exercises.** Write `shifted`, then `cross_entropy` with its help. To pick one number from each
# row, index with two lists: `scores[[0, 1, 2], [7, 0, 4]]` is column 7 of row 0, column 0 of row 1,
# column 4 of row 2. `classes` may have several dimensions; `classes.reshape(-1)` fits the rows.
#
# `cross_entropy` has a second duty. The gradient of the loss, module 05 will show, is made of
# softmax. What forward has half worked out, backward need not begin again, so there is an array for
# it: fill `probabilities`, which has the shape of the logits, with `np.divide(..., out=...)`.


# %%
#| export
class CrossEntropyLoss(Loss):
    """The cross-entropy of a choice among classes: `-log softmax(logits)[class]`, averaged.

    >>> CrossEntropyLoss()(np.zeros((4, 10)), [3, 1, 4, 1])  # log(10): nothing is known yet
    Tensor(2.3026)
    """

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
        return apply(cross_entropy, logits, classes=indices, probabilities=probabilities)


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


# %%
rows = shifted(np.array([[1.0, 5.0, 2.0], [1000.0, 1000.0, 0.0]]))
assert rows.tolist() == [[-4, 0, -3], [0, 0, -1000]], f"got {rows.tolist()}: each row, less its max"
assert shifted(np.zeros((2, 5, 3))).shape == (10, 3), "rows: all dimensions but the last become one"
print("shifted: as it should be")

logits = np.array([[2.0, 1.0, 0.1]])
for right in range(3):
    expected = -math.log(softmax(logits)[0, right])
    probabilities = np.empty_like(logits)
    loss = cross_entropy(logits, np.array([right]), probabilities)
    assert np.shape(loss) == (), f"one number for the batch, got shape {np.shape(loss)}"
    assert math.isclose(loss, expected), f"class {right}: expected {expected:.4f}, got {loss:.4f}"
    assert np.allclose(probabilities, softmax(logits)), f"expected softmax, got {probabilities}"
both = CrossEntropyLoss()([[0.0, 0.0], [1000.0, 0.0]], [0, 1]).item()
assert math.isclose(both, (math.log(2) + 1000) / 2, rel_tol=1e-6), (
    f"the mean of 0.693 and 1000: {both}"
)
assert math.isfinite(CrossEntropyLoss()([[1e4, -1e4]], [1]).item()), "no overflow"
several = CrossEntropyLoss()(np.zeros((2, 5, 3)), np.zeros((2, 5), int)).item()
assert math.isclose(several, math.log(3), rel_tol=1e-6), f"any number of dimensions: {several}"
print("cross_entropy: as it should be")

# %% [markdown]
# Here is a number worth knowing by heart. A network that knows nothing gives each of 10 classes
# the probability 1/10, and its loss is log 10.

# %%
random = np.random.default_rng(0)
for count in (2, 10, 1000):
    guesses = random.normal(scale=0.1, size=(5000, count)).astype(np.float32)
    loss = CrossEntropyLoss()(guesses, random.integers(count, size=5000)).item()
    print(f"{count:4} classes: log({count}) = {math.log(count):.3f}, new network {loss:.3f}")

# %% [markdown]
# If your first loss on MNIST is far from 2.3, look for the mistake before you train.
#
# ## Given: the checks of the input
#
# They are in `tinytorch/targets.py`. Each says what was given, what was expected, and the usual
# fix.

# %%
for name, call in (
    ("a column against a row", lambda: MSELoss()(np.zeros((3, 1)), np.zeros(3))),
    ("logits to a loss for p", lambda: yes_no([2.7], [1])),
    ("one-hot targets", lambda: CrossEntropyLoss()(np.zeros((2, 3)), np.eye(3)[:2])),
    ("class 10 of 10", lambda: CrossEntropyLoss()(np.zeros((1, 10)), [10])),
):
    try:
        call()
    except ValueError as error:
        print(f"{name}:\n    {error}")

# %% [markdown]
# ## What it costs
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

images, weight = random.random((128, 784), np.float32), random.random((784, 256), np.float32)
print(f"the product in Linear(784, 256): {milliseconds(lambda: images @ weight):.3f} ms")
print(f"logits for 8 texts of 1024 words out of 50,000: {8 * 1024 * 50_000 * 4 / 1e9:.1f} GB")

# %% [markdown]
# For ten digits the loss is next to nothing. For a language model it is one of the largest arrays
# of all, and people write special code to never hold it whole.
#
# ## What PyTorch does differently
#
# - `nn.MSELoss` broadcasts, with a warning; ours refuses.
# - `nn.CrossEntropyLoss` has the logits of a sample along axis 1, `(batch, classes, ...)`; ours has
#   them along the last. It also takes class weights, label smoothing, and probabilities as targets.
# - `nn.BCELoss` cuts the logarithms off at -100, as yours does. `nn.BCEWithLogitsLoss` takes logits
#   instead, for the reason you met above.
# - Every PyTorch loss can return the sum or each sample's loss (`reduction="sum"`, `"none"`).
#
# ## Traps
#
# **Softmax before cross-entropy.** It runs, it even learns, but badly: probabilities are at most 1
# apart, so as logits they can't say "sure".

# %%
sure = np.array([[50.0] + [0.0] * 9])
print(f"right and sure: {CrossEntropyLoss()(sure, [0]):.3f}")
print(f"softmax twice:  {CrossEntropyLoss()(softmax(sure), [0]):.3f}, as low as it ever gets")

# %% [markdown]
# **A mean of means.** If the last batch is smaller, the mean of the batches' losses is not the mean
# over the samples.

# %%
each = np.array([1.0, 1.0, 1.0, 1.0, 6.0])  # the losses of a batch of four and a batch of one
print("over samples:", each.mean(), " over batches:", (each[:4].mean() + each[4:].mean()) / 2)

# %% [markdown]
# ## Where to go from here
#
# - Change the target of the guessing table to `[1, 2, 60]`. What would the mean *absolute* error
#   choose? (It's what people use when a few targets are wild.)
# - Write label smoothing: the right class gets probability 0.9, the others share 0.1.
# - Read: Shannon, "A Mathematical Theory of Communication" (1948), on entropy, the mean surprise.
#
# The loss says how wrong. Next, **05 autograd** says which way is better, for every weight at once.
