"""`tito doctor`: what is wrong with this machine or workspace, and the fix."""

import textwrap

import click

from tito.doctor import examine
from tito.doctor.finding import NOTE, OK, PROBLEM, Finding
from tito.errors import TitoError
from tito.terminal.output import print_json
from tito.terminal.prose import screen_width
from tito.workspace.folder import Workspace


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings for a program to read.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Find out what is wrong, and the fix.

    Looks at this machine and at your workspace, and changes nothing. Exits 1 if there is a
    problem.
    """
    findings = _findings()
    problems = [f for f in findings if f.state == PROBLEM]
    if as_json:
        data = {"ok": not problems, "findings": [f.as_dict() for f in findings]}
        print_json(data)
    else:
        for state, sign, color in ((PROBLEM, "❌", "red"), (NOTE, "💡", None)):
            for finding in findings:
                if finding.state == state:
                    _show(finding, sign, color)
        fine = ", ".join(f.what for f in findings if f.state == OK)
        click.echo(_filled(f"✅ Fine: {fine}."))
    ctx.exit(1 if problems else 0)


def _findings() -> list[Finding]:
    try:
        workspace = Workspace.find()
        if workspace:
            workspace.only_look()
        return list(examine(workspace))
    except TitoError as error:  # a workspace that is named, but is not there
        return [Finding(PROBLEM, error.message), *examine(None)]


def _show(finding: Finding, sign: str, color: str | None) -> None:
    click.secho(_filled(f"{sign} {finding.what}"), fg=color)
    if finding.fix:
        click.echo(f"   {finding.fix}")
    click.echo()


def _filled(text: str) -> str:
    lines = text.split("\n")
    options = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": "   "}
    first = textwrap.fill(lines[0], screen_width(), **options)  # type: ignore[arg-type]
    return "\n".join([first, *(f"   {line}" for line in lines[1:])])
