"""The recorder and the walk backward: what is kept, for how long, and what must not go wrong."""

import copy
import gc
import pickle
import re
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tinytorch.core import autograd
from tinytorch.core.activations import GELU, ReLU, Sigmoid, Softmax, Tanh
from tinytorch.core.autograd import no_grad
from tinytorch.core.layers import Dropout, Linear, dropout
from tinytorch.core.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, MSELoss
from tinytorch.core.optimizers import SGD, Adam
from tinytorch.core.tensor import Tensor, apply


def leaf(*numbers: float) -> Tensor:
    """A tensor that requires a gradient."""
    return Tensor(np.array(numbers or (1.0, 2.0, 3.0, 4.0)), requires_grad=True)


def gradient(tensor: Tensor) -> list[Any]:
    assert tensor.grad is not None
    return tensor.grad.data.tolist()


# ---- What backward fills in ----------------------------------------------------------------------


def test_backward_fills_in_grad_of_the_leaves_only() -> None:
    x, y, constant = leaf(1, 2), leaf(3, 4), Tensor([5.0, 6.0])
    product = x * y
    total = (product * constant).sum()
    total.backward()
    assert gradient(x) == [15.0, 24.0]
    assert gradient(y) == [5.0, 12.0]
    assert constant.grad is None
    for computed in (product, total):
        with pytest.warns(UserWarning, match="this tensor was computed, so its .grad is None"):
            assert computed.grad is None


def test_grad_is_none_before_backward_and_a_tensor_after() -> None:
    x = leaf()
    assert x.grad is None
    x.sum().backward()
    assert isinstance(x.grad, Tensor)
    assert x.grad.shape == x.shape
    assert not x.grad.requires_grad


def test_results_require_a_gradient_exactly_if_an_input_does() -> None:
    assert (leaf() * Tensor([1.0])).requires_grad
    assert (2 * leaf()).requires_grad
    assert not (Tensor([1.0]) * Tensor([2.0])).requires_grad
    assert not (leaf() > 2).requires_grad
    assert not leaf().argmax().requires_grad


def test_gradients_accumulate_over_several_backwards() -> None:
    x = leaf(1, 2)
    (x * 3).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert gradient(x) == [5.0, 7.0]
    assert first is not None
    assert first.data.tolist() == [3.0, 3.0], "the earlier gradient tensor must not change"


def test_gradients_accumulate_over_forwards_made_before() -> None:
    x = leaf(1, 2)
    first, second = (x * 3).sum(), (x * x).sum()
    second.backward()
    first.backward()
    assert gradient(x) == [5.0, 7.0]


def test_setting_grad_to_none_starts_afresh() -> None:
    x = leaf(1, 2)
    (x * 3).sum().backward()
    x.grad = None
    (x * x).sum().backward()
    assert gradient(x) == [2.0, 4.0]


def test_backward_of_a_leaf_itself_gives_one() -> None:
    x = Tensor(3.0, requires_grad=True)
    x.backward()
    x.backward()
    assert gradient(x) == 2.0


def test_backward_of_one_element_of_any_rank_needs_no_gradient() -> None:
    for shape in [(), (1,), (1, 1, 1)]:
        x = Tensor(np.ones(shape), requires_grad=True)
        (x * 2).backward()
        assert x.grad is not None
        assert x.grad.shape == shape
        assert x.grad.item() == 2.0


@pytest.mark.parametrize(
    "seed",
    [[1.0, 2.0], np.array([1.0, 2.0]), np.array([1, 2]), Tensor([1.0, 2.0])],
    ids=["list", "float64 array", "int array", "tensor"],
)
def test_backward_takes_the_gradient_to_start_from(seed: Any) -> None:
    x = leaf(3, 4)
    (x * x).backward(seed)
    assert gradient(x) == [6.0, 16.0]
    assert x.grad is not None
    assert x.grad.dtype == np.float32


def test_the_gradient_to_start_from_is_not_kept() -> None:
    x, seed = leaf(3, 4), np.ones(2, dtype=np.float32)
    (x + 0).backward(seed)
    seed[:] = 9
    assert gradient(x) == [1.0, 1.0]
    y = leaf(3, 4)
    y.backward(seed)
    seed[:] = 5
    assert gradient(y) == [9.0, 9.0]


def test_inputs_without_requires_grad_get_none_and_cost_none() -> None:
    x, plain = leaf(1, 2), Tensor([3.0, 4.0])
    (x * plain + plain).sum().backward()
    assert plain.grad is None
    assert not plain.requires_grad


def test_requires_grad_can_be_switched_on_and_off() -> None:
    x = Tensor([1.0, 2.0])
    x.requires_grad = True
    (x * x).sum().backward()
    assert gradient(x) == [2.0, 4.0]
    x.requires_grad = False
    assert not (x * x).requires_grad


def test_a_loop_of_training_steps_keeps_learning() -> None:
    w = Tensor([[0.0], [0.0]], requires_grad=True)
    x = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    y = x @ np.array([[2.0], [-3.0]])
    optimizer = SGD([w], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        MSELoss()(Tensor(x) @ w, y).backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, [[2.0], [-3.0]], atol=1e-3)


# ---- Updates by hand -----------------------------------------------------------------------------


def by_hand(update: Callable[[Tensor], Tensor | None]) -> tuple[Tensor, Tensor]:
    """Two rounds of gradient descent on the square of a parameter; it, and what it became."""
    w = first = leaf(1, 2)
    for _ in range(2):
        (w * w).sum().backward()
        updated = update(w)
        w = w if updated is None else updated
        w.grad = None
    return first, w


def subtract_in_place(w: Tensor) -> Tensor:
    with no_grad():
        w -= 0.1 * given(w)
    return w


def subtract(w: Tensor) -> Tensor:
    return w - 0.1 * given(w)


