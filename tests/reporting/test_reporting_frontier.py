import math

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UnknownNameError
from pipeline.reporting.frontier import frontier_tables
from pipeline.reporting.frontier._differences import DIFFERENCE_SCHEMA, difference_rows
from pipeline.reporting.frontier._frontier import FRONTIER_SCHEMA, frontier_rows_of
from pipeline.reporting.rows import gap, measured, runs_of
from pipeline.statistics import replication_interval
from tests.reporting.frontier_case import LABELS, case_params, cells_of, joint_of
from tests.reporting_rows import fleet_rows, request, requests_frame

PLANES = ["membership", "membership_latency", "membership_cost", "membership_e2e_cost"]
PARAMS = case_params({"s": ("good", "fast", "worse")}, baseline="fast")


def _arm(name, quality, done, cost=1e-6, seeds=(1, 2, 3)):
    """Latencies that vary a little from run to run, alike for all arms."""
    return [
        request(i, arm=name, seed=seed, quality=quality, t_done=done + seed / 100, cost_usd=cost)
        for seed in seeds
        for i in range(3)
    ]


def _rows(**changes):
    return requests_frame(
        _arm("good", 0.9, 5.0, **changes)
        + _arm("fast", 0.5, 3.0, **changes)
        + _arm("worse", 0.4, 6.0, 2e-6, **changes)
        + _arm("query_oracle", 1.0, 2.0, **changes)
    )


def _frontier(rows):
    table = pl.DataFrame(frontier_rows_of(joint_of(rows, PARAMS)), schema=FRONTIER_SCHEMA)
    return {row["arm"]: row for row in table.iter_rows(named=True)}


def test_oracles_neither_join_nor_dominate():
    table = _frontier(_rows())
    members = {arm: row["on_frontier"] for arm, row in table.items()}
    assert members == {"good": True, "fast": True, "worse": False, "query_oracle": None}
    assert [table["query_oracle"][plane] for plane in PLANES] == [None] * 4


def test_a_placebo_is_listed_and_keeps_nobody_out():
    joint = joint_of(_rows(), PARAMS)
    told = {row["arm"]: row for row in frontier_rows_of(joint, outside=["good"])}
    assert told["good"]["on_frontier"] is None
    assert told["good"]["membership"] is None
    # Only good kept worse out of the plane of quality; fast still dominates it in all three.
    assert told["worse"]["on_frontier"] is False
    assert told["fast"]["membership_cost"] == 1.0


def test_a_clear_dominator_is_surely_on_the_frontier_and_the_dominated_surely_not():
    table = _frontier(_rows())
    # As cheap as good, so faster is all that it is: it loses where time does not count.
    assert [table["fast"][plane] for plane in PLANES] == [1.0, 1.0, 0.0, 1.0]
    assert [table["worse"][plane] for plane in PLANES] == [0.0] * 4
    assert [table["good"][plane] for plane in PLANES] == [1.0, 1.0, 1.0, 0.0]


def test_equal_arms_in_quality_share_membership():
    """Quality is a coin for both, on other prompts: each leads in about half of the draws."""
    coin = np.random.default_rng(1).random((2, 400)) < 0.5
    rows = [
        request(i, arm=arm, seed=seed, quality=float(coin[k, i]), t_done=3.0 + seed / 100,
                prompt_id=f"p{i}", group_id=f"g{i}")
        for k, arm in enumerate(("a", "b")) for seed in (1, 2) for i in range(400)
    ]  # fmt: skip
    table = _frontier(requests_frame(rows))
    # The chance that a normal of that mean and variance is above 0.
    lead, noise = -np.diff(coin.mean(axis=1)).item(), math.sqrt(coin.var(axis=1).sum() / 400)
    chance = 0.5 * (1.0 + math.erf(lead / noise / math.sqrt(2.0)))
    assert table["a"]["membership"] == pytest.approx(chance, abs=0.1)
    assert table["a"]["membership"] + table["b"]["membership"] == pytest.approx(1.0, abs=0.05)


def test_one_run_gives_no_membership_but_a_frontier():
    table = _frontier(_rows(seeds=(1,)))
    assert table["good"]["on_frontier"] is True
    assert [table["good"][plane] for plane in PLANES] == [None] * 4


def test_an_arm_without_a_number_is_listed_and_keeps_nobody_out():
    rows = _rows().with_columns(
        pl.when(pl.col("arm") != "fast").then(pl.col("quality")).alias("quality")
    )
    table = _frontier(rows)
    assert (table["fast"]["quality"], table["fast"]["on_frontier"]) == (None, None)
    assert table["good"]["membership"] == 1.0


