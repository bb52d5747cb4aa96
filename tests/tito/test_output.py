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
TITO = [sys.executable, "-m", "tito"]
LACKING = ["cp1252", "gbk", "ascii"]


def tito(folder: Path, encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*TITO, *arguments],
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


ARGUMENTS = [["test", "--file", str(LAYERS)], ["--help"]]


@pytest.mark.needs("/dev/full")
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_where_there_is_no_room_to_print_that_is_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        finished = subprocess.run([*TITO, *arguments], stdout=full, stderr=subprocess.PIPE)
    (line,) = finished.stderr.decode().splitlines()
    assert "No space left on device" in line
    assert finished.returncode == 2


@pytest.mark.needs("/dev/full")
@pytest.mark.parametrize("arguments", [*ARGUMENTS, ["no such command"]], ids=" ".join)
def test_where_there_is_no_room_for_errors_either_it_is_the_exit_code(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        assert subprocess.run([*TITO, *arguments], stdout=full, stderr=full).returncode == 2


@pytest.mark.needs("sh")
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_streams_that_are_closed_lose_what_is_printed_and_nothing_else(
    arguments: list[str],
) -> None:
    shell = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh"]
    assert subprocess.run([*shell, *TITO, *arguments]).returncode == 0
