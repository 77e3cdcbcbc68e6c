"""Sign-flip permutation test of a paired mean over clusters."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics._clusters import cluster_sums

__all__ = ["sign_flip_pvalue"]

Floats = NDArray[np.float64]
_EXACT = 12  # clusters up to which all 2^C flips are tried


def sign_flip_pvalue(
    differences: Floats,
    group_ids: Sequence[str],
    *,
    shift: float = 0.0,
    flips: int,
    rng: np.random.Generator,
) -> float | None:
    """One-sided P-value that the mean difference is not above `shift`; None without clusters.

    Under the hypothesis the cluster sums of (difference - shift) are symmetric about 0, so their
    signs may be flipped. Up to 12 clusters every flip is tried; beyond, `flips` random ones, with
    the observed one counted among them so that the P-value is never 0.
    """
    if len(differences) == 0:
        return None
    sums, _ = cluster_sums(np.asarray(differences, dtype=np.float64) - shift, group_ids)
    observed = sums.sum()
    slack = 1e-12 * float(np.abs(sums).sum())  # equal sums may differ by rounding
    if len(sums) <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(sums))))
        return float(np.mean(signs @ sums >= observed - slack))
    hits = 1
    for _ in range(flips):
        signs = rng.integers(0, 2, len(sums)) * 2.0 - 1.0
        hits += int(signs @ sums >= observed - slack)
    return hits / (flips + 1)
