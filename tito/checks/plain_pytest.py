"""Plain pytest judges what `tito test` judges: a `conftest.py` takes the hooks below from here.

The suites lie beside the lessons, `modules/NN_name/checks.py`; a `conftest.py` that has these
hooks stands for all of them. In a workspace the checks are about your exercise while you work on
it, and about your own module once it is finished; anywhere else about the reference. A check that
waits for another one is skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tinytorch.course import MODULES, Module, shipped
from tinytorch.course.checking.checks import Check, checks_in
from tinytorch.course.checking.judge import explain
from tinytorch.course.checking.results import Result, cause, waiting
from tinytorch.course.checking.suites import read_suite
from tinytorch.course.overlay import replace_module
from tito.errors import TitoError
from tito.workspace.folder import Workspace

_judged = pytest.StashKey[list[str]]()


class Suites(pytest.File):
    """The suites of all modules, in the place of the `conftest.py` that asks for them."""

    def collect(self) -> Iterator[pytest.Collector]:
        """A suite for each module that has checks."""
        for module in MODULES:
            if shipped.check_file(module.name):
                yield Suite.of(self, module)


class Suite(pytest.Collector):
    """The checks of one module."""

    module: Module
    failed: list[Result]

    @classmethod
    def of(cls, parent: Suites, module: Module) -> "Suite":
        """The suite of a module, called by its file."""
        suite: Suite = cls.from_parent(parent, name=module.folder, nodeid=module.checks)
        suite.module, suite.failed = module, []
        return suite

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each check."""
        for check in checks_in(read_suite(self.module.name)):
            item = CheckItem.from_parent(self, name=check.name)
            item.suite, item.check = self, check
            yield item


class CheckItem(pytest.Item):
    """One check."""

    suite: Suite
    check: Check

    def runtest(self) -> None:
        """Run it, and skip it if it fails only because an earlier check did."""
        try:
            self.check.run()
        except Exception as error:
            verdict = explain(error, f"tinytorch.core.{self.suite.module.name}")
            earlier = cause(self.check, verdict, self.suite.failed)
            result = waiting(self.check, earlier) if earlier else Result(self.check, verdict)
            self.suite.failed.append(result)
            if verdict.waits_for:
                pytest.skip(f"left to {verdict.waits_for}")
            if result.waits_for:
                pytest.skip(f"waits for: {result.waits_for.sentence}")
            raise

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Where it is written."""
        file = shipped.check_file(self.suite.module.name)
        return str(file), None, self.name


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the suites where the `conftest.py` is that has this hook."""
    if file_path.name != "conftest.py" or "pytest_collect_file" not in file_path.read_text("utf-8"):
        return None
    suites: Suites = Suites.from_parent(parent, path=file_path)
    return suites


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the exercises replace the modules whose checks run; the suites import none before."""
    judged = session.config.stash.setdefault(_judged, [])
    asked = {item.suite.module for item in session.items if isinstance(item, CheckItem)}
    try:
        workspace = Workspace.find()
        for module in MODULES if workspace else ():
            assert workspace is not None
            if module not in asked:
                continue
            file = workspace.judged_file(module)
            if file is not None and file != workspace.finished_file(module):
                replace_module(module.name, str(file))
            shown = workspace.shown(file) if file else "the reference; you have not begun yours"
            judged.append(f"{module.name} is {shown}")
    except TitoError as error:
        raise pytest.UsageError(error.message) from error


def pytest_report_collectionfinish(config: pytest.Config, start_path: Path) -> list[str]:
    """Say whose code is judged."""
    return config.stash.get(_judged, [])
