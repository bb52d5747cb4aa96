"""An array of another library, as far as TinyTorch can tell: it speaks NumPy's protocols, no more.

Like an array on a GPU it refuses to become one of NumPy's, and says how many calls have reached it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


class Foreign(NDArrayOperatorsMixin):
    """A wrapped array. What NumPy's functions make of it is wrapped again, numbers as well."""

    passed: ClassVar[Counter[str]] = Counter()

    def __init__(self, inside: Any) -> None:
        self.inside = np.asarray(inside)

    def __array__(self, *args: Any, **options: Any) -> np.ndarray:
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        _refuse_numpys(ufunc.__name__, (*inputs, *options.values()))
        Foreign.passed[ufunc.__name__] += 1
        result = getattr(ufunc, method)(*_inside(inputs), **_inside(options))
        out = options.get("out")
        return out[0] if out else _wrapped(result)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if (
            function is not np.asarray
        ):  # which moves an array, as in np.asarray(array, like=foreign)
            _refuse_numpys(function.__name__, (*args, *options.values()))
        Foreign.passed[function.__name__] += 1
        return _wrapped(function(*_inside(args), **_inside(options)))

    def __getitem__(self, index: Any) -> Foreign:
        _refuse_numpys("an index", index)
        return Foreign(self.inside[_inside(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        _refuse_numpys("an assignment", (index, value))
        self.inside[_inside(index)] = _inside(value)

    def __len__(self) -> int:
        return len(self.inside)

    def __bool__(self) -> bool:
        return bool(self.inside)

    def __float__(self) -> float:
        return float(self.inside)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("inside", "base", "flags"):
            raise AttributeError(name)
        found = getattr(self.inside, name)
        if not callable(found):
            return _wrapped(found)

        def method(*args: Any, **options: Any) -> Any:
            result = found(*_inside(args), **_inside(options))
            return result if name in ("item", "tolist") else _wrapped(result)

        return method


def _refuse_numpys(name: str, value: Any) -> None:
    """A TypeError for an array of NumPy's, at any depth: it is in another memory than ours."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        raise TypeError(f"{name} got an array of NumPy's beside a foreign one")
    if isinstance(value, (tuple, list)):
        for part in value:
            _refuse_numpys(name, part)


def _inside(value: Any) -> Any:
    if isinstance(value, Foreign):
        return value.inside
    if isinstance(value, (tuple, list)):
        return type(value)(_inside(part) for part in value)
    if isinstance(value, dict):
        return {key: _inside(part) for key, part in value.items()}
    return value


def _wrapped(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return Foreign(value)
    if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
        return type(value)(_wrapped(part) for part in value)
    return value
