"""The two forms of an exercise: what a `.py` says in another way than a notebook.

A notebook folds its hints away. An editor would show them all, so the `.py` names the command that
gives them one at a time, and says at its top how its cells are run. All else is the same, and going
over from one form to the other and back loses nothing: a hint that a learner has written into is
theirs, and stays where it is.
"""

from itertools import groupby

from tinytorch.course import Module
from tito.lessons import material
from tito.lessons.exercises import hint_blocks


def exercise_file(module: Module) -> str:
    """The `.py` of a module as it is handed out."""
    return as_file(module, material.exercise(module))


def as_file(module: Module, text: str) -> str:
    """A lesson's text in the form of the `.py`."""
    for in_notebook, in_file in _differences(module):
        if in_file not in text:
            text = text.replace(in_notebook, in_file, 1)
    return text


def as_notebook(module: Module, text: str) -> str:
    """A lesson's text in the form of the notebook."""
    for in_notebook, in_file in _differences(module):
        text = text.replace(in_file, in_notebook, 1)
    return text


def _differences(module: Module) -> list[tuple[str, str]]:
    """What the notebook says, and what the `.py` says in its place."""
    lesson = material.lesson(module)
    title = next(line for line in lesson.lines if line.startswith("# # "))
    beginning = f"\n# %% [markdown]\n{title}\n"
    found = [(beginning, f"\n{_how_to_run(module)}\n{beginning}")]
    for name, blocks in groupby(hint_blocks(lesson), lambda block: block.exercises[0]):
        first, *_, last = [number for block in blocks for number in (block.begin, block.end)]
        hints = "\n".join(lesson.lines[first - 1 : last])
        command = f"tito hint {module.digits} {name}"
        found.append((f"{hints}\n", f"# Hints, one more at each call: `{command}`\n"))
    return found


def _how_to_run(module: Module) -> str:
    lines = [
        'Each "# %%" below begins a cell. VS Code (with its Jupyter extension), PyCharm and Spyder',
        "run the cell that you are in on Shift+Enter. To run them all, and save the pictures:",
        f"    python {module.lesson}",
    ]
    command, does = material.help_for(module)[0]
    if material.check_file(module):
        lines += [f"In a terminal beside it, this {does}:", f"    {command}"]
    return "\n".join(f"# {line}" for line in lines)
