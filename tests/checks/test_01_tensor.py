"""The checks of module 01: the tensor, and the door that every operation goes through."""

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.checking import (
    Mistake,
    check,
    core,
    expect,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_tensor,
    expect_true,
    expect_unchanged,
    expect_undisturbed,
    gradients,
    import_again,
    numbers,
)

tensor = core("tensor")

A = np.array([[1.0, -2.0, 0.5], [4.0, 3.0, -1.5]])
B = np.array([[2.0, 0.5, -4.0], [-1.0, 8.0, 0.25]])
UPSTREAM = np.array([[1.0, -0.5, 2.0], [0.25, 3.0, -1.0]])


def made(*arguments: Any, **options: Any) -> Any:
    """A tensor."""
    return tensor.Tensor(*arguments, **options)


# ---- Arrays --------------------------------------------------------------------------------------


@check("Arrays", about="as_array")
def test_numbers_and_lists_become_arrays() -> None:
    """Numbers, lists and arrays become arrays of float32"""
    for data in (3, 2.5, True, [1, 2, 3], [[1.5, 2], [3, 4]], (1, 2), [[[1]]], A, np.arange(3), []):
        what = f"as_array({data!r})" if not isinstance(data, np.ndarray) else "as_array(array)"
        array = tensor.as_array(data)
        if array is None:
            numbers(what, array)
        expect_true(
            isinstance(array, np.ndarray),
            seen=f"{what} is a {type(array).__name__}",
            expected="a NumPy array",
            mistake="it returns a Tensor, not an array"
            if isinstance(array, tensor.Tensor)
            else None,
        )
        expect(what, array, np.asarray(data, dtype=np.float32))
        expect_dtype(what, array, np.float32, "the dtype is left to NumPy; it should be float32")


@check("Arrays", about="as_array")
def test_the_right_array_is_not_copied() -> None:
    """An array of the right dtype is returned itself, not copied"""
    single, double = np.arange(3, dtype=np.float32), np.arange(3.0)
    for array, options in (
        (single, {}),
        (single, {"dtype": np.float32}),
        (double, {"dtype": float}),
    ):
        expect_true(
            np.shares_memory(tensor.as_array(array, **options), array),
            seen="an array with memory of its own",
            expected="the array that was given",
            mistake="the array is copied, though it has the right dtype already",
        )


@check("Arrays", about="as_array")
def test_another_dtype_is_used_when_asked_for() -> None:
    """Another dtype is used when it is asked for"""
    for dtype in (np.float64, np.float32, np.int64, "float64", bool):
        for data in ([1, 0, 1], np.array([1.0, 0.0, 1.0], np.float32), np.array([1, 0, 1])):
            array = tensor.as_array(data, dtype=dtype)
            expect("as_array(data, dtype)", array, np.asarray(data).astype(dtype))
            expect_dtype(f"as_array(data, dtype={dtype})", array, dtype, "`dtype` is ignored")


@check("Arrays", about="as_array")
def test_a_tensor_is_opened() -> None:
    """A tensor gives its array"""
    single = made(np.array([1.5, 2.5], np.float32))
    array = tensor.as_array(single)
    expect("as_array(tensor)", array, np.array([1.5, 2.5]))
    expect_true(
        isinstance(array, np.ndarray) and np.shares_memory(array, single.data),
        seen="something other than the tensor's array",
        expected="the tensor's own array, not copied",
        mistake="the array in the tensor is copied, though it has the right dtype already",
    )
    expect_dtype("as_array(tensor, float64)", tensor.as_array(single, np.float64), np.float64)


@check("Arrays", about="as_array")
def test_what_is_no_number_is_an_error() -> None:
    """Words, uneven lists and the like are errors"""
    for data in ("abc", None, ["a", "b"], [[1, 2], [3]], {"a": 1}, object(), 1j):
        expect_error(
            f"as_array({data!r})" if data is not None else "as_array(None)",
            lambda data=data: tensor.as_array(data),
            "something that is no array of numbers is accepted",
        )


@check("Arrays", about="as_array")
def test_a_number_that_does_not_fit_is_an_error() -> None:
    """A number that does not fit into the dtype is an error, not infinity"""
    for data, dtype in ((1e39, None), ([1, 300], np.uint8), (10**400, None), (2**40, np.int32)):
        expect_error(
            f"as_array({str(data)[:10]}, {dtype})",
            lambda data=data, dtype=dtype: tensor.as_array(data, dtype),
            "a number that does not fit into the dtype is accepted",
        )
    expect("as_array(inf)", tensor.as_array([np.inf, 1.0])[1:], np.ones(1))


# ---- The door ------------------------------------------------------------------------------------


@check("The Door", about="apply")
def test_the_door_takes_anything() -> None:
    """Tensors, numbers and lists go in, a tensor comes out"""
    expected = A - 2
    for name, first, second, value in (
        ("tensor and tensor", made(A), made(B), A - B),
        ("tensor and number", made(A), 2, A - 2),
        ("tensor and float", made(A), 0.5, A - 0.5),
        ("number and tensor", 2.0, made(A), 2 - A),
        ("tensor and list", made(A), [1, 2, 3], A - np.array([1, 2, 3])),
        ("list and tensor", [1, 2, 3], made(A), np.array([1, 2, 3]) - A),
        ("tensor and array", made(A), B, A - B),
        ("array and tensor", B, made(A), B - A),
        ("tensor and NumPy number", made(A), np.float32(2), expected),
        ("arrays alone", A, B, A - B),
    ):
        result = tensor.apply(np.subtract, first, second)
        what = f"apply(np.subtract, ...) of {name}"
        expect(
            what,
            expect_tensor(what, result),
            value,
            {"the inputs are in the wrong order": -value},
        )
    for count in (1, 3):
        result = tensor.apply(lambda *arrays: sum(arrays) * 2.0, *[made(A)] * count)
        what = f"apply(op, ...) of {count} tensor{'s' * (count > 1)}"
        expect(what, expect_tensor(what, result), 2 * count * A)


