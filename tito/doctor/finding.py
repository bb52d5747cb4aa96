"""One thing that the doctor looked at, and how the doctor asks Python."""

import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tinytorch.course.overlay import VARIABLE

OK, NOTE, PROBLEM = "ok", "note", "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: str
    """`ok`, `note` (worth knowing) or `problem`."""
    what: str
    """A sentence; of what is ok, a few words."""
    fix: str = ""
    """What to do."""

    def as_dict(self) -> dict[str, str]:
        """The finding for a program to read."""
        return asdict(self)


def ask_python(
    program: str, folder: Path, workspace: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in a folder, as a learner would."""
    environment = {
        **os.environ,
        "PYTHONIOENCODING": "utf-8",
        VARIABLE: str(workspace) if workspace else "off",
    }
    try:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=30,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], 1, "", "it does not come to an end")
    except OSError as error:
        return subprocess.CompletedProcess([], 1, "", f"Python cannot be started: {error}")


def last_line(text: str) -> str:
    """What Python says last: the error itself."""
    return (text.strip().splitlines() or ["it ended Python itself"])[-1]
