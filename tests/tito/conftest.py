"""A learner's workspace."""

from pathlib import Path

import pytest
from learner import tito

from tinytorch.course.overlay import VARIABLE
from tito.workspace.folder import Workspace


@pytest.fixture(autouse=True)
def _no_workspace_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace as `tito init` makes it, which is the current folder."""
    root = tmp_path / "my tinytörch"
    assert tito("init", str(root)).exit_code == 0
    monkeypatch.chdir(root)
    return Workspace(root)
