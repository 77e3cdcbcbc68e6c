"""The one place where clusters and pairs are formed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["PairedDifferences", "cluster_sums", "paired_differences"]

Floats = NDArray[np.float64]


def cluster_sums(values: Floats, group_ids: Sequence[str]) -> tuple[Floats, Floats]:
    """Sum and size of every cluster, each (C,), in order of the sorted group ids.

    Raises:
        DataError: lengths differ, or a value is NaN (drop and count nulls first).
    """
    if len(values) != len(group_ids):
        raise DataError(f"{len(values)} values came with {len(group_ids)} group ids")
    if np.isnan(values).any():
        raise DataError("a value is NaN; drop missing values and count them first")
    _, index = np.unique(np.asarray(group_ids), return_inverse=True)
    sums = np.bincount(index, weights=values)
    return sums.astype(np.float64), np.bincount(index).astype(np.float64)


@dataclass(frozen=True)
class PairedDifferences:
    """Differences a - b on shared keys, their groups, and how many keys found no partner."""

    differences: Floats
    group_ids: list[str]
    dropped: int


def paired_differences(
    a: pl.DataFrame, b: pl.DataFrame, keys: list[str], column: str
) -> PairedDifferences:
    """Pair two frames by keys (never by row order) and subtract one column.

    Values that share a key are averaged first. A key that either side lacks, or where either
    value is null, is dropped and counted.

    Raises:
        DataError: a frame lacks a key, the column or group_id.
    """
    for name in (*keys, column, "group_id"):
        for side in (a, b):
            if name not in side.columns:
                raise DataError(f"column {name!r} is missing, so the rows cannot be paired by it")
    one, other = (
        side.group_by(keys, maintain_order=True).agg(
            pl.col(column).mean(), pl.col("group_id").first()
        )
        for side in (a, b)
    )
    both = one.join(other, on=keys, how="full", suffix="_b", coalesce=True).sort(keys)
    kept = both.filter(pl.col(column).is_not_null() & pl.col(f"{column}_b").is_not_null())
    return PairedDifferences(
        (kept[column] - kept[f"{column}_b"]).to_numpy().astype(np.float64),
        kept["group_id"].to_list(),
        both.height - kept.height,
    )
