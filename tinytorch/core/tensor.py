# Exported from modules/01_tensor/tensor_dev.py: edit it there, then run `tito export`.
"""The tensor: an array of numbers, and the one door that every operation on it goes through."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeGuard

import numpy as np

from tinytorch.listeners import listeners
from tinytorch.summation import accurate_mean, accurate_sum, accurate_var


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
    if isinstance(data, Tensor):
        data = data.data
    array = _numpy_array(data)
    if array.dtype == dtype:
        return array
    return _converted(array, dtype, data)


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
        self.data = as_array(data, dtype)
        if requires_grad and self.dtype.kind != "f":
            raise ValueError(
                f"requires_grad needs real numbers, got dtype {self.dtype}; use dtype=np.float32"
            )
        self.requires_grad = bool(requires_grad)

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
        return apply(np.add, self, other)

    def __sub__(self, other: TensorLike) -> Tensor:
        """`self - other`, element by element; the shapes broadcast."""
        return apply(np.subtract, self, other)

    def __mul__(self, other: TensorLike) -> Tensor:
        """`self * other`, element by element; the shapes broadcast."""
        return apply(np.multiply, self, other)

    def __truediv__(self, other: TensorLike) -> Tensor:
        """`self / other`, element by element; the shapes broadcast."""
        return apply(np.divide, self, other)

    def __pow__(self, exponent: TensorLike) -> Tensor:
        # The two most common powers have operations of their own, which are many times faster.
        if isinstance(exponent, (int, float)) and exponent in (2, 0.5):
            return apply(np.square if exponent == 2 else np.sqrt, self)
        return apply(np.power, self, exponent)

    def __matmul__(self, other: TensorLike) -> Tensor:
        """`self @ other`, the matrix product over the last two dimensions."""
        return apply(np.matmul, self, other)

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
        return apply(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean of all elements, or along one axis or a tuple of axes; see `sum`."""
        return apply(np.mean, self, axis=axis, keepdims=keepdims)

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
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        for size in sizes:
            if not isinstance(size, (int, np.integer)) or size < -1:
                raise ValueError(f"reshape takes whole numbers of 0 or more, or -1; got {size!r}")
        return apply(reshape, self, shape=tuple(sizes))

    def flatten(self) -> Tensor:
        """All elements in one row, shape `(size,)`."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> Tensor:
        """The tensor with its axes in another order.

        `x.transpose()` reverses them, `x.transpose(0, 2)` swaps two, and
        `x.transpose(2, 0, 1)` or a tuple gives the whole order. Raises an IndexError for an axis
        that is not there.
        """
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
