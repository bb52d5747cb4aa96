"""Reading a check suite, which runs none of the code that it judges."""

from __future__ import annotations

from types import ModuleType

from tinytorch.course import shipped


def read_suite(module_name: str) -> ModuleType:
    """The suite of a module, imported. A suite imports what it judges only when a check runs.

    Raises:
        LookupError: there are no checks for this module.
    """
    file = shipped.check_file(module_name)
    if file is None:
        raise LookupError(f"there are no checks for {module_name!r} yet")
    return shipped.load_file(f"tinytorch_suite_{module_name}", file)
