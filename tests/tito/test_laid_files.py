"""A file that is judged runs as `python file.py` runs it, in the place of a module."""

import json
from pathlib import Path
from typing import Any

import pytest
from apart import run_tito
from learner import LAYERS, ROOT, run_python

from tito.course import MODULES, Module

LAY = "import sys, tinytorch.overlay as o; o.lay(sys.argv[1], sys.argv[2]); "
FUTURE = "from __future__ import annotations\n"

IMPORTS = """
import numpy
import tinytorch.core.training
from tinytorch import Tensor as Numbers
from tinytorch.core.autograd import no_grad as unrecorded
from tinytorch.core.layers import Linear as Dense
from tinytorch.core.losses import MSELoss as Squares
from tinytorch.core.optimizers import SGD as Descent
from tinytorch.core.training import batches as portions
"""
TRAINING = """
def train_something():
    layer, loss = Dense(3, 1), Squares()
    optimizer = Descent(layer.parameters(), lr=0.1)
    before = layer.weight.data.copy()
    for inputs, targets in portions(numpy.eye(3), numpy.ones((3, 1)), 2):
        optimizer.zero_grad()
        loss(layer(Numbers(inputs)), targets).backward()
        optimizer.step()
    with unrecorded():
        assert not layer(numpy.eye(3)).requires_grad
    assert (layer.weight.data != before).any()
"""


def reference(module: Module) -> str:
    """The module as the library has it."""
    return (ROOT / module.library).read_text(encoding="utf-8")


def at_the_bottom(text: str) -> str:
    return f"{text}{IMPORTS}{TRAINING}\ntrain_something()\n"


def imported_at_the_top(text: str) -> str:
    return f"{text.replace(FUTURE, FUTURE + IMPORTS, 1)}{TRAINING}\ntrain_something()\n"


def in_a_function(text: str) -> str:
    body = f"{IMPORTS}{TRAINING}\ntrain_something()".replace("\n", "\n    ")
    return f"{text}\ndef main():\n    {body}\n\n\nmain()\n"


def as_a_program(text: str) -> str:
    return f'{text}\nif __name__ == "__main__":\n    raise SystemExit("it ran as a program")\n'


def judged(file: Path, module: Module) -> dict[str, Any]:
    """What `tito test --json` says about a file."""
    result = run_tito("test", "--module", module.name, "--file", str(file), "--json")
    report: dict[str, Any] = json.loads(result.stdout)
    return report


first_three = pytest.mark.parametrize("module", MODULES[:3], ids=lambda module: module.name)


@pytest.mark.parametrize(
    "written", [at_the_bottom, imported_at_the_top, in_a_function, as_a_program]
)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_file_may_train_a_network_of_its_own(
    module: Module, written: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(written(reference(module)), encoding="utf-8")
    program = LAY + "import tinytorch.core.training as t; print(t.batches)"
    finished = run_python(program, module.name, str(file), cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    if module in MODULES[:3]:
        assert judged(file, module)["passed"]


@first_three
def test_a_file_is_not_given_what_it_does_not_import(module: Module, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    lines = reference(module).splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(("import", "from"))))
    first = next(c for c in judged(file, module)["checks"] if c["outcome"] != "passed")
    assert first["mistake"].startswith("the name `")
    assert first["mistake"].endswith("` is not defined")


@first_three
@pytest.mark.parametrize("text", ["", "import numpy as np\n", "from tinytorch.core.{} import *\n"])
def test_a_file_in_which_nothing_is_written_passes_nothing(
    module: Module, text: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text.format(module.name))
    assert {c["outcome"] for c in judged(file, module)["checks"]} == {"failed", "waiting"}


def test_the_namespace_holds_what_the_file_defines_and_imports(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import math as m\nx = 1\n")
    program = LAY + (
        "import tinytorch.core.layers as layers\n"
        "print(*(name for name in vars(layers) if not name.startswith('__')))\n"
        "print(layers.__name__, layers.__file__)"
    )
    finished = run_python(program, "layers", str(file), cwd=tmp_path)
    assert finished.stdout.splitlines() == ["m x", f"tinytorch.core.layers {file}"]


def test_helpers_of_the_reference_work_with_what_the_file_defines(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = reference(MODULES[0]).replace("class Tensor:", "class Tensor:\n    mine = True\n", 1)
    file.write_text(text.partition("def as_tensor")[0])
    program = LAY + (
        "from tinytorch.core.tensor import Operation, as_tensor; print(as_tensor(1).mine)"
    )
    assert run_python(program, "tensor", str(file), cwd=tmp_path).stdout == "True\n"


def test_an_operation_has_the_derivative_of_its_namesake_in_the_reference(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        reference(LAYERS)
        + "\nlayer = Linear(2, 1)\nlayer([1, 2]).backward()\n"
        + "assert layer.weight.grad.tolist() == [[1], [2]]\n"
    )
    assert judged(file, LAYERS)["passed"]


@pytest.mark.parametrize(
    "text",
    [
        "from tinytorch.core.layers import Dropout, Linear\n",
        "from tinytorch.core.layers import Linear as Base\nclass Linear(Base):\n    pass\n",
        "from tinytorch.core import layers\nLinear = layers.Linear\n",
    ],
)
def test_a_file_cannot_import_what_it_is_to_define(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    seen = judged(file, LAYERS)["checks"][0]["seen"]
    assert "mine.py takes the place of tinytorch.core.layers, so it cannot import " in seen


def test_a_file_may_import_from_its_module_what_is_no_exercise(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = reference(LAYERS)
    start, end = text.index("class Layer:"), text.index("def linear(")
    own = f"from tinytorch.core.layers import Layer\n\n\n{text[end:]}"
    file.write_text(text[:start] + own, encoding="utf-8")
    assert judged(file, LAYERS)["passed"]
