"""A learner's workspace: its files, how far each module is, and writing there safely."""

import errno
import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path

import click

from tinytorch.course import MODULES, Module
from tinytorch.course.overlay import MARKER, VARIABLE, find_workspace
from tinytorch.course.sources import Cell, cells_of, code_cells, read
from tinytorch.files import write_atomically
from tito.errors import TitoError
from tito.lessons import material
from tito.lessons.export import exported_source, same_export
from tito.terminal.prose import fit
from tito.workspace.lock import locked
from tito.workspace.notes import Progress, State, from_toml, to_toml

HIDDEN = ".tinytorch"  # tito's own folder in a workspace
_UNWRITTEN = re.compile(r'raise\s+NotImplementedError\(\s*"Write ([\w.]+) in ')


class Status(Enum):
    """How far a learner is with a module."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    FINISHED = "finished"
    CHANGED = "changed since it was finished"


@dataclass(frozen=True)
class Unwritten:
    """An exercise that still says that it is to be written."""

    name: str
    """The dotted name of the function: `Linear.forward`."""
    place: str
    """`modules/03_layers/layers_dev.py:95`, or a notebook with `, cell 5, line 3`."""


class Workspace:
    """A folder with a `tinytorch.toml`, as `tito init` makes it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls) -> "Workspace | None":
        """The active workspace, or None: see `tinytorch.course.overlay.find_workspace`.

        A workspace that has lost its `tinytorch.toml` is known by its `.tinytorch` folder.

        Raises:
            TitoError: the environment variable names a folder that is no workspace.
        """
        found = find_workspace()
        if found is not None:
            root = Path(found)
            if not (root / MARKER).is_file() and not (root / HIDDEN).is_dir():
                raise TitoError(
                    f"{VARIABLE} names {root}, which is not a workspace. To make it one, or else "
                    f"to do without:\n  tito init {root}\n  unset {VARIABLE}"
                )
            return cls(root)
        if os.environ.get(VARIABLE) == "off":
            return None
        with suppress(FileNotFoundError):  # the current folder has been deleted
            here = Path.cwd()
            return next((cls(f) for f in (here, *here.parents) if (f / HIDDEN).is_dir()), None)
        return None

    @classmethod
    def here(cls) -> "Workspace":
        """The active workspace.

        Raises:
            TitoError: there is none.
        """
        workspace = cls.find()
        if workspace is None:
            raise TitoError(
                "You are not in a workspace. To make one and go there:\n"
                "  tito init my-tinytorch && cd my-tinytorch"
            )
        return workspace

    # ---- Files ----

    def lesson(self, module: Module) -> Path:
        """The exercise file, a `.py`."""
        return self.root / module.lesson

    def notebook(self, module: Module) -> Path:
        """The exercise as a notebook; it is there only if the learner wants it."""
        return self.root / module.notebook

    def finished_file(self, module: Module) -> Path:
        """The finished module, which the framework uses."""
        return self.root / module.library

    def shown(self, path: Path) -> str:
        """A path in the words of someone in the workspace: `modules/03_layers/layers_dev.py`."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    # ---- What the learner works on ----

    def versions(self, module: Module) -> dict[str, Path]:
        """The files that are there to work in: `py`, `ipynb`, or both."""
        files = {"py": self.lesson(module), "ipynb": self.notebook(module)}
        return {kind: file for kind, file in files.items() if file.is_file()}

    def changed(self, module: Module) -> list[str]:
        """Which versions hold code that is in none of the others, as far as tito has seen."""
        progress = self.progress(module)
        codes = {kind: fingerprint(file) for kind, file in self.versions(module).items()}
        if len(set(codes.values())) == 1:
            return []
        seen = {kind: progress.seen.get(kind, progress.handed_out) for kind in codes}
        return [kind for kind, code in codes.items() if code != seen[kind]]

    def working_file(self, module: Module) -> Path | None:
        """The file that counts, `.py` or `.ipynb`; None where there is neither.

        Where there are both, it is the one that has changed since they last said the same.

        Raises:
            TitoError: both have changed, so that the learner has to say.
        """
        files = self.versions(module)
        if len(files) < 2:
            return next(iter(files.values()), None)
        changed = self.changed(module)
        if len(changed) == 2:
            names = (files["py"].name, files["ipynb"].name)
            raise TitoError(
                f"{names[0]} and {names[1]} have both changed, and they differ. Say which one "
                "counts; neither is overwritten:\n"
                f"  tito module start {module.digits} --python     goes on in {names[0]}\n"
                f"  tito module start {module.digits} --notebook   goes on in {names[1]}"
            )
        return files[changed[0] if changed else self.progress(module).working]

    def judged_file(self, module: Module) -> Path | None:
        """The file that the module's checks are about; None for the reference's.

        It is the learner's exercise while they work on it, and the library file once that is made.

        Raises:
            TitoError: there are two versions of the exercise: see `working_file`.
        """
        match self.status(module):
            case Status.NOT_STARTED:
                return None
            case Status.FINISHED:
                return self.finished_file(module)
            case _:
                return self.working_file(module)

    def status(self, module: Module) -> Status:
        """How far the learner is with the module."""
        progress = self.progress(module)
        code = None  # two versions, or one that cannot be read: there is something in them
        with suppress(TitoError):
            file = self.working_file(module)
            code = fingerprint(file) if file else progress.handed_out
        if self.finished_file(module).is_file():
            finished = progress.finished or progress.handed_out
            return Status.FINISHED if code == finished else Status.CHANGED
        untouched = code == progress.handed_out and not progress.started
        return Status.NOT_STARTED if untouched else Status.IN_PROGRESS

    def unwritten(self, file: Path) -> list[Unwritten]:
        """The exercises in a file that still say that they are to be written, in order."""
        try:
            cells = code_cells(str(file))
        except (OSError, SyntaxError):
            return []
        found = []
        for cell in cells:
            for match in _UNWRITTEN.finditer(cell.text):
                line = cell.text.count("\n", 0, match.start())
                in_notebook = f", cell {cell.number}, line {line + 1}"
                place = in_notebook if file.suffix == ".ipynb" else f":{cell.start + line}"
                found.append(Unwritten(match[1], self.shown(file) + place))
        return found

    def nothing_written(self, module: Module, file: Path) -> bool:
        """Whether no exercise of a module is written in a file, be it of another TinyTorch.

        Raises:
            TitoError: the file cannot be read.
        """
        is_as_handed_out = fingerprint(file) == self.progress(module).handed_out
        return is_as_handed_out or len(self.unwritten(file)) == material.exercise_count(module)

    # ---- The notes in tinytorch.toml ----

    @cached_property
    def state(self) -> State:
        """The notes; where they are lost they are worked out again, with a line about it."""
        state, problem = self._load()
        if problem:
            try:
                with self.change() as state:
                    pass
            except TitoError:  # a read-only folder: do without saving
                line = f"{MARKER} {problem}; going by your files instead."
                click.echo(fit(line, err=True), err=True)
        return state

    def progress(self, module: Module) -> Progress:
        """The notes on one module."""
        if module.name not in self.state.modules:
            self.state.modules[module.name] = Progress(
                edition=material.edition(module),
                handed_out=fingerprint_of(material.exercise(module)),
            )
        return self.state.modules[module.name]

    @contextmanager
    def change(self) -> Iterator[State]:
        """Write in the workspace, alone: the notes are read afresh before, and saved after.

        Raises:
            TitoError: the workspace cannot be written.
        """
        marker = self.root / MARKER
        is_new = not marker.exists() and not (self.root / HIDDEN).exists()
        with explaining_failures():
            (self.root / HIDDEN).mkdir(exist_ok=True)
            with locked(self.root / HIDDEN / "lock"):
                self._sweep()
                state, problem = self._load()
                if problem and not is_new:
                    old = self.shown(self.keep(marker)) if marker.is_file() else None
                    kept = f" The old one is in {old}." if old else ""
                    line = f"{MARKER} {problem}; tito worked it out again from your files.{kept}"
                    click.echo(fit(line, err=True), err=True)
                self.__dict__["state"] = state
                yield state
                text = to_toml(state)
                if not marker.is_file() or marker.read_bytes() != text.encode():
                    write_atomically(marker, text)

    def keep(self, path: Path) -> Path:
        """Make a dated copy of a file, and return where it is."""
        folder = self.root / HIDDEN / "backups"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{path.stem}_{datetime.now():%Y-%m-%d_%H-%M-%S}"
        copy = folder / f"{stem}{path.suffix}"
        number = 1
        while copy.exists():
            number += 1
            copy = folder / f"{stem}_{number}{path.suffix}"
        write_atomically(copy, path.read_bytes())
        return copy

    def only_look(self) -> None:
        """Work out lost notes in memory alone, without a word."""
        self.state = self._load()[0]

    def state_problem(self) -> str | None:
        """What is wrong with the notes on disk, as the end of a sentence; None if nothing is."""
        return self._read()[1]

    def _read(self) -> tuple[State | None, str | None]:
        """The notes on disk, or what is wrong with them."""
        try:
            return from_toml((self.root / MARKER).read_text(encoding="utf-8")), None
        except FileNotFoundError:
            return None, "was missing"
        except UnicodeDecodeError:
            return None, "was damaged"
        except ValueError as error:
            return None, str(error)

    def _load(self) -> tuple[State, str | None]:
        """The notes, and what was wrong with them if they had to be worked out again."""
        found, problem = self._read()
        if found is not None:
            return found, None
        state = State()
        self.__dict__["state"] = state  # for the questions below
        for module in MODULES:
            progress, finished = self.progress(module), self.finished_file(module)
            for file in self.versions(module).values() if finished.is_file() else ():
                if is_export_of(file, finished):
                    progress.finished = fingerprint(file)
        return state, problem

    def _sweep(self) -> None:
        """Remove what a killed command left half-written: no other command is writing now."""
        folders = (".", "modules/*", "tests", "tinytorch/core", HIDDEN, f"{HIDDEN}/backups")
        for folder in folders:
            for litter in self.root.glob(f"{folder}/.tinytorch-*.tmp"):
                litter.unlink(missing_ok=True)


def fingerprint(file: Path) -> str:
    """A fingerprint of the code that counts in a lesson or a notebook, whatever stands around it.

    A lesson and its notebook that say the same have the same fingerprint.

    Raises:
        TitoError: the file cannot be read.
    """
    try:
        return _fingerprint(code_cells(str(file)))
    except SyntaxError:  # not a notebook, or no text: some change, whatever it is
        return _digest(file.read_bytes())
    except OSError as error:
        raise TitoError(f"{file} cannot be read: {error.strerror}.") from error


def fingerprint_of(text: str) -> str:
    """The fingerprint of a lesson's text."""
    return _fingerprint(cells_of(text))


