"""Knobs are chosen on validation alone, and what they do on test is not flattered."""

import numpy as np
import polars as pl
import pytest

from pipeline.reporting.frontier._choice import read_tuning
from pipeline.reporting.frontier._chosen import CHOSEN_SCHEMA, chosen_rows
from tests.reporting.frontier_case import case_params, joint_of
from tests.reporting_rows import request, requests_frame

SYSTEMS = {"s": ("low", "high"), "lone": ("lone",)}


def _cell(arm, quality, done, cost, **changes):
    return [
        request(i, arm=arm, seed=seed, quality=quality, t_done=done + seed / 100, cost_usd=cost,
                **changes)
        for seed in (1, 2) for i in range(3)
    ]  # fmt: skip


def _test(rate=6.0):
    """On test, high is better in quality; low is faster and cheaper."""
    return [
        *_cell("low", 0.4, 3.0, 1e-6, rate=rate),
        *_cell("high", 0.8, 5.0, 2e-6, rate=rate),
        *_cell("lone", 0.5, 4.0, 3e-6, rate=rate),
    ]


def _tuning(rate=6.0, low=0.9, high=0.3):
    """On validation, low looked better in everything."""
    there = {"traffic": "tuning", "split": "validation", "rate": rate}
    return [*_cell("low", low, 3.0, 1e-6, **there), *_cell("high", high, 5.0, 2e-6, **there)]


def _chosen(rows, systems=SYSTEMS, tuning="tuning"):
    params = case_params(systems, tuning=tuning)
    told = chosen_rows(joint_of(rows, params), read_tuning(rows, params), params.frontier)
    return pl.DataFrame(list(told), schema=CHOSEN_SCHEMA)


def _row(table, system, goal):
    return table.filter(system=system, goal=goal).row(0, named=True)


def test_the_arm_is_chosen_on_validation_and_reported_on_test():
    row = _row(_chosen(requests_frame(_test() + _tuning())), "s", "quality")
    assert (row["arm"], row["estimate"]) == ("low", pytest.approx(0.4))
    assert (row["test_arm"], row["test_estimate"]) == ("high", pytest.approx(0.8))


def test_every_goal_has_its_own_direction():
    table = _chosen(requests_frame(_test() + _tuning(low=0.3, high=0.9)))
    arms = {goal: _row(table, "s", goal)["arm"] for goal in ("quality", "e2e_s", "cost_usd")}
    assert arms == {"quality": "high", "e2e_s": "low", "cost_usd": "low"}
    assert _row(table, "s", "e2e_s")["estimate"] == pytest.approx(2.015)
    assert _row(table, "s", "cost_usd")["unit"] == "USD per request"


def test_utility_by_hand():
    """Weights 0.34, 0.33, 0.33 on scales of 10 s and 1e-4 USD."""
    row = _row(_chosen(requests_frame(_test() + _tuning())), "s", "utility")
    told = {
        arm: 0.34 * quality - 0.33 * e2e / 10 - 0.33 * cost / 1e-4
        for arm, quality, e2e, cost in (("low", 0.4, 2.015, 1e-6), ("high", 0.8, 4.015, 2e-6))
    }
    assert (row["arm"], row["estimate"]) == ("low", pytest.approx(told["low"]))
    assert (row["test_arm"], row["test_estimate"]) == ("high", pytest.approx(told["high"]))


def test_test_rows_do_not_move_the_choice():
    good = requests_frame(_test() + _tuning())
    bad = requests_frame(_test() + _tuning()).with_columns(
        pl.when(pl.col("split") == "test").then(0.0).otherwise("quality").alias("quality")
    )
    arms = [_chosen(rows)["arm"].to_list() for rows in (good, bad)]
    assert arms[0] == arms[1]


def test_the_next_tuned_rate_counts():
    tuned = _tuning(4.0, low=0.9, high=0.3) + _tuning(9.0, low=0.3, high=0.9)
    near = _row(_chosen(requests_frame(_test(6.0) + tuned)), "s", "quality")
    far = _row(_chosen(requests_frame(_test(8.0) + tuned)), "s", "quality")
    assert (near["arm"], far["arm"]) == ("low", "high")


def test_a_system_of_one_arm_has_nothing_to_choose():
    row = _row(_chosen(requests_frame(_test()), tuning=None), "lone", "quality")
    assert (row["arm"], row["estimate"]) == ("lone", pytest.approx(0.5))


def test_who_cannot_choose_says_why():
    rows = requests_frame(_test())
    blind = _row(_chosen(rows, tuning=None), "s", "quality")
    assert (blind["arm"], blind["estimate"]) == (None, None)
    assert blind["method"] == "degenerate: no tuning traffic is declared"
    absent = _row(_chosen(rows), "s", "quality")
    assert absent["method"] == "degenerate: none of its arms has a value in tuning"
    assert absent["test_arm"] == "high"


def test_picking_on_test_is_optimistic_and_choosing_on_validation_is_not():
    """Twenty knobs that are all the same: the best of them on test shows a gain that is none."""
    gains = {"chosen": [], "picked": []}
    arms = tuple(f"k{k}" for k in range(20))
    for seed in range(12):
        noise = np.random.default_rng(seed)
        rows = [
            request(i, arm=arm, quality=float(noise.random() < 0.5), **there)
            for there in ({}, {"traffic": "tuning", "split": "validation"})
            for arm in arms
            for i in range(40)
        ]
        row = _row(_chosen(requests_frame(rows), {"s": arms}), "s", "quality")
        gains["chosen"].append(row["estimate"] - 0.5)
        gains["picked"].append(row["test_estimate"] - 0.5)
    assert abs(np.mean(gains["chosen"])) < 0.05
    # The largest of 20 means of standard error 0.079 lies about 1.87 of them too high.
    assert np.mean(gains["picked"]) == pytest.approx(1.87 * 0.079, abs=0.05)