@check("The Door", about="apply")
def test_the_door_hands_options_on() -> None:
    """Options are handed on by name"""
    result = tensor.apply(np.sum, made(A), axis=0, keepdims=True)
    expect(
        "apply(np.sum, x, axis=0, keepdims=True)",
        expect_tensor("apply(np.sum, x, axis=0, keepdims=True)", result),
        A.sum(0, keepdims=True),
        {
            "the options are not handed on": A.sum(),
            "keepdims is not handed on": A.sum(0),
            "axis is not handed on": A.sum(keepdims=True),
        },
    )


@check("The Door", about="apply")
def test_the_operation_gets_plain_arrays() -> None:
    """The operation gets plain arrays, not tensors, and not copies"""
    seen: list[Any] = []

    def spy(*arrays: Any) -> np.ndarray:
        seen.extend(arrays)
        return np.zeros(2)

    x = made([1.0, 2.0])
    tensor.apply(spy, x, [3.0, 4.0])
    expect_true(
        len(seen) == 2,
        seen=f"{len(seen)} arrays for 2 inputs",
        expected="an array for each input",
        mistake="some inputs are left out" if len(seen) < 2 else "some inputs come twice",
    )
    expect_true(
        not any(isinstance(value, tensor.Tensor) for value in seen),
        seen="a tensor",
        expected="a NumPy array",
        mistake="the operation gets the tensors themselves, not their arrays",
    )
    expect_true(
        np.shares_memory(np.asarray(seen[0]), x.data),
        seen="a copy of the tensor's array",
        expected="the array itself",
        mistake="the arrays are copied for the operation",
    )


@check("The Door", about="apply")
def test_float32_stays_float32() -> None:
    """float32 stays float32, whatever it meets; float64 tensors stay float64"""
    single, double = made(A), made(A, dtype=np.float64)
    for name, other in (
        ("a float", 0.1),
        ("a NumPy float64", np.float64(0.1)),
        ("a float64 array", B),
        ("a list", [0.1, 0.2, 0.3]),
        ("a whole number", 3),
        ("a tensor", made(B)),
    ):
        for first, second in ((single, other), (other, single)):
            result = tensor.apply(np.multiply, first, second)
            mistake = "float64 creeps in: what meets float32 turns it into float64"
            expect_dtype(f"a float32 tensor times {name}", result, np.float32, mistake)
    for other in (0.1, single, made(B, dtype=np.float64), [0.1, 0.2, 0.3]):
        for first, second in ((double, other), (other, double)):
            result = tensor.apply(np.multiply, first, second)
            expect_dtype(
                "a float64 tensor times something else",
                result,
                np.float64,
                "a float64 tensor loses half of its digits",
            )


@check("The Door", about="apply")
def test_the_door_explains_errors() -> None:
    """What the operation cannot do is an error that says so"""
    expect_error(
        "apply(np.add, x, y) of shapes (2, 3) and (2, 4)",
        lambda: tensor.apply(np.add, made(A), made(np.ones((2, 4)))),
    )
    expect_error("apply(np.sum, x, axis=5)", lambda: tensor.apply(np.sum, made(A), axis=5))
    expect_error("apply(np.add, x, 'word')", lambda: tensor.apply(np.add, made(A), "word"))


# ---- Creation ------------------------------------------------------------------------------------

CREATION = ("Tensor.__init__", "as_array", "Tensor")


@check("Tensor Creation", about=CREATION)
def test_a_tensor_has_what_it_was_given() -> None:
    """A tensor has the numbers and the shape that it was given"""
    for data in (3.5, [1, 2, 3], [[1.5, -2.0], [0.0, 4.0], [5.0, 6.0]], A, np.zeros((0, 3))):
        x = made(data)
        array = np.asarray(data, dtype=np.float32)
        expect_true(
            isinstance(x.data, np.ndarray),
            seen=f"x.data is a {type(x.data).__name__}",
            expected="a NumPy array",
            mistake="data is kept as it came, not as an array",
        )
        expect("x.data", x.data, array, {"the numbers are transposed": array.T})
        for name, seen, expected in (
            ("shape", x.shape, array.shape),
            ("ndim", x.ndim, array.ndim),
            ("size", x.size, array.size),
        ):
            expect_true(
                seen == expected and isinstance(seen, type(expected)),
                seen=f"x.{name} is {seen}",
                expected=f"{expected}",
                mistake="size is the number of rows, not of elements"
                if name == "size" and array.ndim > 1 and seen == len(array)
                else None,
            )
    expect("Tensor(x).data", made(made(A)).data, A.astype(np.float32))


@check("Tensor Creation", about=CREATION)
def test_a_tensor_is_float32() -> None:
    """A tensor is float32 unless another dtype is asked for"""
    for data in (1, 2.5, [1, 2], A, np.arange(3), np.array([True])):
        for what, dtype in ((made(data).dtype, np.float32), (made(data).data.dtype, np.float32)):
            expect_true(
                what == dtype,
                seen=f"dtype {what} for {type(data).__name__}",
                expected="float32",
                mistake="the dtype is left to NumPy; it should be float32",
            )
    for dtype in (np.float64, np.int64):
        x = made([1, 2], dtype=dtype)
        expect_dtype(f"Tensor([1, 2], dtype={np.dtype(dtype)})", x, dtype, "`dtype` is ignored")


