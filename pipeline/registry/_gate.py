"""The rule of promotion, on losses per row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.params import GateParams
from pipeline.statistics import (
    Claim,
    Estimate,
    Verdict,
    claim_pvalue,
    claim_verdict,
    joint_intervals,
    sign_flip_pvalue,
)

__all__ = ["Check", "check_losses", "judged", "passes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Check:
    """One declared claim about a challenger, and what the data say of it.

    Attributes:
        metric, unit: what was compared.
        role: target or guard.
        claim, margin: superior by more than the margin, or not inferior by it.
        champion, challenger: means over the rows that both have; None without any.
        improvement: of the challenger, positive where it is better.
        p_value: one-sided, of the null that the claim is false.
        verdict: supported, refuted or inconclusive.
    """

    metric: str
    unit: str
    role: Literal["target", "guard"]
    claim: Claim
    margin: float
    champion: float | None
    challenger: float | None
    improvement: Estimate
    p_value: float | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def passes(checks: Sequence[Check]) -> bool:
    """Whether every claim is supported.

    All of them have to be, so none is corrected for the number of others (intersection-union test,
    Berger 1982): the chance of a wrong promotion is at most that of the weakest one.
    """
    return bool(checks) and all(check.verdict == "supported" for check in checks)


def check_losses(
    champion: Mapping[str, Floats],
    challenger: Mapping[str, Floats],
    group_ids: Sequence[str],
    gate: GateParams,
    units: Mapping[str, str],
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> list[Check]:
    """Check the target (superior) and every guard (not inferior), paired by row.

    Args:
        champion, challenger: losses by metric, (n,) each, the same rows; NaN where unknown.
        group_ids: n clusters.
        gate: metrics and margins.
        units: of the metrics.
        level: of the two-sided intervals; a claim needs its P-value below 1 - level as well.
        resamples: bootstrap draws, and random sign patterns.
        rng: of both.

    Raises:
        DataError: the rows do not fit each other.
    """
    asked: list[tuple[str, Literal["target", "guard"], Claim, float]] = [
        (gate.target.metric, "target", "superior", gate.target.margin),
        *((guard.metric, "guard", "noninferior", guard.margin) for guard in gate.guards),
    ]
    gains = np.column_stack([champion[metric] - challenger[metric] for metric, *_ in asked])
    _, found = joint_intervals(gains, group_ids, level=level, resamples=resamples, rng=rng)
    groups = np.asarray(group_ids)
    checks = []
    for (metric, role, claim, margin), gain, estimate in zip(asked, gains.T, found, strict=True):
        known = ~np.isnan(gain)

        def test(at: float, side: Any, gain: Floats = gain[known], known: Any = known) -> Any:
            return sign_flip_pvalue(
                gain, groups[known], shift=at, alternative=side, flips=resamples, rng=rng
            )

        checks.append(
            judged(
                metric,
                units[metric],
                role,
                claim,
                margin,
                _mean(champion[metric][known]),
                _mean(challenger[metric][known]),
                estimate,
                claim_pvalue(claim, margin, test),
            )
        )
    return checks


def judged(
    metric: str,
    unit: str,
    role: Literal["target", "guard"],
    claim: Claim,
    margin: float,
    champion: float | None,
    challenger: float | None,
    improvement: Estimate,
    p_value: float | None,
) -> Check:
    """A check with its verdict.

    Where every pair differs by the same amount, as between two versions that say the same, no
    resample can differ either: the amount itself stands for the interval.
    """
    point = improvement.estimate if _constant(improvement) else None
    ends = (improvement.low, improvement.high) if point is None else (point, point)
    verdict = claim_verdict(claim, margin, ends, p_value, 1 - improvement.level)
    return Check(
        metric, unit, role, claim, margin, champion, challenger, improvement, p_value, verdict
    )


def _constant(found: Estimate) -> bool:
    return found.clusters > 1 and found.method in (
        "degenerate: constant data",
        "degenerate: every cluster has the same mean",
        "degenerate: all runs are equal",
    )


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
