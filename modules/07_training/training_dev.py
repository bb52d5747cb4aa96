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
# # 07 Training
#
# *The loop in which a network learns: batches, a learning rate that changes, and weights on disk.
# At its end, yours learns to read digits.*
#
# **Foundation tier** · **Difficulty** ⭐⭐⭐ (3/4) · **Time** 3-4 hours
#
# **Before this:** 01_tensor, 03_layers, 04_losses, 05_autograd, 06_optimizers · **Next:** `tito
# milestone mnist`
#
# When you are through, you can
#
# - cut data into shuffled batches that lose no sample and keep answers beside questions;
# - write schedules that lower the learning rate, in steps or along a cosine;
# - write the loop that every framework has: forward, loss, backward, step;
# - keep weights in a file that other libraries read, and load them again.
#
# **How it goes.** *Build*: you write batches, schedules, the loop, and weights on disk. *Use*: you
# train a network on handwritten digits. *Reflect*: you measure where the time of a step goes, and
# step into the traps on purpose.

# %%
#| export
"""Training: batches, learning-rate schedules, the loop, and weights on disk."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any

import numpy as np

from tinytorch.arguments import real_number, whole_number
from tinytorch.composition import run
from tinytorch.core.autograd import no_grad
from tinytorch.core.optimizers import Optimizer
from tinytorch.core.tensor import Tensor, as_array, brief, is_array
from tinytorch.files import write_atomically
from tinytorch.random import generator

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import json
import tempfile
import time
from pathlib import Path

from tinytorch import manual_seed
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Layer, Linear
from tinytorch.core.losses import CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD
from tinytorch.course.script import cell_by_cell
from tinytorch.datasets import mnist

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Why a loop
#
# All the parts are there: layers, a loss, its slopes, a step. One step improves a network a little;
# learning to read takes thousands. What's left is to bring the data in, repeat, slow down towards
# the end, and keep the result. It sounds like bookkeeping, and most bugs in training live in it.
#
# ## Batches
#
# How much data for one step? The slope over all 60,000 images is exact, but costs a pass over all
# of them. The slope over a **batch** of 128 is an estimate, at 1/469 of the price. Its error
# shrinks with the root of the batch size: four times as many images, half the error. So many cheap
# steps beat one exact one.
#
# And why **shuffle**? Data often come sorted. A network that sees all the zeros, then all the ones,
# forgets the zeros. In a new order each time, every batch is a fair sample.
#
# **Exercise.** Write `_batches`, a generator. Draw an order if asked to:
# `generator().permutation(n)` gives the numbers below n, shuffled. Then, from `start` to
# `start + batch_size`, yield `as_input(...)` of the chosen inputs, and their targets. Unless
# shuffled, choose with a slice, which copies nothing. (`batches` stands apart since a generator
# does nothing until it is asked for its first item: wrong arguments are reported at once.)


# %%
#| export
def batches(
    inputs: np.ndarray, targets: np.ndarray, batch_size: int, shuffle: bool = False
) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Go once through a data set, a batch at a time.

    Args:
        inputs: shape `(samples, ...)`. Bytes, as images have them, are scaled from 0-255 to 0-1.
        targets: shape `(samples, ...)`.
        batch_size: the number of samples in a batch; the last batch may have fewer.
        shuffle: whether to go through the samples in a new random order.

    Yields:
        A batch of inputs as a tensor, and the targets that belong to it.

    Raises:
        ValueError: the lengths differ, or the batch size is not a whole number above 0.
    """
    inputs, targets = _samples(inputs, "batches"), _samples(targets, "batches")
    if len(inputs) != len(targets):
        raise ValueError(f"batches got {len(inputs)} inputs and {len(targets)} targets")
    return _batches(inputs, targets, whole_number("batch_size", batch_size, at_least=1), shuffle)


