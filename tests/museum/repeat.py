"""Run the correct variants of a module many times, each time with fresh randomness.

    python tests/museum/repeat.py --module layers --runs 1000

All checks run every time, in one process for each variant and on all processors.
"""

import argparse
import os
import sys
import time
from functools import partial

# NumPy reads this on import. With threads, it would take eight times as long for small matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from judging import failures_in_each_run, pool

from tito.dev.museum import MODULES, correct_variants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", choices=[module.name for module in MODULES], required=True)
    parser.add_argument("words", nargs="?", default="", help="only those with this in the name")
    parser.add_argument("--runs", type=int, default=1000, help="for each variant (1000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="variants at a time")
    options = parser.parse_args()
    (module,) = (module for module in MODULES if module.name == options.module)
    variants = [v for v in correct_variants(module) if options.words in v.name]
    alarms = 0
    start = time.perf_counter()
    with pool(options.jobs) as processes:
        reports = processes.imap(partial(failures_in_each_run, runs=options.runs), variants)
        for variant, runs in zip(variants, reports, strict=True):
            alarming = [failed for failed in runs if failed]
            alarms += len(alarming)
            print(f"{len(runs) - len(alarming)} of {len(runs)} passed: {variant.name}", flush=True)
            for failed in alarming[:3]:
                print("   ", failed[0])
    total = options.runs * len(variants)
    print(
        f"{total} runs, {alarms or 'no'} false alarm{'s' * (alarms > 1)}, "
        f"in {time.perf_counter() - start:.0f} s"
    )
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
