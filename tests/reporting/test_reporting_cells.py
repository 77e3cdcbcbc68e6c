import numpy as np
import polars as pl
import pytest

from pipeline.reporting.frontier._mix import mix_table
from pipeline.statistics import latency_interval
from tests.reporting.frontier_case import cells_of
from tests.reporting_rows import fleet_rows, request, requests_frame


def _cell(rows, metric, handling="complete"):
    table = cells_of(requests_frame(rows))
    return table.filter(metric=metric, handling=handling).row(0, named=True)


def _failed(request_id, **changes):
    ended = {"status": "failed", "t_done": None, "t_first_token": None, "quality": None}
    return request(request_id, **ended | changes)


def _two_runs():
    return [
        request(0, seed=1, t_done=3.0),
        request(1, seed=1, t_done=5.0),
        request(0, seed=2, t_done=5.0),
        request(1, seed=2, t_done=7.0),
    ]


def test_latency_counts_from_schedule_with_an_interval_over_seeds():
    rows = [request(i, seed=seed, t_done=3.0 + i + seed / 10) for seed in (1, 2, 3) for i in (0, 1)]
    cell = _cell(rows, "e2e_s")  # runs of 2.6, 2.7 and 2.8 s
    assert cell["estimate"] == pytest.approx(2.7)
    told = latency_interval([2.6, 2.7, 2.8], level=0.95)
    assert (cell["low"], cell["high"]) == pytest.approx((told.low, told.high))
    assert _cell(rows, "ttft_s")["estimate"] == pytest.approx(0.5)
    assert _cell(_two_runs(), "e2e_s")["estimate"] == pytest.approx(4.0)


def test_tpot_counts_the_tokens_after_the_first():
    rows = [request(0), request(1, output_tokens=1)]  # 2 s for 10 tokens; one token has none
    cell = _cell(rows, "tpot_s")
    assert cell["estimate"] == pytest.approx(0.2)
    assert (cell["unit"], cell["missing"]) == ("s per token", 1)


def test_p95_with_few_requests_has_no_interval():
    cell = _cell(_two_runs(), "e2e_p95_s")
    assert cell["estimate"] == pytest.approx((3.9 + 5.9) / 2)
    assert cell["low"] is None
    assert "beyond the percentile" in cell["method"]


def test_p95_of_long_runs_has_an_interval():
    rows = [
        request(i, seed=seed, t_done=1.6 + i / 100 + seed / 10)
        for seed in (1, 2, 3)
        for i in range(201)
    ]
    assert _cell(rows, "e2e_p95_s")["low"] is not None


def test_warm_up_and_other_splits_are_not_used():
    rows = [
        *_two_runs(),
        request(9, measured=False, t_done=1000.0),
        request(10, split="validation", t_done=1000.0),
        request(11, traffic="burst", t_done=1000.0),
    ]
    assert _cell(rows, "e2e_s")["estimate"] == pytest.approx(4.0)


def test_failed_requests_and_nulls_are_counted_not_averaged():
    rows = [request(0, quality=0.0), request(3, quality=None), _failed(2, quality=1.0)]
    quality, cost = _cell(rows, "quality"), _cell(rows, "cost_usd")
    assert (quality["estimate"], quality["n"], quality["missing"]) == (0.0, 1, 2)
    assert (cost["n"], cost["missing"], cost["failed"]) == (2, 1, 1)


def test_an_arm_that_fails_the_hard_ones_gains_nothing_where_failures_are_included():
    """Two served well in 2 s, one failed after 3e-6 USD, one refused; the bound is 10 s."""
    refused = _failed(3, status="refused", cost_usd=0.0)
    rows = [
        request(0, t_done=3.0, cost_usd=1e-6),
        request(1, t_done=3.0, cost_usd=2e-6),
        _failed(2, cost_usd=3e-6),
        refused,
    ]
    complete = {name: _cell(rows, name)["estimate"] for name in ("quality", "cost_usd", "e2e_s")}
    assert complete == pytest.approx({"quality": 1.0, "cost_usd": 1.5e-6, "e2e_s": 2.0})
    found = {name: _cell(rows, name, "failures_included") for name in complete}
    values = {name: cell["estimate"] for name, cell in found.items()}
    assert values == pytest.approx({"quality": 0.5, "cost_usd": 1.5e-6, "e2e_s": 6.0})
    assert {cell["missing"] for cell in found.values()} == {0}


def test_a_served_answer_without_a_label_is_unknown_in_both_handlings():
    rows = [request(0, quality=1.0), request(1, quality=None), _failed(2)]
    cell = _cell(rows, "quality", "failures_included")
    assert (cell["estimate"], cell["n"], cell["missing"]) == (0.5, 2, 1)


def test_without_failures_both_handlings_say_the_same():
    table = cells_of(fleet_rows(rates=(6.0,)))
    values = [*table.columns[5:13]]
    for metric in ("quality", "cost_usd", "e2e_s", "e2e_p95_s"):
        both = [
            table.filter(metric=metric, handling=one).select(values)
            for one in ("complete", "failures_included")
        ]
        assert both[0].equals(both[1])


def test_quality_clusters_are_groups_and_the_order_of_rows_does_not_matter():
    rows = fleet_rows(rates=(6.0,))
    table = cells_of(rows)
    assert set(table.filter(metric="quality")["clusters"]) == {20}
    assert table.equals(cells_of(rows.sample(fraction=1.0, shuffle=True, seed=3)))


def test_mix_shares():
    rows = [request(i, model="m-big" if i == 0 else "m-small") for i in range(4)]
    mix = mix_table(requests_frame(rows))
    assert dict(zip(mix["model"], mix["share"], strict=True)) == {"m-big": 0.25, "m-small": 0.75}


def test_whole_throughput_counts_completed_requests_by_hand():
    cell = _cell([*_two_runs(), _failed(5, seed=2)], "throughput_full_rps")
    # Run 1: 2 requests from 1 s to 5 s; run 2: 2 completed ones from 1 s to 7 s.
    assert cell["estimate"] == pytest.approx((2 / 4 + 2 / 6) / 2)
    assert (cell["unit"], cell["clusters"], cell["missing"]) == ("requests/s", 2, 1)
    none = _cell([_failed(0)], "throughput_full_rps")
    assert (none["estimate"], none["low"], none["missing"]) == (0.0, None, 1)


def test_trimmed_throughput_leaves_out_warm_up_and_drain():
    """Measured arrivals from 10 to 14 s; served within them: 11, 12, 13 s and one of the warm-up.

    The warm-up request that ended at 9 s, the one that ended at 15 s and the failed one do not
    count.
    """
    ends = {10.0: 11.0, 11.0: 12.0, 12.0: 13.0, 13.0: 15.0}
    rows = [
        request(i, t_scheduled=start, t_done=end) for i, (start, end) in enumerate(ends.items(), 2)
    ]
    rows += [
        request(0, measured=False, t_scheduled=7.0, t_done=9.0),
        request(1, measured=False, t_scheduled=8.0, t_done=10.5),
        _failed(6, t_scheduled=14.0),
    ]
    assert _cell(rows, "throughput_rps")["estimate"] == pytest.approx(4 / 4)
    assert _cell(rows, "throughput_full_rps")["estimate"] == pytest.approx(4 / 5)


def test_a_window_of_no_time_has_no_throughput():
    cell = _cell([request(0)], "throughput_rps")
    assert (cell["estimate"], cell["method"]) == (None, "degenerate: no runs")


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
    found = cells_of(rows).filter(metric="e2e_s", handling="complete")["estimate"].item()
    assert found == np.mean([(3.0 + done - 1.0).mean() for done in noise])
