"""The processor's caches, as the system tells them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

FOLDER = Path("/sys/devices/system/cpu/cpu0/cache")
# What macOS calls the caches of its fast cores, or of all where they are alike.
_ON_MACOS = {
    1: ("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"),
    2: ("hw.perflevel0.l2cachesize", "hw.l2cachesize"),
    3: ("hw.perflevel0.l3cachesize", "hw.l3cachesize"),
}
_FACTORS = {"K": 1024, "M": 1024**2, "G": 1024**3}


class Cache(NamedTuple):
    """A cache for data: its level, counted from the processor, and its size in bytes."""

    level: int
    bytes: int

    @property
    def name(self) -> str:
        """The level as it is usually written, such as `L2`."""
        return f"L{self.level}"


def caches(folder: Path = FOLDER) -> list[Cache]:
    """The caches of the first processor, the smallest first; none where they cannot be read.

    Linux tells them under /sys, macOS through `sysctl`. On a virtual machine they are those that it
    was given to see, and others may share them.
    """
    found = _from_sysctl() if sys.platform == "darwin" else _from_folder(folder)
    return sorted(found, key=lambda cache: cache.bytes)


def _from_folder(folder: Path) -> list[Cache]:
    found = []
    for index in folder.glob("index*"):
        try:
            kind, level, size = (
                (index / name).read_text(encoding="ascii").strip()
                for name in ("type", "level", "size")
            )
            if kind != "Instruction":
                number = int(size.rstrip("KMG")) * _FACTORS.get(size[-1:], 1)
                found.append(Cache(int(level), number))
        except (OSError, ValueError):
            continue
    return found


def _from_sysctl() -> list[Cache]:
    found: list[Cache] = []
    for level, names in _ON_MACOS.items():
        for name in names:
            command = ["sysctl", "-n", name]
            try:
                text = subprocess.run(command, capture_output=True, text=True).stdout.strip()
            except OSError:
                return found
            if text.isdigit() and int(text) > 0:
                found.append(Cache(level, int(text)))
                break
    return found
