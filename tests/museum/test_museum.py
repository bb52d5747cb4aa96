"""The museum: every mistake is caught and named, and no correct solution is turned away."""

import itertools
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from judging import checks_of, failures, failures_apart, tito_test
from needs import one_in

from tinytorch.course import Module, find_module
from tinytorch.course.checking.judge import judge
from tito.dev.museum import (
    MODULES,
    ROOT,
    Exhibit,
    Variant,
    correct_variants,
    edited,
    mistakes,
    original,
)
from tito.lessons import material
from tito.lessons.exercises import exercise_names, hints
from tito.main import main

every_module = pytest.mark.parametrize("module", MODULES, ids=[m.name for m in MODULES])

PAIRS = 50


def of_all_modules(kind: str, exhibits: list[Variant], every: int = 1) -> pytest.MarkDecorator:
    """A test for each exhibit, of which one in `every` runs when no thorough test is asked for."""
    return pytest.mark.parametrize(
        kind, one_in(every, exhibits), ids=lambda exhibit: f"{exhibit.module.name}: {exhibit.name}"
    )


# A tenth of a second each, and there are more with every module.
every_mistake = of_all_modules(
    "mistake", [m for module in MODULES for m in mistakes(module)], every=3
)
every_variant = of_all_modules(
    "variant", [v for module in MODULES for v in correct_variants(module)], every=3
)


# ---- Mistakes ------------------------------------------------------------------------------------


@every_mistake
def test_it_is_caught_and_named_by_the_check_that_a_teacher_would_point_to(
    mistake: Exhibit,
) -> None:
    failed = failures_apart(mistake)
    assert failed, "it is not caught"
    first = failed[0]
    assert (first["name"], first["mistake"]) == (mistake.check, mistake.named), first
    if mistake.named is None:
        for words in (first["seen"], first["expected"]):
            assert re.search(r"\d|nan|inf|True|False", words), f"no numbers in {words!r}"
    untold = named_in(failed) - {mistake.named, *mistake.also}
    assert not untold, f"is this true as well? {untold}"


def named_in(failed: list[dict[str, str]]) -> set[str]:
    return {check["mistake"] for check in failed if check["mistake"]}


@every_module
def test_no_two_are_the_same_code(module: Module) -> None:
    texts = [exhibit.text for exhibit in (*mistakes(module), *correct_variants(module))]
    assert len(set(texts)) == len(texts)


@every_module
def test_their_names_are_unique(module: Module) -> None:
    names = [exhibit.name for exhibit in (*mistakes(module), *correct_variants(module))]
    assert sorted(names) == sorted(set(names))


@every_module
def test_every_check_has_a_mistake_that_it_is_the_first_to_see(module: Module) -> None:
    seen_by = {mistake.check for mistake in mistakes(module)}
    assert [check.name for check in checks_of(module) if check.name not in seen_by] == []


@every_module
def test_nine_in_ten_are_named_each_in_words_of_its_own(module: Module) -> None:
    words = [(m.check, m.named) for m in mistakes(module) if m.named]
    assert len(words) >= 0.9 * len(mistakes(module))
    assert sorted(words) == sorted(set(words))


# ---- Pairs of mistakes ---------------------------------------------------------------------------


def pairs(module: Module) -> list[tuple[Exhibit, Exhibit]]:
    """Pairs of mistakes that somebody could make together."""
    both = list(itertools.combinations(mistakes(module), 2))
    random.Random(module.name).shuffle(both)
    return list(itertools.islice(filter(go_together, both), PAIRS))


def go_together(pair: tuple[Exhibit, Exhibit]) -> bool:
    """Whether both can be made at once, in either order, to the same effect."""
    texts = []
    for first, second in (pair, pair[::-1]):
        try:
            texts.append(edited(original(first.module), first.edits + second.edits))
        except ValueError:
            return False
    return texts[0] == texts[1]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("first", "second"),
    [pair for module in MODULES for pair in pairs(module)],
    ids=lambda exhibit: f"{exhibit.module.name}: {exhibit.name}",
)
def test_two_mistakes_at_once_do_not_hide_each_other(first: Exhibit, second: Exhibit) -> None:
    both = Variant(first.module, "both", first.edits + second.edits)
    failed = failures_apart(both)
    assert {check["outcome"] for check in failed} <= {"failed"}
    assert {first.check, second.check} & {check["name"] for check in failed}
    true = {first.named, second.named, *first.also, *second.also}
    assert named_in(failed) <= true, named_in(failed) - true


# ---- Correct variants ----------------------------------------------------------------------------


