"""The checks of module 03: Linear and Dropout, alone and in a network."""

import math
from typing import Any

import numpy as np
from numpy import fft

from tinytorch.checking import (
    Mistake,
    Unit,
    check,
    core,
    equal,
    expect,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_shape,
    expect_tensor,
    expect_true,
    expect_unchanged,
    expect_undisturbed,
    fraction_tolerance,
    gradients,
    import_again,
    numbers,
)

tensor, activations, layers = core("tensor"), core("activations"), core("layers")

# Numbers for one small layer: as many samples as inputs and units, so that a product in the wrong
# order has a value too, and can be recognised.
X = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [-2.0, 0.0, 1.5]])
W = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.5], [-0.5, 4.0, 2.0]])
B = np.array([10.0, 20.0, -15.0])


def attribute(layer: Any, name: str) -> Any:
    """A parameter of a layer, which must be a tensor."""
    if not hasattr(layer, name):
        raise Mistake(
            seen=f"a {type(layer).__name__} without .{name}",
            expected=f"a tensor .{name}",
            mistake=f"the layer has no attribute `{name}`",
        )
    value = getattr(layer, name)
    expect_tensor(f"layer.{name}", value)
    return value


def linear(weight: np.ndarray, bias: np.ndarray | None) -> Any:
    """A linear layer with these parameters, written in place as an optimizer would."""
    inputs, outputs = weight.shape
    if bias is None:
        layer = layers.Linear(inputs, outputs, bias=False)
    else:
        layer = layers.Linear(inputs, outputs)
        own_bias = attribute(layer, "bias")
        expect_true(
            own_bias.size == outputs,
            seen=f"layer.bias of shape {own_bias.shape}",
            expected=f"shape ({outputs},)",
            mistake="the bias has a number for each input, not for each unit"
            if own_bias.size == inputs
            else None,
        )
        own_bias.data[...] = bias.reshape(own_bias.shape)
    own_weight = attribute(layer, "weight")
    expect_true(
        own_weight.shape == weight.shape,
        seen=f"layer.weight of shape {own_weight.shape}",
        expected=f"shape {weight.shape}: (in_features, out_features)",
        mistake="the weight is stored the other way round, as (out_features, in_features)"
        if own_weight.shape == weight.shape[::-1]
        else None,
    )
    own_weight.data[...] = weight
    return layer


def ones(*shape: int) -> Any:
    """A tensor of ones."""
    return tensor.Tensor(np.ones(shape))


# ---- Linear --------------------------------------------------------------------------------------


@check("Linear Layer", about=("Linear.forward", "Linear.__call__", "Linear"))
def test_linear_computes_xw_plus_b() -> None:
    """Linear layer computes y = xW + b correctly"""
    product = X @ W
    expect(
        "layer(x)",
        expect_tensor("layer(x)", linear(W, B)(tensor.Tensor(X))),
        product + B,
        {
            "the bias is never added": product,
            "the bias is added twice": product + 2 * B,
            "the bias is subtracted": product - B,
            "the bias is multiplied, not added": product * B,
            "the bias is added to x, before the product": (X + B) @ W,
            "the bias runs down the rows instead of along the columns": product + B[:, None],
            "only the first number of the bias is added": product + B[0],
            "the sum of the bias is added": product + B.sum(),
            "the mean of the bias is added": product + B.mean(),
            "the weight is transposed: x @ W.T": X @ W.T + B,
            "the product is the wrong way round: W @ x": W @ X + B,
            "the product is the wrong way round: W.T @ x": W.T @ X + B,
            "the result is transposed": (product + B).T,
            "* multiplies element by element; the matrix product is @": X * W + B,
            "the weight is left out": X + B,
            "x is left out": W + B,
            "the product is left out": np.broadcast_to(B, product.shape),
            "the product has the wrong sign": B - product,
            "the result has the wrong sign": -product - B,
            "an activation is applied; a linear layer has none": np.maximum(product + B, 0),
            "the result is divided by the number of inputs": (product + B) / 3,
            "the product is divided by the number of inputs": product / 3 + B,
            "the product is scaled by sqrt(1 / in_features) once more": product / 3**0.5 + B,
            "x is added to the result": product + B + X,
        },
    )
    x, weight = np.arange(8.0).reshape(4, 2), np.arange(6.0).reshape(2, 3) - 2
    expect("layer(x)", linear(weight, B)(tensor.Tensor(x)), x @ weight + B)


# How far the spread of n independent numbers may stray. For normal numbers the sum of squares is
# chi-squared, and strays from n by more than 2 sqrt(n a) + 2 a with a probability of at most
# 2 exp(-a) (Laurent and Massart, 2000). Here n = 200,704, and 2% in the standard deviation are 4%
# in the variance: a = 79, so a false alarm has a probability of 1e-34. For uniform numbers it is
# Hoeffding's 2 exp(-2 n (0.04 / 3)^2) = 2e-31; for the heavy tails of Laplace's distribution, 8
# standard errors, 1e-15. A spread that is wrong by 5% is 20 standard errors beyond the tolerance:
# it is missed with a probability below 1e-80.
SPREAD_TOLERANCE = 0.02
# The mean of n numbers, in standard errors: normal or bounded ones stray further with a
# probability of at most 2 exp(-7.2^2 / 2) = 1e-11. A mean of a twentieth of the standard deviation
# is 22 standard errors off, and missed with a probability below 1e-45.
MEAN_TOLERANCE = 7.2


