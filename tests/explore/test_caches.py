"""The processor's caches, as the system tells them."""

from pathlib import Path

import pytest

from tinytorch.course.explore.caches import Cache, caches


@pytest.fixture(autouse=True)
def _on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")


def describe(folder: Path, index: int, kind: str, level: str, size: str) -> None:
    """Write what Linux tells of one cache."""
    cache = folder / f"index{index}"
    cache.mkdir()
    for name, text in (("type", kind), ("level", level), ("size", size)):
        (cache / name).write_text(f"{text}\n", encoding="ascii")


def test_caches_for_data_are_read_from_the_smallest_to_the_largest(tmp_path: Path) -> None:
    describe(tmp_path, 0, "Unified", "3", "32M")
    describe(tmp_path, 1, "Instruction", "1", "32K")
    describe(tmp_path, 2, "Data", "1", "48K")
    describe(tmp_path, 3, "Unified", "2", "1024K")
    assert caches(tmp_path) == [Cache(1, 48 * 1024), Cache(2, 2**20), Cache(3, 32 * 2**20)]


def test_caches_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    assert caches(tmp_path / "missing") == []
    describe(tmp_path, 0, "Data", "1", "unknown")
    (tmp_path / "index1").mkdir()
    assert caches(tmp_path) == []
