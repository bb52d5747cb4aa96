"""What the tests of the experiments share."""

import pytest


@pytest.fixture(autouse=True)
def _measured_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take times that are too short to be exact: no test asks how long something takes."""
    monkeypatch.setattr("tinytorch.course.explore.timing.SHORTEST_BLOCK", 1e-5)


@pytest.fixture(autouse=True)
def _on_a_quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else runs here changes no answer: tests that ask for a busy machine set `share`."""

    class Quiet:
        share = 0.0

    monkeypatch.setattr("tinytorch.course.explore.experiment.Contention", Quiet)