def forget_compiled(finished: Path) -> None:
    """Remove the bytecode of a module. Python would take it for that of a file that has the same
    size and was written in the same second.
    """
    Path(importlib.util.cache_from_source(str(finished))).unlink(missing_ok=True)


@contextmanager
def explaining_failures() -> Iterator[None]:
    """Turn the failure to write a file into a message with what to do.

    Raises:
        TitoError: the disk is full, the folder is read-only, or the like.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        what = f"{error.filename} could not be written" if error.filename else "Writing failed"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            problem = "The disk is full, or a limit on it is reached"
            fix = "Free some space, then run this again."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            problem = f"{what}: {error.strerror}"
            fix = "Make the folder writable, or copy the workspace to where you can write."
        else:
            problem, fix = f"{what}: {error.strerror}", "To find out more: tito doctor"
        raise TitoError(f"{problem}. No file of yours was harmed. {fix}") from error


def _fingerprint(cells: list[Cell]) -> str:
    counting = [cell for cell in cells if cell.exported] or cells
    lines = [line.rstrip() for cell in counting for line in cell.text.split("\n")]
    return _digest("\n".join(line for line in lines if line).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def is_export_of(file: Path, finished: Path) -> bool:
    """Whether a finished module is what a learner's file would be exported to."""
    try:
        exported = exported_source(read(str(file)), file.name)
        return same_export(finished.read_text(encoding="utf-8"), exported)
    except (TitoError, SyntaxError, OSError, UnicodeDecodeError):
        return False
