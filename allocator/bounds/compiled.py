"""Compile the inner loops: numba, with its cache where a cache can be written.

The first call of a kernel compiles it; the machine code is kept beside the module, or
in the user's cache folder, and a later process reads it in milliseconds. Where neither
can be written (a read-only install without a home) kernels are compiled in every
process, without a word.

Kernels are plain functions of arrays: what they are given is what they see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable


def compiled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Return the function, compiled when it is first called.

    Parameters
    ----------
    function
        Of arrays, numbers and named tuples of these; it may call other kernels.
    """
    try:
        kernel: object = numba.njit(cache=True)(function)
    except RuntimeError:  # numba found no place to keep what it compiles
        kernel = numba.njit(function)
    return cast("Callable[P, R]", kernel)
