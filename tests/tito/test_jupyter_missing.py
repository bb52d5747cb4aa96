"""A module begun in its notebook, with and without JupyterLab to open it."""

import pytest
from learner import tito

from tito.workspace.folder import Workspace


@pytest.mark.parametrize(("found", "told"), [(None, True), ("/usr/bin/jupyter-lab", False)])
def test_only_without_jupyterlab_it_is_told_how_to_get_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: str | None, told: bool
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: found)
    output = tito("module", "start", "3", "--notebook").output
    assert ("python -m pip install jupyterlab" in output) is told


def test_who_works_in_the_py_file_hears_nothing_of_jupyter(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    assert "jupyter" not in tito("module", "start", "3").output.lower()
