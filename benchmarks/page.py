"""The page of the documentation: what was measured, how, and what came out."""

from __future__ import annotations

from benchmarks.contestants import CONTESTANTS, FLOOR, JAX, PYTORCH, TINYTORCH
from benchmarks.results import Results, ratios, summarize
from benchmarks.table import LEGEND, TITLES, comparisons, markdown_table
from benchmarks.targets import TARGETS

INTRODUCTION = """\
# Benchmarks

TinyTorch beside PyTorch in eager mode, JAX compiled, and a floor: the same matrix products in bare
NumPy, or copies of the same bytes where there are none. This page is written by
`tito bench --full --docs`; run that in a clone to have it speak of your own machine.

![Bars and curves of the results below](images/benchmarks.png)
"""

METHOD = """\
## How it is measured

- **In turns, in one session.** Each contestant has a process of its own, since the thread pools of
  several libraries in one process disturb each other. They are measured round by round, one at a
  time, each for a slice of 50 milliseconds after a run that does not count; a slow spell of the
  machine then hits everyone in that round. Every number is a median over rounds, and every ratio is
  the median of the ratios within the rounds.
- **Nobody spins in the background.** The threads of OpenBLAS and OpenMP go on spinning for up to a
  tenth of a second after their work. The next contestant starts when the one before has gone quiet.
- **Equal threads.** Each contestant is told how many threads to use, all processors by default.
- **Nothing is tuned by variables.** Environment variables that would have a library choose other
  code than it does by default (`OPENBLAS_CORETYPE`, `OMP_*`, `MKL_*`, `XLA_FLAGS` and the like) are
  taken out before the contestants start.
- **Each as its own documentation advises.** PyTorch: modules, `zero_grad` that sets to None,
  `inference_mode` where no gradient is wanted; on MNIST, batches picked from one tensor, which is
  faster than a `DataLoader`. JAX: the whole step under `jax.jit`, parameters and key donated, data
  on the device; steps of training follow each other without waiting, single layers wait for their
  results, and compiling is never timed. TinyTorch: the public interface, as the lessons teach it.
- **The floor.** For everything made of matrix products, those products alone, in bare NumPy with
  the results written to memory that is reused. For dropout and for chains of operations, copies of
  as many bytes by one thread. For the import, NumPy's own. It is the floor of what is built on
  NumPy operation by operation. JAX goes below it where it compiles a whole chain into one loop, or
  where its products of single rows are faster.
- **MNIST.** Eleven seeds, in a fresh process each. All follow the milestone's recipe: the same
  distribution of first weights, batch size, optimizer and learning rates. The clock stops while the
  test images are read after each epoch, and the warm-up before the first epoch is not timed; the
  whole program, with imports, data and compiling, is given as well. TinyTorch runs the milestone's
  own loop, which keeps count of loss and accuracy as it goes; the others don't have to. All load
  the data through TinyTorch, which adds one or two megabytes to the memory of the others.

The same work stands side by side for all contestants in [`benchmarks/`](../benchmarks): judge for
yourself, and say so where one doesn't get its due.
"""


def markdown(results: Results) -> str:
    """The whole page."""
    machine = "\n".join(f"| {fact} | {value} |" for fact, value in results.machine.items())
    parts = [INTRODUCTION, _requirements(results)]
    if results.absent:
        parts.append(f"Not installed, and left out: {', '.join(results.absent)}.\n")
    parts.append(f"## All results\n\n{LEGEND}\n")
    for benchmark in results.benchmarks():
        parts.append(f"### {TITLES[benchmark]}\n\n{markdown_table(results, benchmark)}\n")
        if benchmark == "anatomy":
            parts.append(_limits(results))
    parts += [METHOD, f"## The machine\n\n| | |\n| --- | --- |\n{machine}\n"]
    return "\n".join(parts)


def _requirements(results: Results) -> str:
    """What is required, beside what came out."""
    titles = {contestant.key: contestant.title for contestant in CONTESTANTS}
    lines = [
        "## What is required",
        "",
        "| | | beside | required | measured | met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {c.benchmark} | {c.case} | {titles[c.rival]} | {c.sign} {c.limit:g}x "
        f"| {c.ratio.median:.2f}x ({c.ratio.lower:.2f} to {c.ratio.upper:.2f}) "
        f"| {'yes' if c.is_met else 'NO'} |"
        for c in comparisons(results)
        if c.limit is not None
    ]
    return "\n".join(lines) + "\n"


def _limits(results: Results) -> str:
    """What the anatomy says about the required distance from the floor."""
    lines = [
        "The third line is as far as a framework can get that is built on NumPy, operation by",
        "operation: the same arithmetic without tensors, recording or checks, all memory reused.",
        "The fourth writes no result where an old one was, as a framework must that cannot know",
        "who still holds it; what TinyTorch adds to that is mostly Python: tensors, recording,",
        "checks, and the walk back. Below is the step by hand beside the others, and what is",
        "required of TinyTorch: where it does not get there by hand, TinyTorch cannot.",
        "",
        "| | by hand ÷ floor | PyTorch ÷ by hand | JAX ÷ by hand | TinyTorch ÷ by hand |",
        "| --- | --- | --- | --- | --- |",
    ]
    for case, programs in results.cases("anatomy"):
        cells = []
        for above, below, rival in (
            ("step", "products", FLOOR),
            ("pytorch", "step", PYTORCH),
            ("jax", "step", JAX),
            ("tinytorch", "step", TINYTORCH),
        ):
            pair = [programs[key].values for key in (above, below) if key in programs]
            ratio = summarize(ratios(*pair)) if len(pair) == 2 else None
            limit = TARGETS.get(("training-step", f"batch {programs['step'].size}", rival.key))
            required = f", required {'≤' if rival == FLOOR else '≥'} {limit:g}x" if limit else ""
            cells.append(f"{ratio.median:.2f}x{required}" if ratio else "-")
        lines.append(f"| batch {case} | {' | '.join(cells)} |")
    lines += [
        "",
        "With more than one thread the update also pays for moving the parameters between the",
        "cores: one core writes them, and the next product has another core read half of them.",
        "Compare its price with one thread and with all. How far apart the cores are is the",
        "hypervisor's choice on a virtual machine, and may change from session to session.",
    ]
    return "\n".join(lines) + "\n"
