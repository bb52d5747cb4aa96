"""`tito dev check` finds nothing lacking in the modules that have checks."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tinytorch.course import MODULES, Module
from tito.main import main

ROOT = Path(__file__).resolve().parents[2]
WITH_CHECKS = [m for m in MODULES if (ROOT / "modules" / m.folder / "checks.py").is_file()]


@pytest.mark.thorough  # it judges the lesson once for each exercise
@pytest.mark.parametrize("module", WITH_CHECKS, ids=lambda module: module.name)
def test_a_module_with_checks_is_whole(module: Module) -> None:
    result = CliRunner().invoke(main, ["dev", "check", f"{module.number:02}"])
    assert (result.exit_code, result.output) == (0, f"{module.folder}: is whole\n")