@check("Tensor Creation", about=CREATION)
def test_a_tensor_shares_memory() -> None:
    """A tensor shares its memory with a float32 array"""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    x = made(array)
    array[0, 0] = 42
    expect_true(
        np.shares_memory(x.data, array) and x.data[0, 0] == 42,
        seen="a copy of the array",
        expected="the array itself: writing to it changes the tensor",
        mistake="the array is copied, though it has the right dtype already",
    )
    for name, other in (("numpy()", x.numpy()), ("detach().data", x.detach().data)):
        expect_true(
            np.shares_memory(other, array),
            seen=f"a copy in x.{name}",
            expected="the array itself",
            mistake=f"{name.split('(')[0]}() copies the array",
        )


@check("Tensor Creation", about=CREATION)
def test_requires_grad_is_kept() -> None:
    """requires_grad is False unless it is asked for, and grad starts as None"""
    for x, expected in (
        (made([1.0]), False),
        (made([1.0], requires_grad=True), True),
        (made([1.0], True), True),
        (made([1.0], requires_grad=False), False),
    ):
        expect_true(
            bool(x.requires_grad) is expected,
            seen=f"x.requires_grad is {x.requires_grad}",
            expected=f"{expected}",
            mistake="requires_grad is not kept"
            if expected
            else "every tensor requires a gradient, asked for or not",
        )
        expect_true(x.grad is None, seen=f"x.grad is {x.grad}", expected="None")
    x = made([1.0], requires_grad=True)
    expect_true(
        not x.detach().requires_grad,
        seen="x.detach() requires a gradient",
        expected="a tensor that is cut off: requires_grad=False",
    )


@check("Tensor Creation", about=CREATION)
def test_gradients_are_for_real_numbers() -> None:
    """Gradients are for real numbers only"""
    for dtype in (np.int64, bool):
        expect_error(
            f"Tensor([1, 0], requires_grad=True, dtype={np.dtype(dtype)})",
            lambda dtype=dtype: made([1, 0], requires_grad=True, dtype=dtype),
            "whole numbers are accepted, though they have no gradient",
        )
    for dtype in (np.float32, np.float64):
        made([1.0], requires_grad=True, dtype=dtype)


@check("Tensor Creation", about=CREATION)
def test_a_tensor_refuses_what_is_no_number() -> None:
    """Words and uneven lists are errors"""
    for data in ("abc", None, ["a"], [[1, 2], [3]], {"a": 1}):
        expect_error(
            f"Tensor({data!r})",
            lambda data=data: made(data),
            "something that is no array of numbers is accepted",
        )


@check("Tensor Creation", about="Tensor.item")
def test_item_gives_the_one_number() -> None:
    """item() gives the one number that there is, len() the number of rows"""
    for x in (made(2.5), made([2.5]), made([[2.5]])):
        expect("x.item()", x.item(), 2.5)
        expect_true(
            isinstance(x.item(), float),
            seen=f"x.item() is a {type(x.item()).__name__}",
            expected="a Python float",
            mistake="item() gives a NumPy value, not a Python number",
        )
    for x in (made([1.0, 2.0]), made(np.zeros(0))):
        expect_error(
            f"item() of shape {x.shape}", x.item, "a tensor of several numbers has an item()"
        )
    for array in (A, A[0], A[None]):
        expect("len(x)", len(made(array)), len(array), {"len counts all elements": array.size})


# ---- Arithmetic ----------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}
WORDS = {
    "+": "it adds",
    "-": "it subtracts",
    "*": "it multiplies",
    "/": "it divides",
    "**": "it takes a power",
}


def expect_operation(sign: str) -> None:
    """An operation between tensors, arrays, lists and numbers, on either side, broadcasting."""
    operation = OPERATIONS[sign]
    positive = np.abs(A) + 0.5  # so that every power exists
    row, column = np.array([2.0, -1.0, 0.5]), np.array([[3.0], [-2.0]])
    with np.errstate(all="ignore"):
        expect_kept(sign, made(positive), made(B))
        for name, x, y, plain_x, plain_y in (
            (f"x {sign} y", made(positive), made(B), positive, B),
            (f"x {sign} 2", made(positive), 2, positive, 2.0),
            (f"x {sign} 0.5", made(positive), 0.5, positive, 0.5),
            (f"2 {sign} x", 2, made(positive), 2.0, positive),
            (f"x {sign} row", made(positive), made(row), positive, row),
            (f"x {sign} column", made(positive), made(column), positive, column),
            (f"row {sign} x", made(np.abs(row)), made(positive), np.abs(row), positive),
            (f"x {sign} list", made(positive), [2.0, -1.0, 0.5], positive, row),
            (f"list {sign} x", [2.0, 1.0, 0.5], made(positive), np.abs(row), positive),
            (f"x {sign} array", made(positive), B, positive, B),
            (f"array {sign} x", positive, made(B), positive, B),
        ):
            expected = operation(plain_x, plain_y)
            seen = operation(x, y)
            expect(
                name,
                expect_tensor(name, seen),
                expected,
                {
                    **{
                        f"{words}, where {sign} is asked for": OPERATIONS[other](plain_x, plain_y)
                        for other, words in WORDS.items()
                        if other != sign
                    },
                    "the two are in the wrong order": operation(plain_y, plain_x),
                    "the first is returned as it came": np.broadcast_to(plain_x, expected.shape),
                    "the second is returned as it came": np.broadcast_to(plain_y, expected.shape),
                    # For a difference, a wrong sign and a wrong order are the same.
                    "the sign is wrong": np.nan if sign == "-" else -expected,
                    "it divides and throws the remainder away": np.floor_divide(plain_x, plain_y),
                },
            )
            expect_dtype(name, seen, np.float32, "float64 creeps in")


