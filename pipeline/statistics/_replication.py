"""Student t over independent runs, for whatever a queue correlates within a run.

Requests of one run wait for each other; resampling them as independent covers far less than the
stated level. One number per run is independent (Hoefler and Belli 2015, SC'15).
"""

import math

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite, open_share
from pipeline.statistics._result import Alternative, Estimate, degenerate

__all__ = ["paired_replication_interval", "paired_t_pvalue", "replication_interval"]

# Differences of clock times carry the rounding of the clock, not of their own size: 0.2 ms read
# off a clock at 100 s is known to one part in 1e10. A spread below one in 1e9 is none.
_ROUNDING = 1e-9


def replication_interval(per_run: npt.ArrayLike, *, level: float) -> Estimate:
    """Mean over runs: mean +- t(n - 1) s / sqrt(n).

    Args:
        per_run: (n,) one number per independent run, in any unit.
        level: confidence level, for example 0.95.

    Returns:
        The estimate; without bounds for fewer than two runs or when all runs are equal.

    Raises:
        DataError: a value is NaN or infinite.
        ValueError: `level` is outside 0..1.
    """
    runs = finite(per_run, "per_run")
    return _interval(runs, _without_spread(runs, runs), level, "Student t over runs")


def paired_replication_interval(a: npt.ArrayLike, b: npt.ArrayLike, *, level: float) -> Estimate:
    """Mean of a - b over runs with common random numbers: a[i] and b[i] shared their arrivals.

    Args:
        a: (n,) one number per run.
        b: (n,) the other arm, same seeds in the same order.
        level: confidence level, for example 0.95.

    Raises:
        DataError: a value is NaN or infinite, or the lengths differ.
        ValueError: `level` is outside 0..1.
    """
    differences, reason = _differences(a, b)
    return _interval(differences, reason, level, "paired Student t over runs")


def paired_t_pvalue(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    shift: float = 0.0,
    alternative: Alternative = "two-sided",
) -> float | None:
    """p-value of the paired t test of mean(a - b) = `shift`.

    Args:
        a: (n,) one number per run.
        b: (n,) the other arm, same seeds in the same order.
        shift: the difference under the null; minus the margin for non-inferiority.
        alternative: ``"greater"`` asks whether the mean lies above `shift`.

    Returns:
        The p-value; None for fewer than two runs or equal differences, where t is undefined.

    Raises:
        DataError: a value is NaN or infinite, or the lengths differ.
        ValueError: `alternative` is none of the three.
    """
    if alternative not in ("two-sided", "less", "greater"):
        raise ValueError(f"alternative must be two-sided, less or greater, got {alternative!r}")
    differences, reason = _differences(a, b)
    if reason is not None:
        return None
    from scipy import special

    t = (float(differences.mean()) - shift) / _standard_error(differences)
    below = float(special.stdtr(differences.size - 1, t))
    above = float(special.stdtr(differences.size - 1, -t))
    return {"less": below, "greater": above, "two-sided": 2.0 * min(below, above)}[alternative]


def _differences(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Floats, str | None]:
    """Differences (n,) of the runs, and why they carry no variance, if so."""
    left, right = finite(a, "a"), finite(b, "b")
    if left.size != right.size:
        raise DataError(f"pairs need equal runs, got {left.size} of a and {right.size} of b")
    differences = left - right
    return differences, _without_spread(differences, np.concatenate([left, right]))


def _standard_error(runs: Floats) -> float:
    return float(runs.std(ddof=1)) / math.sqrt(runs.size)


def _without_spread(runs: Floats, operands: Floats) -> str | None:
    """Why the runs carry no variance, or None when they do.

    `operands` are the numbers the runs were computed from; they set the size of a rounding error.
    """
    if runs.size == 0:
        return "no runs"
    if runs.size == 1:
        return "one run"
    if np.ptp(runs) <= _ROUNDING * np.abs(operands).max():
        return "all runs are equal"
    return None


def _interval(runs: Floats, reason: str | None, level: float, method: str) -> Estimate:
    open_share(level, "level")
    n = runs.size
    if reason is not None:
        point = float(runs.mean()) if n else None
        return degenerate(reason, point, level=level, n=n, clusters=n)
    from scipy import special

    mean = float(runs.mean())
    half = float(special.stdtrit(n - 1, (1.0 + level) / 2.0)) * _standard_error(runs)
    return Estimate(mean, mean - half, mean + half, level, method, n, n)
