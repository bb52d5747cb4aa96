"""The course: its modules, how they are called, and where a clone of the repository keeps them."""

import difflib
import re
from collections.abc import Iterable
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
    def digits(self) -> str:
        """What a learner types for the module, and is told to type: `03`."""
        return f"{self.number:02}"

    @property
    def folder(self) -> str:
        """The folder in `modules/`: `03_layers`."""
        return f"{self.digits}_{self.name}"

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
    """The module called `text`: `3`, `03`, `layers`, `03_layers` and `layers_dev.py` are the same.

    Raises:
        ValueError: no module is called that; the message lists those there are.
    """
    spellings = {
        spelling: module
        for module in MODULES
        for spelling in (str(module.number), module.digits, module.name, module.folder)
    }
    wanted = re.sub(r"(_dev)?\.(py|ipynb)$|_dev$", "", Path(text.strip().lower()).name)
    if wanted in spellings:
        return spellings[wanted]
    suggestion = did_you_mean(wanted, [s for s in spellings if not s.isdigit()])
    listing = ", ".join(module.folder for module in MODULES)
    raise ValueError(f"There is no module {text!r}.{suggestion} The modules are {listing}.")


def did_you_mean(text: str, names: Iterable[str], before: str = "", after: str = "") -> str:
    """A question with the name that is nearest to `text`, in its command; "" if none is near."""
    spelled = {name.lower(): name for name in names}
    near = difflib.get_close_matches(text.lower(), spelled, n=1)
    words = [word for word in (before, spelled[near[0]], after) if word] if near else []
    return f" Did you mean {' '.join(words)!r}?" if words else ""


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


class ModuleOrNameType(ModuleType):
    """A MODULE, or else a name from one, as it was typed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The module that `value` names; any other word stays what it is, but no number does."""
        try:
            return super().convert(value, param, ctx)
        except click.UsageError:
            if value.strip().isdigit():
                raise
            return value


MODULE, MODULE_OR_NAME = ModuleType(), ModuleOrNameType()


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
