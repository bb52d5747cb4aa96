"""`source bin/activate-tinytorch.sh` in real bash and zsh, on a small project, without a network.

The shells find only the commands that a test gives them. `uv` is a stand-in, which makes a real
environment in a tenth of a second and "installs" a `tito` that says hello. A few tests use real
pip, which needs seconds.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

SCRIPT = Path(__file__).parents[2] / "bin" / "activate-tinytorch.sh"
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # the one under pytest's environment
# The activate script of an environment made by Python 3.12 or later calls `uname`.
TOOLS = (
    "cat",
    "dirname",
    "find",
    "grep",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sh",
    "tail",
    "uname",
    "chmod",
)
BASH, ZSH = (pytest.param(shell, marks=pytest.mark.needs(shell)) for shell in ("bash", "zsh"))
bash, zsh, pip, terminal = map(pytest.mark.needs, ("bash", "zsh", "ensurepip", "terminal"))
ACTIVATE = "source bin/activate-tinytorch.sh"
NO_STARTUP_FILES = {"bash": ["--noprofile", "--norc"], "zsh": ["-f"], "sh": []}
NO_LINE_EDITING = {"bash": "--noediting", "zsh": "+Z"}
PROMPT = "ready> "

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small"
version = "1"

[dependency-groups]
dev = []
"""

BACKEND = """\
import os, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "small-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        def write(file, text):
            wheel.writestr(f"small-1.dist-info/{file}", text)
        wheel.writestr("small.pth", os.getcwd())
        write("METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n")
        write("WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        write("entry_points.txt", "[console_scripts]\\ntito = small:hello\\n")
        write("RECORD", "")
    return name
"""

UV = f"""\
#!/bin/sh
here=$(dirname "$0")
echo "uv $*" >>"$here/calls"
case "$1 $2" in
venv*) for folder; do :; done; exec {shlex.quote(PYTHON)} -m venv --without-pip "$folder" ;;
"pip install") . "$here/install" ;;
*) exit 1 ;;
esac
"""

INSTALL = """\
echo "echo hello from tito" >.venv/bin/tito
chmod +x .venv/bin/tito
"""

# Says on the terminal that it has begun, then waits for a signal for as long as it takes.
HANG = "echo installing >/dev/tty; exec cat /dev/tty"

# Everything that a script could leave behind in the shell that sources it.
SNAPSHOT = {
    "bash": "{ set +o; shopt; declare -p; declare -f; alias; trap; pwd; umask; }",
    "zsh": "{ set -o; typeset -p; functions; alias; trap; pwd; umask; }",
}
# What every command changes.
VOLATILE = re.compile(
    r"^(declare|typeset|export)[^=]* (_|\W|BASH\w*|EPOCH\w+|LINENO|PIPESTATUS|S?RANDOM|SECONDS|"
    r"TTYIDLE|ZSH_\w+|pipestatus|status|history\w*)=.*$",
    re.MULTILINE,
)


