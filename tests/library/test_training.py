"""Training: batches, schedules, the loop, and weights on disk."""

import json
import math
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from needs import module

import tinytorch
from tinytorch.core.activations import ReLU
from tinytorch.core.layers import Dropout, Linear
from tinytorch.core.losses import CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD, Adam
from tinytorch.core.tensor import Tensor
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

reference = module("safetensors.numpy")

# ---- Batches -------------------------------------------------------------------------------------


def test_batches_come_in_order_and_the_last_may_be_smaller() -> None:
    x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    found = list(batches(x, y, 2))
    assert [len(inputs) for inputs, _ in found] == [2, 2, 1]
    assert np.concatenate([inputs.data for inputs, _ in found]).tolist() == x.tolist()
    assert np.concatenate([targets for _, targets in found]).tolist() == y.tolist()
    assert all(isinstance(inputs, Tensor) and inputs.dtype == np.float32 for inputs, _ in found)


@pytest.mark.parametrize(
    ("samples", "size", "sizes"),
    [(6, 3, [3, 3]), (2, 5, [2]), (5, 5, [5]), (3, 1, [1, 1, 1]), (0, 4, [])],
)
def test_batches_have_the_size_that_was_asked_for(
    samples: int, size: int, sizes: list[int]
) -> None:
    found = list(batches(np.zeros((samples, 2)), np.zeros(samples), size))
    assert [len(targets) for _, targets in found] == sizes


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_shuffled_batches_hold_each_sample_once_with_its_own_target(size: int) -> None:
    n = 200
    x, y = np.arange(n, dtype=np.float32).reshape(n, 1), np.arange(n) * 2
    found = list(batches(x, y, size, shuffle=True))
    inputs = np.concatenate([batch.data for batch, _ in found])[:, 0]
    targets = np.concatenate([batch for _, batch in found])
    np.testing.assert_array_equal(inputs * 2, targets)
    assert sorted(inputs.tolist()) == list(range(n))
    assert inputs.tolist() != list(range(n))  # in order by chance: 1 in 200!


def test_every_pass_is_shuffled_anew_and_the_seed_repeats_it() -> None:
    def order() -> list[int]:
        found = batches(np.zeros(50), np.arange(50), 8, shuffle=True)
        return [int(i) for _, targets in found for i in targets]

    tinytorch.manual_seed(1)
    first, second = order(), order()
    assert first != second
    tinytorch.manual_seed(1)
    assert [order(), order()] == [first, second]


def test_a_sample_is_equally_likely_at_every_place() -> None:
    passes, n = 2_000, 10
    counts = np.zeros((n, n))
    for _ in range(passes):
        ((_, targets),) = batches(np.zeros(n), np.arange(n), n, shuffle=True)
        counts[np.arange(n), targets] += 1
    deviation = math.sqrt(passes * (1 / n) * (1 - 1 / n))
    # A hundred counts of 200 expected; the binomial tail puts one run in 10**10 beyond this.
    assert np.abs(counts - passes / n).max() < 7.5 * deviation


def test_bytes_are_scaled_from_0_to_1_and_other_numbers_are_not() -> None:
    y = np.zeros(3)
    ((images, _),) = batches(np.array([[0], [51], [255]], dtype=np.uint8), y, 3)
    np.testing.assert_allclose(images.data, [[0.0], [0.2], [1.0]], rtol=1e-6)
    assert images.dtype == np.float32
    ((numbers, _),) = batches(np.array([[0], [51], [255]]), y, 3)
    assert numbers.data.tolist() == [[0.0], [51.0], [255.0]]


def test_batches_leave_the_data_alone() -> None:
    x, y = np.arange(12, dtype=np.uint8).reshape(6, 2), np.arange(6)
    before = x.copy(), y.copy()
    for inputs, _ in batches(x, y, 4, shuffle=True):
        inputs.data[...] = 9
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_batches_take_lists_and_tensors() -> None:
    for x in ([[1.0], [2.0]], Tensor([[1.0], [2.0]])):
        for y in ([0, 1], Tensor([0.0, 1.0])):
            for shuffle in (False, True):
                found = list(batches(x, y, 1, shuffle=shuffle))
                assert len(found) == 2
                for inputs, targets in found:
                    assert float(np.asarray(targets)[0]) == inputs.data[0, 0] - 1


