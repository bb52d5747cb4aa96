"""The scripts of a lesson's page: bundled by esbuild, from `web/scripts`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tito.errors import TitoError
from tito.repository import repository_root

_LOCK = "package-lock.json"


def bundle(folder: Path, root: Path) -> None:
    """Bundle the page's scripts, its styles and its worker into a folder.

    Args:
        folder: for what the page loads.
        root: the root of the site, for the service worker, which serves what lies below it.

    Raises:
        TitoError: npm is missing, or the scripts are not right.
    """
    sources = repository_root() / "web" / "scripts"
    esbuild = _installed(sources) / "esbuild"
    common = [str(esbuild), "--bundle", "--format=esm", "--minify", "--target=es2022"]
    common += ["--charset=utf8", "--log-level=warning", "--loader:.py=text"]
    entries = [str(sources / name) for name in ("page.ts", "page.css", "worker.ts")]
    _run([*common, "--splitting", f"--outdir={folder}", *entries], sources)
    _run([*common, f"--outfile={root / 'service-worker.js'}", "service-worker.ts"], sources)


def _installed(sources: Path) -> Path:
    """The folder of the programs that `package-lock.json` names, which are installed if need be."""
    modules = sources / "node_modules"
    done = modules / _LOCK  # a copy of the lock that was installed from
    lock = (sources / _LOCK).read_bytes()
    if not done.is_file() or done.read_bytes() != lock:
        npm = shutil.which("npm")
        if npm is None:
            raise TitoError(
                "The scripts of the lessons' pages are bundled with esbuild, which npm installs, "
                "and there is no npm here. It comes with Node.js 20 or later."
            )
        _run([npm, "ci", "--no-audit", "--no-fund"], sources)
        done.write_bytes(lock)
    return modules / ".bin"


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise TitoError(f"{' '.join(command[:2])} failed:\n{done.stderr or done.stdout}")
