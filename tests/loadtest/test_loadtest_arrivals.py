"""Cells under other arrivals and under faults: closed loops wait, and nobody is lost."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.fleet import Fleet
from pipeline.loadtest import Cell, Rig, Workload, run_cell
from pipeline.params import ClosedParams, FaultParams, Params, SquareParams


def served(params: Params, workload: Workload, **changes: Any) -> pl.DataFrame:
    """Rows of the arm shortest_queue with some sections changed."""
    faults = changes.pop("faults", ())
    fleet = Fleet.of(params.base.fleet.model_copy(update={"faults": faults}))
    told = params.loadtest.model_copy(update=changes)
    return run_cell(Cell("shortest_queue", 12.0, 1), Rig(told, fleet, {"test": workload}, None, 7))


def test_one_user_sends_the_next_request_after_thinking(params: Params, workload: Workload) -> None:
    closed = ClosedParams(users=1, think_s=0.5, think="constant")
    rows = served(params, workload, arrivals=closed).sort("request_id")
    assert rows["t_scheduled"].to_list()[1:] == pytest.approx(
        [done + 0.5 for done in rows["t_done"].to_list()[:-1]], abs=1e-12
    )


def test_a_closed_loop_never_has_more_requests_out_than_users(
    params: Params, workload: Workload
) -> None:
    rows = served(params, workload, arrivals=ClosedParams(users=9, think_s=0.2))
    assert rows.height == params.loadtest.requests
    moments = [(at, 1) for at in rows["t_scheduled"]] + [(at, -1) for at in rows["t_done"]]
    out = np.cumsum([change for _, change in sorted(moments)])
    assert 2 < out.max() <= 9


def test_a_square_wave_offers_its_peak(params: Params, workload: Workload) -> None:
    square = SquareParams(rates=(20.0, 4.0), period_s=8.0)
    rows = served(params, workload, arrivals=square, requests=400)
    high = rows.filter(pl.col("t_scheduled") % 8 < 4)
    whole = rows["t_scheduled"].max() // 8 * 8
    counted = high.filter(pl.col("t_scheduled") < whole).height
    expected = 20.0 * 4 * whole / 8
    assert abs(counted - expected) < 4 * expected**0.5


def test_every_request_has_a_row_when_instances_crash_refuse_and_reset(
    params: Params, workload: Workload
) -> None:
    broken = [
        FaultParams(instance="3b_a30-0", kind="crash", from_s=2.0, to_s=5.0),
        FaultParams(instance="7b_a30-1", kind="error", from_s=0.0, to_s=60.0, share=0.5),
        FaultParams(instance="7b_a30-2", kind="reset", from_s=0.0, to_s=60.0, share=1.0, tokens=3),
        FaultParams(instance="14b_v100-0", kind="stall", from_s=1.0, to_s=3.0),
        FaultParams(instance="72b_a100-0", kind="slow", from_s=0.0, to_s=60.0, factor=3.0),
    ]
    rows = served(params, workload, faults=tuple(broken))
    assert rows["request_id"].to_list() == list(range(params.loadtest.requests))
    failed = rows.filter(pl.col("status") == "failed")
    assert set(failed["instance"]) == {"3b_a30-0", "7b_a30-1", "7b_a30-2"}
    assert failed["t_done"].null_count() == failed["quality"].null_count() == failed.height
    reset = failed.filter(pl.col("instance") == "7b_a30-2")
    assert reset["output_tokens"].to_list() == [3] * reset.height
    refused = failed.filter(pl.col("instance") == "7b_a30-1")
    assert refused["output_tokens"].sum() == 0
    assert refused["t_first_token"].null_count() == refused.height


def test_a_closed_loop_goes_on_after_failures(params: Params, workload: Workload) -> None:
    down = [
        FaultParams(instance=name, kind="error", from_s=0.0, to_s=1e6, share=0.7)
        for name in params.base.fleet.instance_names
    ]
    closed = ClosedParams(users=3, think_s=0.1)
    rows = served(params, workload, arrivals=closed, faults=tuple(down))
    assert rows.height == params.loadtest.requests
    assert 0.5 < (rows["status"] == "failed").mean() < 0.9