@check("Linear Layer", about="Linear.__init__")
def test_weights_have_the_right_spread() -> None:
    """Weight initialization within expected Xavier range"""
    inputs, outputs = np.array([784, 64]), np.array([256, 3136])
    weights = [weight_of(int(i), int(o)) for i, o in zip(inputs, outputs, strict=True)]
    for weight, i, o in zip(weights, inputs, outputs, strict=True):
        what = f"Linear({i}, {o}).weight"
        if weight.std() == 0:
            value = weight.flat[0]
            raise Mistake(
                seen=f"every number in {what} is {value:.4g}",
                expected="random numbers",
                mistake="the weights are all zero, so all units stay alike"
                if value == 0
                else "the weights are all the same, so all units stay alike",
            )
        if abs(weight.mean()) > MEAN_TOLERANCE * weight.std() / math.sqrt(weight.size):
            one_sided = weight.min() >= 0 or weight.max() <= 0
            raise Mistake(
                seen=f"{what} has a mean of {weight.mean():.4g}",
                expected="a mean of 0",
                mistake="the weights all have the same sign: they are drawn from one side of zero"
                if one_sided
                else None,
            )
    spread = np.sqrt(1 / inputs)
    expect(
        "the standard deviations of Linear(784, 256).weight and Linear(64, 3136).weight, "
        "in parts of sqrt(1 / in_features),",
        np.array([weight.std() for weight in weights]) / spread,
        np.ones(2),
        {
            name: deviation / spread
            for name, deviation in {
                "the weights are not scaled": np.ones(2),
                "the root is missing: they are scaled by 1 / in_features": 1 / inputs,
                "they are multiplied by sqrt(in_features), not divided": np.sqrt(inputs),
                "they are multiplied by in_features": inputs,
                "they have the spread of He's formula, sqrt(2 / in_features)": np.sqrt(2 / inputs),
                "they have the spread of Glorot's formula, "
                "sqrt(2 / (in_features + out_features))": np.sqrt(2 / (inputs + outputs)),
                "they are scaled by sqrt(1 / (in_features + out_features))": np.sqrt(
                    1 / (inputs + outputs)
                ),
                "they are scaled by sqrt(6 / (in_features + out_features)), which is the limit of "
                "uniform numbers": np.sqrt(6 / (inputs + outputs)),
                "they are scaled by out_features instead of in_features": np.sqrt(1 / outputs),
                "they are scaled by 1 / out_features": 1 / outputs,
                "the scale is sqrt(1 / (in_features * out_features))": np.sqrt(
                    1 / (inputs * outputs)
                ),
                "uniform numbers between -s and s have a standard deviation of s / sqrt(3) only": (
                    spread / math.sqrt(3)
                ),
                "uniform numbers of range s have a standard deviation of s / sqrt(12) only": (
                    spread / math.sqrt(12)
                ),
                "the scale is applied twice": spread**3,
                "the scale is half of what it should be": spread / 2,
                "the scale is twice what it should be": spread * 2,
                "normal numbers cut off at two standard deviations have a spread of only 0.88": (
                    0.8796 * spread
                ),
                **{
                    f"the scale is {scale}, whatever the size of the layer": np.full(2, scale)
                    for scale in (0.001, 0.01, 0.02, 0.05, 0.1)
                },
            }.items()
        },
        tolerance=SPREAD_TOLERANCE,
    )


def weight_of(inputs: int, outputs: int) -> np.ndarray:
    """The weight of a new layer, in float64 so that its statistics are exact."""
    layer = layers.Linear(inputs, outputs)
    weight = attribute(layer, "weight")
    expect_shape("layer.weight", weight, (inputs, outputs))
    return numbers("layer.weight", weight).astype(np.float64)


@check("Linear Layer", about="Linear.__init__")
def test_bias_starts_at_zero() -> None:
    """Bias initialized to zeros"""
    layer = layers.Linear(784, 256)
    if getattr(layer, "bias", None) is None:
        raise Mistake(
            seen="layer.bias is None" if hasattr(layer, "bias") else "a layer without .bias",
            expected="256 zeros",
            mistake="there is no bias, though it is wanted unless bias=False",
        )
    bias = expect_tensor("layer.bias", layer.bias)
    expect(
        "layer.bias",
        bias,
        np.zeros(256),
        {
            "the bias starts at one": np.ones(256),
            "the bias has a number for each input, not for each unit": np.zeros(784),
            "the bias has two dimensions, and should have one": np.zeros((1, 256)),
            "the bias is a column": np.zeros((256, 1)),
            "the bias is a single number": np.zeros(1),
            "the bias is a single number, without dimensions": np.zeros(()),
            "the bias has the shape of the weight": np.zeros((784, 256)),
        }
        | ({"the bias starts at random": bias} if bias.std() > 0 else {}),
    )


@check("Linear Layer", about=("Linear.forward", "Linear.__call__", "Linear"))
def test_output_has_the_right_shape() -> None:
    """Output shape matches expected dimensions (32, 256)"""
    y = layers.Linear(784, 256)(ones(32, 784))
    expect_tensor("layer(x)", y)
    shape = tuple(y.shape)
    names = {
        (256, 32): "the result is transposed",
        (784, 256): "the result has the shape of the weight",
        (32, 784): "the result has the shape of x",
        (256,): "the result is summed over the batch",
        (32,): "the result is summed over the units",
        (1, 32, 256): "the result has a dimension too many",
        (32, 1, 256): "the result has a dimension too many",
        (32, 256, 1): "the result has a dimension too many",
        (): "the result is a single number",
    }
    expect_true(
        shape == (32, 256),
        seen=f"layer(x) of shape {shape} for x of shape (32, 784)",
        expected="shape (32, 256)",
        mistake=names.get(shape),
    )


