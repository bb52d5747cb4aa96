"""Looking at a workspace: its notes, its folders, the exercises and the finished modules."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from tinytorch.course import MODULES
from tinytorch.course.loading import public_names
from tinytorch.course.overlay import REFERENCE
from tito.doctor.finding import NOTE, OK, PROBLEM, Finding, ask_python, last_line
from tito.errors import TitoError
from tito.workspace.completing import draft
from tito.workspace.folder import HIDDEN, Status, Workspace, is_export_of
from tito.workspace.handout import outdated_checks


def _notes(workspace: Workspace) -> Iterator[Finding]:
    problem = workspace.state_problem()
    if problem:
        yield Finding(
            NOTE,
            f"tinytorch.toml {problem}.",
            "tito works it out again from your files; it will say so when it does.",
        )


def _writing(workspace: Workspace) -> Iterator[Finding]:
    folders = [workspace.root, workspace.root / HIDDEN, workspace.finished_file(MODULES[0]).parent]
    folders += [workspace.lesson(module).parent for module in MODULES]
    closed = [f for f in folders if f.is_dir() and not os.access(f, os.W_OK | os.X_OK)]
    closed += [
        file
        for module in MODULES
        for file in workspace.versions(module).values()
        if not os.access(file, os.R_OK | os.W_OK)
    ]
    if closed:
        names = ", ".join(workspace.shown(path) for path in closed)
        yield Finding(
            PROBLEM,
            f"You may not write to {names}.",
            f"chmod -R u+rwX {workspace.root}, or copy the workspace to where you can write",
        )


def _space(workspace: Workspace) -> Iterator[Finding]:
    free = shutil.disk_usage(workspace.root).free
    if free < 100 * 2**20:
        yield Finding(
            PROBLEM,
            f"The disk has {free / 2**20:.0f} MiB left.",
            "Free some space: 100 MiB will do.",
        )
    else:
        yield Finding(OK, f"{free / 2**30:.0f} GiB free")


def _exercises(workspace: Workspace) -> Iterator[Finding]:
    for module in MODULES:
        if not workspace.versions(module):
            yield Finding(NOTE, f"{module.lesson} is gone.", "To put it back: tito init")
            continue
        status = workspace.status(module)
        files = workspace.versions(module).values()
        try:
            if all(workspace.nothing_written(module, file) for file in files):
                continue
            current = draft(workspace, module)
        except TitoError as error:
            yield Finding(NOTE, error.message)
            continue
        complete = f"tito module complete {module.digits}"
        finished = workspace.finished_file(module)
        if status is Status.CHANGED:
            shown = workspace.shown(current.file)
            yield Finding(NOTE, f"{shown} has changed since {module.name} was finished.", complete)
        elif status is Status.FINISHED and not is_export_of(current.file, finished):
            yield Finding(
                NOTE,
                f"{workspace.shown(finished)} is not what {workspace.shown(current.file)} exports.",
                f"To export it again, keeping a copy: {complete}",
            )
    outdated = outdated_checks(workspace)
    if outdated:
        yield Finding(
            NOTE,
            f"This TinyTorch has other checks than {', '.join(outdated)}; it uses its own.",
            f"To have them here too: rm {' '.join(outdated)} && tito init",
        )


def _finished(workspace: Workspace) -> Iterator[Finding]:
    yours = [module for module in MODULES if workspace.finished_file(module).is_file()]
    seen = set()
    for module in yours:
        complete = f"tito module complete {module.digits}"
        finished = workspace.finished_file(module)
        run = ask_python(f"import tinytorch.core.{module.name}", workspace.root, workspace.root)
        if run.returncode:
            frames = re.findall(r'File "(.+)", line (\d+)', run.stderr)
            places = [f"{workspace.shown(Path(f))}:{n}" for f, n in frames if _is_in(f, workspace)]
            where = places[-1] if places else workspace.shown(finished)
            what = f"The framework cannot be imported: {where}: {last_line(run.stderr)}"
            if what not in seen:
                yield Finding(PROBLEM, what, f"Mend your exercise, then: {complete}")
            seen.add(what)
            continue
        reference = Path(REFERENCE, finished.name)
        defined = set(public_names(finished.read_text(encoding="utf-8")))
        missing = [
            name
            for name in public_names(reference.read_text(encoding="utf-8"))
            if name not in defined
        ]
        if missing:
            yield Finding(
                PROBLEM,
                f"{workspace.shown(finished)} lacks {', '.join(missing)}, "
                "which this TinyTorch uses.",
                f"Add it to your exercise as in tito solution {module.digits}, then: {complete}",
            )
        else:
            yield Finding(OK, f"your {module.name}")


def _is_in(file: str, workspace: Workspace) -> bool:
    return Path(file).is_relative_to(workspace.root)


LOOKS = (_notes, _writing, _space, _exercises, _finished)
