"""MNIST as it ships: the right bytes, safe to change, and plain words when a file is damaged."""

import gzip
import hashlib
import shutil
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch.datasets import MNIST, mnist
from tinytorch.datasets.mnist import TEST_LABELS as LABELS
from tinytorch.datasets.mnist import read_idx_file, read_mnist

SHIPPED = Path(str(files("tinytorch.datasets"))) / "mnist_files"
TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
TEST_LABELS = "t10k-labels-idx1-ubyte.gz"
PUBLISHED_SHA256 = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
every_file = pytest.mark.parametrize("name", PUBLISHED_SHA256)


@pytest.fixture(scope="module")
def digits() -> MNIST:
    return mnist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files, to break."""
    for name in PUBLISHED_SHA256:
        shutil.copyfile(SHIPPED / name, tmp_path / name)
    return tmp_path


def rewrite(path: Path, start: int, new: bytes) -> None:
    """Write `new` over the uncompressed bytes from `start`, leaving a sound gzip file."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[start : start + len(new)] = new
    path.write_bytes(gzip.compress(content, compresslevel=0))


def error_of(folder: Path) -> str:
    """The message that reading a damaged folder gives, which always names the fix."""
    with pytest.raises(ValueError, match="MNIST") as caught:
        read_mnist(folder)
    message = str(caught.value)
    assert "pip install --force-reinstall --no-deps PATH" in message
    return message


def test_there_are_60000_training_and_10000_test_images_with_their_labels(digits: MNIST) -> None:
    assert digits.train_images.shape == (60_000, 28, 28)
    assert digits.train_labels.shape == (60_000,)
    assert digits.test_images.shape == (10_000, 28, 28)
    assert digits.test_labels.shape == (10_000,)


def test_images_are_bytes_and_labels_are_indices(digits: MNIST) -> None:
    assert digits.train_images.dtype == digits.test_images.dtype == np.uint8
    assert digits.train_labels.dtype == digits.test_labels.dtype == np.intp


def test_the_data_set_unpacks_in_the_order_images_labels_train_test(digits: MNIST) -> None:
    train_images, train_labels, test_images, test_labels = digits
    assert train_images is digits.train_images
    assert train_labels is digits.train_labels
    assert test_images is digits.test_images
    assert test_labels is digits.test_labels


def test_the_first_labels_are_the_known_ones(digits: MNIST) -> None:
    assert digits.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert digits.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_each_digit_occurs_as_often_as_published(digits: MNIST) -> None:
    train_counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test_counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(digits.train_labels).tolist() == train_counts
    assert np.bincount(digits.test_labels).tolist() == test_counts


def test_the_mean_pixel_is_the_published_one(digits: MNIST) -> None:
    assert digits.train_images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)


def test_ink_is_bright_and_paper_is_zero(digits: MNIST) -> None:
    corners = digits.train_images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() == 0
    assert digits.train_images.max() == 255


def test_the_arrays_hold_exactly_the_published_bytes(digits: MNIST) -> None:
    def idx(array: np.ndarray) -> bytes:
        header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
        return header + array.astype(np.uint8).tobytes()

    sums = [hashlib.sha256(idx(array)).hexdigest() for array in digits]
    assert sums == list(PUBLISHED_SHA256.values())


def test_changing_the_arrays_of_one_call_leaves_the_next_call_untouched(digits: MNIST) -> None:
    changed = mnist()
    for array in changed:
        array[...] = 1
    for fresh, known in zip(mnist(), digits, strict=True):
        assert np.array_equal(fresh, known)


def test_loading_gives_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mnist()


def test_loading_needs_hardly_more_memory_than_the_arrays_themselves() -> None:
    tracemalloc.start()
    try:
        digits = mnist()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < sum(array.nbytes for array in digits) + 2**20


