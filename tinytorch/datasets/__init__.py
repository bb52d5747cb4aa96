"""Data sets that come with TinyTorch, so that everything works offline."""

from tinytorch.datasets.mnist import MNIST, mnist

__all__ = ["MNIST", "mnist"]
