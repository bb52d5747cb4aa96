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
# # 01 Tensor
#
# *The one thing that everything else is made of: an array of numbers, and one door that every
# operation on it goes through.*
#
# **Foundation tier** · **Difficulty** ⭐ (1/4) · **Time** 3-4 hours
#
# **Before this:** some Python, and having seen a NumPy array · **Next:** 02_activations
#
# When you are through, you can
#
# - say where the numbers of an array are in memory, how many bytes they take, and when two arrays
#   share them;
# - write the tensor's arithmetic, matrix product, sums and shapes, most of it in a line each;
# - read a broadcast off two shapes, and see a wrong one coming;
# - say why all operations go through one function, and what that will buy you in module 05;
# - tell a view from a copy, and know what a fresh array costs.
#
# **How it goes.** *Build*: you write a conversion, a door, and the operations of a tensor. *Use*:
# you try each of them on handwritten digits, where you can see what it does. *Reflect*: you measure
# what it costs on your machine, and step into the traps on purpose.
#
# Where a cell says `raise NotImplementedError("Write ...")`, it's your turn: put your lines in its
# place. A cell below it checks what you wrote. Each exercise has three hints, which `tito hint`
# gives one at a time; in the notebook they are folded away until you want them.

# %%
#| export
"""The tensor: an array of numbers, and the one door that every operation on it goes through."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeGuard

import numpy as np

from tinytorch.listeners import listeners
from tinytorch.summation import accurate_mean, accurate_sum, accurate_var

# %%
# For the experiments in this lesson; the library does without.
# isort: split
import subprocess
import sys
import time

import matplotlib.pyplot as plt

# Until you have written your own Tensor, the installed one stands in for it.
from tinytorch.core.tensor import Tensor
from tinytorch.course.checking import check_here
from tinytorch.course.script import cell_by_cell
from tinytorch.datasets import mnist

digits = mnist()

cell_by_cell()  # as in a notebook, where this file is run as a script

# %% [markdown]
# ## Build: numbers in memory
#
# Memory is one long row of bytes. A NumPy array is a stretch of that row, together with a note on
# how to read it: what kind of numbers, how many in each dimension, and how many bytes to step to
# get from one to the next.
#
# ```
#    shape (2, 3)              memory: 6 numbers of 4 bytes
#    ┌───┬───┬───┐             ┌───┬───┬───┬───┬───┬───┐
#    │ 1 │ 2 │ 3 │             │ 1 │ 2 │ 3 │ 4 │ 5 │ 6 │
#    ├───┼───┼───┤             └───┴───┴───┴───┴───┴───┘
#    │ 4 │ 5 │ 6 │              one to the right: 4 bytes on
#    └───┴───┴───┘              one down: 12 bytes on
# ```
#
# Those steps are called **strides**.

# %%
array = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
print(array.dtype, array.shape, "strides", array.strides, "bytes", array.nbytes)

turned = array.T
print("transposed:", turned.shape, "strides", turned.strides)
turned[0, 1] = 99
print("and the first array is now", array.tolist())

# %% [markdown]
# Transposing moved no number. It made a second note on the same bytes, with the strides swapped.
# Such an array is called a **view**, and writing through it writes to the original: at `[0, 1]` of
# the one stands what is at `[1, 0]` of the other.
#
# ### Which numbers?
#
# NumPy likes float64, 8 bytes a number. Neural networks are at home with float32, 4 bytes.

# %%
for dtype in (np.float32, np.float64):
    limits = np.finfo(dtype)
    print(f"{limits.dtype}: {limits.bits // 8} bytes, largest {limits.max:.2g}", end=", ")
    print(f"about {limits.precision} digits: 1/3 is {dtype(1) / dtype(3)!s}")

# %% [markdown]
# Six or seven digits are plenty, as training is noisy anyhow. And half the bytes means half the
# memory, half the time to move them, and twice as many in one instruction. So here everything is
# float32 unless somebody asks for something else.
#
# ### From anything to an array
#
# People will pass numbers, lists, lists of lists, arrays, tensors. Your first function takes them
# all. There are two traps in it. `np.array` copies what it gets, also where nothing has to change;
# `np.asarray` doesn't. And NumPy is too obliging if you tell it the dtype at once:

# %%
array = np.zeros(3, np.float32)
print("itself? np.asarray:", np.asarray(array) is array, "  np.array:", np.array(array) is array)
print("None and a text:", np.asarray([None, "12"], dtype=np.float32))

# %% [markdown]
# None has become nan, "not a number", and would turn all that it meets into nan, far away from the
# `return` that somebody forgot. So first read, then look at the dtype, then convert with care.
#
# **Exercise: `as_array`**
#
# The first line is given: `dtype` is now the NumPy dtype that is wanted. Then
#
# - if `data` is a tensor, go on with its array, `data.data`;
# - let NumPy read it. `_numpy_array(data)`, given below, is `np.asarray` with a clearer error;
# - if the array has the right dtype already, return **that very array**, not a copy, and not
#   locked. Then a tensor made from an array shares its memory, which costs nothing however large it
#   is, and who writes to the one writes to the other;
# - otherwise return `_converted(array, dtype, data)`, given below: a copy in the right dtype, or an
#   error if these aren't numbers, or don't fit.
#
# <details><summary>Hint 1</summary>
#
# Four steps: unwrap, read, keep, convert. `isinstance(data, Tensor)` answers the first.
# After it you go on: the tensor's array may have another dtype than the one that is wanted.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Dtypes can be compared: `array.dtype == dtype`, with the `dtype` that is wanted, which may be
# another than float32. If they are equal, return `array`, not `data`, which may still be a list;
# else a copy from `_converted`, which refuses what is no number, and numbers that don't fit.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# if isinstance(data, Tensor):
#     data = ...
# array = ...
# if array.dtype == dtype:
#     return ...
# return ...
# ```
#
# </details>


# %%
#| export
def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """Turn numbers, nested lists, arrays or a tensor into a NumPy array.

    Args:
        data: a number, a list of numbers (nested as deep as you like), an array or a tensor.
        dtype: the type of the numbers; float32 when left out.

    Returns:
        The array. An array that already has the right dtype is returned itself, not copied.

    Raises:
        TypeError: `data` holds something other than numbers, or `dtype` is no type of number.
        ValueError: the lists have unequal lengths, or a number is too large for the dtype.
    """
    dtype = _number_type(dtype)
    ### BEGIN SOLUTION
    if isinstance(data, Tensor):
        data = data.data
    array = _numpy_array(data)
    if array.dtype == dtype:
        return array
    return _converted(array, dtype, data)
    ### END SOLUTION


def _number_type(dtype: Any) -> np.dtype[Any]:
    """The dtype of a tensor, float32 if None; a TypeError for what is no type of number."""
    try:
        dtype = np.dtype(np.float32 if dtype is None else dtype).newbyteorder("=")
    except (TypeError, ValueError):
        raise TypeError(f"Tensor got dtype={brief(dtype)}; use np.float32 or np.float64") from None
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise TypeError(f"Tensor cannot hold dtype {dtype}; use np.float32 or np.float64")
    return dtype


def _numpy_array(data: Any) -> np.ndarray:
    """The data as NumPy reads it, in a dtype of its choice; another library's array itself."""
    try:
        return data if _is_foreign(data) else np.asarray(data)
    except ValueError:
        raise ValueError(
            "Tensor got lists of unequal lengths; every row of a tensor has the same length"
        ) from None


def is_array(value: Any) -> TypeGuard[np.ndarray]:
    """Whether this is an array: NumPy's, or one of a library that speaks NumPy's protocols."""
    return isinstance(value, np.ndarray) or _is_foreign(value)


def is_writeable(array: Any) -> bool:
    """Whether numbers can be written into an array. Libraries that do not say so allow it."""
    if isinstance(array, np.ndarray):
        return array.flags.writeable
    return getattr(getattr(array, "flags", None), "writeable", True)


def _is_foreign(value: Any) -> bool:
    """Whether this is another library's array, such as CuPy's, which NumPy's functions work on."""
    kind = type(value)
    speaks = hasattr(kind, "__array_function__") and hasattr(kind, "__array_ufunc__")
    return speaks and not isinstance(value, (np.ndarray, Tensor))


