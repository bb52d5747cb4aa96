"""The scripts of the pages: their types, and the list by which they work without a network."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tito.site.offline import LIST

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.thorough, pytest.mark.needs("the site's packages", "npm")]


def test_the_scripts_have_the_types_that_they_declare(site: Path) -> None:
    assert site.is_dir()  # for which npm has installed what the check takes
    checked = subprocess.run(
        ["npm", "run", "--silent", "check"],
        cwd=ROOT / "web" / "scripts",
        capture_output=True,
        text=True,
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_the_list_for_the_service_worker_has_each_file_with_its_hash(site: Path) -> None:
    listed = json.loads((site / LIST).read_text(encoding="utf-8"))
    files = {
        file.relative_to(site).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in site.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }
    left_out = {LIST, "service-worker.js", "objects.inv"}
    assert listed["files"] == {name: files[name] for name in files.keys() - left_out}
    assert {"lesson/layers.html", "_static/lesson/page.js", "_static/lesson/layers.json"} <= set(
        listed["at_once"]
    )
