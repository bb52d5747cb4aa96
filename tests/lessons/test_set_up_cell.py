"""The first cell of a notebook: it installs TinyTorch where it is missing, and only there."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import numpy as np
import pytest
from handed_out import ROOT
from nbclient import NotebookClient

import tinytorch
from tinytorch.course import notebook
from tito import addresses
from tito.lessons import set_up_cell


def with_address(elsewhere: str) -> str:
    """The cell with another address in it than that of the repository."""
    assert f'elsewhere = "{addresses.archive()}"' in set_up_cell.TEXT
    return set_up_cell.TEXT.replace(addresses.archive(), elsewhere)


def installed(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    *,
    missing: bool = True,
    problem: str = "",
    elsewhere: str = "",
) -> list[str]:
    """What the cell has pip install, in a folder in which TinyTorch is missing or not."""
    sources: list[str] = []

    def install(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command[:-1] == [sys.executable, "-m", "pip", "install", "--quiet"]
        sources.append(command[-1])
        if not problem:
            monkeypatch.setitem(sys.modules, "tinytorch", tinytorch)
            monkeypatch.setitem(sys.modules, "tinytorch.course.notebook", notebook)
        return subprocess.CompletedProcess(command, 1 if problem else 0, problem)

    monkeypatch.setattr("subprocess.run", install)
    monkeypatch.chdir(folder)
    before = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "tinytorch"}
    if missing:
        monkeypatch.setitem(sys.modules, "tinytorch.course.notebook", None)  # so importing it fails
    try:
        exec(with_address(elsewhere), {})
    finally:
        sys.modules.update(before)
    return sources


def test_where_tinytorch_is_there_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl").touch()
    assert installed(monkeypatch, tmp_path, missing=False) == []


def test_it_is_installed_from_the_wheel_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl"
    wheel.touch()
    (tmp_path / "tinytorch_course-9.9.9-py3-none-any (1).whl").touch()  # a browser's second copy
    assert installed(monkeypatch, tmp_path) == [str(wheel)]


def test_another_project_of_that_name_is_not_removed_but_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl").touch()
    commands: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda command, **options: commands.append(command))
    other = SimpleNamespace(name="tinytorch")
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [other])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "tinytorch.course.notebook", None)
    with pytest.raises(ImportError, match="%pip uninstall --yes tinytorch"):
        exec(set_up_cell.TEXT, {})
    assert commands == []


def test_it_is_installed_from_the_clone_around_the_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert installed(monkeypatch, ROOT / "modules" / "03_layers") == [str(ROOT)]


def test_where_neither_is_there_it_is_installed_from_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://example.org/tinytorch_course-9.9.9-py3-none-any.whl"
    assert installed(monkeypatch, tmp_path, elsewhere=address) == [address]
    wheel = tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl"
    wheel.touch()
    assert installed(monkeypatch, tmp_path, elsewhere=address) == [str(wheel)]


def test_the_address_is_that_of_the_one_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = f"https://github.com/{addresses.REPOSITORY}/archive/refs/heads/{addresses.BRANCH}.zip"
    assert installed(monkeypatch, tmp_path, elsewhere=addresses.archive()) == [archive]


def test_where_there_is_nothing_to_install_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImportError, match="Put it beside this notebook") as caught:
        installed(monkeypatch, tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_where_pip_fails_its_words_are_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl").touch()
    with pytest.raises(ImportError, match="No matching distribution") as caught:
        installed(monkeypatch, tmp_path, problem="ERROR: No matching distribution found\n")
    assert "a network to fetch the libraries" in str(caught.value)
    assert "Put it beside this notebook" in str(caught.value)


def test_an_address_that_holds_another_project_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "tinytorch"}
    monkeypatch.setattr(
        "subprocess.run", lambda command, **options: subprocess.CompletedProcess(command, 0, "")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "tinytorch.course.notebook", None)
    other = tmp_path / "other" / "tinytorch"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    monkeypatch.setattr("sys.path", [str(other.parent)])
    try:
        with pytest.raises(ImportError, match=r"(?s)example\.org.*brings is another project"):
            exec(with_address("https://example.org/main.zip"), {})
    finally:
        sys.modules.update(before)


def test_a_library_of_another_project_by_that_name_is_in_nobody_s_way(tmp_path: Path) -> None:
    # The kernel has imported the other project; the wheel's place is taken by a stand-in for pip.
    other = tmp_path / "other" / "tinytorch"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    (tmp_path / "tinytorch_course-9.9.9-py3-none-any.whl").touch()
    program = f"""
import subprocess, sys
sys.path.insert(0, {str(other.parent)!r})
import tinytorch
def install(command, **options):
    sys.path.remove({str(other.parent)!r})
    return subprocess.CompletedProcess(command, 0, "")
subprocess.run = install
exec(sys.argv[1])
print(tinytorch.course.notebook.__file__)
"""
    finished = subprocess.run(
        [sys.executable, "-c", program, set_up_cell.TEXT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert finished.stderr == ""
    assert finished.stdout.endswith(f"{notebook.__file__}\n")


def test_a_library_that_was_replaced_under_the_kernel_asks_for_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = ModuleType("numpy")
    old.__version__ = "1.26.4"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "numpy", old)
    with pytest.raises(notebook.RestartError, match=r"(?s)numpy 1\.26\.4.*Restart it"):
        notebook.begin()
    monkeypatch.setitem(sys.modules, "numpy", np)
    notebook.begin()


@pytest.mark.needs("loopback")
def test_in_a_kernel_the_words_stand_alone_and_the_cells_below_do_not_run(tmp_path: Path) -> None:
    missing = 'import sys; sys.modules["tinytorch.course.notebook"] = None'
    cells = [nbformat.v4.new_code_cell(text) for text in (missing, with_address(""), "1")]
    book = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(book, kernel_name="python3", timeout=120, resources=resources)
    with pytest.raises(Exception, match="TinyTorch is not installed here"):
        client.execute()
    (output,) = cells[1].outputs
    assert output.traceback[0].startswith("TinyTorch is not installed here")
    assert cells[2].outputs == []
