"""Whatever stops a command at whatever instant, nothing that a learner wrote is lost.

Each command that writes runs in a process of its own, which is killed before each of the steps in
which it changes the file system, and at random instants besides; or which cannot write.
"""

from collections.abc import Iterator

import pytest
import trial
from apart import Worker, call
from needs import one_in

from tinytorch.datasets import MNIST, mnist
from tito.workspace.folder import Workspace

each_case = pytest.mark.parametrize("case", trial.CASES)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A small process, whose forks the commands run in."""
    worker = Worker()
    worker.call(trial.let_checks_pass)
    yield worker
    worker.end()


@pytest.mark.thorough
@each_case
def test_a_command_killed_before_any_of_its_steps_loses_nothing(
    workspace: Workspace, worker: Worker, case: str
) -> None:
    steps = worker.call(trial.killed_before_each_step, workspace, case)
    assert steps > 3, "the command does write"


@pytest.mark.thorough
@each_case
def test_a_command_killed_at_random_instants_loses_nothing(
    workspace: Workspace, worker: Worker, case: str
) -> None:
    worker.call(trial.killed_at_random_instants, workspace, case)


@each_case
@pytest.mark.parametrize("room", one_in(3, [300, 0, 5000]))
def test_a_full_disk_loses_nothing(
    workspace: Workspace, worker: Worker, case: str, room: int
) -> None:
    worker.call(trial.on_a_full_disk, workspace, case, room)


@each_case
def test_a_read_only_folder_loses_nothing(workspace: Workspace, worker: Worker, case: str) -> None:
    worker.call(trial.in_a_read_only_folder, workspace, case)


def test_a_milestone_killed_before_any_of_its_steps_leaves_whole_results_of_one_run(
    workspace: Workspace,
) -> None:
    # Its results take the place of those of an earlier run.
    few = MNIST(*(array[:300] for array in mnist()))
    steps = call(trial.milestone_killed_before_each_step, workspace, few)
    assert steps > 5, "the command does write"


def test_commands_that_run_at_once_leave_what_each_of_them_writes(
    workspace: Workspace, worker: Worker
) -> None:
    worker.call(trial.at_once, workspace)
