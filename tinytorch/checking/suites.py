"""Reading a check suite, which runs none of the code that it judges."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from tinytorch import shipped


def read_suite(module_name: str) -> ModuleType:
    """The suite of a module, imported. A suite imports what it judges only when a check runs.

    Raises:
        LookupError: there are no checks for this module.
    """
    name = f"tinytorch_suite_{module_name}"
    if name not in sys.modules:
        file = shipped.check_file(module_name)
        if file is None:
            raise LookupError(f"there are no checks for {module_name!r} yet")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        suite = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(suite)
        sys.modules[name] = suite
    return sys.modules[name]