def given(w: Tensor) -> Tensor:
    assert w.grad is not None
    return w.grad


def set_data(w: Tensor) -> None:
    w.data = w.data - 0.1 * given(w).data


def set_data_to_a_tensor(w: Tensor) -> None:
    w.data = w.data - 0.1 * given(w)  # type: ignore[assignment]


def write_to_data(w: Tensor) -> None:
    w.data -= 0.1 * given(w)  # type: ignore[misc]


@pytest.mark.parametrize(
    "update", [subtract_in_place, set_data, set_data_to_a_tensor, write_to_data]
)
def test_an_update_by_hand_moves_the_parameter_itself(
    update: Callable[[Tensor], Tensor | None],
) -> None:
    first, w = by_hand(update)
    assert w is first
    assert w.requires_grad
    np.testing.assert_allclose(w.data, [0.64, 1.28], rtol=1e-6)


@pytest.mark.parametrize(
    ("sign", "update"),
    [
        ("+=", lambda w, y: w.__iadd__(y)),
        ("-=", lambda w, y: w.__isub__(y)),
        ("*=", lambda w, y: w.__imul__(y)),
        ("/=", lambda w, y: w.__itruediv__(y)),
        ("**=", lambda w, y: w.__ipow__(y)),
    ],
)
def test_in_place_arithmetic_that_would_lose_a_parameter_says_what_to_write(
    sign: str, update: Callable[[Tensor, Any], Tensor]
) -> None:
    w = leaf(1, 2)
    with pytest.raises(ValueError, match=f"write x.data {re.escape(sign)} y.*no_grad"):
        update(w, 2)
    assert w.data.tolist() == [1.0, 2.0]
    with no_grad(), pytest.raises(ValueError, match=r"shape \(2,\).*one of shape \(3, 2\)"):
        update(w, np.ones((3, 2)))
    frozen = Tensor(np.broadcast_to(np.float32(1), (2,)), requires_grad=True)
    with no_grad(), pytest.raises(ValueError, match=r"read-only.*array\.copy\(\)"):
        update(frozen, 2)
    with no_grad():
        assert update(w, 2) is w
    result = w * 1
    assert update(result, 2) is not result


def test_a_part_of_a_parameter_may_be_written_within_no_grad() -> None:
    w = leaf(1, 2)
    with no_grad():
        w[:] -= np.array([0.5, 0.5])
        w[0] = 7
    assert w.tolist() == [7, 1.5]
    assert w.requires_grad
    with pytest.raises(ValueError, match="would not be recorded"):
        w[0] = 7


def test_a_parameter_that_became_a_result_says_so_when_its_gradient_is_asked_for() -> None:
    with pytest.warns(UserWarning, match=r"w\.data -= lr"), pytest.raises(AssertionError):
        by_hand(subtract)


def test_a_parameter_computed_anew_within_no_grad_says_so_too() -> None:
    w, bias = leaf(1, 2), leaf(3, 4)
    with no_grad():
        w = w - 0.1
    with pytest.raises(ValueError, match="within which w = w - lr"):
        w.sum().backward()
    (w + bias).sum().backward()
    with pytest.warns(UserWarning, match=r"w\.data -= lr"):
        assert w.grad is None


def test_asking_for_the_gradient_of_what_was_given_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert leaf().grad is None
        assert Tensor([1.0]).grad is None
        assert (leaf() * 2).detach().grad is None
        assert (Tensor([1.0]) * 2).grad is None


def test_calculating_with_a_gradient_that_is_none_says_where_it_comes_from() -> None:
    w = leaf()
    with pytest.raises(TypeError, match=r"got None.*until backward\(\) fills it in"):
        w * w.grad


# ---- detach and no_grad --------------------------------------------------------------------------


def test_detach_cuts_the_gradient_and_shares_the_memory() -> None:
    x = leaf(1, 2)
    y = x * 3
    cut = y.detach()
    assert not cut.requires_grad
    assert np.shares_memory(cut.data, y.data)
    (x * cut).sum().backward()
    assert gradient(x) == [3.0, 6.0]


def test_nothing_is_recorded_within_no_grad() -> None:
    x = leaf()
    with no_grad():
        result = (x * x).sum()
    assert not result.requires_grad
    with pytest.raises(ValueError, match="no_grad"):
        result.backward()
    (x * x).sum().backward()
    assert gradient(x) == [2.0, 4.0, 6.0, 8.0]


def test_no_grad_ends_with_an_exception_and_nests() -> None:
    x = leaf()
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad
    with no_grad():
        with no_grad():
            pass
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_serves_as_a_decorator() -> None:
    @no_grad()
    def inference(x: Tensor) -> Tensor:
        return x * 2

    x = leaf()
    assert not inference(x).requires_grad
    assert not inference(x).requires_grad
    assert (x * 2).requires_grad


def test_backward_works_within_no_grad_on_what_was_recorded_before() -> None:
    x = leaf(1, 2)
    loss = (x * x).sum()
    with no_grad():
        loss.backward()
    assert gradient(x) == [2.0, 4.0]


# ---- Long chains ---------------------------------------------------------------------------------

LINKS: dict[str, Callable[[Tensor], Tensor]] = {
    "add": lambda t: t + 1.0,
    "multiply": lambda t: t * 1.0,
    "by a tensor": lambda t: t * ONE,
    "tanh": lambda t: np.tanh(t),
    "reshape": lambda t: t.reshape(t.shape),
    "with itself": lambda t: t * 0.5 + t * 0.5,
}
ONE = Tensor([1.0])


@pytest.mark.parametrize("name", LINKS)
def test_a_chain_of_100_000_operations_runs_backward(name: str) -> None:
    x = leaf(0.5, 0.25)
    chain = x
    for _ in range(100_000 if name != "with itself" else 33_334):
        chain = LINKS[name](chain)
    chain.sum().backward()
    assert x.grad is not None
    if name != "tanh":
        assert gradient(x) == [1.0, 1.0]


