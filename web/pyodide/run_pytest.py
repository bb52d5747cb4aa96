"""Runs tests of this clone in Pyodide (see run.mjs): a folder with pytest, and its arguments.

What is tested is the wheel that is installed there, not the files beside the tests.
"""

import os
import sys
from pathlib import Path

packages, *arguments = sys.argv[1:]
sys.path[:] = [*filter(None, sys.path), packages]
os.chdir(Path(__file__).parents[2])
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import pytest  # noqa: E402 - from that folder

# What is printed is caught above the descriptors, which have no files there.
raise SystemExit(pytest.main(["-p", "no:cacheprovider", "--capture=sys", *arguments]))
