"""The checks of module 03: Linear and Dropout, alone and in a network."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy import fft

from tinytorch.course.checking import (
    Mistake,
    StandsBack,
    Unit,
    blaming,
    check,
    core,
    equal,
    expect,
    expect_dtype,
    expect_error,
    expect_gradient,
    expect_nothing_to_train,
    expect_printable,
    expect_same_dtype,
    expect_separate_calls,
    expect_shape,
    expect_spelled,
    expect_tensor,
    expect_true,
    expect_undisturbed,
    fraction_tolerance,
    given,
    gradients,
    import_again,
    numbers,
    refusing,
    unreached,
    untouched,
    usual,
    wrong_shapes,
)
from tinytorch.course.checking.errors import meaning
from tinytorch.course.checking.lineup import brief, show, with_article
from tinytorch.course.checking.state import restored

tensor, activations, layers = core("tensor"), core("activations"), core("layers")

# Numbers for one small layer: as many samples as inputs and units, so that a product in the wrong
# order has a value too, and can be recognised.
X = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [-2.0, 0.0, 1.5]])
W = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.5], [-0.5, 4.0, 2.0]])
B = np.array([10.0, 20.0, -15.0])


@blaming("Linear.__init__")
def attribute(layer: Any, name: str) -> Any:
    """A parameter of a layer, which must be a tensor."""
    what = f"layer.{name}"
    value = getattr(layer, name, None)
    if not hasattr(layer, name):
        raise Mistake(
            seen=f"a {type(layer).__name__} without .{name}",
            expected=f"a tensor .{name}",
            mistake=meaning(
                AttributeError(
                    f"{type(layer).__name__!r} object has no attribute {name!r}",
                    name=name,
                    obj=layer,
                )
            ),
        )
    if value is None:
        raise Mistake(
            seen=f"{what} is None", expected="a tensor", mistake=f"`{what}` is None, not a tensor"
        )
    if not isinstance(value, tensor.Tensor):
        raise Mistake(
            seen=f"{what} is {brief(value)}",
            expected="a tensor",
            mistake=f"`{what}` is the argument itself, {value}, where a tensor should be made"
            if isinstance(value, bool)
            else f"`{what}` is {kind_of(value)}, not a tensor, and cannot be trained",
        )
    return value


def kind_of(value: Any) -> str:
    """What a value is, with its article: "an array"."""
    return with_article(type(value).__name__)


@blaming("Linear.__init__")
def linear(weight: np.ndarray, bias: np.ndarray | None) -> Any:
    """A linear layer with these parameters, written in place as an optimizer would."""
    inputs, outputs = weight.shape
    if bias is None:
        layer = layers.Linear(inputs, outputs, bias=False)
    else:
        layer = layers.Linear(inputs, outputs)
        expect_bias(layer)
        own_bias = attribute(layer, "bias")
        names = {
            inputs: name_of_wrong_bias(layer, inputs, outputs),
            1: "all units share a single bias; each needs its own",
        }
        expect_true(
            own_bias.size == outputs,
            seen=f"layer.bias of shape {own_bias.shape} in Linear({inputs}, {outputs})",
            expected=f"shape ({outputs},)",
            mistake=names.get(own_bias.size),
        )
        expect_true(
            own_bias.shape != (outputs, 1),
            seen=f"layer.bias of shape {own_bias.shape}",
            expected=f"shape ({outputs},)",
            mistake="the bias is a column, and is added along the wrong axis",
        )
        own_bias.data[...] = bias.reshape(own_bias.shape)
    own_weight = attribute(layer, "weight")
    if own_weight.shape != weight.shape:
        another = attribute(layers.Linear(inputs + 5, outputs + 6), "weight").shape
        raise Mistake(
            seen=f"layer.weight of shape {own_weight.shape} in Linear({inputs}, {outputs})",
            expected=f"shape {weight.shape}: (in_features, out_features)",
            mistake="the weight is stored the other way round, as (out_features, in_features)"
            if own_weight.shape == weight.shape[::-1]
            else "the weight has the same shape in every layer, whatever its sizes"
            if own_weight.shape == another
            else None,
        )
    own_weight.data[...] = weight
    return layer


@blaming("Linear.__init__")
def expect_bias(layer: Any) -> None:
    """A layer made without saying anything about the bias: it has one."""
    if not hasattr(layer, "bias") or layer.bias is not None:
        return
    asked_for, unwanted = (layers.Linear(3, 3, bias=bias).bias for bias in (True, False))
    raise Mistake(
        seen="Linear(3, 3).bias is None",
        expected="a bias, unless bias=False",
        mistake="there is a bias with bias=False only: the condition is the wrong way round"
        if unwanted is not None
        else "there is no bias unless it is asked for; bias=True is the default"
        if asked_for is not None
        else "there is never a bias, not even with bias=True",
    )


def name_of_wrong_bias(layer: Any, inputs: int, outputs: int) -> str:
    """Why the bias of `Linear(inputs, outputs)` has as many numbers as there are inputs."""
    if attribute(layer, "weight").shape == (outputs, inputs):
        return "in_features and out_features change places: the first is the number of inputs"
    return "the bias has a number for each input, not for each unit"


@blaming("Linear.__init__")
def expect_kept(layer: Any, own: dict[str, Any]) -> None:
    """Parameters of a layer that are still there after another layer has been made."""
    for name, parameter in own.items():
        expect_true(
            getattr(layer, name, None) is parameter,
            seen=f"another tensor in layer.{name} after a second layer was made",
            expected="the same as before",
            mistake=f"each new layer replaces the {name} of those before it: it is kept for all "
            "of them together, not in `self`",
        )


def ones(*shape: int) -> Any:
    """A tensor of ones."""
    return tensor.Tensor(np.ones(shape))


# The checks that others need: what makes one of these fail makes others fail as well.
PRODUCT = "test_linear_computes_xw_plus_b"
SPREAD = "test_weights_have_the_right_spread"
BIAS = "test_bias_starts_at_zero"
SHAPE = "test_output_has_the_right_shape"
LIST = "test_parameters_are_weight_and_bias"
INFERENCE = "test_dropout_does_nothing_in_inference"
ZEROS = "test_dropout_zeros_half_of_the_elements"
SCALE = "test_dropout_scales_the_survivors"
NETWORK = "test_network_processes_a_batch"
NEW_MASK = "test_dropout_draws_a_new_mask_each_time"
NO_REPETITION = "test_dropout_does_not_repeat_its_mask"
INDEPENDENT = "test_weights_are_independent"
OWN_DECISIONS = "test_dropout_decides_for_each_element"
DIMENSIONS = "test_linear_takes_any_batch_dimensions"
SINGLE = "test_linear_takes_a_single_sample"


# ---- Linear --------------------------------------------------------------------------------------


# What a layer with the parameters w and b would make of x.
LINEAR_MISTAKES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "the bias is never added": lambda x, w, b: x @ w,
    "the bias is added twice": lambda x, w, b: x @ w + 2 * b,
    "the bias is subtracted": lambda x, w, b: x @ w - b,
    "the bias is multiplied, not added": lambda x, w, b: x @ w * b,
    "the bias is added to x, before the product": lambda x, w, b: (x + b) @ w,
    "the bias runs down the rows instead of along the columns": lambda x, w, b: x @ w + b[:, None],
    "only the first number of the bias is added": lambda x, w, b: x @ w + b[0],
    "the sum of the bias is added": lambda x, w, b: x @ w + b.sum(),
    "the mean of the bias is added": lambda x, w, b: x @ w + b.mean(),
    "the bias is divided by the number of samples": lambda x, w, b: x @ w + b / len(x),
    "the bias is added once for each input": lambda x, w, b: x @ w + len(w) * b,
    "the weight is transposed: x @ W.T": lambda x, w, b: x @ w.T + b,
    "the product is the wrong way round: W @ x": lambda x, w, b: w @ x + b,
    "the product is the wrong way round: W.T @ x": lambda x, w, b: w.T @ x + b,
    "the product is taken with x transposed: x.T @ W": lambda x, w, b: x.T @ w + b,
    "the product is transposed, before the bias is added": lambda x, w, b: (x @ w).T + b,
    "* multiplies element by element; the matrix product is @": lambda x, w, b: x * w + b,
    "the weight is added, not multiplied": lambda x, w, b: x + w + b,
    "the weight is left out": lambda x, w, b: x + b,
    "`x` is left out": lambda x, w, b: w + b,
    "the product is left out": lambda x, w, b: np.broadcast_to(b, (len(x), len(b))),
    "the product has the wrong sign": lambda x, w, b: b - x @ w,
    "a ReLU is built in; a linear layer has no activation": lambda x, w, b: np.maximum(
        x @ w + b, 0
    ),
    "a tanh is built in; a linear layer has no activation": lambda x, w, b: np.tanh(x @ w + b),
    "a sigmoid is built in; a linear layer has no activation": lambda x, w, b: (
        1 / (1 + np.exp(-(x @ w + b)))
    ),
    "a softmax is built in; a linear layer has no activation": lambda x, w, b: (
        np.exp(x @ w + b) / np.exp(x @ w + b).sum(-1, keepdims=True)
    ),
    "a ReLU comes before the bias; a linear layer has no activation": lambda x, w, b: (
        np.maximum(x @ w, 0) + b
    ),
    "the product is divided by the number of inputs": lambda x, w, b: x @ w / len(w) + b,
    "the product is divided by the number of samples": lambda x, w, b: x @ w / len(x) + b,
    "the product is divided by the number of units": lambda x, w, b: x @ w / len(b) + b,
    "the product is scaled by sqrt(1 / in_features) once more": lambda x, w, b: (
        x @ w / len(w) ** 0.5 + b
    ),
    "the result is scaled by sqrt(1 / in_features)": lambda x, w, b: (x @ w + b) / len(w) ** 0.5,
    "the product is multiplied by sqrt(in_features)": lambda x, w, b: x @ w * len(w) ** 0.5 + b,
    "the product is doubled": lambda x, w, b: 2 * (x @ w) + b,
    "the last input is left out": lambda x, w, b: x[:, :-1] @ w[:-1] + b,
    "the first input is left out": lambda x, w, b: x[:, 1:] @ w[1:] + b,
    "the last unit is left out of the product": lambda x, w, b: all_but(-1, x @ w) + b,
    "the first unit is left out of the product": lambda x, w, b: all_but(0, x @ w) + b,
    "the product is summed over the batch": lambda x, w, b: (x @ w).sum(axis=0) + b,
}


def all_but(column: int, array: np.ndarray) -> np.ndarray:
    """An array with zeros in one column."""
    array = array.copy()
    array[:, column] = 0
    return array


def affine(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """What a layer with these parameters should make of x."""
    return x @ weight + bias


def lineup(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """What each of the mistakes would give; some can be made with square matrices only."""
    suspects = {}
    for name, compute in LINEAR_MISTAKES.items():
        with suppress(ValueError):
            suspects[name] = compute(x, weight, bias)
    return suspects


def expect_affine(y: np.ndarray, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> None:
    """What a layer with these parameters has made of x, with what went in if nothing is named."""
    otherwise = usual(affine, x=x, **{"the weight": weight, "the bias": bias})
    with given(x=x, W=weight, b=bias):
        expect("layer(x)", y, affine(x, weight, bias), lineup(x, weight, bias), otherwise)


@check("Linear Layer", about=("Linear.forward", "Linear.__call__", "Linear"))
def test_linear_computes_xw_plus_b() -> None:
    """Linear layer computes y = xW + b correctly"""
    linear(*OBLONG[1:])  # whose shapes say more than those of a square
    layer, x = linear(W, B), tensor.Tensor(X)
    own = {name: attribute(layer, name) for name in ("weight", "bias")}
    with untouched(x=x):
        y = expect_tensor("layer(x)", layer(x))
    for name, before in (("weight", W), ("bias", B)):
        after = attribute(layer, name).data
        expect_true(
            equal(after.reshape(before.shape), before),
            seen=f"layer.{name} =\n{show(after)} after a call",
            expected=f"{show(before)}, as before",
            mistake=f"a call changes the layer's {name}",
        )
        expect_true(
            getattr(layer, name) is own[name],
            seen=f"another tensor in layer.{name} after a call",
            expected="the same tensor as before, which an optimizer may hold",
            mistake=f"a call puts a new tensor in the place of the {name}, which is not trained",
        )
    if y.ndim and len(y) != 3 and y.shape == layer(ones(5, 3)).shape:
        raise Mistake(
            seen=f"layer(x) of shape {y.shape}, for 3 samples as for 5",
            expected="as many rows as there are samples",
            mistake="the number of rows is fixed, whatever the number of samples",
        )
    try:
        expect_affine(y, X, W, B)
    except Mistake as found:
        if found.mistake is None:  # in 3 by 3 some mistakes look alike
            with suppress(Exception):
                found.mistake = name_of_linear()
        raise
    x, w, b = OBLONG
    layer = linear(w, b)
    with refusing(
        "layer(x) of shape (4, 3) for x of shape (4, 2) in Linear(2, 3)",
        "an input of the right size is refused, if there are not as many samples as inputs",
    ):
        y = expect_tensor("layer(x)", layer(tensor.Tensor(x)))
    expect_affine(y, x, w, b)
    layer.weight.requires_grad = layer.bias.requires_grad = False
    expect(
        "layer(x), whose parameters are frozen,",
        layer(tensor.Tensor(x)),
        x @ w + b,
        {"the bias is added only while it requires a gradient": x @ w},
    )


# Four samples, two inputs and three units, in numbers that need all digits of float32.
OBLONG = (
    np.sin(np.arange(8.0)).reshape(4, 2),
    np.cos(np.arange(6.0)).reshape(2, 3),
    np.sqrt([0.3, 0.4, 0.1]) * [1, -1, 1],
)


def name_of_linear() -> str | None:
    """The only mistake that explains what a layer makes of both inputs."""
    explanations = []
    for x, weight, bias in ((X, W, B), OBLONG):
        y = numbers("layer(x)", linear(weight, bias)(tensor.Tensor(x)))
        explanations.append({n for n, value in lineup(x, weight, bias).items() if equal(y, value)})
    names = set.intersection(*explanations)
    return names.pop() if len(names) == 1 else None


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


@check("Linear Layer", about="Linear.__init__", needs=PRODUCT, hint=1)
def test_weights_have_the_right_spread() -> None:
    """Weight initialization within expected Xavier range"""
    weights = [weight_of(784, 256), weight_of(64, 3136)]
    for weight in weights:
        what = f"Linear{weight.shape}.weight"
        expect_centred(what, weight, math.sqrt(1 / len(weight)))
    if any(repeated(weight) for weight in weights):
        raise StandsBack(INDEPENDENT)  # too few numbers to judge by
    expect_spread(weights, spreads(weights), SPREAD_TOLERANCE)


def expect_spread(
    weights: list[np.ndarray], names: dict[str, np.ndarray], tolerance: float
) -> None:
    """Weights whose standard deviations are sqrt(1 / in_features); names have what others are."""
    deviations = np.array([weight.std() for weight in weights])
    right = np.array([math.sqrt(1 / len(weight)) for weight in weights])
    suspects = {name: deviation / right for name, deviation in names.items()}
    zeros = [np.mean(weight == 0) for weight in weights]
    if 0.05 < min(zeros) < 0.95:
        suspects = {f"{np.mean(zeros):.0%} of the weights are zero": deviations / right}
    try:
        expect("", deviations / right, np.ones(len(weights)), suspects, tolerance=tolerance)
    except Mistake as found:
        sizes = [f"Linear{weight.shape}" for weight in weights]
        found.seen = "a standard deviation of " + " and ".join(
            f"{deviation:.4g} in {size}.weight"
            for deviation, size in zip(deviations, sizes, strict=True)
        )
        found.expected = f"{' and '.join(f'{r:.4g}' for r in right)}: sqrt(1 / in_features)"
        raise


def expect_centred(what: str, weight: np.ndarray, spread: float) -> None:
    """Random numbers with a mean of zero; which spread they have is not asked."""
    if np.ptp(weight) == 0:
        value = weight.flat[0]
        raise Mistake(
            seen=f"every number in {what} is {value:.4g}",
            expected="random numbers",
            mistake="the weights are all zero, so all units stay alike"
            if value == 0
            else "the weights are all one, so all units stay alike"
            if value == 1
            else "the weights are all the same, so all units stay alike",
        )
    mean, deviation = weight.mean(), weight.std()
    error = MEAN_TOLERANCE * deviation / math.sqrt(weight.size)
    if abs(mean) <= error or repeated(weight):
        return
    one_sided = weight.min() >= 0 or weight.max() <= 0
    names = {
        "uniform numbers from zero up are never negative; their mean has to be zero": one_sided
        and math.isclose(abs(mean) / deviation, math.sqrt(3), rel_tol=0.02),
        "the absolute values are taken, so no weight is negative": one_sided
        and math.isclose(abs(mean) / deviation, math.sqrt(2 / (math.pi - 2)), rel_tol=0.02),
        "the scale is added to the random numbers, and should multiply them": abs(mean - spread)
        <= error
        and math.isclose(deviation, 1, rel_tol=SPREAD_TOLERANCE),
        "the scale is the mean as well as the standard deviation; the mean is 0": abs(mean - spread)
        <= error
        and math.isclose(deviation, spread, rel_tol=SPREAD_TOLERANCE),
        "the weights are spread around one, and should be spread around zero": abs(mean - 1)
        <= error,
    }
    fitting = [name for name, fits in names.items() if fits]
    raise Mistake(
        seen=f"{what} has a mean of {mean:.4g} and a standard deviation of {deviation:.4g}",
        expected="a mean of 0",
        mistake=fitting[0]
        if len(fitting) == 1
        else "nearly all weights are zero"
        if np.count_nonzero(weight) < weight.size / 50
        else "the weights all have the same sign: they are drawn from one side of zero"
        if one_sided
        else None,
    )


def repeated(weight: np.ndarray) -> bool:
    """Whether all rows or all columns are the same, so that there are few numbers in truth."""
    return any(np.ptp(weight, axis=axis).max() == 0 for axis in (0, 1))


def spreads(weights: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The standard deviations that known mistakes give to the weights of layers."""
    inputs, outputs = np.array([weight.shape for weight in weights]).T
    right = np.sqrt(1 / inputs)
    largest = np.array([np.abs(weight).max() for weight in weights]) / right
    bounded = {
        "uniform numbers between -s and s have a standard deviation of s / sqrt(3) only": (
            1,
            right / math.sqrt(3),
        ),
        "uniform numbers of range s have a standard deviation of s / sqrt(12) only": (
            0.5,
            right / math.sqrt(12),
        ),
        "normal numbers clipped at 1 and -1 have a spread of only 0.72": (1, 0.7184 * right),
        "normal numbers drawn between -2 and 2 have a spread of only 0.88": (2, 0.8796 * right),
    }
    return {
        "the weights are not scaled": np.ones(len(inputs)),
        "the spread is 1 / in_features: the root is missing, or the scale is applied twice": (
            1 / inputs
        ),
        "the weights are multiplied by sqrt(in_features), not divided": np.sqrt(inputs),
        "the weights are multiplied by in_features": inputs,
        "the weights have the spread of He's formula, sqrt(2 / in_features)": np.sqrt(2 / inputs),
        "the weights have the spread of He's formula with the units for the inputs, "
        "sqrt(2 / out_features)": np.sqrt(2 / outputs),
        "the weights have the spread of Glorot's formula, "
        "sqrt(2 / (in_features + out_features))": np.sqrt(2 / (inputs + outputs)),
        "the weights are scaled by sqrt(1 / (in_features + out_features))": np.sqrt(
            1 / (inputs + outputs)
        ),
        "the weights are scaled by sqrt(6 / (in_features + out_features)), which is the limit of "
        "uniform numbers": np.sqrt(6 / (inputs + outputs)),
        "the weights have the spread sqrt(3 / in_features), which is the limit of uniform "
        "numbers": (np.sqrt(3 / inputs)),
        "the weights are scaled by out_features instead of in_features": np.sqrt(1 / outputs),
        "the weights are scaled by 1 / out_features": 1 / outputs,
        "the scale is sqrt(1 / (in_features * out_features))": np.sqrt(1 / (inputs * outputs)),
        "the scale takes the larger one of in_features and out_features": np.sqrt(
            1 / np.maximum(inputs, outputs)
        ),
        "the scale takes the smaller one of in_features and out_features": np.sqrt(
            1 / np.minimum(inputs, outputs)
        ),
        "the spread is too small by the root of 2: sqrt(1 / (2 * in_features))": right
        / math.sqrt(2)
        + np.where(largest > 1.1, 0, np.nan),  # clipped numbers come close to that
        "the scale is multiplied by 5 / 3, the gain for tanh": right * 5 / 3,
        "the scale is a cube root": np.cbrt(1 / inputs),
        "the scale is half of what it should be": right / 2,
        "the scale is twice what it should be": right * 2,
        "the scale is 1 / 28, which is right for 784 inputs only": np.full(len(inputs), 1 / 28),
        **{
            f"the scale is {scale}, whatever the size of the layer": np.full(len(inputs), scale)
            for scale in (0.001, 0.01, 0.02, 0.05, 0.1, 0.5)
        },
    } | {
        name: spread
        for name, (limit, spread) in bounded.items()
        if np.allclose(largest, limit, rtol=0.01)
    }


