"""Checks that every statistic makes of its arrays, with one wording for each refusal."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError

__all__ = [
    "Bools",
    "Floats",
    "Ids",
    "Ints",
    "finite",
    "finite_columns",
    "in_unit",
    "open_share",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[Any]


def finite(values: npt.ArrayLike, name: str) -> Floats:
    """One column of numbers as float64, shape (n,); n may be 0.

    Raises:
        DataError: a value is missing or infinite, is no number, or the shape is not (n,).
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something that is no number: {error}") from error
    if array.ndim != 1:
        raise DataError(f"{name} has shape {array.shape}; one dimension is accepted")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise DataError(
            f"{name} has {bad} missing or infinite values of {array.size}; "
            "drop and count them first"
        )
    return array


def finite_columns(**columns: npt.ArrayLike) -> tuple[Floats, ...]:
    """Columns of equal length n >= 1, checked by `finite`, in the order given.

    Raises:
        DataError: as `finite`, or the lengths differ, or there are no rows.
    """
    arrays = tuple(finite(values, name) for name, values in columns.items())
    sizes = {name: array.size for name, array in zip(columns, arrays, strict=True)}
    if len(set(sizes.values())) != 1:
        raise DataError(f"lengths differ: {sizes}")
    if not arrays[0].size:
        raise DataError(f"{', '.join(columns)}: there are no rows")
    return arrays


def in_unit(values: Floats, name: str) -> None:
    """Refuse values outside 0..1.

    Raises:
        DataError: the smallest or largest value is out of range.
    """
    if values.size and (values.min() < 0.0 or values.max() > 1.0):
        raise DataError(f"{name} spans {values.min():g}..{values.max():g}; 0..1 is accepted")


def open_share(value: float, name: str) -> None:
    """Refuse a level or quantile that is not strictly between 0 and 1.

    Raises:
        ValueError: it is not; params are checked earlier, so this is a defect of the caller.
    """
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value!r}")