def expect_kept(sign: str, x: Any, y: Any) -> None:
    """The operands are as they were, and the result is a tensor of its own."""
    before = x.data.copy(), y.data.copy()
    result = OPERATIONS[sign](x, y)
    expect_unchanged("x", x.data, before[0])
    expect_unchanged("y", y.data, before[1])
    expect_true(
        result is not x and not np.shares_memory(result.data, x.data),
        seen=f"x {sign} y shares its memory with x",
        expected="a new tensor",
        mistake="the result is no new tensor: it is x itself",
    )


@check("Arithmetic", about="Tensor.__add__")
def test_addition() -> None:
    """x + y adds element by element, and broadcasts"""
    expect_operation("+")


@check("Arithmetic", about="Tensor.__sub__")
def test_subtraction() -> None:
    """x - y subtracts element by element, and broadcasts"""
    expect_operation("-")


@check("Arithmetic", about="Tensor.__mul__")
def test_multiplication() -> None:
    """x * y multiplies element by element, and broadcasts"""
    expect_operation("*")


@check("Arithmetic", about="Tensor.__truediv__")
def test_division() -> None:
    """x / y divides element by element, and broadcasts"""
    expect_operation("/")


@check("Arithmetic", about="Tensor.__pow__")
def test_power() -> None:
    """x ** y takes powers element by element, and broadcasts"""
    expect_operation("**")
    for exponent in (2, 3, 1, 0, -1, 2.0, 0.5):
        positive = np.abs(A)
        expect(
            f"x ** {exponent}",
            made(positive) ** exponent,
            positive**exponent,
            {f"x is multiplied by {exponent}": positive * exponent},
        )
    expect("(-x) ** 2", made(A) ** 2, A**2, {"the sign of negative numbers is kept": A * np.abs(A)})


@check("Arithmetic", about="Tensor.__neg__")
def test_negation() -> None:
    """-x changes every sign"""
    expect("-x", expect_tensor("-x", -made(A)), -A, {"nothing changes": A, "it is |x|": np.abs(A)})


@check("Arithmetic", about=("Tensor.exp", "Tensor.log", "Tensor.sqrt"))
def test_functions() -> None:
    """exp, log and sqrt work element by element"""
    positive = np.abs(A) + 0.5
    functions = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
    for name, function in functions.items():
        expect(
            f"x.{name}()",
            expect_tensor(f"x.{name}()", getattr(made(positive), name)()),
            function(positive),
            {f"it is {other}": f(positive) for other, f in functions.items() if other != name}
            | {"the logarithm is to base 10": np.log10(positive)}
            | {"the logarithm is to base 2": np.log2(positive)},
        )


@check("Arithmetic", about=("Tensor.__add__", "Tensor.__sub__", "Tensor.__mul__"))
def test_shapes_that_do_not_broadcast() -> None:
    """Shapes that do not broadcast are an error that says so"""
    for sign, operation in OPERATIONS.items():
        expect_error(
            f"x {sign} y of shapes (2, 3) and (2, 4)",
            lambda operation=operation: operation(made(np.ones((2, 3))), made(np.ones((2, 4)))),
        )


# ---- Matrix product ------------------------------------------------------------------------------

MATMUL = ("Tensor.__matmul__", "Tensor.matmul")


@check("Matrix Product", about=MATMUL)
def test_matrix_product() -> None:
    """x @ y multiplies rows by columns, and adds up"""
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, -6.0], [7.0, 8.0]])
    expect(
        "x @ y",
        expect_tensor("x @ y", made(x) @ made(y)),
        x @ y,
        {
            "it multiplies element by element, as * does": x * y,
            "the matrices are in the wrong order: y @ x": y @ x,
            "y is transposed: x @ y.T": x @ y.T,
            "x is transposed: x.T @ y": x.T @ y,
            "the result is transposed": (x @ y).T,
            "both are transposed": x.T @ y.T,
            "only the sum of all products is returned": np.sum(x * y),
            "it adds": x + y,
            "the sign is wrong": -(x @ y),
        },
    )
    expect("x @ y of shapes (2, 3) and (3, 2)", made(A) @ made(B.T), A @ B.T)
    expect("x.matmul(y)", made(A).matmul(made(B.T)), A @ B.T, {"the order is wrong": B.T @ A})
    expect("x @ array", made(A) @ B.T, A @ B.T)
    expect("array @ x", A @ made(B.T), A @ B.T, {"the order is wrong": B.T @ A})
    expect("x @ list", made(A) @ [1.0, 2.0, 3.0], A @ [1.0, 2.0, 3.0])
    expect_dtype("x @ y", made(A) @ made(B.T), np.float32, "float64 creeps in")


@check("Matrix Product", about=MATMUL)
def test_matrix_product_of_vectors() -> None:
    """Vectors are rows on the left and columns on the right"""
    x, y = A[0], B[0]
    expect("x @ y of two vectors", made(x) @ made(y), x @ y, {"it is x * y": x * y})
    expect("matrix @ vector", made(A) @ made(y), A @ y)
    expect("vector @ matrix", made(A[:, 0]) @ made(B), A[:, 0] @ B)