def weight_of(inputs: int, outputs: int) -> np.ndarray:
    """The weight of a new layer, in float64 so that its statistics are exact."""
    layer = layers.Linear(inputs, outputs)
    weight = attribute(layer, "weight")
    expect_shape("layer.weight", weight, (inputs, outputs))
    return numbers("layer.weight", weight).astype(np.float64)


BIAS_IN_A_ROW = "the bias has two dimensions, and should have one"


@check("Linear Layer", about="Linear.__init__", needs=PRODUCT, hint=3)
def test_bias_starts_at_zero() -> None:
    """Bias initialized to zeros"""
    layer = layers.Linear(20, 256)
    expect_bias(layer)
    bias = attribute(layer, "bias")
    another = layers.Linear(20, 256)
    expect_kept(layer, {"bias": bias})
    expect_true(
        not np.shares_memory(attribute(layer, "bias").data, attribute(another, "bias").data),
        seen="two layers whose biases share their memory",
        expected="a bias of its own for each layer",
        mistake="layers share one bias: it is made once, outside __init__",
    )
    bias = expect_tensor("layer.bias", layer.bias)
    expect(
        "layer.bias",
        bias,
        np.zeros(256),
        {
            "the bias starts at one": np.ones(256),
            name_of_wrong_bias(layer, 20, 256): np.zeros(20),
            BIAS_IN_A_ROW: np.zeros((1, 256)),
            "all units share a single bias; each needs its own": np.zeros(1),
            "the bias is a single number, without dimensions": np.zeros(()),
            "the bias has the shape of the weight": np.zeros((20, 256)),
        }
        | (
            {"the bias starts at random": bias}
            if np.ptp(bias) > 0
            else {"the bias starts at a number other than zero": bias}
            if bias.flat[0] not in (0, 1)
            else {}
        ),
    )


