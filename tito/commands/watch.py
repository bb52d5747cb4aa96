"""`tito watch`: the checks again at each save, and on to the next exercise when one passes."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinytorch.course import Module
from tito.errors import TitoError
from tito.lessons import material
from tito.repository import repository_root
from tito.terminal.parameters import MODULE
from tito.terminal.prose import fit
from tito.workspace import overview
from tito.workspace.folder import Workspace

if TYPE_CHECKING:
    from tinytorch.course.checking.checks import Check
    from tinytorch.course.checking.results import Result
    from tito.checks.runner import Report

# Seconds between two looks at the files. Asking costs microseconds, and works where notifications
# of the system don't: in containers, on network drives, and for editors that save by renaming.
PAUSE = 0.02


@click.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
def watch(module: Module | None) -> None:
    """Check again at each save.

    Shows the first exercise that is not done yet, and moves on when it passes. Without MODULE it
    is the module that you are at. Ctrl-C ends it.
    """
    workspace = Workspace.find()
    module = module or overview.module_at(workspace, "tito watch")
    if material.check_file(module) is None:
        raise click.UsageError(f"There are no checks for {module.folder} yet.")
    watcher = _Watcher(module, workspace)
    try:
        while True:
            watcher.look()
            watcher.wait()
    except KeyboardInterrupt:
        click.echo()


class _SavedAgainError(Exception):
    """The file was saved again while its checks ran."""


class _Watcher:
    """Watches the files of one module: the exercise and its notebook."""

    def __init__(self, module: Module, workspace: Workspace | None) -> None:
        self.module = module
        self.workspace = workspace
        self.root = workspace.root if workspace else repository_root()
        self.files = [self.root / module.lesson, self.root / module.notebook]
        self.seen = self._state()
        self.watched = module.name  # the file, once it is known which one counts
        self.at: str | None = None  # the exercise that was shown last
        self.unit: list[Result] = []  # the results of the unit that is running
        self.told = False  # whether something was shown in this round

    def look(self) -> None:
        """Run the checks on what is in the file now, and show what comes first."""
        # Here, because they bring NumPy along; from the second time on it is there.
        from tito.checks.runner import run_checks
        from tito.terminal.checks import print_summary

        self.seen = self._state()
        self.unit, self.told = [], False
        try:
            file = self._file()
            self.watched = Workspace(self.root).shown(file)
            report = run_checks(
                self.module,
                file,
                on_result=self._take,
                on_wait=self._look_up,
            )
        except _SavedAgainError:
            return
        except TitoError as error:
            self._begin()
            click.echo(fit(f"\n{error.message}"))
            return
        except Exception as error:  # whatever it is, the next save may mend it
            self._begin()
            click.echo(fit(f"\nThe checks could not be run: {error}"))
            return
        if not self.told:
            self._tell()
        self._move_on(report)
        done = f"tito module complete {self.module.digits}" if self.workspace else ""
        print_summary(report, next_step=done if report.passed else "", recall=False)

    def _look_up(self, check: "Check", seconds: float) -> None:
        """Give up a run whose answer nobody waits for any more."""
        if self._state() != self.seen:
            raise _SavedAgainError

    def _take(self, result: "Result") -> None:
        """Show the first unit that is not done as soon as all its results are in."""
        if self.told:
            return
        if self.unit and self.unit[0].unit != result.unit:
            if any(r.failed for r in self.unit):
                self._tell()
                return
            self.unit = []
        self.unit.append(result)

    def _tell(self) -> None:
        """Show what the unit came to."""
        from tito.terminal.checks import print_unit

        self.told = True
        self._begin()
        if not all(r.outcome == "passed" for r in self.unit):
            click.echo()
            print_unit(self.unit[0].unit, self.unit)

    def _move_on(self, report: "Report") -> None:
        """Say so if the exercise that was shown before is done, and which one is next."""
        exercise = next((r.exercise for r in self.unit if r.exercise), None)
        if self.at and exercise != self.at and _is_done(self.at, report):
            onward = f" On to {exercise}." if exercise else ""
            click.secho(f"\n✅ {self.at} is done.{onward}", fg="green")
        if report.judged:
            self.at = exercise

    def wait(self) -> None:
        """Wait until a file has changed, and is not being written any more."""
        while self._state() == self.seen:
            time.sleep(PAUSE)
        before, patience = None, 20
        while before != (before := self._state()) or (self._is_empty() and patience > 0):
            patience -= 1  # an editor may empty a file before it writes
            time.sleep(PAUSE)

    def _is_empty(self) -> bool:
        return any(state is not None and state[1] == 0 for state in self._state())

    def _begin(self) -> None:
        click.clear()  # in a terminal; nothing in a pipe
        click.secho(f"{time.strftime('%H:%M:%S')}  watching {self.watched}, Ctrl-C ends", dim=True)

    def _file(self) -> Path:
        # Asked afresh each time, since other commands change what a workspace notes.
        file = Workspace(self.root).working_file(self.module) if self.workspace else self.files[0]
        if file is None or not file.is_file():
            raise TitoError(f"{self.module.lesson} is gone. To have it back: tito init")
        return file

    def _state(self) -> list[tuple[int, int, int] | None]:
        """What tells one version of the files from the next, also when one replaces the other."""
        state: list[tuple[int, int, int] | None] = []
        for file in self.files:
            try:
                found = os.stat(file)
                state.append((found.st_mtime_ns, found.st_size, found.st_ino))
            except OSError:
                state.append(None)
        return state


def _is_done(exercise: str, report: "Report") -> bool:
    """Whether all checks about an exercise have passed, as far as they depend on nothing else.

    A check of what is built on the exercise may wait for another one that is still to be written.
    """
    from tinytorch.course import shipped
    from tinytorch.course.checking.judge import NOT_WRITTEN

    exercises = shipped.exercises(report.module.name)
    about = [
        result
        for result in report.results
        if next((name for name in result.check.about if name in exercises), None) == exercise
    ]
    passed = [result for result in about if result.outcome == "passed"]
    elsewhere = [
        result
        for result in about
        if (cause := result.waits_for)
        and cause.mistake == NOT_WRITTEN
        and cause.exercise not in (None, exercise)
    ]
    blamed = any(result.failed and result.exercise == exercise for result in report.results)
    return bool(passed) and len(passed) + len(elsewhere) == len(about) and not blamed
