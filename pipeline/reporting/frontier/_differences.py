"""Every arm against the baseline, on common random numbers."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import FrontierParams
from pipeline.reporting.frontier._aligned import Aligned, Floats
from pipeline.reporting.rows import ESTIMATE_SCHEMA, METRIC_UNITS
from pipeline.statistics import Estimate, mean_intervals, paired_replication_interval
from pipeline.streams import stream

__all__ = ["DIFFERENCE_SCHEMA", "difference_rows", "refuse_unknown_baseline"]

DIFFERENCE_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "baseline": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}
_OVER_PROMPTS = ("quality", "cost_usd")


def refuse_unknown_baseline(rows: pl.DataFrame, baseline: str) -> None:
    """Refuse a baseline without any row.

    Raises:
        UnknownNameError: it is not among the arms.
    """
    arms = rows["arm"].unique().sort().to_list()
    if baseline not in arms:
        raise UnknownNameError("arm", baseline, arms, "frontier.baseline")


def difference_rows(
    requests: Aligned, frontier: FrontierParams, *, seed: int
) -> list[dict[str, Any]]:
    """Return every other arm minus the baseline, in quality, cost_usd and e2e_s.

    Requests are paired by (seed, request_id), never by row order; `missing` counts those of either
    arm without a value on both sides. Quality and cost are resampled by `group_id`, all arms
    jointly; latency (s, from the scheduled time) is paired run by run. A rate at which the baseline
    has no rows gives no row.

    Args:
        requests: the rows of one rate.
        frontier: baseline, level and resamples.
        seed: of the bootstrap streams.
    """
    if frontier.baseline not in requests.arms:
        return []
    base = requests.arms.index(frontier.baseline)
    there = requests.at >= 0
    either = np.count_nonzero(there | there[:, [base]], axis=0)
    found = _over_prompts(requests, base, frontier, seed) | {
        "e2e_s": _over_runs(requests, base, frontier.level)
    }
    return [
        {
            "arm": arm,
            "baseline": frontier.baseline,
            "rate": requests.rate,
            "metric": metric,
            "unit": METRIC_UNITS[metric],
            **replace(told[place], missing=int(either[place]) - told[place].missing).as_row(),
            "label": requests.label((arm, frontier.baseline)),
        }
        for place, arm in enumerate(requests.arms)
        if place != base
        for metric, told in found.items()
    ]


def _over_prompts(
    requests: Aligned, base: int, frontier: FrontierParams, seed: int
) -> dict[str, list[Estimate]]:
    """Estimates of each arm; `missing` holds the number of pairs."""
    tables = [requests.column(metric) for metric in _OVER_PROMPTS]
    estimates = mean_intervals(
        np.hstack([table - table[:, [base]] for table in tables]),
        requests.group_ids,
        level=frontier.level,
        resamples=frontier.resamples,
        rng=stream(seed, "reporting", "frontier", "differences", requests.rate),
    )
    arms = len(requests.arms)
    return {
        metric: [replace(one, missing=one.n) for one in estimates[i * arms : (i + 1) * arms]]
        for i, metric in enumerate(_OVER_PROMPTS)
    }


def _over_runs(requests: Aligned, base: int, level: float) -> list[Estimate]:
    """As `_over_prompts`, run by run over the requests that both arms served."""
    table = requests.column("e2e_s")
    return [
        _paired_runs(table[:, place], table[:, base], requests.runs, level)
        for place in range(table.shape[1])
    ]


def _paired_runs(own: Floats, base: Floats, runs: list[slice], level: float) -> Estimate:
    both = ~np.isnan(own) & ~np.isnan(base)
    used = [(own[run][both[run]], base[run][both[run]]) for run in runs if both[run].any()]
    found = paired_replication_interval(
        [one.mean() for one, _ in used], [other.mean() for _, other in used], level=level
    )
    return replace(found, missing=int(both.sum()))
