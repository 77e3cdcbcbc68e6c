"""One arm against another on common random numbers: the difference and its interval."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.reporting.rows._paired import paired
from pipeline.statistics import Estimate

__all__ = ["PAIRED_METRICS", "Gap", "gap"]

PAIRED_METRICS = ("quality", "cost_usd", "e2e_s")


@dataclass(frozen=True)
class Gap:
    """The mean of a - b on shared requests, and the P-value that it is above the margin."""

    estimate: Estimate
    p_value: float | None


def gap(
    a: pl.DataFrame,
    b: pl.DataFrame,
    metric: str,
    *,
    margin: float = 0.0,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Gap:
    """Return a - b of one metric, paired by (seed, request_id); unpaired requests are `missing`.

    Args:
        a, b: rows of `measured`, one arm each, in one traffic at one rate.
        metric: a key of GAP_UNITS, which has its unit; utility needs rows of `with_utility`.
        margin: the one-sided test is of a - b > margin.

    Latency and utility are compared run by run (paired t over seeds); quality and cost prompt by
    prompt (bootstrap and sign flips over `group_id`).
    """
    pairs = paired(a, b, metric)
    found = pairs.estimate(level=level, resamples=resamples, rng=rng)
    return Gap(found, pairs.p_value(margin, "greater", flips=resamples, rng=rng))
