"""Intervals and tests over independent replications of a load test.

Requests of one run share a queue and are not independent; whole runs are (Hoefler and Belli 2015).
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["paired_replication_interval", "paired_t_pvalue", "replication_interval"]

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]


def replication_interval(per_run: Floats, *, level: float, missing: int = 0) -> Estimate:
    """Student t interval of the mean of one value per independent run, (R,)."""
    return _interval(per_run, level, "t over replications", missing)


def paired_replication_interval(a: Floats, b: Floats, *, level: float) -> Estimate:
    """Student t interval of the mean of a - b, runs paired by common random numbers, (R,) each."""
    return _interval(_paired(a, b), level, "paired t over replications", 0)


def paired_t_pvalue(
    a: Floats, b: Floats, *, shift: float = 0.0, alternative: Alternative = "two-sided"
) -> float | None:
    """P-value of the paired t test of mean(a - b) against `shift`; None for fewer than 2 runs.

    Differences that are all equal give 0 or 1, as the t statistic is infinite (or 1 if they equal
    the shift).
    """
    from scipy.stats import t

    gaps = _paired(a, b) - shift
    if len(gaps) < 2:
        return None
    error = float(gaps.std(ddof=1)) / np.sqrt(len(gaps))
    mean = float(gaps.mean())
    score = mean / error if error > 0 else np.sign(mean) * np.inf if mean else 0.0
    freedom = len(gaps) - 1
    if alternative == "greater":
        return float(t.sf(score, freedom))
    if alternative == "less":
        return float(t.cdf(score, freedom))
    return float(2 * t.sf(abs(score), freedom))


def _paired(a: Floats, b: Floats) -> Floats:
    if len(a) != len(b):
        raise DataError(f"{len(a)} runs cannot be paired with {len(b)}")
    return np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)


def _interval(values: Floats, level: float, method: str, missing: int) -> Estimate:
    from scipy.stats import t

    runs = len(values)
    if np.isnan(values).any():
        raise DataError("a run has no value; drop missing runs and count them first")
    if runs == 0:
        return degenerate(None, "no replication", level, 0, 0, missing)
    mean = float(np.mean(values))
    if runs < 2:
        return degenerate(mean, "one replication", level, runs, runs, missing)
    spread = float(np.std(values, ddof=1))
    if spread == 0:
        return degenerate(mean, "all replications equal", level, runs, runs, missing)
    half = float(t.ppf((1 + level) / 2, runs - 1)) * spread / np.sqrt(runs)
    return Estimate(mean, mean - half, mean + half, level, method, runs, runs, missing)
