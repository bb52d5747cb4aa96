"""What a lesson says of itself in its first cell: how hard it is, how long it takes, what for."""

import re
from dataclasses import dataclass

from tito.lessons.lesson import Lesson, LessonError


@dataclass(frozen=True)
class FrontMatter:
    """The first cell of a lesson, taken apart. Texts are Markdown, each in one line.

    Attributes:
        title: such as "Layers".
        description: what the lesson is about, in a sentence.
        difficulty: from 1 to 4.
        time: how long it takes, such as "4-5 hours".
        before: what comes before it, in words.
        objectives: what somebody can do who is through.
        build: what is done under Build.
        use: what is done under Use.
        reflect: what is done under Reflect.
    """

    title: str
    description: str
    difficulty: int
    time: str
    before: str
    objectives: tuple[str, ...]
    build: str
    use: str
    reflect: str


# What is looked for, and what the lesson should have where it is not found.
_TITLE = (r"^# \d\d ([^\n]+)$", "# 03 Layers")
_DESCRIPTION = (r"^\*([^*]+)\*$", "*what the lesson is about*")
_DIFFICULTY = (r"\*\*Difficulty\*\* ⭐{1,4} \(([1-4])/4\)", "**Difficulty** ⭐⭐ (2/4)")
_TIME = (r"\*\*Time\*\* (\d+(?:-\d+)? hours?)", "**Time** 4-5 hours")
_BEFORE = (r"\*\*Before this:\*\* (.+?) · \*\*Next:\*\*", "**Before this:** … · **Next:** …")
_OBJECTIVES = (r"^When you are through, you can\n\n- (.+?)\n\n", "When you are through, you can …")
_BUILD = (r"\*Build\*:\s(.+?)\s\*Use\*:", "*Build*: …, before *Use*")
_USE = (r"\*Use\*:\s(.+?)\s\*Reflect\*:", "*Use*: …, before *Reflect*")
_REFLECT = (r"\*Reflect\*:\s(.+?)(?:\n\n|\Z)", "*Reflect*: …")


def front_matter(lesson: Lesson) -> FrontMatter:
    """What the first cell of a lesson says.

    Raises:
        LessonError: something is missing there.
    """
    cell = _first_cell(lesson)

    def find(sought: tuple[str, str]) -> str:
        pattern, form = sought
        found = re.search(pattern, cell, re.MULTILINE | re.DOTALL)
        if found is None:
            problem = f"its first cell says nothing of the form {form!r}."
            raise LessonError(lesson.path, 1, problem)
        return found.group(1)

    return FrontMatter(
        title=find(_TITLE),
        description=_one_line(find(_DESCRIPTION)),
        difficulty=int(find(_DIFFICULTY)),
        time=find(_TIME),
        before=_one_line(find(_BEFORE)),
        objectives=tuple(_one_line(item).rstrip(";.") for item in find(_OBJECTIVES).split("\n- ")),
        build=_one_line(find(_BUILD)),
        use=_one_line(find(_USE)),
        reflect=_one_line(find(_REFLECT)),
    )


def _first_cell(lesson: Lesson) -> str:
    """The text of the first cell, without the comment signs."""
    heads = [number for number, line in enumerate(lesson.lines) if line.startswith("# %%")]
    lines = lesson.lines[heads[0] + 1 : heads[1]]
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
