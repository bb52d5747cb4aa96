"""`tito hint` and `tito solution`: help, as much as is asked for."""

import errno
from pathlib import Path

import pytest
from apart import run_tito
from learner import LAYERS, LINEAR, solved, tito, with_linear, write_one

from tinytorch.course import MODULES, Module
from tito.lessons import material
from tito.lessons.exercises import body_of, exercise_names, find_exercise, hints
from tito.lessons.lesson import read_lesson
from tito.terminal.prose import reflow
from tito.workspace.folder import HIDDEN, Workspace

TAUGHT = [module for module in MODULES if hints(material.lesson(module))]

LESSON = """\
# %% [markdown]
# **Exercise: `Box.open`**
#
# <details><summary>Hint 1</summary>
#
# First nudge.
#
# </details>
# <details><summary>Hint 2</summary>
#
# ```python
# x = 1
#
# y = 2
# ```
#
# </details>
#
# **Exercise: `shut` and `lock`**
#
# <details><summary>Hint 1</summary>
# Push.
# </details>

# %%
#| export
x = 1
"""


def given(output: str) -> str:
    """The heading of the hint that was given."""
    return next(line for line in output.splitlines() if ", hint " in line)


# ---- Reading them out of a lesson ----------------------------------------------------------------


def test_hints_are_read_from_below_their_exercise() -> None:
    assert hints(read_lesson(LESSON, "lesson.py")) == {
        "Box.open": ["First nudge.", "```python\nx = 1\n\ny = 2\n```"],
        "shut": ["Push."],
        "lock": ["Push."],
    }


@pytest.mark.parametrize("module", TAUGHT, ids=lambda module: module.name)
def test_every_exercise_of_a_lesson_with_hints_has_three(module: Module) -> None:
    lesson = material.lesson(module)
    counts = {name: len(texts) for name, texts in hints(lesson).items()}
    assert counts == dict.fromkeys(exercise_names(lesson), 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Linear.forward", ["Linear.forward"]),
        ("linear.FORWARD", ["Linear.forward"]),
        ("parameters", ["Linear.parameters"]),
        ("dropout", ["Dropout.forward"]),
        ("forward", ["Linear.forward", "Dropout.forward"]),
    ],
)
def test_a_part_of_the_name_of_an_exercise_will_do(text: str, found: list[str]) -> None:
    assert find_exercise(text, exercise_names(material.lesson(LAYERS))) == found


# ---- hint ----------------------------------------------------------------------------------------


def test_each_call_gives_one_hint_more_until_the_last(workspace: Workspace) -> None:
    texts = hints(material.lesson(LAYERS))["Linear.forward"]
    for number, text in enumerate(texts, 1):
        output = tito("hint", "layers", "Linear.forward").output
        assert given(output) == f"Linear.forward, hint {number} of 3"
        assert text.split()[0] in output
    assert "tito solution 03 Linear.forward" in output


def test_after_the_last_hint_all_of_them_are_shown_again(workspace: Workspace) -> None:
    for _ in range(4):
        output = tito("hint", "layers", "Linear.forward").output
    assert [f"hint {n} of 3" in output for n in (1, 2, 3)] == [True] * 3


def test_a_hint_can_be_shown_once_more_without_counting(workspace: Workspace) -> None:
    tito("hint", "layers", "Linear.forward")
    tito("hint", "layers", "Linear.forward")
    assert "hint 1 of 3" in tito("hint", "layers", "Linear.forward", "-n", "1").output
    assert "hint 3 of 3" in tito("hint", "layers", "Linear.forward").output


def test_each_exercise_is_counted_by_itself(workspace: Workspace) -> None:
    tito("hint", "layers", "Linear.forward")
    assert "hint 1 of 3" in tito("hint", "layers", "Dropout.forward").output


def test_without_an_exercise_it_is_the_first_one(workspace: Workspace) -> None:
    assert given(tito("hint", "layers").output) == "Linear.__init__, hint 1 of 3"


def test_without_an_exercise_what_is_written_but_wrong_comes_before_what_is_not_written(
    workspace: Workspace,
) -> None:
    lesson = workspace.lesson(LAYERS)
    lesson.write_text(with_linear("x @ self.weight"))
    finished = run_tito("hint", "layers", cwd=workspace.root)
    assert given(finished.stdout) == "Linear.forward, hint 1 of 3", finished.stderr


def test_without_an_exercise_what_is_right_is_passed_over(workspace: Workspace) -> None:
    lesson = workspace.lesson(LAYERS)
    begin, end = "        ### BEGIN SOLUTION\n", "        ### END SOLUTION\n"
    head, _, tail = solved(LAYERS).rpartition(begin)
    unwritten = '        raise NotImplementedError("Write Dropout.forward in this cell")\n'
    lesson.write_text(head + unwritten + tail.partition(end)[2])
    finished = run_tito("hint", "layers", cwd=workspace.root)
    assert given(finished.stdout) == "Dropout.forward, hint 1 of 3", finished.stderr


