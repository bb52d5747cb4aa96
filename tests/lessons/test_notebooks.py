"""The notebooks in a real kernel, as downloaded: alone in a folder."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from handed_out import CHECKED, ROOT, lesson_of
from nbclient import NotebookClient
from needs import one_in

from tinytorch.course import MODULES, Module
from tinytorch.course.overlay import VARIABLE
from tito.lessons import set_up_cell
from tito.lessons.exercises import exercise_names
from tito.lessons.export import notebook_source

pytestmark = pytest.mark.needs("loopback")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the kernel runs and where IPython keeps what it keeps."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv(VARIABLE, "off")
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def run_all(cells: list[nbformat.NotebookNode], folder: Path, *, on: bool = False) -> list[str]:
    """Run cells from the top, `on` past errors or not, and return what each has printed."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=120,
        allow_errors=on,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return [
        "".join(
            output.get("text", "") or f"{output.get('ename')}: {output.get('evalue')}"
            for output in cell.outputs
            if output.output_type in ("stream", "error")
        )
        for cell in cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("module", one_in(2, MODULES), ids=lambda module: module.folder)
def test_a_notebook_as_handed_out_runs_to_its_end_and_says_what_is_missing(
    module: Module, folder: Path
) -> None:
    file = shutil.copy(ROOT / module.notebook, folder)
    output = "".join(run_all(nbformat.read(file, as_version=4).cells, folder))
    first = exercise_names(lesson_of(module))[0]
    assert f"⏳ This waits for {first}, which is not written yet: cell In[" in output
    assert "📈" not in output
    assert "Traceback" not in output


@pytest.mark.parametrize("module", CHECKED, ids=lambda module: module.folder)
def test_a_solved_notebook_runs_and_passes_its_checks(module: Module, folder: Path) -> None:
    text = (ROOT / module.lesson).read_text(encoding="utf-8")
    cells = nbformat.reads(notebook_source(text), as_version=4).cells
    output = "".join(run_all(cells, folder))
    titles = re.findall(r'check_here\("\w+", (.+)\)', "\n".join(cell.source for cell in cells))
    units = [title for several in titles for title in several.split(", ")]
    assert output.count("📈 Progress: ") == len(units) > 0
    assert not any(sign in output for sign in "❌⏳")


# ---- cells that wait -----------------------------------------------------------------------------

SESSION = {
    "set-up": set_up_cell.TEXT,
    "exercise": 'def f():\n    raise NotImplementedError("Write f in this cell")',
    "a use of it": "x = 1\ny, (z, *_) = f(), (1, 2)",
    "a use of that": "print(y)",
    "what came before": "print(x)",
    "a name of no cell": "print(q)",
    "another error": "def g():\n    raise NotImplementedError('g has no forward')\ng()",
    "a mistake": "1 / 0",
    "set-up again": set_up_cell.TEXT,
    "a use of that, again": "print(y)",
    "a check": (
        'from tinytorch.course.checking import check_here\ncheck_here("layers", "Linear Layer")'
    ),
    "the exercise, written": "def f():\n    return 7",
    "a use of it, then": "y, (z, *_) = f(), (1, 2)",
    "a use of that, then": "print(y)",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each cell of a session prints, or the error that ends it."""
    cells = [nbformat.v4.new_code_cell(text) for text in SESSION.values()]
    outputs = run_all(cells, tmp_path_factory.mktemp("session"), on=True)
    return dict(zip(SESSION, outputs, strict=True))


def test_a_cell_that_uses_an_exercise_says_where_to_write_it(session: dict[str, str]) -> None:
    told = "⏳ This waits for f, which is not written yet: cell In[2], line 2\n"
    assert session["a use of it"] == told


@pytest.mark.parametrize("cell", ["a use of that", "a use of that, again"])
def test_a_name_from_a_cell_that_waits_is_traced_to_the_exercise(
    session: dict[str, str], cell: str
) -> None:
    assert session[cell] == (
        "⏳ This waits for `y`, from cell In[3], which stopped because f was not written yet: "
        "cell In[2], line 2\n"
    )


def test_what_a_cell_defined_before_it_had_to_wait_is_there(session: dict[str, str]) -> None:
    assert session["what came before"] == "1\n"


def test_errors_of_the_learners_own_are_shown_as_always(session: dict[str, str]) -> None:
    assert session["a name of no cell"] == "NameError: name 'q' is not defined"
    assert session["another error"] == "NotImplementedError: g has no forward"
    assert session["a mistake"] == "ZeroDivisionError: division by zero"


def test_once_the_exercise_is_written_the_cells_run(session: dict[str, str]) -> None:
    assert session["a use of it, then"] == ""
    assert session["a use of that, then"] == "7\n"


def test_a_check_in_a_notebook_names_the_cell_and_a_command_that_runs_there(
    session: dict[str, str],
) -> None:
    assert "expected  a Linear of yours; run the cell that defines it" in session["a check"]
    assert "hint      !tito hint 03 Linear.forward" in session["a check"]
