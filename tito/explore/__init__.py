"""Experiments on the screen: `tito explore` shows what `tinytorch.course.explore` finds out."""