@every_variant
def test_a_correct_solution_passes_however_it_is_written(variant: Variant) -> None:
    assert failures_apart(variant) == []


# ---- Suites --------------------------------------------------------------------------------------


@every_module
def test_a_suite_takes_less_than_a_second_of_the_processor(module: Module) -> None:
    # It takes some 30 ms: processor time, so that a busy machine is no reason to fail.
    checks = checks_of(module)
    start = time.process_time()
    for check in checks:
        assert judge(check, f"tinytorch.core.{module.name}").outcome == "passed"
    assert time.process_time() - start < 1


@every_module
def test_checks_need_only_what_stands_before_them(module: Module) -> None:
    before: set[str] = set()
    for check in checks_of(module):
        assert before.issuperset(check.needs), check.name
        before.add(check.name)


# ---- The commands --------------------------------------------------------------------------------


# One in sixteen, since each takes a second or more; `read.py` shows all. What keeps something from
# call to call is not among them: it fails more checks where all of them run in one process.
sample = [
    exhibit
    for module in MODULES
    for exhibit in (*mistakes(module)[::16], *correct_variants(module)[::16])
    if "is kept" not in (getattr(exhibit, "named", None) or "")
]


@of_all_modules("exhibit", sample, every=4)
def test_tito_test_says_the_same(exhibit: Variant, tmp_path: Path) -> None:
    told, expected = (
        [(check["name"], check["outcome"], check["mistake"]) for check in failed]
        for failed in (failures(exhibit, tmp_path), failures_apart(exhibit))
    )
    assert told == expected


@every_module
def test_the_command_in_a_process_of_its_own_says_the_same(module: Module, tmp_path: Path) -> None:
    mistake = mistakes(module)[0]
    expected = tito_test(mistake, tmp_path, "--json")
    program = "from tito.main import main; main()"
    file = str(tmp_path / f"{module.name}.py")
    result = subprocess.run(
        [sys.executable, "-c", program, "test", "--file", file, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    told, expected = (told_first(text) for text in (result.stdout, expected))
    assert told == expected


def told_first(report: str) -> tuple[str, str]:
    failed = [check for check in json.loads(report)["checks"] if check["outcome"] == "failed"]
    return failed[0]["check"], failed[0]["mistake"]


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *arguments],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("runs", ["3", pytest.param("100", marks=pytest.mark.thorough)])
@every_module
def test_the_correct_variants_can_be_run_again_and_again(module: Module, runs: str) -> None:
    variant = correct_variants(module)[0]
    result = run("repeat.py", "--module", module.name, "--runs", runs, variant.name)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{runs} of {runs} passed: {variant.name}" in result.stdout
    assert f"{runs} runs, no false alarm" in result.stdout


@every_module
def test_a_mistake_can_be_read_as_a_learner_reads_it(module: Module) -> None:
    mistake = mistakes(module)[0]
    result = run("read.py", "--module", module.name, mistake.name)
    assert mistake.says in result.stdout
    assert "Next: tito hint" in result.stdout


# ---- Hints ---------------------------------------------------------------------------------------


@every_module
def test_every_hint_that_a_check_points_to_exists(module: Module) -> None:
    lesson = material.lesson(module)
    given, exercises = hints(lesson), exercise_names(lesson)
    for check in checks_of(module):
        subject = next((name for name in check.about if name in exercises), None)
        if check.hint is not None:
            assert subject, check.name
            assert 1 <= check.hint <= len(given[subject])


def test_the_hint_after_a_mistake_speaks_of_it(tmp_path: Path) -> None:
    (mistake,) = (
        m for m in mistakes(find_module("layers")) if m.name == "survivors are not rescaled"
    )
    *_, last = tito_test(mistake, tmp_path).strip().splitlines()
    command = last.removeprefix("Next: tito ").split()
    assert command == ["hint", "03", "Dropout.forward", "--number", "2"]
    assert "1 / (1 - p)" in CliRunner().invoke(main, command).output


# ---- The page ------------------------------------------------------------------------------------


@every_module
def test_the_page_about_the_checks_has_the_figures(module: Module) -> None:
    named = [mistake for mistake in mistakes(module) if mistake.named]
    figures = (len(mistakes(module)), len(named), len(correct_variants(module)))
    row = f"| {module.name} | {' | '.join(map(str, figures))} |"
    assert row in (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")


@every_module
def test_there_are_sixty_mistakes_and_twenty_correct_variants(module: Module) -> None:
    assert len(mistakes(module)) >= 60
    assert len(correct_variants(module)) >= 20
