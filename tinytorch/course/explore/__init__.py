"""Systems questions that are answered by experiment, on this machine and with the modules in use.

In a notebook, `explore("growth")` runs the experiment behind a question and shows what came of
it; `explore("growth", hidden=1024)` changes a setting. The same experiments are run by the command
`tito explore` and make up its report.

To add a question to a module:

1. Write it into `modules/NN_name/questions.toml`: its name, heading and text; the guess to ask for
   first; and the sentences of the answer, with the numbers of a run in braces (`words`). Where a
   sentence depends on what was found, it has an `if`: an effect that is not there is not claimed.
   Where it depends on times, it has `unless = "busy"`, and `"{busy}"` ends the headline.
2. Write `modules/NN_name/experiments/NAME.py` (dashes become underscores) with
   - `Settings`, a frozen dataclass whose fields are declared with `setting(default, meaning, ...)`.
     Defaults answer in seconds, and never in more than twenty; `full=` is for `--full`.
     Limits keep a small laptop from running out of memory. Properties are names for sentences.
   - `measure(settings, progress)`, which computes or measures and returns `Findings`. It calls
     `progress(share, doing)` on the way; the seed is 0 as it begins. To the findings it adds
     tables with `tabulate`, panels of the picture with `draw`, numbers for programs and sentences
     with `tell`, and what is for sentences alone with `say`.
3. Test it in `tests/explore/`: its numbers against an independent computation. With quick
   settings in `quick.py`, the tests in `test_every_question.py` run it on modules that are wrong
   but load. `tito explore` shows it and writes its picture: look at both.

`growth.py` is the shortest example. Layers come from `tinytorch`, and a learner's may be
wrong: what goes in as a number may come out as NaN, in float64 or in another number of
parameters, and the answer must tell it. Exceptions are the caller's to explain. Times come from
`timing.measure`, networks, steps and memory from `bench`, training over seeds from `learning`;
numbers are written by `units`, and pictures are described with the classes of `picture` and never
drawn in an experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinytorch.course.explore.catalogue import find_question

if TYPE_CHECKING:
    from types import EllipsisType

    from tinytorch.course.explore.running import Result

__all__ = ["GuessFirst", "explore"]


class GuessFirst:
    """Stands where the answer will be, until somebody has guessed."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt

    def __repr__(self) -> str:
        return (
            f"Guess first: {self.prompt}\n"
            "Put your guess in the place of the dots, or None, and run this again."
        )


def explore(
    question: str,
    *,
    guess: float | str | EllipsisType | None = None,
    full: bool = False,
    **settings: Any,
) -> Result | GuessFirst:
    """Run the experiment behind a question, and return what came of it, for a notebook to show.

    Args:
        question: its name, such as "growth".
        guess: what you expect. Dots (`...`) ask for a guess and run nothing.
        full: whether to take minutes instead of seconds, and be thorough.
        settings: settings of the experiment, by name.

    Raises:
        ValueError: there is no such question or setting, or a value makes no sense.
    """
    from tinytorch.course.explore.experiment import asked_for
    from tinytorch.course.explore.progress import Meter
    from tinytorch.course.explore.running import run
    from tinytorch.course.explore.settings import make_settings

    found = find_question(question)
    if guess is ...:
        experiment = found.experiment()
        chosen = make_settings(experiment.settings, settings, full, found.name)
        return GuessFirst(asked_for(experiment.guess(chosen)))
    with Meter(found.name) as progress:
        return run(found, settings, full=full, guess=guess, progress=progress)