@check("Linear Layer", about="Linear.parameters")
def test_parameters_are_weight_and_bias() -> None:
    """Parameter list contains weight and bias tensors"""
    layer = layers.Linear(4, 3)
    attribute(layer, "weight")
    expect_parameters(layer, {"weight": layer.weight, "bias": layer.bias})


def expect_parameters(layer: Any, expected: dict[str, Any]) -> None:
    """A list of just these tensors: themselves, in any order."""
    listed = layer.parameters() if callable(layer.parameters) else layer.parameters
    wanted = f"a list of the layer's own tensors: {' and '.join(expected)}"
    expect_true(
        callable(layer.parameters),
        seen="parameters is no method",
        expected="layer.parameters() gives a list",
        mistake="parameters is not a method that can be called",
    )
    if listed is None:
        raise Mistake(
            seen="layer.parameters() is None",
            expected=wanted,
            mistake="nothing is returned: a `return` is missing",
        )
    if isinstance(listed, dict):
        raise Mistake(
            seen="layer.parameters() is a dict",
            expected=wanted,
            mistake="a dict is returned, not a list",
        )
    if isinstance(listed, tensor.Tensor):
        raise Mistake(
            seen="layer.parameters() is a tensor",
            expected=wanted,
            mistake="a tensor is returned, not a list of tensors",
        )
    if not isinstance(listed, list | tuple):
        raise Mistake(
            seen=f"layer.parameters() is a {type(listed).__name__}",
            expected=wanted,
            mistake="what is returned can be gone through only once; make it a list"
            if hasattr(listed, "__next__")
            else None,
        )
    if any(item is None for item in listed):
        raise Mistake(
            seen="None in layer.parameters()",
            expected=wanted,
            mistake="the missing bias is in the list, as None",
        )
    if any(isinstance(item, np.ndarray) for item in listed):
        raise Mistake(
            seen="a NumPy array in layer.parameters()",
            expected=wanted,
            mistake="the list holds arrays, not the tensors themselves",
        )
    if any(isinstance(item, list | tuple) for item in listed):
        raise Mistake(
            seen="a list within layer.parameters()",
            expected=wanted,
            mistake="the lists are nested: use + or extend, not append",
        )
    if any(isinstance(item, str) for item in listed):
        raise Mistake(
            seen="text in layer.parameters()",
            expected=wanted,
            mistake="the list holds names, not the tensors themselves",
        )
    missing = [name for name, own in expected.items() if not any(x is own for x in listed)]
    alike = [
        name
        for name in missing
        if any(isinstance(x, tensor.Tensor) and equal(x.data, expected[name].data) for x in listed)
    ]
    seen = f"layer.parameters() has {len(listed)} entr{'y' if len(listed) == 1 else 'ies'}"
    if alike:
        raise Mistake(
            seen=f"{seen}, of which one equals layer.{alike[0]}, and is another tensor",
            expected=wanted,
            mistake="the list holds copies, not the tensors themselves: training would change "
            "the copies",
        )
    if missing:
        raise Mistake(
            seen=f"{seen}, without layer.{' and layer.'.join(missing)}",
            expected=wanted,
            mistake="the list is empty" if not listed else f"the {missing[0]} is missing",
        )
    if len(listed) > len(expected):
        raise Mistake(
            seen=seen,
            expected=wanted,
            mistake="a tensor is in the list twice, and would be trained twice"
            if len({id(x) for x in listed}) < len(listed)
            else "the list holds more than the layer's parameters",
        )


# ---- Dropout -------------------------------------------------------------------------------------

DROPOUT = ("Dropout.forward", "Dropout.__call__", "Dropout")
VALUES = np.array([[1.5, -2.0, 3.0, 0.5], [-1.0, 4.0, -0.25, 2.0]])


@check("Dropout Layer", about=DROPOUT)
def test_dropout_does_nothing_in_inference() -> None:
    """Inference mode passes through unchanged"""
    # That 400 elements all survive by chance has a probability of at most 0.8^400 = 2e-39.
    x = np.tile(VALUES, (50, 1))
    for p in (0.2, 0.9):
        dropout = layers.Dropout(p)
        y = expect_tensor("dropout(x, training=False)", dropout(tensor.Tensor(x), training=False))
        kept = y != 0
        if not kept.all():
            raise Mistake(
                seen=f"{np.count_nonzero(~kept)} of {y.size} elements are zero",
                expected="x as it was",
                mistake="elements are dropped in inference too: `training` is ignored",
            )
        expect(
            "dropout(x, training=False)",
            y,
            x,
            {
                "x is scaled by 1 / (1 - p) in inference too": x / (1 - p),
                "x is scaled by 1 - p in inference, which plain dropout does; inverted dropout "
                "scales in training": x * (1 - p),
                "x is scaled by p in inference": x * p,
            },
        )


# By Hoeffding's inequality the fraction of n independent events strays from its probability by t or
# more with a probability of at most 2 exp(-2 n t^2), whatever the generator. For a false alarm of
# 2e-11 and n = 420,000, t = 0.0055. A probability that is off by 0.02 goes unnoticed with a
# probability of at most exp(-2 n (0.02 - t)^2) = 1e-76, one that is off by 0.01, 5e-8.
DRAWS = (600, 700)


