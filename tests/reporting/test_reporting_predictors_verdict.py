"""What the page says of the predictors in words."""

import polars as pl
import pytest

from pipeline.reporting.predictors import promise_sentences, promise_table, routing_verdict
from pipeline.rows import SCORES
from pipeline.statistics import share_interval
from tests.reporting.predictor_rows import estimate, score, scores

LEVELS = {"length": 0.9, "latency": 0.9}


def _versus(best, mean, candidate="knn", **more):
    return [
        score(
            "quality", candidate, "quality_at_equal_cost", versus=versus, selected=True,
            **estimate(*ends), **more,
        )
        for versus, ends in (("best_single", best), ("dataset_mean", mean))
        if ends is not None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("best", "mean", "words"),
    [
        ((0.05, 0.02), (0.03, 0.01), "gains"),
        ((0.05, 0.02), (0.01, 0.02), "gains nothing that these 300 prompts show"),
        ((0.05, 0.02), (0.01, 0.01), "gains nothing that these 300 prompts show"),
        ((0.05, 0.02), (-0.03, 0.01), "loses"),
        ((-0.05, 0.02), (0.03, 0.01), "loses"),
        ((0.05, None), (0.03, 0.01), "gains nothing that these 300 prompts show"),
    ],
)
def test_verdict_takes_both_intervals(best, mean, words):
    told = routing_verdict(SCORES.frame(_versus(best, mean)))
    assert told.startswith(f"On these data (emulated, test split) routing by content {words}: ")
    assert told.count(".") == told.count("0.") + 1  # one sentence


def test_verdict_names_numbers_count_and_level():
    told = routing_verdict(SCORES.frame(_versus((0.05, 0.02), (-0.012, 0.03))))
    assert "of knn minus that of the best single model +0.050 [+0.030, +0.070] and " in told
    assert "and minus that of the mean of each data set −0.012 [−0.042, +0.018] (n" in told
    assert told.endswith("(n = 300; 95 % intervals).")


def test_verdict_rests_on_the_whole_test_split_of_the_one_that_serves():
    gains = _versus((0.05, 0.02), (0.03, 0.01))
    beside = [
        row | {"selected": False, "candidate": "other"} for row in _versus((-0.5, 0.1), (-0.5, 0.1))
    ]
    beside += _versus((-0.5, 0.1), (-0.5, 0.1), split="validation")
    beside += _versus((-0.5, 0.1), (-0.5, 0.1), slice_kind="dataset", slice="d")
    assert "content gains: " in routing_verdict(SCORES.frame([*beside, *gains]))


def test_a_comparison_that_is_not_there_is_no_verdict():
    told = routing_verdict(SCORES.frame(_versus((0.05, 0.02), None)))
    assert told == "Whether routing by content gains anything on these data was not measured."
    assert routing_verdict(SCORES.frame([])) == told


def test_where_no_reader_of_prompts_serves_nothing_is_routed_by_content():
    told = routing_verdict(SCORES.frame(_versus((0.02, 0.01), None, "dataset_mean")))
    assert "does not take place, as what serves, dataset_mean, does not read the prompt" in told
    assert "minus that of the best single model +0.020 [+0.010, +0.030] (n = 300" in told


def _length(point, width=None, **more):
    return score(
        "length", "quantile_xgboost", "coverage", slice_kind="model",
        **({"slice": "m"} | estimate(point, width) | more),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("point", "width", "outcome"),
    [
        (0.88, 0.05, "kept"),
        (0.92, 0.05, "kept"),
        (0.87, 0.05, "missed, within chance"),
        (0.8, 0.05, "missed"),
        (0.99, 0.02, "missed"),
        (0.87, None, "missed"),
    ],
)
def test_coverage_is_held_to_its_band(point, width, outcome):
    table = promise_table(SCORES.frame([_length(point, width)]), LEVELS)
    assert table["outcome"].to_list() == [outcome]
    assert table.select("promised", "at least", "at most").row(0) == (0.9, 0.88, 0.92)


def test_independent_values_have_the_exact_interval():
    table = promise_table(SCORES.frame([_length(0.9, 0.2, n=300, clusters=300)]), LEVELS)
    exact = share_interval(270, 300, 0.95)
    assert table.select("low", "high", "method").row(0) == (exact.low, exact.high, exact.method)
    shared = promise_table(SCORES.frame([_length(0.9, 0.02)]), LEVELS)
    assert shared["low"].to_list() == [pytest.approx(0.88)]


def test_promises_are_told_in_a_sentence_each():
    frame = pl.concat(SCORES.frame(scores(name)) for name in ("quality", "length", "latency"))
    told = promise_sentences(promise_table(frame, LEVELS))
    assert told == [
        "ECE of predicted quality, less what noise adds, against at most 0.03: 0.024 "
        "[0.022 to 0.026] over all models, kept; kept for 0 of 2 models; "
        "not for m-big (0.100), m-small (0.200).",
        "Coverage of the 90 % bounds of length against 88 to 92 %: kept for 1 of 2 models; "
        "not for m-small (85.0 %, within chance).",
        "Coverage of the 90 % bounds of latency against 88 to 92 %: kept for 1 of 2 tiers and "
        "targets; not for 3b ttft_s (85.0 %, within chance).",
    ]


def test_a_level_that_is_not_promised_is_not_judged():
    frame = SCORES.frame(scores("length"))
    assert promise_table(frame, {}).height == 0
    assert promise_table(frame, {"length": 0.99})["at most"].to_list() == [1.0, 1.0]
    assert promise_sentences(promise_table(frame, {})) == []
