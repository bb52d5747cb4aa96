"""A module is a folder and a line in the list: with those, everything else finds it.

A made-up module is added to a copy of the repository by `tito dev new`, which writes nothing else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; from tito.main import main; main(sys.argv[1:], prog_name='tito')"


class Copy:
    """A copy of the repository, and commands run from it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def tito(self, *arguments: str, cwd: Path) -> str:
        """What a command prints; it must succeed."""
        finished = self.run(*arguments, cwd=cwd)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """A command that has come to its end."""
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which Python takes the copy's packages."""
        return {**os.environ, "PYTHONPATH": str(self.root)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the repository with a module more than the course has."""
    root = tmp_path_factory.mktemp("clone") / "tinytorch"
    left_out = shutil.ignore_patterns("__pycache__", ".*", "tests", "docs", "explore-*")
    shutil.copytree(ROOT, root, ignore=left_out)
    shutil.copytree(ROOT / "tests" / "checks", root / "tests" / "checks", ignore=left_out)
    copy = Copy(root)
    written = copy.tito("dev", "new", "42", "answers", cwd=root).splitlines()[:-1]
    assert {line.removeprefix("wrote ") for line in written} == {
        "modules/42_answers/answers_dev.py",
        "modules/42_answers/answers_dev.ipynb",
        "modules/42_answers/checks.py",
        "modules/42_answers/mistakes.toml",
        "modules/42_answers/questions.toml",
        "modules/42_answers/experiments/answers_size.py",
        "tinytorch/core/answers.py",
        "tinytorch/course/__init__.py",
    }
    return copy


@pytest.fixture
def workspace(copy: Copy, tmp_path: Path) -> Path:
    """A workspace made from the copy."""
    copy.tito("init", str(tmp_path / "mine"), cwd=tmp_path)
    return tmp_path / "mine"


def solve(workspace: Path, solution: str = "return x + x") -> None:
    """Write the exercise."""
    file = workspace / "modules" / "42_answers" / "answers_dev.py"
    text = file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "raise NotImplementedError" in line]
    assert len(lines) == 1, lines
    file.write_text(text.replace(lines[0], f"    {solution}"), encoding="utf-8")


def test_a_clone_tests_it_exports_it_and_finds_it_whole(copy: Copy) -> None:
    assert "1 check passed" in copy.tito("test", "--module", "answers", cwd=copy.root)
    assert "8 lessons: all up to date." in copy.tito("export", "--check", cwd=copy.root)
    assert copy.tito("dev", "check", "42", cwd=copy.root) == "42_answers: is whole\n"


BROKEN = [
    ("answers_dev.py", "Hint 3", "Third", "example has 2 hints, and should have 3"),
    ("answers_dev.py", "END SOLUTION", "END", "'### BEGIN SOLUTION' without an '### END SOLUTION'"),
    (
        "answers_dev.py",
        "return x + x",
        "return x * x",
        "the solution fails test_example_doubles_a_",
    ),
    ("checks.py", "EXAMPLE =", "EXAMPLE = =", "checks.py cannot be read: SyntaxError"),
    ("mistakes.toml", "[[mistake]]", "[[mistak]]", "no mistake in mistakes.toml is for the check"),
    (
        "mistakes.toml",
        'check = "test',
        'check = "',
        "mistakes.toml speaks of a check that there is",
    ),
    ("mistakes.toml", "says =", "said =", "mistakes.toml cannot be read: KeyError: 'says'"),
    (
        "mistakes.toml",
        "return x + x",
        "return x + y",
        "the edits of 'multiplied instead of added' do ",
    ),
    (
        "questions.toml",
        'name = "',
        'name = "no-',
        "no experiment answers a question: experiments/no_",
    ),
    ("questions.toml", "[[question]]", "[[", "questions.toml cannot be read: TOMLDecodeError"),
]


@pytest.mark.parametrize(("file", "old", "new", "words"), BROKEN)
def test_what_is_not_whole_is_said_in_a_sentence(
    copy: Copy, file: str, old: str, new: str, words: str
) -> None:
    path = copy.root / "modules" / "42_answers" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        finished = copy.run("dev", "check", "42", cwd=copy.root)
    finally:
        path.write_text(text, encoding="utf-8")
    assert finished.returncode == 1
    assert "42_answers: lacks\n" in finished.stdout
    assert words in finished.stdout
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("name", ["class", "9x", "Data", "data-loader", "_x", "tensor"])
def test_a_name_that_cannot_be_a_modules_writes_nothing(copy: Copy, name: str) -> None:
    before = sorted(copy.root.rglob("*.py"))
    finished = copy.run("dev", "new", "43", name, cwd=copy.root)
    assert finished.returncode == 1
    assert finished.stderr.startswith("Error: ")
    assert sorted(copy.root.rglob("*.py")) == before


def test_a_lower_number_is_entered_before_the_higher(copy: Copy) -> None:
    listed = copy.root / "tinytorch" / "course" / "__init__.py"
    text = listed.read_text(encoding="utf-8")
    copy.tito("dev", "new", "41", "questions", cwd=copy.root)
    overview = copy.tito("export", "--check", cwd=copy.root)
    assert "9 lessons: all up to date." in overview
    written = listed.read_text(encoding="utf-8")
    assert written.index('"questions",') < written.index('"answers",')
    listed.write_text(text, encoding="utf-8")
    shutil.rmtree(copy.root / "modules" / "41_questions")
    (copy.root / "tinytorch" / "core" / "questions.py").unlink()


def test_what_it_teaches_is_in_tinytorch_and_its_examples_are_true(copy: Copy) -> None:
    program = (
        "import doctest, tinytorch, tinytorch.core.answers as answers; "
        "print(tinytorch.example is answers.example, doctest.testmod(answers))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=copy.root,
        env=copy.environment,
        capture_output=True,
        text=True,
    )
    assert finished.stdout == "True TestResults(failed=0, attempted=1)\n", finished.stderr


def test_a_learner_sees_it_starts_it_and_gets_hints(copy: Copy, workspace: Path) -> None:
    assert "42 answers" in copy.tito(cwd=workspace)
    copy.tito("module", "start", "42", cwd=workspace)
    assert "example" in copy.tito("module", "status", "42", cwd=workspace)
    assert "Twice a number" in copy.tito("hint", "42", cwd=workspace)
    assert (workspace / "modules" / "42_answers" / "checks.py").is_file()


def test_its_lesson_runs_as_a_script_before_the_exercise_is_written(
    copy: Copy, workspace: Path
) -> None:
    finished = subprocess.run(
        [sys.executable, "modules/42_answers/answers_dev.py"],
        cwd=workspace,
        env=copy.environment,
        capture_output=True,
        text=True,
    )
    assert "This waits for example, which is not written yet" in finished.stdout
    assert finished.stderr == ""


@pytest.mark.thorough
def test_a_learner_watches_it(copy: Copy, workspace: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "watch", "42"],
        cwd=workspace,
        env=copy.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        try:
            shown = next(line for line in watching.stdout if "Unit Test" in line)
        finally:
            watching.kill()
    assert "Example" in shown


@pytest.mark.thorough
def test_a_learner_completes_it_and_the_framework_uses_it(copy: Copy, workspace: Path) -> None:
    solve(workspace)
    copy.tito("module", "complete", "42", cwd=workspace)
    assert (workspace / "tinytorch" / "core" / "answers.py").is_file()
    assert "1 check passed" in copy.tito("test", "--module", "42", cwd=workspace)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/", "-k", "answers", "-q"],
        cwd=workspace,
        env=copy.environment,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout
    assert "1 passed" in finished.stdout


@pytest.mark.thorough
def test_its_question_is_listed_completed_and_answered(copy: Copy, workspace: Path) -> None:
    assert "answers-size" in copy.tito("explore", "42", cwd=workspace)
    said = copy.tito("explore", "42", "answers-size", "--no-guess", cwd=workspace)
    assert "4,000 bytes: 4 for each number." in said
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=workspace,
        env={
            **copy.environment,
            "_TITO_COMPLETE": "bash_complete",
            "COMP_WORDS": "tito explore answers ",
            "COMP_CWORD": "3",
        },
        capture_output=True,
        text=True,
    )
    assert "answers-size" in finished.stdout


@pytest.mark.thorough
def test_its_notebook_is_handed_out(copy: Copy, workspace: Path) -> None:
    copy.tito("module", "start", "42", "--notebook", cwd=workspace)
    assert (workspace / "modules" / "42_answers" / "answers_dev.ipynb").is_file()


def test_the_site_has_its_pages(copy: Copy) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tinytorch.course import find_module\n"
        "from tinytorch.course.explore.catalogue import questions_of\n"
        "from tito.site import experiment_page, module_page, museum_page, path_picture\n"
        "module = find_module('answers')\n"
        "print(module_page.page(Path(sys.argv[1]), module))\n"
        "print(museum_page.page(module))\n"
        "print(experiment_page.page(*questions_of('answers')))\n"
        "print(path_picture.picture())\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(copy.root)],
        cwd=copy.root,
        env=copy.environment,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert "# 42 Answers" in finished.stdout
    assert "Difficulty: ⭐ (1/4) | Time: 1 hour" in finished.stdout
    assert "**Prerequisites:** [01 Tensor](tensor.md)" in finished.stdout
    assert "📈 Progress: " in finished.stdout
    assert "# Mistakes in 42 Answers" in finished.stdout
    assert "tito explore 42" in finished.stdout
    assert 'href="modules/answers.html"' in finished.stdout
