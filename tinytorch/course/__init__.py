"""The course, stated once: what its modules are, what each teaches, and what it builds on.

A module is a folder, `modules/NN_name/`, and a line in `MODULES`. Whatever speaks of modules goes
by that line: commands, the overview, the checks, the experiments, the table in the README.

Beside it, this package holds what a notebook or a browser needs around the framework, without a
terminal: checks, experiments, and a learner's own modules in the place of the installed ones. It
imports no NumPy, so that a command can ask about the course in no time.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True)
class Module:
    """One module of the course, which teaches and builds one file of `tinytorch.core`.

    Attributes:
        number: its place in the course.
        name: the name of its file in the library, such as "layers".
        tier: the part of the course that it belongs to.
        subject: what it is about, in a few words.
        teaches: the names that a learner has written in the end. Whatever else the file defines
            is help for them, and for the modules that follow.
        needs: the modules that it builds on, by name.
    """

    number: int
    name: str
    tier: str
    subject: str
    teaches: tuple[str, ...]
    needs: tuple[str, ...] = ()

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
    def checks(self) -> str:
        """The checks of the module: `modules/03_layers/checks.py`."""
        return f"modules/{self.folder}/checks.py"

    @property
    def library(self) -> str:
        """The library file that the lesson becomes: `tinytorch/core/layers.py`."""
        return f"tinytorch/core/{self.name}.py"


FOUNDATION = "Foundation"

MODULES = (
    Module(
        1,
        "tensor",
        FOUNDATION,
        "arrays, and the one door that every operation goes through",
        ("Tensor", "apply", "as_array"),
    ),
    Module(
        2,
        "activations",
        FOUNDATION,
        "ReLU, sigmoid, tanh, GELU, softmax",
        (
            *("ReLU", "Sigmoid", "Tanh", "GELU", "Softmax"),
            *("relu", "sigmoid", "tanh", "gelu", "softmax"),
        ),
        needs=("tensor",),
    ),
    Module(
        3,
        "layers",
        FOUNDATION,
        "Linear and Dropout",
        ("Linear", "Dropout"),
        needs=("tensor", "activations"),
    ),
    Module(
        4,
        "losses",
        FOUNDATION,
        "squared error and the cross-entropies",
        ("MSELoss", "BinaryCrossEntropyLoss", "CrossEntropyLoss"),
        needs=("tensor", "activations", "layers"),
    ),
    Module(
        5,
        "autograd",
        FOUNDATION,
        "the recorder, the walk backward, the table of derivatives",
        ("backward", "no_grad"),
        needs=("tensor", "activations", "layers", "losses"),
    ),
    Module(
        6,
        "optimizers",
        FOUNDATION,
        "SGD, Adam, AdamW",
        ("SGD", "Adam", "AdamW"),
        needs=("tensor", "autograd"),
    ),
    Module(
        7,
        "training",
        FOUNDATION,
        "batches, schedules, the loop, weights on disk",
        ("Trainer", "batches", "constant", "step_decay", "cosine", "save", "load"),
        needs=("tensor", "layers", "losses", "autograd", "optimizers"),
    ),
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
    wanted = re.sub(r"(_dev)?\.(py|ipynb)$|_dev$", "", PurePath(text.strip().lower()).name)
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
