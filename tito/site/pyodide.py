"""Pyodide, the Python that runs in a browser: found, verified, and laid out for a site.

`pyodide.sha256` beside this file lists what a site may be given of one release of Pyodide, with
the hash of each file. No other bytes get past here, wherever they are from: the folder that
`TINYTORCH_PYODIDE` names, or else what has been downloaded before, or else the release's CDN.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch.files import write_atomically
from tito.errors import TitoError

VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full"
VARIABLE = "TINYTORCH_PYODIDE"
LOCK = "pyodide-lock.json"

# What runs Python, without any package. Browsers start with the .mjs, older pages with the .js.
RUNTIME = ("pyodide.asm.js", "pyodide.asm.wasm", "pyodide.js", "pyodide.mjs", "python_stdlib.zip")

_PATIENCE = 60  # seconds without a byte, after which a download has failed


@dataclass(frozen=True)
class Wheel:
    """A package of pure Python that a site has beside those of Pyodide.

    Attributes:
        file: the wheel.
        imports: the modules that it brings, which is how Pyodide knows that it is wanted.
        depends: the packages to load along with it, by name.
    """

    file: Path
    imports: tuple[str, ...]
    depends: tuple[str, ...] = ()

    @property
    def entry(self) -> dict[str, Any]:
        """What Pyodide's list of packages says of it."""
        name, version, *_ = self.file.name.split("-")
        return {
            "depends": list(self.depends),
            "file_name": self.file.name,
            "imports": list(self.imports),
            "install_dir": "site",
            "name": name.replace("_", "-"),
            "package_type": "package",
            "sha256": _hash_of(self.file.read_bytes()),
            "unvendored_tests": False,
            "version": version,
        }


def lay_out(
    output: Path,
    packages: Iterable[str] = ("numpy",),
    wheels: Iterable[Wheel] = (),
    source: Path | None = None,
) -> None:
    """Write a distribution of Pyodide: its runtime, some packages, and a list of these alone.

    Building again gives the same bytes. A file that is there already, as it should be, stays.

    Args:
        output: the folder, which is made where it is missing.
        packages: names of Pyodide's packages. What they depend on comes along.
        wheels: packages of our own, copied into the folder as well.
        source: the folder to take Pyodide from; by default what `TINYTORCH_PYODIDE` names, else
            the cache, which is filled from the CDN.

    Raises:
        TitoError: a file cannot be had, or is not the one that belongs to the release.
    """
    output.mkdir(parents=True, exist_ok=True)
    lock = json.loads(_verified(LOCK, source))
    wheels = list(wheels)
    wanted = [*packages, *(name for wheel in wheels for name in wheel.depends)]
    lock["packages"] = dict(_with_dependencies(wanted, lock["packages"]))
    for name in (*RUNTIME, *(entry["file_name"] for entry in lock["packages"].values())):
        if _hash_in(output / name) != HASHES[name]:
            write_atomically(output / name, _verified(name, source))
    for wheel in wheels:
        lock["packages"][wheel.entry["name"]] = wheel.entry
        write_atomically(output / wheel.file.name, wheel.file.read_bytes())
    packages_in_order = dict(sorted(lock["packages"].items()))
    text = json.dumps(lock | {"packages": packages_in_order}, indent=1, sort_keys=True)
    write_atomically(output / LOCK, text + "\n")


def folder_named() -> Path | None:
    """The folder that `TINYTORCH_PYODIDE` names; None where it names none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def is_at_hand() -> bool:
    """Whether a site can be built without a network: there is a folder of Pyodide, or a cache."""
    return ((folder_named() or cache()) / RUNTIME[0]).is_file()


def cache() -> Path:
    """Where files from the CDN are kept."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "tinytorch" / f"pyodide-{VERSION}"


def _hashes() -> dict[str, str]:
    """The SHA-256 of each file that may be used, by its name."""
    lines = (Path(__file__).with_suffix(".sha256")).read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


HASHES = _hashes()


def _with_dependencies(
    names: Iterable[str], entries: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Packages by their names in Pyodide's list, and all that they depend on, each once."""
    waiting, found = list(names), set()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        if name not in entries or entries[name]["file_name"] not in HASHES:
            raise TitoError(
                f"Pyodide's package {name!r} is not among those that a site can have. "
                f"Those are listed in {Path(__file__).with_suffix('.sha256').name}."
            )
        found.add(name)
        waiting += entries[name]["depends"]
        yield name, entries[name]


def _verified(name: str, source: Path | None) -> bytes:
    """The content of a file of the release.

    Raises:
        TitoError: it cannot be had, or it is another one.
    """
    folder = source or folder_named()
    if folder is not None:
        return _read(folder / name, f"Is {folder} the distribution of Pyodide {VERSION}?")
    kept = cache() / name
    if _hash_in(kept) != HASHES[name]:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, _genuine(name, _download(name), f"{CDN}/{name}"))
    return _read(kept, f"Delete {kept.parent}, and build again.")


def _read(file: Path, fix: str) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise TitoError(f"{file} cannot be read: {error.strerror}. {fix}") from error
    return _genuine(file.name, content, str(file), fix)


def _download(name: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{CDN}/{name}", timeout=_PATIENCE) as answer:
            return bytes(answer.read())
    except OSError as error:  # URLError is one
        raise TitoError(
            f"{CDN}/{name} cannot be downloaded: {getattr(error, 'reason', error)}. "
            f"Without a network, set {VARIABLE} to a folder with Pyodide {VERSION} in it."
        ) from error


def _genuine(name: str, content: bytes, where: str, fix: str = "") -> bytes:
    """The content of a file, if its hash is the one that is listed."""
    if _hash_of(content) != HASHES[name]:
        raise TitoError(
            f"{where} is not the {name} of Pyodide {VERSION}: its SHA-256 is "
            f"{_hash_of(content)}, expected {HASHES[name]}. {fix}".rstrip()
        )
    return content


def _hash_in(file: Path) -> str | None:
    return _hash_of(file.read_bytes()) if file.is_file() else None


def _hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
