"""Draw the learner's loop for the README, from what the commands really print.

    python docs/images/draw_loop.py

writes learner-loop.svg beside this file. It plays a learner who begins with the layers, forgets the
bias, mends that, and trains MNIST; every line in the picture is what `tito` wrote to a terminal.
Where lines are left out there are three dots.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

COLUMNS = 80
ROOT = Path(__file__).parents[2]
LESSON = "modules/03_layers/layers_dev.py"
RIGHT = "return apply(linear, x, self.weight, self.bias)"
FORGETFUL = "return x @ self.weight"

_NOT_COLOR = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")


class Session:
    """What a learner types, and what comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)

    def type(self, command: str, keep: slice = slice(None)) -> None:
        """Run a command to its end; show `keep` of its lines."""
        self.say(f"[bold green]$[/] [bold]{command}[/]")
        self.show(self._start(command).read(), keep)

    def watch(self, command: str, *saves: tuple[str, str]) -> None:
        """Run `tito watch`; for each save show what it answers, after a word about what was done.

        The first of the saves is made before the command starts.
        """
        file = self.folder / LESSON
        watching = None
        for what, text in saves:
            file.write_text(text, encoding="utf-8")
            if watching is None:
                self.say(f"[bold green]$[/] [bold]{command}[/]")
                watching = self._start(command)
            self.say(f"[dim italic]{what}[/]")
            watching.expect(r"Next: [^\n]*\n")
            self.show(watching.before + watching.after)
        assert watching is not None
        watching.close()

    def say(self, markup: str) -> None:
        """A line that is not from a command."""
        self.console.print(markup, highlight=False)

    def show(self, output: str, keep: slice = slice(None)) -> None:
        """Lines as a command wrote them, with their colours."""
        lines = _NOT_COLOR.sub("", output).strip().split("\n")
        # Of a line that was written again and again, what it came to.
        last = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
        left_out = "[dim]...[/]"
        if keep.start:
            self.say(left_out)
        self.console.print(Text.from_ansi("\n".join(last[keep])))
        if keep.stop:
            self.say(left_out)
        self.console.print()

    def _start(self, command: str) -> pexpect.spawn:
        program = ["-c", "from tito.main import main; main(prog_name='tito')"]
        return pexpect.spawn(
            sys.executable,
            [*program, *command.split()[1:]],
            cwd=str(self.folder),
            dimensions=(50, COLUMNS),
            encoding="utf-8",
            timeout=300,
        )


def main() -> None:
    """Play the session, and draw it."""
    solved = (ROOT / LESSON).read_text(encoding="utf-8")
    assert solved.count(RIGHT) == 1
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "my-tinytorch")
        Session(Path(folder)).type("tito init my-tinytorch")
        session = Session(workspace)
        session.type("tito module start 03")
        session.watch(
            "tito watch 03",
            ("# everything is written, and the file is saved:", solved.replace(RIGHT, FORGETFUL)),
            ("# mended, and saved again:", solved),
        )
        session.type("tito module complete 03", slice(-6, None))
        session.type("tito milestone mnist --epochs 3", slice(None, 10))
        svg = session.console.export_svg(title="the learner's loop")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # fonts from elsewhere
    Path(__file__).with_name("learner-loop.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
