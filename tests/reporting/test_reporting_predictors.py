"""Tables of the predictors' candidates, by hand."""

import polars as pl
import pytest

from pipeline.reporting.predictors import (
    candidate_order,
    candidate_table,
    difference_table,
    learning_table,
    metric_of,
    selected_name,
    slice_table,
)
from pipeline.rows import LEARNING, PREDICTORS, SCORES
from tests.reporting.predictor_rows import curves, estimate, score, scores

ORDERS = {
    "quality": ["knn", "logistic", "dataset_mean", "best_single"],
    "length": ["quantile_xgboost", "knn", "model_mean"],
    "latency": ["quantile_xgboost", "linear", "tier_constant"],
}


def _frame(*rows):
    return SCORES.frame(rows)


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_candidates_stand_in_the_order_that_selection_goes_by(predictor):
    frame = SCORES.frame(reversed(scores(predictor)))
    assert candidate_order(frame, predictor) == ORDERS[predictor]
    table = candidate_table(frame, predictor, ["coverage", "ece"])
    assert table["candidate"].to_list() == ORDERS[predictor]
    assert table["serves"].to_list() == [True] + [False] * (table.height - 1)


def test_selection_goes_by_validation_and_not_by_the_test_split():
    frame = _frame(
        score("length", "a", "pinball", selected=True, **estimate(9.0, 1.0)),
        score("length", "b", "pinball", selected=False, **estimate(5.0, 1.0)),
        score("length", "c", "pinball", selected=False, **estimate(1.0, 1.0)),
        score("length", "a", "pinball", selected=True, split="validation", **estimate(6.0, 1.0)),
        score("length", "b", "pinball", selected=False, split="validation", **estimate(7.0, 1.0)),
    )
    table = candidate_table(frame, "length", ["pinball"], validation=True)
    assert table["candidate"].to_list() == ["a", "b", "c"]
    assert table["validation pinball loss, tokens"].to_list() == [6.0, 7.0, None]
    assert table["pinball loss, tokens"].to_list() == [9.0, 5.0, 1.0]


def test_a_candidate_has_its_test_numbers_with_their_ends():
    frame = SCORES.frame(scores("quality"))
    table = candidate_table(frame, "quality", ["ece", "regret", "apgr"])
    first = table.row(0, named=True)
    assert first["regret, 0 to 1"] == pytest.approx(0.08)
    assert first["regret, 0 to 1_low"] == pytest.approx(0.072)
    assert first["ECE, 0 to 1_high"] == pytest.approx(0.3 * 0.08 * 1.1)
    assert first["n of ECE"] == 300
    assert not any("APGR" in name for name in table.columns)  # nobody measured it


def test_a_candidate_that_lacks_a_number_keeps_its_place():
    frame = _frame(
        score("quality", "a", "regret", **estimate(0.1, 0.01)),
        score("quality", "a", "apgr", **estimate(0.6, 0.1)),
        score("quality", "b", "regret", **estimate(0.2, 0.01)),
        score("quality", "c", "brier", **estimate(0.2, 0.01)),
    )
    table = candidate_table(frame, "quality", ["regret", "apgr"])
    assert table["candidate"].to_list() == ["a", "b"]
    assert table["APGR, share"].to_list() == [0.6, None]


def test_slices_of_the_one_that_serves_are_worst_first():
    table = slice_table(SCORES.frame(scores("quality")), "quality", ["brier", "ece"])
    assert table.columns[:3] == ["by", "slice", "n of Brier score"]
    assert table.select("by", "slice").rows() == [
        ("dataset", "hard"), ("model", "m-small"), ("all", "all"), ("dataset", "easy"),
        ("model", "m-big"),
    ]  # fmt: skip
    assert table["Brier score, 0 to 1"][2] == pytest.approx(1.8 * 0.08)


def test_the_worst_slice_of_a_number_that_should_be_high_is_the_lowest():
    frame = SCORES.frame(scores("quality"))
    table = slice_table(frame, "quality", ["auc_within_prompt"])
    assert table["AUC within prompt, 0 to 1"].is_sorted()


def test_a_slice_too_small_for_a_number_comes_last():
    rows = [
        score("length", "quantile_xgboost", "pinball", slice_kind="dataset", slice=name, **numbers)
        for name, numbers in (
            ("none", estimate(None, n=0, clusters=0)), ("few", estimate(8.0)),
            ("many", estimate(9.0, 1.0)),
        )
    ]  # fmt: skip
    assert slice_table(_frame(*rows), "length", ["pinball"])["slice"].to_list() == [
        "many", "few", "none",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "point", "width", "word"),
    [
        ("regret", -0.1, 0.05, "ahead"),
        ("regret", 0.1, 0.05, "behind"),
        ("apgr", 0.1, 0.05, "ahead"),
        ("apgr", -0.1, 0.05, "behind"),
        ("apgr", 0.1, 0.2, "not told apart"),
        ("apgr", 0.1, 0.1, "not told apart"),
        ("apgr", 0.1, None, "no interval"),
        ("brier_uncertainty", 0.1, 0.05, "above"),
    ],
)
def test_a_difference_is_read_by_which_sign_is_better(metric, point, width, word):
    row = score("quality", "knn", metric, versus="best_single", **estimate(point, width))
    assert difference_table(_frame(row), "quality")["reading"].to_list() == [word]


def test_differences_keep_the_order_of_the_candidates():
    table = difference_table(SCORES.frame(reversed(scores("quality"))), "quality")
    assert table["candidate"].unique(maintain_order=True).to_list() == ORDERS["quality"]
    assert set(table["minus"]) == {"best_single", "dataset_mean"}
    assert table["metric"].unique().to_list() == ["quality at equal cost, 0 to 1"]


def test_nothing_measured_gives_tables_without_rows():
    frame = SCORES.frame([])
    assert selected_name(frame, "length") == ""
    assert candidate_table(frame, "length", ["pinball"]).height == 0
    assert slice_table(frame, "length", ["pinball"]).height == 0
    assert difference_table(frame, "length").height == 0


def test_learning_curves_of_several_predictors_stand_in_one_table():
    table = learning_table(pl.concat(LEARNING.frame(curves(name)) for name in PREDICTORS))
    assert table["predictor"].unique(maintain_order=True).to_list() == list(PREDICTORS)
    assert set(table.filter(pl.col("predictor") == "length")["metric"]) == {"pinball loss, tokens"}


def test_an_unknown_metric_keeps_its_name():
    assert metric_of("quality", "new_number").heading == "new number"
    assert metric_of("length", "pinball").axis == "pinball loss (tokens)"
