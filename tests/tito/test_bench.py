"""The benchmarks: that they compare like with like, sum up rightly, and show what they found.

How fast anything is, no test says; that is what the benchmarks are for.
"""

import importlib
import io
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apart
import numpy as np
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from benchmarks import anatomy, by_hand, depth, page, plot, suite, table, training_step
from benchmarks import run as report
from benchmarks.contestants import (
    CONTESTANTS,
    FLOOR,
    JAX,
    PYTORCH,
    ROOT,
    TINYTORCH,
    ContestantError,
    Worker,
    take_turns,
    worker_environment,
)
from benchmarks.results import Curve, Measurement, Results, Summary, ratios, summarize
from benchmarks.suite import TIMED, Session, seconds_to
from benchmarks.targets import TARGETS, Comparison, compare
from tito.commands.bench import BENCHMARKS, QUICK
from tito.main import main

PEERS = [
    pytest.param(contestant.key, marks=pytest.mark.needs(contestant.title))
    for contestant in (PYTORCH, JAX)
]


class Silence:
    """Progress that shows nothing."""

    def start(self, what: str, rounds: int) -> None:
        pass

    def advance(self) -> None:
        pass


def measured(case: str, **values: list[float | None]) -> dict[str, Measurement]:
    """Measurements of a training step by contestant, in seconds."""
    return {
        key: Measurement("training-step", case, key, "s", tuple(found), 32)
        for key, found in values.items()
    }


@pytest.fixture
def results() -> Results:
    """One case of everything, with TinyTorch twice as fast as PyTorch and 1.7 times the floor."""
    seconds = {"tinytorch": 1.7e-4, "pytorch": 3.4e-4, "jax": 1.7e-4, "floor": 1e-4}
    found = Results(machine={"Processor": "a test"}, absent=["Something"])
    for name, benchmark in TIMED.items():
        for case in benchmark.cases:
            for key, value in seconds.items():
                values = (value, value, value)
                found.measurements.append(
                    Measurement(name, case.label, key, "s", values, case.size)
                )
    for case_label in ("32, 2 threads", "32, 1 thread"):
        programs = [*(stage.key for stage in anatomy.STAGES), "pytorch"]
        for key, value in zip(programs, (1e-4, 1.2e-4, 1.5e-4, 1.6e-4, 2e-4, 4.5e-4), strict=True):
            found.measurements.append(
                Measurement("anatomy", case_label, key, "s", (value, value), 32)
            )
    for case_label in ("import statement", "whole program"):
        for key in seconds:
            found.measurements.append(Measurement("import", case_label, key, "s", (0.1, 0.1)))
    for case_label, unit in (
        ("training to 98%", "s"),
        ("all epochs", "s"),
        ("whole program", "s"),
        ("peak memory", "bytes"),
        ("test accuracy", "%"),
    ):
        for key in ("tinytorch", "pytorch", "jax"):
            value = {"s": 4.0, "bytes": 2e8, "%": 98.2}[unit]
            found.measurements.append(Measurement("mnist", case_label, key, unit, (value, value)))
            if case_label == "all epochs":
                found.curves.append(Curve(key, 0, (2.0, 4.0), (97.5, 98.2)))
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", *arguments])


