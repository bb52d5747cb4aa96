"""`tito explore`: systems questions, answered by experiment on this machine."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from tinytorch.course import MODULES, Module, did_you_mean
from tinytorch.course.explore.catalogue import Question, find_question, questions_of
from tinytorch.files import write_atomically
from tito.errors import TitoError
from tito.milestones.owners import explain
from tito.terminal.answer_files import REPORT, write_report
from tito.terminal.guesses import ask, guess_of
from tito.terminal.output import print_json
from tito.terminal.parameters import MODULE, MODULE_OR_NAME
from tito.terminal.prose import fit, reflow, screen_width
from tito.workspace.files import files_in

if TYPE_CHECKING:
    from tinytorch.course.explore.running import Result


@dataclass(frozen=True)
class Manner:
    """How questions are to be answered, whichever they are."""

    output: Path
    full: bool
    asking: bool
    as_json: bool
    traceback: bool

    def make_folder(self) -> None:
        """Make the folder for the results, before time is spent on them."""
        with files_in(self.output):
            self.output.mkdir(parents=True, exist_ok=True)


def read_settings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Any:
    """The settings that were given as NAME=VALUE, by name."""
    given = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise click.BadParameter(f"{value!r} is not of the form name=value, as in width=512.")
        given[name.strip()] = text.strip()
    return given


def complete_question(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of the questions of the module that is typed before."""
    module = ctx.params.get("module")
    questions = questions_of(module.name) if isinstance(module, Module) else ()
    return [CompletionItem(q.name, help=q.text) for q in questions if q.name.startswith(incomplete)]