@pytest.mark.needs("processes")
def test_importing_the_package_leaves_the_readers_of_files_for_later() -> None:
    program = (
        "import sys, numpy; before = set(sys.modules); import tinytorch.datasets;"
        "print(*sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    added = finished.stdout.split()
    assert "tinytorch.datasets" in added
    assert {"gzip", "zlib", "hashlib", "importlib.resources"}.isdisjoint(added)


def test_the_files_can_be_read_from_inside_a_zip_archive(tmp_path: Path, digits: MNIST) -> None:
    archive = tmp_path / "files.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for name in PUBLISHED_SHA256:
            writer.write(SHIPPED / name, f"mnist_files/{name}")
    read = read_mnist(zipfile.Path(archive, "mnist_files/"))
    for array, known in zip(read, digits, strict=True):
        assert np.array_equal(array, known)


def test_the_licence_that_ships_names_holders_terms_source_and_sums() -> None:
    text = (SHIPPED / "LICENSE").read_text(encoding="utf-8")
    assert "Yann LeCun" in text
    assert "Corinna Cortes" in text
    assert "NIST" in text
    assert "https://creativecommons.org/licenses/by-sa/3.0/" in text
    assert "http://yann.lecun.com/exdb/mnist/" in text
    for name, published in PUBLISHED_SHA256.items():
        assert f"{published}  {name.removesuffix('.gz')}" in text


@every_file
def test_a_missing_file_is_named_with_the_fix(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match="is missing") as caught:
        read_mnist(folder)
    assert name in str(caught.value)
    assert "pip install --force-reinstall --no-deps PATH" in str(caught.value)


@every_file
def test_a_flipped_bit_is_damage(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert f"{name} is damaged" in error_of(folder)


@every_file
def test_a_file_with_its_end_missing_is_cut_short(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    assert f"{name} is cut short" in error_of(folder)


@every_file
def test_an_empty_file_is_cut_short(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    assert f"{name} is cut short: it holds only 0 bytes" in error_of(folder)


@every_file
def test_a_file_that_is_not_gzip_is_damaged(folder: Path, name: str) -> None:
    (folder / name).write_text("<html>404 Not Found</html>")
    assert f"{name} is damaged (Not a gzipped file" in error_of(folder)


@every_file
def test_one_changed_pixel_or_label_in_a_sound_gzip_file_is_damage(folder: Path, name: str) -> None:
    rewrite(folder / name, 1000, b"\x07\x07\x07\x07")
    message = error_of(folder)
    assert f"{name} is damaged: its SHA-256 sum is" in message
    assert PUBLISHED_SHA256[name] in message


@every_file
def test_a_wrong_magic_number_is_named(folder: Path, name: str) -> None:
    rewrite(folder / name, 0, b"\x00\x00\x0d")  # the code for float32
    message = error_of(folder)
    dimensions = 3 if "images" in name else 1
    assert f"{name} is not what it should be" in message
    assert f"magic number is 0x00000d0{dimensions}, expected 0x0000080{dimensions}" in message


def test_a_wrong_shape_is_named(folder: Path) -> None:
    rewrite(folder / TEST_IMAGES, 8, bytes([0, 0, 0, 32]))
    message = error_of(folder)
    assert f"{TEST_IMAGES} is not what it should be" in message
    assert "shape is (10000, 32, 28), expected (10000, 28, 28)" in message


def test_elements_missing_from_a_sound_gzip_file_are_counted(folder: Path) -> None:
    content = gzip.decompress((folder / TEST_LABELS).read_bytes())
    (folder / TEST_LABELS).write_bytes(gzip.compress(content[:-1234]))
    message = error_of(folder)
    assert f"{TEST_LABELS} is cut short: its last 1,234 elements are not there" in message


def test_elements_too_many_are_noticed(folder: Path) -> None:
    content = gzip.decompress((folder / TEST_LABELS).read_bytes())
    (folder / TEST_LABELS).write_bytes(gzip.compress(content + b"\x00"))
    message = error_of(folder)
    assert f"{TEST_LABELS} is damaged: it holds more than 10,000 elements" in message


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (TRAIN_IMAGES, TRAIN_LABELS),
        (TEST_IMAGES, TEST_LABELS),
        (TRAIN_IMAGES, TEST_IMAGES),
        (TRAIN_LABELS, TEST_LABELS),
    ],
)
def test_swapped_files_are_told_apart(folder: Path, name: str, other: str) -> None:
    swap = folder / "swap"
    (folder / name).rename(swap)
    (folder / other).rename(folder / name)
    swap.rename(folder / other)
    assert f"{name} holds what belongs in {other}" in error_of(folder)


@pytest.mark.parametrize(
    ("name", "other"), [(TRAIN_LABELS, TRAIN_IMAGES), (TEST_LABELS, TEST_IMAGES)]
)
def test_images_in_the_place_of_labels_are_recognised(folder: Path, name: str, other: str) -> None:
    shutil.copyfile(folder / other, folder / name)
    assert f"{name} holds what belongs in {other}" in error_of(folder)


@pytest.fixture(scope="module")
def labels_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labels")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_happens_to_a_file_it_gives_the_original_contents_or_a_clear_error(
    labels_folder: Path, digits: MNIST, data: st.DataObject
) -> None:
    content = bytearray((SHIPPED / TEST_LABELS).read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    replacement = data.draw(st.binary(max_size=4))
    content[position : position + data.draw(st.sampled_from([1, 4, len(content)]))] = replacement
    (labels_folder / TEST_LABELS).write_bytes(content)
    message = ""
    try:
        labels = read_idx_file(labels_folder, LABELS)
    except ValueError as error:
        message = str(error)
    if message:
        assert f"{TEST_LABELS} is " in message
        assert "pip install --force-reinstall --no-deps PATH" in message
    else:
        assert np.array_equal(labels, digits.test_labels)
