"""What the tests of the experiments share."""

import pytest


@pytest.fixture(autouse=True)
def _measured_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take times that are too short to be exact: no test asks how long something takes."""
    monkeypatch.setattr("tinytorch.course.explore.timing.SHORTEST_BLOCK", 1e-5)
