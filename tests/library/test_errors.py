"""What a learner does wrong gets an answer: what was given, what was expected, the usual fix."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinytorch
from tinytorch.core.activations import ReLU, Sigmoid, Softmax
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD, Adam, AdamW
from tinytorch.core.tensor import Tensor, apply
from tinytorch.core.training import (
    Trainer,
    batches,
    constant,
    cosine,
    load,
    predict,
    save,
    step_decay,
)

Errors = type[Exception] | tuple[type[Exception], ...]
Misuse = tuple[Callable[[], Any], Errors, tuple[str, ...]]


def images() -> Tensor:
    return Tensor(np.ones((32, 28, 28)))


def matrix() -> Tensor:
    return Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def leaf(*numbers: float) -> Tensor:
    return Tensor(np.array(numbers or (1.0, 2.0)), requires_grad=True)


def write(tensor: Tensor, index: Any, value: Any) -> None:
    tensor[index] = value


def step_with(gradient: Any) -> None:
    parameter = leaf()
    optimizer = SGD([parameter])
    parameter.grad = gradient
    optimizer.step()


def step_of(loss: Callable[[Tensor, Any], Any]) -> None:
    layer = Linear(2, 1)
    trainer = Trainer(lambda x, training: layer(x), loss, SGD(layer.parameters()))
    trainer.step(Tensor([[1.0, 2.0]]), [[0.0]])


def twice(loss: Tensor) -> None:
    loss.backward()
    loss.backward()


def unrecorded() -> Tensor:
    with no_grad():
        return leaf().sum()


# What a learner does wrong -> the kind of error, and what its message must speak of: what was
# given, what was expected, and where there is one the fix.
MISUSES: dict[str, Misuse] = {
    # ---- Tensor ----
    "lists of unequal lengths": (
        lambda: Tensor([[1, 2], [3]]),
        ValueError,
        ("Tensor", "unequal lengths", "same length"),
    ),
    "a string": (lambda: Tensor("1.5"), TypeError, ("Tensor", "numbers", "'1.5'", "str")),
    "a list of strings": (lambda: Tensor(["1", "2"]), TypeError, ("Tensor", "numbers", "'1'")),
    "None": (lambda: Tensor(None), TypeError, ("Tensor", "None")),
    "None among numbers": (lambda: Tensor([1.0, None]), TypeError, ("Tensor", "numbers", "None")),
    "a dictionary": (lambda: Tensor({"a": 1}), TypeError, ("Tensor", "numbers", "dict")),
    "a set": (lambda: Tensor({1, 2}), TypeError, ("Tensor", "numbers", "set")),
    "a generator": (
        lambda: Tensor(i for i in range(3)),
        TypeError,
        ("Tensor", "numbers", "generator"),
    ),
    "a complex number": (lambda: Tensor(1j), TypeError, ("Tensor", "numbers", "1j")),
    "a number too large for float32": (
        lambda: Tensor([1e300]),
        ValueError,
        ("1e+300", "float32", "dtype=np.float64"),
    ),
    "a whole number too large for any float": (lambda: Tensor(10**400), ValueError, ("Tensor",)),
    "a whole number too large for its dtype": (
        lambda: Tensor([300], dtype=np.uint8),
        ValueError,
        ("300", "uint8"),
    ),
    "a negative number for an unsigned dtype": (
        lambda: Tensor([-1], dtype=np.uint8),
        ValueError,
        ("-1", "uint8"),
    ),
    "NaN for a whole number": (
        lambda: Tensor([float("nan")], dtype=np.int64),
        ValueError,
        ("nan", "int64"),
    ),
    "a dtype that is none": (
        lambda: Tensor([1], dtype="float31"),
        TypeError,
        ("float31", "float32"),
    ),
    "a dtype of text": (lambda: Tensor([1], dtype=str), TypeError, ("dtype", "float32")),
    "a dtype of complex numbers": (lambda: Tensor([1], dtype=complex), TypeError, ("complex",)),
    "requires_grad for whole numbers": (
        lambda: Tensor([1], requires_grad=True, dtype=np.int64),
        ValueError,
        ("requires_grad", "int64", "float32"),
    ),
    # ---- Arithmetic and shapes ----
    "shapes that do not broadcast": (
        lambda: Tensor([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0]),
        ValueError,
        ("add", "(2,)", "(3,)", "broadcast", "from the right"),
    ),
    "an array that does not broadcast": (
        lambda: np.ones((4, 2)) * matrix(),
        ValueError,
        ("multiply", "(4, 2)", "(2, 3)", "broadcast"),
    ),
    "a list of the wrong length": (
        lambda: Tensor([1.0, 2.0]) * [1, 2, 3],
        ValueError,
        ("multiply", "(2,)", "(3,)"),
    ),
    "ragged lists in arithmetic": (
        lambda: Tensor([1.0]) * [1, [2]],
        ValueError,
        ("multiply", "unequal lengths"),
    ),
    "text in arithmetic": (lambda: Tensor([1.0]) + "1", TypeError, ("add", "'1'", "str")),
    "None in arithmetic": (lambda: Tensor([1.0]) * None, TypeError, ("multiply", "None")),
    "None before a tensor": (lambda: None - Tensor([1.0]), TypeError, ("subtract", "None")),
    "a comparison by size with text": (lambda: Tensor([1.0]) < "1", TypeError, ("less", "'1'")),
    "matrices that do not fit": (
        lambda: matrix() @ matrix(),
        ValueError,
        ("matmul", "(2, 3) and (2, 3)", "3", "rows in the second is 2", "x.T"),
    ),
    "vectors that do not fit": (
        lambda: Tensor([1.0, 2.0]) @ Tensor([1.0, 2.0, 3.0]),
        ValueError,
        ("matmul", "(2,)", "(3,)"),
    ),
    "a matrix product with a number": (
        lambda: matrix() @ 2,
        ValueError,
        ("matmul", "number", "multiply with *"),
    ),
    "batches of matrices that do not fit": (
        lambda: Tensor(np.ones((2, 2, 3))) @ Tensor(np.ones((3, 3, 2))),
        ValueError,
        ("matmul", "(2, 2, 3) and (3, 3, 2)", "before the last two"),
    ),
    "a reshape to another number of elements": (
        lambda: matrix().reshape(4, 2),
        ValueError,
        ("reshape", "(2, 3)", "(4, 2)", "6"),
    ),
    "a reshape with two unknown sizes": (
        lambda: matrix().reshape(-1, -1),
        ValueError,
        ("reshape", "(-1, -1)"),
    ),
    "a reshape to a negative size": (
        lambda: matrix().reshape(-2, 3),
        ValueError,
        ("reshape", "-2"),
    ),
    "a reshape to a fractional size": (
        lambda: matrix().reshape(1.5, 4),
        (TypeError, ValueError),
        ("reshape", "1.5", "whole"),
    ),
    "a reshape to text": (
        lambda: matrix().reshape("six"),
        (TypeError, ValueError),
        ("reshape", "six"),
    ),
    "a reshape to None": (
        lambda: matrix().reshape(None),
        (TypeError, ValueError),
        ("reshape", "None"),
    ),
    "a transpose of axes that are not there": (
        lambda: images().transpose(0, 5),
        (IndexError, ValueError),
        ("transpose", "(32, 28, 28)", "5", "-3 to 2"),
    ),
    "a transpose of one axis twice": (
        lambda: images().transpose(0, 0, 1),
        ValueError,
        ("transpose", "(0, 0, 1)"),
    ),
    "a transpose of too few axes": (
        lambda: images().transpose(0),
        ValueError,
        ("transpose", "(0,)"),
    ),
    "an axis that is not there": (
        lambda: matrix().sum(axis=2),
        IndexError,
        ("sum", "(2, 3)", "axis=2", "-2 to 1"),
    ),
    "an axis that is not there in a tuple": (
        lambda: matrix().mean(axis=(0, 5)),
        IndexError,
        ("mean", "(0, 5)", "-2 to 1"),
    ),
    "an axis of text": (lambda: matrix().max(axis="rows"), TypeError, ("max", "'rows'")),
    "a fractional axis": (lambda: matrix().sum(axis=0.5), TypeError, ("sum", "0.5")),
    "the same axis twice": (lambda: matrix().sum(axis=(0, 0)), ValueError, ("sum", "(0, 0)")),
    "the largest of nothing": (lambda: Tensor([]).max(), ValueError, ("max", "(0,)")),
    "the place of the largest of nothing": (
        lambda: Tensor([]).argmax(),
        ValueError,
        ("argmax", "(0,)"),
    ),
    "an index out of range": (lambda: matrix()[5], IndexError, ("(2, 3)", "5")),
    "an index in a list out of range": (lambda: matrix()[[0, 7]], IndexError, ("(2, 3)", "7")),
    "too many indices": (lambda: matrix()[0, 0, 0], IndexError, ("(2, 3)", "(0, 0, 0)")),
    "an index of text": (lambda: matrix()["a"], IndexError, ("(2, 3)", "'a'")),
    "a fractional index": (lambda: matrix()[0.5], IndexError, ("(2, 3)", "0.5")),
    "a tensor of fractions as index": (
        lambda: matrix()[Tensor([0, 1])],
        IndexError,
        ("(2, 3)", "integer"),
    ),
    "a mask of the wrong length": (
        lambda: matrix()[[True, False, True]],
        IndexError,
        ("(2, 3)", "bool"),
    ),
    "a slice with step 0": (lambda: matrix()[::0], ValueError, ("(2, 3)", "step")),
    "writing text": (lambda: write(matrix(), 0, "a"), TypeError, ("numbers", "'a'")),
    "writing None": (lambda: write(matrix(), 0, None), TypeError, ("numbers", "None")),
    "writing out of range": (lambda: write(matrix(), 5, 1.0), IndexError, ("(2, 3)", "5")),
    "writing the wrong shape": (
        lambda: write(matrix(), slice(None), [1.0, 2.0]),
        ValueError,
        ("(2, 3)", "broadcast"),
    ),
    "writing what is too large": (
        lambda: write(matrix(), 0, 1e300),
        ValueError,
        ("1e+300", "float32"),
    ),
    "writing into a tensor that requires a gradient": (
        lambda: write(leaf(), 0, 1.0),
        ValueError,
        ("recorded", "x.data"),
    ),
    **{
        f"axes in a list, {name}": (
            lambda name=name: getattr(matrix(), name)(axis=[0, 1]),
            TypeError,
            ("(2, 3)", "[0, 1]", "axis=(0, 1)"),
        )
        for name in ("sum", "mean", "var", "max")
    },
    "axis as a text": (
        lambda: matrix().sum(axis="rows"),  # type: ignore[arg-type]
        TypeError,
        ("(2, 3)", "'rows'", "whole number"),
    ),
    "item of several": (
        lambda: matrix().item(),
        ValueError,
        ("item()", "(2, 3)", "one element", "x.sum()"),
    ),
    "item of none": (lambda: Tensor([]).item(), ValueError, ("item()", "(0,)")),
    "float of several": (lambda: float(matrix()), ValueError, ("(2, 3)", "one element")),
    "formatting several as one": (
        lambda: f"{matrix():.2f}",
        (TypeError, ValueError),
        ("(2, 3)", "one element"),
    ),
    "an if on several": (lambda: bool(matrix() > 2), ValueError, ("(2, 3)", "any()", "all()")),
    "the length of a number": (lambda: len(Tensor(1.0)), TypeError, ("()", "len()")),
    "iterating over a number": (lambda: list(Tensor(1.0)), TypeError, ("()",)),
    "an operation that returns nothing": (
        lambda: apply(lambda x: None, Tensor([1.0])),
        TypeError,
        ("lambda", "None", "array"),
    ),
    "an operation that returns text": (
        lambda: apply(lambda x: "done", Tensor([1.0])),
        TypeError,
        ("lambda", "'done'", "array"),
    ),
    # ---- Activations ----
    "an activation of text": (lambda: ReLU()("x"), TypeError, ("numbers", "'x'")),
    "an activation of None": (lambda: Sigmoid()(None), TypeError, ("numbers", "None")),
    "a softmax over an axis that is not there": (
        lambda: Softmax(axis=2)(matrix()),
        IndexError,
        ("softmax", "(2, 3)", "axis=2", "-2 to 1"),
    ),
    # ---- Layers ----
    "the wrong last dimension": (
        lambda: Linear(784, 256)(np.ones((32, 100))),
        ValueError,
        ("Linear(784, 256)", "last dimension of 100", "(32, 100)", "784"),
    ),
    "an image that is not flattened": (
        lambda: Linear(784, 256)(images()),
        ValueError,
        (
            "Linear(784, 256) got a last dimension of 28 in shape (32, 28, 28); "
            "flatten first: x.reshape(32, 784)",
        ),
    ),
    "one image that is not flattened": (
        lambda: Linear(784, 256)(np.ones((28, 28))),
        ValueError,
        ("(28, 28)", "x.reshape(784)"),
    ),
    "images with a channel": (
        lambda: Linear(784, 256)(np.ones((8, 1, 28, 28))),
        ValueError,
        ("(8, 1, 28, 28)", "x.reshape(8, 784)"),
    ),
    "a number for a layer": (
        lambda: Linear(3, 2)(1.0),
        ValueError,
        ("Linear(3, 2)", "single number", "(..., 3)"),
    ),
    "text for a layer": (lambda: Linear(3, 2)("abc"), TypeError, ("numbers", "'abc'")),
    "ragged rows for a layer": (
        lambda: Linear(2, 2)([[1, 2], [3]]),
        ValueError,
        ("unequal lengths",),
    ),
    "a negative size": (
        lambda: Linear(-3, 2),
        ValueError,
        ("Linear", "in_features", "-3", "0 or more"),
    ),
    "a fractional size": (
        lambda: Linear(3, 2.5),
        TypeError,
        ("Linear", "whole number", "out_features", "2.5"),
    ),
    "a size of text": (lambda: Linear("784", 10), TypeError, ("Linear", "in_features", "'784'")),
    "a shape as a size": (lambda: Linear((28, 28), 10), TypeError, ("in_features", "(28, 28)")),
    "a truth as a size": (lambda: Linear(True, 10), TypeError, ("in_features", "True")),
    "an impossible size": (
        lambda: Linear(10**20, 2),
        (ValueError, MemoryError),
        ("Linear", "100000000000000000000"),
    ),
    "p above 1": (lambda: Dropout(1.5), ValueError, ("Dropout", "0 to 1", "1.5")),
    "p in percent": (lambda: Dropout(50), ValueError, ("Dropout", "0 to 1", "50")),
    "p below 0": (lambda: Dropout(-0.1), ValueError, ("Dropout", "0 to 1", "-0.1")),
    "p that is NaN": (lambda: Dropout(float("nan")), ValueError, ("Dropout", "0 to 1", "nan")),
    "p that is infinite": (lambda: Dropout(float("inf")), ValueError, ("Dropout", "0 to 1", "inf")),
    "p as text": (lambda: Dropout("0.5"), TypeError, ("Dropout", "'0.5'")),
    "p as None": (lambda: Dropout(None), TypeError, ("Dropout", "None")),
    "a tensor as p": (lambda: Dropout(matrix()), TypeError, ("Dropout", "Tensor")),
    # ---- Losses ----
    "targets of another shape": (
        lambda: MSELoss()(np.ones((4, 1)), np.ones(4)),
        ValueError,
        ("MSELoss", "(4, 1)", "(4,)", "target.reshape(4, 1)"),
    ),
    "targets of another length": (
        lambda: MSELoss()([1.0, 2.0], [1.0, 2.0, 3.0]),
        ValueError,
        ("MSELoss", "(2,)", "(3,)", "same shape"),
    ),
    "an empty batch of errors": (lambda: MSELoss()([], []), ValueError, ("MSELoss", "empty")),
    "logits where probabilities belong": (
        lambda: BinaryCrossEntropyLoss()([3.2], [1]),
        ValueError,
        ("BinaryCrossEntropyLoss", "3.2", "0 to 1", "Sigmoid()"),
    ),
    "a negative probability": (
        lambda: BinaryCrossEntropyLoss()([-0.2], [1]),
        ValueError,
        ("prediction", "-0.2", "Sigmoid()"),
    ),
    "a target of 2": (
        lambda: BinaryCrossEntropyLoss()([0.5], [2]),
        ValueError,
        ("target", "2", "0 to 1"),
    ),
    "probabilities and targets of two shapes": (
        lambda: BinaryCrossEntropyLoss()([0.5, 0.5], [[1], [0]]),
        ValueError,
        ("BinaryCrossEntropyLoss", "(2,)", "(2, 1)"),
    ),
    "a class out of range": (
        lambda: CrossEntropyLoss()(np.ones((2, 10)), [3, 10]),
        ValueError,
        ("CrossEntropyLoss", "class 10", "0 to 9", "(2, 10)"),
    ),
    "a negative class": (
        lambda: CrossEntropyLoss()(np.ones((2, 10)), [3, -1]),
        ValueError,
        ("class -1", "0 to 9"),
    ),
    "a class out of range in bytes": (
        lambda: CrossEntropyLoss()(np.ones((1, 10)), np.array([255], dtype=np.uint8)),
        ValueError,
        ("class 255", "0 to 9"),
    ),
    "one-hot rows": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), np.eye(3)[:2]),
        ValueError,
        ("(2, 3)", "(2,)", "argmax(axis=1)"),
    ),
    "fractional classes": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), [0.5, 1.0]),
        TypeError,
        ("whole numbers", "argmax(axis=1)"),
    ),
    "classes that are NaN": (
        lambda: CrossEntropyLoss()(np.ones((1, 3)), [float("nan")]),
        TypeError,
        ("CrossEntropyLoss", "whole numbers"),
    ),
    "classes as text": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), ["cat", "dog"]),
        TypeError,
        ("numbers", "'cat'"),
    ),
    "classes as an array of text": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), np.array(["cat", "dog"])),
        TypeError,
        ("numbers", "cat"),
    ),
    "classes as an array of digits in text": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), np.array(["0", "1"])),
        TypeError,
        ("numbers",),
    ),
    "no classes": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), None),
        TypeError,
        ("numbers", "None"),
    ),
    "ragged classes": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), [[0], [1, 2]]),
        ValueError,
        ("unequal lengths",),
    ),
    "too many classes": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), [0, 1, 2]),
        ValueError,
        ("(2, 3)", "(3,)", "(2,)"),
    ),
    "classes in a column": (
        lambda: CrossEntropyLoss()(np.ones((2, 3)), [[0], [1]]),
        ValueError,
        ("(2, 3)", "(2, 1)", "(2,)"),
    ),
    "an empty batch of logits": (
        lambda: CrossEntropyLoss()(np.ones((0, 3)), np.zeros(0, dtype=int)),
        ValueError,
        ("CrossEntropyLoss", "empty", "(0, 3)"),
    ),
    "logits that are a number": (
        lambda: CrossEntropyLoss()(1.0, 0),
        ValueError,
        ("CrossEntropyLoss", "number"),
    ),
    # ---- Autograd ----
    "backward on several numbers": (
        lambda: (leaf() * 2).backward(),
        ValueError,
        ("backward()", "(2,)", "single number", "x.mean().backward()"),
    ),
    "backward on what was not recorded": (
        lambda: matrix().sum().backward(),
        ValueError,
        ("backward()", "requires_grad=True"),
    ),
    "backward on what was computed in no_grad": (
        lambda: unrecorded().backward(),
        ValueError,
        ("backward()", "no_grad"),
    ),
    "backward twice": (
        lambda: twice(leaf().sum()),
        ValueError,
        ("backward()", "compute the result again"),
    ),
    "a gradient of the wrong shape": (
        lambda: (leaf() * 2).backward([1.0, 2.0, 3.0]),
        ValueError,
        ("backward()", "(3,)", "(2,)"),
    ),
    "a gradient of text": (lambda: leaf().sum().backward("1"), TypeError, ("numbers", "'1'")),
    "an operation without derivative": (
        lambda: np.floor(leaf()).sum().backward(),
        ValueError,
        ("floor", "no derivative", "detach()"),
    ),
    # ---- Optimizers ----
    "an optimizer given no parameters": (
        lambda: SGD([]),
        ValueError,
        ("SGD", "no parameters", "layer.parameters()"),
    ),
    "an optimizer given a generator that is used up": (
        lambda: Adam(iter([])),
        ValueError,
        ("Adam", "no parameters"),
    ),
    "an optimizer given None": (lambda: SGD(None), TypeError, ("SGD", "list of tensors")),
    "an optimizer given one tensor": (
        lambda: SGD(leaf()),
        TypeError,
        ("SGD", "list of tensors", "[tensor]"),
    ),
    "an optimizer given a layer": (
        lambda: Adam(Linear(2, 1)),
        TypeError,
        ("Adam", "Linear", "layer.parameters()"),
    ),
    "an optimizer given a method": (
        lambda: Adam(Linear(2, 1).parameters),
        TypeError,
        ("Adam", "method", "parameters()"),
    ),
    "an optimizer given a list of lists": (
        lambda: SGD([Linear(2, 1).parameters()]),
        TypeError,
        ("SGD", "list", "+"),
    ),
    "an optimizer given arrays": (
        lambda: SGD([np.ones(2)]),
        TypeError,
        ("SGD", "tensors", "ndarray"),
    ),
    "an optimizer given None in its list": (
        lambda: SGD([leaf(), None]),
        TypeError,
        ("SGD", "NoneType"),
    ),
    "a parameter without requires_grad": (
        lambda: SGD([matrix()]),
        ValueError,
        ("SGD", "(2, 3)", "requires_grad=True"),
    ),
    "a parameter that was computed": (
        lambda: SGD([leaf() * 2]),
        ValueError,
        ("SGD", "(2,)", "computed"),
    ),
    "the same parameter twice": (
        lambda: SGD(2 * [leaf()]),
        ValueError,
        ("SGD", "same parameter twice"),
    ),
    "a negative learning rate": (
        lambda: SGD([leaf()], lr=-0.1),
        ValueError,
        ("SGD", "lr", "-0.1", "0 or more"),
    ),
    "a learning rate that is NaN": (
        lambda: Adam([leaf()], lr=float("nan")),
        ValueError,
        ("lr", "nan"),
    ),
    "an infinite learning rate": (
        lambda: Adam([leaf()], lr=float("inf")),
        ValueError,
        ("lr", "inf"),
    ),
    "a learning rate of text": (
        lambda: AdamW([leaf()], lr="0.1"),
        TypeError,
        ("AdamW", "lr", "'0.1'"),
    ),
    "a momentum of 1": (
        lambda: SGD([leaf()], momentum=1.0),
        ValueError,
        ("SGD", "momentum", "1.0", "below 1"),
    ),
    "a negative momentum": (lambda: SGD([leaf()], momentum=-0.9), ValueError, ("momentum", "-0.9")),
    "a negative weight decay": (
        lambda: AdamW([leaf()], weight_decay=-1),
        ValueError,
        ("AdamW", "weight_decay", "-1"),
    ),
    "a beta of 1": (
        lambda: Adam([leaf()], betas=(0.9, 1.0)),
        ValueError,
        ("Adam", "betas[1]", "below 1"),
    ),
    "one beta": (
        lambda: Adam([leaf()], betas=0.9),
        (TypeError, ValueError),
        ("Adam", "two betas", "0.9"),
    ),
    "three betas": (
        lambda: Adam([leaf()], betas=(0.9, 0.9, 0.9)),
        ValueError,
        ("Adam", "two betas"),
    ),
    "a negative eps": (lambda: Adam([leaf()], eps=-1e-8), ValueError, ("Adam", "eps", "-1e-08")),
    "a gradient of another shape, set by hand": (
        lambda: step_with(Tensor([1.0, 2.0, 3.0])),
        ValueError,
        ("gradient", "(3,)", "(2,)"),
    ),
    "a gradient of one number, set by hand": (
        lambda: step_with(Tensor(1.0)),
        ValueError,
        ("gradient", "()", "(2,)"),
    ),
    # ---- Training ----
    "inputs and targets of two lengths": (
        lambda: batches(np.ones((5, 2)), np.ones(4), 2),
        ValueError,
        ("batches", "5 inputs", "4 targets"),
    ),
    "a batch size of 0": (
        lambda: batches(np.ones(5), np.ones(5), 0),
        ValueError,
        ("batch_size", "1 or more", "0"),
    ),
    "a negative batch size": (
        lambda: batches(np.ones(5), np.ones(5), -1),
        ValueError,
        ("batch_size", "-1"),
    ),
    "a fractional batch size": (
        lambda: batches(np.ones(5), np.ones(5), 2.5),
        (TypeError, ValueError),
        ("batch_size", "whole number", "2.5"),
    ),
    "a number for the inputs": (
        lambda: batches(5, np.ones(5), 1),
        (TypeError, ValueError),
        ("batches", "5"),
    ),
    "None for the inputs": (
        lambda: batches(None, np.ones(5), 1),
        (TypeError, ValueError),
        ("None",),
    ),
    "inputs of text": (
        lambda: list(batches(np.array(["a", "b"]), np.ones(2), 1)),
        TypeError,
        ("numbers", "'a'"),
    ),
    "a prediction in batches of 0": (
        lambda: predict(lambda x, training: x, np.ones((5, 2)), batch_size=0),
        ValueError,
        ("batch_size", "1 or more", "0"),
    ),
    "a prediction for a number": (
        lambda: predict(lambda x, training: x, 5),
        (TypeError, ValueError),
        ("predict", "5"),
    ),
    "a schedule with a learning rate of text": (
        lambda: constant("0.1"),
        TypeError,
        ("lr", "'0.1'"),
    ),
    "a schedule with a negative learning rate": (
        lambda: cosine(-0.1, 10),
        ValueError,
        ("lr", "-0.1"),
    ),
    "a decay every 0 steps": (lambda: step_decay(0.1, 0), ValueError, ("every", "0", "1 or more")),
    "a decay every half step": (
        lambda: step_decay(0.1, 0.5),
        (TypeError, ValueError),
        ("every", "0.5"),
    ),
    "a negative number of steps": (lambda: cosine(0.1, -10), ValueError, ("steps", "-10")),
    "more warmup than steps": (
        lambda: cosine(0.1, 10, warmup=20),
        ValueError,
        ("steps", "10", "20"),
    ),
    "a loss that is a plain number": (
        lambda: step_of(lambda outputs, targets: 1.0),
        TypeError,
        ("loss", "tensor", "1.0"),
    ),
    "a loss of several numbers": (
        lambda: step_of(lambda outputs, targets: outputs * [[1.0, 2.0]]),
        (TypeError, ValueError),
        ("loss", "one number"),
    ),
    "a loss that forgot the parameters": (
        lambda: step_of(lambda outputs, targets: outputs.detach().sum()),
        ValueError,
        ("backward()", "requires_grad"),
    ),
    # ---- Randomness ----
    "a seed of text": (
        lambda: tinytorch.manual_seed("42"),
        TypeError,
        ("manual_seed", "whole number", "'42'"),
    ),
    "a negative seed": (lambda: tinytorch.manual_seed(-1), ValueError, ("manual_seed", "-1")),
    "a fractional seed": (
        lambda: tinytorch.manual_seed(1.5),
        TypeError,
        ("manual_seed", "1.5"),
    ),
    "no seed": (
        lambda: tinytorch.manual_seed(None),
        TypeError,
        ("manual_seed", "None"),
    ),
}


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_is_answered_with_what_was_given_and_what_was_expected(name: str) -> None:
    misuse, kind, parts = MISUSES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(kind) as caught:
            misuse()
    message = str(caught.value)
    missing = [part for part in parts if part not in message]
    assert not missing, f"the message does not speak of {missing}: {message}"
    assert len(message) < 400, f"a message to read, not to scroll: {message}"


FILES: dict[str, tuple[Callable[[Path], Any], Errors, tuple[str, ...]]] = {
    "text": (lambda path: save(path, {"name": "x"}), TypeError, ("save", "'name'")),
    "a complex array": (
        lambda path: save(path, {"w": np.ones(2, dtype=complex)}),
        TypeError,
        ("save", "'w'", "complex128"),
    ),
    "None": (lambda path: save(path, {"w": None}), TypeError, ("save", "'w'")),
    "a ragged list": (
        lambda path: save(path, {"w": [[1], [1, 2]]}),
        (TypeError, ValueError),
        ("'w'",),
    ),
    "a name that is a number": (
        lambda path: save(path, {1: np.ones(2)}),
        (TypeError, ValueError),
        ("save", "1"),
    ),
    "the one name that the format keeps for itself": (
        lambda path: save(path, {"__metadata__": np.ones(2)}),
        ValueError,
        ("save", "__metadata__"),
    ),
    "a list": (
        lambda path: save(path, [np.ones(2)]),
        TypeError,
        ("save", "list"),
    ),
    "one tensor": (
        lambda path: save(path, Tensor([1.0])),
        TypeError,
        ("save", "Tensor"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_saving_what_has_no_place_in_a_file_is_answered(name: str, tmp_path: Path) -> None:
    misuse, kind, parts = FILES[name]
    with pytest.raises(kind) as caught:
        misuse(tmp_path / "w")
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_loading_a_picture_as_weights_is_answered(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    with pytest.raises(ValueError, match=r"cat\.png.*safetensors"):
        load(tmp_path / "cat.png")


def test_an_error_in_an_operation_of_ones_own_keeps_its_message_and_cause() -> None:
    def picky(x: np.ndarray) -> np.ndarray:
        raise ValueError("the moon is full")

    with pytest.raises(ValueError, match=r"picky got shape \(1,\).*the moon is full") as caught:
        apply(picky, Tensor([1.0]))
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_error_leaves_the_library_as_it_was() -> None:
    x = leaf()
    with pytest.raises(ValueError, match="broadcast"):
        x + Tensor([1.0, 2.0, 3.0])
    (x * 2).sum().backward()
    assert x.grad is not None
    assert x.grad.data.tolist() == [2.0, 2.0]
