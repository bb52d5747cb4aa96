"""Pictures as PNG and in characters, progress, and the measuring of times."""

import io
import math
import re
import sys
from functools import partial
from pathlib import Path
from typing import TextIO

import pytest
from quick import QUICK
from rich.console import Console

from tinytorch.course.contention import Contention
from tinytorch.course.explore import progress as progress_module
from tinytorch.course.explore import timing
from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.conditions import conditions
from tinytorch.course.explore.drawing import png
from tinytorch.course.explore.picture import (
    Axis,
    Bars,
    Group,
    Lines,
    Mark,
    Picture,
    Series,
    bar_limits,
)
from tinytorch.course.explore.progress import Meter
from tinytorch.course.explore.running import run
from tinytorch.course.explore.timing import FEWEST_ROUNDS, Times, measure
from tinytorch.course.machine import THREAD_VARIABLES
from tito.terminal.sketch import sketch

NAN, INF = math.nan, math.inf
LINE = Series("measured", [1, 2, 3], [1.0, 10.0, 100.0], [0.5, 5, 50], [2, 20, 200])
THEORY = Series("", [1, 2, 3], [1.1, 11, 110], style="dashes", like="measured")
LINES = Lines(
    "Growth",
    Axis("batch size"),
    Axis("time in s", log=True),
    [LINE, THEORY, Series("other", [1, 3], [50, 2], style="points")],
    [Mark(20, "a limit"), Mark(2, "a place", axis="x")],
)
BARS = Bars(
    "Sizes",
    ["small", "large"],
    [Group("before", [1.0, 1000.0], [0.5, 900], [2, 1100]), Group("after", [3.0, 30.0])],
    Axis("bytes", log=True),
    [Mark(100, "memory")],
)
# What a module that is wrong may lead to.
HOPELESS = (
    Lines("", Axis("x"), Axis("y", log=True), [Series("a", [1, 2], [NAN, -1], [NAN, 0], [INF, 1])]),
    Lines("", Axis("x", log=True), Axis("y"), [Series("a", [0, 2], [INF, 5])], [Mark(NAN, "none")]),
    Lines("", Axis("x"), Axis("y"), [Series("a", [1, 2, 3], [7, 7, 7])]),
    Bars("", ["a", "b"], [Group("", [NAN, INF], [NAN, NAN], [NAN, NAN])], Axis("x")),
    Bars("", ["a", "b"], [Group("", [0, -1])], Axis("x", log=True), [Mark(0, "nothing")]),
    Bars("", ["a", "b"], [Group("", [0, 0])], Axis("x")),
)


def drawn(picture: Picture, width: int = 80, color: bool = False) -> str:
    """The sketch of a picture as text."""
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
    )
    console.print(sketch(picture, width))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("panel", HOPELESS)
def test_what_cannot_be_drawn_is_left_out(panel: Lines | Bars) -> None:
    picture = Picture("Nonsense", [panel])
    assert png(picture).startswith(b"\x89PNG")
    assert drawn(picture)


def test_only_points_that_have_a_place_are_drawn() -> None:
    from matplotlib.figure import Figure

    from tinytorch.course.explore.drawing import _draw_lines

    axes = Figure().subplots()
    series = Series("a", [0, 1, 2, 3, 4, 5], [1, -1, NAN, INF, 0, 7])
    _draw_lines(axes, Lines("", Axis("x", log=True), Axis("y", log=True), [series]))
    assert axes.lines[0].get_xydata().tolist() == [[5, 7]]


def test_panels_stand_side_by_side_and_share_a_legend_only_where_they_show_the_same() -> None:
    from tinytorch.course.explore.drawing import _shares_legend

    assert png(Picture("Both", [LINES, BARS, LINES])).startswith(b"\x89PNG")
    assert _shares_legend(Picture("Alike", [LINES, LINES]))
    assert not _shares_legend(Picture("Unlike", [LINES, BARS]))
    assert not _shares_legend(Picture("Alone", [LINES]))


def test_drawing_leaves_the_global_state_of_matplotlib_alone() -> None:
    png(Picture("Lines", [LINES]))
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_a_sketch_names_axes_ends_series_and_marks() -> None:
    text = drawn(Picture("Growth", [LINES]))
    scales = "up: time in s (logarithmic scale); across: batch size"
    for part in (scales, "● measured", "■ other", "dotted: a limit", "110┤", "└─"):
        assert part in text
    assert "▲" not in text  # theory takes the colour of what it predicts, and no marker


