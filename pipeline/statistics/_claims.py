"""Claims with a margin declared beforehand: superior, not inferior, equivalent."""

import math
from collections.abc import Callable
from typing import Literal

from pipeline.statistics._result import Alternative

__all__ = ["Claim", "Verdict", "claim_pvalue", "claim_verdict"]

Claim = Literal["superior", "noninferior", "equivalent"]
Verdict = Literal["supported", "refuted", "inconclusive"]


def claim_pvalue(
    claim: Claim, margin: float, test: Callable[[float, Alternative], float | None]
) -> float | None:
    """P-value of the null that the claim is false.

    superior: of improvement <= margin. noninferior: of improvement <= -margin (ICH E9, section
    3.3.2). equivalent: of an improvement of the margin or more either way, the larger of the two
    one-sided tests (TOST, Schuirmann 1987; Lakens 2017).

    Args:
        claim: what is claimed of an improvement, positive where the claimed arm is better.
        margin: in the unit of the improvement; above 0 unless superiority is claimed.
        test: one-sided P-value of the null that the mean improvement is the first argument.

    Returns:
        The P-value; None where the test cannot be made.

    Raises:
        ValueError: the margin is no finite number, or too small for the claim.
    """
    if claim == "superior":
        return test(_checked(claim, margin), "greater")
    above = test(-_checked(claim, margin), "greater")
    if claim == "noninferior" or above is None:
        return above
    below = test(margin, "less")
    return None if below is None else max(above, below)


def claim_verdict(
    claim: Claim,
    margin: float,
    interval: tuple[float | None, float | None],
    p_value: float | None,
    alpha: float,
) -> Verdict:
    """Whether the data support a claim, refute it, or decide nothing.

    supported: the whole interval lies where the claim holds (above the margin; above minus the
    margin; within it), and the P-value is below alpha. refuted: the whole interval lies where it
    does not. Of equivalence, an interval of level 1 - 2 alpha makes it TOST. A difference that is
    merely not significant is inconclusive, and so is one without an interval or a P-value.

    Args:
        claim, margin: as in `claim_pvalue`.
        interval: low and high of the improvement; None where there is none.
        p_value: of `claim_pvalue`, corrected for its family.
        alpha: 1 - level of the claim.

    Raises:
        ValueError: as `claim_pvalue`.
    """
    lower, upper = _where_it_holds(claim, _checked(claim, margin))
    low, high = interval
    if low is None or high is None or p_value is None:
        return "inconclusive"
    if lower < low and high < upper and p_value < alpha:
        return "supported"
    return "refuted" if high < lower or low > upper else "inconclusive"


def _where_it_holds(claim: Claim, margin: float) -> tuple[float, float]:
    if claim == "superior":
        return margin, math.inf
    return -margin, math.inf if claim == "noninferior" else margin


def _checked(claim: Claim, margin: float) -> float:
    least = -math.inf if claim == "superior" else 0.0
    if not least < margin < math.inf:
        raise ValueError(f"margin of a {claim} claim must be a finite number above 0, got {margin}")
    return margin
