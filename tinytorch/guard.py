"""The guard: finds out whether an array that backward needs was changed in place.

A tensor shares its memory with NumPy, so anyone who has its array can change numbers that a
gradient still depends on. A checksum of everything would cost a tenth of a training step; so the
guard takes one only of what somebody outside can reach. It listens at the door (`listen` in
`tinytorch.core.tensor`) and notes each array that comes from outside, or that `Tensor.data` hands
out. What no one has asked for has no owner but its tensor: in an ordinary training loop there is
nothing to take.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np


class _Noted(weakref.ref[np.ndarray]):
    """An array that somebody outside may hold, and its fingerprint if a node needed it by then."""

    __slots__ = ("fingerprint", "key")

    key: int
    fingerprint: bytes | None


# By the id of the array. An entry goes when its array does, or when the guard sees that nobody
# outside holds it any more: then no node recorded before needs it either, since that would hold it.
_noted: dict[int, _Noted] = {}


def taken_in(array: Any) -> None:
    """Note an array that comes from outside, where somebody may go on holding it."""
    if isinstance(array, np.ndarray):
        _note(_owner(array))


def handed_out(array: Any) -> None:
    """Note an array that somebody outside gets, and as it is now if a node may need it."""
    if isinstance(array, np.ndarray):
        needed = sys.getrefcount(array) > _HOLDERS_OF_A_TENSORS_OWN or array.base is not None
        array = _owner(array)
        if id(array) not in _noted:
            noted = _note(array)
            if needed:
                noted.fingerprint = fingerprint(array)


def _owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory a view looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _note(array: np.ndarray) -> _Noted:
    """The note on an array, a new one if there is none."""
    noted = _noted.get(id(array))
    if noted is None:
        noted = _noted[id(array)] = _Noted(array, _forget)
        noted.key, noted.fingerprint = id(array), None
    return noted


def _forget(noted: _Noted) -> None:
    """Drop the note on an array that is gone."""
    if _noted.get(noted.key) is noted:
        del _noted[noted.key]


def recorded(
    output: Any, op: Any, inputs: tuple[Any, ...], arrays: list[Any], options: dict[str, Any]
) -> None:
    """Remember what a new node needs as it is now, where somebody outside can change it."""
    node = output._node
    if node is None:
        return
    for _, _, needs, _, _ in node.edges:
        for array in needs:
            if type(array) is np.ndarray and (id(array) in _noted or array.base is not None):
                if array.base is None and _holders(array, arrays, node) <= _HOLDERS_INSIDE:
                    del _noted[id(array)]
                else:
                    node.fingerprints = node.fingerprints or {}
                    node.fingerprints[id(array)] = fingerprint(array)


def visited(node: Any) -> None:
    """Raise a ValueError if an array that a node needs has changed since it was recorded."""
    for _, _, needs, _, _ in node.edges:
        for array in needs:
            before = node.fingerprints and node.fingerprints.get(id(array))
            if before is None and id(array) in _noted:
                before = _noted[id(array)].fingerprint
            if before is not None and before != fingerprint(array):
                op = getattr(node.op, "__name__", repr(node.op))
                raise ValueError(
                    f"an array of shape {array.shape} that {op} needs for its gradient was changed "
                    "in place after it was used; call backward() before changing it, or change a "
                    "copy"
                )


def fingerprint(array: np.ndarray) -> bytes:
    """Bytes that differ when the array's do, at the speed of memory.

    The array's words of eight bytes are laid out in rows, twice, and each column is added up.
    Any one change shows, and so does any swap, unless the two words are in the same column both
    times; the row lengths are primes, so they would have to be 509 * 521 words, or 2 MB, apart.
    """
    octets = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    parts = []
    for length in (509, 521):
        whole = octets.size // (8 * length) * (8 * length)
        rows = octets[:whole].view(np.uint64).reshape(-1, length)
        parts += [np.add.reduce(rows, axis=0).tobytes(), octets[whole:].tobytes()]
    return b"".join(parts)


# ---- Who holds an array, as Python counts references ----


def _holders(array: np.ndarray, arrays: list[Any], node: Any) -> int:
    """How many references there are to an array, beside the operation's and its node's."""
    inside = [*arrays, *(other for edge in node.edges for other in edge[2])]
    known = sum(other is array for other in inside)
    del inside
    return sys.getrefcount(array) - known


class _Alone:
    """The only holder of an array, as a tensor is: what is counted then depends on Python."""

    edges = ()

    def __init__(self) -> None:
        self.array = np.empty(1)

    def inside(self) -> int:
        """What `_holders` says where `recorded` asks."""
        array = self.array
        return _holders(array, [], self)

    def handed_out(self) -> int:
        """What `handed_out` counts."""
        return _count(self.array)


def _count(array: np.ndarray) -> int:
    return sys.getrefcount(array)


_HOLDERS_INSIDE = _Alone().inside()
_HOLDERS_OF_A_TENSORS_OWN = _Alone().handed_out()
