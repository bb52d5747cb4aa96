"""Completing a module: from a learner's exercise to a part of the framework."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course import MODULES, Module
from tinytorch.course.loading import public_names
from tinytorch.course.overlay import VARIABLE
from tinytorch.course.sources import EXPORT, Source, cells_of, code_cells, pointed_out, read
from tinytorch.files import write_atomically
from tito.errors import NotJudgedError, TitoError
from tito.lessons import material
from tito.lessons.export import exported_source
from tito.workspace.folder import Workspace, fingerprint, forget_compiled

IMPORT = "import " + ", ".join(f"tinytorch.core.{module.name}" for module in MODULES)


@dataclass(frozen=True)
class Draft:
    """What would be exported from a learner's file."""

    module: Module
    file: Path
    content: bytes
    """The file as it was when it was read."""
    exported: str
    notes: list[str]
    """What the learner should know about that, in sentences."""


def draft(workspace: Workspace, module: Module) -> Draft:
    """Read the learner's file, as far as that goes without running it.

    Raises:
        NotJudgedError: it is not Python.
        TitoError: nothing is written in it yet, it lacks something that was there when it was
            handed out, or it is not clear which file counts.
    """
    file = workspace.working_file(module)
    if file is None:
        raise TitoError(f"{module.lesson} is gone. To put it back as it was handed out: tito init")
    shown = workspace.shown(file)
    try:
        content = file.read_bytes()
        source = read(str(file))
    except OSError as error:
        raise TitoError(f"{shown} cannot be read: {error.strerror}.") from error
    except SyntaxError as error:
        where = f"{shown}:{error.lineno}" if error.lineno else shown
        raise NotJudgedError(_not_python(where, error)) from error
    try:
        source.compiled()
    except SyntaxError as error:
        where = source.place(error.lineno) if error.lineno else shown
        raise NotJudgedError(_not_python(where, error)) from error
    to_write = workspace.unwritten(file)
    if to_write and workspace.nothing_written(module, file):
        helper, _ = material.help_for(module)[-1]
        raise TitoError(
            f"Nothing is written in {shown} yet.\n"
            f"Begin with {to_write[0].name}: {to_write[0].place}\n"
            f"Help with it: {helper}"
        )
    _check_names(module, file, source, shown)
    _check_plain(source)
    return Draft(module, file, content, exported_source(source, shown), _notes(source))


def export(workspace: Workspace, draft: Draft) -> list[str]:
    """Make the draft, whose checks have passed, a part of the framework; say what was done.

    Raises:
        TitoError: the file has changed since it was read, or the workspace cannot be written.
    """
    said = []
    with workspace.change() as state:
        if draft.file.read_bytes() != draft.content:
            raise TitoError(
                f"{workspace.shown(draft.file)} was saved while it was checked, so nothing was "
                f"exported. Once more: tito module complete {draft.module.digits}"
            )
        finished = workspace.finished_file(draft.module)
        shown = workspace.shown(finished)
        if finished.is_file() and finished.read_bytes() == draft.exported.encode():
            said.append(f"{shown} is up to date.")
        else:
            if finished.is_file():
                kept = workspace.shown(workspace.keep(finished))
                said.append(f"The {finished.name} before is in {kept}.")
            said.insert(0, f"{shown} is exported, and the framework uses it.")
            finished.parent.mkdir(parents=True, exist_ok=True)
            forget_compiled(finished)
            write_atomically(finished, draft.exported)
        progress = workspace.progress(draft.module)
        progress.started, progress.finished = True, fingerprint(draft.file)
        state.current = draft.module.name
    return said


def problem_at_import(module: Module, file: Path) -> str:
    """What goes wrong when the framework is imported with a file in the module's place, if so."""
    replace = "import sys, tinytorch.course.overlay as o; o.replace_module(*sys.argv[1:]); "
    return "".join(_errors_of(replace + IMPORT, module.name, str(file)).splitlines()[-1:])


