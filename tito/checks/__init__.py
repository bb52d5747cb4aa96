"""Running the checks of a module, each in a process of its own.

Only commands that run checks import this package, which is what starts NumPy: with one thread.
A check multiplies small matrices, for which one is enough, and a process whose NumPy has started
others takes a tenth of a second to fork and use them again.
"""

import os

from tinytorch.course.machine import THREAD_VARIABLES

for _variable in THREAD_VARIABLES:
    os.environ.setdefault(_variable, "1")