@click.command()
@click.argument("module", metavar="[MODULE]", type=MODULE_OR_NAME, required=False)
@click.argument("name", metavar="[QUESTION]", required=False, shell_complete=complete_question)
@click.option("--all", "run_all", is_flag=True, help="Answer all questions, and write a report.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    callback=read_settings,
    help="Change a setting, such as width=512. May be given several times.",
)
@click.option("--full", is_flag=True, help="Be thorough: minutes instead of seconds.")
@click.option("--guess", help="Your guess; without it you are asked for one in a terminal.")
@click.option("--no-guess", is_flag=True, help="Ask for no guess.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for pictures and report. [default: explore-MODULE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer for a program to read.")
@click.option("--traceback", "-v", is_flag=True, help="Show the whole traceback of an error.")
@click.pass_context
def explore(
    ctx: click.Context,
    module: Module | str | None,
    name: str | None,
    run_all: bool,
    given: dict[str, str],
    full: bool,
    guess: str | None,
    no_guess: bool,
    output: Path | None,
    as_json: bool,
    traceback: bool,
) -> None:
    """Find out what the systems questions of a module come to here.

    Without QUESTION it lists them. With one, you guess first; then it is measured or computed on
    this machine, with the modules in use, yours included. --all answers every question and writes
    report.html, a page to hand in.
    """
    module, name = _meant(module, name)
    questions = questions_of(module.name)
    if not questions:
        there = ", ".join(m.digits for m in MODULES if questions_of(m.name))
        raise TitoError(f"{module.folder} has no questions to explore yet. These have: {there}.")
    if name and run_all:
        raise click.UsageError("Name one question, or say --all, not both.")
    if not name and not run_all:
        if given or guess or full:
            raise click.UsageError("Which question? Name one after the module, or say --all.")
        list_questions(module, questions, as_json)
        return
    if run_all and (given or guess):
        raise click.UsageError("--set and --guess go with one question, not with --all.")
    how = Manner(
        output=output or Path(f"explore-{module.name}"),
        full=full,
        asking=not (no_guess or as_json or guess) and sys.stdin.isatty() and sys.stdout.isatty(),
        as_json=as_json,
        traceback=traceback,
    )
    if run_all:
        ctx.exit(answer_all(module, questions, how))
    try:
        question = find_question(str(name), module.name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    answer_one(module, question, given, guess, how)


def _meant(first: Module | str | None, second: str | None) -> tuple[Module, str | None]:
    """The module and the question that are meant, whichever of the two was typed.

    Raises:
        click.UsageError: there is no module and no question of that name.
    """
    if isinstance(first, Module):
        return first, second
    if first is not None and second is not None:
        return MODULE.convert(second, None, None), first
    with_questions = [module for module in MODULES if questions_of(module.name)]
    if first is None:
        return with_questions[0], None
    for module in with_questions:
        with suppress(ValueError):
            find_question(first, module.name)
            return module, first
    names = [question.name for module in with_questions for question in questions_of(module.name)]
    raise click.UsageError(
        f"{first!r} is no module and no question.{did_you_mean(first, names, 'tito explore')} "
        f"To see the questions: tito explore {with_questions[0].digits}"
    )


def list_questions(module: Module, questions: tuple[Question, ...], as_json: bool) -> None:
    """The questions of a module under their headings."""
    if as_json:
        listed = [
            {"number": q.number, "name": q.name, "heading": q.heading, "text": q.text}
            for q in questions
        ]
        print_json(listed)
        return
    heading = ""
    for question in questions:
        if question.heading != heading:
            heading = question.heading
            click.secho(f"{heading}\n", bold=True)
        click.echo(f"  {question.number:2}  {question.name}")
        text = reflow(question.text, screen_width() - 6)
        click.echo("      " + text.replace("\n", "\n      ") + "\n")
    command = f"tito explore {module.digits}"
    click.echo(fit(f"To answer one: {command} {questions[0].name}"))
    click.echo(fit(f"All of them, as a page to hand in: {command} --all"))


def answer_one(
    module: Module, question: Question, given: dict[str, str], guess: str | None, how: Manner
) -> None:
    """Answer one question, on the screen or as JSON, and write its picture."""
    from rich.console import Console

    from tinytorch.course.explore.experiment import read_guess
    from tito.terminal.answers import show_question, show_result

    console = Console(stderr=how.as_json, highlight=False, markup=False)
    try:
        # Nonsense is told before a folder is made for its results.
        asked = guess_of(question, given, how.full)
        if guess is not None:
            read_guess(guess, asked)
    except Exception as error:
        raise told(error, how) from error
    how.make_folder()
    if not how.as_json:
        show_question(console, question)
    if how.asking:
        guess = ask(asked)
        click.echo()
    try:
        result = find_out(question, given, guess, how)
    except Exception as error:
        raise told(error, how) from error
    picture = how.output / f"{question.name}.png"
    if not how.as_json:
        show_result(console, result, f"tito explore {module.digits} {question.name}")
    with files_in(how.output):
        write_atomically(picture, result.png)
    if how.as_json:
        print_json(result.as_dict() | {"picture": str(picture.absolute())})
    else:
        click.echo(f"\npicture  {picture}")


def answer_all(module: Module, questions: tuple[Question, ...], how: Manner) -> int:
    """Answer every question and write the report; returns the exit code.

    What a learner's module breaks is told in the report, and the other questions are answered.
    After an interrupt the report holds what was answered before.
    """
    from rich.console import Console

    how.make_folder()
    console = Console(stderr=how.as_json, highlight=False, markup=False)
    results: list[Result] = []
    failures: list[tuple[Question, str]] = []
    interrupted = False
    guesses: dict[str, str | None] = {}
    try:
        for question in questions if how.asking else ():
            asked = None
            with suppress(Exception):  # what a module breaks is told when the question's turn comes
                asked = guess_of(question, {}, how.full)
            if asked is not None:
                guesses[question.name] = ask(asked, f"{question.number}. ")
        for question in questions:
            line = f"{question.number:2}  {question.name}"
            try:
                result = find_out(question, {}, guesses.get(question.name), how)
            except Exception as error:
                failure = told(error, how).format_message()
                failures.append((question, failure))
                console.print(f"{line}: could not be answered. {failure}")
            else:
                results.append(result)
                said = " ".join(text for text in (result.verdict, result.answer.headline) if text)
                console.print(f"{line}  {said}")
    except (KeyboardInterrupt, click.Abort):
        interrupted = True
        console.print("\nStopped. The report holds what was answered so far.")
    files = write_report(module, results, failures, how.output)
    if how.as_json:
        answers = [result.as_dict() for result in results]
        failed = {question.name: problem for question, problem in failures}
        paths = [str(path.absolute()) for path in files]
        print_json({"answers": answers, "failures": failed, "files": paths})
    else:
        click.echo(f"\nreport  {how.output / REPORT}")
    if interrupted:
        return 130
    return 1 if failures else 0


def find_out(question: Question, given: dict[str, str], guess: str | None, how: Manner) -> Result:
    """Run the experiment behind a question, with progress where somebody watches."""
    from tinytorch.course.explore.progress import Meter
    from tinytorch.course.explore.running import run

    with Meter(question.name) as progress:
        return run(question, given, full=how.full, guess=guess, progress=progress)


def told(error: Exception, how: Manner) -> click.ClickException:
    """An error as the command tells it: wrong usage, or a module that is at fault.

    Raises:
        Exception: the error itself, where the whole traceback is wanted or there is no more to say.
    """
    from tinytorch.course.explore.settings import SettingError

    if isinstance(error, SettingError):
        return click.UsageError(f"{error}.".replace("..", "."))
    explanation = explain(error, "The experiment")
    if isinstance(error, click.ClickException) or how.traceback or explanation is None:
        raise error
    return TitoError(explanation)
