"""Equal within a margin declared beforehand: two one-sided tests (TOST)."""

import numpy.typing as npt

from pipeline.statistics._arrays import above_zero
from pipeline.statistics._replication import paired_t_pvalue
from pipeline.statistics._result import Estimate

__all__ = ["equivalence_pvalue", "equivalent"]


def equivalent(estimate: Estimate, margin: float) -> bool | None:
    """Whether the interval lies inside (-margin, margin).

    With an interval of level 1 - 2 alpha this is TOST at alpha (Schuirmann 1987; Lakens 2017): 0.9
    for a test at 0.05. A difference that is merely not significant shows nothing of the kind.

    Args:
        estimate: a difference with its interval.
        margin: the largest difference that counts as none, above 0, in the unit of the estimate.

    Returns:
        The answer; None when the estimate has no bounds.

    Raises:
        ValueError: `margin` is not a finite number above 0.
    """
    above_zero(margin, "margin")
    if estimate.low is None or estimate.high is None:
        return None
    return -margin < estimate.low and estimate.high < margin


def equivalence_pvalue(a: npt.ArrayLike, b: npt.ArrayLike, *, margin: float) -> float | None:
    """p-value of TOST over paired runs: the larger of the two one-sided paired t tests.

    Args:
        a: (n,) one number per run.
        b: (n,) the other arm, same seeds in the same order.
        margin: the largest difference that counts as none, above 0, in the unit of the runs.

    Returns:
        The p-value of the null that the means differ by the margin or more; None for fewer than
        two runs or equal differences.

    Raises:
        DataError: a value is NaN or infinite, or the lengths differ.
        ValueError: `margin` is not a finite number above 0.
    """
    above_zero(margin, "margin")
    above = paired_t_pvalue(a, b, -margin, "greater")
    below = paired_t_pvalue(a, b, margin, "less")
    return None if above is None or below is None else max(above, below)