@check("Dropout Layer", about=DROPOUT)
def test_dropout_zeros_half_of_the_elements() -> None:
    """Training mode zeros ~50% of elements"""
    for p in (0.5, 0.2):
        y = expect_tensor(
            "dropout(x, training=True)", layers.Dropout(p)(ones(*DRAWS), training=True)
        )
        expect_shape("dropout(x, training=True)", y, DRAWS)
        expect(
            f"the fraction of zeros with p={p}",
            float(np.mean(y == 0)),
            p,
            {
                "nothing is dropped": 0.0,
                "everything is dropped": 1.0,
                "p is taken as the probability to keep, not to drop": 1 - p if p != 0.5 else np.nan,
                "half of the elements are dropped, whatever p is": 0.5,
                "the mask is applied twice": 1 - (1 - p) ** 2,
                "elements are dropped with probability p squared": p * p,
                "the mask is drawn from normal numbers; it needs uniform ones": NORMAL_BELOW[p],
            },
            tolerance=fraction_tolerance(y.size) / p,
        )


# The probability that a normal number is below p.
NORMAL_BELOW = {p: (1 + math.erf(p / math.sqrt(2))) / 2 for p in (0.5, 0.2)}


@check("Dropout Layer", about=DROPOUT)
def test_dropout_scales_the_survivors() -> None:
    """Survivors scaled by 1/(1-p) = 2.0"""
    for p in (0.5, 0.2):
        x = np.tile(VALUES, (50, 1))
        y = expect_tensor(
            "dropout(x, training=True)", layers.Dropout(p)(tensor.Tensor(x), training=True)
        )
        expect_shape("dropout(x, training=True)", y, x.shape)
        kept = y != 0
        if not kept.any():
            raise Mistake(seen="nothing survives", expected=f"survivors scaled by {1 / (1 - p):g}")
        scale = 1 / (1 - p)
        expect(
            f"the survivors with p={p}, in parts of what they were,",
            y[kept] / x[kept],
            np.full(np.count_nonzero(kept), scale),
            {
                name: np.full(np.count_nonzero(kept), value)
                for name, value in {
                    "survivors are not rescaled": 1.0,
                    "survivors are multiplied by 1 - p; they should be divided by it": 1 - p,
                    "survivors are divided by p; they should be divided by 1 - p": 1 / p
                    if p != 0.5
                    else np.nan,
                    "survivors are multiplied by p": p if p != 0.5 else np.nan,
                    "survivors are scaled twice": scale**2,
                    "survivors are scaled by 2, whatever p is": 2.0 if p != 0.5 else np.nan,
                    "survivors are multiplied by 1 + p": 1 + p,
                    "survivors are scaled by sqrt(1 / (1 - p))": math.sqrt(scale),
                    "survivors have the wrong sign": -scale,
                }.items()
            }
            | {
                "survivors are replaced by the mask; multiply x by it": scale / x[kept],
                "survivors are replaced by ones; multiply x by the mask": 1 / x[kept],
                "x is added to the mask, not multiplied": 1 + scale / x[kept],
            },
        )


@check("Dropout Layer", about=DROPOUT)
def test_dropout_of_nothing_keeps_everything() -> None:
    """Zero dropout (p=0.0) preserves all values"""
    for p in (0.0, 0):
        y = layers.Dropout(p)(tensor.Tensor(VALUES), training=True)
        expect(
            f"Dropout({p})(x)",
            expect_tensor(f"Dropout({p})(x)", y),
            VALUES,
            {"everything is dropped": np.zeros_like(VALUES), "nan": np.full_like(VALUES, np.nan)},
        )


@check("Dropout Layer", about=DROPOUT)
def test_dropout_of_everything_keeps_nothing() -> None:
    """Full dropout (p=1.0) zeros everything"""
    for p in (1.0, 1):
        try:
            dropout = layers.Dropout(p)
        except ValueError as error:
            raise Mistake(
                seen=f"Dropout({p}) raised ValueError: {error}",
                expected="all zeros: 1 is a probability, too",
                mistake="p=1 is refused",
            ) from error
        try:
            with np.errstate(all="ignore"):
                y = dropout(tensor.Tensor(VALUES), training=True)
        except ZeroDivisionError as error:
            raise Mistake(
                seen="ZeroDivisionError",
                expected="all zeros",
                mistake="for p=1, 1 / (1 - p) divides by zero",
            ) from error
        array = expect_tensor(f"Dropout({p})(x)", y)
        expect(
            f"Dropout({p})(x)",
            array,
            np.zeros_like(VALUES),
            {"everything is kept": VALUES, "x": np.sign(VALUES) * np.inf}
            | (
                {"for p=1, 1 / (1 - p) divides by zero": array}
                if not np.isfinite(array).all()
                else {}
            ),
        )


# ---- Composition ---------------------------------------------------------------------------------

COMPOSITION = Unit("Multi-layer Network", kind="Integration Test", progress="Layer Composition")


def network() -> tuple[list[Any], Any]:
    """The three layers of the network that reads digits, and its forward pass."""
    linears = [layers.Linear(784, 256), layers.Linear(256, 128), layers.Linear(128, 10)]
    dropouts = [layers.Dropout(0.5), layers.Dropout(0.3)]
    relu = activations.ReLU()

    def forward(x: Any) -> Any:
        for layer, dropout in zip(linears, dropouts, strict=False):
            x = dropout(relu(layer(x)), training=True)
        return linears[2](x)

    return linears, forward


@check(COMPOSITION, about=("Linear.forward", "Linear.__call__", "Linear"))
def test_network_processes_a_batch() -> None:
    """3-layer network processes batch: (32, 784) → (32, 10)"""
    _, forward = network()
    y = forward(ones(32, 784))
    expect_tensor("forward(x)", y)
    expect_shape("forward(x)", y, (32, 10))
    expect_true(
        bool(np.isfinite(y.data).all()), seen="nan or inf among the scores", expected="numbers"
    )