class Clone:
    """A clone of a small project, and the commands that its shells can find."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my späce" / "it's tiny"
        self.commands = folder / "commands"
        self.venv = self.root / ".venv"
        (self.root / "bin").mkdir(parents=True)
        shutil.copy(SCRIPT, self.root / "bin")
        (self.root / "pyproject.toml").write_text(PYPROJECT)
        (self.root / "constraints.txt").write_text("# none\n")
        (self.root / "backend.py").write_text(BACKEND)
        (self.root / "small.py").write_text("def hello() -> None:\n    print('hello from tito')\n")
        self.commands.mkdir()
        for tool in [*TOOLS, "bash", "zsh"]:
            if path := shutil.which(tool):
                (self.commands / tool).symlink_to(path)
        self.command("python3", f'#!/bin/sh\nexec {shlex.quote(PYTHON)} "$@"\n')
        self.command("uv", UV)
        self.command("install", INSTALL)

    def command(self, name: str, text: str) -> None:
        (self.commands / name).write_text(text)
        (self.commands / name).chmod(0o755)

    def becomes_sh(self, tool: str) -> None:
        target = (self.commands / tool).resolve()
        (self.commands / "sh").unlink()
        (self.commands / "sh").symlink_to(target)

    @property
    def calls(self) -> list[str]:
        """What uv was asked to do, in the first two words of each call."""
        log = self.commands / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [" ".join(line.split()[1:3]) for line in lines]

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
        return kept | {
            "PATH": str(self.commands),
            "HOME": str(self.commands),
            "LANG": "C",
            "TERM": "dumb",
            "PS1": PROMPT,
        }

    def run(
        self, shell: str, commands: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shell, *NO_STARTUP_FILES[shell], "-c", commands],
            cwd=cwd or self.root,
            env=self.environment | variables,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def terminal(self, shell: str) -> pexpect.spawn[str]:
        """An interactive shell on a terminal of its own."""
        child = pexpect.spawn(
            str(self.commands / shell),
            [*NO_STARTUP_FILES[shell], NO_LINE_EDITING[shell], "-i"],
            cwd=str(self.root),
            env=self.environment,
            encoding="utf-8",
            timeout=30,
            echo=False,
        )
        child.expect(PROMPT)
        return child

    def snapshots_around(self, shell: str, command: str) -> tuple[str, str]:
        """What is in a shell with options set, before and after a command."""
        take = SNAPSHOT[shell]
        commands = f"cd bin; cd ..; set -uo pipefail\n{take} >before\n{command}\n{take} >after"
        result = self.run(shell, commands)
        assert (self.root / "after").exists(), result.stderr
        return read_snapshot(self.root / "before"), read_snapshot(self.root / "after")


def read_snapshot(path: Path) -> str:
    return VOLATILE.sub("", path.read_text(encoding="utf-8", errors="surrogateescape"))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.fixture(params=[BASH, ZSH])
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_first_call_makes_the_environment_and_the_next_command_finds_tito(
    clone: Clone, shell: str
) -> None:
    result = clone.run(shell, f"{ACTIVATE} && tito && echo $VIRTUAL_ENV")
    assert result.stdout == f"hello from tito\n{clone.venv}\n"
    assert result.stderr.count("\n") == 1
    assert "making .venv" in result.stderr


def test_strict_options_neither_break_it_nor_change(clone: Clone, shell: str) -> None:
    strict = "set -euo pipefail; set -o noclobber"
    first = clone.run(shell, f"{strict}; set -o >before; {ACTIVATE}; set -o >after; tito")
    again = clone.run(shell, f"{strict}; {ACTIVATE}; tito")
    assert (first.stdout, again.stdout) == ("hello from tito\n", "hello from tito\n")
    assert (clone.root / "before").read_text() == (clone.root / "after").read_text()


@zsh
@pytest.mark.parametrize(
    "options", ["ksh_arrays", "sh_word_split", "no_function_argzero", "glob_subst", "err_return"]
)
def test_zsh_options_do_not_break_it(clone: Clone, options: str) -> None:
    result = clone.run("zsh", f"setopt {options}; {ACTIVATE}; tito")
    assert result.stdout == "hello from tito\n"


@bash
def test_options_exported_by_bash_do_not_reach_the_work(clone: Clone) -> None:
    clone.becomes_sh("bash")
    strict = "export SHELLOPTS; shopt -s inherit_errexit; set -euC"
    change = "echo '# changed' >>pyproject.toml"
    result = clone.run("bash", f"{strict}; {ACTIVATE}; {change}; {ACTIVATE}; tito")
    assert result.stdout == "hello from tito\n"
    assert "updating .venv" in result.stderr


def test_aliases_and_functions_of_the_shell_do_not_reach_the_work(clone: Clone, shell: str) -> None:
    names = ["say", "fail", "have", "ready", "build", "install", "echo", "sh", "cd", "cat", "test"]
    aliases = "".join(f"alias {name}='false broken'\n" for name in names)
    functions = "pwd() { false; }\ndirname() { false; }\n"
    expand = "shopt -s expand_aliases\n" if shell == "bash" else ""
    result = clone.run(shell, f"{expand}{functions}{aliases}{ACTIVATE} && tito")
    assert result.stdout == "hello from tito\n"


@pytest.mark.parametrize(
    ("folder", "command"),
    [
        (".", 'source "$ROOT/bin/activate-tinytorch.sh"'),
        ("bin", "source ./activate-tinytorch.sh"),
        ("bin", ". ../bin/activate-tinytorch.sh"),
        (".", 'PATH="$ROOT/bin:$PATH"; cd /; source activate-tinytorch.sh'),
        (".", "activate() { source bin/activate-tinytorch.sh; }; activate"),
        (".", "export CDPATH=bin:/; source bin/activate-tinytorch.sh"),
    ],
)
def test_it_works_from_any_folder(clone: Clone, shell: str, folder: str, command: str) -> None:
    result = clone.run(shell, f"{command} && tito", clone.root / folder, ROOT=str(clone.root))
    assert result.stdout == "hello from tito\n"
    assert clone.venv.is_dir()


def test_later_calls_are_silent_and_start_neither_uv_nor_a_python_of_the_system(
    clone: Clone, shell: str
) -> None:
    clone.run(shell, ACTIVATE)
    (clone.commands / "python3").unlink()
    calls = clone.calls
    result = clone.run(shell, f"{ACTIVATE} && tito")
    assert (result.stdout, result.stderr) == ("hello from tito\n", "")
    assert clone.calls == calls == ["venv --allow-existing", "pip install"]


def test_it_leaves_exactly_what_the_activate_script_of_the_environment_leaves(
    clone: Clone, shell: str
) -> None:
    clone.run(shell, ACTIVATE)
    _, ours = clone.snapshots_around(shell, ACTIVATE)
    _, plain = clone.snapshots_around(shell, "source .venv/bin/activate")
    assert ours == plain


@pytest.fixture(scope="module")
def clone_without_uv(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose environment real pip has made, which takes seconds: for all who need one."""
    clone = Clone(tmp_path_factory.mktemp("without_uv"))
    (clone.commands / "uv").unlink()
    clone.run("bash", ACTIVATE, PIP_USER="1", PYTHONHOME="/nowhere")
    return clone


