"""What a lesson says of itself in its first cell."""

import re
from pathlib import Path

import pytest

from tinytorch.course import MODULES, Module, find_module
from tito.lessons.front_matter import front_matter
from tito.lessons.lesson import LessonError, read_lesson

ROOT = Path(__file__).resolve().parents[2]


def text_of(module: Module) -> str:
    return (ROOT / module.lesson).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_each_lesson_has_it_and_agrees_with_the_list_of_the_course(module: Module) -> None:
    text = text_of(module)
    facts = front_matter(read_lesson(text, module.lesson))
    assert facts.title.lower() == module.name
    assert facts.objectives
    assert f"**{module.tier} tier** · **Difficulty** {'⭐' * facts.difficulty} (" in text
    assert re.findall(r"\d\d_\w+", facts.before) == [find_module(n).folder for n in module.needs]


def test_what_the_lesson_on_layers_says() -> None:
    facts = front_matter(read_lesson(text_of(find_module("layers")), "layers_dev.py"))
    assert (facts.title, facts.difficulty, facts.time) == ("Layers", 2, "4-5 hours")
    assert facts.description.startswith("The building blocks of a network: Linear layers")
    assert facts.before == "01_tensor, 02_activations"
    assert len(facts.objectives) == 5
    assert facts.objectives[3].startswith("write Dropout, and explain")
    assert facts.build == "you write four short methods."
    assert facts.reflect.endswith("sixteen questions to take along.")


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ("# # 03 Layers", "# 03 Layers"),
        ("**Difficulty** ⭐⭐ (2/4)", "**Difficulty** ⭐⭐ (2/4)"),
        ("**Time** 4-5 hours", "**Time** 4-5 hours"),
        ("**Before this:**", "**Before this:** … · **Next:** …"),
        ("When you are through, you can", "When you are through, you can …"),
        ("*Build*:", "*Build*: …, before *Use*"),
    ],
)
def test_what_is_missing_is_named(there: str, missing: str) -> None:
    text = text_of(find_module("layers"))
    assert text.count(there) == 1
    lesson = read_lesson(text.replace(there, "# something else"), "layers_dev.py")
    with pytest.raises(LessonError, match=re.escape(missing)):
        front_matter(lesson)
