"""tito, the command line of TinyTorch."""

DISTRIBUTION = "tinytorch-course"
"""What pip calls TinyTorch, `tito` included. The name `tinytorch` is another project's there."""
