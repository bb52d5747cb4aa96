"""The scripts of a lesson's page: bundled by esbuild, from `web/scripts`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tito.errors import TitoError
from tito.repository import repository_root

# What pages load by name; the rest is loaded by these.
_ENTRIES = ("page.ts", "milestone.ts", "experiment.ts", "page.css", "worker.ts")
_LOCK = "package-lock.json"


def bundle(folder: Path) -> None:
    """Bundle the scripts of pages, their styles and their worker into a folder.

    Raises:
        TitoError: npm is missing, or the scripts are not right.
    """
    _esbuild("--format=esm", "--splitting", f"--outdir={folder}", *_ENTRIES)


def bundle_service_worker(file: Path, build: str) -> None:
    """Bundle the service worker of a build of the site.

    It belongs at the root of the site, since it serves what lies below it.
    """
    _esbuild("--format=iife", f'--define:BUILD="{build}"', f"--outfile={file}", "service-worker.ts")


def _esbuild(*arguments: str) -> None:
    sources = repository_root() / "web" / "scripts"
    options = ("--bundle", "--minify", "--target=es2022", "--charset=utf8", "--log-level=warning")
    _run([str(_installed(sources) / "esbuild"), *options, *arguments], sources)


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