@pytest.mark.parametrize("width", [40, 60, 80, 88])
def test_a_sketch_is_no_wider_than_asked(width: int) -> None:
    for panel in (LINES, BARS):
        lines = drawn(Picture("Growth", [panel]), width).splitlines()
        assert max(map(len, lines)) <= width


def test_a_sketch_has_colours_on_a_terminal_and_none_in_a_pipe() -> None:
    assert "\x1b[" not in drawn(Picture("Sizes", [BARS]))
    assert "\x1b[" in drawn(Picture("Sizes", [BARS]), color=True)


def test_bars_say_their_values_and_are_as_long_as_they_say() -> None:
    panel = Bars("", ["one", "two"], [Group("", [10.0, 20.0])], Axis("pieces"))
    one, two = drawn(Picture("Bars", [panel])).splitlines()[1:3]
    assert one.split()[0::2] == ["one", "10"]
    assert two.split()[0::2] == ["two", "20"]
    assert (one.count("█"), two.count("█")) == (20, 40)  # half of the width, for the longest


def test_linear_bars_begin_at_zero_and_logarithmic_ones_below_the_smallest() -> None:
    assert bar_limits([5, 10], Axis("x"))[0] == 0
    start, end = bar_limits([20, 3000], Axis("x", log=True))
    assert start == 10
    assert end > 3000


# ---- Progress ------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def told(file: TextIO, monkeypatch: pytest.MonkeyPatch, patience: float = 0.0) -> None:
    monkeypatch.setattr(progress_module, "PATIENCE", patience)
    monkeypatch.setattr(progress_module, "SECONDS_BETWEEN_UPDATES", 0.0)
    with Meter("growth", file) as meter:
        meter(0.0, "beginning")
        meter(0.5, "half-way through something that takes many more words than a line has room for")


def test_progress_is_one_line_that_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Terminal()
    told(file, monkeypatch)
    written = file.getvalue()
    assert "growth    0%  beginning" in written
    assert "growth   50%  half-way" in written
    assert "\n" not in written
    assert written.endswith(" \r")
    assert max(map(len, written.split("\r"))) < 80


def test_nobody_is_told_before_a_second_or_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, pipe = Terminal(), io.StringIO()
    told(quick, monkeypatch, patience=60)
    told(pipe, monkeypatch)
    assert quick.getvalue() == pipe.getvalue() == ""


# ---- Times ---------------------------------------------------------------------------------------


def test_calls_are_warmed_up_and_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SHORTEST_BLOCK", 0)  # a block is one call then
    order: list[str] = []
    found = measure({name: partial(order.append, name) for name in "abc"}, duration=0)
    assert {len(times.rounds) for times in found.values()} == {FEWEST_ROUNDS}
    warm_up, rounds = "".join(order[: -3 * FEWEST_ROUNDS]), "".join(order[-3 * FEWEST_ROUNDS :])
    assert warm_up == "aabbcc"
    assert rounds == ("abc" + "bca" + "cab") * 2 + "abc"  # everyone comes after each of the others


def test_a_measurement_tells_its_share_of_the_whole() -> None:
    told: list[tuple[float, str]] = []
    measure({"": int}, 60, lambda share, doing: told.append((share, doing)), "timing", 0.2, 0.6)
    assert told[0] == (pytest.approx(0.2, abs=0.01), "timing")
    assert told[-1] == (pytest.approx(0.6, abs=0.01), "timing")


def test_short_calls_are_timed_many_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SHORTEST_BLOCK", 1e-4)
    calls: list[int] = []
    found = measure({"short": lambda: calls.append(1)}, duration=0)["short"]
    assert len(calls) > 10 * FEWEST_ROUNDS
    assert found.median < 1e-4


def test_times_are_told_as_median_and_quartiles_and_so_is_what_is_done_in_them() -> None:
    times = Times((5.0, 1.0, 2.0, 4.0, 3.0))
    assert (times.low, times.median, times.high) == (2, 3, 4)
    assert times.per(2).rounds == (2.5, 0.5, 1, 2, 1.5)
    rates = Series.rates("bytes a second", {12: times})
    assert (rates.low, rates.y, rates.high) == ([3], [4], [6])


