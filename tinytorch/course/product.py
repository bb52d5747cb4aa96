"""A quicker matrix product where NumPy has a slow one: in a browser.

NumPy for Pyodide comes without BLAS, and multiplies matrices one number at a time. All products of
`@` and `np.matmul`, forward and backward, end in one function of NumPy's for each dtype, its inner
loop. `quicken` puts others in the place of those for float32 and float64. They are made from
`web/pyodide/product.wat`, come with the wheel for browsers as shared libraries, and work on 32 or
16 sums at a time. Nothing above NumPy, no lesson and no learner's code, has to know of it.
"""

from __future__ import annotations

import ctypes
import os
import sys

import numpy as np

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_SIGNATURES = {"float32": "ff->f", "float64": "dd->d"}


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
    """Let NumPy multiply matrices of floats by the libraries; whether it does now.

    It does not outside of a browser, and in one that has no SIMD.
    """
    if sys.platform != "emscripten":
        return False
    matmul = _UFunc.from_address(id(np.matmul))
    for dtype, signature in _SIGNATURES.items():
        try:
            library = ctypes.CDLL(os.path.join(_FOLDER, f"product_{dtype}.wasm"))
        except OSError:  # it is not there, or the browser cannot read it
            return False
        loop = ctypes.cast(library.product, ctypes.c_void_p)
        matmul.functions[np.matmul.types.index(signature)] = loop.value
    return True
