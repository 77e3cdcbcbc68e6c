"""Declared row schemas: the contract between stages.

A `Schema` names the columns of a file, their types, units, allowed nulls and allowed values. Frames
are checked when they are written and when they are read; a breach names file, column and fix.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import SchemaError, nearest
from pipeline.files import write_whole

__all__ = ["Column", "Schema", "read_rows", "write_rows"]


@dataclass(frozen=True)
class Column:
    """One column: its name, polars type, meaning with unit, and what its values may be."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    meaning: str
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    among: tuple[str, ...] = ()

    def problem(self, values: pl.Series) -> str | None:
        """Return what is wrong with the values, or None."""
        if values.dtype != self.dtype:
            return f"is {values.dtype}, expected {self.dtype} ({self.meaning})"
        if not self.nullable and values.null_count():
            return f"has {values.null_count()} nulls where none are allowed ({self.meaning})"
        if self.dtype.is_float() and values.is_nan().any():
            return "holds NaN; a missing value must be null"
        if self.low is not None and (values < self.low).any():
            return f"goes down to {values.min()!r}, the least accepted is {self.low}"
        if self.high is not None and (values > self.high).any():
            return f"goes up to {values.max()!r}, the most accepted is {self.high}"
        if self.among:
            strange = values.drop_nulls().unique().sort().to_list()
            wrong = [value for value in strange if value not in self.among]
            if wrong:
                return f"holds {wrong[0]!r}; {nearest(str(wrong[0]), self.among)}"
        return None


@dataclass(frozen=True)
class Schema:
    """The columns of one kind of row, in file order, and the columns that identify a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def polars(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """The schema as polars wants it when a frame is built from Python rows."""
        return {column.name: column.dtype for column in self.columns}

    def frame(self, rows: Iterable[dict[str, object]]) -> pl.DataFrame:
        """Build a checked frame from dictionaries that hold exactly the declared columns."""
        return self.check(pl.DataFrame(list(rows), schema=self.polars(), orient="row"), "memory")

    def check(self, frame: pl.DataFrame, where: str | Path) -> pl.DataFrame:
        """Return the frame with its columns in declared order.

        Raises:
            SchemaError: a column is missing, unknown, of another type or out of range, or two rows
                share one key.
        """
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise SchemaError(
                f"{where}: column {missing[0]!r} of {self.name} rows is missing; "
                f"found {', '.join(frame.columns) or 'no columns'}"
            )
        unknown = [name for name in frame.columns if name not in self.names]
        if unknown:
            raise SchemaError(
                f"{where}: unknown column {unknown[0]!r} in {self.name} rows; "
                f"{nearest(unknown[0], self.names)}"
            )
        # A column of nulls has no type of its own in a frame built from rows without it.
        empty = [c for c in self.columns if c.nullable and frame[c.name].dtype == pl.Null]
        frame = frame.with_columns(pl.col(c.name).cast(c.dtype) for c in empty)
        for column in self.columns:
            if problem := column.problem(frame[column.name]):
                raise SchemaError(f"{where}: column {column.name!r} {problem}")
        self._check_key(frame, where)
        return frame.select(self.names)

    def _check_key(self, frame: pl.DataFrame, where: str | Path) -> None:
        if not self.key:
            return
        twice = frame.filter(frame.select(self.key).is_duplicated())
        if twice.height:
            raise SchemaError(
                f"{where}: {twice.height} {self.name} rows share a key, first "
                f"{dict(zip(self.key, twice.select(self.key).row(0), strict=True))}; "
                f"one row per ({', '.join(self.key)}) is accepted"
            )


def read_rows(path: Path, schema: Schema) -> pl.DataFrame:
    """Read a parquet file, or every parquet file of a folder, and check it against its schema.

    Raises:
        SchemaError: the file is absent, is not parquet, or breaks the schema.
    """
    if not path.exists():
        raise SchemaError(
            f"{path}: no such file of {schema.name} rows; run the stage that writes it"
        )
    source = path / "*.parquet" if path.is_dir() else path
    try:
        frame = pl.read_parquet(source)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path}: cannot be read as parquet ({reason})") from error
    return schema.check(frame, path)


def write_rows(frame: pl.DataFrame, path: Path, schema: Schema) -> None:
    """Check a frame and write it as one parquet file, whole or not at all."""
    checked = schema.check(frame, path)
    with write_whole(path) as partial:
        checked.write_parquet(partial, compression="zstd", statistics=False)
