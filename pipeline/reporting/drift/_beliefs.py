"""What was predicted of each request beside what happened to it, as columns of one slice."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["OVER_PROMPTS", "OVER_RUNS", "PREDICTED", "Beliefs", "beliefs", "with_actuals"]

PREDICTED = {
    "quality": "0 to 1",
    "length": "tokens",
    "ttft": "s",
    "tpot": "s per token",
    "e2e": "s",
}
# What varies over prompts, and what a queue ties together within a run.
OVER_PROMPTS = ("quality", "length")
OVER_RUNS = ("ttft", "tpot", "e2e")
# Their truth rests on the length of the answer, which is no truth where a model guessed it.
_NEEDS_LENGTH = ("length", "e2e")
_GUESSED = "estimated:model"
_ENDS = ("", "_low", "_high")
_KEPT = (
    ["traffic", "arm", "rate", "seed", "request_id", "changed", "tier", "model", "label", "t_done"]
    + [f"actual_{name}" for name in PREDICTED]
    + [f"predicted_{name}{end}" for name in PREDICTED for end in _ENDS]
    + ["guessed", "cluster"]
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beliefs:
    """One predictor in n rows; NaN where there is nothing.

    Attributes:
        actual, point: (n,) what happened and what was expected, in the predictor's unit.
        low, high: (n,) predicted bounds.
        excluded: (n,) whether the truth was guessed by a model; `actual` is NaN there.
    """

    actual: Floats
    point: Floats
    low: Floats
    high: Floats
    excluded: NDArray[np.bool_]

    @property
    def both(self) -> NDArray[np.bool_]:
        """Rows with a truth and a prediction."""
        return ~np.isnan(self.actual) & ~np.isnan(self.point)

    @property
    def bounded(self) -> NDArray[np.bool_]:
        """Rows of `both` that have bounds as well."""
        return self.both & ~np.isnan(self.low) & ~np.isnan(self.high)

    @property
    def inside(self) -> Floats:
        """1 where the truth lies within the bounds, 0 where not, NaN without bounds."""
        within = (self.low <= self.actual) & (self.actual <= self.high)
        return np.where(self.bounded, within, np.nan)


def with_actuals(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that the tables of errors need, with what happened as actual_NAME.

    Times count from dispatch, which is what was predicted: ttft and e2e in s, tpot in s per token
    after the first; null unless the request was served. `cluster` numbers the group_id.

    Args:
        rows: rows of `measured`, of any traffic.
    """
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
        *(pl.when(ok).then(value).alias(f"actual_{name}") for name, value in actual.items()),
        pl.col("output_tokens_source").str.starts_with(_GUESSED).fill_null(False).alias("guessed"),
        pl.col("group_id").rank("dense").alias("cluster"),
    ).select(_KEPT)


def beliefs(part: pl.DataFrame, predictor: str) -> Beliefs:
    """Return one predictor of PREDICTED, in rows of `with_actuals`."""
    names = [f"actual_{predictor}"] + [f"predicted_{predictor}{end}" for end in _ENDS]
    actual, point, low, high = (part[name].to_numpy() for name in names)
    guessed = part["guessed"].to_numpy()
    excluded = guessed if predictor in _NEEDS_LENGTH else np.zeros_like(guessed)
    return Beliefs(np.where(excluded, np.nan, actual), point, low, high, excluded)
