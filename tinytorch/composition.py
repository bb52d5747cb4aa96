"""What layers have in common: how they are called, and how they find what they are made of.

A layer may hold parameters and other layers, as attributes, or in lists, tuples and dictionaries
that are attributes. So a network is a layer too: it is called like one, and its parameters are
those of all the layers in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from tinytorch.core.tensor import Tensor


class Layer:
    """A function from tensors to tensors, with the parameters that define it.

    A layer of one's own defines `forward`, and sets its parameters and the layers that it is made
    of as attributes.

    >>> class Network(Layer):
    ...     def __init__(self):
    ...         self.layers = [Linear(784, 256), ReLU(), Linear(256, 10, bias=False)]
    ...
    ...     def forward(self, x):
    ...         for layer in self.layers:
    ...             x = layer(x)
    ...         return x
    >>> list(Network().named_parameters())
    ['layers.0.weight', 'layers.0.bias', 'layers.2.weight']

    Attributes:
        training: whether the layer is in training, or at inference; see `train`.
    """

    training: bool = True

    def forward(self, *inputs: Any, **options: Any) -> Tensor:
        """Compute the layer's output, for the input `x` and whatever else the layer takes."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward(x)")

    def __call__(self, *inputs: Any, **options: Any) -> Tensor:
        return self.forward(*inputs, **options)

    def parameters(self) -> list[Tensor]:
        """The tensors that training adjusts, each with `requires_grad=True`, and each once.

        They come in the order in which they, or the layers that hold them, were set. A layer that
        defines `parameters` itself is asked for its own.
        """
        found: dict[int, Tensor] = {}
        for name, part in _parts(self, whole=False):
            if _is_parameter(part):
                found[id(part)] = part
            elif name and _has_its_own(part):
                found |= {id(parameter): parameter for parameter in _listed(part)}
        return list(found.values())

    def named_parameters(self) -> dict[str, Tensor]:
        """The parameters by name: `layer1.weight`, or `blocks.0.bias` in a list of layers.

        What is held twice has the name that comes first. A parameter that no attribute holds has
        its place in `parameters()` for a name.

        Raises:
            ValueError: two parameters have the same name.
        """
        names = {id(part): name for name, part in _parts(self)}
        return _by_name((names.get(id(p), str(i)), p) for i, p in enumerate(_listed(self)))

    def state(self) -> dict[str, Tensor]:
        """What there is to save: the parameters and all other tensors that were set, by name.

        They are the layers' own tensors, not copies. What was computed from parameters is left out.
        """
        held = _by_name((name, part) for name, part in _parts(self) if _is_leaf(part))
        return self.named_parameters() | held

    def load_state(self, tensors: Mapping[str, Any]) -> None:
        """Copy numbers, such as those that `load` reads from a file, into the tensors of `state()`.

        Args:
            tensors: tensors or arrays, by the names and in the shapes that `state()` has.

        Raises:
            TypeError: `tensors` is no dictionary, or something in it holds no numbers that fit.
            ValueError: a name is missing or not known here, a shape is another, or a tensor cannot
                be written to. Then nothing has been copied.
        """
        if not isinstance(tensors, Mapping):
            kind = type(tensors).__name__
            raise TypeError(f"load_state takes a dictionary of tensors by name, got one {kind}")
        own = self.state()
        for names, problem in (
            ([name for name in own if name not in tensors], "did not get"),
            ([name for name in tensors if name not in own], "has no place for"),
        ):
            if names:
                raise ValueError(
                    f"{type(self).__name__}.load_state {problem} {_shortly(names)}; "
                    "pass what state() gave of a network that was made in the same way"
                )
        arrays = [(_fitting(name, tensors[name], tensor), tensor) for name, tensor in own.items()]
        for array, tensor in arrays:
            tensor.data[...] = array

    def train(self, training: bool = True) -> Self:
        """Put this layer and all that it holds into training, or with False into inference.

        It is what a layer such as Dropout goes by when it is called without `training=`.

        Returns:
            The layer itself.
        """
        for _, part in _parts(self):
            if isinstance(part, Layer):
                part.training = bool(training)
        return self

    def eval(self) -> Self:
        """Put this layer and all that it holds into inference: `train(False)`."""
        return self.train(False)