@check("Matrix Product", about=MATMUL)
def test_matrix_product_of_batches() -> None:
    """Leading dimensions are batches"""
    x = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
    y = np.arange(40.0).reshape(2, 4, 5) / 16 - 1
    rows = np.einsum("bij,kj->bik", x, np.ones((5, 4)))
    expect(
        "x @ y of shapes (2, 3, 4) and (2, 4, 5)",
        made(x) @ made(y),
        x @ y,
        {"every matrix meets every other, as in np.dot": np.dot(x, y)},
    )
    expect("x @ y of shapes (2, 3, 4) and (4, 5)", made(x) @ made(np.ones((4, 5))), rows)
    expect("x @ y of shapes (0, 4) and (4, 5)", made(np.ones((0, 4))) @ made(y[0]), np.ones((0, 5)))


@check("Matrix Product", about=MATMUL)
def test_matrices_that_do_not_fit() -> None:
    """Sizes that do not fit are an error that says so"""
    for first, second in (((2, 3), (2, 3)), ((3,), (2,)), ((2, 3), ()), ((2, 2, 3), (3, 3, 2))):
        expect_error(
            f"x @ y of shapes {first} and {second}",
            lambda first=first, second=second: made(np.ones(first)) @ made(np.ones(second)),
        )


# ---- Reductions ----------------------------------------------------------------------------------


def expect_reduction(name: str, function: Callable[..., Any]) -> None:
    """A reduction of everything, along axes, and with what is reduced kept as 1."""
    x = np.arange(24.0).reshape(2, 3, 4) ** 1.5 - 30
    others = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}
    with np.errstate(all="ignore"):
        for options in (
            {},
            {"axis": 0},
            {"axis": 1},
            {"axis": -1},
            {"axis": (0, 2)},
            {"keepdims": True},
            {"axis": 1, "keepdims": True},
            {"axis": (1, 2), "keepdims": True},
        ):
            shown = ", ".join(f"{key}={value}" for key, value in options.items())
            what = f"x.{name}({shown})"
            axis, keepdims = options.get("axis"), options.get("keepdims", False)
            expected = function(x, axis=axis, keepdims=keepdims)
            count = x.size / expected.size
            mistakes = {
                "axis is ignored": function(x, keepdims=keepdims),
                "axis and keepdims are ignored": function(x) if axis and keepdims else np.nan,
                "keepdims is ignored": function(x, axis=axis),
                "keepdims is always on": function(x, axis=axis, keepdims=True),
                "axis and keepdims have changed places": np.nan,
                "the sign is wrong": -expected,
                "x is returned as it came": x,
            }
            if isinstance(axis, int):
                mistakes["the other axes are reduced"] = function(
                    x, axis=tuple(i for i in range(3) if i != axis % 3), keepdims=keepdims
                )
                mistakes["the axis is one too far"] = function(
                    x, axis=(axis + 1) % 3, keepdims=keepdims
                )
            elif axis is None:
                mistakes["only axis 0 is reduced, where all should be"] = function(x, axis=0)
                mistakes["only the last axis is reduced, where all should be"] = function(
                    x, axis=-1
                )
            for other, operation in others.items():
                if other != name:
                    mistakes[f"it is the {other}, not the {name}"] = operation(
                        x, axis=axis, keepdims=keepdims
                    )
            if name == "mean":
                total = np.sum(x, axis=axis, keepdims=keepdims)
                mistakes["it divides by the number of all elements"] = (
                    total / x.size if count < x.size else np.nan
                )
                mistakes["it divides by the number of rows"] = total / len(x)
                mistakes["it divides by one too few"] = total / max(count - 1, 1)
            expect(what, expect_tensor(what, getattr(made(x), name)(**options)), expected, mistakes)
    expect(f"x.{name}(1)", getattr(made(x), name)(1), function(x, axis=1))
    expect_dtype(f"x.{name}()", getattr(made(x), name)(), np.float32, "float64 creeps in")


@check("Reductions", about="Tensor.sum")
def test_sum() -> None:
    """sum adds up everything, or along axes; keepdims leaves a 1 behind"""
    expect_reduction("sum", np.sum)
    expect("the sum of nothing", made(np.zeros((0, 3))).sum(), 0.0)


@check("Reductions", about="Tensor.mean")
def test_mean() -> None:
    """mean divides the sum by how many there were"""
    expect_reduction("mean", np.mean)


@check("Reductions", about="Tensor.max")
def test_max() -> None:
    """max finds the largest"""
    expect_reduction("max", np.max)


@check("Reductions", about=("Tensor.sum", "Tensor.mean"))
def test_an_axis_that_is_not_there() -> None:
    """An axis that is not there is an error that says so"""
    for name in ("sum", "mean", "max"):
        expect_error(f"x.{name}(axis=2)", lambda name=name: getattr(made(A), name)(axis=2))


# ---- Shapes --------------------------------------------------------------------------------------


