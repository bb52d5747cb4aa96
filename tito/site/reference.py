"""The reference of the framework, from its docstrings."""

from tinytorch.course import MODULES, Module
from tito.lessons import material
from tito.lessons.front_matter import front_matter
from tito.site.template import fill


def page(module: Module) -> str:
    """The page of a module in MyST's Markdown; Sphinx reads the docstrings."""
    title = front_matter(material.lesson(module)).title
    return fill("reference_of_a_module.md", title=title, name=module.name, digits=module.digits)


def overview() -> str:
    """The page above them."""
    rows = [
        f"| [`tinytorch.core.{m.name}`](reference/{m.name}.md) | {m.subject} |" for m in MODULES
    ]
    pages = [f"reference/{module.name}" for module in MODULES]
    return fill("reference.md", modules="\n".join(rows), pages="\n".join(pages))
