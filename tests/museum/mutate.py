"""Mutation testing: change the reference in every small way, and see whether the checks notice.

    python tests/museum/mutate.py --module layers

Each mutant is judged by `tito test`, in a clone of what is committed here. Those that survive are
judged by the project's own tests as well, if these are named:

    python tests/museum/mutate.py --module layers --tests tests/library/test_layers.py

Takes `pip install cosmic-ray`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from museum import MODULES, ROOT

CONFIGURATION = """\
[cosmic-ray]
module-path = "{file}"
timeout = 60.0
excluded-modules = []
test-command = "sh judge.sh"

[cosmic-ray.distributor]
name = "local"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=[module.name for module in MODULES], required=True)
    parser.add_argument("--tests", nargs="*", default=[], help="files of tests for the survivors")
    options = parser.parse_args()
    (module,) = (module for module in MODULES if module.name == options.module)
    tito = f"{sys.executable} -c 'from tito.main import main; main()'"
    judge = f"{tito} test --module {module.name}\n"
    if options.tests:
        judge += f"{sys.executable} -m pytest -q -x {' '.join(options.tests)}\n"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
        Path(folder, "judge.sh").write_text(f"set -e\n{judge}", encoding="utf-8")
        configuration = CONFIGURATION.format(file=module.library)
        Path(folder, "mutation.toml").write_text(configuration, encoding="utf-8")
        bin_folder = Path(sys.executable).parent
        environment = os.environ | {"PYTHONPATH": folder, "TINYTORCH_WORKSPACE": "off"}
        for step in (
            ("cosmic-ray", "init", "mutation.toml", "mutants.sqlite"),
            ("cosmic-ray", "exec", "mutation.toml", "mutants.sqlite"),
            ("cr-report", "--surviving-only", "--show-diff", "mutants.sqlite"),
        ):
            program = [str(bin_folder / step[0]), *step[1:]]
            subprocess.run(program, cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main()
