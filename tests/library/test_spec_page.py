"""The page that the layers module is built to: each of its code blocks runs as written there."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinytorch.core.tensor import Tensor

ROOT = Path(__file__).resolve().parents[2]

LINEAR = """
from tinytorch.core.layers import Linear

layer = Linear(784, 256)

x = Tensor(np.random.randn(32, 784))
y = layer(x)

print(f"Weight shape: {layer.weight.shape}")
print(f"Bias shape: {layer.bias.shape}")
print(f"Total params: {784 * 256 + 256}")
"""

DROPOUT = """
from tinytorch.core.layers import Dropout

dropout = Dropout(p=0.5)

x = Tensor([1.0, 2.0, 3.0, 4.0])

y_train = dropout(x, training=True)
y_eval = dropout(x, training=False)
"""

COMPOSITION = """
from tinytorch.core.layers import Linear, Dropout
from tinytorch.core.activations import ReLU

layer1 = Linear(784, 256)
activation1 = ReLU()
dropout1 = Dropout(0.5)

layer2 = Linear(256, 128)
activation2 = ReLU()
dropout2 = Dropout(0.3)

layer3 = Linear(128, 10)

def forward(x):
    x = layer1(x)
    x = activation1(x)
    x = dropout1(x, training=True)
    x = layer2(x)
    x = activation2(x)
    x = dropout2(x, training=True)
    x = layer3(x)
    return x

x = Tensor(np.random.randn(32, 784))
output = forward(x)

all_params = layer1.parameters() + layer2.parameters() + layer3.parameters()
print(f"Total trainable parameters: {len(all_params)}")
"""

MANUAL = """
from tinytorch.core.tensor import Tensor
from tinytorch.core.layers import Linear, Dropout
from tinytorch.core.activations import ReLU

layer = Linear(784, 256)
x = Tensor(np.random.randn(1, 784))
y = layer(x)
print(f"Input: {x.shape} → Output: {y.shape}")

params = layer.parameters()
total = sum(p.data.size for p in params)
print(f"Parameters: {total}")

dropout = Dropout(0.5)
x = Tensor(np.ones((1, 100)))
y_train = dropout(x, training=True)
y_eval = dropout(x, training=False)
print(f"Training: ~{np.count_nonzero(y_train.data)} survived")
print(f"Inference: {np.count_nonzero(y_eval.data)} survived")

net = lambda x: layer3(dropout2(activation2(layer2(dropout1(activation1(layer1(x)))))))
"""


def run(block: str, **names: Any) -> dict[str, Any]:
    """Run a block after the imports that the page takes for granted; returns what it defined."""
    names = {"np": np, "Tensor": Tensor, **names}
    exec(block, names)
    return names


def test_the_linear_block_prints_its_shapes_and_count(capsys: pytest.CaptureFixture[str]) -> None:
    names = run(LINEAR)
    assert names["y"].shape == (32, 256)
    assert capsys.readouterr().out == (
        "Weight shape: (784, 256)\nBias shape: (256,)\nTotal params: 200960\n"
    )
    assert sum(parameter.size for parameter in names["layer"].parameters()) == 200_960


def test_the_dropout_block_drops_or_doubles_in_training_and_passes_through_at_inference() -> None:
    seen = set()
    for _ in range(100):
        names = run(DROPOUT)
        for number, result in zip([1.0, 2.0, 3.0, 4.0], names["y_train"].data, strict=True):
            assert result in (0.0, 2.0 * number)
            seen.add((number, bool(result)))
        assert names["y_eval"].data.tolist() == [1.0, 2.0, 3.0, 4.0]
    # Each element was dropped once and kept once at least; one of the eight is missing by
    # chance in fewer than 1 of 10**29 runs.
    assert len(seen) == 8


def test_the_composition_block_gives_class_logits_and_six_parameter_tensors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = run(COMPOSITION)
    assert names["output"].shape == (32, 10)
    assert capsys.readouterr().out == "Total trainable parameters: 6\n"
    assert [parameter.shape for parameter in names["all_params"]] == [
        (784, 256),
        (256,),
        (256, 128),
        (128,),
        (128, 10),
        (10,),
    ]


def test_the_manual_testing_block_prints_its_sample_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = run(COMPOSITION)
    capsys.readouterr()
    names = run(MANUAL, **network)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Input: (1, 784) → Output: (1, 256)"
    assert lines[1] == "Parameters: 200960"
    survivors = int(lines[2].removeprefix("Training: ~").removesuffix(" survived"))
    # About 50 of 100: outside these bounds in 3 of 10**12 runs (binomial, exact).
    assert 17 <= survivors <= 83
    assert lines[3] == "Inference: 100 survived"
    assert names["net"](Tensor(np.ones((5, 784)))).shape == (5, 10)


def test_the_sample_of_inline_test_output_tells_the_truth() -> None:
    network = run(COMPOSITION)
    layer = network["layer1"]
    x = np.random.default_rng(0).standard_normal((32, 784)).astype(np.float32)
    expected = x.astype(np.float64) @ layer.weight.data + layer.bias.data
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-4, atol=1e-4)
    # The standard deviation of 200,704 draws strays by 1 % with a probability below 10**-9.
    assert layer.weight.data.std() == pytest.approx(np.sqrt(1 / 784), rel=0.01)
    assert not layer.bias.data.any()
    assert layer(x).shape == (32, 256)
    parameters = layer.parameters()
    assert parameters[0] is layer.weight
    assert parameters[1] is layer.bias
    assert len(parameters) == 2

    ones = Tensor(np.ones(10_000))
    half = network["dropout1"](ones, training=True).data
    assert set(half.tolist()) == {0.0, 2.0}
    # Six and a half standard deviations of the number kept: 1 run in 10**10.
    assert abs(np.count_nonzero(half) - 5_000) < 6.5 * np.sqrt(10_000 / 4)
    dropout = type(network["dropout1"])
    assert (dropout(p=0.0)(ones, training=True).data == 1).all()
    assert (dropout(p=1.0)(ones, training=True).data == 0).all()

    assert sum(parameter.size for parameter in network["all_params"]) == 235_146
    assert len(network["all_params"]) == 6
    assert all(parameter.requires_grad for parameter in network["all_params"])


@pytest.mark.needs("processes")
def test_the_direct_pytest_command_finds_tests_of_the_module() -> None:
    command = ["-m", "pytest", "tests/", "-k", "layers", "-v", "--collect-only"]
    finished = subprocess.run(
        [sys.executable, *command, "--assert=plain"],  # half the time, since nothing is run
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "test_layers.py" in finished.stdout


@pytest.mark.parametrize(
    "path",
    [
        "bin/activate-tinytorch.sh",
        "modules/03_layers/layers_dev.py",
        "modules/03_layers/layers_dev.ipynb",
    ],
)
def test_the_files_that_the_page_names_are_where_it_says(path: str) -> None:
    assert (ROOT / path).is_file()
