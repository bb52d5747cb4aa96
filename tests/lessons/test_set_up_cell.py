"""The first cell of a notebook: it installs TinyTorch where it is missing, and only there."""

import sys
from pathlib import Path

import pytest
from handed_out import ROOT

from tito import set_up_cell

PIP = '%pip install --quiet "{found[0]}"'


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path, *, missing: bool = True) -> list[str]:
    """What the cell has pip install, in a folder in which TinyTorch is missing or not."""
    sources: list[str] = []

    def install(source: object) -> None:
        sources.append(str(source))
        monkeypatch.delitem(sys.modules, "tinytorch.notebook")

    assert PIP in set_up_cell.TEXT
    monkeypatch.chdir(folder)
    if missing:
        monkeypatch.setitem(sys.modules, "tinytorch.notebook", None)  # so importing it fails
    exec(set_up_cell.TEXT.replace(PIP, "install(found[0])"), {"install": install})
    return sources


def test_where_tinytorch_is_there_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinytorch-9.9.9-py3-none-any.whl").touch()
    assert installed(monkeypatch, tmp_path, missing=False) == []


def test_it_is_installed_from_the_wheel_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "tinytorch-9.9.9-py3-none-any.whl"
    wheel.touch()
    assert installed(monkeypatch, tmp_path) == [str(wheel)]


def test_it_is_installed_from_the_clone_around_the_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert installed(monkeypatch, ROOT / "modules" / "03_layers") == [str(ROOT)]


def test_where_there_is_nothing_to_install_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImportError, match=r"Put its wheel, .* beside this notebook"):
        installed(monkeypatch, tmp_path)