def test_a_wrong_call_of_batches_fails_at_once_not_at_the_first_batch() -> None:
    with pytest.raises(ValueError, match="3 inputs and 2 targets"):
        batches(np.zeros(3), np.zeros(2), 1)


# ---- Schedules -----------------------------------------------------------------------------------


def test_a_constant_schedule_stays() -> None:
    schedule = constant(0.3)
    assert [schedule(step) for step in (0, 1, 1000)] == [0.3, 0.3, 0.3]


@pytest.mark.parametrize("lr", [Fraction(1, 4), np.float32(0.25), np.float64(0.25), 0.25])
def test_schedules_give_plain_numbers_whatever_they_were_made_of(lr: Any) -> None:
    for schedule in (
        constant(lr),
        step_decay(lr, every=np.int64(2), factor=np.float32(0.5)),
        cosine(lr, steps=np.int32(10), warmup=np.int8(2)),
    ):
        assert type(schedule(5)) is float
    assert constant(lr)(0) == 0.25


@pytest.mark.parametrize("schedule", [0.1, "cosine", Tensor(0.1)])
def test_a_schedule_is_a_function(schedule: Any) -> None:
    layer = Linear(2, 2)
    with pytest.raises(
        TypeError, match=r"a function from a step to .*got .*; pass constant\(0.1\)"
    ):
        Trainer(layer, CrossEntropyLoss(), SGD(layer.parameters()), schedule)


def test_a_schedule_that_gives_no_learning_rate_moves_nothing() -> None:
    layer = Linear(2, 2)
    before = layer.weight.data.copy()
    trainer = Trainer(layer, CrossEntropyLoss(), SGD(layer.parameters()), lambda step: math.nan)
    with pytest.raises(ValueError, match="lr of SGD must be a finite number of 0 or more, got nan"):
        trainer.step(Tensor(np.ones((1, 2))), [0])
    assert np.array_equal(layer.weight.data, before)


def test_step_decay_multiplies_after_every_so_many_steps() -> None:
    schedule = step_decay(0.8, every=3, factor=0.5)
    assert [schedule(step) for step in range(7)] == pytest.approx(
        [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2]
    )
    assert step_decay(1.0, 2)(2) == pytest.approx(0.1)


def test_cosine_falls_along_half_a_cosine_to_zero() -> None:
    schedule = cosine(2.0, steps=4)
    expected = [2 * (1 + math.cos(math.pi * i / 4)) / 2 for i in range(5)]
    assert [schedule(step) for step in range(5)] == pytest.approx(expected, abs=1e-15)
    assert schedule(0) == 2.0
    assert schedule(2) == pytest.approx(1.0)


