"""A report on the screen."""

import shutil

import click

from tinytorch.checking.checks import Unit
from tinytorch.checking.lines import unit_lines
from tinytorch.checking.results import Result
from tito.checks.runner import Report

_STYLES: dict[str, dict[str, bool | str]] = {
    "heading": {"bold": True},
    "failed": {"fg": "red", "bold": True},
    "timeout": {"fg": "red", "bold": True},
    "error": {"fg": "red", "bold": True},
    "waiting": {"dim": True},
    "progress": {"bold": True},
}


class Screen:
    """Prints each unit once all its results are in, so that its first failure comes first."""

    def __init__(self, verbose: bool = False) -> None:
        self.verbose = verbose
        self.pending: list[Result] = []
        self.units = 0

    def add(self, result: Result) -> None:
        """Take a result, and print the unit before if this one begins another."""
        if self.pending and self.pending[0].unit != result.unit:
            self.flush()
        self.pending.append(result)

    def flush(self) -> None:
        """Print the unit whose results are in."""
        if self.pending:
            if self.units:
                click.echo()
            self.units += 1
            print_unit(self.pending[0].unit, self.pending)
            if self.verbose:
                _print_tracebacks(self.pending)
            self.pending = []


def print_unit(unit: Unit, results: list[Result]) -> None:
    """Print a unit's lines."""
    width = min(100, shutil.get_terminal_size().columns)
    for style, line in unit_lines(unit, results, width):
        click.secho(line, **_STYLES.get(style, {}))  # type: ignore[arg-type]


def print_summary(report: Report, judged: str = "", next_step: str = "") -> None:
    """Print how many checks passed, of what, and what to do next."""
    failed = [r for r in report.results if r.outcome not in ("passed", "waiting")]
    passed = sum(r.outcome == "passed" for r in report.results)
    waiting = len(report.results) - passed - len(failed)
    about = f" ({judged})" if judged else ""
    click.echo()
    if report.passed:
        click.secho(f"All {passed} checks passed in {report.seconds:.1f} s{about}.", fg="green")
    else:
        parts = [f"{len(failed)} failed", f"{passed} passed"]
        if waiting:
            parts.append(f"{waiting} waiting for an earlier one")
        click.secho(f"{', '.join(parts)}, in {report.seconds:.1f} s{about}.", bold=True)
        next_step = next_step or next((r.hint for r in failed if r.hint), "")
    if next_step:
        click.echo(f"Next: {next_step}")


def _print_tracebacks(results: list[Result]) -> None:
    for result in results:
        verdict = result.verdict
        if result.outcome in ("passed", "waiting"):
            continue
        click.echo(f"\n---- {result.check.name}")
        if verdict.traceback:
            click.echo(verdict.traceback.rstrip())
        if verdict.printed:
            click.echo(f"---- what it printed\n{verdict.printed.rstrip()}")
