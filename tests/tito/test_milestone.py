"""`tito milestone mnist`: what it trains, shows, writes and says when something goes wrong."""

import errno
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pexpect
import pytest
from click.testing import CliRunner, Result
from safetensors.numpy import load_file

import tinytorch
from tinytorch.core.training import predict
from tinytorch.course.machine import THREAD_VARIABLES, processors
from tinytorch.course.owners import described
from tinytorch.datasets import MNIST, mnist
from tito.main import main
from tito.milestones.classifier import DigitNetwork, Step, train
from tito.milestones.history import Epoch, History
from tito.milestones.interruption import Interruption
from tito.milestones.outcome import (
    Evaluation,
    Results,
    confusion_table,
    digit_table,
    evaluate,
    metrics,
)
from tito.milestones.owners import all_in_use
from tito.milestones.picture import draw
from tito.milestones.progress import clock, describe, header_row, plain_line, table_row
from tito.milestones.recipe import Recipe
from tito.milestones.seeding import seed
from tito.milestones.threads import MatrixThreads, Pace, Tuner, fastest, seconds_of_steps

NAMES = ("weights.safetensors", "metrics.json", "mnist.png")
# One thread each, since tests run side by side.
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "TERM": "xterm-256color"}
for variable in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
    ENVIRONMENT.pop(variable, None)
