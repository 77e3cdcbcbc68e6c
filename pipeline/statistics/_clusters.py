"""The one place that forms clusters and pairs.

Pairs are matched by key, never by row order: after one failed request, row order would shift every
later pair.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, Ids, Ints, finite

__all__ = [
    "PairedColumns",
    "cluster_columns",
    "cluster_sums",
    "paired_columns",
]


class PairedColumns(NamedTuple):
    """The values of many arms at matched keys, in the order of the keys.

    Attributes:
        group_ids: (n,) cluster of each key.
        values: (n, arms) in the unit of the column; NaN where an arm has no value.
        names: the arms, in the order of the columns.
    """

    group_ids: Ids
    values: Floats
    names: tuple[str, ...]


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
    sums, sizes = cluster_columns(finite(values, "values")[:, None], group_ids)
    return sums[:, 0], sizes[:, 0].astype(np.int64)


def cluster_columns(values: npt.ArrayLike, group_ids: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Sum the values of each cluster in each column, over those that are there.

    Args:
        values: (n, m) numbers; NaN is missing in that column alone.
        group_ids: (n,) cluster of each row; any ids that can be sorted.

    Returns:
        sums (k, m) and sizes (k, m) of the k clusters, in the order of their sorted ids.

    Raises:
        DataError: a value is infinite, an id is missing, or the shapes do not fit.
    """
    table, ids = np.asarray(values, dtype=np.float64), np.asarray(group_ids)
    if table.ndim != 2:
        raise DataError(f"values have shape {table.shape}; (rows, columns) is accepted")
    if ids.shape != table.shape[:1]:
        raise DataError(f"values have {table.shape[0]} rows but group_ids have shape {ids.shape}")
    infinite = int(np.count_nonzero(np.isinf(table)))
    if infinite:
        raise DataError(f"values have {infinite} infinite of {table.size}; NaN alone is missing")
    if not ids.size:
        return np.zeros((0, table.shape[1])), np.zeros((0, table.shape[1]))
    codes = _codes(ids)
    known = ~np.isnan(table)
    sums = [np.bincount(codes, weights=column) for column in np.where(known, table, 0.0).T]
    sizes = [np.bincount(codes, weights=column) for column in known.T]
    shape = (table.shape[1], codes.max() + 1)
    return _table(sums, shape), _table(sizes, shape)


def _table(columns: Sequence[npt.NDArray[Any]], shape: tuple[int, int]) -> Floats:
    """Columns side by side, one row after the other in memory; also when there are none."""
    return np.ascontiguousarray(np.array(columns, dtype=np.float64).reshape(shape).T)


def _codes(ids: Ids) -> Ints:
    """Number the clusters 0..k-1 in sorted order."""
    if ids.dtype.kind == "O" and any(one is None for one in ids):
        raise DataError("group_ids has missing ids; every value belongs to one cluster")
    if ids.dtype.kind == "f" and np.isnan(ids).any():
        raise DataError("group_ids has missing ids; every value belongs to one cluster")
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)


def paired_columns(
    frames: Mapping[str, pl.DataFrame], keys: list[str], column: str
) -> PairedColumns:
    """Match many frames by key, one column each, over the union of their keys.

    Rows of equal key are averaged first, over those that are not null. A key that a frame lacks,
    or has only nulls for, is NaN in its column.

    Args:
        frames: rows of each arm with `keys`, ``group_id`` and `column`.
        keys: columns that identify a request, for example ``["seed", "request_id"]``.
        column: the number to compare; booleans count as 0 and 1.

    Raises:
        DataError: there are no frames, or as `paired_differences`.
    """
    if not frames:
        raise DataError("columns need at least one frame")
    if not keys:
        raise DataError("pairs need at least one key column")
    _same_types(frames, keys)
    told = {name: _by_key(frame, keys, column, name) for name, frame in frames.items()}
    rows = pl.concat([one.select(*keys, "_group") for one in told.values()]).unique().sort(keys)
    if rows.select(keys).is_duplicated().any():
        raise DataError(f"some {keys} belong to different group_ids in {', '.join(frames)}")
    values = [
        rows.join(one, on=keys, how="left", maintain_order="left")["_value"].fill_null(math.nan)
        for one in told.values()
    ]
    table = np.column_stack([one.to_numpy() for one in values])
    return PairedColumns(rows["_group"].to_numpy(), table, tuple(frames))


def _same_types(frames: Mapping[str, pl.DataFrame], keys: list[str]) -> None:
    first, reference = next(iter(frames.items()))
    for key in (*keys, "group_id"):
        for name, frame in frames.items():
            if key not in frame.columns:
                raise DataError(f"{name} has no key column {key!r}; it has {frame.columns}")
            if frame.schema[key] != reference.schema[key]:
                raise DataError(
                    f"key {key!r} is {reference.schema[key]} in {first} "
                    f"but {frame.schema[key]} in {name}"
                )


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
