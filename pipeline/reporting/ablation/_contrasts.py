"""The declared contrasts: what each measured and tested, before its family is judged."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import AblationParams, ContrastParams, LoadtestParams
from pipeline.reporting.rows import ESTIMATE_SCHEMA, GAP_UNITS, Paired, joined_labels, paired
from pipeline.statistics import claim_pvalue
from pipeline.streams import stream

__all__ = ["CONTRAST_SCHEMA", "RISING", "improvement", "measured_contrasts"]

CONTRAST_SCHEMA: dict[str, Any] = {
    "family": pl.String,
    "question": pl.String,
    "correction": pl.String,
    "contrast": pl.String,
    "kind": pl.String,
    "better": pl.String,
    "worse": pl.String,
    "traffic": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    "margin": pl.Float64,
    **ESTIMATE_SCHEMA,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "verdict": pl.String,
    "detectable": pl.Float64,
    "floor": pl.Float64,
    "label": pl.String,
}

RISING = ("quality", "utility")  # where more is better


def measured_contrasts(
    views: Mapping[str, pl.DataFrame],
    loadtest: LoadtestParams,
    params: AblationParams,
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Return one row per contrast and rate, still without adjusted P-value, verdict and floor.

    A rate without rows of both arms gives a row whose method says so, and no P-value.

    Args:
        views: rows of `measured` with utility, by traffic.
        loadtest: where the rates of each traffic are declared.
        params: the contrasts.
        seed: of the resampling.

    Raises:
        UnknownNameError: a contrast names an arm without measured rows in its traffic.
    """
    found = []
    for name, contrast in params.contrasts.items():
        rows = views[contrast.traffic]
        better, worse = (_arm(rows, arm, name) for arm in (contrast.better, contrast.worse))
        for rate in contrast.rates or loadtest.shape(contrast.traffic).rates:
            here = pl.col("rate") == rate
            one, other = better.filter(here), worse.filter(here)
            rng = stream(seed, "reporting", "ablation", name, str(rate))
            found.append(
                _declared(name, contrast, params)
                | {"rate": rate, "label": joined_labels(pl.concat([one, other])) or None}
                | improvement(paired(one, other, contrast.metric), contrast, params, rng)
            )
    return found


def improvement(
    pairs: Paired, contrast: ContrastParams, params: AblationParams, rng: np.random.Generator
) -> dict[str, Any]:
    """The estimate of the improvement, its P-value, and the detectable improvement.

    An improvement is positive where `better` is: better - worse for quality and utility, worse -
    better for times and cost.

    superior: two-sided interval at the level; P of improvement <= margin. noninferior: the same
    against -margin. equivalent: interval at 2 level - 1, which makes it the two one-sided tests
    (TOST, Schuirmann 1987); P is the larger of theirs. Detectable is the smallest improvement that
    would have been supported with the declared power, before the family is corrected for; of an
    equivalence, the smallest that would have refuted it.

    Args:
        pairs: better against worse.
        contrast: metric, kind and margin.
        params: level, resamples and power.
        rng: of the bootstrap and the sign flips.
    """
    gain = pairs if contrast.metric in RISING else pairs.negated()
    level = 2 * params.level - 1 if contrast.kind == "equivalent" else params.level
    bar = -contrast.margin if contrast.kind == "noninferior" else contrast.margin
    found = gain.estimate(level=level, resamples=params.resamples, rng=rng)
    return {
        **found.as_row(),
        "p_value": claim_pvalue(
            contrast.kind,
            contrast.margin,
            lambda at, side: gain.p_value(at, side, flips=params.resamples, rng=rng),
        ),
        "detectable": gain.detectable(margin=bar, level=level, power=params.power),
    }


def _declared(name: str, contrast: ContrastParams, params: AblationParams) -> dict[str, Any]:
    family = contrast.family or next(iter(params.families))
    return {
        "family": family,
        "question": params.families[family].question,
        "correction": params.families[family].correction,
        "contrast": name,
        "kind": contrast.kind,
        "better": contrast.better,
        "worse": contrast.worse,
        "traffic": contrast.traffic,
        "metric": contrast.metric,
        "unit": GAP_UNITS[contrast.metric],
        "margin": contrast.margin,
    }


def _arm(rows: pl.DataFrame, arm: str, contrast: str) -> pl.DataFrame:
    part = rows.filter(pl.col("arm") == arm)
    if part.is_empty():
        known = rows["arm"].unique().to_list()
        raise UnknownNameError("arm", arm, known, f"ablation.contrasts.{contrast}")
    return part