@pytest.mark.parametrize("name", ["add", "by a tensor", "reshape"])
def test_a_chain_of_100_000_operations_can_be_dropped_without_a_walk(name: str) -> None:
    chain = leaf()
    for _ in range(100_000):
        chain = LINKS[name](chain)
    del chain


def test_a_chain_of_100_000_operations_can_be_dropped_after_a_failed_walk() -> None:
    x = leaf()
    chain = np.sign(x)  # which has no derivative
    for _ in range(100_000):
        chain = chain + 1.0
    loss = chain.sum()
    with pytest.raises(ValueError, match="sign"):
        loss.backward()
    del chain, loss


def memory_of_a_chain(length: int) -> tuple[int, int]:
    """The bytes held by a chain before its walk, and the peak while it is walked."""
    gc.collect()
    x = Tensor(np.ones(100), requires_grad=True)
    tracemalloc.start()
    try:
        chain = x
        for _ in range(length):
            chain = chain * 1.0001
        held = tracemalloc.get_traced_memory()[0]
        chain.sum().backward()
        return held, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_memory_of_a_chain_grows_linearly_with_its_length() -> None:
    held, peak = memory_of_a_chain(20_000)
    held_twice, peak_twice = memory_of_a_chain(40_000)
    assert held_twice < 2.2 * held
    assert peak_twice < 2.2 * peak
    # Multiplying by a number keeps the recorded operation alone, no array of 400 bytes.
    assert held / 20_000 < 1200


def test_the_walk_itself_needs_no_memory_beside_the_chain() -> None:
    held, peak = memory_of_a_chain(20_000)
    assert peak < 1.1 * held


@pytest.mark.parametrize("length", [1_000, 2_000])
def test_the_walk_applies_each_rule_once(length: int) -> None:
    calls = []

    def link(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x + y) * 0.5

    def rule(gradient: np.ndarray) -> np.ndarray:
        calls.append(1)
        return gradient * 0.5

    autograd.derivative(link, rule, rule)
    x = leaf(1)
    chain = x
    for _ in range(length):
        # Each result is used twice: a walk along all paths would never end.
        chain = apply(link, chain, chain)
    chain.backward()
    assert len(calls) == 2 * length
    assert gradient(x) == [1.0]


def test_a_fan_of_many_uses_of_one_tensor_adds_up() -> None:
    x = leaf(1, 2)
    total = x * 0
    for i in range(1_000):
        total = total + x * i
    total.sum().backward()
    assert gradient(x) == [499_500.0, 499_500.0]


# ---- Memory --------------------------------------------------------------------------------------


@pytest.fixture
def _no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def training_step() -> None:
    first, second, dropout = Linear(6, 5), Linear(5, 3), Dropout(0.5)
    optimizer = Adam(first.parameters() + second.parameters(), weight_decay=0.1)
    x = np.random.default_rng(0).standard_normal((4, 6))
    hidden = dropout(GELU()(first(x)) + ReLU()(first(x)))
    hidden = hidden * Softmax()(hidden) + Sigmoid()(hidden)[[0, 0, 1, 2]].reshape(4, 5)
    loss = CrossEntropyLoss()(second(hidden).T.transpose(1, 0), [0, 1, 2, 0])
    loss = loss + MSELoss()(hidden, np.zeros((4, 5))) + hidden.max() + hidden.mean(axis=0).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def an_unwalked_forward() -> None:
    x = leaf()
    _ = ((x * 2 + 1).exp() @ x).sum()


def an_inference() -> None:
    with no_grad():
        Linear(3, 2)(np.ones((4, 3)))


def a_backward_that_fails() -> None:
    x = leaf()
    exponential = x.exp()
    loss = exponential.sum()
    exponential.data[0] = 9
    with pytest.raises(ValueError, match="exp"):
        loss.backward()


def a_second_backward() -> None:
    loss = leaf().sum()
    loss.backward()
    with pytest.raises(ValueError, match="before"):
        loss.backward()


def an_error_in_an_operation() -> None:
    with pytest.raises(ValueError, match="matmul"):
        leaf() @ leaf(1, 2)