def test_points_and_draws_agree_with_the_cells():
    rows = fleet_rows(rates=(6.0,))
    params = case_params({"s": ("a", "b")}, resamples=4000)
    joint, cells = joint_of(rows, params), cells_of(rows, params)
    for metric in ("quality", "cost_usd", "e2e_s"):
        found = cells.filter(metric=metric, handling="complete")
        assert joint.points[metric].tolist() == found["estimate"].to_list()
        low, high = np.quantile(joint.draws[metric], [0.025, 0.975], axis=0)
        width = (found["high"] - found["low"]).to_numpy()
        # BCa bounds are not those of the percentiles, but near.
        np.testing.assert_allclose(low, found["low"], atol=0.12 * width.max())
        np.testing.assert_allclose(high, found["high"], atol=0.12 * width.max())


def _differences(rows, baseline="fast"):
    params = case_params({"s": (baseline,)}, baseline=baseline)
    requests = joint_of(rows, params).requests
    found = difference_rows(requests, params.frontier, seed=1)
    return pl.DataFrame(found, schema=DIFFERENCE_SCHEMA, orient="row")


def test_differences_are_arm_minus_baseline():
    table = _differences(_rows())
    found = table.filter(arm="good")
    by_metric = dict(zip(found["metric"], found["estimate"], strict=True))
    assert by_metric == pytest.approx({"quality": 0.4, "cost_usd": 0.0, "e2e_s": 2.0})
    assert "fast" not in table["arm"]


def test_unpaired_requests_are_counted():
    rows = _rows().filter(
        ~((pl.col("arm") == "good") & (pl.col("seed") == 1) & (pl.col("request_id") == 0))
    )
    found = _differences(rows).filter(arm="good")
    assert found["missing"].to_list() == [1, 1, 1]
    assert _differences(rows).filter(arm="worse")["missing"].to_list() == [0, 0, 0]


def test_differences_equal_the_pairs_that_contrasts_use():
    """With failures in different places of the two arms, against the estimates of `gap`."""
    rows = fleet_rows(rates=(6.0,)).with_columns(
        pl.when((pl.col("arm") == "b") & (pl.col("request_id") % 7 == 0))
        .then(pl.lit("failed"))
        .otherwise(pl.col("status"))
        .alias("status")
    )
    sides = measured(rows)
    a, b = (sides.filter(arm=arm) for arm in ("a", "b"))
    found = _differences(rows, "a").filter(arm="b")
    for row in found.iter_rows(named=True):
        rng = np.random.default_rng(1)
        told = gap(b, a, row["metric"], level=0.95, resamples=300, rng=rng).estimate
        assert (row["estimate"], row["n"]) == (pytest.approx(told.estimate), told.n)
        assert (row["clusters"], row["missing"]) == (told.clusters, told.missing)
        assert row["high"] == pytest.approx(told.high, rel=0.2, abs=0.02)


def test_unknown_baseline_is_named():
    params = case_params({"s": ("fast",)}, baseline="fest")
    with pytest.raises(UnknownNameError, match="did you mean 'fast'"):
        frontier_tables(_rows(), LABELS, params)


def test_equal_rows_in_any_order_give_the_same_bytes():
    rows = fleet_rows().with_columns(
        ("test" + (pl.col("request_id") % 4).cast(pl.String)).alias("prompt_id")
    )
    params = case_params({"s": ("a", "b"), "t": ("b",)}, iso_cost_usd=(5e-5,), iso_quality=(0.5,))
    told = [
        frontier_tables(one, LABELS, params)
        for one in (rows, rows.sample(fraction=1.0, shuffle=True, seed=5))
    ]
    assert set(told[0]) == {
        "cells", "frontier", "differences", "bands", "hypervolume", "field", "service", "chosen",
        "radar", "extremes", "mix", "references",
    }  # fmt: skip
    for name, table in told[0].items():
        assert table.height, name
        assert table.write_csv() == told[1][name].write_csv(), name
        assert not table.select(pl.selectors.float().is_nan().any()).row(0).count(True), name


def test_each_table_has_its_rates():
    params = case_params({"s": ("a", "b")})
    tables = frontier_tables(fleet_rows(), LABELS, params)
    for name in ("cells", "frontier", "bands", "hypervolume", "field", "service", "extremes"):
        assert tables[name]["rate"].unique().sort().to_list() == [6.0, 12.0]


def test_a_difference_in_latency_is_surer_than_either_latency():
    """The two arms share the luck of each run."""
    rows = fleet_rows(rates=(6.0,))
    sides = measured(rows)
    found = _differences(rows, "a").filter(arm="b", metric="e2e_s")
    means = [[run.mean() for run in runs_of(sides.filter(arm=arm), "e2e_s")] for arm in ("a", "b")]
    lone = [replication_interval(runs, level=0.95) for runs in means]
    width = (found["high"] - found["low"]).item()
    assert width < min(one.high - one.low for one in lone)
