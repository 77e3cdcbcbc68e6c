"""PROFILE rows as learners of latency see them."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._features import OBSERVED, TARGETS, latency_features
from pipeline.rows import SPLITS

__all__ = ["LOADS", "TierRows", "profile_features", "tier_rows"]

Floats = NDArray[np.float64]

LOADS = ("low", "medium", "high")


@dataclass(frozen=True)
class TierRows:
    """n requests of one tier.

    Attributes:
        features: (n, F) float32.
        seconds: (n, len(TARGETS)); NaN where the request had no such time.
        runs: independent run of each, (n,).
        loads: how busy its run was, one of `LOADS`, (n,).
    """

    features: NDArray[np.float32]
    seconds: Floats
    runs: NDArray[np.int64]
    loads: NDArray[np.str_]

    def take(self, rows: NDArray[np.bool_]) -> "TierRows":
        """The rows of a mask."""
        return TierRows(self.features[rows], self.seconds[rows], self.runs[rows], self.loads[rows])


def profile_features(rows: pl.DataFrame) -> NDArray[np.float32]:
    """Build the serving features of PROFILE rows, (n, F)."""
    observed = (rows[name].to_numpy().astype(np.float64) for name in OBSERVED)
    return latency_features(*observed)


def tier_rows(profile: pl.DataFrame, tier: str) -> dict[str, TierRows]:
    """Rows of one tier by part.

    Loads are thirds of the offered rates of the tier, from the lowest on.

    Raises:
        DataError: the tier has no rows at all, or none of some part.
    """
    rows = profile.filter(pl.col("tier") == tier)
    if not rows.height:
        raise DataError(f"the profile has no rows of tier {tier!r}; run `dvc repro profile`")
    rates, rank = np.unique(rows["rate"].to_numpy(), return_inverse=True)
    every = TierRows(
        profile_features(rows),
        rows.select(pl.col(TARGETS).fill_null(np.nan)).to_numpy(),
        rows["run"].to_numpy(),
        np.array(LOADS)[rank * len(LOADS) // len(rates)],
    )
    parts = rows["part"].to_numpy()
    for part in SPLITS:
        if part not in parts:
            raise DataError(
                f"the profile has no {part} runs of tier {tier!r}; run `dvc repro -f profile`"
            )
    return {part: every.take(parts == part) for part in SPLITS}
