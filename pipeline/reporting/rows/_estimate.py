"""The columns that an interval takes up in a table."""

from typing import Any

import polars as pl

__all__ = ["ESTIMATE_SCHEMA"]

ESTIMATE_SCHEMA: dict[str, Any] = {
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "method": pl.String,
    "n": pl.Int64,
    "clusters": pl.Int64,
    "missing": pl.Int64,
}
