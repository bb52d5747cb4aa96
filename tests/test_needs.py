"""What does not run, for want of something or because it takes long, is one line at the end."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = """\
import pytest

@pytest.mark.needs("zsh")
@pytest.mark.parametrize("n", range(3))
def test_in_zsh(n): pass

@pytest.mark.needs("bash", "zsh")
def test_in_both(): pass

@pytest.mark.needs("bash")
def test_in_bash(): pass

def test_plain(): pass
"""


def run(folder: Path, *shells: str, arguments: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Run the tests where only these shells are found."""
    for name in ("conftest.py", "needs.py"):
        shutil.copy(HERE / name, folder)
    (folder / "test_it.py").write_text(TESTS)
    (folder / "commands").mkdir()
    for shell in shells:
        (folder / "commands" / shell).touch(mode=0o755)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": str(folder / "commands"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    return finished.returncode, finished.stdout.splitlines()


NO_ZSH = "not run here: 4 tests of zsh, which is not installed"
NO_SHELL = (
    "not run here: 2 tests of bash, which is not installed; 3 tests of zsh, which is not installed"
)


@pytest.mark.parametrize(
    ("shells", "told", "passed", "arguments"),
    [
        (["bash", "zsh"], [], 6, ()),
        (["bash"], [NO_ZSH], 2, ()),
        (["bash"], [NO_ZSH], 2, ("-p", "xdist", "-n", "2")),
        ([], [NO_SHELL], 1, ()),
    ],
)
def test_what_is_missing_is_counted_in_one_line(
    tmp_path: Path, shells: list[str], told: list[str], passed: int, arguments: tuple[str, ...]
) -> None:
    code, lines = run(tmp_path, *shells, arguments=arguments)
    assert code == 0
    assert [line for line in lines if "not run here" in line] == told
    assert f"{passed} passed" in lines[-1]


def test_where_all_has_to_run_what_is_missing_is_a_failure(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "bash", arguments=("--insist",))
    assert code == 1
    assert sum("this is a test of zsh, which is not installed" in line for line in lines) >= 4
    assert not any("not run here" in line for line in lines)


def test_a_need_that_nobody_knows_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import pytest\n@pytest.mark.needs('zhs')\ndef test_it(): pass\n"
    )
    code, lines = run(tmp_path, "bash", "zsh")
    assert code == 1
    assert any("zhs" in line for line in lines)


LONG = """\
import pytest

@pytest.mark.thorough
@pytest.mark.parametrize("n", range(2))
def test_long(n): pass

@pytest.mark.thorough
@pytest.mark.needs("zsh")
def test_long_in_zsh(): pass
"""
LEFT_OUT = "left out: 3 tests that take long; with them: tito test --thorough"


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
@pytest.mark.parametrize(
    ("asked", "told", "passed"),
    [((), [NO_ZSH, LEFT_OUT], 2), (("--thorough",), [NO_ZSH.replace("4", "5")], 4)],
)
def test_what_takes_long_runs_when_asked_for_and_is_counted_otherwise(
    tmp_path: Path,
    asked: tuple[str, ...],
    told: list[str],
    passed: int,
    workers: tuple[str, ...],
) -> None:
    (tmp_path / "test_long.py").write_text(LONG)
    code, lines = run(tmp_path, "bash", arguments=(*asked, *workers))
    assert code == 0
    assert [line for line in lines if "not run here" in line or "left out" in line] == told
    assert f"{passed} passed" in lines[-1]


def test_packages_that_are_missing_are_named_in_one_line(tmp_path: Path) -> None:
    for name in ("conftest.py", "needs.py"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "test_it.py").write_text("import pexpect\n")
    program = (
        "import sys, pytest; sys.modules['pexpect'] = sys.modules['nbclient'] = None\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider']))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = finished.stderr.strip().splitlines()
    assert line.startswith("ERROR: The tests need nbclient, pexpect, not installed in ")
    assert line.endswith("source bin/activate-tinytorch.sh")


# What leaves a test out in a way that the lines at the end would not count.
UNCOUNTED = {"skip", "skipif", "skipTest", "skipUnless", "importorskip", "xfail", "Skipped"}


def test_nothing_but_what_a_test_needs_or_takes_leaves_it_out() -> None:
    files = set(HERE.rglob("*.py")) - {HERE / "conftest.py"}
    assert len(files) > 100
    found = {
        f"{file.relative_to(HERE)}:{node.lineno}: {ast.unparse(node)}"
        for file in files
        for node in ast.walk(ast.parse(file.read_bytes()))
        if (isinstance(node, ast.Attribute) and node.attr in UNCOUNTED)
        or (isinstance(node, ast.Name) and node.id in UNCOUNTED)
    }
    assert found == set()