@pytest.mark.usefixtures("_no_garbage_collection")
@pytest.mark.parametrize(
    "work",
    [
        training_step,
        an_unwalked_forward,
        an_inference,
        a_second_backward,
        an_error_in_an_operation,
    ],
)
def test_nothing_is_left_to_the_garbage_collector(work: Callable[[], None]) -> None:
    work()  # once to fill whatever caches there are
    gc.collect()
    work()
    # pytest.raises keeps the traceback of an exception in a cycle of its own: our own objects
    # are looked for by type.
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        ours = [x for x in gc.garbage if type(x).__module__.startswith("tinytorch")]
        arrays = [x for x in gc.garbage if isinstance(x, np.ndarray)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert ours == []
    assert arrays == []


@pytest.mark.usefixtures("_no_garbage_collection")
def test_a_training_step_leaves_no_cycles_at_all() -> None:
    training_step()
    gc.collect()
    training_step()
    assert gc.collect() == 0


@pytest.mark.usefixtures("_no_garbage_collection")
def test_dropping_the_result_frees_what_was_recorded_at_once() -> None:
    x = leaf()
    hidden = x.exp()
    array = weakref.ref(hidden.data)
    tensor = weakref.ref(hidden)
    loss = (hidden * hidden).sum()
    del hidden
    assert tensor() is None or array() is not None
    del loss
    assert array() is None
    assert tensor() is None


@pytest.mark.usefixtures("_no_garbage_collection")
def test_backward_frees_what_was_recorded_though_the_result_lives_on() -> None:
    x = leaf()
    hidden = x.exp()
    array = weakref.ref(hidden.data)
    loss = (hidden * hidden).sum()
    del hidden
    assert array() is not None, "backward needs it"
    loss.backward()
    assert array() is None


@pytest.mark.usefixtures("_no_garbage_collection")
def test_what_was_recorded_is_freed_while_backward_walks() -> None:
    seen = []

    def probe(x: np.ndarray) -> np.ndarray:
        return x + 0

    def rule(gradient: np.ndarray) -> np.ndarray:
        seen.append(late() is None)
        return gradient

    autograd.derivative(probe, rule)
    early = apply(probe, leaf())
    later = early.exp()
    late = weakref.ref(later.data)
    loss = (later * later).sum()
    del later
    assert late() is not None
    loss.backward()
    assert seen == [True], "the newer results are let go before the older ones are reached"


@pytest.mark.usefixtures("_no_garbage_collection")
def test_results_that_no_rule_needs_are_freed_during_the_forward() -> None:
    x = leaf()
    total = x + 1
    array = weakref.ref(total.data)
    loss = (total + 1).sum()
    del total
    assert array() is None
    loss.backward()
    assert gradient(x) == [1.0] * 4


@pytest.mark.usefixtures("_no_garbage_collection")
def test_inference_keeps_no_intermediate_results() -> None:
    layer = Linear(3, 3)
    with no_grad():
        hidden = layer(np.ones((2, 3)))
        array = weakref.ref(hidden.data)
        _result = layer(hidden)
        del hidden
    assert array() is None


@pytest.mark.usefixtures("_no_garbage_collection")
def test_a_leaf_is_freed_with_its_gradient() -> None:
    x = leaf()
    (x * x).sum().backward()
    assert x.grad is not None
    tensor, array, grad = weakref.ref(x), weakref.ref(x.data), weakref.ref(x.grad)
    del x
    assert tensor() is None
    assert array() is None
    assert grad() is None


def test_many_training_steps_hold_no_more_memory_than_few() -> None:
    layer = Linear(20, 20)
    optimizer = Adam(layer.parameters())

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            (layer(np.ones((8, 20))) ** 2).mean().backward()
            optimizer.step()

    tracemalloc.start()
    try:
        steps(50)
        before = tracemalloc.get_traced_memory()[0]
        steps(200)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # One array of 20 by 20 kept at each step would be 320,000 bytes.
    assert after - before < 20_000


# ---- Gradients own their memory ------------------------------------------------------------------

SHARING: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x+y": lambda x, y: x + y,
    "x-y": lambda x, y: x - y,
    "x+y+x": lambda x, y: x + y + x,
    "reshape": lambda x, y: x.reshape(2, 2) + y.reshape(2, 2),
    "transpose": lambda x, y: (x.reshape(2, 2).T + y.reshape(2, 2)).T,
    "slices": lambda x, y: x[:2] + y[2:],
    "sum": lambda x, y: x.sum() + y.sum(),
    "mean": lambda x, y: x.mean(axis=0, keepdims=True) + y.sum(axis=0, keepdims=True),
    "where": lambda x, y: np.where(np.array([True, False, True, False]), x, y),
    "maximum": lambda x, y: np.maximum(x, y),
    "product": lambda x, y: x * y,
    "dot": lambda x, y: x @ y,
    "identity": lambda x, y: x * 1 + y * 1,
    "dropout at inference": lambda x, y: Dropout()(x, training=False) + y,
}


@pytest.mark.parametrize("name", SHARING)
def test_gradients_share_no_memory_with_anything(name: str) -> None:
    x, y = leaf(), leaf(5, 6, 7, 8)
    result = SHARING[name](x, y)
    seed = np.ones(result.shape, dtype=np.float32)
    result.backward(seed)
    assert x.grad is not None
    assert y.grad is not None
    arrays = [x.grad.data, y.grad.data, x.data, y.data, result.data, seed]
    for i, one in enumerate(arrays[:2]):
        for other in arrays[i + 1 :]:
            assert not np.shares_memory(one, other)
        assert one.flags.writeable
        one += 1


def test_a_rule_that_returns_an_array_it_was_given_shares_it_with_no_gradient() -> None:
    def energy(x: np.ndarray) -> np.ndarray:
        return np.sum(x * x) / 2

    autograd.derivative(energy, lambda gradient, x: x)
    x = leaf()
    apply(energy, x).backward()
    assert x.grad is not None
    assert not np.shares_memory(x.grad.data, x.data)


# ---- Arrays that change in place -----------------------------------------------------------------

CHANGED = "changed in place"


def test_changing_the_numbers_of_a_leaf_is_an_error_that_names_the_operation() -> None:
    x = leaf()
    loss = (x * x).sum()
    x.data[...] = 7
    with pytest.raises(ValueError, match=r"\(4,\).*multiply.*changed in place"):
        loss.backward()


def in_place_assignment(x: Tensor) -> None:
    x.data[0] = 9


def in_place_arithmetic(x: Tensor) -> None:
    x.data *= 2


def in_place_by_out(x: Tensor) -> None:
    np.add(x.data, 1, out=x.data)


def in_place_by_a_view(x: Tensor) -> None:
    x.reshape(2, 2).data[0, 0] = 9


def in_place_by_a_transposed_view(x: Tensor) -> None:
    x.reshape(2, 2).T.data[0, 0] = 9


def in_place_by_a_slice(x: Tensor) -> None:
    x[1:3].data[0] = 9


def in_place_by_writing_to_a_slice(x: Tensor) -> None:
    with no_grad():
        x[1:3][0] = 9


def in_place_by_detach(x: Tensor) -> None:
    x.detach()[2] = 9


def in_place_by_a_shallow_copy(x: Tensor) -> None:
    copy.copy(x).data[2] = 9


def in_place_by_asarray(x: Tensor) -> None:
    np.asarray(x)[1] = 9


