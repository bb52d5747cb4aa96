"""Lessons run as a script, `python layers_dev.py`, which do what their notebooks do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from handed_out import ROOT, lesson_of
from needs import one_in

from tinytorch.course import MODULES, Module
from tinytorch.course.overlay import VARIABLE
from tito.lessons.exercises import exercise_names
from tito.lessons.export import exercise_source

HEAD = """\
# %%
from __future__ import annotations

# %%
from tinytorch.course.script import cell_by_cell

cell_by_cell()
"""

EXERCISE = """\
# %%
def f():
    raise NotImplementedError("Write f in this cell")
"""


def run(
    folder: Path, *cells: str, name: str = "lesson.py", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of these cells in a folder, whose path is not that of the script."""
    file = folder / "modules" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(cells), encoding="utf-8")
    environment = {**os.environ, VARIABLE: "off", "MPLBACKEND": "Agg", **variables}
    command = [sys.executable, f"modules/{name}"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120
    )


@pytest.mark.parametrize("module", one_in(2, MODULES), ids=lambda module: module.folder)
def test_a_lesson_as_handed_out_runs_to_its_end_and_says_what_is_missing(
    module: Module, tmp_path: Path
) -> None:
    lesson = lesson_of(module)
    finished = run(tmp_path, exercise_source(lesson), name=Path(module.lesson).name)
    first = exercise_names(lesson)[0]
    told = f"⏳ This waits for {first}, which is not written yet: {module.lesson.split('/')[0]}/"
    assert told in finished.stdout
    assert finished.stderr == ""
    assert finished.returncode == 1


def test_a_solved_lesson_says_where_its_pictures_are(tmp_path: Path) -> None:
    text = (ROOT / MODULES[2].lesson).read_text(encoding="utf-8")
    guessed = text.replace('explore("growth", guess=...)', 'explore("growth", guess=2)')
    finished = run(tmp_path, guessed, name="layers_dev.py")
    assert (finished.returncode, finished.stderr) == (0, "")
    told = re.findall(r"🖼  (pictures/layers_dev_cell_\d+\.png)", finished.stdout)
    assert len(told) == text.count("figure, axes = plt.subplots(") + 1
    assert sorted(told) == sorted(f"pictures/{path.name}" for path in tmp_path.glob("pictures/*"))
    assert all((tmp_path / file).read_bytes().startswith(b"\x89PNG") for file in told)
    assert "You guessed 2 times" in finished.stdout


def test_cells_that_wait_say_so_and_the_others_run(tmp_path: Path) -> None:
    finished = run(
        tmp_path, HEAD, EXERCISE, "# %%\nx = 1\ny = f()\n", "# %%\nprint(y)\n", "# %%\nprint(x)\n"
    )
    assert finished.stdout == (
        "⏳ This waits for f, which is not written yet: modules/lesson.py:11\n"
        "⏳ The cell at modules/lesson.py:18 waits for f, too.\n"
        "1\n"
    )
    assert (finished.returncode, finished.stderr) == (1, "")


def test_what_a_cell_ends_with_is_shown(tmp_path: Path) -> None:
    finished = run(tmp_path, HEAD, "# %%\nx = 'a'\nx\n", "# %%\nNone\n", "# %%\n# nothing\n")
    assert (finished.returncode, finished.stdout) == (0, "'a'\n")


def test_the_rest_of_the_cell_is_run_too(tmp_path: Path) -> None:
    finished = run(tmp_path, HEAD + "x = 3\n", "# %%\nprint(x)\n")
    assert (finished.returncode, finished.stdout) == (0, "3\n")


@pytest.mark.parametrize(
    ("error", "last"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("nothing", "NameError: name 'nothing' is not defined"),
        ("raise NotImplementedError('no forward')", "NotImplementedError: no forward"),
    ],
)
def test_other_errors_are_the_learners_own(tmp_path: Path, error: str, last: str) -> None:
    finished = run(
        tmp_path, HEAD, f"# %%\ndef g():\n    {error}\n", "# %%\ng()\n", "# %%\nprint(1)"
    )
    lines = finished.stderr.splitlines()
    assert (finished.returncode, finished.stdout) == (1, "")
    assert lines[0] == "Traceback (most recent call last):"
    assert re.fullmatch(r'  File ".*modules/lesson.py", line 14, in <module>', lines[1])
    assert lines[-1] == last
    assert "script.py" not in finished.stderr


IN_AN_EDITOR = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from tinytorch.course.sources import code_cells

file, knows_file = sys.argv[1], sys.argv[2] == "in a file"
shell = InteractiveShell.instance()
shell.user_ns["__name__"] = "__main__"
if knows_file:
    shell.user_ns["__file__"] = file
for cell in code_cells(file):
    shell.run_cell(cell.text, store_history=True)
"""


@pytest.mark.parametrize("way", ["by itself", "in a file"])
def test_a_cell_that_an_editor_runs_by_itself_says_what_it_waits_for(
    tmp_path: Path, way: str
) -> None:
    # VS Code hands the text of a cell to IPython; Spyder also says which file it is from.
    file = tmp_path / "lesson.py"
    cells = [HEAD, EXERCISE, "# %%\ny = f()\n", "# %%\nprint(y)\n", "# %%\nprint('on')\n"]
    file.write_text("\n".join(cells))
    finished = subprocess.run(
        [sys.executable, "-c", IN_AN_EDITOR, str(file), way],
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        encoding="utf-8",
    )
    assert finished.stdout == (
        "⏳ This waits for f, which is not written yet: cell In[3], line 2\n"
        "⏳ This waits for `y`, from cell In[4], which stopped because f was not written yet: "
        "cell In[3], line 2\non\n"
    )


def test_annotations_are_as_in_the_first_cell_of_the_file(tmp_path: Path) -> None:
    finished = run(tmp_path, HEAD, "# %%\ndef h(x: Undefined) -> None: ...\n", "# %%\nprint(1)\n")
    assert (finished.returncode, finished.stdout) == (0, "1\n")


def test_a_file_whose_cells_do_not_stand_alone_is_left_to_python(tmp_path: Path) -> None:
    finished = run(tmp_path, HEAD, 'text = """\n# %%\n"""\nprint(len(text))\n')
    assert (finished.returncode, finished.stdout) == (0, "6\n")


def test_an_imported_file_runs_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "lesson.py").write_text(f"{HEAD}\n# %%\nx = 1\n")
    program = "import lesson; print(lesson.x)"
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert (finished.returncode, finished.stdout) == (0, "1\n")


def test_signs_that_the_output_lacks_are_no_error(tmp_path: Path) -> None:
    cells = (HEAD, EXERCISE, "# %%\nf()\n", "# %%\nprint('→')\n")
    finished = run(tmp_path, *cells, PYTHONIOENCODING="ascii")
    assert finished.stdout.startswith("? This waits for f")
    assert finished.stdout.endswith("\n?\n")
    assert finished.stderr == ""


def test_where_the_folder_is_read_only_pictures_go_elsewhere(tmp_path: Path) -> None:
    draw = "# %%\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone\n"
    (tmp_path / "pictures").write_text("a file of the learner's")
    finished = run(tmp_path, HEAD, draw, TMPDIR=str(tmp_path))
    (picture,) = tmp_path.glob("pictures-*/lesson_cell_3.png")
    assert finished.stdout.startswith("🖼  pictures-")
    assert finished.stdout.endswith("/lesson_cell_3.png\n")
    assert picture.stat().st_size > 0
