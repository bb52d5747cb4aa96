"""What a site is given of Pyodide: from where, and that it is nothing else."""

import hashlib
import io
import json
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tito.errors import TitoError
from tito.site import pyodide
from tito.site.pyodide import LOCK, RUNTIME, VARIABLE, Wheel, lay_out
from tito.site.wheel import build_wheel


def entry(name: str, *depends: str) -> dict[str, object]:
    return {"name": name, "file_name": f"{name}-1.0-py3-none-any.whl", "depends": list(depends)}


ENTRIES = {
    "numpy": entry("numpy"),
    "plots": entry("plots", "numpy", "fonts"),
    "fonts": entry("fonts"),
    "unlisted": entry("unlisted"),
}
FILES = {name: f"the bytes of {name}".encode() for name in RUNTIME}
FILES |= {str(e["file_name"]): str(e).encode() for e in ENTRIES.values()}
FILES[LOCK] = json.dumps({"info": {"version": "0"}, "packages": ENTRIES}).encode()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a release of a few bytes, in the place of Pyodide's."""
    folder = tmp_path / "release"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    del hashes["unlisted-1.0-py3-none-any.whl"]
    monkeypatch.setattr(pyodide, "HASHES", hashes)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    return folder


def no_network(address: str, timeout: float) -> io.BytesIO:
    raise OSError("no network")


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_package_comes_with_what_it_depends_on_and_the_list_names_these_alone(
    release: Path, tmp_path: Path
) -> None:
    lay_out(tmp_path / "out", ["plots"], source=release)
    packages = {"plots", "numpy", "fonts"}
    wheels = {f"{name}-1.0-py3-none-any.whl" for name in packages}
    assert names(tmp_path / "out") == {*RUNTIME, LOCK, *wheels}
    assert json.loads((tmp_path / "out" / LOCK).read_text())["packages"].keys() == packages


def test_building_again_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    for folder in ("one", "two", "two"):
        lay_out(tmp_path / folder, ["plots"], source=release)
    assert names(tmp_path / "one") == names(tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


@pytest.mark.parametrize("name", [*RUNTIME, LOCK, "numpy-1.0-py3-none-any.whl"])
def test_a_file_with_other_bytes_is_refused(release: Path, tmp_path: Path, name: str) -> None:
    (release / name).write_bytes(b"something else")
    with pytest.raises(TitoError, match=f"is not the {name} of Pyodide"):
        lay_out(tmp_path / "out", source=release)
    assert name not in names(tmp_path / "out")


def test_a_damaged_file_in_a_site_is_written_anew(release: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "out", source=release)
    (tmp_path / "out" / RUNTIME[0]).write_bytes(b"cut short")
    lay_out(tmp_path / "out", source=release)
    assert (tmp_path / "out" / RUNTIME[0]).read_bytes() == FILES[RUNTIME[0]]


def test_a_missing_file_is_named_with_the_folder(release: Path, tmp_path: Path) -> None:
    (release / RUNTIME[1]).unlink()
    with pytest.raises(TitoError, match=f"{release}.*cannot be read.*the distribution of Pyodide"):
        lay_out(tmp_path / "out", source=release)


@pytest.mark.parametrize("name", ["pandas", "unlisted"])
def test_a_package_that_no_hash_is_known_of_is_refused(
    release: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(TitoError, match=f"'{name}' is not among those that a site can have"):
        lay_out(tmp_path / "out", [name], source=release)


def test_the_variable_names_the_folder_to_take(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not pyodide.is_at_hand()
    monkeypatch.setenv(VARIABLE, str(release))
    assert pyodide.is_at_hand()
    lay_out(tmp_path / "out")
    assert RUNTIME[0] in names(tmp_path / "out")


def test_without_a_folder_it_is_downloaded_once(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def download(address: str, timeout: float) -> io.BytesIO:
        asked.append(address)
        return io.BytesIO(FILES[address.rpartition("/")[2]])

    monkeypatch.setattr(urllib.request, "urlopen", download)
    lay_out(tmp_path / "out")
    assert f"{pyodide.CDN}/{LOCK}" in asked
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    lay_out(tmp_path / "again")
    assert names(tmp_path / "again") == names(tmp_path / "out")
    assert pyodide.is_at_hand()


def test_other_bytes_from_the_network_are_not_kept(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(b"a login page"))
    with pytest.raises(TitoError, match=f"{pyodide.CDN}/{LOCK} is not the {LOCK}"):
        lay_out(tmp_path / "out")
    assert not any(pyodide.cache().iterdir())


def test_without_a_network_it_says_what_to_set(release: Path, tmp_path: Path) -> None:
    with pytest.raises(TitoError, match=f"no network.*set {VARIABLE} to a folder"):
        lay_out(tmp_path / "out")


def test_a_wheel_of_our_own_is_listed_with_its_hash_and_what_it_needs(
    release: Path, tmp_path: Path
) -> None:
    wheel = tmp_path / "our_own-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    lay_out(tmp_path / "out", [], [Wheel(wheel, ("ours",), ("fonts",))], source=release)
    listed = json.loads((tmp_path / "out" / LOCK).read_text())["packages"]
    assert listed.keys() == {"our-own", "fonts"}
    assert listed["our-own"]["imports"] == ["ours"]
    assert listed["our-own"]["version"] == "0.1.0"
    assert listed["our-own"]["sha256"] == hashlib.sha256(b"a wheel").hexdigest()
    assert wheel.name in names(tmp_path / "out")


def test_the_list_of_hashes_has_the_runtime_and_its_packages() -> None:
    assert {*RUNTIME, LOCK} <= pyodide.HASHES.keys()
    assert all(len(digest) == 64 for digest in pyodide.HASHES.values())


@pytest.mark.needs("Pyodide")
def test_pyodide_itself_can_be_laid_out(tmp_path: Path) -> None:
    lay_out(tmp_path, ["numpy", "matplotlib", "ipython"])
    assert json.loads((tmp_path / LOCK).read_text())["info"]["version"] == pyodide.VERSION


@pytest.mark.needs("the site's packages")
def test_the_wheel_for_browsers_is_small_and_has_all_but_mnist(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    assert wheel.file.stat().st_size < 700_000
    inside = zipfile.ZipFile(wheel.file).namelist()
    for name in (
        "tinytorch/core/layers.py",
        "tinytorch/course/shipped/modules/03_layers/checks.py",
        "tinytorch/course/shipped/modules/03_layers/questions.toml",
        "tinytorch/datasets/mnist_files/LICENSE",
        "tito/milestones/classifier.py",
    ):
        assert name in inside
    assert not [name for name in inside if name.endswith((".gz", ".ipynb", "mistakes.toml"))]


@pytest.mark.needs("the site's packages")
def test_building_the_wheel_again_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = build_wheel(tmp_path / "one").file, build_wheel(tmp_path / "two").file
    assert one.read_bytes() == two.read_bytes()