def _converted(array: np.ndarray, dtype: np.dtype[Any], data: Any) -> np.ndarray:
    """A copy of the array in another dtype; `data` is what an error shows."""
    try:
        if array.dtype.kind == "O" and all(isinstance(number, int) for number in array.flat):
            array = array.astype(np.float64)  # whole numbers too large for NumPy's own
        if array.dtype.kind not in "biuf":
            raise TypeError(
                f"Tensor holds numbers, got {brief(data)} of type {type(data).__name__}; "
                "pass a number, a list of numbers or a NumPy array"
            )
        _check_range(array, dtype)
        with np.errstate(over="ignore"):
            converted = array.astype(dtype)
        may_overflow = not np.can_cast(array.dtype, dtype)
        # Looked for in the numbers, since in a browser no processor tells of an overflow.
        if may_overflow and np.isfinite(array[~np.isfinite(converted)]).any():
            raise OverflowError
        return converted
    except OverflowError:
        raise ValueError(
            f"Tensor got a number that {dtype} cannot hold: {brief(data)}; pass dtype=np.float64"
        ) from None


def _check_range(array: np.ndarray, dtype: np.dtype[Any]) -> None:
    """Raise an OverflowError if a whole-number dtype cannot hold a number in the array."""
    if dtype.kind in "iu" and array.size:
        limits, low, high = np.iinfo(dtype), array.min(), array.max()
        # Nan is within no limits. As a float, the largest number is rounded up beyond the limit.
        if not (limits.min <= low and high <= limits.max and int(high) <= limits.max):
            raise OverflowError


def brief(value: Any) -> str:
    """The value as text, cut to a length that fits an error message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# %%
check_here("tensor", "Arrays")

# %% [markdown]
# ### See it: an image is an array
#
# A handwritten digit, of 28 by 28 bytes. On the left as a picture, on the right some of its
# numbers.

# %%
image = as_array(digits.test_images[0])
print(f"{image.shape}, {image.dtype}: {image.nbytes:,} bytes; as bytes it was {image.size}")
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
axes[0].imshow(image, cmap="gray_r")
axes[0].add_patch(plt.Rectangle((11.5, 6.5), 8, 8, fill=False, edgecolor="tab:orange", lw=2))
axes[1].imshow(image[7:15, 12:20], cmap="gray_r", alpha=0.5)
axes[1].set_axis_off()
for row in range(8):
    for column in range(8):
        number = f"{image[7 + row, 12 + column]:.0f}"
        axes[1].text(column, row, number, ha="center", va="center")

# %% [markdown]
# ## One door
#
# A tensor is to be more than an array. In module 05 it will know how it was computed, so that
# gradients can be worked out. For that, *every* operation has to be noted down: every plus, every
# exponential, every ReLU that somebody writes next year.
#
# One way is to write a class for each operation, with its forward and its backward. We do it
# differently. An operation is a **plain function on NumPy arrays**: `np.add`, `np.matmul`, or your
# own. And all of them go through one door.
#
# ```
#    x + 1       np.exp(x)      x.sum()       relu(x)
#      │             │             │             │
#      └─────────────┴──────┬──────┴─────────────┘
#                           ▼
#             apply(op, *inputs, **options)
#
#               tensors become arrays
#               op(*arrays, **options)
#               the result becomes a tensor
#               somebody may note it down
# ```
#
# There's one place where errors are turned into plain words, one place that keeps float64 from
# creeping in, and one place for a recorder to stand. First the place for the recorder, empty for
# now. Others may listen there as well, or answer for an operation, such as a profiler or a GPU;
# they are kept in `tinytorch/listeners.py`.

# %%
#| export
Operation = Callable[..., Any]

# The hooks that autograd (module 05) hangs on the door.
_record: Callable[..., None] | None = None
_backward: Callable[[Tensor, Any], None] | None = None

_OF_A_LIST = (np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack)


def _of_a_list(function: Operation) -> Operation:
    """The function with its arrays one by one, which NumPy wants in a list."""
    return lambda *arrays, **options: function(arrays, **options)


# What is done by another function than NumPy's. It loses digits where it adds up float32 numbers
# that are not side by side in memory; and it wants any number of arrays in a list.
_DONE_BY: dict[Operation, Operation] = {
    np.sum: accurate_sum,
    np.mean: accurate_mean,
    np.var: accurate_var,
    **{function: _of_a_list(function) for function in _OF_A_LIST},
    np.einsum: lambda *arrays, subscripts, **options: np.einsum(subscripts, *arrays, **options),
}

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)


def attach(record: Callable[..., None], backward: Callable[[Tensor, Any], None]) -> None:
    """Hang a recorder on the door.

    Args:
        record: called as `record(output, op, inputs, arrays, options)` after each operation
            with an input that requires a gradient.
        backward: called as `backward(tensor, gradient)` by `Tensor.backward`.
    """
    global _record, _backward
    _record, _backward = record, backward


# %% [markdown]
# One trap lies between the door and the operation. A float32 array stays float32 when it meets one
# of Python's numbers. NumPy's own numbers are another matter, and so are its arrays:

# %%
single = np.ones(2, np.float32)
print("0.1:", (single * 0.1).dtype, "  np.float64(0.1):", (single * np.float64(0.1)).dtype)

# %% [markdown]
# One float64 somewhere, and from there on everything takes twice the memory. That's why what is no
# tensor goes through `_operand` first.
#
# **Exercise: `apply`**
#
# Write the first of its steps. Go through `inputs` and fill the list `arrays` with what NumPy is to
# get for each:
#
# - for a tensor, its array. Take it from `value._array`; asking for `value.data` would hand the
#   array out to the world, and tensors keep account of that;
# - for anything else, what `_operand(op, value, inputs)` makes of it. It's given below, and deals
#   with numbers, lists and arrays, and their dtypes.
#
# The arrays stand in the order of the inputs, and none is left out. On the way find out whether any
# tensor among them has `requires_grad`; one is enough, wherever it stands. Keep the answer in the
# variable `requires_grad`, True or False. The steps after that are given: call the operation,
# explain an error, mind the dtype, wrap the result, and tell the recorder.
#
# <details><summary>Hint 1</summary>
#
# A list that starts out empty in each call, an answer that starts out as False, and one loop over
# all of `inputs`, tensors and others in the order in which they came. It needs no `break`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# In the loop, `isinstance(value, Tensor)` tells the two cases apart. In both of them one thing is
# appended to `arrays`: a tensor's array itself and no copy of it, or what `_operand` made, which
# minds the dtype. Only a tensor can turn `requires_grad` into True, and nothing turns it back.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# arrays = []
# requires_grad = False
# for value in inputs:
#     if isinstance(value, Tensor):
#         arrays.append(...)
#         requires_grad = requires_grad or ...
#     else:
#         arrays.append(...)
# ```
#
# </details>


# %%
#| export
def apply(op: Operation, *inputs: Any, **options: Any) -> Tensor:
    """Apply an operation to tensors: the one door through which all of them go.

    Args:
        op: a plain function from NumPy arrays to an array: `np.add`, `np.matmul`, or your own.
        inputs: what the gradient may flow to: tensors, arrays, lists or numbers.
        options: what else the operation takes, by name, such as `axis=0`.

    Returns:
        The result as a tensor. It is float64 only if one of the tensors was.

    Raises:
        TypeError, ValueError, IndexError: what `op` raises, with the shapes it was given.

    >>> apply(np.add, Tensor([1.0, 2.0]), 10)
    Tensor([11., 12.])
    """
    ### BEGIN SOLUTION
    arrays: list[Any] = []
    requires_grad = False
    for value in inputs:
        if isinstance(value, Tensor):
            arrays.append(value._array)
            if value.requires_grad:
                requires_grad = True
        elif type(value) is float or type(value) is int:
            arrays.append(value)
        else:
            arrays.append(_operand(op, value, inputs))
    ### END SOLUTION
    try:
        if options:
            options = _beside(arrays, options)
        result: Any = NotImplemented
        for ask in listeners["before"]:
            if (result := ask(op, inputs, arrays, options)) is not NotImplemented:
                break
        if result is NotImplemented:
            result = _DONE_BY.get(op, op)(*arrays, **options)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise _explained(op, arrays, options, error) from error

    if type(result) is not np.ndarray:
        result = _as_result(op, result)
    if result.dtype != _FLOAT32:
        result = _result(op, result, arrays)
    output = wrap(result)
    if requires_grad and _record is not None:
        _record(output, op, inputs, arrays, options)
    for tell in listeners["after"]:
        tell(output, op, inputs, arrays, options)
    return output


def wrap(array: np.ndarray) -> Tensor:
    """A tensor around an array that nobody else holds, of whatever dtype it has."""
    tensor = Tensor.__new__(Tensor)
    tensor._array = array
    return tensor


def _operand(op: Operation, value: Any, inputs: tuple[Any, ...]) -> Any:
    """What an operation gets for an input that is not a tensor: a number or an array."""
    # NumPy's own scalars would turn float32 into float64; Python's numbers adapt.
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, (bool, np.bool_, int, np.integer)) and not isinstance(
        value, np.timedelta64
    ):
        return value.item() if isinstance(value, np.generic) else value
    if any(x.requires_grad for x in _tensors(value)):
        raise _gradients_lost_in_a_list(name_of(op))
    try:
        like = next((x._array for x in inputs if type(x) is Tensor and _is_foreign(x._array)), None)
        array = np.asarray(value, like=like) if like is not None else _numpy_array(value)
    except ValueError:
        raise ValueError(f"{name_of(op)} got lists of unequal lengths: {brief(value)}") from None
    real = array.dtype.kind in "biuf"
    if not real and not (array.dtype.kind == "c" and (op is np.equal or op is np.not_equal)):
        why = "; a .grad is None until backward() fills it in" if value is None else ""
        raise TypeError(
            f"{name_of(op)} takes tensors, arrays and numbers, "
            f"got {brief(value)} of type {type(value).__name__}{why}"
        )
    if array.dtype.kind == "f" and array.itemsize > 4:
        tensors = [x._array for x in inputs if isinstance(x, Tensor)]
        array = array.astype(np.float64 if _any_float64(tensors) else np.float32, copy=False)
    for tell in listeners["taken_in"]:
        tell(array)
    return array


def _gradients_lost_in_a_list(name: str) -> ValueError:
    return ValueError(
        f"{name} got a list that holds tensors, through which no gradient could flow; "
        "compute with the tensors themselves, put together by np.stack, or detach() them"
    )


def _holds_gradients(value: Any) -> bool:
    """Whether there are tensors in it that require a gradient, and not only within no_grad()."""
    return any(x.requires_grad and x[...].requires_grad for x in _tensors(value))


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _beside(arrays: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    """The options, with NumPy's arrays moved to the library that the inputs' arrays are of."""
    for like in arrays:
        if type(like) is not np.ndarray and _is_foreign(like):
            return {
                name: np.asarray(value, like=like) if isinstance(value, np.ndarray) else value
                for name, value in options.items()
            }
    return options


def _as_result(op: Operation, result: Any) -> Any:
    """What an operation returned, as an array."""
    if is_several(result):
        raise TypeError(
            f"{name_of(op)} returned a {type(result).__name__} of {len(result)}, expected one "
            "array; write an operation for each of them"
        )
    if isinstance(result, Tensor) and result.requires_grad:
        raise ValueError(
            f"{name_of(op)} computed with a tensor that requires a gradient, which would be lost; "
            "pass that tensor to apply by position, and the operation gets its array"
        )
    return result if _is_foreign(result) else np.asarray(result)


def is_several(result: Any) -> bool:
    """Whether a function returned several arrays, at any depth, and not one or its numbers."""
    return isinstance(result, tuple) or (
        isinstance(result, list)
        and any(is_array(part) or isinstance(part, Tensor) or is_several(part) for part in result)
    )


def _result(op: Operation, result: np.ndarray, arrays: list[Any]) -> np.ndarray:
    """What an operation returned, in the dtype that its inputs call for."""
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name_of(op)} returned {brief(result[()])}, expected an array of numbers")
    # A whole number divided, a mean of booleans, float16 times int64: NumPy answers in float64, or
    # in float16 where there were but bytes. We answer in the inputs' own float, or in float32.
    if result.dtype.kind == "f":
        floats = [a.dtype for a in arrays if is_array(a) and a.dtype.kind == "f"]
        own = max(floats, key=lambda dtype: dtype.itemsize, default=_FLOAT32)
        if result.itemsize > max(own.itemsize, 4):
            result = result.astype(own)
        elif not floats and isinstance(op, np.ufunc):
            result = _as_result(op, op(*arrays, dtype=_FLOAT32))
    return result


def _any_float64(arrays: list[Any]) -> bool:
    return any(is_array(a) and a.dtype == _FLOAT64 for a in arrays)


def name_of(op: Operation) -> str:
    """What an operation is called in messages."""
    name = getattr(op, "__name__", repr(op))
    owner = getattr(op, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name


def _explained(
    op: Operation, arrays: list[Any], options: dict[str, Any], error: Exception
) -> Exception:
    """The error of an operation in the learner's terms: what was given, what was expected."""
    if not callable(op):
        return TypeError(
            f"apply takes a function first, and then what to apply it to, got {brief(op)}; "
            "write apply(np.add, x, y), not apply(np.add(x, y))"
        )
    shapes = [np.shape(a) for a in arrays]
    given = f"{name_of(op)} got shape{'s' * (len(shapes) > 1)} {' and '.join(map(str, shapes))}"
    if not shapes:
        given = f"{name_of(op)} got nothing to work on"
    if op is np.matmul:
        return ValueError(f"{given}: {_matmul_problem(*shapes)}")
    if unequal := re.search(r"core dimension 0.*size (\d+) is different from (\d+)", str(error)):
        return ValueError(
            f"{given}: a matrix product has {unequal[2]} columns on its left and {unequal[1]} rows "
            "on its right, which must be equal; transpose one of them (x.T), or reshape"
        )
    if "axis" in options and isinstance(error, (IndexError, OverflowError)):
        last = len(shapes[0]) - 1
        return IndexError(
            f"{given} and axis={options['axis']}; axes run from {-last - 1} to {last}"
        )
    axis = options.get("axis")
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer, tuple, type(None))):
        return TypeError(
            f"{given} and axis={brief(options['axis'])}; an axis is a whole number, and several "
            "are a tuple, as in axis=(0, 1)"
        )
    if "read-only" in str(error):
        return ValueError(
            f"{given}, and an array that is read-only; make the tensor from a copy: "
            "Tensor(array.copy())"
        )
    if "non-broadcastable output" in str(error):
        return ValueError(f"{given}: a result does not fit the array that it should be written to")
    if op is np.einsum and "remapped" in str(error):
        return ValueError(
            f"{given} and subscripts={brief(options['subscripts'])}: wherever a letter stands, it "
            "must be the same size, or 1"
        )
    if "broadcast" in str(error) and op is not np.einsum:
        return ValueError(
            f"{given}, which do not broadcast: counted from the right, "
            "two sizes must be equal, or one of them 1"
        )
    kind = next(k for k in (TypeError, IndexError, ValueError, Exception) if isinstance(error, k))
    asked = "".join(f" and {name}={brief(value)}" for name, value in options.items())
    return (ValueError if kind is Exception else kind)(f"{given}{asked}: {error}")