def _batches(
    inputs: np.ndarray, targets: np.ndarray, batch_size: int, shuffle: bool
) -> Iterator[tuple[Tensor, np.ndarray]]:
    ### BEGIN SOLUTION
    order = generator().permutation(len(inputs)) if shuffle else None
    for start in range(0, len(inputs), batch_size):
        chosen = slice(start, start + batch_size)
        if order is None:
            yield as_input(inputs[chosen]), targets[chosen]
        else:
            mine, theirs = (np.asarray(order[chosen], like=array) for array in (inputs, targets))
            yield as_input(inputs[mine]), targets[theirs]
    ### END SOLUTION


# %% [markdown]
# Given: bytes become numbers from 0 to 1, a batch at a time, and arguments are checked.


# %%
#| export
def as_input(samples: np.ndarray) -> Tensor:
    """Samples as a tensor of float32; bytes are scaled from 0-255 to 0-1."""
    if samples.dtype == np.uint8:
        return Tensor(samples.astype(np.float32) * np.float32(1 / 255))
    return Tensor(samples)


def _samples(samples: Any, name: str) -> np.ndarray:
    """The samples as an array with at least one dimension, the one that counts them."""
    array = samples if is_array(samples) else as_array(samples)
    if array.ndim == 0:
        raise ValueError(
            f"{name} takes an array of samples, got the single number {brief(samples)}"
        )
    return array


# %%
samples, labels = np.arange(10.0).reshape(10, 1), 10 * np.arange(10)
plain = list(batches(samples, labels, 4))
assert all(isinstance(inputs, Tensor) for inputs, _ in plain), "inputs come as tensors: as_input"
sizes = [len(targets) for _, targets in plain]
assert sizes == [4, 4, 2], f"10 samples in batches of 4 are 4, 4 and 2; got {sizes}"
order = np.concatenate([targets for _, targets in plain]).tolist()
assert order == labels.tolist(), f"unless shuffled, the order stays: {order}"
manual_seed(0)
shuffled = list(batches(samples, labels, 4, shuffle=True))
for inputs, targets in shuffled:
    assert (10 * inputs.data[:, 0] == targets).all(), "inputs and targets need the same order"
order = np.concatenate([targets for _, targets in shuffled]).tolist()
assert sorted(order) == labels.tolist(), f"each sample comes exactly once: {order}"
again = np.concatenate([targets for _, targets in batches(samples, labels, 4, shuffle=True)])
assert again.tolist() != order, "each time a new order"
print("_batches: as it should be")

# %% [markdown]
# See why it matters, with the labels of MNIST sorted: the first batch, as it is and shuffled.

# %%
images, digits, test_images, test_digits = mnist()
megabytes = images.nbytes / 1e6
print(f"all images: {megabytes:.0f} MB as bytes; as float32 it would be {4 * megabytes:.0f} MB")
for shuffle in (False, True):
    _, first = next(batches(np.zeros(60_000), np.sort(digits), 128, shuffle))
    print("shuffled:" if shuffle else "sorted:  ", np.bincount(first, minlength=10))

# %% [markdown]
# ## The learning rate over time
#
# Early on, weights are random and slopes steep, and long steps can do harm. Later they help. At the
# end, each batch pulls in a slightly different direction, and the weights tremble around the best
# place, the more the larger the steps. So: up, along, down.
#
# A **schedule** is just a function from the number of the step to a learning rate. `cosine` rises
# in a line, then falls along half a cosine. With lr = 0.4 and 10 steps, 2 of them warm-up:
#
# | step | rate | |
# | --- | --- | --- |
# | 0 | 0.4 * 1/2 = 0.2 | it starts above zero, or step 0 would be wasted |
# | 1 | 0.4 * 2/2 = 0.4 | the top |
# | 2 | 0.4 * (1 + cos(0)) / 2 = 0.4 | 0 of the 8 steps down are done |
# | 6 | 0.4 * (1 + cos(pi/2)) / 2 = 0.2 | 4 of 8, half way |
# | 10 and on | 0.4 * (1 + cos(pi)) / 2 = 0 | the end |