def test_when_all_is_right_there_is_nothing_to_hint_at(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    finished = run_tito("hint", "layers", cwd=workspace.root)
    assert finished.returncode == 1
    assert "tito module complete 03" in finished.stderr


def test_a_name_that_fits_two_exercises_means_the_first_that_is_unfinished(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return x")
    monkeypatch.setattr("tito.commands.hint._failing", lambda *arguments: set())
    assert given(tito("hint", "layers", "forward").output) == "Dropout.forward, hint 1 of 3"


def test_an_unknown_exercise_is_an_error_that_lists_them(workspace: Workspace) -> None:
    result = tito("hint", "layers", "backward")
    assert result.exit_code == 1
    assert "Linear.__init__, Linear.forward, Linear.parameters, Dropout.forward" in result.output


def test_a_misspelt_exercise_gets_a_suggestion(workspace: Workspace) -> None:
    assert "Did you mean 'forward'?" in tito("hint", "layers", "forwrd").output


def test_a_number_too_high_is_an_error(workspace: Workspace) -> None:
    result = tito("hint", "layers", "Linear.forward", "-n", "4")
    assert result.exit_code == 1
    assert "has 3 hints, not 4" in result.output


def test_hints_work_outside_a_workspace_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tito("hint", "layers").output
    assert given(output) == "Linear.__init__, hint 1 of 3"
    assert "tito hint 03 Linear.__init__ --number 2" in output


def test_an_exercise_without_hints_says_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tito.commands.hint.hints", lambda lesson: {})
    result = tito("hint", "layers")
    assert result.exit_code == 1
    assert "no hints for Linear.__init__ yet" in result.output


def test_prose_is_wrapped_and_code_is_not() -> None:
    text = (
        "One `a piece of code` two\nthree.\n\n- a point\n  goes on\n- another\n\n"
        "```python\nx  =  1\n```"
    )
    assert reflow(text, 24).split("\n") == [
        *("One `a piece of code`", "two three.", "", "- a point goes on", "", "- another"),
        *("", "    x  =  1"),
    ]


# ---- solution ------------------------------------------------------------------------------------


def test_the_solution_goes_beside_yours_which_is_not_touched(workspace: Workspace) -> None:
    before = workspace.lesson(LAYERS).read_text()
    output = tito("solution", "layers").output
    assert "modules/03_layers/layers_solution.py" in output
    beside = workspace.lesson(LAYERS).with_name("layers_solution.py")
    assert beside.read_text() == solved(LAYERS)
    assert workspace.lesson(LAYERS).read_text() == before
    line = next(line for line in output.splitlines() if "Linear.forward" in line)
    assert beside.read_text().split("\n")[int(line.split()[-1]) - 1].startswith("        x = as_")


def test_a_solution_file_that_was_changed_is_copied_before_it_is_written_again(
    workspace: Workspace,
) -> None:
    beside = workspace.lesson(LAYERS).with_name("layers_solution.py")
    beside.write_text("my notes\n")
    output = tito("solution", "layers").output
    assert "There was another layers_solution.py; it is in .tinytorch/backups/" in output
    (copy,) = (workspace.root / HIDDEN / "backups").iterdir()
    assert copy.read_text() == "my notes\n"


def test_of_one_exercise_both_are_shown(workspace: Workspace) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "# mine", "return x @ self.weight")
    output = tito("solution", "layers", "Linear.forward").output
    yours, _, answer = output.partition("Linear.forward, the solution")
    assert "modules/03_layers/layers_dev.py:" in yours
    assert "  # mine\n  return x @ self.weight\n" in yours
    assert f"      return x @ self.weight\n  return {LINEAR}\n" in answer
    assert "SOLUTION" not in output


def test_yours_is_shown_from_the_notebook_when_that_is_what_counts(workspace: Workspace) -> None:
    tito("module", "start", "layers", "--notebook")
    output = tito("solution", "layers", "Linear.forward").output
    assert "Linear.forward, yours, modules/03_layers/layers_dev.ipynb, cell " in output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("def broken(", "(not shown: modules/03_layers/layers_dev.py:1 is not valid Python: "),
        ("# %%\n#| export\nx = 1\n", "(not there)"),
    ],
)
def test_the_solution_is_shown_whatever_yours_looks_like(
    workspace: Workspace, text: str, shown: str
) -> None:
    workspace.lesson(LAYERS).write_text(text)
    output = tito("solution", "layers", "Linear.forward").output
    assert shown in output
    assert LINEAR in output


def test_the_solution_is_shown_even_if_there_are_two_of_yours(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS))
    workspace.notebook(LAYERS).write_text("{")
    output = tito("solution", "layers", "Linear.forward").output
    assert "both changed" in output
    assert LINEAR in output


def test_a_solution_is_shown_even_where_nothing_can_be_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "layers_solution.py")

    monkeypatch.setattr("tito.commands.solution.write_atomically", refuse)
    result = tito("solution", "layers", "Linear.forward")
    assert result.exit_code == 0
    assert "could not be written: Permission denied" in result.stderr
    assert LINEAR in result.stdout
    assert tito("solution", "layers").exit_code == 1


def test_a_hint_is_given_even_where_it_cannot_be_noted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tito.workspace.folder.write_atomically", refuse)
    result = tito("hint", "layers", "Linear.forward")
    assert result.exit_code == 0
    assert given(result.stdout) == "Linear.forward, hint 1 of 3"
    assert "The count of hints could not be kept here; use --number" in result.stderr


def test_the_body_of_a_function_has_no_docstring_and_no_marks() -> None:
    text = (
        'class Box:\n    def open(self):\n        """Open it."""\n        ### BEGIN SOLUTION\n'
        "        # gently\n        return 1\n        ### END SOLUTION\n"
    )
    body = body_of(text, "Box.open")
    assert body is not None
    assert body.code == "# gently\nreturn 1"
    assert body_of(text, "Box.shut") is None
    with pytest.raises(SyntaxError):
        body_of("def (", "Box.open")