def tensors_of(layer: Any) -> list[Any]:
    """The parameters of a layer, all of them tensors."""
    listed = list(layer.parameters())
    for parameter in listed:
        expect_true(
            isinstance(parameter, tensor.Tensor),
            seen=f"a {type(parameter).__name__} in layer.parameters()",
            expected="tensors",
            mistake="the list holds something other than tensors",
        )
    return listed


@check(COMPOSITION, about="Linear.parameters")
def test_network_has_its_parameters() -> None:
    """Parameter count: 235,146 parameters across 6 tensors"""
    linears, _ = network()
    listed = [parameter for layer in linears for parameter in tensors_of(layer)]
    total = sum(parameter.data.size for parameter in listed)
    expect_true(
        (total, len(listed)) == (235_146, 6),
        seen=f"{total:,} parameters across {len(listed)} tensors",
        expected="235,146 parameters across 6 tensors",
        mistake="the biases are not among the parameters"
        if (total, len(listed)) == (234_752, 3)
        else "the weights are not among the parameters"
        if (total, len(listed)) == (394, 3)
        else None,
    )
    for dropout in (layers.Dropout(0.5),):
        if hasattr(dropout, "parameters"):
            expect_true(
                len(list(dropout.parameters())) == 0,
                seen="Dropout has parameters",
                expected="none: it has nothing to train",
                mistake="Dropout lists something as a parameter",
            )


@check(COMPOSITION, about="Linear.__init__")
def test_parameters_require_gradients() -> None:
    """All parameters have requires_grad=True"""
    layer = layers.Linear(4, 3)
    without = [
        name
        for name in ("weight", "bias")
        if getattr(layer, name, None) is not None and not attribute(layer, name).requires_grad
    ]
    expect_true(
        not without,
        seen=f"requires_grad=False for layer.{' and layer.'.join(without)}",
        expected="requires_grad=True for both, so that training can adjust them",
        mistake=f"the {' and the '.join(without)} cannot be trained: requires_grad is not set",
    )
    for parameter in tensors_of(layer):
        expect_true(
            bool(parameter.requires_grad),
            seen="requires_grad=False for one of layer.parameters()",
            expected="requires_grad=True for all",
        )


# ---- Initialization ------------------------------------------------------------------------------


@check("Initialization", about="Linear.__init__")
def test_each_layer_draws_its_own_weights() -> None:
    """Every layer draws weights of its own"""
    first, second = layers.Linear(50, 40), layers.Linear(50, 40)
    a, b = (numbers("layer.weight", attribute(layer, "weight")) for layer in (first, second))
    if np.shares_memory(a, b):
        raise Mistake(
            seen="two layers whose weights share their memory",
            expected="weights of its own for each layer",
            mistake="all layers share one weight: it is made once, outside __init__",
        )
    if a.std() > 0 and equal(a, b):
        raise Mistake(
            seen="two layers with the same weights",
            expected="other random numbers for each layer",
            mistake="each layer gets the same weights: a generator is seeded in __init__",
        )
    if first.bias is not None and np.shares_memory(first.bias.data, second.bias.data):
        raise Mistake(
            seen="two layers whose biases share their memory",
            expected="a bias of its own for each layer",
            mistake="all layers share one bias: it is made once, outside __init__",
        )


# The singular values of an m by n matrix of independent numbers with standard deviation s lie
# between s (sqrt(m) - sqrt(n) - t) and s (sqrt(m) + sqrt(n) + t), except with a probability of
# 2 exp(-t^2 / 2) for normal numbers (Davidson and Szarek, 2001). For 600 by 60 and t = 7.2, which
# gives 1e-11, that is between 0.39 and 1.61 times s sqrt(m). Columns that repeat one another, or
# depend on each other linearly in any other way, make the smallest singular value 0.
SINGULAR_VALUES = (0.35, 1.65)


@check("Initialization", about="Linear.__init__")
def test_weights_are_independent() -> None:
    """Every weight is drawn by itself: no row and no column repeats another"""
    tall = {"unit": weight_of(600, 60), "input": weight_of(60, 600).T}
    other = {"input": "unit", "unit": "input"}
    for what, weight in tall.items():
        if weight.std() > 0 and np.ptp(weight, axis=1).max() == 0:
            raise Mistake(
                seen=f"the weights of one {what} are those of every other",
                expected="a random number for each weight",
                mistake=f"one number is drawn for each {other[what]}, and all {what}s share it",
            )
    for what, weight in tall.items():
        if weight.std() == 0:
            continue
        centred = weight - weight.mean()  # where the centre is has a check of its own
        values = np.linalg.svd(centred, compute_uv=False) / (centred.std() * math.sqrt(600))
        low, high = SINGULAR_VALUES
        expect_true(
            bool(low < values[-1] and values[0] < high),
            seen=f"weights of different {what}s that depend on one another (singular values from "
            f"{values[-1]:.2f} to {values[0]:.2f})",
            expected=f"independent random numbers (between {low} and {high})",
            mistake="the weights are not independent: some are computed from others",
        )


@check("Initialization", about="Linear.__init__")
def test_spread_depends_on_the_inputs_alone() -> None:
    """The spread is right for narrow layers too, and whatever the number of units"""
    # 200,000 numbers each: the tolerance and its probabilities are those above.
    sizes = [(1, 200_000), (2, 100_000), (400, 500)]
    weights = [weight_of(*size) for size in sizes]
    spread = np.sqrt(1 / np.array([inputs for inputs, _ in sizes]))
    units = np.array([outputs for _, outputs in sizes])
    one_more = np.sqrt(1 / (1 / spread**2 + 1))
    expect(
        "the standard deviations for in_features 1, 2 and 400, in parts of sqrt(1 / in_features),",
        np.array([weight.std() for weight in weights]) / spread,
        np.ones(3),
        {
            "the scale is sqrt(1 / (in_features + 1)): the bias is no input": one_more / spread,
            "the scale depends on the number of units": np.sqrt(1 / units) / spread,
        },
        tolerance=SPREAD_TOLERANCE,
    )


