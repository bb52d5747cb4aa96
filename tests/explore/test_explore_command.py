"""`tito explore`: listing, answering one or all, guesses, files, and what goes wrong."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner, Result

from tinytorch.course.explore.catalogue import find_question, questions_of
from tinytorch.course.overlay import VARIABLE
from tito.main import main

PROGRAM = "import sys; from tito.main import main; main(sys.argv[1:])"
# The same, as if the module had two questions, which are answered in no time.
FEW = PROGRAM.replace(
    "import sys;",
    "import sys; import tinytorch.course.explore.catalogue as c; "
    "few = tuple(map(c.find_question, ('expected-value', 'growth'))); "
    "c.questions_of = lambda module: few;",
)
CORE = Path(__file__).resolve().parents[2] / "tinytorch" / "core"
QUICK = ("growth", "--set", "inputs=20", "--set", "hidden=8", "--set", "outputs=3")
RATIO = 2 * (20 * 8 + 8 + 8 * 3) / (20 * 8 + 8 + 8 * 3 + 3) + 3 / (20 * 8 + 8 + 8 * 3 + 3)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the module had two questions, which are answered in no time."""
    questions = tuple(find_question(name) for name in ("expected-value", "growth"))
    monkeypatch.setattr("tito.commands.explore.questions_of", lambda module: questions)


def explore(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["explore", *arguments])


# ---- Listing -------------------------------------------------------------------------------------


def test_without_a_question_all_are_listed_under_their_headings() -> None:
    result = explore("03")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    for question in questions_of("layers"):
        assert question.heading in lines
        assert f"  {question.number:2}  {question.name}" in lines
        assert lines.index(question.heading) < lines.index(
            f"  {question.number:2}  {question.name}"
        )
    assert "tito explore 03 --all" in result.output
    assert list(Path.cwd().iterdir()) == []


def test_the_list_is_there_for_programs_too() -> None:
    listed = json.loads(explore("layers", "--json").output)
    assert [entry["name"] for entry in listed] == [q.name for q in questions_of("layers")]
    assert set(listed[0]) == {"number", "name", "heading", "text"}


def test_listing_and_help_need_neither_numpy_nor_rich() -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom tito.main import main\n"
        "for arguments in (['explore', '03'], ['explore', '--help']):\n"
        "    assert CliRunner().invoke(main, arguments).exit_code == 0\n"
        "print([n for n in ('numpy', 'rich', 'matplotlib', 'plotille') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_module_without_questions_says_which_have_some() -> None:
    result = explore("01")
    assert result.exit_code == 1
    assert "01_tensor has no questions to explore yet. These have: 03, 04." in result.output


# ---- One question --------------------------------------------------------------------------------


def test_one_question_is_answered_with_table_sketch_reason_formula_and_picture() -> None:
    result = explore("03", *QUICK)
    assert result.exit_code == 0
    flat = " ".join(result.output.split())
    question = find_question("growth")
    for part in (
        question.text,
        f"{RATIO:.5f} times as many: 195 parameters become 387",
        "one hidden layer 20-8-3 195 387",
        "up: times as many parameters after",
        "Each hidden unit brings 24 parameters",
        "20 · 8 + 8 + 8 · 3 + 3 = 195",
        "tito explore 03 growth --set inputs=10",
        "Settings: inputs=20, hidden=8, outputs=3",
        "Modules: all are the reference's",
    ):
        assert part in flat
    picture = Path("explore-layers") / "growth.png"
    assert str(picture) in result.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in picture.parent.iterdir()] == ["growth.png"]


def test_a_question_goes_by_its_number_too() -> None:
    assert "8. growth" in explore("3", "8", *QUICK[1:]).output


def test_in_a_pipe_there_are_no_colours_no_guess_and_no_progress() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "explore", "03", *QUICK],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "Your guess" not in done.stdout
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 88


def test_json_tells_everything_and_nothing_else_is_on_stdout() -> None:
    result = explore("03", *QUICK, "--json")
    values = json.loads(result.stdout)
    assert values["values"]["ratio"] == pytest.approx(RATIO)
    assert values["settings"]["hidden"] == "8"
    assert values["guess"] is None
    assert Path(values["picture"]).read_bytes().startswith(b"\x89PNG")


def test_command_and_notebook_give_the_same_answer() -> None:
    from tinytorch.course.explore import explore as in_notebook

    told = json.loads(explore("03", *QUICK, "--json").stdout)
    shown = in_notebook("growth", inputs=20, hidden=8, outputs=3).as_dict()
    assert told["values"] == json.loads(json.dumps(shown["values"]))
    assert told["answer"] == shown["answer"]


def test_full_takes_the_thorough_settings() -> None:
    given = ("--set", "elements=20", "--set", "p=0.25", "--full", "--json")
    values = json.loads(explore("03", "expected-value", *given).stdout)
    assert values["settings"]["calls"] == "10000"
    assert values["settings"]["elements"] == "20"


def test_the_folder_for_the_picture_can_be_chosen() -> None:
    assert explore("03", *QUICK, "-o", "here/and/there").exit_code == 0
    assert (Path("here/and/there") / "growth.png").is_file()