@check("Linear Layer", about=("Linear.forward", "Linear.__call__", "Linear"), needs=PRODUCT, hint=2)
def test_output_has_the_right_shape() -> None:
    """Output shape matches expected dimensions (32, 256)"""
    y = layers.Linear(784, 256)(ones(32, 784))
    expect_tensor("layer(x)", y)
    names = wrong_shapes((32, 256)) | {
        (784, 256): "the result has the shape of the weight",
        (32, 784): "the result has the shape of x",
        (32,): "the dimension of the units is lost",
    }
    what = "layer(x) for x of shape (32, 784)"
    expect_shape(what, y, (32, 256), names if computes_right() else None)
    more = layers.Linear(784, 256)(ones(100, 784))
    expect_shape("layer(x) for x of shape (100, 784)", more, (100, 256))


@check("Linear Layer", about="Linear.parameters", needs=PRODUCT, hint=2)
def test_parameters_are_weight_and_bias() -> None:
    """Parameter list contains weight and bias tensors"""
    expect_spelled(layers.Linear, "parameters")
    layer = layers.Linear(4, 3)
    expect_bias(layer)
    expect_parameters(layer, {name: attribute(layer, name) for name in ("weight", "bias")})


@blaming("Linear.parameters")
def expect_parameters(layer: Any, expected: dict[str, Any]) -> None:
    """A list of just these tensors: themselves, in any order."""
    another = layers.Linear(2, 3)
    expect_kept(layer, expected)
    if callable(another.parameters):
        another.parameters()  # in case layers share what they return
    listed = layer.parameters() if callable(layer.parameters) else layer.parameters
    wanted = f"a list of the layer's own tensors: {' and '.join(expected)}"
    expect_true(
        callable(layer.parameters),
        seen="parameters is no method",
        expected="layer.parameters() gives a list",
        mistake="`parameters` is not a method that can be called",
    )
    if listed is None:
        raise Mistake(
            seen="layer.parameters() is None",
            expected=wanted,
            mistake="nothing is returned: a `return` is missing",
        )
    if isinstance(listed, tensor.Tensor):
        raise Mistake(
            seen="layer.parameters() is a tensor",
            expected=wanted,
            mistake="a tensor is returned, not a list of tensors",
        )
    if not isinstance(listed, list | tuple):
        raise Mistake(
            seen=f"layer.parameters() is {kind_of(listed)}",
            expected=wanted,
            mistake="what is returned can be gone through only once; make it a list"
            if hasattr(listed, "__next__")
            else f"{kind_of(listed)} is returned, not a list",
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
    others = [item for item in listed if not isinstance(item, tensor.Tensor)]
    if others:
        raise Mistake(
            seen=f"{brief(others[0])} in layer.parameters()",
            expected=wanted,
            mistake=f"the list holds {kind_of(others[0])}, which is no tensor",
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
            mistake="the list is empty" if not listed else f"the {missing[0]} is not in the list",
        )
    if len(listed) > len(expected):
        raise Mistake(
            seen=seen,
            expected=wanted,
            mistake="a tensor is in the list twice, and would be trained twice"
            if len({id(x) for x in listed}) < len(listed)
            else "the list holds the parameters of other layers, too"
            if any(x is another.weight for x in listed)
            else "the list holds more than the layer's parameters",
        )
    again = len(layer.parameters())
    expect_true(
        again == len(expected),
        seen=f"{again} entries in layer.parameters(), called once more",
        expected=wanted,
        mistake="the list grows with each call: every call adds to the same one",
    )


# ---- Dropout -------------------------------------------------------------------------------------

DROPOUT = ("Dropout.forward", "Dropout.__call__", "Dropout")
VALUES = np.array([[1.5, -2.0, 3.0, 0.5], [-1.0, 4.0, -0.25, 2.0]])


@check("Dropout Layer", about=DROPOUT, hint=1)
def test_dropout_does_nothing_in_inference() -> None:
    """Inference mode passes through unchanged"""
    # That 400 elements all survive by chance has a probability of at most 0.8^400 = 2e-39.
    x = np.tile(VALUES, (50, 1))
    for p in (0.2, 0.9):
        dropout = layers.Dropout(p)
        own = tensor.Tensor(x)
        with untouched(x=own):
            y = expect_tensor("dropout(x, training=False)", dropout(own, training=False))
        dropped = y == 0
        if dropped.any():
            training = numbers("dropout(x)", dropout(tensor.Tensor(x), training=True))
            raise Mistake(
                seen=f"{np.count_nonzero(dropped)} of {y.size} elements are zero",
                expected="x as it was",
                mistake="all of x becomes zero in inference"
                if dropped.all()
                else "elements are dropped in inference too: `training` is ignored"
                if (training == 0).any()
                else "`training` is the wrong way round: elements are dropped in inference, and "
                "kept in training",
            )
        expect(
            "dropout(x, training=False)",
            y,
            x,
            {
                "`x` is scaled by 1 / (1 - p) in inference too": x / (1 - p),
                "`x` is scaled by 1 - p in inference, which plain dropout does; inverted dropout "
                "scales in training": x * (1 - p),
                "`x` is scaled by p in inference": x * p,
            },
        )


# By Hoeffding's inequality the fraction of n independent events strays from its probability by t or
# more with a probability of at most 2 exp(-2 n t^2), whatever the generator. For a false alarm of
# 2e-11 and n = 200,000, t = 0.008. A probability that is off by 0.02 goes unnoticed with a
# probability of at most exp(-2 n (0.02 - t)^2) = 6e-26.
DRAWS = (400, 500)

# Values in random places, so that no pattern in a mask can go with a pattern in the values.
SCATTERED = np.random.default_rng(0).choice(VALUES.reshape(-1), DRAWS)


@check("Dropout Layer", about=DROPOUT, needs=INFERENCE, hint=2)
def test_dropout_zeros_half_of_the_elements() -> None:
    """Training mode zeros ~50% of elements"""
    expect_true(
        not all_or_nothing(layers.Dropout(0.5)),
        seen="some calls drop every element, and the others none",
        expected="some elements dropped in each call",
        mistake="one decision is made for all elements together; each needs its own",
    )
    probabilities = np.array([0.5, 0.2])
    dropped = []
    dropouts = [layers.Dropout(p) for p in probabilities.tolist()]
    for p, dropout in zip(probabilities.tolist(), dropouts, strict=True):
        y = dropout(tensor.Tensor(SCATTERED), training=True)
        expect_tensor("dropout(x, training=True)", y)
        y = y.data
        expect_true(
            y.shape == DRAWS,
            seen=f"dropout(x) of shape {y.shape} for x of shape {DRAWS}",
            expected="the same shape",
            mistake="the result is flattened" if y.shape == (SCATTERED.size,) else None,
        )
        dropped.append(y == 0)
        expect_zeros(y, p)
        if lag_of_repetition(dropped[-1]) is not None:
            raise StandsBack(NO_REPETITION)  # too few decisions to judge by
    if used_again(*dropped):
        raise StandsBack(NEW_MASK)
    fractions = [np.mean(mask) for mask in dropped]
    nothing = max(fractions) == 0 and not drops_in_inference()
    expect(
        "the fraction of zeros with p=0.5 and with p=0.2",
        np.array(fractions),
        probabilities,
        {
            "nothing is dropped": np.zeros(2) + (0 if nothing else np.nan),
            "`p` is taken as a percentage": np.array(fractions)
            if not nothing and np.allclose(fractions, probabilities / 100, rtol=0, atol=0.0015)
            else np.full(2, np.nan),
            "everything is dropped": np.ones(2),
            KEPT: 1 - probabilities,
            "half of the elements are dropped, whatever p is": np.full(2, 0.5),
            "all layers take the p of the one that was made last: it is kept for all of them "
            "together, not in `self`": np.full(2, 0.2),
            "elements are dropped twice: two masks are drawn and applied": 1
            - (1 - probabilities) ** 2,
            "elements are dropped with probability p squared": probabilities**2,
            "the elements to drop are picked with repetition, some of them twice": 1
            - np.exp(-probabilities),
            "the mask is drawn from normal numbers; it needs uniform ones": np.array(
                [(1 + math.erf(p / math.sqrt(2))) / 2 for p in probabilities]
            ),
            "the mask is drawn from numbers between -1 and 1; it needs those from 0 to 1": (
                1 + probabilities
            )
            / 2,
        },
        tolerance=fraction_tolerance(SCATTERED.size) / 0.5,
    )


def used_again(first: np.ndarray, *others: np.ndarray) -> bool:
    """Whether the mask for one p is the mask for another, and not all ones or all zeros."""
    return any(0 < first.mean() < 1 and np.array_equal(first, mask) for mask in others)


KEPT = "`p` is taken as the probability to keep, not to drop"


def keeps_by_p() -> bool:
    """Whether `p` is taken as the probability to keep, which is another check's claim."""
    return dropped_by(layers.Dropout(0.9), training=True) < 0.5


def drops_in_inference() -> bool:
    """Whether elements are dropped where none should be, which is another check's claim."""
    return bool((numbers("dropout(x)", layers.Dropout(0.9)(ones(400), training=False)) == 0).any())


def all_or_nothing(dropout: Any) -> bool:
    """Whether a call drops either all elements or none, now one, now the other."""
    # 40 masks of 12 elements that are all of one kind have a probability of 2^-440. Where one
    # decision is made for all of them, 40 that come out alike have a probability of 2^-39.
    calls = [numbers("dropout(x)", dropout(ones(3, 4), training=True)) for _ in range(40)]
    return {float(np.mean((y == 0) | ~np.isfinite(y))) for y in calls} == {0.0, 1.0}


def expect_zeros(y: np.ndarray, p: float) -> None:
    """A result in which what is dropped is zero, and nothing but chance decides what."""
    expect_true(
        bool(np.isfinite(y).all()),
        seen=f"{np.count_nonzero(~np.isfinite(y))} of {y.size} elements are nan or infinite",
        expected="zeros in their place",
        mistake="what is dropped becomes nan or infinite, not zero",
    )
    y, x = y[:100], SCATTERED[:100]  # which are enough for what follows
    added = y - x
    kept, raised = np.abs(added) < 1e-4, np.abs(added - 1 / (1 - p)) < 1e-4
    expect_true(
        not (kept | raised).all() or not kept.any() or not raised.any(),
        seen=f"{show(x[0, :4])} became {show(y[0, :4])}",
        expected="x times a mask of zeros and 1 / (1 - p)",
        mistake="the mask is added to x; it should multiply it",
    )
    # Where the mask is no mask of zeros and a scale at all, a few numbers are small by chance.
    small = (y != 0) & (np.abs(y) < 0.01)
    expect_true(
        bool(np.mean(small) < p / 2),
        seen=f"{np.count_nonzero(small)} of {y.size} elements are below 0.01, and not zero",
        expected="zeros in their place",
        mistake="what is dropped is a small number, and should be zero",
    )
    survives = np.isclose(y, x / (1 - p)) | np.isclose(y, x)
    odd = np.unique(np.round(y[~survives], 5))
    expect_true(
        odd.size != 1 or odd[0] == 0 or bool(np.mean(~survives) < p / 2),
        seen=f"{np.count_nonzero(~survives)} of {y.size} elements are {show(odd[:1])[1:-1]}",
        expected="zeros in their place",
        mistake="what is dropped becomes another number, and should be zero",
    )
    factors = y / x
    expect_true(
        not (np.isclose(factors, 1 - p) | np.isclose(factors, -p)).all()
        or not np.isclose(factors, -p).any(),
        seen=f"{show(x[0, :4])} became {show(y[0, :4])}",
        expected="x times a mask of zeros and 1 / (1 - p)",
        mistake="p is subtracted from the mask: `mask / 1 - p` needs parentheses around 1 - p",
    )
    fractions = np.array([np.mean(y[x == value] == 0) for value in VALUES.reshape(-1)])
    signs = np.sign(VALUES.reshape(-1))
    for sign, kind in ((-1, "negative"), (1, "positive")):
        never = (fractions[signs == sign] == 0).all() and (fractions[signs != sign] > 0).all()
        expect_true(
            not never or 1.0 in fractions,
            seen=f"of {kind} numbers none is dropped, of the others {max(fractions):.0%}",
            expected="chance alone to decide",
            mistake=f"{kind} numbers are never dropped",
        )
    # Of those with the size at which it ends only some are dropped, where size decides.
    decided = fractions[(fractions == 0) | (fractions == 1)]
    expect_true(
        set(decided) != {0.0, 1.0} or len(decided) < len(fractions) - 2,
        seen="of each value in x, all elements are dropped or none",
        expected="chance alone to decide",
        mistake="the numbers in x decide what is dropped, not chance",
    )


# The agreement of 16,384 decisions with those `lag` further on, for 8,192 lags, with the mean taken
# off and in parts of their variance. For p = 0.5 the products are independent signs: they stray
# from 0 on average by t or more with a probability of at most 2 exp(-n t^2 / 2) (Hoeffding), where
# n >= 8,192. With 2e-11 shared among the lags, t = 0.092. A mask that repeats itself has 1, and
# neighbours that are dropped in pairs 0.5.
REPETITION = 0.1


def lag_of_repetition(dropped: np.ndarray) -> int | None:
    """After how many elements a mask comes to depend on itself; None if it doesn't."""
    signs = dropped.reshape(-1)[:16_384].astype(np.float64)
    if not 0.05 < signs.mean() < 0.95:  # too few of one kind to judge by
        return None
    signs = (signs - signs.mean()) / signs.std()
    spectrum = fft.rfft(signs, 2 * signs.size)
    sums = fft.irfft(np.abs(spectrum) ** 2)[1 : signs.size // 2 + 1]
    agreement = np.abs(sums) / (signs.size - np.arange(1, sums.size + 1))
    if agreement.max() <= REPETITION:
        return None
    return int(np.argmax(agreement > 0.9 * agreement.max())) + 1


DIVIDED_BY_P = "survivors are divided by p; they should be divided by 1 - p"


@check("Dropout Layer", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=2)
def test_dropout_scales_the_survivors() -> None:
    """Survivors scaled by 1/(1-p) = 2.0"""
    probabilities = np.array([0.5, 0.2, 0.9])
    values = np.tile(VALUES, (50, 1))
    before, after = [], []
    for p in probabilities.tolist():
        x = tensor.Tensor(values)
        with untouched(x=x):
            y = expect_tensor("dropout(x, training=True)", layers.Dropout(p)(x, training=True))
        expect_shape("dropout(x, training=True)", y, values.shape)
        kept = y != 0
        if kept.all() or not kept.any():
            raise StandsBack(ZEROS)
        before.append(values[kept])
        after.append(y[kept])
    factors = [y / x for y, x in zip(after, before, strict=True)]
    counts = np.array([len(survivors) for survivors in after])
    scale = 1 / (1 - probabilities)
    if not all(np.ptp(factor) <= 1e-4 * abs(factor[0]) for factor in factors):
        x, y = before[0], after[0]
        raise Mistake(
            seen=f"with p=0.5, {show(x[:5])} became {show(y[:5])}",
            expected=f"{show(scale[0] * x[:5])}: each survivor times 1 / (1 - p) = 2",
            mistake="survivors are replaced by the mask; multiply x by it"
            if equal(y, np.full_like(y, scale[0]))
            else "survivors are replaced by ones; multiply x by the mask"
            if equal(y, np.ones_like(y))
            else "the scale is added to the survivors, and should multiply them"
            if equal(y, x + scale[0])
            else None,
        )
    expect(
        "the factors by which survivors grow, with p=0.5, 0.2 and 0.9,",
        np.array([factor[0] for factor in factors]),
        scale,
        {
            "survivors are not rescaled": np.ones(3),
            "survivors are multiplied by 1 - p; they should be divided by it": 1 - probabilities,
            KEPT if keeps_by_p() else DIVIDED_BY_P: 1 / probabilities,
            "survivors are multiplied by p": probabilities,
            "survivors are scaled twice": scale**2,
            "survivors are scaled by 2, whatever p is": np.full(3, 2.0),
            "survivors are multiplied by 1 + p": 1 + probabilities,
            "survivors are scaled by sqrt(1 / (1 - p))": np.sqrt(scale),
            "the scale is rounded to a whole number": np.array([2.0, 1.0, 10.0]),
            "survivors have the wrong sign": -scale,
            "survivors are scaled so that the norm of x stays the same": [
                np.linalg.norm(values) / np.linalg.norm(x) for x in before
            ],
            "survivors are scaled so that the sum of x stays the same": [
                values.sum() / x.sum() for x in before
            ],
            "survivors are divided by the fraction that happened to survive, not by 1 - p": (
                values.size / counts
            ),
            "survivors are divided by the fraction that happened to be dropped": values.size
            / np.maximum(values.size - counts, 1),
        },
    )


def dropout_at_the_edge(p: float, expected: str) -> Any:
    """A dropout layer whose `p` is the smallest or the largest there is."""
    try:
        return layers.Dropout(p)
    except ValueError as error:
        raise Mistake(
            seen=f"Dropout({p}) raised ValueError: {error}",
            expected=expected,
            mistake=f"`p={p:g}` is refused",
        ) from error


@check("Dropout Layer", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=1)
def test_dropout_of_nothing_keeps_everything() -> None:
    """Zero dropout (p=0.0) preserves all values"""
    for p in (0.0, 0):
        dropout = dropout_at_the_edge(p, "a layer that drops nothing: 0 is a probability, too")
        y = expect_tensor(f"Dropout({p})(x)", dropout(tensor.Tensor(VALUES), training=True))
        name = KEPT if keeps_by_p() else "everything is dropped"
        expect(f"Dropout({p})(x)", y, VALUES, {name: np.zeros_like(VALUES)})


@check("Dropout Layer", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=1)
def test_dropout_of_everything_keeps_nothing() -> None:
    """Full dropout (p=1.0) zeros everything"""
    for p in (1.0, 1):
        dropout = dropout_at_the_edge(p, "all zeros: 1 is a probability, too")
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
        drops = dropped_by(layers.Dropout(0.5), training=True) > 0  # or it is another check's claim
        expect(
            f"Dropout({p})(x)",
            array,
            np.zeros_like(VALUES),
            ({KEPT if keeps_by_p() else "everything is kept": VALUES} if drops else {})
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
    relu = activations.ReLU()

    def forward(x: Any) -> Any:
        for layer, p in zip(linears, (0.5, 0.3), strict=False):
            y = layer(x)
            expect_tensor("layer(x)", y)
            with blaming(*DROPOUT):
                x = layers.Dropout(p)(relu(y), training=True)
                expect_tensor("dropout(x)", x)
        return linears[2](x)

    return linears, forward


@check(
    COMPOSITION,
    about=("Linear.forward", "Linear.__call__", "Linear"),
    needs=(PRODUCT, SPREAD, BIAS, SHAPE, LIST, ZEROS),
)
def test_network_processes_a_batch() -> None:
    """3-layer network processes batch: (32, 784) → (32, 10)"""
    linears, forward = network()
    try:
        linears[0](ones(32, 784))
    except ValueError as error:
        shapes = [attribute(layer, "weight").shape for layer in linears]
        alone = layers.Linear(784, 256)(ones(32, 784))
        if shapes != [(784, 256), (256, 128), (128, 10)] or alone.shape != (32, 256):
            raise  # another check's claim
        raise Mistake(
            seen=f"{type(error).__name__}: {error}",
            expected="a result of shape (32, 256)",
            mistake="a layer no longer works once others have been made: something is kept for "
            "all of them together, not in `self`",
        ) from error
    y = forward(ones(32, 784))
    expect_tensor("forward(x)", y)
    expect_shape("forward(x)", y, (32, 10))
    expect_true(
        bool(np.isfinite(y.data).all()), seen="nan or inf among the scores", expected="numbers"
    )


@check(COMPOSITION, about="Linear.parameters", needs=(PRODUCT, BIAS, LIST), hint=2)
def test_network_has_its_parameters() -> None:
    """Parameter count: 235,146 parameters across 6 tensors"""
    linears, _ = network()
    for layer in linears:
        expect_bias(layer)
        expect_parameters(layer, {name: attribute(layer, name) for name in ("weight", "bias")})
    listed = [parameter for layer in linears for parameter in layer.parameters()]
    total = sum(parameter.data.size for parameter in listed)
    expect_true(
        (total, len(listed)) == (235_146, 6),
        seen=f"{total:,} parameters across {len(listed)} tensors",
        expected="235,146 parameters across 6 tensors",
    )
    twins = layers.Linear(10, 10), layers.Linear(10, 10)
    first, second = (list(twin.parameters()) for twin in twins)
    expect_true(
        not any(x is y for x in first for y in second),
        seen="a tensor that two layers of 10 inputs and 10 units both list",
        expected="for each layer its own weight and bias",
        mistake="layers of the same sizes share one list of parameters",
    )


@check(COMPOSITION, about="Linear.__init__", needs=(PRODUCT, LIST), hint=3)
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
    expect_bias(layer)
    expect_parameters(layer, {name: attribute(layer, name) for name in ("weight", "bias")})
    frozen = [parameter for parameter in layer.parameters() if not parameter.requires_grad]
    expect_true(
        not frozen,
        seen=f"requires_grad=False for {len(frozen)} tensors of layer.parameters()",
        expected="requires_grad=True for both, as before the call",
        mistake="whoever asks for the parameters turns requires_grad off",
        about="Linear.parameters",
    )


# ---- Initialization ------------------------------------------------------------------------------


@check("Initialization", about="Linear.__init__", needs=PRODUCT, hint=2)
def test_each_layer_draws_its_own_weights() -> None:
    """Every layer draws weights of its own"""
    with restored() as disturbances:
        first = layers.Linear(50, 40)
        weight = attribute(first, "weight")
        second = layers.Linear(50, 40)
    expect_kept(first, {"weight": weight})
    a, b = (numbers("layer.weight", attribute(layer, "weight")) for layer in (first, second))
    if np.shares_memory(a, b):
        raise Mistake(
            seen="two layers whose weights share their memory",
            expected="weights of its own for each layer",
            mistake="layers share one weight: it is made once, outside __init__",
        )
    if np.ptp(a) > 0 and equal(a, b):
        calls = {found.call for found in disturbances}
        raise Mistake(
            seen="two layers with the same weights",
            expected="other random numbers for each layer",
            mistake=f"each layer gets the same weights: {calls.pop()} is called for each"
            if len(calls) == 1
            else "each layer gets the same weights: they follow a pattern, and nothing is random"
            if np.count_nonzero(a) <= len(a) or np.linalg.matrix_rank(a) < min(a.shape)
            else "each layer gets the same weights: a generator is seeded for each",
        )


# The singular values of an m by n matrix of independent numbers with standard deviation s lie
# between s (sqrt(m) - sqrt(n) - t) and s (sqrt(m) + sqrt(n) + t), except with a probability of
# 2 exp(-t^2 / 2) for normal numbers (Davidson and Szarek, 2001). For 600 by 60 and t = 7.2, which
# gives 1e-11, that is between 0.39 and 1.61 times s sqrt(m). Columns that repeat one another, or
# depend on each other linearly in any other way, make the smallest singular value 0.
SINGULAR_VALUES = (0.35, 1.65)


@check("Initialization", about="Linear.__init__", needs=(PRODUCT, SPREAD), hint=2)
def test_weights_are_independent() -> None:
    """Every weight is drawn by itself: no row and no column repeats another"""
    tall = {"unit": weight_of(600, 60), "input": weight_of(60, 600).T}
    other = {"input": "unit", "unit": "input"}
    for what, weight in tall.items():
        if np.ptp(weight) > 0 and np.ptp(weight, axis=1).max() == 0:
            raise Mistake(
                seen=f"the weights of one {what} are those of every other",
                expected="a random number for each weight",
                mistake=f"one number is drawn for each {other[what]}, and all {what}s share it",
            )
    for what, weight in tall.items():
        if np.ptp(weight) == 0:
            continue
        centred = weight - weight.mean()  # where the centre is has a check of its own
        values = np.linalg.svd(centred, compute_uv=False) / (centred.std() * math.sqrt(600))
        low, high = SINGULAR_VALUES
        expect_true(
            bool(low < values[-1] and values[0] < high),
            seen=f"weights of different {what}s that depend on one another (singular values from "
            f"{values[-1]:.2f} to {values[0]:.2f})",
            expected=f"independent random numbers (between {low} and {high})",
            mistake=name_of_dependence(weight, what),
        )
    # The 44,850 products of the numbers above the diagonal with those below are independent, of
    # mean 0 and, in parts of the variance, standard deviation 1. For normal numbers their mean
    # strays by t = 0.1 with a probability of at most 2 exp(-44,850 t^2 / 4) = 4e-49 (Bernstein; the
    # products have exponential tails); where one is the other, it is 1.
    square = weight_of(300, 300)
    square -= square.mean()
    above = np.triu_indices(300, 1)
    agreement = np.mean(square[above] * square.T[above]) / max(square.var(), 1e-30)
    expect_true(
        bool(abs(agreement) < 0.1) or repeated(square),
        seen=f"Linear(300, 300).weight, where W[i, j] and W[j, i] agree to {agreement:.0%}",
        expected="independent random numbers",
        mistake="the weights of a square layer are mirrored along the diagonal"
        if agreement > 0.98
        else None,
    )


def name_of_dependence(weight: np.ndarray, what: str) -> str:
    """How the columns of a weight depend on one another."""
    weight = weight.astype(np.float64)
    lengths = np.maximum(np.linalg.norm(weight, axis=0), 1e-30)
    if lengths.min() < 1e-20:
        return f"all weights of some {what}s are zero"
    agreement = (weight / lengths).T @ (weight / lengths)
    np.fill_diagonal(agreement, 0)
    parallel = np.abs(agreement) > 1 - 1e-9
    alike = parallel & np.isclose(lengths, lengths[:, None], rtol=1e-4)
    if not parallel.any():
        return "the weights are not independent: some are computed from others"
    if np.count_nonzero(alike) < np.count_nonzero(parallel) / 2:
        return f"some {what}s have the weights of others, times a number"
    if agreement[alike].max() > 0:
        return f"some {what}s have the same weights as others"
    return f"some {what}s have the negative weights of others"


@check(
    "Initialization",
    about="Linear.__init__",
    needs=(PRODUCT, SPREAD, "test_weights_are_independent"),
    hint=1,
)
def test_spread_depends_on_the_inputs_alone() -> None:
    """The spread is right for narrow layers too, and whatever the number of units"""
    # 50,000 numbers each, and twice the tolerance above: 4% are 8% in the variance, so a = 73, and
    # a false alarm has a probability of 4e-32 for normal numbers; for those of Laplace it takes 8
    # standard errors. The smallest mistake that is named here, for 2 inputs, is 18% off, which is
    # 45 standard errors beyond the tolerance.
    sizes = [(1, 50_000), (2, 25_000), (400, 125)]
    weights = [weight_of(*size) for size in sizes]
    inputs, units = np.array(sizes).T
    names = {
        "the scale is sqrt(1 / (in_features + 1)): the bias is no input": np.sqrt(1 / (inputs + 1)),
        "the weights are scaled by out_features instead of in_features": np.sqrt(1 / units),
    }
    expect_spread(weights, names, 2 * SPREAD_TOLERANCE)


@check("Initialization", about="Linear.__init__", needs=(PRODUCT, BIAS), hint=2)
def test_parameters_are_float32() -> None:
    """Weight and bias are float32"""
    layer = layers.Linear(5, 4)
    for name in ("weight", "bias"):
        if getattr(layer, name, None) is None:
            raise StandsBack(PRODUCT)
        expect_dtype(
            f"layer.{name}",
            attribute(layer, name),
            np.float32,
            f"the {name} is not float32, and slows down all that is computed with it",
        )


# ---- Gradients -----------------------------------------------------------------------------------


@check(
    "Gradient Flow",
    about=("Linear.forward", "Linear.__call__", "Linear"),
    needs=(PRODUCT, BIAS),
    hint=2,
)
def test_gradients_flow_through_linear() -> None:
    """Gradients reach the input, the weight and the bias of Linear"""
    layer = linear(W, B)
    layer.weight.requires_grad = layer.bias.requires_grad = True
    (to_x,) = gradients(layer, X, weights=UPSTREAM)
    to_weight, to_bias = layer.weight.grad, layer.bias.grad
    y = numbers("layer(x)", linear(W, B)(tensor.Tensor(X)))
    changed = {
        "the weight": linear(W + 1, B)(tensor.Tensor(X)),
        "the bias": linear(W, B + 1)(tensor.Tensor(X)),
        "x": linear(W, B)(tensor.Tensor(X + 1)),
    }
    for name, owner, seen, expected in (
        ("layer.weight.grad", "the weight", to_weight, X.T @ UPSTREAM),
        ("layer.bias.grad", "the bias", to_bias, UPSTREAM.sum(0)),
        ("x.grad", "x", to_x, UPSTREAM @ W.T),
    ):
        unused = equal(numbers("layer(x)", changed[owner]), y)  # which is another check's claim
        expect_gradient(
            name,
            None if seen is None else numbers(name, seen),
            expected,
            missing=None if unused else unreached(owner),
        )
    zeros = linear(W, np.zeros(3))
    zeros.weight.requires_grad = zeros.bias.requires_grad = True
    gradients(zeros, X, weights=UPSTREAM)
    to_bias = zeros.bias.grad
    expect_gradient(
        "layer.bias.grad, where the bias is still zero,",
        None if to_bias is None else numbers("layer.bias.grad", to_bias),
        UPSTREAM.sum(0),
        missing="a bias of zeros is left out, so that it gets no gradient and stays zero",
    )


UPSTREAM = np.array([[1.0, -2.0, 0.5], [2.0, 3.0, -1.0], [0.25, 1.0, 4.0]])


@check("Gradient Flow", about=DROPOUT, needs=(INFERENCE, ZEROS, SCALE), hint=3)
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
        missing=unreached("x"),
    )


@check("Gradient Flow", about=DROPOUT, needs=INFERENCE, hint=1)
def test_gradients_flow_through_dropout_in_inference() -> None:
    """The gradient of Dropout passes unchanged in inference"""
    dropout = layers.Dropout(0.5)
    (to_x,) = gradients(lambda x: dropout(x, training=False), VALUES, weights=VALUES + 1)
    expect_gradient(
        "x.grad",
        to_x,
        VALUES + 1,
        missing=unreached("x"),
    )


# ---- Dropout's randomness ------------------------------------------------------------------------


@check(
    "Dropout Randomness", about=("Dropout.__init__", "Dropout.forward"), needs=(INFERENCE, ZEROS)
)
def test_dropout_defaults() -> None:
    """Dropout() drops half, and drops unless told otherwise"""
    # By Hoeffding's inequality the fraction dropped of 60,000 elements is off by 0.08 with a
    # probability of at most 2 exp(-2 * 60,000 * 0.08^2), which is 0. They are drawn in 20 calls of
    # 50 rows, so that it takes 5 standard errors even where rows are dropped whole, which has a
    # check of its own.
    default = dropped_by(layers.Dropout())
    if abs(default - 0.5) < 0.08:
        return
    if all_or_nothing(layers.Dropout(0.5)):
        raise StandsBack(ZEROS)
    told = dropped_by(layers.Dropout(), training=True)
    half = dropped_by(layers.Dropout(0.5), training=True)
    raise Mistake(
        seen=f"Dropout()(x) drops {default:.0%} of the elements",
        expected="about half of them",
        mistake=None
        if abs(half - 0.5) > 0.08
        else "training is off unless asked for; training=True is the default"
        if abs(told - 0.5) < 0.08
        else "`p` is not 0.5 by default",
        about=DROPOUT if abs(half - 0.5) < 0.08 and abs(told - 0.5) < 0.08 else (),
    )


def dropped_by(dropout: Any, **options: bool) -> float:
    """The fraction that is dropped in many calls."""
    calls = [numbers("dropout(x)", dropout(ones(50, 60), **options)) for _ in range(20)]
    return float(np.mean(np.array(calls) == 0))


@check("Dropout Randomness", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=2)
def test_dropout_meets_its_probability() -> None:
    """Elements are dropped with probability p, for small and for large p"""
    if lag_of_repetition(mask_of(layers.Dropout(0.5), 128, 128)) is not None:
        raise StandsBack(NO_REPETITION)  # too few decisions to judge by
    # 200,000 elements: the tolerance and its probabilities are those above.
    probabilities = np.array([0.17, 0.3, 0.97, 0.07])
    dropouts = [layers.Dropout(p) for p in probabilities.tolist()]
    masks = [mask_of(dropout, *DRAWS) for dropout in dropouts]
    if used_again(*masks):
        raise StandsBack(NEW_MASK)
    expect(
        "the fractions of zeros with p=0.17, 0.3, 0.97 and 0.07",
        np.array([np.mean(~kept) for kept in masks]),
        probabilities,
        {
            KEPT: 1 - probabilities,
            "`p` is rounded to tenths": np.array([0.2, 0.3, 1.0, 0.1]),
            "`p` is rounded down to tenths": np.array([0.1, 0.3, 0.9, 0.0]),
            "a small p is raised to 0.1": np.array([0.17, 0.3, 0.97, 0.1]),
            "nothing is dropped where p is small": np.array([0.17, 0.3, 0.97, 0.0]),
            "everything is dropped where p is large": np.array([0.17, 0.3, 1.0, 0.07]),
        },
        tolerance=fraction_tolerance(masks[0].size) / 0.97,
    )


@check("Dropout Randomness", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=2)
def test_dropout_draws_a_new_mask_each_time() -> None:
    """Each call draws a new mask"""
    # The same mask of 500 elements twice, or each other's complement, has probability 2^-499.
    dropout = layers.Dropout(0.5)
    first, second = (mask_of(dropout, 20, 25) for _ in range(2))
    another, rarer = (mask_of(layers.Dropout(p), 20, 25) for p in (0.5, 0.2))
    if 0 < first.mean() < 1:
        later = [mask_of(dropout, 20, 25) for _ in range(10)]
        expect_true(
            not np.array_equal(first, second),
            seen="the same mask twice",
            expected="another one for each call",
            mistake="a mask is used for more than one call"
            if any(not np.array_equal(first, mask) for mask in later)
            else "the mask is made once and kept"
            if not np.array_equal(first, another)
            else PATTERN
            if patterned(first)
            else "layers share one mask, which is made once, outside of them"
            if np.array_equal(first, rarer)
            else "each call seeds a generator, or uses the same mask again",
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
            mistake="each mask is the opposite of the one before",
        )


PATTERN = "the mask is a fixed pattern, with nothing random in it"


def patterned(mask: np.ndarray) -> bool:
    """Whether a mask is the same again and again, or has all that is dropped in one place."""
    decisions = mask.reshape(-1)
    return np.count_nonzero(np.diff(decisions)) < 3 or any(
        np.array_equal(decisions[lag:], decisions[:-lag]) for lag in range(1, 100)
    )


def mask_of(dropout: Any, *shape: int) -> np.ndarray:
    """Which elements survive in training."""
    return expect_tensor("dropout(x)", dropout(ones(*shape), training=True)) != 0


# A sum of n independent signs strays from 0 by n t or more with a probability of at most
# 2 exp(-n t^2 / 2) (Hoeffding). With a false alarm of 2e-11 shared among all pairs of rows, of
# which there are 79,800, and n = 500, t = 0.39; among 124,750 pairs of columns, and n = 400, 0.43.
# Two rows that share their mask have 1.
AGREEMENT = 0.45


@check(
    "Dropout Randomness",
    about=DROPOUT,
    needs=(INFERENCE, ZEROS, NEW_MASK),
    hint=2,
)
def test_dropout_decides_for_each_element() -> None:
    """Each element is dropped by itself, not with its row or its column"""
    kept = mask_of(layers.Dropout(0.5), 400, 500)
    if kept.min() == kept.max():
        raise StandsBack(ZEROS)
    expect_own_decisions(kept)
    expect_decisions_in_three_dimensions()
    lag = lag_of_repetition(kept)
    if lag is None:
        expect_nothing_spared(kept)
    signs = ((kept - kept.mean()) / kept.std()).astype(np.float32)
    for what, rows in (("row", signs), ("column", signs.T)):
        agreement = rows @ rows.T / rows.shape[1]
        np.fill_diagonal(agreement, 0)
        pairs = np.argwhere(np.abs(agreement) > AGREEMENT)
        if len(pairs):
            first, second = pairs[0]
            how_much = agreement[first, second]
            alike = {"the same mask as": how_much > 0.98, "the opposite mask of": how_much < -0.98}
            names = [f"some {what}s have {words} others" for words, so in alike.items() if so]
            if lag is not None and (name := name_of_repetition(kept, lag)):
                names = [name]
            raise Mistake(
                seen=f"{what}s {first} and {second} have masks that agree to {how_much:.0%}",
                expected="about 0%, with a decision for each element by itself",
                mistake=names[0] if names else None,
            )


def expect_own_decisions(kept: np.ndarray) -> None:
    """A mask that is not shared by all rows or by all columns."""
    names = {
        0: "one mask is drawn for a row, and used for every row",
        1: "one mask is drawn for a column, so that rows are dropped whole",
    }
    for axis, name in names.items():
        expect_true(
            not (kept == kept.take([0], axis)).all(),
            seen=f"every {('row', 'column')[axis]} has the same mask",
            expected="a decision for each element by itself",
            mistake=PATTERN if patterned(kept) else name,
        )


def expect_nothing_spared(kept: np.ndarray) -> None:
    """A mask of 400 by 500 in which something is dropped from every row and column."""
    # That 400 elements all survive has a probability of 2^-400; there are 900 rows and columns.
    for axis, what in enumerate(("column", "row")):
        spared = np.flatnonzero(kept.all(axis=axis))
        expect_true(
            not len(spared),
            seen=f"nothing dropped in {what} {', '.join(map(str, spared[:3]))} of {kept.shape}",
            expected="about half of it",
            mistake=f"the first {what} is never dropped"
            if list(spared) == [0]
            else f"the last {what} is never dropped"
            if list(spared) == [kept.shape[1 - axis] - 1]
            else f"some {what}s are never dropped",
        )


def expect_decisions_in_three_dimensions() -> None:
    """A mask that is not shared along any of three axes."""
    # That a mask of 8 by 9 by 10 repeats itself along an axis has a probability of at most 2^-630.
    try:
        kept = mask_of(layers.Dropout(0.5), 8, 9, 10)
    except (ValueError, TypeError, IndexError):
        return  # another check's claim
    for axis in range(3):
        if kept.shape == (8, 9, 10) and kept.any() and (kept == kept.take([0], axis)).all():
            raise Mistake(
                seen=f"with x of shape (8, 9, 10), the mask is the same all along axis {axis}",
                expected="a decision for each element by itself",
                mistake="with three dimensions, one mask is used again and again along axis "
                f"{axis}",
            )


def name_of_repetition(kept: np.ndarray, lag: int) -> str | None:
    """How a mask repeats itself, in words; None where it depends on itself in another way."""
    decisions = kept.reshape(-1)[:16_384]
    alike = np.mean(decisions[lag:] == decisions[:-lag])  # half of them by chance
    if lag == 1 and alike > 0.72:  # pairs make it 0.75
        return "neighbours are dropped together: one decision is used for more than one element"
    if alike > 0.98:
        return f"the mask repeats itself after {lag} elements"
    return f"the mask turns into its opposite after {lag} elements" if alike < 0.02 else None


@check(
    "Dropout Randomness",
    about=DROPOUT,
    needs=(
        ZEROS,
        NEW_MASK,
        OWN_DECISIONS,
    ),
    hint=2,
)
def test_dropout_does_not_repeat_its_mask() -> None:
    """The mask does not repeat itself along the way"""
    kept = mask_of(layers.Dropout(0.5), 128, 128)
    if kept.min() < kept.max():
        expect_own_decisions(kept)
    lag = lag_of_repetition(kept)
    expect_true(
        lag is None,
        seen=f"a mask that depends on itself {lag} elements before",
        expected="a decision for each element by itself",
        mistake=None if lag is None else name_of_repetition(kept, lag),
    )


@check("Dropout Randomness", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=2)
def test_dropout_drops_a_random_number() -> None:
    """How many are dropped is left to chance, too"""
    # Out of 100 elements just 50 are dropped with a probability of 0.08, the largest there is. That
    # 40 calls drop the same number has a probability of at most 0.08^39 = 2e-43.
    dropout = layers.Dropout(0.5)
    masks = [~mask_of(dropout, 10, 10) for _ in range(40)]
    counts = [int(np.sum(mask)) for mask in masks]
    # A mask that is used again, or turned round, is another check's claim.
    always_the_same = all(
        np.array_equal(mask, masks[0]) or np.array_equal(mask, ~masks[0]) for mask in masks
    )
    if counts[0] in (0, 100) and len(set(counts)) == 1:
        raise StandsBack(ZEROS)
    if always_the_same:
        raise StandsBack(NEW_MASK)
    expect_true(
        len(set(counts)) > 1,
        seen=f"{counts[0]} of 100 elements dropped in every call",
        expected="about 50, now more, now fewer",
        mistake="a fixed number of elements is dropped, not each one with probability p",
    )


@check("Dropout Randomness", about=DROPOUT, needs=(INFERENCE, ZEROS), hint=2)
def test_dropout_is_blind_to_values() -> None:
    """Whether an element is dropped does not depend on its value"""
    # Some 30,000 elements of each kind: by Hoeffding's inequality, t = 0.021.
    kinds = np.array([-3.0, -0.01, 0.01, 3.0])
    x = np.random.default_rng(1).choice(kinds, (300, 400))
    kept = expect_tensor("dropout(x)", layers.Dropout(0.5)(tensor.Tensor(x), training=True)) != 0
    if lag_of_repetition(kept) is not None:
        raise StandsBack(NO_REPETITION)  # too few decisions to judge by
    fractions = np.array([kept[x == kind].mean() for kind in kinds])
    fewest = min(np.count_nonzero(x == kind) for kind in kinds)
    tolerance = 2 * fraction_tolerance(fewest)  # two of them are compared
    expect_true(
        bool(np.ptp(fractions) <= tolerance),
        seen="of "
        + ", ".join(f"{f:.0%} of {k:g}" for f, k in zip(fractions, kinds, strict=True))
        + " survive",
        expected="all alike",
        mistake=next(
            (
                f"{kind} numbers are dropped more often: the values decide, not chance alone"
                for kind, indices in (
                    ("negative", [0, 1]),
                    ("positive", [2, 3]),
                    ("small", [1, 2]),
                    ("large", [0, 3]),
                )
                if fractions[indices].max() + tolerance < np.delete(fractions, indices).min()
            ),
            None,
        ),
    )


# ---- Edge cases ----------------------------------------------------------------------------------

LINEAR = ("Linear.forward", "Linear.__call__", "Linear")


@check("Edge Cases", about=LINEAR, needs=PRODUCT, hint=2)
def test_linear_takes_any_batch_dimensions() -> None:
    """Any number of batch dimensions: (2, 5, 3) → (2, 5, 4), row by row"""
    weight, bias = np.arange(12.0).reshape(3, 4) / 10, np.arange(4.0)
    x = np.arange(30.0).reshape(2, 5, 3) / 10 - 1
    # A layer of its own for each: what one remembers of earlier calls is another check's claim.
    flat = linear(weight, bias)(tensor.Tensor(x.reshape(10, 3)))
    rows = numbers("layer(row)", flat).reshape(2, 5, 4)
    with refusing(
        "layer(x) of shape (2, 5, 4) for x of shape (2, 5, 3)",
        "more than one batch dimension is refused",
    ):
        y = expect_tensor("layer(x)", linear(weight, bias)(tensor.Tensor(x)))
    expect(
        "layer(x)",
        y,
        rows,
        {
            "the batch dimensions are flattened": rows.reshape(10, 4),
            "with more than one batch dimension the bias is left out": rows - bias,
        },
    )


@check("Edge Cases", about=LINEAR, needs=(PRODUCT, BIAS), hint=2)
def test_linear_takes_a_single_sample() -> None:
    """A single sample needs no batch: (784,) → (256,)"""
    right = computes_right()
    one = numbers("layer(x)", linear(W, B)(ones(1, 3)))
    expect_true(
        one.shape == (1, 3),
        seen=f"layer(x) of shape {one.shape} for x of shape (1, 3)",
        expected="shape (1, 3)",
        mistake="a batch of one sample loses its batch dimension"
        if right and one.shape == (3,)
        else None,
    )
    with refusing(
        "layer(x) of shape (3,) for x of shape (3,)",
        "a single sample is refused: it should need no batch around it",
    ):
        y = numbers("layer(x)", linear(W, B)(ones(3)))
    expect_true(
        y.shape == (3,),
        seen=f"layer(x) of shape {y.shape} for x of shape (3,)",
        expected="shape (3,)",
        mistake=None
        if y.shape != (1, 3)
        else BIAS_IN_A_ROW
        if attribute(linear(W, B), "bias").data.ndim == 2
        else "a single sample comes back as a batch of one",
    )
    names = {
        "a single sample gets no bias": W.sum(axis=0),
        "for a single sample the weight is transposed": W.sum(axis=1) + B,
    }
    expect("layer(x)", y, W.sum(axis=0) + B, names if right else {})


def computes_right() -> bool:
    """Whether a layer is right about a batch; if not, that is another check's claim."""
    return equal(numbers("layer(x)", linear(W, B)(tensor.Tensor(X))), X @ W + B)


@check("Edge Cases", about=LINEAR, needs=(PRODUCT, SHAPE, ZEROS, DIMENSIONS, SINGLE))
def test_linear_takes_an_empty_batch() -> None:
    """An empty batch gives an empty result: (0, 784) → (0, 256)"""
    linear, dropout = layers.Linear(784, 256), layers.Dropout(0.5)
    for about, call, size, result in (
        (LINEAR, linear, 784, (0, 256)),
        (DROPOUT, lambda x: dropout(x, training=True), 4, (0, 4)),
    ):
        with blaming(*about):
            call(ones(2, size))  # what fails for two samples too is another check's claim
            expected = f"a result of shape {result} for x of shape (0, {size})"
            with refusing(expected, "an empty batch is refused"):
                y = call(ones(0, size))
            expect_shape(f"the result for x of shape (0, {size})", y, result)


@check(
    "Edge Cases",
    about=LINEAR,
    needs=(
        PRODUCT,
        "test_gradients_flow_through_linear",
        DIMENSIONS,
        SINGLE,
    ),
    hint=2,
)
def test_gradients_flow_whatever_the_batch() -> None:
    """Gradients flow for a single sample, and for batches of batches"""
    (to_batch,) = gradients(linear(W, B), X)
    for shape, what in (((3,), "a single sample"), ((2, 4, 3), "batches of batches")):
        (to_x,) = gradients(linear(W, B), np.ones(shape))
        expect_gradient(
            "x.grad",
            to_x,
            np.broadcast_to(W.sum(axis=1), shape),
            missing=None if to_batch is None else f"no gradient reaches x where x is {what}",
        )


@check(
    "Edge Cases",
    about=("Linear.__init__", "Linear.forward"),
    needs=(PRODUCT, LIST, NETWORK),
    hint=3,
)
def test_linear_without_bias() -> None:
    """Without a bias, y = xW, and the weight is the only parameter"""
    layer = layers.Linear(3, 3, bias=False)
    attribute(layer, "weight").data[...] = W
    bias = getattr(layer, "bias", None)
    if bias is not None:
        expect_bias(layers.Linear(3, 3))
        is_tensor = isinstance(bias, tensor.Tensor)
        raise Mistake(
            seen=f"layer.bias is {'a tensor' if is_tensor else repr(bias)}",
            expected="layer.bias is None",
            mistake=f"the bias is kept as {brief(bias)} instead of None"
            if not is_tensor
            else "`bias=False` is ignored"
            if bias.requires_grad
            else "there are zeros that cannot be trained, where there should be None",
        )
    with_bias = layers.Linear(3, 3)
    expect_bias(with_bias)
    expect_parameters(with_bias, {name: attribute(with_bias, name) for name in ("weight", "bias")})
    expect_parameters(layer, {"weight": layer.weight})
    try:
        result = layer(tensor.Tensor(X))
    except TypeError as error:
        if "None" not in str(error):
            raise
        raise Mistake(
            seen=f"TypeError: {error}",
            expected="x @ W, without a bias",
            mistake="where there is no bias, None is added: ask `self.bias is None` first",
        ) from error
    y = expect_tensor("layer(x)", result)
    names = {"the weight is transposed where there is no bias": X @ W.T}
    expect("layer(x)", y, X @ W, names if computes_right() else {})


@check("Edge Cases", about=DROPOUT, needs=(INFERENCE, ZEROS, SCALE), hint=2)
def test_dropout_takes_any_shape() -> None:
    """Dropout takes a single sample, and any number of dimensions"""
    kept = mask_of(layers.Dropout(0.5), 20, 20)
    expect_shape("dropout(x) with x of shape (20, 20)", kept, (20, 20))
    # Where decisions are shared, or a row or a column is spared, that is another check's claim.
    drops = not any(
        (kept == kept.take([0], axis)).all() or kept.all(axis=axis).any() for axis in (0, 1)
    )
    # That 400 elements all survive by chance has a probability of 2^-400.
    for shape, what in (
        ((400,), "a single sample"),
        ((1, 400), "a batch of one"),
        ((400, 1), "samples of one number"),
        ((2, 10, 20), "a batch of three dimensions"),
        ((1, 4, 10, 10), "a batch of four dimensions"),
    ):
        expected = f"dropout(x) of shape {shape} for x of shape {shape}"
        with refusing(expected, f"Dropout refuses {what}"):
            y = layers.Dropout(0.5)(ones(*shape), training=True)
        expect_shape(f"dropout(x) with x of shape {shape}", y, shape)
        expect_true(
            bool((y.data == 0).any()) or not drops,
            seen=f"nothing dropped of x with shape {shape}",
            expected="about half of it",
            mistake=f"nothing is dropped from {what}",
        )


@check("Edge Cases", about=("Dropout.parameters", "Dropout"))
def test_dropout_has_nothing_to_train() -> None:
    """Dropout has no parameters"""
    expect_nothing_to_train("a Dropout", layers.Dropout(0.5))


@check("Edge Cases", about=LINEAR, needs=(PRODUCT, SHAPE, SCALE))
def test_layers_leave_their_input_alone() -> None:
    """The input is as it was afterwards"""
    arrays = (VALUES, 1e6 * VALUES, VALUES[0], VALUES.reshape(2, 1, 4))
    for about, make in ((LINEAR, lambda: layers.Linear(4, 4)), (DROPOUT, layers.Dropout)):
        for array in arrays:
            with blaming(*about):
                x = tensor.Tensor(array.astype(np.float32))
                # That it ends in an error is another check's claim.
                with untouched(x=x), suppress(ValueError, TypeError, IndexError):
                    expect_tensor("layer(x)", make()(x))


@check("Edge Cases", about=LINEAR, needs=(PRODUCT, INFERENCE, ZEROS, NEW_MASK))
def test_a_layer_does_the_same_each_time() -> None:
    """Calling a layer twice gives the same result twice"""
    layer = linear(W, B)
    expect_separate_calls("layer(x)", layer, (X,), (np.ones((3, 3)),), known=computes_right())
    first = numbers("layer(x)", layer(tensor.Tensor(X)))
    layer(tensor.Tensor(np.ones((5, 3))))
    expect("layer(x), the second time,", layer(tensor.Tensor(X)), first)
    with blaming(*DROPOUT):
        expect_no_memory_in_dropout()


def expect_no_memory_in_dropout() -> None:
    """Calls of a dropout that have nothing to do with one another."""
    # That 800 elements all survive by chance has probability 2^-800; that 40 rows do, 2^-40.
    dropout = layers.Dropout(0.5)
    before = numbers("dropout(x)", dropout(ones(10, 20), training=True))
    dropout(ones(3, 4), training=False)
    calls = [dropout(ones(10, 20), training=True) for _ in range(4)]
    after = np.array([numbers("dropout(x)", y) for y in calls])
    expect_true(
        bool((after == 0).any() or not 0.2 < np.mean(before == 0) < 0.8),
        seen="nothing is dropped with training=True, after a call with training=False",
        expected="about half of the elements dropped",
        mistake="training=False is remembered, and holds for later calls",
    )
    expect_shape("dropout(x)", dropout(ones(2, 5), training=True), (2, 5))
    dropout(ones(10, 20), training=True)
    y = numbers("dropout(x)", dropout(ones(10, 20), training=False))
    expect(
        "dropout(x, training=False), after training,",
        y,
        np.ones((10, 20)),
        {"in inference the mask of a call in training is used": y}
        if (y == 0).any() and not drops_in_inference()
        else {},
    )


@check("Edge Cases", about=LINEAR, needs=(PRODUCT, INFERENCE, ZEROS, "test_parameters_are_float32"))
def test_layers_keep_float32() -> None:
    """float32 in, float32 out; float64 in, float64 out of Dropout"""
    layer = layers.Linear(4, 3)
    expect_bias(layer)
    own = {attribute(layer, name).data.dtype for name in ("weight", "bias")}
    known = own == {np.dtype(np.float32)}  # else another check's claim
    expect_same_dtype("Linear(4, 3)(x)", layer, VALUES, kinds=(np.float32,), known=known)
    dropout = layers.Dropout(0.3)
    with blaming(*DROPOUT):
        for training in (True, False):
            expect_same_dtype(
                f"dropout(x, training={training})",
                lambda x, training=training: dropout(x, training=training),
                VALUES,
            )


@check("Edge Cases", about=("Linear.__repr__", "Dropout.__repr__"))
def test_layers_can_be_printed() -> None:
    """Layers can be printed"""
    expect_printable("a Linear", layers.Linear(4, 3))
    expect_printable("a Linear without a bias", layers.Linear(4, 3, bias=False))
    expect_printable("a Dropout", layers.Dropout(0.5))


# ---- Arguments -----------------------------------------------------------------------------------


@check("Arguments", about=LINEAR, needs=(PRODUCT, SHAPE))
def test_linear_explains_a_wrong_input() -> None:
    """An input of the wrong size is an error that says so"""
    layer = layers.Linear(784, 256)
    layer(ones(32, 784))
    for shape, mistake in {
        (32, 28, 28): "images of 28 by 28 are accepted as if they were rows of 784",
        (32, 785): "an input with a number too many is accepted",
        (32, 783): "an input with a number too few is accepted",
        (256,): "an input with the size of the output is accepted",
        (): "a single number is accepted",
    }.items():
        expect_error(
            f"Linear(784, 256)(x) with x of shape {shape}",
            lambda shape=shape: layer(ones(*shape)),
            mistake,
        )


@check("Arguments", about="Linear.__init__", needs=PRODUCT)
def test_linear_explains_wrong_sizes() -> None:
    """Negative and fractional sizes are errors"""
    attribute(layers.Linear(3, 3), "weight")
    for sizes in ((-1, 3), (3, -1), (2.5, 3), (3, 2.5)):
        wrong = next(size for size in sizes if size != 3)
        expect_error(
            f"Linear{sizes}",
            lambda sizes=sizes: layers.Linear(*sizes),
            f"{wrong} {'inputs' if sizes[0] == wrong else 'units'} are accepted",
        )


@check("Arguments", about="Dropout.__init__")
def test_dropout_explains_a_wrong_probability() -> None:
    """A probability outside [0, 1] is an error"""
    for p in (-0.5, -1e-6, 1.000001, 1.5, 2):
        expect_error(
            f"Dropout(p={p})",
            lambda p=p: layers.Dropout(p),
            "a negative probability is accepted" if p < 0 else "a probability above 1 is accepted",
        )


@check("Arguments", about="Linear", needs=(PRODUCT, SHAPE, INFERENCE, ZEROS))
def test_layers_leave_the_world_alone() -> None:
    """NumPy's settings and the shared generators stay as they are"""

    def use() -> None:
        x = ones(2, 4)
        expect_tensor("layer(x)", layers.Linear(4, 3)(x))
        dropout = layers.Dropout(0.5)
        for training in (True, False):
            expect_tensor("dropout(x)", dropout(x, training=training))
        import_again("layers")

    expect_undisturbed(use)