@bash
@pip
def test_pip_installs_the_project_where_there_is_no_uv(clone_without_uv: Clone) -> None:
    result = clone_without_uv.run("bash", f"{ACTIVATE} && tito")
    assert (result.stdout, result.stderr) == ("hello from tito\n", "")


@bash
@pip
def test_an_edit_of_the_project_needs_no_installation(clone_without_uv: Clone) -> None:
    source = clone_without_uv.root / "small.py"
    before = source.read_text()
    source.write_text(before.replace("hello", "goodbye").replace("def goodbye", "def hello"))
    result = clone_without_uv.run("bash", f"{ACTIVATE} && tito")
    source.write_text(before)
    assert (result.stdout, result.stderr) == ("goodbye from tito\n", "")


@bash
@pip
def test_a_failed_installation_shows_the_reason_and_the_fix(clone_without_uv: Clone) -> None:
    missing = PYPROJECT.replace("requires = []", 'requires = ["no-such-package"]')
    (clone_without_uv.root / "pyproject.toml").write_text(missing)
    result = clone_without_uv.run("bash", ACTIVATE, PIP_NO_INDEX="1")
    (clone_without_uv.root / "pyproject.toml").write_text(PYPROJECT)
    assert "No matching distribution found for no-such-package" in result.stderr
    assert "check the network" in result.stderr
    assert len(result.stderr.splitlines()) < 15


@bash
def test_what_developers_need_is_installed_in_the_versions_that_are_known(clone: Clone) -> None:
    needed = PYPROJECT.replace("dev = []", "dev = ['one>=1; python_version > \"3\"', 'two==2']")
    (clone.root / "pyproject.toml").write_text(needed)
    clone.run("bash", ACTIVATE)
    listed = clone.venv / "tinytorch.dev"
    assert listed.read_text().splitlines() == ['one>=1; python_version > "3"', "two==2"]
    arguments = (clone.commands / "calls").read_text().splitlines()[-1]
    assert arguments.endswith(f"-e . -r {listed} -c constraints.txt")


@bash
@pip
@pytest.mark.thorough
def test_pip_installs_what_developers_need_where_there_is_no_uv(clone_without_uv: Clone) -> None:
    project = clone_without_uv.root / "pyproject.toml"
    project.write_text(PYPROJECT.replace("dev = []", 'dev = ["no-such-package"]'))
    result = clone_without_uv.run("bash", ACTIVATE, PIP_NO_INDEX="1")
    project.write_text(PYPROJECT)
    assert "No matching distribution found for no-such-package" in result.stderr


