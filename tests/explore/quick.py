"""Settings with which every question is answered in a moment, for the tests."""

from typing import Any

QUICK: dict[str, dict[str, Any]] = {
    "growth": {"inputs": 20, "hidden": 8, "outputs": 3},
}
