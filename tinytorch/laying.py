"""One file in the place of a module of the framework, so that it can be checked.

`tinytorch.overlay.lay` is the way in.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
from collections.abc import Sequence
from functools import cache
from types import CodeType, ModuleType
from typing import Any

from tinytorch import sources
from tinytorch.ipython import run_cells
from tinytorch.overlay import REFERENCE

# What a module teaches. The rest of a module is help for it and for the modules that follow.
TAUGHT = {
    "tensor": ("Tensor", "apply"),
    "activations": (
        *("ReLU", "Sigmoid", "Tanh", "GELU", "Softmax"),
        *("relu", "sigmoid", "tanh", "gelu", "softmax"),
    ),
    "layers": ("Layer", "Linear", "Dropout"),
    "losses": ("MSELoss", "BinaryCrossEntropyLoss", "CrossEntropyLoss"),
    "autograd": ("backward", "no_grad"),
    "optimizers": ("SGD", "Adam", "AdamW"),
    "training": ("Trainer", "batches", "constant", "step_decay", "cosine", "save", "load"),
}


class LaidFile(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads one module of `tinytorch.core` from `file`, wherever that is."""

    def __init__(self, module_name: str, file: str) -> None:
        self.module_name = module_name
        self.file = os.path.abspath(file)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module that is laid, from its file; nothing else."""
        if fullname != f"tinytorch.core.{self.module_name}":
            return None
        return importlib.util.spec_from_file_location(fullname, self.file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the code that counts in the file.

        Names that the rest of the framework needs and the file lacks are there afterwards too.
        Beside a plain file, helpers are the reference's own; what the module teaches is never
        taken from the reference, and says so when it is called.
        """
        source = sources.read(self.file)
        if source.is_notebook:  # or tracebacks would show lines of the notebook's JSON
            lines = [f"{line}\n" for line in source.text.split("\n")]
            linecache.cache[self.file] = (len(source.text), None, lines, self.file)
        codes = source.compiled()
        namespace = vars(module)
        if not source.is_lesson:
            exec(_reference_code(self.module_name), namespace)
            for name in TAUGHT[self.module_name]:
                namespace.pop(name, None)
        if source.cells:
            run_cells(codes, namespace)
        else:
            exec(codes[0], namespace)
        for name in _reference_names(self.module_name):
            namespace.setdefault(name, _missing(name, os.path.basename(self.file)))


# The library's own file of a module. Each is read, taken apart and compiled once, and only when
# that is asked for: a process may lay many files, one after the other.
@cache
def _reference_text(module_name: str) -> str:
    with open(_reference_file(module_name), encoding="utf-8") as opened:
        return opened.read()


@cache
def _reference_names(module_name: str) -> list[str]:
    return public_names(_reference_text(module_name))


@cache
def _reference_code(module_name: str) -> CodeType:
    file = _reference_file(module_name)
    return compile(_reference_text(module_name), file, "exec", dont_inherit=True)


def _reference_file(module_name: str) -> str:
    return os.path.join(REFERENCE, f"{module_name}.py")


def public_names(text: str) -> list[str]:
    """The functions and classes that a Python text defines, in order, without private ones."""
    return [
        statement.name
        for statement in ast.parse(text).body
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not statement.name.startswith("_")
    ]


def _missing(name: str, file: str) -> type:
    """A stand-in for what a file does not define: it can be imported, but not used."""

    def fail(self: Any, *arguments: Any, **options: Any) -> None:
        raise NotImplementedError(f"{file} does not define {name}")

    return type(name, (), {"__init__": fail, "__doc__": f"Not defined in {file}."})
