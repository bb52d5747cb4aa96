"""A file that is judged runs as `python file.py` runs it, in the place of a module."""

import json
from pathlib import Path
from typing import Any

import pytest
from apart import run_tito
from learner import LAYERS, ROOT, run_python

from tinytorch.course import MODULES, Module
from tito.workspace.folder import Workspace

REPLACE = "import sys, tinytorch.course.overlay as o; o.replace_module(sys.argv[1], sys.argv[2]); "
FUTURE = "from __future__ import annotations\n"
STAR = "from tinytorch import *\n"

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


def judged(file: Path, module: Module, *options: str) -> dict[str, Any]:
    """What `tito test --json` says about a file."""
    result = run_tito("test", "--module", module.name, "--file", str(file), "--json", *options)
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
    program = REPLACE + "import tinytorch.core.training as t; print(t.batches)"
    finished = run_python(program, module.name, str(file), cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    if module in MODULES[:3]:
        assert judged(file, module)["passed"]


@pytest.mark.parametrize(
    "imports",
    [
        "try:\n    from tinytorch.core.optimizers import SGD\nexcept ImportError:\n    pass\n",
        "from .optimizers import SGD\n",
        "from . import optimizers\n",
        "from tinytorch import SGD\n",
        "import tinytorch.core.optimizers as optimizers\n",
    ],
)
def test_imports_at_the_top_of_the_tensor_get_what_is_built_on_it(
    imports: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    descent = "SGD" if "SGD" in imports else "optimizers.SGD"
    trained = (
        f"\nw = Tensor([1.0], requires_grad=True)\nw.sum().backward()\n{descent}([w], 1).step()"
    )
    file.write_text(reference(MODULES[0]).replace(FUTURE, FUTURE + imports) + trained)
    program = REPLACE + "from tinytorch.core.tensor import w; print(w.tolist())"
    assert run_python(program, "tensor", str(file), cwd=tmp_path).stdout == "[0.0]\n"


@first_three
def test_a_file_may_import_all_that_there_is_above_what_it_defines(
    module: Module, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(reference(module).replace(FUTURE, FUTURE + STAR))
    assert judged(file, module)["passed"]


@first_three
def test_a_file_may_rely_on_being_the_module_itself(module: Module, tmp_path: Path) -> None:
    name = module.teaches[-1]
    own = f"\nfrom tinytorch.core import {module.name} as own\nassert own.{name} is {name}\n"
    file = tmp_path / "mine.py"
    file.write_text(reference(module) + own)
    assert judged(file, module)["passed"]


@pytest.mark.parametrize(
    ("marks", "cell"),
    [("", "cell 2"), ("# %%\n", "the cell of line 4")],
    ids=["notebook", "lesson"],
)
def test_a_name_from_a_cell_that_does_not_count_is_said_to_be_there(
    marks: str, cell: str, tmp_path: Path
) -> None:
    cells = [
        "#| default_exp core.layers",
        "import numpy as np",
        "#| export\nhalf = np.float32(0.5)",
    ]
    file = tmp_path / "mine"
    file.write_text(
        "".join(f"{marks}{cell}\n" for cell in cells)
        if marks
        else json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})
    )
    assert problem(judged(file, LAYERS))["mistake"] == (
        f"the name `np` is not defined: {cell}, which defines it, is not marked `#| export`"
    )


@first_three
def test_a_file_is_not_given_what_it_does_not_import(module: Module, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    lines = reference(module).splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(("import", "from"))))
    first = next(c for c in judged(file, module)["checks"] if c["outcome"] != "passed")
    assert first["mistake"].startswith("the name `")
    assert "` is not defined; is `" in first["mistake"]


@first_three
@pytest.mark.parametrize(
    "text", ["", "import numpy as np\n", "from tinytorch.core.{} import *\n", STAR]
)
def test_a_file_in_which_nothing_is_written_passes_nothing(
    module: Module, text: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text.format(module.name))
    assert {c["outcome"] for c in judged(file, module)["checks"]} == {"failed", "waiting"}


