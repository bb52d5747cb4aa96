"""What the tests of the library share."""

import pytest
from hypothesis import HealthCheck, settings

import tinytorch

# The same commit gets the same verdict, on a busy machine too.
settings.register_profile(
    "library", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("library")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start every test from the same state of TinyTorch's generator, whatever ran before."""
    tinytorch.manual_seed(20240229)
