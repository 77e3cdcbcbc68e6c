import polars as pl
import pytest

from pipeline.errors import DataError, UnknownNameError
from pipeline.reporting.frontier import cell_table, differences, frontier_table, offline_references
from tests.reporting_rows import dataset_rows, request, requests_frame

OPTIONS = {"level": 0.95, "resamples": 300, "seed": 1}


def _arm(name, quality, done, cost=1e-6):
    return [
        request(i, arm=name, seed=seed, quality=quality, t_done=done + seed, cost_usd=cost)
        for seed in (1, 2)
        for i in range(3)
    ]


def _rows():
    return requests_frame(
        _arm("good", 0.9, 5.0)
        + _arm("fast", 0.5, 3.0)
        + _arm("worse", 0.4, 6.0, 2e-6)
        + _arm("query_oracle", 1.0, 2.0)
    )


def test_oracles_neither_join_nor_dominate():
    table = frontier_table(cell_table(_rows(), **OPTIONS))
    members = dict(zip(table["arm"], table["on_frontier"], strict=True))
    assert members == {"good": True, "fast": True, "worse": False, "query_oracle": None}


def test_differences_are_arm_minus_baseline():
    table = differences(_rows(), "fast", **OPTIONS)
    found = table.filter(arm="good")
    by_metric = dict(zip(found["metric"], found["estimate"], strict=True))
    assert by_metric == pytest.approx({"quality": 0.4, "cost_usd": 0.0, "e2e_s": 2.0})
    assert "fast" not in table["arm"]


def test_unpaired_requests_are_counted():
    rows = _rows().filter(
        ~((pl.col("arm") == "good") & (pl.col("seed") == 1) & (pl.col("request_id") == 0))
    )
    found = differences(rows, "fast", **OPTIONS).filter(arm="good")
    assert found["missing"].to_list() == [1, 1, 1]


def test_unknown_baseline_is_named():
    with pytest.raises(UnknownNameError, match="did you mean 'fast'"):
        differences(_rows(), "fest", **OPTIONS)


PRICES = {"a": (1.0, 1.0), "b": (2.0, 2.0)}
QUALITIES = {
    "validation": {"a": (1.0, 0.0, 1.0), "b": (0.0, 0.5, 0.0)},  # a leads; b leads on "odd"
    "test": {"a": (1.0, 0.0, 0.0, 1.0), "b": (0.0, 1.0, 1.0, None)},
}


def _means(table, metric):
    part = table.filter(metric=metric)
    return dict(zip(part["reference"], part["estimate"], strict=True))


def test_references_by_hand():
    table = offline_references(dataset_rows(QUALITIES), PRICES, **OPTIONS)
    assert _means(table, "quality") == pytest.approx(
        {
            "single:a": 1 / 3,
            "single:b": 2 / 3,
            "best_single": 1 / 3,  # chosen on validation, not flattered on test
            "random_mixture": 0.5,
            "dataset_oracle": 2 / 3,
            "query_oracle": 1.0,
        }
    )
    cost = _means(table, "cost_usd")  # 200 tokens of an answer: a 200e-6, b 400e-6
    assert cost["single:a"] == pytest.approx(200e-6)
    assert cost["random_mixture"] == pytest.approx(300e-6)
    assert cost["query_oracle"] == pytest.approx((200e-6 + 400e-6 + 400e-6) / 3)
    assert set(table["dropped_prompts"]) == {1}
    assert set(table["split"]) == {"test"}


def test_hull_marks_the_corners_among_single_models():
    qualities = {"low": (0.2, 0.4), "dull": (0.3, 0.3), "high": (0.9, 0.9)}
    prices = {"low": (1.0, 1.0), "dull": (2.0, 2.0), "high": (3.0, 3.0)}
    rows = dataset_rows({"test": qualities, "validation": qualities})
    table = offline_references(rows, prices, **OPTIONS).filter(metric="cost_usd")
    hull = dict(zip(table["reference"], table["on_hull"], strict=True))
    assert hull == {
        "single:low": True,
        "single:dull": False,  # half low, half high reaches 0.6 at its cost
        "single:high": True,
        "best_single": None,
        "random_mixture": None,
        "dataset_oracle": None,
        "query_oracle": None,
    }


def test_query_oracle_takes_the_cheapest_among_ties():
    tied = {"validation": {"a": (1.0,), "b": (1.0,)}, "test": {"a": (1.0,), "b": (1.0,)}}
    table = offline_references(dataset_rows(tied), {"a": (2.0, 2.0), "b": (1.0, 1.0)}, **OPTIONS)
    assert _means(table, "cost_usd")["query_oracle"] == pytest.approx(200e-6)


def test_unknown_lengths_leave_the_cost_and_are_counted():
    table = offline_references(dataset_rows(QUALITIES, tokens=None), PRICES, **OPTIONS)
    costs = table.filter(metric="cost_usd")
    assert costs["estimate"].null_count() == costs.height
    assert set(costs["missing"]) == {3}
    assert table["on_hull"].null_count() == table.height


def test_reference_errors():
    rows = dataset_rows(QUALITIES)
    with pytest.raises(UnknownNameError, match="unknown model 'b'"):
        offline_references(rows, {"a": (1.0, 1.0)}, **OPTIONS)
    with pytest.raises(DataError, match="validation"):
        offline_references(rows.filter(split="test"), PRICES, **OPTIONS)