@check("Shapes", about="Tensor.reshape")
def test_reshape() -> None:
    """reshape keeps the numbers in their order; sizes come one by one or together"""
    for shown, seen in (
        ("x.reshape(3, 2)", made(A).reshape(3, 2)),
        ("x.reshape((3, 2))", made(A).reshape((3, 2))),
        ("x.reshape([3, 2])", made(A).reshape([3, 2])),
        ("x.reshape(3, -1)", made(A).reshape(3, -1)),
        ("x.reshape(-1, 2)", made(A).reshape(-1, 2)),
        ("x.reshape((-1, 2))", made(A).reshape((-1, 2))),
    ):
        expect(
            shown,
            expect_tensor(shown, seen),
            A.reshape(3, 2),
            {
                "the axes are swapped, as in a transpose": A.T,
                "the numbers run down the columns, not along the rows": A.reshape(3, 2, order="F"),
                "x is returned as it came": A,
            },
        )
    expect("x.reshape(6)", made(A).reshape(6), A.reshape(6))
    expect("x.reshape(-1)", made(A).reshape(-1), A.reshape(-1))
    expect("x.reshape(1, 6)", made(A).reshape(1, 6), A.reshape(1, 6))
    expect("x.reshape(2, 1, 3)", made(A).reshape(2, 1, 3), A.reshape(2, 1, 3))
    expect("x.reshape() of a single number", made([[7.0]]).reshape(()), np.array(7.0))
    expect("x.reshape(0, 5)", made(np.zeros((0, 3))).reshape(0, 5), np.zeros((0, 5)))
    x = made(A)
    y = x.reshape(3, 2)
    expect_true(
        x.shape == (2, 3),
        seen=f"x itself has shape {x.shape} afterwards",
        expected="x as it was",
        mistake="x itself is changed, instead of a new tensor made",
    )
    expect_true(
        np.shares_memory(x.data, y.data),
        seen="a copy of the numbers",
        expected="the same memory, read in rows of another length",
        mistake="the numbers are copied",
    )


@check("Shapes", about="Tensor.reshape")
def test_sizes_that_do_not_fit() -> None:
    """Sizes that do not fit, or are no sizes, are errors"""
    for sizes in ((4,), (2, 2), (-1, 4), (-2, 3), (-1, -1), (1.5, 4), (2.0, 3), ("2", 3), (-6, -1)):
        expect_error(
            f"x.reshape{sizes} of 6 numbers",
            lambda sizes=sizes: made(A).reshape(*sizes),
            "sizes that make no sense are accepted",
        )


@check("Shapes", about="Tensor.transpose")
def test_transpose() -> None:
    """transpose changes the order of the axes: reversed, two swapped, or as given"""
    expect(
        "x.T",
        expect_tensor("x.T", made(A).T),
        A.T,
        {
            "the numbers keep their order, as in a reshape": A.reshape(3, 2),
            "x is returned as it came": A,
        },
    )
    x = np.arange(24.0).reshape(2, 3, 4)
    for shown, seen, order in (
        ("x.T", made(x).T, (2, 1, 0)),
        ("x.transpose()", made(x).transpose(), (2, 1, 0)),
        ("x.transpose(0, 2)", made(x).transpose(0, 2), (2, 1, 0)),
        ("x.transpose(0, 1)", made(x).transpose(0, 1), (1, 0, 2)),
        ("x.transpose(1, 2)", made(x).transpose(1, 2), (0, 2, 1)),
        ("x.transpose(-1, 1)", made(x).transpose(-1, 1), (0, 2, 1)),
        ("x.transpose(-1, -2)", made(x).transpose(-1, -2), (0, 2, 1)),
        ("x.transpose(2, 0, 1)", made(x).transpose(2, 0, 1), (2, 0, 1)),
        ("x.transpose(1, 2, 0)", made(x).transpose(1, 2, 0), (1, 2, 0)),
        ("x.transpose((2, 0, 1))", made(x).transpose((2, 0, 1)), (2, 0, 1)),
        ("x.transpose([2, 0, 1])", made(x).transpose([2, 0, 1]), (2, 0, 1)),
    ):
        expect(
            shown,
            expect_tensor(shown, seen),
            x.transpose(order),
            {
                "the axes are ignored, and all reversed": x.T,
                "the order is undone instead of followed": x.transpose(np.argsort(order)),
                "nothing moves": x,
                "only the last two axes are swapped": x.swapaxes(-1, -2),
                "the numbers keep their order, as in a reshape": x.reshape(
                    x.transpose(order).shape
                ),
            },
        )
    expect("x.transpose(1, 0) of a matrix", made(A).transpose(1, 0), A.T)
    expect("x.T of a vector", made(A[0]).T, A[0])
    y = made(A)
    expect_true(
        np.shares_memory(y.T.data, y.data) and y.shape == (2, 3),
        seen="a copy of the numbers, or a changed x",
        expected="the same memory, read in another order",
        mistake="the numbers are copied" if y.shape == (2, 3) else "x itself is changed",
    )


@check("Shapes", about="Tensor.transpose")
def test_axes_that_are_not_there() -> None:
    """Axes that are not there are errors"""
    x = np.zeros((2, 3, 4))
    for axes in ((0, 3), (0, -4), (0, 1, 3), (0, 1, 1)):
        expect_error(
            f"x.transpose{axes} of shape (2, 3, 4)",
            lambda axes=axes: made(x).transpose(*axes),
            "axes that are not there are accepted",
        )


# ---- Gradients -----------------------------------------------------------------------------------


def recorded() -> bool:
    """Whether autograd hangs on this tensor's own door, or on that of the tensor it stands for."""
    hook, door = (getattr(getattr(tensor, n), "__code__", None) for n in ("attach", "apply"))
    return hook is not None and door is not None and hook.co_filename == door.co_filename


