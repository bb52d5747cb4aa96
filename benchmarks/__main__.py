"""`python -m benchmarks` is `tito bench` by another name."""

from tito.commands.bench import bench

bench(prog_name="python -m benchmarks")
