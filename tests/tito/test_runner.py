"""The runner: each check in a process of its own, whatever the code under it does."""

import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from apart import call
from learner import run_first_checks, tito

from tinytorch.course import MODULES
from tinytorch.course.checking.checks import Check
from tinytorch.course.checking.results import Result
from tinytorch.course.checking.suites import read_suite
from tito.checks.runner import Report, run_checks
from tito.errors import TitoError

LAYERS = MODULES[2]
read_suite(LAYERS.name)  # which results refer to that come from another process

# A plain file, as someone writes it who knows nothing of our lesson.
PLAIN = """\
import numpy as np
from tinytorch.core.tensor import Tensor


class Linear:
    def __init__(self, in_features, out_features, bias=True):
        if in_features < 0 or out_features < 0:
            raise ValueError("a size is negative")
        scale = 1 / np.sqrt(in_features)
        self.weight = Tensor(np.random.randn(in_features, out_features) * scale, True)
        self.bias = Tensor(np.zeros(out_features), requires_grad=True) if bias else None

    def __call__(self, x):
        FORWARD
        y = x @ self.weight
        return y if self.bias is None else y + self.bias

    def parameters(self):
        return [p for p in (self.weight, self.bias) if p is not None]


class Dropout:
    def __init__(self, p=0.5):
        if not 0 <= p <= 1:
            raise ValueError("p is no probability")
        self.p = p

    def __call__(self, x, training=True):
        if not training or self.p == 0:
            return x
        if self.p == 1:
            return x * 0
        keep = np.random.rand(*x.shape) > self.p
        return x * Tensor(keep / (1 - self.p), dtype=x.dtype)
"""


@pytest.fixture
def judge(tmp_path: Path) -> "Judge":
    return Judge(tmp_path)


