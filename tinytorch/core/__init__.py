"""The framework: one file a lesson, each importing only the files of earlier lessons.

In a learner's workspace the modules that they have finished are found first (see
`tinytorch.course.overlay`). Autograd attaches itself to the door in `tensor` when it is imported,
so it is imported here: whichever part of the framework is used first, gradients are recorded.
"""

from tinytorch.allocator import keep_freed_memory
from tinytorch.course.overlay import completing, search_path

keep_freed_memory()
__path__ = search_path()

with completing():
    import tinytorch.core.autograd  # noqa: F401 - the path comes first
