"""One file in the place of a module of the framework, so that it can be checked.

`tinytorch.course.overlay.replace_module` is the way in. The file runs as `python file.py` would run
it: nothing is in its namespace but what it defines and imports, and it has the whole framework to
import from. It is a part of that framework itself, so what later modules need of it runs first; the
rest, such as a training loop at its end, runs once the framework is complete.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from types import CodeType, ModuleType
from typing import Any

from tinytorch.course import MODULES, sources
from tinytorch.course.ipython import run_cells
from tinytorch.course.overlay import REFERENCE, when_complete
from tinytorch.course.text import clean

# What a module teaches, by its name.
TAUGHT = {module.name: module.teaches for module in MODULES}

# Modules whose names others import. What autograd needs of the other ones can be lent.
_FOUNDATIONS = ("tensor", "autograd", "optimizers")


class UnfitFile(ImportError):
    """A file that cannot take the place of a module, though there may be nothing wrong with it.

    Attributes:
        expected: what would have to change.
        file, line: where.
    """

    def __init__(self, problem: str, expected: str, file: str, line: int) -> None:
        super().__init__(problem)
        self.expected, self.file, self.line = expected, file, line


class ReplacementFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads one module of `tinytorch.core` from `file`, wherever that is."""

    def __init__(self, module_name: str, file: str) -> None:
        self.module_name = module_name
        self.file = os.path.abspath(file)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module that is replaced, from its file; nothing else."""
        if fullname != f"tinytorch.core.{self.module_name}":
            return None
        return importlib.util.spec_from_file_location(fullname, self.file, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ReplacementModule:
        """The module, without the file's names so far."""
        name = clean(os.path.basename(self.file))  # which need not be text
        return ReplacementModule(spec.name, self.module_name, name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the code that counts in the file, or leave it to the framework to have it run."""
        assert isinstance(module, ReplacementModule)
        source = sources.read(self.file)
        if source.is_notebook:  # or tracebacks would show lines of the notebook's JSON
            lines = [f"{line}\n" for line in source.text.split("\n")]
            linecache.cache[self.file] = (len(source.text), None, lines, self.file)
        source.compiled()  # raises a SyntaxError with its place, before anything runs
        if self.module_name == "tensor":
            _check_tensor(source)
        parts = _in_two(source, self.module_name)
        if self.module_name in _FOUNDATIONS:
            _run(parts.pop(0), module)

        def go_on() -> None:
            if self.module_name not in _FOUNDATIONS:
                module.borrow_derivatives()
            try:
                for part in parts:
                    _run(part, module)
                if self.module_name != "tensor":
                    _check_same_tensor(source, module)
            except BaseException:
                if sys.modules.get(module.__name__) is module:  # as after any import that fails
                    del sys.modules[module.__name__]
                raise

        when_complete(go_on, before_others=self.module_name == "autograd")


def _check_tensor(source: sources.Source) -> None:
    """Raise an UnfitFile for a Tensor with which nothing here could work."""
    own = _binding(source, "Tensor")
    defined = {name for statement in source.statements for name in _defined(statement)}
    if isinstance(own, ast.ClassDef) and not defined & (_reference_names("tensor") - {"Tensor"}):
        raise UnfitFile(
            "it has a Tensor and no `apply`, so it seems to be written for another course. "
            "Here every operation goes through `apply`, where autograd takes note of it",
            "`as_array`, `apply`, and a Tensor whose operators call apply(np.add, self, other) and "
            "the like; `tito module start 01` hands out a file to write them in",
            source.file,
            own.lineno,
        )


def _check_same_tensor(source: sources.Source, module: ModuleType) -> None:
    """Raise an UnfitFile if the file has another Tensor than the framework."""
    from tinytorch.core.tensor import Tensor

    own = getattr(module, "Tensor", Tensor)
    if isinstance(own, type) and not issubclass(own, Tensor):
        whose = "of its own" if own.__module__ == module.__name__ else f"from {own.__module__}"
        raise UnfitFile(
            f"it has a Tensor {whose}, and is judged with the one that the framework uses",
            "from tinytorch.core.tensor import Tensor",
            source.file,
            getattr(_binding(source, "Tensor"), "lineno", 1),
        )


def _binding(source: sources.Source, name: str) -> ast.stmt | None:
    """The last statement that defines or imports a name."""
    for statement in reversed(source.statements):
        imported = _bound(statement) if _imports_in(statement) else set()
        if name in _defined(statement) | imported:
            return statement
    return None


def _run(source: sources.Source, module: ReplacementModule) -> None:
    if source.cells:
        run_cells(source.compiled(), vars(module))
    else:
        exec(source.compiled()[0], vars(module))
    module.update_helpers()


class ReplacementModule(ModuleType):
    """A module whose names are those of a file, and which gives others what the file lacks.

    Helpers that the rest of the framework imports are the reference's then, working with what the
    file defines. What the module teaches is never taken from the reference: there is a stand-in
    for it, which says so when it is called.
    """

    # Beside the namespace, not in it.
    __slots__ = ("_file_name", "_given", "_module_name", "_taught")

    def __init__(self, path: str, module_name: str, file_name: str) -> None:
        super().__init__(path)
        self._module_name, self._file_name = module_name, file_name
        self._taught = TAUGHT[module_name]
        self._given: dict[str, Any] = {"__name__": f"tinytorch.reference.{module_name}"}
        exec(_reference_code(module_name), self._given)
        self._given |= {name: _missing(name, file_name, self._given) for name in self._taught}

    def __getattr__(self, name: str) -> Any:
        """A name that the file does not define, or not yet."""
        helpers = _reference_names(self._module_name) - {*self._taught}
        if sys._getframe(1).f_globals is vars(self):  # the file imports from itself
            if name == "__all__":
                return sorted(helpers)
            if name in self._taught:
                raise ImportError(
                    f"{self._file_name} takes the place of {self.__name__}, so it cannot import "
                    f"{name} from there; define it in the file",
                    name=self.__name__,
                )
        if name not in helpers and name not in self._taught:
            raise AttributeError(f"{self._file_name} does not define {name}", name=name, obj=self)
        self.update_helpers()
        return self._given[name]

    def update_helpers(self) -> None:
        """Let helpers that come from the reference work with what the file defines by now."""
        names = _reference_names(self._module_name)
        self._given |= {name: value for name, value in vars(self).items() if name in names}

    def borrow_derivatives(self) -> None:
        """Let operations of the file have the derivatives of their namesakes in the reference.

        Autograd's table knows operations by identity. It was made before the file ran.
        """
        from tinytorch.core import autograd
        from tinytorch.core.tensor import Operation, Tensor, attach

        rules, record_known = autograd._rules, autograd.record
        given = self._given["__name__"]
        lent = {op.__name__: rules[op] for op in rules if getattr(op, "__module__", "") == given}

        def record(
            output: Tensor,
            op: Operation,
            inputs: tuple[Any, ...],
            arrays: list[Any],
            options: dict[str, Any],
        ) -> None:
            if op not in rules:
                for name, value in vars(self).items():
                    if value is op and name in lent:
                        rules[op] = lent[name]
            record_known(output, op, inputs, arrays, options)

        autograd.record = record
        attach(record, autograd.backward)


def _in_two(source: sources.Source, module_name: str) -> list[sources.Source]:
    """The file up to the last definition that others may need, and the rest of it.

    Imports of modules that need this one, or of the file itself, belong to the rest wherever they
    stand, unless their names are used at once.
    """
    body = source.statements
    needed = _reference_names(module_name)
    end = max((n for n, statement in enumerate(body, 1) if needed & _defined(statement)), default=0)
    while 0 < end < len(body) and body[end].lineno == body[end - 1].end_lineno:
        end += 1  # `x = 1; y = 2`
    above = body[:end]
    at_once = {name for s in above if not _imports_in(s) for name in _used_at_once(s)}
    later = [s for s in above if _imports_later(s, module_name) and not at_once & _bound(s)]
    future = [s for s in body if isinstance(s, ast.ImportFrom) and s.module == "__future__"]
    first = [s for s in body[:end] if s not in later]
    return [source.only(first), source.only([*future, *later, *body[end:]])]


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a definition or an assignment gives to something."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign():
            parts = [part for target in statement.targets for part in ast.walk(target)]
            stored = [p for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)]
            return {part.id for part in stored}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _passed_on(statement: ast.stmt) -> set[str]:
    """The names that are imported for others to import from here: `import x as x`."""
    aliases = statement.names if isinstance(statement, ast.ImportFrom) else []
    return {alias.name for alias in aliases if alias.name == alias.asname}


def _used_at_once(node: ast.AST) -> Iterator[str]:
    """The names that are looked up when a statement runs: not those in the bodies of functions."""
    if isinstance(node, ast.Name):
        yield node.id
    skipped = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    for child in ast.iter_child_nodes(node):
        if child not in skipped and not isinstance(node, ast.Lambda):
            yield from _used_at_once(child)


def _imports_in(statement: ast.stmt) -> list[ast.Import | ast.ImportFrom]:
    """The imports that a statement makes, by itself or as `try: import ...`."""
    if not isinstance(statement, ast.Import | ast.ImportFrom | ast.Try | ast.If):
        return []
    return [n for n in ast.walk(statement) if isinstance(n, ast.Import | ast.ImportFrom)]


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives to anything, imports included."""
    nodes = list(ast.walk(statement))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    aliases = [node for node in nodes if isinstance(node, ast.alias)]
    return stored | {alias.asname or alias.name.partition(".")[0] for alias in aliases}


def _imports_later(statement: ast.stmt, module_name: str) -> bool:
    """Whether a statement imports what may need this module, or what it teaches itself."""
    later = {*TAUGHT[module_name]}
    if module_name in _FOUNDATIONS:
        course = list(TAUGHT)
        for name in course[course.index(module_name) + 1 :]:
            later |= {name, *TAUGHT[name]}
    imported = []
    for node in _imports_in(statement):
        start = ""
        if isinstance(node, ast.ImportFrom):
            package = "tinytorch.core." if node.level else ""
            start = f"{package}{node.module}." if node.module else package
        imported += [f"{start}{alias.name}" for alias in node.names]
    if module_name in _FOUNDATIONS and "tinytorch.*" in imported:
        return True
    return any(name.startswith("tinytorch.") and later & {*name.split(".")} for name in imported)


# The library's own file of a module. Each is read, taken apart and compiled once, and only when
# that is asked for: a process may replace modules many times, one after the other.
@cache
def _reference_text(module_name: str) -> str:
    with open(_reference_file(module_name), encoding="utf-8") as opened:
        return opened.read()


@cache
def _reference_names(module_name: str) -> frozenset[str]:
    body = ast.parse(_reference_text(module_name)).body
    return frozenset().union(*map(_defined, body), *map(_passed_on, body))


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


class _Missing(type):
    """The type of stand-ins for what a file does not define: they can be imported, not used."""

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        raise NotImplementedError(cls.__doc__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # Python itself asks, and takes no for an answer
            raise AttributeError(name)
        raise NotImplementedError(cls.__doc__)


def _missing(name: str, file: str, namespace: dict[str, Any]) -> type:
    """A stand-in for what a file does not define."""
    contents = {"__doc__": f"{file} does not define {name}", "__module__": namespace["__name__"]}
    return _Missing(name, (), contents)
