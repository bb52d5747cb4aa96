"""What `import tinytorch` offers: every name for use, and NumPy no sooner than it is needed."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinytorch
from tinytorch.course.loading import TAUGHT


def run(program: str, **environment: str) -> str:
    """What a program prints in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "TINYTORCH_WORKSPACE": "off", **environment},
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_each_name_is_the_one_of_the_module_that_defines_it() -> None:
    for name in set(tinytorch.__all__) - {"__version__"}:
        found = getattr(tinytorch, name)
        assert getattr(importlib.import_module(found.__module__), name) is found


def test_what_the_lessons_teach_is_there() -> None:
    for module, names in TAUGHT.items():
        for name in names:
            expected = getattr(importlib.import_module(f"tinytorch.core.{module}"), name)
            assert getattr(tinytorch, name) is expected


def test_type_checkers_and_completion_see_the_same_names() -> None:
    tree = ast.parse(Path(str(tinytorch.__file__)).read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("tinytorch.core.")
        for alias in node.names
    }
    own = {"__version__", "generator", "manual_seed"}
    assert imported | own == set(tinytorch.__all__)
    assert set(tinytorch.__all__) <= set(dir(tinytorch))
    assert (Path(str(tinytorch.__file__)).parent / "py.typed").is_file()


@pytest.mark.needs("processes")
def test_numpy_is_imported_with_the_first_name_and_not_before() -> None:
    program = (
        "import sys, tinytorch; before = 'numpy' in sys.modules; "
        "from tinytorch import Linear, ReLU, SGD, CrossEntropyLoss, no_grad, save; "
        "print(before, Linear(3, 2)([[1, 2, 3]]).shape)"
    )
    assert run(program) == "False (1, 2)\n"


@pytest.mark.needs("processes")
def test_a_star_import_brings_them_all() -> None:
    assert run("from tinytorch import *; print(Linear(3, 2), relu.__name__)") == (
        "Linear(3, 2) relu\n"
    )


@pytest.mark.needs("processes")
def test_in_a_workspace_a_name_comes_from_the_learners_own_module(tmp_path: Path) -> None:
    core = tmp_path / "tinytorch" / "core"
    core.mkdir(parents=True)
    (tmp_path / "tinytorch.toml").touch()
    original = Path(str(importlib.import_module("tinytorch.core.layers").__file__))
    (core / "layers.py").write_text(original.read_text(encoding="utf-8") + "\nLinear.mine = True\n")
    program = "from tinytorch import Linear, SGD; print(Linear.mine)"
    assert run(program, TINYTORCH_WORKSPACE=str(tmp_path)) == "True\n"


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "Linaer": "did you mean 'Linear'?",
        "linear": "did you mean 'Linear'?",
        "crossentropyloss": "did you mean 'CrossEntropyLoss'?",
        "tensor": "tinytorch.Tensor([1, 2])",
        "nn": "tinytorch.Linear",
        "optim": "tinytorch.SGD",
        "zeros": "use NumPy's: np.zeros",
        "float32": "use NumPy's: np.float32",
        "BCELoss": "BinaryCrossEntropyLoss",
        "DataLoader": "tinytorch.batches",
        "nothing_like_it": "has no attribute 'nothing_like_it'",
        "__wrapped__": "has no attribute '__wrapped__'",
    }.items(),
)
def test_a_name_that_is_not_there_suggests_what_is(name: str, words: str) -> None:
    assert not hasattr(tinytorch, name)
    with pytest.raises(AttributeError) as caught:
        getattr(tinytorch, name)
    assert words in str(caught.value)


@pytest.mark.needs("processes")
def test_python_adds_no_second_guess_of_its_own() -> None:
    program = "import tinytorch, traceback\ntry: tinytorch.relou\nexcept AttributeError: "
    shown = run(program + "traceback.print_exc(file=__import__('sys').stdout)")
    assert shown.endswith("'tinytorch' has no attribute 'relou'; did you mean 'relu'?\n")


def test_functions_by_name_take_tensors_and_are_recorded() -> None:
    x = tinytorch.Tensor([-1.0, 2.0], requires_grad=True)
    tinytorch.relu(x).sum().backward()
    assert isinstance(x.grad, tinytorch.Tensor)
    np.testing.assert_array_equal(x.grad.data, [0.0, 1.0])
