"""Regret: what a router's choices lose against the best choice for each prompt."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, Ints
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "regrets"]

_SOURCE = "bandit literature"

INFO = (
    MetricInfo(
        "regret",
        "score",
        "Mean over prompts of the utility of the oracle's model less that of the chosen one; the "
        "oracle picks by the same noisy scores, so that it is biased upwards.",
        "lower",
        _SOURCE,
    ),
    MetricInfo(
        "regret_quality",
        "0 to 1",
        "Mean over prompts of the quality of the best model less that of the chosen one; the "
        "oracle picks by the same noisy scores, so that it is biased upwards.",
        "lower",
        _SOURCE,
    ),
)


def regrets(
    utility: npt.ArrayLike, chosen: npt.ArrayLike, *, scored: npt.ArrayLike | None = None
) -> Floats:
    """Regret of each prompt, to be averaged over clusters of prompts.

    The best of several noisy scores is too good on average. Where a second judge or a repeat
    scored the same answers, pass it as `scored`: the oracle then picks by `utility`, and its choice
    and the router's are both rated by `scored`.

    Args:
        utility: (n, M) utility of each model on each prompt, quality less cost and time on their
            scales, or the quality alone; NaN where unknown.
        chosen: (n,) index of the model that the router chose.
        scored: (n, M) second opinion in the same unit.

    Returns:
        (n,) in the unit of the utility; at least 0 without `scored`. NaN where the chosen model or,
        in `scored`, the oracle's has no score.

    Raises:
        DataError: the shapes do not fit, a value is infinite, or an index is not 0..M-1.
    """
    table = np.asarray(utility, dtype=np.float64)
    rated = table if scored is None else np.asarray(scored, dtype=np.float64)
    if table.ndim != 2 or rated.shape != table.shape or not table.shape[1]:
        raise DataError(f"utilities have shapes {table.shape} and {rated.shape}; (n, M) twice fits")
    if np.isinf(table).any() or np.isinf(rated).any():
        raise DataError("utilities have infinite values; finite numbers and NaN are accepted")
    picks = _indices(chosen, table.shape)
    rows = np.arange(table.shape[0])
    best = np.where(np.isnan(table), -np.inf, table).argmax(axis=1)
    lost: Floats = rated[rows, best] - rated[rows, picks]
    return lost


def _indices(chosen: npt.ArrayLike, shape: tuple[int, ...]) -> Ints:
    picks = np.asarray(chosen)
    if picks.shape != shape[:1] or not np.issubdtype(picks.dtype, np.integer):
        raise DataError(f"chosen has shape {picks.shape}; {shape[0]} whole numbers are accepted")
    if picks.size and (picks.min() < 0 or picks.max() >= shape[1]):
        raise DataError(f"chosen spans {picks.min()}..{picks.max()}; 0..{shape[1] - 1} is accepted")
    return picks.astype(np.int64)