def run(network: Callable[..., Tensor], inputs: Any, training: bool) -> Tensor:
    """What a network makes of inputs, in training or at inference.

    It is called as `network(inputs, training=training)`. A layer whose `forward` takes no
    `training` is put into that mode for this call, with all that it holds.
    """
    if not isinstance(network, Layer) or _takes_training(type(network)):
        return network(inputs, training=training)
    modes = [(part, part.training) for _, part in _parts(network) if isinstance(part, Layer)]
    network.train(training)
    try:
        return network(inputs)
    finally:
        for layer, mode in modes:
            layer.training = mode


def _takes_training(kind: type[Layer]) -> bool:
    """Whether layers of a class can be called with `training=`."""
    return _has_training(kind.forward if kind.__call__ is Layer.__call__ else kind.__call__)


@cache
def _has_training(function: Callable[..., Tensor]) -> bool:
    taken = signature(function).parameters.values()
    return any(one.name == "training" or one.kind is one.VAR_KEYWORD for one in taken)


def _parts(
    value: Any, name: str = "", whole: bool = True, seen: set[int] | None = None
) -> Iterator[tuple[str, Any]]:
    """The layers and tensors in a value, itself included, by name, and each once.

    Args:
        value: a layer, a tensor, a list, tuple or dictionary; in other things there are none.
        name: what the value is called.
        whole: whether to look into layers that list their parameters themselves.
        seen: the `id` of all that was found before.
    """
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    parts: Mapping[Any, Any] = {}
    if _is_layer(value):
        yield name, value
        if whole or not name or not _has_its_own(value):
            parts = getattr(value, "__dict__", {})
    elif _is_tensor(value):
        yield name, value
    elif isinstance(value, dict):
        parts = value
    elif isinstance(value, (list, tuple)):
        parts = dict(enumerate(value))
    for key, part in parts.items():
        yield from _parts(part, f"{name}.{key}" if name else str(key), whole, seen)


def _is_layer(part: Any) -> bool:
    """Whether it has parameters to ask for: a layer may do without the base class."""
    return callable(getattr(type(part), "parameters", None))


def _has_its_own(part: Any) -> bool:
    """Whether a layer lists its parameters itself."""
    return _is_layer(part) and type(part).parameters is not Layer.parameters


def _is_tensor(part: Any) -> bool:
    # Not by its class: this file stands below that of the tensor, and a learner may write another.
    return isinstance(getattr(part, "requires_grad", None), bool)


def _is_leaf(part: Any) -> bool:
    """Whether it is a tensor that was made, and not computed from one that requires a gradient."""
    return _is_tensor(part) and part._node is None and not part._unrecorded


def _is_parameter(part: Any) -> bool:
    return _is_leaf(part) and part.requires_grad


def _listed(layer: Any) -> list[Tensor]:
    """The parameters that a layer lists."""
    parameters = layer.parameters()
    if not isinstance(parameters, Iterable):
        raise TypeError(
            f"{type(layer).__name__}.parameters() gave {parameters!r:.60}, expected a list of "
            "tensors"
        )
    return list(parameters)


def _by_name(pairs: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, tensor in pairs:
        if name in named:
            raise ValueError(f"two tensors of the network are called {name}; rename one of them")
        named[name] = tensor
    return named


def _shortly(names: list[Any]) -> str:
    """The first few of many names."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(str, names[:3])) + more


def _fitting(name: str, value: Any, tensor: Tensor) -> Any:
    """The numbers to copy into a tensor, as an array of its shape."""
    array = value.data if _is_tensor(value) else value
    try:
        if not hasattr(array, "dtype"):
            array = np.asarray(array)
        if not np.can_cast(array.dtype, tensor.dtype, "same_kind"):
            raise TypeError(f"load_state got {array.dtype} for {name}, which holds {tensor.dtype}")
        with np.errstate(over="ignore"):
            fitting = array.astype(tensor.dtype)
        # Looked for in the numbers, since in a browser no processor tells of an overflow.
        if np.isfinite(array[~np.isfinite(fitting)]).any():
            raise OverflowError
        array = np.asarray(fitting, like=tensor.data)
    except (ValueError, OverflowError):
        raise ValueError(
            f"load_state got {value!r:.60} for {name}, which are no numbers of {tensor.dtype} in "
            f"an array of shape {tensor.shape}"
        ) from None
    if array.shape != tensor.shape:
        fix = "; transpose it" if array.shape[::-1] == tensor.shape else ""
        raise ValueError(
            f"load_state got shape {array.shape} for {name}, expected {tensor.shape}{fix}"
        )
    if not getattr(getattr(tensor.data, "flags", None), "writeable", True):
        raise ValueError(f"load_state cannot write to {name}, whose array is read-only")
    return array
