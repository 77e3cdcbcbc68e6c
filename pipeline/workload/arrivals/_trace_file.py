"""Traces from parquet files: the edge at which recorded stamps become seconds."""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError, SchemaError, UnknownNameError
from pipeline.params import TraceParams
from pipeline.workload.arrivals._trace import Trace

__all__ = ["read_trace"]


def read_trace(params: TraceParams, folder: Path) -> Trace:
    """Read the times of a trace below `folder`, and its `input_tokens` and `output_tokens`.

    Numbers are seconds; datetimes become seconds from the first. Other columns are ignored.

    Raises:
        SchemaError: the file is absent or not parquet, or a column is of another type.
        UnknownNameError: the column of times is not in the file.
        DataError: no row at all; a stamp that is missing, negative, infinite or earlier than the
            one before; a length that is missing or below 1.
    """
    path = folder / params.file
    frame = _read(path)
    if params.column not in frame.columns:
        raise UnknownNameError("column", params.column, frame.columns, str(path))
    if frame.is_empty():
        raise DataError(f"{path}: holds no arrival; a trace needs at least one")
    return Trace(
        params.file,
        _times(frame[params.column], path),
        _tokens(frame, "input_tokens", path),
        _tokens(frame, "output_tokens", path),
    )


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path}: cannot be read as parquet ({reason})") from error


def _times(stamps: pl.Series, path: Path) -> NDArray[np.float64]:
    where = f"{path}: column {stamps.name!r}"
    if stamps.null_count():
        raise DataError(f"{where} has {stamps.null_count()} nulls; every arrival needs a time")
    if isinstance(stamps.dtype, pl.Datetime):
        stamps = (stamps - stamps[0]).dt.total_microseconds() / 1e6
    elif not stamps.dtype.is_numeric():
        raise SchemaError(f"{where} is {stamps.dtype}, expected seconds or datetimes")
    times = stamps.cast(pl.Float64).to_numpy()
    if (strange := np.flatnonzero(~np.isfinite(times))).size:
        row = int(strange[0])
        raise DataError(f"{where} holds {times[row]} in row {row}; finite seconds are accepted")
    if (back := np.flatnonzero(np.diff(times) < 0)).size:
        row = int(back[0]) + 1
        raise DataError(
            f"{where} goes back from {times[row - 1]:g} to {times[row]:g} s in row {row}; "
            "rows sorted by time are accepted"
        )
    if times[0] < 0:
        raise DataError(f"{where} starts at {times[0]:g}; seconds from 0 on are accepted")
    return times


def _tokens(frame: pl.DataFrame, name: str, path: Path) -> NDArray[np.int64] | None:
    if name not in frame.columns:
        return None
    lengths = frame[name]
    if not lengths.dtype.is_integer():
        raise SchemaError(f"{path}: column {name!r} is {lengths.dtype}, expected whole tokens")
    if lengths.null_count() or (lengths < 1).any():
        raise DataError(f"{path}: column {name!r} holds a length that is missing or below 1 token")
    return lengths.cast(pl.Int64).to_numpy()