# %%
#| export
Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """The same learning rate at every step."""
    lr = real_number("lr", lr)
    return lambda step: lr


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """A learning rate that is multiplied by `factor` after every so many steps."""
    lr, factor = real_number("lr", lr), real_number("factor", factor)
    every = whole_number("every", every, at_least=1)
    return lambda step: lr * factor ** (step // every)


# %% [markdown]
# **Exercise.** Write the function that `cosine` returns. Two dangers: beyond the last step the rate
# must not rise again, and `steps` may equal `warmup`, where there is nothing to divide by.


# %%
#| export
def cosine(lr: float, steps: int, warmup: int = 0) -> Schedule:
    """A learning rate that rises in a line, then falls along half a cosine to zero.

    From Loshchilov and Hutter (2017), without restarts.

    Args:
        lr: the highest learning rate.
        steps: the number of steps in all.
        warmup: how many of them the rise takes.

    >>> schedule = cosine(0.4, steps=10, warmup=2)
    >>> [round(schedule(step), 3) for step in (0, 1, 2, 6, 10)]
    [0.2, 0.4, 0.4, 0.2, 0.0]
    """

    lr = real_number("lr", lr)
    warmup = whole_number("warmup", warmup)
    steps = whole_number("steps", steps, at_least=warmup)

    def schedule(step: int) -> float:
        ### BEGIN SOLUTION
        if step < warmup:
            return lr * (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(1, steps - warmup))
        return lr * (1 + math.cos(math.pi * done)) / 2
        ### END SOLUTION

    return schedule


# %%
schedule = cosine(0.4, steps=10, warmup=2)
for step, expected in ((0, 0.2), (1, 0.4), (2, 0.4), (6, 0.2), (10, 0.0), (15, 0.0)):
    found = schedule(step)
    assert math.isclose(found, expected, abs_tol=1e-12), f"step {step}: {expected}, got {found:.4f}"
assert cosine(0.4, steps=10)(0) == 0.4, "without warm-up it starts at the top"
assert cosine(0.4, steps=2, warmup=2)(2) >= 0, "all warm-up: no division by zero"
print("cosine: as it should be")


# %%
def draw_schedules(schedules: dict[str, Schedule], steps: int) -> None:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(8, 2.5), layout="constrained")
    for name, schedule in schedules.items():
        axes.plot([schedule(step) for step in range(steps)], label=name)
    axes.set(xlabel="step", ylabel="learning rate")
    axes.legend()


draw_schedules(
    {
        "constant(0.05)": constant(0.05),
        "step_decay(0.1, every=30)": step_decay(0.1, every=30),
        "cosine(0.1, 100, warmup=10)": cosine(0.1, 100, warmup=10),
    },
    steps=100,
)
for step in range(0, 101, 10):
    rate = cosine(0.1, 100, warmup=10)(step)
    print(f"step {step:3}: {rate:.3f} {'#' * round(400 * rate)}")

# %% [markdown]
# ## The loop
#
# ```
#   batch --> network --> loss --> finite? --> clear --> backward --> set lr --> step
#     ^                                      gradients                             |
#     '----------------------------------------------------------------------------'
# ```
#
# The order matters. Clear the gradients **before** backward, or they add to the last ones. Set the
# rate **before** the step, or the first step takes whatever the optimizer came with. Look at the
# loss before anything moves: a NaN that reaches the weights never leaves them.
#
# **Exercise.** In `Trainer.step`, the forward pass and the check are given. Write the four things
# that follow. The schedule may be None, and then the optimizer's own rate stays.