class Judge:
    """Judges the plain file with a line put into Linear's forward, or above everything.

    Only by the checks that come first, unless all are called for.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "layers.py"

    def __call__(self, line: str = "", above: str = "", limit: float = 10.0) -> Report:
        self.write(line, above)
        return call(run_first_checks, self.file, limit)

    def by_all_checks(self, line: str = "", above: str = "") -> Report:
        self.write(line, above)
        return call(run_checks, LAYERS, self.file)

    def write(self, line: str = "", above: str = "") -> None:
        text = PLAIN.replace("FORWARD", line or "pass")
        self.file.write_text(above + text, encoding="utf-8")


def first_failure(report: Report) -> Result:
    return report.failures[0]


def outcomes(report: Report) -> set[str]:
    return {result.outcome for result in report.results}


def test_a_plain_file_that_is_right_passes(judge: Judge) -> None:
    report = judge.by_all_checks()
    assert outcomes(report) == {"passed"}, report.as_dict()
    assert report.passed


def test_results_are_told_one_by_one_in_the_order_of_the_suite(judge: Judge) -> None:
    judge.write()
    told: list[Result] = []
    report = run_checks(LAYERS, judge.file, on_result=told.append)
    assert told == report.results
    assert told[0].sentence == "Linear layer computes y = xW + b correctly"


# What code may do in a check; what is then said of it; and how the outcome is called.
CONTAINED = {
    "exit": ("exit(3)", "it ends the program, with exit()", "error"),
    "os._exit": ("import os; os._exit(3)", "os._exit(3)", "error"),
    "input": ("input('?')", "input()", "error"),
    "endless output": ("while True: print('hello')", "it prints more than 20 MB", "error"),
    "huge array": ("np.ones(10**13)", "it asks for more memory than it can have", "error"),
    "interrupt": ("raise KeyboardInterrupt", "it interrupts the program", "error"),
    "recursion": ("return self(x)", "it calls itself without end", "failed"),
    "crash": ("import ctypes; ctypes.string_at(0)", "it crashes Python itself", "error"),
    "flood around Python": (
        "import os\n        while True: os.write(1, b'x' * 9999)",
        "it prints more than 20 MB",
        "error",
    ),
    "endless output as bytes": (
        "import sys\n        while True: sys.stdout.buffer.write(b'x' * 9999)",
        "it prints more than 20 MB",
        "error",
    ),
    "endless warnings": (
        "import sys\n        while True: sys.stderr.write('careful! ' * 999)",
        "it prints more than 20 MB",
        "error",
    ),
    "endless file": (
        "file = open('log', 'w')\n        while True: file.write('x' * 9999)",
        "it writes a file larger than 20 MB",
        "error",
    ),
    "huge file": (
        "np.save('x.npy', np.ones(3_000_000))",
        "it writes a file larger than 20 MB",
        "error",
    ),
    "files without end": (
        "files = [open('log', 'w') for _ in range(100_000)]",
        "it opens more files than it may have open at once",
        "error",
    ),
    "endless list": (
        "hog = []\n        while True: hog.append(np.ones(10**6))",
        "it asks for more memory than it can have",
        "error",
    ),
    "abort": ("import os; os.abort()", "it crashes Python itself (SIGABRT)", "error"),
    "exit when deleted": (
        "type('Exit', (), {'__del__': lambda self: __import__('os')._exit(3)})()",
        "os._exit(3)",
        "error",
    ),
    "endless loop": ("while True: pass", "it does not come to an end", "timeout"),
    "loop that no signal stops": (
        "import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 14, 15)]\n"
        "        while True: pass",
        "it does not come to an end",
        "timeout",
    ),
    "sleep": ("import time; time.sleep(600)", "it does not come to an end", "timeout"),
}


@pytest.mark.parametrize("case", CONTAINED)
def test_it_is_contained_and_named_with_its_line_and_the_other_checks_run(
    judge: Judge, case: str
) -> None:
    line, mistake, outcome = CONTAINED[case]
    report = judge(line, limit=1.0 if outcome == "timeout" else 10.0)
    found = first_failure(report)
    assert found.outcome == outcome
    assert found.mistake is not None
    assert mistake in found.mistake
    assert found.where is not None
    assert found.where.endswith(f"layers.py:{text_line(judge.file, line.split(chr(10))[-1])}")
    passed = [r for r in report.results if r.outcome == "passed"]
    assert "Dropout Layer" in {r.unit.title for r in passed}
    assert "waiting" in outcomes(report)


def text_line(file: Path, line: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if line in text)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("np.seterr(all='ignore')", "floating-point errors"),
        ("np.set_printoptions(precision=2)", "how NumPy prints"),
        ("np.random.seed(0)", "starts a shared random generator afresh"),
        ("import tinytorch; tinytorch.manual_seed(0)", "starts a shared random generator afresh"),
    ],
)
def test_changing_global_state_fails_the_check_about_it_and_no_other(
    judge: Judge, line: str, mistake: str
) -> None:
    report = judge.by_all_checks(line)
    assert [r.outcome for r in report.results].count("failed") == 1
    assert mistake in str(first_failure(report).mistake)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("numpy.seterr(all='ignore')", "floating-point errors"),
        ("numpy.set_printoptions(precision=2)", "how NumPy prints"),
        ("numpy.random.seed(1)", "starts a shared random generator afresh"),
        ("from tinytorch import manual_seed; manual_seed(0)", "starts a shared random generator"),
    ],
)
def test_changing_global_state_when_imported_is_found_with_its_line(
    judge: Judge, line: str, mistake: str
) -> None:
    report = judge.by_all_checks(above=f"import numpy\n{line}\n")
    assert mistake in str(first_failure(report).mistake)
    assert str(first_failure(report).where).endswith("layers.py:2")


@pytest.mark.parametrize(
    "line",
    [
        "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start()",
        "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)",
        "import os; os.fork()",
        "import os; [os.remove(f) for f in os.listdir('.')]",
        "import os, shutil\n        try: shutil.rmtree(os.getcwd())\n        except OSError: pass",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "type('Exit', (), {'__del__': lambda self: exit(3)})()",
        "import atexit, threading; atexit.register(exit, 3); threading.Thread(target=exit).start()",
        "open('litter', 'w').write('x')",
        "print('looking at', x.shape)",
        "print('x' * 3_000_000)",
        "import os; os.write(1, b'x' * 3_000_000)",
        "open('notes', 'w').write('x' * 2_000_000)",
        "np.save('x.npy', np.ones(10**6))",
        "for n in range(100): open(f'{n}', 'w').write('x' * 100_000)",
        "import logging; [logging.warning('x' * 100_000) for _ in range(30)]",
        "import warnings; warnings.warn('x' * 3_000_000)",
    ],
)
def test_what_does_no_harm_to_the_answer_is_contained_and_passes(judge: Judge, line: str) -> None:
    report = judge(line)
    assert report.passed, first_failure(report).as_dict()


@pytest.mark.needs("any file name")
def test_a_file_whose_name_is_no_text_is_judged(judge: Judge) -> None:
    judge.file = judge.file.with_name("layers-\udce9.py")
    report = judge()
    assert report.passed, first_failure(report).as_dict()


def test_of_what_is_printed_the_end_is_kept(judge: Judge) -> None:
    report = judge("print('é' * 3_000_000 + 'the end')\n        return None")
    printed = first_failure(report).verdict.printed
    assert printed.endswith("éthe end\n")
    assert len(printed) <= 4000


@pytest.mark.parametrize(
    "line", ["import os; os.closerange(3, 64)", "import builtins; builtins.isinstance = None"]
)
def test_code_that_keeps_its_answer_from_coming_is_told_so(judge: Judge, line: str) -> None:
    report = judge(line)
    assert "no answer comes" in str(first_failure(report).mistake)
    assert "Dropout Layer" in {r.unit.title for r in report.results if r.outcome == "passed"}


# Lines that would keep an answer from coming, or from being shown; and what is then said.
WRITE_EVERYWHERE = """
        import os
        for descriptor in range(3, 64):
            try: os.write(descriptor, {0!r})
            except OSError: pass
