"""How far the client was behind its schedule, and whether its rows can be believed."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import HttpParams

__all__ = ["lag_line", "lags", "refuse_late"]

_LATE_S = 0.010


def lags(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Seconds from the scheduled time to the sending of each measured request that was sent."""
    sent = rows.filter(pl.col("measured") & pl.col("t_issued").is_not_null())
    return (sent["t_issued"] - sent["t_scheduled"]).to_numpy()


def lag_line(late: NDArray[np.float64]) -> str:
    """Say how far the requests, (n,) s, were issued behind their schedule."""
    if not late.size:
        return "issued behind schedule: no request was sent"
    count = int((late > _LATE_S).sum())
    return (
        f"issued behind schedule: p50 {1e3 * np.quantile(late, 0.5):.1f} ms, "
        f"p99 {1e3 * np.quantile(late, 0.99):.1f} ms, "
        f"{count} of {late.size} by more than {1e3 * _LATE_S:.0f} ms"
    )


def refuse_late(rows: pl.DataFrame, http: HttpParams) -> None:
    """Refuse REQUESTS rows of one run whose client did not keep its schedule.

    Raises:
        DataError: more than the accepted share was issued later than the accepted lag.
    """
    late = lags(rows)
    count = int((late > http.max_lag_ms * 1e-3).sum())
    if count > http.max_late_share * late.size:
        raise DataError(
            f"the client was late: {count} of {late.size} measured requests were issued more than "
            f"{http.max_lag_ms:g} ms behind schedule (p99 {1e3 * np.quantile(late, 0.99):.0f} ms), "
            f"and at most {http.max_late_share:.1%} of them may be; send from a machine with spare "
            "cores or with more workers (loadtest.http.workers), or keep the rows by --keep-late"
        )