# The command, on the first images alone and without a picture, in a process of its own.
SMALL = """
import os, sys, types
import numpy as np
import tinytorch.datasets
from tito.main import main

small = tinytorch.datasets.MNIST(**np.load(os.environ["DIGITS"]))
tinytorch.datasets.mnist = lambda: small
no_picture = types.SimpleNamespace(draw=lambda *arguments: b"a picture")
sys.modules["tito.milestones.picture"] = no_picture
main(["milestone", "mnist", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def digits() -> MNIST:
    """The first images of MNIST."""
    whole = mnist()
    return MNIST(
        whole.train_images[:3000],
        whole.train_labels[:3000],
        whole.test_images[:500],
        whole.test_labels[:500],
    )


@pytest.fixture(scope="module", autouse=True)
def _digits_for_processes(digits: MNIST, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("digits") / "digits.npz"
    np.savez(file, **digits._asdict())
    ENVIRONMENT["DIGITS"] = str(file)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: MNIST) -> Path:
    """An empty current folder, in which the command takes no time: few images and no picture."""
    monkeypatch.setattr("tinytorch.datasets.mnist", lambda: digits)
    monkeypatch.setattr("tito.milestones.picture.draw", lambda *arguments: b"a picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["milestone", "mnist", *arguments])


def run_apart(
    folder: Path, *arguments: str, program: str = SMALL, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        **options,
    )


def trained(
    digits: MNIST, recipe: Recipe, steps: int | None = None
) -> tuple[DigitNetwork, History]:
    """A network and the history of its training, all of it or only the first steps."""
    tinytorch.manual_seed(recipe.seed)
    network, history = DigitNetwork(), History()
    images = digits.train_images.reshape(-1, 784)
    for step in train(network, images, digits.train_labels, recipe):
        history.add(step)
        if len(history.losses) == steps:
            break
    return network, history


# ---- The network and its training ----------------------------------------------------------------


def test_the_network_has_235146_parameters_in_six_named_tensors() -> None:
    named = DigitNetwork().named_parameters()
    assert {name: tensor.shape for name, tensor in named.items()} == {
        "layer1.weight": (784, 256),
        "layer1.bias": (256,),
        "layer2.weight": (256, 128),
        "layer2.bias": (128,),
        "layer3.weight": (128, 10),
        "layer3.bias": (10,),
    }
    assert sum(tensor.size for tensor in named.values()) == 235_146


def test_the_named_parameters_are_the_trained_ones() -> None:
    network = DigitNetwork()
    named = network.named_parameters().values()
    assert [id(tensor) for tensor in named] == [id(tensor) for tensor in network.parameters()]


def test_the_network_drops_units_in_training_alone(digits: MNIST) -> None:
    network = DigitNetwork()
    x = tinytorch.Tensor(digits.test_images[:4].reshape(4, 784) / 255)
    assert np.array_equal(network(x, training=False).data, network(x, training=False).data)
    assert not np.array_equal(network(x, training=True).data, network(x, training=True).data)


def test_training_yields_every_step_the_last_of_an_epoch_with_what_is_left(digits: MNIST) -> None:
    images, labels = digits.train_images[:10].reshape(10, 784), digits.train_labels[:10]
    steps = list(train(DigitNetwork(), images, labels, Recipe(epochs=2, batch_size=4)))
    assert [(step.epoch, step.batch, step.batches, step.images) for step in steps] == [
        (1, 1, 3, 4),
        (1, 2, 3, 4),
        (1, 3, 3, 2),
        (2, 1, 3, 4),
        (2, 2, 3, 4),
        (2, 3, 3, 2),
    ]


def test_a_few_epochs_on_a_few_images_teach_the_network_to_read(digits: MNIST) -> None:
    network, history = trained(digits, Recipe(epochs=6, batch_size=32))
    assert history.epochs[-1].loss < history.epochs[0].loss / 2
    assert history.epochs[-1].accuracy > history.epochs[0].accuracy
    test = evaluate(network, digits.test_images.reshape(-1, 784), digits.test_labels)
    assert test.accuracy > 0.8


def test_leaving_the_loop_keeps_what_was_learned(digits: MNIST) -> None:
    begun, _ = trained(digits, Recipe(epochs=1), steps=3)
    tinytorch.manual_seed(0)
    untrained = DigitNetwork()
    assert not np.array_equal(begun.layer1.weight.data, untrained.layer1.weight.data)


def test_the_images_stay_as_they_are(digits: MNIST) -> None:
    before = digits.train_images.copy()
    trained(digits, Recipe(epochs=1))
    assert digits.train_images.dtype == np.uint8
    assert np.array_equal(digits.train_images, before)


def test_the_same_seed_gives_the_same_weights_to_the_bit_and_another_does_not(
    digits: MNIST,
) -> None:
    first, _ = trained(digits, Recipe(epochs=1, seed=7))
    again, _ = trained(digits, Recipe(epochs=1, seed=7))
    other, _ = trained(digits, Recipe(epochs=1, seed=8))
    for name, tensor in first.named_parameters().items():
        assert tensor.data.tobytes() == again.named_parameters()[name].data.tobytes()
    assert first.layer1.weight.data.tobytes() != other.layer1.weight.data.tobytes()


def test_history_sums_up_each_epoch() -> None:
    history = History()
    history.add(Step(epoch=1, batch=1, batches=2, images=30, loss=2.0, correct=3))
    history.add(Step(epoch=1, batch=2, batches=2, images=10, loss=1.0, correct=7))
    history.add(Step(epoch=2, batch=1, batches=2, images=30, loss=0.5, correct=30))
    first, second = history.epochs
    assert (first.loss, first.accuracy, first.complete) == (1.75, 0.25, True)
    assert (second.loss, second.accuracy, second.complete) == (0.5, 1.0, False)
    assert history.completed_epochs == 1
    assert history.images == 70
    assert history.losses == [2.0, 1.0, 0.5]
    assert history.seconds == pytest.approx(first.seconds + second.seconds)


# ---- The whole command ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """An epoch over all of MNIST as a program would run it: its folder, stdout and stderr."""
    folder = tmp_path_factory.mktemp("whole")
    program = "import sys; from tito.main import main; main(sys.argv[1:])"
    arguments = ("milestone", "mnist", "--epochs", "1", "--json")
    finished = run_apart(folder, *arguments, program=program)
    assert finished.returncode == 0, finished.stderr
    return folder, finished.stdout, finished.stderr


def test_one_epoch_on_all_of_mnist_reads_nine_digits_in_ten(
    whole_run: tuple[Path, str, str],
) -> None:
    values = json.loads(whole_run[1])
    assert values["test_accuracy"] > 0.9
    assert np.sum(values["confusion_matrix"]) == 10_000
    assert values["images_per_second"] * values["seconds"] == pytest.approx(60_000)


def test_json_is_the_only_thing_on_stdout_and_tells_all(whole_run: tuple[Path, str, str]) -> None:
    values = json.loads(whole_run[1])
    assert values["parameters"] == 235_146
    assert values["epochs"] == 1
    assert values["seed"] == 0
    assert values["interrupted"] is False
    assert values["settings"]["batch_size"] == Recipe.batch_size
    assert set(values["modules"].values()) == {"reference"}
    matrix = np.array(values["confusion_matrix"])
    assert values["test_accuracy"] == matrix.trace() / matrix.sum()
    assert values["per_digit_accuracy"] == pytest.approx(matrix.diagonal() / matrix.sum(axis=1))
    assert 0.9 < values["train_accuracy"] < 1


def test_progress_goes_to_stderr_when_stdout_is_json(whole_run: tuple[Path, str, str]) -> None:
    assert "epoch 1/1  batch 235/235  loss " in whole_run[2]


def test_the_output_folder_holds_three_files_and_nothing_else(
    whole_run: tuple[Path, str, str],
) -> None:
    output = whole_run[0] / "milestone-mnist"
    assert sorted(path.name for path in output.iterdir()) == sorted(NAMES)
    assert sorted(json.loads(whole_run[1])["files"].values()) == sorted(
        str(output / name) for name in NAMES
    )


def test_the_metrics_file_holds_what_json_prints(whole_run: tuple[Path, str, str]) -> None:
    printed = json.loads(whole_run[1])
    del printed["files"]
    text = (whole_run[0] / "milestone-mnist" / "metrics.json").read_text(encoding="utf-8")
    assert json.loads(text) == printed


def test_the_weights_file_gives_the_reported_accuracy(whole_run: tuple[Path, str, str]) -> None:
    weights = load_file(whole_run[0] / "milestone-mnist" / "weights.safetensors")
    network = DigitNetwork()
    for name, tensor in network.named_parameters().items():
        tensor.data[...] = weights[name]
    data = mnist()
    logits = predict(network, data.test_images.reshape(-1, 784))
    accuracy = np.mean(logits.argmax(axis=1) == data.test_labels)
    # Sums are not rounded alike on every number of threads, so one image may change sides.
    assert accuracy == pytest.approx(json.loads(whole_run[1])["test_accuracy"], abs=2e-4)


def test_the_picture_is_a_png_of_moderate_size(whole_run: tuple[Path, str, str]) -> None:
    picture = (whole_run[0] / "milestone-mnist" / "mnist.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) < 300_000


def test_the_report_tells_modules_accuracy_digits_time_and_files(folder: Path) -> None:
    result = run("--epochs", "1", "--output", "results")
    assert result.exit_code == 0, result.output
    assert "235,146 parameters" in result.output
    assert "Modules: all are the reference's." in result.output
    assert re.search(r"Test: \d+\.\d\d% of 500 new images", result.output)
    assert re.search(r"Training: \d+\.\d\d% of the 3,000 images", result.output)
    assert re.search(r"Time: \d+\.\d s for 3,000 images, [\d,]+ images/s", result.output)
    assert len(re.findall(r"^  \d .*%$", result.output, re.MULTILINE)) == 10
    for name in NAMES:
        assert str(Path("results") / name) in result.output
        assert (folder / "results" / name).is_file()


def test_two_runs_with_one_seed_write_the_same_bytes_of_weights(folder: Path) -> None:
    for output in ("a", "b"):
        assert run("--epochs", "1", "--seed", "3", "--output", output).exit_code == 0
    assert run("--epochs", "1", "--seed", "4", "--output", "c").exit_code == 0
    first, again, other = ((folder / name / NAMES[0]).read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_a_weight_depends_on_the_number_of_threads_which_can_be_fixed(tmp_path: Path) -> None:
    for output, threads in (("a", "2"), ("b", "2")):
        finished = run_apart(tmp_path, "--epochs", "1", "--threads", threads, "--output", output)
        assert finished.returncode == 0, finished.stderr
        assert "Matrix products run on 2 threads, since --threads is 2." in finished.stdout
        assert "images/s on 2 threads." in finished.stdout
        values = json.loads((tmp_path / output / NAMES[1]).read_text())
        assert (values["threads"], values["history"][0]["threads"]) == (2, 2)
    first, again = ((tmp_path / name / NAMES[0]).read_bytes() for name in "ab")
    assert first == again


def test_options_reach_the_training(folder: Path) -> None:
    result = run("--epochs", "2", "--batch-size", "1000", "--lr", "0.02", "--seed", "5", "--json")
    values = json.loads(result.stdout)
    settings = values["settings"]
    assert (settings["epochs"], settings["batch_size"], settings["lr"]) == (2, 1000, 0.02)
    assert [epoch["batches"] for epoch in values["history"]] == [3, 3]
    assert values["seed"] == settings["seed"] == 5


def test_a_second_run_replaces_the_results_of_the_first(folder: Path) -> None:
    run("--epochs", "1", "--seed", "1")
    assert run("--epochs", "1", "--seed", "2").exit_code == 0
    assert json.loads((folder / "milestone-mnist" / "metrics.json").read_text())["seed"] == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--epochs", "0"), "0 is not in the range x>=1"),
        (("--epochs", "-3"), "-3 is not in the range"),
        (("--epochs", "1.5"), "'1.5' is not a valid integer"),
        (("--batch-size", "0"), "0 is not in the range 1<=x<=60000"),
        (("--batch-size", "60001"), "60001 is not in the range 1<=x<=60000"),
        (("--lr", "0"), "0.0 is not a finite number above 0"),
        (("--lr", "-1"), "-1.0 is not a finite number above 0"),
        (("--lr", "nan"), "nan is not a finite number above 0"),
        (("--lr", "inf"), "inf is not a finite number above 0"),
        (("--lr", "fast"), "'fast' is not a valid float"),
        (("--threads", "0"), "0 is not in the range x>=1"),
        (("--threads", "all"), "'all' is not a valid integer"),
        (("--seed", "-1"), "-1 is not in the range x>=0"),
        (("extra",), "unexpected extra argument"),
    ],
)
def test_a_wrong_option_is_wrong_usage_and_makes_no_folder(
    folder: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.output
    assert list(folder.iterdir()) == []


def test_an_unknown_milestone_is_wrong_usage(folder: Path) -> None:
    assert CliRunner().invoke(main, ["milestone", "imagenet"]).exit_code == 2


# ---- Threads, and other programs -----------------------------------------------------------------


class FewThreads(MatrixThreads):
    """Threads that are only counted."""

    count = 4

    def __init__(self) -> None:
        pass

    def use(self, count: int) -> None:
        self.count = count


class Measurements:
    """Gives one measurement after the other, and counts those that were asked for."""

    def __init__(self, *taken: dict[int, float]) -> None:
        self.left = list(taken)
        self.done = 0

    def __call__(self, counts: Sequence[int]) -> dict[int, float]:
        assert list(counts) == [1, 4]
        self.done += 1
        return self.left.pop(0)


ALONE = {1: 0.004, 4: 0.002}
BESIDE_OTHERS = {1: 0.006, 4: 0.09}


@pytest.mark.parametrize(
    ("taken", "count"),
    [
        (ALONE, 4),
        (BESIDE_OTHERS, 1),
        ({1: 0.004, 4: 0.004}, 1),
        ({1: 0.004, 4: 0.0039}, 1),
        ({1: 0.004, 16: 0.003}, 16),
    ],
)
def test_all_threads_are_used_where_they_save_time_and_one_where_they_don_t(
    taken: dict[int, float], count: int
) -> None:
    assert fastest(taken) == count


def test_the_number_of_threads_is_chosen_anew_when_steps_get_slow() -> None:
    threads, measure = FewThreads(), Measurements(ALONE, BESIDE_OTHERS)
    tuner = Tuner(threads, measure)
    tuner.choose()
    assert threads.count == 4
    assert tuner.reason == "Matrix products run on 4 threads: a step takes 4 ms on 1 and 2 ms on 4."
    for _ in range(100):
        tuner.follow(0.002)
    assert measure.done == 1
    for _ in range(100):
        tuner.follow(0.09)
    assert threads.count == 1
    assert measure.done == 2
    assert tuner.reason == "Matrix products run on 1 thread: a step takes 6 ms on 1 and 90 ms on 4."


def test_steps_that_no_number_of_threads_makes_fast_are_measured_once() -> None:
    threads, measure = FewThreads(), Measurements(ALONE, ALONE)
    tuner = Tuner(threads, measure)
    tuner.choose()
    for seconds in (0.002, 0.09):
        for _ in range(100):
            tuner.follow(seconds)
    assert (threads.count, measure.done) == (4, 2)


def test_one_slow_step_is_no_reason_to_measure() -> None:
    pace = Pace()
    assert not any(pace.has_slowed(0.01 if step == 500 else 0.002) for step in range(1000))


def test_a_number_that_was_asked_for_stays() -> None:
    threads, measure = FewThreads(), Measurements()
    tuner = Tuner(threads, measure, "--threads is 4")
    tuner.choose()
    for seconds in (0.002, 0.09):
        for _ in range(100):
            tuner.follow(seconds)
    assert (threads.count, measure.done) == (4, 0)


def test_measuring_does_not_change_the_training(digits: MNIST) -> None:
    recipe, images = Recipe(epochs=2), digits.train_images.reshape(-1, 784)

    def measure(step: Step) -> None:
        if step.batch == 5:
            seconds = seconds_of_steps([1], MatrixThreads(), images, digits.train_labels, recipe)
            assert seconds[1] > 0

    weights = []
    for after in (lambda step: None, measure):
        seed(recipe.seed)
        network = DigitNetwork()
        for step in train(network, images, digits.train_labels, recipe):
            after(step)
        weights.append(network.layer1.weight.data.tobytes())
    assert weights[0] == weights[1]


def test_steps_are_measured_of_an_epoch_that_has_only_one(digits: MNIST) -> None:
    images, recipe = digits.train_images[:4].reshape(-1, 784), Recipe(batch_size=4)
    threads = MatrixThreads()
    assert set(seconds_of_steps([1, 1], threads, images, digits.train_labels[:4], recipe)) == {1}


def without_thread_variables(**variables: str) -> dict[str, str]:
    kept = {key: value for key, value in ENVIRONMENT.items() if key not in THREAD_VARIABLES}
    return kept | variables


def test_the_number_of_threads_is_measured_if_nobody_has_chosen_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ENVIRONMENT", without_thread_variables())
    finished = run_apart(tmp_path, "--epochs", "1")
    assert finished.returncode == 0, finished.stderr
    values = json.loads((tmp_path / "milestone-mnist" / "metrics.json").read_text())
    assert values["threads"] in (1, processors())
    measured = r"Matrix products run on \d+ threads?: a step takes .* on 1 and .* on \d+\."
    assert bool(re.search(measured, flat(finished.stdout))) is (processors() > 1)


@pytest.mark.parametrize("variable", THREAD_VARIABLES)
def test_a_number_of_threads_in_the_environment_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setitem(globals(), "ENVIRONMENT", without_thread_variables(**{variable: "1"}))
    finished = run_apart(tmp_path, "--epochs", "1")
    assert f"Matrix products run on 1 thread, since {variable} is 1." in finished.stdout


@pytest.mark.parametrize(("again", "threads"), [(BESIDE_OTHERS, 1), (ALONE, 4)])
def test_a_run_whose_threads_changed_is_not_said_to_be_repeatable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, again: dict[int, float], threads: int
) -> None:
    for variable in THREAD_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    taken = iter([ALONE, again])
    monkeypatch.setattr("tito.milestones.threads.MatrixThreads", FewThreads)
    monkeypatch.setattr(
        "tito.milestones.threads.seconds_of_steps", lambda counts, **given: next(taken)
    )
    slow = iter([step == 3 for step in range(100)])
    monkeypatch.setattr(Pace, "has_slowed", lambda pace, latest: next(slow))
    result = run("--epochs", "1", "--json")
    values, changed = json.loads(result.stdout), threads == 1
    assert (values["threads"], values["repeatable"]) == (threads, not changed)
    assert ("Steps had become slow. Matrix products run on 1 thread" in result.stderr) is changed
    told = "the next run with this seed may end with other digits"
    assert (told in flat(result.stderr)) is changed


def test_threads_that_nobody_can_set_are_no_choice_and_none_can_be_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MatrixThreads, "count", None)
    result = run("--epochs", "1", "--json")
    assert json.loads(result.stdout)["threads"] is None
    assert "Matrix products" not in result.stderr
    result = run("--threads", "2")
    assert result.exit_code == 1
    assert "lets nobody choose its threads. Leave --threads out." in flat(result.output)


@pytest.fixture
def _neighbours() -> Iterator[None]:
    """Two programs for each processor, which do nothing else than use it."""
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * processors())
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.usefixtures("_neighbours")
def test_a_busy_machine_is_said_to_be_busy(tmp_path: Path) -> None:
    finished = run_apart(tmp_path, "--epochs", "20", "--batch-size", "50")
    assert finished.returncode == 0, finished.stderr
    assert "This machine is busy: training waited for a processor" in flat(finished.stdout)
    values = json.loads((tmp_path / "milestone-mnist" / "metrics.json").read_text())
    assert values["busy"] is True
    assert 0.1 < values["waited"] <= 1


@pytest.mark.parametrize(("waited", "told"), [(0.0, False), (0.05, False), (0.64, True)])
def test_only_much_waiting_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, waited: float, told: bool
) -> None:
    monkeypatch.setattr("tinytorch.course.contention.Contention.share", waited)
    output = flat(run("--epochs", "1").stdout)
    assert ("This machine is busy: training waited for a processor for 64%" in output) is told
    assert json.loads((folder / "milestone-mnist" / "metrics.json").read_text())["busy"] is told


# ---- Evaluation ----------------------------------------------------------------------------------


def evaluation(labels: list[int], predictions: list[int], confidence: list[float]) -> Evaluation:
    return Evaluation(np.array(labels), np.array(predictions), np.array(confidence))


def test_the_confusion_matrix_has_digits_in_rows_and_readings_in_columns() -> None:
    matrix = evaluation([3, 3, 3, 5], [3, 5, 5, 5], [1, 1, 1, 1]).confusion_matrix
    assert matrix.shape == (10, 10)
    assert matrix[3, 3] == 1
    assert matrix[3, 5] == 2
    assert matrix[5, 5] == 1
    assert matrix.sum() == 4


def test_accuracy_is_overall_and_per_digit() -> None:
    labels = [*range(10), 7]
    found = evaluation(labels, [*range(10), 1], [1.0] * 11)
    assert found.accuracy == pytest.approx(10 / 11)
    assert found.per_digit_accuracy.tolist() == [1, 1, 1, 1, 1, 1, 1, 0.5, 1, 1]


def test_the_surest_mistakes_come_first() -> None:
    found = evaluation([0, 1, 2, 3], [0, 7, 8, 9], [1.0, 0.6, 0.9, 0.7])
    assert found.surest_mistakes.tolist() == [2, 3, 1]


def test_confidence_is_the_softmax_of_what_was_read(digits: MNIST) -> None:
    network = DigitNetwork()
    images = digits.test_images.reshape(-1, 784)
    logits = predict(network, images).astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = evaluate(network, images, digits.test_labels)
    assert np.allclose(found.confidence, probabilities.max(axis=1), rtol=1e-5)
    assert np.array_equal(found.predictions, probabilities.argmax(axis=1))


def test_the_confusion_table_fits_80_columns_and_the_digit_table_40() -> None:
    labels = np.repeat(np.arange(10), 1135)
    found = Evaluation(labels, np.roll(labels, 600), np.ones(len(labels)))
    assert max(line.cell_len for line in confusion_table(found)) < 80
    assert max(line.cell_len for line in digit_table(found)) < 40


def test_the_digit_table_names_what_a_digit_was_most_often_taken_for() -> None:
    labels = [*range(10), 4, 4, 4]
    lines = [
        line.plain for line in digit_table(evaluation(labels, [*range(10), 9, 9, 6], [1] * 13))
    ]
    assert lines[5] == "  4     25.00%   9 (2 times)"
    assert lines[6] == "  5    100.00%   -"


# ---- The picture ---------------------------------------------------------------------------------


def results(digits: MNIST, train: Evaluation, test: Evaluation, steps: int | None) -> Results:
    recipe = Recipe(epochs=2)
    _, history = trained(digits, recipe, steps)
    owners = {"tensor": "reference", "layers": "yours"}
    return Results(recipe, owners, 235_146, history, steps is not None, 0.0, True, train, test)


def test_a_picture_of_a_flawless_network_has_no_mistakes_to_show(digits: MNIST) -> None:
    perfect = evaluation([*range(10)], [*range(10)], [1.0] * 10)
    picture = draw(results(digits, perfect, perfect, None), digits.test_images)
    assert picture.startswith(b"\x89PNG")


def test_a_picture_can_be_drawn_after_one_step(digits: MNIST) -> None:
    poor = evaluation([*range(10)], [1] * 10, [0.1] * 10)
    picture = draw(results(digits, poor, poor, 1), digits.test_images)
    assert picture.startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("read_as", [1, 3])
def test_a_run_with_images_of_one_digit_is_drawn_without_a_warning(
    digits: MNIST, read_as: int
) -> None:
    history = History()
    history.add(Step(1, 1, 1, 10, 0.0, 10))
    one = evaluation([3] * 10, [read_as] * 10, [1.0] * 10)
    owners = {"tensor": "reference"}
    drawn = Results(Recipe(epochs=1), owners, 235_146, history, False, 0.0, True, one, one)
    assert draw(drawn, digits.test_images).startswith(b"\x89PNG")
    assert metrics(drawn)["per_digit_accuracy"][0] is None
    assert "        -" in confusion_table(one)[2].plain


def test_drawing_leaves_the_global_state_of_matplotlib_alone() -> None:
    program = "import sys, tito.milestones.picture; print('matplotlib.pyplot' in sys.modules)"
    finished = run_apart(Path.cwd(), program=program)
    assert finished.stdout.strip() == "False"


# ---- Progress ------------------------------------------------------------------------------------


def half_way() -> tuple[Epoch, History]:
    history = History()
    for epoch, last in ((1, 469), (2, 235)):
        for batch in range(1, last + 1):
            step = Step(epoch, batch, 469, 128, 0.25, 120)
            latest = history.add(step)
    history.seconds = latest.seconds = 100.0
    return latest, history


@pytest.mark.parametrize("width", [12, 20, 30, 40, 60, 80, 120, 300])
@pytest.mark.parametrize("done", [None, 0.0, 0.5, 1.0])
def test_a_row_and_its_header_fit_any_width(width: int, done: float | None) -> None:
    fields = describe(*half_way(), epochs=2)
    assert table_row(fields, width, done, ascii_only=False).cell_len <= width
    assert header_row(fields, width).cell_len <= width


def test_a_wide_row_tells_everything_and_a_narrow_one_the_most_important() -> None:
    fields = describe(*half_way(), epochs=2)
    wide = table_row(fields, 79, 0.5, ascii_only=False).plain
    for part in ("2/2", "0.2500", "93.75%", "235/469", "━", "─"):
        assert part in wide
    narrow = table_row(fields, 39, 0.5, ascii_only=False).plain
    for part in ("2/2", "0.2500", "93.75%", "235/469"):
        assert part in narrow
    assert "━" not in narrow
    assert "0.2500" in table_row(fields, 14, 0.5, ascii_only=False).plain


def test_the_bar_is_of_ascii_where_nothing_else_can_be_shown() -> None:
    row = table_row(describe(*half_way(), epochs=2), 79, 0.5, ascii_only=True).plain
    assert row.isascii()
    assert "##--" in row


def test_time_left_is_what_the_remaining_steps_take_at_the_pace_so_far() -> None:
    latest, history = half_way()
    assert describe(latest, history, epochs=2)["left"].strip() == clock(100 * 234 / 704)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1:00"), (83, "1:23"), (7384, "2:03:04")],
)
def test_times_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_plain_line_names_every_number() -> None:
    line = plain_line(describe(*half_way(), epochs=2))
    assert re.fullmatch(
        r"epoch 2/2  batch 235/469  loss 0\.2500  accuracy 93\.75%  \S+ images/s  34 s left", line
    )


def test_a_pipe_gets_one_plain_line_an_epoch(tmp_path: Path) -> None:
    finished = run_apart(tmp_path, "--epochs", "2")
    assert finished.returncode == 0, finished.stderr
    lines = [line for line in finished.stdout.splitlines() if line.startswith("epoch ")]
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "\x1b" not in finished.stdout
    assert "\r" not in finished.stdout


def in_terminal(folder: Path, columns: int, *arguments: str, **variables: str) -> str:
    """What the command writes to a terminal of that width."""
    terminal = pexpect.spawn(
        sys.executable,
        ["-c", SMALL, *arguments],
        cwd=str(folder),
        env={**ENVIRONMENT, **variables},
        dimensions=(40, columns),
        encoding="utf-8",
        timeout=60,
    )
    output = terminal.read()
    terminal.close()
    assert terminal.exitstatus == 0, output
    return output


def lines_shown(output: str) -> list[str]:
    """The lines as they stand on the screen one after the other, without control codes."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output))