def test_cosine_rises_in_a_line_first() -> None:
    schedule = cosine(1.0, steps=14, warmup=4)
    assert [schedule(step) for step in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert schedule(9) == pytest.approx(0.5)


def test_cosine_stays_at_zero_after_its_end() -> None:
    schedule = cosine(1.0, steps=10)
    assert schedule(10) == pytest.approx(0, abs=1e-15)
    assert schedule(1000) == pytest.approx(0, abs=1e-15)


@given(
    lr=st.floats(0, 10),
    steps=st.integers(0, 50),
    warmup=st.integers(0, 50),
    step=st.integers(0, 200),
)
def test_cosine_is_never_outside_0_and_its_highest(
    lr: float, steps: int, warmup: int, step: int
) -> None:
    if warmup <= steps:
        assert 0 <= cosine(lr, steps, warmup)(step) <= lr * (1 + 1e-12)


# ---- The loop ------------------------------------------------------------------------------------


class Network:
    """Two layers with a dropout between, that note how they are called."""

    def __init__(self, features: int = 4, classes: int = 3) -> None:
        self.first, self.second = Linear(features, 16), Linear(16, classes)
        self.dropout = Dropout(0.2)
        self.calls: list[bool] = []

    def __call__(self, x: Tensor, training: bool) -> Tensor:
        self.calls.append(training)
        return self.second(self.dropout(ReLU()(self.first(x)), training=training))

    def parameters(self) -> list[Tensor]:
        return self.first.parameters() + self.second.parameters()


def clusters(samples: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds of points that are easy to tell apart."""
    generator = np.random.default_rng(5)
    labels = np.arange(samples) % 3
    centres = np.array([[3.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 3.0, 0]])
    return centres[labels] + generator.standard_normal((samples, 4)) * 0.5, labels


def numbers_of(network: Network) -> list[np.ndarray]:
    return [parameter.data.copy() for parameter in network.parameters()]


def test_training_lowers_the_loss_and_tells_the_clusters_apart() -> None:
    network = Network()
    x, y = clusters()
    trainer = Trainer(network, CrossEntropyLoss(), SGD(network.parameters(), lr=0.1))
    means = [
        np.mean([loss for loss, _, _ in trainer.epoch(x, y, batch_size=16)]) for _ in range(15)
    ]
    assert means[-1] < 0.3 * means[0]
    outputs = predict(network, x)
    assert outputs.shape == (120, 3)
    assert (outputs.argmax(axis=1) == y).mean() > 0.95


def test_a_step_returns_the_loss_and_the_outputs_from_before_it() -> None:
    network = Network()
    network.dropout = Dropout(0.0)
    x, y = clusters(8)
    before = network(Tensor(x), training=True).data.copy()
    trainer = Trainer(network, CrossEntropyLoss(), SGD(network.parameters(), lr=0.1))
    loss, outputs = trainer.step(Tensor(x), y)
    assert type(loss) is float
    np.testing.assert_allclose(outputs, before, rtol=1e-6)
    assert loss == pytest.approx(CrossEntropyLoss()(before, y).item(), rel=1e-6)
    assert trainer.steps == 1
    assert trainer.step(Tensor(x), y)[0] < loss


def test_a_step_is_forward_backward_and_update() -> None:
    layer = Linear(2, 1, bias=False)
    layer.weight = Tensor([[1.0], [2.0]], requires_grad=True)
    trainer = Trainer(lambda x, training: layer(x), MSELoss(), SGD(layer.parameters(), lr=0.1))
    for _ in range(2):
        trainer.step(Tensor([[1.0, 1.0]]), [[0.0]])
    # The first gradient is 2 * 3 for both weights; gradients do not pile up.
    assert layer.weight.data.ravel().tolist() == pytest.approx([0.4 - 0.36, 1.4 - 0.36])


def test_the_network_is_told_when_it_trains_and_when_it_does_not() -> None:
    network = Network()
    x, y = clusters(6)
    trainer = Trainer(network, CrossEntropyLoss(), SGD(network.parameters()))
    for _ in trainer.epoch(x, y, batch_size=3):
        pass
    predict(network, x, batch_size=3)
    assert network.calls == [True, True, False, False]


def test_an_epoch_goes_through_all_samples_in_a_random_order() -> None:
    network = Network()
    x, y = clusters(50)
    trainer = Trainer(network, CrossEntropyLoss(), SGD(network.parameters()))
    sizes, seen = [], []
    for loss, outputs, targets in trainer.epoch(x, y, batch_size=16):
        assert math.isfinite(loss)
        assert outputs.shape == (len(targets), 3)
        sizes.append(len(targets))
        seen.extend(targets.tolist())
    assert sizes == [16, 16, 16, 2]
    assert sorted(seen) == sorted(y.tolist())
    assert seen != y.tolist()  # in order by chance: fewer than 1 in 10**20
    assert trainer.steps == 4


def test_the_schedule_sets_the_learning_rate_of_each_step() -> None:
    network = Network()
    x, y = clusters(8)
    asked: list[int] = []

    def schedule(step: int) -> float:
        asked.append(step)
        return 0.1 / (step + 1)

    optimizer = SGD(network.parameters(), lr=5.0)
    trainer = Trainer(network, CrossEntropyLoss(), optimizer, schedule)
    rates = []
    for _ in range(3):
        trainer.step(Tensor(x), y)
        rates.append(optimizer.lr)
    assert asked == [0, 1, 2]
    assert rates == pytest.approx([0.1, 0.05, 0.1 / 3])


def test_a_schedule_of_zero_moves_nothing() -> None:
    network = Network()
    before = numbers_of(network)
    x, y = clusters(8)
    Trainer(network, CrossEntropyLoss(), SGD(network.parameters()), constant(0.0)).step(
        Tensor(x), y
    )
    for one, other in zip(before, numbers_of(network), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_stops_training_and_leaves_everything_as_it_was(
    wrong: float,
) -> None:
    network = Network()
    x, y = clusters(8)
    optimizer = Adam(network.parameters())
    trainer = Trainer(network, lambda o, t: CrossEntropyLoss()(o, t) * factor, optimizer)
    factor: Any = 1.0
    trainer.step(Tensor(x), y)
    before = numbers_of(network)
    factor = Tensor(wrong)
    with pytest.raises(ValueError, match=r"loss.*step 1.*learning rate"):
        trainer.step(Tensor(x), y)
    for one, other in zip(before, numbers_of(network), strict=True):
        np.testing.assert_array_equal(one, other)
    assert trainer.steps == 1
    factor = 1.0
    trainer.step(Tensor(x), y)
    assert trainer.steps == 2


def test_the_same_seed_trains_to_the_same_weights_to_the_bit() -> None:
    runs = []
    for _ in range(2):
        tinytorch.manual_seed(3)
        network = Network()
        trainer = Trainer(network, CrossEntropyLoss(), Adam(network.parameters(), lr=0.01))
        for _ in trainer.epoch(*clusters(), batch_size=16):
            pass
        runs.append(b"".join(array.tobytes() for array in numbers_of(network)))
    assert runs[0] == runs[1]


def test_predict_joins_its_batches_and_records_nothing() -> None:
    network = Network()
    x, _ = clusters(25)
    whole = predict(network, x)
    for batch_size in (1, 4, 25, 1000):
        np.testing.assert_allclose(predict(network, x, batch_size), whole, rtol=1e-5, atol=1e-6)
    assert isinstance(whole, np.ndarray)
    assert all(parameter.grad is None for parameter in network.parameters())

    def watching(inputs: Tensor, training: bool) -> Tensor:
        outputs = network(inputs, training)
        recorded.append(outputs.requires_grad)
        return outputs

    recorded: list[bool] = []
    predict(watching, x, batch_size=10)
    assert recorded == [False, False, False]
    assert network(Tensor(x), training=False).requires_grad


def test_predict_scales_bytes_and_takes_empty_batches() -> None:
    network = Network()
    images = np.random.default_rng(0).integers(0, 256, (6, 4)).astype(np.uint8)
    np.testing.assert_allclose(
        predict(network, images), predict(network, images / 255), rtol=1e-4, atol=1e-5
    )
    assert predict(network, images[:0]).shape == (0, 3)


# ---- Weights on disk -----------------------------------------------------------------------------

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"]
SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (0,), (2, 0, 3), (1, 1, 1, 1)]


def every_array() -> dict[str, np.ndarray]:
    """An array of each dtype and shape that the format knows."""
    generator = np.random.default_rng(0)
    return {
        f"{dtype} {shape}": np.asarray(generator.integers(0, 2, shape)).astype(dtype)
        for dtype in DTYPES
        for shape in SHAPES
    }


def header_of(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def test_every_dtype_and_shape_comes_back_as_it_was(tmp_path: Path) -> None:
    arrays = every_array()
    save(tmp_path / "all.safetensors", arrays)
    found = load(tmp_path / "all.safetensors")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert isinstance(found[name], Tensor)
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name].data, array)


@pytest.mark.needs("safetensors")
def test_what_we_save_the_reference_library_reads(tmp_path: Path) -> None:
    arrays = every_array()
    save(tmp_path / "ours.safetensors", {k: Tensor(v, dtype=v.dtype) for k, v in arrays.items()})
    found = reference.load_file(tmp_path / "ours.safetensors")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.needs("safetensors")
def test_what_the_reference_library_saves_we_read(tmp_path: Path) -> None:
    arrays = every_array()
    reference.save_file(arrays, tmp_path / "theirs.safetensors", metadata={"who": "they"})
    found = load(tmp_path / "theirs.safetensors")
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name].data, array)


@pytest.mark.needs("safetensors")
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(10.0)[::-2],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">f4"),
        np.arange(3, dtype=">i8"),
        np.broadcast_to(np.float32(2), (2, 3)),
    ],
    ids=["transposed", "backward", "Fortran", "big-endian floats", "big-endian ints", "broadcast"],
)
def test_arrays_of_every_layout_come_back(tmp_path: Path, array: np.ndarray) -> None:
    save(tmp_path / "x", {"x": array})
    np.testing.assert_array_equal(load(tmp_path / "x")["x"].data, array)
    np.testing.assert_array_equal(reference.load_file(tmp_path / "x")["x"], array)


@pytest.mark.needs("safetensors")
@given(
    arrays=st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        hnp.arrays(
            st.sampled_from([np.dtype(code) for code in DTYPES]),
            hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
        ),
        max_size=4,
    )
)
def test_whatever_is_saved_comes_back_to_the_bit(
    arrays: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{os.getpid()}.safetensors"
    if any("\ud800" <= letter <= "\udfff" for name in arrays for letter in name):
        return  # half a letter, which no file can hold
    save(path, arrays)
    found = load(path)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].data.tobytes() == array.tobytes()
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
    theirs = reference.load_file(path)
    assert {k: v.tobytes() for k, v in theirs.items()} == {
        k: v.tobytes() for k, v in arrays.items()
    }


def test_the_numbers_in_a_file_start_at_a_multiple_of_eight_bytes(tmp_path: Path) -> None:
    for name in ("a", "ab", "abc", "abcd", "é", "a much longer name"):
        save(tmp_path / "x", {name: np.ones(3)})
        content = (tmp_path / "x").read_bytes()
        assert int.from_bytes(content[:8], "little") % 8 == 0
        assert content[8:9] == b"{"
        assert content.endswith(np.ones(3).tobytes())


def test_the_same_tensors_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(tmp_path / name, {"w": np.arange(5.0), "b": np.zeros(2)})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_loaded_tensors_are_fresh_writable_and_not_recorded(tmp_path: Path) -> None:
    save(tmp_path / "x", {"a": Tensor([1.0, 2.0], requires_grad=True), "b": np.zeros(2)})
    found = load(tmp_path / "x")
    assert not found["a"].requires_grad
    found["a"].data[0] = 9
    found["b"].data[0] = 9
    assert load(tmp_path / "x")["a"].data.tolist() == [1.0, 2.0]
    assert not np.shares_memory(found["a"].data, found["b"].data)


def test_weights_travel_from_one_network_to_another(tmp_path: Path) -> None:
    first, second = Linear(3, 2), Linear(3, 2)
    assert first.bias is not None
    assert second.bias is not None
    save(tmp_path / "w.safetensors", {"weight": first.weight, "bias": first.bias})
    found = load(tmp_path / "w.safetensors")
    second.weight.data[...] = found["weight"].data
    second.bias.data[...] = found["bias"].data
    x = np.ones((4, 3))
    np.testing.assert_array_equal(first(x).data, second(x).data)


@pytest.mark.needs("safetensors")
def test_an_empty_collection_and_paths_as_text_are_fine(tmp_path: Path) -> None:
    save(str(tmp_path / "empty"), {})
    assert load(str(tmp_path / "empty")) == {}
    assert reference.load_file(tmp_path / "empty") == {}


def test_brackets_in_a_name_are_no_nesting(tmp_path: Path) -> None:
    names = {"[[[[{{{{", '"[[[[', '\\"[[{{', "a" * 3 + "[" * 100_000}
    save(tmp_path / "x", {name: np.zeros(1) for name in names})
    assert load(tmp_path / "x").keys() == names


@pytest.mark.needs("safetensors")
def test_a_name_of_any_letters_comes_back(tmp_path: Path) -> None:
    names = {"weight", "layer 1/weight", 'a "quoted" name', "Gewichte für Ebene 1", "重み", "☃", ""}
    save(tmp_path / "x", {name: np.ones(1) for name in names})
    assert set(load(tmp_path / "x")) == names
    assert set(reference.load_file(tmp_path / "x")) == names


# ---- Damaged files -------------------------------------------------------------------------------


def refuse(path: Path, content: bytes) -> str:
    """Write a damaged file; `load` must refuse it, naming it. Returns the message."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match="safetensors") as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def file_of(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "whole", {"w": np.arange(3, dtype=np.float32), "b": np.zeros((2, 0)), "s": 1.5})
    content = (tmp_path / "whole").read_bytes()
    for length in range(len(content)):
        refuse(tmp_path / "cut.safetensors", content[:length])


def test_a_file_with_bytes_after_its_end_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "whole", {"w": np.arange(3, dtype=np.float32)})
    refuse(tmp_path / "long", (tmp_path / "whole").read_bytes() + b"\0")


WHOLE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}