def _matmul_problem(first: tuple[int, ...], second: tuple[int, ...]) -> str:
    """Why two shapes cannot be multiplied as matrices."""
    if not first or not second:
        return "a single number has no rows or columns; multiply with * instead"
    columns, rows = first[-1], second[-2:][0]
    if columns == rows:
        return "the dimensions before the last two do not broadcast"
    return (
        f"the last size of the first is {columns}, the number of rows in the second is {rows}, "
        "and they must be equal; transpose one of them (x.T), or reshape"
    )


# %%
check_here("tensor", "The Door")

# %% [markdown]
# Your door is open to any function, and explains itself when something doesn't fit:

# %%
print(apply(np.hypot, Tensor([3.0, 5.0]), Tensor([4.0, 12.0])))
for op, *inputs in ((np.add, [1, 2], Tensor([1, 2, 3])), (np.matmul, Tensor([[1, 2]]), [[1, 2]])):
    try:
        apply(op, *inputs)
    except ValueError as error:
        print(error)

# %% [markdown]
# Some odds and ends before the tensor itself, all given: indexing as an operation, and what NumPy's
# own functions do when they meet a tensor. Run them, and read them another day.

# %%
#| export
# NumPy's functions, beside the element-wise ones, that are operations on tensors: how many of
# their arguments are inputs, and what NumPy calls those that may be given by position.
_NUMPY_OPERATIONS: dict[Operation, tuple[int, tuple[str, ...]]] = {
    **dict.fromkeys((np.sum, np.mean), (1, ("a", "axis", "dtype", "out", "keepdims"))),
    np.var: (1, ("a", "axis", "dtype", "out", "ddof", "keepdims")),
    **dict.fromkeys((np.max, np.min), (1, ("a", "axis", "out", "keepdims"))),
    np.argmax: (1, ("a", "axis", "out")),
    np.reshape: (1, ("a", "shape")),
    np.transpose: (1, ("a", "axes")),
    np.where: (3, ("condition", "x", "y")),
    np.dot: (2, ("a", "b")),
    **dict.fromkeys((np.concatenate, np.stack), (1, ("arrays", "axis"))),
    **dict.fromkeys((np.vstack, np.hstack, np.dstack, np.column_stack), (1, ("tup",))),
}
# Of these, what ours take.
_OPTIONS = {"axis", "keepdims", "shape", "axes", "subscripts", "optimize"}

_SPLITTING = (np.split, np.array_split, np.vsplit, np.hsplit, np.dsplit)

