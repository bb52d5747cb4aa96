"""Runs tests of this clone in Pyodide (see run.mjs): a folder with pytest, and its arguments.

What is tested is the wheel that is installed there, not the files beside the tests. It gets MNIST
from the clone, as a page fetches it.
"""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

packages, *arguments = sys.argv[1:]
sys.path[:] = [*filter(None, sys.path), packages]
clone = Path(__file__).parents[2]
os.chdir(clone)
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

import pytest  # noqa: E402 - from that folder

installed = Path(find_spec("tinytorch.datasets").submodule_search_locations[0])
for file in clone.glob("tinytorch/datasets/mnist_files/*.gz"):
    shutil.copy(file, installed / "mnist_files")

# What is printed is caught above the descriptors, which have no files there.
raise SystemExit(pytest.main(["-p", "no:cacheprovider", "--capture=sys", *arguments]))
