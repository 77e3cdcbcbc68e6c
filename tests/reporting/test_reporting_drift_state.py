"""The believed state of the instances against the true one."""

import polars as pl
import pytest

from pipeline.reporting.drift import state_table
from pipeline.reporting.rows import measured
from tests.reporting_rows import request, requests_frame


def test_state_error_by_hand() -> None:
    told = [
        request(number, seed=seed, queue_believed=believed, queue_true=true, telemetry_age_s=0.2)
        for seed, pairs in ((1, [(3.0, 2.0), (1.0, 1.0)]), (2, [(0.0, 4.0), (2.0, 2.0)]))
        for number, (believed, true) in enumerate(pairs)
    ]
    told.append(request(9, seed=2, status="refused", instance=None, tier=None, model=None))
    rows = measured(requests_frame(told))
    table = state_table(rows, frozenset(), level=0.95)
    assert table["slice"].unique().to_list() == ["arm"]
    queue = table.row(by_predicate=pl.col("quantity") == "queue", named=True)
    assert queue["bias"] == pytest.approx((1 + 0 - 4 + 0) / 4)
    assert queue["mae"] == pytest.approx((0.5 + 2.0) / 2)
    assert (queue["true_mean"], queue["n"], queue["missing"]) == (2.25, 4, 1)
    assert queue["age_s"] == pytest.approx(0.2)
    tokens = table.row(by_predicate=pl.col("quantity") == "pending_decode", named=True)
    assert (tokens["n"], tokens["mae"], tokens["missing"]) == (0, None, 5)


def test_a_tier_is_told_of_arms_with_a_ledger_before_and_after_a_change() -> None:
    told = [
        request(
            number, arm=arm, seed=seed, changed=late, queue_believed=2.0 + error, queue_true=2.0
        )
        for seed in (1, 2)
        for arm, error in (("kept", 0.5 * seed), ("forgets", 9.0))
        for number, late in ((0, False), (1, True))
    ]
    table = state_table(measured(requests_frame(told)), frozenset({"kept"}), level=0.95)
    queue = table.filter(pl.col("quantity") == "queue")
    tiers = queue.filter(pl.col("slice") == "tier").sort("changed")
    assert tiers["changed"].to_list() == [False, True]
    assert tiers["mae"].to_list() == [0.75, 0.75]
    arms = dict(queue.filter(pl.col("slice") == "arm").group_by("name").agg("mae").iter_rows())
    assert arms == {"kept": [0.75, 0.75], "forgets": [9.0, 9.0]}
