"""Print what a learner reads about the mistakes of a module: what fails, and what to do next.

python tests/museum/read.py --module layers                     # all of them
python tests/museum/read.py --module layers "the bias is never added"
"""

import argparse
import tempfile
from pathlib import Path

from judging import tito_test

from tito.dev.museum import MODULES, mistakes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=[module.name for module in MODULES], required=True)
    parser.add_argument("words", nargs="?", default="", help="only mistakes with this in the name")
    options = parser.parse_args()
    (module,) = (module for module in MODULES if module.name == options.module)
    with tempfile.TemporaryDirectory() as folder:
        for mistake in mistakes(module):
            if options.words in mistake.name:
                print(f"==== {mistake.name}\n     {mistake.says}")
                print(without_what_passed(tito_test(mistake, Path(folder))), flush=True)


def without_what_passed(screen: str) -> str:
    """A report without the units that passed, and what passed or waits in the others."""
    units = [unit for unit in screen.split("\n\n") if "❌" in unit or "Next:" in unit]
    lines = "\n".join(units).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("✅", "⏳"))) + "\n"


if __name__ == "__main__":
    main()
