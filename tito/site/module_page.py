"""The page of a module, each part from its one source.

They are the lesson's first cell, the list of the course, the questions, what the checks print, and
the guide that lies beside the lesson.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from tinytorch.course import MODULES, Module, find_module
from tinytorch.course.explore.catalogue import questions_of
from tito import addresses
from tito.dev import museum
from tito.lessons import material
from tito.lessons.exercises import exercise_names
from tito.lessons.front_matter import FrontMatter, front_matter
from tito.site.printed import all_passed
from tito.site.template import fill, plain


def page(root: Path, module: Module) -> str:
    """The page in MyST's Markdown."""
    facts = front_matter(material.lesson(module))
    guide = _guide(root, module)
    index = MODULES.index(module)
    following = link(MODULES[index + 1]) if index + 1 < len(MODULES) else MILESTONE
    return fill(
        "module.md",
        digits=module.digits,
        title=facts.title,
        description=facts.description,
        tier=module.tier.upper(),
        stars=stars(facts),
        time=facts.time,
        before=", ".join(link(find_module(name)) for name in module.needs) or facts.before,
        following=following,
        cards=_cards(module),
        overview=_section("Overview", guide),
        objectives=_list(facts.objectives),
        build=facts.build,
        use=facts.use,
        reflect=facts.reflect,
        implementation=_section("Implementation guide", guide),
        needed=_needed(module),
        tests=_tests(module),
        workflow=guide.get("Development workflow") or _workflow(module),
        testing=_testing(module),
        by_hand=_section("Trying it by hand", guide, 3),
        questions=_questions(module),
        ready=_section("Ready to build?", guide),
        previous=f"← {link(MODULES[index - 1])}" if index else "← [The path](../path.md)",
        next=f"{following} →",
    )


def _guide(root: Path, module: Module) -> dict[str, str]:
    """Heading to text of `guide.md` in the folder of the module; empty if there is none."""
    file = root / Path(module.lesson).parent / "guide.md"
    if not file.is_file():
        return {}
    _, *parts = re.split(r"^# (.+)\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _section(heading: str, guide: dict[str, str], level: int = 2) -> str:
    """A section that is written by hand, its own headings one level below."""
    if heading not in guide:
        return ""
    below = re.sub(r"^#(?=#+ )", "#" * level, guide[heading], flags=re.MULTILINE)
    return f"{'#' * level} {heading}\n{below}"


def link(module: Module) -> str:
    """A link to the page of a module, for a page in the same folder."""
    return f"[{module.digits} {title(module)}]({module.name}.md)"


def title(module: Module) -> str:
    """What the lesson of a module is called: "Layers"."""
    return front_matter(material.lesson(module)).title


def stars(facts: FrontMatter) -> str:
    """The difficulty, for eyes and for those who listen: `⭐⭐ (2/4)`."""
    return f"{'⭐' * facts.difficulty} ({facts.difficulty}/4)"


_MUSEUM = " [The museum of mistakes](../museum/{}.md) shows those that it knows."
MILESTONE = "[the milestone](../milestones.md)"


def _cards(module: Module) -> str:
    """The ways to begin, each a card."""
    notebook, lesson = module.notebook, module.lesson
    files = " · ".join(
        f"{{download}}`{words} <../files/{module.name}_dev.{kind}>`"
        for words, kind in (("notebook", "ipynb"), ("Python file", "py"))
    )
    cards = [
        (
            "✏️ Run in the browser",
            f"../lesson/{module.name}.html",
            "Here, at once: nothing to install, and what you write stays in this browser.",
        ),
        (
            "🚀 Launch Binder",
            addresses.binder(notebook),
            "The notebook on a server that is lent to you for a while. Nothing to install.",
        ),
        (
            "⚡ Open in Colab",
            addresses.colab(notebook),
            "The notebook on a machine of Google's, for those who have an account there.",
        ),
        (
            "📖 View source",
            addresses.source(lesson),
            "The whole lesson, solutions included, as it is in the repository.",
        ),
        ("💾 Download", "", f"The exercise, to work on where you like: {files}."),
    ]
    shown = [
        f":::{{grid-item-card}} {head}\n{_link(head, target) if target else ''}\n\n{text}\n:::"
        for head, target, text in cards
    ]
    return "::::{grid} 1 2 3 3\n:gutter: 3\n\n" + "\n\n".join(shown) + "\n\n::::"


def _link(head: str, target: str) -> str:
    """Where a card leads, with its head as the words of the link, but for the sign before them."""
    return f":link: {target}\n:link-alt: {head.partition(' ')[2]}"


def _needed(module: Module) -> str:
    if not module.needs:
        return "You need some Python, and to have seen a NumPy array."
    return (
        "The modules before this one come with TinyTorch, so you can begin here. Where you have "
        "written them, yours are used. To see whether they are in order:"
    )


def _tests(module: Module) -> str:
    """The commands that test what this module builds on."""
    needed = [find_module(name) for name in module.needs]
    checked = [other for other in needed if material.check_file(other)]
    return "\n".join(f"tito test --module {other.name}" for other in checked)


def _workflow(module: Module) -> str:
    exercises = ", ".join(f"`{name}`" for name in exercise_names(material.lesson(module)))
    start, complete = f"tito module start {module.digits}", f"tito module complete {module.digits}"
    return "\n".join(
        (
            f"1. **Open the lesson**: `{start}` says where it is, `{module.lesson}` or the "
            "notebook beside it.",
            f"2. **Write the exercises**: {exercises}.",
            f"3. **Finish**: `{complete}`",
        )
    )


def _testing(module: Module) -> str:
    if material.check_file(module) is None:
        return (
            "This module has no checks of its own yet. The cells below its exercises try what you "
            f"wrote, and `tito solution {module.digits}` puts the solution beside it."
        )
    caught = _MUSEUM.format(module.name) if module in museum.MODULES else ""
    return fill("testing.md", name=module.name, museum=caught, output=all_passed(module))


def _questions(module: Module) -> str:
    questions = questions_of(module.name)
    if not questions:
        return ""
    parts = [
        "## Systems questions",
        "Each has an answer that your own machine computes or measures, with your own layers. "
        "Guess first.",
    ]
    for heading, asked in groupby(questions, lambda question: question.heading):
        parts.append(f"### {heading}")
        parts.append(
            _list(
                f"{plain(q.text)} [Find out](../experiments/{module.name}/{q.name}.md)"
                for q in asked
            )
        )
    return "\n\n".join(parts)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
