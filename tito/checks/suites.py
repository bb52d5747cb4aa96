"""Reading the check suite of a module of the course."""

from types import ModuleType

from tinytorch.checking import suites
from tito.course import Module
from tito.errors import TitoError


def read_suite(module: Module) -> ModuleType:
    """The suite of a module: see `tinytorch.checking.suites`.

    Raises:
        TitoError: there are no checks for this module.
    """
    try:
        return suites.read_suite(module.name)
    except LookupError:
        raise TitoError(f"There are no checks for {module.folder} yet.") from None
