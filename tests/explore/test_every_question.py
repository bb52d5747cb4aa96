"""What is asked of every experiment: it can be run, drawn and told, also on modules that are wrong.

Modules under construction load and compute nonsense. Each wrong file below is the reference with
one line changed, and takes its place in a process of its own.
"""

import json
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needs import one_in
from quick import QUICK, answer_of

from tinytorch.course.explore.catalogue import Question, all_questions
from tinytorch.course.explore.experiment import Guess
from tinytorch.course.explore.running import Result, run
from tinytorch.course.explore.settings import limits_of, make_settings
from tinytorch.datasets import mnist

ROOT = Path(__file__).resolve().parents[2]
every_question = pytest.mark.parametrize(
    "question", all_questions(), ids=lambda question: question.name
)

# What is wrong, and the line of the reference that is changed for it.
WRONG = {
    "outputs twice as large": ("return apply(linear, x,", "return 2 * apply(linear, x,"),
    "weights of NaN": ("* np.float32(scale)", "* np.float32(math.nan)"),
    "weights of zero": ("* np.float32(scale)", "* np.float32(0)"),
    "weights far too large": ("* np.float32(scale)", "* np.float32(1e4)"),
    "weights in float64": ("Tensor(weight, ", "Tensor(weight, dtype=np.float64, "),
    "a bias too many": ("np.zeros(self.out_features)", "np.zeros((2, self.out_features))[:1]"),
    "no bias at all": ("if bias else None", "if False else None"),
    "dropout without scale": ("* (1 / (1 - self.p))", "* 1"),
    "dropout that never drops": ("if not training or self.p == 0", "if True or self.p == 0"),
    "dropout that always drops": ("if not training or self.p == 0", "if self.p == 0"),
    "dropout that drops everything": (
        "mask = keep.astype(x.dtype)",
        "mask = 0 * keep.astype(x.dtype)",
    ),
}
PROGRAM = """
import json, sys
import tinytorch.course.overlay
tinytorch.course.overlay.replace_module("layers", sys.argv[1])
import numpy as np
from rich.console import Console
from tinytorch.datasets import MNIST
from tinytorch.course.explore import digits, timing
from tinytorch.course.explore.catalogue import all_questions
from tinytorch.course.explore.page import report
from tinytorch.course.explore.running import run
from tito.terminal.answers import show_result
few = MNIST(**np.load(sys.argv[4]))
digits._all_digits = lambda: few
timing.SHORTEST_BLOCK = 1e-5
results = [run(question, given) for question in all_questions()
           if (given := json.loads(sys.argv[2]).get(question.name)) is not None]
console = Console(file=sys.stderr, width=80)
for result in results:
    show_result(console, result, "tito explore 03")
if sys.argv[3] == "draw":
    report("Questions", results, [], "tito explore 03", "today")
print(json.dumps([result.as_dict() for result in results], allow_nan=False))
"""


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with as many digits as are asked for, since reading all takes a moment."""
    file = tmp_path_factory.mktemp("digits") / "digits.npz"
    np.savez(file, **{name: array[:500] for name, array in mnist()._asdict().items()})
    return file


@cache
def answered(question: Question) -> Result:
    """The question, answered quickly."""
    return run(question, QUICK[question.name])


@pytest.mark.parametrize("mistake", one_in(3, WRONG))
def test_every_question_is_answered_on_a_module_that_is_wrong(
    mistake: str, tmp_path: Path, few_digits: Path
) -> None:
    old, new = WRONG[mistake]
    text = (ROOT / "tinytorch" / "core" / "layers.py").read_text(encoding="utf-8")
    assert text.count(old) == 1, f"the reference has changed: {old}"
    wrong = tmp_path / "layers.py"
    # Matplotlib takes its time, and NaN is the worst that it can meet.
    draw = "draw" if mistake == "weights of NaN" else ""
    wrong.write_text(text.replace(old, new), encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(wrong), json.dumps(QUICK), draw, str(few_digits)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    answers = json.loads(finished.stdout)
    assert [answer["question"] for answer in answers] == [q.name for q in all_questions()]
    assert all(answer["answer"] and answer["why"] for answer in answers)


@every_question
def test_an_answer_says_everything_and_keeps_to_its_form(question: Question) -> None:
    result = answered(question)
    answer = result.answer
    assert answer.headline.endswith(".")
    assert answer.why.endswith(".")
    assert answer.formulas
    assert answer.tables
    assert answer.picture.title
    for table in answer.tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}
    for text in (answer.headline, answer.why, answer.method):
        assert "nan" not in text.split()
        assert "  " not in text


# What the questions of the course come to exactly, however long anything takes.
EXACT: dict[str, dict[str, Any]] = {
    "growth": {
        "parameters": 203_530,
        "parameters_wider": 407_050,
        "ratio": 407_050 / 203_530,
        "ratios": {
            "without biases": 2,
            "one hidden layer": 407_050 / 203_530,
            "2 hidden layers": (407_050 + 512 * 513) / (203_530 + 256 * 257),
            "3 hidden layers": (407_050 + 2 * 512 * 513) / (203_530 + 2 * 256 * 257),
        },
    },
    "flops": {"flops": {"Linear": 268_435_456, "Dropout": 131_072}, "flops_ratio": 2048},
    "resnet-head": {
        "parameters": 2048 * 1000 + 1000,
        "bytes": 4 * 2_049_000,
        "share_of_parameters": 2_049_000 / 25_557_032,
        "flattened_parameters": 7 * 7 * 2048 * 1000 + 1000,
    },
    "width-depth": {
        "sizes": {
            "wide": [784, 512, 10],
            "deep": [784, 256, 256, 10],
            "less wide": [784, 339, 10],
        },
        "parameters": {"wide": 407_050, "deep": 269_322, "less wide": 269_515},
    },
}


@pytest.mark.parametrize("name", EXACT)
def test_the_questions_of_the_course_have_their_exact_answers(name: str) -> None:
    few = {"images": 200, "test_images": 200, "epochs": 1, "seeds": 2}
    given = few if name == "width-depth" else {"seconds": 0.01} if name != "growth" else {}
    values = answer_of(name, **given).values
    assert {value: values[value] for value in EXACT[name]} == EXACT[name]


@every_question
def test_a_guess_can_be_held_against_the_answer(question: Question) -> None:
    result = answered(question)
    guess = result.asked
    assert isinstance(guess, Guess)
    assert guess.prompt.endswith("?")
    if guess.choices:
        assert result.answer.truth in guess.choices
    else:
        assert isinstance(result.answer.truth, (int, float))


@every_question
def test_what_to_change_is_a_setting_that_exists(question: Question) -> None:
    experiment = question.experiment()
    changes = answered(question).answer.changes
    assert changes
    for change in changes:
        make_settings(experiment.settings, change.settings, False, question.name)


@every_question
def test_every_setting_says_what_it_is_and_defaults_keep_their_own_limits(
    question: Question,
) -> None:
    kind = question.experiment().settings
    for declared in fields(kind):
        limits = limits_of(declared)
        assert limits.meaning
        for value in (declared.default, limits.full):
            make_settings(kind, {declared.name: value}, False, question.name)


@every_question
def test_json_holds_the_values(question: Question) -> None:
    result = answered(question)
    found: dict[str, Any] = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    assert found["question"] == question.name
    assert found["values"]
    assert found["settings"]
    assert set(found["conditions"]) >= {"Processor", "Threads", "Modules"}


@every_question
def test_the_picture_is_a_png_with_named_axes(question: Question) -> None:
    result = answered(question)
    assert result.png.startswith(b"\x89PNG\r\n\x1a\n")
    for panel in result.answer.picture.panels:
        axes = [panel.x, panel.y] if hasattr(panel, "x") else [panel.axis]
        assert all(axis.label for axis in axes)


@every_question
def test_progress_goes_from_little_to_all_and_says_what_is_done(question: Question) -> None:
    told: list[tuple[float, str]] = []
    run(question, QUICK[question.name], progress=lambda share, what: told.append((share, what)))
    shares = [share for share, _ in told]
    assert shares
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    assert all(what for _, what in told)
