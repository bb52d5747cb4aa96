"""Checks: claims about a learner's module that name the mistake when they fail.

A suite of checks is an ordinary file of pytest tests. Each test has a unit that it belongs to,
and its docstring is the sentence that a learner reads. Next to what it expects it lists what
known mistakes would give instead, so that the one that was made can be named:

    layers = core("layers")

    @check("Linear Layer", about="Linear.forward")
    def test_linear_computes_xw_plus_b() -> None:
        \"\"\"Linear layer computes y = xW + b correctly\"\"\"
        ...
        expect("layer(x)", layer(x), x @ w + b, {"the bias was never added": x @ w})

A check judges what code does, not how it is written. `check_here` runs the checks of a unit below
the exercise, in a lesson or its notebook; `tito test` runs them all, out of harm's way.
"""

from tinytorch.course.checking.behaviour import (
    expect_new,
    expect_nothing_to_train,
    expect_printable,
    expect_same_dtype,
    expect_same_memory,
    expect_separate_calls,
    refusing,
    untouched,
)
from tinytorch.course.checking.chance import fraction_tolerance
from tinytorch.course.checking.checks import Unit, check, core
from tinytorch.course.checking.claims import (
    blaming,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_shape,
    expect_tensor,
    expect_true,
    expect_unchanged,
    expect_undisturbed,
    gradients,
    import_again,
    unreached,
)
from tinytorch.course.checking.here import check_here
from tinytorch.course.checking.lineup import Mistake, StandsBack, equal, expect, given, numbers
from tinytorch.course.checking.names import expect_spelled
from tinytorch.course.checking.usual import averages, rounded, usual, wrong_shapes

__all__ = [
    "Mistake",
    "StandsBack",
    "Unit",
    "averages",
    "blaming",
    "check",
    "check_here",
    "core",
    "equal",
    "expect",
    "expect_dtype",
    "expect_error",
    "expect_gradient",
    "expect_new",
    "expect_nothing_to_train",
    "expect_printable",
    "expect_same_dtype",
    "expect_same_memory",
    "expect_separate_calls",
    "expect_shape",
    "expect_spelled",
    "expect_tensor",
    "expect_true",
    "expect_unchanged",
    "expect_undisturbed",
    "fraction_tolerance",
    "given",
    "gradients",
    "import_again",
    "numbers",
    "refusing",
    "rounded",
    "unreached",
    "untouched",
    "usual",
    "wrong_shapes",
]
