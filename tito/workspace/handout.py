"""Handing out: the files that TinyTorch puts into a workspace."""

import tinytorch
from tinytorch.course import MODULES, Module
from tinytorch.files import write_atomically
from tito.lessons import material
from tito.lessons.export import notebook_source
from tito.lessons.forms import exercise_file
from tito.workspace.folder import Workspace, fingerprint_of, forget_compiled
from tito.workspace.notes import Progress, State


def hand_out_exercise(workspace: Workspace, state: State, module: Module) -> None:
    """Write the exercise file of a module afresh, and note which edition it is."""
    text = exercise_file(module)
    progress = state.modules.setdefault(module.name, Progress())
    progress.edition, progress.handed_out = material.edition(module), fingerprint_of(text)
    progress.seen, progress.working = {}, "py"
    path = workspace.lesson(module)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)


def start_over(workspace: Workspace, module: Module) -> list[tuple[str, str]]:
    """Hand out an exercise afresh, and give up the finished module.

    Returns:
        Each file that had something else in it, and where a copy of that is kept.

    Raises:
        TitoError: the workspace cannot be written.
    """
    lesson, notebook = workspace.lesson(module), workspace.notebook(module)
    finished = workspace.finished_file(module)
    fresh = {lesson: exercise_file(module)}
    if notebook.is_file():
        fresh[notebook] = notebook_source(material.exercise(module))
    with workspace.change() as state:
        old = [
            path
            for path in (*fresh, finished)
            if path.is_file() and path.read_bytes() != fresh.get(path, "").encode()
        ]
        # All copies are made before anything is overwritten.
        kept = [(workspace.shown(path), workspace.shown(workspace.keep(path))) for path in old]
        hand_out_exercise(workspace, state, module)
        if notebook in old:
            write_atomically(notebook, fresh[notebook])
        forget_compiled(finished)
        finished.unlink(missing_ok=True)
        progress = state.modules[module.name]
        progress.started, progress.finished, progress.hints = False, "", {}
    return kept


def add_missing(workspace: Workspace, state: State) -> list[str]:
    """Put every file into the workspace that is not there, and say which."""
    added = []
    for name, text in material.workspace_files().items():
        path = workspace.root / name
        if not path.exists() and not path.is_symlink():
            write_atomically(path, text)
            added.append(name)
    workspace.finished_file(MODULES[0]).parent.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        if not workspace.lesson(module).exists() and not workspace.notebook(module).exists():
            hand_out_exercise(workspace, state, module)
            added.append(module.lesson)
        workspace.progress(module)
    for name, source in material.check_files().items():
        path = workspace.root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, source.read_bytes())
            added.append(workspace.shown(path))
    return added


def has_new_edition(workspace: Workspace, module: Module) -> bool:
    """Whether the TinyTorch that is installed has another lesson than the one handed out."""
    edition = workspace.progress(module).edition
    return bool(edition) and edition != material.edition(module)


def add_new_editions(workspace: Workspace, state: State) -> list[str]:
    """Put each lesson that is new beside the learner's, and say where."""
    added = []
    for module in MODULES:
        if not has_new_edition(workspace, module):
            continue
        path = workspace.lesson(module).with_name(f"{module.name}_dev_{tinytorch.__version__}.py")
        text = exercise_file(module)
        if not path.exists():
            write_atomically(path, text)
            added.append(workspace.shown(path))
        state.modules[module.name].edition = material.edition(module)
    return added


def outdated_checks(workspace: Workspace) -> list[str]:
    """The check files in the workspace that are not those of the TinyTorch installed."""
    return [
        name
        for name, source in material.check_files().items()
        if (file := workspace.root / name).is_file() and file.read_bytes() != source.read_bytes()
    ]
