"""Reading what learners wrote: notebooks as IPython runs them, and what is none."""

import ast
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from tinytorch.course.contents import LARGEST_FILE, MOST_CODE
from tinytorch.course.ipython import as_python, run_cells
from tinytorch.course.sources import read

LINES = [
    *("x = 1", "", "   ", "# a comment?", "# !ls", "y = x  # what?", "x %= 3", "y = x % 3"),
    *("%matplotlib inline", "%cd ..", "  %precision 3", "%", "!", "?", "??", "!!ls", "x != y"),
    *(
        "!pip install x \\\n  y z",
        "!echo don't",
        "files = !ls",
        "t = %timeit -o f()",
        "y = \\\n!ls",
    ),
    *("a = b = %pwd", "a, b = !ls", "x: int = !ls", "f(a=1)", "d = {'a': 1,", "}", "x = 5;"),
    *("(a,", "b) = %pwd"),
    *("x?", "x??", "?x", "??x", "a.b?", "%env?", "np.*rand*?", "lst[0]?", "x = foo?", "f()?"),
    *("def f():", "    return 1", "    %timeit f()", "    !ls", "if x:", "\tx = 1", "class A:"),
    *('s = """', "% not magic", '"""', "'''", "! in a string", "z = (1", "  % 2)", "  !ls)"),
    *("s = 'a ? b'", "print('!')", "f'{x!r}'", "f'''{x", "}'''", "'%d' % 3", "lambda x=1: x"),
    *("/f a b", ",f a b", ";f a b", "await g()", "async def g():", "#| export", "%%time x"),
]
CELLS = st.lists(st.sampled_from(LINES), min_size=1, max_size=5).map("\n".join)


def notebook(*cells: str, **more: Any) -> str:
    """A notebook of these code cells."""
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": code, "nbformat": 4, **more})


def run(file: Path) -> dict[str, Any]:
    """What the code that counts in a file defines."""
    namespace: dict[str, Any] = {"__name__": "judged"}
    run_cells(read(str(file)).compiled(), namespace)
    return namespace


def run_notebook(tmp_path: Path, *cells: str) -> dict[str, Any]:
    """What the cells of a notebook define."""
    file = tmp_path / "layers.ipynb"
    file.write_text(notebook(*cells), encoding="utf-8")
    return run(file)


