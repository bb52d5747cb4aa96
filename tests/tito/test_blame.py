"""Whom a failure is blamed on: the line and the exercise that are wrong, in true words."""

from pathlib import Path

import pytest
from learner import LAYERS, first_failure, solved

from tinytorch.course import find_module

ACTIVATIONS = find_module("activations")
WRONG_CALL = "            return self.forward(self, x)"

# What is changed in a right lesson: the module, the text and what takes its place. Then what is
# said of it, and the end of the hint; None for no hint.
MISTAKES = {
    "an import that fails is no exercise's": (
        LAYERS,
        ("import math\n", "import maths\n"),
        "there is no module `maths` to import; did you mean `math`?",
        None,
    ),
    "a Dropout outside the graph": (
        LAYERS,
        ("return apply(dropout, x, mask=mask)", "return Tensor(x.data * mask)"),
        "it computes outside the graph",
        "03 Dropout.forward --number 3",
    ),
    "an operation by a wrong name where it is used": (
        ACTIVATIONS,
        ("apply(sigmoid, as_tensor(x))", "apply(sigmoidd, as_tensor(x))"),
        "the name `sigmoidd` is not defined; did you mean `sigmoid`?",
        "02 sigmoid",
    ),
    "an operation by a wrong name where it is defined": (
        ACTIVATIONS,
        ("def sigmoid(x", "def sigmiod(x"),
        "the name `sigmoid` is not defined; did you mean `sigmiod`?",
        "02 sigmoid",
    ),
    "a forward that is not written": (
        LAYERS,
        (
            "        return apply(linear, x, self.weight, self.bias)",
            "        raise NotImplementedError",
        ),
        "not written yet",
        "03 Linear.forward",
    ),
    "a method by a wrong name": (
        LAYERS,
        ("def forward(self, x: TensorLike) -> Tensor", "def forwrd(self, x: TensorLike) -> Tensor"),
        "Linear has a method `forwrd`; did you mean `forward`?",
        "03 Linear.forward",
    ),
    "a method by a wrong name, where another is inherited": (
        LAYERS,
        ("def parameters(self) -> list[Tensor]", "def paramters(self) -> list[Tensor]"),
        "Linear has a method `paramters`; did you mean `parameters`?",
        "03 Linear.parameters --number 2",
    ),
    "a self that is passed twice": (
        LAYERS,
        ("            return x @ self.weight", WRONG_CALL),
        "`self` has to come first where a method is defined, and is left out where it is called",
        "03 Linear.forward",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_the_blame_is_put_where_the_mistake_is(case: str, tmp_path: Path) -> None:
    module, (right, wrong), said, hint = MISTAKES[case]
    text = solved(module)
    assert right in text, "the solution has changed"
    file = tmp_path / f"{module.name}_dev.py"
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    told = first_failure(module, file)
    assert said in str(told["mistake"])
    assert told["hint"] == (hint and f"tito hint {hint}")