"""
ANSWERED = {
    "a signal without a name": ("import os; os.kill(os.getpid(), 50)", "(signal 50)"),
    "an alarm that nobody takes": (
        "import signal; signal.alarm(1)\n        while True: pass",
        "a signal ends it (SIGALRM)",
    ),
    "a kill of its own": (
        "import os, signal; os.killpg(0, signal.SIGKILL)",
        "it is killed: by a line of its own, or by the system",
    ),
    "half of a surrogate pair": (r"raise ValueError('a \ud800 b')", r"a \ud800 b"),
    "escape sequences": (
        r"raise ValueError('\x1b[31m \u202e \x9b \r')",
        r"\x1b[31m \u202e \x9b \r",
    ),
    "a name that is none": (r"raise type('E\ud800', (Exception,), {})('x')", r"\ud800"),
    "a line number of 5,000 digits": (
        "raise SyntaxError('x', ('layers.py', 10**5000, 1, ''))",
        "Python cannot read the file",
    ),
    "a line number that is a word": (
        "raise SyntaxError('x', ('layers.py', 'one', 1, ''))",
        "Python cannot read the file",
    ),
    "a place in a device": (
        "raise SyntaxError('x', ('/dev/zero', 1, 1, ''))",
        "Python cannot read the file",
    ),
    "an error without a text": (
        "raise type('E', (Exception,), {'__str__': lambda self: exit()})()",
        "its text raises SystemExit",
    ),
    "an error with a million characters": ("raise ValueError('x' * 10**6)", "x … x"),
    "another program": ("import os; os.execvp('sleep', ['sleep', '600'])", "no answer comes"),
    "another answer": (
        WRITE_EVERYWHERE.format(b'{"outcome": "passed", "more": 1}\n'),
        "no answer comes",
    ),
    "half an answer": (WRITE_EVERYWHERE.format(b'{"outcome": '), "no answer comes"),
    "a stopped process": (
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "it does not come to an end",
    ),
    "a stopped worker": (
        "import os, signal; os.kill(os.getppid(), signal.SIGSTOP)",
        "it does not come to an end",
    ),
    "no place to work": (
        "import os, shutil; shutil.rmtree(os.path.dirname(os.getcwd())); os._exit(3)",
        "os._exit(3)",
    ),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_a_result_comes_that_can_be_shown_anywhere(judge: Judge, case: str) -> None:
    line, said = ANSWERED[case]
    report = judge(line, limit=1.0 if "to an end" in said else 10.0)
    told = first_failure(report)
    words = f"{told.mistake} {told.seen}"
    assert said in words
    assert len(words) < 3000
    assert all(character.isprintable() for character in words)
    json.dumps(report.as_dict(), ensure_ascii=False).encode()
    assert "Dropout Layer" in {r.unit.title for r in report.results if r.outcome == "passed"}


@pytest.mark.parametrize(
    "line",
    [
        "import os; os.execvp('sleep', ['sleep', '600'])",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import json; json.dumps = json.loads = None",
        "import builtins; builtins.open = builtins.len = None",
        "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "import os; os.closerange(0, 64)",
        'import os; [os.write(n, b\'{"broken": "x"}\\n\') for n in range(3, 64) if is_open(n)]',
        "import os; [os.write(n, b'[' * 99999 + b'\\n') for n in range(3, 64) if is_open(n)]",
        "import os\nwhile True: [os.write(n, b'x') for n in range(3, 64) if is_open(n)]",
    ],
)
def test_a_result_comes_where_it_happens_while_the_file_is_loaded(judge: Judge, line: str) -> None:
    is_open = "def is_open(n):\n    import os\n    return os.path.exists(f'/proc/self/fd/{n}')\n"
    report = judge(above=f"{is_open}{line}\n", limit=1.0)
    first, *others = report.results
    assert first.failed
    assert {result.outcome for result in others} == {"waiting"}


@pytest.mark.parametrize("special", ["fifo", "zero"])
def test_what_has_no_end_is_not_read(judge: Judge, special: str) -> None:
    if special == "fifo":
        os.mkfifo(judge.file)
    else:
        judge.file.symlink_to("/dev/zero")
    report = call(run_checks, LAYERS, judge.file)
    assert "not a file with an end" in str(first_failure(report).seen)


@pytest.mark.parametrize("special", ["os.mkfifo({0!r})", "os.symlink('/dev/zero', {0!r})"])
def test_a_file_that_is_replaced_by_what_has_no_end_is_not_waited_for(
    judge: Judge, special: str
) -> None:
    replaced = f"import os; os.remove({str(judge.file)!r}); " + special.format(str(judge.file))
    report = judge(f"{replaced}; os._exit(3)", limit=1.0)
    assert "os._exit(3)" in str(first_failure(report).mistake)


@pytest.mark.parametrize("missing", ["tempfile.TemporaryDirectory", "socket.socketpair", "os.fork"])
def test_what_cannot_be_set_up_is_a_result_too(
    judge: Judge, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("there is no more of it")

    judge.write()
    monkeypatch.setattr(missing, refuse)
    result = tito("test", "--module", "layers", "--file", str(judge.file), "--json")
    assert result.exit_code == 2
    first = json.loads(result.stdout)["checks"][0]
    assert first["mistake"] == "the checks could not be set up"
    assert "there is no more of it" in first["seen"]


def test_an_error_that_quotes_code_does_not_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    TitoError("it raises \x1b]0;title\x07 \r \u202e").show()
    assert capsys.readouterr().err == "Error: it raises \\x1b]0;title\\x07 \\r \\u202e\n"


def test_without_checks_nothing_has_passed(judge: Judge) -> None:
    assert not Report(LAYERS, 0).passed


def test_a_missing_result_is_not_passed(judge: Judge) -> None:
    report = judge.by_all_checks()
    assert report.passed
    report.results.pop()
    assert not report.passed


def test_numpy_changed_in_one_check_is_whole_in_the_next(judge: Judge) -> None:
    report = judge("np.ones = np.zeros = None")
    assert "Dropout Layer" in {r.unit.title for r in report.results if r.outcome == "passed"}
    assert callable(np.ones)


def is_running(process: str) -> bool:
    """Whether a process is there, and no mere entry in the system's table."""
    try:
        state = (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        )
    except OSError:
        return False
    return state != "Z"