def in_place_by_another_tensor(x: Tensor) -> None:
    Tensor(x.data)[1] = 9


def in_place_swap(x: Tensor) -> None:
    numbers = x.numpy()
    numbers[[0, 3]] = numbers[[3, 0]]


def in_place_sort(x: Tensor) -> None:
    x.numpy()[::-1].sort()


def in_place_by_memoryview(x: Tensor) -> None:
    memoryview(x.numpy())[1] = 9.0


def in_place_by_ufunc_at(x: Tensor) -> None:
    np.add.at(x.numpy(), [0], 1)


def in_place_by_the_smallest_step(x: Tensor) -> None:
    x.data[3] = np.nextafter(x.data[3], np.float32(100))


def in_place_to_nan(x: Tensor) -> None:
    x.data[0] = np.nan


IN_PLACE = [value for name, value in list(globals().items()) if name.startswith("in_place_")]
every_way = pytest.mark.parametrize("change", IN_PLACE)


@every_way
def test_a_change_of_a_leaf_that_backward_needs_is_an_error(
    change: Callable[[Tensor], None],
) -> None:
    x = leaf()
    loss = (x * x).sum()
    change(x)
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()
    assert x.grad is None


@every_way
def test_a_change_of_an_intermediate_result_that_backward_needs_is_an_error(
    change: Callable[[Tensor], None],
) -> None:
    hidden = leaf().exp()
    loss = hidden.sum()
    change(hidden)
    with pytest.raises(ValueError, match=r"exp.*changed in place"):
        loss.backward()


@every_way
def test_a_change_of_a_constant_tensor_that_backward_needs_is_an_error(
    change: Callable[[Tensor], None],
) -> None:
    constant = Tensor([1.0, 2.0, 3.0, 4.0])
    loss = (leaf() * constant).sum()
    change(constant)
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@every_way
def test_a_change_through_a_view_made_before_is_an_error(change: Callable[[Tensor], None]) -> None:
    x = leaf()
    view = x.reshape(4)
    loss = (x * x).sum()
    change(view)
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@every_way
def test_a_change_of_what_a_view_looks_at_is_an_error(change: Callable[[Tensor], None]) -> None:
    x = leaf()
    view = x.reshape(4)
    loss = (view * view).sum()
    change(x)
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@every_way
def test_a_change_before_the_forward_is_fine(change: Callable[[Tensor], None]) -> None:
    x = leaf()
    change(x)
    if np.isfinite(x.data).all():
        (x * x).sum().backward()
        assert gradient(x) == (2 * x.data).tolist()


@every_way
def test_a_change_after_backward_is_fine(change: Callable[[Tensor], None]) -> None:
    x = leaf()
    (x * x).sum().backward()
    change(x)
    assert gradient(x) == [2.0, 4.0, 6.0, 8.0]


@every_way
def test_a_change_of_what_no_rule_needs_is_fine(change: Callable[[Tensor], None]) -> None:
    x, y = leaf(), leaf()
    difference = x - y
    loss = (difference + 1).sum()
    change(x)
    change(y)
    change(difference)
    loss.backward()
    assert gradient(x) == [1.0] * 4
    assert gradient(y) == [-1.0] * 4


@every_way
def test_a_change_of_the_result_that_no_rule_needs_is_fine(
    change: Callable[[Tensor], None],
) -> None:
    x = leaf()
    squares = x * x
    loss = squares.sum()
    change(squares)
    loss.backward()
    assert gradient(x) == [2.0, 4.0, 6.0, 8.0]


def test_a_change_of_the_array_a_tensor_was_made_from_is_an_error() -> None:
    array = np.array([1.0, 2.0], dtype=np.float32)
    x = Tensor(array, requires_grad=True)
    loss = (x * x).sum()
    array[0] = 5
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@pytest.mark.parametrize("view", [lambda a: a.T, lambda a: a[:, 1], lambda a: a[1:, ::2]])
def test_a_change_of_the_array_a_tensor_looks_into_is_an_error(
    view: Callable[[np.ndarray], np.ndarray],
) -> None:
    array = np.ones((4, 4), dtype=np.float32)
    x = Tensor(view(array), requires_grad=True)
    loss = (x * x).sum()
    array[...] = 7
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def test_a_change_through_numpy_held_from_before_is_an_error() -> None:
    x = leaf()
    hidden = x * 1
    numbers = hidden.numpy()
    loss = (hidden * hidden).sum()
    numbers[0] = 9
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def test_a_change_through_a_slice_of_numpy_held_from_before_is_an_error() -> None:
    hidden = leaf() * 1
    part = hidden.numpy()[2:]
    loss = (hidden * hidden).sum()
    part[0] = 9
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def test_a_change_through_an_array_from_an_earlier_step_is_an_error() -> None:
    x = leaf()
    numbers = x.numpy()
    for _ in range(3):
        (x * x).sum().backward()
    loss = (x * x).sum()
    numbers[0] = 9
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def plain_operand(x: Tensor, array: np.ndarray) -> Tensor:
    return (x * array).sum()


def plain_operand_on_the_left(x: Tensor, array: np.ndarray) -> Tensor:
    return (array * x).sum()


def plain_divisor(x: Tensor, array: np.ndarray) -> Tensor:
    return (x / array).sum()


def plain_matrix(x: Tensor, array: np.ndarray) -> Tensor:
    return (x.reshape(2, 2) @ array.reshape(2, 2)).sum()


def plain_maximum(x: Tensor, array: np.ndarray) -> Tensor:
    return np.maximum(x, array).sum()


def plain_target(x: Tensor, array: np.ndarray) -> Tensor:
    return MSELoss()(x, array)


def plain_probability(x: Tensor, array: np.ndarray) -> Tensor:
    return BinaryCrossEntropyLoss()(Sigmoid()(x), array)