def test_an_old_picture_is_replaced_and_other_files_stay() -> None:
    Path("explore-layers").mkdir()
    for name in ("growth.png", "mine.txt"):
        (Path("explore-layers") / name).write_text("old")
    assert explore("03", *QUICK).exit_code == 0
    assert (Path("explore-layers") / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert (Path("explore-layers") / "mine.txt").read_text() == "old"


# ---- Guesses -------------------------------------------------------------------------------------


def test_a_guess_given_as_an_option_stands_beside_the_answer() -> None:
    result = explore("03", *QUICK, "--guess", "4")
    verdict = r"You guessed 4 times; it is 1\.98462 times: too high by a factor of 2\.0"
    assert re.search(verdict, result.output)
    assert json.loads(explore("03", *QUICK, "--guess", "4", "--json").stdout)["guess"] == 4


def on_a_terminal(program: str, *arguments: str) -> pexpect.spawn:
    """The command on a terminal."""
    environment = {**os.environ, "TERM": "xterm-256color", VARIABLE: "off"}
    return pexpect.spawn(
        sys.executable,
        ["-c", program, "explore", "03", *arguments],
        env=environment,
        encoding="utf-8",
        dimensions=(50, 100),
        timeout=30,
    )


@pytest.fixture
def terminal() -> Iterator[pexpect.spawn]:
    """One question on a terminal."""
    child = on_a_terminal(PROGRAM, *QUICK)
    yield child
    child.close(force=True)


@pytest.mark.needs("terminal")
def test_on_a_terminal_a_guess_is_asked_for_before_anything_is_measured(
    terminal: pexpect.spawn,
) -> None:
    terminal.expect(r"How many times as many parameters is\s+that\?")
    assert "parameters become" not in terminal.before
    terminal.expect_exact("Your guess (Enter for none): ")
    terminal.sendline("lots")
    terminal.expect_exact("'lots' is no number such as 2, 0.5, 1,000 or 1e9.")
    terminal.expect_exact("Your guess (Enter for none): ")
    terminal.sendline("2")
    terminal.expect_exact("You guessed 2 times")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0


@pytest.mark.needs("terminal")
def test_enter_is_no_guess(terminal: pexpect.spawn) -> None:
    terminal.expect_exact("Your guess (Enter for none): ")
    terminal.sendline("")
    terminal.expect_exact("times as many: 195 parameters")
    assert "You guessed" not in terminal.before
    terminal.expect(pexpect.EOF)


@pytest.mark.needs("terminal")
def test_nobody_who_does_not_want_to_is_asked() -> None:
    terminal = on_a_terminal(PROGRAM, *QUICK, "--no-guess")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert "Your guess" not in terminal.before


@pytest.mark.needs("terminal")
def test_for_a_report_all_guesses_are_asked_for_first_and_stand_in_it() -> None:
    terminal = on_a_terminal(FEW, "--all")
    terminal.expect_exact("7. One element of 1 goes 1,000 times through Dropout(0.5).")
    terminal.expect_exact("Your guess (Enter for none): ")
    terminal.sendline("")
    terminal.expect_exact("8. 784-256-10 becomes 784-512-10.")
    terminal.expect_exact("Your guess (Enter for none): ")
    terminal.sendline("3")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    page = (Path("explore-layers") / "report.html").read_text(encoding="utf-8")
    assert page.count("You guessed") == 1
    assert "You guessed 3 times; it is 1.99995 times" in page


# ---- Wrong usage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("03", "grwth"), "There is no question 'grwth'. Did you mean 'growth'?"),
        (("03", "99"), "There is no question '99'. The questions are resnet-head,"),
        (("99",), "There is no module '99'"),
        (("03", "growth", "--all"), "Name one question, or say --all, not both."),
        (("03", "--all", "--set", "hidden=3"), "--set and --guess go with one question"),
        (("03", "--full"), "Which question? Name one after the module, or say --all."),
        (("03", "growth", "--set", "hidden"), "'hidden' is not of the form name=value"),
        (("03", "growth", "--set", "=3"), "'=3' is not of the form name=value"),
        (("03", "growth", "--set", "hiden=3"), "no setting 'hiden'. Did you mean 'hidden'?"),
        (("03", "growth", "--set", "hidden=-3"), "hidden takes a whole number from 1 to 2,000"),
        (("03", "growth", "--set", "hidden=many"), "hidden takes a whole number from 1 to 2,000"),
        (("03", "growth", "--guess", "lots"), "'lots' is no number such as 2"),
        (("03", "flops", "--set", "p=1.5"), "p takes a number from 0.01 to 0.99; got '1.5'"),
    ],
)
def test_wrong_usage_is_told_and_exits_2(arguments: tuple[str, ...], complaint: str) -> None:
    result = explore(*arguments)
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())
    assert list(Path.cwd().iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_before_anything_runs() -> None:
    Path("taken").write_text("a file", encoding="utf-8")
    result = explore("03", *QUICK, "-o", "taken/below")
    assert result.exit_code == 1
    assert "The results cannot be written to taken/below" in " ".join(result.output.split())
    assert "parameters become" not in result.output


def test_the_shell_completes_the_names_of_questions() -> None:
    from click.shell_completion import ShellComplete

    complete = ShellComplete(main, {}, "tito", "_TITO_COMPLETE")
    found = complete.get_completions(["explore", "03"], "gro")
    assert [item.value for item in found] == ["growth"]


# ---- All questions -------------------------------------------------------------------------------


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.usefixtures("few")
def test_all_questions_make_a_report_that_needs_no_other_file() -> None:
    result = explore("03", "--all", "-o", "report")
    assert result.exit_code == 0
    names = sorted(path.name for path in Path("report").iterdir())
    assert names == ["answers.json", "expected-value.png", "growth.png", "report.html"]
    page = Outside()
    page.feed((Path("report") / "report.html").read_text(encoding="utf-8"))
    assert len(page.loaded) == 2
    assert all(address.startswith("data:image/png;base64,") for address in page.loaded)
    for name in ("growth", "expected-value"):
        question = find_question(name)
        assert question.text in page.text
        assert question.heading in page.text
        assert f"{question.number}  {name}" in result.output
    answers = json.loads((Path("report") / "answers.json").read_text(encoding="utf-8"))
    assert [answer["question"] for answer in answers] == ["expected-value", "growth"]
    assert all(answer["answer"] in page.text for answer in answers)


@pytest.mark.usefixtures("few")
def test_all_as_json_lists_answers_and_files() -> None:
    told = json.loads(explore("03", "--all", "--json").stdout)
    assert [answer["question"] for answer in told["answers"]] == ["expected-value", "growth"]
    assert told["failures"] == {}
    assert {Path(file).name for file in told["files"]} == {
        "expected-value.png", "growth.png", "answers.json", "report.html",
    }  # fmt: skip
    assert all(Path(file).is_file() for file in told["files"])


@pytest.mark.usefixtures("few")
def test_an_interrupt_keeps_what_was_answered_before(monkeypatch: pytest.MonkeyPatch) -> None:
    from tito.commands import explore as command

    find_out = command.find_out

    def interrupted(question, *arguments):  # type: ignore[no-untyped-def]
        if question.name == "growth":
            raise KeyboardInterrupt
        return find_out(question, *arguments)

    monkeypatch.setattr(command, "find_out", interrupted)
    result = explore("03", "--all")
    assert result.exit_code == 130
    assert "The report holds what was answered so far" in result.output
    page = (Path("explore-layers") / "report.html").read_text(encoding="utf-8")
    assert "expected-value" in page
    assert "growth" not in page


# ---- A learner's modules -------------------------------------------------------------------------


def in_workspace(
    tmp_path: Path, old: str, new: str, *arguments: str, program: str = PROGRAM
) -> subprocess.CompletedProcess[str]:
    """Run the command with the reference's layers, changed, as the learner's module."""
    text = (CORE / "layers.py").read_text(encoding="utf-8")
    assert old in text
    finished_module = tmp_path / "workspace" / "tinytorch" / "core" / "layers.py"
    finished_module.parent.mkdir(parents=True)
    finished_module.write_text(text.replace(old, new), encoding="utf-8")
    (tmp_path / "workspace" / "tinytorch.toml").write_text("")
    return subprocess.run(
        [sys.executable, "-c", program, "explore", "03", *arguments],
        cwd=tmp_path,
        env={**os.environ, VARIABLE: str(tmp_path / "workspace")},
        capture_output=True,
        text=True,
    )


def test_the_learners_layers_are_the_ones_that_answer(tmp_path: Path) -> None:
    old = "return [self.weight] if self.bias is None else [self.weight, self.bias]"
    done = in_workspace(tmp_path, old, "return [self.weight]", *QUICK)
    assert done.returncode == 0, done.stderr
    flat = " ".join(done.stdout.split())
    assert "184 parameters become 368" in flat  # without the biases
    assert "do not have n · m + m parameters each" in flat
    assert "Modules: layers is yours, the others are the reference's" in flat


def test_a_module_that_breaks_is_named_with_its_line_and_the_way_to_check_it(
    tmp_path: Path,
) -> None:
    broken = "raise RuntimeError('not yet')"
    done = in_workspace(tmp_path, "self.bias = Tensor(", f"{broken}; self.bias = Tensor(", *QUICK)
    assert done.returncode == 1
    flat = " ".join(done.stderr.split())
    assert "The experiment stopped in module layers (yours)" in flat
    assert "RuntimeError: not yet" in flat
    assert "tito test 03" in flat
    assert "Traceback" not in done.stderr


def test_a_question_that_breaks_leaves_the_others_their_answers(tmp_path: Path) -> None:
    old = "self.in_features = whole_number"
    done = in_workspace(tmp_path, old, f"1 / 0; {old}", "--all", program=FEW)
    assert done.returncode == 1
    assert "growth: could not be answered" in done.stdout
    page = (tmp_path / "explore-layers" / "report.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in page
    assert "The mean of all is" in page
