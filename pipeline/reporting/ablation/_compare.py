"""Any two runs against each other, on the seeds and requests that they share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.reporting.ablation._contrasts import RISING
from pipeline.reporting.rows import (
    ESTIMATE_SCHEMA,
    GAP_UNITS,
    PromptPairs,
    in_cells,
    joined_labels,
    measured,
    paired,
)
from pipeline.statistics import claim_pvalue, claim_verdict
from pipeline.streams import stream

__all__ = ["COMPARED_METRICS", "compare"]

COMPARED_METRICS = tuple(name for name in GAP_UNITS if name != "utility")
_SCHEMA: dict[str, Any] = {
    "cell_a": pl.String,
    "cell_b": pl.String,
    "metric": pl.String,
    "unit": pl.String,
    "a": pl.Float64,
    "b": pl.Float64,
    **ESTIMATE_SCHEMA,
    "p_value": pl.Float64,
    "p_mcnemar": pl.Float64,
    "margin": pl.Float64,
    "verdict": pl.String,
    "label": pl.String,
}


def compare(
    rows_a: pl.DataFrame,
    rows_b: pl.DataFrame,
    *,
    level: float,
    resamples: int,
    margins: Mapping[str, float],
    seed: int,
) -> pl.DataFrame:
    """Return one row per pair of cells and metric: means of A and B, and A - B.

    Two single cells are paired whatever they are; otherwise cells of equal traffic and rate are.
    Requests are matched by (seed, request_id), and the means are of those that both served with a
    value: `missing` counts the others, failed ones and those of seeds that one side lacks. The
    P-value is two-sided, of no difference, without a correction for the number of metrics;
    p_mcnemar is its exact cross-check for quality of 0 and 1 with one request per cluster.

    Args:
        rows_a, rows_b: REQUESTS rows of one arm each.
        level: of the intervals.
        resamples: bootstrap draws and random sign patterns.
        margins: by metric, how much worse A may be in the metric's unit. The verdict is
            *supported* if the interval shows that it is not, *refuted* if it shows that it is, by
            the rule of a noninferior contrast (see `judge`) without a correction.
        seed: of the resampling.

    Raises:
        DataError: there are no measured rows, cells or seeds in common, or requests of equal
            number are of different prompts.
    """
    found = []
    for (cell_a, a), (cell_b, b) in _pairs_of_cells(measured(rows_a, None), measured(rows_b, None)):
        _refuse_unlike(a, b, f"{cell_a} and {cell_b}")
        shared = {"cell_a": cell_a, "cell_b": cell_b, "label": joined_labels(pl.concat([a, b]))}
        for metric in COMPARED_METRICS:
            rng = stream(seed, "reporting", "compare", cell_a, cell_b, metric)
            row = _row(a, b, metric, level, resamples, margins.get(metric), rng)
            found.append(shared | row)
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


_Cell = tuple[str, pl.DataFrame]


def _pairs_of_cells(a: pl.DataFrame, b: pl.DataFrame) -> list[tuple[_Cell, _Cell]]:
    one, other = _cells(a, "A"), _cells(b, "B")
    if len(one) == len(other) == 1:
        return [(next(iter(one.values())), next(iter(other.values())))]
    common = [key for key in one if key in other]
    if not common:
        raise DataError(
            f"A has the cells {', '.join(name for name, _ in one.values())} and B has "
            f"{', '.join(name for name, _ in other.values())}; cells of equal traffic and rate, or "
            "one cell on each side are accepted"
        )
    return [(one[key], other[key]) for key in common]


def _cells(rows: pl.DataFrame, side: str) -> dict[tuple[object, object], _Cell]:
    """The cells of one arm by traffic and rate, each with its name."""
    if rows.is_empty():
        raise DataError(f"{side} has no measured rows; there is nothing to compare")
    parts = in_cells(rows, "traffic", "rate", "arm")
    return {
        (traffic, rate): (f"{traffic}/{arm}@{rate:g}", part) for (traffic, rate, arm), part in parts
    }


def _refuse_unlike(a: pl.DataFrame, b: pl.DataFrame, cells: str) -> None:
    seeds = [side["seed"].unique().sort().to_list() for side in (a, b)]
    if not set(seeds[0]) & set(seeds[1]):
        told = " and ".join(", ".join(map(str, one)) for one in seeds)
        raise DataError(
            f"{cells} share no seed ({told}); only runs of equal seeds had the same arrivals"
        )
    keys = ["seed", "request_id"]
    both = a.select(*keys, "prompt_id").join(b.select(*keys, "prompt_id"), on=keys, suffix="_b")
    unlike = both.filter(pl.col("prompt_id") != pl.col("prompt_id_b")).sort(keys)
    if unlike.height:
        run, number, prompt, other = unlike.row(0)
        raise DataError(
            f"{cells}: {unlike.height} of {both.height} shared requests are of different prompts, "
            f"first request {number} of seed {run} ({prompt} and {other}); equal seeds must have "
            "equal prompts"
        )


def _row(
    a: pl.DataFrame,
    b: pl.DataFrame,
    metric: str,
    level: float,
    resamples: int,
    margin: float | None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    pairs = paired(a, b, metric)
    found = pairs.estimate(level=level, resamples=resamples, rng=rng)
    row = {
        "metric": metric,
        "unit": GAP_UNITS[metric],
        "a": _mean(pairs.a),
        "b": _mean(pairs.b),
        **found.as_row(),
        "p_value": pairs.p_value(0.0, "two-sided", flips=resamples, rng=rng),
        "p_mcnemar": pairs.exact_pvalue() if isinstance(pairs, PromptPairs) else None,
        "margin": margin,
        "verdict": None,
    }
    if margin is None:
        return row
    rising = metric in RISING
    gain = pairs if rising else pairs.negated()
    p_value = claim_pvalue(
        "noninferior", margin, lambda at, side: gain.p_value(at, side, flips=resamples, rng=rng)
    )
    ends = (found.low, found.high) if rising else (_minus(found.high), _minus(found.low))
    return row | {"verdict": claim_verdict("noninferior", margin, ends, p_value, 1 - level)}


def _minus(end: float | None) -> float | None:
    return None if end is None else -end


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
