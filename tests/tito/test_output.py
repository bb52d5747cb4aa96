"""No command fails for want of a character, and JSON loses none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch.course import find_module
from tito.repository import repository_root

LAYERS = repository_root() / find_module("layers").library
LACKING = ["cp1252", "gbk", "ascii"]


def tito(folder: Path, encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from tito.main import main; main(prog_name='tito')", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
    )


@pytest.mark.parametrize("encoding", LACKING)
def test_signs_that_an_encoding_lacks_have_plain_substitutes(tmp_path: Path, encoding: str) -> None:
    finished = tito(tmp_path, encoding, "test", "--file", str(LAYERS))
    assert (finished.returncode, finished.stderr) == (0, b"")
    lines = finished.stdout.decode(encoding).splitlines()
    assert lines[0] == "## Unit Test: Linear Layer..."
    assert lines[1].startswith("ok Linear layer computes")
    assert "== Progress: Linear Layer" in "\n".join(lines)


@pytest.mark.parametrize("encoding", [*LACKING, "utf-8"])
def test_json_says_the_same_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    finished = tito(tmp_path, encoding, "test", "--file", str(LAYERS), "--json")
    assert (finished.returncode, finished.stderr) == (0, b"")
    checks = [check["check"] for check in json.loads(finished.stdout)["checks"]]
    assert "3-layer network processes batch: (32, 784) → (32, 10)" in checks


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_is_typed_is_repeated_even_if_it_is_no_text(tmp_path: Path, encoding: str) -> None:
    finished = tito(tmp_path, encoding, "módülé-✅-\udcff")
    assert finished.returncode == 2
    said = finished.stderr.decode(encoding)
    assert "No such command" in said
    assert "\\udcff" in said
    assert "Traceback" not in said
