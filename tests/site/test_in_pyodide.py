"""Python as a browser has it, under Node."""

import shutil
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from tito.site.pyodide import lay_out
from tito.site.wheel import build_wheel

pytestmark = pytest.mark.needs("Pyodide", "node", "the site's packages")

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

# pytest and what it needs, all of it pure Python.
PYTEST = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Pyodide, NumPy and TinyTorch."""
    folder = tmp_path_factory.mktemp("pyodide")
    lay_out(folder, ["numpy"], [build_wheel(tmp_path_factory.mktemp("wheel"))])
    return folder


@pytest.fixture(scope="session")
def in_pyodide(distribution: Path) -> Run:
    """Runs a Python program, given by its path, with arguments in Pyodide under Node."""

    def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", ROOT / "web/pyodide/run.mjs", distribution, program, *arguments],
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture(scope="session")
def pytest_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pytest, as this environment has it."""
    folder = tmp_path_factory.mktemp("packages")
    for name in PYTEST:
        for file in metadata.files(name) or ():
            if file.suffix == ".py" or file.parts[0].endswith(".dist-info"):
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(str(file.locate())), target)
    return folder


@pytest.mark.thorough
def test_what_holds_in_a_browser_alone(in_pyodide: Run, pytest_packages: Path) -> None:
    """`tests/browser`, with the wheel that browsers get."""
    finished = in_pyodide(
        ROOT / "web/pyodide/run_pytest.py", f"/host{pytest_packages}", "tests/browser", "-q"
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert " passed" in finished.stdout


@pytest.mark.parametrize(("program", "status"), [("raise SystemExit(3)", 3), ("1 / 0", 1)])
def test_a_program_ends_with_its_status(
    in_pyodide: Run, tmp_path: Path, program: str, status: int
) -> None:
    (tmp_path / "program.py").write_text(program)
    assert in_pyodide(tmp_path / "program.py").returncode == status
