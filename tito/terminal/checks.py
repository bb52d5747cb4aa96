"""A report on the screen."""

import sys

import click

from tinytorch.course.checking.checks import Check, Unit
from tinytorch.course.checking.lines import SIGNS, line_width, unit_lines
from tinytorch.course.checking.results import Result
from tito.checks.runner import Report
from tito.terminal.prose import fit

# A check that takes this many seconds is told of while it runs.
PATIENCE = 1.0

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
        self.above: list[Result] = []
        self.slow = False

    def add(self, result: Result) -> None:
        """Take a result, and print the unit before if this one begins another."""
        self._clear()
        if self.pending and self.pending[0].unit != result.unit:
            self.flush()
        self.pending.append(result)

    def wait(self, check: Check, seconds: float) -> None:
        """Say in a terminal which check takes so long, in a line that goes when it is through."""
        if seconds > PATIENCE and sys.stdout.isatty():
            self._clear()
            self.slow = True
            width = line_width() - 20
            click.secho(f"⏳ {check.sentence[:width]} ... {seconds:.0f} s", nl=False, dim=True)

    def flush(self) -> None:
        """Print the unit whose results are in."""
        if self.pending:
            # Units that wait are a line each, without a blank line between them.
            if self.above and not (_all_wait(self.above) and _all_wait(self.pending)):
                click.echo()
            print_unit(self.pending[0].unit, self.pending)
            if self.verbose:
                _print_tracebacks(self.pending)
            self.above, self.pending = self.pending, []

    def _clear(self) -> None:
        if self.slow:
            click.echo("\r\x1b[K", nl=False)
            self.slow = False


def print_unit(unit: Unit, results: list[Result]) -> None:
    """Print a unit's lines; only one if nothing in it can be judged yet."""
    if _all_wait(results):
        checks = "1 check waits" if len(results) == 1 else f"{len(results)} checks wait"
        line = f"{SIGNS['waiting']} {unit.title}: {checks} for another one"
        click.secho(fit(line, "   "), **_STYLES["waiting"])  # type: ignore[arg-type]
        return
    for style, line in unit_lines(unit, results, line_width()):
        click.secho(line, **_STYLES.get(style, {}))  # type: ignore[arg-type]


def print_summary(
    report: Report, judged: str = "", next_step: str = "", recall: bool = True
) -> None:
    """Print how many checks passed, of what, and what to do next.

    With `recall` the first failure is named again, since it may have left the screen at the top.
    """
    failed = len(report.failures)
    passed = sum(r.outcome == "passed" for r in report.results)
    waiting = len(report.results) - passed - failed
    about = f" ({judged})" if judged else ""
    click.echo()
    if report.passed:
        checks = "The 1 check" if passed == 1 else f"All {passed} checks"
        sentence = f"{checks} passed in {report.seconds:.1f} s{about}."
        click.secho(fit(sentence), fg="green")
    else:
        parts = [f"{failed} failed", f"{passed} passed"]
        if waiting:
            parts.append(f"{waiting} waiting")
        sentence = f"{', '.join(parts)}, in {report.seconds:.1f} s{about}."
        if not report.judged:
            sentence = f"No check could run on the file as it is{about}."
        click.secho(fit(sentence), bold=True)
        if recall and report.failures:
            first = report.failures[0]
            told = (first.exercise, first.where, first.mistake or first.sentence)
            click.echo(fit(f"First: {': '.join(filter(None, told))}"))
        next_step = next_step or next((r.hint for r in report.failures if r.hint), "")
    if next_step:
        click.echo(f"Next: {click.style(next_step, bold=True)}")


def _all_wait(results: list[Result]) -> bool:
    return all(result.outcome == "waiting" for result in results)


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
