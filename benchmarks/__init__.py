"""TinyTorch beside PyTorch, JAX and the floor of what NumPy can do, measured in one session.

What is measured stands in one file a subject (`training_step`, `linear`, `dropout`, `depth`,
`mnist`, `imports`), where the same work is written once for each contestant, side by side, so that
a reader can judge whether each got its due. The rest is how: `contestants` and `worker` are the
processes in which they run, `suite` says what is measured at which sizes, `results` is what comes
out, and `table`, `plot` and `page` show it.

Run them with `tito bench`, or with `python -m benchmarks` from the root of a clone.
"""
