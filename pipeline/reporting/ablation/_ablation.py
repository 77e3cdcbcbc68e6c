"""The declared claims, their tests and their verdicts."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import AblationParams, ContrastParams
from pipeline.reporting.rows import ESTIMATE_SCHEMA, METRIC_UNITS, Gap, gap, joined_labels, measured
from pipeline.statistics import holm
from pipeline.streams import stream

__all__ = ["ablation_table"]

ABLATION_SCHEMA: dict[str, Any] = {
    "contrast": pl.String,
    "better": pl.String,
    "worse": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    "margin": pl.Float64,
    **ESTIMATE_SCHEMA,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "verdict": pl.String,
    "label": pl.String,
}


def ablation_table(requests: pl.DataFrame, params: AblationParams, *, seed: int) -> pl.DataFrame:
    """Return one row per contrast and rate, with the verdict on its claim.

    The improvement is worse - better for e2e_s (s) and cost_usd (USD), better - worse for quality
    (0 to 1), so that positive is good. Its P-value is of the one-sided test of improvement >
    margin; Holm's correction spans the whole family, all contrasts at all rates.

    The rule: *supported* if the interval's low end is above the margin and the adjusted P-value
    is below 1 - level; *refuted* if the interval's high end is below the margin; *inconclusive*
    otherwise, and whenever there is no interval. A test that could not be made stays in the
    family with P = 1, so that a gap never makes the others easier.

    Raises:
        UnknownNameError: a contrast names an arm without measured rows.
    """
    rows = measured(requests)
    rates = rows["rate"].unique().sort().to_list()
    found = [
        _tested(rows, name, contrast, rate, params, seed)
        for name, contrast in params.contrasts.items()
        for rate in rates
    ]
    pvalues = np.array([1.0 if row["p_value"] is None else row["p_value"] for row in found])
    for row, adjusted in zip(found, holm(pvalues), strict=True):
        row["p_adjusted"] = None if row["p_value"] is None else float(adjusted)
        row["verdict"] = _verdict(row, params.level)
    return pl.DataFrame(found, schema=ABLATION_SCHEMA, orient="row")


def _tested(
    rows: pl.DataFrame,
    name: str,
    contrast: ContrastParams,
    rate: float,
    params: AblationParams,
    seed: int,
) -> dict[str, Any]:
    better, worse = (_arm(rows, arm, name) for arm in (contrast.better, contrast.worse))
    better, worse = (part.filter(pl.col("rate") == rate) for part in (better, worse))
    first, second = (better, worse) if contrast.metric == "quality" else (worse, better)
    result: Gap = gap(
        first,
        second,
        contrast.metric,
        margin=contrast.margin,
        level=params.level,
        resamples=params.resamples,
        rng=stream(seed, "reporting", "ablation", name, str(rate)),
    )
    return {
        "contrast": name,
        "better": contrast.better,
        "worse": contrast.worse,
        "rate": rate,
        "metric": contrast.metric,
        "unit": METRIC_UNITS[contrast.metric],
        "margin": contrast.margin,
        **result.estimate.as_row(),
        "p_value": result.p_value,
        "label": joined_labels(pl.concat([better, worse])),
    }


def _arm(rows: pl.DataFrame, arm: str, contrast: str) -> pl.DataFrame:
    part = rows.filter(pl.col("arm") == arm)
    if part.is_empty():
        known = rows["arm"].unique().to_list()
        raise UnknownNameError("arm", arm, known, f"ablation.contrasts.{contrast}")
    return part


def _verdict(row: dict[str, Any], level: float) -> str:
    low, high, adjusted = row["low"], row["high"], row["p_adjusted"]
    if low is None or high is None or adjusted is None:
        return "inconclusive"
    if low > row["margin"] and adjusted < 1 - level:
        return "supported"
    return "refuted" if high < row["margin"] else "inconclusive"
