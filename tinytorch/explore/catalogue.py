"""Every systems question of the course, by module and heading, with the file that answers it.

This file imports no NumPy, so that the questions are listed and completed in no time.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinytorch.explore.experiment import Experiment

APPLICATIONS = "Real-world applications"
MATHEMATICS = "Mathematical foundations"
DESIGN = "Architecture design patterns"
PERFORMANCE = "Performance characteristics"


@dataclass(frozen=True)
class Question:
    """A question about the systems side of a module."""

    module: str
    number: int
    name: str
    heading: str
    text: str

    def experiment(self) -> Experiment[Any]:
        """The experiment that answers it: `EXPERIMENT` in the file with the question's name."""
        file = self.name.replace("-", "_")
        return importlib.import_module(f"tinytorch.explore.{self.module}.{file}").EXPERIMENT


QUESTIONS = (
    Question(
        "layers",
        1,
        "resnet-head",
        APPLICATIONS,
        "How does the Linear layer at the end of ResNet-50 turn 2048 features into the logits of "
        "1000 classes? What determines the size of this layer?",
    ),
    Question(
        "layers",
        2,
        "gpt3-memory",
        APPLICATIONS,
        "GPT-3 uses Linear layers with 12,288 inputs. How much memory do these layers consume, and "
        "why does this limit where the model can run?",
    ),
    Question(
        "layers",
        3,
        "sparse-dropout",
        APPLICATIONS,
        "Netflix uses networks of several layers with Dropout. How does p=0.5 affect training time "
        "and accuracy on sparse user-item interactions?",
    ),
    Question(
        "layers",
        4,
        "compress",
        APPLICATIONS,
        "A network on a phone has five Linear layers of 2 MB in all. How do you decide which "
        "layers to quantize or prune when 500 kB are the target?",
    ),
    Question(
        "layers",
        5,
        "initialization",
        MATHEMATICS,
        "Why does scale = sqrt(1/fan_in) preserve the variance of signals and gradients through "
        "layers? What happens in a 20-layer network without proper initialization?",
    ),
    Question(
        "layers",
        6,
        "flops",
        MATHEMATICS,
        "How many FLOPs does Linear(1024, 1024) take for a batch of 128? How does this compare "
        "with Dropout on the same tensor?",
    ),
    Question(
        "layers",
        7,
        "expected-value",
        MATHEMATICS,
        "In training with p=0.5, what is the expected value of each element? Why must dropout "
        "scale by 1 / (1 - p) to match inference?",
    ),
    Question(
        "layers",
        8,
        "growth",
        MATHEMATICS,
        "If you double the hidden layer from 256 to 512 units, how many times as many parameters "
        "do Linear(784, hidden) and Linear(hidden, 10) have together?",
    ),
    Question(
        "layers",
        9,
        "width-depth",
        DESIGN,
        "784-512-10 or 784-256-256-10: which has more parameters? Which generalizes better, and "
        "why?",
    ),
    Question(
        "layers",
        10,
        "dropout-placement",
        DESIGN,
        "Should Dropout stand before the activation or after it? What is the difference between "
        "Linear → ReLU → Dropout and Linear → Dropout → ReLU?",
    ),
    Question(
        "layers",
        11,
        "bias",
        DESIGN,
        "When is bias=False safe? What becomes of a bias when a batch normalization follows?",
    ),
    Question(
        "layers",
        12,
        "composition",
        DESIGN,
        "What do layers called one by one and layers in a container each do for debugging and "
        "for convenience, and what does each cost?",
    ),
    Question(
        "layers",
        13,
        "memory-hierarchy",
        PERFORMANCE,
        "Linear(4096, 4096) has 64 MiB of weights. Do they fit in the L3 cache? How do caches "
        "affect the speed of training?",
    ),
    Question(
        "layers",
        14,
        "batch-size",
        PERFORMANCE,
        "From a batch of 1 to one of 512, why do samples per second increase, and why do they "
        "level off? What is the bottleneck?",
    ),
    Question(
        "layers",
        15,
        "dropout-overhead",
        PERFORMANCE,
        "A profile shows that dropout adds 2% to the training time. Where does it go: into making "
        "the mask, multiplying, or memory?",
    ),
    Question(
        "layers",
        16,
        "checkpointing",
        PERFORMANCE,
        "In a 100-layer network, do parameters or activations take more memory in training? What "
        "does gradient checkpointing do about it?",
    ),
)


def questions_of(module: str) -> tuple[Question, ...]:
    """The questions of a module, such as "layers", in their order; empty if there are none yet."""
    return tuple(question for question in QUESTIONS if question.module == module)


def find_question(name: str, module: str | None = None) -> Question:
    """The question called `name`, among those of a module or among all; a number will do too.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    questions = QUESTIONS if module is None else questions_of(module)
    wanted = name.strip().lower().replace("_", "-")
    for question in questions:
        if wanted == question.name or (module and wanted.lstrip("0") == str(question.number)):
            return question
    names = [question.name for question in questions]
    near = difflib.get_close_matches(wanted, names, n=1)
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"There is no question {name!r}.{suggestion} The questions are {', '.join(names)}."
    )