def test_the_namespace_holds_what_the_file_defines_and_imports(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import math as m\nx = 1\n")
    program = REPLACE + (
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
    program = REPLACE + (
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
    known = "from tinytorch.composition import Layer as Layer\n"
    assert known in text
    own = text.replace(known, "from tinytorch.core.layers import Layer\n")
    file.write_text(own, encoding="utf-8")
    assert judged(file, LAYERS)["passed"]


# ---- Files that do not belong here ---------------------------------------------------------------

ANOTHER_TENSOR = """
# %%
#| default_exp core.tensor
#| export
import numpy as np

# %%
#| export
class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=np.float32)
        self.shape = self.data.shape
        self.requires_grad, self.grad = requires_grad, None

    def __add__(self, other):
        return Tensor(self.data + (other.data if isinstance(other, Tensor) else other))

    def matmul(self, other):
        return Tensor(np.dot(self.data, other.data))
"""
ANOTHER_COURSES_LAYERS = """
# %%
#| default_exp core.layers
#| export
import numpy as np
from tinytorch.core.tensor import Tensor
from tinytorch.core.activations import ReLU

# %%
#| export
class Linear:
    def __init__(self, in_features, out_features, bias=True):
        self.in_features, self.out_features = in_features, out_features
        weight = np.random.randn(in_features, out_features) * np.sqrt(1.0 / in_features)
        self.weight = Tensor(weight, requires_grad=True)
        self.bias = Tensor(np.zeros(out_features), requires_grad=True) if bias else None

    def forward(self, x):
        output = x.matmul(self.weight)
        return output if self.bias is None else output + self.bias

    def __call__(self, x):
        return self.forward(x)

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]

# %%
#| export
class Dropout:
    def __init__(self, p=0.5):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be from 0 to 1, got {p}")
        self.p = p

    def forward(self, x, training=True):
        if not training or self.p == 0.0:
            return x
        if self.p == 1.0:
            return Tensor(np.zeros_like(x.data), requires_grad=x.requires_grad)
        mask = np.random.random(x.data.shape) < 1.0 - self.p
        return x * Tensor(mask.astype(np.float32)) * Tensor(np.array(1.0 / (1.0 - self.p)))

    def __call__(self, x, training=True):
        return self.forward(x, training)

    def parameters(self):
        return []
"""


def problem(report: dict[str, Any]) -> dict[str, Any]:
    """Why a file could not be judged: the one check that says so."""
    assert not report["judged"]
    first, *others = report["checks"]
    assert {check["outcome"] for check in others} == {"waiting"}
    return dict(first)


@pytest.mark.parametrize("marked", [True, False])
def test_a_tensor_of_another_course_is_told_in_two_sentences(marked: bool, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ANOTHER_TENSOR if marked else ANOTHER_TENSOR.replace("#|", "#"))
    told = problem(judged(file, MODULES[0]))
    assert told["mistake"] == (
        "it has a Tensor and no `apply`, so it seems to be written for another course. "
        "Here every operation goes through `apply`, where autograd takes note of it"
    )
    assert "a Tensor whose operators call apply(np.add, self, other)" in told["expected"]
    assert told["where"].endswith("mine.py:9")


def test_layers_of_another_course_may_well_be_right(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ANOTHER_COURSES_LAYERS)
    assert judged(file, LAYERS)["passed"]
    file.write_text(
        ANOTHER_COURSES_LAYERS.replace(
            "x.matmul(self.weight)", "Tensor(np.dot(x.data, self.weight.data))"
        )
    )
    failed = [c for c in judged(file, LAYERS)["checks"] if c["outcome"] == "failed"]
    outside = "no gradient reaches the weight: it is taken outside the graph, as .data or as a copy"
    assert failed[0]["mistake"] == outside


def test_a_tensor_that_sets_its_shape_when_it_is_made_is_judged_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = reference(MODULES[0])
    start, end = (
        text.index("    @property\n    def shape"),
        text.index("    @property\n    def ndim"),
    )
    text = text[:start] + text[end:]
    text = text.replace(
        "self.requires_grad = bool(",
        "self.shape = self._array.shape\n        self.requires_grad = bool(",
    )
    text = text.replace(
        "    tensor._array = array\n", "    tensor._array = array\n    tensor.shape = array.shape\n"
    )
    text = text.replace(
        "arrays.append(value._array)",
        "arrays.append(value._array.reshape(value.shape))",
    )
    file.write_text(text, encoding="utf-8")
    assert judged(file, MODULES[0])["passed"]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("from tensor import Tensor", "from tinytorch.core.tensor import Tensor"),
        ("from src.tensor import Tensor as T", "from tinytorch.core.tensor import Tensor as T"),
        ("from src import tensor", "from tinytorch.core import tensor"),
        ("import src.tensor as t", "from tinytorch.core import tensor as t"),
        ("from tensor_dev import Tensor, apply", "from tinytorch.core.tensor import Tensor, apply"),
        ("from mine.things import Tensor", "from tinytorch.core.tensor import Tensor"),
        ("from ..tensor.tensor_dev import Tensor", "from tinytorch.core.tensor import Tensor"),
        ("from tinytorch.tensor import Tensor", "from tinytorch.core.tensor import Tensor"),
    ],
)
def test_a_file_that_imports_its_own_project_is_told_what_to_write_instead(
    line: str, instead: str, tmp_path: Path
) -> None:
    file = tmp_path / "layers.py"
    (tmp_path / "tensor.py").write_text(ANOTHER_TENSOR)
    file.write_text(f"import numpy\n\n{line}\n{reference(LAYERS)}".replace(FUTURE, ""))
    told = problem(judged(file, LAYERS))
    assert "here: a file is judged alone, with the installed tinytorch" in told["mistake"]
    assert told["expected"] == f"`{instead}`"
    assert told["where"].endswith("layers.py:3")


def test_in_a_workspace_it_is_said_whose_framework_a_file_is_judged_with(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "layers.py"
    file.write_text("from tensor import Tensor\n")
    told = problem(judged(file, LAYERS))
    assert told["mistake"].endswith(f"with the tinytorch of the workspace {workspace.root}")


def test_a_module_beside_the_file_is_found_where_that_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text(f"import helpers\n{reference(LAYERS)}".replace(FUTURE, ""))
    (tmp_path / "helpers.py").touch()
    for name in ("numpy", "tinytorch", "math"):  # what is installed comes first
        (tmp_path / f"{name}.py").write_text("raise SystemExit\n")
    told = problem(judged(file, LAYERS))
    assert told["expected"] == f"its code in the file itself, or: tito test --with {tmp_path}"
    assert judged(file, LAYERS, "--with", str(tmp_path))["passed"]


def test_a_folder_to_import_from_goes_with_a_file() -> None:
    result = run_tito("test", "--module", "layers", "--with", str(ROOT))
    assert result.returncode == 2
    assert "--with FOLDER is for the modules that a --file imports" in result.stderr


def test_a_module_that_is_missing_further_down_is_not_the_files_own(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text("import helpers\n")
    (tmp_path / "helpers.py").write_text("import not_there\n")
    told = problem(judged(file, LAYERS, "--with", str(tmp_path)))
    assert told["mistake"] == "there is no module `not_there` to import"


def test_layers_with_another_tensor_than_the_framework_are_told_so(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    imports = "from tinytorch.core.tensor import Tensor\n"
    own = ANOTHER_TENSOR.partition("class Tensor")[2]
    file.write_text(ANOTHER_COURSES_LAYERS.replace(imports, f"class Tensor{own}"))
    told = problem(judged(file, LAYERS))
    assert told["mistake"].startswith("it has a Tensor of its own, and is judged with the one")
    (tmp_path / "things.py").write_text(ANOTHER_TENSOR)
    file.write_text(ANOTHER_COURSES_LAYERS.replace(imports, "from things import Tensor\n"))
    told = problem(judged(file, LAYERS, "--with", str(tmp_path)))
    assert told["mistake"].startswith("it has a Tensor from things, and is judged with the one")
    assert told["where"].endswith("layers.py:6")