def refusal(tmp_path: Path, content: bytes, name: str = "layers.ipynb") -> SyntaxError:
    """How a file is refused."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SyntaxError) as caught:
        read(str(tmp_path / name)).compiled()
    return caught.value


# ---- IPython's syntax ----------------------------------------------------------------------------


@settings(max_examples=1000, deadline=None)
@given(CELLS.filter(lambda cell: not cell.lstrip().startswith("%%")))
def test_a_cell_is_turned_into_what_ipython_turns_it_into(cell: str) -> None:
    try:
        expected = ast.dump(ast.parse(TransformerManager().transform_cell(cell)))
    except SyntaxError:  # then there is nothing that IPython would run
        return
    code = as_python(cell)
    assert code.count("\n") == cell.count("\n")
    assert ast.dump(ast.parse(code)) == expected


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("files = !ls\nn = len(files)", {"n": 0}),
        ("t = %timeit -o 1 + 1\nfast = t.average < 60", {"fast": True}),
        ("!pip install \\\n    numpy\nx = 1", {"x": 1}),
        ('text = """\n% kept\n!kept\n"""', {"text": "\n% kept\n!kept\n"}),
        ("%%time\nx = 1", {"x": 1}),
        ("%%capture out\nx = 1\nprint(x)", {"x": 1}),
        ("%time x = 1", {"x": 1}),
        ("x = %time 1 + 1", {"x": 2}),
        ("%%prun\nx = 1", {"x": 1}),
        ("%%bash\nif [ -f x ]; then ls; fi", {}),
        ("%%bash --out x --err y\nls", {"x": "", "y": ""}),
        ("%%writefile a.py\nx = 1", {}),
        ("%%timeit\nx = 1", {}),
        ("import math\nmath.pi?\n?math\nx = 1", {"x": 1}),
        ("pip install numpy", {}),
        ("display(1)\nget_ipython().run_line_magic('matplotlib', 'inline')\nx = 1", {"x": 1}),
        ("if True:\n    %matplotlib inline\nx = 1", {"x": 1}),
        (">>> x = 1\n>>> y = 2", {"x": 1, "y": 2}),
        ("   x = 1\n   y = 2", {"x": 1, "y": 2}),
        ("import asyncio\nawait asyncio.sleep(0)\nx = 1", {"x": 1}),
        ("%%capture out\n#| export\nfrom __future__ import annotations\nx = 1", {"x": 1}),
    ],
)
def test_a_cell_defines_what_it_defines_in_ipython(
    tmp_path: Path, cell: str, names: dict[str, Any]
) -> None:
    found = run_notebook(tmp_path, cell)
    for name in ("n", "fast", "x", "y", "text"):
        assert found.get(name) == names.get(name)


def test_the_last_result_is_there_under_its_names(tmp_path: Path) -> None:
    found = run_notebook(tmp_path, "1 + 1", "x = _\n3", "y = (_, __, len(Out), In is not None)")
    assert (found["x"], found["y"]) == (2, (3, 2, 2, True))


def test_what_is_captured_can_be_used(tmp_path: Path) -> None:
    assert (
        run_notebook(tmp_path, "%%capture out\nprint(1)", "out.show()\nx = out.stdout")["x"] == ""
    )


def test_a_future_import_holds_from_its_cell_on(tmp_path: Path) -> None:
    found = run_notebook(
        tmp_path,
        "def f(x: int): pass",
        "from __future__ import annotations",
        "def g(x: Unknown): pass",
    )
    assert found["f"].__annotations__ == {"x": int}
    assert found["g"].__annotations__ == {"x": "Unknown"}


def test_a_syntax_error_stays_in_its_cell(tmp_path: Path) -> None:
    file = tmp_path / "layers.ipynb"
    file.write_text(notebook("x = 1", "%matplotlib inline\ny = (1", "z = 2)"))
    source = read(str(file))
    with pytest.raises(SyntaxError, match="'\\(' was never closed") as caught:
        source.compiled()
    assert caught.value.text == "y = (1\n"
    assert source.place(caught.value.lineno or 0).endswith("layers.ipynb, cell 2, line 2")


# ---- Marks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "above",
    [
        "#| default_exp core.layers\n#| export",
        "#|default_exp layers\n\n#|export",
        "# Imports come first.\n#| export",
        "%%time\n#| export",
        "%%capture out\n#| export",
        "#| hide\n#| echo: false\n# | export",
        "#| export core.layers",
        "#| exporti",
        "#| exports",
        "#export",
        "# export",
        "#export core.layers",
        "  #| export",
    ],
)
@pytest.mark.parametrize("kind", ["ipynb", "py"])
def test_a_cell_is_marked_for_export_as_people_mark_it(
    tmp_path: Path, above: str, kind: str
) -> None:
    cells = [f"{above}\nimport math\nx = math.pi", "1/0"]
    file = tmp_path / f"layers_dev.{kind}"
    file.write_text(
        notebook(*cells) if kind == "ipynb" else "".join(f"# %%\n{cell}\n\n" for cell in cells)
    )
    source = read(str(file))
    assert source.is_lesson
    assert run(file)["x"] > 3


def test_a_comment_about_exporting_is_no_mark(tmp_path: Path) -> None:
    file = tmp_path / "layers.ipynb"
    file.write_text(
        notebook("# export weights\nx = 1", "# exported above\ny = 1", "s = '''\n#| export\n'''")
    )
    assert not read(str(file)).is_lesson


def test_the_head_of_a_cell_in_a_string_is_part_of_the_string(tmp_path: Path) -> None:
    file = tmp_path / "layers_dev.py"
    file.write_text(
        '# %%\n#| export\ntext = """\n# %%\n"""\nx = 1\n# %%\n"""unfinished\n'
        '# %%\n#| export\n"""Docstring."""\ny = 1\n'
    )
    found = run(file)
    assert (found["text"], found["x"], found["y"]) == ("\n# %%\n", 1, 1)


def test_what_nbconvert_makes_of_a_notebook_is_read_by_its_cells(tmp_path: Path) -> None:
    file = tmp_path / "layers_dev.py"
    file.write_text(
        "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\n#| export\nx = 1\n\n\n"
        "# In[ ]:\n\n\nget_ipython().system('ls')\n1/0\n\n\n# In[12]:\n\n\n#| export\ny = 1\n"
    )
    source = read(str(file))
    assert source.is_lesson
    found = run(file)
    assert (found["x"], found["y"]) == (1, 1)
    assert "1/0" not in source.text


