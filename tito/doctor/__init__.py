"""What can be wrong with a machine or a workspace, and what to do about it."""

from collections.abc import Iterator
from pathlib import Path

from tito.doctor import environment as machine
from tito.doctor import workspace as places
from tito.doctor.finding import NOTE, OK, Finding
from tito.workspace.folder import Workspace


def examine(workspace: Workspace | None) -> Iterator[Finding]:
    """Look at everything: the machine, then the workspace."""
    for look in machine.LOOKS:
        yield from look()
    if workspace is None:
        yield Finding(
            NOTE,
            "You are not in a workspace, so all is about TinyTorch's own modules, the reference.",
            "To make one: tito init my-tinytorch",
        )
        yield from machine.shadows(Path.cwd())
        return
    yield Finding(OK, f"workspace {workspace.root}")
    for look_at in places.LOOKS:
        yield from look_at(workspace)
    yield from machine.shadows(workspace.root)
