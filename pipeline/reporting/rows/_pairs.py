"""One arm against another on common random numbers: the difference and its interval."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.reporting.rows._measured import runs_of
from pipeline.statistics import (
    Estimate,
    PairedDifferences,
    mean_interval,
    paired_differences,
    paired_replication_interval,
    paired_t_pvalue,
    sign_flip_pvalue,
)

__all__ = ["PAIRED_METRICS", "Gap", "gap"]

PAIRED_METRICS = ("quality", "cost_usd", "e2e_s")
_KEY = ["seed", "request_id"]


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
        a, b: rows of `measured`, one arm each, at one rate.
        metric: quality, cost_usd or e2e_s, in its own unit.
        margin: the one-sided test is of a - b > margin.

    Latency is compared run by run (paired t over seeds); quality and cost prompt by prompt
    (bootstrap and sign flips over `group_id`).
    """
    if metric == "e2e_s":
        return _over_runs(a, b, metric, margin, level)
    pairs = paired_differences(a, b, _KEY, metric)
    return _over_prompts(pairs, margin, level, resamples, rng)


def _over_prompts(
    pairs: PairedDifferences,
    margin: float,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Gap:
    found = mean_interval(
        pairs.differences,
        pairs.group_ids,
        level=level,
        resamples=resamples,
        rng=rng,
        missing=pairs.dropped,
    )
    p_value = sign_flip_pvalue(
        pairs.differences,
        pairs.group_ids,
        shift=margin,
        alternative="greater",
        flips=resamples,
        rng=rng,
    )
    return Gap(found, p_value)


def _over_runs(a: pl.DataFrame, b: pl.DataFrame, metric: str, margin: float, level: float) -> Gap:
    one, other = (side.select(*_KEY, metric).drop_nulls() for side in (a, b))
    both = one.join(other, on=_KEY, suffix="_b", maintain_order="left")
    keys = pl.concat([a.select(_KEY), b.select(_KEY)]).unique().height
    left, right = (
        [run.mean() for run in runs_of(both, column)] for column in (metric, f"{metric}_b")
    )
    found = paired_replication_interval(left, right, level=level)
    p_value = paired_t_pvalue(left, right, shift=margin, alternative="greater")
    return Gap(replace(found, missing=keys - both.height), p_value)
