"""What all tests share."""

import gc
import os

# The tests run on every core at once; with threads of their own they would wait for each other.
# Set before anything imports NumPy, and inherited by the programs that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Let the garbage collector, which many tests call, pass over thousands of tests in waiting."""
    gc.collect()
    gc.freeze()
