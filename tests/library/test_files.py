"""Atomic writing: the old file or the new one, whole, and nothing else."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch.files import write_atomically


def test_a_new_file_holds_the_text_as_utf_8_with_its_newlines_untouched(tmp_path: Path) -> None:
    write_atomically(tmp_path / "note.txt", "naïve\nπ\r\n")
    assert (tmp_path / "note.txt").read_bytes() == "naïve\nπ\r\n".encode()


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "data", b"\x00\xff\r\n")
    assert (tmp_path / "data").read_bytes() == b"\x00\xff\r\n"


def test_an_existing_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a much longer old text")
    write_atomically(tmp_path / "note.txt", "new")
    assert (tmp_path / "note.txt").read_text() == "new"
    assert os.listdir(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "script"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_gets_the_mode_that_open_would_give(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "note.txt", "text")
    assert (tmp_path / "note.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


@pytest.mark.needs("files")
def test_a_chain_of_relative_links_into_other_folders_is_followed(tmp_path: Path) -> None:
    (tmp_path / "runs" / "1").mkdir(parents=True)
    (tmp_path / "runs" / "1" / "weights").write_text("old")
    (tmp_path / "runs" / "latest").symlink_to("1")
    (tmp_path / "runs" / "best").symlink_to("latest/weights")
    (tmp_path / "link").symlink_to("runs/best")
    write_atomically(str(tmp_path / "link"), "new")
    assert (tmp_path / "runs" / "1" / "weights").read_text() == "new"
    assert (tmp_path / "link").readlink() == Path("runs/best")
    assert (tmp_path / "runs" / "best").readlink() == Path("latest/weights")
    assert os.listdir(tmp_path / "runs" / "1") == ["weights"]


def test_a_link_to_nothing_stays_and_its_target_is_made(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/new")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "new").read_text() == "text"


def test_a_link_to_itself_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        write_atomically(tmp_path / "loop", "text")
    assert os.listdir(tmp_path) == ["loop"]
    assert (tmp_path / "loop").is_symlink()


@pytest.mark.needs("files")
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    write_atomically("/dev/null", "text")
    assert Path("/dev/null").is_char_device()
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(tmp_path / "pipe", "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "text")
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_path_of_bytes_and_a_long_name_are_fine(tmp_path: Path) -> None:
    name = "n" * 255
    write_atomically(os.fsencode(tmp_path / name), "text")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise failure

    (tmp_path / "note.txt").write_text("old")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(failure)):
        write_atomically(tmp_path / "note.txt", "new")
    assert (tmp_path / "note.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["note.txt"]


def test_the_data_is_on_disk_before_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    for step in ("fsync", "replace"):
        original = getattr(os, step)

        def record(*arguments: object, name: str = step, call: object = original) -> object:
            steps.append(name)
            return call(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(os, step, record)
    write_atomically(tmp_path / "note.txt", "new")
    assert steps == ["fsync", "replace"]


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere'$"):
        write_atomically(tmp_path / "nowhere" / "note.txt", "text")


def test_a_folder_that_takes_no_new_file_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, mode: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    (tmp_path / "note.txt").write_text("old")
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}'"):
        write_atomically(tmp_path / "note.txt", "new")


@pytest.mark.needs("files")
def test_a_name_that_is_too_long_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"name too long: '.*/nnn"):
        write_atomically(tmp_path / ("n" * 256), "text")
    assert os.listdir(tmp_path) == []


@pytest.mark.needs("processes")
def test_a_process_killed_before_the_replacement_leaves_the_old_file_whole(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("old")
    program = (
        "import os, pathlib, signal, sys\n"
        "from tinytorch.files import write_atomically\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(pathlib.Path(sys.argv[1]), 'new' * 100_000)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program, str(tmp_path / "note.txt")])
    assert finished.returncode == -signal.SIGKILL
    assert (tmp_path / "note.txt").read_text() == "old"
