"""Lessons and checks come along with an installed TinyTorch, where there is no clone."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from handed_out import CHECKED, ROOT

from tinytorch.course import shipped
from tito import DISTRIBUTION
from tito.lessons import set_up_cell


def test_pip_knows_the_package_by_a_name_of_its_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == DISTRIBUTION != "tinytorch"
    assert f"The package is called `{DISTRIBUTION}`" in (ROOT / "README.md").read_text()
    assert "tinytorch_course-….whl" in set_up_cell.TEXT


def test_in_a_clone_they_are_the_repositorys_own() -> None:
    assert Path(shipped.ROOT) == ROOT


def test_there_is_a_suite_for_each_of_the_first_modules() -> None:
    for module in CHECKED:
        assert shipped.check_file(module.name) == str(ROOT / module.checks)
    assert shipped.check_file("training") is None


PROGRAM = """
import tinytorch
from tinytorch.course.checking import check_here
class Linear:
    def __init__(self, *sizes):
        raise NotImplementedError("Write Linear.__init__ in my notebook")
print(tinytorch.__file__)
check_here("layers", "Linear Layer")
"""


def test_where_only_the_package_is_installed_a_check_finds_its_suite_and_its_exercise(
    tmp_path: Path,
) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in {"tinytorch": "tinytorch", **wheel["force-include"]}.items():
        left_out = shutil.ignore_patterns("__pycache__", "mnist_files")
        shutil.copytree(ROOT / source, tmp_path / "installed" / target, ignore=left_out)
    (tmp_path / "empty").mkdir()
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(str(tmp_path / "installed" / "tinytorch"))
    assert "Not written yet." in finished.stdout
    assert "hint      tito hint 03 Linear.__init__" in finished.stdout