@pytest.mark.needs("terminal")
@pytest.mark.parametrize("columns", [80, 40])
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, columns: int) -> None:
    output = in_terminal(tmp_path, columns, "--epochs", "2", "--output", "r")
    shown = lines_shown(output)
    assert max(map(len, shown)) <= columns
    assert any(line.startswith("  2/2  ") for line in shown)
    [header] = [line for line in shown if line.startswith("epoch ")]
    assert header.endswith("left")
    assert ("images/s" in header) is (columns == 80)
    assert ("read as" in output) is (columns == 80)
    assert ("most often taken for" in output) is (columns == 40)


@pytest.mark.needs("terminal")
def test_a_terminal_shows_how_far_the_epoch_is_on_one_line(tmp_path: Path) -> None:
    output = in_terminal(tmp_path, 80, "--epochs", "1", "--batch-size", "50")
    assert "\r\x1b[2K" in output
    assert " 1/60 " in output
    assert "60/60" in output


@pytest.mark.needs("terminal")
def test_no_color_means_no_colours(tmp_path: Path) -> None:
    plain = in_terminal(tmp_path, 80, "--epochs", "1", "--batch-size", "1000", NO_COLOR="1")
    colours = r"\x1b\[[0-9;]*3[0-7]m"
    assert not re.search(colours, plain)
    coloured = in_terminal(tmp_path, 80, "--epochs", "1", "--batch-size", "1000")
    assert re.search(colours, coloured)


