"""A learner's workspace."""

import shutil
from pathlib import Path

import pytest
from learner import tito

from tinytorch.course.overlay import VARIABLE
from tito.workspace.folder import Workspace


@pytest.fixture(autouse=True)
def _no_workspace_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as `tito init` makes it, for tests to take copies of."""
    root = tmp_path_factory.mktemp("model") / "my tinytörch"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv(VARIABLE, raising=False)
        assert tito("init", str(root)).exit_code == 0
    return root


@pytest.fixture
def workspace(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A fresh workspace, which is the current folder."""
    root = tmp_path / model.name
    shutil.copytree(model, root)
    monkeypatch.chdir(root)
    return Workspace(root)