def check_framework(workspace: Workspace, draft: Draft) -> None:
    """See that the framework can be imported with the draft in it.

    Raises:
        TitoError: it cannot, since the draft uses what is not there yet when it is its turn.
    """
    with tempfile.TemporaryDirectory(prefix="tito-") as folder:
        core = Path(folder) / "tinytorch" / "core"
        core.mkdir(parents=True)
        for other in map(workspace.finished_file, MODULES):
            if other.is_file():
                shutil.copy(other, core)
        finished = core / workspace.finished_file(draft.module).name
        finished.write_text(draft.exported, encoding="utf-8")
        errors = _errors_of(IMPORT, workspace=folder)
        if f'File "{finished}"' not in errors:  # or another module is to blame
            return
        raise TitoError(
            f"{draft.module.name} passes, but the framework cannot be imported with it, so nothing "
            f"was exported: {errors.splitlines()[-1]}\n"
            f"What trains or tries something belongs in a cell without {EXPORT}."
        )


def _errors_of(program: str, *arguments: str, workspace: str | None = None) -> str:
    """What a Python program that fails writes to stderr; nothing if it does not fail."""
    variables = {"PYTHONIOENCODING": "utf-8"} | ({VARIABLE: workspace} if workspace else {})
    try:
        finished = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
        )
    except subprocess.TimeoutExpired:
        return "it does not come to an end"
    return "" if finished.returncode == 0 else finished.stderr.strip() or "it ended Python itself"


def _not_python(where: str, error: SyntaxError) -> str:
    lines = [f"{where}: not valid Python: {error.msg}", *pointed_out(error)]
    return "\n  ".join(lines)


def _check_names(module: Module, file: Path, source: Source, shown: str) -> None:
    """Modules that follow use what was there when the exercise was handed out, so it must stay."""
    given = [cell.text for cell in cells_of(material.exercise(module)) if cell.exported]
    defined = set(_bound_names(source.text))
    missing = [name for name in public_names("\n".join(given)) if name not in defined]
    if not missing:
        return
    problem = f"{shown} does not define {', '.join(missing)}, which the framework needs."
    other_code = "\n".join(cell.text for cell in code_cells(str(file)) if not cell.exported)
    astray = [name for name in missing if re.search(rf"^(def|class) {name}\b", other_code, re.M)]
    if astray:
        fix = f"The cell of {', '.join(astray)} must begin with the line: #| export"
    else:
        fix = f"To see where it was: tito solution {module.digits}"
    raise TitoError(f"{problem} {fix}")


def _check_plain(source: Source) -> None:
    """The library file is a module like any other, and works where there is no IPython."""
    tree = ast.parse(source.text)
    bound = _bound_names(source.text)
    found = {
        node.lineno: "`display`" if node.id == "display" else "a magic or a command of the system"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and node.id in ("display", "get_ipython")
        and node.id not in bound
    }
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for statement in tree.body:
        for node in ast.walk(statement) if not isinstance(statement, functions) else ():
            if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
                found[node.lineno] = "`await` outside of a function"
    if found:
        line = min(found)
        raise TitoError(
            f"{source.place(line)} has {found[line]}, which works in a notebook alone; the "
            "framework is made of plain modules. Move it to a cell that is not marked for export."
        )


def _bound_names(text: str) -> list[str]:
    names = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names]
        else:
            names += [
                child.id
                for child in ast.walk(node)
                if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
            ]
    return names


def _notes(source: Source) -> list[str]:
    notes = []
    left_out = [source.place(first) for first, _ in source.experiments]
    if left_out:
        notes.append(f"Left out of it, since it only shows something: {', '.join(left_out)}.")
    prints = [
        source.place(node.lineno)
        for node in ast.walk(ast.parse(source.text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    if prints:
        notes.append(f"It still prints each time it gets to {', '.join(prints)}.")
    return notes
