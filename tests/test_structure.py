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


def imports(file: Path, everywhere: bool) -> set[str]:
    """The modules of this repository that a file imports, when it is loaded or at any time."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree)) if everywhere else list(_run_at_once(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                found.add(below if below in NAMES else node.module)
    return {name for name in found if name.partition(".")[0] in ("tinytorch", "tito", "benchmarks")}


def _run_at_once(node: ast.AST) -> list[ast.AST]:
    """The nodes that are run when a file is loaded: neither in functions nor for types alone."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        found += [child, *_run_at_once(child)]
    return found


def test_no_circle_of_imports() -> None:
    graph = {name: imports(file, everywhere=False) for name, file in NAMES.items()}
    tuple(TopologicalSorter(graph).static_order())


def test_the_library_never_imports_the_command_line() -> None:
    for name, file in NAMES.items():
        if name.startswith("tinytorch"):
            assert {i for i in imports(file, everywhere=True) if not i.startswith("tinytorch")} == (
                set()
            ), name


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
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_file_of_the_core_imports_only_the_core_and_what_is_below_it(module: Module) -> None:
    found = imports(ROOT / module.library, everywhere=True)
    outside = {name for name in found if not name.startswith("tinytorch.core")}
    assert outside <= {f"tinytorch.{name}" for name in BELOW}


@pytest.mark.parametrize("name", BELOW)
def test_what_is_below_the_core_knows_nothing_of_what_is_above(name: str) -> None:
    found = imports(ROOT / "tinytorch" / f"{name}.py", everywhere=True)
    beside = {f"tinytorch.{other}" for other in BELOW}
    assert all(name.startswith("tinytorch.core") or name in beside for name in found)


@pytest.mark.parametrize("folder", ["tinytorch", "tito"])
def test_no_two_files_share_a_name(folder: str) -> None:
    names = Counter(
        file.name
        for file in FILES
        if file.relative_to(ROOT).parts[0] == folder and file.parent.name != "commands"
    )
    assert [name for name, times in names.items() if times > 1] == ["__init__.py"]
