"""What runs in environments of its own: the tests on each Python, on the oldest NumPy, the wheel.

nox                  all tests on each Python that is supported and on this machine
nox -- -k layers     the same, with arguments for pytest
nox -s oldest wheel  the library on the oldest Python and NumPy, and the wheel
nox -s browser       the library and the lessons in a browser's Python
nox -s constraints   renews constraints.txt; .ci/run then says whether all passes with it
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import nox

PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)  # of the classifiers
CONSTRAINTS = "constraints.txt"
HEADER = """\
# The versions that .ci/run has passed with; `nox -s constraints` renews them. A later Python than
# it has seen takes whatever is newest.
"""

nox.options.sessions = ["tests"]
nox.options.download_python = "never"
if pyenv := shutil.which("pyenv"):  # its Pythons answer to their names only if it is told to
    found = subprocess.run([pyenv, "versions", "--bare"], capture_output=True, text=True).stdout
    os.environ.setdefault("PYENV_VERSION", ":".join(found.split()))


def install(session: nox.Session, *arguments: str) -> None:
    """Install this clone in place, with what development needs."""
    session.install("-e", ".", *nox.project.dependency_groups(PYPROJECT, "dev"), *arguments)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests."""
    install(session, "-c", CONSTRAINTS)
    session.run("tito", "test", "--", *session.posargs)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The library, on the oldest Python and the oldest NumPy that pyproject.toml allows."""
    [numpy] = [line for line in PYPROJECT["project"]["dependencies"] if line.startswith("numpy")]
    install(session, numpy.replace(">=", "=="))
    session.run("pytest", "tests/library", "-q", "-n", "auto", *session.posargs)


@nox.session(python=PYTHONS[0])
def wheel(session: nox.Session) -> None:
    """The wheel, in an environment without the clone, and an empty folder."""
    folder = Path(session.create_tmp())
    shutil.rmtree(folder)
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), ".")
    session.install(*map(str, folder.glob("*.whl")))
    with session.chdir(folder):
        session.run("tito", "milestone", "mnist", "--epochs", "1", "--output", "results")
        assert Path("results/weights.safetensors").stat().st_size > 0


# For a browser's Python, of which Pyodide has 3.12; what has nothing compiled in it runs there.
FOR_BROWSERS = ("--platform=any", "--python-version=3.12", "--only-binary=:all:")

LAY_OUT = """
import sys
from pathlib import Path
from tito.site.pyodide import lay_out
from tito.site.wheel import build_wheel
lay_out(Path(sys.argv[1]), ["matplotlib"], [build_wheel(Path(sys.argv[1]))])
"""


@nox.session(python=PYTHONS[0])
def browser(session: nox.Session) -> None:
    """The library and the lessons in a browser's Python, Pyodide, under Node.

    It takes Pyodide from the folder that TINYTORCH_PYODIDE names: see `.ci/pyodide`.
    """
    session.install("-e", ".[site]")
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder)
    session.run("python", "-c", LAY_OUT, str(folder / "pyodide"))
    target = f"--target={folder / 'packages'}"
    session.run(
        "python", "-m", "pip", "install", "-q", target, *FOR_BROWSERS, "pytest", "hypothesis"
    )
    run = ("node", "web/pyodide/run.mjs", str(folder / "pyodide"), "web/pyodide/run_pytest.py")
    tests = session.posargs or ["tests/library", "tests/browser", "-q"]
    session.run(*run, f"/host{folder / 'packages'}", *tests, external=True)


@nox.session(python=PYTHONS[0])
def constraints(session: nox.Session) -> None:
    """Write down the newest versions, as the oldest Python finds them: these suit the others, too.

    Arguments hold some of them back: nox -s constraints -- 'torch<2.14'
    """
    groups = nox.project.dependency_groups(PYPROJECT, "dev", "bench", "web")
    session.install("-e", ".[site]", *groups, *session.posargs)
    frozen = str(session.run("pip", "freeze", "--exclude-editable", silent=True))
    lines = [HEADER]
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", frozen, re.MULTILINE):
        if not name.startswith(("cuda-", "nvidia-", "triton")):  # on some machines, PyTorch's
            lines.append(f'{name}=={version}; python_version <= "{PYTHONS[-1]}"\n')
    Path(CONSTRAINTS).write_text("".join(lines), encoding="utf-8")
