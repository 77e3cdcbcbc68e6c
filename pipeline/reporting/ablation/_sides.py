"""One side of a comparison, as it is named on the command line."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import DataError, ParamsError, UnknownNameError
from pipeline.params import STEADY
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows

__all__ = ["read_side"]

_FEW = 8  # names that a sentence lists


@dataclass(frozen=True)
class _Named:
    """What a name asks for: where the rows are and which of them; None takes any."""

    path: Path
    arm: str | None
    traffic: str | None = None
    rate: float | None = None


def read_side(given: str, requests: Path, *, arm: str | None = None) -> pl.DataFrame:
    """Return the measured REQUESTS rows of one arm.

    Args:
        given: a file or folder of REQUESTS rows, alone or as FILE:ARM; or ARM, ARM@RATE or
            TRAFFIC/ARM@RATE of `requests`, where the traffic is steady unless it is named.
        requests: the project's own rows, a file or folder.
        arm: for a file of several arms that names none.

    Raises:
        SchemaError: there are no such rows, or they break the schema.
        UnknownNameError: the arm or traffic has no measured rows there.
        ParamsError: the rate is no number, or has no measured rows.
        DataError: the rows are of several arms and none is named.
    """
    named = _parsed(given, requests, arm)
    rows = read_rows(named.path, REQUESTS).filter(pl.col("measured"))
    if named.traffic is not None:
        _refuse_unknown(rows, "traffic", named.traffic, given)
        rows = rows.filter(pl.col("traffic") == named.traffic)
    if named.arm is not None:
        _refuse_unknown(rows, "arm", named.arm, given)
        rows = rows.filter(pl.col("arm") == named.arm)
    elif rows["arm"].n_unique() > 1:
        raise DataError(_several(rows["arm"].unique().sort().to_list(), given))
    return rows if named.rate is None else _at_rate(rows, named.rate, given)


def _several(arms: list[str], given: str) -> str:
    told = ", ".join(arms if len(arms) <= _FEW else [*arms[:_FEW], "..."])
    return (
        f"{given}: measured rows of {len(arms)} arms ({told}); name one of them as {given}:ARM or "
        "with --arm"
    )


def _parsed(given: str, requests: Path, arm: str | None) -> _Named:
    path, _, last = given.rpartition(":")
    if _is_path(given):
        return _Named(Path(given), arm)
    if path and _is_path(path):
        return _Named(Path(path), last)
    traffic, _, cell = given.rpartition("/")
    name, at, rate = cell.partition("@")
    return _Named(requests, name, traffic or STEADY, _rate(rate, given) if at else None)


def _is_path(text: str) -> bool:
    """A name that exists, or that no arm can have."""
    return text.endswith(".parquet") or Path(text).exists()


def _rate(text: str, given: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ParamsError(f"{given}: {text!r} is not a rate in requests/s") from None


def _refuse_unknown(rows: pl.DataFrame, column: str, name: str, given: str) -> None:
    known = rows[column].unique().to_list()
    if name not in known:
        raise UnknownNameError(column, name, known, given)


def _at_rate(rows: pl.DataFrame, rate: float, given: str) -> pl.DataFrame:
    known = rows["rate"].unique().sort().to_list()
    if rate not in known:
        accepted = ", ".join(f"{one:g}" for one in known)
        raise ParamsError(f"{given}: no rows at {rate:g} requests/s; accepted: {accepted}")
    return rows.filter(pl.col("rate") == rate)