def still_running(processes: list[str]) -> list[str]:
    """Those that do not end: even one that was killed takes a moment."""
    deadline = time.monotonic() + 20
    while (left := list(filter(is_running, processes))) and time.monotonic() < deadline:
        pass
    return left


@pytest.mark.needs("/proc")
def test_no_process_that_code_started_is_left_even_if_it_broke_away(
    judge: Judge, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    sleep = "subprocess.Popen(['sleep', '600'], start_new_session=True).pid"
    report = judge(f"import subprocess; print({sleep}, file=open({str(started)!r}, 'a'))")
    assert report.passed
    processes = started.read_text().split()
    assert processes
    assert still_running(processes) == []


@pytest.mark.needs("/proc")
def test_workers_end_when_the_runner_is_killed(judge: Judge, tmp_path: Path) -> None:
    judge(f"open({str(tmp_path)!r} + f'/{{__import__(\"os\").getppid()}}.worker', 'w').close()")
    for worker in tmp_path.glob("*.worker"):
        worker.unlink()
    runner = subprocess.Popen(
        [sys.executable, "-c", "from tito.main import main; main()", "test", "--file", judge.file],
        stdout=subprocess.PIPE,
    )
    assert runner.stdout is not None
    runner.stdout.readline()  # so the first checks have run
    runner.kill()
    runner.communicate()
    workers = [file.stem for file in tmp_path.glob("*.worker")]
    assert workers
    assert still_running(workers) == []


def test_a_warning_is_no_mistake_even_where_python_makes_it_an_error(judge: Judge) -> None:
    judge.write("import warnings; warnings.warn('deep')")
    with warnings.catch_warnings(action="error"):
        result = tito("test", "--module", "layers", "--file", str(judge.file))
    assert "deep" not in result.output
    assert result.exit_code == 0, result.output


def test_files_that_code_writes_do_not_land_in_the_current_folder(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    judge("open('litter', 'w').write('x')")
    assert list(empty.iterdir()) == []


def test_code_that_ends_the_process_around_it_costs_only_its_own_checks(judge: Judge) -> None:
    report = judge("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    assert first_failure(report).outcome == "error"
    assert "Full dropout (p=1.0) zeros everything" in {
        r.sentence for r in report.results if r.outcome == "passed"
    }


@pytest.mark.parametrize(
    ("above", "mistake"),
    [
        ("exit()\n", "it ends the program, with exit()"),
        ("import os; os._exit(0)\n", "os._exit(0)"),
        ("while True: pass\n", "it does not come to an end"),
        ("def broken(:\n", "Python cannot read the file"),
    ],
)
def test_a_file_that_cannot_be_loaded_fails_the_first_check_and_the_others_wait(
    judge: Judge, above: str, mistake: str
) -> None:
    report = judge(above=above, limit=1.0)
    first, *others = report.results
    assert mistake in str(first.mistake)
    assert str(first.where).endswith("layers.py:1")
    assert {r.outcome for r in others} == {"waiting"}
    assert first.outcome in ("error", "timeout")
    assert (report.judged, report.exit_code) == (False, 2)


def test_a_syntax_error_shows_the_line_and_a_caret(judge: Judge) -> None:
    report = judge(above="x = [1, 2\ny = 3\n")
    assert first_failure(report).seen == "SyntaxError: '[' was never closed\nx = [1, 2\n    ^"


def test_a_missing_name_is_named(tmp_path: Path) -> None:
    file = tmp_path / "layers.py"
    file.write_text("x = 1\n")
    assert run_checks(LAYERS, file).results[0].mistake == "Linear is not defined"


def test_an_exercise_that_is_not_written_says_where_to_write(judge: Judge) -> None:
    report = judge('raise NotImplementedError("Write it")')
    found = first_failure(report)
    assert found.mistake == "not written yet"
    assert str(found.where).endswith("layers.py:14")


def test_a_wrong_value_points_to_the_function_and_its_hint(judge: Judge) -> None:
    report = judge("return x @ self.weight")
    found = first_failure(report)
    assert found.mistake == "the bias is never added"
    assert found.seen
    assert found.expected
    assert str(found.where).endswith(f"layers.py:{text_line(judge.file, 'def __call__(self, x)')}")
    assert found.hint == "tito hint 03 Linear.forward"


def test_a_run_that_nobody_wants_any_more_ends(judge: Judge) -> None:
    judge.write()

    def give_up(check: Check, seconds: float) -> None:
        raise StopIteration

    with pytest.raises(StopIteration):
        run_checks(LAYERS, judge.file, on_wait=give_up)


def test_the_number_of_processors_makes_no_difference_to_the_results(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.write("import os; os._exit(3)")
    told = []
    for processors in (1, 3):
        monkeypatch.setattr("tito.checks.pool.processors", lambda n=processors: n)
        told.append([r.as_dict() for r in run_checks(LAYERS, judge.file).results])
    assert told[0] == told[1]


def test_checks_run_while_an_earlier_one_is_waited_for(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tito.checks.pool.processors", lambda: 2)
    meeting = judge.file.with_name("meeting")
    meeting.mkdir()
    wait = f"""\
        import os
        open({str(meeting)!r} + f"/{{os.getpid()}}", "w").close()
        while len(os.listdir({str(meeting)!r})) < 2: pass
"""
    above = "        scale = 1 / np.sqrt(in_features)\n"
    text = PLAIN.replace("FORWARD", "pass").replace(above, above + wait)
    judge.file.write_text(text, encoding="utf-8")
    assert run_checks(LAYERS, judge.file).passed


def test_without_fork_the_checks_run_all_the_same(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge.write()
    monkeypatch.delattr(os, "fork")
    report = run_checks(LAYERS, judge.file)
    assert report.passed, first_failure(report).as_dict()
