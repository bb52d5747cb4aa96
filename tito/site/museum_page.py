"""The museum of mistakes of a module as a page: each mistake as a change of a right solution."""

import difflib
import textwrap

from tinytorch.course import Module
from tinytorch.course.checking.checks import checks_in
from tinytorch.course.checking.suites import read_suite
from tito.dev.museum import Exhibit, edited, mistakes, original
from tito.lessons import material
from tito.lessons.front_matter import front_matter
from tito.site.template import fill, plain

CONTEXT = 1  # lines of a solution that are shown around what is wrong


def page(module: Module) -> str:
    """The page in MyST's Markdown, the mistakes under the check that is the first to see them."""
    exhibits = mistakes(module)
    parts = []
    for check in checks_in(read_suite(module.name)):
        caught = [exhibit for exhibit in exhibits if exhibit.check == check.name]
        parts.append("\n\n".join([f"## {plain(check.sentence)}", *(_shown(e) for e in caught)]))
    return fill(
        "museum_of_a_module.md",
        title=front_matter(material.lesson(module)).title,
        name=module.name,
        digits=module.digits,
        count=str(len(exhibits)),
        mistakes="\n\n".join(parts),
    )


def _shown(exhibit: Exhibit) -> str:
    """One mistake: what it is, how it looks, what the check calls it."""
    name, says = plain(exhibit.name[:1].upper() + exhibit.name[1:]), plain(exhibit.says)
    named = plain(exhibit.named or "no name: the numbers that were seen and expected")
    return f"""\
### {name}

{says}

```diff
{_difference(exhibit)}
```

The check says: *{named}*"""


def _difference(exhibit: Exhibit) -> str:
    """The lines of the solution that are other ones here, as far to the left as they go."""
    right = original(exhibit.module)
    wrong = edited(right, exhibit.edits)
    lines = difflib.unified_diff(right.splitlines(), wrong.splitlines(), lineterm="", n=CONTEXT)
    kept = [line for line in lines if not line.startswith(("---", "+++"))][1:]
    code = textwrap.dedent("\n".join("" if _is_gap(line) else line[1:] for line in kept))
    return "\n".join(
        "…" if _is_gap(line) else f"{line[:1]}{text}".rstrip()
        for line, text in zip(kept, code.split("\n"), strict=True)
    ).strip("\n")


def _is_gap(line: str) -> bool:
    """Whether a line of a difference stands for lines that are left out."""
    return line.startswith("@@")