@bash
@pip
@pytest.mark.thorough
def test_pip_installs_the_project_where_uv_fails(clone: Clone) -> None:
    clone.command("install", "exit 1")
    result = clone.run("bash", f"{ACTIVATE} && tito && pip --version")
    assert result.stdout.startswith("hello from tito\npip "), result.stderr
    assert str(clone.venv) in result.stdout


@bash
def test_another_name_serves_where_python3_is_too_old_or_a_shim_with_nothing_behind(
    clone: Clone,
) -> None:
    (clone.commands / "python3").rename(clone.commands / "python3.12")
    clone.command("python3", "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    assert clone.run("bash", f"{ACTIVATE} && tito").stdout == "hello from tito\n"


@bash
def test_uv_finds_a_python_where_the_path_has_none(clone: Clone) -> None:
    (clone.commands / "python3").unlink()
    find = f'"python find") echo {shlex.quote(PYTHON)} ;;\n*) exit 1'
    clone.command("uv", UV.replace("*) exit 1", find))
    assert clone.run("bash", f"{ACTIVATE} && tito").stdout == "hello from tito\n"


@bash
def test_uv_fetches_a_python_where_it_finds_none(clone: Clone) -> None:
    (clone.commands / "python3").unlink()
    fetch = f"""\
"python install") : >"$here/fetched" ;;
"python find") [ -e "$here/fetched" ] && echo {shlex.quote(PYTHON)} ;;
*) exit 1"""
    clone.command("uv", UV.replace("*) exit 1", fetch))
    assert clone.run("bash", f"{ACTIVATE} && tito").stdout == "hello from tito\n"


def test_a_missing_python_is_named_with_ways_to_get_one(clone: Clone, shell: str) -> None:
    old = '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.6\n'
    clone.command("python3", old)
    (clone.commands / "uv").unlink()
    result = clone.run(shell, f"{ACTIVATE}; echo $? ${{VIRTUAL_ENV-not activated}}")
    assert result.stdout == "1 not activated\n"
    assert "no Python 3.11 or later here; only python3 (Python 3.9.6)" in result.stderr
    for way in ["brew install", "apt install", "python.org", "uv"]:
        assert way in result.stderr


def without_python(clone: Clone) -> None:
    (clone.commands / "python3").unlink()


def without_network(clone: Clone) -> None:
    """Neither uv nor pip gets far."""
    clone.command(
        "install", "echo 'error: no route to the package index'; rm .venv/bin/python; exit 1"
    )


def without_room(clone: Clone) -> None:
    clone.venv.write_text("a file where the folder should be")


FAILURES = [without_python, without_network, without_room]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_leaves_nothing_in_the_shell(
    clone: Clone, shell: str, failure: Callable[[Clone], None]
) -> None:
    failure(clone)
    before, after = clone.snapshots_around(shell, ACTIVATE)
    assert before == after


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_stops_the_next_command_but_not_the_shell(
    clone: Clone, shell: str, failure: Callable[[Clone], None]
) -> None:
    failure(clone)
    result = clone.run(
        shell, f"set -e; {ACTIVATE} && tito || echo failed with $?; echo ${{VIRTUAL_ENV-none}}"
    )
    assert result.stdout == "failed with 1\nnone\n"
    assert "TinyTorch: " in result.stderr


def test_the_call_after_a_failed_installation_mends_it(clone: Clone, shell: str) -> None:
    without_network(clone)
    assert clone.run(shell, ACTIVATE).returncode == 1
    clone.command("install", INSTALL)
    assert clone.run(shell, f"{ACTIVATE} && tito").stdout == "hello from tito\n"


@terminal
@pytest.mark.parametrize("sh", ["sh", BASH])  # macOS's sh is bash, which treats signals otherwise
def test_control_c_gives_the_prompt_back_and_the_next_call_starts_over(
    clone: Clone, shell: str, sh: str
) -> None:
    clone.becomes_sh(sh)
    # Like pip, and unlike most programs, this ends as if nothing but an error had happened.
    clone.command("install", f"trap 'exit 1' INT; echo broken >.venv/bin/tito; ({HANG})")
    with clone.terminal(shell) as terminal:
        terminal.sendline(f"{ACTIVATE} && tito; echo done with $?")
        terminal.expect("installing")
        terminal.sendintr()
        terminal.expect(PROMPT)
        terminal.sendline("echo ${VIRTUAL_ENV-not activated}")
        terminal.expect("not activated")
        clone.command("install", INSTALL)
        terminal.sendline(f"{ACTIVATE} && tito")
        terminal.expect("making .venv")
        terminal.expect("hello from tito")


@terminal
@pytest.mark.parametrize("step", ["venv", "install"])
def test_the_call_after_a_kill_starts_over(clone: Clone, shell: str, step: str) -> None:
    broken = "mkdir -p .venv/bin; echo 'exit 1' >.venv/bin/tito; echo 'exit 1' >.venv/bin/activate"
    if step == "venv":
        clone.command("uv", f"#!/bin/sh\n{broken}; {HANG}\n")
    else:
        clone.command("install", f"{broken}; {HANG}")
    with clone.terminal(shell) as terminal:
        terminal.sendline(ACTIVATE)
        terminal.expect("installing")
        os.killpg(terminal.pid, signal.SIGKILL)
        terminal.wait()
    clone.command("uv", UV)
    clone.command("install", INSTALL)
    result = clone.run(shell, f"{ACTIVATE} && tito")
    assert result.stdout == "hello from tito\n"
    assert "making .venv" in result.stderr


@bash
@terminal
def test_an_update_that_was_killed_is_followed_by_a_fresh_start(clone: Clone) -> None:
    clone.run("bash", ACTIVATE)
    (clone.root / "pyproject.toml").write_text(f"{PYPROJECT}# changed\n")
    clone.command("install", HANG)
    with clone.terminal("bash") as terminal:
        terminal.sendline(ACTIVATE)
        terminal.expect("updating .venv")
        terminal.expect("installing")
        os.killpg(terminal.pid, signal.SIGKILL)
        terminal.wait()
    (clone.root / "pyproject.toml").write_text(PYPROJECT)
    clone.command("install", INSTALL)
    assert "making .venv" in clone.run("bash", ACTIVATE).stderr


@bash
@terminal
def test_of_two_shells_at_once_one_works_and_the_other_waits(clone: Clone, shell: str) -> None:
    clone.command("install", f"{INSTALL}\necho installing >/dev/tty; read line </dev/tty")
    with clone.terminal("bash") as first, clone.terminal(shell) as second:
        first.sendline(f"{ACTIVATE} && tito")
        first.expect("installing")
        second.sendline(f"{ACTIVATE} && tito")
        second.expect("waiting for it")
        first.sendline("go on")
        first.expect("hello from tito")
        second.expect("hello from tito")
    assert clone.calls == ["venv --allow-existing", "pip install"]


@bash
@terminal
def test_an_installer_that_outlives_its_shell_is_waited_for(clone: Clone) -> None:
    clone.command("install", "echo $$ $PPID >pids; echo installing >/dev/tty; read line </dev/tty")
    with clone.terminal("bash") as first, clone.terminal("bash") as second:
        first.sendline(f"{ACTIVATE}; echo ended with $?")
        first.expect("installing")
        installer, script = map(int, (clone.root / "pids").read_text().split())
        os.kill(script, signal.SIGKILL)
        first.expect("ended with 1")
        clone.command("install", INSTALL)
        second.sendline(f"{ACTIVATE} && tito")
        second.expect("waiting for it")
        os.kill(installer, signal.SIGKILL)
        second.expect("hello from tito")


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_updates_the_environment_in_place(
    clone: Clone, shell: str, changed: str
) -> None:
    clone.run(shell, ACTIVATE)
    (clone.venv / "installed by hand").touch()
    with (clone.root / changed).open("a") as file:
        file.write("# changed\n")
    result = clone.run(shell, f"{ACTIVATE} && tito")
    assert result.stdout == "hello from tito\n"
    assert (
        result.stderr == "TinyTorch: updating .venv to match pyproject.toml and constraints.txt\n"
    )
    assert (clone.venv / "installed by hand").exists()
    assert clone.calls == ["venv --allow-existing", "pip install", "pip install"]


@bash
def test_a_failed_update_is_tried_again_and_loses_nothing(clone: Clone) -> None:
    clone.run("bash", ACTIVATE)
    (clone.venv / "installed by hand").touch()
    (clone.root / "pyproject.toml").write_text(f"{PYPROJECT}# changed\n")
    clone.command("install", "mv .venv/bin/python hidden; exit 1")
    assert clone.run("bash", ACTIVATE).returncode == 1
    (clone.root / "hidden").rename(clone.venv / "bin" / "python")
    clone.command("install", INSTALL)
    assert "updating .venv" in clone.run("bash", ACTIVATE).stderr
    assert (clone.venv / "installed by hand").exists()


@pytest.mark.parametrize("carry", [shutil.move, shutil.copytree])
def test_in_a_moved_or_copied_folder_the_environment_is_made_anew(
    clone: Clone, shell: str, carry: Callable[[Path, Path], object]
) -> None:
    clone.run(shell, ACTIVATE)
    elsewhere = clone.root.parent / "elsewhere"
    carry(clone.root, elsewhere)
    result = clone.run(shell, f"{ACTIVATE} && tito && echo $VIRTUAL_ENV", elsewhere)
    assert result.stdout == f"hello from tito\n{elsewhere / '.venv'}\n"
    assert "making .venv" in result.stderr


def test_an_environment_whose_python_has_gone_is_made_anew(clone: Clone, shell: str) -> None:
    clone.run(shell, ACTIVATE)
    for name in ["python", "python3", Path(PYTHON).name]:
        (clone.venv / "bin" / name).unlink(missing_ok=True)
        (clone.venv / "bin" / name).symlink_to("/no/longer/there")
    result = clone.run(shell, f"source .venv/bin/activate; {ACTIVATE} && tito")
    assert result.stdout == "hello from tito\n"
    assert "making .venv" in result.stderr


@bash
def test_an_environment_of_another_python_is_made_anew(clone: Clone) -> None:
    clone.run("bash", ACTIVATE)
    stamp = clone.venv / "tinytorch.stamp"
    stamp.write_text(re.sub(r"^\w+-\d+", "cpython-310", stamp.read_text()))
    assert "making .venv" in clone.run("bash", ACTIVATE).stderr


@bash
def test_an_environment_made_by_hand_is_kept_and_installed_into(clone: Clone) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(clone.venv)], check=True)
    (clone.venv / "installed by hand").touch()
    assert clone.run("bash", f"{ACTIVATE} && tito").stdout == "hello from tito\n"
    assert (clone.venv / "installed by hand").exists()
    assert clone.calls == ["pip install"]


