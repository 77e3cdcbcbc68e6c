"""Goodput and attainment: requests that met all their limits, of all that were sent."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Bools
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "attainment", "goodput", "limits_met"]

INFO = (
    MetricInfo(
        "goodput",
        "requests/s",
        "Requests that were served and met all their limits, per second of the measured window; "
        "failed and refused ones count as not met.",
        "higher",
        "DistServe, arXiv 2401.09670",
    ),
    MetricInfo(
        "attainment",
        "0 to 1",
        "Share of all requests, failed and refused ones included, that were served and met all "
        "their limits.",
        "higher",
        "DistServe, arXiv 2401.09670",
    ),
)


def limits_met(values: npt.ArrayLike, limits: npt.ArrayLike, served: npt.ArrayLike) -> Bools:
    """Which of all requests were served with every value at or below its limit.

    Args:
        values: (n, L) what each request took, for example TTFT and TPOT in s; NaN where it was
            not served. An answer of one token has no TPOT: pass 0.
        limits: (n, L) what it asked for, in the same units; NaN where it asked for nothing.
        served: (n,) whether it was served; false for failed and refused.

    Returns:
        (n,) false for those not served.

    Raises:
        DataError: the shapes do not fit, or a served request lacks a value that has a limit.
    """
    told, asked = (np.asarray(one, dtype=np.float64) for one in (values, limits))
    done = np.asarray(served, dtype=np.bool_)
    if told.ndim != 2 or asked.shape != told.shape or done.shape != told.shape[:1]:
        raise DataError(
            f"values, limits and served have shapes {told.shape}, {asked.shape} and {done.shape}; "
            "(n, L), (n, L) and (n,) fit"
        )
    limited = ~np.isnan(asked)
    unknown = int((np.isnan(told) & limited & done[:, None]).any(axis=1).sum())
    if unknown:
        raise DataError(f"{unknown} served requests lack a value that they have a limit for")
    met: Bools = done & ((told <= asked) | ~limited).all(axis=1)
    return met


def goodput(met: npt.ArrayLike, seconds: float) -> float:
    """Requests per second that met all their limits (DistServe, arXiv 2401.09670).

    Args:
        met: (n,) of all requests of one run, as `limits_met` gives it.
        seconds: length of the measured window.

    Raises:
        DataError: the window is not a finite time above 0 s.
    """
    if not (np.isfinite(seconds) and seconds > 0.0):
        raise DataError(f"the measured window has {seconds} s; above 0 is accepted")
    return float(np.count_nonzero(np.asarray(met, dtype=np.bool_)) / seconds)


def attainment(met: npt.ArrayLike) -> float | None:
    """Share of all requests of one run that met all their limits; None when there are none.

    Args:
        met: (n,) of all requests, as `limits_met` gives it.
    """
    table = np.asarray(met, dtype=np.bool_)
    return float(table.mean()) if table.size else None