# Others that add up. In float32 they lose the digits that `_DONE_BY` is there to keep.
_ADDING = {
    *(np.sum, np.mean, np.var, np.std, np.average, np.cumsum, np.linalg.norm),
    *(np.nansum, np.nanmean, np.nanvar, np.nanstd, np.nancumsum),
    *(np.add.reduce, np.add.accumulate, np.add.reduceat),
}


def _call(function: Operation, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A call of a NumPy function as one of `apply`; NotImplemented where it is none."""
    inputs: tuple[Any, ...]
    if function in _SPLITTING:
        return _parts(function, *args, **options)
    if function is np.einsum and args and isinstance(args[0], str):
        inputs, asked = args[1:], {"subscripts": args[0], **options}
    else:
        count, names = _NUMPY_OPERATIONS.get(function, (0, ()))
        asked = {**dict(zip(names, args, strict=False)), **options}
        inputs = tuple(asked.pop(name) for name in names[:count] if name in asked)
        if not 0 < count == len(inputs) or len(args) > len(names):
            return NotImplemented
    asked = {name: value for name, value in asked.items() if value is not None or name in _OPTIONS}
    if not asked.keys() <= _OPTIONS:
        return NotImplemented
    if function in _OF_A_LIST:
        inputs = tuple(inputs[0])
    op = reshape if function is np.reshape else function
    return apply(op, *inputs, **asked)


def _parts(
    function: Operation, ary: Any, indices_or_sections: Any, *axis: Any, **options: Any
) -> Any:
    """The parts into which `np.split` and its like cut a tensor, each an operation of its own."""
    if not isinstance(ary, Tensor):
        return NotImplemented
    options = {**dict(zip(("axis",), axis, strict=False)), **options}
    sections = _plain(indices_or_sections)
    try:
        function(ary._array, sections, **options)
    except (TypeError, ValueError, IndexError, ArithmeticError) as error:
        asked = {"indices_or_sections": sections, **options}
        raise _explained(function, [ary._array], asked, error) from error
    along = {np.hsplit: min(1, ary.ndim - 1), np.dsplit: 2}.get(function, 0)
    along = options.get("axis", along) % ary.ndim
    places = np.array_split(np.arange(ary.shape[along]), sections)
    ends = [(part[0], part[-1] + 1) if part.size else (0, 0) for part in places]
    return [ary[(*(slice(None),) * along, slice(*map(int, end)))] for end in ends]


def reshape(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The elements of `x` in another shape, as an operation."""
    return np.reshape(x, shape)  # by position: NumPy 2.0 has another name for it


def getitem(x: np.ndarray, index: Any) -> np.ndarray:
    """The elements of `x` at `index`, as an operation."""
    return x[index]


def _index(index: Any) -> Any:
    """An index without tensors, and with arrays copied: backward needs them as they are now."""
    if isinstance(index, tuple):
        return tuple(_index(part) for part in index)
    index = _plain(index)
    return index.copy() if is_array(index) else index


def _plain(value: Any) -> Any:
    """The value with every tensor in it replaced by its array."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (tuple, list)):
        return type(value)(_plain(x) for x in value)
    if isinstance(value, dict):
        return {key: _plain(x) for key, x in value.items()}
    return value


def _outside(function: Operation, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a NumPy function that is no operation makes of tensors.

    An array becomes a tensor again. It is recorded if need be, so that a gradient that would
    have to flow through the function is an error when it gets there, and not silently missing.
    """
    out = options.get("out")
    if next(_tensors(out), None) is not None and _holds_gradients((args, options)):
        raise ValueError(
            f"{name_of(function)} with out= would write into a tensor, which is not recorded; "
            "leave it away and take the result, or work within no_grad()"
        )
    arrays = _plain(args)
    if function in _ADDING:
        arrays = [a.astype(np.float64) if _is_short(a) else a for a in arrays]
    result = function(*arrays, **_plain(options))
    if out is not None:
        given = out[0] if isinstance(out, tuple) and len(out) == 1 else out
        return given if isinstance(given, Tensor) else result
    if not isinstance(result, (tuple, list)):
        return _from_outside(function, result, args, options)
    # Whole numbers among several arrays are indices and counts, and stay as they are.
    parts = [
        _from_outside(function, part, args, options) if _is_real(part) else part for part in result
    ]
    return getattr(result, "_make", type(result))(parts)


def _from_outside(
    function: Operation, result: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """What a NumPy function gave, as a tensor where it is an array."""
    if not (is_array(result) or isinstance(result, np.number)):
        return result
    output = wrap(result.copy() if is_array(result) else np.array(result))
    if function in _ADDING and options.get("dtype") is None:
        output = wrap(_result(function, output._array, _plain(args)))
    tensors = tuple(_tensors((args, options)))
    if _record is not None and any(x.requires_grad for x in tensors):
        _record(output, _stand_in(function), tensors, [x._array for x in tensors], {})
    return output


def _stand_in(function: Operation) -> Operation:
    """In place of a function, one that the table of derivatives does not know, and its name."""

    def stand_in(*arrays: Any) -> Any:
        return function(*arrays)

    stand_in.__name__ = name_of(function)
    if function in _NUMPY_OPERATIONS or getattr(function, "nout", 0) == 1 or function is np.einsum:
        stand_in.__name__ += ", called in this way,"
    return stand_in


def _is_real(value: Any) -> bool:
    """Whether it is an array of real numbers, or one of NumPy's."""
    return (is_array(value) or isinstance(value, np.number)) and value.dtype.kind == "f"


def _is_short(value: Any) -> bool:
    """Whether it is an array of real numbers with fewer digits than float64 has."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.itemsize < 8


def _equality(op: Operation, x: Any, y: Any) -> Any:
    """`x == y` or `x != y`; not equal as a whole where one of them is nothing that a tensor holds.

    NotImplemented says so to Python, which then asks the other one first.
    """
    try:
        # No gradient flows through the answer, so a list may hold tensors.
        return apply(op, *(v if isinstance(v, Tensor) else _plain(v) for v in (x, y)))
    except (TypeError, ValueError) as error:
        if "broadcast" in str(error):
            raise
        # NumPy's own have ideas of their own: a dtype equals what has that dtype.
        numpys = isinstance(y, (np.ndarray, np.generic, np.dtype))
        return op is np.not_equal if numpys else NotImplemented


# %% [markdown]
# ## The tensor
#
# A class is one cell, and this one is long, because a tensor can do a lot. Nearly all of it is
# given, and nearly every method is one line through your door. Yours are six exercises, which come
# one after the other *below* the cell, each with its check. So: read about one, come back up here
# to write it (look for `NotImplementedError`), run the cell, and go on to the check.
#
# The first:
#
# **Exercise: `Tensor.__init__`**
#
# Set two attributes: `self.data`, with the help of `as_array`, and `self.requires_grad`. A gradient
# says what happens if a number moves a little. Whole numbers can't move a little, so
# `requires_grad` with a dtype that isn't made of floats (`self.dtype.kind` is `"f"` for floats) is
# a `ValueError`. It is the tensor's dtype that counts: `Tensor([1, 2], requires_grad=True)` is of
# float32, and fine. The shape, the size and the dtype are given, further down: they ask the array,
# and cannot be set.
#
# <details><summary>Hint 1</summary>
#
# `as_array` does all the work, if you hand it `dtype` as well.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Set `self.data` first: `self.dtype` asks the array for its dtype, so there has to be one. Refuse
# only if both are true: somebody asks for gradients, and these aren't floats.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# self.data = as_array(...)
# if requires_grad and self.dtype.kind != "f":
#     raise ValueError(f"requires_grad needs real numbers, got dtype ...")
# self.requires_grad = bool(...)
# ```
#
# </details>


# %%
#| export
_COMPUTED = (
    "this tensor was computed, so its .grad is None: backward() fills in .grad where a tensor was "
    "made with requires_grad=True. If it is meant to be a parameter, w = w - lr * w.grad has put a "
    "new tensor in its place; write w.data -= lr * w.grad.data"
)


class Tensor:
    """An n-dimensional array of numbers that remembers how it was computed.

    Args:
        data: a number, a list of numbers (nested as deep as you like), an array or a tensor.
            A NumPy array that already has the right dtype is used as it is, so the tensor
            and the array share their memory.
        requires_grad: whether `backward()` should compute the gradient with respect to this.
        dtype: the type of the numbers; float32 when left out.

    Attributes:
        requires_grad: whether a gradient is recorded for this tensor.
        grad: after `backward()`, the gradient: a tensor of the same shape. None before, and with a
            warning for a tensor that was computed, which gets none.

    Raises:
        TypeError: `data` holds something other than numbers.
        ValueError: lists of unequal lengths; a number too large for the dtype; or
            `requires_grad` for whole numbers, which have no derivative.
    """

    # What every tensor starts with. They stand here, in the class, so that making the result
    # of an operation costs next to nothing.
    requires_grad: bool = False
    _grad: Tensor | None = None
    _unrecorded: bool = False  # whether it was computed from what requires a gradient, in no_grad
    _node: Any = None  # how autograd (module 05) knows what computed this tensor

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None) -> None:
        ### BEGIN SOLUTION
        self.data = as_array(data, dtype)
        if requires_grad and self.dtype.kind != "f":
            raise ValueError(
                f"requires_grad needs real numbers, got dtype {self.dtype}; use dtype=np.float32"
            )
        self.requires_grad = bool(requires_grad)
        ### END SOLUTION

    @property
    def data(self) -> np.ndarray:
        """The NumPy array itself, not a copy: writing to it changes the tensor."""
        for tell in listeners["handed_out"]:
            tell(self._array)
        return self._array

    @data.setter
    def data(self, array: np.ndarray) -> None:
        self._array = array if is_array(array) else as_array(array, self.dtype)
        for tell in listeners["taken_in"]:
            tell(self._array)

    @property
    def grad(self) -> Tensor | None:
        """After `backward()`, the gradient: a tensor of the same shape. None before."""
        if self._grad is None and (self._node is not None or self._unrecorded):
            warnings.warn(_COMPUTED, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, gradient: Tensor | None) -> None:
        self._grad = gradient

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each dimension; `()` for a single number."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements, float32 as a rule."""
        return self._array.dtype

    @property
    def T(self) -> Tensor:
        """The tensor with its axes in reverse order: for a matrix, rows become columns."""
        return self.transpose()

    def numpy(self) -> np.ndarray:
        """The NumPy array itself, not a copy, the same as `.data`."""
        return self.data

    def item(self) -> Any:
        """The one number in this tensor, as a Python number.

        Raises:
            ValueError: the tensor holds no number, or more than one.
        """
        if self.size != 1:
            raise ValueError(
                f"item() takes a tensor with one element, got shape {self.shape}; "
                "reduce it first: x.sum() or x.mean(), or pick one: x[0]"
            )
        return self._array.item()

    def tolist(self) -> Any:
        """The numbers as nested Python lists; a plain number for a tensor of shape `()`."""
        return self._array.tolist()

    def detach(self) -> Tensor:
        """The same numbers in the same memory, cut off from how they were computed."""
        return Tensor(self, dtype=self.dtype)

    def backward(self, gradient: TensorLike | None = None) -> None:
        """Compute the gradient of this tensor with respect to all that it was computed from.

        Each tensor made with `requires_grad=True` that took part gets it added to its `.grad`.

        Args:
            gradient: the gradient of some final number with respect to this tensor, of this
                tensor's shape. Left out for a tensor of one element, where it is 1.

        Raises:
            ValueError: `gradient` is missing for a tensor of several elements, or its shape
                differs; nothing was recorded; or an array that backward needs has changed.
        """
        if _backward is None:
            raise ValueError("backward() needs module 05: import tinytorch.core.autograd")
        _backward(self, gradient)

    # Arithmetic: each goes through the door.

    def __add__(self, other: TensorLike) -> Tensor:
        """`self + other`, element by element; the shapes broadcast."""
        ### BEGIN SOLUTION
        return apply(np.add, self, other)
        ### END SOLUTION

    def __sub__(self, other: TensorLike) -> Tensor:
        """`self - other`, element by element; the shapes broadcast."""
        ### BEGIN SOLUTION
        return apply(np.subtract, self, other)
        ### END SOLUTION

    def __mul__(self, other: TensorLike) -> Tensor:
        """`self * other`, element by element; the shapes broadcast."""
        ### BEGIN SOLUTION
        return apply(np.multiply, self, other)
        ### END SOLUTION

    def __truediv__(self, other: TensorLike) -> Tensor:
        """`self / other`, element by element; the shapes broadcast."""
        ### BEGIN SOLUTION
        return apply(np.divide, self, other)
        ### END SOLUTION

    def __pow__(self, exponent: TensorLike) -> Tensor:
        # The two most common powers have operations of their own, which are many times faster.
        if isinstance(exponent, (int, float)) and exponent in (2, 0.5):
            return apply(np.square if exponent == 2 else np.sqrt, self)
        return apply(np.power, self, exponent)

    def __matmul__(self, other: TensorLike) -> Tensor:
        """`self @ other`, the matrix product over the last two dimensions."""
        ### BEGIN SOLUTION
        return apply(np.matmul, self, other)
        ### END SOLUTION

    def __neg__(self) -> Tensor:
        return apply(np.negative, self)

    def __abs__(self) -> Tensor:
        return apply(np.absolute, self)

    # `x -= y` is `x = x - y`, a new tensor, except for a parameter, which would be lost.

    def __iadd__(self, other: TensorLike) -> Tensor:
        return self._became(self + other, "+=")

    def __isub__(self, other: TensorLike) -> Tensor:
        return self._became(self - other, "-=")

    def __imul__(self, other: TensorLike) -> Tensor:
        return self._became(self * other, "*=")

    def __itruediv__(self, other: TensorLike) -> Tensor:
        return self._became(self / other, "/=")

    def __ipow__(self, other: Any) -> Tensor:  # type: ignore[misc]
        return self._became(self**other, "**=")

    def _became(self, result: Tensor, sign: str) -> Tensor:
        """The tensor after `x += y`: a result, or within `no_grad()` the parameter itself."""
        if not self.requires_grad or self._node is not None:
            return result
        if result.requires_grad:
            raise ValueError(
                f"`x {sign} y` would put a computed tensor, which gets no .grad, in the place of "
                f"one made with requires_grad=True; write x.data {sign} y, which changes its "
                "numbers, or do it within no_grad()"
            )
        if result.shape != self.shape:
            raise ValueError(
                f"`x {sign} y` got an x of shape {self.shape}, which it cannot make one of shape "
                f"{result.shape}"
            )
        if not is_writeable(self._array):
            raise ValueError(
                f"`x {sign} y` got an x whose array is read-only; make it from a copy: "
                "Tensor(array.copy(), requires_grad=True)"
            )
        self.data[...] = result._array
        return self

    def __radd__(self, other: TensorLike) -> Tensor:
        return apply(np.add, other, self)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return apply(np.subtract, other, self)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return apply(np.multiply, other, self)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return apply(np.divide, other, self)

    def __rpow__(self, base: TensorLike) -> Tensor:
        return apply(np.power, base, self)

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return apply(np.matmul, other, self)

    # Comparisons give a tensor of booleans, element by element. What is no number equals none.

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return _equality(np.equal, self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return _equality(np.not_equal, self, other)

    def __lt__(self, other: TensorLike) -> Tensor:
        return apply(np.less, self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return apply(np.less_equal, self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return apply(np.greater, self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return apply(np.greater_equal, self, other)

    # Combining such answers: (x > 0) & (x < 1).

    def __and__(self, other: TensorLike) -> Tensor:
        return apply(np.bitwise_and, self, other)

    def __or__(self, other: TensorLike) -> Tensor:
        return apply(np.bitwise_or, self, other)

    def __invert__(self) -> Tensor:
        return apply(np.invert, self)

    # Equality is by value, so Python needs to be told that identity still serves as the hash.
    __hash__ = object.__hash__

    # Methods by name.

    def matmul(self, other: TensorLike) -> Tensor:
        """The matrix product `self @ other`."""
        return apply(np.matmul, self, other)

    def exp(self) -> Tensor:
        """e to the power of each element."""
        return apply(np.exp, self)

    def log(self) -> Tensor:
        """The natural logarithm of each element."""
        return apply(np.log, self)

    def sqrt(self) -> Tensor:
        """The square root of each element."""
        return apply(np.sqrt, self)

    def abs(self) -> Tensor:
        """Each element without its sign."""
        return apply(np.absolute, self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The sum of all elements, or along one axis or a tuple of axes.

        `keepdims` leaves a size of 1 for each axis that is summed. Raises an IndexError for an
        axis that is not there.
        """
        ### BEGIN SOLUTION
        return apply(np.sum, self, axis=axis, keepdims=keepdims)
        ### END SOLUTION

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean of all elements, or along one axis or a tuple of axes; see `sum`."""
        ### BEGIN SOLUTION
        return apply(np.mean, self, axis=axis, keepdims=keepdims)
        ### END SOLUTION

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The largest element, or the largest along one axis or a tuple of axes."""
        return apply(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The smallest element, or the smallest along one axis or a tuple of axes."""
        return apply(np.min, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean squared distance from the mean, of all elements or along axes."""
        return apply(np.var, self, axis=axis, keepdims=keepdims)

    def any(self) -> bool:
        """Whether any element is true (or not zero)."""
        return bool(self._array.any())

    def all(self) -> bool:
        """Whether all elements are true (or not zero)."""
        return bool(self._array.all())

    def argmax(self, axis: int | None = None) -> Tensor:
        """The index of the largest element, or of the largest along an axis, as `np.intp`."""
        return apply(np.argmax, self, axis=axis)

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape: `x.reshape(32, 784)` or `x.reshape((32, -1))`.

        One size may be -1; it is worked out from the others. Raises a ValueError for sizes that
        are no whole numbers of 0 or more, or do not fit.
        """
        ### BEGIN SOLUTION
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        for size in sizes:
            if not isinstance(size, (int, np.integer)) or size < -1:
                raise ValueError(f"reshape takes whole numbers of 0 or more, or -1; got {size!r}")
        return apply(reshape, self, shape=tuple(sizes))
        ### END SOLUTION

    def flatten(self) -> Tensor:
        """All elements in one row, shape `(size,)`."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> Tensor:
        """The tensor with its axes in another order.

        `x.transpose()` reverses them, `x.transpose(0, 2)` swaps two, and
        `x.transpose(2, 0, 1)` or a tuple gives the whole order. Raises an IndexError for an axis
        that is not there.
        """
        ### BEGIN SOLUTION
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        if len(axes) == 2:
            order = list(range(self.ndim))
            try:
                order[axes[0]], order[axes[1]] = axes[1], axes[0]
            except (IndexError, TypeError):
                raise IndexError(
                    f"transpose got shape {self.shape} and axes {axes}; "
                    f"axes run from {-self.ndim} to {self.ndim - 1}"
                ) from None
        return apply(np.transpose, self, axes=order or None)
        ### END SOLUTION

    def __getitem__(self, index: Any) -> Tensor:
        return apply(getitem, self, index=_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        if self.requires_grad and self[index].requires_grad:  # not so within no_grad()
            raise ValueError(
                "writing into a tensor that requires a gradient would not be recorded; "
                "compute a new tensor, or write to its numbers: x.data[...] = ..."
            )
        if _holds_gradients(value):
            raise ValueError(
                "writing a tensor that requires a gradient into another would not be recorded; "
                "compute a new tensor, as with np.where or np.stack, or write its detach()"
            )
        index = _index(index)
        try:
            self.data[index] = np.asarray(as_array(value, self.dtype), like=self._array)
        except (TypeError, ValueError, IndexError) as error:
            raise _explained(self.__setitem__, [self._array], {"index": index}, error) from error

    # What makes a tensor at home in Python and NumPy.

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a tensor of shape () is a single number and has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        equal = self == value
        return isinstance(equal, Tensor) and bool(equal._array.any())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"a tensor of shape {self.shape} is neither true nor false; "
                "ask for one answer: (x > 0).any() or .all()"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if specification else str(self)

    def __repr__(self) -> str:
        # Of a tensor with many dimensions even a summary would be long: show it as one row.
        array = self._array.reshape(-1) if self.ndim > 3 and self.size > 100 else self._array
        numbers = np.array2string(
            array, precision=4, threshold=100, edgeitems=3, separator=", ", prefix="Tensor("
        )
        parts = [numbers]
        if self.size > 100 or self.size == 0:
            parts.append(f"shape={self.shape}")
        if self.dtype != np.float32:
            parts.append(f"dtype={self.dtype}")
        if self.requires_grad:
            parts.append("requires_grad=True")
        return f"Tensor({', '.join(parts)})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """What `np.asarray(x)` and Matplotlib get: the array itself where that will do."""
        return np.array(self.data, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """`np.exp(x)`, `array * x`: NumPy's element-wise functions go through the door too."""
        if method == "reduce" and ufunc is np.add and options.keys() <= {"axis", "keepdims"}:
            return apply(np.sum, *inputs, **{"axis": 0, **options})
        if method == "__call__" and ufunc.nout == 1 and not options:
            if ufunc is np.equal or ufunc is np.not_equal:
                answer = _equality(ufunc, *inputs)
                return ufunc is np.not_equal if answer is NotImplemented else answer
            return apply(ufunc, *inputs)
        return _outside(ufunc if method == "__call__" else getattr(ufunc, method), inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """`np.sum(x)` is `x.sum()`; functions without a derivative work on the arrays."""
        result = _call(function, args, options)
        return _outside(function, args, options) if result is NotImplemented else result

    def __getstate__(self) -> dict[str, Any]:
        """What pickle and copy keep: all but the history, which belongs to this process."""
        state = {k: v for k, v in self.__dict__.items() if k != "_node"}
        state["requires_grad"] = self.requires_grad and self._node is None
        return state


# What operations, layers and losses take for a tensor; a sequence may be nested.
TensorLike = Tensor | np.ndarray | np.generic | float | Sequence[Any]


def as_tensor(x: TensorLike) -> Tensor:
    """`x` itself if it is a tensor of real numbers; else a new tensor of float32 from it."""
    if isinstance(x, Tensor) and x._array.dtype.kind == "f":
        return x
    if isinstance(x, (list, tuple)) and _holds_gradients(x):
        raise _gradients_lost_in_a_list("a layer or loss")
    return Tensor(x)


# %%
check_here("tensor", "Tensor Creation")

# %% [markdown]
# ## Element by element, and broadcasting
#
# `x + y` adds element by element. If the shapes differ, NumPy **broadcasts**: it lines up the
# shapes from the *right*, and where one of them has a 1, or nothing, it uses the same numbers
# again.
#
# ```
#    (3, 1)                           (3, 4)
#    [[ 0],                           [[ 1,  2,  3,  4],
#     [10],   +   [1, 2, 3, 4]   =     [11, 12, 13, 14],        3  1
#     [20]]                            [21, 22, 23, 24]]           4
#                     (4,)                                      ────
#                                                               3  4
# ```
#
# No copy is made: a repeated dimension has a stride of 0, so a step goes nowhere. If two sizes
# differ and neither is 1, it's an error. And if they happen to fit, nobody warns you:

# %%
column, row = np.array([[1], [2], [3]]), np.array([1, 2, 3])
print("meant as three differences:", (column - row).shape, "not", (column.reshape(3) - row).shape)

# %% [markdown]
# Another trap is as old as computing: to write into what belongs to somebody else.

# %%
x = y = np.zeros(2)
y += 1
print("x has changed as well:", x)

# %% [markdown]
# `y + 1` would have made a new array, and that is what your operations do.
#
# **Exercise: `Tensor.__add__`, `Tensor.__sub__`, `Tensor.__mul__`, `Tensor.__truediv__`**
#
# Python turns `x + y` into `x.__add__(y)`. Four methods, a line each: the operation goes through
# the door. NumPy calls them `np.add`, `np.subtract`, `np.multiply` and `np.divide`. `other` may be
# a tensor of any number of dimensions, an array, a list or a number. The result is a new tensor,
# even of `x + 0`; for shapes that don't broadcast the door raises its `ValueError`. What if the
# tensor is on the right, as in `2 - x`? Then Python asks for `__rsub__`. That's given, further down
# in the class, and you may look at it.
#
# <details><summary>Hint 1</summary>
#
# You wrote the door. What does `apply` take, and what does it return?
#
# </details>
# <details><summary>Hint 2</summary>
#
# The inputs are `self` and `other`, in this order, which matters for two of the four. Hand them
# over as they are: `other` may be a number or a list, which have no `.data`, and the door can only
# note down the tensors that it has seen. What it gives is a tensor already; return it.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Negation, which is given, reads `return apply(np.negative, self)`. Yours have one input more.
#
# </details>

# %%
check_here("tensor", "Arithmetic")

# %% [markdown]
# ### See it
#
# An image has 28 rows and 28 columns. Times 28 numbers, shape `(28,)`, each *column* gets its own
# factor. Times the same numbers as `(28, 1)`, each *row* does. Read both off the shapes.

# %%
image = Tensor(digits.test_images[0])
fade = np.linspace(0, 1, 28, dtype=np.float32)
pictures = {
    "image": image,
    "255 - image": 255 - image,
    "image * (28,)": image * fade,
    "image * (28, 1)": image * fade.reshape(28, 1),
}
figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained")
for axis, (title, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=255)
    axis.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# ## The matrix product
#
# `x @ y` takes each row of `x` and each column of `y`, multiplies them number by number, and adds
# up.
#
# ```
#               [5, 6]
#               [7, 8]          the row [1, 2] and the column [5, 7]:
#                               1·5 + 2·7 = 19
#    [1, 2]    [19, 22]
#    [3, 4]    [43, 50]
#
#    (2, 2) @ (2, 2) = (2, 2)       (32, 784) @ (784, 256) = (32, 256)
#                                          └ equal ┘
# ```
#
# It is what a network spends most of its time on. For `(32, 784) @ (784, 256)` it takes
# 32 · 784 · 256, over six million, multiplications, and as many additions.
#
# Two other products are easily taken for it. With square matrices `*` doesn't complain either, and
# with matrices `np.dot` even gives the same; but of a batch of them it makes something else.

# %%
square, batch = np.array([[1, 2], [3, 4]]), np.ones((5, 2, 2))
print("*:", (square * square).tolist(), "  @:", (square @ square).tolist())
print("np.matmul:", np.matmul(batch, batch).shape, "  np.dot:", np.dot(batch, batch).shape)

# %% [markdown]
# **Exercise: `Tensor.__matmul__`**
#
# `x @ y` calls it, and the result is a tensor. The operation is `np.matmul`: it takes matrices,
# vectors, and batches of matrices in the leading dimensions, which broadcast. Sizes that don't fit
# are a `ValueError`, which the door raises, and so is a single number.
#
# (You may also write an operation of your own, with loops, `np.dot` or `np.einsum`. The door notes
# it down like any other. But no gradient flows through it until you have told module 05 its
# derivative. It knows that of `np.matmul`.)
#
# <details><summary>Hint 1</summary>
#
# It looks just like addition, and that's the point of the door.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `apply`, the operation, `self`, `other`: in this order, neither of them turned, and the tensors
# themselves. In module 03 `other` is what a layer learns, and the gradient has to get there.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Addition is `apply(np.add, self, other)`; replace the operation, and return the result.
#
# </details>

# %%
check_here("tensor", "Matrix Product")

# %% [markdown]
# ### See it
#
# A matrix on the right mixes columns, a matrix on the left mixes rows. The identity with its rows
# in reverse order mirrors. A band of thirds puts the mean of three neighbours everywhere, which
# blurs.

# %%
mirror = np.eye(28)[::-1]
thirds = sum(np.eye(28, k=k) for k in (-1, 0, 1)) / 3
pictures = {
    "image": image,
    "image @ mirror": image @ mirror,
    "mirror @ image": mirror @ image,
    "thirds @ image @ thirds": thirds @ image @ thirds,
}
figure, axes = plt.subplots(1, 4, figsize=(9, 2.6), layout="constrained")
for axis, (title, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray_r", vmin=0, vmax=255)
    axis.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# ## Fewer numbers: sums and means
#
# `x.sum()` adds up everything. `x.sum(axis=0)` adds along axis 0: that axis disappears from the
# shape, and the others stay. `keepdims=True` leaves a 1 in its place, so that the result still
# broadcasts against `x`.
#
# ```
#    x (2, 3)            sum(axis=0)        sum(axis=1)       sum(axis=1, keepdims=True)
#    [[1, 2, 3],         [5, 7, 9]          [6, 15]           [[ 6],
#     [4, 5, 6]]            (3,)              (2,)             [15]]   (2, 1)
# ```
#
# The axis may be counted from the end, -1 is the last, and there may be several: `axis=(0, 2)`. No
# axis is `None`, and that's a trap in Python, where another axis is false too:

# %%
for axis in (None, 0, 1):
    print(f"if {axis}: is", bool(axis))

# %% [markdown]
# So don't decide anything with `if axis`. Best, decide nothing, and hand on what you are given.
#
# **Exercise: `Tensor.sum`, `Tensor.mean`**
#
# The operations are `np.sum` and `np.mean`. The tensor is the only input. `axis` and `keepdims` are
# options: no gradient will ever flow to them, so they go through the door by name. The result is a
# tensor, also where it is a single number, of shape `()`; an axis that isn't there is an
# `IndexError`, which the door raises.
#
# <details><summary>Hint 1</summary>
#
# `x.max(axis, keepdims)` is given in the same class, and it's the same kind of thing.
#
# </details>
# <details><summary>Hint 2</summary>
#
# After the inputs, `apply` takes options by name and hands them on to the operation: both of them.
# (Should you want to divide a sum for the mean: by how many numbers were added up, which depends on
# the axis. `np.mean` knows.)
#
# </details>
# <details><summary>Hint 3</summary>
#
# `return apply(..., self, axis=..., keepdims=...)`, twice.
#
# </details>

# %%
check_here("tensor", "Reductions")

# %% [markdown]
# ### See it: the mean digit
#
# The test images hold about a thousand of each digit: shape `(1000, 28, 28)` or so. Take the mean
# along axis 0, and what is left is an image, the mean of all threes.

# %%
figure, axes = plt.subplots(1, 10, figsize=(10, 1.5), layout="constrained")
for digit, axis in enumerate(axes):
    images = Tensor(digits.test_images[digits.test_labels == digit])
    axis.imshow(images.mean(axis=0), cmap="gray_r")
    axis.set(title=f"{len(images)}", xticks=[], yticks=[])

# %% [markdown]
# ## The same numbers in another shape
#
# `reshape` leaves the numbers in their order and reads them in rows of another length.
# `transpose` changes the order of the axes. Both can give a matrix of shape `(3, 2)`, and yet they
# are different things:
#
# ```
#    x (2, 3)          x.reshape(3, 2)        x.transpose()
#    [[1, 2, 3],       [[1, 2],               [[1, 4],
#     [4, 5, 6]]        [3, 4],                [2, 5],
#                       [5, 6]]                [3, 6]]
#
#    memory: 1 2 3 4 5 6 in all three
# ```
#
# Neither moves anything: both are views. (Only where no strides can express the result does
# `reshape` copy, as in `x.T.reshape(6)`, which has to be 1 4 2 5 3 6.)
#
# One size may be -1, for "work it out". NumPy lets you get away with more than that:

# %%
print("sizes (-2, 3) give", np.ones(6).reshape(-2, 3).shape, "- was -2 meant?")

# %% [markdown]
# **Exercise: `Tensor.reshape`**
#
# People write `x.reshape(3, 2)` and `x.reshape((3, 2))`; both must work, so `shape` is a tuple of
# sizes, or a tuple with one tuple or list in it. Each size is a whole number of 0 or more, or -1;
# anything else is a `ValueError`. Sizes that were computed are often NumPy's whole numbers, not
# Python's, and must work too. The operation is `reshape`, given above, and its option is called
# `shape`. What you return is a new tensor on the same memory, also where the shape is the old one;
# `x` keeps its shape.
#
# <details><summary>Hint 1</summary>
#
# First get the sizes into one sequence, whichever way they came. Then look at each. Then the door.
#
# </details>
# <details><summary>Hint 2</summary>
#
# If `len(shape) == 1` and `shape[0]` is a tuple or a list, the sizes are in there; else `shape` is
# the sizes. Whole numbers are `isinstance(size, (int, np.integer))`, the smallest allowed is -1,
# and 0 is fine. The rest is NumPy's: what -1 stands for, and whether it fits.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# sizes = shape[0] if ... else shape
# for size in sizes:
#     if not isinstance(size, (int, np.integer)) or ...:
#         raise ValueError(f"reshape takes whole numbers of 0 or more, or -1; got {size!r}")
# return apply(reshape, self, ...)
# ```
#
# </details>

# %% [markdown]
# For the other exercise two things have to change places, and there's a classic trap in that:

# %%
order = [0, 1, 2]
order[0] = order[2]
order[2] = order[0]
print(order, "instead of [2, 1, 0]: what should have gone to the end is lost")

# %% [markdown]
# Python swaps in one line: `a, b = b, a`.
#
# **Exercise: `Tensor.transpose`**
#
# Three ways to call it: `x.transpose()` reverses all axes, `x.transpose(0, 2)` swaps the two, and
# `x.transpose(2, 0, 1)`, or the same as one tuple or list, gives the whole new order: which of the
# old axes comes first, second, third. NumPy's `np.transpose` has an option `axes`, the whole order,
# or `None` to reverse. The result is a new tensor on the same memory. An axis that isn't there is
# an `IndexError`.
#
# <details><summary>Hint 1</summary>
#
# Only the call with two axes needs work, also for a matrix, whose whole order is two axes long. (In
# a tuple two axes are an order, as any others are.) For three dimensions, swapping 0 and 2 is which
# whole order?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `order = list(range(self.ndim))` leaves everything in place. Swap two of its entries, in one line.
# Negative axes come out right by themselves, as a list counts from the end too, and it raises an
# `IndexError` when an index is too large; a remainder (`%`) would hide that. Without axes hand on
# `None`; an empty tuple would be an order of no axes.
#
# </details>
# <details><summary>Hint 3</summary>
#
# ```python
# order = axes[0] if ... else axes
# if len(axes) == 2:
#     order = list(range(self.ndim))
#     order[axes[0]], order[axes[1]] = ...
# return apply(np.transpose, self, axes=order or None)
# ```
#
# </details>

# %%
check_here("tensor", "Shapes")

# %% [markdown]
# That was the last exercise. Has everything gone through the door? An operation that computes on
# `x.data` gives the right numbers, and module 05 will never hear of it.

# %%
check_here("tensor", "Gradient Flow")

# %% [markdown]
# ### See it: why reshape is no transpose
#
# Rows of 28 pixels, read as rows of 56 or 14 or 27: the numbers are in order, the picture is not.

# %%
pictures = {
    "image": image,
    "image.T": image.T,
    "reshape(14, 56)": image.reshape(14, 56),
    "reshape(56, 14)": image.reshape(56, 14),
    "27 in a row": image.flatten()[: 29 * 27].reshape(29, 27),
}
figure, axes = plt.subplots(1, 5, figsize=(10, 2.4), layout="constrained")
for axis, (title, picture) in zip(axes, pictures.items(), strict=True):
    axis.imshow(picture, cmap="gray_r")
    axis.set(title=title, xticks=[], yticks=[])

# %% [markdown]
# ## Use
#
# That's your tensor. It works with what there is: NumPy's functions, Matplotlib (you've been
# passing it tensors all along), Python's own. Here is the nearest thing to a classifier that you
# can have without learning: to which mean digit is an image closest?

# %%
images = Tensor(digits.test_images.reshape(10_000, 784))
labels = digits.train_labels[:10_000]
known = digits.train_images[:10_000].reshape(10_000, 784)
means = Tensor(np.stack([Tensor(known[labels == digit]).mean(axis=0) for digit in range(10)]))
# |x - m|² = |x|² - 2 x·m + |m|², and |x|² is the same for all ten means.
distances = (means**2).sum(axis=1) - 2 * (images @ means.T)
guesses = (-distances).argmax(axis=1)
right = np.mean(guesses == digits.test_labels)
print(f"{distances.shape} distances in one product; {right:.1%} of the guesses are right")

# %% [markdown]
# A matrix product, a sum, a broadcast. Guessing would get 10%. A network, with layers that
# learn, will get most of the rest: that's what the next modules are for.
#
# ## Reflect: what it costs
#
# **A loop in Python against one call.** NumPy is written in C, and works on 8 or 16 float32 at
# once.


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


numbers = [float(i) for i in range(100_000)]
x = Tensor(numbers)
loop = median_seconds(lambda: [number + 1 for number in numbers])
one_call = median_seconds(lambda: x + 1)
print(f"100,000 additions: {1e6 * loop:,.0f} µs in a loop, {1e6 * one_call:,.0f} µs in one call.")
one = Tensor([1.0])
through_the_door = median_seconds(lambda: one + one)
print(f"For a single number, through the door and back: {1e6 * through_the_door:.1f} µs.")

# %% [markdown]
# So make few calls on many numbers, not many calls on few.
#
# **float32 against float64**, and **near against far**: numbers that stand side by side come from
# memory together, 16 float32 at a time. A column of a matrix has them far apart.

# %%
single = np.random.default_rng(0).random((512, 512), np.float32)
double = single.astype(np.float64)
products = median_seconds(lambda: single @ single), median_seconds(lambda: double @ double)
print(f"512 by 512 matrices: {1e3 * products[0]:.1f} ms in float32", end=", ")
print(f"{1e3 * products[1]:.1f} ms in float64.")
matrix = np.ones((2048, 2048), np.float32)
row = median_seconds(lambda: matrix[0].sum(), 99)
column = median_seconds(lambda: matrix[:, 0].sum(), 99)
print(f"2048 numbers: {1e6 * row:.1f} µs to add up a row, {1e6 * column:.1f} µs a column.")

# %% [markdown]
# **Fresh memory.** Every operation makes a new array. Where do its bytes come from? For a large
# array, the C library asks the operating system, which hands out memory in pages of 4 KiB, one by
# one, at the moment when each is first touched: a *page fault*. When the array is freed, the pages
# go back. In the next step of training it all happens again, and that can take longer than the
# arithmetic.
#
# The C library of Linux can learn. When it sees a large block freed, it raises the size from which
# on it bothers the operating system, and the amount of free memory that it keeps. So TinyTorch,
# when it is imported, makes one large array and lets it go (`tinytorch/allocator.py`):
# `np.empty(31 * 2**20, dtype=np.uint8)`.
#
# Does it help? In a fresh Python process, here is what a network does in a step, ten arrays of
# 400 kB made and let go, before that line and after it. (On macOS and Windows memory is managed in
# other ways, and you may see no difference. Windows doesn't count the page faults for us.)

# %%
EXPERIMENT = """
import time
import numpy as np
try:
    import resource
    faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
except ImportError:
    faults = lambda: 0

x = np.ones(100_000, np.float32)

def step():
    arrays = [x]
    for _ in range(10):
        arrays.append(arrays[-1] * 2)

def measure(name):
    step()
    times, first = [], faults()
    for _ in range(50):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    microseconds = 1e6 * sorted(times)[25]
    print(f"{name}: {microseconds:5.0f} µs a step, {(faults() - first) / 50:4.0f} page faults")

measure("before")
np.empty(31 * 2**20, dtype=np.uint8)
measure("after ")
"""
if sys.platform == "emscripten":
    print("In a browser there is no other process to run it in, and no page fault to count.")
else:
    command = [sys.executable, "-X", "utf8", "-c", EXPERIMENT]
    print(subprocess.run(command, capture_output=True, encoding="utf8").stdout)

# %% [markdown]
# ## What PyTorch does differently
#
# - `torch.tensor(array)` copies; `torch.from_numpy(array)` shares. `Tensor(array)` here shares when
#   the dtype fits, and copies when it has to convert.
# - PyTorch keeps the dtype of an array, so a float64 array becomes a float64 tensor, and whole
#   numbers in a list become int64. Here all become float32 unless you say otherwise.
# - `float32 + float64` gives float64 in both, if both are tensors. But an *array* of float64 added
#   to our float32 tensor is taken down to float32, for NumPy makes float64 arrays without being
#   asked.
# - PyTorch's `transpose` always takes two axes; for a whole order it has `permute`. And its `view`
#   is a `reshape` that refuses to copy.
# - PyTorch's operations are written in C++, and each kind of hardware has its own. It has a door,
#   too: the dispatcher, through which every operation goes to find its implementation, and where
#   autograd stands and takes notes.
#
# ## Traps for those who use it
#
# **Shared memory.** Change the array, and the tensor changes.

# %%
array = np.zeros(3, np.float32)
x = Tensor(array)
array[0] = 7
print(x, "- pass array.copy() if that's not what you want")

# %% [markdown]
# **Bytes wrap around.** Images are bytes, from 0 to 255, and NumPy calculates with bytes modulo
# 256. As a tensor they are float32, and that can't happen.

# %%
pixels = np.array([200, 100], np.uint8)
print("array:", (pixels + pixels).tolist(), "  tensor:", (Tensor(pixels) + pixels).tolist())

# %% [markdown]
# **Counting in float32.** After 2 to the 24th, it can't tell a number from the next.

# %%
x = Tensor(2**24)
print(f"{x.item():,.0f} + 1 = {(x + 1).item():,.0f}")

# %% [markdown]
# **Adding up in float32.** So a running total in float32 goes wrong long before, and NumPy keeps
# one wherever the numbers don't lie side by side, as those of a column don't. Through the door,
# `np.sum`, `np.mean` and `np.var` are done by `tinytorch/summation.py`, which adds sixteen numbers
# at most in float32, and what these come to in float64.

# %%
column = np.full((1_000_000, 2), 0.1, np.float32)
print("NumPy:", column.sum(axis=0)[0], "  tensor:", Tensor(column).sum(axis=0)[0])

# %% [markdown]
# **Asking a whole tensor a yes-or-no question.** `==` and `>` answer for each element.

# %%
x = Tensor([1, 2, 3])
print(x > 1, (x > 1).any(), (x > 1).all())
try:
    print("larger" if x > 1 else "smaller")
except ValueError as error:
    print(error)

# %% [markdown]
# ## Questions to take along
#
# 1. How many bytes is all of MNIST, as the bytes it comes in, as float32, and as float64? Which of
#    them fit into the memory of your machine, and which into the cache of its processor?
# 2. What are the strides of `image.T`, of `image[::2]`, and of `image[:, ::-1]`? Can a stride be
#    negative?
# 3. `x.T @ x` and `x @ x.T` both work for any matrix. Which of the two is larger, for 10,000 images
#    of 784 numbers, and by how much?
# 4. What would have to change in `apply` to count how often each operation is used? To time it?
# 5. Why is `axis` an option of `apply` and not an input?
#
# ## Where to go from here
#
# ```bash
# tito module complete 01 && tito test --module tensor
# ```
#
# From then on the rest of TinyTorch runs on your tensor. Next, in **02 activations**, come the
# functions that keep a network from being one big matrix.