def plain_input_of_a_layer(x: Tensor, array: np.ndarray) -> Tensor:
    layer = Linear(4, 2)
    layer.weight = Tensor(np.ones((4, 2)), requires_grad=True)
    return layer(array).sum() + (x * 2).sum() + (layer.weight * x.reshape(4, 1)).sum()


PLAIN = [value for name, value in list(globals().items()) if name.startswith("plain_")]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("use", PLAIN)
def test_a_change_of_a_plain_array_gives_an_error_or_the_right_gradient(
    use: Callable[[Tensor, np.ndarray], Tensor], dtype: Any
) -> None:
    array = np.array([1, 0, 1, 1] if use is plain_probability else [2, 1, 5, 3], dtype=dtype)
    expected = leaf()
    use(expected, array).backward()
    x = leaf()
    loss = use(x, array)
    array[...] = array[::-1].copy() + (use is not plain_probability)
    array[0] = 0
    try:
        loss.backward()
    except ValueError as error:
        assert CHANGED in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert gradient(x) == gradient(expected)


def index_list(x: Tensor, index: Any) -> Tensor:
    return x[index.tolist()].sum()


def index_array(x: Tensor, index: Any) -> Tensor:
    return x[index].sum()


def index_in_a_tuple(x: Tensor, index: Any) -> Tensor:
    return x.reshape(4, 1)[index, 0].sum()


def index_tensor(x: Tensor, index: Any) -> Tensor:
    return x[Tensor(index, dtype=index.dtype)].sum()


def index_mask(x: Tensor, index: Any) -> Tensor:
    return x[np.isin(np.arange(4), index)].sum()


def index_as_classes(x: Tensor, index: Any) -> Tensor:
    return CrossEntropyLoss()(x.reshape(1, 4) * Tensor([[1.0], [1.0]]), index)


def index_as_classes_in_a_tensor(x: Tensor, index: Any) -> Tensor:
    logits = x.reshape(1, 4) * Tensor([[1.0], [1.0]])
    return CrossEntropyLoss()(logits, Tensor(index, dtype=index.dtype))


INDEXING = [value for name, value in list(globals().items()) if name.startswith("index_")]


@pytest.mark.parametrize("use", INDEXING)
def test_a_change_of_an_index_gives_an_error_or_the_right_gradient(
    use: Callable[[Tensor, Any], Tensor],
) -> None:
    index = np.array([0, 2])
    expected = leaf()
    use(expected, index).backward()
    x = leaf()
    loss = use(x, index)
    index[:] = [3, 0]
    try:
        loss.backward()
    except ValueError as error:
        assert CHANGED in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert gradient(x) == gradient(expected)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_a_change_of_a_mask_or_condition_gives_an_error_or_the_right_gradient(
    as_tensor: bool,
) -> None:
    for use in (lambda x, mask: x[mask].sum(), lambda x, mask: np.where(mask, x, 0).sum()):
        mask = np.array([True, False, True, False])
        given: Any = Tensor(mask, dtype=bool) if as_tensor else mask
        x = leaf()
        loss = use(x, given)
        mask[:] = ~mask
        try:
            loss.backward()
        except ValueError as error:
            assert CHANGED in str(error)  # noqa: PT017 - either outcome is right
        else:
            assert gradient(x) == [1.0, 0.0, 1.0, 0.0]


def test_a_change_of_an_array_that_an_operation_handed_through_is_an_error() -> None:
    def identity(x: np.ndarray) -> np.ndarray:
        return x

    autograd.derivative(identity, lambda gradient: gradient)
    x = leaf()
    result = apply(identity, x)
    loss = (result * result).sum()
    x.data[0] = 9
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_a_swap_of_any_two_elements_is_an_error(size: int) -> None:
    generator = np.random.default_rng(size)
    for _ in range(20):
        x = Tensor(np.arange(size), requires_grad=True)
        loss = (x * x).sum()
        i, j = generator.choice(size, 2, replace=False)
        numbers = x.numpy()
        numbers[[i, j]] = numbers[[j, i]]
        with pytest.raises(ValueError, match=CHANGED):
            loss.backward()


@pytest.mark.parametrize("distance", [1, 2, 4, 64, 128, 256, 500, 509, 512, 521, 1018, 1042, 4096])
def test_a_swap_across_a_regular_distance_is_an_error(distance: int) -> None:
    x = Tensor(np.arange(10_000), requires_grad=True)
    loss = (x * x).sum()
    numbers = x.numpy()
    numbers[[3, 3 + distance]] = numbers[[3 + distance, 3]]
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def test_a_shuffle_of_the_rows_is_an_error() -> None:
    x = Tensor(np.arange(64 * 784).reshape(64, 784), requires_grad=True)
    loss = (x * x).sum()
    np.random.default_rng(0).shuffle(x.numpy())
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (7, 5), (129,)])
def test_a_change_of_any_one_element_is_an_error_whatever_the_size(
    shape: tuple[int, ...], dtype: Any
) -> None:
    for index in np.ndindex(shape):
        x = Tensor(np.ones(shape), requires_grad=True, dtype=dtype)
        loss = (x * x).sum()
        x.data[index] = 2
        with pytest.raises(ValueError, match=CHANGED):
            loss.backward()


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: x * x, "multiply"),
        (lambda x: x**2, "square"),
        (lambda x: x**3, "power"),
        (lambda x: x.log(), "log"),
        (lambda x: abs(x), "absolute"),
        (lambda x: x.max(), "max"),
        (lambda x: x.min(axis=0), "min"),
        (lambda x: np.sin(x), "sin"),
        (lambda x: x @ x, "matmul"),
        (lambda x: np.maximum(x, 2.0), "maximum"),
        (GELU(), "gelu"),
        (lambda x: BinaryCrossEntropyLoss()(x * 0 + 0.5, x * 0), "multiply|binary_cross_entropy"),
    ],
)
def test_the_error_names_the_operation_that_needs_its_input(
    operation: Callable[[Tensor], Tensor], name: str
) -> None:
    x = leaf()
    loss = operation(x).sum()
    x.data[:] = [9, 8, 7, 6]
    if "|" in name:
        loss.backward()  # which needs only what was computed from x
        return
    with pytest.raises(ValueError, match=f"{name} needs.*{CHANGED}"):
        loss.backward()


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: x.exp(), "exp"),
        (lambda x: x.sqrt(), "sqrt"),
        (lambda x: np.tanh(x), "tanh"),
        (Tanh(), "tanh"),
        (ReLU(), "relu"),
        (Sigmoid(), "sigmoid"),
        (Softmax(), "softmax"),
    ],
)
def test_the_error_names_the_operation_that_needs_its_result(
    operation: Callable[[Tensor], Tensor], name: str
) -> None:
    result = operation(leaf())
    loss = (result + 1).sum()
    result.data[:] = [9, -8, 7, 6]
    with pytest.raises(ValueError, match=f"{name} needs.*{CHANGED}"):
        loss.backward()


