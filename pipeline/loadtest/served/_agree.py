"""The same cells simulated and served: do they say the same?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.errors import DataError
from pipeline.reporting.rows import ESTIMATE_SCHEMA, in_cells, measured, paired, paired_runs, tpot
from pipeline.statistics import Estimate
from pipeline.streams import stream

__all__ = ["Fidelity", "agree_lines", "agreement"]

_CELL = ("traffic", "arm", "rate")
_RESAMPLES = 2000
_ROUNDING = 1e-12  # sums of equal costs differ by their order
_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "arm": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "simulated": pl.Float64,
    "served": pl.Float64,
    **ESTIMATE_SCHEMA,
    "percent": pl.Float64,
    "within": pl.Boolean,
    "label": pl.String,
}


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How far mean times may be off.

    Attributes:
        percent: of the simulated mean.
        wire_ms: what HTTP between client, router and instance may add to a request's TTFT and E2E;
            it is no part of the engine, and much of a short TTFT.
    """

    percent: float = 5.0
    wire_ms: float = 10.0

    def holds(self, metric: str, simulated: float | None, served: float | None) -> bool | None:
        """Whether two means, s, are near enough; None where one is missing."""
        if simulated is None or served is None:
            return None
        wire = 0.0 if metric == "tpot_s" else self.wire_ms * 1e-3
        return abs(served - simulated) <= max(self.percent / 100 * simulated, wire)


def agreement(
    simulated: pl.DataFrame, served: pl.DataFrame, *, fidelity: Fidelity, level: float, seed: int
) -> pl.DataFrame:
    """Compare cells request by request: same key, same arrivals, same prompts.

    One row per cell and metric, the difference being served less simulated. `same_model` is the
    share of requests that went to the same model, and `mix` the largest difference between the
    shares of a model, which is 0 for an arm that does not look at the state of the fleet. Of
    quality and cost `within` says whether they are equal: exactly, or as far as the interval of
    the difference can tell. Of TTFT, TPOT and E2E it says whether the means differ by at most the
    declared percentage, or, as a whole, by no more than what the wire may add.

    Args:
        simulated, served: REQUESTS rows.
        fidelity: that is declared for times.
        level: of the intervals.
        seed: of the resampling.

    Raises:
        DataError: they share no cell, or their requests are not the same.
    """
    sides = [measured(one, traffic=None).with_columns(tpot().alias("tpot_s")) for one in
             (simulated, served)]  # fmt: skip
    theirs = dict(in_cells(sides[1], *_CELL))
    rows: list[dict[str, Any]] = []
    for cell, ours in in_cells(sides[0], *_CELL):
        if cell not in theirs:
            continue
        both = theirs[cell]
        _check_same(ours, both, cell)
        rows += _of_cell(cell, ours, both, fidelity, level, seed)
    if not rows:
        raise DataError("the two sides share no cell of traffic, arm and rate")
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def agree_lines(table: pl.DataFrame) -> Iterator[str]:
    """Yield the table for the shell."""
    yield (
        f"{'traffic':10} {'arm':22} {'rate':>6} {'metric':10} {'simulated':>11} {'served':>11} "
        f"{'percent':>8}"
    )
    for row in table.iter_rows(named=True):
        percent = "" if row["percent"] is None else f"{row['percent']:+.1f}"
        told = {True: "agrees", False: "DIFFERS", None: ""}[row["within"]]
        bounds = "" if row["low"] is None else f" [{row['low']:+.4g}, {row['high']:+.4g}]"
        yield (
            f"{row['traffic']:10} {row['arm']:22} {row['rate']:6g} {row['metric']:10} "
            f"{_number(row['simulated']):>11} {_number(row['served']):>11} {percent:>8} "
            f"{told}{bounds}  {row['label']}"
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def _check_same(ours: pl.DataFrame, theirs: pl.DataFrame, cell: tuple[object, ...]) -> None:
    key = ["seed", "request_id", "prompt_id"]
    if not ours.select(key).equals(theirs.select(key)):
        raise DataError(
            f"{', '.join(map(str, cell))}: the two sides have not the same requests; run them with "
            "the same params.yaml, seeds and number of requests"
        )


def _of_cell(
    cell: tuple[object, ...],
    ours: pl.DataFrame,
    theirs: pl.DataFrame,
    fidelity: Fidelity,
    level: float,
    seed: int,
) -> Iterator[dict[str, Any]]:
    shared = dict(zip(_CELL, cell, strict=True))
    shared["label"] = f"simulated against {theirs['label'][0]}"
    same = (ours["model"].eq_missing(theirs["model"])).mean()
    yield shared | {"metric": "same_model", "simulated": 1.0, "served": same, "n": ours.height}
    mix = _mix_difference(ours, theirs)
    yield shared | {"metric": "mix", "simulated": 0.0, "served": mix, "n": ours.height}
    for metric in ("quality", "cost_usd"):
        rng = stream(seed, "agreement", metric, *map(str, cell))
        told = paired(theirs, ours, metric).estimate(level=level, resamples=_RESAMPLES, rng=rng)
        yield shared | _compared(metric, ours, theirs, told, _covers_zero(told))
    for metric in ("ttft_s", "tpot_s", "e2e_s"):
        rng = stream(seed, "agreement", metric, *map(str, cell))
        runs = paired_runs(theirs, ours, metric)
        told = runs.estimate(level=level, resamples=_RESAMPLES, rng=rng)
        row = _compared(metric, ours, theirs, told, None)
        yield shared | row | {"within": fidelity.holds(metric, row["simulated"], row["served"])}


def _compared(
    metric: str, ours: pl.DataFrame, theirs: pl.DataFrame, told: Estimate, within: bool | None
) -> dict[str, Any]:
    simulated, served = ours[metric].mean(), theirs[metric].mean()
    percent = None
    if isinstance(simulated, float) and isinstance(served, float) and simulated:
        percent = 100.0 * (served / simulated - 1.0)
    return {
        "metric": metric,
        "simulated": simulated,
        "served": served,
        "percent": percent,
        "within": within,
        **told.as_row(),
    }


def _covers_zero(told: Estimate) -> bool | None:
    """Whether a difference is none: exactly, or as far as its interval can tell."""
    if told.estimate is None:
        return None
    if told.low is None or told.high is None:
        return abs(told.estimate) < _ROUNDING
    return told.low <= 0.0 <= told.high


def _mix_difference(ours: pl.DataFrame, theirs: pl.DataFrame) -> float:
    """Largest difference between the shares that a model has of all requests."""
    shares = [
        side.group_by("model").agg((pl.len() / side.height).alias("share"))
        for side in (ours, theirs)
    ]
    both = shares[0].join(shares[1], on="model", how="full", coalesce=True, nulls_equal=True)
    gaps = both.select(
        (pl.col("share").fill_null(0.0) - pl.col("share_right").fill_null(0.0)).abs()
    )
    return float(gaps.to_series().max() or 0.0)  # type: ignore[arg-type]
