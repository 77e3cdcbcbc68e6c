"""Calibration finds a known factor, the router its published delays; real runs come out true."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.fleet import StepTime
from pipeline.fleet.fidelity import (
    CASES,
    LadderConstants,
    Run,
    Times,
    calibrate,
    clock_table,
    fit_router,
    mean_e2e,
    published_fleet,
    read_runs,
    router_that_fits,
    run_errors,
    run_row,
    served,
    steptime_table,
)
from pipeline.fleet.fidelity._ladder import _dispatched
from pipeline.params import ClockParams

STEP = StepTime.roofline(w=10, c=0.1, e=2, f=0.08, d=1e-4, q=1e-6)
KV = 40_000


def run_of(factor: float) -> Run:
    """A run that the engine itself served, with step times `factor` times those of STEP."""
    rng = np.random.default_rng(3)
    n = 200
    nothing = np.zeros(n)
    run = Run(
        name="made",
        gpu="g",
        model="m",
        tp=1,
        max_num_seqs=32,
        max_batched_tokens=512,
        kv_tokens=KV,
        arrivals=np.cumsum(rng.exponential(0.1, n)),
        prompt=rng.integers(20, 900, n),
        output=rng.integers(1, 300, n),
        measured=Times(nothing, nothing, nothing),
        calibrating=np.arange(n) < 60,
    )
    return replace(run, measured=served(run, STEP.scaled(factor), KV))


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.6])
def test_calibration_recovers_the_factor_and_nothing_is_off_then(factor: float) -> None:
    run = run_of(factor)
    found = calibrate(run, STEP, KV)
    assert found == pytest.approx(factor, abs=2e-3)
    errors = run_errors(run, served(run, STEP.scaled(found), KV))
    assert all(abs(errors[f"{name}_mean_err"]) < 1 for name in ("tpot", "e2e"))


def test_errors_are_signed_and_leave_the_calibrating_requests_out() -> None:
    run = run_of(1.0)
    scale = np.where(run.calibrating, 100.0, 1.1)
    slower = Times(
        *(times * scale for times in (run.measured.ttft, run.measured.tpot, run.measured.e2e))
    )
    assert all(error == pytest.approx(10.0) for error in run_errors(run, slower).values())


def test_a_run_far_from_its_tables_and_a_cache_too_small_end_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"no factor from 0\.2 to 5"):
        calibrate(run_of(1.0), STEP.scaled(20), KV)
    with pytest.raises(DataError, match="larger than the KV cache"):
        served(run_of(1.0), STEP, 64)


def test_a_run_with_few_requests_is_refused(tmp_path: Path, real_data: Path) -> None:
    for part in ("meta", "timeseries", "requests"):
        frame = pl.read_parquet(real_data / "latency" / f"vllm_runs_{part}.parquet")
        frame.head(100).write_parquet(tmp_path / f"vllm_runs_{part}.parquet")
    with pytest.raises(DataError, match="at least 120 are needed"):
        read_runs(tmp_path)


def test_the_router_has_the_published_delays_at_both_rates() -> None:
    router = fit_router()
    rng = np.random.default_rng(0)
    for rate, published in ((12.0, 0.130), (30.0, 0.231)):
        arrivals = np.cumsum(rng.exponential(1 / rate, 400_000))
        delays = np.array(_dispatched(arrivals, router)) - arrivals
        assert delays.mean() == pytest.approx(published, rel=0.03)


def test_a_cell_repeats_by_its_seed_and_a_slower_router_makes_it_longer() -> None:
    fleet, constants, router = published_fleet(), LadderConstants(), fit_router()
    overload = next(case for case in CASES if case.name == "arm 4, square 40/6")
    first = mean_e2e(overload, fleet, router, constants, [1, 2])
    assert (first == mean_e2e(overload, fleet, router, constants, [1, 2])).all()
    assert first[0] != first[1]
    slower = replace(router, rate=router.rate * 0.97)
    assert (mean_e2e(overload, fleet, slower, constants, [1, 2]) > first).all()
    unreachable = replace(overload, published_s=0.5)
    assert router_that_fits(unreachable, fleet, router, constants, [1]) is None


def test_both_clocks_agree_on_one_workload() -> None:
    fleet = published_fleet().params.model_copy(update={"instances": {"3b_a30": 1, "7b_a30": 1}})
    params = ClockParams(requests=20, rate=10.0, speed=2.0, bound_percent=10.0)
    table = clock_table(fleet, params, 1)
    assert table["metric"].to_list() == ["TTFT", "TPOT", "E2E"]
    off = dict(table.select("metric", "difference_percent").iter_rows())
    # A loaded machine is late, never early: the wall clock cannot be much ahead of the engine's.
    assert off["TPOT"] > -5
    assert off["E2E"] > -2


@pytest.mark.realdata
def test_dense_real_runs_are_within_the_accepted_errors(real_data: Path) -> None:
    folder = real_data / "latency"
    rows = [run_row(run, folder) for run in read_runs(folder)]
    dense = [row for row in rows if row["estimated"] == "nothing"]
    assert len(dense) == 2
    for row in dense:
        for name in ("ttft", "tpot", "e2e"):
            assert abs(row[f"{name}_mean_err"]) <= 5, (row["run"], name)
        assert abs(row["ttft_p95_err"]) <= 12


@pytest.mark.realdata
def test_held_out_iterations_are_within_the_accepted_errors(real_data: Path) -> None:
    table = steptime_table(real_data / "latency")
    a30 = table.filter(pl.col("profile").str.starts_with("a30")).row(0, named=True)
    assert a30["decode_percent"] <= 3
    assert a30["overall_percent"] <= 5
    assert table["overall_percent"].max() <= 8