def test_changing_a_weight_between_forward_and_backward_is_an_error() -> None:
    first, second = Linear(3, 4), Linear(4, 2)
    loss = second(first(np.ones((5, 3)))).sum()
    second.weight.data -= 0.1
    with pytest.raises(ValueError, match=r"\(4, 2\).*linear.*changed in place"):
        loss.backward()


def test_an_optimizer_step_between_forward_and_backward_is_an_error() -> None:
    layer = Linear(4, 4)
    optimizer = SGD(layer.parameters(), lr=0.1)
    layer(layer(np.ones((2, 4)))).sum().backward()
    loss = layer(layer(np.ones((2, 4)))).sum()
    optimizer.step()
    with pytest.raises(ValueError, match=CHANGED):
        loss.backward()


def test_replacing_the_array_of_a_leaf_leaves_what_was_recorded_alone() -> None:
    x = leaf(1, 2)
    loss = (x * x).sum()
    x.data = np.array([8.0, 9.0], dtype=np.float32)
    loss.backward()
    assert gradient(x) == [2.0, 4.0]


def test_reading_numbers_between_forward_and_backward_is_fine() -> None:
    x = leaf()
    hidden = x.exp()
    loss = hidden.sum()
    assert x.numpy().sum() == 10
    assert hidden.data.mean() > 0
    _ = repr(hidden), hidden.max(), np.asarray(hidden), pickle.dumps(hidden), list(hidden)
    loss.backward()
    np.testing.assert_allclose(gradient(x), np.exp([1, 2, 3, 4]), rtol=1e-6)


def test_inference_between_training_steps_is_fine() -> None:
    layer, head = Linear(4, 4), Linear(4, 2)
    optimizer = Adam(layer.parameters() + head.parameters(), lr=0.1)
    x, classes = np.eye(4), [0, 1, 0, 1]
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = CrossEntropyLoss()(head(ReLU()(layer(x))), classes)
        loss.backward()
        optimizer.step()
        with no_grad():
            losses.append(CrossEntropyLoss()(head(ReLU()(layer(x))), classes).item())
        unused = head(ReLU()(layer(x)))  # recorded, and never walked
    optimizer.step()
    del unused
    assert losses[-1] < 0.5 * losses[0]


def test_predictions_kept_from_earlier_steps_do_not_hinder_later_ones() -> None:
    layer = Linear(3, 1)
    optimizer = SGD(layer.parameters(), lr=0.01)
    kept = []
    for _ in range(5):
        prediction = layer(np.ones((2, 3)))
        kept.append(prediction)
        optimizer.zero_grad()
        (prediction * prediction).mean().backward()
        optimizer.step()
    assert len({tuple(one.data.ravel().tolist()) for one in kept}) == 5


def test_writing_into_a_tensor_that_requires_a_gradient_is_an_error() -> None:
    for tensor in (leaf(), leaf() * 2):
        with pytest.raises(ValueError, match="not be recorded"):
            tensor[0] = 1.0


# ---- What cannot be walked -----------------------------------------------------------------------


def test_a_second_backward_is_an_error_that_says_what_to_do() -> None:
    loss = (leaf() * 2).sum()
    loss.backward()
    with pytest.raises(ValueError, match=r"before.*compute the result again"):
        loss.backward()


def test_a_backward_through_a_part_that_is_gone_is_an_error() -> None:
    shared = leaf() * 2
    first, second = (shared * 3).sum(), (shared * 4).sum()
    first.backward()
    with pytest.raises(ValueError, match="before"):
        second.backward()


def test_computing_on_from_a_walked_result_and_walking_again_is_an_error() -> None:
    shared = leaf() * 2
    shared.sum().backward()
    with pytest.raises(ValueError, match="before"):
        (shared * 3).sum().backward()


def test_an_operation_without_a_derivative_is_an_error_only_where_backward_gets_there() -> None:
    x = leaf()
    steps = np.floor(x)
    assert steps.data.tolist() == [1.0, 2.0, 3.0, 4.0]
    other = (x * 2).sum()
    other.backward()
    assert gradient(x) == [2.0] * 4
    with pytest.raises(ValueError, match="floor has no derivative"):
        (steps * 1.0).sum().backward()


def test_an_operation_without_a_derivative_works_on_a_detached_input() -> None:
    x = leaf(1.5)
    (x * np.floor(x.detach())).sum().backward()
    assert gradient(x) == [1.0]


def test_an_operation_of_ones_own_without_a_derivative_is_named() -> None:
    def triple(x: np.ndarray) -> np.ndarray:
        return 3 * x

    with pytest.raises(ValueError, match="triple has no derivative"):
        apply(triple, leaf()).sum().backward()


