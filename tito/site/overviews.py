"""The pages that say what there is: the first page, the path, the museum, the experiments."""

import re
from collections.abc import Iterable
from itertools import groupby

from tinytorch.course import MODULES, Module, find_module
from tinytorch.course.explore.catalogue import all_questions
from tito.dev import museum
from tito.lessons import material
from tito.lessons.front_matter import FrontMatter, front_matter
from tito.site import path_picture
from tito.site.digit_network import EPOCHS, HIDDEN, DigitNetwork
from tito.site.printed import wrong_method
from tito.site.template import fill, plain


def first_page(network: DigitNetwork) -> str:
    """What this is, to be seen in ten seconds."""
    wrong, named = wrong_method(find_module("layers"), "the bias is never added", "Linear.forward")
    mistakes = [mistake for module in museum.MODULES for mistake in museum.mistakes(module)]
    share = sum(mistake.named is not None for mistake in mistakes) / len(mistakes)
    return fill(
        "index.md",
        network=f"784-{HIDDEN}-10",
        epochs=str(EPOCHS),
        accuracy=f"{network.accuracy:.1%}",
        wrong=wrong,
        named=named,
        mistakes=f"{len(mistakes):,}",
        named_share=f"{int(100 * share)}%",
        modules=_cards(),
        pages=_lines(f"modules/{module.name}" for module in MODULES),
    )


def path() -> str:
    """The modules, and what builds on what."""
    return fill("path.md", picture=f"```{{raw}} html\n{path_picture.picture()}\n```")


def museum_overview() -> str:
    """How many mistakes there are, and of which modules."""
    rows = [
        f"| [{module.digits} {_facts(module).title}](museum/{module.name}.md) "
        f"| {len(museum.mistakes(module))} | {len(museum.correct_variants(module))} |"
        for module in museum.MODULES
    ]
    return fill(
        "museum.md",
        count=f"{sum(len(museum.mistakes(module)) for module in museum.MODULES):,}",
        correct=f"{sum(len(museum.correct_variants(module)) for module in museum.MODULES):,}",
        modules=_lines(
            ["| module | mistakes | correct solutions |", "| --- | ---: | ---: |", *rows]
        ),
        pages=_lines(f"museum/{module.name}" for module in museum.MODULES),
    )


def experiments() -> str:
    """All questions, under their modules and headings."""
    parts = []
    for name, of_module in groupby(all_questions(), lambda question: question.module):
        module = find_module(name)
        parts.append(f"## {module.digits} {_facts(module).title}")
        for heading, questions in groupby(of_module, lambda question: question.heading):
            links = [f"- [{plain(q.text)}](experiments/{name}/{q.name}.md)" for q in questions]
            parts.append(f"### {heading}\n\n{_lines(links)}")
    pages = [f"experiments/{question.module}/{question.name}" for question in all_questions()]
    return fill("experiments.md", questions="\n\n".join(parts), pages=_lines(pages))


def hours() -> str:
    """How long each module takes, and all of them."""
    rows, least, most = [], 0, 0
    for module in MODULES:
        facts = _facts(module)
        found = [int(number) for number in re.findall(r"\d+", facts.time)]
        least, most = least + found[0], most + found[-1]
        link = f"[{module.digits} {facts.title}](modules/{module.name}.md)"
        rows.append(f"| {link} | {'⭐' * facts.difficulty} {facts.difficulty}/4 | {facts.time} |")
    head = ["| module | difficulty | time |", "| --- | --- | --- |"]
    return _lines([*head, *rows, f"| together | | {least}-{most} hours |"])


def _cards() -> str:
    """A card for each module, with what it is about."""
    cards = []
    for module in MODULES:
        facts = _facts(module)
        cards.append(
            f":::{{grid-item-card}} {module.digits} {facts.title}\n"
            f":link: modules/{module.name}\n:link-type: doc\n\n"
            f"{module.subject[:1].upper()}{module.subject[1:]}.\n\n"
            f"{{.card-facts}}\n{'⭐' * facts.difficulty} {facts.difficulty}/4 · {facts.time}\n:::"
        )
    return "::::{grid} 1 2 2 3\n:gutter: 3\n\n" + "\n\n".join(cards) + "\n\n::::"


def _facts(module: Module) -> FrontMatter:
    return front_matter(material.lesson(module))


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