@check("Initialization", about="Linear.__init__")
def test_parameters_are_float32() -> None:
    """Weight and bias are float32"""
    layer = layers.Linear(5, 4)
    for name in ("weight", "bias"):
        if getattr(layer, name, None) is not None:
            expect_dtype(
                f"layer.{name}",
                attribute(layer, name),
                np.float32,
                f"the {name} is not float32, and slows down all that is computed with it",
            )


# ---- Gradients -----------------------------------------------------------------------------------


@check("Gradient Flow", about=("Linear.forward", "Linear.__call__", "Linear"))
def test_gradients_flow_through_linear() -> None:
    """Gradients reach the input, the weight and the bias of Linear"""
    layer = linear(W, B)
    layer.weight.requires_grad = layer.bias.requires_grad = True
    (to_x,) = gradients(layer, X, weights=UPSTREAM)
    # Where the result is right, all three were used.
    used = equal(numbers("layer(x)", layer(tensor.Tensor(X))), X @ W + B)
    outside = ": forward takes it outside the graph" if used else ""
    for name, seen, expected in (
        ("layer.weight.grad", layer.weight.grad, X.T @ UPSTREAM),
        ("layer.bias.grad", layer.bias.grad, UPSTREAM.sum(0)),
        ("x.grad", to_x, UPSTREAM @ W.T),
    ):
        owner = name.removeprefix("layer.").removesuffix(".grad")
        expect_gradient(
            name,
            None if seen is None else numbers(name, seen),
            expected,
            missing=f"no gradient reaches {owner if owner == 'x' else f'the {owner}'}{outside}",
        )


UPSTREAM = np.array([[1.0, -2.0, 0.5], [2.0, 3.0, -1.0], [0.25, 1.0, 4.0]])


@check("Gradient Flow", about=DROPOUT)
def test_gradients_flow_through_dropout() -> None:
    """The gradient of Dropout passes where the signal passed, scaled alike"""
    x = np.tile(VALUES, (20, 1))
    upstream = np.tile(UPSTREAM.reshape(-1)[:8].reshape(2, 4), (20, 1))
    outputs = []
    dropout = layers.Dropout(0.2)

    def call(x: Any) -> Any:
        outputs.append(dropout(x, training=True))
        return outputs[0]

    (to_x,) = gradients(call, x, weights=upstream)
    mask = outputs[0].data / x
    expect_gradient(
        "x.grad",
        to_x,
        upstream * mask,
        {
            "the gradient ignores the mask": upstream,
            "the gradient passes the mask, but is not scaled": upstream * (mask != 0),
        },
        missing="no gradient reaches x: forward takes it outside the graph",
    )


@check("Gradient Flow", about=DROPOUT)
def test_gradients_flow_through_dropout_in_inference() -> None:
    """The gradient of Dropout passes unchanged in inference"""
    dropout = layers.Dropout(0.5)
    (to_x,) = gradients(lambda x: dropout(x, training=False), VALUES, weights=VALUES + 1)
    expect_gradient(
        "x.grad",
        to_x,
        VALUES + 1,
        missing="no gradient reaches x: forward takes it outside the graph",
    )


# ---- Dropout's randomness ------------------------------------------------------------------------


@check("Dropout Randomness", about="Dropout.__init__")
def test_dropout_defaults() -> None:
    """Dropout() drops half, and drops unless told otherwise"""
    # By Hoeffding's inequality the fraction dropped of 200 elements is off by 0.3 with a
    # probability of at most 2 exp(-2 * 200 * 0.3^2) = 5e-16.
    y = expect_tensor("Dropout()(x)", layers.Dropout()(ones(200)))
    dropped = np.mean(y == 0)
    expect_true(
        bool(0.2 < dropped < 0.8),
        seen=f"Dropout()(x) drops {dropped:.0%} of 200 elements",
        expected="about half of them",
        mistake="training is not the default"
        if equal(y, np.ones(200))
        else "p is not 0.5 by default",
    )


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_meets_its_probability() -> None:
    """Elements are dropped with probability p, for small and for large p"""
    # 420,000 elements: the tolerance and its probabilities are those above.
    for p in (0.1, 0.3, 0.9):
        y = expect_tensor("dropout(x)", layers.Dropout(p)(ones(*DRAWS), training=True))
        expect(
            f"the fraction of zeros with p={p}",
            float(np.mean(y == 0)),
            p,
            {"p is taken as the probability to keep, not to drop": 1 - p},
            tolerance=fraction_tolerance(y.size) / p,
        )


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_draws_a_new_mask_each_time() -> None:
    """Each call draws a new mask"""
    # The same mask of 500 elements twice, or each other's complement, has probability 2^-499.
    dropout = layers.Dropout(0.5)
    first, second = (dropout(ones(500), training=True).data != 0 for _ in range(2))
    another = layers.Dropout(0.5)(ones(500), training=True).data != 0
    if 0 < first.mean() < 1:
        expect_true(
            not np.array_equal(first, second),
            seen="the same mask twice",
            expected="another one for each call",
            mistake="each call seeds a generator, or uses the same mask again"
            if np.array_equal(first, another)
            else "the mask is made once and kept",
        )
        expect_true(
            not np.array_equal(first, another),
            seen="the same mask in two layers",
            expected="another one for each layer",
            mistake="each layer seeds a generator of its own, in the same way",
        )
        expect_true(
            not np.array_equal(first, ~second),
            seen="a mask that is the opposite of the one before",
            expected="a mask that has nothing to do with the one before",
        )


