"""The machine that the numbers come from, in words."""

from __future__ import annotations

import datetime
import os
import platform

from tinytorch.course.machine import processor


def describe_machine(threads: int) -> dict[str, str]:
    """What the numbers depend on, apart from the versions that the contestants name themselves."""
    facts = {
        "Date": datetime.date.today().isoformat(),
        "Processor": processor(),
        "Processors used": f"{threads} of {os.cpu_count()}",
        "System": f"{platform.system()} {platform.machine()}",
    }
    if hasattr(os, "getloadavg"):
        facts["Load before the start"] = f"{os.getloadavg()[0]:.2f}"
    return facts


def is_busy() -> bool:
    """Whether other programs have been keeping a good part of a processor busy lately."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5
