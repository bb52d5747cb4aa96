"""The modules in a row, with an arc from each to those that it builds on."""

from tinytorch.course import MODULES, Module, find_module
from tito.lessons import material
from tito.lessons.front_matter import front_matter

ROW = 96  # pixels between two modules, which the style sheet knows as well
WIDTH = 88
LINE = 76  # where the dots are, from the left


def picture() -> str:
    """The list of the modules in HTML, beside a drawing of what builds on what."""
    rows = "\n".join(_row(module) for module in MODULES)
    return f'<div class="path">\n{_drawing()}\n<ol>\n{rows}\n</ol>\n</div>'


def _row(module: Module) -> str:
    facts = front_matter(material.lesson(module))
    return (
        f'<li><a href="modules/{module.name}.html">{module.digits} {facts.title}</a> '
        f'<span class="path-facts"><span aria-hidden="true">{"⭐" * facts.difficulty}</span> '
        f"{facts.difficulty}/4 · {facts.time}</span> <span>{module.subject}</span></li>"
    )


def _drawing() -> str:
    arcs = [
        _arc(MODULES.index(module), MODULES.index(find_module(name)))
        for module in MODULES
        for name in module.needs
    ]
    dots = [f'<circle cx="{LINE}" cy="{_middle(i)}" r="6"/>' for i in range(len(MODULES))]
    size = f'width="{WIDTH}" height="{ROW * len(MODULES)}"'
    return f'<svg {size} role="img" aria-label="{in_words()}">\n{"".join(arcs + dots)}\n</svg>'


def _arc(one: int, other: int) -> str:
    """An arc to the left of two modules, the further out the further they are apart."""
    begin, end = _middle(one), _middle(other)
    reach = LINE - 4 - 11 * abs(one - other)
    return f'<path d="M{LINE} {begin} C{reach} {begin} {reach} {end} {LINE} {end}"/>'


def _middle(index: int) -> int:
    return ROW * index + ROW // 2


def in_words() -> str:
    """What the drawing shows: "03 builds on 01 and 02; …"."""
    said = []
    for module in MODULES:
        *most, last = [find_module(name).digits for name in module.needs] or [""]
        needs = f"{', '.join(most)} and {last}" if most else last
        said.append(f"{module.digits} builds on {needs or 'none of the others'}")
    return "; ".join(said)
