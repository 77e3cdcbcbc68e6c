"""Holm's step-down correction for a family of tests."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite, in_unit

__all__ = ["holm"]


def holm(pvalues: npt.ArrayLike) -> Floats:
    """Adjusted p-values, Holm (1979), in the order given.

    The i-th smallest of m becomes the largest (m - j + 1) p_(j) over j <= i, at most 1. Rejecting
    where it is at most alpha keeps the chance of any false rejection at most alpha, whatever the
    dependence of the tests.

    Args:
        pvalues: (m,) p-values of one family; m may be 0.

    Raises:
        DataError: a value is NaN or outside 0..1.
    """
    raw = finite(pvalues, "pvalues")
    in_unit(raw, "pvalues")
    order = np.argsort(raw, kind="stable")
    steps = np.arange(raw.size, 0, -1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.maximum.accumulate(raw[order] * steps), 1.0)
    return adjusted
