"""Looking at the machine: Python, the libraries, the processors, the terminal."""

import importlib.metadata
import math
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import tinytorch
from tinytorch.course.machine import THREAD_VARIABLES, processors
from tito import DISTRIBUTION
from tito.doctor.finding import NOTE, OK, PROBLEM, Finding, ask_python, last_line


def _python() -> Iterator[Finding]:
    yield Finding(OK, f"Python {platform.python_version()}")


def _packages() -> Iterator[Finding]:
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []  # as pyproject.toml says
    except importlib.metadata.PackageNotFoundError:
        folder = Path(tinytorch.__file__).parent.parent
        yield Finding(
            NOTE,
            f"TinyTorch is used from {folder}, and not installed, so nobody knows what it lacks.",
            f"{_pip()} install -e {shlex.quote(str(folder))}",
        )
        return
    missing = []
    for requirement in requirements:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        if "extra ==" not in requirement and not _is_installed(name):
            missing.append(name)
    if missing:
        yield Finding(
            PROBLEM,
            f"TinyTorch needs {', '.join(missing)}, which this Python does not have.",
            f"{_pip()} install {' '.join(missing)}",
        )


def _namesake() -> Iterator[Finding]:
    """On the package index, `tinytorch` is another project. Both would be in one folder."""
    try:
        files = importlib.metadata.files("tinytorch") or []
    except importlib.metadata.PackageNotFoundError:
        return
    if any(str(file) == "tinytorch/__init__.py" for file in files):
        yield Finding(
            PROBLEM,
            "Another project named tinytorch is installed too, and its files are among ours.",
            f"{_pip()} uninstall tinytorch, then install TinyTorch again with --force-reinstall",
        )


def _numpy() -> Iterator[Finding]:
    try:
        import numpy as np
    except Exception as error:  # a broken NumPy can fail in any way
        yield Finding(
            PROBLEM,
            f"NumPy cannot be imported: {error}",
            f"{_pip()} install --force-reinstall numpy",
        )
        return
    if int(np.__version__.split(".")[0]) < 2:
        yield Finding(
            PROBLEM, f"NumPy {np.__version__} is too old.", f"{_pip()} install 'numpy>=2.0'"
        )
    else:
        yield Finding(OK, f"NumPy {np.__version__}")


def _threads() -> Iterator[Finding]:
    available = processors()
    chosen = {name: os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name)}
    for name, value in chosen.items():
        if not value.isdigit() or int(value) == 0:
            yield Finding(PROBLEM, f"{name} is {value!r}, not a number.", f"unset {name}")
        elif int(value) > available:
            yield Finding(
                PROBLEM,
                f"{name} asks for {value} threads on {available} processors, so that they get "
                "in each other's way.",
                f"export {name}={available}",
            )
    allowed = _allowed_processors()
    if not chosen and allowed is not None and allowed < available:
        yield Finding(
            NOTE,
            f"This container may use {allowed} of {available} processors, but NumPy starts "
            f"{available} threads.",
            f"export OMP_NUM_THREADS={allowed} OPENBLAS_NUM_THREADS={allowed}",
        )
    yield Finding(OK, f"{available} processor{'s' * (available > 1)}")


def _encoding() -> Iterator[Finding]:
    encoding = sys.stdout.encoding or ""
    if encoding.lower().replace("-", "") not in ("utf8", "utf16le"):
        yield Finding(
            PROBLEM,
            f"This terminal's encoding is {encoding or 'unknown'}, which has no ✅.",
            "export PYTHONUTF8=1",
        )


def _kernel() -> Iterator[Finding]:
    if not _is_installed("ipykernel"):
        yield Finding(
            NOTE, "There is no kernel for notebooks here.", f"{_pip()} install jupyterlab"
        )
        return
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        program = ""
    # In an environment the programs are links, so it is their folders that tell them apart.
    elsewhere = Path(program).parent.resolve() != Path(sys.executable).parent.resolve()
    if os.path.isabs(program) and elsewhere:
        yield Finding(
            PROBLEM,
            f"Notebooks run on another Python, {program}.",
            f"{sys.executable} -m ipykernel install --sys-prefix",
        )
    else:
        yield Finding(OK, "notebook kernel")


def shadows(folder: Path) -> Iterator[Finding]:
    """A Python that starts in a folder finds the folder's own files before the libraries."""
    program = "import sys, tinytorch.core.tensor; sys.stdout.write(str(tinytorch.__file__))"
    found = ask_python(program, folder)
    expected = str(Path(tinytorch.__file__))
    if found.stdout and Path(found.stdout).resolve() == Path(expected).resolve():
        return
    libraries = {"tinytorch", "tito", "numpy", *sys.stdlib_module_names}
    suspects = [
        path
        for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py"))
        if (path.parent.name if path.name == "__init__.py" else path.stem) in libraries
    ]
    if suspects:
        what = f"{suspects[0]} hides the library of that name from Python."
        fix = f"Rename or remove it: {suspects[0]}"
    elif found.returncode:
        what = f"import tinytorch fails in {folder}: {last_line(found.stderr)}"
        fix = f"See whether a file in {folder} has the name of a library."
    else:
        what = f"import tinytorch finds {found.stdout}, not the installed {expected}."
        fix = f"Look for it in PYTHONPATH, {os.environ.get('PYTHONPATH') or 'which is not set'}"
    yield Finding(PROBLEM, what, fix)


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _pip() -> str:
    return f"{shlex.quote(sys.executable)} -m pip"


def _allowed_processors() -> int | None:
    """How many processors' time a container is allowed, where there is a limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, math.ceil(int(quota) / int(period)))


LOOKS = (_python, _packages, _namesake, _numpy, _threads, _encoding, _kernel)