# %%
#| export
class Trainer:
    """The training loop: forward, loss, backward, update.

    Args:
        network: called as `network(inputs, training=True)`; returns the outputs. A layer whose
            `forward` takes no `training` is in training for the call.
        loss: called as `loss(outputs, targets)`; returns a tensor of one number.
        optimizer: moves the parameters.
        schedule: the learning rate for each step, counted from 0; the optimizer's own if None.

    Attributes:
        steps: the number of steps taken so far.

    Raises:
        TypeError: `schedule` is no function.
    """

    def __init__(
        self,
        network: Callable[..., Tensor],
        loss: Callable[[Tensor, Any], Tensor],
        optimizer: Optimizer,
        schedule: Schedule | None = None,
    ) -> None:
        if schedule is not None and not callable(schedule):
            raise TypeError(
                f"Trainer takes a schedule, a function from a step to its learning rate, got "
                f"{brief(schedule)}; pass constant(0.1), or leave it out and set the optimizer's lr"
            )
        self.network = network
        self.loss = loss
        self.optimizer = optimizer
        self.schedule = schedule
        self.steps = 0

    def step(self, inputs: Tensor, targets: Any) -> tuple[float, np.ndarray]:
        """Learn from one batch.

        Returns:
            The loss, and the outputs that it was computed from.

        Raises:
            TypeError: the loss is not a tensor of one number.
            ValueError: the loss is not finite; the parameters are left as they were.
        """
        outputs = run(self.network, inputs, training=True)
        loss = self.loss(outputs, targets)
        if not isinstance(loss, Tensor) or loss.size != 1:
            raise TypeError(f"the loss must be a tensor of one number, got {brief(loss)}")
        value = float(loss.item())
        if not math.isfinite(value):
            raise ValueError(
                f"the loss became {value} at step {self.steps}; "
                "a smaller learning rate is the usual cure"
            )
        ### BEGIN SOLUTION
        self.optimizer.zero_grad()
        loss.backward()
        if self.schedule is not None:
            self.optimizer.lr = self.schedule(self.steps)
        self.optimizer.step()
        ### END SOLUTION
        self.steps += 1
        return value, outputs.data

    def epoch(
        self, inputs: np.ndarray, targets: np.ndarray, batch_size: int
    ) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """Go once through the samples in a random order.

        Yields:
            After each step the loss, the outputs and the targets of its batch.
        """
        for batch, batch_targets in batches(inputs, targets, batch_size, shuffle=True):
            yield *self.step(batch, batch_targets), batch_targets


# %%
def one_weight(rate: float, schedule: Schedule | None = None) -> tuple[Tensor, Trainer]:
    """A network of one weight, 1 to begin with, whose loss is the square of that weight."""
    weight = Tensor([[1.0]], requires_grad=True)
    optimizer = SGD([weight], lr=rate)
    return weight, Trainer(lambda x, training: x @ weight, MSELoss(), optimizer, schedule)


x, target = Tensor([[1.0]]), [[0.0]]
weight, trainer = one_weight(0.1)
loss, outputs = trainer.step(x, target)
assert (loss, outputs.item()) == (1, 1), "loss and outputs are those from before the step"
assert math.isclose(weight.item(), 0.8, rel_tol=1e-6), f"1 - 0.1 * 2 is 0.8, got {weight}"
trainer.step(x, target)
assert not math.isclose(weight.item(), 0.44, rel_tol=1e-6), "the first gradient was not cleared"
assert math.isclose(weight.item(), 0.64, rel_tol=1e-6), f"0.8 - 0.1 * 1.6 is 0.64, got {weight}"
weight, trainer = one_weight(0.1, schedule=lambda step: [0.25, 0.5][step])
trainer.step(x, target)
assert weight.item() == 0.5, f"the schedule says 0.25 for step 0: 1 - 0.25 * 2, got {weight}"
trainer.step(x, target)
assert weight.item() == 0, f"the schedule says 0.5 for step 1: 0.5 - 0.5 * 1, got {weight}"
weight, trainer = one_weight(0.1)
try:
    trainer.step(Tensor([[math.nan]]), target)
except ValueError as error:
    print(error)
assert weight.item() == 1, "a loss that is not finite must leave the weights alone"
print("Trainer.step: as it should be")

# %% [markdown]
# ## Answers
#
# At **inference** two things differ. Dropout is off (`training=False`), as an answer should not
# depend on luck. And nothing is recorded (`no_grad()`), as nobody will walk back. The samples still
# go through in batches (`as_input` of a slice), so that not all are in memory as float32.
#
# **Exercise.** Write `predict`. It returns the outputs as one array (`np.concatenate`). Let the
# loop run once even for no samples, so that the result has the right shape: up to
# `max(1, len(inputs))`.


