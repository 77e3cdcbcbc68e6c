import numpy as np
import polars as pl
import pytest

from pipeline.reporting.frontier import cell_table, mix_table
from pipeline.reporting.page._views import cells_for_reading
from tests.reporting_rows import fleet_rows, request, requests_frame


def _cell(rows, metric):
    table = cell_table(requests_frame(rows), level=0.95, resamples=300, seed=1)
    return table.filter(metric=metric).row(0, named=True)


def _two_runs():
    return [
        request(0, seed=1, t_done=3.0),
        request(1, seed=1, t_done=5.0),
        request(0, seed=2, t_done=5.0),
        request(1, seed=2, t_done=7.0),
    ]


def test_latency_counts_from_schedule_with_t_over_seeds():
    cell = _cell(_two_runs(), "e2e_s")  # per run 3 and 5; half width t(0.975, 1) * sqrt(2)/sqrt(2)
    assert cell["estimate"] == pytest.approx(4.0)
    assert cell["high"] - 4.0 == pytest.approx(12.7062, abs=1e-3)
    assert _cell(_two_runs(), "ttft_s")["estimate"] == pytest.approx(0.5)


def test_p95_with_few_requests_has_no_interval():
    cell = _cell(_two_runs(), "e2e_p95_s")
    assert cell["estimate"] == pytest.approx((3.9 + 5.9) / 2)
    assert cell["low"] is None
    assert "beyond the percentile" in cell["method"]


def test_p95_of_long_runs_has_an_interval():
    rows = [
        request(i, seed=seed, t_done=1.6 + i / 100 + seed / 10)
        for seed in (1, 2)
        for i in range(201)
    ]
    assert _cell(rows, "e2e_p95_s")["low"] is not None


def test_warm_up_is_not_used():
    rows = [*_two_runs(), request(9, measured=False, t_done=1000.0)]
    assert _cell(rows, "e2e_s")["estimate"] == pytest.approx(4.0)


def test_failed_requests_and_nulls_are_counted_not_averaged():
    failed = request(2, status="failed", t_done=None, t_first_token=None, quality=1.0)
    rows = [request(0, quality=0.0), request(2 + 1, quality=None), failed]
    quality, cost = _cell(rows, "quality"), _cell(rows, "cost_usd")
    assert (quality["estimate"], quality["n"], quality["missing"]) == (0.0, 1, 2)
    assert (cost["n"], cost["missing"], cost["failed"]) == (2, 1, 1)


def test_quality_clusters_are_groups():
    table = cell_table(fleet_rows(), level=0.95, resamples=300, seed=1)
    assert set(table.filter(metric="quality")["clusters"]) == {20}
    assert table.equals(cell_table(fleet_rows().reverse(), level=0.95, resamples=300, seed=1))


def test_mix_shares():
    rows = [request(i, model="m-big" if i == 0 else "m-small") for i in range(4)]
    mix = mix_table(requests_frame(rows))
    assert dict(zip(mix["model"], mix["share"], strict=True)) == {"m-big": 0.25, "m-small": 0.75}


def test_cells_for_reading_has_one_row_per_point():
    cells = cell_table(fleet_rows(), level=0.95, resamples=300, seed=1)
    table = cells_for_reading(cells, {"e2e_s": "E2E, s"})
    assert table.columns == ["arm", "rate", "E2E, s", "failed"]
    assert table.height == 6


def test_throughput_counts_completed_requests_by_hand():
    failed = request(5, seed=2, status="failed", t_done=90.0)
    cell = _cell([*_two_runs(), failed], "throughput_rps")
    # Run 1: 2 requests from 1 s to 5 s; run 2: 2 completed ones from 1 s to 7 s.
    assert cell["estimate"] == pytest.approx((2 / 4 + 2 / 6) / 2)
    assert (cell["unit"], cell["clusters"], cell["missing"]) == ("requests/s", 2, 1)
    none = _cell([request(0, status="failed", t_done=None)], "throughput_rps")
    assert (none["estimate"], none["low"], none["missing"]) == (0.0, None, 1)


def test_one_seed_gives_no_interval_and_says_why():
    cell = _cell([request(i, t_done=3.0 + i) for i in range(4)], "e2e_s")
    assert (cell["low"], cell["method"]) == (None, "degenerate: one run")


def test_run_means_do_not_depend_on_threads():
    """A grouped mean of polars varies in its last digits from call to call; numpy's does not."""
    noise = np.random.default_rng(0).random((2, 6000))
    base = requests_frame([request(0)])
    rows = pl.concat(
        base.select(pl.all().repeat_by(6000).explode()).with_columns(
            pl.Series("request_id", np.arange(6000)),
            pl.Series("t_done", 3.0 + done),
            pl.lit(seed + 1).cast(pl.Int64).alias("seed"),
        )
        for seed, done in enumerate(noise)
    )
    table = cell_table(rows, level=0.95, resamples=10, seed=1)
    found = table.filter(metric="e2e_s")["estimate"].item()
    assert found == np.mean([(3.0 + done - 1.0).mean() for done in noise])
