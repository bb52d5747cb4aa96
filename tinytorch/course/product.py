"""A quicker matrix product where NumPy has a slow one: in a browser.

NumPy for Pyodide comes without BLAS, and multiplies float32 matrices one number at a time. All
products of `@`, `np.matmul`, forward and backward, end in one function of NumPy's, its inner loop
for float32. `quicken` puts another one in its place: `web/pyodide/product.wat`, which the wheel for
browsers brings along as a shared library, and which takes 32 sums at a time. So nothing above
NumPy, no lesson and no learner's code, has to know of it.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "product.wasm")


class _UFunc(ctypes.Structure):
    """The beginning of NumPy's `PyUFuncObject`, as its header `ufuncobject.h` declares it."""

    _fields_ = (
        ("python", ctypes.c_ssize_t * 2),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),  # an inner loop for each of its types
    )


def quicken() -> bool:
    """Let NumPy multiply float32 matrices by the library; whether it does now.

    It does not outside of a browser, and in one that has no SIMD.
    """
    if sys.platform != "emscripten" or not os.path.exists(LIBRARY):
        return False
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:  # the browser cannot read it
        return False
    matmul = _UFunc.from_address(id(np.matmul))
    loop = ctypes.cast(library.product, ctypes.c_void_p)
    matmul.functions[np.matmul.types.index("ff->f")] = loop.value
    return True
