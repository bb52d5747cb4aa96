"""The export: clean library files, exercises without answers, and clear errors."""

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from click.testing import CliRunner, Result

from tito.lessons import set_up_cell
from tito.lessons.export import exercise_notebook, exercise_source, library_source
from tito.lessons.lesson import LessonError, read_lesson
from tito.main import main

PATH = "modules/03_layers/layers_dev.py"

LESSON = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 Layers
#
# A layer maps a batch of inputs to a batch of outputs.

# %%
#| export
"""Layers: what a network is made of."""

import numpy as np

# %% [markdown]
# ## Linear

# %% tags=["linear"]
#| export
SCALE = 2.0


class Linear:
    """Multiplies by a number."""

    def __init__(self, factor: float) -> None:
        ### BEGIN SOLUTION
        self.factor = np.float32(factor)
        ### END SOLUTION

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The product."""
        ### BEGIN SOLUTION

        def scaled() -> np.ndarray:
            return SCALE * self.factor * x

        ### END SOLUTION
        ### BEGIN SOLUTION
        return scaled()
        ### END SOLUTION


# %%
# An inline check.
assert Linear(3.0)(np.ones(2)).sum() == 12.0

# %%
#| export
LIMIT = 10

# %%
#| export
# The name that the lesson uses.
Layer = Linear


# %%
#| export
def double(x: float) -> float:
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
'''

LIBRARY = '''\
# Exported from modules/03_layers/layers_dev.py: edit it there, then run `tito export`.
"""Layers: what a network is made of."""

import numpy as np

SCALE = 2.0


class Linear:
    """Multiplies by a number."""

    def __init__(self, factor: float) -> None:
        self.factor = np.float32(factor)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The product."""

        def scaled() -> np.ndarray:
            return SCALE * self.factor * x

        return scaled()


LIMIT = 10

# The name that the lesson uses.
Layer = Linear


def double(x: float) -> float:
    return 2 * x
