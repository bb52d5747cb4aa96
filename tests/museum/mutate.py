"""Mutation testing: change the reference in every small way, and see whether the checks notice.

    python tests/museum/mutate.py --module layers

The mutants are those of cosmic-ray (pip install cosmic-ray). Each is judged by all checks of its
module. Those that survive are judged by tests of the project as well, if these are named:

    python tests/museum/mutate.py --module layers --tests tests/library/test_layers.py
"""

import argparse
import difflib
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads this on import

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator, operator_names
from judging import failures_in_each_run, pool

from tinytorch.course import Module
from tito.dev.museum import MODULES, ROOT, Variant, original, reference

# Seconds after which a mutant has been noticed, if only because it does not come to an end.
PATIENCE = 30
MEMORY = 4 * 2**30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=[module.name for module in MODULES], required=True)
    parser.add_argument("--tests", nargs="*", default=[], help="files of tests for the survivors")
    options = parser.parse_args()
    (module,) = (module for module in MODULES if module.name == options.module)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    made = list(mutants(module))
    survivors = [mutant for mutant in made if survives_checks(mutant)]
    print(f"{len(made)} mutants, {len(made) - len(survivors)} noticed by the checks")
    if options.tests:
        survivors = [mutant for mutant in survivors if survives_tests(mutant, options.tests)]
        print(f"{len(made) - len(survivors)} noticed by the checks or the tests")
    for mutant in survivors:
        print(mutant.name)


def mutants(module: Module) -> Iterator[Variant]:
    """Every mutant of a module's reference once, under the lines that differ."""
    text = reference(module)
    seen = {text}
    for name in sorted(operator_names()):
        try:
            operator = get_operator(name)()
        except TypeError:  # takes arguments, which nobody has set
            continue
        nodes = ast_nodes(get_ast(text))
        places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for place in range(places):
            mutated = MutationVisitor(place, operator).walk(get_ast(text)).get_code()
            if mutated not in seen:
                seen.add(mutated)
                yield Variant(module, difference(text, mutated), ((original(module), mutated),))


def difference(before: str, after: str) -> str:
    """The lines that differ, with their number."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def survives_checks(mutant: Variant) -> bool:
    """Whether all checks pass."""
    with pool() as process:
        try:
            (failed,) = process.apply_async(failures_in_each_run, (mutant,)).get(PATIENCE)
        except multiprocessing.TimeoutError:
            return False
        except Exception:  # it cannot even be imported
            return False
    return not failed


def survives_tests(mutant: Variant, tests: list[str]) -> bool:
    """Whether all tests pass, in a clone of what is committed here."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
        Path(folder, mutant.module.library).write_text(mutant.text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        environment = os.environ | {"PYTHONPATH": folder}
        try:
            result = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=PATIENCE * 4
            )
        except subprocess.TimeoutExpired:
            return False
    return result.returncode == 0


if __name__ == "__main__":
    main()
