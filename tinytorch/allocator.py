"""How memory for arrays is kept for the next array."""

from __future__ import annotations

import numpy as np


def keep_freed_memory() -> None:
    """Have the allocator keep freed arrays of up to 31 MiB, instead of giving them back.

    An array of over 128 KiB comes from the operating system, which hands it out page by page and
    takes it back when it is freed: for a network, most of the time of a training step. The
    allocator of Linux adapts, though: having seen one large array freed, it keeps memory of up to
    that size for the next one that asks. So we show it one. Its pages are never touched, so it
    costs nothing; where the allocator works in another way, it does nothing.
    """
    np.empty(31 * 2**20, dtype=np.uint8)
