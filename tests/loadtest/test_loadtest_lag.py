"""Rows of a late client are refused, with figures; those of a punctual one are not."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.loadtest import lag_line, lags, refuse_late
from pipeline.params import HttpParams
from tests.reporting_rows import request, requests_frame


def rows_of(seconds: list[float | None], **changes: Any) -> pl.DataFrame:
    """One row per lag; None was never sent."""
    return requests_frame(
        [
            request(i, t_issued=None if late is None else 1.0 + late, **changes)
            for i, late in enumerate(seconds)
        ]
    )


def test_the_lag_of_issuing_is_told() -> None:
    late = np.array([0.001] * 99 + [0.5])
    assert lag_line(late) == (
        "issued behind schedule: p50 1.0 ms, p99 6.0 ms, 1 of 100 by more than 10 ms"
    )
    assert lag_line(np.array([])) == "issued behind schedule: no request was sent"


def test_a_lag_is_of_a_measured_request_that_was_sent() -> None:
    warming = request(9, measured=False, t_issued=5.0)
    rows = pl.concat([rows_of([0.25, None]), requests_frame([warming])])
    assert lags(rows).tolist() == [0.25]


def test_one_late_request_more_than_the_accepted_share_refuses_the_run() -> None:
    http = HttpParams(max_lag_ms=20.0, max_late_share=0.1)
    refuse_late(rows_of([0.03] + [0.0199] * 9), http)
    with pytest.raises(DataError, match=r"2 of 10 measured requests were issued more than 20 ms"):
        refuse_late(rows_of([0.03, 0.021] + [0.0] * 8), http)


def test_a_simulation_has_no_client_that_could_be_late() -> None:
    rows = rows_of([None, None])
    refuse_late(rows, HttpParams())
    assert lags(rows).size == 0
