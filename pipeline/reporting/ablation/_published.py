"""What was published of the arms, beside what they do here."""

import math
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import ClaimParams, PublishedParams
from pipeline.reporting.rows import in_cells, joined_labels, measured, runs_of
from pipeline.statistics import paired_replication_interval, replication_interval

__all__ = ["published_cells", "published_table"]

_CELLS: dict[str, Any] = {
    "traffic": pl.String,
    "rate": pl.Float64,
    "arm": pl.String,
    "e2e_s": pl.Float64,
    "e2e_low": pl.Float64,
    "e2e_high": pl.Float64,
    "p95_s": pl.Float64,
    "router_s": pl.Float64,
    "quality": pl.Float64,
    "cost_usd": pl.Float64,
    "mix": pl.String,
    "not_served": pl.Int64,
    "runs": pl.Int64,
    "label": pl.String,
}
_CLAIMS: dict[str, Any] = {
    "claim": pl.String,
    "traffic": pl.String,
    "rate": pl.Float64,
    "faster": pl.String,
    "slower": pl.String,
    "published_ratio": pl.Float64,
    "ratio": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "faster_s": pl.Float64,
    "slower_s": pl.Float64,
    "runs": pl.Int64,
    "verdict": pl.String,
    "label": pl.String,
}


def published_table(requests: pl.DataFrame, params: PublishedParams) -> pl.DataFrame:
    """Return one row per claim: who was faster as published, and here.

    The ratio is mean E2E (from the scheduled time, s) of `faster` over that of `slower`, its
    geometric mean over seeds with a paired t interval of the logarithms. The verdict is *same
    order* if the interval lies below 1, *reversed* if above, and *not told apart* otherwise.

    Raises:
        UnknownNameError: a claim names a cell that has no measured rows.
    """
    rows = measured(requests, None)
    claims = [_claim(rows, name, claim, params.level) for name, claim in params.claims.items()]
    return pl.DataFrame(claims, schema=_CLAIMS, orient="row")


def published_cells(requests: pl.DataFrame, params: PublishedParams) -> pl.DataFrame:
    """Return one row per cell that a claim names: latency, quality, cost and mix of models.

    `e2e_s` has a t interval over seeds; `router_s` is the mean time from the schedule to the
    decision; `mix` the percentages of the models in the order of their names; `not_served` counts
    failed and refused requests, which no mean contains.
    """
    named = {
        (c.traffic, c.rate, arm) for c in params.claims.values() for arm in (c.faster, c.slower)
    }
    found = []
    for key, part in in_cells(measured(requests, None), "traffic", "rate", "arm"):
        if key in named:
            found.append(_cell(key, part, params.level))
    return pl.DataFrame(found, schema=_CELLS, orient="row")


def _claim(rows: pl.DataFrame, name: str, claim: ClaimParams, level: float) -> dict[str, Any]:
    parts = [_of(rows, name, claim, arm) for arm in (claim.faster, claim.slower)]
    fast, slow = (np.array([run.mean() for run in runs_of(part, "e2e_s")]) for part in parts)
    told = paired_replication_interval(np.log(fast), np.log(slow), level=level)
    ratio, low, high = (
        None if end is None else math.exp(end) for end in (told.estimate, told.low, told.high)
    )
    return {
        "claim": name,
        "traffic": claim.traffic,
        "rate": claim.rate,
        "faster": claim.faster,
        "slower": claim.slower,
        "published_ratio": claim.ratio,
        "ratio": ratio,
        "low": low,
        "high": high,
        "level": level,
        "faster_s": float(fast.mean()),
        "slower_s": float(slow.mean()),
        "runs": len(fast),
        "verdict": _verdict(low, high),
        "label": joined_labels(pl.concat(parts)),
    }


def _verdict(low: float | None, high: float | None) -> str:
    if high is not None and high < 1:
        return "same order"
    return "reversed" if low is not None and low > 1 else "not told apart"


def _of(rows: pl.DataFrame, name: str, claim: ClaimParams, arm: str) -> pl.DataFrame:
    here = rows.filter((pl.col("traffic") == claim.traffic) & (pl.col("rate") == claim.rate))
    part = here.filter(pl.col("arm") == arm)
    if part.is_empty():
        known = here["arm"].unique().to_list()
        where = f"published.claims.{name} ({claim.traffic} at {claim.rate:g}/s)"
        raise UnknownNameError("arm", arm, known, where)
    return part


def _cell(key: tuple[object, ...], part: pl.DataFrame, level: float) -> dict[str, Any]:
    traffic, rate, arm = key
    runs = runs_of(part, "e2e_s")
    told = replication_interval([run.mean() for run in runs], level=level)
    waited = part.with_columns((pl.col("t_decided") - pl.col("t_scheduled")).alias("router"))
    shares = part.filter(pl.col("model").is_not_null())["model"].value_counts(sort=False)
    counts = dict(shares.iter_rows())
    total = max(sum(counts.values()), 1)
    mix = "/".join(f"{100 * counts[name] / total:.0f}" for name in sorted(counts))
    return {
        "traffic": traffic,
        "rate": rate,
        "arm": arm,
        "e2e_s": told.estimate,
        "e2e_low": told.low,
        "e2e_high": told.high,
        "p95_s": float(np.mean([np.quantile(run, 0.95) for run in runs])) if runs else None,
        "router_s": float(waited["router"].to_numpy().mean()),
        "quality": _mean(part, "quality"),
        "cost_usd": _mean(part, "cost_usd"),
        "mix": mix,
        "not_served": int((part["status"] != "ok").sum()),
        "runs": len(runs),
        "label": joined_labels(part),
    }


def _mean(part: pl.DataFrame, column: str) -> float | None:
    known = part[column].drop_nulls().to_numpy()
    return float(known.mean()) if known.size else None
