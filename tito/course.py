"""The course: its modules, how they are called, and where a clone of the repository keeps them."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from tito.errors import TitoError


@dataclass(frozen=True)
class Module:
    """One module of the course, which teaches and builds one file of `tinytorch.core`."""

    number: int
    name: str

    @property
    def folder(self) -> str:
        """The folder in `modules/`: `03_layers`."""
        return f"{self.number:02}_{self.name}"

    @property
    def lesson(self) -> str:
        """The lesson, from the root of a clone: `modules/03_layers/layers_dev.py`."""
        return f"modules/{self.folder}/{self.name}_dev.py"

    @property
    def notebook(self) -> str:
        """The exercise notebook beside the lesson: `modules/03_layers/layers_dev.ipynb`."""
        return f"modules/{self.folder}/{self.name}_dev.ipynb"

    @property
    def library(self) -> str:
        """The library file that the lesson becomes: `tinytorch/core/layers.py`."""
        return f"tinytorch/core/{self.name}.py"


MODULES = tuple(
    Module(number, name)
    for number, name in enumerate(
        ("tensor", "activations", "layers", "losses", "autograd", "optimizers", "training"), 1
    )
)


def find_module(text: str) -> Module:
    """The module called `text`: `3`, `03`, `layers` and `03_layers` are all the same one.

    Raises:
        ValueError: no module is called that; the message lists those there are.
    """
    spellings = {
        spelling: module
        for module in MODULES
        for spelling in (str(module.number), f"{module.number:02}", module.name, module.folder)
    }
    wanted = text.strip().lower()
    if wanted in spellings:
        return spellings[wanted]
    near = difflib.get_close_matches(wanted, [s for s in spellings if not s.isdigit()], n=1)
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    listing = ", ".join(module.folder for module in MODULES)
    raise ValueError(f"There is no module {text!r}.{suggestion} The modules are {listing}.")


class ModuleType(click.ParamType):  # type: ignore[type-arg] # generic in new releases only
    """A MODULE on the command line, completed by the shell."""

    name = "module"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Module:
        """The module that `value` names; an unknown one is wrong usage."""
        if isinstance(value, Module):
            return value
        try:
            return find_module(value)
        except ValueError as error:
            raise click.UsageError(str(error), ctx) from error

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names for what is typed as a name, folders for what is typed as a number."""
        candidates = [m.folder if incomplete[:1].isdigit() else m.name for m in MODULES]
        return [CompletionItem(text) for text in candidates if text.startswith(incomplete.lower())]


MODULE = ModuleType()


def find_repository() -> Path | None:
    """The clone around the current folder, else the one `tito` runs from, else None."""
    source = Path(__file__).resolve().parent.parent
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the current folder has been deleted
        here = source
    return next((f for f in (here, *here.parents, source) if is_repository(f)), None)


def is_repository(folder: Path) -> bool:
    """Whether a folder is the root of a clone of TinyTorch."""
    # A learner's workspace looks alike, but does not hold the source of tito.
    return (
        (folder / "pyproject.toml").is_file()
        and (folder / "modules").is_dir()
        and (folder / "tito" / "course.py").is_file()
    )


def repository_root() -> Path:
    """The root of the clone that a maintainer's command works on.

    Raises:
        TitoError: `tito` was installed from a wheel, and the current folder is in no clone.
    """
    root = find_repository()
    if root is None:
        raise TitoError(
            f"This command works on a clone of the TinyTorch repository, and {Path.cwd()} is not "
            "inside one. Go to your clone and try again."
        )
    return root
