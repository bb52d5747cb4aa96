"""What a person sees in a terminal of 80 columns: it fits, and is what was looked over before.

The commands run in a pseudo-terminal, as a person's do. `screens/` holds what they show, for people
to read: after a change, `pytest tests/tito/test_screens.py --renew-screens` writes it anew.
"""

import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from learner import LAYERS, ROOT, TENSOR, solved, tito, with_linear, write_one
from rich.cells import cell_len

from tinytorch.course.overlay import MARKER
from tito.lessons.export import notebook_source
from tito.workspace.folder import Workspace

pytestmark = pytest.mark.needs("terminal")
COLUMNS = 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(folder: Path, *arguments: str, **variables: str) -> str:
    """What a command writes to a terminal."""
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    terminal = pexpect.spawn(
        sys.executable,
        ["-c", "from tito.main import main; main(prog_name='tito')", *arguments],
        cwd=str(folder),
        env={**environment, "TERM": "xterm-256color", **variables},
        dimensions=(40, COLUMNS),
        encoding="utf-8",
        timeout=60,
    )
    output: str = terminal.read()
    terminal.close()
    return output


def lines(output: str) -> list[str]:
    """What is left on the screen: what was written over, such as the count of seconds, is gone."""
    ended = _CONTROL.sub("", output).replace("\r\n", "\n").split("\n")
    return [line.rpartition("\r")[2].rstrip() for line in ended]


def too_wide(output: str) -> list[str]:
    return [line for line in lines(output) if cell_len(line) > COLUMNS]


def nothing_done(workspace: Workspace) -> None:
    pass


def nothing_made(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root)
    workspace.root.mkdir()


def one_written(workspace: Workspace) -> None:
    write_one(workspace.lesson(LAYERS), "Linear.forward", "return x @ self.weight")


def all_written(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_text(solved(LAYERS), encoding="utf-8")


def mistaken(workspace: Workspace) -> None:
    wrong = with_linear("apply(linear, x, self.weight, 2 * self.bias)")
    workspace.lesson(LAYERS).write_text(wrong, encoding="utf-8")


def one_finished(workspace: Workspace) -> None:
    workspace.lesson(TENSOR).write_text(solved(TENSOR), encoding="utf-8")
    tito("module", "complete", "1")
    tito("module", "start", "3")
    one_written(workspace)


def in_a_clone(workspace: Workspace) -> None:
    """Make a clone of the folder, as far as one is known by its files."""
    shutil.rmtree(workspace.root)
    for file in ("pyproject.toml", "tito/repository.py", "modules/lesson.py"):
        (workspace.root / file).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / file).touch()


def in_progress(workspace: Workspace) -> None:
    tito("module", "start", "3")
    one_written(workspace)


def in_a_notebook(workspace: Workspace) -> None:
    tito("module", "start", "3", "--notebook")


def both_written(workspace: Workspace) -> None:
    in_a_notebook(workspace)
    one_written(workspace)
    workspace.notebook(LAYERS).write_text(notebook_source(solved(LAYERS)), encoding="utf-8")


def no_text(workspace: Workspace) -> None:
    workspace.lesson(LAYERS).write_bytes(b"\xff\xfe")


def notes_damaged(workspace: Workspace) -> None:
    (workspace.root / MARKER).write_text("format = ")


SCREENS = {
    "tito": (nothing_done, ()),
    "tito in a clone": (in_a_clone, ()),
    "tito in progress": (one_finished, ()),
    "help": (nothing_done, ("--help",)),
    "help on a group": (nothing_done, ("module", "--help")),
    "init": (nothing_made, ("init",)),
    "init again": (nothing_done, ("init",)),
    "start": (nothing_done, ("module", "start", "3")),
    "start in a notebook": (nothing_done, ("module", "start", "2", "--notebook")),
    "status": (one_written, ("module", "status", "3")),
    "status of all": (in_progress, ("module", "status")),
    "reset": (nothing_done, ("module", "reset", "3")),
    "complete": (all_written, ("module", "complete", "3")),
    "complete an untouched one": (nothing_done, ("module", "complete", "3")),
    "test an untouched one": (nothing_done, ("test", "--file", "modules/03_layers/layers_dev.py")),
    "test a wrong one": (one_written, ("test", "--module", "3")),
    "test a mistake": (mistaken, ("test", "--module", "3")),
    "test": (all_written, ("test", "--module", "3")),
    "hint": (one_written, ("hint", "3")),
    "solution": (one_written, ("solution", "3")),
    "start in a notebook again": (in_a_notebook, ("module", "start", "3")),
    "status in a notebook": (in_a_notebook, ("module", "status", "3")),
    "test in a notebook": (in_a_notebook, ("test", "--module", "3")),
    "tito with two versions": (both_written, ()),
    "test two versions": (both_written, ("test", "--module", "3")),
    "complete two versions": (both_written, ("module", "complete", "3")),
    "test what is no text": (no_text, ("test", "--module", "3")),
    "complete what is no text": (no_text, ("module", "complete", "3")),
    "explore": (nothing_done, ("explore", "3")),
    "milestone": (nothing_done, ("milestone",)),
    "doctor": (nothing_done, ("doctor",)),
    "doctor on damaged notes": (notes_damaged, ("doctor",)),
    "damaged notes": (notes_damaged, ()),
    "no such module": (nothing_done, ("module", "start", "9")),
    "no such exercise": (nothing_done, ("hint", "3", "backward")),
}


