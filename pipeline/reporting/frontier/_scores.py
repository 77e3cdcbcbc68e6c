"""Whatever is computed from the means of several columns, with its interval and its definition."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.rows import ESTIMATE_SCHEMA
from pipeline.statistics import FIELD_METRICS, Estimate, interval_of_draws, over_draws

__all__ = ["SCORE_COLUMNS", "Part", "Score", "described", "refused", "score"]

SCORE_COLUMNS: dict[str, Any] = {
    "metric": pl.String,
    "unit": pl.String,
    "better": pl.String,
    "definition": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}
Score = Callable[..., float | None]
# A column of the joint points, and the places in it; None for all of them.
Part = tuple[str, list[int] | None]
_METHOD = "joint draws of prompt clusters"


def described(metric: str, name: str = "", more: str = "") -> dict[str, str]:
    """The columns that say what a metric is.

    Args:
        metric: a key of FIELD_METRICS.
        name: in the table, if not the same.
        more: sentences after the definition.
    """
    info = FIELD_METRICS[metric]
    return {
        "metric": name or metric,
        "unit": info.unit,
        "better": info.better,
        "definition": f"{info.definition} {more}".strip(),
    }


def score(joint: JointPoints, function: Score, parts: Sequence[Part], level: float) -> Estimate:
    """Evaluate a function on the means and on each of their joint draws.

    Args:
        joint: all arms of one rate.
        function: of one array per part; None where it is undefined.
        parts: what it is of. `missing` adds up the requests of those arms without a quality.
        level: confidence level.
    """
    points = [_taken(joint.points[name], places) for name, places in parts]
    known = not any(np.isnan(one).any() for one in points)
    draws = np.full(1, np.nan)
    if known:
        draws = over_draws(function, *(_taken(joint.draws[name], places) for name, places in parts))
    arms = {place for _, places in parts for place in places or ()}
    return interval_of_draws(
        function(*points) if known else None,
        draws,
        level=level,
        method=_METHOD,
        n=joint.n,
        clusters=joint.clusters,
        missing=sum(joint.estimates["quality"][place].missing for place in arms),
    )


def _taken(values: Floats, places: list[int] | None) -> Floats:
    return values if places is None else values[..., places]


def refused(reason: str, level: float, n: int = 0, clusters: int = 0) -> Estimate:
    """No number, and why."""
    return Estimate(None, None, None, level, f"degenerate: {reason}", n, clusters)
