"""How the kernel is compiled, and where its machine code is kept."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., object])

_SOURCES = ("_arrays.py", "_kernel.py", "_kernel_events.py", "_sequence.py", "_step.py")


def _keep_under_hash() -> None:
    """Keep machine code under a hash of all its sources.

    Numba itself looks at the age of one file alone, and would go on using an old formula.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256(b"".join((here / name).read_bytes() for name in _SOURCES))
    cache = here / "__pycache__"
    if os.access(cache if cache.exists() else here, os.W_OK):
        numba.config.CACHE_DIR = str(cache / f"kernel-{digest.hexdigest()[:16]}")


_keep_under_hash()


def compiled(function: F) -> F:
    """Compile when first called; the machine code outlives the process."""
    return cast(F, numba.njit(cache=True)(function))
