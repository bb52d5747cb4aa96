"""Layers that hold layers: parameters by name, state to save and load, training or inference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Layer, Linear
from tinytorch.core.losses import CrossEntropyLoss
from tinytorch.core.optimizers import SGD
from tinytorch.core.tensor import Tensor
from tinytorch.core.training import Trainer, load, predict, save


class Block(Layer):
    """A layer made of layers, which says nothing of training."""

    def __init__(self, size: int) -> None:
        self.linear, self.relu, self.dropout = Linear(size, size), ReLU(), Dropout(0.5)

    def forward(self, x: Any) -> Tensor:
        return self.dropout(self.relu(self.linear(x)))


class Network(Layer):
    """Layers in a list, in a dictionary and by themselves, with a parameter of its own between."""

    def __init__(self) -> None:
        self.blocks = [Block(4), Block(4)]
        self.scale = Tensor(1.0, requires_grad=True)
        self.heads = {"first": Linear(4, 3), "second": (Linear(4, 2, bias=False),)}

    def forward(self, x: Any) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.heads["first"](x * self.scale)


NAMES = [
    "blocks.0.linear.weight",
    "blocks.0.linear.bias",
    "blocks.1.linear.weight",
    "blocks.1.linear.bias",
    "scale",
    "heads.first.weight",
    "heads.first.bias",
    "heads.second.0.weight",
]


# ---- Parameters ----------------------------------------------------------------------------------


def test_parameters_are_found_in_lists_dictionaries_and_layers_in_the_order_they_were_set() -> None:
    network = Network()
    named = network.named_parameters()
    assert list(named) == NAMES
    assert [id(p) for p in network.parameters()] == [id(p) for p in named.values()]
    assert named["blocks.1.linear.bias"] is network.blocks[1].linear.bias
    assert all(p.requires_grad for p in network.parameters())


def test_a_shared_parameter_counts_once_under_its_first_name() -> None:
    network = Layer()
    network.encoder = Linear(3, 3)
    network.decoder = Linear(3, 3)
    network.decoder.weight = network.encoder.weight
    network.again = [network.encoder, network.decoder]
    assert list(network.named_parameters()) == ["encoder.weight", "encoder.bias", "decoder.bias"]
    assert len(network.parameters()) == 3


def test_a_layer_may_know_the_network_that_it_is_in() -> None:
    network = Layer()
    network.child = Linear(2, 2)
    network.child.parent = network
    network.itself = [network]
    assert list(network.named_parameters()) == ["child.weight", "child.bias"]
    assert network.eval().training is False


def test_what_was_computed_is_no_parameter_and_no_state() -> None:
    layer = Linear(2, 2)
    layer.last = layer(Tensor([[1.0, 2.0]]))
    with tinytorch.no_grad():
        layer.seen = layer(Tensor([[1.0, 2.0]]))
    assert list(layer.state()) == ["weight", "bias"]
    network = Layer()
    network.layer = layer
    network.history = [layer.last.sum()]
    assert list(network.named_parameters()) == ["layer.weight", "layer.bias"]


def test_a_layer_that_lists_its_parameters_itself_is_asked() -> None:
    class Half(Linear):
        def parameters(self) -> list[Tensor]:
            return [self.weight]

    class Hidden:  # no base class, and nothing under a name
        __slots__ = ("_held",)

        def __init__(self) -> None:
            self._held = (Tensor([1.0], requires_grad=True),)

        def parameters(self) -> tuple[Tensor, ...]:
            return self._held

    network = Layer()
    network.half, network.hidden = Half(2, 2), Hidden()
    assert network.parameters() == [network.half.weight, network.hidden._held[0]]
    assert list(network.named_parameters()) == ["half.weight", "1"]
    assert list(network.state()) == ["half.weight", "1", "half.bias"]


def test_a_layer_may_add_to_the_parameters_that_the_base_finds() -> None:
    extra = Tensor([1.0], requires_grad=True)

    class More(Block):
        def parameters(self) -> list[Tensor]:
            return [*super().parameters(), extra]

    network = Layer()
    network.more = More(2)
    assert network.parameters() == [*network.more.linear.parameters(), extra]


def test_parameters_that_gives_nothing_is_named() -> None:
    class Forgetful(Linear):
        def parameters(self) -> Any:
            [self.weight].copy()

    network = Layer()
    network.layer = Forgetful(2, 2)
    with pytest.raises(TypeError, match=r"Forgetful\.parameters\(\) gave None, expected a list"):
        network.parameters()


def test_two_parameters_with_one_name_are_an_error() -> None:
    network = Layer()
    network.layers = {1: Linear(1, 1), "1": Linear(1, 1)}
    with pytest.raises(ValueError, match=r"called layers\.1\.weight"):
        network.named_parameters()


def test_activations_are_layers_and_classes_are_not() -> None:
    network = Layer()
    network.activation, network.kind, network.sizes = ReLU(), Linear, [3, 4]
    assert isinstance(network.activation, Layer)
    assert network.parameters() == []


# ---- State ---------------------------------------------------------------------------------------


def test_a_network_is_saved_and_loaded(tmp_path: Path) -> None:
    network, other = Network(), Network()
    network.mean = Tensor([1.0, 2.0])
    other.mean = Tensor([0.0, 0.0])
    network.blocks[0].linear.weight.requires_grad = False  # frozen, and part of the network still
    before = other.parameters()
    save(tmp_path / "network.safetensors", network.state())
    other.load_state(load(tmp_path / "network.safetensors"))
    assert set(other.state()) == {*NAMES, "mean"}
    for name, tensor in network.state().items():
        assert np.array_equal(tensor.data, other.state()[name].data)
    assert all(a is b for a, b in zip(before, other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"weight": None}, ValueError, "Linear.load_state did not get weight"),
        ({"more": np.ones(1)}, ValueError, "Linear.load_state has no place for more"),
        ({"weight": np.ones((3, 2))}, ValueError, r"\(3, 2\) for weight, .* \(2, 3\); transpose"),
        ({"bias": np.ones(2)}, ValueError, r"shape \(2,\) for bias, expected \(3,\)"),
        ({"bias": 1.0}, ValueError, r"shape \(\) for bias, expected \(3,\)"),
        ({"bias": ["a", "b", "c"]}, TypeError, "for bias, which holds float32"),
        ({"bias": np.ones(3) * 1j}, TypeError, "got complex128 for bias, which holds float32"),
        ({"bias": [1e300, 0.0, 0.0]}, ValueError, r"got \[1e\+300.* for bias, .* of float32"),
        ({"bias": [[1.0], [2.0, 3.0]]}, ValueError, r"for bias, .* an array of shape \(3,\)"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(
    change: dict[str, Any], error: type[Exception], words: str
) -> None:
    layer = Linear(2, 3)
    before = layer.weight.data.copy()
    state = {"weight": np.ones((2, 3)), "bias": np.ones(3), **change}
    with pytest.raises(error, match=words):
        layer.load_state({name: value for name, value in state.items() if value is not None})
    assert np.array_equal(layer.weight.data, before)
    assert not layer.bias.data.any()


def test_a_list_is_no_state() -> None:
    with pytest.raises(TypeError, match="takes a dictionary of tensors by name, got one list"):
        Linear(1, 1).load_state([Tensor([1.0])])  # type: ignore[arg-type]


# ---- Training or inference -----------------------------------------------------------------------


def test_training_or_inference_is_said_to_the_whole_and_a_call_still_decides() -> None:
    network, x = Network(), Tensor(np.ones((50, 4)))
    dropout = network.blocks[1].dropout
    assert dropout.training
    assert network.eval() is network
    assert not dropout.training
    assert dropout(x) is x
    assert (dropout(x, training=True).data == 0).any()
    network.train()
    assert (dropout(x).data == 0).any()
    assert dropout(x, training=False) is x


def test_trainer_and_predict_put_a_network_that_takes_no_training_into_it() -> None:
    network = Network()
    seen: list[bool] = []

    class Watch(Layer):
        def forward(self, x: Any) -> Any:
            seen.append(self.training)
            return x

    network.blocks.append(Watch())
    network.heads["first"].training = False
    x, y = np.ones((4, 4)), np.array([0, 1, 2, 0])
    Trainer(network, CrossEntropyLoss(), SGD(network.parameters())).step(Tensor(x), y)
    network.eval()
    network.blocks[0].train()
    first, second = predict(network, x), predict(network, x)
    assert seen == [True, False, False]
    assert np.array_equal(first, second)
    assert network.blocks[0].dropout.training
    assert not network.training
