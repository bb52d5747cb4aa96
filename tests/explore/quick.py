"""Settings with which every question is answered in a moment, for the tests."""

from functools import partial
from typing import Any

from tinytorch.course.explore.catalogue import find_question
from tinytorch.course.explore.experiment import Answer, experiment_file
from tinytorch.course.explore.running import run

QUICK: dict[str, dict[str, Any]] = {
    "expected-value": {"calls": 30, "elements": 20},
    "flops": {"inputs": 32, "outputs": 16, "batch": 4, "seconds": 0.01},
    "initialization": {"layers": 3, "width": 8, "batch": 8, "seeds": 2},
    "resnet-head": {"width": 8, "classes": 10, "image": 32, "batch": 2, "seconds": 0.01},
    "gpt3-memory": {"measured_width": 16, "seconds": 0.01},
    "compress": {
        "hidden": (12, 8, 8, 6),
        "target": 20,
        "bits": (8, 2),
        "keep": (20,),
        "images": 500,
        "epochs": 1,
        "test_images": 200,
    },
    "sparse-dropout": {
        "users": 60,
        "items": 30,
        "ratings": 10,
        "hidden": 6,
        "epochs": 2,
        "seeds": 2,
        "seconds": 0.01,
    },
    "growth": {"inputs": 20, "hidden": 8, "outputs": 3},
    "width-depth": {
        "wide": (6,),
        "deep": (4, 4),
        "images": 200,
        "test_images": 200,
        "epochs": 2,
        "seeds": 2,
    },
    "dropout-placement": {
        "hidden": 8,
        "images": 200,
        "test_images": 200,
        "epochs": 1,
        "seeds": 2,
    },
    "bias": {"inputs": 8, "outputs": 4, "batch": 8, "seeds": 2},
    "composition": {"first": 8, "second": 4, "batch": 4, "seconds": 0.01},
    "memory-hierarchy": {"width": 128, "batch": 2, "seconds": 0.01},
    "batch-size": {"hidden": (4,), "most": 2, "seconds": 0.01},
    "dropout-overhead": {"first": 8, "second": 4, "batch": 4, "seconds": 0.01},
    "checkpointing": {"layers": 4, "width": 8, "batch": 4, "seconds": 0.01},
    "vocabulary-memory": {"positions": 8, "words": 50, "width": 4},
    "class-imbalance": {"samples": 1000, "steps": 10},
    "outliers": {"houses": 5},
    "label-smoothing": {
        "smoothing": (0.0, 0.3),
        "hidden": 4,
        "images": 200,
        "test_images": 200,
        "epochs": 1,
        "seeds": 2,
    },
    "overflow": {"samples": 10},
    "first-loss": {"classes": 20, "logits": 1000},
    "loss-floor": {"samples": 1000},
    "softmax-twice": {"samples": 2},
    "squared-error-for-decisions": {"logit": -3.0},
    "mean-or-sum": {"small": 2, "large": 4},
    "loss-time": {"classes": 2, "most": 5, "hidden": 4, "batch": 2, "seconds": 0.01},
    "rows-of-ten": {"numbers": 1000, "seconds": 0.01},
}


program_of = partial(experiment_file, "layers")
"""The program of an experiment, such as `growth`, imported."""


def answer_of(question: str, **given: Any) -> Answer:
    """What comes of a question with these settings."""
    return run(find_question(question), given).answer


def quickly(question: str, **given: Any) -> Answer:
    """What comes of a question with quick settings, apart from these."""
    return answer_of(question, **QUICK[question] | given)
