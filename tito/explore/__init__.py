"""Experiments on the screen: `tito explore` shows what `tinytorch.explore` finds out."""
