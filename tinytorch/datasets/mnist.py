"""MNIST: 70,000 handwritten digits, in the four files of the original, checked as they are read.

The files are in the IDX format: two zero bytes, a code for the type of the elements, the number of
dimensions, each dimension as a big-endian 32-bit integer, then the elements in C order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

# gzip, hashlib and importlib.resources are imported where they are used: most programs that import
# TinyTorch never load a data set, and these three would be a good part of their start-up time.
if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import numpy.typing as npt

UNSIGNED_BYTE = 0x08  # the IDX code for elements of one unsigned byte
CHUNK = 1 << 16  # bytes decompressed at a time: small enough to stay in the processor's cache
FIX = (
    "The file is part of TinyTorch. To mend it, install TinyTorch again, from its wheel or clone: "
    "pip install --force-reinstall --no-deps PATH (in a clone: git restore tinytorch/datasets)."
)


class MNIST(NamedTuple):
    """The digits and what they are.

    Images have the shape `(count, 28, 28)` and type uint8, from 0 (paper) to 255 (ink). Labels have
    the shape `(count,)`. They are `np.intp`, like any index, which is int64 (int32 in a browser):
    0.5 MB in all, and unlike uint8 they don't wrap around in arithmetic (`labels - 5`).
    """

    train_images: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.intp]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.intp]


class IDXFile(NamedTuple):
    """One of the four files, and what must be in it."""

    name: str
    shape: tuple[int, ...]
    sha256: str  # of the uncompressed bytes, the header included

    @property
    def header(self) -> bytes:
        """The bytes with which the uncompressed file begins."""
        magic = bytes([0, 0, UNSIGNED_BYTE, len(self.shape)])
        return magic + np.array(self.shape, ">u4").tobytes()


TRAIN_IMAGES = IDXFile(
    "train-images-idx3-ubyte.gz",
    (60_000, 28, 28),
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
)
TRAIN_LABELS = IDXFile(
    "train-labels-idx1-ubyte.gz",
    (60_000,),
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
)
TEST_IMAGES = IDXFile(
    "t10k-images-idx3-ubyte.gz",
    (10_000, 28, 28),
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
)
TEST_LABELS = IDXFile(
    "t10k-labels-idx1-ubyte.gz",
    (10_000,),
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


def mnist() -> MNIST:
    """Load MNIST: 60,000 images to train on and 10,000 to test on, with their labels.

    The arrays are new at every call and yours to change. Together they take 55 MB.

    Raises:
        FileNotFoundError: a file is missing from the installation.
        ValueError: a file is damaged, cut short or in the place of another. The message says which
            and how to mend it.
    """
    from importlib.resources import files

    return read_mnist(files("tinytorch.datasets") / "mnist_files")


def read_mnist(folder: Traversable) -> MNIST:
    """Read and check the four files in `folder`; raises as `mnist` does."""
    return MNIST(
        train_images=read_idx_file(folder, TRAIN_IMAGES),
        train_labels=read_idx_file(folder, TRAIN_LABELS).astype(np.intp),
        test_images=read_idx_file(folder, TEST_IMAGES),
        test_labels=read_idx_file(folder, TEST_LABELS).astype(np.intp),
    )


def read_idx_file(folder: Traversable, file: IDXFile) -> npt.NDArray[np.uint8]:
    """Read one gzip-compressed IDX file, straight into the array it returns, and check all of it.

    Raises FileNotFoundError if it is not in `folder`, ValueError if its contents are not exactly
    those of the original.
    """
    import gzip
    import hashlib
    import zlib

    path = folder / file.name
    elements = np.empty(math.prod(file.shape), np.uint8)
    unfilled = elements.data
    try:
        with path.open("rb") as compressed, gzip.GzipFile(fileobj=compressed) as content:
            header = content.read(len(file.header))
            if header != file.header:
                raise damaged(path, describe_wrong_header(header, file))
            digest = hashlib.sha256(header)
            while count := content.readinto(unfilled[:CHUNK]):
                digest.update(unfilled[:count])
                unfilled = unfilled[count:]
            has_more = content.read(1) != b""
    except FileNotFoundError as error:
        raise FileNotFoundError(f"The MNIST file {path} is missing. {FIX}") from error
    except EOFError as error:
        raise damaged(path, "is cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, f"is damaged ({error})") from error
    if unfilled:
        raise damaged(path, f"is cut short: its last {len(unfilled):,} elements are not there")
    if has_more:
        raise damaged(path, f"is damaged: it holds more than {elements.size:,} elements")
    if digest.hexdigest() != file.sha256:
        raise damaged(
            path, f"is damaged: its SHA-256 sum is {digest.hexdigest()}, not {file.sha256}"
        )
    return elements.reshape(file.shape)


def describe_wrong_header(header: bytes, file: IDXFile) -> str:
    """Say what the first bytes of a file give away about it, when they are not `file.header`."""
    for other in FILES:
        # The magic number and the count, eight bytes, differ between any two of the four files.
        if other is not file and header[:8] == other.header[:8]:
            return f"holds what belongs in {other.name}"
    if len(header) < len(file.header):
        return f"is cut short: it holds only {len(header)} bytes"
    if header[:4] != file.header[:4]:
        return (
            f"is not what it should be: its magic number is 0x{header[:4].hex()}, expected "
            f"0x{file.header[:4].hex()} (IDX, unsigned bytes, dimensions: {len(file.shape)})"
        )
    shape = tuple(np.frombuffer(header[4:], ">u4").tolist())
    return f"is not what it should be: its shape is {shape}, expected {file.shape}"


def damaged(path: Traversable, fault: str) -> ValueError:
    """Make the error for a file with a fault: which file, what is wrong, how to mend it."""
    return ValueError(f"The MNIST file {path} {fault}. {FIX}")
