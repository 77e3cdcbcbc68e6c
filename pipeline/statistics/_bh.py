"""Benjamini and Hochberg's step-up correction for exploratory grids."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite, in_unit

__all__ = ["benjamini_hochberg"]


def benjamini_hochberg(pvalues: npt.ArrayLike) -> Floats:
    """Adjusted p-values, Benjamini and Hochberg (1995), in the order given.

    The i-th smallest of m becomes the smallest m p_(j) / j over j >= i, at most 1. Rejecting where
    it is at most q keeps the expected share of false rejections among all at most q, for
    independent or positively dependent tests. Families that must not reject falsely at all take
    `holm`.

    Args:
        pvalues: (m,) p-values of one grid; m may be 0.

    Raises:
        DataError: a value is NaN or outside 0..1.
    """
    raw = finite(pvalues, "pvalues")
    in_unit(raw, "pvalues")
    order = np.argsort(raw, kind="stable")[::-1]
    steps = raw.size / np.arange(raw.size, 0, -1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.minimum.accumulate(raw[order] * steps), 1.0)
    return adjusted
