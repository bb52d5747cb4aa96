# Exported from modules/07_training/training_dev.py: edit it there, then run `tito export`.
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
    order = generator().permutation(len(inputs)) if shuffle else None
    for start in range(0, len(inputs), batch_size):
        chosen = slice(start, start + batch_size)
        if order is None:
            yield as_input(inputs[chosen]), targets[chosen]
        else:
            mine, theirs = (np.asarray(order[chosen], like=array) for array in (inputs, targets))
            yield as_input(inputs[mine]), targets[theirs]


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
        if step < warmup:
            return lr * (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(1, steps - warmup))
        return lr * (1 + math.cos(math.pi * done)) / 2

    return schedule


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
        self.optimizer.zero_grad()
        loss.backward()
        if self.schedule is not None:
            self.optimizer.lr = self.schedule(self.steps)
        self.optimizer.step()
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
    with no_grad():
        return np.concatenate(
            [
                run(network, as_input(inputs[start : start + batch_size]), training=False)._array
                for start in range(0, max(1, len(inputs)), batch_size)
            ]
        )


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
        header[name] = {
            "dtype": _DTYPE_NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        parts.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers then start at a multiple of eight bytes
    write_atomically(path, len(text).to_bytes(8, "little") + text + b"".join(parts))


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
            array = np.frombuffer(content[start:end], dtype).reshape(shape)
            tensors[name] = Tensor(array.copy(), dtype=dtype)
            start = end
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
