"""Reading a check suite, which runs none of the code that it judges."""

import importlib.util
import sys
from types import ModuleType

from tito import material
from tito.course import Module
from tito.errors import TitoError


def read_suite(module: Module) -> ModuleType:
    """The suite of a module, imported. A suite imports what it judges only when a check runs.

    Raises:
        TitoError: there are no checks for this module.
    """
    file = material.check_file(module)
    if file is None:
        raise TitoError(f"There are no checks for {module.folder} yet.")
    name = f"tinytorch_suite_{module.name}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        suite = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(suite)
        sys.modules[name] = suite
    return sys.modules[name]
