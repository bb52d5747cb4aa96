"""What all tests share."""

import os

# The tests run on every core at once; with threads of their own they would wait for each other.
# Set before anything imports NumPy, and inherited by the programs that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
