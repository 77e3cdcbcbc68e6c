"""Ranks of weighted values, ties sharing the middle of their places."""

import numpy as np

from pipeline.statistics._arrays import Floats

__all__ = ["midranks"]


def midranks(values: Floats, weights: Floats) -> Floats:
    """Midrank of each value when value i stands there weights[:, i] times; (b, n).

    Args:
        values: (n,) numbers; n >= 1.
        weights: (b, n) how often each counts, one resample a row.
    """
    levels, codes = np.unique(values, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(levels.size))
    held = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks: Floats = (np.cumsum(held, axis=1) - held / 2.0 + 0.5)[:, codes]
    return ranks
