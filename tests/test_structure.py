"""Who may import whom, read off the files, and where a file is found by its name."""

import ast
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tinytorch.course import MODULES, Module

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((*ROOT.glob("tinytorch/**/*.py"), *ROOT.glob("tito/**/*.py")))
NAMES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in FILES
}


def imports(file: Path, functions: bool = True, types: bool = True) -> set[str]:
    """The modules of this repository that a file imports.

    Args:
        file: the file.
        functions: whether to count what is imported in functions, when they are called.
        types: whether to count what is imported for types alone, which is never.
    """
    found = set()
    for node in _nodes(ast.parse(file.read_text(encoding="utf-8")), functions, types):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                found.add(below if below in NAMES else node.module)
    return {name for name in found if name.partition(".")[0] in ("tinytorch", "tito", "benchmarks")}


def _nodes(node: ast.AST, functions: bool, types: bool) -> list[ast.AST]:
    """The nodes below a node, but those in functions, or for types, where these do not count."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not functions:
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test) and not types:
            continue
        found += [child, *_nodes(child, functions, types)]
    return found


def test_no_circle_of_imports() -> None:
    graph = {name: imports(file, functions=False, types=False) for name, file in NAMES.items()}
    tuple(TopologicalSorter(graph).static_order())


def test_the_library_never_imports_the_command_line() -> None:
    for name, file in NAMES.items():
        if name.startswith("tinytorch"):
            assert {i for i in imports(file) if not i.startswith("tinytorch")} == (set()), name


# What the core stands on: files beside it, each a subject of its own.
BELOW = (
    "allocator",
    "arguments",
    "composition",
    "derivatives",
    "files",
    "guard",
    "listeners",
    "random",
    "summation",
    "targets",
    "within",
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_file_of_the_core_imports_only_the_core_and_what_is_below_it(module: Module) -> None:
    found = imports(ROOT / module.library)
    outside = {name for name in found if not name.startswith("tinytorch.core")}
    assert outside <= {f"tinytorch.{name}" for name in BELOW}


@pytest.mark.parametrize("name", BELOW)
def test_what_is_below_the_core_knows_nothing_of_what_is_above(name: str) -> None:
    found = imports(ROOT / "tinytorch" / f"{name}.py", types=False)
    assert found <= {f"tinytorch.{other}" for other in BELOW}


@pytest.mark.parametrize("folder", ["tinytorch", "tito"])
def test_no_two_files_share_a_name(folder: str) -> None:
    names = Counter(
        file.name
        for file in FILES
        if file.relative_to(ROOT).parts[0] == folder and file.parent.name != "commands"
    )
    assert [name for name, times in names.items() if times > 1] == ["__init__.py"]


def test_no_two_files_of_tests_share_a_name() -> None:
    # pytest imports them by their names alone, and stops at the second.
    names = Counter(file.name for file in ROOT.glob("tests/**/test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