# %%
#| export
def predict(
    network: Callable[..., Tensor], inputs: np.ndarray, batch_size: int = 1000
) -> np.ndarray:
    """The outputs of a network at inference, without recording anything.

    Args:
        network: called as `network(inputs, training=False)`. A layer whose `forward` takes no
            `training` is at inference for the call.
        inputs: shape `(samples, ...)`; bytes are scaled as in `batches`.
        batch_size: how many samples go through at a time.

    Returns:
        The outputs of all samples, one under the other.
    """
    inputs = _samples(inputs, "predict")
    batch_size = whole_number("batch_size", batch_size, at_least=1)
    ### BEGIN SOLUTION
    with no_grad():
        return np.concatenate(
            [
                run(network, as_input(inputs[start : start + batch_size]), training=False)._array
                for start in range(0, max(1, len(inputs)), batch_size)
            ]
        )
    ### END SOLUTION


# %%
manual_seed(0)
layer, dropout = Linear(3, 2), Dropout(0.5)
samples, seen = np.arange(21.0).reshape(7, 3).astype(np.float32), []


def network(x: Tensor, training: bool) -> Tensor:
    seen.append(len(x))
    output = dropout(layer(x), training=training)
    assert not output.requires_grad, "nothing should be recorded: with no_grad()"
    return output


answers = predict(network, samples, batch_size=3)
assert seen == [3, 3, 1], f"7 samples in batches of 3 are 3, 3 and 1, got {seen}"
expected = samples @ layer.weight.data + layer.bias.data
assert answers.shape == (7, 2), f"expected one array of shape (7, 2), got {np.shape(answers)}"
assert np.allclose(answers, expected), "with dropout off, the outputs are the layer's own"
assert predict(network, samples[:0]).shape == (0, 2), "no samples, no rows, but still two columns"
print("predict: as it should be")

# %% [markdown]
# ## Weights on disk
#
# The format is safetensors. Other frameworks read it too, and it is simple enough to write by hand:
#
# ```
#   +---------+------------------------------------------------------+-----------------+
#   | 8 bytes | N bytes of JSON: {"name": {"dtype": "F32",           | the numbers of  |
#   |   = N   |   "shape": [784, 256], "data_offsets": [0, 802816]}, | all tensors,    |
#   |         |   ...}                                               | end to end      |
#   +---------+------------------------------------------------------+-----------------+
# ```
#
# Offsets count from where the numbers begin: first byte, and the byte after the last.
#
# **Exercise.** In `save`, the checks and the writing are given. For each array, make its entry in
# the header, append its bytes (`array.tobytes()`) to `parts`, and move `offset` on.


# %%
#| export
# The names that the safetensors format gives to NumPy's types.
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_DTYPE_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
# NumPy has no bfloat16: it is read as whole numbers, of which `load` makes float32.
_READABLE = {**_DTYPES, "BF16": "<u2"}


