"""What Binder and Colab are given, as far as it can be tried without the network."""

import json
from pathlib import Path

import pytest

from tinytorch.course import MODULES, Module
from tito import addresses

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.needs("repo2docker")
# repo2docker imports it by its old name.
@pytest.mark.filterwarnings("ignore:pythonjsonlogger.jsonlogger has been moved:DeprecationWarning")
def test_binder_installs_the_repository_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from repo2docker.app import Repo2Docker

    monkeypatch.chdir(ROOT)
    application = Repo2Docker()
    packs = [pack(application.base_image) for pack in application.buildpacks]
    first = next(pack for pack in packs if pack.detect())
    first.platform = "linux/amd64"
    assert first.binder_dir == ".binder"
    assert first.python_version == "3.12"
    # Not before the repository is there, of which the requirements speak.
    assert first.get_preassemble_scripts() == []
    [(_, script)] = first.get_assemble_scripts()
    assert script.endswith('pip install --no-cache-dir -r ".binder/requirements.txt"')
    assert "COPY --chown=1000:1000 src/ ${REPO_DIR}/" in first.render({})


def test_binder_needs_nothing_but_the_repository() -> None:
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["."]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_notebook_that_the_cards_open_installs_from_the_repository(module: Module) -> None:
    for address in (addresses.binder(module.notebook), addresses.colab(module.notebook)):
        assert address.endswith(module.notebook)
        assert addresses.REPOSITORY in address
    cells = json.loads((ROOT / module.notebook).read_text(encoding="utf-8"))["cells"]
    assert f'elsewhere = "{addresses.archive()}"' in "".join(cells[0]["source"])


def test_addresses_come_from_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "REPOSITORY", "someone/course")
    monkeypatch.setattr(addresses, "BRANCH", "next")
    path = "modules/03_layers/layers_dev.ipynb"
    assert (
        addresses.binder(path) == f"https://mybinder.org/v2/gh/someone/course/next?filepath={path}"
    )
    assert addresses.colab(path) == (
        f"https://colab.research.google.com/github/someone/course/blob/next/{path}"
    )
    assert addresses.source("tito/main.py").endswith("someone/course/blob/next/tito/main.py")
    assert addresses.source("benchmarks").endswith("someone/course/tree/next/benchmarks")
    assert addresses.archive().endswith("someone/course/archive/refs/heads/next.zip")