@pytest.mark.thorough
@pytest.mark.parametrize("screen", SCREENS)
def test_no_line_is_wider_than_the_terminal(workspace: Workspace, screen: str) -> None:
    prepare, arguments = SCREENS[screen]
    prepare(workspace)
    output = shown(workspace.root, *arguments)
    assert "Traceback" not in output
    assert too_wide(output) == []


# ---- The screens on file -------------------------------------------------------------------------

ON_FILE = Path(__file__).with_name("screens")
HOME = "/home/ada/machine-learning-101"
# What is another on each machine and in each run.
VARYING = [
    (r"\d+(\.\d+)? (ms|s|min)\b", "TIME"),
    (r"\d+(\.\d+)? GiB free", "ROOM free"),
    (r"(Python|NumPy) \d+(\.\d+)*", r"\1 VERSION"),
    (r"\d+ processors?", "PROCESSORS"),
    (r"(_dev\.py):\d+", r"\1:LINE"),
    (r"\bline \d+", "line LINE"),
    (r"\bcell \d+", "cell CELL"),
    (r"_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", "_DATE"),
]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder whose path is as long as `HOME`, so that lines break at the same words."""
    temporary = Path("/tmp").resolve()
    folder = temporary / uuid.uuid4().hex[: len(HOME) - len(str(temporary)) - 1]
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def as_on_file(output: str, home: Path, *arguments: str) -> str:
    """A screen with placeholders for what varies, below the command."""
    screen = "\n".join(lines(output.replace(str(home), HOME)))
    for pattern, placeholder in VARYING:
        screen = re.sub(pattern, placeholder, screen)
    return f"$ {' '.join(('tito', *arguments))}\n{screen}"


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_was_looked_over(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    prepare, arguments = SCREENS[name]
    workspace = Workspace(home / "my-tinytorch")
    tito("init", str(workspace.root))
    monkeypatch.chdir(workspace.root)
    prepare(workspace)
    # No PATH, since a screen that speaks of JupyterLab asks whether it is installed.
    output = shown(workspace.root, *arguments, PATH="")
    assert too_wide(output) == []
    screen = as_on_file(output, home, *arguments)
    file = ON_FILE / f"{name.replace(' ', '-')}.txt"
    if request.config.getoption("renew_screens"):
        file.write_text(screen, encoding="utf-8")
    assert screen == file.read_text(encoding="utf-8"), "renew it with --renew-screens, and read it"


def test_no_screen_is_on_file_that_nobody_sees() -> None:
    on_file = {file.stem for file in ON_FILE.iterdir()}
    assert on_file == {name.replace(" ", "-") for name in SCREENS}


# ---- Outside a workspace -------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("module", "complete", "3"), ("watch",)])
def test_outside_a_workspace_no_line_is_too_wide_either(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    output = shown(tmp_path, *arguments)
    assert "Traceback" not in output
    assert too_wide(output) == []


def test_the_command_that_makes_a_workspace_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    output = shown(tmp_path, "module", "start")
    assert "  tito init my-tinytorch && cd my-tinytorch" in lines(output)


@pytest.mark.parametrize(("variable", "colored"), [("0", True), ("NO_COLOR", False)])
def test_no_color_leaves_no_colors_in_a_terminal(
    workspace: Workspace, variable: str, colored: bool
) -> None:
    one_written(workspace)
    output = shown(workspace.root, "test", "--module", "3", **{variable: "1"})
    assert ("\x1b[" in output) is colored


# ---- Checks --------------------------------------------------------------------------------------


def test_a_unit_in_which_everything_waits_is_one_line(workspace: Workspace) -> None:
    screen = tito("test", "--file", str(workspace.lesson(LAYERS))).stdout
    assert "⏳ Gradient Flow: 3 checks wait for another one\n" in screen
    assert "🔬 Unit Test: Gradient Flow..." not in screen


def test_what_failed_first_is_told_again_at_the_end(workspace: Workspace) -> None:
    one_written(workspace)
    *_, first, following = tito("test", "--module", "3").stdout.splitlines()
    place = r"modules/03_layers/layers_dev\.py:\d+"
    assert re.fullmatch(rf"First: Linear\.__init__: {place}: not written yet", first)
    assert following == "Next: tito hint 03 Linear.__init__"


def test_a_check_that_takes_long_is_told_of_in_a_terminal_and_the_line_goes(
    workspace: Workspace,
) -> None:
    slow = ("import time", "if not training: time.sleep(1.5)", "return x")
    write_one(workspace.lesson(LAYERS), "Dropout.forward", *slow)
    output = shown(workspace.root, "test", "--module", "3")
    assert re.search(r"⏳ Inference mode passes through unchanged \.\.\. \d s.*\r\x1b\[K", output)


def test_a_module_s_commands_come_in_the_order_in_which_they_are_needed() -> None:
    commands = re.findall(r"^  (\w+) ", tito("module", "--help").stdout, re.MULTILINE)
    assert commands == ["start", "status", "complete", "reset"]


def test_what_is_not_written_is_not_quoted_beside_the_solution(workspace: Workspace) -> None:
    screen = tito("solution", "layers", "Linear.forward").stdout
    assert "(not written yet)" in screen
    assert "NotImplementedError" not in screen


def test_another_beginning_is_offered_only_until_something_is_begun(workspace: Workspace) -> None:
    assert "tito module start MODULE" in tito().stdout
    workspace.lesson(LAYERS).write_text(solved(LAYERS), encoding="utf-8")
    workspace.finished_file(LAYERS).write_text((ROOT / LAYERS.library).read_text(encoding="utf-8"))
    assert "tito module start MODULE" not in tito().stdout
