"""The framework: one file a lesson, each importing only the files of earlier lessons.

Autograd attaches itself to the door in `tensor` when it is imported, so it is imported here:
whichever part of the framework is used first, gradients are recorded.
"""

import tinytorch.core.autograd  # noqa: F401
