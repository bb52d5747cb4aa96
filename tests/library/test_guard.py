"""The guard takes no checksum where nobody outside holds an array: it costs nothing there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch import (
    SGD,
    Adam,
    BinaryCrossEntropyLoss,
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    ReLU,
    Sigmoid,
    Tensor,
    Trainer,
    guard,
)


@pytest.fixture
def checksums(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the arrays of which a checksum was taken."""
    taken: list[tuple[int, ...]] = []
    take = guard.fingerprint

    def counting(array: np.ndarray) -> bytes:
        taken.append(array.shape)
        return take(array)

    monkeypatch.setattr(guard, "fingerprint", counting)
    return taken


LOSSES: dict[str, tuple[Callable[[Tensor, Any], Tensor], Callable[[], Any]]] = {
    "MSE": (MSELoss(), lambda: Tensor(np.zeros((8, 3)))),
    "BCE after Sigmoid": (
        lambda x, y: BinaryCrossEntropyLoss()(Sigmoid()(x), y),
        lambda: Tensor(np.zeros((8, 3))),
    ),
    "cross-entropy": (CrossEntropyLoss(), lambda: np.zeros(8, int)),
}


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("name", LOSSES)
def test_an_ordinary_training_loop_takes_none(
    name: str, optimizer: Any, checksums: list[tuple[int, ...]]
) -> None:
    loss, targets = LOSSES[name]
    first, second, dropout = Linear(4, 6), Linear(6, 3), Dropout(0.5)
    step = optimizer(first.parameters() + second.parameters())
    for _ in range(5):
        images, wanted = Tensor(np.ones((8, 4))), targets()
        step.zero_grad()
        value = loss(second(dropout(ReLU()(first(images)))), wanted)
        value.backward()
        step.step()
        assert value.item() > 0
    assert not checksums


def test_a_trainer_takes_none_though_it_hands_out_the_outputs(
    checksums: list[tuple[int, ...]],
) -> None:
    layer = Linear(4, 3)
    trainer = Trainer(lambda x, training: layer(x), CrossEntropyLoss(), SGD(layer.parameters()))
    samples = np.random.default_rng(0).random((32, 4), dtype=np.float32)
    for _, outputs, _ in trainer.epoch(samples, np.zeros(32, int), 8):
        outputs += 1
    assert not checksums


def test_weights_that_are_used_many_times_over_take_none(
    checksums: list[tuple[int, ...]],
) -> None:
    layer = Linear(4, 4)
    optimizer = SGD(layer.parameters())
    for _ in range(3):
        state = Tensor(np.ones((2, 4)), requires_grad=True)
        for _ in range(5):
            state = layer(state)
        optimizer.zero_grad()
        state.sum().backward()
        optimizer.step()
    assert not checksums


def test_one_is_taken_of_what_is_handed_out_while_backward_needs_it(
    checksums: list[tuple[int, ...]],
) -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    hidden = x.exp()
    loss = hidden.sum()
    assert not checksums
    assert hidden.data.sum() > 0
    assert checksums == [(2, 3)]
    loss.backward()
    assert checksums == [(2, 3)] * 2


def test_notes_on_arrays_go_with_the_arrays() -> None:
    before = len(guard._notes)
    kept = [Tensor(np.ones(3)).data for _ in range(10)]
    assert len(guard._notes) == before + 10
    kept.clear()
    assert len(guard._notes) == before