DAMAGED: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(100),
    "ones": b"\xff" * 100,
    "text": b"this is no file of weights, is it?",
    "a zip file": b"PK\x03\x04" + bytes(100),
    "a header that is a list": file_of([]),
    "a header that is a number": file_of(b"5"),
    "a header that is null": file_of(b"null"),
    "a header that is not JSON": file_of(b"{'a': 1}"),
    "a header that is not UTF-8": file_of(b'{"\xff": 1}'),
    "a header nested deeply": file_of(b"[" * 100_000),
    "a header nested deeply with names": file_of(b'{"a":' * 100_000),
    "a header nested deeply behind a string": file_of(b'{"a\\"b": [' + b"[{ " * 100_000),
    "a header nested deeply in a string that does not end": file_of(b'{"' + b"[" * 100_000),
    "a header of quotes": file_of(b'"\\"' * 100_000),
    "an entry that is a number": file_of({"a": 5}),
    "an entry without dtype": file_of({"a": {"shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
    "an entry without shape": file_of({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, bytes(8)),
    "an entry without offsets": file_of({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "an unknown dtype": file_of({"a": {**WHOLE, "dtype": "F31"}}, bytes(8)),
    "a dtype that is a list": file_of({"a": {**WHOLE, "dtype": ["F32"]}}, bytes(8)),
    "a shape too large": file_of({"a": {**WHOLE, "shape": [3]}}, bytes(8)),
    "a shape too small": file_of({"a": {**WHOLE, "shape": [1]}}, bytes(8)),
    "a shape to be worked out": file_of({"a": {**WHOLE, "shape": [-1]}}, bytes(8)),
    "a shape of two negatives": file_of({"a": {**WHOLE, "shape": [-1, -2]}}, bytes(8)),
    "a shape that is a number": file_of({"a": {**WHOLE, "shape": 2}}, bytes(8)),
    "a shape of text": file_of({"a": {**WHOLE, "shape": ["2"]}}, bytes(8)),
    "a shape of fractions": file_of({"a": {**WHOLE, "shape": [2.0]}}, bytes(8)),
    "an enormous shape": file_of({"a": {**WHOLE, "shape": [2**70]}}, bytes(8)),
    "an enormous shape of nothing": file_of(
        {"a": {"dtype": "F32", "shape": [2**70, 0], "data_offsets": [0, 0]}}
    ),
    "offsets below 0": file_of({"a": {**WHOLE, "data_offsets": [-8, 0]}}, bytes(8)),
    "offsets beyond the end": file_of({"a": {**WHOLE, "data_offsets": [8, 16]}}, bytes(8)),
    "offsets in reverse": file_of({"a": {**WHOLE, "data_offsets": [8, 0]}}, bytes(8)),
    "three offsets": file_of({"a": {**WHOLE, "data_offsets": [0, 4, 8]}}, bytes(8)),
    "offsets that are a number": file_of({"a": {**WHOLE, "data_offsets": 8}}, bytes(8)),
    "a gap before the first": file_of({"a": {**WHOLE, "data_offsets": [8, 16]}}, bytes(16)),
    "a gap between two": file_of({"a": WHOLE, "b": {**WHOLE, "data_offsets": [16, 24]}}, bytes(24)),
    "two that overlap": file_of({"a": WHOLE, "b": WHOLE}, bytes(8)),
    "bytes after the last": file_of({"a": WHOLE}, bytes(9)),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_with_its_path(damage: str, tmp_path: Path) -> None:
    message = refuse(tmp_path / "weights.safetensors", DAMAGED[damage])
    assert "object has no attribute" not in message, "that speaks of our insides"


@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_changed_byte_gives_an_error_or_tensors_never_anything_else(
    position: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"changed-{os.getpid()}"
    save(path, {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2, dtype="?")})
    content = bytearray(path.read_bytes())
    content[position % len(content)] = value
    path.write_bytes(content)
    try:
        found = load(path)
    except ValueError as error:
        assert str(path) in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert sum(tensor.data.nbytes for tensor in found.values()) <= 26


def test_a_file_that_is_not_there_is_a_plain_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        load(tmp_path / "missing.safetensors")


@pytest.mark.parametrize("length", [0, 7, 8, 20])
def test_a_file_that_ends_within_its_header_is_said_to(length: int, tmp_path: Path) -> None:
    save(tmp_path / "whole", {"w": np.arange(3, dtype=np.float32)})
    message = refuse(tmp_path / "cut", (tmp_path / "whole").read_bytes()[:length])
    assert "it ends before its header does" in message


def test_a_file_that_ends_within_its_numbers_says_whose(tmp_path: Path) -> None:
    message = refuse(tmp_path / "cut", file_of({"a": WHOLE}, bytes(7)))
    assert "ends before the bytes of 'a' do" in message


# ---- Dtypes that NumPy does not have -------------------------------------------------------------


def test_bfloat16_becomes_float32_and_float16_stays(tmp_path: Path) -> None:
    numbers = [1.0, -2.5, 0.0, float("inf"), 2.0**-133, 3.0]
    bits = np.array(numbers, np.float32).view(np.uint32)
    brain = (bits >> 16).astype("<u2").tobytes()
    half = np.array([[0.5], [-65504.0]], "<f2").tobytes()
    header = {
        "half": {"dtype": "F16", "shape": [2, 1], "data_offsets": [14, 18]},
        "brain": {"dtype": "BF16", "shape": [3, 2], "data_offsets": [0, 12]},
        "one": {"dtype": "BF16", "shape": [], "data_offsets": [12, 14]},
        "none": {"dtype": "BF16", "shape": [0, 4], "data_offsets": [18, 18]},
    }
    (tmp_path / "x").write_bytes(file_of(header, brain + b"\x49\x40" + half))
    found = load(tmp_path / "x")
    assert found["brain"].dtype == found["one"].dtype == found["none"].dtype == np.float32
    assert found["brain"].data.reshape(-1).tolist() == numbers
    assert (found["one"].item(), found["one"].shape) == (3.140625, ())
    assert found["none"].shape == (0, 4)
    found["brain"].data[...] = 0
    assert found["half"].dtype == np.float16
    assert found["half"].data.tolist() == [[0.5], [-65504.0]]


@pytest.mark.parametrize(
    "dtype", ["F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F4", "C64", "I4", "COMPLEX"]
)
def test_a_dtype_that_is_not_supported_is_named_and_not_called_damage(
    dtype: str, tmp_path: Path
) -> None:
    header = {"a": WHOLE, "layer.weight": {"dtype": dtype, "shape": [2], "data_offsets": [8, 24]}}
    path = tmp_path / "x.safetensors"
    message = refuse(path, file_of(header, bytes(24)))
    assert f"dtype {dtype} of tensor 'layer.weight' is not supported" in message
    assert "F32" in message
    assert "BF16" in message
    assert "whole" not in message


# ---- Saving is atomic ----------------------------------------------------------------------------


def test_saving_over_a_file_replaces_it_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save(path, {"a": np.ones(1000)})
    save(path, {"b": np.zeros(2)})
    assert set(load(path)) == {"b"}
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_saving_onto_a_link_writes_its_target_and_keeps_the_mode(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    target = tmp_path / "store" / "weights"
    save(target, {"a": np.ones(3)})
    target.chmod(0o600)
    link = tmp_path / "latest.safetensors"
    link.symlink_to("store/weights")
    save(link, {"b": np.zeros(2)})
    assert link.is_symlink()
    assert set(load(target)) == set(load(link)) == {"b"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(target.parent) == ["weights"]


def fail(*_: Any, **__: Any) -> Any:
    raise OSError("no space left on device")


def interrupt(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("failure", [fail, interrupt])
@pytest.mark.parametrize("moment", ["os.fsync", "os.replace"])
def test_a_save_that_fails_leaves_the_old_file_and_no_other(
    moment: str,
    failure: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "w.safetensors"
    save(path, {"a": np.ones(3)})
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(moment, failure)
        if moment == "os.replace":
            patch.setattr(Path, "replace", failure)
        with pytest.raises((OSError, KeyboardInterrupt)):
            save(path, {"a": np.zeros(100)})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_save_of_what_cannot_be_stored_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save(path, {"a": np.ones(3)})
    before = path.read_bytes()
    with pytest.raises(TypeError, match="'bad'"):
        save(path, {"good": np.ones(3), "bad": np.array(["text"])})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.needs("processes")
def test_a_save_killed_at_the_last_moment_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save(path, {"a": np.ones(3)})
    before = path.read_bytes()
    program = (
        "import os, sys, numpy as np; from tinytorch.core.training import save; "
        "os.fsync = lambda *_: os._exit(9); save(sys.argv[1], {'a': np.zeros(1000)})"
    )
    finished = subprocess.run([sys.executable, "-c", program, str(path)])
    assert finished.returncode == 9
    assert path.read_bytes() == before


def test_the_file_is_on_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda *a: (events.append("fsync"), fsync(*a))[1])
    monkeypatch.setattr(os, "replace", lambda *a: (events.append("replace"), replace(*a))[1])
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (events.append("replace"), os.rename(self, to))[1]
    )
    save(tmp_path / "w", {"a": np.ones(3)})
    assert events[0] == "fsync"
    assert "replace" in events