# ---- What a file is, its content says ------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["layers.ipynb", "LAYERS.IPYNB", "layers.ipynb.txt", "layers.txt", "layers", "layers.py"],
)
def test_a_notebook_is_one_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(notebook("%matplotlib inline\nx = 1"))
    assert read(str(file)).is_notebook
    assert run(file)["x"] == 1


@pytest.mark.parametrize("name", ["layers.ipynb", "layers.txt", "layers"])
def test_python_is_python_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("x = 1\n")
    assert run(file)["x"] == 1


@pytest.mark.parametrize(
    "document",
    [
        {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]},
        {"cells": [{"cell_type": "code", "source": "x = 1\r\ny = 2", "outputs": []}]},
        {
            "cells": [
                {"cell_type": "code", "source": "x = 1\ry = 2"},
                {"cell_type": "code", "source": []},
            ]
        },
        {
            "cells": [
                {"cell_type": "raw", "source": "!"},
                {"cell_type": "code", "source": ["x = 1"]},
            ]
        },
    ],
)
def test_every_format_of_notebook_is_read(tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "layers.ipynb"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert run(file)["x"] == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html>\n<html>", "not a notebook but a web page"),
        (b"\n<HTML lang='en'>", "not a notebook but a web page"),
        (b"PK\x03\x04 and more", "not a notebook but a zip archive"),
        (b"%PDF-1.7\n", "not a notebook but a PDF"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b'{"cells": [', "not a notebook: it breaks off in the middle"),
        (b'{"cells": [\n<<<<<<< HEAD\n]}', "a merge in Git"),
        (b'{"cells": [,]}', "not a notebook: Expecting value"),
        (b'{"cells": ["\xff"]}', "not a notebook in utf-8: byte 0xff; save it as UTF-8"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
        ("{}    ".encode("utf-16-le"), "UTF-16"),
        (b"[" * 100_000, "not a notebook"),
        (b'{"cells": ' + b"[" * 100_000, "nested too deep"),
        (b'{"cells": [{"cell_type": "code", "source": 3}]}', "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (
            notebook("x <- 1", metadata={"kernelspec": {"language": "R"}}).encode(),
            "a notebook in R",
        ),
        (b"dear teacher, here it is", "not a notebook"),
    ],
)
def test_what_is_no_notebook_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    assert problem in refusal(tmp_path, content).msg


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        (b"x = 1\n\ny = '\xff'\n", "byte 0xff", 3),
        (b"x = 1\r\ry = '\xe9'\r", "byte 0xe9", 3),
        (b"# coding: ascii\nx = '\xc3\xa9'\n", "not a text file in ascii", 2),
        (b"# coding: klingon\nx = 1\n", "unknown encoding: klingon", 1),
        (b"# coding: rot13\nk = 1\n", "unknown encoding: rot13", 1),
        (b"# coding: utf-16\nx = 1\n", "utf-16", 1),
        (b"x = 1\ny = '\0'\n", "null byte", 2),
        ("x = 1\n".encode("utf-16"), "UTF-16", None),
        (b"x = " + b"(" * 10_000, "nested", None),
        (b"x = " + b"-" * 100_000 + b"1\n", "nested", None),
        (b"# " + b"x" * MOST_CODE, "MB of code", None),
    ],
)
def test_what_is_no_python_is_named_with_its_line(
    tmp_path: Path, content: bytes, problem: str, line: int | None
) -> None:
    error = refusal(tmp_path, content, "layers.py")
    assert problem in error.msg
    assert line in (None, error.lineno)


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path) -> None:
    file = tmp_path / "layers.ipynb"
    with file.open("wb") as opened:
        opened.truncate(LARGEST_FILE + 1)
    with pytest.raises(SyntaxError, match="no more than 32 MB"):
        read(str(file))


def test_declared_encodings_and_old_newlines_are_no_trouble(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_bytes(b"# coding: latin-1\rx = '\xe9'\r")
    assert run(file)["x"] == "é"


def test_reading_says_nothing_about_the_code(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text("# %%\n#| export\nx = '\\d'\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(file)["x"] == "\\d"
