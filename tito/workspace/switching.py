"""Going on in the notebook instead of the `.py` file, or the other way round."""

from pathlib import Path

from tinytorch.course import Module
from tinytorch.files import write_atomically
from tito.errors import TitoError
from tito.lessons.export import notebook_source
from tito.lessons.forms import as_file, as_notebook, exercise_file
from tito.lessons.set_up_cell import is_set_up
from tito.workspace.folder import Workspace, fingerprint

_HEADER_END = "# ---\n"


def switch(workspace: Workspace, module: Module, kind: str) -> list[str]:
    """Make `kind` (`py` or `ipynb`) the version that counts; say in sentences what was done.

    One of the two files is there. The wanted one is made from the other, or brought in line with
    it, except if it has changes of its own. Before it changes, a copy of it is kept.

    Raises:
        TitoError: the file to go by cannot be read.
    """
    progress = workspace.progress(module)
    target = workspace.notebook(module) if kind == "ipynb" else workspace.lesson(module)
    other = workspace.lesson(module) if kind == "ipynb" else workspace.notebook(module)
    changed = workspace.changed(module)
    came_over = progress.working != kind
    progress.working = kind
    if not other.is_file():
        return []
    if kind in changed:
        progress.seen["py" if kind == "ipynb" else "ipynb"] = fingerprint(other)
        if len(changed) == 2:
            return [f"{other.name} stays as it is, with changes that are not in {target.name}."]
        return []
    said = []
    is_current = target.is_file() and (
        _say_the_same(workspace, module) if came_over else fingerprint(target) == fingerprint(other)
    )
    if not is_current:
        converted = (
            _as_notebook(other, module) if kind == "ipynb" else _as_lesson(other, target, module)
        )
        if target.is_file():
            copy = workspace.shown(workspace.keep(target))
            said = [f"{target.name} now has what {other.name} has. What it had is in {copy}."]
        write_atomically(target, converted)
    code = fingerprint(target)
    progress.seen = {"py": code, "ipynb": code}
    return said


def _say_the_same(workspace: Workspace, module: Module) -> bool:
    """Whether the `.py` and the notebook have the same cells, prose and experiments included."""
    lesson, notebook = workspace.lesson(module), workspace.notebook(module)
    texts = (_text(lesson), _as_lesson(notebook, lesson, module))
    one, other = ([line.rstrip() for line in t.split("\n") if line.strip()] for t in texts)
    return one == other


def _as_notebook(lesson: Path, module: Module) -> str:
    return notebook_source(as_notebook(module, _text(lesson)))


def _as_lesson(notebook: Path, lesson: Path, module: Module) -> str:
    import jupytext  # type: ignore[import-untyped] # here, because it takes a quarter second

    try:
        found = jupytext.reads(_text(notebook), fmt="ipynb")
        found.cells = [cell for cell in found.cells if not is_set_up(cell.metadata)]
        text: str = jupytext.writes(found, fmt="py:percent")
    except Exception as error:  # jupytext promises no particular ones
        raise TitoError(f"{notebook} is not a notebook: {error}") from error
    before = _text(lesson) if lesson.is_file() else exercise_file(module)
    header = before.split(_HEADER_END, 2)
    parts = text.split(_HEADER_END, 2)
    whole = _HEADER_END.join([*header[:2], parts[-1]]) if len(header) == 3 else parts[-1]
    return as_file(module, whole)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # Notepad may mark the beginning
    except UnicodeDecodeError as error:
        raise TitoError(f"{file} is not a text file: {error}.") from error
