"""What all tests share."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from needs import NEEDS, lacking_packages, left_out, missing, not_run

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# The tests run on every core at once; with threads of their own they would wait for each other.
# Set before anything imports NumPy, and inherited by the programs that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# They keep bytecode and buffer what they print, as for a learner, whatever a container asks for.
for variable in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
    os.environ.pop(variable, None)
sys.dont_write_bytecode = False
# And Ctrl-C ends them, even if all this runs in the background, where shells have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

# These run in a browser's Python alone: see tests/site/test_in_pyodide.py.
collect_ignore = [] if sys.platform == "emscripten" else ["browser"]

NEED = "need"  # under this name a report says what its test needed
THOROUGH = "thorough"  # and under this one that its test takes long


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what our tests can be asked for."""
    parser.addoption(
        "--insist",
        action="store_true",
        help="a test that needs what this machine lacks fails, instead of being left out",
    )
    parser.addoption("--thorough", action="store_true", help="run the tests that take long as well")
    parser.addoption(
        "--renew-screens",
        action="store_true",
        help="write anew what tests/tito/screens says that commands show",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks; say at once what has to be installed first.

    Raises:
        pytest.UsageError: something has.
    """
    if lacking := lacking_packages():
        raise pytest.UsageError(lacking)
    config.addinivalue_line(
        "markers", f"needs(*names): what the test needs, of {', '.join(NEEDS)}; see tests/needs.py"
    )
    config.addinivalue_line("markers", "thorough: takes long, and runs with --thorough only")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test that takes long, or needs what this machine lacks."""
    if item.get_closest_marker(THOROUGH) and not item.config.getoption(THOROUGH):
        item.user_properties.append((THOROUGH, ""))
        pytest.skip("takes long: it runs with --thorough")
    for name in missing(item):
        if item.config.getoption("insist") and NEEDS[name].can_be_installed:
            pytest.fail(f"this is a test of {NEEDS[name].lacking}", pytrace=False)
        item.user_properties.append((NEED, name))
        pytest.skip(f"a test of {NEEDS[name].lacking}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was left out, in one line for each reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    needs = [name for report in skipped for key, name in report.user_properties if key == NEED]
    if needs:
        terminalreporter.write_line(not_run(needs))
    long = sum(key == THOROUGH for report in skipped for key, _ in report.user_properties)
    if long:
        terminalreporter.write_line(left_out(long))


def pytest_collection_finish() -> None:
    """Let the garbage collector, which many tests call, pass over thousands of tests in waiting."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: WorkerController, ids: list[str]) -> None:
    """Say how many tests there are, which pytest says only where it runs them in one process."""
    if node.gateway.id == "gw0":
        node.config.get_terminal_writer().line(f"{len(ids)} tests")