def save(path: str | os.PathLike[str], tensors: Mapping[str, Any]) -> None:
    """Write tensors to a file in the safetensors format, which other frameworks read too.

    The file is eight bytes for the length of a header, the header (JSON: for each name the
    dtype, the shape and where its bytes are), and the bytes. The new file replaces an old one
    all at once, so that a crash leaves one or the other; the old one's mode bits stay, and a
    symbolic link goes on pointing to where it did.

    Args:
        path: the file to write.
        tensors: tensors or arrays by name, such as `network.state()`.

    Raises:
        TypeError: `tensors` is no dictionary, or something in it holds no numbers.
        ValueError: a name is no string.
        OSError: the folder is missing or cannot be written to, or the disk is full.
    """
    import json  # here, since most programs never save and need not wait for it

    if not isinstance(tensors, Mapping):
        kind = type(tensors).__name__
        raise TypeError(f"save takes a dictionary of tensors by name, got one {kind}")
    header: dict[str, Any] = {}
    parts = []
    offset = 0
    for name, tensor in tensors.items():
        try:
            array = np.asarray(tensor) if hasattr(tensor, "dtype") else as_array(tensor)
        except (TypeError, ValueError) as error:
            raise type(error)(f"save cannot store {name!r}: {error}") from error
        array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        if not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"save takes names that are strings, got {name!r}")
        if array.dtype not in _DTYPE_NAMES:
            raise TypeError(f"save cannot store {name!r}, whose dtype is {array.dtype}")
        ### BEGIN SOLUTION
        header[name] = {
            "dtype": _DTYPE_NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        parts.append(array.tobytes())
        offset += array.nbytes
        ### END SOLUTION
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers then start at a multiple of eight bytes
    write_atomically(path, len(text).to_bytes(8, "little") + text + b"".join(parts))


# %%
with tempfile.TemporaryDirectory() as folder:
    tiny = Path(folder) / "tiny.safetensors"
    save(tiny, {"w": Tensor([[1.0, 2.0]]), "n": np.array([7, 8], np.uint8)})
    content = tiny.read_bytes()
length = int.from_bytes(content[:8], "little")
header = json.loads(content[8 : 8 + length])
for name, expected in (
    ("w", {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}),
    ("n", {"dtype": "U8", "shape": [2], "data_offsets": [8, 10]}),
):
    assert header[name] == expected, f"the entry should be {expected}, got {header[name]}"
numbers = content[8 + length :]
assert numbers == np.array([1, 2], "<f4").tobytes() + bytes([7, 8]), f"the numbers are {numbers!r}"
print("save: as it should be")

# %% [markdown]
# Here is every byte of it. Find the length (0x70 is 112), the header, the spaces that pad it, the
# numbers 1.0 (`00 00 80 3f`) and 2.0, and the bytes 7 and 8.

# %%
for start in range(0, len(content), 16):
    row = content[start : start + 16]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    print(f"{start:4}  {row.hex(' '):47}  {text}")

# %% [markdown]
# Notice how `save` writes: `write_atomically`, in `tinytorch/files.py`, fills another file first,
# which then takes the name of the old one. Whenever the machine fails, one of the two is whole.
#
# **Exercise.** In `load`, the header has been read, and each entry compared with the place where
# its bytes should be. Turn `content[start:end]` into an array (`np.frombuffer`, then `.reshape`),
# and keep a tensor of the same dtype around a copy, since `frombuffer` gives a view that can't be
# changed. The next tensor starts where this one ends.


# %%
#| export
def load(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Read the tensors in a safetensors file, by name.

    Each keeps the dtype that it has in the file, but bfloat16, which NumPy lacks, becomes float32.

    Raises:
        ValueError: the file is damaged or not in the safetensors format, or one of its dtypes is
            not supported, such as F8_E4M3.
        OSError: the file is not there, or cannot be read.
    """
    import json

    with open(path, "rb") as file:
        content = file.read()
    first = start = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    unsupported = None
    try:
        if start > len(content):
            raise ValueError("it ends before its header does")
        if _depth(content[8:start]) > 3:
            raise ValueError("its header is not what the format asks for")
        header = json.loads(content[8:start])
        if not isinstance(header, dict):
            raise ValueError("its header names no tensors")
        header.pop("__metadata__", None)
        # The tensors' bytes follow each other without a gap, from the header to the end.
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            if isinstance(entry["dtype"], str) and entry["dtype"] not in _READABLE:
                unsupported = f"{entry['dtype']} of tensor {name!r}"
                break
            dtype, shape = np.dtype(_READABLE[entry["dtype"]]), tuple(entry["shape"])
            end = start + math.prod(shape) * dtype.itemsize
            if entry["data_offsets"] != [start - first, end - first] or min(shape, default=0) < 0:
                raise ValueError(f"the bytes of {name!r} are not where they should be")
            if end > len(content):
                raise ValueError(f"it ends before the bytes of {name!r} do")
            ### BEGIN SOLUTION
            array = np.frombuffer(content[start:end], dtype).reshape(shape)
            tensors[name] = Tensor(array.copy(), dtype=dtype)
            start = end
            ### END SOLUTION
            if entry["dtype"] == "BF16":
                tensors[name] = _from_bfloat16(tensors[name])
    except (KeyError, TypeError, AttributeError) as error:
        problem = "its header is not what the format asks for"
        raise ValueError(f"{path} is not a whole safetensors file ({problem})") from error
    except ValueError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error})") from error
    if unsupported is not None:
        supported = ", ".join(_READABLE)
        raise ValueError(
            f"{path} is a safetensors file, but dtype {unsupported} is not supported; "
            f"supported are {supported}"
        )
    if start != len(content):
        raise ValueError(f"{path} is not a whole safetensors file (its length is wrong)")
    return tensors


def _depth(text: bytes) -> int:
    """How deep brackets are nested in JSON, which is read by a function that calls itself.

    Where Python runs in a browser, the stack may end before Python notices.
    """
    outside_of_strings = re.sub(rb'"(\\.|[^"\\])*+"?', b"", text, flags=re.DOTALL)
    brackets = re.findall(rb"[\[{\]}]", outside_of_strings)
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _from_bfloat16(bits: Tensor) -> Tensor:
    """The numbers in float32, of which bfloat16 is the upper half."""
    return Tensor((bits._array.astype(np.uint32) << np.uint32(16)).view(np.float32))


# %%
def loaded_from(content: bytes) -> dict[str, Tensor]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.safetensors"
        path.write_bytes(content)
        return load(path)


loaded = loaded_from(content)
assert set(loaded) == {"w", "n"}, f"expected the names w and n, got {set(loaded)}"
assert loaded["w"].data.tolist() == [[1, 2]], f"w should be [[1, 2]], got {loaded['w']}"
assert loaded["n"].data.tolist() == [7, 8], f"n should be [7, 8], got {loaded['n']}"
assert loaded["n"].dtype == np.uint8, f"the dtype comes from the file, got {loaded['n'].dtype}"
loaded["w"].data[...] = 0  # fails if the array is a read-only view
for damaged in (content[:-1], content + b"!", content[:20]):
    try:
        loaded_from(damaged)
    except ValueError:
        continue
    raise AssertionError("a damaged file was read without complaint")
print("load: as it should be")

# %% [markdown]
# ## It learns to read
#
# Everything together, small enough to run while you look: 4,000 of the 60,000 images, a network of
# 784-64-10, four times through. Before you run it: what will the very first loss be?


# %%
class Reader(Layer):
    """A small network for digits: 784-64-10, with ReLU and dropout between."""

    def __init__(self) -> None:
        self.layer1, self.layer2 = Linear(784, 64), Linear(64, 10)
        self.activation, self.dropout = ReLU(), Dropout(0.2)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        hidden = self.activation(self.layer1(x))
        return self.layer2(self.dropout(hidden, training=training))


def accuracy(outputs: np.ndarray, digits: np.ndarray) -> float:
    return float((outputs.argmax(axis=1) == digits).mean())


manual_seed(0)
pixels, known = images[:4000].reshape(-1, 784), digits[:4000]
new_pixels, new_digits = test_images[:2000].reshape(-1, 784), test_digits[:2000]
reader = Reader()
epochs, batch_size = 4, 50
steps = epochs * math.ceil(len(pixels) / batch_size)
optimizer = SGD(reader.parameters(), lr=0.1, momentum=0.9)
trainer = Trainer(reader, CrossEntropyLoss(), optimizer, cosine(0.1, steps, warmup=20))
start, curve = time.perf_counter(), []
for epoch in range(1, epochs + 1):
    results = [loss for loss, _, _ in trainer.epoch(pixels, known, batch_size)]
    right = accuracy(predict(reader, new_pixels), new_digits)
    print(f"epoch {epoch}: mean loss {np.mean(results):.3f}, new images read right {right:.1%}")
    curve += results
print(f"first loss {curve[0]:.3f}; {steps} steps in {time.perf_counter() - start:.2f} seconds")

# %% [markdown]
# The first loss is close to log 10, the loss of somebody who knows nothing (module 04). The new
# images were in no batch, so that number says what was understood, and not just remembered.


# %%
def draw_reading(curve: list[float], images: np.ndarray, answers: np.ndarray) -> None:
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 3.5), height_ratios=(4, 1), layout="constrained"
    )
    above.plot(curve, linewidth=0.8)
    above.set(xlabel="step", ylabel="loss", yscale="log")
    below.imshow(np.hstack(images), cmap="gray_r")
    below.set_xticks(14 + 28 * np.arange(len(images)), answers)
    below.set_yticks([])
    figure.suptitle("the loss, and what the network reads in new images")


draw_reading(curve, test_images[:16], predict(reader, new_pixels[:16]).argmax(axis=1))

# %% [markdown]
# Keep what was learned, and give it to a new network. `Layer` has `state()`, the tensors by name,
# and `load_state`, which copies numbers into the arrays that the network already has.

# %%
stranger = Reader()
before = accuracy(predict(stranger, new_pixels), new_digits)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "reader.safetensors"
    save(path, reader.state())
    print(f"{path.stat().st_size:,} bytes on disk")
    stranger.load_state(load(path))
after = accuracy(predict(stranger, new_pixels), new_digits)
print(f"new images read right, by a new network: {before:.1%}, with these weights: {after:.1%}")

# %% [markdown]
# ## What it costs
#
# Small batches pay, again and again, for what a step costs whatever its size: Python, and moving
# the weights. Large ones make fewer steps from the same data. On this machine:

# %%
for batch_size in (1, 8, 64, 512):
    batch, targets = next(batches(pixels, known, batch_size))
    times = []
    for _ in range(9):
        start = time.perf_counter()
        Trainer(reader, CrossEntropyLoss(), SGD(optimizer.parameters, lr=0.0)).step(batch, targets)
        times.append(time.perf_counter() - start)
    taken = sorted(times)[4]
    print(f"batch {batch_size:3}: {1e3 * taken:.2f} ms a step, {batch_size / taken:7,.0f} images/s")

# %% [markdown]
# ## What PyTorch does differently
#
# - `DataLoader` makes batches in other processes, for data that take work to read.
# - `model.train()` and `model.eval()` set a flag inside the layers. Here `training` goes in with
#   each call, and can't be left in the wrong position.
# - You write the loop yourself; a `Trainer` comes from libraries on top.
# - A schedule is an object around the optimizer, and you call its `step()` after the optimizer's.
# - `torch.save` uses pickle, which may run code when it is loaded. PyTorch now refuses most of that
#   by default. A safetensors file holds numbers and nothing else.
#
# ## Traps
#
# **Answering with dropout on.** The answers are worse, and different every time.

# %%
noisy = predict(lambda x, training: reader(x, training=True), new_pixels)
print(f"dropout off: {after:.1%}, left on: {accuracy(noisy, new_digits):.1%}")

# %% [markdown]
# **Pixels from 0 to 255.** Bytes are scaled by `as_input`, floats are taken as they are.

# %%
for scale in (1 / 255, 1.0):
    outputs = Reader()(Tensor(pixels[:64] * np.float32(scale)), training=True)
    print(f"pixels * {scale:.3f}: first loss {CrossEntropyLoss()(outputs, known[:64]).item():6.2f}")

# %% [markdown]
# **Choosing by the test set.** If you try ten settings and keep the one that is best on the test
# images, its accuracy there is no longer honest. Hold back some *training* images to choose by.
#
# ## Where to go from here
#
# - All of MNIST, with dropout and a larger network, on your own modules: `tito milestone mnist`. It
#   reads about 98 of 100 test images.
# - Train the reader with `constant(0.1)`, then without warm-up, then at ever higher rates until it
#   breaks. Which of these matters for so small a network?
# - Stop early: hold back 1,000 of the 4,000 images, and keep the weights of the best epoch.
# - Read: Bottou, "Stochastic Gradient Descent Tricks" (2012); Loshchilov and Hutter, "SGDR" (2017),
#   on cosine schedules; the page of the safetensors format.
#
# From a tensor to a network that reads: every line in between is one that you know.
