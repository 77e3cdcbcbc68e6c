"""What an assignment says of a request, under the names that rows and traces give it."""

import numpy as np

from pipeline.scheduling._estimates import Estimates
from pipeline.scheduling._policy import Assignment

__all__ = ["told_values"]

Bounded = tuple[float | None, float | None, float | None]

_TERMS = ("quality", "latency", "cost", "balance")


def told_values(
    assignment: Assignment, estimates: Estimates, model: int | None
) -> dict[str, float | None]:
    """Predictions with their bounds and the parts of the score, as columns of REQUESTS.

    Args:
        assignment: of the request.
        estimates: what it was decided on.
        model: number of the chosen model; None where nobody read the prompt or chose one.
    """
    terms = {f"score_{name}": part for name, part in zip(_TERMS, assignment.terms, strict=True)}
    if assignment.instance is None:
        return terms
    row = assignment.row
    quality: Bounded = (None, None, None)
    length: Bounded = (None, None, None)
    if model is not None:
        q, n = estimates.quality, estimates.length
        quality = (q.mean[row, model], q.low[row, model], q.high[row, model])
        length = (n.mean[row, model], n.low[row, model], n.high[row, model])
    ttft, tpot = _known(assignment.ttft), _known(assignment.tpot)
    low, high = (_e2e(ttft[end], length[end], tpot[end]) for end in (1, 2))
    beliefs = {
        "quality": quality,
        "length": length,
        "ttft": ttft,
        "tpot": tpot,
        "e2e": (assignment.e2e, low, high),
    }
    values = {
        f"predicted_{name}{end}": None if value is None else float(value)
        for name, bounded in beliefs.items()
        for end, value in zip(("", "_low", "_high"), bounded, strict=True)
    }
    return values | terms


def _known(bounded: tuple[float, float, float] | None) -> Bounded:
    if bounded is None:
        return None, None, None
    point, low, high = (float(value) if np.isfinite(value) else None for value in bounded)
    return point, low, high


def _e2e(ttft: float | None, length: float | None, tpot: float | None) -> float | None:
    """TTFT + (length - 1) * TPOT, end by end: conservative bounds where all three are known."""
    if ttft is None or length is None or tpot is None:
        return None
    return ttft + max(length - 1.0, 0.0) * tpot