@pytest.mark.parametrize(
    "rule",
    [
        lambda gradient, input_shape, x: x,
        lambda gradient, x, input_shape, output: x,
        lambda gradient, scale, x: x,
        lambda gradient, x, scale, input_shape: x,
    ],
    ids=["shape before input", "shape before output", "option before input", "option before shape"],
)
def test_a_rule_that_takes_things_in_another_order_is_an_error(rule: Any) -> None:
    with pytest.raises(ValueError, match="then input_shape, then options; got one that takes"):
        autograd.derivative(lambda x: x, rule)


def test_more_inputs_than_derivatives_are_an_error_that_tells_inputs_from_options() -> None:
    with pytest.raises(
        ValueError, match=r"dropout got 2 inputs, and has rules .* of 1; .* by name"
    ):
        apply(dropout, leaf(), np.ones(4))


def test_an_operation_written_as_a_lambda_or_partial_works_and_is_an_error_in_backward() -> None:
    from functools import partial

    for op in (lambda x: 3 * x, partial(np.multiply, 3)):
        result = apply(op, leaf())
        assert result.data.tolist() == [3.0, 6.0, 9.0, 12.0]
        with pytest.raises(ValueError, match="has no derivative"):
            result.sum().backward()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sum(x, dtype=np.float64),
        lambda x: np.sum(x, where=np.array([True, False, True, True])),
        lambda x: np.sum(x, initial=1.0),
        lambda x: np.sum(a=x),
        lambda x: np.mean(x, None, np.float64),
        lambda x: np.max(x, initial=2.5),
        lambda x: np.amax(x),
        lambda x: np.reshape(x, (2, 2), order="F"),
        lambda x: np.clip(x, 0, 2),
        lambda x: np.concatenate([x, x]),
        lambda x: np.stack([x, x]),
        lambda x: np.dot(x, x),
        lambda x: np.exp(x, dtype=np.float64),
        lambda x: np.multiply(x, 2, out=np.zeros(4, dtype=np.float32)),
        lambda x: np.add.reduce(x),
        lambda x: np.var(x),
        lambda x: np.squeeze(x),
        lambda x: x * np.clip(x, 0, 2),
        lambda x: x * [x[1], x[2], x[3], x[0]],
        lambda x: x * np.array([x[1], x[2], x[3], x[0]], dtype=object),
    ],
)
def test_numpy_never_drops_a_gradient_silently(call: Callable[[Tensor], Any]) -> None:
    x = leaf()
    try:
        result = call(x)
        total = result.sum()
        if not isinstance(total, Tensor):
            return  # plain numbers, which are visibly no part of what is recorded
        total.backward()
    except (TypeError, ValueError) as error:
        assert "_gradient()" not in str(error), "that speaks of our insides"  # noqa: PT017
    else:
        plain = call(x.data.astype(np.float64))
        step = 1e-4
        expected = []
        for i in range(4):
            moved = x.data.astype(np.float64)
            moved[i] += step
            expected.append((np.sum(call(moved)) - np.sum(plain)) / step)
        np.testing.assert_allclose(gradient(x), expected, atol=1e-2)


def test_a_walk_that_failed_spoils_no_later_one() -> None:
    x = leaf(1, 2)
    shared = x * 2
    broken = np.floor(x)
    with pytest.raises(ValueError, match="floor"):
        ((shared * 3).sum() + broken.sum()).backward()
    x.grad = None
    later = (shared * 5).sum()
    try:
        later.backward()
    except ValueError as error:
        assert "before" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert gradient(x) == [10.0, 10.0]


def test_backward_from_what_was_never_recorded_is_an_error() -> None:
    for tensor in (Tensor(1.0), Tensor([1.0]) * 2, leaf(1.0).detach(), leaf(1.0) > 0):
        with pytest.raises(ValueError, match="requires_grad=True"):
            tensor.backward()


# ---- The rest ------------------------------------------------------------------------------------


def test_pickles_and_copies_carry_the_gradient_but_not_the_history() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward()
    hidden = x * 2
    for duplicate in (copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))):
        other = duplicate(x)
        assert other.requires_grad
        assert gradient(other) == [2.0, 4.0]
        (other * 3).sum().backward()
        assert gradient(x) == [2.0, 4.0], "the original keeps its own gradient"
        interior = duplicate(hidden)
        assert not interior.requires_grad
        assert interior.data.tolist() == [2.0, 4.0]


def test_whole_numbers_and_booleans_carry_no_gradient() -> None:
    mask = leaf() > 2
    assert mask.dtype == bool
    x = leaf()
    (x * mask).sum().backward()
    assert gradient(x) == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "zero", [0, 0.0, np.zeros(2), np.zeros(2, dtype=np.float32), Tensor([0.0, 0.0])], ids=repr
)
def test_a_grad_set_to_zero_by_hand_is_added_to_or_refused(zero: Any) -> None:
    x = leaf(1, 2)
    x.grad = zero
    loss = (x * x).sum()
    try:
        loss.backward()
    except (TypeError, ValueError) as error:
        assert "grad" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert gradient(x) == [2.0, 4.0]
        assert x.grad.dtype == np.float32


def test_a_gradient_of_whole_numbers_is_never_asked_for() -> None:
    x, count = leaf(), Tensor([1, 2, 3, 4], dtype=np.int64)
    (x * count).sum().backward()
    assert gradient(x) == [1.0, 2.0, 3.0, 4.0]
    assert count.grad is None


@pytest.mark.needs("threads")
def test_threads_can_compute_at_the_same_time() -> None:
    results = []

    def work(factor: int) -> None:
        x = leaf()
        for _ in range(200):
            x.grad = None
            (x * factor).sum().backward()
        results.append((factor, gradient(x)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(i, [float(i)] * 4) for i in range(4)]
