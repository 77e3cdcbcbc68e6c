"""How the kernels are compiled, and where their machine code is kept."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., object])

# Every file whose text ends up in machine code, from the folder of this one.
_SOURCES = (
    "fleet/_arrays.py",
    "fleet/_kernel.py",
    "fleet/_kernel_events.py",
    "fleet/_sequence.py",
    "fleet/_step.py",
    "predictors/_analytic.py",
    "predictors/_dots.py",
    "predictors/_knn_kernel.py",
    "predictors/_trees_kernel.py",
    "scheduling/_reckoning.py",
    "statistics/_counts.py",
    "statistics/_frontier_kernel.py",
    "statistics/_martingale_kernel.py",
)


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
