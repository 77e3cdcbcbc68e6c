"""Not worse by more than a margin declared beforehand."""

from pipeline.statistics._arrays import above_zero
from pipeline.statistics._result import Estimate

__all__ = ["noninferior"]


def noninferior(estimate: Estimate, margin: float) -> bool | None:
    """Whether the lower bound lies above minus the margin (ICH E9, section 3.3.2).

    With a two-sided interval of level 1 - 2 alpha this is the one-sided test at alpha. False is
    not the opposite claim: it also covers what is undecided.

    Args:
        estimate: an improvement, positive where the new arm is better.
        margin: the loss that would still be accepted, above 0, in the unit of the estimate.

    Returns:
        The answer; None when the estimate has no bounds.

    Raises:
        ValueError: `margin` is not a finite number above 0.
    """
    above_zero(margin, "margin")
    return None if estimate.low is None else estimate.low > -margin
