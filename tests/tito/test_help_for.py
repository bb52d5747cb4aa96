"""Which commands are offered to somebody who writes a module: those that work for it."""

import pytest
from learner import tito

from tinytorch.course import MODULES, Module
from tito.lessons import material
from tito.workspace.folder import Workspace

CHECKED = [module for module in MODULES if material.check_file(module)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
@pytest.mark.parametrize("screen", [("module", "start"), ("module", "status")])
def test_watch_and_hint_are_offered_where_there_are_checks_and_hints(
    workspace: Workspace, module: Module, screen: tuple[str, str]
) -> None:
    tito("module", "start", module.name)
    output = tito(*screen, module.name).output
    assert (f"tito watch {module.digits}" in output) is (module in CHECKED)
    assert (f"tito hint {module.digits}" in output) is (module in CHECKED)
    assert (f"tito solution {module.digits}" in output) is (module not in CHECKED)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_to_complete_an_untouched_module_names_help_that_there_is(
    workspace: Workspace, module: Module
) -> None:
    command = f"{'hint' if module in CHECKED else 'solution'} {module.digits}"
    output = tito("module", "complete", module.name).output
    assert f"Help with it: tito {command}" in output
    assert tito(*command.split()).exit_code == 0
