"""The overlay: a workspace's modules before the reference's, and one file before all of them."""

import json
from pathlib import Path

import pytest
from learner import LAYERS, ROOT, TENSOR, run_python, solved

from tinytorch.course import Module
from tinytorch.course.ipython import run_cells
from tinytorch.course.overlay import (
    MARKER,
    VARIABLE,
    find_workspace,
    place,
    replace_module,
    search_path,
)
from tinytorch.course.sources import read
from tito.lessons.export import exercise_source, notebook_source
from tito.lessons.lesson import read_lesson

REPLACE = "import sys, tinytorch.course.overlay as o; o.replace_module(sys.argv[1], sys.argv[2]); "

LESSON = '''\
# %% [markdown]
# # A lesson

# %%
#| export
"""Layers."""

from tinytorch.core.tensor import Tensor

# %%
this is not Python

# %%
#| export
class Linear:
    def __call__(self, x):
        return self.missing


print(Linear())
'''


def notebook(*cells: str) -> str:
    """A notebook with these code cells, below a text cell."""
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# Hello"]}, *code]})


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A lesson of a learner in the middle of work."""
    path = tmp_path / "layers_dev.py"
    path.write_text(LESSON)
    return path


# ---- Finding a workspace -------------------------------------------------------------------------


def test_a_workspace_is_found_from_any_folder_in_it(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_workspace(str(tmp_path / "a" / "b")) == str(tmp_path)


def test_the_nearest_workspace_is_the_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / MARKER).touch()
    (tmp_path / "a" / MARKER).touch()
    assert find_workspace(str(tmp_path / "a")) == str(tmp_path / "a")


def test_the_environment_variable_names_the_workspace_or_turns_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / MARKER).touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    assert find_workspace(str(tmp_path)) == str(tmp_path / "elsewhere")
    monkeypatch.setenv(VARIABLE, "off")
    assert find_workspace(str(tmp_path)) is None


def test_a_folder_that_is_gone_is_in_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert find_workspace() is None
    assert search_path() == [str(ROOT / "tinytorch" / "core")]


def test_a_module_of_the_workspace_is_used_and_the_reference_fills_in_the_rest(
    tmp_path: Path,
) -> None:
    (tmp_path / MARKER).touch()
    (tmp_path / "tinytorch" / "core").mkdir(parents=True)
    finished_module = tmp_path / LAYERS.library
    finished_module.write_text((ROOT / LAYERS.library).read_text())
    program = (
        "from tinytorch.core import layers, tensor\nprint(layers.__file__)\nprint(tensor.__file__)"
    )
    finished = run_python(program, cwd=tmp_path)
    assert finished.stdout.splitlines() == [str(finished_module), str(ROOT / TENSOR.library)], (
        finished.stderr
    )


# ---- Laying a file -------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [TENSOR, LAYERS], ids=lambda m: m.name)
def test_a_lesson_as_it_is_handed_out_can_replace_the_module(
    tmp_path: Path, module: Module
) -> None:
    file = tmp_path / "exercise.py"
    file.write_text(exercise_source(read_lesson(solved(module), module.lesson)))
    program = REPLACE + "import tinytorch.core.training; print(tinytorch.core.layers.Linear)"
    finished = run_python(program, module.name, str(file), cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr


def test_only_exported_cells_count_and_lines_keep_their_numbers(lesson: Path) -> None:
    program = REPLACE + "from tinytorch.core import layers; layers.Linear()(1)"
    finished = run_python(program, "layers", str(lesson), cwd=lesson.parent)
    assert f'File "{lesson}", line 17, in __call__\n    return self.missing' in finished.stderr
    assert finished.stdout == "", "a print between definitions is an experiment"


def test_what_a_lesson_lacks_is_not_taken_from_the_reference(lesson: Path) -> None:
    program = REPLACE + "from tinytorch.core.layers import Dropout, random_keep; Dropout(0.5)"
    finished = run_python(program, "layers", str(lesson), cwd=lesson.parent)
    assert "NotImplementedError: layers_dev.py does not define Dropout" in finished.stderr


def test_a_syntax_error_is_reported_at_its_place(lesson: Path) -> None:
    lesson.write_text(LESSON.replace("return self.missing", "return (self"), encoding="utf-8")
    program = REPLACE + "import tinytorch.core.layers"
    finished = run_python(program, "layers", str(lesson), cwd=lesson.parent)
    assert f'File "{lesson}", line 17' in finished.stderr
    assert "SyntaxError: '(' was never closed" in finished.stderr


def test_a_plain_file_gets_the_helpers_it_lacks_but_not_what_the_module_teaches(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("class Linear:\n    pass\n")
    program = REPLACE + (
        "from tinytorch.core import layers\n"
        "print(layers.Linear.__module__)\nprint(layers.dropout.__code__.co_filename)\n"
        "layers.Dropout(0.5)"
    )
    finished = run_python(program, "layers", str(file), cwd=tmp_path)
    assert finished.stdout.splitlines() == ["tinytorch.core.layers", str(ROOT / LAYERS.library)]
    assert "NotImplementedError: mine.py does not define Dropout" in finished.stderr


def test_the_framework_makes_its_tensors_of_the_class_in_a_plain_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    source = (ROOT / TENSOR.library).read_text()
    file.write_text(source.replace("class Tensor:", "class Tensor:\n    mine = True\n", 1))
    program = REPLACE + "from tinytorch.core.layers import Linear; print(Linear(2, 3)([1, 2]).mine)"
    assert run_python(program, "tensor", str(file), cwd=tmp_path).stdout == "True\n"


def test_a_module_can_only_be_replaced_before_it_is_imported() -> None:
    import tinytorch.core.layers  # noqa: F401

    with pytest.raises(RuntimeError, match=r"tinytorch\.core\.layers has been imported already"):
        replace_module("layers", "layers_dev.py")


def test_the_lines_of_a_notebook_show_in_tracebacks(tmp_path: Path) -> None:
    file = tmp_path / "layers_dev.ipynb"
    file.write_text(notebook("1 +", "#| export\nclass Linear:\n    def __init__(self): self.a.b"))
    program = REPLACE + (
        "import traceback\n"
        "from tinytorch.core.layers import Linear\n"
        "try: Linear()\n"
        "except AttributeError: traceback.print_exc()"
    )
    finished = run_python(program, "layers", str(file), cwd=tmp_path)
    assert "    def __init__(self): self.a.b" in finished.stderr


# ---- What counts in a file -----------------------------------------------------------------------


def test_the_exported_cells_of_a_notebook_count_and_their_lines_are_known_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "layers_dev.ipynb"
    file.write_text(
        notebook("import this", "", "#| export\nx = 1", "nonsense!", "#| export\ny = 2")
    )
    source = read("layers_dev.ipynb")
    lines = source.text.split("\n")
    assert source.is_lesson
    assert "import this" not in source.text
    assert place(str(file), lines.index("x = 1") + 1) == "layers_dev.ipynb, cell 2, line 2"
    assert place(str(file), lines.index("y = 2") + 1) == "layers_dev.ipynb, cell 4, line 2"


def test_a_notebook_without_marks_counts_whole_but_for_what_only_ipython_knows(
    tmp_path: Path,
) -> None:
    file = tmp_path / "plain.ipynb"
    file.write_text(
        notebook(
            "%matplotlib inline\n!pip list\nimport math",
            "%%time\nx = 1",
            "%%bash\nls -l",
            "if x:\n    %timeit x\nmath.pi?",
            "z = (x\n  % 2)",
        )
    )
    namespace: dict[str, object] = {}
    run_cells(read(str(file)).compiled(), namespace)
    assert (namespace["x"], namespace["z"]) == (1, 1)


def test_a_lesson_and_its_notebook_give_the_same_code(tmp_path: Path) -> None:
    text = solved(LAYERS)
    (tmp_path / "a.py").write_text(text)
    (tmp_path / "a.ipynb").write_text(notebook_source(text))
    code = [
        [line for line in read(str(tmp_path / name)).text.split("\n") if line.strip()]
        for name in ("a.py", "a.ipynb")
    ]
    assert [line for line in code[0] if not line.startswith("# %%")] == [
        line for line in code[1] if not line.startswith("# %%")
    ]


def test_statements_that_only_show_something_are_left_out_of_exported_cells(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.py"
    file.write_text(
        '# %%\n#| export\n"""Docstring."""\nx = 1\nprint(\n    x\n)\nx\nx > 2\nregister(x)\n'
        "y = 1; print(y)\n"
    )
    source = read(str(file))
    assert source.experiments == ((5, 7), (8, 8), (9, 9))
    assert source.text.split("\n")[2:] == [
        *('"""Docstring."""', "x = 1", "", "", "", "", "", "register(x)"),
        *("y = 1; print(y)", ""),
    ]


@pytest.mark.parametrize("mark", ["#| export", "#|export", "# | export ", "#| exports"])
def test_the_export_mark_counts_as_people_type_it(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "a.py"
    file.write_text(f"# %%\n\n{mark}\nx = 1\n\n# %%\ny = 1\n")
    assert "x = 1" in read(str(file)).text
    assert "y = 1" not in read(str(file)).text


def test_a_plain_file_counts_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\nprint(x)\n")
    source = read(str(file))
    assert (source.text, source.is_lesson) == ("x = 1\nprint(x)\n", False)


@pytest.mark.parametrize("content", [b"{}", b"[1, 2", b"\xff\xfe\x00", b'{"cells": [{}]}', b""])
def test_what_is_no_notebook_is_a_syntax_error_in_that_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.ipynb"
    file.write_bytes(content)
    with pytest.raises(SyntaxError, match="not a notebook") as caught:
        read(str(file))
    assert caught.value.filename == str(file)


def test_what_is_no_text_is_a_syntax_error_in_that_file(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"x = '\xff'\n")
    with pytest.raises(SyntaxError, match="not a text file") as caught:
        read(str(file))
    assert caught.value.filename == str(file)


def test_the_place_in_a_file_that_cannot_be_read_is_named_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_bytes(b"\xff")
    assert place(str(tmp_path / "layers.py"), 3) == "layers.py:3"
    assert place("/elsewhere/layers.py", 3) == "/elsewhere/layers.py:3"


def test_byte_order_marks_and_windows_newlines_are_no_trouble(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"\xef\xbb\xbf# %%\r\n#| export\r\nx = 1\r\n")
    assert read(str(file)).text == "# %%\n#| export\nx = 1\n"