def test_measuring_leaves_the_garbage_collector_as_it_was() -> None:
    import gc

    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        measure({"wrong": lambda: 1 / 0})
    measure({"right": lambda: None}, duration=0)
    assert gc.isenabled()


def test_conditions_say_how_many_threads_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert conditions()["Threads"] == "3 in matrix products (OPENBLAS_NUM_THREADS), 1 elsewhere"
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert conditions()["Threads"].startswith("up to ")
    assert conditions()["Modules"] == "all are the reference's"


def test_a_busy_machine_is_told() -> None:
    assert "a processor was waited for in 64% of the time" in conditions(waited=0.64)["Load"]
    assert "Load" not in conditions(waited=0.05)


@pytest.mark.parametrize(("waited", "busy"), [(0.02, False), (0.5, True)])
def test_an_answer_says_whether_the_machine_was_busy(
    monkeypatch: pytest.MonkeyPatch, waited: float, busy: bool
) -> None:
    monkeypatch.setattr("tinytorch.course.explore.experiment.Contention.share", waited)
    found = run(find_question("growth")).as_dict()
    assert (found["busy"], found["waited"]) == (busy, waited)
    assert ("Load" in found["conditions"]) is busy


# What an answer says for certain on a quiet machine alone.
CERTAIN = {
    "flops": "",
    "gpt3-memory": "",
    "sparse-dropout": "A step takes",
    "composition": "",
    "memory-hierarchy": "",
    "batch-size": "is as fast as this machine gets",
    "dropout-overhead": "(more|less) than 2%|about 2%",
    "checkpointing": "theory says",
}


@pytest.mark.parametrize("question", CERTAIN)
def test_an_answer_about_times_says_less_for_certain_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    said = {}
    for waited in (0.0, 0.64):
        monkeypatch.setattr("tinytorch.course.explore.experiment.Contention.share", waited)
        answer = run(find_question(question), QUICK[question]).answer
        said[waited] = f"{answer.headline} {answer.why}"
    assert "busy" not in said[0.0]
    assert "busy" in said[0.64]
    if certain := CERTAIN[question]:
        assert not re.search(certain, said[0.64])


def test_what_levels_the_rate_off_is_not_said_of_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tinytorch.course.explore.experiment.Contention.share", 0.64)
    answer = run(find_question("batch-size"), QUICK["batch-size"]).answer
    assert "levels it off cannot be told while the machine is busy." in answer.why
    assert "so arithmetic is" not in answer.why
    assert "so it is the rest" not in answer.why
    assert answer.headline.endswith(
        "But this machine is busy: for 64% of its time the experiment waited for a processor. "
        "Measure again while nothing else runs before you rely on its times."
    )


class Clocks:
    """Clocks that stand still until they are set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.computed = 0.0
        monkeypatch.setattr("time.perf_counter", lambda: self.now)
        monkeypatch.setattr("time.thread_time", lambda: self.computed)


def test_waiting_is_that_of_the_thread_that_waited_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)

    def threads_have_waited(**seconds: float) -> None:
        for thread, waited in seconds.items():
            (tmp_path / thread).mkdir(exist_ok=True)
            (tmp_path / thread / "schedstat").write_text(f"5000 {round(waited * 1e9)} 7\n")

    threads_have_waited(one=3.0, two=1.0)
    contention = Contention(tmp_path)
    clocks.now = 10.0
    assert contention.share == 0
    threads_have_waited(one=4.0, two=5.0, three=2.0)
    assert contention.share == pytest.approx(0.4)
    threads_have_waited(one=40.0)
    assert contention.share == 1


def test_where_the_system_tells_nothing_waiting_is_what_processor_time_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    contention = Contention(tmp_path)
    clocks.now, clocks.computed = 10.0, 7.0
    assert contention.share == pytest.approx(0.3)
    clocks.computed = 10.01
    assert contention.share == 0


def test_nothing_is_said_of_waiting_within_the_first_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    contention = Contention(tmp_path)
    clocks.now = 0.1
    assert contention.share == 0


def test_a_ratio_is_taken_round_by_round() -> None:
    found = timing.ratio(Times((2.0, 9.0, 30.0)), Times((1.0, 3.0, 10.0)))
    assert found.rounds == (2.0, 3.0, 3.0)
    assert found.median == 3.0