# A sum of n independent signs strays from 0 by n t or more with a probability of at most
# 2 exp(-n t^2 / 2) (Hoeffding). With a false alarm of 2e-11 shared among all pairs of rows, of
# which there are 79,800, and n = 500, t = 0.39; among 124,750 pairs of columns, and n = 400, 0.43.
# Two rows that share their mask have 1.
AGREEMENT = 0.45


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_decides_for_each_element() -> None:
    """Each element is dropped by itself, not with its row or its column"""
    kept = layers.Dropout(0.5)(ones(400, 500), training=True).data != 0
    signs = 2.0 * kept - 1
    for what, rows in (("row", signs), ("column", signs.T)):
        agreement = rows @ rows.T / rows.shape[1]
        np.fill_diagonal(agreement, 0)
        pairs = np.abs(agreement) > AGREEMENT
        if not pairs.any():
            continue
        if np.ptp(rows, axis=0).max() == 0 and 0 < kept.mean() < 1:
            raise Mistake(
                seen=f"every {what} has the same mask",
                expected="a decision for each element by itself",
                mistake=f"one mask is drawn and used for every {what}",
            )
        if 0 < kept.mean() < 1:
            first, second = np.argwhere(pairs)[0]
            raise Mistake(
                seen=f"{what}s {first} and {second} have masks that depend on each other",
                expected="a decision for each element by itself",
            )


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_does_not_repeat_its_mask() -> None:
    """The mask does not repeat itself along the way"""
    # The agreement of 16,384 signs with those `lag` further on, for 8,192 lags. The products are
    # independent signs; with n >= 8,192 and 2e-11 shared among the lags, t = 0.092.
    kept = layers.Dropout(0.5)(ones(16_384), training=True).data != 0
    if 0 < kept.mean() < 1:
        signs = 2.0 * kept - 1
        spectrum = fft.rfft(signs, 2 * signs.size)
        sums = fft.irfft(np.abs(spectrum) ** 2)[1 : signs.size // 2 + 1]
        agreement = np.abs(sums) / (signs.size - np.arange(1, sums.size + 1))
        lag = int(agreement.argmax()) + 1
        expect_true(
            agreement.max() < 0.1,
            seen=f"a mask that depends on itself {lag} elements before",
            expected="a decision for each element by itself",
        )


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_drops_a_random_number() -> None:
    """How many are dropped is left to chance, too"""
    # Out of 100 elements just 50 are dropped with a probability of 0.08, the largest there is. That
    # 40 calls drop the same number has a probability of at most 0.08^39 = 2e-43.
    dropout = layers.Dropout(0.5)
    masks = [dropout(ones(10, 10), training=True).data == 0 for _ in range(40)]
    counts = [int(np.sum(mask)) for mask in masks]
    always_the_same = all(np.array_equal(mask, masks[0]) for mask in masks)  # another check's claim
    expect_true(
        len(set(counts)) > 1 or counts[0] in (0, 100) or always_the_same,
        seen=f"{counts[0]} of 100 elements dropped in every call",
        expected="about 50, now more, now fewer",
        mistake="a fixed number of elements is dropped, not each one with probability p",
    )


@check("Dropout Randomness", about=DROPOUT)
def test_dropout_is_blind_to_values() -> None:
    """Whether an element is dropped does not depend on its value"""
    # 60,000 elements of each kind: by Hoeffding's inequality, t = 0.015.
    kinds = np.array([-3.0, -0.01, 0.01, 3.0])
    x = np.tile(kinds, 60_000)
    kept = layers.Dropout(0.5)(tensor.Tensor(x), training=True).data.reshape(-1, 4) != 0
    fractions = kept.mean(axis=0)
    tolerance = 2 * fraction_tolerance(60_000)  # two of them are compared
    expect_true(
        bool(np.ptp(fractions) <= tolerance),
        seen="of "
        + ", ".join(f"{f:.0%} of {k:g}" for f, k in zip(fractions, kinds, strict=True))
        + " survive",
        expected="all alike",
        mistake="negative numbers are dropped more often: the values decide, not chance alone"
        if fractions[:2].max() + tolerance < fractions[2:].min()
        else "small numbers are dropped more often: the values decide, not chance alone"
        if fractions[1:3].max() + tolerance < fractions[[0, 3]].min()
        else None,
    )


# ---- Edge cases ----------------------------------------------------------------------------------

LINEAR = ("Linear.forward", "Linear.__call__", "Linear")


@check("Edge Cases", about=LINEAR)
def test_linear_takes_an_empty_batch() -> None:
    """An empty batch gives an empty result: (0, 784) → (0, 256)"""
    expect_shape("layer(x)", layers.Linear(784, 256)(tensor.Tensor(np.zeros((0, 784)))), (0, 256))
    dropout = layers.Dropout(0.5)
    expect_shape("dropout(x)", dropout(tensor.Tensor(np.zeros((0, 4))), training=True), (0, 4))


@check("Edge Cases", about=LINEAR)
def test_linear_takes_a_single_sample() -> None:
    """A single sample needs no batch: (784,) → (256,)"""
    layer = layers.Linear(784, 256)
    expect_shape("layer(x)", layer(ones(1, 784)), (1, 256))
    expect_true(
        (shape := tuple(layer(ones(784)).shape)) == (256,),
        seen=f"layer(x) of shape {shape} for x of shape (784,)",
        expected="shape (256,)",
        mistake="a batch dimension is added" if shape == (1, 256) else None,
    )


@check("Edge Cases", about=LINEAR)
def test_linear_takes_any_batch_dimensions() -> None:
    """Any number of batch dimensions: (2, 5, 3) → (2, 5, 4), row by row"""
    layer = layers.Linear(3, 4)
    x = np.arange(30.0).reshape(2, 5, 3) / 10 - 1
    y = expect_tensor("layer(x)", layer(tensor.Tensor(x)))
    rows = numbers("layer(row)", layer(tensor.Tensor(x.reshape(10, 3)))).reshape(2, 5, 4)
    expect("layer(x)", y, rows, {"the batch dimensions are flattened": rows.reshape(10, 4)})


@check("Edge Cases", about=("Linear.__init__", "Linear.forward"))
def test_linear_without_bias() -> None:
    """Without a bias, y = xW, and the weight is the only parameter"""
    layer = layers.Linear(3, 3, bias=False)
    attribute(layer, "weight").data[...] = W
    bias = getattr(layer, "bias", None)
    if bias is not None:
        raise Mistake(
            seen="layer.bias is a tensor" if isinstance(bias, tensor.Tensor) else f"bias={bias!r}",
            expected="layer.bias is None",
            mistake="bias=False is ignored"
            if isinstance(bias, tensor.Tensor)
            else "the bias is kept as False instead of None",
        )
    expect_parameters(layer, {"weight": layer.weight})
    y = expect_tensor("layer(x)", layer(tensor.Tensor(X)))
    expect("layer(x)", y, X @ W, {"the weight is transposed: x @ W.T": X @ W.T})


@check("Edge Cases", about=LINEAR)
def test_layers_leave_their_input_alone() -> None:
    """The input is as it was afterwards"""
    for call in (layers.Linear(4, 4), layers.Dropout(0.5)):
        array = VALUES.astype(np.float32)
        x = tensor.Tensor(array)
        call(x)
        expect_unchanged("x", x.data, VALUES.astype(np.float32))


@check("Edge Cases", about=LINEAR)
def test_a_layer_does_the_same_each_time() -> None:
    """Calling a layer twice gives the same result twice"""
    layer = layers.Linear(3, 3)
    first = numbers("layer(x)", layer(tensor.Tensor(X))).copy()
    other = tensor.Tensor(np.ones((5, 3)))
    layer(other)
    expect(
        "layer(x), the second time,",
        layer(tensor.Tensor(X)),
        first,
        {"results of earlier calls are kept and used again": numbers("layer(x)", layer(other))},
    )
    dropout = layers.Dropout(0.5)
    dropout(ones(3, 4), training=False)
    expect_shape("dropout(x)", dropout(ones(2, 5), training=True), (2, 5))
    expect(
        "dropout(x, training=False), after training,",
        dropout(tensor.Tensor(VALUES), training=False),
        VALUES,
    )


@check("Edge Cases", about=LINEAR)
def test_layers_keep_float32() -> None:
    """float32 in, float32 out; float64 in, float64 out of Dropout"""
    single = tensor.Tensor(VALUES.astype(np.float32))
    for name, call in (
        ("Linear(4, 3)", layers.Linear(4, 3)),
        ("Dropout(0.3)", layers.Dropout(0.3)),
    ):
        expect_dtype(f"{name}(x)", call(single), np.float32, "the result is no longer float32")
    for training in (True, False):
        y = layers.Dropout(0.3)(tensor.Tensor(VALUES, dtype=np.float64), training=training)
        expect_dtype("dropout(x)", y, np.float64, "the result is no longer float64")


@check("Edge Cases", about=("Linear.__repr__", "Dropout.__repr__"))
def test_layers_can_be_printed() -> None:
    """Layers can be printed"""
    for layer in (layers.Linear(4, 3), layers.Linear(4, 3, bias=False), layers.Dropout(0.5)):
        for text in (repr(layer), str(layer)):
            expect_true(bool(text), seen="an empty text", expected="a text")


# ---- Arguments -----------------------------------------------------------------------------------


@check("Arguments", about=LINEAR)
def test_linear_explains_a_wrong_input() -> None:
    """An input of the wrong size is an error that says so"""
    layer = layers.Linear(784, 256)
    for shape in ((32, 28, 28), (32, 785), (256,), ()):
        expect_error(
            f"Linear(784, 256)(x) with x of shape {shape}",
            lambda shape=shape: layer(ones(*shape)),
            "an input of the wrong size is accepted",
        )


@check("Arguments", about="Linear.__init__")
def test_linear_explains_wrong_sizes() -> None:
    """Negative and fractional sizes are errors"""
    for sizes in ((-1, 3), (3, -1), (2.5, 3), (3, 2.5)):
        expect_error(
            f"Linear{sizes}",
            lambda sizes=sizes: layers.Linear(*sizes),
            f"a size of {min(sizes) if min(sizes) < 0 else 2.5} is accepted",
        )


@check("Arguments", about="Dropout.__init__")
def test_dropout_explains_a_wrong_probability() -> None:
    """A probability outside [0, 1] is an error"""
    for p in (-0.5, -1e-6, 1.000001, 1.5, 2, float("nan")):
        expect_error(
            f"Dropout(p={p})",
            lambda p=p: layers.Dropout(p),
            "nan is accepted as a probability"
            if p != p
            else "a negative probability is accepted"
            if p < 0
            else "a probability above 1 is accepted",
        )


@check("Arguments", about="Linear")
def test_layers_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        x = ones(2, 4)
        layers.Linear(4, 3)(x)
        dropout = layers.Dropout(0.5)
        dropout(x, training=True)
        dropout(x, training=False)
        import_again("layers")

    expect_undisturbed(use)
