"""`tito test`: the checks of a module, or the tests of the whole project."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinytorch.course import MODULES, Module, find_module
from tito.lessons import material
from tito.repository import find_repository, repository_root
from tito.terminal.output import print_json
from tito.terminal.parameters import MODULE
from tito.terminal.prose import fit
from tito.workspace.folder import Workspace

if TYPE_CHECKING:
    from tito.checks.runner import Report


_FOR_PYTEST = "tito.commands.test.for_pytest"

# That the tests take, of one processor: those that run by default, and all of them.
PROCESSOR_MINUTES = 10
THOROUGH_MINUTES = 16


class _TestCommand(click.Command):
    """A command that takes what follows `--` for pytest."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what follows `--`, and take the rest apart."""
        if "--" in args:
            at = args.index("--")
            args, ctx.meta[_FOR_PYTEST] = args[:at], tuple(args[at + 1 :])
        return super().parse_args(ctx, args)


@click.command(cls=_TestCommand, options_metavar="[OPTIONS]")
@click.option("--module", type=MODULE, metavar="MODULE", help="Only the checks of this module.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge this Python file or notebook.",
)
@click.option(
    "--with",
    "beside",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Let the file import the modules in this folder, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results for a program to read.")
@click.option("--thorough", is_flag=True, help="In a clone: the tests that take long, too.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks, and what the code printed.")
@click.argument("subject", metavar="[MODULE | FILE] [-- PYTEST_ARGUMENTS]", required=False)
@click.pass_context
def test(
    ctx: click.Context,
    module: Module | None,
    file: Path | None,
    beside: Path | None,
    as_json: bool,
    thorough: bool,
    verbose: bool,
    subject: str | None,
) -> None:
    """Run the checks and the project's tests.

    In a workspace the checks are about your code, elsewhere about the reference. Without an
    option all checks are run, and in a clone the tests of the project instead, with --thorough
    those that take long as well; what follows -- goes to pytest: tito test -- -x --durations=10

    A file is judged alone: it can import what is installed and, in a workspace, your framework.
    With --with FOLDER it finds the modules in that folder, too; what is installed comes first.

    Exits 0 if everything passed, 1 if something failed, 2 if a file could not be judged, since it
    does not even load, or if the command was wrong.
    """
    pytest_arguments: tuple[str, ...] = ctx.meta.get(_FOR_PYTEST, ())
    if thorough:
        pytest_arguments = ("--thorough", *pytest_arguments)
    if subject is not None:
        module, file = _meant(subject, module, file)
    if beside and file is None:
        raise click.UsageError("--with FOLDER is for the modules that a --file imports.")
    workspace = Workspace.find()
    if file and module is None:
        module = _module_of(file)
    in_clone = workspace is None and find_repository() is not None
    if in_clone and not as_json and file is None:
        if module is None:
            ctx.exit(_run_pytest(pytest_arguments))
        if material.check_file(module) is None:  # then the project's own tests of it
            ctx.exit(_run_pytest(("-k", module.name, *pytest_arguments)))
    if pytest_arguments:
        what = "--thorough goes" if thorough else "Arguments for pytest go"
        raise click.UsageError(f"{what} with all tests of a clone, and with nothing else.")
    if module and material.check_file(module) is None:
        raise click.UsageError(f"There are no checks for {module.folder} yet.")
    modules = [module] if module else [m for m in MODULES if material.check_file(m)]
    reports = _judge(modules, file, beside, workspace, verbose, quiet=as_json)
    passed = all(report.passed for report in reports)
    if as_json and module:
        print_json(reports[0].as_dict())
    elif as_json:
        seconds = round(sum(report.seconds for report in reports), 3)
        data = {
            "passed": passed,
            "judged": all(report.judged for report in reports),
            "seconds": seconds,
            "modules": [report.as_dict() for report in reports],
        }
        print_json(data)
    ctx.exit(max(report.exit_code for report in reports))


def _meant(
    subject: str, module: Module | None, file: Path | None
) -> tuple[Module | None, Path | None]:
    """The module and the file that are meant by what was typed without an option.

    Raises:
        click.UsageError: it is neither, or an option says something else.
    """
    path = Path(subject)
    if file is None and path.is_file():
        return module, path
    if module is None:
        try:
            return find_module(subject), file
        except ValueError as error:
            what = f"{subject!r} is neither a module nor a file here."
            raise click.UsageError(f"{what} {str(error).partition('. ')[2]}") from error
    raise click.UsageError(f"{subject!r} is one too many: --module and --file say what to judge.")


def _judge(
    modules: list[Module],
    file: Path | None,
    beside: Path | None,
    workspace: Workspace | None,
    verbose: bool,
    quiet: bool,
) -> "list[Report]":
    """Run the checks of modules; unless `quiet`, each unit is on the screen as soon as it ends."""
    # Here, because they bring NumPy along.
    from tito.checks.runner import run_checks
    from tito.terminal.checks import Screen, print_summary

    reports: list[Report] = []
    for module in modules:
        judged = file or (workspace.judged_file(module) if workspace else None)
        # A finished module is judged as the framework uses it.
        finished = workspace is not None and judged == workspace.finished_file(module)
        to_load = None if finished else judged
        if quiet:
            reports.append(run_checks(module, to_load, beside=beside))
            continue
        if reports:
            click.echo()
        screen = Screen(verbose)
        report = run_checks(
            module, to_load, beside=beside, on_result=screen.add, on_wait=screen.wait
        )
        reports.append(report)
        screen.flush()
        print_summary(report, *_closing(report, workspace, judged))
    return reports


def _closing(report: "Report", workspace: Workspace | None, judged: Path | None) -> tuple[str, str]:
    """What was judged, in words, and what to do next if it has passed."""
    module = report.module
    if judged is None:
        if workspace is None:
            return "the reference", ""
        start = f"tito module start {module.digits}" if report.passed else ""
        return "the reference; you have not begun yours", start
    if workspace is None:
        return click.format_filename(judged), ""
    is_work = report.passed and judged == workspace.working_file(module)
    return workspace.shown(judged), f"tito module complete {module.digits}" if is_work else ""


def _run_pytest(arguments: tuple[str, ...]) -> int:
    """Run the tests of the clone, and say beforehand what that is."""
    from tinytorch.course.machine import processors

    if not set(arguments) - {"--thorough"}:
        takes = THOROUGH_MINUTES if arguments else PROCESSOR_MINUTES
        minutes = max(1, round(takes / processors()))
        which = "all" if arguments else "the"
        click.echo(
            fit(
                f"Running {which} tests of the project in {repository_root()}, about its own code, "
                f"the reference. That takes some {minutes} min. The checks of one module: "
                "tito test 03"
            )
        )
    command = [sys.executable, "-m", "pytest", "-q"]
    if importlib.util.find_spec("xdist"):
        # Many tests wait for other processes, so a few workers more than processors are never all
        # waiting. Neighbours stay together, which share what takes time to make.
        command += ["-n", str(processors() + 2), "--dist", "worksteal"]
    return subprocess.run([*command, *arguments], cwd=repository_root()).returncode


def _module_of(file: Path) -> Module:
    """The module that a file is about: by what it defines, else by its name.

    Raises:
        click.UsageError: neither says.
    """
    from tinytorch.course import sources
    from tinytorch.course.loading import TAUGHT, public_names

    try:
        defined = set(public_names(sources.read(str(file)).text))
    except (SyntaxError, OSError, ValueError, RecursionError, MemoryError):
        defined = set()
    found = [m for m in MODULES if defined & set(TAUGHT[m.name])]
    if len(found) != 1:
        found = [m for m in MODULES if m.name in file.stem.lower()]
    if len(found) != 1:
        raise click.UsageError(f"Which module is {file} about? Say it with --module MODULE.")
    return found[0]
