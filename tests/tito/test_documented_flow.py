"""The commands that the course's page tells people to type, in a shell, one after the other."""

import os
import subprocess
import sys
from pathlib import Path

from learner import LAYERS, ROOT, solved

from tito.workspace.folder import Workspace


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line typed in a shell in which the environment is active."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )


def test_in_a_workspace_it_is_about_the_learner_s_code(workspace: Workspace) -> None:
    for line in ("tito test --module tensor", "tito test --module activations"):
        finished = typed(line, workspace.root)
        assert finished.returncode == 0, finished.stdout
        assert "(the reference" in finished.stdout
    workspace.lesson(LAYERS).write_text(solved(LAYERS), encoding="utf-8")
    finished = typed("tito module complete 03 && tito test --module layers", workspace.root)
    assert finished.returncode == 0, finished.stdout
    assert "(tinytorch/core/layers.py)." in finished.stdout.splitlines()[-1]
    finished = typed("python -m pytest tests/ -k layers -v", workspace.root)
    assert finished.returncode == 0, finished.stdout
    assert "layers is tinytorch/core/layers.py" in finished.stdout
    finished_module = workspace.finished_file(LAYERS)
    finished_module.write_text(
        finished_module.read_text().replace("linear, x, self.weight", "linear, 2 * x, self.weight")
    )
    for line in ("tito test --module layers", "python -m pytest tests/ -k layers -v"):
        finished = typed(line, workspace.root)
        assert finished.returncode == 1
        assert "the product is doubled" in finished.stdout


def test_at_the_root_of_a_clone_it_is_about_the_reference() -> None:
    for module in ("tensor", "activations", "layers"):
        finished = typed(f"tito test --module {module}", ROOT)
        assert finished.returncode == 0, finished.stdout
        assert "(the reference" in finished.stdout
    finished = typed("python -m pytest tests/checks -k layers -v", ROOT)
    assert finished.returncode == 0, finished.stdout
    assert "test_linear_computes_xw_plus_b PASSED" in finished.stdout
