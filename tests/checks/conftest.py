"""Plain pytest judges what `tito test` judges.

In a workspace that is your exercise while you work on it, and your plank once it is finished;
anywhere else it is the reference. A check that waits for another one is skipped.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from tinytorch.course import MODULES
from tinytorch.course.checking.judge import explain
from tinytorch.course.checking.results import Result, cause, waiting
from tinytorch.course.overlay import lay
from tito.errors import TitoError
from tito.workspace.folder import Workspace

_judged = pytest.StashKey[list[str]]()
_failed = pytest.StashKey[list[Result]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Lay the exercises whose checks are about to run; the suites import nothing before."""
    judged = session.config.stash.setdefault(_judged, [])
    files = {item.path.name for item in session.items}
    try:
        workspace = Workspace.find()
        for module in MODULES if workspace else ():
            assert workspace is not None
            if f"test_{module.folder}.py" not in files:
                continue
            file = workspace.judged_file(module)
            if file is not None and file != workspace.plank(module):
                lay(module.name, str(file))
            shown = workspace.shown(file) if file else "the reference; you have not begun yours"
            judged.append(f"{module.name} is {shown}")
    except TitoError as error:
        raise pytest.UsageError(error.message) from error


def pytest_report_collectionfinish(config: pytest.Config, start_path: Path) -> list[str]:
    """Say whose code is judged."""
    return config.stash.get(_judged, [])


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Skip a check that fails only because an earlier one of its suite did."""
    try:
        return (yield)
    except Exception as error:
        check = pyfuncitem.function.check
        suite = pyfuncitem.getparent(pytest.Module)
        assert suite is not None
        failed = suite.stash.setdefault(_failed, [])
        _, _, name = suite.path.stem.split("_", 2)
        verdict = explain(error, f"tinytorch.core.{name}")
        earlier = cause(check, verdict, failed)
        result = waiting(check, earlier) if earlier else Result(check, verdict)
        failed.append(result)
        if verdict.waits_for:
            pytest.skip(f"left to {verdict.waits_for}")
        if result.waits_for:
            pytest.skip(f"waits for: {result.waits_for.sentence}")
        raise
