"""Sign-flip permutation test over clusters: the check on the bootstrap of paired differences."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats
from pipeline.statistics._clusters import cluster_sums
from pipeline.statistics._result import Alternative

__all__ = ["sign_flip_pvalue"]

_EXACT_CLUSTERS = 12
_CHUNK = 1 << 20


def sign_flip_pvalue(
    differences: npt.ArrayLike,
    group_ids: npt.ArrayLike,
    *,
    shift: float = 0.0,
    alternative: Alternative = "two-sided",
    flips: int,
    rng: np.random.Generator,
) -> float | None:
    """p-value of the null that cluster sums of (difference - shift) are symmetric about 0.

    All 2^k sign patterns are used for at most 12 clusters. Beyond, `flips` random ones are, and
    the observed one counts among them, so that p is never 0 (Phipson and Smyth 2010).

    Args:
        differences: (n,) paired differences, in any unit.
        group_ids: (n,) cluster of each; one sign per cluster.
        shift: the difference under the null; minus the margin for non-inferiority.
        alternative: ``"greater"`` asks whether the mean lies above `shift`.
        flips: random sign patterns beyond 12 clusters.
        rng: source of the random patterns; untouched when the test is exact.

    Returns:
        The p-value; None for fewer than two clusters, where no pattern says anything.

    Raises:
        DataError: a difference is NaN or infinite, an id is missing, or the lengths differ.
        ValueError: `alternative` is none of the three or `flips` is below 1.
    """
    if alternative not in ("two-sided", "less", "greater"):
        raise ValueError(f"alternative must be two-sided, less or greater, got {alternative!r}")
    if flips < 1:
        raise ValueError(f"flips must be at least 1, got {flips}")
    sums, sizes = cluster_sums(differences, group_ids)
    if sums.size < 2:
        return None
    # The sizes do not change with the signs, so the sum orders patterns as the mean does.
    centred = sums - shift * sizes
    if centred.size <= _EXACT_CLUSTERS:
        return _share_as_extreme(centred, _every_pattern(centred), alternative)
    hits = flips * _share_as_extreme(centred, _random_patterns(centred, flips, rng), alternative)
    return (1.0 + round(hits)) / (1.0 + flips)


def _every_pattern(centred: Floats) -> Floats:
    """Signed sums under all 2^k patterns, built one cluster at a time."""
    totals = np.zeros(1)
    for value in centred:
        totals = np.concatenate([totals + value, totals - value])
    return totals


def _random_patterns(centred: Floats, flips: int, rng: np.random.Generator) -> Floats:
    """Signed sums under random patterns, in chunks that bound the memory."""
    totals = np.empty(flips)
    step = max(1, _CHUNK // centred.size)
    for start in range(0, flips, step):
        stop = min(start + step, flips)
        heads = rng.integers(0, 2, size=(stop - start, centred.size), dtype=np.int8)
        totals[start:stop] = 2.0 * (heads.astype(np.float64) @ centred) - centred.sum()
    return totals


def _share_as_extreme(centred: Floats, totals: Floats, alternative: Alternative) -> float:
    """Share of patterns at least as extreme as the data; ties within rounding count."""
    observed = float(centred.sum())
    slack = 1e-12 * float(np.abs(centred).sum())
    if alternative == "two-sided":
        return float(np.mean(np.abs(totals) >= abs(observed) - slack))
    sign = 1.0 if alternative == "greater" else -1.0
    return float(np.mean(sign * totals >= sign * observed - slack))