def passes_the_door(call: Callable[[], Any]) -> bool:
    """Whether `apply` runs during a call, by whatever name it is called."""
    door = tensor.apply
    code = getattr(door, "__code__", None) or type(door).__call__.__code__
    passed: list[bool] = []

    def profile(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is code:
            passed.append(True)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return bool(passed)


def expect_recorded(
    what: str,
    function: Callable[..., Any],
    inputs: tuple[np.ndarray, ...],
    expected: tuple[np.ndarray, ...],
    weights: np.ndarray,
) -> None:
    """An operation that a gradient flows back through, to each of its inputs."""
    door = passes_the_door(lambda: function(*(made(array) for array in inputs)))
    outside = f"{what} does not go through the door, so no gradient can flow back"
    if not recorded():
        expect_true(door, seen=f"{what} without apply", expected="apply(op, ...)", mistake=outside)
        return
    try:
        found = gradients(function, *inputs, weights=weights)
    except Mistake as mistake:
        if mistake.mistake and "outside the graph" in mistake.mistake:
            inside = (
                f"{what} gives the door arrays; give it the tensors, so that it can record them"
            )
            if not tensor.apply(np.negative, made(A, requires_grad=True)).requires_grad:
                inside = "the door records nothing"
            raise Mistake(
                seen=f"nothing was recorded for {what}",
                expected="a result that a gradient can flow back from",
                mistake=inside if door else outside,
            ) from mistake
        raise
    for number, (seen, wanted) in enumerate(zip(found, expected, strict=True)):
        expect_gradient(
            f"the gradient of {what} for input {number + 1}",
            seen,
            wanted,
            missing=f"no gradient reaches input {number + 1} of {what}: "
            "give the door the tensor, not its array",
        )


@check("Gradient Flow", about="apply")
def test_the_door_notes_down_what_needs_a_gradient() -> None:
    """A result needs a gradient if any of its inputs does, and only then"""
    if not recorded():
        return
    plain, wanted = made(A), made(B, requires_grad=True)
    if not wanted.requires_grad:  # which is the claim of another check
        return
    seen = {
        name: bool(tensor.apply(np.add, *inputs).requires_grad)
        for name, inputs in {
            "neither": (plain, plain),
            "the first": (wanted, plain),
            "the second": (plain, wanted),
            "both": (wanted, wanted),
        }.items()
    }
    expect_true(
        seen == {"neither": False, "the first": True, "the second": True, "both": True},
        seen="of two inputs that need a gradient or not, the result needs one if it is "
        + (" or ".join(name for name, found in seen.items() if found) or "none of them"),
        expected="if it is the first, the second or both",
        mistake={
            (False, False, False, False): "the door records nothing",
            (True, True, True, True): "the door records everything, asked for or not",
            (False, True, False, True): "only the first input is asked for requires_grad",
            (False, False, True, True): "only the last input is asked for requires_grad",
            (False, False, False, True): "all inputs have to need a gradient; any one will do",
        }.get(tuple(seen.values())),
    )
    result = tensor.apply(np.where, made(A > 0, dtype=bool), wanted, plain)
    expect_true(
        bool(result.requires_grad),
        seen="the second of three inputs needs a gradient, and the result does not",
        expected="a result that needs one",
    )


@check("Gradient Flow", about=("Tensor.__add__", "Tensor.__sub__"))
def test_gradients_of_sums() -> None:
    """Gradients flow through + and -"""
    g = UPSTREAM
    expect_recorded("x + y", OPERATIONS["+"], (A, B), (g, g), g)
    expect_recorded("x - y", OPERATIONS["-"], (A, B), (g, -g), g)
    expect_recorded("2 - x", lambda x: 2 - x, (A,), (-g,), g)


@check("Gradient Flow", about=("Tensor.__mul__", "Tensor.__truediv__", "Tensor.__pow__"))
def test_gradients_of_products() -> None:
    """Gradients flow through *, / and **"""
    g = UPSTREAM
    expect_recorded("x * y", OPERATIONS["*"], (A, B), (g * B, g * A), g)
    expect_recorded("x / y", OPERATIONS["/"], (A, B), (g / B, -g * A / B**2), g)
    expect_recorded("x ** 2", lambda x: x**2, (A,), (2 * g * A,), g)
    expect_recorded("x ** 3", lambda x: x**3, (A,), (3 * g * A**2,), g)
    expect_recorded("-x", lambda x: -x, (A,), (-g,), g)
    expect_recorded("1 / x", lambda x: 1 / x, (A,), (-g / A**2,), g)


@check("Gradient Flow", about="Tensor.__matmul__")
def test_gradients_of_matrix_products() -> None:
    """Gradients flow through @"""
    g = UPSTREAM[:, :2]
    expect_recorded("x @ y", lambda x, y: x @ y, (A, B.T), (g @ B, (A.T @ g)), g)
    expect_recorded("x.matmul(y)", lambda x, y: x.matmul(y), (A, B.T), (g @ B, (A.T @ g)), g)


@check("Gradient Flow", about=("Tensor.sum", "Tensor.mean"))
def test_gradients_of_reductions() -> None:
    """Gradients flow through sum, mean and max"""
    g, ones = np.array([1.0, -2.0]), np.ones((2, 3))
    down = g[:, None] * ones
    largest = (A.max(1, keepdims=True) == A) * g[:, None]
    expect_recorded("x.sum(axis=1)", lambda x: x.sum(axis=1), (A,), (down,), g)
    expect_recorded("x.mean(axis=1)", lambda x: x.mean(axis=1), (A,), (down / 3,), g)
    expect_recorded("x.sum()", lambda x: x.sum(), (A,), (2 * ones,), np.array(2.0))
    expect_recorded("x.mean()", lambda x: x.mean(), (A,), (ones / 3,), np.array(2.0))
    expect_recorded("x.max(axis=1)", lambda x: x.max(axis=1), (A,), (largest,), g)


@check("Gradient Flow", about=("Tensor.reshape", "Tensor.transpose"))
def test_gradients_of_shapes() -> None:
    """Gradients flow through reshape, transpose and indexing"""
    g = UPSTREAM
    expect_recorded("x.reshape", lambda x: x.reshape(3, 2), (A,), (g,), g.reshape(3, 2))
    expect_recorded("x.transpose()", lambda x: x.transpose(), (A,), (g,), g.T)
    expect_recorded("x.T", lambda x: x.T, (A,), (g,), g.T)
    first = np.concatenate([g[:1], np.zeros((1, 3))])
    expect_recorded("x[0]", lambda x: x[0], (A,), (first,), g[0])


@check("Gradient Flow", about=("Tensor.exp", "Tensor.log", "Tensor.sqrt"))
def test_gradients_of_functions() -> None:
    """Gradients flow through exp, log and sqrt"""
    x, g = np.abs(A) + 0.5, UPSTREAM
    expect_recorded("x.exp()", lambda x: x.exp(), (x,), (g * np.exp(x),), g)
    expect_recorded("x.log()", lambda x: x.log(), (x,), (g / x,), g)
    expect_recorded("x.sqrt()", lambda x: x.sqrt(), (x,), (g / (2 * np.sqrt(x)),), g)


# ---- Comparisons and indexing --------------------------------------------------------------------


@check("Comparisons and Indexing", about=("Tensor.__eq__", "Tensor.__lt__"))
def test_comparisons() -> None:
    """Comparisons answer element by element"""
    y = A.copy()
    y[0] += np.array([1.0, 0.0, -1.0])
    for sign, compare in (
        ("==", lambda x, y: x == y),
        ("!=", lambda x, y: x != y),
        ("<", lambda x, y: x < y),
        ("<=", lambda x, y: x <= y),
        (">", lambda x, y: x > y),
        (">=", lambda x, y: x >= y),
    ):
        what = f"x {sign} y"
        seen = compare(made(A), made(y))
        expect_true(
            not isinstance(seen, bool),
            seen=f"{what} is {seen}",
            expected="an answer for each element",
            mistake="there is one answer for the whole tensor, not one for each element",
        )
        expect(what, np.asarray(expect_tensor(what, seen), dtype=bool), compare(A, y))
        number = compare(made(A), 0.5)
        expect(f"x {sign} 0.5", np.asarray(numbers(what, number), dtype=bool), compare(A, 0.5))


@check("Comparisons and Indexing", about="Tensor.__getitem__")
def test_indexing() -> None:
    """Indexing picks what NumPy picks"""
    x = np.arange(24.0).reshape(2, 3, 4)
    for shown, index in (
        ("0", 0),
        ("-1", -1),
        ("1, 2", (1, 2)),
        ("1, 2, 3", (1, 2, 3)),
        (":, 1", (slice(None), 1)),
        ("..., 0", (..., 0)),
        (":, ::2, 1:3", (slice(None), slice(None, None, 2), slice(1, 3))),
        ("None", None),
        ("[1, 0]", [1, 0]),
        ("x > 5", x > 5),
    ):
        what = f"x[{shown}]"
        expect(what, expect_tensor(what, made(x)[index]), x[index])
    expect_error("x[2] of 2 rows", lambda: made(x)[2], "an index that is not there is accepted")


# ---- At home in Python and NumPy -----------------------------------------------------------------


@check("At Home in NumPy", about="Tensor.__array__")
def test_numpy_takes_tensors() -> None:
    """NumPy takes a tensor where it takes an array"""
    x = made(A)
    expect("np.asarray(x)", np.asarray(x), A)
    expect_true(
        type(np.asarray(x)) is np.ndarray and np.asarray(x).dtype == np.float32,
        seen=f"np.asarray(x) has dtype {np.asarray(x).dtype}",
        expected="a float32 array",
        mistake="NumPy sees an object, not numbers: __array__ is missing"
        if np.asarray(x).dtype == object
        else None,
    )
    expect("np.asarray(x, dtype=float64)", np.asarray(x, dtype=np.float64), A)


@check("At Home in NumPy", about="Tensor.__repr__")
def test_tensors_can_be_printed() -> None:
    """Tensors can be printed, and large ones briefly"""
    for x in (made(2.0), made([]), made(A), made(np.zeros((0, 3))), made(np.ones((3, 2, 4, 5)))):
        for text in (repr(x), str(x)):
            expect_true(bool(text), seen="an empty text", expected="a text")
    expect_true(
        len(repr(made(np.zeros((300, 300))))) < 5000,
        seen=f"{len(repr(made(np.zeros((300, 300)))))} letters for 90,000 numbers",
        expected="a summary",
        mistake="every number of a large tensor is printed",
    )


@check("At Home in NumPy", about="Tensor")
def test_tensors_can_be_copied() -> None:
    """Tensors can be copied and pickled"""
    x = made(A, requires_grad=True)
    for name, other in (
        ("copy.deepcopy(x)", copy.deepcopy(x)),
        ("pickle", pickle.loads(pickle.dumps(x))),
    ):
        expect(name, expect_tensor(name, other), A)
        expect_true(
            not np.shares_memory(other.data, x.data) and bool(other.requires_grad),
            seen="a copy that shares its memory, or forgot requires_grad",
            expected="a tensor of its own",
        )


@check("At Home in NumPy", about="Tensor")
def test_tensors_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        x = made(A, requires_grad=True)
        for operation in OPERATIONS.values():
            operation(x, 2)
        x @ made(B.T)
        x.sum(), x.mean(), x.reshape(-1), x.transpose()
        repr(x)
        import_again("tensor")

    expect_undisturbed(use)
