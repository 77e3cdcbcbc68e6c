"""How wrong the predictors were under load."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.rows import in_cells, joined_labels, measured, runs_of
from pipeline.statistics import Estimate, mape, mean_interval, replication_interval
from pipeline.streams import stream

__all__ = ["PREDICTED", "drift_table"]

PREDICTED = {
    "quality": "0 to 1",
    "length": "tokens",
    "ttft": "s",
    "tpot": "s per token",
    "e2e": "s",
}
DRIFT_SCHEMA: dict[str, Any] = {
    "slice": pl.String,
    "name": pl.String,
    "rate": pl.Float64,
    "predictor": pl.String,
    "unit": pl.String,
    "n": pl.Int64,
    "bias": pl.Float64,
    "mae": pl.Float64,
    "mape": pl.Float64,
    "n_mape": pl.Int64,
    "coverage": pl.Float64,
    "coverage_low": pl.Float64,
    "coverage_high": pl.Float64,
    "level": pl.Float64,
    "method": pl.String,
    "n_bounds": pl.Int64,
    "clusters": pl.Int64,
    "missing": pl.Int64,
    "missing_prediction": pl.Int64,
    "missing_actual": pl.Int64,
    "excluded": pl.Int64,
    "label": pl.String,
}
# Their truth rests on the length of the answer, which is no truth where a model guessed it.
_NEEDS_LENGTH = ("length", "e2e")
_OVER_PROMPTS = ("quality", "length")
_GUESSED = "estimated:model"


def drift_table(
    requests: pl.DataFrame, *, level: float, resamples: int = 2000, seed: int = 0
) -> pl.DataFrame:
    """Return the error of each predictor per rate, by arm and by tier (column `slice`).

    Args:
        requests: REQUESTS rows; only measured ones count.
        level: coverage of the intervals of `coverage`.
        resamples, seed: bootstrap of the coverage of quality and length.

    `bias` is the mean of predicted - actual and `mae` its mean size, in the predictor's unit;
    `mape` is the mean of |predicted - actual| / actual as a fraction over the `n_mape` rows whose
    actual is above 0; for a quality of 0 or 1 those are the good answers alone.
    `coverage` is the share of `n_bounds` rows whose actual lies within the predicted bounds. Its
    interval resamples `group_id` for quality and length, as prompts repeat; for latencies it is a
    t interval over seeds, as requests of one run share a queue.

    Actual times count from dispatch, which is what was predicted: ttft and e2e in s, tpot in s per
    token after the first. Rows of length and e2e whose output tokens were guessed by a model are
    `excluded`. `missing` = excluded + missing_actual + missing_prediction; an arm that predicts
    nothing therefore has n = 0.
    """
    rows = _with_actuals(measured(requests))
    found = []
    for slice_, key in (("arm", "arm"), ("tier", "tier")):
        for (name, rate), part in in_cells(rows, key, "rate"):
            shared = {"slice": slice_, "name": name, "rate": rate, "label": joined_labels(part)}
            for predictor, unit in PREDICTED.items():
                rng = stream(seed, "reporting", "drift", slice_, str(name), str(rate), predictor)
                errors = _errors(part, predictor, level, resamples, rng)
                found.append({**shared, "predictor": predictor, "unit": unit, **errors})
    return pl.DataFrame(found, schema=DRIFT_SCHEMA, orient="row")


def _with_actuals(rows: pl.DataFrame) -> pl.DataFrame:
    ok, longer = pl.col("status") == "ok", pl.col("output_tokens") > 1
    decode = (pl.col("t_done") - pl.col("t_first_token")) / (pl.col("output_tokens") - 1)
    actual = {
        "quality": pl.col("quality"),
        "length": pl.col("output_tokens").cast(pl.Float64),
        "ttft": pl.col("t_first_token") - pl.col("t_dispatched"),
        "tpot": pl.when(longer).then(decode),
        "e2e": pl.col("t_done") - pl.col("t_dispatched"),
    }
    return rows.with_columns(
        pl.when(ok).then(value).alias(f"actual_{name}") for name, value in actual.items()
    ).with_columns(pl.col("output_tokens_source").str.starts_with(_GUESSED).alias("guessed"))


def _errors(
    part: pl.DataFrame, predictor: str, level: float, resamples: int, rng: np.random.Generator
) -> dict[str, Any]:
    actual, point = f"actual_{predictor}", f"predicted_{predictor}"
    kept = part.filter(~pl.col("guessed")) if predictor in _NEEDS_LENGTH else part
    real = kept.filter(pl.col(actual).is_not_null())
    both = real.filter(pl.col(point).is_not_null())
    bounded = both.filter(
        pl.col(f"{point}_low").is_not_null() & pl.col(f"{point}_high").is_not_null()
    ).with_columns(
        pl.col(actual).is_between(f"{point}_low", f"{point}_high").cast(pl.Float64).alias("inside")
    )
    over = _by_prompt if predictor in _OVER_PROMPTS else _by_run
    hit = over(bounded, level, resamples, rng)
    return {
        **_points(both[actual].to_numpy(), both[point].to_numpy()),
        "coverage": hit.estimate,
        "coverage_low": None if hit.low is None else max(0.0, hit.low),
        "coverage_high": None if hit.high is None else min(1.0, hit.high),
        "level": level,
        "method": hit.method,
        "n_bounds": bounded.height,
        "clusters": hit.clusters,
        "missing": part.height - both.height,
        "missing_prediction": real.height - both.height,
        "missing_actual": kept.height - real.height,
        "excluded": part.height - kept.height,
    }


def _points(actual: Any, predicted: Any) -> dict[str, float | int | None]:
    if len(actual) == 0:
        return {"n": 0, "bias": None, "mae": None, "mape": None, "n_mape": 0}
    error, above = predicted - actual, actual > 0
    return {
        "n": len(actual),
        "bias": float(error.mean()),
        "mae": float(np.abs(error).mean()),
        "mape": mape(actual[above], predicted[above]) if above.any() else None,
        "n_mape": int(above.sum()),
    }


def _by_prompt(
    bounded: pl.DataFrame, level: float, resamples: int, rng: np.random.Generator
) -> Estimate:
    return mean_interval(
        bounded["inside"].to_numpy(),
        bounded["group_id"].to_list(),
        level=level,
        resamples=resamples,
        rng=rng,
    )


def _by_run(
    bounded: pl.DataFrame, level: float, resamples: int, rng: np.random.Generator
) -> Estimate:
    return replication_interval([run.mean() for run in runs_of(bounded, "inside")], level=level)
