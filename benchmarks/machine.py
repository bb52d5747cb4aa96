"""The machine that the numbers come from, in words."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path


def available_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe_machine(threads: int) -> dict[str, str]:
    """What the numbers depend on, apart from the versions that the contestants name themselves."""
    facts = {
        "Date": datetime.date.today().isoformat(),
        "Processor": _processor(),
        "Processors used": f"{threads} of {os.cpu_count()}",
        "System": f"{platform.system()} {platform.machine()}",
    }
    if hasattr(os, "getloadavg"):
        facts["Load before the start"] = f"{os.getloadavg()[0]:.2f}"
    return facts


def is_busy() -> bool:
    """Whether other programs have been keeping a good part of a processor busy lately."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5


def _processor() -> str:
    """The name of the processor, as its maker puts it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.processor() or "unknown"
