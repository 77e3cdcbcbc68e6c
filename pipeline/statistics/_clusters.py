"""The one place that forms clusters and pairs.

Pairs are matched by key, never by row order: after one failed request, row order would shift every
later pair.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, Ids, Ints, finite

__all__ = ["PairedDifferences", "cluster_sums", "paired_differences"]


@dataclass(frozen=True)
class PairedDifferences:
    """Differences a - b of matched keys, in the order of the keys.

    Attributes:
        differences: (n,) in the unit of the column.
        group_ids: (n,) cluster of each pair.
        dropped: keys of either frame without a value on both sides.
    """

    differences: Floats
    group_ids: Ids
    dropped: int


def cluster_sums(values: npt.ArrayLike, group_ids: npt.ArrayLike) -> tuple[Floats, Ints]:
    """Sum the values of each cluster.

    Args:
        values: (n,) numbers.
        group_ids: (n,) cluster of each value; any ids that can be sorted.

    Returns:
        sums (k,) and sizes (k,) of the k clusters, in the order of their sorted ids.

    Raises:
        DataError: a value or an id is missing, or the lengths differ.
    """
    numbers = finite(values, "values")
    ids = np.asarray(group_ids)
    if ids.shape != numbers.shape:
        raise DataError(f"values have shape {numbers.shape} but group_ids {ids.shape}")
    if not numbers.size:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    codes = _codes(ids)
    sizes = np.bincount(codes).astype(np.int64)
    return np.bincount(codes, weights=numbers).astype(np.float64), sizes


def _codes(ids: Ids) -> Ints:
    """Number the clusters 0..k-1 in sorted order."""
    if ids.dtype.kind == "O" and any(one is None for one in ids):
        raise DataError("group_ids has missing ids; every value belongs to one cluster")
    if ids.dtype.kind == "f" and np.isnan(ids).any():
        raise DataError("group_ids has missing ids; every value belongs to one cluster")
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)


def paired_differences(
    a: pl.DataFrame, b: pl.DataFrame, keys: list[str], column: str
) -> PairedDifferences:
    """Match two frames by key and subtract: a - b.

    Rows of equal key (repeats of one prompt) are averaged first, over those that are not null.
    A key with no value on one side, or absent there, is dropped and counted once.

    Args:
        a: rows with `keys`, ``group_id`` and `column`.
        b: the same of the arm to compare with.
        keys: columns that identify a pair, for example ``["seed", "prompt_id"]``.
        column: the number to compare; booleans count as 0 and 1.

    Raises:
        DataError: a column is absent or no number, a key or group is null, a value is NaN or
            infinite, the types of a key differ, or one key is in two groups.
    """
    if not keys:
        raise DataError("pairs need at least one key column")
    _same_types(a, b, keys)
    left, right = _by_key(a, keys, column, "a"), _by_key(b, keys, column, "b")
    joined = left.join(right, on=keys, how="full", coalesce=True, suffix="_b")
    pairs = joined.drop_nulls(["_value", "_value_b"]).sort(keys)
    if pairs.filter(pl.col("_group") != pl.col("_group_b")).height:
        raise DataError(f"some {keys} belong to one group_id in a and to another in b")
    differences = pairs.select(pl.col("_value") - pl.col("_value_b")).to_series().to_numpy()
    return PairedDifferences(
        finite(differences, column), pairs["_group"].to_numpy(), joined.height - pairs.height
    )


def _same_types(a: pl.DataFrame, b: pl.DataFrame, keys: list[str]) -> None:
    for key in (*keys, "group_id"):
        for name, frame in (("a", a), ("b", b)):
            if key not in frame.columns:
                raise DataError(f"{name} has no key column {key!r}; it has {frame.columns}")
        if a.schema[key] != b.schema[key]:
            raise DataError(f"key {key!r} is {a.schema[key]} in a but {b.schema[key]} in b")


def _by_key(frame: pl.DataFrame, keys: list[str], column: str, name: str) -> pl.DataFrame:
    """One row per key: keys, ``_group`` and ``_value``, the mean of what is not null."""
    rows = _checked(frame, keys, column, name).sort([*keys, "_value"])
    # Sorted lists, because the mean of a group takes its sum in an order that varies by thread.
    means = (
        rows.group_by(keys)
        .agg(
            pl.col("_group").first(),
            pl.col("_group").n_unique().alias("_groups"),
            pl.col("_value"),
        )
        .with_columns(pl.col("_value").list.mean())
    )
    if means.filter(pl.col("_groups") > 1).height:
        raise DataError(f"some {keys} of {name} belong to more than one group_id")
    return means.drop("_groups")


def _checked(frame: pl.DataFrame, keys: list[str], column: str, name: str) -> pl.DataFrame:
    if column not in frame.columns:
        raise DataError(f"{name} has no column {column!r}; it has {frame.columns}")
    dtype = frame.schema[column]
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
        raise DataError(f"column {column!r} of {name} is {dtype}; a number is accepted")
    for key in (*keys, "group_id"):
        if frame[key].null_count():
            raise DataError(f"key column {key!r} of {name} has {frame[key].null_count()} nulls")
    rows = frame.select(
        *keys,
        pl.col("group_id").alias("_group"),
        pl.col(column).cast(pl.Float64).alias("_value"),
    )
    finite(rows["_value"].drop_nulls().to_numpy(), f"column {column!r} of {name}")
    return rows
