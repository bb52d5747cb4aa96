"""`tito explore`: systems questions, answered by experiment on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from tinytorch.explore.catalogue import Question, find_question, questions_of
from tito.course import MODULE, MODULES, Module
from tito.errors import TitoError
from tito.files import write_atomically
from tito.milestones.planks import explain
from tito.prose import reflow, screen_width

if TYPE_CHECKING:
    from tinytorch.explore.experiment import Guess
    from tinytorch.explore.running import Result

REPORT, ANSWERS = "report.html", "answers.json"


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
@click.argument("module", metavar="MODULE", type=MODULE)
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
    module: Module,
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
    questions = questions_of(module.name)
    if not questions:
        there = ", ".join(f"{m.number:02}" for m in MODULES if questions_of(m.name))
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
    output = output or Path(f"explore-{module.name}")
    asking = not (no_guess or as_json or guess) and sys.stdin.isatty() and sys.stdout.isatty()
    with files_in(output):
        output.mkdir(parents=True, exist_ok=True)
    if run_all:
        ctx.exit(answer_all(module, questions, output, full, asking, as_json, traceback))
    try:
        question = find_question(str(name), module.name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    answer_one(module, question, given, output, full, guess, asking, as_json, traceback)


def list_questions(module: Module, questions: tuple[Question, ...], as_json: bool) -> None:
    """The questions of a module under their headings."""
    if as_json:
        listed = [
            {"number": q.number, "name": q.name, "heading": q.heading, "text": q.text}
            for q in questions
        ]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    heading = ""
    for question in questions:
        if question.heading != heading:
            heading = question.heading
            click.secho(f"{heading}\n", bold=True)
        click.echo(f"  {question.number:2}  {question.name}")
        text = reflow(question.text, screen_width() - 6)
        click.echo("      " + text.replace("\n", "\n      ") + "\n")
    command = f"tito explore {module.number:02}"
    click.echo(f"To answer one: {command} {questions[0].name}")
    click.echo(f"All of them, as a page to hand in: {command} --all")


def answer_one(
    module: Module,
    question: Question,
    given: dict[str, str],
    output: Path,
    full: bool,
    guess: str | None,
    asking: bool,
    as_json: bool,
    traceback: bool,
) -> None:
    """Answer one question, on the screen or as JSON, and write its picture."""
    from rich.console import Console

    from tito.explore.screen import show_question, show_result

    console = Console(stderr=as_json, highlight=False, markup=False)
    if not as_json:
        show_question(console, question)
    try:
        if asking:
            guess = ask(guess_of(question, given, full))
        result = find_out(question, given, full, guess)
    except Exception as error:
        raise told(error, traceback) from error
    picture = output / f"{question.name}.png"
    if not as_json:
        show_result(console, result, f"tito explore {module.number:02} {question.name}")
    with files_in(output):
        write_atomically(picture, result.png)
    if as_json:
        click.echo(json_text(result.as_dict() | {"picture": str(picture.absolute())}), nl=False)
    else:
        click.echo(f"\npicture  {picture}")


def answer_all(
    module: Module,
    questions: tuple[Question, ...],
    output: Path,
    full: bool,
    asking: bool,
    as_json: bool,
    traceback: bool,
) -> int:
    """Answer every question and write the report; returns the exit code.

    What a learner's module breaks is told in the report, and the other questions are answered.
    After an interrupt the report holds what was answered before.
    """
    from rich.console import Console

    console = Console(stderr=as_json, highlight=False, markup=False)
    results: list[Result] = []
    failures: list[tuple[Question, str]] = []
    interrupted = False
    guesses: dict[str, str | None] = {}
    try:
        for question in questions if asking else ():
            guesses[question.name] = ask(guess_of(question, {}, full), f"{question.number}. ")
        for question in questions:
            line = f"{question.number:2}  {question.name}"
            try:
                result = find_out(question, {}, full, guesses.get(question.name))
            except Exception as error:
                failure = told(error, traceback)
                failures.append((question, failure.format_message()))
                console.print(f"{line}: could not be answered. {failure.format_message()}")
            else:
                results.append(result)
                said = " ".join(text for text in (result.verdict, result.answer.headline) if text)
                console.print(f"{line}  {said}")
    except (KeyboardInterrupt, click.Abort):
        interrupted = True
        console.print("\nStopped. The report holds what was answered so far.")
    files = write_report(module, results, failures, output)
    if as_json:
        answers = [result.as_dict() for result in results]
        failed = {question.name: problem for question, problem in failures}
        paths = [str(path.absolute()) for path in files]
        click.echo(json_text({"answers": answers, "failures": failed, "files": paths}), nl=False)
    else:
        click.echo(f"\nreport  {output / REPORT}")
    if interrupted:
        return 130
    return 1 if failures else 0


def find_out(question: Question, given: dict[str, str], full: bool, guess: str | None) -> Result:
    """Run the experiment behind a question, with progress where somebody watches."""
    from tinytorch.explore.progress import Meter
    from tinytorch.explore.running import run

    with Meter(question.name) as progress:
        return run(question, given, full=full, guess=guess, progress=progress)


def guess_of(question: Question, given: dict[str, str], full: bool) -> Guess:
    """What to ask before a question is answered."""
    from tinytorch.explore.settings import make_settings

    experiment = question.experiment()
    return experiment.guess(make_settings(experiment.settings, given, full, question.name))


def ask(guess: Guess, before: str = "") -> str | None:
    """Ask for a guess until there is one, or nothing is typed."""
    from tinytorch.explore.experiment import asked_for, read_guess
    from tinytorch.explore.settings import SettingError

    click.echo(f"{before}{asked_for(guess)}")
    while True:
        typed: str = click.prompt("Your guess (Enter for none)", default="", show_default=False)
        if not typed.strip():
            return None
        try:
            read_guess(typed, guess)
        except SettingError as error:
            click.echo(f"{error}.")
        else:
            return typed


def write_report(
    module: Module, results: list[Result], failures: list[tuple[Question, str]], output: Path
) -> list[Path]:
    """Write the pictures, the answers as JSON, and the page; returns the files."""
    from tinytorch.explore.page import report

    title = f"Module {module.number:02}, {module.name}: systems questions"
    command = f"tito explore {module.number:02}"
    page = report(title, results, failures, command, date.today().isoformat())
    contents: dict[str, str | bytes] = {f"{r.question.name}.png": r.png for r in results}
    contents[ANSWERS] = json_text([result.as_dict() for result in results])
    contents[REPORT] = page
    with files_in(output):
        for name, content in contents.items():
            write_atomically(output / name, content)
    return [output / name for name in contents]


def told(error: Exception, traceback: bool) -> click.ClickException:
    """An error as the command tells it: wrong usage, or a module that is at fault.

    Raises:
        Exception: the error itself, where the whole traceback is wanted or there is no more to say.
    """
    from tinytorch.explore.settings import SettingError

    if isinstance(error, SettingError):
        return click.UsageError(f"{error}.".replace("..", "."))
    explanation = explain(error, "The experiment")
    if isinstance(error, click.ClickException) or traceback or explanation is None:
        raise error
    return TitoError(explanation)


@contextmanager
def files_in(output: Path) -> Iterator[None]:
    """Turn what goes wrong with files into one message."""
    try:
        yield
    except OSError as error:
        raise TitoError(
            f"The results cannot be written to {output}: {error.strerror or error}. "
            "Make room there, or choose another folder with --output."
        ) from error


def json_text(value: Any) -> str:
    """The value as JSON, ending in a newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
