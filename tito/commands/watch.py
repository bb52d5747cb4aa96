"""`tito watch`: the checks again at each save, and on to the next exercise when one passes."""

import os
import time
from pathlib import Path

import click

from tito import material
from tito.course import MODULE, Module, repository_root
from tito.errors import TitoError
from tito.workspace import Workspace

# Seconds between two looks at the files. Asking costs microseconds, and works where notifications
# of the system don't: in containers, on network drives, and for editors that save by renaming.
PAUSE = 0.03


@click.command()
@click.argument("module", metavar="[MODULE]", type=MODULE, required=False)
def watch(module: Module | None) -> None:
    """Check again at each save.

    Shows the first exercise that is not done yet, and moves on when it passes. Without MODULE it
    is the module that you are at. Ctrl-C ends it.
    """
    workspace = Workspace.find()
    module = module or _current(workspace)
    if material.check_file(module) is None:
        raise click.UsageError(f"There are no checks for {module.folder} yet.")
    watcher = _Watcher(module, workspace)
    try:
        while True:
            watcher.look()
            watcher.wait()
    except KeyboardInterrupt:
        click.echo()


def _current(workspace: Workspace | None) -> Module:
    """The module that the learner is at."""
    if workspace is None:
        raise click.UsageError("Say which module: outside a workspace there is none you are at.")
    from tito import overview

    here = overview.current(workspace, overview.standings(workspace))
    if here is None:
        raise TitoError("You have finished every module. To watch one: tito watch MODULE")
    return here.module


class _Watcher:
    """Watches the files of one module: the exercise and its notebook."""

    def __init__(self, module: Module, workspace: Workspace | None) -> None:
        self.module = module
        self.workspace = workspace
        self.root = workspace.root if workspace else repository_root()
        self.files = [self.root / module.lesson, self.root / module.notebook]
        self.seen = self._state()
        self.at: str | None = None  # the exercise that was shown last

    def look(self) -> None:
        """Run the checks on what is in the file now, and show what comes first."""
        # Here, because they bring NumPy along; from the second time on it is there.
        from tito.checks.process import CancelledError
        from tito.checks.report import print_summary, print_unit
        from tito.checks.runner import run_checks

        self.seen = self._state()
        try:
            file = self._file()
            report = run_checks(self.module, file, cancelled=lambda: self._state() != self.seen)
        except CancelledError:  # saved again meanwhile
            return
        except TitoError as error:
            self._begin()
            click.echo(error.message)
            return
        except Exception as error:  # whatever it is, the next save may mend it
            self._begin()
            click.echo(f"The checks could not be run: {error}")
            return
        failed = [r for r in report.results if r.outcome not in ("passed", "waiting")]
        self._begin()
        exercise = failed[0].exercise if failed else None
        if self.at and exercise != self.at:
            onward = f" On to {exercise}." if exercise else ""
            click.secho(f"✅ {self.at} is done.{onward}\n", fg="green")
        self.at = exercise
        if failed:
            unit = failed[0].unit
            print_unit(unit, [r for r in report.results if r.unit == unit])
        done = f"tito module complete {self.module.number:02}" if self.workspace else ""
        print_summary(report, self._shown(file), done if report.passed else "")

    def wait(self) -> None:
        """Wait until a file has changed, and is not being written any more."""
        while self._state() == self.seen:
            time.sleep(PAUSE)
        before = None
        while before != (before := self._state()):
            time.sleep(PAUSE)

    def _begin(self) -> None:
        click.clear()  # in a terminal; nothing in a pipe
        click.secho(
            f"{time.strftime('%H:%M:%S')}  watching {self.module.name}, Ctrl-C ends\n", dim=True
        )

    def _file(self) -> Path:
        # Asked afresh each time, since other commands change what a workspace notes.
        file = Workspace(self.root).working_file(self.module) if self.workspace else self.files[0]
        if file is None or not file.is_file():
            raise TitoError(f"{self.module.lesson} is gone. To have it back: tito module start")
        return file

    def _shown(self, file: Path) -> str:
        return str(file.relative_to(self.root)) if file.is_relative_to(self.root) else str(file)

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