def test_from_another_environment_it_switches_and_deactivate_leads_all_the_way_back(
    clone: Clone, shell: str
) -> None:
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", str(clone.root / "other")], check=True)
    result = clone.run(
        shell,
        f"start=$PATH; source other/bin/activate; {ACTIVATE}; echo $VIRTUAL_ENV; echo $PATH"
        "; deactivate; [[ $PATH = $start ]] && echo back",
    )
    assert result.stdout == f"{clone.venv}\n{clone.venv}/bin:{clone.commands}\nback\n"


def test_calling_it_twice_is_the_same_as_once(clone: Clone, shell: str) -> None:
    result = clone.run(shell, f"PS1=:; {ACTIVATE} && {ACTIVATE} && echo $PATH && echo $PS1")
    assert result.stdout == f"{clone.venv}/bin:{clone.commands}\n(.venv) :\n"


@bash
@pytest.mark.parametrize("command", [BASH, ZSH, "sh"])
def test_running_it_instead_of_sourcing_it_explains(clone: Clone, command: str) -> None:
    result = clone.run("bash", f"{command} bin/activate-tinytorch.sh")
    assert result.returncode == 1
    assert "Source this file from bash or zsh" in result.stderr
    assert not clone.venv.exists()


def test_the_file_can_be_executed_so_that_it_can_explain() -> None:
    assert os.access(SCRIPT, os.X_OK)


def test_a_plain_sh_that_sources_it_is_told_and_lives_on(clone: Clone) -> None:
    result = clone.run("sh", ". ./bin/activate-tinytorch.sh; echo alive")
    assert result.stdout == "alive\n"
    assert "Source this file from bash or zsh" in result.stderr
