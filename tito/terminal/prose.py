"""Markdown on a terminal: paragraphs as wide as it is, code as it stands."""

import re
import shutil
import sys
import textwrap

import click

WIDEST = 88  # longer lines are hard to read
_JOINT = "\0"


def screen_width() -> int:
    """How many columns text may take."""
    return max(30, min(WIDEST, shutil.get_terminal_size().columns))


def fit(text: str, indent: str = "", err: bool = False) -> str:
    """Wrap long lines for a terminal; in a pipe they stay, and so does what is indented.

    `err` is for what goes to the error stream, as in `click.echo`.
    """
    if not (sys.stderr if err else sys.stdout).isatty():
        return text
    lines = [
        line if line.startswith(" ") else _wrapped(line, screen_width(), indent)
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def command_lines(commands: list[tuple[str, str]]) -> list[str]:
    """Commands below one another, each with what it does: beside it, or below where that fits."""
    width = max((len(command) for command, _ in commands), default=0)
    widest = max((len(does) for _, does in commands), default=0)
    if sys.stdout.isatty() and 2 + width + 3 + widest > screen_width():
        return [
            line
            for command, does in commands
            for line in (
                f"  {click.style(command, bold=True)}",
                textwrap.indent(_wrapped(does, screen_width() - 4, ""), "    "),
            )
        ]
    return [
        f"  {click.style(f'{command:{width}}', bold=True)}   {does}" for command, does in commands
    ]


def reflow(markdown: str, width: int) -> str:
    """Wrap the paragraphs to `width` columns; fences around code go, and it is indented."""
    blocks: list[str] = []
    paragraph: list[str] = []
    code: list[str] | None = None

    def end_paragraph() -> None:
        if paragraph:
            indent = "  " if paragraph[0].startswith(("- ", "* ")) else ""
            text = " ".join(line.strip() for line in paragraph)
            # Code in backticks stays on one line.
            text = re.sub(r"`[^`]+`", lambda code: code[0].replace(" ", _JOINT), text)
            blocks.append(_wrapped(text, width, indent).replace(_JOINT, " "))
            paragraph.clear()

    for line in [*markdown.split("\n"), ""]:
        if line.lstrip().startswith("```"):
            end_paragraph()
            if code is None:
                code = []
            else:
                blocks.append(textwrap.indent("\n".join(code), "    "))
                code = None
        elif code is not None:
            code.append(line)
        elif not line.strip() or line.startswith(("- ", "* ")):
            end_paragraph()
            if line.strip():
                paragraph.append(line)
        else:
            paragraph.append(line)
    return "\n\n".join(blocks)


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(
        text,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