def printed(results: Results, benchmark: str, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(table.rich_table(results, benchmark))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# ---- Everyone does the same work ---------------------------------------------------------------


def losses_by_hand(steps: int) -> list[float]:
    """The losses of training without dropout, by the formulas, in float64."""
    weights, images, labels = training_step.starting_point(32)
    parameters = [(w.astype(np.float64), np.zeros(w.shape[1])) for w in weights]
    losses = []
    for _ in range(steps):
        activations = [images.astype(np.float64)]
        for weight, bias in parameters:
            z = activations[-1] @ weight + bias
            activations.append(np.maximum(z, 0) if len(activations) < 3 else z)
        probabilities = np.exp(activations[-1])
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        losses.append(-float(np.mean(np.log(probabilities[np.arange(32), labels]))))
        gradient = (probabilities - np.eye(10)[labels]) / 32
        for i in reversed(range(3)):
            weight, bias = parameters[i]
            step = training_step.LEARNING_RATE
            parameters[i] = (
                weight - step * activations[i].T @ gradient,
                bias - step * gradient.sum(axis=0),
            )
            gradient = gradient @ weight.T * (activations[i] > 0)
    return losses


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[apart.Worker]:
    """A process of its own: JAX starts threads in its, which must not be forked from then on."""
    worker = apart.Worker()
    yield worker
    worker.end()


def losses_of(key: str, steps: int, **options: Any) -> list[float]:
    step = training_step.CONTESTANTS[key](batch_size=32, **options)
    return [float(step().item()) for _ in range(steps)]


@pytest.mark.parametrize("key", ["tinytorch", *PEERS])
def test_a_training_step_of_every_contestant_is_the_step_of_the_formulas(
    elsewhere: apart.Worker, key: str
) -> None:
    losses = elsewhere.call(losses_of, key, steps=5, dropout=(0.0, 0.0))
    np.testing.assert_allclose(losses, losses_by_hand(5), rtol=1e-5)


@pytest.mark.parametrize("reuse", [True, False])
def test_the_step_by_hand_is_the_step_of_the_formulas(reuse: bool) -> None:
    step = by_hand.by_hand(batch_size=32, dropout=(0.0, 0.0), reuse=reuse)
    losses = [float(step()) for _ in range(5)]
    np.testing.assert_allclose(losses, losses_by_hand(5), rtol=1e-5)


def test_dropout_is_at_work_in_the_step_by_hand() -> None:
    step = by_hand.by_hand(batch_size=32)
    assert float(step()) != pytest.approx(losses_by_hand(1)[0], rel=1e-5)


def test_the_step_by_hand_without_its_update_leaves_the_parameters_alone() -> None:
    step = by_hand.by_hand(batch_size=32, dropout=(0.0, 0.0), update=False)
    first, second = step(), step()
    assert first == second


@pytest.mark.parametrize("key", ["tinytorch", *PEERS])
def test_dropout_is_at_work_in_the_training_step_of_every_contestant(
    elsewhere: apart.Worker, key: str
) -> None:
    losses = elsewhere.call(losses_of, key, steps=1)
    assert losses != pytest.approx(losses_by_hand(1), rel=1e-5)


def test_the_floor_of_a_training_step_is_eight_matrix_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    products: list[tuple[int, ...]] = []
    matmul = np.matmul

    def counted(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
        products.append((*a.shape, b.shape[1]))
        return matmul(a, b, out=out)

    step = training_step.CONTESTANTS["floor"](batch_size=32)
    monkeypatch.setattr(np, "matmul", counted)
    step()
    assert sorted(products) == sorted(
        [
            (32, 784, 256), (32, 256, 128), (32, 128, 10),
            (784, 32, 256), (256, 32, 128), (128, 32, 10),
            (32, 128, 256), (32, 10, 128),
        ]
    )  # fmt: skip


def gradient_of_a_chain(key: str, operations: int) -> np.ndarray:
    result = depth.CONTESTANTS[key](operations)()
    return np.asarray(result[1] if key == "jax" else result.numpy())


@pytest.mark.parametrize("key", ["tinytorch", *PEERS])
def test_a_chain_of_every_contestant_has_the_gradient_of_its_length(
    elsewhere: apart.Worker, key: str
) -> None:
    _, signs = depth.numbers()
    np.testing.assert_array_equal(elsewhere.call(gradient_of_a_chain, key, 3), signs)


def shape_and_gradient(subject: str, key: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """The shape of what the third call returns, and whether it requires a gradient, if told."""
    call = importlib.import_module(f"benchmarks.{subject}").CONTESTANTS[key](**options)
    result = [call() for _ in range(3)][-1]
    return getattr(result, "shape", None), getattr(result, "requires_grad", None)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("key", ["tinytorch", "floor", *PEERS])
@pytest.mark.parametrize(
    ("subject", "options"),
    [
        ("linear", {"batch_size": 4, "inputs": 3, "outputs": 2}),
        ("dropout", {"shape": (4, 2)}),
    ],
)
def test_every_contestant_runs_each_layer_as_often_as_asked(
    elsewhere: apart.Worker, subject: str, options: dict[str, Any], key: str, backward: bool
) -> None:
    told = elsewhere.call(shape_and_gradient, subject, key, options | {"backward": backward})
    if key in ("tinytorch", "pytorch"):
        assert told == ((4, 2), backward)


# ---- The processes, and the turns they take ----------------------------------------------------


def test_workers_take_turns_round_by_round() -> None:
    turns: list[str] = []

    class Recorder:
        def __init__(self, contestant: Any) -> None:
            self.contestant = contestant

        def ask(self, request: str, seconds: float) -> float:
            turns.append(self.contestant.key)
            return len(turns)

    workers: Any = [Recorder(TINYTORCH), Recorder(FLOOR)]
    times = take_turns(workers, rounds=3, seconds=0.01)
    assert turns == ["tinytorch", "floor"] * 3
    assert times == {"tinytorch": [1, 3, 5], "floor": [2, 4, 6]}


def test_variables_that_tune_a_library_do_not_reach_the_contestants() -> None:
    environment = {
        "PATH": "/bin",
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_NUM_THREADS": "7",
        "XLA_FLAGS": "--fast",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    clean = worker_environment(environment, threads=2)
    assert clean["PATH"] == "/bin"
    assert not {"OPENBLAS_CORETYPE", "XLA_FLAGS", "PYTHONDONTWRITEBYTECODE"} & clean.keys()
    assert clean["MKL_NUM_THREADS"] == clean["OMP_NUM_THREADS"] == "2"
    assert clean["OPENBLAS_NUM_THREADS"] == "2"


def test_a_training_step_is_measured_with_tinytorch_and_the_floor() -> None:
    session = Session([TINYTORCH, FLOOR], 1, False, 1, Silence(), slice_seconds=0.001)
    results = session.run(["training-step"])
    assert [(m.case, m.contestant) for m in results.measurements] == [
        (f"batch {n}", key) for n in (32, 128, 512) for key in ("tinytorch", "floor")
    ]
    assert all(m.values[0] is not None and m.values[0] > 0 for m in results.measurements)
    assert results.machine["NumPy"] == np.__version__


def test_a_worker_that_fails_says_why_and_answers_the_next_request() -> None:
    with Worker(FLOOR, 1) as worker:
        with pytest.raises(ContestantError, match=r"(?s)floor failed.*no_such_subject"):
            worker.ask("prepare", subject="no_such_subject", options={})
        assert worker.ask("peak_memory") > 1e6


def test_a_worker_that_ends_is_an_error_with_its_exit_code() -> None:
    with Worker(FLOOR, 1) as worker:
        worker._process.kill()
        with pytest.raises(ContestantError, match="floor ended with code -9"):
            worker.ask("describe")


def test_what_a_library_prints_does_not_get_between_the_answers() -> None:
    program = (
        "import sys, types\n"
        "from benchmarks import worker\n"
        "noisy = types.ModuleType('benchmarks.noisy')\n"
        "noisy.CONTESTANTS = {'floor': lambda: print('noise')}\n"
        "sys.modules['benchmarks.noisy'] = noisy\n"
        "sys.argv = ['worker', 'floor', '1']\n"
        "worker.main()\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        input='{"request": "run", "arguments": {"subject": "noisy", "options": {}}}\n',
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == '{"answer": null}\n'
    assert finished.stderr == "noise\n"


def test_imports_are_timed_in_fresh_processes_without_the_first_round() -> None:
    results = Session([TINYTORCH, FLOOR], 1, False, 2, Silence()).run(["import"])
    found = {(m.case, m.contestant): m.values for m in results.measurements}
    assert {len(values) for values in found.values()} == {2}
    for key in ("tinytorch", "floor"):
        pairs = zip(found["import statement", key], found["whole program", key], strict=True)
        assert all(a is not None and b is not None and 0 < a < b for a, b in pairs)


def test_mnist_runs_seed_by_seed_in_a_fresh_process_each(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[str, int]] = []

    class Recorder(Worker):
        def __init__(self, contestant: Any, threads: int) -> None:
            self.contestant = contestant

        def ask(self, request: str, **arguments: Any) -> Any:
            if request == "describe":
                return {}
            if request == "peak_memory":
                return 2e8
            runs.append((self.contestant.key, arguments["options"]["seed"]))
            return {"seconds": [1.0, 2.0], "accuracy": [97.0, 98.5]}

        def close(self) -> None:
            pass

    monkeypatch.setattr(suite, "Worker", Recorder)
    results = Session([TINYTORCH, PYTORCH, FLOOR], 1, True, 2, Silence()).run(["mnist"])
    assert runs == [("tinytorch", 0), ("pytorch", 0), ("tinytorch", 1), ("pytorch", 1)]
    cases = {case: found["tinytorch"].values for case, found in results.cases("mnist")}
    assert cases["training to 98%"] == (2.0, 2.0)
    assert cases["peak memory"] == (2e8, 2e8)
    assert cases["test accuracy"] == (98.5, 98.5)
    assert [(c.contestant, c.seed) for c in results.curves] == runs


# ---- Numbers summed up -------------------------------------------------------------------------


def test_a_summary_is_the_median_between_its_quartiles() -> None:
    assert summarize([5.0, 1.0, 3.0, 2.0, 4.0]) == Summary(3.0, 2.0, 4.0)
    assert summarize([7.0]) == Summary(7.0, 7.0, 7.0)


def test_rounds_with_nothing_to_measure_do_not_count() -> None:
    assert summarize([None, 1.0, None]) == Summary(1.0, 1.0, 1.0)
    assert summarize([None]) is None
    assert ratios([1.0, None, 6.0], [2.0, 2.0, None]) == [0.5]


def test_spread_is_half_the_distance_of_the_quartiles_beside_the_median() -> None:
    assert Summary(2.0, 1.9, 2.3).spread == pytest.approx(0.1)


def test_ratios_are_taken_within_rounds() -> None:
    # The second round was slow for both; across rounds the medians would say 1.
    comparison = compare(measured("x", tinytorch=[1, 10, 1], pytorch=[3, 30, 1]), "pytorch")
    assert comparison is not None
    assert comparison.ratio.median == 3


def test_a_rival_is_measured_in_ours_and_we_in_the_floor() -> None:
    found = measured("x", tinytorch=[2.0], pytorch=[6.0], floor=[1.0])
    against_pytorch, against_floor = compare(found, "pytorch"), compare(found, "floor")
    assert against_pytorch is not None
    assert against_floor is not None
    assert against_pytorch.ratio.median == 3
    assert against_floor.ratio.median == 2


def test_there_is_no_comparison_without_both_sides() -> None:
    assert compare(measured("x", tinytorch=[1.0]), "pytorch") is None
    assert compare(measured("x", pytorch=[1.0]), "pytorch") is None
    assert compare(measured("x", tinytorch=[None], pytorch=[1.0]), "pytorch") is None


def test_tinytorch_is_not_its_own_rival() -> None:
    assert compare(measured("x", tinytorch=[1.0]), "tinytorch") is None


@pytest.mark.parametrize(
    ("rival", "ratio", "met"),
    [("pytorch", 2.0, True), ("pytorch", 1.9, False), ("floor", 2.0, True), ("floor", 2.1, False)],
)
def test_a_limit_is_a_least_for_rivals_and_a_most_for_the_floor(
    rival: str, ratio: float, met: bool
) -> None:
    comparison = Comparison("b", "c", rival, Summary(ratio, ratio, ratio), limit=2.0)
    assert comparison.is_met is met


def test_where_nothing_is_asked_nothing_is_met_or_missed() -> None:
    assert Comparison("b", "c", "jax", Summary(1, 1, 1), limit=None).is_met is None


def test_every_requirement_is_measured(results: Results) -> None:
    judged = {
        (c.benchmark, c.case, c.rival): c.limit
        for c in table.comparisons(results)
        if c.limit is not None
    }
    assert judged == TARGETS


def test_the_seconds_to_an_accuracy_are_those_of_the_first_epoch_that_reaches_it() -> None:
    curve = Curve("tinytorch", 0, (1.0, 2.0, 3.0), (97.9, 98.0, 98.4))
    assert seconds_to(98.0, curve) == 2.0
    assert seconds_to(99.0, curve) is None


# ---- Numbers shown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.234, "s", "1.23 s"),
        (0.01234, "s", "12.3 ms"),
        (0.0001234, "s", "123 µs"),
        (1.5e-7, "s", "150 ns"),
        (9.996e-3, "s", "10.0 ms"),
        (123.4e6, "bytes", "123 MB"),
        (98.156, "%", "98.16%"),
    ],
)
def test_values_are_shown_with_three_digits_in_the_unit_that_fits(
    value: float, unit: str, text: str
) -> None:
    assert table.format_value(value, unit) == text


def test_a_comparison_says_what_was_asked_and_whether_it_was_met() -> None:
    met = Comparison("b", "c", "pytorch", Summary(2.314, 2.2, 2.4), limit=2.0)
    missed = Comparison("b", "c", "floor", Summary(1.75, 1.7, 1.8), limit=1.6)
    unasked = Comparison("b", "c", "jax", Summary(12.34, 12, 13), limit=None)
    assert table.format_comparison(met) == "2.31x ≥2 yes"
    assert table.format_comparison(missed) == "1.75x ≤1.6 NO"
    assert table.format_comparison(unasked) == "12.3x"


def test_the_table_shows_times_ratios_and_requirements(results: Results) -> None:
    text = printed(results, "training-step")
    assert "batch 32" in text
    assert "170 µs ±0%" in text
    assert "2.00x ≥2 yes" in text
    assert "1.70x ≤1.6 NO" in text


def test_the_anatomy_shows_what_each_program_adds_to_the_one_before(results: Results) -> None:
    text = printed(results, "anatomy")
    assert "32, 2 threads" in text
    assert "+ update: all by hand in NumPy" in text
    for whole, added in (("100 µs", "+100 µs"), ("120 µs", "+20.0 µs"), ("200 µs", "+40.0 µs")):
        assert whole in text
        assert added in text


def test_the_page_says_what_numpy_by_hand_reaches_of_what_is_required(results: Results) -> None:
    beside = "1.50x, required ≤ 1.6x | 3.00x, required ≥ 2x | - | 1.33x"
    assert f"| batch 32, 2 threads | {beside} |" in page.markdown(results)


def test_the_table_fits_a_narrow_terminal(results: Results) -> None:
    lines = printed(results, "training-step", width=72).splitlines()
    assert max(len(line) for line in lines) <= 72
    assert "1.6" in "".join(lines)


def test_a_contestant_that_is_absent_leaves_a_dash(results: Results) -> None:
    results.measurements = [m for m in results.measurements if m.contestant != "jax"]
    row = next(r for r in printed(results, "training-step").splitlines() if "batch 32" in r)
    assert row.split()[-4:] == ["-", "100", "µs", "±0%"]


def test_seeds_that_never_got_there_are_counted(results: Results) -> None:
    measurement = Measurement("mnist", "training to 98%", "jax", "s", (4.0, None, 4.0))
    assert table.format_measurement(measurement) == "4.00 s ±0%, 1 never"
    assert table.format_measurement(Measurement("mnist", "x", "jax", "s", (None,))) == "never"


def test_the_page_has_every_result_and_every_requirement(results: Results) -> None:
    text = page.markdown(results)
    for title in table.TITLES.values():
        assert f"### {title}" in text
    assert text.count("yes |") + text.count("NO |") >= len(TARGETS)
    assert "left out: Something" in text
    assert "| Processor | a test |" in text


@pytest.mark.parametrize("names", [BENCHMARKS, QUICK, ("width",), ("linear",)])
def test_the_plot_is_a_picture_whatever_was_run(results: Results, names: tuple[str, ...]) -> None:
    results.measurements = [m for m in results.measurements if m.benchmark in names]
    assert plot.draw(results).startswith(b"\x89PNG")


def test_results_can_be_written_and_read_again(results: Results, tmp_path: Path) -> None:
    files = report.write(results, tmp_path / "new" / "folder")
    assert [file.name for file in files] == ["results.json", "benchmarks.png"]
    assert report.read(files[0]) == results


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": {}}'])
def test_a_file_with_something_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no results of tito bench"):
        Results.from_json(text)


# ---- tito bench --------------------------------------------------------------------------------


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch, results: Results) -> dict[str, Any]:
    """What `tito bench` asked to be measured; it gets `results` at once."""
    asked: dict[str, Any] = {}

    def measure(names: Any, full: bool, threads: Any, rounds: Any) -> Results:
        asked.update(names=names, full=full, threads=threads, rounds=rounds)
        return results

    monkeypatch.setattr(report, "measure", measure)
    return asked


def test_the_command_knows_every_benchmark_there_is() -> None:
    assert set(BENCHMARKS) == {*TIMED, "anatomy", "import", "mnist"} == set(table.TITLES)
    assert set(QUICK) <= set(BENCHMARKS)


def test_bench_runs_the_quick_benchmarks_prints_the_table_and_writes_the_files(
    canned: dict[str, Any], tmp_path: Path
) -> None:
    result = run("--output", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert canned == {"names": QUICK, "full": False, "threads": None, "rounds": None}
    assert "2.00x ≥2 yes" in result.output
    assert "Not installed: Something. To compare with all: pip install --group bench" in (
        result.output
    )
    assert (tmp_path / "results.json").is_file()
    assert (tmp_path / "benchmarks.png").is_file()


def test_full_runs_everything(canned: dict[str, Any], tmp_path: Path) -> None:
    run("--full", "--output", str(tmp_path))
    assert canned["names"] == BENCHMARKS
    assert canned["full"] is True


def test_only_runs_what_is_named_whole_and_in_the_usual_order(
    canned: dict[str, Any], tmp_path: Path
) -> None:
    run("--only", "mnist", "--only", "linear", "--output", str(tmp_path))
    assert canned["names"] == ("linear", "mnist")
    assert canned["full"] is True


def test_json_is_all_that_is_printed_when_asked_for(canned: dict[str, Any], tmp_path: Path) -> None:
    result = run("--json", "--output", str(tmp_path))
    content = json.loads(result.stdout)
    comparison = next(c for c in content["comparisons"] if c["limit"] is not None)
    assert comparison["benchmark"] == "training-step"
    assert comparison["is_met"] is True
    assert math.isclose(comparison["ratio"]["median"], 2)


def test_earlier_results_are_shown_without_measuring(
    canned: dict[str, Any], results: Results, tmp_path: Path
) -> None:
    (source, _) = report.write(results, tmp_path / "earlier")
    result = run("--from", str(source), "--output", str(tmp_path / "again"))
    assert result.exit_code == 0, result.output
    assert canned == {}
    assert "2.00x ≥2 yes" in result.output


def test_a_file_that_holds_no_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text("{}")
    result = run("--from", str(tmp_path / "wrong.json"), "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "wrong.json cannot be read: these are no results of tito bench" in result.output


def test_more_threads_than_processors_are_wrong_usage(tmp_path: Path) -> None:
    result = run("--threads", "100000", "--output", str(tmp_path))
    assert result.exit_code == 2
    assert "--threads 100000 is more than the" in result.output


def test_an_unknown_benchmark_is_wrong_usage() -> None:
    assert run("--only", "nonsense").exit_code == 2


def test_bench_from_a_wheel_says_that_it_needs_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tito.repository.__file__", str(tmp_path / "tito" / "repository.py"))
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "clone of the TinyTorch repository" in result.output


def test_the_contestants_are_tinytorch_two_peers_and_the_floor() -> None:
    assert [c.key for c in CONTESTANTS] == ["tinytorch", "pytorch", "jax", "floor"]