@pytest.mark.needs("terminal")
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    output = in_terminal(tmp_path, 80, "--epochs", "1", TERM="dumb")
    assert "epoch 1/1  batch 12/12" in output
    assert "\x1b" not in output


# ---- Stopping ------------------------------------------------------------------------------------


@pytest.mark.needs("terminal")
def test_ctrl_c_stops_and_keeps_what_was_learned(tmp_path: Path) -> None:
    terminal = pexpect.spawn(
        sys.executable,
        ["-c", SMALL, "--epochs", "100000"],
        cwd=str(tmp_path),
        env=ENVIRONMENT,
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect("2/100000")
    terminal.sendintr()
    output = terminal.read()
    terminal.close()
    assert terminal.exitstatus == 130, output
    assert "Stopped in epoch" in output
    assert "Traceback" not in output
    values = json.loads((tmp_path / "milestone-mnist" / "metrics.json").read_text())
    assert values["interrupted"] is True
    assert 1 <= values["epochs"] < 100_000
    assert len(load_file(tmp_path / "milestone-mnist" / "weights.safetensors")) == 6
    assert (tmp_path / "milestone-mnist" / "mnist.png").is_file()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_json_output_as_an_interrupted_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    def interrupted(*arguments: Any) -> Iterator[Step]:
        for step in train(*arguments):
            if step.batch == 5:
                os.kill(os.getpid(), number)
            yield step

    monkeypatch.setattr("tito.milestones.classifier.train", interrupted)
    result = run("--json")
    assert result.exit_code == code
    values = json.loads(result.stdout)
    assert values["interrupted"] is True
    assert values["epochs"] == 0
    assert [epoch["batches"] for epoch in values["history"]] == [5]


@pytest.fixture
def _python_obeys_ctrl_c() -> Iterator[None]:
    """Python's own handler, whatever this process has inherited: a shell's background jobs don't
    have it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_python_obeys_ctrl_c")
def test_a_second_signal_is_obeyed_at_once() -> None:
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_signals_do_what_they_did_before_once_training_is_over() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert interruption.signal is None
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("moment", ["outcome.evaluate", "picture.draw"])
def test_ctrl_c_after_training_keeps_the_weights_and_leaves_whole_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    assert run("--epochs", "1", "--seed", "1").exit_code == 0
    old = (folder / "milestone-mnist" / "weights.safetensors").read_bytes()

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"tito.milestones.{moment}", interrupted)
    result = run("--epochs", "1", "--seed", "2")
    assert result.exit_code == 130
    assert "Aborted" in result.output
    assert (folder / "milestone-mnist" / "weights.safetensors").read_bytes() != old
    names = {path.name for path in (folder / "milestone-mnist").iterdir()}
    # What belonged to the weights before is gone with them.
    assert names == {"weights.safetensors"} | ({"metrics.json"} if "draw" in moment else set())


# ---- What can go wrong ---------------------------------------------------------------------------


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the test fail when training begins."""
    monkeypatch.setattr(
        "tito.milestones.classifier.train", lambda *arguments: pytest.fail("it trains")
    )


@pytest.mark.usefixtures("no_training")
def test_an_output_folder_that_cannot_be_made_is_told_before_training(folder: Path) -> None:
    (folder / "file").touch()
    result = run("--output", "file/results")
    assert result.exit_code == 1
    assert "cannot be written to file/results: Not a directory" in result.output
    assert "--output" in result.output


@pytest.mark.usefixtures("no_training")
def test_a_file_in_the_place_of_the_output_folder_is_wrong_usage(folder: Path) -> None:
    (folder / "file").touch()
    result = run("--output", "file")
    assert result.exit_code == 2
    assert "'file' is a file" in result.output


@pytest.mark.usefixtures("no_training")
def test_a_folder_in_the_place_of_a_result_is_told_before_training(folder: Path) -> None:
    (folder / "milestone-mnist" / "mnist.png").mkdir(parents=True)
    result = run()
    assert result.exit_code == 1
    assert "mnist.png is a folder" in result.output


def test_a_full_disk_is_told_before_training(tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    finished = run_apart(tmp_path, preexec_fn=small_files_only)
    assert finished.returncode == 1
    assert f"cannot be written to milestone-mnist: {os.strerror(errno.EFBIG)}" in finished.stderr
    assert "epoch" not in finished.stdout
    assert list((tmp_path / "milestone-mnist").iterdir()) == []


def test_a_damaged_data_set_is_told_in_its_own_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged() -> None:
        raise ValueError("The MNIST file train-labels-idx1-ubyte.gz is damaged.")

    monkeypatch.setattr("tinytorch.datasets.mnist", damaged)
    result = run()
    assert result.exit_code == 1
    assert result.output == "Error: The MNIST file train-labels-idx1-ubyte.gz is damaged.\n"


@pytest.mark.filterwarnings("error")
def test_a_learning_rate_far_too_high_is_told_with_the_cure_alone(folder: Path) -> None:
    result = run("--epochs", "1", "--lr", "1e20")
    assert result.exit_code == 1
    assert "a smaller learning rate is the usual cure" in result.output
    assert "Traceback" not in result.output


# ---- Modules -------------------------------------------------------------------------------------


def with_module(
    folder: Path, module: str, old: str, new: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a workspace with one finished module, in which one thing differs."""
    (folder / "tinytorch.toml").touch()
    core = folder / "tinytorch" / "core"
    core.mkdir(parents=True)
    reference = Path(tinytorch.__file__).parent / "core" / f"{module}.py"
    source = reference.read_text(encoding="utf-8")
    assert old in source
    (core / f"{module}.py").write_text(source.replace(old, new), encoding="utf-8")
    return run_apart(folder, "--epochs", "1", *arguments)


def test_modules_of_your_own_are_said_to_be_yours(tmp_path: Path) -> None:
    finished = with_module(tmp_path, "layers", "class Linear", "class Linear")
    assert finished.returncode == 0, finished.stderr
    assert "Modules: layers is yours, the others are the reference's." in finished.stdout
    values = json.loads((tmp_path / "milestone-mnist" / "metrics.json").read_text())
    assert values["modules"]["layers"] == "yours"
    assert values["modules"]["tensor"] == "reference"


def test_every_module_is_known_and_the_reference_s_here() -> None:
    owners = all_in_use()
    assert len(owners) == 7
    assert described(owners) == "all are the reference's"
    assert described(dict.fromkeys(owners, "yours")) == "all are yours"
    two = owners | dict.fromkeys(("tensor", "layers"), "yours")
    assert described(two) == "tensor, layers are yours, the others are the reference's"


def test_a_module_that_breaks_is_named_with_its_line_and_its_check(tmp_path: Path) -> None:
    finished = with_module(
        tmp_path,
        "layers",
        "        if not training or",
        "        1 / 0\n        if not training or",
    )
    lines = (tmp_path / "tinytorch" / "core" / "layers.py").read_text().splitlines()
    number = lines.index("        1 / 0") + 1
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert f"core/layers.py:{number}: ZeroDivisionError" in flat(finished.stderr)
    assert "module layers (yours)" in finished.stderr
    assert "❌ Inference mode passes through unchanged" in finished.stderr
    assert "tito hint 03 Dropout.forward" in finished.stderr
    assert "tito test 03" in finished.stderr
    assert "Mend your exercise, then: tito module complete 03" in finished.stderr


def test_the_whole_traceback_is_shown_when_asked_for(tmp_path: Path) -> None:
    finished = with_module(
        tmp_path,
        "layers",
        "        if not training or",
        "        1 / 0\n        if not training or",
        "-v",
    )
    assert finished.returncode == 1
    assert "Traceback (most recent call last)" in finished.stderr
    assert "ZeroDivisionError" in finished.stderr


def test_a_mistake_that_comes_to_light_elsewhere_still_leads_to_your_module(tmp_path: Path) -> None:
    finished = with_module(
        tmp_path,
        "layers",
        "            return x\n        if self.p == 1",
        "            return x\n        return x[0]\n        if self.p == 1",
    )
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert "The check that would have caught it, in your layers:" in finished.stderr
    assert "tito test 03" in finished.stderr


def test_an_error_in_the_reference_that_your_module_called_is_told_at_your_line(
    tmp_path: Path,
) -> None:
    finished = with_module(tmp_path, "layers", "x, self.weight,", "x, self.weight.T,")
    assert finished.returncode == 1
    assert "module layers (yours)" in finished.stderr
    assert "linear got shapes" in flat(finished.stderr)
    assert "❌ Linear layer computes y = xW + b correctly" in finished.stderr


def test_a_loss_that_is_no_number_leads_to_the_check_of_your_module(tmp_path: Path) -> None:
    finished = with_module(
        tmp_path, "layers", "x, self.weight,", "x, self.weight * np.float32('nan'),"
    )
    assert finished.returncode == 1
    assert "stopped because of a module of yours" in flat(finished.stderr)
    assert "the loss became nan" in flat(finished.stderr)
    assert "❌ Linear layer computes y = xW + b correctly" in finished.stderr


def test_a_network_that_learns_nothing_leads_to_the_check_of_your_module(tmp_path: Path) -> None:
    finished = with_module(tmp_path, "layers", "x, self.weight,", "x, self.weight * 0,")
    assert finished.returncode == 1
    assert "% read right. That is because of a module of yours." in finished.stderr
    assert "❌ Linear layer computes y = xW + b correctly" in finished.stderr
    assert (tmp_path / "milestone-mnist" / "mnist.png").is_file()


MEAN = "losses.sum() / len(losses)"
FILL = "    np.divide(exponentials, totals[:, None], out=probabilities.reshape(scores.shape))\n"


@pytest.mark.parametrize(
    ("old", "new", "told", "check"),
    [
        (MEAN, "losses.sum()", "The loss began at", "averages the surprise at the right classes"),
        (MEAN, f"2.3 - 1e-4 * {MEAN}", "The loss did not fall", "averages the surprise"),
        (MEAN, f"{MEAN} * np.float32('nan')", "the loss became nan", "averages the surprise"),
        (FILL, "    probabilities[...] = 0.1\n", "% read right", "leaves the probabilities"),
    ],
    ids=["a sum", "a loss that stands still", "nan", "near chance"],
)
def test_a_wrong_loss_leads_to_its_check_and_line_even_where_the_network_learns(
    tmp_path: Path, old: str, new: str, told: str, check: str
) -> None:
    finished = with_module(tmp_path, "losses", old, new)
    assert finished.returncode == 1
    assert told in flat(finished.stderr)
    assert "because of a module of yours" in flat(finished.stderr)
    assert "The check that would have caught it, in your losses:" in finished.stderr
    assert check in flat(finished.stderr)
    assert re.search(r"at +\S*core/losses\.py:\d+", finished.stderr)
    assert "tito hint 04 cross_entropy" in finished.stderr


def test_modules_that_pass_their_checks_are_not_to_blame(tmp_path: Path) -> None:
    same = ("class Linear", "class Linear")
    finished = with_module(tmp_path, "layers", *same, "--lr", "1e20")
    assert "Your modules pass all checks that there are for them: layers." in finished.stderr


def test_modules_without_checks_are_not_said_to_pass_any(tmp_path: Path) -> None:
    same = ("class Trainer", "class Trainer")
    finished = with_module(tmp_path, "training", *same, "--lr", "1e20")
    assert "Nobody has checked your training: there are no checks for it yet." in flat(
        finished.stderr
    )
    assert "pass all checks" not in finished.stderr


def test_a_network_that_learns_nothing_on_modules_without_checks_says_so(tmp_path: Path) -> None:
    nothing = ("self.optimizer.step()", "pass")
    finished = with_module(tmp_path, "training", *nothing)
    assert finished.returncode == 0
    assert re.search(r"Only \d+% read right\. Nobody has checked your training", finished.stderr)


# What a learner may draw weights with, and whether a seed reaches it.
GENERATORS = {
    "np.random.standard_normal(shape)": True,
    "np.reshape([__import__('random').gauss() for _ in range(math.prod(shape))], shape)": True,
    "np.random.default_rng().standard_normal(shape)": False,
}


@pytest.mark.parametrize("drawn", GENERATORS)
def test_the_same_seed_gives_the_same_weights_or_it_is_said_that_it_does_not(
    tmp_path: Path, drawn: str
) -> None:
    weights = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        change = ("generator().standard_normal(shape, dtype=np.float32)", drawn)
        finished = with_module(folder, "layers", *change, "--seed", "3")
        assert finished.returncode == 0, finished.stderr
        weights.append((folder / "milestone-mnist" / "weights.safetensors").read_bytes())
        told = "Seed 3 does not reach all that is random in your modules" in flat(finished.stdout)
        values = json.loads((folder / "milestone-mnist" / "metrics.json").read_text())
        assert values["repeatable"] == GENERATORS[drawn] == (not told)
    assert (weights[0] == weights[1]) is GENERATORS[drawn]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("class Dropout(Layer):", "class Dropout(Layer)", "SyntaxError"),
        ("class Dropout(Layer):", "class Droput(Layer):", "ImportError"),
        ("import numpy as np", "import nunpy as np", "ModuleNotFoundError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(
    tmp_path: Path, old: str, new: str, error: str
) -> None:
    finished = with_module(tmp_path, "layers", old, new)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert "module layers (yours)" in finished.stderr
    assert error in finished.stderr
    assert "tito test 03" in finished.stderr


def test_a_module_without_an_argument_that_the_network_needs_is_named(tmp_path: Path) -> None:
    finished = with_module(
        tmp_path,
        "training",
        "            yield *self.step(batch, batch_targets), batch_targets",
        "            yield self.step(batch, batch_targets)",
    )
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert "tito/milestones/classifier.py:" in flat(finished.stderr)
    assert "Nobody has checked your training: there are no checks for it yet." in flat(
        finished.stderr
    )
