"""The guard: finds out whether an array that backward needs was changed in place.

A tensor shares its memory with NumPy, so anyone who has its array can change numbers that a
gradient still depends on. A checksum of everything would cost a tenth of a training step; so the
guard takes one only of what somebody outside can reach. It listens at the door (see
`tinytorch/listeners.py`) and notes each array that comes from outside, or that `Tensor.data` hands
out. What no one has asked for has no owner but its tensor: in an ordinary training loop there is
nothing to take.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np

from tinytorch.listeners import listen, listeners


def attach() -> None:
    """Hang the guard on the door, where it does not hang already."""
    if recorded not in listeners["after"]:
        listen(after=recorded, taken_in=taken_in, handed_out=handed_out, visited=visited)


class _Note(weakref.ref[np.ndarray]):
    """A note on an array, which goes when the array does."""

    __slots__ = ("fingerprint", "key", "outside")

    key: int
    outside: bool  # whether somebody outside may hold the array
    fingerprint: bytes | None  # what it was when they got it, if a node needed it by then


_notes: dict[int, _Note] = {}  # by the id of the array


def taken_in(array: Any) -> None:
    """Note an array that comes from outside, where somebody may go on holding it."""
    if isinstance(array, np.ndarray):
        _note_on(_owner(array)).outside = True


def handed_out(array: Any) -> None:
    """Note an array that somebody outside gets, and as it is now if a node may need it."""
    if isinstance(array, np.ndarray):
        needed = sys.getrefcount(array) > _HOLDERS_OF_A_TENSORS_OWN or array.base is not None
        owner = array if array.base is None else _owner(array)
        note = _notes.get(id(owner)) or _note_on(owner)
        if needed and not note.outside:
            note.fingerprint = fingerprint(owner)
        note.outside = True


def _owner(array: np.ndarray) -> np.ndarray:
    """The array whose memory a view looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _note_on(array: np.ndarray) -> _Note:
    """The note on an array, a new one if there is none."""
    note = _notes.get(id(array))
    if note is None:
        note = _notes[id(array)] = _Note(array, _forget)
        note.key, note.outside, note.fingerprint = id(array), False, None
    return note


def _forget(note: _Note) -> None:
    """Drop the note on an array that is gone."""
    if _notes.get(note.key) is note:
        del _notes[note.key]


def recorded(
    output: Any, op: Any, inputs: tuple[Any, ...], arrays: list[Any], options: dict[str, Any]
) -> None:
    """Remember what a new node needs as it is now, where somebody outside can change it."""
    node = output._node
    if node is None:
        return
    for edge in node.edges:
        for array in edge[2]:
            note = _notes.get(id(array))
            if note is not None and note.outside:
                if _holders(array, arrays, node) > _HOLDERS_INSIDE:
                    _remember(node, array)
                else:  # Then no node recorded before needs it either, since that would hold it.
                    note.outside, note.fingerprint = False, None
            elif type(array) is np.ndarray and array.base is not None:
                _remember(node, array)


def _remember(node: Any, array: np.ndarray) -> None:
    node.fingerprints = node.fingerprints or {}
    node.fingerprints[id(array)] = fingerprint(array)


def visited(node: Any) -> None:
    """Raise a ValueError if an array that a node needs has changed since it was recorded."""
    for edge in node.edges:
        for array in edge[2]:
            note = _notes.get(id(array))
            if node.fingerprints or (note is not None and note.fingerprint is not None):
                _check(node, array, note)


def _check(node: Any, array: Any, note: _Note | None) -> None:
    """Compare an array with what it was when it was recorded or, if that was later, handed out."""
    before = node.fingerprints.get(id(array)) if node.fingerprints else None
    if before is None and note is not None:
        before = note.fingerprint
    if before is not None and before != fingerprint(array):
        op = getattr(node.op, "__name__", repr(node.op))
        raise ValueError(
            f"an array of shape {array.shape} that {op} needs for its gradient was changed in "
            "place after it was used; call backward() before changing it, or change a copy"
        )


def fingerprint(array: np.ndarray) -> bytes:
    """Bytes that differ when the array's do, at the speed of memory.

    The array's words of eight bytes are laid out in rows, twice, and each column is added up.
    Any one change shows, and so does any swap, unless the two words are in the same column both
    times; the row lengths are primes, so they would have to be 509 * 521 words, or 2 MB, apart.
    Of an array that takes no more memory than these sums, the bytes themselves will do.
    """
    if array.nbytes <= 8 * (509 + 521):
        return array.tobytes()
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
    known = 0
    for other in arrays:
        known += other is array
    for edge in node.edges:
        for other in edge[2]:
            known += other is array
    del other
    return sys.getrefcount(array) - known


class _Alone:
    """The only holder of an array, as a tensor is: what is counted then depends on Python."""

    edges = ()

    def __init__(self) -> None:
        self.array = np.empty(1)

    def inside(self) -> int:
        """What `_holders` says where `recorded` asks."""
        array = self.array
        return _holders(array, [None], self)

    def handed_out(self) -> int:
        """What `handed_out` counts."""
        return _count(self.array)


def _count(array: np.ndarray) -> int:
    return sys.getrefcount(array)


_HOLDERS_INSIDE = _Alone().inside()
_HOLDERS_OF_A_TENSORS_OWN = _Alone().handed_out()