'''


def ruff_format(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--no-cache",
        "--line-length=100",
        ".",
    ]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)


# ---- The library file ----------------------------------------------------------------------------


def test_the_library_file_is_the_exported_cells_without_their_marks() -> None:
    assert library_source(read_lesson(LESSON, PATH)) == LIBRARY


def test_a_lesson_without_a_docstring_starts_with_where_it_comes_from() -> None:
    lesson = read_lesson("# %%\n#| export\nx = 1\n", PATH)
    assert library_source(lesson) == LIBRARY.splitlines()[0] + "\n\nx = 1\n"


def test_marks_inside_strings_are_text() -> None:
    cell = '# %%\n#| export\nTEXT = """\n#| export\n### BEGIN SOLUTION\n# %%\n\n\n\n  \n"""\n'
    lesson = read_lesson(cell, PATH)
    assert library_source(lesson).endswith(cell.removeprefix("# %%\n#| export\n"))
    assert exercise_source(lesson) == cell


def test_blank_lines_beside_the_marks_do_not_pile_up() -> None:
    lesson = read_lesson(
        "# %%\n#| export\ndef f(x):\n    ### BEGIN SOLUTION\n\n    y = x\n\n    ### END SOLUTION\n"
        "\n    return y\n\n\ndef g():\n    pass\n",
        PATH,
    )
    assert library_source(lesson).partition("\n\n")[2] == (
        "def f(x):\n    y = x\n\n    return y\n\n\ndef g():\n    pass\n"
    )


PARTS = (
    "LIMIT = 3",
    "# A remark.\nLIMIT = 4",
    "# Only a remark.",
    'TEXT = """\n\n\nlines\n"""',
    "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION",
    "# What follows is a function.\n\ndef f(x):\n    return x",
    """
def f(x):
    y = 1
    ### BEGIN SOLUTION

    y = x

    ### END SOLUTION

    return y
""",
    """
class A:
    ''' A class.'''
    def f(self):
        '''The function made here.'''
        ### BEGIN SOLUTION
        def g():
            return 1
        ### END SOLUTION
        return g()
""",
    """
@staticmethod
def f(x):
    for _ in x:
        ### BEGIN SOLUTION

        if x:

            return 2

        ### END SOLUTION
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION
""",
    """
async def f(x):
    ### BEGIN SOLUTION
    @x
    def g():
        pass
    ### END SOLUTION
    @x
    def h():
        pass
""",
)
BREAKS = ("\n", "\n# %%\n#| export\n", "\n# %%\nprint(1)\n# %%\n#| export\n")


def test_a_formatted_lesson_becomes_a_formatted_library_file(tmp_path: Path) -> None:
    """Every pair of parts, in one cell, in two, and with an inline cell between them."""
    for number, (first, second, gap) in enumerate(itertools.product(PARTS, PARTS, BREAKS)):
        start = BREAKS[1 + number % 2] + '"""Docstring."""\nimport sys\nPATH = sys.path'
        lesson = start + gap + first + gap + second + "\n"
        (tmp_path / f"lesson_{number}.py").write_text(lesson)
    ruff_format(tmp_path)
    for path in tmp_path.iterdir():
        library = library_source(read_lesson(path.read_text(), PATH))
        assert "SOLUTION" not in library
        path.write_text(library)
    assert ruff_format(tmp_path, "--diff").stdout == ""


# ---- The exercise --------------------------------------------------------------------------------


def test_the_exercise_is_the_lesson_with_a_raise_statement_for_each_solution() -> None:
    exercise = exercise_source(read_lesson(LESSON, PATH))
    expected = re.sub(
        r" *### BEGIN SOLUTION\n.*?### END SOLUTION\n", "<solution>\n", LESSON, flags=re.DOTALL
    )
    for indentation, name in (
        (8, "Linear.__init__"),
        (8, "Linear.__call__"),
        (8, "Linear.__call__"),
        (4, "double"),
    ):
        line = f'raise NotImplementedError("Write {name} in this cell")'
        expected = expected.replace("<solution>", " " * indentation + line, 1)
    assert exercise == expected


def test_a_raise_statement_too_long_for_a_line_is_broken_as_the_formatter_would(
    tmp_path: Path,
) -> None:
    name = "a_function_with_a_name_so_long_that_the_line_is_fuller_than_full"
    lesson = read_lesson(
        f"# %%\n#| export\ndef {name}():\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION\n",
        PATH,
    )
    exercise = exercise_source(lesson)
    assert f'NotImplementedError(\n        "Write {name} in this cell"\n    )\n' in exercise
    (tmp_path / "exercise.py").write_text(exercise)
    assert ruff_format(tmp_path, "--diff").stdout == ""


def test_the_name_of_a_nested_function_is_dotted() -> None:
    lesson = read_lesson(
        "# %%\n#| export\nclass A:\n    def f(self):\n        def g():\n"
        "            ### BEGIN SOLUTION\n            def h():\n                pass\n"
        "            return h\n            ### END SOLUTION\n        return g\n",
        PATH,
    )
    assert [solution.function for solution in lesson.solutions] == ["A.f.g"]


def test_an_exercise_runs_until_its_first_missing_part() -> None:
    exercise = exercise_source(read_lesson(LESSON, PATH))
    with pytest.raises(NotImplementedError, match=r"^Write Linear.__init__ in this cell$"):
        exec(exercise, {})


# ---- The notebook --------------------------------------------------------------------------------


def test_the_notebook_is_valid_and_empty_of_outputs() -> None:
    notebook = nbformat.reads(exercise_notebook(read_lesson(LESSON, PATH)), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_the_notebook_has_the_cells_of_the_exercise() -> None:
    lesson = read_lesson(LESSON, PATH)
    notebook = nbformat.reads(exercise_notebook(lesson), as_version=4)
    expected = jupytext.reads(exercise_source(lesson), fmt="py:percent")
    assert [(cell.cell_type, cell.source) for cell in notebook.cells[1:]] == [
        (cell.cell_type, cell.source) for cell in expected.cells
    ]
    assert notebook.cells[1].source.startswith("# 03 Layers\n\nA layer maps")
    assert notebook.cells[2].source.startswith("#| export\n")
    assert notebook.cells[4].metadata == {"tags": ["linear"]}


def test_the_first_cell_of_the_notebook_installs_tinytorch_where_it_is_missing() -> None:
    first = json.loads(exercise_notebook(read_lesson(LESSON, PATH)))["cells"][0]
    assert first["cell_type"] == "code"
    assert "".join(first["source"]) == set_up_cell.TEXT
    assert set_up_cell.is_set_up(first["metadata"])


def test_the_layout_of_the_lesson_leaves_no_trace_in_the_notebook() -> None:
    crowded = LESSON.replace("\n\n# %%", "\n# %%")
    spread = LESSON.replace("\n\n# %%", "\n\n\n# %%")
    assert exercise_notebook(read_lesson(crowded, PATH)) == exercise_notebook(
        read_lesson(spread, PATH)
    )


def test_magics_are_comments_in_the_lesson_and_commands_in_the_notebook() -> None:
    lesson = read_lesson("# %%\n# %matplotlib inline\nx = 1\n# %%\n#| export\ny = 1\n", PATH)
    notebook = json.loads(exercise_notebook(lesson))
    assert notebook["cells"][1]["source"] == ["%matplotlib inline\n", "x = 1"]


def test_letters_beyond_ascii_stay_readable_in_the_notebook() -> None:
    lesson = read_lesson("# %% [markdown]\n# Größe π\n\n# %%\n#| export\nx = 1\n", PATH)
    assert "Größe π" in exercise_notebook(lesson)


def test_two_exports_give_the_same_bytes() -> None:
    assert exercise_notebook(read_lesson(LESSON, PATH)) == exercise_notebook(
        read_lesson(LESSON, PATH)
    )


def test_cell_ids_are_unique_and_an_edit_changes_only_the_id_of_its_cell() -> None:
    repeated = LESSON.replace("# %% [markdown]\n# ## Linear", "# %% [markdown]\n# Same.\n\n\n" * 2)
    edited = repeated.replace("A layer maps", "Each layer maps")
    before, after = (
        [cell["id"] for cell in json.loads(exercise_notebook(read_lesson(text, PATH)))["cells"]]
        for text in (repeated, edited)
    )
    assert len(set(before)) == len(before)
    assert before[1] != after[1]
    assert before[:1] + before[2:] == after[:1] + after[2:]


def test_a_change_of_a_solution_changes_nothing_in_the_notebook() -> None:
    changed = LESSON.replace("return 2 * x", "return x + x")
    assert exercise_notebook(read_lesson(changed, PATH)) == exercise_notebook(
        read_lesson(LESSON, PATH)
    )


# ---- Mistakes in a lesson ------------------------------------------------------------------------

START = "# %%\n#| export\ndef f(x):\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("# %%\nx = (1\n", 2, "not valid Python"),
        ("# %%\n#| export\nclass A:\n# %%\n    x = 1\n", 3, "not valid Python"),
        (START + "    ### BEGIN SOLUTION\n    return x\n", 4, "without an '### END SOLUTION'"),
        (START + "    return x\n    ### END SOLUTION\n", 5, "without a '### BEGIN SOLUTION'"),
        (
            START + "    ### BEGIN SOLUTION\n    y = x\n    ### BEGIN SOLUTION\n    return y\n",
            6,
            "inside the solution that begins at line 4",
        ),
        (
            START + "    ### BEGIN SOLUTION\n    return x\n### END SOLUTION\n",
            6,
            "must be indented like its '### BEGIN SOLUTION' at line 4",
        ),
        (
            "# %%\ndef f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n",
            3,
            "within one cell that starts with '#| export'",
        ),
        (
            "# %% [markdown]\n### BEGIN SOLUTION\n# %%\n#| export\nx = 1\n### END SOLUTION\n",
            2,
            "within one cell that starts with '#| export'",
        ),
        (
            "# %%\n#| export\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n",
            3,
            "from the body of one function",
        ),
        (
            "# %%\n#| export\nclass A:\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION\n",
            4,
            "from the body of one function",
        ),
        (
            START + "    ### BEGIN SOLUTION\n    # Nothing.\n    ### END SOLUTION\n    return x\n",
            4,
            "from the body of one function",
        ),
        (
            START + "    ### BEGIN SOLUTION\n    return x\n\n\ndef g(x):\n    return x\n"
            "    ### END SOLUTION\n",
            4,
            "from the body of one function",
        ),
        (
            START + "    try:\n        ### BEGIN SOLUTION\n        return x\n    finally:\n"
            "        pass\n        ### END SOLUTION\n",
            5,
            "around whole statements",
        ),
        (START + "    ## BEGIN SOLUTION\n    return x\n", 4, "should be '### BEGIN SOLUTION'"),
        (START + "    ### begin solution\n    return x\n", 4, "should be '### BEGIN SOLUTION'"),
        (START + "    ###BEGIN_SOLUTION:\n    return x\n", 4, "should be '### BEGIN SOLUTION'"),
        (START + "    return x  ### END SOLUTION\n", 4, "on its own line"),
        ("# %%\nx = 1\n#| export\ny = 1\n", 3, "the first line of its cell"),
        ("# %%\n#|export\ny = 1\n", 2, "should be '#| export'"),
        ("#| hello\n#| export\nx = 1\n", 2, "the first line of its cell"),
        ("# %%\nx = 1\n", 1, "no cell starts with '#| export'"),
        (
            "# %%\n#| export\nimport os\n\nx = 1\n# %%\n#| export\ny = 1\nimport sys\n",
            9,
            "move it to the first exported cell",
        ),
    ],
)
def test_a_mistake_is_an_error_that_names_file_and_line(text: str, line: int, problem: str) -> None:
    def export_all() -> None:
        lesson = read_lesson(text, PATH)
        library_source(lesson)
        exercise_source(lesson)

    with pytest.raises(LessonError) as caught:
        export_all()
    assert f"{PATH}, line {line}: " in caught.value.message
    assert problem in caught.value.message


def test_prose_about_solutions_is_not_a_mark() -> None:
    text = (
        "# %% [markdown]\n# ### BEGIN SOLUTION\n# export\n# %%\n# Begin solution by hand.\n"
        "# %%\n#| export\nx = 1\n"
    )
    assert exercise_source(read_lesson(text, PATH)) == text


def test_imports_may_fill_several_cells_at_the_top() -> None:
    text = '# %%\n#| export\n"""Doc."""\n# %%\n#| export\nimport os\n# %%\n#| export\nimport sys\n'
    assert library_source(read_lesson(text, PATH)).endswith('"""\n\nimport os\n\nimport sys\n')


# ---- tito export ---------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the repository with one lesson, which is the current folder."""
    (tmp_path / "modules" / "03_layers").mkdir(parents=True)
    (tmp_path / "tinytorch" / "core").mkdir(parents=True)
    (tmp_path / "tito").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "tito" / "repository.py").touch()
    (tmp_path / PATH).write_text(LESSON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", *arguments])


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_export_writes_library_and_notebook_and_reports_each(clone: Path) -> None:
    result = export()
    assert result.exit_code == 0
    assert result.output == (
        "wrote tinytorch/core/layers.py\nwrote modules/03_layers/layers_dev.ipynb\n"
    )
    assert (clone / "tinytorch/core/layers.py").read_text() == LIBRARY
    assert (clone / "modules/03_layers/layers_dev.ipynb").read_text(encoding="utf-8") == (
        exercise_notebook(read_lesson(LESSON, PATH))
    )


def test_a_second_export_touches_no_file(clone: Path) -> None:
    export()
    before = files_of(clone)
    result = export()
    assert result.output == "1 lesson: all up to date.\n"
    assert files_of(clone) == before


def test_export_writes_only_what_differs(clone: Path) -> None:
    export()
    (clone / PATH).write_text(LESSON.replace("return 2 * x", "return x + x"))
    assert export().output == "wrote tinytorch/core/layers.py\n"


def test_check_lists_what_would_change_and_writes_nothing(clone: Path) -> None:
    (clone / "tinytorch/core/layers.py").write_text("old\n")
    before = files_of(clone)
    result = export("--check")
    assert result.exit_code == 1
    assert "tinytorch/core/layers.py would change\n" in result.output
    assert "modules/03_layers/layers_dev.ipynb is missing\n" in result.output
    assert "To fix it: tito export\n" in result.output
    assert files_of(clone) == before


def test_check_passes_after_export(clone: Path) -> None:
    export()
    assert export("--check").exit_code == 0


def test_check_sees_a_change_of_line_endings(clone: Path) -> None:
    export()
    path = clone / "tinytorch/core/layers.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert export("--check").exit_code == 1


def test_a_mistake_in_one_lesson_keeps_every_file_as_it_was(clone: Path) -> None:
    (clone / "modules/04_losses").mkdir()
    (clone / "modules/04_losses/losses_dev.py").write_text("# %%\n#| export\nx = (\n")
    before = files_of(clone)
    result = export()
    assert result.exit_code == 1
    assert "Error: modules/04_losses/losses_dev.py, line 3: not valid Python" in result.output
    assert files_of(clone) == before


def test_export_of_a_module_leaves_the_others(clone: Path) -> None:
    (clone / "modules/04_losses").mkdir()
    (clone / "modules/04_losses/losses_dev.py").write_text("# %%\n#| export\nx = 1\n")
    assert export("losses", "4").output == (
        "wrote tinytorch/core/losses.py\nwrote modules/04_losses/losses_dev.ipynb\n"
    )


def test_export_of_a_module_without_a_lesson_names_the_file(clone: Path) -> None:
    result = export("losses")
    assert result.exit_code == 1
    assert "modules/04_losses/losses_dev.py cannot be read: " in result.output


def test_a_lesson_that_is_not_utf_8_is_an_error_that_names_the_file(clone: Path) -> None:
    (clone / PATH).write_bytes("# Größe\n".encode("latin-1"))
    result = export()
    assert result.exit_code == 1
    assert f"{PATH} cannot be read: 'utf-8' codec" in result.output


def test_a_clone_without_lessons_is_an_error(clone: Path) -> None:
    (clone / PATH).unlink()
    result = export("--check")
    assert result.exit_code == 1
    assert "There is no lesson in" in result.output


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    result = export()
    assert result.exit_code == 1
    assert "tinytorch/core/layers.py cannot be written: No space left on device." in result.output
